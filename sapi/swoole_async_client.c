/*
 * Swoole\Client with SWOOLE_SOCK_ASYNC, also Swoole\Async\Client: callbacks of user code on what client/client_async.h tells.
 * From connect() until its close or error the loop holds the object: a script need not keep it.
 */
#include "swoole_client.h"
#include "swoole_invoke.h"

#include <errno.h>
#include <sys/queue.h>

#include "client/client_async.h"

#define INVALID_PARAMS 505
#define NOT_SUPPORTED 507

enum event { CONNECT, RECEIVE, ERROR, CLOSE, BUFFER_FULL, BUFFER_EMPTY, SECURE, EVENTS };

static const struct {
	const char *name;      /* NULL: not for on() */
	bool always, stream;   /* must be set before connect(); for streams */
} events[EVENTS] = {
	[CONNECT] = { "connect", true, true },
	[RECEIVE] = { "receive", false, true },
	[ERROR] = { "error", true, true },
	[CLOSE] = { "close", true, true },
	[BUFFER_FULL] = { "bufferFull", false, false },
	[BUFFER_EMPTY] = { "bufferEmpty", false, false },
};

struct rs_async_client {
	LIST_ENTRY(rs_async_client) entry;
	struct rs_client_object *o;
	struct rs_async *core;
	struct rs_php_callback on[EVENTS];
	bool held;             /* the loop has a reference on the object */
};

/* Of this process: the loop tells when it goes, and these point into it. */
static LIST_HEAD(, rs_async_client) clients = LIST_HEAD_INITIALIZER(clients);

static const struct rs_async_events core_events;

ZEND_METHOD(Swoole_Client, on);
ZEND_METHOD(Swoole_Client, sleep);
ZEND_METHOD(Swoole_Client, wakeup);

/* ---- life --------------------------------------------------------------------------------------------------------- */

static void loop_dropped(void)
{
	struct rs_async_client *a;

	LIST_FOREACH(a, &clients, entry)
		rs_async_dropped(a->core);
}

bool rs_async_client_attach(struct rs_client_object *o)
{
	struct rs_async_client *a;

	if (!rs_swoole_async_allowed()) {
		rs_swoole_throw_error(NOT_SUPPORTED, "asynchronous clients cannot be used in a process that blocks: the manager, a task worker");
		return false;
	}
	a = ecalloc(1, sizeof *a);
	a->o = o;
	a->core = rs_async_new(&o->c, &o->conf, &core_events, a);
	if (!a->core)
		zend_error_noreturn(E_ERROR, "Out of memory");
	o->async = a;
	LIST_INSERT_HEAD(&clients, a, entry);
	return true;
}

void rs_async_client_detach(struct rs_client_object *o)
{
	struct rs_async_client *a = o->async;

	o->async = NULL;
	LIST_REMOVE(a, entry);
	rs_async_free(a->core);
	for (int e = 0; e < EVENTS; e++)
		rs_php_callback_free(&a->on[e]);
	efree(a);
}

void rs_async_client_gc(struct rs_client_object *o, zend_get_gc_buffer *buffer)
{
	for (int e = 0; e < EVENTS; e++)
		if (o->async->on[e].set)
			zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&o->async->on[e]));
}

/* The loop holds the object as long as something may come. May free it. */
static void settle_hold(struct rs_async_client *a)
{
	bool active = rs_async_active(a->core);

	if (active == a->held)
		return;
	a->held = active;
	if (active)
		GC_ADDREF(&a->o->std);
	else
		OBJ_RELEASE(&a->o->std);
}

/* ---- what the connection tells ------------------------------------------------------------------------------------ */

/* from_loop: the last thing that its callback does. */
static void call(struct rs_async_client *a, enum event event, bool from_loop, struct rs_slice *data)
{
	zval argv[2];
	uint32_t argc = data ? 2 : 1;

	if (!a->on[event].set)
		return;
	ZVAL_OBJ_COPY(&argv[0], &a->o->std);
	if (data)
		ZVAL_STRINGL_FAST(&argv[1], data->p, data->n);
	if (from_loop)
		rs_swoole_invoke(&a->on[event], argc, argv);
	else
		rs_php_call_through(&a->on[event], argc, argv, NULL);
	for (uint32_t i = 0; i < argc; i++)
		zval_ptr_dtor(&argv[i]);
}

static void enter(void *arg)
{
	struct rs_async_client *a = arg;

	GC_ADDREF(&a->o->std);
}

static void leave(void *arg)
{
	struct rs_async_client *a = arg;
	zend_object *object = &a->o->std;

	settle_hold(a);
	OBJ_RELEASE(object);
}

static void connected(void *arg, bool from_loop)
{
	struct rs_async_client *a = arg;

	rs_client_show(a->o);
	call(a, CONNECT, from_loop, NULL);
}

static void failed(void *arg)
{
	struct rs_async_client *a = arg;
	int code = a->o->c.sock.error;

	rs_client_show(a->o);
	rs_client_show_error(a->o, code, rs_swoole_strerror(code));
	rs_swoole_set_error(code);
	call(a, ERROR, true, NULL);
}

static void received(void *arg, struct rs_slice data)
{
	call(arg, RECEIVE, true, &data);
}

