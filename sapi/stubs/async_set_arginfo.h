/* Made by bin/stubs from async_set.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_async_set, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, settings, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zif_swoole_async_set);

static const zend_function_entry async_set_functions[] = {
	ZEND_RAW_FENTRY("swoole_async_set", zif_swoole_async_set, arginfo_swoole_async_set, 0)
	ZEND_FE_END
};

