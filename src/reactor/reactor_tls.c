/*
 * TLS over a client's socket. Runs in the reactor; never blocks.
 *
 * OpenSSL reads the socket itself. What it has read and not yet given is in its buffers, and no event will speak of it:
 * tls_has_more(). A record that the kernel has not taken whole is tried again with the same bytes, which are still the first of
 * c->out (or of the file), maybe with more behind them; that is all that SSL_write() asks for.
 */
#include "reactor/reactor_tls.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_h2.h"
#include "reactor/reactor_http.h"
#include "reactor/reactor_idle.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_session.h"
#include "reactor/reactor_wire.h"

#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK_MAGIC 0x746c736cu

/* Of a connection. Owner: its wire, until close(). */
struct rs_tls_link {
	uint32_t magic;
	bool shaken;           /* the handshake is over */
	bool failed;           /* OpenSSL may not be asked for anything any more */
	bool ended;            /* the client has said that nothing follows, or there was an error: read() says so next */
	bool reread;           /* reading waits for room to write */
	bool peeked;
	int error;             /* errno of what failed */
	SSL *ssl;
	struct rs_tlsctx *ctx;
	struct rs_gate *gate;
	int listen_fd;
	struct rs_buf vars;    /* kept when there is a client's certificate */
};

static const struct rs_conn_protocol handshake_protocol;
static const struct rs_wire rs_wire_tls;

static struct rs_tls_link *link_of(const struct rs_conn *c)
{
	struct rs_tls_link *l = c->wire_data;

	RS_CHECK(l, LINK_MAGIC);
	return l;
}

static void link_free(struct rs_tls_link *l)
{
	SSL_free(l->ssl);
	rs_tlsctx_unref(l->ctx);
	rs_buf_free(&l->vars);
	l->magic = 0;
	free(l);
	ERR_clear_error();
}

/* ---- what OpenSSL says -------------------------------------------------------------------------------------------------- */