static void closed(void *arg, bool from_loop)
{
	struct rs_async_client *a = arg;
	int code = a->o->c.sock.error;

	rs_client_show(a->o);
	if (from_loop && code)
		rs_client_show_error(a->o, code, rs_swoole_strerror(code));
	call(a, CLOSE, from_loop, NULL);
}

static void full(void *arg)
{
	call(arg, BUFFER_FULL, false, NULL);
}

static void empty(void *arg)
{
	call(arg, BUFFER_EMPTY, true, NULL);
}

static void secure(void *arg)
{
	call(arg, SECURE, true, NULL);
}

static const struct rs_async_events core_events = {
	.enter = enter, .leave = leave, .connect = connected, .error = failed, .receive = received, .close = closed,
	.full = full, .empty = empty, .secure = secure,
};

/* ---- methods ------------------------------------------------------------------------------------------------------ */

bool rs_async_client_on(struct rs_client_object *o, zend_string *event, zval *callback)
{
	for (int e = 0; e < EVENTS; e++) {
		if (!events[e].name || strcasecmp(events[e].name, ZSTR_VAL(event)) != 0)
			continue;
		if (rs_php_callback_set(&o->async->on[e], callback))
			return true;
		zend_argument_type_error(2, "must be a valid callback");
		return false;
	}
	rs_swoole_warn(INVALID_PARAMS, "unknown event type[%s]", ZSTR_VAL(event));
	return false;
}

bool rs_async_client_connect(struct rs_client_object *o, zend_string *host, zend_long port)
{
	struct rs_async_client *a = o->async;
	bool ok;

	if (rs_async_active(a->core))
		return rs_client_refused(o, EISCONN, "connection to the server has already been established");
	for (int e = 0; e < EVENTS; e++)
		if (!a->on[e].set && (events[e].always || (events[e].stream && rs_client_is_stream(&o->c))))
			rs_swoole_fatal("no '%s' callback function", events[e].name);
	if (o->conf.proxy.kind != RS_PROXY_NONE)
		return rs_client_refused(o, NOT_SUPPORTED, "asynchronous clients cannot go through a proxy");
	if (!rs_loop_get())
		zend_error_noreturn(E_ERROR, "Out of memory");
	rs_loop_at_drop(rs_loop_get(), loop_dropped);
	ok = rs_async_connect(a->core, rs_slice(ZSTR_VAL(host), ZSTR_LEN(host)), (int)port);
	settle_hold(a);
	if (!ok)
		rs_client_show_error(o, o->c.sock.error, rs_swoole_strerror(o->c.sock.error));
	return ok;
}

bool rs_async_client_is_connected(const struct rs_client_object *o)
{
	return rs_async_connected(o->async->core);
}

bool rs_async_client_send(struct rs_client_object *o, zend_string *data)
{
	if (rs_async_send(o->async->core, ZSTR_VAL(data), ZSTR_LEN(data)))
		return true;
	/* A full queue is no mistake, it has its event. */
	if (o->c.sock.error == RS_ASYNC_QUEUE_FULL) {
		rs_client_show_error(o, RS_ASYNC_QUEUE_FULL, "");
		rs_swoole_set_error(RS_ASYNC_QUEUE_FULL);
		return false;
	}
	return rs_client_failed(o, "send");
}

bool rs_async_client_sendfile(struct rs_client_object *o, zend_string *path, zend_long offset, zend_long length)
{
	return rs_async_sendfile(o->async->core, ZSTR_VAL(path), (uint64_t)offset, (uint64_t)length) ||
	       rs_client_failed(o, "sendfile");
}

bool rs_async_client_close(struct rs_client_object *o)
{
	struct rs_async_client *a = o->async;
	bool closed_now;

	GC_ADDREF(&o->std);
	closed_now = rs_async_close(a->core);
	settle_hold(a);
	OBJ_RELEASE(&o->std);
	return closed_now;
}

bool rs_async_client_start_tls(struct rs_client_object *o, zend_fcall_info *fci, zend_fcall_info_cache *fcc)
{
	if (ZEND_FCI_INITIALIZED(*fci))
		rs_php_callback_copy(&o->async->on[SECURE], fci, fcc);
	return rs_async_start_tls(o->async->core) || rs_client_failed(o, "enableSSL");
}

bool rs_async_client_pause(struct rs_client_object *o, bool pause)
{
	return rs_async_pause(o->async->core, pause) || rs_client_failed(o, pause ? "sleep" : "wakeup");
}

/* ---- methods that only it has -------------------------------------------------------------------------------------- */

static struct rs_client_object *asynchronous(zval *object)
{
	struct rs_client_object *o = RS_SWOOLE_OBJECT(struct rs_client_object, Z_OBJ_P(object));

	if (!o->async)
		rs_swoole_fatal("only used with async client");
	return o;
}

ZEND_METHOD(Swoole_Client, on)
{
	zend_string *event;
	zval *callback;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(event)
		Z_PARAM_ZVAL(callback)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_async_client_on(asynchronous(ZEND_THIS), event, callback));
}

ZEND_METHOD(Swoole_Client, sleep)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_async_client_pause(asynchronous(ZEND_THIS), true));
}

ZEND_METHOD(Swoole_Client, wakeup)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_async_client_pause(asynchronous(ZEND_THIS), false));
}
