/*
 * How a connection that speaks TLS begins: its handshake, and what PHP is told of it. Its bytes: reactor_tls_wire.c. Runs in the
 * reactor; never blocks.
 */
#include "reactor/reactor_tls.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_h2.h"
#include "reactor/reactor_http.h"
#include "reactor/reactor_idle.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_session.h"
#include "reactor/reactor_tls_link.h"
#include "reactor/reactor_wire.h"

#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

/* ---- the handshake ------------------------------------------------------------------------------------------------------------ */

/* Somebody speaks plain HTTP here: it can be told. */
static void answer_plain(struct rs_conn *c)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
				     "Content-Type: text/html\r\nContent-Length: 118\r\nConnection: close\r\n\r\n"
				     "<!DOCTYPE html>\n<title>400 Bad Request</title>\n"
				     "<h1>400 Bad Request</h1>\nThe plain HTTP request was sent to HTTPS port\n";
	struct rs_tls_link *l = rs_tls_link_of(c);
	const bool http = !l->gate || l->gate->set.protocol != RS_PORT_STREAM;
	struct iovec iov = { (void *)(uintptr_t)answer, sizeof answer - 1 };

	rs_debug(c->r->log, "client %s: plain text on a TLS port", c->remote);
	rs_idle_remove(c);
	rs_tls_link_free(l);
	c->wire_data = NULL;
	c->wire = &rs_wire_plain;
	if (!http) {
		rs_conn_close(c);
		return;
	}
	c->protocol = &rs_http_protocol;
	c->state = RS_CONN_SEND;
	c->keepalive = false;
	c->linger = true;
	rs_conn_deadline(c, 0);
	if (rs_conn_write(c, &iov, 1))
		rs_conn_answer_ends(c);
}

/* A handshake begins with a byte that is no letter, and every method with one that is. */
static bool is_plain(struct rs_conn *c)
{
	struct rs_tls_link *l = rs_tls_link_of(c);
	unsigned char first = 0;

	if (l->peeked || recv(c->fd, &first, 1, MSG_PEEK) != 1)
		return false;
	l->peeked = true;
	return isalpha(first);
}

/* What is spoken on a port, as rs_tlsctx_accept() wants it. */
static const struct rs_slice *protocols_of(const struct rs_reactor *r, const struct rs_gate *gate)
{
	static const struct rs_slice http = { "\x08http/1.1\x08http/1.0", 18 }, http2 = { "\x02h2\x08http/1.1\x08http/1.0", 21 };

	if (gate && gate->set.protocol == RS_PORT_STREAM)
		return NULL;
	return rs_h2conn_wanted(r, gate) ? &http2 : &http;
}

/* The handshake is over: from here on it is a connection as others are. c may be closed. */
static void established(struct rs_conn *c)
{
	struct rs_tls_link *l = rs_tls_link_of(c);

	l->shaken = true;
	c->secure = true;
	rs_conn_unwant_write(c);
	rs_conn_resume(c);
	c->protocol = &rs_http_protocol;
	rs_conn_deadline(c, c->r->conf->header_timeout);
	if (l->gate && !rs_guest_new(c, l->gate, l->listen_fd))
		return;
	if (rs_tls_chose(c, "h2"))
		(void)rs_h2conn_begin(c);
}

ssize_t rs_tls_shake(struct rs_conn *c)
{
	struct rs_tls_link *l = rs_tls_link_of(c);
	int rc;

	if (l->failed) {
		errno = l->error;
		return -1;
	}
	if (is_plain(c)) {
		answer_plain(c);
		errno = EAGAIN;
		return -1;
	}
	rs_tls_link_clear();
	errno = 0;
	rc = SSL_do_handshake(l->ssl);
	if (rc != 1) {
		bool room = SSL_want(l->ssl) == SSL_WRITING;
		(void)rs_tls_link_judge(c, rc);
		if (room && !l->failed)
			rs_conn_want_write(c);
		return -1;
	}
	established(c);
	/* The first request may have come with the last message. */
	if (c->state != RS_CONN_CLOSED && c->wire == &rs_wire_tls && c->wire->has_more(c) && !c->read_paused)
		event_active(&c->ev_read, EV_READ, 0);
	errno = EAGAIN;
	return -1;
}

