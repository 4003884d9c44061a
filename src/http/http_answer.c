/*
 * Heads of responses, line by line: a line is judged when its end is there, so the verdict is the same however the bytes were
 * cut; only what cannot be HTTP at all is refused before. A head that is not complete is parsed again when another line is:
 * lines and bytes are bounded, and so is the work that single bytes can cause. Runs in PHP processes.
 */
#include "http/http_answer.h"

#include "http/http_chars.h"

#define STATUS_LINE_MIN 12 /* "HTTP/1.1 200" */

/* What the fields have said so far, beside what stands in the answer. */
struct meaning {
	bool close, keep_alive, upgrade_named, upgrade_field;
};

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* Cuts the first line, without its CRLF. RS_AGAIN: it is not complete. */
static enum rs_result next_line(struct rs_slice *rest, struct rs_slice *line, const char **why)
{
	const char *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = lf ? (size_t)(lf - rest->p) : 0;

	if (!lf)
		return RS_AGAIN;
	if (n == 0 || lf[-1] != '\r') {
		*why = "bare LF";
		return RS_ERR;
	}
	*line = rs_slice(rest->p, n - 1);
	*rest = rs_slice(lf + 1, rest->n - n - 1);
	return RS_OK;
}

static bool digit(char c)
{
	return rs_http_class(c) & RS_CH_DIGIT;
}

static bool only_value_bytes(struct rs_slice s)
{
	return rs_http_span_value(s.p, s.p + s.n) == s.p + s.n;
}

static bool read_status_line(struct rs_http_answer *a, struct rs_slice line)
{
	const char *p = line.p;

	if (line.n < STATUS_LINE_MIN || memcmp(p, "HTTP/1.", 7) != 0 || !digit(p[7]) || p[8] != ' ')
		return false;
	if (p[9] < '1' || p[9] > '9' || !digit(p[10]) || !digit(p[11]) || (line.n > 12 && p[12] != ' '))
		return false;
	*a = (struct rs_http_answer){
		.status = (unsigned)(p[9] - '0') * 100 + (unsigned)(p[10] - '0') * 10 + (unsigned)(p[11] - '0'),
		.minor = p[7] == '0' ? 0 : 1,
		.reason = line.n > 13 ? rs_slice(p + 13, line.n - 13) : rs_slice("", 0),
	};
	return only_value_bytes(a->reason);
}

static const char *read_field(struct rs_slice line, struct rs_http_field *f)
{
	const char *end = line.p + line.n, *colon = rs_http_span(line.p, end, RS_CH_TOKEN);

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return "folded line";
	if (colon == line.p || colon == end || *colon != ':')
		return "bad field name";
	f->name = rs_slice(line.p, (size_t)(colon - line.p));
	f->value = rs_slice_trim(rs_slice(colon + 1, (size_t)(end - colon - 1)));
	return only_value_bytes(f->value) ? NULL : "control byte in a field";
}

/* ---- fields that decide ------------------------------------------------------------------------------------------ */

typedef const char *take_fn(struct rs_http_answer *a, struct meaning *m, struct rs_slice value);

static take_fn take_length, take_coding, take_connection, take_upgrade;

static const struct {
	struct rs_slice name;
	take_fn *take; /* NULL, or what is wrong */
} deciding[] = {
	{ RS_SLICE("content-length"), take_length },
	{ RS_SLICE("transfer-encoding"), take_coding },
	{ RS_SLICE("connection"), take_connection },
	{ RS_SLICE("upgrade"), take_upgrade },
};

static const char *take_length(struct rs_http_answer *a, struct meaning *m, struct rs_slice value)
{
	uint64_t length;

	(void)m;
	if (!rs_parse_u64(value, INT64_MAX, &length))
		return "bad Content-Length";
	if (a->has_length && length != a->content_length)
		return "two Content-Length fields that differ";
	a->content_length = length;
	a->has_length = true;
	return NULL;
}

static const char *take_coding(struct rs_http_answer *a, struct meaning *m, struct rs_slice value)
{
	(void)m;
	if (a->minor == 0)
		return "Transfer-Encoding in HTTP/1.0";
	if (a->chunked)
		return "two Transfer-Encoding fields";
	if (!rs_slice_eqi(value, RS_SLICE("chunked")))
		return "transfer coding not known";
	a->chunked = true;
	return NULL;
}

static const char *take_connection(struct rs_http_answer *a, struct meaning *m, struct rs_slice value)
{
	(void)a;
	while (value.n) {
		struct rs_slice member = rs_slice_trim(rs_slice_cut(&value, ','));

		m->close = m->close || rs_slice_eqi(member, RS_SLICE("close"));
		m->keep_alive = m->keep_alive || rs_slice_eqi(member, RS_SLICE("keep-alive"));
		m->upgrade_named = m->upgrade_named || rs_slice_eqi(member, RS_SLICE("upgrade"));
	}
	return NULL;
}

static const char *take_upgrade(struct rs_http_answer *a, struct meaning *m, struct rs_slice value)
{
	(void)a;
	(void)value;
	m->upgrade_field = true;
	return NULL;
}

static const char *take(struct rs_http_answer *a, struct meaning *m, const struct rs_http_field *f)
{
	for (size_t i = 0; i < RS_COUNTOF(deciding); i++)
		if (rs_slice_eqi(f->name, deciding[i].name))
			return deciding[i].take(a, m, f->value);
	return NULL;
}

