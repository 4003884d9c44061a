/*
 * What an open client of the event loop sends and receives.
 */
#include "client/client_async_private.h"

#include <errno.h>
#include <stdlib.h>

#define READ_PIECE 65536

static void deliver_cb(void *arg);

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static size_t queue_max(const struct rs_async *a)
{
	return a->conf->socket_buffer_size > 0 ? (size_t)a->conf->socket_buffer_size : RS_ASYNC_QUEUE_MAX;
}

bool rs_async_send(struct rs_async *a, const void *p, size_t n)
{
	size_t gone = 0;

	if (a->state != RS_ASYNC_OPEN)
		return rs_sock_fail(&a->c->sock, ENOTCONN);
	if (!rs_client_is_stream(a->c))
		return rs_sock_send(&a->c->sock, p, n, MSG_DONTWAIT, 0) == (ssize_t)n;
	if (n > queue_max(a) || a->out.bytes > queue_max(a) - n) {
		rs_sock_fail(&a->c->sock, RS_ASYNC_QUEUE_FULL);
		/* Also when nothing is queued and this alone is too much: who waits for empty must not wait for ever. */
		a->full = true;
		if (rs_async_watch(a))
			a->events->full(a->arg);
		/* Whatever the owner did meanwhile. */
		return rs_sock_fail(&a->c->sock, RS_ASYNC_QUEUE_FULL);
	}
	if (rs_output_empty(&a->out)) {
		ssize_t put = rs_sock_send(&a->c->sock, p, n, MSG_DONTWAIT, 0);

		/* A broken connection is told by its reading end, as close. */
		if (put < 0 && a->c->sock.error != EAGAIN)
			return false;
		gone = put < 0 ? 0 : (size_t)put;
	}
	if (gone < n && !rs_output_put(&a->out, (const char *)p + gone, n - gone))
		return rs_sock_fail(&a->c->sock, ENOMEM);
	return rs_async_watch(a);
}

bool rs_async_sendfile(struct rs_async *a, const char *path, uint64_t offset, uint64_t length)
{
	int file;

	if (a->state != RS_ASYNC_OPEN)
		return rs_sock_fail(&a->c->sock, ENOTCONN);
	file = rs_sock_open_file(&a->c->sock, path, offset, &length);
	if (file < 0)
		return false;
	if (!rs_output_put_file(&a->out, file, offset, length))
		return rs_sock_fail(&a->c->sock, ENOMEM);
	return rs_async_watch(a);
}

void rs_async_writable(struct rs_async *a)
{
	enum rs_result rc = rs_output_flush(&a->out, &a->c->sock);
	bool empty = rc == RS_OK && a->full;

	if (empty)
		a->full = false;
	if (rc == RS_ERR || !rs_async_watch(a))
		rs_async_lost(a);
	else if (empty)
		a->events->empty(a->arg);
}

/* ---- receiving -------------------------------------------------------------------------------------------------- */

/* The first package in c->in goes to the owner; when there are more, reading rests until they are gone. */
static void deliver(struct rs_async *a)
{
	struct rs_client *c = a->c;
	struct rs_packet_found found;
	enum rs_result rc = rs_packet_next(&a->conf->packet, &c->packet, rs_buf_slice(&c->in), &found);
	char *package;

	if (rc == RS_ERR) {
		rs_sock_fail(&c->sock, (int)found.error);
		rs_async_lost(a);
		return;
	}
	a->deferred = false;
	/* The owner may close while it has the bytes. */
	package = rc == RS_OK ? malloc(found.n) : NULL;
	if (package) {
		memcpy(package, rs_buf_data(&c->in), found.n);
		rs_buf_consume(&c->in, found.n);
	}
	if (package && rs_client_has_package(c, a->conf))
		rs_async_deliver_later(a);
	if ((rc == RS_OK && !package) || !rs_async_watch(a)) {
		free(package);
		rs_sock_fail(&c->sock, ENOMEM);
		rs_async_lost(a);
		return;
	}
	if (package)
		a->events->receive(a->arg, rs_slice(package, found.n));
	free(package);
}

static void deliver_cb(void *arg)
{
	struct rs_async *a = arg;
	const struct rs_async_events *tell = a->events;
	void *owner = a->arg;

	RS_CHECK(a, RS_ASYNC_MAGIC);
	a->pins--;
	if (a->freed) {
		if (a->pins == 0)
			free(a);
		return;
	}
	/* Closed since, or even connected anew. */
	if (!a->deferred || a->pins || a->state != RS_ASYNC_OPEN)
		return;
	tell->enter(owner);
	if (a->paused) {
		a->deferred = false;
		if (!rs_async_watch(a))
			rs_async_lost(a);
	} else {
		deliver(a);
	}
	tell->leave(owner);
}

void rs_async_deliver_later(struct rs_async *a)
{
	a->deferred = rs_loop_defer(rs_loop_get(), deliver_cb, a);
	a->pins += a->deferred;
}

/* One piece, as it comes. */
static void receive_raw(struct rs_async *a)
{
	struct rs_client *c = a->c;
	char piece[READ_PIECE];
	ssize_t n = rs_client_is_stream(c) ? rs_sock_recv(&c->sock, piece, sizeof piece, MSG_DONTWAIT, 0) :
					     rs_sock_recvfrom(&c->sock, piece, sizeof piece, MSG_DONTWAIT, 0, &c->heard);

	if (n < 0 && c->sock.error == EAGAIN)
		return;
	if (n < 0 || (n == 0 && rs_client_is_stream(c))) {
		c->sock.error = n < 0 ? c->sock.error : 0;
		rs_async_lost(a);
		return;
	}
	a->events->receive(a->arg, rs_slice(piece, (size_t)n));
}

void rs_async_readable(struct rs_async *a)
{
	struct rs_client *c = a->c;
	ssize_t n;
	char *to;

	if (!rs_client_is_stream(c) || (a->conf->packet.mode == RS_PACKET_RAW && c->in.len == 0)) {
		receive_raw(a);
		return;
	}
	to = rs_buf_reserve(&c->in, READ_PIECE);
	n = to ? rs_sock_recv(&c->sock, to, READ_PIECE, MSG_DONTWAIT, 0) : -1;
	if (n > 0) {
		rs_buf_commit(&c->in, (size_t)n);
		deliver(a);
	} else if (!to || n == 0 || c->sock.error != EAGAIN) {
		c->sock.error = !to ? ENOMEM : n == 0 ? 0 : c->sock.error;
		rs_async_lost(a);
	}
}
