/* Made by bin/stubs from http_client_async.stub.php: edit that. */

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Swoole_Http_Client___construct, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, host, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, port, IS_LONG, 0, "0")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, ssl, _IS_BOOL, 0, "false")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_on, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, event, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_set, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, settings, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_setMethod, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, method, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_setHeaders, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, headers, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_setBasicAuth, 0, 2, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, username, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, password, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_setCookies, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, cookies, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_setData, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_MASK(0, data, MAY_BE_ARRAY|MAY_BE_STRING, NULL)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_addFile, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, path, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, type, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, filename, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, offset, IS_LONG, 0, "0")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, length, IS_LONG, 0, "0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_addData, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, data, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, type, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, filename, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_execute, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, path, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Http_Client_get arginfo_class_Swoole_Http_Client_execute

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_post, 0, 3, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, path, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, data, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_download, 0, 3, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, path, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, file, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, offset, IS_LONG, 0, "0")
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Http_Client_upgrade arginfo_class_Swoole_Http_Client_execute

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_push, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, data, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, opcode, IS_LONG, 0, "1")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, finish, _IS_BOOL, 0, "true")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_proceed, 0, 2, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, job, IS_LONG, 0)
	ZEND_ARG_OBJ_INFO(0, client, Swoole\\Http\\Client, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Client_isConnected, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Http_Client_close arginfo_class_Swoole_Http_Client_isConnected

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Swoole_Http_Client_getHeaderOut, 0, 0, MAY_BE_STRING|MAY_BE_FALSE)
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Http_Client_getPeerCert arginfo_class_Swoole_Http_Client_getHeaderOut

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Swoole_Http_Client_getpeername, 0, 0, MAY_BE_ARRAY|MAY_BE_FALSE)
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Http_Client_getsockname arginfo_class_Swoole_Http_Client_getpeername

ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client___construct);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_addData);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_addFile);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_getHeaderOut);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_getPeerCert);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_getpeername);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_getsockname);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_set);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_setBasicAuth);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_setCookies);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_setData);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_setHeaders);
ZEND_NAMED_FUNCTION(zim_Swoole_Coroutine_Http_Client_setMethod);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_close);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_download);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_execute);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_get);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_isConnected);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_on);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_post);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_proceed);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_push);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Client_upgrade);

