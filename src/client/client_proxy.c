/*
 * SOCKS5 and HTTP CONNECT, client side.
 */
#include "client/client_proxy.h"

#include <errno.h>

#include "base/rs_buf.h"
#include "http/http_ask.h"

#define SOCKS_VERSION 5
#define SOCKS_NO_AUTH 0
#define SOCKS_PASSWORD 2
#define SOCKS_CONNECT 1
enum { SOCKS_IPV4 = 1, SOCKS_NAME = 3, SOCKS_IPV6 = 4 };

/* Bytes of an HTTP proxy's answer. */
#define ANSWER_MAX 8192

static bool ask_socks5(struct rs_sock *s, const struct rs_proxy_conf *conf, struct rs_slice host, int port, int64_t until);
static bool ask_http(struct rs_sock *s, const struct rs_proxy_conf *conf, struct rs_slice host, int port, int64_t until);

bool rs_proxy_ask(struct rs_sock *s, const struct rs_proxy_conf *conf, struct rs_slice host, int port, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);

	switch (conf->kind) {
	case RS_PROXY_SOCKS5:
		return ask_socks5(s, conf, host, port, until);
	case RS_PROXY_HTTP:
		return ask_http(s, conf, host, port, until);
	case RS_PROXY_NONE:
		break;
	}
	return true;
}

static bool say(struct rs_sock *s, struct rs_buf *b, int64_t until)
{
	size_t n = b->len;
	bool ok = rs_sock_send_all(s, rs_buf_data(b), n, 0, rs_deadline_left(until)) == n;

	rs_buf_free(b);
	return ok;
}

/* Exactly n bytes. */
static bool hear(struct rs_sock *s, uint8_t *p, size_t n, int64_t until, int error)
{
	ssize_t got;

	for (size_t have = 0; have < n; have += (size_t)got) {
		got = rs_sock_recv(s, p + have, n - have, 0, rs_deadline_left(until));
		if (got <= 0)
			return got == 0 ? rs_sock_fail_why(s, error, "the proxy has closed the connection") : false;
	}
	return true;
}

/* ---- SOCKS5 ------------------------------------------------------------------------------------------------------ */

static bool socks5_login(struct rs_sock *s, const struct rs_proxy_conf *conf, int64_t until)
{
	struct rs_slice user = rs_slice_str(conf->user), password = rs_slice_str(conf->password);
	struct rs_buf out = { 0 };
	uint8_t answer[2];

	if (user.n > 255 || password.n > 255)
		return rs_sock_fail_why(s, RS_SOCKS5_AUTH, "user or password of the SOCKS5 proxy is too long");
	if (!rs_buf_printf(&out, "%c%c%s%c%s", 1, (int)user.n, conf->user, (int)password.n, conf->password ? conf->password : ""))
		return rs_sock_fail(s, ENOMEM);
	if (!say(s, &out, until) || !hear(s, answer, sizeof answer, until, RS_SOCKS5_AUTH))
		return false;
	return answer[1] == 0 || rs_sock_fail_why(s, RS_SOCKS5_AUTH, "the SOCKS5 proxy refused user and password");
}

static bool socks5_greet(struct rs_sock *s, const struct rs_proxy_conf *conf, int64_t until)
{
	struct rs_buf out = { 0 };
	uint8_t answer[2];
	const uint8_t methods[] = { SOCKS_VERSION, conf->user ? 2 : 1, SOCKS_NO_AUTH, SOCKS_PASSWORD };

	if (!rs_buf_put(&out, methods, 2u + methods[1]))
		return rs_sock_fail(s, ENOMEM);
	if (!say(s, &out, until) || !hear(s, answer, sizeof answer, until, RS_SOCKS5_HANDSHAKE))
		return false;
	if (answer[0] != SOCKS_VERSION)
		return rs_sock_fail_why(s, RS_SOCKS5_VERSION, "the proxy does not speak SOCKS5");
	if (answer[1] == SOCKS_NO_AUTH)
		return true;
	if (answer[1] == SOCKS_PASSWORD && conf->user)
		return socks5_login(s, conf, until);
	return rs_sock_fail_why(s, RS_SOCKS5_METHOD, "the SOCKS5 proxy wants another authentication");
}

static bool put_host(struct rs_buf *out, struct rs_slice host)
{
	struct rs_sock_addr ip;
	char kind = SOCKS_IPV4, n = (char)host.n;

	if (rs_sock_addr_set(&ip, AF_INET, host, 0))
		return rs_buf_put(out, &kind, 1) && rs_buf_put(out, &ip.in.sin_addr, 4);
	kind = SOCKS_IPV6;
	if (rs_sock_addr_set(&ip, AF_INET6, host, 0))
		return rs_buf_put(out, &kind, 1) && rs_buf_put(out, &ip.in6.sin6_addr, 16);
	kind = SOCKS_NAME;
	return rs_buf_put(out, &kind, 1) && rs_buf_put(out, &n, 1) && rs_buf_put(out, host.p, host.n);
}

