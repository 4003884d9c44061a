/* Made by bin/stubs from coroutine_helpers.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_swoole_exec, 0, 1, MAY_BE_STRING|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, command, IS_STRING, 0)
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(1, output, "null")
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(1, return_var, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_swoole_shell_exec, 0, 1, MAY_BE_STRING|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, cmd, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_swoole_coroutine_socketpair, 0, 3, MAY_BE_ARRAY|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, domain, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, type, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, protocol, IS_LONG, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zif_swoole_coroutine_socketpair);
ZEND_NAMED_FUNCTION(zif_swoole_exec);
ZEND_NAMED_FUNCTION(zif_swoole_shell_exec);

static const zend_function_entry coroutine_helpers_functions[] = {
	ZEND_RAW_FENTRY("swoole_exec", zif_swoole_exec, arginfo_swoole_exec, 0)
	ZEND_RAW_FENTRY("swoole_shell_exec", zif_swoole_shell_exec, arginfo_swoole_shell_exec, 0)
	ZEND_RAW_FENTRY("swoole_coroutine_socketpair", zif_swoole_coroutine_socketpair, arginfo_swoole_coroutine_socketpair, 0)
	ZEND_FE_END
};

