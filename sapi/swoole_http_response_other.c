/*
 * Methods of Swoole\Http\Response that belong to Coroutine\Http\Server, and control frames of HTTP/2, which are the reactor's: not for
 * the answers of this server.
 */
#include "swoole_http_response.h"

ZEND_METHOD(Swoole_Http_Response, upgrade)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, push)
{
	zval *data;
	zend_long opcode = 0, flags = 0;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(opcode)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, recv)
{
	double timeout;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, close)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_FALSE;
}

static void unsupported(zval *return_value)
{
	rs_swoole_warn(RS_SWOOLE_ERROR_OPERATION_NOT_SUPPORT, "is not supported");
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, ping)
{
	zend_string *data;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	unsupported(return_value);
}

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

ZEND_METHOD(Swoole_Http_Response, disconnect)
{
	zend_string *reason;
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
		Z_PARAM_STR(reason)
	ZEND_PARSE_PARAMETERS_END();
	unsupported(return_value);
}
