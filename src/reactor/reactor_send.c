/*
 * Answers to clients. A worker's frames are checked here as a stranger's would be: lengths, header block,
 * credit. What an application got wrong (more or fewer bytes than it announced) is cut and logged, and never
 * lets a connection go out of step. Runs in the reactor.
 *
 * Pieces are put together in the reactor's `out` buffer and leave with one system call when they are small.
 */
#include "reactor/reactor_send.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_observe.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_worker.h"

#include <stdio.h>

/* Bodies up to this are copied behind their head: one buffer, one send. */
#define COPY_MAX (16u << 10)

static void emit(struct rs_req *q, struct rs_slice body, bool end);
static void emit_trailers(struct rs_req *q, struct rs_slice lines);

bool rs_send_cut(struct rs_slice p, struct rs_wire_response *w, struct rs_slice *reason, struct rs_slice *headers,
		 struct rs_slice *body)
{
	if (p.n < sizeof *w)
		return false;
	memcpy(w, p.p, sizeof *w);
	p = rs_slice(p.p + sizeof *w, p.n - sizeof *w);
	if ((uint64_t)w->reason_len + w->headers_len + w->body_len != p.n)
		return false;
	*reason = rs_slice(p.p, w->reason_len);
	*headers = rs_slice(p.p + w->reason_len, w->headers_len);
	*body = rs_slice(headers->p + w->headers_len, w->body_len);
	return true;
}

static bool spend(struct rs_req *q, size_t n)
{
	if (n > q->granted - q->spent)
		return false;
	q->spent += n;
	return true;
}

const char *rs_send_response(struct rs_req *q, const struct rs_frame *f)
{
	struct rs_reactor *r = q->r;
	struct rs_conn *c = q->conn;
	struct rs_slice reason, headers, body;
	struct rs_wire_response w;
	struct rs_http_block block;
	enum rs_http_framing framing;

	if (q->head_sent || q->ended)
		return "second RESPONSE";
	if (!rs_send_cut(f->payload, &w, &reason, &headers, &body))
		return "RESPONSE with wrong lengths";
	if (w.status < 200 || w.status > 999 || w.content_length < -1)
		return "RESPONSE with a bad status or length";
	if (!rs_http_block_check(headers, &block) || block.forbidden)
		return "RESPONSE with malformed or forbidden headers";
	if (!spend(q, body.n))
		return "more body than its credit";
	if (f->flags & RS_FRAME_ABORT) {
		/* Nothing has left yet, so it can still be said in clear words. */
		rs_send_failed(q, w.status >= 400 && w.status <= 599 ? w.status : 502);
		return NULL;
	}
	if (w.content_length < 0 && (f->flags & RS_FRAME_END) && !q->head_method)
		w.content_length = w.body_len;

	rs_observe_answering(q);
	struct rs_http_response head = {
		.status = w.status,
		.reason = reason,
		.headers = headers,
		.more = rs_observe_lines(q, headers, ""),
		.content_length = w.content_length,
		.date = block.has_date ? NULL : rs_reactor_date(r),
		/* A script's own classes say it, or were told not to. */
		.server = block.has_server || c->guest ? NULL : r->conf->server,
		.minor = q->minor,
		.head_method = q->head_method,
		.keepalive = c->keepalive && r->phase == RS_REACTOR_RUN,
		.connection_close = block.has_connection_close,
	};
	RS_ASSERT(r->out.len == 0);
	if (!c->protocol->put_head(c, &r->out, &head, &framing)) {
		rs_conn_close(c);
		return NULL;
	}
	q->framing = (uint8_t)framing;
	q->status = w.status;
	q->head_sent = true;
	q->length_left = framing == RS_HTTP_LENGTH ? (uint64_t)w.content_length : 0;
	c->state = RS_CONN_SEND;
	rs_conn_deadline(c, 0);
	emit(q, body, f->flags & RS_FRAME_END);
	return NULL;
}