static size_t no_input(struct rs_conn *c, const char *p, size_t n)
{
	(void)c, (void)p, (void)n;
	return 0;
}

static bool always_hungry(const struct rs_conn *c)
{
	(void)c;
	return true;
}

/* There is room for what the handshake has to say. */
static void go_on(struct rs_conn *c)
{
	rs_conn_unwant_write(c);
	if (rs_tls_shake(c) < 0 && c->state != RS_CONN_CLOSED && errno != EAGAIN)
		rs_conn_fail(c, errno);
}

static void too_slow(struct rs_conn *c)
{
	rs_debug(c->r->log, "client %s: TLS handshake took too long", c->remote);
	rs_conn_close(c);
}

static const struct rs_conn_protocol handshake_protocol = {
	.input = no_input,
	.hungry = always_hungry,
	.eof = rs_conn_close,
	.late = too_slow,
	.written = go_on,
};

bool rs_tls_welcome(struct rs_conn *c, struct rs_gate *gate, int listen_fd)
{
	struct rs_tlsctx *ctx = rs_tls_of_port(c->r, gate ? gate->index : 0);
	struct rs_tls_link *l = ctx ? calloc(1, sizeof *l) : NULL;

	if (!l) {
		rs_conn_close(c);
		return false;
	}
	*l = (struct rs_tls_link){ .magic = RS_TLS_LINK_MAGIC, .ctx = rs_tlsctx_ref(ctx), .gate = gate, .listen_fd = listen_fd };
	l->ssl = rs_tlsctx_accept(ctx, protocols_of(c->r, gate));
	if (!l->ssl || SSL_set_fd(l->ssl, c->fd) != 1) {
		rs_tls_link_free(l);
		rs_conn_close(c);
		return false;
	}
	c->wire = &rs_wire_tls;
	c->wire_data = l;
	c->protocol = &handshake_protocol;
	rs_conn_deadline(c, c->r->conf->ssl_handshake_timeout);
	return true;
}

/* ---- $_SERVER ------------------------------------------------------------------------------------------------------------------ */

static struct rs_slice variables_of(struct rs_conn *c)
{
	struct rs_tls_link *l = rs_tls_link_of(c);

	if (l->vars.len)
		return rs_buf_slice(&l->vars);
	if (!rs_tls_describe_peer(l->ssl, &l->vars))
		rs_buf_free(&l->vars);
	return rs_buf_slice(&l->vars);
}

bool rs_tls_chose(const struct rs_conn *c, const char *protocol)
{
	const unsigned char *p = NULL;
	unsigned n = 0;

	if (c->wire == &rs_wire_tls)
		SSL_get0_alpn_selected(rs_tls_link_of(c)->ssl, &p, &n);
	return rs_slice_eq(rs_slice(p, n), rs_slice_str(protocol));
}

struct rs_slice rs_tls_variables(struct rs_conn *c)
{
	if (c->wire->under)
		c = c->wire->under(c);
	return c->wire == &rs_wire_tls && rs_tls_link_of(c)->shaken ? variables_of(c) : RS_SLICE("");
}

struct rs_slice rs_tls_certificate(struct rs_conn *c)
{
	const struct rs_slice all = c->secure ? rs_tls_variables(c) : RS_SLICE("");

	for (const char *name = all.p, *end = all.p + all.n; name < end;) {
		const char *value = name + strlen(name) + 1;

		if (strcmp(name, "SSL_CLIENT_CERT") == 0)
			return rs_slice_str(value);
		name = value + strlen(value) + 1;
	}
	return RS_SLICE("");
}
