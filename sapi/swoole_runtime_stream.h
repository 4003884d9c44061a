/*
 * What the two files of hooked socket streams share. stream: one with our operations.
 */
#ifndef RS_SWOOLE_RUNTIME_STREAM_H
#define RS_SWOOLE_RUNTIME_STREAM_H

#include "swoole_runtime.h"

#include <php_network.h>

struct rs_transport {
	const char *name; /* in URLs */
	zend_long flag;   /* RS_HOOK_* */
	zend_long tls;    /* STREAM_CRYPTO_METHOD_* of the handshake that follows its connect, 0: none */
	bool names;       /* addresses are host:port */
};

/* swoole_runtime_stream.c */
const struct rs_transport *rs_hook_transport(const php_stream *stream);
/* PHP's own, which tells kinds of sockets by the operations' address. */
int rs_hook_base_option(php_stream *stream, int option, int value, void *param);
/* deadline as rs_deadline(). Nobody can close the stream meanwhile. */
enum rs_co_wait rs_hook_wait(php_stream *stream, unsigned events, int64_t deadline);
/* PHP's own must not wait in between: both what PHP believes of the socket and what it is. errno stays, or is 0. */
void rs_hook_unblock(php_netstream_data_t *sock);
void rs_hook_block(php_netstream_data_t *sock);
/* Milliseconds; -1 for NULL and "for ever". */
int64_t rs_hook_ms(const struct timeval *tv);

/* swoole_runtime_connect.c: fills p's outputs, as PHP's own would. */
int rs_hook_connect(php_stream *stream, php_stream_xport_param *p);
void rs_hook_forget_error(php_stream_xport_param *p);

#endif