const char *rs_send_body(struct rs_req *q, const struct rs_frame *f)
{
	if (q->ended)
		return "BODY after the end";
	if (f->flags & RS_FRAME_ABORT) {
		rs_send_failed(q, 502);
		return NULL;
	}
	if (!q->head_sent)
		return "BODY before RESPONSE";
	if (f->flags & RS_FRAME_TRAILERS) {
		struct rs_http_block block;

		if (!(f->flags & RS_FRAME_END) || !rs_http_block_check(f->payload, &block) || block.forbidden)
			return "malformed or forbidden trailers";
		emit_trailers(q, f->payload);
		return NULL;
	}
	if (!spend(q, f->payload.n))
		return "more body than its credit";
	emit(q, f->payload, f->flags & RS_FRAME_END);
	return NULL;
}

/* ---- framing ------------------------------------------------------------------------------------------ */

/*
 * Content-Length was promised: what is beyond it is dropped; what is missing at the end costs the connection.
 */
static void fit_length(struct rs_req *q, struct rs_slice *body, bool end)
{
	if (body->n > q->length_left) {
		rs_warnx(q->r->log, "request %s: worker %ld: response longer than its Content-Length, the rest is dropped", q->id,
			 (long)q->worker_id);
		body->n = (size_t)q->length_left;
		q->conn->keepalive = false;
	}
	q->length_left -= body->n;
	if (end && q->length_left) {
		rs_warnx(q->r->log, "request %s: worker %ld: response %lu bytes short of its Content-Length, client cut off", q->id,
			 (long)q->worker_id, (unsigned long)q->length_left);
		q->conn->keepalive = false;
	}
}

/* What stands in r->out, body, tail. ok: all of it could be put together. */
static void leave(struct rs_req *q, struct rs_slice body, struct rs_slice tail, bool ok, bool end)
{
	struct rs_conn *c = q->conn;
	struct rs_buf *out = &q->r->out;
	struct iovec iov[3];
	int n = 0;

	q->sent += body.n;
	q->ended = end;
	if (body.n + tail.n <= COPY_MAX) {
		ok = ok && rs_buf_put(out, body.p, body.n) && rs_buf_put(out, tail.p, tail.n);
		body.n = tail.n = 0;
	}
	if (out->len)
		iov[n++] = (struct iovec){ out->p + out->off, out->len };
	if (body.n)
		iov[n++] = (struct iovec){ (void *)(uintptr_t)body.p, body.n };
	if (tail.n)
		iov[n++] = (struct iovec){ (void *)(uintptr_t)tail.p, tail.n };
	if (!ok)
		rs_conn_close(c);
	else if (rs_conn_write(c, iov, n) && end)
		rs_conn_answer_ends(c);
	else if (c->state == RS_CONN_SEND)
		rs_send_credit(q);
	rs_buf_reset(out, RS_OUT_KEEP);
}

/* The end of a body in pieces, with fields behind it; other framings have no place for them. */
static void emit_trailers(struct rs_req *q, struct rs_slice lines)
{
	struct rs_buf *out = &q->r->out;

	if (q->conn->protocol->put_trailers && q->framing != RS_HTTP_NO_BODY) {
		if (!q->conn->protocol->put_trailers(q->conn, lines))
			rs_conn_close(q->conn);
		else
			emit(q, RS_SLICE(""), true);
	} else if (q->framing != RS_HTTP_CHUNKED)
		emit(q, RS_SLICE(""), true);
	else
		leave(q, RS_SLICE(""), RS_SLICE("\r\n"), rs_buf_put(out, "0\r\n", 3) && rs_buf_put(out, lines.p, lines.n), true);
}