static const char *socks5_reply(uint8_t code)
{
	static const char *const texts[] = {
		[1] = "general failure of the SOCKS5 proxy", [2] = "not allowed by the SOCKS5 proxy",
		[3] = "network unreachable from the SOCKS5 proxy", [4] = "host unreachable from the SOCKS5 proxy",
		[5] = "connection refused behind the SOCKS5 proxy", [6] = "TTL expired behind the SOCKS5 proxy",
		[7] = "command not supported by the SOCKS5 proxy", [8] = "address type not supported by the SOCKS5 proxy",
	};

	return code < RS_COUNTOF(texts) && texts[code] ? texts[code] : "unknown reply of the SOCKS5 proxy";
}

static bool ask_socks5(struct rs_sock *s, const struct rs_proxy_conf *conf, struct rs_slice host, int port, int64_t until)
{
	const uint8_t head[] = { SOCKS_VERSION, SOCKS_CONNECT, 0 };
	const uint8_t to_port[] = { (uint8_t)(port >> 8), (uint8_t)port };
	struct rs_buf out = { 0 };
	uint8_t answer[4 + 255 + 2];
	size_t rest;

	if (host.n == 0 || host.n > 255)
		return rs_sock_fail(s, EINVAL);
	if (!socks5_greet(s, conf, until))
		return false;
	if (!rs_buf_put(&out, head, sizeof head) || !put_host(&out, host) || !rs_buf_put(&out, to_port, sizeof to_port)) {
		rs_buf_free(&out);
		return rs_sock_fail(s, ENOMEM);
	}
	if (!say(s, &out, until) || !hear(s, answer, 5, until, RS_SOCKS5_HANDSHAKE))
		return false;
	if (answer[0] != SOCKS_VERSION)
		return rs_sock_fail_why(s, RS_SOCKS5_VERSION, "the proxy does not speak SOCKS5");
	if (answer[1] != 0)
		return rs_sock_fail_why(s, RS_SOCKS5_SERVER, socks5_reply(answer[1]));
	/* The address it is bound to, whose first byte has come with the head, and a port. */
	switch (answer[3]) {
	case SOCKS_IPV4: rest = 3 + 2; break;
	case SOCKS_IPV6: rest = 15 + 2; break;
	case SOCKS_NAME: rest = answer[4] + 2u; break;
	default: return rs_sock_fail_why(s, RS_SOCKS5_HANDSHAKE, "unknown address type of the SOCKS5 proxy");
	}
	return hear(s, answer, rest, until, RS_SOCKS5_HANDSHAKE);
}

/* ---- HTTP --------------------------------------------------------------------------------------------------------- */

static bool put_login(struct rs_buf *out, const struct rs_proxy_conf *conf)
{
	return rs_http_ask_basic(out, "Proxy-Authorization", rs_slice_str(conf->user), rs_slice_str(conf->password));
}

/* Byte by byte, since the one behind the empty line is not for us. */
static bool hear_head(struct rs_sock *s, char *head, size_t size, int64_t until)
{
	size_t n = 0;

	do {
		if (n + 1 == size)
			return rs_sock_fail_why(s, RS_HTTP_PROXY_HANDSHAKE, "the proxy's answer is too long");
		if (!hear(s, (uint8_t *)head + n, 1, until, RS_HTTP_PROXY_HANDSHAKE))
			return false;
		n++;
	} while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
	head[n] = 0;
	return true;
}

static bool ask_http(struct rs_sock *s, const struct rs_proxy_conf *conf, struct rs_slice host, int port, int64_t until)
{
	char answer[ANSWER_MAX];
	struct rs_buf out = { 0 };
	bool ip6 = memchr(host.p, ':', host.n);
	const char *open = ip6 ? "[" : "", *close = ip6 ? "]" : "";
	int n = (int)host.n;

	/* No line of ours may end where the host's bytes say. */
	for (size_t i = 0; i < host.n; i++)
		if ((uint8_t)host.p[i] <= ' ' || host.p[i] == 0x7f)
			return rs_sock_fail(s, EINVAL);
	if (!rs_buf_printf(&out, "CONNECT %s%.*s%s:%d HTTP/1.1\r\nHost: %s%.*s%s:%d\r\n", open, n, host.p, close, port, open, n,
			   host.p, close, port) ||
	    (conf->user && !put_login(&out, conf)) || !rs_buf_put(&out, "\r\n", 2)) {
		rs_buf_free(&out);
		return rs_sock_fail(s, ENOMEM);
	}
	if (!say(s, &out, until) || !hear_head(s, answer, sizeof answer, until))
		return false;
	if (strncmp(answer, "HTTP/1.", 7) == 0 && strncmp(answer + 8, " 2", 2) == 0)
		return true;
	return rs_sock_fail_why(s, RS_HTTP_PROXY_HANDSHAKE, "the HTTP proxy refused");
}
