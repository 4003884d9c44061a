/*
 * Datagram sockets of a server: one PACKET for each datagram, and those that the server sends. Runs in the reactor; never
 * blocks, keeps no datagram back: a full socket or a worker that does not keep up costs datagrams.
 */
#include "reactor/reactor_datagram.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_dispatch.h"
#include "reactor/reactor_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Datagrams that one turn takes from one socket. */
#define DATAGRAMS_PER_TURN 64
/* What may wait for a worker before datagrams for it are dropped. */
#define WAITING_MAX (8u << 20)
#define UNBOUND_MAX 4096

/* Of one port; owned by its gate. */
struct rs_datagram {
	struct rs_gate *gate;
	int fd;
	sa_family_t family;
	struct event ev;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

static void read_cb(evutil_socket_t fd, short what, void *arg);

bool rs_datagram_open(struct rs_gate *g, int fd)
{
	struct rs_datagram *d = calloc(1, sizeof *d);
	union address a = { 0 };
	socklen_t len = sizeof a;

	if (!d || getsockname(fd, &a.any, &len) < 0)
		goto fail;
	d->gate = g;
	d->fd = fd;
	d->family = a.any.sa_family;
	event_assign(&d->ev, g->r->base, fd, EV_READ | EV_PERSIST, read_cb, d);
	if (event_add(&d->ev, NULL) < 0)
		goto fail;
	g->datagram = d;
	return true;
fail:
	free(d);
	close(fd);
	return false;
}

void rs_datagram_close(struct rs_gate *g)
{
	if (!g->datagram)
		return;
	event_del(&g->datagram->ev);
	close(g->datagram->fd);
	free(g->datagram);
	g->datagram = NULL;
}

void rs_datagram_stop(struct rs_gate *g)
{
	if (g->datagram)
		event_del(&g->datagram->ev);
}

/* ---- addresses as text ---------------------------------------------------------------------------------------------------- */

static void to_peer(const union address *a, socklen_t len, struct rs_wire_peer *p)
{
	size_t n = len > offsetof(struct sockaddr_un, sun_path) ? len - offsetof(struct sockaddr_un, sun_path) : 0;

	*p = (struct rs_wire_peer){ 0 };
	if (a->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->in.sin_addr, p->address, sizeof p->address);
		p->port = ntohs(a->in.sin_port);
	} else if (a->any.sa_family == AF_INET6) {
		if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
			inet_ntop(AF_INET, a->in6.sin6_addr.s6_addr + 12, p->address, sizeof p->address);
		else
			inet_ntop(AF_INET6, &a->in6.sin6_addr, p->address, sizeof p->address);
		p->port = ntohs(a->in6.sin6_port);
	} else if (a->any.sa_family == AF_UNIX && n) {
		/* An abstract name begins with NUL and may hold others: it is cut at the next. */
		p->address[0] = a->un.sun_path[0] ? a->un.sun_path[0] : '@';
		for (size_t i = 1; i < n && a->un.sun_path[i] && i < sizeof p->address - 1; i++)
			p->address[i] = a->un.sun_path[i];
	}
}

/* 0: not an address of that family. */
static socklen_t from_peer(const struct rs_wire_peer *p, sa_family_t family, union address *a)
{
	size_t n = strlen(p->address);
	char mapped[sizeof p->address + 8];

	*a = (union address){ .any.sa_family = family };
	if (family == AF_INET && inet_pton(AF_INET, p->address, &a->in.sin_addr) == 1) {
		a->in.sin_port = htons(p->port);
		return sizeof a->in;
	}
	if (family == AF_INET6 && rs_fmt(mapped, sizeof mapped, "::ffff:%s", p->address) &&
	    (inet_pton(AF_INET6, p->address, &a->in6.sin6_addr) == 1 ||
	     inet_pton(AF_INET6, mapped, &a->in6.sin6_addr) == 1)) {
		a->in6.sin6_port = htons(p->port);
		return sizeof a->in6;
	}
	if (family != AF_UNIX || n == 0 || n >= sizeof a->un.sun_path)
		return 0;
	memcpy(a->un.sun_path, p->address, n);
	if (p->address[0] != '@')
		return (socklen_t)sizeof a->un;
	a->un.sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

/* ---- receiving ------------------------------------------------------------------------------------------------------------------ */

/* Too much waits already. */
static bool too_much(const struct rs_serve *s, const struct rs_seat *seat)
{
	return seat ? seat->waiting_bytes > WAITING_MAX : s->nqueued[RS_ROLE_WORKER] > UNBOUND_MAX;
}

static void received(struct rs_gate *g, const struct rs_wire_peer *from, struct rs_slice bytes)
{
	struct rs_reactor *r = g->r;
	struct rs_seat *seat = rs_dispatch_packet(r, from);
	struct rs_letter *l = NULL;

	r->serve->received += bytes.n;
	r->serve->stats_dirty = true;
	if (!rs_gate_wants(g, RS_EVENT_PACKET))
		return;
	if (!too_much(r->serve, seat))
		l = rs_letter_new(r, RS_EVENT_PACKET, NULL, rs_slice(from, sizeof *from), bytes);
	if (!l) {
		r->serve->aborted++;
		if (rs_serve_complain(r))
			rs_warnx(r->log, "workers do not keep up: datagrams are dropped");
		return;
	}
	l->h.port = g->index;
	l->h.a = g->index;
	if (seat)
		rs_letter_post(seat, l);
	else
		rs_letter_post_any(r, RS_ROLE_WORKER, l);
}

static void read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_datagram *d = arg;
	struct rs_reactor *r = d->gate->r;
	struct rs_wire_peer from;

	RS_CHECK(r, RS_REACTOR_MAGIC);
	(void)what;
	for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
		union address a = { 0 };
		socklen_t len = sizeof a;
		ssize_t n = recvfrom(fd, r->scratch, sizeof r->scratch, MSG_DONTWAIT, &a.any, &len);
		if (n < 0 && errno != ECONNREFUSED && errno != EINTR)
			return;
		if (n < 0)
			continue;
		to_peer(&a, len, &from);
		received(d->gate, &from, rs_slice(r->scratch, (size_t)n));
	}
}

/* ---- sending --------------------------------------------------------------------------------------------------------------------- */

static bool send_on(struct rs_datagram *d, const struct rs_wire_peer *to, struct rs_slice bytes)
{
	struct rs_reactor *r = d->gate->r;
	union address a;
	socklen_t len = from_peer(to, d->family, &a);
	ssize_t n;

	if (len == 0)
		return false;
	do {
		n = sendto(d->fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL, &a.any, len);
	} while (n < 0 && errno == EINTR);
	if (n >= 0) {
		r->serve->sent += (uint64_t)n;
		r->serve->stats_dirty = true;
	} else if (rs_serve_complain(r)) {
		rs_warn(r->log, "cannot send a datagram to %s:%u", to->address, to->port);
	}
	return true;
}

void rs_datagram_send(struct rs_reactor *r, const struct rs_wire_datagram *d, struct rs_slice bytes)
{
	struct rs_serve *s = r->serve;

	for (uint32_t i = 0; i < s->set.nports; i++) {
		struct rs_datagram *from = s->gate[i].datagram;
		if (from && (d->port == i || d->port == UINT32_MAX) && send_on(from, &d->to, bytes))
			return;
	}
	if (rs_serve_complain(r))
		rs_warnx(r->log, "no port can send a datagram to %s:%u", d->to.address, d->to.port);
}
