/*
 * Plain files below document_root. Runs in the reactor. Decides whether a target is a file that may be served
 * (everything else is PHP's), and moves it to the client with sendfile. Where the steps between are: reactor_static.h.
 */
#include "reactor/reactor_static.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_observe.h"
#include "reactor/reactor_pace.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_wire.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files up to this are read and leave with their head in one piece. */
#define SMALL_FILE (16u << 10)
/* What one turn sends to one client. */
#define SEND_TURN (1u << 20)

bool rs_static_put_head(struct rs_req *q, unsigned status, const char *lines, int64_t n)
{
	struct rs_reactor *r = q->r;
	enum rs_http_framing framing;
	struct rs_http_response head = {
		.status = (uint16_t)status,
		.headers = rs_slice_str(lines),
		.more = rs_observe_lines(q, RS_SLICE(""), ""),
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

/* The file's bytes behind the head. false: they cannot be read, or are fewer than it said. */
static bool put_small(struct rs_buf *out, int fd, const struct rs_http_range *part)
{
	char *to = rs_buf_reserve(out, (size_t)part->n);

	if (!to || pread(fd, to, (size_t)part->n, (off_t)part->at) != (ssize_t)part->n)
		return false;
	rs_buf_commit(out, (size_t)part->n);
	return true;
}

void rs_static_send(struct rs_req *q)
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
	bool ok = rs_static_put_head(q, status, lines, (int64_t)body.n) && (q->head_method || rs_buf_put(&r->out, body.p, body.n));

	if (ok) {
		q->sent = q->head_method ? 0 : body.n;
		rs_static_send(q);
	}
	rs_buf_reset(&r->out, RS_OUT_KEEP);
	return ok;
}

/* One piece of the file, perhaps all of it or nothing. Takes f->fd. false: nothing was done. */
static bool answer_piece(struct rs_req *q, struct rs_static_found *f, const struct rs_static_wanted *w)
{
	struct rs_http_range part = w->ranges ? w->range[0] : (struct rs_http_range){ 0, (uint64_t)f->st.st_size };
	const bool bodiless = w->status == 304 || q->head_method || part.n == 0;
	char lines[RS_STATIC_LINES_MAX];
	struct rs_reactor *r = q->r;
	bool ok;

	ok = rs_static_lines(q, f, w->status, w->ranges ? &part : NULL, w->status == 304 ? NULL : f->type, lines) &&
	     rs_static_put_head(q, w->status, lines, w->status == 304 ? -1 : (int64_t)part.n);
	if (ok && !bodiless && part.n <= SMALL_FILE) {
		ok = put_small(&r->out, f->fd, &part);
		q->sent = part.n;
	} else if (ok && !bodiless) {
		q->file_fd = f->fd;
		q->file_at = (off_t)part.at;
		q->file_left = part.n;
		f->fd = -1;
	}
	rs_fd_close(&f->fd);
	if (ok)
		rs_static_send(q);
	rs_buf_reset(&r->out, RS_OUT_KEEP);
	return ok;
}

static void answer(struct rs_req *q, struct rs_static_found *f, const struct rs_static_wanted *w)
{
	char lines[64];

	if (w->status == 412 || w->status == 416) {
		rs_fd_close(&f->fd);
		if (!rs_fmt(lines, sizeof lines, w->status == 416 ? "Content-Range: bytes */%jd\r\n" : "", (intmax_t)f->st.st_size))
			lines[0] = '\0';
		rs_send_error_with(q->conn, w->status, true, lines);
		return;
	}
	if (w->ranges > 1 ? rs_static_parts(q, f, w) : answer_piece(q, f, w))
		return;
	/* It cannot be read, became shorter in this moment, or there is no memory. */
	rs_fd_close(&f->fd);
	q->sent = 0;
	rs_send_error(q->conn, 500, true);
}

enum rs_static_result rs_static_file(const struct rs_static *s, struct rs_req *q, const char *name)
{
	bool source;
	const char *type = rs_http_mime(name, &source);
	struct rs_static_asked asked;
	struct rs_static_found found;
	struct rs_static_wanted wanted;

	if (source || (!type && s->port && !s->port->static_locations[0]))
		return RS_STATIC_DIRECTORY;
	rs_static_ask(q, &asked);
	if (!rs_static_find(s, q->r->conf, name, type ? type : "application/octet-stream", &asked, &found)) {
		if (errno != EMFILE && errno != ENFILE && errno != ENOMEM)
			return errno == EISDIR ? RS_STATIC_DIRECTORY : RS_STATIC_NONE;
		/* It may well be there: nobody must learn, and keep, that it is not. */
		rs_send_error(q->conn, 503, true);
		return RS_STATIC_ANSWERED;
	}
	rs_static_choose(&asked, &found, q->head_method, &wanted);
	answer(q, &found, &wanted);
	return RS_STATIC_ANSWERED;
}

static bool serve_path(const struct rs_static *s, struct rs_req *q)
{
	struct rs_slice path = rs_req_path(q);
	bool slash = path.n && path.p[path.n - 1] == '/', directories = s->index[0] || s->autoindex;
	enum rs_static_result found = RS_STATIC_DIRECTORY;
	char name[4096];

	if (slash && path.n > 1)
		path.n--;
	if ((slash && !directories) || !rs_http_file_path(path, name, sizeof name))
		return false;
	if (!slash)
		found = rs_static_file(s, q, name);
	if (found == RS_STATIC_DIRECTORY)
		return directories && rs_static_directory(s, q, name, slash);
	return found == RS_STATIC_ANSWERED;
}

/* Is the path below one of the places that are for files only? */
static bool located(const struct rs_port *port, struct rs_slice path)
{
	for (const char *at = port->static_locations; *at; at += strlen(at) + 1)
		if (path.n >= strlen(at) && memcmp(path.p, at, strlen(at)) == 0)
			return true;
	return false;
}

bool rs_static_serve(const struct rs_static *s, struct rs_req *q)
{
	bool files_only = s->port && s->port->static_locations[0];

	if (s->root_fd < 0 || (files_only && !located(s->port, rs_req_path(q))))
		return false;
	if (serve_path(s, q))
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
		if (!q->file_left && q->parts && (!rs_static_next_part(q) || rs_conn_pending(c)))
			return;
	}
	if (!q->file_left) {
		rs_conn_answer_ends(c);
		return;
	}
	rs_conn_want_write(c);
	c->taken += turn;
	if (turn)
		rs_pace_write(c);
}
