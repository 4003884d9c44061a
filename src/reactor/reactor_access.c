/*
 * The access log. Runs in the reactor: lines are gathered and written once per loop turn. Whatever a client
 * sent is escaped, so that no line can be forged. A log that takes nothing (a full pipe) loses lines, never
 * time.
 */
#include "reactor/reactor_access.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Bound of what waits for a slow log. */
#define BUFFER_MAX (1u << 20)
#define BUFFER_KEEP (64u << 10)
/* A log that cannot be written is complained about only so often. */
#define COMPLAIN_MS 10000
/* Of each text from a client, before escaping. */
#define TEXT_MAX 4096

void rs_access_init(struct rs_access *a)
{
	*a = (struct rs_access){ .fd = -1 };
}

void rs_access_fini(struct rs_access *a)
{
	rs_buf_free(&a->buf);
	rs_fd_close(&a->fd);
}

void rs_access_open(struct rs_reactor *r, int fd)
{
	struct rs_access *a = &r->access;
	struct stat st;

	rs_access_flush(r);
	rs_fd_close(&a->fd);
	a->fd = fd;
	a->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* What was dropped is told when there is something to tell and the last time was long enough ago. */
static void complain(struct rs_reactor *r)
{
	struct rs_access *a = &r->access;

	if (!a->dropped || (a->complained_ms && rs_reactor_ms(r) - a->complained_ms < COMPLAIN_MS))
		return;
	rs_warnx(r->log, "the access log takes nothing: %lu times something was lost",
		 (unsigned long)a->dropped);
	a->dropped = 0;
	a->complained_ms = rs_reactor_ms(r);
}

void rs_access_flush(struct rs_reactor *r)
{
	struct rs_access *a = &r->access;

	while (a->buf.len) {
		struct pollfd p = { .fd = a->fd, .events = POLLOUT };
		size_t n = a->buf.len;
		ssize_t put;
		/* Shared with others, so it cannot be made non-blocking: ask first, in small pieces. */
		if (!a->regular && n > PIPE_BUF)
			n = PIPE_BUF;
		if (!a->regular && poll(&p, 1, 0) <= 0)
			return;
		put = write(a->fd, rs_buf_data(&a->buf), n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			a->dropped++;
			break;
		}
		rs_buf_consume(&a->buf, (size_t)put);
	}
	rs_buf_reset(&a->buf, BUFFER_KEEP);
	complain(r);
}

/* ---- lines -------------------------------------------------------------------------------------------- */

/* What a line says; texts as the client sent them. */
struct line {
	const char *remote;
	struct rs_slice request, referer, agent;
	unsigned status;
	uint64_t bytes;
	int64_t request_us, queue_us, worker;
};

/* Quoted, with everything that could end the quotes or the line escaped. out has room for 6 * s.n + 2. */
static char *put_quoted(char *to, struct rs_slice s, bool json)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '"';
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
	*to++ = '"';
	return to;
}

static bool put_text(struct rs_buf *b, const char *before, struct rs_slice s, bool json)
{
	size_t n = strlen(before);
	char *to, *end;

	if (s.n > TEXT_MAX)
		s.n = TEXT_MAX;
	to = rs_buf_reserve(b, n + 6 * s.n + 2);
	if (!to)
		return false;
	memcpy(to, before, n);
	end = put_quoted(to + n, s, json);
	rs_buf_commit(b, (size_t)(end - to));
	return true;
}

static const char *stamp(struct rs_reactor *r, bool json)
{
	static const char iso[] = "%Y-%m-%dT%H:%M:%S%z", clf[] = "%d/%b/%Y:%H:%M:%S %z";
	struct rs_access *a = &r->access;
	time_t now = (time_t)(rs_reactor_wall_us(r) / 1000000);
	struct tm tm;

	if (a->stamp_s == now && a->stamp[0])
		return a->stamp;
	a->stamp_s = now;
	localtime_r(&now, &tm);
	if (strftime(a->stamp, sizeof a->stamp, json ? iso : clf, &tm) == 0)
		a->stamp[0] = '\0';
	return a->stamp;
}

static bool put_common(struct rs_reactor *r, const struct line *l, bool combined)
{
	struct rs_buf *b = &r->access.buf;
	const struct rs_slice none = RS_SLICE("-");

	return rs_buf_printf(b, "%s - - [%s]", l->remote, stamp(r, false)) &&
	       put_text(b, " ", l->request, false) &&
	       rs_buf_printf(b, " %u %lu", l->status, (unsigned long)l->bytes) &&
	       (!combined || (put_text(b, " ", l->referer.n ? l->referer : none, false) &&
			      put_text(b, " ", l->agent.n ? l->agent : none, false))) &&
	       rs_buf_put(b, "\n", 1);
}

static bool put_json(struct rs_reactor *r, const struct line *l)
{
	struct rs_buf *b = &r->access.buf;

	return rs_buf_printf(b, "{\"time\":\"%s\",\"remote\":\"%s\"", stamp(r, true), l->remote) &&
	       put_text(b, ",\"request\":", l->request, true) &&
	       rs_buf_printf(b, ",\"status\":%u,\"bytes\":%lu", l->status, (unsigned long)l->bytes) &&
	       put_text(b, ",\"referer\":", l->referer, true) && put_text(b, ",\"agent\":", l->agent, true) &&
	       rs_buf_printf(b, ",\"request_time\":%.6f,\"queue_time\":%.6f,\"worker\":",
			     (double)l->request_us / 1e6, (double)l->queue_us / 1e6) &&
	       (l->worker >= 0 ? rs_buf_printf(b, "%ld}\n", (long)l->worker) : rs_buf_printf(b, "null}\n"));
}

static void put_line(struct rs_reactor *r, const struct line *l)
{
	struct rs_access *a = &r->access;
	size_t before = a->buf.len;
	bool ok;

	if (before > BUFFER_MAX) {
		a->dropped++;
		complain(r);
		return;
	}
	if (r->conf->access_log_format == RS_ACCESS_JSON)
		ok = put_json(r, l);
	else
		ok = put_common(r, l, r->conf->access_log_format == RS_ACCESS_COMBINED);
	if (!ok) {
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
	int64_t now;

	if (!rs_access_on(&r->access))
		return;
	now = rs_reactor_us(r);
	struct line l = {
		.remote = c->remote[0] ? c->remote : "unix:",
		.status = status,
		.bytes = q->sent,
		.request_us = now - q->received_us,
		.queue_us = q->posted_us ? q->posted_us - q->received_us : 0,
		.worker = q->worker_id,
	};
	/* A log that was opened while the request ran finds nothing kept for it. */
	if (q->payload.len >= q->prefix_len) {
		l.request = first_line(rs_req_head(q));
		l.referer = rs_req_field(q, RS_SLICE("Referer"));
		l.agent = rs_req_field(q, RS_SLICE("User-Agent"));
	}
	put_line(r, &l);
}

void rs_access_refused(struct rs_reactor *r, const struct rs_conn *c, struct rs_slice raw, unsigned status)
{
	struct line l = {
		.remote = c->remote[0] ? c->remote : "unix:",
		.request = first_line(raw),
		.status = status,
		.worker = -1,
	};

	if (rs_access_on(&r->access))
		put_line(r, &l);
}
