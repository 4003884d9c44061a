/*
 * The exchange: one request as the engine reads it, one response as the engine writes it.
 *
 * Owns what is in flight for the request that runs: the parsed view, the held head, the gathered body. The head is held
 * until the body is complete, too large to gather, or flushed, so that a small response is one frame with its length.
 * Body bytes spend credit, compressed ones when there is compression; without credit the worker waits here, reading its channel, so
 * nothing can deadlock.
 */
#include "worker/process.h"
#include "worker/request_view.h"
#include "worker/worker_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A response up to this leaves as one frame with Content-Length. */
#define GATHER_MAX (32u << 10)
/* The disk gets so much of a spooled body back at a time: PHP keeps a copy, and both at once are twice the body. */
#define FREE_STEP (8u << 20)

static struct rs_process *owner_of(struct rs_exchange *x)
{
	return (struct rs_process *)((char *)x - offsetof(struct rs_process, x));
}

/* ---- request --------------------------------------------------------------------------------- */

static bool fields_room(struct rs_exchange *x, size_t n)
{
	struct rs_field *p;

	if (n <= x->fields_cap)
		return true;
	p = realloc(x->fields, n * sizeof *p);
	if (!p)
		return false;
	x->fields = p;
	x->fields_cap = n;
	return true;
}

static bool parse(struct rs_exchange *x, struct rs_slice payload)
{
	struct rs_request_parts parts;
	uint32_t n;

	if (!rs_request_count(payload, &n) || !fields_room(x, n) || !rs_request_parse(payload, x->fields, &parts))
		return false;
	x->view = parts.view;
	x->inline_body = parts.inline_body;
	x->credit = parts.credit;
	return !parts.body_in_file || x->body_fd >= 0;
}

bool rs_exchange_begin(struct rs_process *p, struct rs_post *post)
{
	struct rs_exchange *x = &p->x;

	x->id = post->id;
	x->body_fd = post->body_fd;
	post->body_fd = -1;
	x->body_at = x->body_freed = 0;
	x->status = x->reason_len = 0;
	x->content_length = -1;
	x->head_given = x->head_sent = x->finished = x->client_gone = false;
	x->judged = x->packing = false;
	x->written = 0;
	if (!parse(x, rs_buf_slice(&post->payload)))
		return false;
	x->no_body = rs_slice_eq(x->view.method, RS_SLICE("HEAD"));
	rs_log_request(p->log, x->view.id);
	rs_slowlog_begin(p);
	return true;
}

void rs_exchange_end(struct rs_process *p)
{
	struct rs_exchange *x = &p->x;

	rs_slowlog_end(p);
	if (!x->finished)
		rs_exchange_abort(x);
	rs_fd_close(&x->body_fd);
	rs_buf_reset(&x->head, 16u << 10);
	rs_buf_reset(&x->gather, 2 * GATHER_MAX);
	rs_buf_reset(&x->packed, 2 * GATHER_MAX);
	rs_buf_reset(&x->trailers, 16u << 10);
	x->id = 0;
	rs_log_request(p->log, RS_SLICE(""));
}

struct rs_exchange *rs_exchange_mute(const struct rs_request_view *view, struct rs_slice body)
{
	struct rs_exchange *x = &rs_process()->mute;

	*x = (struct rs_exchange){ .inline_body = body, .body_fd = -1, .content_length = -1, .mute = true };
	if (view)
		x->view = *view;
	else
		x->view.received_us = (uint64_t)rs_wall_us();
	x->view.body_len = body.n;
	return x;
}

bool rs_exchange_is_mute(const struct rs_exchange *x)
{
	return x->mute;
}

const struct rs_request_view *rs_exchange_request(const struct rs_exchange *x)
{
	return &x->view;
}

/* Nobody reads it twice. Where the file system cannot do that, nothing is lost but space for a moment. */
static void free_read(struct rs_exchange *x)
{
	if (x->body_at - x->body_freed < FREE_STEP)
		return;
	RS_IGNORE(fallocate(x->body_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)x->body_freed,
			    (off_t)(x->body_at - x->body_freed)) < 0);
	x->body_freed = x->body_at;
}

size_t rs_exchange_read_body(struct rs_exchange *x, char *buf, size_t n)
{
	ssize_t got;

	if (x->body_at >= x->view.body_len)
		return 0;
	if (n > x->view.body_len - x->body_at)
		n = (size_t)(x->view.body_len - x->body_at);
	if (x->body_fd < 0) {
		memcpy(buf, x->inline_body.p + x->body_at, n);
		x->body_at += n;
		return n;
	}
	do {
		got = pread(x->body_fd, buf, n, (off_t)x->body_at);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		rs_warn(owner_of(x)->log, "cannot read the spooled request body");
		x->body_at = x->view.body_len;
		return 0;
	}
	x->body_at += (uint64_t)got;
	free_read(x);
	return (size_t)got;
}

/* ---- response -------------------------------------------------------------------------------- */

/* The channel broke: nobody will read an answer any more. */
static enum rs_result lost(struct rs_exchange *x)
{
	x->client_gone = true;
	return RS_DONE;
}

static enum rs_result put_and_flush(struct rs_exchange *x, enum rs_msg msg, uint16_t flags, struct rs_slice head,
				    struct rs_slice body)
{
	struct rs_process *p = owner_of(x);

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
		enum rs_result r = rs_worker_receive(owner_of(x), true);
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
	struct rs_process *p = owner_of(x);
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
		rs_errorx(owner_of(x)->log, "response headers of %zu bytes dropped: too large", headers.n);
		status = 500;
		(void)hold_head(x, status, RS_SLICE(""), RS_SLICE(""), -1);
	}
	if (x->trailers.len)
		x->content_length = -1; /* it would end the response */
	if (status == 204 || status == 304)
		x->no_body = true;
}

enum rs_result rs_exchange_write(struct rs_exchange *x, const char *p, size_t n)
{
	enum rs_result r;

	RS_ASSERT(x->head_given);
	if (x->client_gone)
		return RS_DONE;
	x->written += n;
	if (x->finished || x->no_body)
		return RS_OK;
	if (x->gather.len + n <= GATHER_MAX) {
		if (!rs_buf_put(&x->gather, p, n))
			return lost(x);
		return RS_OK;
	}
	rs_exchange_judge(x, x->content_length);
	if (x->gather.len && (r = deliver_gathered(x, RS_ENCODER_MORE)) != RS_OK)
		return r;
	if (n <= GATHER_MAX)
		return rs_buf_put(&x->gather, p, n) ? RS_OK : lost(x);
	return rs_exchange_deliver(x, p, n, RS_ENCODER_MORE);
}

enum rs_result rs_exchange_flush(struct rs_exchange *x)
{
	struct rs_process *p = owner_of(x);

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
