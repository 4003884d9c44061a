/*
 * Trailers: the fields of a response that its Trailer field names leave behind the body (RFC 9110 6.5), as LaravelS 3.7.9 has it.
 *
 * Behind a body there is room over HTTP/2, and over HTTP/1.1 in pieces: such a response has no Content-Length. Where there is none
 * (HTTP/1.0, a status without a body) the fields stay in the head, and nothing announces them. What is announced is what comes.
 */
#include "worker/worker_private.h"

#define TRAILER RS_SLICE("trailer")

/* Who passes a response on, or reads its body, must know these before: named or not, they stay in the head (RFC 9110 6.5.1). */
static const char *const early[] = {
	"age", "authorization", "cache-control", "content-encoding", "content-length", "content-range", "content-type", "date",
	"etag", "expires", "host", "location", "pragma", "proxy-authenticate", "retry-after", "server", "set-cookie", "trailer",
	"transfer-encoding", "vary", "warning", "www-authenticate",
};

/* The next line, whole, and cut. false: there is none. */
static bool next_line(struct rs_slice *rest, struct rs_slice *line, struct rs_slice *name, struct rs_slice *value)
{
	if (rest->n == 0)
		return false;
	*line = *value = rs_slice_cut(rest, '\n');
	line->n = (size_t)(rest->p - line->p);
	if (value->n && value->p[value->n - 1] == '\r')
		value->n--;
	*name = rs_slice_cut(value, ':');
	return true;
}

static bool announces(struct rs_slice headers)
{
	struct rs_slice line, name, value;

	while (next_line(&headers, &line, &name, &value))
		if (rs_slice_eqi(name, TRAILER))
			return true;
	return false;
}

static bool is_early(struct rs_slice name)
{
	for (size_t i = 0; i < RS_COUNTOF(early); i++)
		if (rs_slice_eqi(name, rs_slice_str(early[i])))
			return true;
	return false;
}

/* Does a Trailer field of these name it? */
static bool is_named(struct rs_slice headers, struct rs_slice wanted)
{
	struct rs_slice line, name, value;

	while (next_line(&headers, &line, &name, &value)) {
		while (rs_slice_eqi(name, TRAILER) && value.n)
			if (rs_slice_eqi(rs_slice_trim(rs_slice_cut(&value, ',')), wanted))
				return true;
	}
	return false;
}

static bool has_room(const struct rs_exchange *x)
{
	return x->view.http_minor > 0 && x->status >= 200 && x->status != 204 && x->status != 205 && x->status != 304;
}

/* "Trailer: A, B" for what is held back. */
static bool announce(struct rs_exchange *x)
{
	struct rs_slice rest = rs_buf_slice(&x->trailers), line, name, value, last = RS_SLICE("");
	bool ok = rs_buf_put(&x->head, "Trailer:", 8);

	while (ok && next_line(&rest, &line, &name, &value)) {
		if (!rs_slice_eqi(name, last))
			ok = rs_buf_printf(&x->head, "%s %.*s", last.n ? "," : "", (int)name.n, name.p);
		last = name;
	}
	return ok && rs_buf_put(&x->head, "\r\n", 2);
}

bool rs_exchange_put_fields(struct rs_exchange *x, struct rs_slice headers)
{
	struct rs_slice rest = headers, line, name, value;
	bool ok = true, room = has_room(x);

	x->trailers.len = x->trailers.off = 0;
	if (!announces(headers))
		return rs_buf_put(&x->head, headers.p, headers.n);
	while (ok && next_line(&rest, &line, &name, &value)) {
		bool late = room && !is_early(name) && x->trailers.len + line.n <= RS_BODY_MAX && is_named(headers, name);

		if (late || !rs_slice_eqi(name, TRAILER))
			ok = rs_buf_put(late ? &x->trailers : &x->head, line.p, line.n);
	}
	return ok && (x->trailers.len == 0 || announce(x));
}
