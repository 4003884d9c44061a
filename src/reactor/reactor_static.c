/*
 * Plain files below document_root. Runs in the reactor. Decides whether a target is a file that may be served
 * (everything else is PHP's), and moves it to the client with sendfile. Which file a name means:
 * reactor_static_file.c; directories: reactor_static_dir.c; several parts of a file: reactor_static_parts.c.
 */
#include "reactor/reactor_static.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_wire.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files up to this are read and leave with their head in one piece. */
#define SMALL_FILE (16u << 10)
/* What one turn sends to one client. */
#define SEND_TURN (1u << 20)

static bool not_modified(const struct rs_req *q, int64_t mtime)
{
	struct rs_slice since = rs_req_field(q, RS_SLICE("If-Modified-Since"));
	int64_t t;

	/* RFC 9110 13.1.3: with If-None-Match it does not count. We have no entity tags, so none matches. */
	if (rs_req_field(q, RS_SLICE("If-None-Match")).n)
		return false;
	return since.n && rs_http_date_parse(since, &t) && mtime <= t;
}

/* Which bytes of the file are asked for, and the status that goes with them. */
struct wanted {
	struct rs_http_range range[RS_HTTP_RANGES_MAX];
	size_t ranges;
	uint64_t size;
	unsigned status; /* 200, 206, 304, 416 */
};

/* The whole file, unless the client has it or wants parts of it (RFC 9110 13, 14). */
static struct wanted choose(const struct rs_static *s, const struct rs_req *q, const struct stat *st)
{
	struct wanted w = { .size = (uint64_t)st->st_size, .status = 200 };
	struct rs_slice only_if = rs_req_field(q, RS_SLICE("If-Range"));
	int64_t t;

	if (not_modified(q, st->st_mtime)) {
		w.status = 304;
		return w;
	}
	if (!s->port || (only_if.n && !(rs_http_date_parse(only_if, &t) && t == st->st_mtime)))
		return w;
	switch (rs_http_range(rs_req_field(q, RS_SLICE("Range")), w.size, w.range, &w.ranges)) {
	case RS_HTTP_RANGE_WHOLE:
		break;
	case RS_HTTP_RANGE_PART:
		w.status = 206;
		break;
	case RS_HTTP_RANGE_NEVER:
		w.status = 416;
		break;
	}
	return w;
}

/* n: of the body, -1: it says nothing about one. */
static bool put_head(struct rs_req *q, unsigned status, const char *lines, int64_t n)
{
	struct rs_reactor *r = q->r;
	enum rs_http_framing framing;
	struct rs_http_response head = {
		.status = (uint16_t)status,
		.headers = rs_slice_str(lines),
		.content_length = n,
		.date = rs_reactor_date(r),
		.server = r->conf->server,
		.minor = q->minor,
		.head_method = q->head_method,
		.keepalive = q->conn->keepalive,
	};

	RS_ASSERT(r->out.len == 0);
	if (!q->conn->protocol->put_head(q->conn, &r->out, &head, &framing))
		return false;
	q->framing = (uint8_t)framing;
	q->status = (uint16_t)status;
	return true;
}

/* The head of a file, or of one part of it. */
static bool put_file_head(struct rs_req *q, const struct wanted *w, const struct rs_http_range *part, const struct stat *st,
			  const char *type)
{
	char lines[384], modified[32], range[96] = "";

	rs_http_date(st->st_mtime, modified);
	if (w->status == 206)
		(void)rs_fmt(range, sizeof range, RS_STATIC_RANGE "\r\n", part->at, part->at + part->n - 1, w->size);
	else if (w->status == 416)
		(void)rs_fmt(range, sizeof range, "Content-Range: bytes */%" PRIu64 "\r\n", w->size);
	if (!rs_fmt(lines, sizeof lines, "Content-Type: %s\r\nLast-Modified: %s\r\n%s", type, modified, range))
		return false;
	if (w->status == 304)
		return put_head(q, 304, strchr(lines, '\n') + 1, -1);
	return put_head(q, w->status, lines, (int64_t)part->n);
}

/* The file's bytes behind the head. false: they cannot be read, or are fewer than it said. */
static bool put_small(struct rs_buf *out, int fd, const struct rs_http_range *part)
{
	char *to = rs_buf_reserve(out, (size_t)part->n);

	if (!to || pread(fd, to, (size_t)part->n, (off_t)part->at) != (ssize_t)part->n)
		return false;
	rs_buf_commit(out, (size_t)part->n);
	return true;
}

/* What stands in r->out, then what is set of the file. */
static void send_answer(struct rs_req *q)
{
	struct rs_buf *out = &q->r->out;
	struct iovec iov = { out->p + out->off, out->len };
	struct rs_conn *c = q->conn;

	q->head_sent = q->ended = true;
	q->state = RS_REQ_LOCAL;
	c->state = RS_CONN_SEND;
	rs_conn_deadline(c, 0);
	if (!rs_conn_write(c, &iov, 1))
		return;
	if (q->file_left && !rs_conn_pending(c))
		rs_static_continue(q);
	else
		rs_conn_answer_ends(c);
}

