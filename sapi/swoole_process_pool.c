/*
 * Swoole\Process\Pool: the object and its methods. What the manager does is in swoole_pool_manager.c, a worker's life in
 * swoole_pool_worker.c.
 */
#include "swoole_invoke.h"
#include "swoole_pool_private.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/rs_fd.h"
#include "client/client_child.h"
#include "client/client_pool_port.h"

#include "stubs/process_pool_arginfo.h"

#define MAX_PACKAGE (2 << 20)
#define MAX_WAIT_MS 3000
#define WORKERS_MAX 10000

static struct {
	zend_object_handlers handlers;
	zend_class_entry *ce;
} pools;

static zend_object *pool_new(zend_class_entry *ce)
{
	struct pool *p = zend_object_alloc(sizeof *p, ce);

	p->listen_fd = p->queue.id = p->notify.fds[0] = p->notify.fds[1] = -1;
	p->worker_id = -1;
	p->max_package = MAX_PACKAGE;
	p->max_wait_ms = MAX_WAIT_MS;
	zend_object_std_init(&p->std, ce);
	object_properties_init(&p->std, ce);
	p->std.handlers = &pools.handlers;
	return &p->std;
}

static void pool_free(zend_object *object)
{
	struct pool *p = RS_SWOOLE_OBJECT(struct pool, object);

	for (int i = 0; i < POOL_EVENTS; i++)
		rs_php_callback_free(&p->on[i]);
	for (zend_long i = 0; p->slots && i < p->nworkers; i++)
		zval_ptr_dtor(&p->slots[i].process);
	if (p->slots)
		efree(p->slots);
	if (p->detached)
		efree(p->detached);
	rs_fd_close(&p->listen_fd);
	rs_pipe_close(&p->notify, RS_PIPE_MASTER);
	rs_pipe_close(&p->notify, RS_PIPE_CHILD);
	zend_object_std_dtor(object);
}

static HashTable *pool_gc(zend_object *object, zval **table, int *n)
{
	struct pool *p = RS_SWOOLE_OBJECT(struct pool, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	for (int i = 0; i < POOL_EVENTS; i++)
		if (p->on[i].set)
			zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&p->on[i]));
	for (zend_long i = 0; p->slots && i < p->nworkers; i++)
		zend_get_gc_buffer_add_zval(buffer, &p->slots[i].process);
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

static struct pool *pool_of(zval *object)
{
	struct pool *p = RS_SWOOLE_OBJECT(struct pool, Z_OBJ_P(object));

	if (!p->made)
		rs_swoole_fatal("must call constructor first");
	return p;
}

ZEND_METHOD(Swoole_Process_Pool, __construct)
{
	struct pool *p = RS_SWOOLE_OBJECT(struct pool, Z_OBJ_P(ZEND_THIS));
	zend_long n, ipc = POOL_IPC_NONE, key = 0;
	bool coroutine = false;

	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_LONG(n)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(ipc)
		Z_PARAM_LONG(key)
		Z_PARAM_BOOL(coroutine)
	ZEND_PARSE_PARAMETERS_END();
	if (strcmp(sapi_module.name, "cli") != 0)
		rs_swoole_fatal("can only be used in PHP CLI mode");
	if (rs_swoole_in_server()) {
		zend_throw_error(NULL, "%s cannot be used in a server", ZSTR_VAL(p->std.ce->name));
		RETURN_THROWS();
	}
	if (p->made) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(p->std.ce->name));
		RETURN_THROWS();
	}
	if (n < 1 || n > WORKERS_MAX) {
		rs_swoole_throw(EINVAL, "the number of workers must be 1 to %d, not " ZEND_LONG_FMT, WORKERS_MAX, n);
		RETURN_THROWS();
	}
	if (ipc < POOL_IPC_NONE || ipc > POOL_IPC_SOCKET) {
		rs_swoole_throw(EINVAL, "there is no IPC type " ZEND_LONG_FMT, ipc);
		RETURN_THROWS();
	}
	if (coroutine && ipc > POOL_IPC_UNIXSOCK) {
		zend_throw_error(NULL, "coroutines go with SWOOLE_IPC_NONE and SWOOLE_IPC_UNIXSOCK only");
		RETURN_THROWS();
	}
	p->made = true;
	p->nworkers = p->reload_next = n;
	p->ipc = (enum pool_ipc)ipc;
	p->queue_key = key;
	p->coroutine = coroutine;
}

