/*
 * exit and die. Inside a coroutine of user code, and inside callbacks of a server, they throw Swoole\ExitException; everywhere
 * else, the applications that the daemon hosts included, they are what they are: the engine's own handler runs.
 *
 * A handler of the opcode is how: OPcache keeps it, and ZEND_EXIT is one of the opcodes for which the JIT allows one (it
 * leaves its machine code for it).
 */
#include "swoole_coroutine_private.h"

#include "swoole_invoke.h"

static struct {
	user_opcode_handler_t next; /* another extension's */
} exits;

static int where(void)
{
	return (rs_swoole_in_own_coroutine() ? RS_SWOOLE_EXIT_IN_COROUTINE : 0) |
	       (rs_php_in_server_call() ? RS_SWOOLE_EXIT_IN_SERVER : 0);
}

/* The operand, taken from the frame. */
static void take_status(zend_execute_data *execute_data, zval *status)
{
	const zend_op *opline = EX(opline);
	zval *operand;

	ZVAL_NULL(status);
	switch (opline->op1_type) {
	case IS_CONST:
		ZVAL_COPY(status, RT_CONSTANT(opline, opline->op1));
		break;
	case IS_TMP_VAR:
		ZVAL_COPY_VALUE(status, EX_VAR(opline->op1.var));
		break;
	case IS_VAR:
		operand = EX_VAR(opline->op1.var);
		ZVAL_COPY_DEREF(status, operand);
		zval_ptr_dtor(operand);
		break;
	case IS_CV:
		operand = EX_VAR(opline->op1.var);
		if (Z_TYPE_P(operand) == IS_UNDEF)
			zend_error(E_WARNING, "Undefined variable $%s", ZSTR_VAL(EX(func)->op_array.vars[EX_VAR_TO_NUM(opline->op1.var)]));
		else
			ZVAL_COPY_DEREF(status, operand);
		break;
	default:
		ZVAL_LONG(status, 0); /* exit; */
		break;
	}
}

static int exit_handler(zend_execute_data *execute_data)
{
	int flags = where();
	zval exception, status;

	if (!flags)
		return exits.next ? exits.next(execute_data) : ZEND_USER_OPCODE_DISPATCH;
	take_status(execute_data, &status);
	if (EG(exception)) {
		zval_ptr_dtor(&status);
		return ZEND_USER_OPCODE_CONTINUE;
	}
	object_init_ex(&exception, rs_swoole_exit_exception_ce);
	zend_update_property_string(zend_ce_exception, Z_OBJ(exception), ZEND_STRL("message"), "swoole exit");
	zend_update_property_long(rs_swoole_exit_exception_ce, Z_OBJ(exception), ZEND_STRL("flags"), flags);
	zend_update_property(rs_swoole_exit_exception_ce, Z_OBJ(exception), ZEND_STRL("status"), &status);
	zval_ptr_dtor(&status);
	zend_throw_exception_object(&exception);
	return ZEND_USER_OPCODE_CONTINUE;
}

void rs_swoole_minit_coroutine_exit(void)
{
	exits.next = zend_get_user_opcode_handler(ZEND_EXIT);
	zend_set_user_opcode_handler(ZEND_EXIT, exit_handler);
}
