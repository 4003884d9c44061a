/*
 * TLS over a client's socket, as a wire (reactor_wire.h). Runs in the reactor; never blocks.
 *
 * OpenSSL reads the socket itself. What it has read and not yet given is in its buffers, and no event will speak of it:
 * tls_has_more(). A record that the kernel has not taken whole is tried again with the same bytes, which are still the first of
 * c->out (or of the file), maybe with more behind them; that is all that SSL_write() asks for.
 */
#include "reactor/reactor_tls_link.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_wire.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* So many messages without data (KeyUpdate, renegotiation) a client may send in a row: each costs more than it costs the client. */
#define ASIDES_MAX 32

/* ---- what both halves need ----------------------------------------------------------------------------------------------- */

void rs_tls_link_free(struct rs_tls_link *l)
{
	SSL_free(l->ssl);
	rs_tlsctx_unref(l->ctx);
	rs_buf_free(&l->vars);
	l->magic = 0;
	free(l);
	ERR_clear_error();
}

/* Emptying the list costs as much as a tenth of a record; looking whether there is anything in it, next to nothing. */
void rs_tls_link_clear(void)
{
	if (ERR_peek_error())
		ERR_clear_error();
}

/* Clients do all sorts of things: nothing of it is worth a warning. */
ssize_t rs_tls_link_judge(struct rs_conn *c, int rc)
{
	struct rs_tls_link *l = rs_tls_link_of(c);
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

/*
 * After a call that gave nothing: was that because of a message that is no data? OpenSSL comes back after each one (tls_rules.c), for
 * else a client that sends nothing else would keep it, and with it all others, for ever. false: nothing has come, or it has failed.
 */
static bool was_aside(struct rs_conn *c, int got)
{
	struct rs_tls_link *l = rs_tls_link_of(c);

	if (errno == EAGAIN || errno == EINTR || SSL_get_error(l->ssl, got) != SSL_ERROR_WANT_READ)
		return false;
	if (++l->asides <= ASIDES_MAX)
		return true;
	rs_debug(c->r->log, "client %s: TLS: too many messages without data", c->remote);
	l->error = errno = EPROTO;
	l->failed = l->ended = true;
	return false;
}

static ssize_t tls_read(struct rs_conn *c, void *to, size_t n)
{
	struct rs_tls_link *l = rs_tls_link_of(c);
	size_t all = 0;
	int got = 0;

	if (!l->shaken)
		return rs_tls_shake(c);
	if (l->failed) {
		errno = l->error;
		return -1;
	}
	rs_tls_link_clear();
	do {
		errno = 0;
		got = SSL_read(l->ssl, (char *)to + all, (int)(n - all));
		all += got > 0 ? (size_t)got : 0;
		l->asides = got > 0 ? 0 : l->asides;
	} while (got > 0 ? all < n && SSL_has_pending(l->ssl) : was_aside(c, got));
	if (got > 0 || (l->failed && all))
		return (ssize_t)all;
	if (l->failed)
		return -1;
	if (SSL_get_error(l->ssl, got) == SSL_ERROR_ZERO_RETURN) {
		l->ended = true;
		return (ssize_t)all;
	}
	l->reread = SSL_want(l->ssl) == SSL_WRITING;
	(void)rs_tls_link_judge(c, got);
	/* What came before the error counts; the error is told by the next call. */
	return all ? (ssize_t)all : -1;
}

static bool tls_has_more(const struct rs_conn *c)
{
	const struct rs_tls_link *l = rs_tls_link_of(c);

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
	struct rs_tls_link *l = rs_tls_link_of(c);
	int sent;

	if (l->failed) {
		errno = l->error;
		return -1;
	}
	rs_tls_link_clear();
	errno = 0;
	sent = SSL_write(l->ssl, p, (int)(n < RS_TLS_RECORD ? n : RS_TLS_RECORD));
	if (sent <= 0)
		return rs_tls_link_judge(c, sent);
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
	struct rs_tls_link *l = rs_tls_link_of(c);

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
	struct rs_tls_link *l = rs_tls_link_of(c);

	if (!reset)
		say_goodbye(c);
	/* Clients that just leave may resume their session nevertheless. */
	if (l->shaken && !l->failed)
		SSL_set_shutdown(l->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	rs_tls_link_free(l);
	c->wire_data = NULL;
	rs_wire_socket_close(c, reset);
}

const struct rs_wire rs_wire_tls = {
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
