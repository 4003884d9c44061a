/*
 * A line of the access log: access_log_format filled in. Runs in the reactor. Whatever a client sent is escaped, so that no line can be
 * forged.
 */
#include "reactor/reactor_access.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"

#include <time.h>

/* Bound of what waits for a slow log. */
#define BUFFER_MAX (1u << 20)
/* Of each text from a client, before escaping. */
#define TEXT_MAX 4096

/* What a line speaks of. q NULL: the head was refused. */
struct subject {
	const struct rs_conn *c;
	const struct rs_req *q;
	struct rs_slice line;     /* the request line; n 0: it is not known any more */
	unsigned status;
};

static const char hex[] = "0123456789abcdef";

/* Everything that could end the quotes or the line is escaped. out has room for 6 * s.n. */
static char *escape(char *to, struct rs_slice s, bool json)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			*to++ = (char)c;
			continue;
		}
		*to++ = '\\';
		if (json && (c == '"' || c == '\\')) {
			*to++ = (char)c;
			continue;
		}
		*to++ = json ? 'u' : 'x';
		if (json) {
			*to++ = '0';
			*to++ = '0';
		}
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return to;
}

/* A value from outside. An empty one is "-", but in JSON. */
static bool put_text(struct rs_access *a, struct rs_slice s)
{
	char *to, *end;

	if (s.n == 0)
		return a->format.json || rs_buf_put(&a->buf, "-", 1);
	if (s.n > TEXT_MAX)
		s.n = TEXT_MAX;
	to = rs_buf_reserve(&a->buf, 6 * s.n);
	if (!to)
		return false;
	end = escape(to, s, a->format.json);
	rs_buf_commit(&a->buf, (size_t)(end - to));
	return true;
}

static bool put_number(struct rs_access *a, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	return rs_buf_put(&a->buf, digits + at, sizeof digits - at);
}

static bool put_nothing(struct rs_access *a)
{
	return a->format.json ? rs_buf_put(&a->buf, "null", 4) : rs_buf_put(&a->buf, "-", 1);
}

static bool put_seconds(struct rs_access *a, int64_t us)
{
	return rs_buf_printf(&a->buf, "%ld.%06ld", (long)(us / 1000000), (long)(us % 1000000));
}

/* Made once a second; nothing in it is a client's. */
static bool put_stamp(struct rs_reactor *r, bool iso)
{
	static const char iso_form[] = "%Y-%m-%dT%H:%M:%S%z", clf_form[] = "%d/%b/%Y:%H:%M:%S %z";
	struct rs_access *a = &r->access;
	time_t now = (time_t)(rs_reactor_wall_us(r) / 1000000);
	struct tm tm;

	if (a->stamp_s != now || !a->stamp[iso][0]) {
		if (a->stamp_s != now)
			a->stamp[0][0] = a->stamp[1][0] = '\0';
		a->stamp_s = now;
		localtime_r(&now, &tm);
		if (strftime(a->stamp[iso], sizeof a->stamp[iso], iso ? iso_form : clf_form, &tm) == 0)
			a->stamp[iso][0] = '\0';
	}
	return rs_buf_put(&a->buf, a->stamp[iso], strlen(a->stamp[iso]));
}

/* ---- variables ------------------------------------------------------------------------------------------ */

/* The encoded head is there; a log that was opened while the request ran finds nothing kept for it. */
static bool has_head(const struct subject *s)
{
	return s->q && s->q->payload.len >= s->q->prefix_len;
}

static struct rs_slice field(const struct subject *s, struct rs_slice name)
{
	return has_head(s) ? rs_req_field(s->q, name) : rs_slice("", 0);
}

/* $http_NAME: '_' stands for '-' or for itself. */
static bool put_field(struct rs_access *a, const struct subject *s, struct rs_slice name)
{
	char text[128];

	if (name.n >= sizeof text)
		return put_text(a, rs_slice("", 0));
	for (size_t i = 0; i < name.n; i++)
		text[i] = name.p[i] == '_' ? '-' : name.p[i];
	return put_text(a, field(s, rs_slice(text, name.n)));
}

static int base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The name in "Basic bmFtZTpwYXNzd29yZA=="; whether the password fits is the application's business. */
static bool put_user(struct rs_access *a, const struct subject *s)
{
	struct rs_slice v = field(s, RS_SLICE("Authorization"));
	char name[256];
	unsigned bits = 0, word = 0;
	size_t n = 0;

	if (v.n < 6 || !rs_slice_eqi(rs_slice(v.p, 6), RS_SLICE("basic ")))
		return put_text(a, rs_slice("", 0));
	for (size_t i = 6; i < v.n && n < sizeof name; i++) {
		int d = base64_value(v.p[i]);
		if (d < 0)
			return put_text(a, rs_slice("", 0));
		word = word << 6 | (unsigned)d;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		name[n] = (char)(word >> bits & 0xff);
		if (name[n] == ':')
			return put_text(a, rs_slice(name, n));
		n++;
	}
	return put_text(a, rs_slice("", 0));
}

/* Part number i of the request line: method, target, protocol. */
static struct rs_slice part(struct rs_slice line, int i)
{
	for (; line.n; i--) {
		const char *space = memchr(line.p, ' ', line.n);
		size_t n = space ? (size_t)(space - line.p) : line.n;
		if (i == 0)
			return rs_slice(line.p, n);
		line = space ? rs_slice(space + 1, line.n - n - 1) : rs_slice("", 0);
	}
	return line;
}

static bool put_remote(struct rs_access *a, const struct subject *s)
{
	const char *remote = s->q ? s->q->remote : s->c->remote;

	return put_text(a, *remote ? rs_slice_str(remote) : RS_SLICE("unix:"));
}

