/*
 * The objects that callbacks get instead of single arguments with the setting event_object: plain data, contract B.3.
 */
#include "swoole_server.h"

#include <sys/wait.h>

#include "stubs/server_objects_arginfo.h"

static struct {
	zend_class_entry *event, *packet, *pipe_message, *status, *result;
} classes;

static void put_long(zval *object, const char *name, zend_long value)
{
	zend_update_property_long(Z_OBJCE_P(object), Z_OBJ_P(object), name, strlen(name), value);
}

static void put_time(zval *object, int64_t us)
{
	zend_update_property_double(Z_OBJCE_P(object), Z_OBJ_P(object), ZEND_STRL("dispatch_time"), (double)us / 1e6);
}

static void put_bytes(zval *object, const char *name, struct rs_slice bytes)
{
	zend_update_property_stringl(Z_OBJCE_P(object), Z_OBJ_P(object), name, strlen(name), bytes.p ? bytes.p : "", bytes.n);
}

static void put_data(zval *object, zval *data)
{
	zend_update_property(Z_OBJCE_P(object), Z_OBJ_P(object), ZEND_STRL("data"), data);
}

void rs_swoole_event_object(zval *out, const struct rs_wire_event *h, struct rs_slice data)
{
	object_init_ex(out, classes.event);
	put_long(out, "reactor_id", h->reactor_id);
	put_long(out, "fd", h->fd);
	put_time(out, h->dispatch_us);
	if (h->kind == RS_EVENT_RECEIVE)
		put_bytes(out, "data", data);
}

void rs_swoole_packet_object(zval *out, const struct rs_event *ev, const struct rs_swoole_port *port)
{
	object_init_ex(out, classes.packet);
	put_long(out, "server_socket", port->p.listen_fd);
	put_long(out, "server_port", port->p.port);
	put_time(out, ev->h.dispatch_us);
	put_bytes(out, "address", rs_slice_str(ev->peer.address));
	put_long(out, "port", ev->peer.port);
	put_bytes(out, "data", ev->data);
}

void rs_swoole_pipe_message_object(zval *out, const struct rs_wire_event *h, zend_long from, zval *data)
{
	object_init_ex(out, classes.pipe_message);
	put_long(out, "source_worker_id", from);
	put_time(out, h->dispatch_us);
	put_data(out, data);
}

void rs_swoole_status_object(zval *out, uint32_t id, pid_t pid, int code, int signo)
{
	object_init_ex(out, classes.status);
	put_long(out, "worker_id", id);
	put_long(out, "worker_pid", pid);
	put_long(out, "status", signo ? signo : W_EXITCODE(code, 0));
	put_long(out, "exit_code", code);
	put_long(out, "signal", signo);
}

void rs_swoole_result_object(zval *out, const struct rs_wire_event *h, zval *data)
{
	object_init_ex(out, classes.result);
	put_long(out, "task_id", h->a);
	put_long(out, "task_worker_id", h->fd);
	put_time(out, h->dispatch_us);
	put_data(out, data);
}

void rs_swoole_minit_server_objects(void)
{
	classes.event = register_class_Swoole_Server_Event();
	classes.packet = register_class_Swoole_Server_Packet();
	classes.pipe_message = register_class_Swoole_Server_PipeMessage();
	classes.status = register_class_Swoole_Server_StatusInfo();
	classes.result = register_class_Swoole_Server_TaskResult();
}