/* Always -1, errno: EAGAIN, or why it has failed for good. Clients do all sorts of things: nothing of it is worth a warning. */
static ssize_t judge(struct rs_conn *c, int rc)
{
	struct rs_tls_link *l = link_of(c);
	const int saved = errno;
	unsigned long code;

	switch (SSL_get_error(l->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_SYSCALL:
		l->error = saved ? saved : ECONNRESET;
		break;
	default:
		code = ERR_peek_error();
		rs_debug(c->r->log, "client %s: TLS: %s", c->remote, code ? ERR_reason_error_string(code) : "failed");
		l->error = EPROTO;
	}
	ERR_clear_error();
	l->failed = l->ended = true;
	errno = l->error;
	return -1;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------- */

static ssize_t shake(struct rs_conn *c);

static ssize_t tls_read(struct rs_conn *c, void *to, size_t n)
{
	struct rs_tls_link *l = link_of(c);
	size_t all = 0;
	int got = 0;

	if (!l->shaken)
		return shake(c);
	if (l->failed) {
		errno = l->error;
		return -1;
	}
	ERR_clear_error();
	do {
		errno = 0;
		got = SSL_read(l->ssl, (char *)to + all, (int)(n - all));
		all += got > 0 ? (size_t)got : 0;
	} while (got > 0 && all < n && SSL_has_pending(l->ssl));
	if (got > 0)
		return (ssize_t)all;
	if (SSL_get_error(l->ssl, got) == SSL_ERROR_ZERO_RETURN) {
		l->ended = true;
		return (ssize_t)all;
	}
	l->reread = SSL_want(l->ssl) == SSL_WRITING;
	(void)judge(c, got);
	/* What came before the error counts; the error is told by the next call. */
	return all ? (ssize_t)all : -1;
}

static bool tls_has_more(const struct rs_conn *c)
{
	const struct rs_tls_link *l = link_of(c);

	return l->ended || (l->shaken && SSL_has_pending(l->ssl));
}

static bool tls_want_read(struct rs_conn *c, bool on)
{
	if (!rs_wire_socket_want_read(c, on))
		return false;
	if (on && tls_has_more(c))
		event_active(&c->ev_read, EV_READ, 0);
	return true;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------- */

/* One record at most. */
static ssize_t put(struct rs_conn *c, const void *p, size_t n)
{
	struct rs_tls_link *l = link_of(c);
	int sent;

	if (l->failed) {
		errno = l->error;
		return -1;
	}
	ERR_clear_error();
	errno = 0;
	sent = SSL_write(l->ssl, p, (int)(n < RS_TLS_RECORD ? n : RS_TLS_RECORD));
	if (sent <= 0)
		return judge(c, sent);
	if (l->reread) {
		l->reread = false;
		event_active(&c->ev_read, EV_READ, 0);
	}
	return sent;
}

/* Bytes of iov from skip on, at most a record: in one piece as they lie there, or put together. */
static struct rs_slice gather(struct rs_conn *c, const struct iovec *iov, int n, size_t skip)
{
	char *record = c->r->tls.record;
	size_t have = 0;

	for (int i = 0; i < n && have < RS_TLS_RECORD; i++) {
		const char *p = (const char *)iov[i].iov_base + (skip < iov[i].iov_len ? skip : iov[i].iov_len);
		size_t left = skip < iov[i].iov_len ? iov[i].iov_len - skip : 0;
		skip -= skip < iov[i].iov_len ? skip : iov[i].iov_len;
		if (have == 0 && (left >= RS_TLS_RECORD || i == n - 1))
			return rs_slice(p, left < RS_TLS_RECORD ? left : RS_TLS_RECORD);
		if (left > RS_TLS_RECORD - have)
			left = RS_TLS_RECORD - have;
		if (left)
			memcpy(record + have, p, left);
		have += left;
	}
	return rs_slice(record, have);
}

static ssize_t tls_write(struct rs_conn *c, struct iovec *iov, int n)
{
	size_t all = 0;
	ssize_t sent;

	for (;;) {
		struct rs_slice piece = gather(c, iov, n, all);
		if (piece.n == 0)
			return (ssize_t)all;
		sent = put(c, piece.p, piece.n);
		if (sent < 0)
			return all ? (ssize_t)all : -1;
		all += (size_t)sent;
	}
}

static ssize_t tls_flush(struct rs_conn *c, size_t most)
{
	size_t all = 0, have;

	while (all < most && (have = evbuffer_get_length(c->out)) > 0) {
		size_t n = have < RS_TLS_RECORD ? have : RS_TLS_RECORD;
		const void *p = evbuffer_pullup(c->out, (ev_ssize_t)n);
		ssize_t sent = p ? put(c, p, n) : -1;

		if (!p)
			errno = ENOMEM;
		if (sent < 0)
			return all ? (ssize_t)all : -1;
		evbuffer_drain(c->out, (size_t)sent);
		all += (size_t)sent;
	}
	return (ssize_t)all;
}

static ssize_t tls_send_file(struct rs_conn *c, int fd, off_t *at, size_t n)
{
	char *record = c->r->tls.record;
	size_t all = 0;

	while (all < n) {
		size_t want = n - all < RS_TLS_RECORD ? n - all : RS_TLS_RECORD;
		ssize_t got = pread(fd, record, want, *at), sent;

		if (got <= 0)
			return all ? (ssize_t)all : got;
		sent = put(c, record, (size_t)got);
		if (sent < 0)
			return all ? (ssize_t)all : -1;
		*at += sent;
		all += (size_t)sent;
	}
	return (ssize_t)all;
}

/* ---- the end ----------------------------------------------------------------------------------------------------------------- */

/* close_notify, if the kernel takes it now. Not between the parts of a record. */
static void say_goodbye(struct rs_conn *c)
{
	struct rs_tls_link *l = link_of(c);

	if (!l->shaken || l->failed || rs_conn_pending(c) || (SSL_get_shutdown(l->ssl) & SSL_SENT_SHUTDOWN))
		return;
	ERR_clear_error();
	(void)SSL_shutdown(l->ssl);
	ERR_clear_error();
}

static bool tls_shut(struct rs_conn *c)
{
	say_goodbye(c);
	return shutdown(c->fd, SHUT_WR) == 0;
}

static void tls_close(struct rs_conn *c, bool reset)
{
	struct rs_tls_link *l = link_of(c);

	if (!reset)
		say_goodbye(c);
	/* Clients that just leave may resume their session nevertheless. */
	if (l->shaken && !l->failed)
		SSL_set_shutdown(l->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	link_free(l);
	c->wire_data = NULL;
	rs_wire_socket_close(c, reset);
}

static const struct rs_wire rs_wire_tls = {
	.read = tls_read,
	.write = tls_write,
	.flush = tls_flush,
	.send_file = tls_send_file,
	.shut = tls_shut,
	.close = tls_close,
	.want_read = tls_want_read,
	.want_write = rs_wire_socket_want_write,
	.has_more = tls_has_more,
};

/* ---- the handshake ------------------------------------------------------------------------------------------------------------ */

/* Somebody speaks plain HTTP here: it can be told. */
static void answer_plain(struct rs_conn *c)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
				     "Content-Type: text/html\r\nContent-Length: 118\r\nConnection: close\r\n\r\n"
				     "<!DOCTYPE html>\n<title>400 Bad Request</title>\n"
				     "<h1>400 Bad Request</h1>\nThe plain HTTP request was sent to HTTPS port\n";
	struct rs_tls_link *l = link_of(c);
	const bool http = !l->gate || l->gate->set.protocol != RS_PORT_STREAM;
	struct iovec iov = { (void *)(uintptr_t)answer, sizeof answer - 1 };

	rs_debug(c->r->log, "client %s: plain text on a TLS port", c->remote);
	rs_idle_remove(c);
	link_free(l);
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
	struct rs_tls_link *l = link_of(c);
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
	struct rs_tls_link *l = link_of(c);

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

/* Goes on with the handshake. Always -1 and errno; after the last step c is what it is to be, or closed. */
static ssize_t shake(struct rs_conn *c)
{
	struct rs_tls_link *l = link_of(c);
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
	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(l->ssl);
	if (rc != 1) {
		bool room = SSL_want(l->ssl) == SSL_WRITING;
		(void)judge(c, rc);
		if (room && !l->failed)
			rs_conn_want_write(c);
		return -1;
	}
	established(c);
	/* The first request may have come with the last message. */
	if (c->state != RS_CONN_CLOSED && c->wire == &rs_wire_tls && tls_has_more(c) && !c->read_paused)
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
	if (shake(c) < 0 && c->state != RS_CONN_CLOSED && errno != EAGAIN)
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
	*l = (struct rs_tls_link){ .magic = LINK_MAGIC, .ctx = rs_tlsctx_ref(ctx), .gate = gate, .listen_fd = listen_fd };
	l->ssl = rs_tlsctx_accept(ctx, protocols_of(c->r, gate));
	if (!l->ssl || SSL_set_fd(l->ssl, c->fd) != 1) {
		link_free(l);
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
	struct rs_tls_link *l = link_of(c);

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
		SSL_get0_alpn_selected(link_of(c)->ssl, &p, &n);
	return rs_slice_eq(rs_slice(p, n), rs_slice_str(protocol));
}

struct rs_slice rs_tls_variables(struct rs_conn *c)
{
	if (c->wire->under)
		c = c->wire->under(c);
	return c->wire == &rs_wire_tls && link_of(c)->shaken ? variables_of(c) : RS_SLICE("");
}
