/*
 * Connecting: one address, or every one that a name has; and TLS on top.
 */
#include "client/client_socket.h"

#include <errno.h>

#include "client/client_resolve.h"

/* How long a Unix stream whose backlog is full is left alone before the next try: there is nothing to poll for. */
#define UNIX_PAUSE_MS 5

static enum rs_result unix_full(struct rs_sock *s, const struct rs_sock_addr *a, int64_t until);
static bool resolve(struct rs_sock *s, struct rs_resolve *r, int64_t until);

enum rs_result rs_sock_connect(struct rs_sock *s, const struct rs_sock_addr *a, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);

	if (connect(s->fd, &a->sa, a->len) == 0)
		return RS_OK;
	if (errno == EAGAIN && s->family == AF_UNIX && timeout_ms != 0)
		return unix_full(s, a, until);
	if (errno != EINPROGRESS && errno != EINTR) {
		rs_sock_fail(s, errno);
		return RS_ERR;
	}
	if (timeout_ms == 0)
		return RS_AGAIN;
	return rs_sock_wait(s, RS_WATCH_WRITE, rs_deadline_left(until)) && rs_sock_connected(s) ? RS_OK : RS_ERR;
}

static enum rs_result unix_full(struct rs_sock *s, const struct rs_sock_addr *a, int64_t until)
{
	while (connect(s->fd, &a->sa, a->len) < 0) {
		int64_t left = rs_deadline_left(until);

		if (errno != EAGAIN || left == 0) {
			rs_sock_fail(s, errno == EAGAIN ? ETIMEDOUT : errno);
			return RS_ERR;
		}
		switch (s->wait(s->wait_arg, -1, 0, left < 0 || left > UNIX_PAUSE_MS ? UNIX_PAUSE_MS : left)) {
		case RS_WAIT_READY:
		case RS_WAIT_TIMEOUT:
			if (!s->closing)
				break;
			rs_sock_fail(s, RS_SOCK_CLOSED);
			return RS_ERR;
		case RS_WAIT_CANCELLED:
			rs_sock_fail(s, ECANCELED);
			return RS_ERR;
		case RS_WAIT_FAILED:
			rs_sock_fail(s, errno);
			return RS_ERR;
		}
	}
	return RS_OK;
}

bool rs_sock_connected(struct rs_sock *s)
{
	int error = 0;
	size_t n = sizeof error;

	if (!rs_sock_get(s, SOL_SOCKET, SO_ERROR, &error, &n))
		return false;
	return error == 0 || rs_sock_fail(s, error);
}

/* Each address in turn. A stream that failed to connect is made new by connecting it to nothing (connect(2)). */
static enum rs_result connect_list(struct rs_sock *s, const struct rs_sock_addr *list, size_t n, int port, bool at_once,
				   int64_t until, struct rs_sock_addr *remote)
{
	const struct sockaddr nothing = { .sa_family = AF_UNSPEC };
	enum rs_result rc = RS_ERR;

	for (size_t i = 0; i < n && rc == RS_ERR; i++) {
		int64_t left = rs_deadline_left(until);

		if (i && connect(s->fd, &nothing, sizeof nothing) < 0)
			break;
		if (left == 0 && !at_once) {
			rs_sock_fail(s, ETIMEDOUT);
			break;
		}
		*remote = list[i];
		rs_sock_addr_port(remote, port);
		rc = rs_sock_connect(s, remote, at_once ? 0 : left);
		if (rc == RS_ERR && (s->error == ECANCELED || s->closing))
			break;
	}
	return rc;
}

enum rs_result rs_sock_connect_host(struct rs_sock *s, struct rs_slice host, int port, int64_t timeout_ms, bool at_once,
				    struct rs_sock_addr *remote)
{
	int64_t until = rs_deadline(timeout_ms);
	const struct rs_sock_addr *list;
	enum rs_result rc = RS_ERR;
	struct rs_resolve *r;
	size_t n;

	if (rs_sock_addr_set(remote, s->family, host, port))
		return connect_list(s, remote, 1, port, at_once, until, remote);
	if (s->family == AF_UNIX || errno != EINVAL || port < 0 || port > 65535) {
		rs_sock_fail(s, errno);
		return RS_ERR;
	}
	r = rs_resolve_start(host, s->family);
	if (!r) {
		rs_sock_fail(s, errno);
		return RS_ERR;
	}
	if (resolve(s, r, until)) {
		n = rs_resolve_list(r, &list);
		rs_sock_fail(s, RS_RESOLVE_FAILED);
		rc = connect_list(s, list, n, port, at_once, until, remote);
	}
	rs_resolve_free(r);
	return rc;
}

