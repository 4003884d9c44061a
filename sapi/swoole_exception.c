/*
 * Exceptions of the server API, and what exit and die are where they must not end a process: inside a server's callback and
 * inside a coroutine they throw Swoole\ExitException; everywhere else they are PHP's own.
 */
#include "swoole.h"
#include "swoole_coroutine.h"

#include "stubs/exception_arginfo.h"

#pragma weak rs_co_self

/* ExitException::getFlags() */
#define EXIT_IN_COROUTINE 2
#define EXIT_IN_SERVER 4

zend_class_entry *rs_swoole_exception_ce, *rs_swoole_error_ce, *rs_swoole_exit_exception_ce;

static user_opcode_handler_t next_exit_handler;

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

/* ---- exit -------------------------------------------------------------------------------------------------- */

static zend_long exit_flags(void)
{
	if (rs_co_self && rs_co_self())
		return EXIT_IN_COROUTINE | (rs_swoole_in_server() ? EXIT_IN_SERVER : 0);
	return rs_php_in_server_call() ? EXIT_IN_SERVER : 0;
}

/* The argument of exit; 0 without one. */
static void take_status(zend_execute_data *execute_data, zval *status)
{
	const zend_op *opline = execute_data->opline;
	zval *given;

	ZVAL_LONG(status, 0);
	if (opline->op1_type == IS_UNUSED)
		return;
	given = zend_get_zval_ptr(opline, opline->op1_type, &opline->op1, execute_data);
	if (Z_TYPE_P(given) == IS_UNDEF)
		ZVAL_NULL(status);
	else
		ZVAL_COPY_DEREF(status, given);
	if (opline->op1_type & (IS_TMP_VAR | IS_VAR))
		zval_ptr_dtor_nogc(given);
}

static int on_exit_opcode(zend_execute_data *execute_data)
{
	zend_long flags = exit_flags();
	zend_object *exception;
	zval status;

	if (!flags)
		return next_exit_handler ? next_exit_handler(execute_data) : ZEND_USER_OPCODE_DISPATCH;
	take_status(execute_data, &status);
	exception = zend_throw_exception(rs_swoole_exit_exception_ce, "swoole exit", 0);
	zend_update_property_long(rs_swoole_exit_exception_ce, exception, ZEND_STRL("flags"), flags);
	zend_update_property(rs_swoole_exit_exception_ce, exception, ZEND_STRL("status"), &status);
	zval_ptr_dtor(&status);
	return ZEND_USER_OPCODE_CONTINUE;
}

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
	/* Here, before anything is compiled: opcodes know their handlers from then on. */
	next_exit_handler = zend_get_user_opcode_handler(ZEND_EXIT);
	zend_set_user_opcode_handler(ZEND_EXIT, on_exit_opcode);
}
