/*
 * Shared by the tests of src/client: the other end of a socket, which acts when the client waits. It hears what was sent, then
 * says its script, `step` bytes a wait; after that it closes, or is silent until the time limit "passes" at once. No clock,
 * no thread: every order of events is the test's.
 */
#ifndef RS_TEST_PEER_H
#define RS_TEST_PEER_H

#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct peer {
	int fd;
	struct rs_slice script;
	size_t at, step;
	bool closes;        /* after the script */
	struct rs_buf heard;
	unsigned waits;
};

static inline void peer_hear(struct peer *p)
{
	char piece[4096];
	ssize_t n;

	while (p->fd >= 0 && (n = recv(p->fd, piece, sizeof piece, MSG_DONTWAIT)) > 0)
		assert_true(rs_buf_put(&p->heard, piece, (size_t)n));
}

static inline void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static inline enum rs_wait peer_wait(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	struct peer *p = arg;
	size_t n = p->script.n - p->at < p->step ? p->script.n - p->at : p->step;

	(void)fd;
	(void)timeout_ms;
	p->waits++;
	peer_hear(p);
	if (events & RS_WATCH_WRITE)
		return RS_WAIT_READY;
	if (n) {
		assert_int_equal(send(p->fd, p->script.p + p->at, n, MSG_NOSIGNAL), n);
		p->at += n;
		return RS_WAIT_READY;
	}
	if (!p->closes)
		return RS_WAIT_TIMEOUT;
	peer_close(p);
	return RS_WAIT_READY;
}

/* A client's socket and its peer. */
static inline void peer_socket(struct peer *p, struct rs_sock *s, int type, struct rs_slice script, size_t step, bool closes)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
	*p = (struct peer){ .fd = fds[1], .script = script, .step = step, .closes = closes };
	assert_true(rs_sock_adopt(s, fds[0]));
	s->wait = peer_wait;
	s->wait_arg = p;
}

static inline void peer_open(struct peer *p, struct rs_client *c, enum rs_client_kind kind, struct rs_slice script, size_t step,
			     bool closes)
{
	rs_client_init(c, kind, false);
	peer_socket(p, &c->sock, rs_client_is_stream(c) ? SOCK_STREAM : SOCK_DGRAM, script, step, closes);
}

static inline void peer_end(struct peer *p)
{
	peer_close(p);
	rs_buf_free(&p->heard);
}

#endif
