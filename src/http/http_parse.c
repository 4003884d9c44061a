/*
 * Request heads: one pass from left to right, over bytes that belong to the caller. This file knows lines
 * and tokens; what the fields mean is in http_fields.c. Runs in the reactor, on the path of every
 * request; allocates nothing.
 *
 * An error is raised at the first byte that cannot belong to a head, so it depends on the bytes alone,
 * never on how they were cut into reads. A head that is not complete is parsed again when another line
 * is; there are at most fields_max + 4 lines, which bounds the work a client can cause with
 * single bytes. A head that is complete may be written to, in one case: lend_slash().
 */
#include "http/http_chars.h"
#include "http/http_fields.h"

#define METHOD_MAX 32
#define EMPTY_LINES_MAX 2

struct cursor {
	const char *p, *end;
	size_t fields_max;
	bool in_fields;          /* the request line is complete */
	bool h2, body;
	struct rs_http_refusal no;
};

static enum rs_result parse_head(struct rs_http_head *h, struct cursor *c);
static enum rs_result parse_request_line(struct rs_http_head *h, struct rs_http_meaning *m, struct cursor *c);
static enum rs_result parse_version(struct cursor *c, unsigned *major, unsigned *minor);
static bool read_target(struct rs_http_head *h, struct rs_http_meaning *m, struct cursor *c);
static bool read_absolute_target(struct rs_http_head *h, struct rs_http_meaning *m);
static void lend_slash(struct rs_http_head *h, char *p);
static enum rs_result parse_field(struct rs_http_field *f, bool *underscore, struct cursor *c);
static enum rs_result parse_line_end(struct cursor *c, const char *why);

static enum rs_result fail(struct cursor *c, unsigned status, const char *why)
{
	c->no = (struct rs_http_refusal){ status, why };
	return RS_ERR;
}

enum rs_result rs_http_parse(struct rs_http_head *h, char *p, size_t n,
			     const struct rs_http_limits *limits, size_t *scanned, unsigned *status,
			     const char **why)
{
	struct cursor c = { .p = p, .fields_max = limits->fields_max ? limits->fields_max : RS_HTTP_FIELDS_MAX,
			    .h2 = limits->h2, .body = limits->h2 && limits->body };
	enum rs_result rc;

	RS_ASSERT(*scanned <= n && c.fields_max <= RS_HTTP_FIELDS_MAX);
	/* Inside a line nothing is decided before its end. */
	if (n == 0 || (*scanned && n < limits->head_max && !memchr(p + *scanned, '\n', n - *scanned))) {
		*scanned = n;
		return RS_AGAIN;
	}
	c.end = p + (n < limits->head_max ? n : limits->head_max);
	rc = parse_head(h, &c);
	if (rc == RS_OK) {
		if (h->path_len == 0)
			lend_slash(h, p);
		h->head_len = (size_t)(c.p - p);
		*scanned = 0;
		return RS_OK;
	}
	if (rc == RS_AGAIN) {
		if (n < limits->head_max) {
			*scanned = n;
			return RS_AGAIN;
		}
		fail(&c, c.in_fields ? 431 : 414, c.in_fields ? "fields too long" : "request line too long");
	}
	*status = c.no.status;
	*why = c.no.why;
	return RS_ERR;
}

static enum rs_result parse_head(struct rs_http_head *h, struct cursor *c)
{
	struct rs_http_meaning m = { 0 };
	enum rs_result rc = parse_request_line(h, &m, c);

	if (rc != RS_OK)
		return rc;
	c->in_fields = true;
	for (size_t lines = 0; c->p < c->end && *c->p != '\r'; lines++) {
		struct rs_http_field f;
		bool underscore;

		if (lines == c->fields_max)
			return fail(c, 431, "too many fields");
		rc = parse_field(&f, &underscore, c);
		if (rc != RS_OK)
			return rc;
		/* PHP could not tell a_b from a-b: both are HTTP_A_B. */
		if (!underscore && !rs_http_field_take(h, &m, f, &c->no))
			return RS_ERR;
	}
	rc = parse_line_end(c, NULL);
	if (rc == RS_OK && !rs_http_fields_end(h, &m, &c->no))
		rc = RS_ERR;
	return rc;
}

/* method SP target SP version CRLF. Fills in everything of h that has a meaning before the fields. */
static enum rs_result parse_request_line(struct rs_http_head *h, struct rs_http_meaning *m, struct cursor *c)
{
	struct rs_slice method, target;
	unsigned major, minor, empty;
	enum rs_result rc;
	const char *start;

	for (empty = 0; c->p < c->end && *c->p == '\r'; empty++) {
		if (empty == EMPTY_LINES_MAX)
			return fail(c, 400, "empty lines before the request line");
		rc = parse_line_end(c, NULL);
		if (rc != RS_OK)
			return rc;
	}

	start = c->p;
	c->p = rs_http_span(c->p, c->end, RS_CH_TOKEN);
	method = rs_slice(start, (size_t)(c->p - start));
	if (method.n > METHOD_MAX)
		return fail(c, 501, "method too long");
	if (c->p == c->end)
		return RS_AGAIN;
	if (*c->p != ' ' || method.n == 0)
		return fail(c, 400, "bad method");
	c->p++;

	start = c->p;
	c->p = rs_http_span(c->p, c->end, RS_CH_TARGET);
	target = rs_slice(start, (size_t)(c->p - start));
	if (c->p == c->end)
		return RS_AGAIN;
	if (*c->p != ' ' || target.n == 0)
		return fail(c, 400, "bad byte in the target");
	c->p++;

