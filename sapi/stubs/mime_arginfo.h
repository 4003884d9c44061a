/* Made by bin/stubs from mime.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_mime_type_add, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, suffix, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, mime_type, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_mime_type_set, 0, 2, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, suffix, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, mime_type, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_mime_type_delete, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, suffix, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_mime_type_get, 0, 1, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
ZEND_END_ARG_INFO()

#define arginfo_swoole_get_mime_type arginfo_swoole_mime_type_get

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_mime_type_exists, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_mime_type_list, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zif_swoole_mime_type_add);
ZEND_NAMED_FUNCTION(zif_swoole_mime_type_delete);
ZEND_NAMED_FUNCTION(zif_swoole_mime_type_exists);
ZEND_NAMED_FUNCTION(zif_swoole_mime_type_get);
ZEND_NAMED_FUNCTION(zif_swoole_mime_type_list);
ZEND_NAMED_FUNCTION(zif_swoole_mime_type_set);

static const zend_function_entry mime_functions[] = {
	ZEND_RAW_FENTRY("swoole_mime_type_add", zif_swoole_mime_type_add, arginfo_swoole_mime_type_add, 0)
	ZEND_RAW_FENTRY("swoole_mime_type_set", zif_swoole_mime_type_set, arginfo_swoole_mime_type_set, 0)
	ZEND_RAW_FENTRY("swoole_mime_type_delete", zif_swoole_mime_type_delete, arginfo_swoole_mime_type_delete, 0)
	ZEND_RAW_FENTRY("swoole_mime_type_get", zif_swoole_mime_type_get, arginfo_swoole_mime_type_get, 0)
	ZEND_RAW_FENTRY("swoole_get_mime_type", zif_swoole_mime_type_get, arginfo_swoole_get_mime_type, 0)
	ZEND_RAW_FENTRY("swoole_mime_type_exists", zif_swoole_mime_type_exists, arginfo_swoole_mime_type_exists, 0)
	ZEND_RAW_FENTRY("swoole_mime_type_list", zif_swoole_mime_type_list, arginfo_swoole_mime_type_list, 0)
	ZEND_FE_END
};

