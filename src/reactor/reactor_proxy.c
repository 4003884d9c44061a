/*
 * The PROXY protocol in front of a connection. Runs in the reactor. While the header comes, the connection has a wire and a protocol of its
 * own; then it goes back to what it was, as if it had just been accepted, from the client that the header names.
 *
 * Nothing behind the header is read: it may be a TLS handshake, whose bytes belong to another wire. So the wire looks at what has come
 * (MSG_PEEK), and takes what is the header's for sure.
 */
#include "reactor/reactor_proxy.h"

#include "http/http_proxy.h"
#include "reactor/reactor_accept.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_http.h"
#include "reactor/reactor_wire.h"

#include <stdlib.h>
#include <sys/socket.h>

/* Refused connections are complained about only so often. */
#define COMPLAIN_MS 1000

static const struct rs_wire proxy_wire;
static const struct rs_conn_protocol proxy_protocol;

static const char *peer_of(const struct rs_conn *c)
{
	return c->remote[0] ? c->remote : "unix:";
}

static void refuse(struct rs_conn *c, const char *why)
{
	struct rs_reactor *r = c->r;

	if (!r->accept.proxy_told_ms || rs_reactor_ms(r) - r->accept.proxy_told_ms >= COMPLAIN_MS) {
		rs_warnx(r->log, "client %s: PROXY protocol: %s, connection closed", peer_of(c), why);
		r->accept.proxy_told_ms = rs_reactor_ms(r);
	}
	r->n.refused++;
	rs_conn_close(c);
}

/* ---- the wire: bytes of the header only ------------------------------------------------------------------ */

static ssize_t proxy_read(struct rs_conn *c, void *to, size_t n)
{
	char all[RS_PROXY_HEADER_MAX + 1];
	struct rs_proxy_header h;
	const size_t kept = c->in.len;
	const char *why;
	ssize_t got;

	RS_ASSERT(kept < sizeof all);
	memcpy(all, rs_buf_data(&c->in), kept);
	got = recv(c->fd, all + kept, sizeof all - kept, MSG_PEEK);
	if (got <= 0)
		return got;
	if (rs_proxy_parse(all, kept + (size_t)got, &h, &why) == RS_OK)
		got = (ssize_t)(h.length - kept);
	return recv(c->fd, to, (size_t)got < n ? (size_t)got : n, 0);
}

static void proxy_close(struct rs_conn *c, bool reset)
{
	free(c->wire_data);
	c->wire_data = NULL;
	rs_wire_plain.close(c, reset);
}

static bool proxy_has_more(const struct rs_conn *c)
{
	(void)c;
	return false;
}

/* Nothing is written before the header is there. */
static const struct rs_wire proxy_wire = {
	.read = proxy_read,
	.close = proxy_close,
	.want_read = rs_wire_socket_want_read,
	.want_write = rs_wire_socket_want_write,
	.has_more = proxy_has_more,
};

/* ---- the protocol ------------------------------------------------------------------------------------------ */

static void take_addresses(struct rs_conn *c, const struct rs_proxy_header *h)
{
	if (h->kind == RS_PROXY_CLIENT) {
		memcpy(c->remote, h->source, sizeof c->remote);
		memcpy(c->local, h->destination, sizeof c->local);
		c->remote_port = h->source_port;
		c->local_port = h->destination_port;
	}
	/* What follows is the client's: it is believed if the client, too, is one of trusted_proxies. The proxy itself is. */
	c->stranger = h->kind == RS_PROXY_UNKNOWN;
	c->tls_ended = h->tls;
	c->trusted_serial = c->r->conf_serial - 1;
}

/* As it was when it was accepted, but for the addresses. */
static void go_on(struct rs_conn *c, const struct rs_proxy_header *h)
{
	struct rs_proxy_next next;

	memcpy(&next, c->wire_data, sizeof next);
	free(c->wire_data);
	c->wire_data = NULL;
	c->wire = &rs_wire_plain;
	c->protocol = &rs_http_protocol;
	c->state = RS_CONN_IDLE;
	take_addresses(c, h);
	rs_conn_deadline(c, c->r->conf->header_timeout);
	rs_accept_greet(c, next.gate, next.listen_fd, next.tls);
}

static size_t proxy_input(struct rs_conn *c, const char *p, size_t n)
{
	struct rs_proxy_header h;
	const char *why;

	switch (rs_proxy_parse(p, n, &h, &why)) {
	case RS_OK:
		RS_ASSERT(h.length == n);
		go_on(c, &h);
		return n;
	case RS_AGAIN:
		c->state = RS_CONN_HEAD;
		return 0;
	default:
		refuse(c, why);
		return n;
	}
}

static bool proxy_hungry(const struct rs_conn *c)
{
	return c->state == RS_CONN_IDLE || c->state == RS_CONN_HEAD;
}

/* A health check that only connects is nothing to speak of. */
static void proxy_eof(struct rs_conn *c)
{
	if (c->in.len)
		refuse(c, "the header is cut off");
	else
		rs_conn_close(c);
}

static void proxy_late(struct rs_conn *c)
{
	refuse(c, "no header within header_timeout");
}

static const struct rs_conn_protocol proxy_protocol = {
	.input = proxy_input,
	.hungry = proxy_hungry,
	.eof = proxy_eof,
	.late = proxy_late,
};

void rs_proxy_welcome(struct rs_conn *c, const struct rs_proxy_next *next)
{
	if (!rs_conn_trusted(c)) {
		refuse(c, "not in trusted_proxies");
		return;
	}
	c->wire_data = malloc(sizeof *next);
	if (!c->wire_data) {
		rs_conn_close(c);
		return;
	}
	memcpy(c->wire_data, next, sizeof *next);
	c->wire = &proxy_wire;
	c->protocol = &proxy_protocol;
}
