/*
 * Heads of responses: what a worker sent is checked, what belongs to the connection (Date, Connection,
 * framing) is added. Runs in the reactor, on the path of every request: one reservation, no formatting by
 * printf.
 */
#include "http/http.h"

#include "http/http_chars.h"

#define STATUS_MIN 100
#define STATUS_MAX 999
/* Room for everything in a head but the texts that the caller gives. */
#define HEAD_FIXED_MAX 256

static void take_block_field(struct rs_http_block *b, struct rs_slice name, struct rs_slice value);
static struct rs_slice choose_reason(const struct rs_http_response *r);
static char *put(char *to, struct rs_slice s);
static char *put_text(char *to, const char *text);
static char *put_number(char *to, uint64_t value);

static const char *const reasons[] = {
#define RS_STATUS(code, phrase) [(code)-STATUS_MIN] = (phrase),
#include "http/http_status.def"
#undef RS_STATUS
};

const char *rs_http_reason(unsigned status)
{
	const char *phrase = NULL;

	if (status >= STATUS_MIN && status - STATUS_MIN < RS_COUNTOF(reasons))
		phrase = reasons[status - STATUS_MIN];
	return phrase ? phrase : "";
}

bool rs_http_block_check(struct rs_slice block, struct rs_http_block *out)
{
	const char *p = block.p, *end = block.p + block.n;

	*out = (struct rs_http_block){ 0 };
	while (p < end) {
		const char *name = p, *value, *value_end;

		p = rs_http_span(p, end, RS_CH_TOKEN);
		if (p == name || p == end || *p != ':')
			return false;
		value = p + 1;
		value_end = rs_http_span_value(value, end);
		if (end - value_end < 2 || value_end[0] != '\r' || value_end[1] != '\n')
			return false;
		take_block_field(out, rs_slice(name, (size_t)(p - name)),
				 rs_slice(value, (size_t)(value_end - value)));
		p = value_end + 2;
	}
	return true;
}

struct rs_slice rs_http_error_page(unsigned status, char out[RS_HTTP_ERROR_PAGE_MAX])
{
	const char *phrase = rs_http_reason(status), *space = *phrase ? " " : "";
	bool fits = rs_fmt(out, RS_HTTP_ERROR_PAGE_MAX, "<!DOCTYPE html>\n<title>%u%s%s</title>\n<h1>%u%s%s</h1>\n",
			   status, space, phrase, status, space, phrase);

	RS_ASSERT(fits);
	return rs_slice_str(out);
}

static void take_block_field(struct rs_http_block *b, struct rs_slice name, struct rs_slice value)
{
	while (value.n && (value.p[0] == ' ' || value.p[0] == '\t'))
		value = rs_slice(value.p + 1, value.n - 1);
	while (value.n && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
		value.n--;

	switch (name.n) {
	case 4:
		b->has_date |= rs_slice_eqi(name, RS_SLICE("date"));
		break;
	case 6:
		b->has_server |= rs_slice_eqi(name, RS_SLICE("server"));
		break;
	case 7:
		b->forbidden |= rs_slice_eqi(name, RS_SLICE("upgrade"));
		break;
	case 10:
		if (rs_slice_eqi(name, RS_SLICE("connection"))) {
			if (rs_slice_eqi(value, RS_SLICE("close")))
				b->has_connection_close = true;
			else
				b->forbidden = true;
		}
		b->forbidden |= rs_slice_eqi(name, RS_SLICE("keep-alive"));
		break;
	case 14:
		b->forbidden |= rs_slice_eqi(name, RS_SLICE("content-length"));
		break;
	case 17:
		b->forbidden |= rs_slice_eqi(name, RS_SLICE("transfer-encoding"));
		break;
	}
}

bool rs_http_write_head(struct rs_buf *out, const struct rs_http_response *r, enum rs_http_framing *framing,
			bool *keepalive)
{
	struct rs_slice reason = choose_reason(r);
	const char *date = r->date ? r->date : "", *server = r->server ? r->server : "";
	size_t room = HEAD_FIXED_MAX + reason.n + r->headers.n + r->more.n;
	bool interim = r->status < 200;
	int64_t length;
	char *start, *to;

	RS_ASSERT(r->status >= STATUS_MIN && r->status <= STATUS_MAX);
	*framing = rs_http_choose_framing(r, &length);
	*keepalive = r->keepalive && !r->connection_close && *framing != RS_HTTP_UNTIL_CLOSE;
	start = to = rs_buf_reserve(out, room + strlen(date) + strlen(server));
	if (!start)
		return false;

	to = put_text(to, "HTTP/1.1 ");
	to = put_number(to, r->status);
	*to++ = ' ';
	to = put(to, reason);
	to = put_text(to, "\r\n");
	if (*server && !interim) {
		to = put_text(to, "Server: ");
		to = put_text(to, server);
		to = put_text(to, "\r\n");
	}
	if (*date && !interim) {
		to = put_text(to, "Date: ");
		to = put_text(to, date);
		to = put_text(to, "\r\n");
	}
	to = put(to, r->headers);
	to = put(to, r->more);
	if (length >= 0) {
		to = put_text(to, "Content-Length: ");
		to = put_number(to, (uint64_t)length);
		to = put_text(to, "\r\n");
	}
	if (*framing == RS_HTTP_CHUNKED)
		to = put_text(to, "Transfer-Encoding: chunked\r\n");
	if (!*keepalive && !r->connection_close && !interim)
		to = put_text(to, "Connection: close\r\n");
	if (*keepalive && r->minor == 0 && !interim)
		to = put_text(to, "Connection: keep-alive\r\n");
	to = put_text(to, "\r\n");
	rs_buf_commit(out, (size_t)(to - start));
	return true;
}

/* A phrase that could break the status line is not sent. */
static struct rs_slice choose_reason(const struct rs_http_response *r)
{
	const char *end = r->reason.p + r->reason.n;

	if (r->reason.n == 0 || rs_http_span_value(r->reason.p, end) != end)
		return rs_slice_str(rs_http_reason(r->status));
	return r->reason;
}

enum rs_http_framing rs_http_choose_framing(const struct rs_http_response *r, int64_t *length)
{
	*length = r->content_length;
	if (r->status < 200 || r->status == 204) {
		*length = -1;
		return RS_HTTP_NO_BODY;
	}
	if (r->status == 205) { /* must not have content, but is delimited like any other: RFC 9110 15.3.6 */
		*length = 0;
		return RS_HTTP_NO_BODY;
	}
	if (r->head_method || r->status == 304)
		return RS_HTTP_NO_BODY;
	if (r->content_length >= 0)
		return RS_HTTP_LENGTH;
	return r->minor >= 1 ? RS_HTTP_CHUNKED : RS_HTTP_UNTIL_CLOSE;
}

static char *put(char *to, struct rs_slice s)
{
	if (s.n)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

static inline char *put_text(char *to, const char *text)
{
	return put(to, rs_slice(text, strlen(text)));
}

static char *put_number(char *to, uint64_t value)
{
	char digits[20];
	size_t n = sizeof digits;

	do
		digits[--n] = (char)('0' + value % 10);
	while (value /= 10);
	return put(to, rs_slice(digits + n, sizeof digits - n));
}
