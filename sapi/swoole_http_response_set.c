/*
 * Methods of Swoole\Http\Response that set what its head will say.
 */
#include "swoole_http_response.h"

ZEND_METHOD(Swoole_Http_Response, initHeader)
{
	zend_object *o = Z_OBJ_P(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_http_response_settable(rs_http_this(ZEND_THIS)))
		RETURN_FALSE;
	for (int i = RS_HTTP_RESPONSE_HEADER; i <= RS_HTTP_RESPONSE_TRAILER; i++) {
		zval *p = OBJ_PROP_NUM(o, i), old;

		/* Destructors may look at it. */
		ZVAL_COPY_VALUE(&old, p);
		array_init(p);
		zval_ptr_dtor(&old);
	}
	RETURN_TRUE;
}

/* Codes without a phrase need one of the application's. */
static bool known(zend_long code)
{
	switch (code) {
#define RS_STATUS(number, phrase) case number:
#include "http/http_status.def"
#undef RS_STATUS
		return true;
	default:
		return false;
	}
}

ZEND_METHOD(Swoole_Http_Response, status)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_string *reason = NULL;
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(code)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(reason)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_response_settable(r))
		RETURN_FALSE;
	if (r->reason)
		zend_string_release(r->reason);
	r->reason = NULL;
	if (reason && ZSTR_LEN(reason) && strcspn(ZSTR_VAL(reason), "\r\n") == ZSTR_LEN(reason))
		r->reason = zend_string_copy(reason);
	r->answer.status = known(code) || (r->reason && code >= 100 && code <= 599) ? (unsigned)code : 200;
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Http_Response, header)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	bool format = true;
	zend_string *key;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_STR(key)
		Z_PARAM_ZVAL(value)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(format)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_http_response_settable(r) && rs_http_set_line(r, RS_HTTP_RESPONSE_HEADER, key, value, format));
}

ZEND_METHOD(Swoole_Http_Response, trailer)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_string *key, *value;
	zval text;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(key)
		Z_PARAM_STR(value)
	ZEND_PARSE_PARAMETERS_END();
	ZVAL_STR(&text, value);
	RETURN_BOOL(rs_http_response_open(r) && rs_http_set_line(r, RS_HTTP_RESPONSE_TRAILER, key, &text, false));
}

static void cookie(INTERNAL_FUNCTION_PARAMETERS, bool raw)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	struct rs_http_cookie c = { .raw = raw };
	zend_string *line;
	zval old;

	ZEND_PARSE_PARAMETERS_START(1, 9)
		Z_PARAM_STR(c.name)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(c.value)
		Z_PARAM_LONG(c.expires)
		Z_PARAM_STR_OR_NULL(c.path)
		Z_PARAM_STR_OR_NULL(c.domain)
		Z_PARAM_BOOL(c.secure)
		Z_PARAM_BOOL(c.httponly)
		Z_PARAM_STR_OR_NULL(c.samesite)
		Z_PARAM_STR_OR_NULL(c.priority)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_response_settable(r))
		RETURN_FALSE;
	if (ZEND_NUM_ARGS() < 4)
		c.path = ZSTR_CHAR('/');
	if (!c.value)
		c.value = ZSTR_EMPTY_ALLOC();
	line = rs_http_cookie_line(&c);
	if (!line)
		RETURN_FALSE;
	add_next_index_str(rs_http_property_array(r, RS_HTTP_RESPONSE_COOKIE, &old), line);
	zval_ptr_dtor(&old);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Http_Response, cookie)
{
	cookie(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

ZEND_METHOD(Swoole_Http_Response, rawcookie)
{
	cookie(INTERNAL_FUNCTION_PARAM_PASSTHRU, true);
}

ZEND_METHOD(Swoole_Http_Response, gzip)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_long level = 1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(level)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_response_open(r))
		RETURN_FALSE;
	if (r->started) {
		rs_swoole_warn(0, "must be called before the response is sent");
		RETURN_FALSE;
	}
	r->gzip_level = level < 1 ? 1 : level > 9 ? 9 : (int)level;
	RETURN_TRUE;
}
