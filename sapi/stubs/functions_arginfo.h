/* Made by bin/stubs from functions.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_version, 0, 0, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_cpu_num, 0, 0, IS_LONG, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_set_process_name, 0, 1, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, process_name, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_get_local_ip, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

#define arginfo_swoole_get_local_mac arginfo_swoole_get_local_ip

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_strerror, 0, 1, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, errno, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, error_type, IS_LONG, 0, "SWOOLE_STRERROR_SYSTEM")
ZEND_END_ARG_INFO()

#define arginfo_swoole_errno arginfo_swoole_cpu_num

#define arginfo_swoole_last_error arginfo_swoole_cpu_num

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_clear_error, 0, 0, IS_VOID, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_error_log, 0, 2, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, level, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, msg, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_error_log_ex, 0, 3, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, level, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, error, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, msg, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_ignore_error, 0, 1, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, error, IS_LONG, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_swoole_hashcode, 0, 1, MAY_BE_LONG|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, data, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, type, IS_LONG, 0, "0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_substr_unserialize, 0, 2, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, str, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, offset, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, length, IS_LONG, 0, "0")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_substr_json_decode, 0, 2, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, str, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, offset, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, length, IS_LONG, 0, "0")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, associative, _IS_BOOL, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, depth, IS_LONG, 0, "512")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, flags, IS_LONG, 0, "0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_swoole_get_objects, 0, 0, MAY_BE_ARRAY|MAY_BE_FALSE)
ZEND_END_ARG_INFO()

#define arginfo_swoole_get_vm_status arginfo_swoole_get_local_ip

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_swoole_is_in_container, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()

#define arginfo_swoole_container_cpu_num arginfo_swoole_cpu_num

ZEND_NAMED_FUNCTION(zif_swoole_clear_error);
ZEND_NAMED_FUNCTION(zif_swoole_container_cpu_num);
ZEND_NAMED_FUNCTION(zif_swoole_cpu_num);
ZEND_NAMED_FUNCTION(zif_swoole_errno);
ZEND_NAMED_FUNCTION(zif_swoole_error_log);
ZEND_NAMED_FUNCTION(zif_swoole_error_log_ex);
ZEND_NAMED_FUNCTION(zif_swoole_get_local_ip);
ZEND_NAMED_FUNCTION(zif_swoole_get_local_mac);
ZEND_NAMED_FUNCTION(zif_swoole_get_objects);
ZEND_NAMED_FUNCTION(zif_swoole_get_vm_status);
ZEND_NAMED_FUNCTION(zif_swoole_hashcode);
ZEND_NAMED_FUNCTION(zif_swoole_ignore_error);
ZEND_NAMED_FUNCTION(zif_swoole_is_in_container);
ZEND_NAMED_FUNCTION(zif_swoole_last_error);
ZEND_NAMED_FUNCTION(zif_swoole_set_process_name);
ZEND_NAMED_FUNCTION(zif_swoole_strerror);
ZEND_NAMED_FUNCTION(zif_swoole_substr_json_decode);
ZEND_NAMED_FUNCTION(zif_swoole_substr_unserialize);
ZEND_NAMED_FUNCTION(zif_swoole_version);

static const zend_function_entry functions_functions[] = {
	ZEND_RAW_FENTRY("swoole_version", zif_swoole_version, arginfo_swoole_version, 0)
	ZEND_RAW_FENTRY("swoole_cpu_num", zif_swoole_cpu_num, arginfo_swoole_cpu_num, 0)
	ZEND_RAW_FENTRY("swoole_set_process_name", zif_swoole_set_process_name, arginfo_swoole_set_process_name, 0)
	ZEND_RAW_FENTRY("swoole_get_local_ip", zif_swoole_get_local_ip, arginfo_swoole_get_local_ip, 0)
	ZEND_RAW_FENTRY("swoole_get_local_mac", zif_swoole_get_local_mac, arginfo_swoole_get_local_mac, 0)
	ZEND_RAW_FENTRY("swoole_strerror", zif_swoole_strerror, arginfo_swoole_strerror, 0)
	ZEND_RAW_FENTRY("swoole_errno", zif_swoole_errno, arginfo_swoole_errno, 0)
	ZEND_RAW_FENTRY("swoole_last_error", zif_swoole_last_error, arginfo_swoole_last_error, 0)
	ZEND_RAW_FENTRY("swoole_clear_error", zif_swoole_clear_error, arginfo_swoole_clear_error, 0)
	ZEND_RAW_FENTRY("swoole_error_log", zif_swoole_error_log, arginfo_swoole_error_log, 0)
	ZEND_RAW_FENTRY("swoole_error_log_ex", zif_swoole_error_log_ex, arginfo_swoole_error_log_ex, 0)
	ZEND_RAW_FENTRY("swoole_ignore_error", zif_swoole_ignore_error, arginfo_swoole_ignore_error, 0)
	ZEND_RAW_FENTRY("swoole_hashcode", zif_swoole_hashcode, arginfo_swoole_hashcode, 0)
	ZEND_RAW_FENTRY("swoole_substr_unserialize", zif_swoole_substr_unserialize, arginfo_swoole_substr_unserialize, 0)
	ZEND_RAW_FENTRY("swoole_substr_json_decode", zif_swoole_substr_json_decode, arginfo_swoole_substr_json_decode, 0)
	ZEND_RAW_FENTRY("swoole_get_objects", zif_swoole_get_objects, arginfo_swoole_get_objects, 0)
	ZEND_RAW_FENTRY("swoole_get_vm_status", zif_swoole_get_vm_status, arginfo_swoole_get_vm_status, 0)
	ZEND_RAW_FENTRY("swoole_is_in_container", zif_swoole_is_in_container, arginfo_swoole_is_in_container, 0)
	ZEND_RAW_FENTRY("swoole_container_cpu_num", zif_swoole_container_cpu_num, arginfo_swoole_container_cpu_num, 0)
	ZEND_FE_END
};

