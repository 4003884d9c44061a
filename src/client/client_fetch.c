/*
 * A connection that carries requests: to whom, through what, and what is on it. Reading answers is client_fetch_answer.c.
 */
#include "client/client_fetch.h"

#include <errno.h>
#include <stdlib.h>

#include "client/client_resolve.h"
#include "http/http_ask.h"

#define BOTH (RS_WATCH_READ | RS_WATCH_WRITE)
#define PATH_PREFIX RS_SLICE("unix:")

/* ---- whom to ask ------------------------------------------------------------------------------------------------- */

static bool is_path(struct rs_slice host)
{
	return host.n > PATH_PREFIX.n && rs_slice_eq(rs_slice(host.p, PATH_PREFIX.n), PATH_PREFIX);
}

/* The path: "unix:/run/x", "unix:///run/x" and "unix://run/x" (which is what people write) all mean /run/x. */
static struct rs_slice path_of(struct rs_slice host)
{
	host = rs_slice(host.p + PATH_PREFIX.n, host.n - PATH_PREFIX.n);
	while (host.n > 1 && host.p[0] == '/' && host.p[1] == '/')
		host = rs_slice(host.p + 1, host.n - 1);
	return host;
}

static struct rs_slice without_brackets(struct rs_slice host)
{
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return rs_slice(host.p + 1, host.n - 2);
	return host;
}

bool rs_fetch_host_ok(struct rs_slice host)
{
	if (is_path(host))
		return path_of(host).n < sizeof((struct sockaddr_un){ 0 }.sun_path) && !memchr(host.p, 0, host.n);
	return rs_http_ask_host_ok(without_brackets(host));
}

bool rs_fetch_init(struct rs_fetch *f, struct rs_slice host, int port, bool tls, rs_wait_fn *wait)
{
	*f = (struct rs_fetch){ .port = port, .tls = tls, .path = is_path(host) };
	rs_client_init(&f->c, RS_CLIENT_TCP, tls);
	f->c.sock.wait = wait;
	host = f->path ? path_of(host) : without_brackets(host);
	f->host = strndup(host.p, host.n);
	return f->host;
}

void rs_fetch_free(struct rs_fetch *f)
{
	rs_fetch_close(f);
	free(f->host);
	f->host = NULL;
}

/* ---- the connection ---------------------------------------------------------------------------------------------- */

bool rs_fetch_is_open(const struct rs_fetch *f)
{
	return rs_client_is_open(&f->c);
}

void rs_fetch_close(struct rs_fetch *f)
{
	rs_client_close(&f->c);
	f->upgraded = f->forward = false;
	f->answered = 0;
}

bool rs_fetch_reusable(struct rs_fetch *f)
{
	struct rs_wait_item item = { .fd = f->c.sock.fd, .want = RS_WATCH_READ };

	if (!rs_fetch_is_open(f))
		return false;
	/* Nothing may come before it is asked for: bytes that are there already would be taken for the next answer. */
	if (f->c.in.len == 0 && rs_sock_alive(&f->c.sock) && (f->c.sock.tls || rs_wait_many(&item, 1, 0) == 0))
		return true;
	rs_fetch_close(f);
	return false;
}

/* A name may have addresses of one family only, which is found out by asking. */
static bool connect_either(struct rs_fetch *f, const struct rs_client_conf *conf, struct rs_slice host, int port)
{
	const char *first = conf->proxy.kind != RS_PROXY_NONE ? conf->proxy.host : host.p;
	rs_wait_fn *wait = f->c.sock.wait;
	void *wait_arg = f->c.sock.wait_arg;
	enum rs_client_kind kind = f->path ? RS_CLIENT_UNIX_STREAM : strchr(first, ':') ? RS_CLIENT_TCP6 : RS_CLIENT_TCP;

	for (;;) {
		rs_client_close(&f->c);
		rs_client_init(&f->c, kind, f->tls);
		f->c.sock.wait = wait;
		f->c.sock.wait_arg = wait_arg;
		if (rs_client_connect(&f->c, conf, host, port, false))
			return true;
		if (kind != RS_CLIENT_TCP || f->c.sock.error != RS_RESOLVE_FAILED)
			return false;
		kind = RS_CLIENT_TCP6;
	}
}

bool rs_fetch_forwards(const struct rs_fetch *f, const struct rs_client_conf *conf, bool tunnel)
{
	return conf->proxy.kind == RS_PROXY_HTTP && !f->tls && !tunnel && !f->path;
}

enum rs_fetch_end rs_fetch_connect(struct rs_fetch *f, const struct rs_client_conf *conf, bool tunnel)
{
	struct rs_client_conf own = *conf; /* borrows its strings */
	bool forward = rs_fetch_forwards(f, conf, tunnel);
	const char *host = f->host;
	int port = f->port;

	RS_ASSERT(f->c.sock.fd < 0);
	if (forward) {
		own.proxy.kind = RS_PROXY_NONE;
		host = conf->proxy.host;
		port = conf->proxy.port;
	}
	if (f->path)
		own.proxy.kind = RS_PROXY_NONE;
	/* A certificate is the host's, also where that is an IP. */
	if (!own.tls.host_name && !f->path)
		own.tls.host_name = f->host;
	if (!connect_either(f, &own, rs_slice_str(host), port))
		return RS_FETCH_CONNECT;
	f->forward = forward;
	f->answered = 0;
	f->upgraded = f->heard = false;
	return RS_FETCH_OK;
}

/* ---- the request ------------------------------------------------------------------------------------------------- */

static bool send_part(struct rs_fetch *f, const struct rs_client_conf *conf, const struct rs_fetch_part *part)
{
	struct rs_sock *s = &f->c.sock;

	if (part->file)
		return rs_sock_sendfile(s, part->file, part->offset, part->length, conf->write_ms);
	return rs_sock_send_all(s, part->bytes.p, part->bytes.n, 0, conf->write_ms) == part->bytes.n;
}

enum rs_fetch_end rs_fetch_send(struct rs_fetch *f, const struct rs_client_conf *conf, const struct rs_fetch_part *parts, size_t n)
{
	bool ok = rs_sock_enter(&f->c.sock, BOTH);

	if (!ok)
		return RS_FETCH_SEND;
	f->heard = false;
	for (size_t i = 0; ok && i < n; i++)
		ok = send_part(f, conf, &parts[i]);
	rs_client_leave(&f->c, BOTH);
	if (ok)
		return RS_FETCH_OK;
	return f->c.sock.error == ETIMEDOUT ? RS_FETCH_TIMEOUT : RS_FETCH_SEND;
}
