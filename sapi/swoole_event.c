/*
 * Swoole\Event: user code's descriptors on the loop of the process. What concerns the loop's turns is in swoole_event_turn.c. Owns
 * every struct watched.
 */
#include "swoole_event_private.h"
#include "swoole_invoke.h"

#include <errno.h>

#include "base/rs_fd.h"

#include "stubs/event_arginfo.h"

/* SWOOLE_EVENT_* */
#define EVENT_READ 512
#define EVENT_WRITE 1024

struct watched {
	int fd;
	zval given;                     /* what add() was given, what callbacks get */
	struct rs_php_callback read, write;
	struct rs_watch *watch;
	unsigned running;               /* calls of its callbacks on the stack */
	bool removed;                   /* by one of them: goes when the last returns */
};

zend_class_entry *rs_swoole_event_ce;

static struct {
	HashTable table; /* fd -> struct watched * */
	bool ready;
} events;

/* The loop is gone, perhaps because this is a child: what it refers to stays referred to, nothing of user code runs here. */
static void forget(void)
{
	events.ready = false;
}

static struct rs_loop *start(void)
{
	struct rs_loop *l = rs_swoole_loop();

	if (!events.ready) {
		zend_hash_init(&events.table, 8, NULL, NULL, false);
		events.ready = true;
		rs_loop_at_drop(l, forget);
	}
	return l;
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

static void watched_free(struct watched *w)
{
	rs_php_callback_free(&w->read);
	rs_php_callback_free(&w->write);
	zval_ptr_dtor(&w->given);
	efree(w);
}

/* Off the table and the loop. Destructors may run. */
static void watched_remove(struct watched *w)
{
	zend_hash_index_del(&events.table, (zend_ulong)w->fd);
	rs_watch_free(w->watch);
	w->watch = NULL;
	w->removed = true;
	if (!w->running)
		watched_free(w);
}

static void call_one(struct watched *w, struct rs_php_callback *cb)
{
	zval given;

	if (!cb->set || w->removed)
		return;
	ZVAL_COPY(&given, &w->given);
	rs_swoole_invoke(cb, 1, &given);
	zval_ptr_dtor(&given);
}

static void ready_cb(struct rs_watch *watch, unsigned ready, void *arg)
{
	struct watched *w = arg;

	(void)watch;
	w->running++;
	if (ready & RS_WATCH_READ)
		call_one(w, &w->read);
	if (ready & RS_WATCH_WRITE)
		call_one(w, &w->write);
	if (--w->running == 0 && w->removed)
		watched_free(w);
}

static struct watched *watched_find(int fd)
{
	return events.ready && fd >= 0 ? zend_hash_index_find_ptr(&events.table, (zend_ulong)fd) : NULL;
}

void rs_swoole_event_forget(int fd)
{
	struct watched *w = watched_find(fd);

	if (w)
		watched_remove(w);
}

static bool is_closed(const zval *resource)
{
	return Z_TYPE_P(resource) == IS_RESOURCE && Z_RES_P(resource)->type < 0;
}

/* One that was added with this resource, which has been closed since. */
static struct watched *watched_of_closed(const zval *resource)
{
	struct watched *w;

