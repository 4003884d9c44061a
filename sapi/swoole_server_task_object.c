/*
 * Swoole\Server\Task: what onTask gets with the setting task_use_object, or when tasks run in coroutines. It may be kept, and
 * finish the task later.
 */
#include "swoole_server_task.h"

#include "stubs/server_task_arginfo.h"

zend_class_entry *rs_swoole_task_ce;

static zend_object_handlers handlers;

struct task_object {
	struct rs_swoole_owed owed;
	zend_object std;
};

zend_long rs_swoole_task_source(uint32_t id)
{
	return id >= RS_ID_OUTSIDE ? 0 : (zend_long)rs_server_shown_id(id);
}

static zend_long flags_of(uint32_t data_flags)
{
	return (data_flags & RS_DATA_SERIALIZED ? RS_TASK_SERIALIZE : 0) | (data_flags & RS_DATA_WAITED ? 0 : RS_TASK_NONBLOCK) |
	       (data_flags & RS_DATA_CALLBACK ? RS_TASK_CALLBACK : 0) | (data_flags & RS_DATA_ONE_WAY ? RS_TASK_NOREPLY : 0);
}

void rs_swoole_task_object(zval *out, const struct rs_wire_event *h, const struct rs_swoole_owed *owed, zval *data)
{
	zend_object *o;

	object_init_ex(out, rs_swoole_task_ce);
	o = Z_OBJ_P(out);
	RS_SWOOLE_OBJECT(struct task_object, o)->owed = *owed;
	zend_update_property(rs_swoole_task_ce, o, ZEND_STRL("data"), data);
	zend_update_property_double(rs_swoole_task_ce, o, ZEND_STRL("dispatch_time"), (double)h->dispatch_us / 1e6);
	zend_update_property_long(rs_swoole_task_ce, o, ZEND_STRL("id"), h->a);
	zend_update_property_long(rs_swoole_task_ce, o, ZEND_STRL("worker_id"), rs_swoole_task_source(h->fd));
	zend_update_property_long(rs_swoole_task_ce, o, ZEND_STRL("flags"), flags_of(h->b));
}

static zend_object *create_object(zend_class_entry *ce)
{
	struct task_object *o = zend_object_alloc(sizeof *o, ce);

	o->owed = (struct rs_swoole_owed){ .is_task = false };
	zend_object_std_init(&o->std, ce);
	object_properties_init(&o->std, ce);
	o->std.handlers = &handlers;
	return &o->std;
}

ZEND_METHOD(Swoole_Server_Task, finish)
{
	const struct task_object *o = RS_SWOOLE_OBJECT(struct task_object, Z_OBJ_P(ZEND_THIS));
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (!o->owed.is_task) {
		rs_swoole_warn(0, "this task was not given to this process");
		RETURN_FALSE;
	}
	RETURN_BOOL(rs_swoole_task_finish(&o->owed, data));
}

ZEND_METHOD(Swoole_Server_Task, pack)
{
	zend_string *packed;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(data)
	ZEND_PARSE_PARAMETERS_END();
	packed = rs_swoole_task_pack(data);
	if (!packed)
		RETURN_FALSE;
	RETURN_STR(packed);
}

ZEND_METHOD(Swoole_Server_Task, unpack)
{
	zend_string *packed;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(packed)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_task_unpack(return_value, rs_slice(ZSTR_VAL(packed), ZSTR_LEN(packed))))
		RETURN_FALSE;
}

void rs_swoole_minit_server_task_object(void)
{
	rs_swoole_task_ce = register_class_Swoole_Server_Task();
	rs_swoole_task_ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct task_object, std), NULL);
	rs_swoole_alias(rs_swoole_task_ce, "swoole_server_task");
}
