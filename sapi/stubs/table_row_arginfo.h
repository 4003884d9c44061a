/* Made by bin/stubs from table_row.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Table_Row_offsetExists, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, offset, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Table_Row_offsetGet, 0, 1, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, offset, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Table_Row_offsetSet, 0, 2, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, offset, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, value, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Table_Row_offsetUnset, 0, 1, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, offset, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zim_Swoole_Table_Row_offsetExists);
ZEND_NAMED_FUNCTION(zim_Swoole_Table_Row_offsetGet);
ZEND_NAMED_FUNCTION(zim_Swoole_Table_Row_offsetSet);
ZEND_NAMED_FUNCTION(zim_Swoole_Table_Row_offsetUnset);

static const zend_function_entry class_Swoole_Table_Row_methods[] = {
	ZEND_ME(Swoole_Table_Row, offsetExists, arginfo_class_Swoole_Table_Row_offsetExists, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Table_Row, offsetGet, arginfo_class_Swoole_Table_Row_offsetGet, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Table_Row, offsetSet, arginfo_class_Swoole_Table_Row_offsetSet, ZEND_ACC_PUBLIC)
	ZEND_ME(Swoole_Table_Row, offsetUnset, arginfo_class_Swoole_Table_Row_offsetUnset, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Table_Row(zend_class_entry *class_entry_ArrayAccess)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Table", "Row", class_Swoole_Table_Row_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_NOT_SERIALIZABLE;
	zend_class_implements(class_entry, 1, class_entry_ArrayAccess);

	zval property_key_default;
	ZVAL_NULL(&property_key_default);
	zend_string *property_key_name = zend_string_init_interned("key", 3, 1);
	zend_declare_typed_property(class_entry, property_key_name, &property_key_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	zval property_value_default;
	ZVAL_NULL(&property_value_default);
	zend_string *property_value_name = zend_string_init_interned("value", 5, 1);
	zend_declare_typed_property(class_entry, property_value_name, &property_value_default, ZEND_ACC_PUBLIC, NULL,
		(zend_type)ZEND_TYPE_INIT_NONE(0));

	return class_entry;
}