	if (!events.ready || !is_closed(resource))
		return NULL;
	ZEND_HASH_FOREACH_PTR(&events.table, w) {
		if (Z_TYPE(w->given) == IS_RESOURCE && Z_RES(w->given) == Z_RES_P(resource))
			return w;
	} ZEND_HASH_FOREACH_END();
	return NULL;
}

static unsigned watch_events(zend_long mask)
{
	return (mask & EVENT_READ ? RS_WATCH_READ : 0) | (mask & EVENT_WRITE ? RS_WATCH_WRITE : 0);
}

/* false: warned. */
static bool has_callbacks(const struct watched *w, unsigned mask, int fd)
{
	bool read = !(mask & RS_WATCH_READ) || w->read.set, write = !(mask & RS_WATCH_WRITE) || w->write.set;

	if (read && write && mask)
		return true;
	rs_swoole_warn(EINVAL, mask ? "no %s callback for descriptor %d" : "no %s for descriptor %d",
		       !mask ? "events" : read ? "write" : "read", fd);
	return false;
}

/* A stream must know of it too, or its functions would wait on their own. */
static void make_nonblocking(zval *given, int fd)
{
	php_stream *stream = NULL;

	ZVAL_DEREF(given);
	if (Z_TYPE_P(given) == IS_RESOURCE)
		stream = zend_fetch_resource2(Z_RES_P(given), NULL, php_file_le_stream(), php_file_le_pstream());
	if (stream)
		php_stream_set_option(stream, PHP_STREAM_OPTION_BLOCKING, 0, NULL);
	rs_fd_nonblock(fd, true);
}

struct arguments {
	zval *fd;
	zend_fcall_info read, write;
	zend_fcall_info_cache read_cache, write_cache;
	zend_long mask;
};

/* add() and set(). false: an exception was thrown. */
static bool parse(INTERNAL_FUNCTION_PARAMETERS, struct arguments *a)
{
	(void)return_value;
	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_ZVAL(a->fd)
		Z_PARAM_OPTIONAL
		Z_PARAM_FUNC_OR_NULL(a->read, a->read_cache)
		Z_PARAM_FUNC_OR_NULL(a->write, a->write_cache)
		Z_PARAM_LONG(a->mask)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	return true;
}

static void take_callbacks(struct watched *w, struct arguments *a)
{
	if (ZEND_FCI_INITIALIZED(a->read))
		rs_php_callback_copy(&w->read, &a->read, &a->read_cache);
	if (ZEND_FCI_INITIALIZED(a->write))
		rs_php_callback_copy(&w->write, &a->write, &a->write_cache);
}

/* Of the first argument; -1: warned. */
static int fd_or_warn(zval *value)
{
	int fd = rs_swoole_fd_of(value);

	if (fd < 0)
		rs_swoole_warn(EBADF, "the argument is no descriptor, open stream, socket, process or client");
	return fd;
}

ZEND_METHOD(Swoole_Event, add)
{
	struct arguments a = { .mask = EVENT_READ };
	struct watched *w;
	int fd;

	if (!parse(INTERNAL_FUNCTION_PARAM_PASSTHRU, &a))
		RETURN_THROWS();
	rs_swoole_require_async();
	fd = fd_or_warn(a.fd);
	if (fd < 0)
		RETURN_FALSE;
	w = watched_find(fd);
	if (w && is_closed(&w->given)) {
		watched_remove(w); /* the number is in use again */
	} else if (w) {
		rs_swoole_warn(EEXIST, "already exist: descriptor %d", fd);
		RETURN_FALSE;
	}
	w = ecalloc(1, sizeof *w);
	w->fd = fd;
	ZVAL_COPY_DEREF(&w->given, a.fd);
	take_callbacks(w, &a);
	if (!has_callbacks(w, watch_events(a.mask), fd)) {
		watched_free(w);
		RETURN_FALSE;
	}
	w->watch = rs_watch_new(start(), fd, watch_events(a.mask), true, ready_cb, w);
	if (!w->watch) {
		int err = errno;

		watched_free(w);
		rs_swoole_warn(err, "cannot watch descriptor %d: %s", fd, strerror(err));
		RETURN_FALSE;
	}
	make_nonblocking(a.fd, fd);
	zend_hash_index_add_new_ptr(&events.table, (zend_ulong)fd, w);
	RETURN_LONG(fd);
}

ZEND_METHOD(Swoole_Event, set)
{
	struct arguments a = { 0 };
	struct watched *w;
	int fd;

	if (!parse(INTERNAL_FUNCTION_PARAM_PASSTHRU, &a))
		RETURN_THROWS();
	fd = fd_or_warn(a.fd);
	if (fd < 0)
		RETURN_FALSE;
	w = watched_find(fd);
	if (!w) {
		rs_swoole_warn(ENOENT, "descriptor %d was not added", fd);
		RETURN_FALSE;
	}
	take_callbacks(w, &a);
	if (!a.mask)
		RETURN_TRUE;
	if (!has_callbacks(w, watch_events(a.mask), fd))
		RETURN_FALSE;
	if (!rs_watch_set(w->watch, watch_events(a.mask))) {
		rs_swoole_warn(errno, "cannot watch descriptor %d: %s", fd, strerror(errno));
		RETURN_FALSE;
	}
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Event, del)
{
	struct watched *w;
	zval *value;
	int fd;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(value)
	ZEND_PARSE_PARAMETERS_END();
	if (is_closed(value)) {
		w = watched_of_closed(value);
		if (w)
			watched_remove(w);
		RETURN_BOOL(w != NULL);
	}
	fd = fd_or_warn(value);
	if (fd < 0)
		RETURN_FALSE;
	w = watched_find(fd);
	if (!w) {
		rs_swoole_warn(ENOENT, "descriptor %d was not added", fd);
		RETURN_FALSE;
	}
	watched_remove(w);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Event, isset)
{
	zend_long mask = EVENT_READ | EVENT_WRITE;
	struct watched *w;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(value)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(mask)
	ZEND_PARSE_PARAMETERS_END();
	w = watched_find(rs_swoole_fd_of(value));
	RETURN_BOOL(w && (rs_watch_events(w->watch) & watch_events(mask)));
}

ZEND_METHOD(Swoole_Event, write)
{
	zend_string *data;
	zval *value;
	int fd;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_ZVAL(value)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_require_async();
	if (ZSTR_LEN(data) == 0) {
		rs_swoole_warn(EINVAL, "the data is empty");
		RETURN_FALSE;
	}
	fd = fd_or_warn(value);
	if (fd < 0)
		RETURN_FALSE;
	if (!rs_swoole_write_later(fd, ZSTR_VAL(data), ZSTR_LEN(data))) {
		rs_swoole_warn(errno, "cannot send to descriptor %d: %s", fd, strerror(errno));
		RETURN_FALSE;
	}
	RETURN_TRUE;
}

/* Those that are there now: a destructor may add new ones. */
void rs_swoole_events_clear(void)
{
	uint32_t n = events.ready ? zend_hash_num_elements(&events.table) : 0;
	HashPosition first;
	struct watched *w;

	while (n-- > 0) {
		zend_hash_internal_pointer_reset_ex(&events.table, &first);
		w = zend_hash_get_current_data_ptr_ex(&events.table, &first);
		if (!w)
			return;
		watched_remove(w);
	}
}

/* The first row of those that use the loop, so the last one here. */
static void rshutdown(void)
{
	struct watched *w;

	if (events.ready) {
		ZEND_HASH_FOREACH_PTR(&events.table, w) {
			rs_watch_free(w->watch);
			watched_free(w);
		} ZEND_HASH_FOREACH_END();
		zend_hash_destroy(&events.table);
		forget();
	}
	rs_loop_free();
}

void rs_swoole_minit_event(void)
{
	rs_swoole_event_ce = register_class_Swoole_Event();
	rs_swoole_alias(rs_swoole_event_ce, "swoole_event");
	zend_register_functions(NULL, event_functions, NULL, MODULE_PERSISTENT);
	rs_swoole_at_rshutdown(rshutdown);
}
