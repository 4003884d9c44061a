/*
 * A socket without anything in between. Runs in the reactor.
 */
#include "reactor/reactor_wire.h"

#include "reactor/reactor_conn.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- for all that have a socket -------------------------------------------------------------------------- */

static bool want(struct event *ev, bool on)
{
	return on ? event_add(ev, NULL) == 0 : event_del(ev) == 0;
}

bool rs_wire_socket_want_read(struct rs_conn *c, bool on)
{
	return want(&c->ev_read, on);
}

bool rs_wire_socket_want_write(struct rs_conn *c, bool on)
{
	return want(&c->ev_write, on);
}

void rs_wire_socket_close(struct rs_conn *c, bool reset)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	event_del(&c->ev_read);
	event_del(&c->ev_write);
	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(c->fd);
	c->fd = -1;
}

/* ---- plain -------------------------------------------------------------------------------------------------- */

static ssize_t plain_read(struct rs_conn *c, void *to, size_t n)
{
	return recv(c->fd, to, n, 0);
}

static ssize_t plain_write(struct rs_conn *c, struct iovec *iov, int n)
{
	return n == 1 ? send(c->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL) : writev(c->fd, iov, n);
}

static ssize_t plain_flush(struct rs_conn *c, size_t most)
{
	errno = 0;
	return evbuffer_write_atmost(c->out, c->fd, (ev_ssize_t)most);
}

static ssize_t plain_send_file(struct rs_conn *c, int fd, off_t *at, size_t n)
{
	return sendfile(c->fd, fd, at, n);
}

static bool plain_shut(struct rs_conn *c)
{
	return shutdown(c->fd, SHUT_WR) == 0;
}

static bool plain_has_more(const struct rs_conn *c)
{
	(void)c;
	return false;
}

const struct rs_wire rs_wire_plain = {
	.read = plain_read,
	.write = plain_write,
	.flush = plain_flush,
	.send_file = plain_send_file,
	.shut = plain_shut,
	.close = rs_wire_socket_close,
	.want_read = rs_wire_socket_want_read,
	.want_write = rs_wire_socket_want_write,
	.has_more = plain_has_more,
};
