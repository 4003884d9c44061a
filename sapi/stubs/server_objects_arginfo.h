/* Made by bin/stubs from server_objects.stub.php: edit that. */


static const zend_function_entry class_Swoole_Server_Event_methods[] = {
	ZEND_FE_END
};

static const zend_function_entry class_Swoole_Server_Packet_methods[] = {
	ZEND_FE_END
};

static const zend_function_entry class_Swoole_Server_PipeMessage_methods[] = {
	ZEND_FE_END
};

static const zend_function_entry class_Swoole_Server_StatusInfo_methods[] = {
	ZEND_FE_END
};

static const zend_function_entry class_Swoole_Server_TaskResult_methods[] = {
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Server_Event(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Server", "Event", class_Swoole_Server_Event_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	rs_swoole_allow_dynamic(class_entry);

	zval property_reactor_id_default;
	ZVAL_LONG(&property_reactor_id_default, 0);
	zend_string *property_reactor_id_name = zend_string_init_interned("reactor_id", 10, 1);
	zend_declare_typed_property(class_entry, property_reactor_id_name, &property_reactor_id_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_fd_default;
	ZVAL_LONG(&property_fd_default, 0);
	zend_string *property_fd_name = zend_string_init_interned("fd", 2, 1);
	zend_declare_typed_property(class_entry, property_fd_name, &property_fd_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_dispatch_time_default;
	ZVAL_DOUBLE(&property_dispatch_time_default, 0.0);
	zend_string *property_dispatch_time_name = zend_string_init_interned("dispatch_time", 13, 1);
	zend_declare_typed_property(class_entry, property_dispatch_time_name, &property_dispatch_time_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_data_default;
	ZVAL_NULL(&property_data_default);
	zend_string *property_data_name = zend_string_init_interned("data", 4, 1);
	zend_declare_typed_property(class_entry, property_data_name, &property_data_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Server_Packet(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Server", "Packet", class_Swoole_Server_Packet_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	rs_swoole_allow_dynamic(class_entry);

	zval property_server_socket_default;
	ZVAL_LONG(&property_server_socket_default, 0);
	zend_string *property_server_socket_name = zend_string_init_interned("server_socket", 13, 1);
	zend_declare_typed_property(class_entry, property_server_socket_name, &property_server_socket_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_server_port_default;
	ZVAL_LONG(&property_server_port_default, 0);
	zend_string *property_server_port_name = zend_string_init_interned("server_port", 11, 1);
	zend_declare_typed_property(class_entry, property_server_port_name, &property_server_port_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_dispatch_time_default;
	ZVAL_DOUBLE(&property_dispatch_time_default, 0.0);
	zend_string *property_dispatch_time_name = zend_string_init_interned("dispatch_time", 13, 1);
	zend_declare_typed_property(class_entry, property_dispatch_time_name, &property_dispatch_time_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_address_default;
	ZVAL_NULL(&property_address_default);
	zend_string *property_address_name = zend_string_init_interned("address", 7, 1);
	zend_declare_typed_property(class_entry, property_address_name, &property_address_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_port_default;
	ZVAL_LONG(&property_port_default, 0);
	zend_string *property_port_name = zend_string_init_interned("port", 4, 1);
	zend_declare_typed_property(class_entry, property_port_name, &property_port_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_data_default;
	ZVAL_NULL(&property_data_default);
	zend_string *property_data_name = zend_string_init_interned("data", 4, 1);
	zend_declare_typed_property(class_entry, property_data_name, &property_data_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Server_PipeMessage(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Server", "PipeMessage", class_Swoole_Server_PipeMessage_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	rs_swoole_allow_dynamic(class_entry);

	zval property_source_worker_id_default;
	ZVAL_LONG(&property_source_worker_id_default, 0);
	zend_string *property_source_worker_id_name = zend_string_init_interned("source_worker_id", 16, 1);
	zend_declare_typed_property(class_entry, property_source_worker_id_name, &property_source_worker_id_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_dispatch_time_default;
	ZVAL_DOUBLE(&property_dispatch_time_default, 0.0);
	zend_string *property_dispatch_time_name = zend_string_init_interned("dispatch_time", 13, 1);
	zend_declare_typed_property(class_entry, property_dispatch_time_name, &property_dispatch_time_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_data_default;
	ZVAL_NULL(&property_data_default);
	zend_string *property_data_name = zend_string_init_interned("data", 4, 1);
	zend_declare_typed_property(class_entry, property_data_name, &property_data_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Server_StatusInfo(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Server", "StatusInfo", class_Swoole_Server_StatusInfo_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	rs_swoole_allow_dynamic(class_entry);

	zval property_worker_id_default;
	ZVAL_LONG(&property_worker_id_default, 0);
	zend_string *property_worker_id_name = zend_string_init_interned("worker_id", 9, 1);
	zend_declare_typed_property(class_entry, property_worker_id_name, &property_worker_id_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_worker_pid_default;
	ZVAL_LONG(&property_worker_pid_default, 0);
	zend_string *property_worker_pid_name = zend_string_init_interned("worker_pid", 10, 1);
	zend_declare_typed_property(class_entry, property_worker_pid_name, &property_worker_pid_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_status_default;
	ZVAL_LONG(&property_status_default, 0);
	zend_string *property_status_name = zend_string_init_interned("status", 6, 1);
	zend_declare_typed_property(class_entry, property_status_name, &property_status_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_exit_code_default;
	ZVAL_LONG(&property_exit_code_default, 0);
	zend_string *property_exit_code_name = zend_string_init_interned("exit_code", 9, 1);
	zend_declare_typed_property(class_entry, property_exit_code_name, &property_exit_code_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_signal_default;
	ZVAL_LONG(&property_signal_default, 0);
	zend_string *property_signal_name = zend_string_init_interned("signal", 6, 1);
	zend_declare_typed_property(class_entry, property_signal_name, &property_signal_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Server_TaskResult(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Server", "TaskResult", class_Swoole_Server_TaskResult_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	rs_swoole_allow_dynamic(class_entry);

	zval property_task_id_default;
	ZVAL_LONG(&property_task_id_default, 0);
	zend_string *property_task_id_name = zend_string_init_interned("task_id", 7, 1);
	zend_declare_typed_property(class_entry, property_task_id_name, &property_task_id_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_task_worker_id_default;
	ZVAL_LONG(&property_task_worker_id_default, 0);
	zend_string *property_task_worker_id_name = zend_string_init_interned("task_worker_id", 14, 1);
	zend_declare_typed_property(class_entry, property_task_worker_id_name, &property_task_worker_id_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_dispatch_time_default;
	ZVAL_DOUBLE(&property_dispatch_time_default, 0.0);
	zend_string *property_dispatch_time_name = zend_string_init_interned("dispatch_time", 13, 1);
	zend_declare_typed_property(class_entry, property_dispatch_time_name, &property_dispatch_time_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_data_default;
	ZVAL_NULL(&property_data_default);
	zend_string *property_data_name = zend_string_init_interned("data", 4, 1);
	zend_declare_typed_property(class_entry, property_data_name, &property_data_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}