bool rs_static_answer(struct rs_req *q, unsigned status, const char *lines, struct rs_slice body)
{
	struct rs_reactor *r = q->r;
	bool ok = put_head(q, status, lines, (int64_t)body.n) && (q->head_method || rs_buf_put(&r->out, body.p, body.n));

	if (ok) {
		q->sent = q->head_method ? 0 : body.n;
		send_answer(q);
	}
	rs_buf_reset(&r->out, RS_OUT_KEEP);
	return ok;
}

/* One piece of the file, perhaps all of it or nothing. Takes fd. false: nothing was done. */
static bool answer_piece(struct rs_req *q, int fd, const struct wanted *w, const struct stat *st, const char *type)
{
	struct rs_http_range part = { 0, w->status == 200 ? w->size : 0 };
	struct rs_reactor *r = q->r;
	bool ok;

	if (w->ranges)
		part = w->range[0];
	ok = put_file_head(q, w, &part, st, type);
	if (!ok || q->head_method || part.n == 0) {
		rs_fd_close(&fd);
	} else if (part.n <= SMALL_FILE) {
		ok = put_small(&r->out, fd, &part);
		q->sent = part.n;
		rs_fd_close(&fd);
	} else {
		q->file_fd = fd;
		q->file_at = (off_t)part.at;
		q->file_left = part.n;
	}
	if (ok)
		send_answer(q);
	rs_buf_reset(&r->out, RS_OUT_KEEP);
	return ok;
}

bool rs_static_file(const struct rs_static *s, struct rs_req *q, const char *name)
{
	bool source, parts;
	const char *type = rs_http_mime(name, &source);
	struct wanted w;
	struct stat st;
	int fd;

	if (source || (!type && s->port && !s->port->static_locations[0]))
		return false;
	if (!type)
		type = "application/octet-stream";
	fd = rs_static_open(s, name);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rs_fd_close(&fd);
		return false;
	}
	w = choose(s, q, &st);
	parts = w.ranges > 1 && rs_static_parts(q, fd, &st, type, w.range, w.ranges);
	if (parts) {
		rs_fd_close(&fd);
		return true;
	}
	/* Too much of it: then all of it, in one piece. */
	if (w.ranges > 1) {
		w.ranges = 0;
		w.status = 200;
	}
	return answer_piece(q, fd, &w, &st, type);
}

static bool serve_path(const struct rs_static *s, struct rs_req *q, const struct rs_http_head *h)
{
	struct rs_slice path = rs_slice(h->target.p, h->path_len);
	bool directory = path.n && path.p[path.n - 1] == '/';
	char name[4096];

	if (directory && path.n > 1)
		path.n--;
	if ((directory && !s->port) || !rs_http_file_path(path, name, sizeof name))
		return false;
	if (!directory && *name && rs_static_file(s, q, name))
		return true;
	return s->port && rs_static_directory(s, q, h, name, directory);
}

/* Is the path below one of the places that are for files only? */
static bool located(const struct rs_port *port, struct rs_slice path)
{
	for (const char *at = port->static_locations; *at; at += strlen(at) + 1)
		if (path.n >= strlen(at) && memcmp(path.p, at, strlen(at)) == 0)
			return true;
	return false;
}

bool rs_static_serve(const struct rs_static *s, struct rs_req *q, const struct rs_http_head *h)
{
	bool files_only = s->port && s->port->static_locations[0];

	if (s->root_fd < 0 || (files_only && !located(s->port, rs_slice(h->target.p, h->path_len))))
		return false;
	if (serve_path(s, q, h))
		return true;
	if (files_only)
		rs_send_error(q->conn, 404, true);
	return files_only;
}

void rs_static_continue(struct rs_req *q)
{
	struct rs_conn *c = q->conn;
	size_t turn = 0;

	while (q->file_left && turn < SEND_TURN) {
		size_t n = q->file_left < SEND_TURN ? (size_t)q->file_left : SEND_TURN;
		ssize_t sent = c->wire->send_file(c, q->file_fd, &q->file_at, n);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent <= 0) {
			/*
			 * The client has left, or the file became shorter: there is no honest way to go on.
			 */
			q->file_left = 0;
			rs_conn_close(c);
			return;
		}
		q->sent += (uint64_t)sent;
		q->file_left -= (uint64_t)sent;
		turn += (size_t)sent;
	}
	if (!q->file_left) {
		rs_conn_answer_ends(c);
		return;
	}
	rs_conn_want_write(c);
	if (turn)
		rs_conn_deadline(c, c->r->conf->write_timeout);
}
