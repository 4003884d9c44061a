/*
 * Listening sockets. Runs in the reactor. The sockets are the master's: here they are only accepted from, and
 * closed without removing what the master has put into the file system.
 */
#include "reactor/reactor_accept.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_idle.h"
#include "reactor/reactor_proxy.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_tls.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections that one turn takes from one listener. */
#define ACCEPTS_PER_TURN 64
/* After running out of descriptors: no accept for so long. */
#define PAUSE_MS 500
/* Connections above max_conn that are told so; more are just closed. */
#define REFUSALS_MAX 64

static void accept_cb(evutil_socket_t fd, short what, void *arg);

bool rs_accept_init(struct rs_reactor *r)
{
	r->accept.reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return r->accept.reserve_fd >= 0;
}

void rs_accept_fini(struct rs_reactor *r)
{
	for (unsigned i = 0; i < r->accept.n; i++) {
		struct rs_listener *l = r->accept.listener[i];
		event_del(&l->ev);
		close(l->fd);
		free(l);
	}
	r->accept.n = 0;
	rs_fd_close(&r->accept.reserve_fd);
}

bool rs_accept_add(struct rs_reactor *r, int fd, struct rs_slice address, struct rs_gate *gate, uint64_t how)
{
	struct rs_listener *l = r->accept.n < RS_LISTENERS_MAX ? calloc(1, sizeof *l) : NULL;
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof a;

	if (!l || !rs_fd_nonblock(fd, true) || getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		goto fail;
	l->r = r;
	l->gate = gate;
	l->fd = fd;
	l->tcp = a.ss_family == AF_INET || a.ss_family == AF_INET6;
	l->tls = how & RS_LISTEN_TLS;
	l->proxy = how & RS_LISTEN_PROXY;
	rs_copy(l->address, sizeof l->address, address);
	event_assign(&l->ev, r->base, fd, EV_READ | EV_PERSIST, accept_cb, l);
	if (!r->accept.paused && event_add(&l->ev, NULL) < 0)
		goto fail;
	r->accept.listener[r->accept.n++] = l;
	rs_accept_configure(r);
	return true;
fail:
	rs_error(r->log, "cannot listen on %.*s", (int)address.n, address.p);
	free(l);
	rs_fd_close(&fd);
	return false;
}

void rs_accept_configure(struct rs_reactor *r)
{
	int on = r->conf->open_tcp_nodelay;

	/* Accepted sockets inherit it: one call here instead of one for every connection. */
	for (unsigned i = 0; i < r->accept.n; i++) {
		if (r->accept.listener[i]->tcp && !r->accept.listener[i]->gate)
			setsockopt(r->accept.listener[i]->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	}
}

/* ---- too many ----------------------------------------------------------------------------------------- */

static void pause_accepting(struct rs_reactor *r)
{
	if (r->accept.paused)
		return;
	r->accept.paused = true;
	r->accept.resume_ms = rs_reactor_ms(r) + PAUSE_MS;
	for (unsigned i = 0; i < r->accept.n; i++)
		event_del(&r->accept.listener[i]->ev);
	rs_reactor_need_sweep(r);
}

void rs_accept_sweep(struct rs_reactor *r, int64_t now_ms)
{
	if (!r->accept.paused || now_ms < r->accept.resume_ms)
		return;
	r->accept.paused = false;
	if (r->accept.reserve_fd < 0)
		r->accept.reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (unsigned i = 0; i < r->accept.n; i++)
		event_add(&r->accept.listener[i]->ev, NULL);
}

/*
 * No descriptor left. The waiting client would wait for ever and wake us in every turn: with the reserve
 * descriptor it is taken and closed, so that it learns at once; then accepting rests for a moment.
 */
static void out_of_descriptors(struct rs_listener *l)
{
	struct rs_reactor *r = l->r;
	int fd;

	rs_error(r->log, "cannot accept on %s with %u connections, pausing for %d ms", l->address,
		 r->conns.used, PAUSE_MS);
	rs_fd_close(&r->accept.reserve_fd);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		r->n.refused++;
		close(fd);
	}
	r->accept.reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pause_accepting(r);
}

/* ---- accepting ---------------------------------------------------------------------------------------- */

/* Those that are closed in this turn do not count any more, and streams never do. */
static uint32_t living(const struct rs_reactor *r)
{
	return r->conns.used - r->ndead - r->h2.streams;
}

void rs_accept_greet(struct rs_conn *c, struct rs_gate *gate, int listen_fd, bool tls)
{
	struct rs_reactor *r = c->r;
	const uint64_t most = (uint64_t)r->conf->max_conn;

	if ((tls && !rs_tls_welcome(c, gate, listen_fd)) || !rs_limit_admit(c))
		return;
	if (gate) {
		if (!tls)
			(void)rs_guest_new(c, gate, listen_fd);
		return;
	}
	if (living(r) <= most || rs_idle_make_room(r)) {
		rs_idle_put(c);
		return;
	}
	r->n.refused++;
	/* A handshake for nothing is too much. */
	if (tls || living(r) > most + REFUSALS_MAX)
		rs_conn_close(c);
	else
		rs_send_error(c, 503, false);
}

static void welcome(struct rs_listener *l, int fd, const struct sockaddr_storage *peer)
{
	struct rs_reactor *r = l->r;
	const struct rs_proxy_next next = { .gate = l->gate, .listen_fd = l->fd, .tls = l->tls };
	struct rs_conn *c;

	r->n.accepted++;
	if (l->gate)
		r->serve->accepted++;
	/* A port of a server: above max_connection it is closed at once. */
	if (l->gate && rs_serve_full(r)) {
		close(fd);
		return;
	}
	c = rs_conn_new(r, fd, peer, l->tcp);
	if (c && l->proxy)
		rs_proxy_welcome(c, &next);
	else if (c)
		rs_accept_greet(c, l->gate, l->fd, l->tls);
}

/* false: nothing more to take now. */
static bool accept_one(struct rs_listener *l)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof peer;
	int fd = accept4(l->fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		welcome(l, fd, &peer);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		out_of_descriptors(l);
		return false;
	default:
		return true; /* that one connection failed before it was accepted */
	}
}

static void accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_listener *l = arg;

	RS_CHECK(l->r, RS_REACTOR_MAGIC);
	(void)fd;
	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(l); i++)
		;
}

void rs_accept_stop(struct rs_reactor *r)
{
	/* Who is in the kernel's queue has connected in good faith. */
	for (unsigned i = 0; i < r->accept.n && !r->accept.paused; i++)
		accept_cb(r->accept.listener[i]->fd, EV_READ, r->accept.listener[i]);
	rs_accept_fini(r);
}