static void set_long(HashTable *settings, const char *name, zend_long min, zend_long factor, zend_long *value)
{
	zval *z = zend_hash_str_find(settings, name, strlen(name));
	zend_long n = z ? zval_get_long(z) : 0;

	if (z && n >= min && n <= ZEND_LONG_MAX / factor)
		*value = n * factor;
}

ZEND_METHOD(Swoole_Process_Pool, set)
{
	struct pool *p = pool_of(ZEND_THIS);
	HashTable *settings;
	zval *on;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	on = zend_hash_str_find(settings, ZEND_STRL("enable_coroutine"));
	if (on)
		p->coroutine = zend_is_true(on) && p->ipc <= POOL_IPC_UNIXSOCK;
	set_long(settings, "max_package_size", 1, 1, &p->max_package);
	set_long(settings, "max_wait_time", 1, 1000, &p->max_wait_ms);
	/* enable_message_bus: messages of any length are what we always have. */
}

ZEND_METHOD(Swoole_Process_Pool, on)
{
	static const char *const names[POOL_EVENTS] = {
		[POOL_START] = "start", [POOL_WORKER_START] = "workerStart", [POOL_WORKER_STOP] = "workerStop",
		[POOL_MESSAGE] = "message",
	};
	struct pool *p = pool_of(ZEND_THIS);
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	zend_string *name;
	int event = 0;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(name)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (p->role != POOL_NEW) {
		rs_swoole_warn(EALREADY, "the pool has been started, it takes no more callbacks");
		RETURN_FALSE;
	}
	while (event < POOL_EVENTS && strcasecmp(names[event], ZSTR_VAL(name)) != 0)
		event++;
	if (event == POOL_EVENTS) {
		rs_swoole_warn(EINVAL, "there is no event %s", ZSTR_VAL(name));
		RETURN_FALSE;
	}
	if (event == POOL_MESSAGE && p->ipc == POOL_IPC_NONE) {
		rs_swoole_warn(EINVAL, "messages need an IPC type");
		RETURN_FALSE;
	}
	rs_php_callback_copy(&p->on[event], &fci, &fcc);
	RETURN_TRUE;
}

/* true: of the right kind; else warned. */
static bool ipc_is(const struct pool *p, enum pool_ipc ipc)
{
	if (p->ipc == ipc)
		return true;
	rs_swoole_warn(EOPNOTSUPP, "unsupported ipc type");
	return false;
}

ZEND_METHOD(Swoole_Process_Pool, listen)
{
	struct pool *p = pool_of(ZEND_THIS);
	zend_long port = 0, backlog = 2048;
	zend_string *host;
	int fd;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_PATH_STR(host)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
		Z_PARAM_LONG(backlog)
	ZEND_PARSE_PARAMETERS_END();
	if (!ipc_is(p, POOL_IPC_SOCKET))
		RETURN_FALSE;
	if (p->role != POOL_NEW) {
		rs_swoole_warn(EALREADY, "the pool has been started, it cannot listen");
		RETURN_FALSE;
	}
	if (port < 0 || port > 65535)
		port = 0;
	fd = rs_pool_listen(ZSTR_VAL(host), (int)port, (int)MIN(MAX(backlog, 0), 65535));
	if (fd < 0) {
		rs_swoole_warn(errno, "cannot listen on %s:" ZEND_LONG_FMT ": %s", ZSTR_VAL(host), port, strerror(errno));
		RETURN_FALSE;
	}
	rs_fd_close(&p->listen_fd);
	p->listen_fd = fd;
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Process_Pool, write)
{
	struct pool *p = pool_of(ZEND_THIS);
	zend_string *data;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!ipc_is(p, POOL_IPC_SOCKET))
		RETURN_FALSE;
	if (ZSTR_LEN(data) == 0 || !p->port)
		RETURN_FALSE;
	RETURN_BOOL(rs_pool_answer(p->port, ZSTR_VAL(data), ZSTR_LEN(data)));
}

