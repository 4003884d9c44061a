/*
 * permessage-deflate (RFC 7692) without context taken over: each message for itself. The reactor agrees on it and joins fragments;
 * messages are compressed and decompressed by the processes that have them.
 */
#ifndef RS_SWOOLE_WEBSOCKET_DEFLATE_H
#define RS_SWOOLE_WEBSOCKET_DEFLATE_H

#include "swoole.h"
#include "swoole_websocket_frame.h"

/*
 * The message in `in`. NULL: *code is what to close the connection with: it is no deflate stream or, being text, not UTF-8 (1007), or
 * longer than most bytes (1009). The caller's.
 */
zend_string *rs_swoole_ws_inflate(struct rs_slice in, bool text, uint64_t most, unsigned *code);
/* bits: of the window, 9 to 15. NULL: it could not. The caller's. */
zend_string *rs_swoole_ws_deflate(struct rs_slice in, unsigned bits);
/*
 * SWOOLE_WEBSOCKET_FLAG_COMPRESS is a wish: fulfilled where the client has agreed to it (bits, else 0), for messages in one frame. The
 * flag goes in any case.
 */
void rs_swoole_frame_deflate(struct rs_swoole_frame *f, unsigned bits);

#endif
