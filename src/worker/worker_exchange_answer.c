/*
 * The exchange: one response as the engine writes it.
 *
 * Owns the held head and the gathered body. The head is held until the body is complete, too large to gather, or flushed, so that a
 * small response is one frame with its length. Body bytes spend credit, compressed ones when there is compression; without credit
 * the worker waits here, reading its channel, so nothing can deadlock.
 */
#include "worker/process.h"
#include "worker/worker_private.h"

/* The channel broke: nobody will read an answer any more. */
static enum rs_result lost(struct rs_exchange *x)
{
	x->client_gone = true;
	return RS_DONE;
}

static enum rs_result put_and_flush(struct rs_exchange *x, enum rs_msg msg, uint16_t flags, struct rs_slice head,
				    struct rs_slice body)
{
	struct rs_process *p = rs_exchange_owner(x);

	if (rs_ipc_put(&p->data, msg, flags, x->id, head, body, NULL, 0) != RS_OK ||
	    rs_ipc_flush(&p->data) != RS_OK) {
		rs_debug(p->log, "response lost: %s", p->data.error);
		return lost(x);
	}
	return RS_OK;
}

/* The first frame: head, and the body bytes that come with it. x->head starts with room for the struct. */
static enum rs_result send_head(struct rs_exchange *x, struct rs_slice body, uint16_t flags)
{
	struct rs_wire_response w = { .status = x->status, .reason_len = x->reason_len,
				      .headers_len = (uint32_t)(x->head.len - sizeof w - x->reason_len),
				      .body_len = (uint32_t)body.n, .content_length = x->content_length };

	memcpy(x->head.p + x->head.off, &w, sizeof w);
	x->head_sent = true;
	return put_and_flush(x, RS_MSG_RESPONSE, flags, rs_buf_slice(&x->head), body);
}

/* x->head = room for the struct, reason, headers. false: no memory or too large. */
static bool hold_head(struct rs_exchange *x, unsigned status, struct rs_slice reason, struct rs_slice headers,
		      int64_t content_length)
{
	static const struct rs_wire_response blank;

	x->head.len = x->head.off = 0;
	x->status = (uint16_t)status;
	x->reason_len = (uint16_t)reason.n;
	x->content_length = content_length;
	return headers.n <= RS_RESPONSE_HEADERS_MAX - 1024 && rs_buf_put(&x->head, &blank, sizeof blank) &&
	       rs_buf_put(&x->head, reason.p, reason.n) && rs_exchange_put_fields(x, headers);
}

/* Waits until the client has taken enough for at least one byte more. */
static enum rs_result wait_for_credit(struct rs_exchange *x)
{
	while (x->credit == 0 && !x->client_gone) {
		enum rs_result r = rs_worker_receive(rs_exchange_owner(x), true);
		if (r != RS_OK && r != RS_AGAIN)
			return lost(x);
	}
	return x->client_gone ? RS_DONE : RS_OK;
}

enum rs_result rs_exchange_send(struct rs_exchange *x, const char *p, size_t n, uint16_t flags)
{
	bool trailers = (flags & RS_FRAME_END) && rs_exchange_has_trailers(x);
	enum rs_result r;

	flags = trailers ? 0 : flags;
	do {
		size_t piece = n > RS_BODY_MAX ? RS_BODY_MAX : n;
		if (piece && (r = wait_for_credit(x)) != RS_OK)
			return r;
		if (piece > x->credit)
			piece = (size_t)x->credit;
		x->credit -= piece;
		uint16_t f = piece == n ? flags : 0;
		r = x->head_sent ? put_and_flush(x, RS_MSG_BODY, f, RS_SLICE(""), rs_slice(p, piece))
				 : send_head(x, rs_slice(p, piece), f);
		if (r != RS_OK)
			return r;
		p += piece;
		n -= piece;
	} while (n);
	return trailers ? put_and_flush(x, RS_MSG_BODY, RS_FRAME_END | RS_FRAME_TRAILERS, RS_SLICE(""), rs_buf_slice(&x->trailers)) : RS_OK;
}

static enum rs_result deliver_gathered(struct rs_exchange *x, enum rs_encoder_step step)
{
	enum rs_result r = rs_exchange_deliver(x, rs_buf_data(&x->gather), x->gather.len, step);

	x->gather.len = x->gather.off = 0;
	return r;
}

/* ---- its head --------------------------------------------------------------------------------- */

bool rs_exchange_interim(struct rs_exchange *x, unsigned status, struct rs_slice headers)
{
	const struct rs_wire_response w = { .status = (uint16_t)status, .headers_len = (uint32_t)headers.n, .content_length = -1 };

	if (x->head_given || x->mute || x->finished || headers.n > RS_RESPONSE_HEADERS_MAX - 1024)
		return false;
	if (x->view.http_minor > 0 && !x->client_gone)
		RS_IGNORE(put_and_flush(x, RS_MSG_INTERIM, 0, rs_slice(&w, sizeof w), headers) != RS_OK);
	return true;
}

