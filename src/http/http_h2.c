/*
 * From a header list to the text of a head. The text is refused here when it would not say the same as the list: a byte that ends a
 * line or a word, a name that rs_http_parse() would read otherwise. Runs in the reactor.
 */
#include "http/http_h2.h"

#include "http/http_chars.h"

/* What RFC 9113 6.5.2 counts for a field beside its bytes. */
#define FIELD_OVERHEAD 32
#define METHOD_MAX 64
/* Of each buffer, between two lists. */
#define KEEP 1024

static void refuse(struct rs_http_h2_head *h, unsigned status, const char *why)
{
	if (h->status)
		return;
	h->status = status;
	h->why = why;
}

static bool put(struct rs_http_h2_head *h, struct rs_buf *to, struct rs_slice s)
{
	if (!rs_buf_put(to, s.p, s.n))
		refuse(h, 503, "no memory for a head");
	return !h->status;
}

static bool of_class(struct rs_slice s, unsigned cls)
{
	return rs_http_span(s.p, s.p + s.n, cls) == s.p + s.n;
}

static bool has_capital(struct rs_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What belongs to a connection of HTTP/1 and has no meaning in a stream (RFC 9113 8.2.2). */
static bool of_connection(struct rs_slice name)
{
	static const struct rs_slice names[] = { { "connection", 10 },       { "keep-alive", 10 },
						 { "proxy-connection", 16 }, { "transfer-encoding", 17 },
						 { "upgrade", 7 },           { "http2-settings", 14 } };

	for (size_t i = 0; i < RS_COUNTOF(names); i++)
		if (rs_slice_eqi(name, names[i]))
			return true;
	return false;
}

/* ---- pseudo fields ------------------------------------------------------------------------------------------ */

static void take_method(struct rs_http_h2_head *h, struct rs_slice v)
{
	if (h->method.len)
		refuse(h, 400, "two :method fields");
	else if (v.n == 0 || !of_class(v, RS_CH_TOKEN))
		refuse(h, 400, "bad :method");
	else if (v.n > METHOD_MAX)
		refuse(h, 501, ":method too long");
	else
		(void)put(h, &h->method, v);
}

static void take_scheme(struct rs_http_h2_head *h, struct rs_slice v)
{
	if (h->scheme)
		refuse(h, 400, "two :scheme fields");
	else if (!rs_slice_eqi(v, RS_SLICE("http")) && !rs_slice_eqi(v, RS_SLICE("https")))
		refuse(h, 400, "a :scheme that is neither http nor https");
	h->scheme = true;
}

static void take_path(struct rs_http_h2_head *h, struct rs_slice v)
{
	if (h->has_path)
		refuse(h, 400, "two :path fields");
	else if (v.n == 0 || (v.p[0] != '/' && !rs_slice_eq(v, RS_SLICE("*"))))
		refuse(h, 400, "a :path that does not begin with /");
	else if (!of_class(v, RS_CH_TARGET))
		refuse(h, 400, "bad byte in :path");
	else
		(void)put(h, &h->path, v);
	h->has_path = true;
}

static void take_authority(struct rs_http_h2_head *h, struct rs_slice v)
{
	if (h->has_authority)
		refuse(h, 400, "two :authority fields");
	else if (v.n && !of_class(v, RS_CH_TARGET))
		refuse(h, 400, "bad byte in :authority");
	else
		(void)put(h, &h->authority, v);
	h->has_authority = true;
}

static const struct pseudo {
	struct rs_slice name;
	void (*take)(struct rs_http_h2_head *h, struct rs_slice value);
} pseudos[] = {
	{ { ":method", 7 }, take_method },
	{ { ":scheme", 7 }, take_scheme },
	{ { ":path", 5 }, take_path },
	{ { ":authority", 10 }, take_authority },
};

static void take_pseudo(struct rs_http_h2_head *h, struct rs_slice name, struct rs_slice value)
{
	if (h->began) {
		refuse(h, 400, "a pseudo field behind others");
		return;
	}
	for (size_t i = 0; i < RS_COUNTOF(pseudos); i++) {
		if (rs_slice_eq(name, pseudos[i].name)) {
			pseudos[i].take(h, value);
			return;
		}
	}
	refuse(h, 400, "a pseudo field that is not known");
}

/* All pseudo fields have come: the request line, and Host where they named one. */
static void begin(struct rs_http_h2_head *h)
{
	h->began = true;
	if (!h->method.len)
		refuse(h, 400, "no :method");
	else if (rs_slice_eq(rs_buf_slice(&h->method), RS_SLICE("CONNECT")))
		refuse(h, 501, "CONNECT");
	else if (!h->scheme)
		refuse(h, 400, "no :scheme");
	else if (!h->has_path)
		refuse(h, 400, "no :path");
	if (h->status)
		return;
	if (put(h, &h->text, rs_buf_slice(&h->method)) && put(h, &h->text, RS_SLICE(" ")) && put(h, &h->text, rs_buf_slice(&h->path)) &&
	    put(h, &h->text, RS_SLICE(" HTTP/2.0\r\n")) && h->authority.len && put(h, &h->text, RS_SLICE("host: ")) &&
	    put(h, &h->text, rs_buf_slice(&h->authority)))
		(void)put(h, &h->text, RS_SLICE("\r\n"));
}

/* ---- fields --------------------------------------------------------------------------------------------------- */

static void take_cookie(struct rs_http_h2_head *h, struct rs_slice v)
{
	if (h->cookie.len && v.n && !put(h, &h->cookie, RS_SLICE("; ")))
		return;
	(void)put(h, &h->cookie, v);
}

static void take_line(struct rs_http_h2_head *h, struct rs_slice name, struct rs_slice value)
{
	if (put(h, &h->text, name) && put(h, &h->text, RS_SLICE(": ")) && put(h, &h->text, value))
		(void)put(h, &h->text, RS_SLICE("\r\n"));
}

/* Said by :authority already: it must be the same, and stands in text once. */
static bool same_host(struct rs_http_h2_head *h, struct rs_slice v)
{
	bool first = !h->has_host;

	h->has_host = true;
	if (!h->authority.len || !first)
		return false; /* rs_http_parse() tells what it may be, and that there is one */
	if (!rs_slice_eqi(v, rs_buf_slice(&h->authority)))
		refuse(h, 400, "Host is not :authority");
	return true;
}

static void take_field(struct rs_http_h2_head *h, struct rs_slice name, struct rs_slice value)
{
	if (!h->began)
		begin(h);
	if (h->status)
		return;
	if (name.n == 0 || !of_class(name, RS_CH_TOKEN) || has_capital(name))
		refuse(h, 400, "bad field name");
	else if (!of_class(value, RS_CH_VALUE) || (value.n && (is_blank(value.p[0]) || is_blank(value.p[value.n - 1]))))
		refuse(h, 400, "bad field value");
	else if (of_connection(name))
		refuse(h, 400, "a field of an HTTP/1 connection");
	else if (rs_slice_eq(name, RS_SLICE("te")) && !rs_slice_eqi(value, RS_SLICE("trailers")))
		refuse(h, 400, "te is not trailers");
	else if (rs_slice_eq(name, RS_SLICE("cookie")))
		take_cookie(h, value);
	else if (!rs_slice_eq(name, RS_SLICE("host")) || !same_host(h, value))
		take_line(h, name, value);
}

void rs_http_h2_field(struct rs_http_h2_head *h, struct rs_slice name, struct rs_slice value)
{
	const bool pseudo = name.n && name.p[0] == ':';

	h->size += name.n + value.n + FIELD_OVERHEAD;
	if (h->status)
		return;
	if (h->size > h->max_size)
		refuse(h, pseudo ? 414 : 431, pseudo ? "pseudo fields too long" : "fields too long");
	else if (pseudo)
		take_pseudo(h, name, value);
	else
		take_field(h, name, value);
}

void rs_http_h2_end(struct rs_http_h2_head *h)
{
	if (!h->status && !h->began)
		begin(h);
	if (!h->status && h->cookie.len)
		take_line(h, RS_SLICE("cookie"), rs_buf_slice(&h->cookie));
	if (!h->status)
		(void)put(h, &h->text, RS_SLICE("\r\n"));
}

void rs_http_h2_reset(struct rs_http_h2_head *h)
{
	struct rs_http_h2_head old = *h;

	rs_buf_reset(&old.text, KEEP);
	rs_buf_reset(&old.cookie, KEEP);
	rs_buf_reset(&old.method, KEEP);
	rs_buf_reset(&old.path, KEEP);
	rs_buf_reset(&old.authority, KEEP);
	*h = (struct rs_http_h2_head){ .max_size = old.max_size, .text = old.text, .cookie = old.cookie, .method = old.method,
				       .path = old.path, .authority = old.authority };
}

void rs_http_h2_free(struct rs_http_h2_head *h)
{
	rs_buf_free(&h->text);
	rs_buf_free(&h->cookie);
	rs_buf_free(&h->method);
	rs_buf_free(&h->path);
	rs_buf_free(&h->authority);
}

/* ---- answers -------------------------------------------------------------------------------------------------- */

static struct rs_slice trimmed(struct rs_slice s)
{
	while (s.n && is_blank(s.p[0]))
		s = rs_slice(s.p + 1, s.n - 1);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool rs_http_h2_next(struct rs_slice *block, struct rs_http_field *f)
{
	while (block->n) {
		const char *end = block->p + block->n, *colon = rs_http_span(block->p, end, RS_CH_TOKEN), *line;

		RS_ASSERT(colon < end && *colon == ':');
		line = rs_http_span_value(colon + 1, end);
		RS_ASSERT(end - line >= 2);
		f->name = rs_slice(block->p, (size_t)(colon - block->p));
		f->value = trimmed(rs_slice(colon + 1, (size_t)(line - colon - 1)));
		*block = rs_slice(line + 2, (size_t)(end - line - 2));
		if (!of_connection(f->name))
			return true;
	}
	return false;
}
