/*
 * Methods of Swoole\Http\Response that make a WebSocket of a connection of Coroutine\Http\Server and use it. For answers of a Server,
 * whose frames are the reactor's, they are nothing.
 */
#include "swoole_coroutine_http.h"
#include "swoole_http_response.h"

#include <errno.h>

#include "swoole_client.h"
#include "swoole_websocket_deflate.h"
#include "swoole_websocket_frame.h"

ZEND_METHOD(Swoole_Http_Response, upgrade)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_http_response_upgrade(rs_http_this(ZEND_THIS)));
}

/* ---- out ------------------------------------------------------------------------------------------------------------------ */

/* The connection of a response that was upgraded. NULL: the error number is set. */
static struct rs_httpd *websocket(struct rs_http_answer *r)
{
	if (r->link && r->link->h.ws)
		return &r->link->h;
	rs_swoole_set_error(RS_SERVER_NOT_WEBSOCKET);
	return NULL;
}

static void send_frame(zval *return_value, struct rs_httpd *h, struct rs_swoole_frame *f)
{
	enum rs_server_result result;

	rs_swoole_frame_deflate(f, rs_httpd_deflate(h));
	result = rs_httpd_push(h, f->opcode, f->flags, rs_slice(ZSTR_VAL(f->payload), ZSTR_LEN(f->payload)));
	rs_swoole_frame_free(f);
	if (result != RS_SERVER_OK)
		rs_swoole_set_error((int)result);
	RETVAL_BOOL(result == RS_SERVER_OK);
}

ZEND_METHOD(Swoole_Http_Response, push)
{
	zend_long opcode = RS_WS_TEXT, flags = RS_WS_FIN;
	struct rs_swoole_frame frame;
	struct rs_httpd *h;
	zend_object *object;
	zend_string *text;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_OBJ_OF_CLASS_OR_STR(object, rs_swoole_frame_ce, text)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(opcode)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	RETVAL_FALSE;
	h = websocket(rs_http_this(ZEND_THIS));
	if (h && rs_swoole_frame_read(&frame, object, text, opcode, flags))
		send_frame(return_value, h, &frame);
}

static void unsupported(zval *return_value)
{
	rs_swoole_warn(RS_SWOOLE_ERROR_OPERATION_NOT_SUPPORT, "is not supported");
	RETVAL_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, ping)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_string *data = ZSTR_EMPTY_ALLOC();
	struct rs_swoole_frame frame;
	struct rs_httpd *h;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!r->link) {
		unsupported(return_value);
		return;
	}
	RETVAL_FALSE;
	h = websocket(r);
	if (h && rs_swoole_frame_read(&frame, NULL, data, RS_WS_PING, RS_WS_FIN))
		send_frame(return_value, h, &frame);
}

/* ---- in --------------------------------------------------------------------------------------------------------------------- */

/* A message as it was before compression. NULL: it is none; the connection is told why. */
static zend_string *unpacked(struct rs_httpd *h, struct rs_httpd_message *m)
{
	const struct rs_slice bytes = rs_slice(m->data, m->n);
	zend_string *s;
	unsigned code;
	char close[2];

	if (!(m->flags & RS_WS_RSV1))
		return zend_string_init(bytes.p, bytes.n, false);
	s = rs_swoole_ws_inflate(bytes, m->opcode == RS_WS_TEXT, h->rules->body_max, &code);
	m->flags &= (uint8_t)~RS_WS_RSV1;
	if (s)
		return s;
	close[0] = (char)(code >> 8);
	close[1] = (char)code;
	(void)rs_httpd_push(h, RS_WS_CLOSE, RS_WS_FIN, rs_slice(close, sizeof close));
	rs_swoole_set_error(EPROTO);
	return NULL;
}

static void make_frame(zval *return_value, struct rs_httpd *h, struct rs_httpd_message *m)
{
	zend_string *data = unpacked(h, m);

	RETVAL_FALSE;
	if (!data)
		return;
	if (m->opcode == RS_WS_CLOSE)
		rs_swoole_frame_make_close(return_value, h->sock->fd, m->flags, m->code, data);
	else
		rs_swoole_frame_make(return_value, h->sock->fd, m->opcode, m->flags, data);
	zend_string_release(data);
}

/* A frame; "" when the client has left; false after the time limit, or when it breaks the rules (swoole_last_error()). */
ZEND_METHOD(Swoole_Http_Response, recv)
{
	struct rs_httpd_message *m = NULL;
	struct rs_httpd *h;
	double timeout = 0;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	RETVAL_FALSE;
	h = websocket(rs_http_this(ZEND_THIS));
	if (!h)
		return;
	switch (rs_httpd_recv(h, rs_client_ms(timeout), &m)) {
	case RS_OK:
		make_frame(return_value, h, m);
		rs_httpd_message_free(m);
		break;
	case RS_DONE:
		RETVAL_EMPTY_STRING();
		break;
	default:
		rs_swoole_set_error(h->sock->error);
	}
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------- */

static void say_close(zval *return_value, struct rs_httpd *h, zend_long code, struct rs_slice reason)
{
	char payload[RS_WS_CONTROL_MAX];

	payload[0] = (char)(code >> 8);
	payload[1] = (char)code;
	memcpy(payload + 2, reason.p, reason.n);
	RETVAL_BOOL(rs_httpd_push(h, RS_WS_CLOSE, RS_WS_FIN, rs_slice(payload, 2 + reason.n)) == RS_SERVER_OK);
}

/* A WebSocket begins the closing handshake; the end of its handler ends it. Another connection is cut. */
ZEND_METHOD(Swoole_Http_Response, close)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (!r->link || r->detached)
		RETURN_FALSE;
	if (r->link->h.ws) {
		say_close(return_value, &r->link->h, RS_WS_NORMAL, RS_SLICE(""));
		return;
	}
	r->ended = true;
	rs_co_http_cut(r);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Http_Response, disconnect)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_string *reason = ZSTR_EMPTY_ALLOC();
	zend_long code = RS_WS_NORMAL;
	struct rs_httpd *h;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
		Z_PARAM_STR(reason)
	ZEND_PARSE_PARAMETERS_END();
	if (!r->link) {
		unsupported(return_value);
		return;
	}
	h = websocket(r);
	if (!h)
		RETURN_FALSE;
	if (ZSTR_LEN(reason) > RS_WS_REASON_MAX) {
		rs_swoole_warn(RS_SWOOLE_ERROR_WEBSOCKET_PACK_FAILED, "the max length of close reason is %d", RS_WS_REASON_MAX);
		RETURN_FALSE;
	}
	say_close(return_value, h, code, rs_slice(ZSTR_VAL(reason), ZSTR_LEN(reason)));
}

/* Of HTTP/2. */
ZEND_METHOD(Swoole_Http_Response, goaway)
{
	zend_string *data;
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	unsupported(return_value);
}
