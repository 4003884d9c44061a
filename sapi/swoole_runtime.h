/*
 * Hooks: blocking functions of PHP that suspend only their coroutine. Flags are SWOOLE_HOOK_*.
 */
#ifndef RS_SWOOLE_RUNTIME_H
#define RS_SWOOLE_RUNTIME_H

#include "swoole_coroutine.h"

#define RS_HOOK_TCP 2
#define RS_HOOK_UDP 4
#define RS_HOOK_UNIX 8
#define RS_HOOK_UDG 16
#define RS_HOOK_SSL 32
#define RS_HOOK_TLS 64
#define RS_HOOK_STREAM_FUNCTION 128
#define RS_HOOK_SLEEP 512
#define RS_HOOK_BLOCKING_FUNCTION 8192
#define RS_HOOK_ALL 2147479551
#define RS_HOOK_STREAMS (RS_HOOK_TCP | RS_HOOK_UDP | RS_HOOK_UNIX | RS_HOOK_UDG | RS_HOOK_SSL | RS_HOOK_TLS)

zend_long rs_hook_flags(void);
void rs_hook_set_flags(zend_long flags);
/* Inside a coroutine, and one of these is on? */
bool rs_hooked(zend_long flags);

/* swoole_runtime_stream.c: streams that are opened from now on ask rs_hooked(). */
void rs_hook_streams_install(void);
/* Between the two, which nest, fclose() of the stream is refused: a coroutine is inside it. */
void rs_hook_keep_open(php_stream *stream);
void rs_hook_let_close(php_stream *stream);

#endif
