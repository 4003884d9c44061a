/*
 * Reading an answer: its head, perhaps behind interim ones, then its body, piece by piece, within one limit of time for all.
 */
#include "client/client_fetch.h"

#include <errno.h>

#define BOTH (RS_WATCH_READ | RS_WATCH_WRITE)
#define PIECE 65536
/* Answers 1xx before the real one: servers send one or two. */
#define INTERIM_MAX 16

struct reading {
	struct rs_fetch *f;
	const struct rs_fetch_question *q;
	const struct rs_fetch_sink *sink;
	int64_t until;
	struct rs_http_answer a;
};

static enum rs_fetch_end broken(struct rs_fetch *f, const char *why)
{
	rs_sock_fail_why(&f->c.sock, RS_FETCH_PROTOCOL, why);
	return RS_FETCH_RESET;
}

static enum rs_fetch_end failed(const struct rs_fetch *f)
{
	return f->c.sock.error == ETIMEDOUT ? RS_FETCH_TIMEOUT : RS_FETCH_RESET;
}

/* More bytes into c.in. *ended: there are no more. */
static enum rs_fetch_end more(struct reading *r, bool *ended)
{
	struct rs_client *c = &r->f->c;
	char *to = rs_buf_reserve(&c->in, PIECE);
	ssize_t n;

	*ended = false;
	if (!to) {
		rs_sock_fail(&c->sock, ENOMEM);
		return RS_FETCH_RESET;
	}
	/* What is there is taken also when the time is over. */
	n = rs_sock_recv(&c->sock, to, PIECE, 0, rs_deadline_left(r->until));
	if (n < 0)
		return failed(r->f);
	rs_buf_commit(&c->in, (size_t)n);
	r->f->heard = r->f->heard || n > 0;
	*ended = n == 0;
	/* Who sends without a pause may not do so for ever. */
	if (n > 0 && r->until >= 0 && rs_deadline_left(r->until) == 0 && r->q->timeout_ms > 0) {
		rs_sock_fail(&c->sock, ETIMEDOUT);
		return RS_FETCH_TIMEOUT;
	}
	return RS_FETCH_OK;
}

/* One head, left in front of c.in. */
static enum rs_fetch_end read_head(struct reading *r)
{
	struct rs_buf *in = &r->f->c.in;
	enum rs_fetch_end end;
	enum rs_result rc;
	size_t scanned = 0;
	const char *why;
	bool ended;

	while ((rc = rs_http_answer_parse(&r->a, rs_buf_data(in), in->len, &scanned, &why)) == RS_AGAIN) {
		end = more(r, &ended);
		if (end != RS_FETCH_OK)
			return end;
		if (ended) {
			rs_sock_fail_why(&r->f->c.sock, ECONNRESET, in->len ? "the server closed the connection within a head"
									    : "the server closed the connection");
			return RS_FETCH_RESET;
		}
	}
	return rc == RS_OK ? RS_FETCH_OK : broken(r->f, why);
}

static enum rs_fetch_end read_final_head(struct reading *r)
{
	for (unsigned i = 0; i <= INTERIM_MAX; i++) {
		enum rs_fetch_end end = read_head(r);

		if (end != RS_FETCH_OK || r->a.status >= 200)
			return end;
		if (r->a.status == 101)
			return r->q->upgrade ? RS_FETCH_OK : broken(r->f, "101 that nobody asked for");
		rs_buf_consume(&r->f->c.in, r->a.head_len);
	}
	return broken(r->f, "too many interim answers");
}

static enum rs_fetch_end cut_short(struct rs_fetch *f)
{
	rs_sock_fail_why(&f->c.sock, ECONNRESET, "the server closed the connection within a body");
	return RS_FETCH_RESET;
}

/* The sink may close the connection, or let others run who do. */
static bool give(struct reading *r, struct rs_slice piece)
{
	return piece.n == 0 || (r->sink->body(r->sink->arg, piece) && !r->f->c.sock.closing);
}

static enum rs_fetch_end read_body(struct reading *r)
{
	struct rs_buf *in = &r->f->c.in;
	enum rs_result rc = RS_OK;
	struct rs_http_body body;
	enum rs_fetch_end end;
	struct rs_slice piece;
	bool ended;
	size_t used;

	rs_http_body_begin(&body, &r->a, r->q->head_method);
	for (;;) {
		while ((rc = rs_http_body_feed(&body, rs_buf_data(in), in->len, &used, &piece)) != RS_ERR) {
			if (!give(r, piece)) {
				rs_sock_fail(&r->f->c.sock, r->f->c.sock.closing ? RS_SOCK_CLOSED : ECANCELED);
				return RS_FETCH_RESET;
			}
			rs_buf_consume(in, used);
			if (rc != RS_OK)
				break;
		}
		if (rc == RS_ERR)
			return broken(r->f, "bad chunk");
		if (rc == RS_DONE)
			return RS_FETCH_OK;
		end = more(r, &ended);
		if (end != RS_FETCH_OK)
			return end;
		if (ended)
			return body.framing == RS_HTTP_UNTIL_CLOSE ? RS_FETCH_OK : cut_short(r->f);
	}
}

static enum rs_fetch_end read_answer(struct reading *r, bool *reusable)
{
	enum rs_fetch_end end = read_final_head(r);

	*reusable = false;
	if (end != RS_FETCH_OK)
		return end;
	if (!r->sink->head(r->sink->arg, &r->a) || r->f->c.sock.closing) {
		rs_sock_fail(&r->f->c.sock, r->f->c.sock.closing ? RS_SOCK_CLOSED : ECANCELED);
		return RS_FETCH_RESET;
	}
	rs_buf_consume(&r->f->c.in, r->a.head_len);
	if (r->a.status == 101) {
		r->f->upgraded = *reusable = true;
		return RS_FETCH_OK;
	}
	*reusable = r->a.keepalive && (r->a.has_length || r->a.chunked || r->q->head_method || r->a.status == 204 || r->a.status == 304);
	return read_body(r);
}

enum rs_fetch_end rs_fetch_receive(struct rs_fetch *f, const struct rs_fetch_question *q, const struct rs_fetch_sink *sink)
{
	struct reading r = { .f = f, .q = q, .sink = sink, .until = rs_deadline(q->timeout_ms) };
	enum rs_fetch_end end;
	bool reusable;

	if (!rs_sock_enter(&f->c.sock, BOTH))
		return RS_FETCH_RESET;
	end = read_answer(&r, &reusable);
	rs_client_leave(&f->c, BOTH);
	f->answered += end == RS_FETCH_OK;
	/* More than was asked for: nobody knows whose it is. */
	if (end != RS_FETCH_OK || !reusable || (f->c.in.len && !f->upgraded)) {
		int error = f->c.sock.error;
		const char *why = f->c.sock.why;

		rs_fetch_close(f);
		rs_sock_fail_why(&f->c.sock, error, why);
	}
	return end;
}