static bool put_scheme(struct rs_access *a, const struct subject *s)
{
	if (!has_head(s))
		return put_text(a, rs_slice("", 0));
	return put_text(a, rs_req_wire(s->q)->flags & RS_REQ_TLS ? RS_SLICE("https") : RS_SLICE("http"));
}

/* When its worker got to it; 0: none has. */
static int64_t begun(const struct rs_req *q)
{
	return q->begun_us ? q->begun_us : q->posted_us;
}

static bool put_time(struct rs_reactor *r, const struct subject *s, enum rs_log_var var)
{
	const int64_t now = rs_reactor_us(r), from = s->q ? s->q->received_us : now, at = s->q ? begun(s->q) : 0;

	if (var == RS_LOG_VAR_REQUEST_TIME)
		return put_seconds(&r->access, now - from);
	if (var == RS_LOG_VAR_QUEUE_TIME)
		return put_seconds(&r->access, at > from ? at - from : 0);
	return at ? put_seconds(&r->access, now - at) : put_nothing(&r->access);
}

static bool put_variable(struct rs_reactor *r, const struct subject *s, const struct rs_log_piece *p)
{
	struct rs_access *a = &r->access;
	const struct rs_req *q = s->q;

	switch (p->var) {
	case RS_LOG_VAR_REMOTE_ADDR:
		return put_remote(a, s);
	case RS_LOG_VAR_REMOTE_USER:
		return put_user(a, s);
	case RS_LOG_VAR_TIME_LOCAL:
		return put_stamp(r, false);
	case RS_LOG_VAR_TIME_ISO8601:
		return put_stamp(r, true);
	case RS_LOG_VAR_MSEC:
		return rs_buf_printf(&a->buf, "%ld.%03ld", (long)(rs_reactor_wall_us(r) / 1000000),
				     (long)(rs_reactor_wall_us(r) / 1000 % 1000));
	case RS_LOG_VAR_REQUEST:
		return put_text(a, s->line);
	case RS_LOG_VAR_REQUEST_METHOD:
		return put_text(a, part(s->line, 0));
	case RS_LOG_VAR_REQUEST_URI:
		return put_text(a, part(s->line, 1));
	case RS_LOG_VAR_SERVER_PROTOCOL:
		return put_text(a, part(s->line, 2));
	case RS_LOG_VAR_SCHEME:
		return put_scheme(a, s);
	case RS_LOG_VAR_HOST:
		return put_text(a, field(s, RS_SLICE("Host")));
	case RS_LOG_VAR_SERVER_ADDR:
		return put_text(a, rs_slice_str(s->c->local));
	case RS_LOG_VAR_SERVER_PORT:
		return put_number(a, s->c->local_port);
	case RS_LOG_VAR_STATUS:
		return put_number(a, s->status);
	case RS_LOG_VAR_BODY_BYTES_SENT:
		return put_number(a, q ? q->sent : 0);
	case RS_LOG_VAR_REQUEST_TIME:
	case RS_LOG_VAR_QUEUE_TIME:
	case RS_LOG_VAR_UPSTREAM_RESPONSE_TIME:
		return put_time(r, s, p->var);
	case RS_LOG_VAR_REQUEST_ID:
		return put_text(a, rs_slice_str(q ? q->id : ""));
	case RS_LOG_VAR_WORKER:
		return q && q->worker_id >= 0 ? put_number(a, (uint64_t)q->worker_id) : put_nothing(a);
	case RS_LOG_VAR_CONNECTION:
		return put_number(a, s->c->node.id);
	case RS_LOG_VAR_CONNECTION_REQUESTS:
		return put_number(a, s->c->requests);
	case RS_LOG_VAR_HTTP:
		return put_field(a, s, p->text);
	case RS_LOG_VAR_COUNT:
		break;
	}
	return rs_buf_put(&a->buf, p->text.p, p->text.n);
}

static void put_line(struct rs_reactor *r, const struct subject *s)
{
	struct rs_access *a = &r->access;
	size_t before = a->buf.len;
	bool ok = true;

	if (before > BUFFER_MAX) {
		rs_access_lost(r);
		return;
	}
	for (size_t i = 0; ok && i < a->format.n; i++)
		ok = put_variable(r, s, &a->format.v[i]);
	if (!ok || !rs_buf_put(&a->buf, "\n", 1)) {
		a->buf.len = before;
		a->dropped++;
	}
}

/* The request line as the client sent it stands in front of the head, after empty lines that do not count. */
static struct rs_slice first_line(struct rs_slice raw)
{
	size_t n = 0;

	while (raw.n && (*raw.p == '\r' || *raw.p == '\n'))
		raw = rs_slice(raw.p + 1, raw.n - 1);
	while (n < raw.n && raw.p[n] != '\r' && raw.p[n] != '\n')
		n++;
	return rs_slice(raw.p, n);
}

void rs_access_request(struct rs_reactor *r, const struct rs_conn *c, const struct rs_req *q, unsigned status)
{
	struct subject s = { .c = c, .q = q, .line = RS_SLICE(""), .status = status };

	if (!rs_access_on(&r->access))
		return;
	if (has_head(&s))
		s.line = first_line(rs_req_head(q));
	put_line(r, &s);
}

void rs_access_refused(struct rs_reactor *r, const struct rs_conn *c, struct rs_slice raw, unsigned status)
{
	const struct subject s = { .c = c, .line = first_line(raw), .status = status };

	if (rs_access_on(&r->access))
		put_line(r, &s);
}