	rc = parse_version(c, &major, &minor);
	if (rc != RS_OK)
		return rc;
	rc = parse_line_end(c, "bad version");
	if (rc != RS_OK)
		return rc;
	if (major != (c->h2 ? 2 : 1))
		return fail(c, 505, "version not known");

	h->method = method;
	h->target = target;
	h->host = rs_slice(NULL, 0);
	h->nfields = 0;
	h->content_length = 0;
	h->major = (uint8_t)major;
	h->minor = minor || c->h2 ? 1 : 0;
	h->has_length = h->chunked = false;
	h->open = c->body;
	h->get_method = rs_slice_eq(method, RS_SLICE("GET"));
	h->head_method = rs_slice_eq(method, RS_SLICE("HEAD"));
	return read_target(h, m, c) ? RS_OK : RS_ERR;
}

static enum rs_result parse_version(struct cursor *c, unsigned *major, unsigned *minor)
{
	static const char form[] = "HTTP/0.0"; /* 0: any digit */
	const char *start = c->p;

	for (size_t i = 0; i < sizeof form - 1; i++, c->p++) {
		if (c->p == c->end)
			return RS_AGAIN;
		if (form[i] == '0' ? !(rs_http_class(*c->p) & RS_CH_DIGIT) : *c->p != form[i])
			return fail(c, 400, "bad version");
	}
	*major = (unsigned)(start[5] - '0');
	*minor = (unsigned)(start[7] - '0');
	return RS_OK;
}

/* The four forms of RFC 9112 3.2; reduces absolute-form to origin-form. */
static bool read_target(struct rs_http_head *h, struct rs_http_meaning *m, struct cursor *c)
{
	const char *query;

	if (rs_slice_eq(h->method, RS_SLICE("CONNECT"))) {
		fail(c, 501, "CONNECT");
		return false;
	}
	if (h->target.p[0] != '/' && !read_absolute_target(h, m) &&
	    !(rs_slice_eq(h->target, RS_SLICE("*")) && rs_slice_eq(h->method, RS_SLICE("OPTIONS")))) {
		fail(c, 400, "bad target");
		return false;
	}
	query = memchr(h->target.p, '?', h->target.n);
	h->path_len = query ? (size_t)(query - h->target.p) : h->target.n;
	return true;
}

/*
 * "http://authority/path?query". Without any path it is "/", for which a slash of the scheme is lent; with a query behind that, lend_slash()
 * does it when the head is complete.
 */
static bool read_absolute_target(struct rs_http_head *h, struct rs_http_meaning *m)
{
	const char *end = h->target.p + h->target.n, *authority, *path;
	size_t scheme;

	if (h->target.n >= 7 && rs_slice_eqi(rs_slice(h->target.p, 7), RS_SLICE("http://")))
		scheme = 7;
	else if (h->target.n >= 8 && rs_slice_eqi(rs_slice(h->target.p, 8), RS_SLICE("https://")))
		scheme = 8;
	else
		return false;
	authority = h->target.p + scheme;
	for (path = authority; path < end && *path != '/' && *path != '?'; path++)
		;
	h->host = rs_slice(authority, (size_t)(path - authority));
	if (!rs_http_authority_ok(h->host))
		return false;
	h->target = path < end ? rs_slice(path, (size_t)(end - path)) : rs_slice(authority - 1, 1);
	m->absolute = true;
	return true;
}

/*
 * "http://authority?query" becomes "http:/authority/?query" (RFC 9110 4.2.3: an empty path is "/"): one slash of the scheme changes places
 * with the authority, so that nothing else of the head moves.
 */
static void lend_slash(struct rs_http_head *h, char *p)
{
	char *authority = p + (h->host.p - p);
	size_t n = h->host.n;

	memmove(authority - 1, authority, n);
	authority[n - 1] = '/';
	for (size_t i = 0; i < h->nfields; i++)
		if (h->fields[i].value.p == h->host.p)
			h->fields[i].value.p--;
	h->host.p--;
	h->target = rs_slice(h->target.p - 1, h->target.n + 1);
	h->path_len = 1;
}

/* name ":" OWS value OWS CRLF */
static enum rs_result parse_field(struct rs_http_field *f, bool *underscore, struct cursor *c)
{
	const char *start = c->p, *end;
	unsigned seen = 0, cls;

	while (c->p < c->end && (cls = rs_http_class(*c->p)) & RS_CH_TOKEN) {
		seen |= cls;
		c->p++;
	}
	if (c->p == c->end)
		return RS_AGAIN;
	if (*c->p != ':' || c->p == start) {
		if (*c->p == ' ' || *c->p == '\t')
			return fail(c, 400, c->p == start ? "folded line" : "blank in a field name");
		return fail(c, 400, "bad field name");
	}
	*underscore = seen & RS_CH_UNDERSCORE;
	f->name = rs_slice(start, (size_t)(c->p - start));
	c->p++;

	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
	start = c->p;
	c->p = end = rs_http_span_value(c->p, c->end);
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	f->value = rs_slice(start, (size_t)(end - start));
	return parse_line_end(c, "control byte in a field");
}

/* CRLF. `why` names what else may stand here instead. */
static enum rs_result parse_line_end(struct cursor *c, const char *why)
{
	if (c->p == c->end)
		return RS_AGAIN;
	if (*c->p != '\r')
		return fail(c, 400, *c->p == '\n' || !why ? "bare LF" : why);
	if (c->p + 1 == c->end)
		return RS_AGAIN;
	if (c->p[1] != '\n')
		return fail(c, 400, "bare CR");
	c->p += 2;
	return RS_OK;
}
