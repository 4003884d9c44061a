/*
 * The descriptor behind a PHP value, and writing to one without waiting. Owns the queues of what waits to be written.
 */
#include "swoole_loop.h"

#include <errno.h>
#include <php_network.h>

/* The distribution's PHP has sockets as a module of its own; the header is empty without this. */
#ifndef HAVE_SOCKETS
#define HAVE_SOCKETS 1
#endif
#include <ext/sockets/php_sockets.h>

#include "base/rs_fd.h"
#include "client/client_out.h"

#define CLASSES_MAX 16
/* Of one descriptor; what a socket buffer of the server takes as well. */
#define WAITING_MAX (8u << 20)

static struct {
	struct {
		zend_class_entry *ce;
		int (*fd_of)(zend_object *object);
	} classes[CLASSES_MAX];
	unsigned nclasses;
	HashTable outs; /* fd -> struct rs_out *, while something waits */
	bool ready;
} fds;

struct rs_loop *rs_swoole_loop(void)
{
	struct rs_loop *l = rs_loop_get();

	if (!l)
		rs_swoole_fatal("no memory for an event loop");
	return l;
}

void rs_swoole_require_async(void)
{
	if (!rs_swoole_async_allowed())
		rs_swoole_fatal("Unable to use async-io in task/manager process");
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

void rs_swoole_fd_class(zend_class_entry *ce, int (*fd_of)(zend_object *object))
{
	RS_ASSERT(fds.nclasses < CLASSES_MAX);
	fds.classes[fds.nclasses].ce = ce;
	fds.classes[fds.nclasses++].fd_of = fd_of;
}

static int fd_of_stream(zval *value)
{
	php_stream *stream = zend_fetch_resource2(Z_RES_P(value), NULL, php_file_le_stream(), php_file_le_pstream());
	php_socket_t fd = -1;

	if (!stream || php_stream_cast(stream, PHP_STREAM_AS_FD_FOR_SELECT | PHP_STREAM_CAST_INTERNAL, (void *)&fd, 0) != SUCCESS)
		return -1;
	return fd;
}

/* By name: the sockets extension need not be there. */
static bool is_socket(zend_object *object)
{
	return object->ce->type == ZEND_INTERNAL_CLASS && zend_string_equals_literal(object->ce->name, "Socket");
}

static int fd_of_object(zend_object *object)
{
	for (unsigned i = 0; i < fds.nclasses; i++)
		if (instanceof_function(object->ce, fds.classes[i].ce))
			return fds.classes[i].fd_of(object);
	return is_socket(object) ? socket_from_obj(object)->bsd_socket : -1;
}

int rs_swoole_fd_of(zval *value)
{
	ZVAL_DEREF(value);
	switch (Z_TYPE_P(value)) {
	case IS_LONG:
		return Z_LVAL_P(value) >= 0 && Z_LVAL_P(value) <= INT_MAX ? (int)Z_LVAL_P(value) : -1;
	case IS_RESOURCE:
		return fd_of_stream(value);
	case IS_OBJECT:
		return fd_of_object(Z_OBJ_P(value));
	default:
		return -1;
	}
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void forget(void)
{
	fds.ready = false;
}

static void idle(struct rs_out *o, int err, void *arg)
{
	int fd = (int)(intptr_t)arg;

	if (err)
		rs_swoole_log(RS_SWOOLE_LOG_NOTICE, err, "cannot send to descriptor %d: %s", fd, strerror(err));
	zend_hash_index_del(&fds.outs, (zend_ulong)fd);
	rs_out_free(o);
}

static struct rs_out *out_of(int fd)
{
	struct rs_out *o;

	if (!fds.ready) {
		zend_hash_init(&fds.outs, 8, NULL, NULL, false);
		fds.ready = true;
		rs_loop_at_drop(rs_swoole_loop(), forget);
	}
	o = zend_hash_index_find_ptr(&fds.outs, (zend_ulong)fd);
	if (o)
		return o;
	o = rs_out_new(rs_swoole_loop(), fd, WAITING_MAX, idle, (void *)(intptr_t)fd);
	if (o)
		zend_hash_index_add_new_ptr(&fds.outs, (zend_ulong)fd, o);
	return o;
}

bool rs_swoole_write_later(int fd, const char *data, size_t n)
{
	struct rs_out *o;
	enum rs_result r;
	int saved;

	if (!rs_fd_nonblock(fd, true))
		return false;
	o = out_of(fd);
	if (!o)
		return false;
	r = rs_out_write(o, data, n);
	saved = r == RS_AGAIN ? ENOBUFS : errno;
	if (rs_out_waiting(o) == 0) {
		zend_hash_index_del(&fds.outs, (zend_ulong)fd);
		rs_out_free(o);
	}
	errno = saved;
	return r == RS_OK;
}

void rs_swoole_fd_closing(int fd)
{
	struct rs_out *o = fds.ready && fd >= 0 ? zend_hash_index_find_ptr(&fds.outs, (zend_ulong)fd) : NULL;

	if (o) {
		zend_hash_index_del(&fds.outs, (zend_ulong)fd);
		rs_out_free(o);
	}
	rs_swoole_event_forget(fd);
}

static void rshutdown(void)
{
	struct rs_out *o;

	if (!fds.ready)
		return;
	ZEND_HASH_FOREACH_PTR(&fds.outs, o) {
		rs_out_free(o);
	} ZEND_HASH_FOREACH_END();
	zend_hash_destroy(&fds.outs);
	forget();
}

void rs_swoole_minit_fd(void)
{
	rs_swoole_at_rshutdown(rshutdown);
}
