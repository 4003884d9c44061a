/*
 * What proxies say of the client. Pure: bytes in, structs out.
 */
#include "http/http_forwarded.h"

#include "http/http_chars.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* ---- nodes ---------------------------------------------------------------------------------------------- */

/* A text of the C library, which would not see what stands behind a NUL. */
static bool as_text(struct rs_slice s, char *out, size_t size)
{
	return rs_copy(out, size, s) && strlen(out) == s.n;
}

static bool take_v4(struct rs_slice s, struct rs_http_node *out)
{
	struct in_addr a;
	char text[INET_ADDRSTRLEN];

	return as_text(s, text, sizeof text) && inet_pton(AF_INET, text, &a) == 1 &&
	       inet_ntop(AF_INET, &a, out->address, sizeof out->address);
}

static bool take_v6(struct rs_slice s, struct rs_http_node *out)
{
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];

	if (!as_text(s, text, sizeof text) || inet_pton(AF_INET6, text, &a) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&a))
		return inet_ntop(AF_INET, a.s6_addr + 12, out->address, sizeof out->address);
	return inet_ntop(AF_INET6, &a, out->address, sizeof out->address);
}

static bool take_port(struct rs_slice s, uint16_t *port)
{
	uint64_t n;

	if (s.n > 5 || !rs_parse_u64(s, UINT16_MAX, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool take_node(struct rs_slice s, struct rs_http_node *out)
{
	const char *colon, *end;

	if (s.n && *s.p == '[') {
		end = memchr(s.p, ']', s.n);
		if (!end || !take_v6(rs_slice(s.p + 1, (size_t)(end - s.p) - 1), out))
			return false;
		s = rs_slice(end + 1, s.n - (size_t)(end + 1 - s.p));
		return s.n == 0 || (*s.p == ':' && take_port(rs_slice(s.p + 1, s.n - 1), &out->port));
	}
	colon = s.n ? memchr(s.p, ':', s.n) : NULL;
	if (colon && memchr(colon + 1, ':', s.n - (size_t)(colon + 1 - s.p)))
		return take_v6(s, out);
	if (colon && !take_port(rs_slice(colon + 1, s.n - (size_t)(colon + 1 - s.p)), &out->port))
		return false;
	return take_v4(rs_slice(s.p, colon ? (size_t)(colon - s.p) : s.n), out);
}

bool rs_http_node(struct rs_slice text, struct rs_http_node *out)
{
	memset(out, 0, sizeof *out);
	if (take_node(rs_slice_trim(text), out))
		return true;
	memset(out, 0, sizeof *out);
	return false;
}

bool rs_http_list_last(struct rs_slice *rest, struct rs_slice *item)
{
	const char *comma;

	if (!rest->p)
		return false;
	comma = rest->n ? memrchr(rest->p, ',', rest->n) : NULL;
	if (!comma) {
		*item = rs_slice_trim(*rest);
		*rest = rs_slice(NULL, 0);
		return true;
	}
	*item = rs_slice_trim(rs_slice(comma + 1, rest->n - (size_t)(comma + 1 - rest->p)));
	rest->n = (size_t)(comma - rest->p);
	return true;
}

bool rs_http_authority(struct rs_slice text, struct rs_slice *name, uint16_t *port)
{
	struct rs_http_node literal;
	const char *end, *colon;

	text = rs_slice_trim(text);
	*port = 0;
	*name = text;
	if (text.n == 0 || text.n > 255)
		return false;
	if (*text.p == '[') {
		end = memchr(text.p, ']', text.n);
		if (!rs_http_node(text, &literal) || !end)
			return false;
		name->n = (size_t)(end + 1 - text.p);
		*port = literal.port;
		return true;
	}
	colon = memchr(text.p, ':', text.n);
	if (colon) {
		name->n = (size_t)(colon - text.p);
		if (!take_port(rs_slice(colon + 1, text.n - name->n - 1), port))
			return false;
	}
	return name->n && rs_http_span(name->p, name->p + name->n, RS_CH_HOST) == name->p + name->n;
}

bool rs_http_request_id(struct rs_slice text)
{
	if (text.n == 0 || text.n > RS_REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!is_alnum(text.p[i]) && (!text.p[i] || !strchr("-._~+/=:@", text.p[i])))
			return false;
	return true;
}

/* ---- Forwarded -------------------------------------------------------------------------------------------- */

/* Behind the value of a parameter, a token or a quoted string, which has no escapes in anything that we take. NULL: neither. */
static const char *take_value(const char *p, const char *end, struct rs_slice *value)
{
	const char *from = p;

	if (p < end && *p == '"') {
		for (from = ++p; p < end && *p != '"'; p++)
			if (*p == '\\' || (unsigned char)*p < 0x20 || *p == 0x7f)
				return NULL;
		*value = rs_slice(from, (size_t)(p - from));
		return p < end ? p + 1 : NULL;
	}
	/* Brackets and colons belong into quotes; proxies write them without. */
	while (p < end && (rs_http_class(*p) & RS_CH_TOKEN || *p == '[' || *p == ']' || *p == ':'))
		p++;
	*value = rs_slice(from, (size_t)(p - from));
	return p > from ? p : NULL;
}

static bool is_scheme(struct rs_slice s)
{
	return rs_slice_eqi(s, RS_SLICE("http")) || rs_slice_eqi(s, RS_SLICE("https"));
}

/* false: said twice, or not in its form. */
static bool keep(struct rs_http_hop *h, unsigned *seen, struct rs_slice name, struct rs_slice value)
{
	static const struct rs_slice names[] = { { "for", 3 }, { "proto", 5 }, { "host", 4 }, { "by", 2 } };
	struct rs_slice host;
	uint16_t port;
	size_t i = 0;

	while (i < RS_COUNTOF(names) && !rs_slice_eqi(name, names[i]))
		i++;
	if (i == RS_COUNTOF(names))
		return true;
	if (*seen & 1u << i)
		return false;
	*seen |= 1u << i;
	if (i == 0)
		(void)rs_http_node(value, &h->from); /* unknown and _hidden are in order, and say nothing */
	else if (i == 1 && is_scheme(value))
		h->proto = value;
	else if (i == 2 && rs_http_authority(value, &host, &port))
		h->host = value;
	return true;
}

static const char *blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* One element from p up to a comma that is not quoted. Returns where it ends; malformed: h is empty. */
static const char *take_hop(const char *p, const char *end, struct rs_http_hop *h)
{
	const char *start = p;
	unsigned seen = 0;
	bool quoted = false;

	memset(h, 0, sizeof *h);
	for (;;) {
		struct rs_slice name, value;
		const char *eq;

		p = blanks(p, end);
		eq = rs_http_span(p, end, RS_CH_TOKEN);
		name = rs_slice(p, (size_t)(eq - p));
		if (name.n == 0 || eq == end || *eq != '=')
			break;
		p = take_value(eq + 1, end, &value);
		if (!p || !keep(h, &seen, name, value))
			break;
		p = blanks(p, end);
		if (p == end || *p == ',')
			return p;
		if (*p++ != ';')
			break;
	}
	memset(h, 0, sizeof *h);
	for (p = start; p < end && (quoted || *p != ','); p++)
		if (*p == '"')
			quoted = !quoted;
	return p;
}

size_t rs_http_forwarded(struct rs_slice value, struct rs_http_hop out[RS_HTTP_HOPS_MAX])
{
	const char *p = value.p, *end = value.p + value.n;
	size_t n = 0;

	if (value.n == 0)
		return 0;
	for (;;) {
		if (n == RS_HTTP_HOPS_MAX)
			memmove(out, out + 1, --n * sizeof *out);
		p = take_hop(p, end, &out[n++]);
		if (p == end)
			return n;
		p++;
	}
}
