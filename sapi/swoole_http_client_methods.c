/*
 * Swoole\Coroutine\Http\Client: the methods that ask a server, and those that tell what came.
 */
#include "swoole_http_client.h"

#include "swoole_client.h"
#include "swoole_coroutine.h"
#include "swoole_coroutine_socket.h"

#define NO_CONNECTION 5001

ZEND_METHOD(Swoole_Coroutine_Http_Client, execute);
ZEND_METHOD(Swoole_Coroutine_Http_Client, get);
ZEND_METHOD(Swoole_Coroutine_Http_Client, post);
ZEND_METHOD(Swoole_Coroutine_Http_Client, download);
ZEND_METHOD(Swoole_Coroutine_Http_Client, upgrade);
ZEND_METHOD(Swoole_Coroutine_Http_Client, push);
ZEND_METHOD(Swoole_Coroutine_Http_Client, recv);
ZEND_METHOD(Swoole_Coroutine_Http_Client, close);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getBody);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getHeaders);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getCookies);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getStatusCode);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getHeaderOut);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getPeerCert);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getpeername);
ZEND_METHOD(Swoole_Coroutine_Http_Client, getsockname);

/* ---- requests ----------------------------------------------------------------------------------------------------- */

/* One request from its path to its answer. */
static bool request(struct rs_http_client *o, zend_string *path, bool upgrade, zend_string *file, zend_long offset)
{
	return rs_http_client_prepare(o, path, upgrade, file, offset) && rs_http_client_perform(o);
}

static void set_method(struct rs_http_client *o, const char *method)
{
	zend_update_property_string(o->std.ce, &o->std, ZEND_STRL("requestMethod"), method);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, execute)
{
	struct rs_http_client *o;
	zend_string *path;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(path)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = rs_http_client_enter(ZEND_THIS)))
		RETURN_THROWS();
	RETVAL_BOOL(request(o, path, false, NULL, 0));
	rs_http_client_leave(o);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, get)
{
	struct rs_http_client *o;
	zend_string *path;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(path)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = rs_http_client_enter(ZEND_THIS)))
		RETURN_THROWS();
	set_method(o, "GET");
	RETVAL_BOOL(request(o, path, false, NULL, 0));
	rs_http_client_leave(o);
}

bool rs_http_client_data(struct rs_http_client *o, zval *data)
{
	zend_string *text;
	zval v;

	if (Z_TYPE_P(data) == IS_ARRAY) {
		zend_update_property(o->std.ce, &o->std, ZEND_STRL("requestBody"), data);
		return true;
	}
	if (!(text = zval_try_get_string(data)))
		return false;
	ZVAL_STR(&v, text);
	zend_update_property(o->std.ce, &o->std, ZEND_STRL("requestBody"), &v);
	zend_string_release(text);
	return true;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, post)
{
	struct rs_http_client *o;
	zend_string *path;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(path)
		Z_PARAM_ZVAL(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = rs_http_client_enter(ZEND_THIS)))
		RETURN_THROWS();
	set_method(o, "POST");
	RETVAL_BOOL(rs_http_client_data(o, data) && request(o, path, false, NULL, 0));
	rs_http_client_leave(o);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, download)
{
	zend_string *path, *file;
	struct rs_http_client *o;
	zend_long offset = 0;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_STR(path)
		Z_PARAM_PATH_STR(file)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(offset)
	ZEND_PARSE_PARAMETERS_END();
	if (offset < 0) {
		zend_argument_value_error(3, "must not be negative");
		RETURN_THROWS();
	}
	if (!(o = rs_http_client_enter(ZEND_THIS)))
		RETURN_THROWS();
	RETVAL_BOOL(!php_check_open_basedir(ZSTR_VAL(file)) && request(o, path, false, file, offset));
	rs_http_client_leave(o);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, upgrade)
{
	struct rs_http_client *o;
	zend_string *path;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(path)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = rs_http_client_enter(ZEND_THIS)))
		RETURN_THROWS();
	RETVAL_BOOL(request(o, path, true, NULL, 0));
	rs_http_client_leave(o);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, push)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_long opcode = RS_WS_TEXT, flags = RS_WS_FIN;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(opcode)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_client_constructed(o) || !rs_co_require())
		RETURN_THROWS();
	RETURN_BOOL(rs_http_client_push(o, data, opcode, flags));
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, recv)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	double timeout = 0;
	int64_t ms;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_client_constructed(o) || !rs_co_require())
		RETURN_THROWS();
	ms = rs_co_socket_ms(timeout, o->conf.read_ms);
	if (o->fetch.upgraded) {
		if (!rs_http_client_frame(o, ms, return_value))
			RETVAL_FALSE;
		return;
	}
	if (!o->waiting) {
		rs_http_client_error(o, NO_CONNECTION, "there is nothing to receive: no WebSocket, no deferred request");
		RETURN_FALSE;
	}
	if (!(o = rs_http_client_enter(ZEND_THIS)))
		RETURN_THROWS();
	RETVAL_BOOL(rs_http_client_finish(o, ms));
	rs_http_client_leave(o);
}

/* Those that wait in there are woken, and fail. */
ZEND_METHOD(Swoole_Coroutine_Http_Client, close)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_fetch_is_open(&o->fetch)) {
		rs_http_client_error(o, NO_CONNECTION, NULL);
		RETURN_FALSE;
	}
	rs_http_client_close(o);
	rs_http_client_show(o);
	RETURN_TRUE;
}

/* ---- questions ---------------------------------------------------------------------------------------------------- */

static void return_property(INTERNAL_FUNCTION_PARAMETERS, const char *name)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zval room, *v;

	ZEND_PARSE_PARAMETERS_NONE();
	v = rs_http_client_property(o, name, &room);
	if (v)
		RETURN_COPY(v);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getBody)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "body");
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getHeaders)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "headers");
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getCookies)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "cookies");
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getStatusCode)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "statusCode");
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getHeaderOut)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	if (o->ask.head.len == 0)
		RETURN_FALSE;
	RETURN_STRINGL(rs_buf_data(&o->ask.head), o->ask.head.len);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getPeerCert)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	struct rs_buf pem = { 0 };

	ZEND_PARSE_PARAMETERS_NONE();
	if (!o->fetch.c.sock.tls || !rs_tls_peer_pem(o->fetch.c.sock.tls, &pem)) {
		rs_http_client_error(o, o->fetch.c.sock.tls ? RS_TLS_EMPTY_PEER_CERTIFICATE : RS_TLS_NOT_READY, NULL);
		RETURN_FALSE;
	}
	RETVAL_STRINGL(rs_buf_data(&pem), pem.len);
	rs_buf_free(&pem);
}

static void return_name(INTERNAL_FUNCTION_PARAMETERS, bool (*ask)(struct rs_sock *s, struct rs_sock_addr *out))
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	struct rs_sock_addr a;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_fetch_is_open(&o->fetch) || !ask(&o->fetch.c.sock, &a)) {
		rs_http_client_error(o, rs_fetch_is_open(&o->fetch) ? o->fetch.c.sock.error : NO_CONNECTION, NULL);
		RETURN_FALSE;
	}
	rs_client_name(return_value, &a);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getpeername)
{
	return_name(INTERNAL_FUNCTION_PARAM_PASSTHRU, rs_sock_remote);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getsockname)
{
	return_name(INTERNAL_FUNCTION_PARAM_PASSTHRU, rs_sock_local);
}