bool rs_exchange_file(struct rs_exchange *x, int fd, uint64_t offset, uint64_t n)
{
	struct rs_process *p = rs_exchange_owner(x);
	struct rs_wire_response w = { .status = x->status, .reason_len = x->reason_len, .content_length = (int64_t)n,
				      .headers_len = (uint32_t)(x->head.len - sizeof w - x->reason_len) };

	RS_ASSERT(x->head_given && !x->head_sent && !x->mute);
	if (x->gather.len || x->finished || x->trailers.len)
		return false;
	x->head_sent = x->finished = true;
	memcpy(x->head.p + x->head.off, &w, sizeof w);
	if (!x->client_gone &&
	    (rs_ipc_put(&p->data, RS_MSG_ANSWER_FILE, RS_FRAME_END, x->id, rs_slice(&offset, sizeof offset), rs_buf_slice(&x->head),
			&fd, 1) != RS_OK || rs_ipc_flush(&p->data) != RS_OK)) {
		rs_debug(p->log, "response lost: %s", p->data.error);
		x->client_gone = true;
	}
	return true;
}

void rs_exchange_head(struct rs_exchange *x, unsigned status, struct rs_slice reason, struct rs_slice headers,
		      int64_t content_length)
{
	RS_ASSERT(!x->head_given && !x->mute);
	if (!rs_xsendfile_answer(x, status, headers))
		rs_exchange_hold(x, status, reason, headers, content_length);
}

void rs_exchange_hold(struct rs_exchange *x, unsigned status, struct rs_slice reason, struct rs_slice headers,
		      int64_t content_length)
{
	x->head_given = true;
	if (reason.n > 512)
		reason.n = 512;
	if (!hold_head(x, status, reason, headers, content_length)) {
		rs_errorx(rs_exchange_owner(x)->log, "response headers of %zu bytes dropped: too large", headers.n);
		status = 500;
		(void)hold_head(x, status, RS_SLICE(""), RS_SLICE(""), -1);
	}
	if (x->trailers.len)
		x->content_length = -1; /* it would end the response */
	if (status == 204 || status == 304)
		x->no_body = true;
}

/* ---- its body --------------------------------------------------------------------------------- */

enum rs_result rs_exchange_write(struct rs_exchange *x, const char *p, size_t n)
{
	enum rs_result r;

	RS_ASSERT(x->head_given);
	if (x->client_gone)
		return RS_DONE;
	x->written += n;
	if (x->finished || x->no_body)
		return RS_OK;
	if (x->gather.len + n <= RS_GATHER_MAX) {
		if (!rs_buf_put(&x->gather, p, n))
			return lost(x);
		return RS_OK;
	}
	rs_exchange_judge(x, x->content_length);
	if (x->gather.len && (r = deliver_gathered(x, RS_ENCODER_MORE)) != RS_OK)
		return r;
	if (n <= RS_GATHER_MAX)
		return rs_buf_put(&x->gather, p, n) ? RS_OK : lost(x);
	return rs_exchange_deliver(x, p, n, RS_ENCODER_MORE);
}

enum rs_result rs_exchange_flush(struct rs_exchange *x)
{
	struct rs_process *p = rs_exchange_owner(x);

	if (x->finished || x->mute)
		return x->client_gone ? RS_DONE : RS_OK;
	if (x->head_given)
		rs_exchange_judge(x, x->content_length);
	if (!x->client_gone && x->head_given && (!x->head_sent || x->gather.len || rs_exchange_holds(x)))
		(void)deliver_gathered(x, RS_ENCODER_FLUSH);
	/* A look at the channel without waiting: has the client left? */
	if (!x->client_gone && rs_worker_receive(p, false) == RS_DONE)
		return lost(x);
	return x->client_gone ? RS_DONE : RS_OK;
}

void rs_exchange_finish(struct rs_exchange *x)
{
	if (x->mute)
		x->finished = true;
	if (x->finished)
		return;
	if (!x->head_given) {
		rs_exchange_abort(x);
		return;
	}
	/* What a HEAD leaves out may have been made nevertheless. */
	rs_exchange_judge(x, x->content_length >= 0 || (x->no_body && !x->written) ? x->content_length : (int64_t)x->written);
	if (!x->head_sent && !x->packing && x->content_length < 0 && !x->no_body && !x->trailers.len)
		x->content_length = (int64_t)x->gather.len;
	if (!x->client_gone && rs_exchange_is_short(x)) {
		(void)deliver_gathered(x, RS_ENCODER_FLUSH);
		rs_exchange_abort(x);
	}
	if (!x->client_gone && !x->finished)
		(void)deliver_gathered(x, RS_ENCODER_END);
	x->finished = true;
}

void rs_exchange_abort(struct rs_exchange *x)
{
	static const char none[] = "";

	if (x->mute)
		x->finished = true;
	if (x->finished)
		return;
	if (!x->head_sent) {
		/* Nothing went out: the reactor can still say 500 in our name. */
		if (!hold_head(x, 500, RS_SLICE(""), RS_SLICE(""), -1))
			x->client_gone = true;
	}
	x->gather.len = x->gather.off = x->packed.len = x->packed.off = 0;
	if (!x->client_gone)
		(void)(x->head_sent ? put_and_flush(x, RS_MSG_BODY, RS_FRAME_ABORT, rs_slice(none, 0), rs_slice(none, 0))
				    : send_head(x, rs_slice(none, 0), RS_FRAME_ABORT));
	x->finished = true;
}

/* ---- what has become of it -------------------------------------------------------------------- */

bool rs_exchange_head_sent(const struct rs_exchange *x)
{
	return x->head_given;
}

unsigned rs_exchange_status(const struct rs_exchange *x)
{
	return x->head_given ? x->status : 0;
}

bool rs_exchange_finished(const struct rs_exchange *x)
{
	return x->finished;
}

bool rs_exchange_client_gone(const struct rs_exchange *x)
{
	return x->client_gone;
}
