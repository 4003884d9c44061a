/*
 * A client of the event loop as a machine of few states: one watch on whatever it waits for, one timer for connecting. What an open
 * one sends and receives is client_async_io.c.
 */
#include "client/client_async_private.h"

#include <errno.h>
#include <stdlib.h>



static void watch_cb(struct rs_watch *w, unsigned events, void *arg);
static void timeout_cb(struct rs_timer *t, void *arg);
static bool begin(struct rs_async *a, const struct rs_sock_addr *to, bool from_loop);
static void resolved(struct rs_async *a);
static void connected(struct rs_async *a);
static void shake(struct rs_async *a);
static void opened(struct rs_async *a);
static void failed(struct rs_async *a);

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct rs_async *rs_async_new(struct rs_client *c, const struct rs_client_conf *conf, const struct rs_async_events *events,
			      void *arg)
{
	struct rs_async *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	*a = (struct rs_async){ .magic = RS_ASYNC_MAGIC, .c = c, .conf = conf, .events = events, .arg = arg };
	rs_output_init(&a->out);
	return a;
}

/* Back to RS_ASYNC_IDLE without a word. errno and sock.error of the connection survive. */
static void stop(struct rs_async *a)
{
	int error = a->c->sock.error;

	rs_watch_free(a->watch);
	rs_timer_free(a->timer);
	a->watch = NULL;
	a->timer = NULL;
	rs_resolve_free(a->lookup);
	a->lookup = NULL;
	rs_output_free(&a->out);
	free(a->host);
	a->host = NULL;
	rs_client_close(a->c);
	a->c->sock.error = error;
	a->state = RS_ASYNC_IDLE;
	a->paused = a->full = a->deferred = false;
}

void rs_async_free(struct rs_async *a)
{
	RS_CHECK(a, RS_ASYNC_MAGIC);
	stop(a);
	if (a->pins) {
		a->freed = true;
		return;
	}
	a->magic = 0;
	free(a);
}

void rs_async_dropped(struct rs_async *a)
{
	a->watch = NULL;
	a->timer = NULL;
	/* Deferred calls went with the loop. */
	a->pins = 0;
	a->deferred = false;
}

bool rs_async_connected(const struct rs_async *a)
{
	return a->state == RS_ASYNC_OPEN || a->state == RS_ASYNC_SECURING;
}

bool rs_async_active(const struct rs_async *a)
{
	return a->state != RS_ASYNC_IDLE;
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static bool watch(struct rs_async *a, int fd, unsigned events)
{
	if (a->watch && rs_watch_fd(a->watch) == fd)
		return rs_watch_set(a->watch, events) || rs_sock_fail(&a->c->sock, errno);
	rs_watch_free(a->watch);
	a->watch = rs_watch_new(rs_loop_get(), fd, events, true, watch_cb, a);
	return a->watch || rs_sock_fail(&a->c->sock, errno ? errno : ENOMEM);
}

bool rs_async_watch(struct rs_async *a)
{
	bool read = !a->paused && !a->deferred;
	bool write = a->full || !rs_output_empty(&a->out);

	return watch(a, a->c->sock.fd, (read ? RS_WATCH_READ : 0) | (write ? RS_WATCH_WRITE : 0));
}

static void watch_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct rs_async *a = arg;
	const struct rs_async_events *tell = a->events;
	void *owner = a->arg;

	(void)w;
	RS_CHECK(a, RS_ASYNC_MAGIC);
	tell->enter(owner);
	switch (a->state) {
	case RS_ASYNC_RESOLVING:
		resolved(a);
		break;
	case RS_ASYNC_CONNECTING:
		connected(a);
		break;
	case RS_ASYNC_SHAKING:
	case RS_ASYNC_SECURING:
		shake(a);
		break;
	case RS_ASYNC_OPEN:
		if (events & RS_WATCH_WRITE && (a->full || !rs_output_empty(&a->out)))
			rs_async_writable(a);
		else
			rs_async_readable(a);
		break;
	case RS_ASYNC_IDLE:
		break;
	}
	tell->leave(owner);
}

static void timeout_cb(struct rs_timer *t, void *arg)
{
	struct rs_async *a = arg;
	const struct rs_async_events *tell = a->events;
	void *owner = a->arg;

	(void)t;
	RS_CHECK(a, RS_ASYNC_MAGIC);
	a->timer = NULL;
	tell->enter(owner);
	rs_sock_fail(&a->c->sock, ETIMEDOUT);
	if (a->state == RS_ASYNC_SECURING)
		rs_async_lost(a);
	else
		failed(a);
	tell->leave(owner);
}

static bool arm(struct rs_async *a)
{
	int64_t left = rs_deadline_left(a->until);

	if (left < 0)
		return true;
	a->timer = rs_timer_new(rs_loop_get(), left > 0 ? left : 1, false, true, timeout_cb, a);
	return a->timer || rs_sock_fail(&a->c->sock, ENOMEM);
}

static void disarm(struct rs_async *a)
{
	rs_timer_free(a->timer);
	a->timer = NULL;
}

/* ---- connecting ------------------------------------------------------------------------------------------------- */