/* Sends what stands in r->out, and body in its framing. */
static void emit(struct rs_req *q, struct rs_slice body, bool end)
{
	struct rs_buf *out = &q->r->out;
	struct rs_slice tail = RS_SLICE("");
	bool ok = true;

	switch ((enum rs_http_framing)q->framing) {
	case RS_HTTP_NO_BODY:
		body.n = 0;
		break;
	case RS_HTTP_LENGTH:
		fit_length(q, &body, end);
		break;
	case RS_HTTP_CHUNKED:
		if (body.n) {
			char size[24];
			int len = snprintf(size, sizeof size, "%zx\r\n", body.n);
			ok = rs_buf_put(out, size, (size_t)len);
			tail = end ? RS_SLICE("\r\n0\r\n\r\n") : RS_SLICE("\r\n");
		} else if (end) {
			tail = RS_SLICE("0\r\n\r\n");
		}
		break;
	case RS_HTTP_UNTIL_CLOSE:
	case RS_HTTP_FRAMED:
		break;
	}
	leave(q, body, tail, ok, end);
}

void rs_send_credit(struct rs_req *q)
{
	uint64_t pending, allowed, more;

	if (q->ended || !q->conn || !q->worker || (q->framing == RS_HTTP_LENGTH && q->length_left == 0))
		return;
	/* Framing counts as body here: the window is a bound on memory. */
	pending = rs_conn_pending(q->conn);
	allowed = q->spent + q->window - (pending < q->spent ? pending : q->spent);
	if (allowed < q->granted + q->window / 2)
		return;
	more = allowed - q->granted;
	if (rs_worker_tell(q->worker, RS_MSG_CREDIT, q->node.id, rs_slice(&more, sizeof more)))
		q->granted = allowed;
}

/* ---- our own answers ---------------------------------------------------------------------------------- */

void rs_send_error(struct rs_conn *c, unsigned status, bool keep)
{
	rs_send_error_with(c, status, keep, status == 503 ? "Retry-After: 1\r\n" : "");
}

void rs_send_error_with(struct rs_conn *c, unsigned status, bool keep, const char *lines)
{
	struct rs_reactor *r = c->r;
	struct rs_req *q = c->req;
	char page[RS_HTTP_ERROR_PAGE_MAX];
	const struct rs_slice body = rs_http_error_page(status, page);
	enum rs_http_framing framing;
	struct iovec iov;

	if (c->state == RS_CONN_CLOSED)
		return;
	RS_ASSERT(!q || !q->head_sent);
	if (!keep || r->phase != RS_REACTOR_RUN)
		c->keepalive = false;
	c->linger = c->linger || !keep;
	if (q) {
		q->ended = q->head_sent = true;
		q->status = (uint16_t)status;
		q->framing = RS_HTTP_NO_BODY;
	}
	c->state = RS_CONN_SEND;
	rs_conn_deadline(c, 0);
	RS_ASSERT(r->out.len == 0);
	const struct rs_http_response head = {
		.status = status,
		.headers = RS_SLICE("Content-Type: text/html\r\n"),
		.more = q ? rs_observe_lines(q, RS_SLICE(""), lines) : rs_slice_str(lines),
		.content_length = (int64_t)body.n,
		.date = rs_reactor_date(r),
		.server = r->conf->server,
		.minor = q ? q->minor : 1,
		.head_method = q && q->head_method,
		.keepalive = c->keepalive,
	};
	if (c->protocol->put_head(c, &r->out, &head, &framing) &&
	    (framing == RS_HTTP_NO_BODY || rs_buf_put(&r->out, body.p, body.n))) {
		iov = (struct iovec){ r->out.p + r->out.off, r->out.len };
		if (rs_conn_write(c, &iov, 1))
			rs_conn_answer_ends(c);
	} else {
		rs_conn_close(c);
	}
	rs_buf_reset(&r->out, RS_OUT_KEEP);
}

void rs_send_failed(struct rs_req *q, unsigned status)
{
	struct rs_conn *c = q->conn;

	if (!c || q->ended)
		return;
	if (!q->head_sent) {
		rs_send_error(c, status, true);
		return;
	}
	q->ended = true;
	c->keepalive = false;
	/* The end of the connection would pass for the end of the body: it has to look like an accident. */
	if (q->framing == RS_HTTP_UNTIL_CLOSE || q->framing == RS_HTTP_FRAMED)
		rs_conn_reset(c);
	else
		rs_conn_answer_ends(c);
}
