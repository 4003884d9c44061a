/* Made by bin/stubs from http_request.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Swoole_Http_Request_getContent, 0, 0, MAY_BE_STRING|MAY_BE_FALSE)
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Http_Request_rawContent arginfo_class_Swoole_Http_Request_getContent

#define arginfo_class_Swoole_Http_Request_getData arginfo_class_Swoole_Http_Request_getContent

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Swoole_Http_Request_create, 0, 0, Swoole\\Http\\Request, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Swoole_Http_Request_parse, 0, 1, MAY_BE_LONG|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, data, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Request_isCompleted, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Http_Request_getMethod arginfo_class_Swoole_Http_Request_getContent

ZEND_NAMED_FUNCTION(zim_Swoole_Http_Request_create);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Request_getContent);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Request_getData);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Request_getMethod);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Request_isCompleted);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Request_parse);

static const zend_function_entry class_Swoole_Http_Request_methods[] = {
	ZEND_ME(Swoole_Http_Request, getContent, arginfo_class_Swoole_Http_Request_getContent, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Http_Request, rawContent, getContent, arginfo_class_Swoole_Http_Request_rawContent, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Request, getData, arginfo_class_Swoole_Http_Request_getData, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Request, create, arginfo_class_Swoole_Http_Request_create, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Http_Request, parse, arginfo_class_Swoole_Http_Request_parse, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Request, isCompleted, arginfo_class_Swoole_Http_Request_isCompleted, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Request, getMethod, arginfo_class_Swoole_Http_Request_getMethod, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Http_Request(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Http", "Request", class_Swoole_Http_Request_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_NOT_SERIALIZABLE;
	rs_swoole_allow_dynamic(class_entry);

	zval property_fd_default;
	ZVAL_LONG(&property_fd_default, 0);
	zend_string *property_fd_name = zend_string_init_interned("fd", 2, 1);
	zend_declare_typed_property(class_entry, property_fd_name, &property_fd_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_streamId_default;
	ZVAL_LONG(&property_streamId_default, 0);
	zend_string *property_streamId_name = zend_string_init_interned("streamId", 8, 1);
	zend_declare_typed_property(class_entry, property_streamId_name, &property_streamId_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_header_default;
	ZVAL_NULL(&property_header_default);
	zend_string *property_header_name = zend_string_init_interned("header", 6, 1);
	zend_declare_typed_property(class_entry, property_header_name, &property_header_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_server_default;
	ZVAL_NULL(&property_server_default);
	zend_string *property_server_name = zend_string_init_interned("server", 6, 1);
	zend_declare_typed_property(class_entry, property_server_name, &property_server_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_cookie_default;
	ZVAL_NULL(&property_cookie_default);
	zend_string *property_cookie_name = zend_string_init_interned("cookie", 6, 1);
	zend_declare_typed_property(class_entry, property_cookie_name, &property_cookie_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_get_default;
	ZVAL_NULL(&property_get_default);
	zend_string *property_get_name = zend_string_init_interned("get", 3, 1);
	zend_declare_typed_property(class_entry, property_get_name, &property_get_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_files_default;
	ZVAL_NULL(&property_files_default);
	zend_string *property_files_name = zend_string_init_interned("files", 5, 1);
	zend_declare_typed_property(class_entry, property_files_name, &property_files_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_post_default;
	ZVAL_NULL(&property_post_default);
	zend_string *property_post_name = zend_string_init_interned("post", 4, 1);
	zend_declare_typed_property(class_entry, property_post_name, &property_post_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_tmpfiles_default;
	ZVAL_NULL(&property_tmpfiles_default);
	zend_string *property_tmpfiles_name = zend_string_init_interned("tmpfiles", 8, 1);
	zend_declare_typed_property(class_entry, property_tmpfiles_name, &property_tmpfiles_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}