/* ---- the head ---------------------------------------------------------------------------------------------------- */

static enum rs_result refuse(const char **why, const char *text)
{
	*why = text;
	return RS_ERR;
}

static enum rs_result parse_fields(struct rs_http_answer *a, struct rs_slice *rest, const char **why)
{
	struct meaning m = { 0 };
	struct rs_http_field f;
	struct rs_slice line;

	a->lines = rs_slice(rest->p, 0);
	for (size_t fields = 0;; fields++) {
		enum rs_result rc = next_line(rest, &line, why);

		if (rc != RS_OK)
			return rc;
		if (line.n == 0)
			break;
		if (fields == RS_HTTP_ANSWER_FIELDS_MAX)
			return refuse(why, "too many fields");
		*why = read_field(line, &f);
		if (!*why)
			*why = take(a, &m, &f);
		if (*why)
			return RS_ERR;
		a->lines.n = (size_t)(rest->p - a->lines.p);
	}
	if (a->has_length && a->chunked)
		return refuse(why, "Content-Length with Transfer-Encoding");
	a->keepalive = !m.close && (a->minor >= 1 || m.keep_alive);
	a->upgrade = m.upgrade_named && m.upgrade_field;
	return RS_OK;
}

static enum rs_result parse(struct rs_http_answer *a, struct rs_slice in, const char **why)
{
	static const char begin[] = "HTTP/1.";
	size_t known = in.n < sizeof begin - 1 ? in.n : sizeof begin - 1;
	struct rs_slice rest = in, line;
	enum rs_result rc;

	/* Who speaks something else may never send a line. */
	if (memcmp(in.p, begin, known) != 0)
		return refuse(why, "not HTTP/1.x");
	rc = next_line(&rest, &line, why);
	if (rc != RS_OK)
		return rc;
	if (!read_status_line(a, line))
		return refuse(why, "bad status line");
	rc = parse_fields(a, &rest, why);
	if (rc == RS_OK)
		a->head_len = (size_t)(rest.p - in.p);
	return rc;
}

enum rs_result rs_http_answer_parse(struct rs_http_answer *a, const char *p, size_t n, size_t *scanned, const char **why)
{
	size_t within = n < RS_HTTP_ANSWER_HEAD_MAX ? n : RS_HTTP_ANSWER_HEAD_MAX;
	enum rs_result rc;

	RS_ASSERT(*scanned <= n);
	/* Inside a line nothing is decided before its end. */
	if (n == 0 || (*scanned && n < RS_HTTP_ANSWER_HEAD_MAX && *scanned >= STATUS_LINE_MIN &&
		       !memchr(p + *scanned, '\n', n - *scanned)))
		rc = RS_AGAIN;
	else
		rc = parse(a, rs_slice(p, within), why);
	*scanned = rc == RS_AGAIN ? n : 0;
	if (rc == RS_AGAIN && n >= RS_HTTP_ANSWER_HEAD_MAX)
		return refuse(why, "head too long");
	return rc;
}

bool rs_http_answer_field(struct rs_slice *rest, struct rs_http_field *f)
{
	struct rs_slice line;
	const char *why;

	if (next_line(rest, &line, &why) != RS_OK)
		return false;
	RS_ASSERT(read_field(line, f) == NULL);
	return true;
}

bool rs_http_answer_find(const struct rs_http_answer *a, struct rs_slice name, struct rs_slice *value)
{
	struct rs_slice rest = a->lines;
	struct rs_http_field f;

	while (rs_http_answer_field(&rest, &f)) {
		if (!rs_slice_eqi(f.name, name))
			continue;
		*value = f.value;
		return true;
	}
	return false;
}

/* ---- the body ---------------------------------------------------------------------------------------------------- */

void rs_http_body_begin(struct rs_http_body *b, const struct rs_http_answer *a, bool head_method)
{
	*b = (struct rs_http_body){ .framing = RS_HTTP_UNTIL_CLOSE };
	/* RFC 9112 6.3 */
	if (head_method || a->status < 200 || a->status == 204 || a->status == 304)
		b->framing = RS_HTTP_NO_BODY;
	else if (a->chunked)
		b->framing = RS_HTTP_CHUNKED;
	else if (a->has_length)
		b->framing = RS_HTTP_LENGTH;
	b->left = a->content_length;
	rs_http_chunked_init(&b->chunked);
}

enum rs_result rs_http_body_feed(struct rs_http_body *b, const char *p, size_t n, size_t *used, struct rs_slice *piece)
{
	switch (b->framing) {
	case RS_HTTP_CHUNKED:
		return rs_http_chunked_feed(&b->chunked, p, n, used, piece);
	case RS_HTTP_LENGTH:
		*used = b->left < n ? (size_t)b->left : n;
		*piece = rs_slice(p, *used);
		b->left -= *used;
		return b->left ? RS_AGAIN : RS_DONE;
	case RS_HTTP_UNTIL_CLOSE:
		*used = n;
		*piece = rs_slice(p, n);
		return RS_AGAIN;
	case RS_HTTP_NO_BODY:
	case RS_HTTP_FRAMED:
		break;
	}
	*used = 0;
	*piece = rs_slice(p, 0);
	return RS_DONE;
}