bool rs_async_connect(struct rs_async *a, struct rs_slice host, int port)
{
	struct rs_sock_addr to;
	bool ok;

	RS_CHECK(a, RS_ASYNC_MAGIC);
	if (a->state != RS_ASYNC_IDLE)
		return rs_sock_fail(&a->c->sock, EISCONN);
	if (!rs_loop_get() || !(a->host = strndup(host.p, host.n)))
		return rs_sock_fail(&a->c->sock, ENOMEM);
	a->port = port;
	a->until = rs_deadline(a->conf->connect_ms);
	if (rs_sock_addr_set(&to, rs_client_family(a->c), host, port)) {
		ok = begin(a, &to, false);
	} else if (errno != EINVAL || rs_client_family(a->c) == AF_UNIX) {
		ok = rs_sock_fail(&a->c->sock, errno);
	} else {
		a->lookup = rs_resolve_start(host, rs_client_family(a->c));
		ok = a->lookup || rs_sock_fail(&a->c->sock, errno);
		a->state = RS_ASYNC_RESOLVING;
		ok = ok && arm(a) && watch(a, rs_resolve_fd(a->lookup), RS_WATCH_READ);
	}
	if (!ok)
		stop(a);
	return ok;
}

static void resolved(struct rs_async *a)
{
	const struct rs_sock_addr *list;
	struct rs_sock_addr to;

	rs_watch_free(a->watch);
	a->watch = NULL;
	disarm(a);
	if (rs_resolve_list(a->lookup, &list) == 0) {
		rs_sock_fail(&a->c->sock, RS_RESOLVE_FAILED);
		failed(a);
		return;
	}
	to = list[0];
	rs_sock_addr_port(&to, a->port);
	rs_resolve_free(a->lookup);
	a->lookup = NULL;
	if (!begin(a, &to, true))
		failed(a);
}

static bool begin(struct rs_async *a, const struct rs_sock_addr *to, bool from_loop)
{
	if (!rs_client_open(a->c, a->conf) || rs_sock_connect(&a->c->sock, to, 0) == RS_ERR)
		return false;
	a->c->remote = *to;
	if (rs_client_is_stream(a->c)) {
		a->state = RS_ASYNC_CONNECTING;
		return arm(a) && watch(a, a->c->sock.fd, RS_WATCH_WRITE);
	}
	a->state = RS_ASYNC_OPEN;
	if (!rs_async_watch(a))
		return false;
	a->events->connect(a->arg, from_loop);
	return true;
}

static void connected(struct rs_async *a)
{
	struct rs_tls_conf tls;
	char name[RS_CLIENT_NAME_MAX];

	if (!rs_sock_connected(&a->c->sock)) {
		failed(a);
		return;
	}
	if (!a->c->want_tls) {
		opened(a);
		return;
	}
	rs_client_tls_conf(a->c, a->conf, rs_slice_str(a->host), &tls, name);
	a->state = RS_ASYNC_SHAKING;
	if (rs_sock_tls_begin(&a->c->sock, &tls))
		shake(a);
	else
		failed(a);
}

bool rs_async_start_tls(struct rs_async *a)
{
	struct rs_tls_conf tls;
	char name[RS_CLIENT_NAME_MAX];

	if (a->state != RS_ASYNC_OPEN || a->c->sock.tls || !rs_output_empty(&a->out))
		return rs_sock_fail(&a->c->sock, a->state == RS_ASYNC_OPEN ? EBUSY : ENOTCONN);
	rs_client_tls_conf(a->c, a->conf, rs_slice_str(a->host), &tls, name);
	a->until = rs_deadline(a->conf->connect_ms);
	if (!arm(a))
		return false;
	if (!rs_sock_tls_begin(&a->c->sock, &tls)) {
		disarm(a);
		return false;
	}
	/* What was said in the clear may not be the peer's. */
	rs_buf_free(&a->c->in);
	a->c->packet = (struct rs_packet){ 0 };
	a->deferred = false;
	a->state = RS_ASYNC_SECURING;
	return watch(a, a->c->sock.fd, RS_WATCH_WRITE);
}

static void shake(struct rs_async *a)
{
	enum rs_async_state state = a->state;
	unsigned events;
	enum rs_result rc = rs_sock_tls_step(&a->c->sock, &a->conf->tls, &events);

	if (rc == RS_AGAIN && watch(a, a->c->sock.fd, events))
		return;
	if (rc == RS_OK)
		opened(a);
	else if (state == RS_ASYNC_SECURING)
		rs_async_lost(a);
	else
		failed(a);
}

static void opened(struct rs_async *a)
{
	bool secured = a->state == RS_ASYNC_SECURING;

	disarm(a);
	a->state = RS_ASYNC_OPEN;
	if (!rs_async_watch(a))
		(secured ? rs_async_lost : failed)(a);
	else if (secured)
		a->events->secure(a->arg);
	else
		a->events->connect(a->arg, true);
}

static void failed(struct rs_async *a)
{
	stop(a);
	a->events->error(a->arg);
}

/* ---- ending ----------------------------------------------------------------------------------------------------- */

void rs_async_lost(struct rs_async *a)
{
	stop(a);
	a->events->close(a->arg, true);
}

bool rs_async_close(struct rs_async *a)
{
	if (a->state == RS_ASYNC_IDLE)
		return false;
	stop(a);
	a->events->close(a->arg, false);
	return true;
}

bool rs_async_pause(struct rs_async *a, bool pause)
{
	if (a->state != RS_ASYNC_OPEN)
		return rs_sock_fail(&a->c->sock, ENOTCONN);
	a->paused = pause;
	if (!pause && !a->deferred && rs_client_has_package(a->c, a->conf))
		rs_async_deliver_later(a);
	return rs_async_watch(a);
}