ZEND_METHOD(Swoole_Process_Pool, sendMessage)
{
	struct pool *p = pool_of(ZEND_THIS);
	zend_string *data;
	zend_long to;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(data)
		Z_PARAM_LONG(to)
	ZEND_PARSE_PARAMETERS_END();
	if (p->role == POOL_NEW) {
		rs_swoole_warn(EINVAL, "the pool has not been started");
		RETURN_FALSE;
	}
	if (!ipc_is(p, POOL_IPC_UNIXSOCK))
		RETURN_FALSE;
	if (to < 0 || to >= p->nworkers) {
		rs_swoole_warn(EINVAL, "there is no worker " ZEND_LONG_FMT, to);
		RETURN_FALSE;
	}
	if (ZSTR_LEN(data) == 0 || ZSTR_LEN(data) > (size_t)p->max_package) {
		rs_swoole_warn(EINVAL, "a message has 1 to " ZEND_LONG_FMT " bytes, not %zu", p->max_package, ZSTR_LEN(data));
		RETURN_FALSE;
	}
	if (rs_pool_send(p, to, rs_slice(ZSTR_VAL(data), ZSTR_LEN(data))))
		RETURN_TRUE;
	rs_swoole_set_error(errno);
	RETURN_FALSE;
}

/* The property `workers`: those that were asked for, by id. */
static void show_worker(struct pool *p, zend_long id)
{
	zval rv, list, *shown = zend_read_property(pools.ce, &p->std, ZEND_STRL("workers"), true, &rv);

	if (Z_TYPE_P(shown) == IS_ARRAY)
		ZVAL_ARR(&list, zend_array_dup(Z_ARRVAL_P(shown)));
	else
		array_init(&list);
	Z_ADDREF(p->slots[id].process);
	zend_hash_index_update(Z_ARRVAL(list), (zend_ulong)id, &p->slots[id].process);
	zend_update_property(pools.ce, &p->std, ZEND_STRL("workers"), &list);
	zval_ptr_dtor(&list);
}

ZEND_METHOD(Swoole_Process_Pool, getProcess)
{
	struct pool *p = pool_of(ZEND_THIS);
	zend_long id = -1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(id)
	ZEND_PARSE_PARAMETERS_END();
	if (p->role == POOL_NEW)
		RETURN_FALSE;
	if (id >= p->nworkers) {
		rs_swoole_warn(EINVAL, "there is no worker " ZEND_LONG_FMT, id);
		RETURN_FALSE;
	}
	if (id < 0)
		id = p->worker_id;
	if (id < 0)
		RETURN_FALSE;
	show_worker(p, id);
	RETURN_COPY(&p->slots[id].process);
}

ZEND_METHOD(Swoole_Process_Pool, detach)
{
	struct pool *p = pool_of(ZEND_THIS);
	pid_t pid = getpid();

	ZEND_PARSE_PARAMETERS_NONE();
	if (p->role != POOL_WORKER || p->is_detached)
		RETURN_FALSE;
	if (rs_pipe_write(&p->notify, RS_PIPE_CHILD, &pid, sizeof pid, p->manager) != sizeof pid)
		RETURN_FALSE;
	rs_child_unbind();
	p->is_detached = true;
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Process_Pool, start)
{
	struct pool *p = pool_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (rs_swoole_in_own_coroutine())
		rs_swoole_fatal("must be forked outside the coroutine");
	if (p->role != POOL_NEW) {
		rs_swoole_warn(EALREADY, "the pool has been started already");
		RETURN_FALSE;
	}
	if (!p->on[POOL_WORKER_START].set && !p->on[POOL_MESSAGE].set)
		rs_swoole_fatal("needs a callback for workerStart or message");
	if (p->ipc == POOL_IPC_SOCKET && p->listen_fd < 0) {
		rs_swoole_warn(EINVAL, "listen() comes first");
		RETURN_FALSE;
	}
	if (!rs_pool_manage(p))
		RETURN_FALSE;
}

ZEND_METHOD(Swoole_Process_Pool, stop)
{
	struct pool *p = pool_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (p->role == POOL_WORKER)
		rs_pool_stop_worker(p);
}

ZEND_METHOD(Swoole_Process_Pool, shutdown)
{
	struct pool *p = pool_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(p->manager > 0 && kill(p->manager, SIGTERM) == 0);
}

void rs_swoole_minit_process_pool(void)
{
	pools.ce = register_class_Swoole_Process_Pool();
	pools.ce->create_object = pool_new;
	rs_swoole_handlers(&pools.handlers, offsetof(struct pool, std), pool_free);
	pools.handlers.get_gc = pool_gc;
	rs_swoole_keep_properties(pools.ce, &pools.handlers);
	rs_swoole_alias(pools.ce, "swoole_process_pool");
}
