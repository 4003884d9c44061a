/* Made by bin/stubs from websocket_frame.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_WebSocket_Frame___toString, 0, 0, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_WebSocket_Frame_pack, 0, 1, IS_STRING, 0)
	ZEND_ARG_OBJ_TYPE_MASK(0, data, Swoole\\WebSocket\\Frame, MAY_BE_STRING, NULL)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, opcode, IS_LONG, 0, "1")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, flags, IS_LONG, 0, "1")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_TYPE_MASK_EX(arginfo_class_Swoole_WebSocket_Frame_unpack, 0, 1, Swoole\\WebSocket\\Frame, MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, data, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zim_Swoole_WebSocket_Frame___toString);
ZEND_NAMED_FUNCTION(zim_Swoole_WebSocket_Frame_pack);
ZEND_NAMED_FUNCTION(zim_Swoole_WebSocket_Frame_unpack);

static const zend_function_entry class_Swoole_WebSocket_Frame_methods[] = {
	ZEND_ME(Swoole_WebSocket_Frame, __toString, arginfo_class_Swoole_WebSocket_Frame___toString, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_WebSocket_Frame, pack, arginfo_class_Swoole_WebSocket_Frame_pack, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_WebSocket_Frame, unpack, arginfo_class_Swoole_WebSocket_Frame_unpack, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_FE_END
};

static const zend_function_entry class_Swoole_WebSocket_CloseFrame_methods[] = {
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_WebSocket_Frame(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\WebSocket", "Frame", class_Swoole_WebSocket_Frame_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	rs_swoole_allow_dynamic(class_entry);

	zval property_fd_default;
	ZVAL_LONG(&property_fd_default, 0);
	zend_string *property_fd_name = zend_string_init_interned("fd", 2, 1);
	zend_declare_typed_property(class_entry, property_fd_name, &property_fd_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_data_default;
	ZVAL_EMPTY_STRING(&property_data_default);
	zend_string *property_data_name = zend_string_init_interned("data", 4, 1);
	zend_declare_typed_property(class_entry, property_data_name, &property_data_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_opcode_default;
	ZVAL_LONG(&property_opcode_default, 1);
	zend_string *property_opcode_name = zend_string_init_interned("opcode", 6, 1);
	zend_declare_typed_property(class_entry, property_opcode_name, &property_opcode_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_flags_default;
	ZVAL_LONG(&property_flags_default, 1);
	zend_string *property_flags_name = zend_string_init_interned("flags", 5, 1);
	zend_declare_typed_property(class_entry, property_flags_name, &property_flags_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_finish_default;
	ZVAL_NULL(&property_finish_default);
	zend_string *property_finish_name = zend_string_init_interned("finish", 6, 1);
	zend_declare_typed_property(class_entry, property_finish_name, &property_finish_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_WebSocket_CloseFrame(zend_class_entry *class_entry_Swoole_WebSocket_Frame)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\WebSocket", "CloseFrame", class_Swoole_WebSocket_CloseFrame_methods);
	class_entry = zend_register_internal_class_ex(&ce, class_entry_Swoole_WebSocket_Frame);

	zval property_opcode_default;
	ZVAL_LONG(&property_opcode_default, 8);
	zend_string *property_opcode_name = zend_string_init_interned("opcode", 6, 1);
	zend_declare_typed_property(class_entry, property_opcode_name, &property_opcode_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_code_default;
	ZVAL_LONG(&property_code_default, 1000);
	zend_string *property_code_name = zend_string_init_interned("code", 4, 1);
	zend_declare_typed_property(class_entry, property_code_name, &property_code_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_reason_default;
	ZVAL_EMPTY_STRING(&property_reason_default);
	zend_string *property_reason_name = zend_string_init_interned("reason", 6, 1);
	zend_declare_typed_property(class_entry, property_reason_name, &property_reason_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}
