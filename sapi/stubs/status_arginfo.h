/* Made by bin/stubs from status.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Status_getReasonPhrases, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Http_Status_getReasonPhrase, 0, 1, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, value, IS_LONG, 0)
ZEND_END_ARG_INFO()

ZEND_NAMED_FUNCTION(zim_Swoole_Http_Status_getReasonPhrase);
ZEND_NAMED_FUNCTION(zim_Swoole_Http_Status_getReasonPhrases);

static const zend_function_entry class_Swoole_Http_Status_methods[] = {
	ZEND_ME(Swoole_Http_Status, getReasonPhrases, arginfo_class_Swoole_Http_Status_getReasonPhrases, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Http_Status, getReasonPhrase, arginfo_class_Swoole_Http_Status_getReasonPhrase, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Http_Status(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole\\Http", "Status", class_Swoole_Http_Status_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);

	return class_entry;
}
