/* Made by bin/stubs from server_task.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Server_Task_finish, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, data, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Swoole_Server_Task_pack, 0, 1, MAY_BE_STRING|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, data, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Server_Task_unpack, 0, 1, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, data, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zim_Swoole_Server_Task_finish);
ZEND_NAMED_FUNCTION(zim_Swoole_Server_Task_pack);
ZEND_NAMED_FUNCTION(zim_Swoole_Server_Task_unpack);

static const zend_function_entry class_Swoole_Server_Task_methods[] = {
	ZEND_ME(Swoole_Server_Task, finish, arginfo_class_Swoole_Server_Task_finish, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Server_Task, pack, arginfo_class_Swoole_Server_Task_pack, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Server_Task, unpack, arginfo_class_Swoole_Server_Task_unpack, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Server_Task(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Server", "Task", class_Swoole_Server_Task_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_NOT_SERIALIZABLE;
	rs_swoole_allow_dynamic(class_entry);

	zval property_data_default;
	ZVAL_NULL(&property_data_default);
	zend_string *property_data_name = zend_string_init_interned("data", 4, 1);
	zend_declare_typed_property(class_entry, property_data_name, &property_data_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_dispatch_time_default;
	ZVAL_DOUBLE(&property_dispatch_time_default, 0.0);
	zend_string *property_dispatch_time_name = zend_string_init_interned("dispatch_time", 13, 1);
	zend_declare_typed_property(class_entry, property_dispatch_time_name, &property_dispatch_time_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_id_default;
	ZVAL_LONG(&property_id_default, -1);
	zend_string *property_id_name = zend_string_init_interned("id", 2, 1);
	zend_declare_typed_property(class_entry, property_id_name, &property_id_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_worker_id_default;
	ZVAL_LONG(&property_worker_id_default, -1);
	zend_string *property_worker_id_name = zend_string_init_interned("worker_id", 9, 1);
	zend_declare_typed_property(class_entry, property_worker_id_name, &property_worker_id_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_flags_default;
	ZVAL_LONG(&property_flags_default, 0);
	zend_string *property_flags_name = zend_string_init_interned("flags", 5, 1);
	zend_declare_typed_property(class_entry, property_flags_name, &property_flags_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}