/* Waits for the answer. */
static bool resolve(struct rs_sock *s, struct rs_resolve *r, int64_t until)
{
	while (!rs_resolve_done(r)) {
		switch (s->wait(s->wait_arg, rs_resolve_fd(r), RS_WATCH_READ, rs_deadline_left(until))) {
		case RS_WAIT_READY:
			if (s->closing)
				return rs_sock_fail(s, RS_SOCK_CLOSED);
			continue;
		case RS_WAIT_TIMEOUT:
			return rs_sock_fail(s, ETIMEDOUT);
		case RS_WAIT_CANCELLED:
			return rs_sock_fail(s, ECANCELED);
		case RS_WAIT_FAILED:
			return rs_sock_fail(s, errno);
		}
	}
	return true;
}

bool rs_sock_lookup(struct rs_sock *s, struct rs_slice host, int port, int64_t timeout_ms, struct rs_sock_addr *out)
{
	const struct rs_sock_addr *list;
	struct rs_resolve *r;
	bool ok;

	if (rs_sock_addr_set(out, s->family, host, port))
		return true;
	if (s->family == AF_UNIX || errno != EINVAL || port < 0 || port > 65535)
		return rs_sock_fail(s, errno);
	r = rs_resolve_start(host, s->family);
	if (!r)
		return rs_sock_fail(s, errno);
	ok = resolve(s, r, rs_deadline(timeout_ms));
	if (ok && rs_resolve_list(r, &list) == 0)
		ok = rs_sock_fail(s, RS_RESOLVE_FAILED);
	if (ok) {
		*out = list[0];
		rs_sock_addr_port(out, port);
	}
	rs_resolve_free(r);
	return ok;
}

bool rs_sock_start_tls(struct rs_sock *s, const struct rs_tls_conf *conf, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);
	enum rs_result rc;
	unsigned events;

	if (!rs_sock_tls_begin(s, conf))
		return false;
	while ((rc = rs_sock_tls_step(s, conf, &events)) == RS_AGAIN)
		if (!rs_sock_wait(s, events, rs_deadline_left(until)))
			return false;
	return rc == RS_OK;
}

bool rs_sock_accept_tls(struct rs_sock *s, struct rs_tlsctx *ctx, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);
	enum rs_result rc;
	unsigned events;
	int error;

	RS_ASSERT(!s->tls);
	s->tls = rs_tls_accept(s->fd, ctx);
	if (!s->tls)
		return rs_sock_fail(s, ENOMEM);
	while ((rc = rs_tls_handshake(s->tls, &events, &error)) == RS_AGAIN)
		if (!rs_sock_wait(s, events, rs_deadline_left(until)))
			return false;
	return rc == RS_OK || rs_sock_fail(s, rc == RS_ERR ? error : ECONNRESET);
}

bool rs_sock_tls_begin(struct rs_sock *s, const struct rs_tls_conf *conf)
{
	char *why;

	RS_ASSERT(!s->tls);
	s->tls = rs_tls_new(s->fd, conf, &why);
	if (s->tls)
		return true;
	rs_sock_fail_why(s, why ? RS_TLS_NOT_READY : ENOMEM, why);
	s->why_owned = why;
	return false;
}

enum rs_result rs_sock_tls_step(struct rs_sock *s, const struct rs_tls_conf *conf, unsigned *events)
{
	const char *wrong;
	int error;

	switch (rs_tls_handshake(s->tls, events, &error)) {
	case RS_AGAIN:
		return RS_AGAIN;
	case RS_OK:
		break;
	case RS_DONE:
	case RS_ERR:
		rs_sock_fail(s, error);
		return RS_ERR;
	}
	wrong = conf->verify_peer ? rs_tls_verify(s->tls, conf->allow_self_signed) : NULL;
	if (!wrong)
		return RS_OK;
	rs_sock_fail_why(s, RS_TLS_VERIFY_FAILED, wrong);
	return RS_ERR;
}
