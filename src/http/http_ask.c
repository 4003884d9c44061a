/*
 * The parts of a request's head, each against the grammar of RFC 9110 and 9112.
 */
#include "http/http_ask.h"

#include "http/http_chars.h"

#include <arpa/inet.h>

#define METHOD_MAX 32
#define HOST_MAX 255

static bool all_of(struct rs_slice s, unsigned cls)
{
	return s.n && rs_http_span(s.p, s.p + s.n, cls) == s.p + s.n;
}

bool rs_http_ask_method_ok(struct rs_slice method)
{
	return method.n <= METHOD_MAX && all_of(method, RS_CH_TOKEN) && !rs_slice_eq(method, RS_SLICE("CONNECT"));
}

bool rs_http_ask_idempotent(struct rs_slice method)
{
	static const struct rs_slice known[] = {
		RS_SLICE("GET"), RS_SLICE("HEAD"), RS_SLICE("PUT"), RS_SLICE("DELETE"), RS_SLICE("OPTIONS"), RS_SLICE("TRACE"),
	};

	for (size_t i = 0; i < RS_COUNTOF(known); i++)
		if (rs_slice_eq(method, known[i]))
			return true;
	return false;
}

static bool begins(struct rs_slice s, struct rs_slice with)
{
	return s.n > with.n && rs_slice_eqi(rs_slice(s.p, with.n), with);
}

const char *rs_http_ask_target_wrong(struct rs_slice target)
{
	if (target.n == 0)
		return "it is empty";
	if (target.p[0] != '/' && !begins(target, RS_SLICE("http://")) && !begins(target, RS_SLICE("https://")) &&
	    !rs_slice_eq(target, RS_SLICE("*")))
		return "it must begin with '/', http:// or https://, or be '*'";
	if (!all_of(target, RS_CH_TARGET))
		return "blanks, control bytes and '#' must be percent-encoded";
	return NULL;
}

bool rs_http_ask_name_ok(struct rs_slice name)
{
	return all_of(name, RS_CH_TOKEN);
}

bool rs_http_ask_value_ok(struct rs_slice value)
{
	return rs_http_span_value(value.p, value.p + value.n) == value.p + value.n;
}

bool rs_http_ask_host_ok(struct rs_slice host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr ip;

	if (host.n == 0 || host.n > HOST_MAX)
		return false;
	if (memchr(host.p, ':', host.n))
		return rs_copy(text, sizeof text, host) && strlen(text) == host.n && inet_pton(AF_INET6, text, &ip) == 1;
	return all_of(host, RS_CH_HOST);
}

bool rs_http_ask_base64(struct rs_buf *out, struct rs_slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t three = 0;
		char four[4];

		for (size_t k = 0; k < 3; k++)
			three = three << 8 | (i + k < s.n ? (uint8_t)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= s.n - i ? digits[three >> (18 - 6 * k) & 63] : '=';
		if (!rs_buf_put(out, four, sizeof four))
			return false;
	}
	return true;
}

bool rs_http_ask_basic(struct rs_buf *out, const char *name, struct rs_slice user, struct rs_slice password)
{
	struct rs_buf plain = { 0 };
	bool ok = rs_buf_put(&plain, user.p, user.n) && rs_buf_put(&plain, ":", 1) && rs_buf_put(&plain, password.p, password.n) &&
		  rs_buf_printf(out, "%s: Basic ", name) && rs_http_ask_base64(out, rs_buf_slice(&plain)) &&
		  rs_buf_put(out, "\r\n", 2);

	rs_buf_free(&plain);
	return ok;
}

bool rs_http_ask_authority(struct rs_buf *out, struct rs_slice host, int port, bool tls)
{
	bool ip6 = host.n && memchr(host.p, ':', host.n);

	return rs_buf_printf(out, "%s%.*s%s", ip6 ? "[" : "", (int)host.n, host.p, ip6 ? "]" : "") &&
	       (port == (tls ? 443 : 80) || rs_buf_printf(out, ":%d", port));
}
