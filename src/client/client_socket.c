/*
 * Life of a client socket: opening, closing, names, options. Connecting is client_connect.c, bytes are client_io.c.
 */
#include "client/client_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rs_fd.h"

/* ---- failure ---------------------------------------------------------------------------------------------------- */

bool rs_sock_fail(struct rs_sock *s, int error)
{
	return rs_sock_fail_why(s, error, NULL);
}

bool rs_sock_fail_why(struct rs_sock *s, int error, const char *why)
{
	free(s->why_owned);
	s->why_owned = NULL;
	s->error = error;
	s->why = why;
	return false;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

void rs_sock_init(struct rs_sock *s)
{
	*s = (struct rs_sock){ .fd = -1, .wait = rs_wait_blocking };
}

bool rs_sock_open(struct rs_sock *s, int family, int type, int protocol)
{
	RS_ASSERT(s->fd < 0);
	s->fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (s->fd < 0)
		return rs_sock_fail(s, errno);
	s->family = family;
	s->type = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	s->protocol = protocol;
	return true;
}

bool rs_sock_adopt(struct rs_sock *s, int fd)
{
	static const int names[] = { SO_DOMAIN, SO_TYPE, SO_PROTOCOL };
	int *const values[] = { &s->family, &s->type, &s->protocol };

	RS_ASSERT(s->fd < 0);
	for (size_t i = 0; i < RS_COUNTOF(names); i++) {
		socklen_t n = sizeof(int);

		if (getsockopt(fd, SOL_SOCKET, names[i], values[i], &n) < 0)
			return rs_sock_fail(s, errno);
	}
	if (!rs_fd_nonblock(fd, true))
		return rs_sock_fail(s, errno);
	s->fd = fd;
	return true;
}

bool rs_sock_pair(struct rs_sock out[2], int family, int type, int protocol)
{
	int fds[2];

	if (socketpair(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol, fds) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		rs_sock_init(&out[i]);
		RS_ASSERT(rs_sock_adopt(&out[i], fds[i]));
	}
	return true;
}

void rs_sock_close(struct rs_sock *s)
{
	if (s->fd < 0) {
		rs_sock_fail(s, s->error);
		return;
	}
	if (s->busy) {
		/* Wakes who waits for it, connected or not. */
		s->closing = true;
		RS_IGNORE(shutdown(s->fd, SHUT_RDWR));
		return;
	}
	s->closing = false;
	if (s->tls) {
		rs_tls_bye(s->tls);
		rs_tls_free(s->tls);
		s->tls = NULL;
	}
	rs_fd_close(&s->fd);
	free(s->why_owned);
	s->why_owned = NULL;
	s->why = NULL;
}

bool rs_sock_enter(struct rs_sock *s, unsigned directions)
{
	if (s->fd < 0 || s->closing)
		return rs_sock_fail(s, s->closing ? RS_SOCK_CLOSED : EBADF);
	if (s->busy & directions)
		return rs_sock_fail(s, RS_SOCK_BUSY);
	s->busy |= directions;
	return true;
}

void rs_sock_leave(struct rs_sock *s, unsigned directions)
{
	s->busy &= ~directions;
	if (s->closing && !s->busy)
		rs_sock_close(s);
}

bool rs_sock_shutdown(struct rs_sock *s, int how)
{
	if (s->tls && how != SHUT_RD)
		rs_tls_bye(s->tls);
	return shutdown(s->fd, how) == 0 || rs_sock_fail(s, errno);
}

bool rs_sock_bind(struct rs_sock *s, const struct rs_sock_addr *a)
{
	return bind(s->fd, &a->sa, a->len) == 0 || rs_sock_fail(s, errno);
}

bool rs_sock_listen(struct rs_sock *s, int backlog)
{
	return listen(s->fd, backlog) == 0 || rs_sock_fail(s, errno);
}

/* What accept may fail with because of the one connection it was about to return (accept(2)). */
static bool only_this_one(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return true;
	default:
		return false;
	}
}

bool rs_sock_accept(struct rs_sock *s, struct rs_sock *out, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);

	for (;;) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			*out = (struct rs_sock){ .fd = fd, .family = s->family, .type = s->type, .protocol = s->protocol,
						 .wait = s->wait, .wait_arg = s->wait_arg };
			return true;
		}
		if (only_this_one(errno))
			continue;
		if (errno != EAGAIN)
			return rs_sock_fail(s, errno);
		if (!rs_sock_wait(s, RS_WATCH_READ, rs_deadline_left(until)))
			return false;
	}
}

/* ---- questions -------------------------------------------------------------------------------------------------- */

bool rs_sock_local(struct rs_sock *s, struct rs_sock_addr *out)
{
	*out = (struct rs_sock_addr){ .len = sizeof out->storage };
	return getsockname(s->fd, &out->sa, &out->len) == 0 || rs_sock_fail(s, errno);
}

bool rs_sock_remote(struct rs_sock *s, struct rs_sock_addr *out)
{
	*out = (struct rs_sock_addr){ .len = sizeof out->storage };
	return getpeername(s->fd, &out->sa, &out->len) == 0 || rs_sock_fail(s, errno);
}

/* A good-bye, or tickets of TLS 1.3, are bytes to the kernel. */
static bool tls_alive(struct rs_sock *s)
{
	unsigned events;
	size_t got;
	char byte;
	int error;

	switch (rs_tls_read(s->tls, &byte, 1, true, &got, &events, &error)) {
	case RS_OK:
	case RS_AGAIN:
		return true;
	case RS_DONE:
		return rs_sock_fail(s, ECONNRESET);
	case RS_ERR:
		break;
	}
	return rs_sock_fail(s, error);
}

bool rs_sock_alive(struct rs_sock *s)
{
	char byte;
	ssize_t n;

	if (s->fd < 0)
		return false;
	if (s->tls)
		return tls_alive(s);
	do
		n = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || rs_sock_fail(s, errno);
	return n > 0 || s->type != SOCK_STREAM || rs_sock_fail(s, ECONNRESET);
}

bool rs_sock_wait(struct rs_sock *s, unsigned events, int64_t timeout_ms)
{
	if (s->tls && events & RS_WATCH_READ && rs_tls_pending(s->tls))
		return true;
	switch (s->wait(s->wait_arg, s->fd, events, timeout_ms)) {
	case RS_WAIT_READY:
		/* Whoever ran meanwhile may have closed it. */
		return !s->closing || rs_sock_fail(s, RS_SOCK_CLOSED);
	case RS_WAIT_TIMEOUT:
		return rs_sock_fail(s, s->closing ? RS_SOCK_CLOSED : ETIMEDOUT);
	case RS_WAIT_CANCELLED:
		return rs_sock_fail(s, s->closing ? RS_SOCK_CLOSED : ECANCELED);
	case RS_WAIT_FAILED:
		break;
	}
	return rs_sock_fail(s, errno);
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

bool rs_sock_set(struct rs_sock *s, int level, int name, const void *value, size_t n)
{
	return setsockopt(s->fd, level, name, value, (socklen_t)n) == 0 || rs_sock_fail(s, errno);
}

bool rs_sock_get(struct rs_sock *s, int level, int name, void *value, size_t *n)
{
	socklen_t len = (socklen_t)*n;

	if (getsockopt(s->fd, level, name, value, &len) < 0)
		return rs_sock_fail(s, errno);
	*n = len;
	return true;
}

bool rs_sock_set_int(struct rs_sock *s, int level, int name, int value)
{
	return rs_sock_set(s, level, name, &value, sizeof value);
}
