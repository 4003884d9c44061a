/*
 * Buffered writing. Tries at once; the watch is only there while something waits, and keeps the loop alive then.
 */
#include "client/client_out.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

struct piece {
	STAILQ_ENTRY(piece) next;
	size_t n, sent;
	char bytes[];
};

struct rs_out {
	struct rs_loop *loop;
	struct rs_watch *watch; /* NULL while nothing waits */
	int fd;
	size_t waiting, max;
	void (*idle)(struct rs_out *o, int err, void *arg);
	void *arg;
	STAILQ_HEAD(, piece) pieces;
};

struct rs_out *rs_out_new(struct rs_loop *l, int fd, size_t max, void (*idle)(struct rs_out *o, int err, void *arg), void *arg)
{
	struct rs_out *o = malloc(sizeof *o);

	if (!o)
		return NULL;
	*o = (struct rs_out){ .loop = l, .fd = fd, .max = max, .idle = idle, .arg = arg };
	STAILQ_INIT(&o->pieces);
	return o;
}

static void drop_pieces(struct rs_out *o)
{
	struct piece *p;

	while ((p = STAILQ_FIRST(&o->pieces))) {
		STAILQ_REMOVE_HEAD(&o->pieces, next);
		free(p);
	}
	o->waiting = 0;
	rs_watch_free(o->watch);
	o->watch = NULL;
}

void rs_out_free(struct rs_out *o)
{
	if (!o)
		return;
	drop_pieces(o);
	free(o);
}

size_t rs_out_waiting(const struct rs_out *o)
{
	return o->waiting;
}

/* Bytes taken; 0: not now. -1: errno. */
static ssize_t try_send(int fd, const void *p, size_t n)
{
	ssize_t sent;

	do {
		sent = send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == ENOTSOCK)
			sent = write(fd, p, n);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
		return 0;
	return sent;
}

static void writable_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct rs_out *o = arg;
	struct piece *p;
	int err = 0;

	(void)w;
	(void)events;
	while ((p = STAILQ_FIRST(&o->pieces))) {
		ssize_t sent = try_send(o->fd, p->bytes + p->sent, p->n - p->sent);

		if (sent == 0)
			return;
		if (sent < 0) {
			err = errno;
			break;
		}
		p->sent += (size_t)sent;
		o->waiting -= (size_t)sent;
		if (p->sent < p->n)
			continue;
		STAILQ_REMOVE_HEAD(&o->pieces, next);
		free(p);
	}
	drop_pieces(o);
	o->idle(o, err, o->arg);
}

enum rs_result rs_out_write(struct rs_out *o, const void *p, size_t n)
{
	struct piece *piece;
	ssize_t sent = 0;

	if (o->waiting == 0) {
		sent = try_send(o->fd, p, n);
		if (sent < 0)
			return RS_ERR;
		if ((size_t)sent == n)
			return RS_OK;
	}
	n -= (size_t)sent;
	/* The rest of what has begun is always taken. */
	if (sent == 0 && (n > o->max || o->waiting > o->max - n))
		return RS_AGAIN;
	piece = malloc(sizeof *piece + n);
	if (!piece)
		return RS_ERR;
	piece->n = n;
	piece->sent = 0;
	memcpy(piece->bytes, (const char *)p + sent, n);
	if (!o->watch)
		o->watch = rs_watch_new(o->loop, o->fd, RS_WATCH_WRITE, true, writable_cb, o);
	if (!o->watch) {
		free(piece);
		return RS_ERR;
	}
	STAILQ_INSERT_TAIL(&o->pieces, piece, next);
	o->waiting += n;
	return RS_OK;
}
