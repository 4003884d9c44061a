/* Made by bin/stubs from coroutine_short.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_Co_run, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, fn, IS_CALLABLE, 0)
	ZEND_ARG_VARIADIC_TYPE_INFO(0, args, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_Co_go, 0, 1, MAY_BE_LONG|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, func, IS_CALLABLE, 0)
	ZEND_ARG_VARIADIC_TYPE_INFO(0, param, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_Co_defer, 0, 1, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_Co_batch, 0, 1, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO(0, tasks, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, timeout, IS_DOUBLE, 0, "-1.0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_Co_parallel, 0, 2, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, n, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, fn, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_Co_map, 0, 2, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO(0, list, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO(0, fn, IS_CALLABLE, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, timeout, IS_DOUBLE, 0, "-1.0")
ZEND_END_ARG_INFO()

#define arginfo_go arginfo_Co_go

#define arginfo_defer arginfo_Co_defer

ZEND_NAMED_FUNCTION(zif_Swoole_Coroutine_batch);
ZEND_NAMED_FUNCTION(zif_Swoole_Coroutine_map);
ZEND_NAMED_FUNCTION(zif_Swoole_Coroutine_parallel);
ZEND_NAMED_FUNCTION(zif_Swoole_Coroutine_run);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_create);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_defer);

static const zend_function_entry coroutine_short_functions[] = {
	ZEND_RAW_FENTRY("Co\\run", zif_Swoole_Coroutine_run, arginfo_Co_run, 0)
	ZEND_RAW_FENTRY("Co\\go", zim_Swoole_Coroutine_create, arginfo_Co_go, 0)
	ZEND_RAW_FENTRY("Co\\defer", zim_Swoole_Coroutine_defer, arginfo_Co_defer, 0)
	ZEND_RAW_FENTRY("Co\\batch", zif_Swoole_Coroutine_batch, arginfo_Co_batch, 0)
	ZEND_RAW_FENTRY("Co\\parallel", zif_Swoole_Coroutine_parallel, arginfo_Co_parallel, 0)
	ZEND_RAW_FENTRY("Co\\map", zif_Swoole_Coroutine_map, arginfo_Co_map, 0)
	ZEND_RAW_FENTRY("go", zim_Swoole_Coroutine_create, arginfo_go, 0)
	ZEND_RAW_FENTRY("defer", zim_Swoole_Coroutine_defer, arginfo_defer, 0)
	ZEND_FE_END
};

