/* Made by bin/stubs from async.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Async_readFile, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Async_writeFile, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, content, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, callback, IS_CALLABLE, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, flags, IS_LONG, 0, "0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Async_read, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, size, IS_LONG, 0, "65536")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, offset, IS_LONG, 0, "0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Async_write, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, content, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, offset, IS_LONG, 0, "-1")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, callback, IS_CALLABLE, 1, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Async_dnsLookup, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, domain, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Async_set, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, settings, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Swoole_Async_exec, 0, 2, MAY_BE_LONG|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, command, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

#define arginfo_swoole_async_readfile arginfo_class_Swoole_Async_readFile

#define arginfo_swoole_async_writefile arginfo_class_Swoole_Async_writeFile

#define arginfo_swoole_async_read arginfo_class_Swoole_Async_read

#define arginfo_swoole_async_write arginfo_class_Swoole_Async_write

#define arginfo_swoole_async_dns_lookup arginfo_class_Swoole_Async_dnsLookup

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_clear_dns_cache, 0, 0, IS_VOID, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zif_swoole_async_dns_lookup);
ZEND_NAMED_FUNCTION(zif_swoole_async_read);
ZEND_NAMED_FUNCTION(zif_swoole_async_readfile);
ZEND_NAMED_FUNCTION(zif_swoole_async_set);
ZEND_NAMED_FUNCTION(zif_swoole_async_write);
ZEND_NAMED_FUNCTION(zif_swoole_async_writefile);
ZEND_NAMED_FUNCTION(zif_swoole_clear_dns_cache);
ZEND_NAMED_FUNCTION(zim_Swoole_Async_exec);

static const zend_function_entry class_Swoole_Async_methods[] = {
	ZEND_ME_MAPPING(readFile, swoole_async_readfile, arginfo_class_Swoole_Async_readFile, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME_MAPPING(writeFile, swoole_async_writefile, arginfo_class_Swoole_Async_writeFile, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME_MAPPING(read, swoole_async_read, arginfo_class_Swoole_Async_read, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME_MAPPING(write, swoole_async_write, arginfo_class_Swoole_Async_write, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME_MAPPING(dnsLookup, swoole_async_dns_lookup, arginfo_class_Swoole_Async_dnsLookup, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME_MAPPING(set, swoole_async_set, arginfo_class_Swoole_Async_set, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Async, exec, arginfo_class_Swoole_Async_exec, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_FE_END
};

static const zend_function_entry async_functions[] = {
	ZEND_RAW_FENTRY("swoole_async_readfile", zif_swoole_async_readfile, arginfo_swoole_async_readfile, 0)
	ZEND_RAW_FENTRY("swoole_async_writefile", zif_swoole_async_writefile, arginfo_swoole_async_writefile, 0)
	ZEND_RAW_FENTRY("swoole_async_read", zif_swoole_async_read, arginfo_swoole_async_read, 0)
	ZEND_RAW_FENTRY("swoole_async_write", zif_swoole_async_write, arginfo_swoole_async_write, 0)
	ZEND_RAW_FENTRY("swoole_async_dns_lookup", zif_swoole_async_dns_lookup, arginfo_swoole_async_dns_lookup, 0)
	ZEND_RAW_FENTRY("swoole_clear_dns_cache", zif_swoole_clear_dns_cache, arginfo_swoole_clear_dns_cache, 0)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Async(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole", "Async", class_Swoole_Async_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);

	return class_entry;
}
