/* Made by bin/stubs from event.stub.php: edit that. */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Swoole_Event_add, 0, 1, MAY_BE_LONG|MAY_BE_FALSE)
	ZEND_ARG_TYPE_INFO(0, fd, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, read_callback, IS_CALLABLE, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, write_callback, IS_CALLABLE, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, events, IS_LONG, 0, "SWOOLE_EVENT_READ")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_del, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, fd, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_set, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, fd, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, read_callback, IS_CALLABLE, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, write_callback, IS_CALLABLE, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, events, IS_LONG, 0, "0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_isset, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, fd, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, events, IS_LONG, 0, "SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_dispatch, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_defer, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_cycle, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, callback, IS_CALLABLE, 1)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, before, _IS_BOOL, 0, "false")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_write, 0, 2, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, fd, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, data, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Swoole_Event_wait, 0, 0, IS_VOID, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Swoole_Event_rshutdown arginfo_class_Swoole_Event_wait

#define arginfo_class_Swoole_Event_exit arginfo_class_Swoole_Event_wait

#define arginfo_swoole_event_add arginfo_class_Swoole_Event_add

#define arginfo_swoole_event_del arginfo_class_Swoole_Event_del

#define arginfo_swoole_event_set arginfo_class_Swoole_Event_set

#define arginfo_swoole_event_isset arginfo_class_Swoole_Event_isset

#define arginfo_swoole_event_dispatch arginfo_class_Swoole_Event_dispatch

#define arginfo_swoole_event_defer arginfo_class_Swoole_Event_defer

#define arginfo_swoole_event_cycle arginfo_class_Swoole_Event_cycle

#define arginfo_swoole_event_write arginfo_class_Swoole_Event_write

#define arginfo_swoole_event_wait arginfo_class_Swoole_Event_wait

#define arginfo_swoole_event_exit arginfo_class_Swoole_Event_wait

ZEND_NAMED_FUNCTION(zim_Swoole_Event_add);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_cycle);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_defer);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_del);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_dispatch);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_exit);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_isset);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_rshutdown);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_set);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_wait);
ZEND_NAMED_FUNCTION(zim_Swoole_Event_write);

static const zend_function_entry class_Swoole_Event_methods[] = {
	ZEND_ME(Swoole_Event, add, arginfo_class_Swoole_Event_add, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, del, arginfo_class_Swoole_Event_del, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, set, arginfo_class_Swoole_Event_set, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, isset, arginfo_class_Swoole_Event_isset, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, dispatch, arginfo_class_Swoole_Event_dispatch, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, defer, arginfo_class_Swoole_Event_defer, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, cycle, arginfo_class_Swoole_Event_cycle, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, write, arginfo_class_Swoole_Event_write, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, wait, arginfo_class_Swoole_Event_wait, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, rshutdown, arginfo_class_Swoole_Event_rshutdown, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Swoole_Event, exit, arginfo_class_Swoole_Event_exit, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_FE_END
};

static const zend_function_entry event_functions[] = {
	ZEND_RAW_FENTRY("swoole_event_add", zim_Swoole_Event_add, arginfo_swoole_event_add, 0)
	ZEND_RAW_FENTRY("swoole_event_del", zim_Swoole_Event_del, arginfo_swoole_event_del, 0)
	ZEND_RAW_FENTRY("swoole_event_set", zim_Swoole_Event_set, arginfo_swoole_event_set, 0)
	ZEND_RAW_FENTRY("swoole_event_isset", zim_Swoole_Event_isset, arginfo_swoole_event_isset, 0)
	ZEND_RAW_FENTRY("swoole_event_dispatch", zim_Swoole_Event_dispatch, arginfo_swoole_event_dispatch, 0)
	ZEND_RAW_FENTRY("swoole_event_defer", zim_Swoole_Event_defer, arginfo_swoole_event_defer, 0)
	ZEND_RAW_FENTRY("swoole_event_cycle", zim_Swoole_Event_cycle, arginfo_swoole_event_cycle, 0)
	ZEND_RAW_FENTRY("swoole_event_write", zim_Swoole_Event_write, arginfo_swoole_event_write, 0)
	ZEND_RAW_FENTRY("swoole_event_wait", zim_Swoole_Event_wait, arginfo_swoole_event_wait, 0)
	ZEND_RAW_FENTRY("swoole_event_exit", zim_Swoole_Event_exit, arginfo_swoole_event_exit, 0)
	ZEND_FE_END
};

static ZEND_ATTRIBUTE_UNUSED zend_class_entry *register_class_Swoole_Event(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Swoole", "Event", class_Swoole_Event_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);

	return class_entry;
}
