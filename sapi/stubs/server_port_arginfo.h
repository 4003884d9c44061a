/* Made by bin/stubs from server_port.stub.php: edit that. */

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Swoole_Server_Port___construct, 0, 0, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Server_Port_set, 0, 1, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, settings, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Server_Port_on, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, event_name, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_TYPE_MASK_EX(arginfo_class_Swoole_Server_Port_getCallback, 0, 1, Closure, MAY_BE_ARRAY|MAY_BE_STRING|MAY_BE_NULL)
	ZEND_ARG_TYPE_INFO(0, event_name, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_TYPE_MASK_EX(arginfo_class_Swoole_Server_Port_getSocket, 0, 0, Socket, MAY_BE_FALSE)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zim_Swoole_Server_Port___construct);
ZEND_NAMED_FUNCTION(zim_Swoole_Server_Port_getCallback);
ZEND_NAMED_FUNCTION(zim_Swoole_Server_Port_getSocket);
ZEND_NAMED_FUNCTION(zim_Swoole_Server_Port_on);
ZEND_NAMED_FUNCTION(zim_Swoole_Server_Port_set);

static const zend_function_entry class_Swoole_Server_Port_methods[] = {
	ZEND_ME(Swoole_Server_Port, __construct, arginfo_class_Swoole_Server_Port___construct, ZEND_ACC_PRIVATE)
	ZEND_ME(Swoole_Server_Port, set, arginfo_class_Swoole_Server_Port_set, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Server_Port, on, arginfo_class_Swoole_Server_Port_on, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Server_Port, getCallback, arginfo_class_Swoole_Server_Port_getCallback, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Server_Port, getSocket, arginfo_class_Swoole_Server_Port_getSocket, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Server_Port(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Server", "Port", class_Swoole_Server_Port_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_NOT_SERIALIZABLE;
	rs_swoole_allow_dynamic(class_entry);

	zval property_host_default;
	ZVAL_NULL(&property_host_default);
	zend_string *property_host_name = zend_string_init_interned("host", 4, 1);
	zend_declare_typed_property(class_entry, property_host_name, &property_host_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_port_default;
	ZVAL_LONG(&property_port_default, 0);
	zend_string *property_port_name = zend_string_init_interned("port", 4, 1);
	zend_declare_typed_property(class_entry, property_port_name, &property_port_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_type_default;
	ZVAL_LONG(&property_type_default, 0);
	zend_string *property_type_name = zend_string_init_interned("type", 4, 1);
	zend_declare_typed_property(class_entry, property_type_name, &property_type_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_sock_default;
	ZVAL_LONG(&property_sock_default, -1);
	zend_string *property_sock_name = zend_string_init_interned("sock", 4, 1);
	zend_declare_typed_property(class_entry, property_sock_name, &property_sock_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_ssl_default;
	ZVAL_BOOL(&property_ssl_default, false);
	zend_string *property_ssl_name = zend_string_init_interned("ssl", 3, 1);
	zend_declare_typed_property(class_entry, property_ssl_name, &property_ssl_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_setting_default;
	ZVAL_NULL(&property_setting_default);
	zend_string *property_setting_name = zend_string_init_interned("setting", 7, 1);
	zend_declare_typed_property(class_entry, property_setting_name, &property_setting_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_connections_default;
	ZVAL_NULL(&property_connections_default);
	zend_string *property_connections_name = zend_string_init_interned("connections", 11, 1);
	zend_declare_typed_property(class_entry, property_connections_name, &property_connections_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}