static const zend_function_entry class_Swoole_Http_Client_methods[] = {
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, __construct, __construct, arginfo_class_Swoole_Http_Client___construct, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, on, arginfo_class_Swoole_Http_Client_on, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, set, set, arginfo_class_Swoole_Http_Client_set, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, setMethod, setMethod, arginfo_class_Swoole_Http_Client_setMethod, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, setHeaders, setHeaders, arginfo_class_Swoole_Http_Client_setHeaders, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, setBasicAuth, setBasicAuth, arginfo_class_Swoole_Http_Client_setBasicAuth, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, setCookies, setCookies, arginfo_class_Swoole_Http_Client_setCookies, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, setData, setData, arginfo_class_Swoole_Http_Client_setData, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, addFile, addFile, arginfo_class_Swoole_Http_Client_addFile, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, addData, addData, arginfo_class_Swoole_Http_Client_addData, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, execute, arginfo_class_Swoole_Http_Client_execute, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, get, arginfo_class_Swoole_Http_Client_get, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, post, arginfo_class_Swoole_Http_Client_post, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, download, arginfo_class_Swoole_Http_Client_download, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, upgrade, arginfo_class_Swoole_Http_Client_upgrade, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, push, arginfo_class_Swoole_Http_Client_push, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, proceed, arginfo_class_Swoole_Http_Client_proceed, ZEND_ACC_PRIVATE)
	ZEND_ME(Swoole_Http_Client, isConnected, arginfo_class_Swoole_Http_Client_isConnected, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Http_Client, close, arginfo_class_Swoole_Http_Client_close, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, getHeaderOut, getHeaderOut, arginfo_class_Swoole_Http_Client_getHeaderOut, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, getPeerCert, getPeerCert, arginfo_class_Swoole_Http_Client_getPeerCert, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, getpeername, getpeername, arginfo_class_Swoole_Http_Client_getpeername, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Swoole_Coroutine_Http_Client, getsockname, getsockname, arginfo_class_Swoole_Http_Client_getsockname, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Http_Client(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Http", "Client", class_Swoole_Http_Client_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_NOT_SERIALIZABLE;
	rs_swoole_allow_dynamic(class_entry);

	zval property_errCode_default;
	ZVAL_LONG(&property_errCode_default, 0);
	zend_string *property_errCode_name = zend_string_init_interned("errCode", 7, 1);
	zend_declare_typed_property(class_entry, property_errCode_name, &property_errCode_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_LONG));

	zval property_errMsg_default;
	ZVAL_EMPTY_STRING(&property_errMsg_default);
	zend_string *property_errMsg_name = zend_string_init_interned("errMsg", 6, 1);
	zend_declare_typed_property(class_entry, property_errMsg_name, &property_errMsg_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_STRING));

	zval property_connected_default;
	ZVAL_BOOL(&property_connected_default, false);
	zend_string *property_connected_name = zend_string_init_interned("connected", 9, 1);
	zend_declare_typed_property(class_entry, property_connected_name, &property_connected_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_BOOL));

	zval property_host_default;
	ZVAL_EMPTY_STRING(&property_host_default);
	zend_string *property_host_name = zend_string_init_interned("host", 4, 1);
	zend_declare_typed_property(class_entry, property_host_name, &property_host_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_STRING));

	zval property_port_default;
	ZVAL_LONG(&property_port_default, 0);
	zend_string *property_port_name = zend_string_init_interned("port", 4, 1);
	zend_declare_typed_property(class_entry, property_port_name, &property_port_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_LONG));

	zval property_ssl_default;
	ZVAL_BOOL(&property_ssl_default, false);
	zend_string *property_ssl_name = zend_string_init_interned("ssl", 3, 1);
	zend_declare_typed_property(class_entry, property_ssl_name, &property_ssl_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_BOOL));

	zval property_setting_default;
	ZVAL_NULL(&property_setting_default);
	zend_string *property_setting_name = zend_string_init_interned("setting", 7, 1);
	zend_declare_typed_property(class_entry, property_setting_name, &property_setting_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_ARRAY|MAY_BE_NULL));

	zval property_requestMethod_default;
	ZVAL_NULL(&property_requestMethod_default);
	zend_string *property_requestMethod_name = zend_string_init_interned("requestMethod", 13, 1);
	zend_declare_typed_property(class_entry, property_requestMethod_name, &property_requestMethod_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_STRING|MAY_BE_NULL));

	zval property_requestHeaders_default;
	ZVAL_NULL(&property_requestHeaders_default);
	zend_string *property_requestHeaders_name = zend_string_init_interned("requestHeaders", 14, 1);
	zend_declare_typed_property(class_entry, property_requestHeaders_name, &property_requestHeaders_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_ARRAY|MAY_BE_NULL));

	zval property_requestBody_default;
	ZVAL_NULL(&property_requestBody_default);
	zend_string *property_requestBody_name = zend_string_init_interned("requestBody", 11, 1);
	zend_declare_typed_property(class_entry, property_requestBody_name, &property_requestBody_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_ARRAY|MAY_BE_STRING|MAY_BE_NULL));

	zval property_statusCode_default;
	ZVAL_LONG(&property_statusCode_default, 0);
	zend_string *property_statusCode_name = zend_string_init_interned("statusCode", 10, 1);
	zend_declare_typed_property(class_entry, property_statusCode_name, &property_statusCode_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_LONG));

	zval property_headers_default;
	ZVAL_NULL(&property_headers_default);
	zend_string *property_headers_name = zend_string_init_interned("headers", 7, 1);
	zend_declare_typed_property(class_entry, property_headers_name, &property_headers_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_ARRAY|MAY_BE_NULL));

	zval property_set_cookie_headers_default;
	ZVAL_NULL(&property_set_cookie_headers_default);
	zend_string *property_set_cookie_headers_name = zend_string_init_interned("set_cookie_headers", 18, 1);
	zend_declare_typed_property(class_entry, property_set_cookie_headers_name, &property_set_cookie_headers_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_ARRAY|MAY_BE_NULL));

	zval property_cookies_default;
	ZVAL_NULL(&property_cookies_default);
	zend_string *property_cookies_name = zend_string_init_interned("cookies", 7, 1);
	zend_declare_typed_property(class_entry, property_cookies_name, &property_cookies_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_ARRAY|MAY_BE_NULL));

	zval property_body_default;
	ZVAL_EMPTY_STRING(&property_body_default);
	zend_string *property_body_name = zend_string_init_interned("body", 4, 1);
	zend_declare_typed_property(class_entry, property_body_name, &property_body_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_STRING));

	return class_entry;
}
