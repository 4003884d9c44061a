/*
 * Swoole\WebSocket\Server: what PHP sends to WebSocket connections. The connections and their protocol are the reactor's.
 */
#include "swoole_server.h"

#include "swoole_websocket_deflate.h"
#include "swoole_websocket_frame.h"

#include "stubs/websocket_server_arginfo.h"

#define STATUS_ACTIVE 3
#define REASON_MAX 125

zend_class_entry *rs_swoole_websocket_server_ce;

/* It is known and a WebSocket that is open, or we have just made it one. Else warns as push() does. */
static bool established(zend_long fd)
{
	struct rs_session session;
	bool open;

	if (!rs_swoole_session(fd, &session, &open)) {
		rs_swoole_warn(RS_SERVER_NOT_EXIST, "session#" ZEND_LONG_FMT " does not exists", fd);
		return false;
	}
	if (!open) {
		rs_swoole_set_error(RS_SERVER_CLOSED);
		return false;
	}
	if (session.websocket == STATUS_ACTIVE || rs_swoole_http_upgraded_here((uint32_t)fd))
		return true;
	rs_swoole_warn(RS_SERVER_NOT_WEBSOCKET,
		       "the connected client of connection[" ZEND_LONG_FMT "] is not a websocket client or closed", fd);
	return false;
}

/* As the client has agreed to it. */
static void compress(zend_long fd, struct rs_swoole_frame *f)
{
	struct rs_session session = { .deflate = 0 };

	if ((f->flags & RS_WS_COMPRESS) && !rs_board_get(rs_server_board(), (uint32_t)fd, &session))
		session.deflate = 0;
	rs_swoole_frame_deflate(f, session.deflate);
}

static bool push(zend_long fd, struct rs_swoole_frame *f)
{
	struct rs_slice payload;

	compress(fd, f);
	payload = rs_slice(ZSTR_VAL(f->payload), ZSTR_LEN(f->payload));
	return rs_swoole_server_result(rs_server_push((uint32_t)fd, f->opcode, f->flags, payload), fd, payload.n);
}

/* The old argument $finish was a bool. */
static bool flags_of(zval *value, zend_long *flags)
{
	if (!value)
		return true;
	if (Z_TYPE_P(value) == IS_TRUE || Z_TYPE_P(value) == IS_FALSE) {
		*flags = Z_TYPE_P(value) == IS_TRUE ? RS_WS_FIN : 0;
		return true;
	}
	return zend_parse_arg_long(value, flags, NULL, false, 4);
}

ZEND_METHOD(Swoole_WebSocket_Server, push)
{
	zend_long fd, opcode = RS_WS_TEXT, flags = RS_WS_FIN;
	struct rs_swoole_frame frame;
	zend_object *object;
	zend_string *text;
	zval *flags_value = NULL;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_LONG(fd)
		Z_PARAM_OBJ_OF_CLASS_OR_STR(object, rs_swoole_frame_ce, text)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(opcode)
		Z_PARAM_ZVAL(flags_value)
	ZEND_PARSE_PARAMETERS_END();
	(void)rs_swoole_server_of(ZEND_THIS);
	if (!flags_of(flags_value, &flags)) {
		if (!EG(exception))
			zend_argument_type_error(4, "must be of type int, %s given", zend_zval_type_name(flags_value));
		RETURN_THROWS();
	}
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (!established(fd) || !rs_swoole_frame_read(&frame, object, text, opcode, flags))
		RETURN_FALSE;
	ok = push(fd, &frame);
	rs_swoole_frame_free(&frame);
	RETURN_BOOL(ok);
}

ZEND_METHOD(Swoole_WebSocket_Server, ping)
{
	struct rs_swoole_frame frame;
	zend_string *data = ZSTR_EMPTY_ALLOC();
	zend_long fd;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(fd)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	(void)rs_swoole_server_of(ZEND_THIS);
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (!established(fd) || !rs_swoole_frame_read(&frame, NULL, data, RS_WS_PING, RS_WS_FIN))
		RETURN_FALSE;
	ok = push(fd, &frame);
	rs_swoole_frame_free(&frame);
	RETURN_BOOL(ok);
}

ZEND_METHOD(Swoole_WebSocket_Server, disconnect)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_long fd, code = RS_WS_NORMAL;
	zend_string *reason = ZSTR_EMPTY_ALLOC();
	struct rs_session session;
	bool open;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_LONG(fd)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
		Z_PARAM_STR(reason)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (ZSTR_LEN(reason) > REASON_MAX) {
		rs_swoole_warn(RS_SWOOLE_ERROR_WEBSOCKET_PACK_FAILED, "the max length of close reason is %d", REASON_MAX);
		RETURN_FALSE;
	}
	if (!established(fd) || !rs_swoole_session(fd, &session, &open) || !open)
		RETURN_FALSE;
	if (!rs_swoole_server_result(rs_server_order((uint32_t)fd, RS_ORDER_DISCONNECT, code, rs_slice(ZSTR_VAL(reason), ZSTR_LEN(reason))),
				     fd, 0))
		RETURN_FALSE;
	rs_swoole_session_closing(&session);
	rs_swoole_server_close_here(s, &session);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_WebSocket_Server, isEstablished)
{
	struct rs_session session;
	zend_long fd;
	bool open;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(fd)
	ZEND_PARSE_PARAMETERS_END();
	(void)rs_swoole_server_of(ZEND_THIS);
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	RETURN_BOOL(rs_swoole_session(fd, &session, &open) && open &&
		    (session.websocket == STATUS_ACTIVE || rs_swoole_http_upgraded_here((uint32_t)fd)));
}

void rs_swoole_minit_websocket_server(void)
{
	rs_swoole_websocket_server_ce = register_class_Swoole_WebSocket_Server(rs_swoole_http_server_ce);
	rs_swoole_alias(rs_swoole_websocket_server_ce, "swoole_websocket_server");
}
