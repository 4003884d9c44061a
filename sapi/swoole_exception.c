/*
 * Exceptions of the server API. When exit throws one of them is the business of swoole_coroutine_exit.c.
 */
#include "swoole.h"

#include "stubs/exception_arginfo.h"

zend_class_entry *rs_swoole_exception_ce, *rs_swoole_error_ce, *rs_swoole_exit_exception_ce;

/* ---- throwing ---------------------------------------------------------------------------------------------- */

static ZEND_COLD void throw_text(zend_class_entry *ce, zend_long code, const char *fmt, va_list ap)
{
	zend_string *text = zend_vstrpprintf(0, fmt, ap);

	zend_throw_exception(ce, ZSTR_VAL(text), code);
	zend_string_release(text);
}

ZEND_COLD void rs_swoole_throw(zend_long code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	throw_text(rs_swoole_exception_ce, code, fmt, ap);
	va_end(ap);
}

ZEND_COLD void rs_swoole_throw_error(zend_long code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	throw_text(rs_swoole_error_ce, code, fmt, ap);
	va_end(ap);
}

/* ---- ExitException ----------------------------------------------------------------------------------------- */

static void return_property(INTERNAL_FUNCTION_PARAMETERS, const char *name, size_t n)
{
	zval rv;

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_COPY_DEREF(zend_read_property(rs_swoole_exit_exception_ce, Z_OBJ_P(ZEND_THIS), name, n, true, &rv));
}

ZEND_METHOD(Swoole_ExitException, getFlags)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, ZEND_STRL("flags"));
}

ZEND_METHOD(Swoole_ExitException, getStatus)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, ZEND_STRL("status"));
}

/* ---- start ------------------------------------------------------------------------------------------------- */

void rs_swoole_minit_exception(void)
{
	rs_swoole_exception_ce = register_class_Swoole_Exception(zend_ce_exception);
	rs_swoole_error_ce = register_class_Swoole_Error(zend_ce_error);
	rs_swoole_exit_exception_ce = register_class_Swoole_ExitException(rs_swoole_exception_ce);
	(void)register_class_Swoole_Client_Exception(rs_swoole_exception_ce);
	(void)register_class_Swoole_Coroutine_Socket_Exception(rs_swoole_exception_ce);
	(void)register_class_Swoole_Coroutine_Http_Client_Exception(rs_swoole_exception_ce);
	(void)register_class_Swoole_Exception_ArrayKeyNotExists(rs_swoole_exception_ce);
	rs_swoole_alias(rs_swoole_exception_ce, "swoole_exception");
	rs_swoole_alias(rs_swoole_error_ce, "swoole_error");
}
