/*
 * Frames as PHP sees them: what push() and pack() are given, read; what came, made into an object. swoole_websocket_frame.c.
 * WebSocket\Server::pack() and unpack() are Frame's own (@alias Swoole\WebSocket\Frame::pack in the stub).
 */
#ifndef RS_SWOOLE_WEBSOCKET_FRAME_H
#define RS_SWOOLE_WEBSOCKET_FRAME_H

#include "swoole.h"
#include "ws/ws_frame.h"

extern zend_class_entry *rs_swoole_frame_ce, *rs_swoole_close_frame_ce;

/* A frame to be sent. */
struct rs_swoole_frame {
	unsigned opcode;       /* 0 to 10 */
	unsigned flags;        /* enum rs_ws_flag; a server masks by its setting, whatever RS_WS_MASK says here */
	zend_string *payload;  /* not yet compressed; owned by this struct */
};

/*
 * What Frame|string $data, int $opcode, int $flags mean (Z_PARAM_OBJ_OF_CLASS_OR_STR gives one of object and text, the other
 * is NULL): an object brings its own opcode and flags, its finish, unless null, decides on FIN; a CloseFrame its code and reason.
 *
 * false: it cannot be a frame (opcode above 10, a control frame that is too long or not final, a reason above 125 bytes), then
 * a warning was raised and the error number is set; or an exception was thrown. f is then untouched.
 */
bool rs_swoole_frame_read(struct rs_swoole_frame *f, zend_object *object, zend_string *text, zend_long opcode,
			  zend_long flags);
void rs_swoole_frame_free(struct rs_swoole_frame *f);

/*
 * What came, as an object into to (uninitialized): opcode and flags of struct rs_ws_event; takes over nothing. finish becomes
 * what RS_WS_FIN says. opcode RS_WS_CLOSE: use the second, code RS_WS_NO_STATUS leaves the class's 1000.
 */
void rs_swoole_frame_make(zval *to, zend_long fd, unsigned opcode, unsigned flags, zend_string *data);
void rs_swoole_frame_make_close(zval *to, zend_long fd, unsigned flags, unsigned code, zend_string *reason);

#endif
