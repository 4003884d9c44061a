/*
 * The exchange: begin and end of what is in flight for the request that runs, and the request as the engine reads it. The response
 * as the engine writes it: worker_exchange_answer.c.
 *
 * Owns the parsed view and the spooled body.
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

/* The disk gets so much of a spooled body back at a time: PHP keeps a copy, and both at once are twice the body. */
#define FREE_STEP (8u << 20)

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
	rs_buf_reset(&x->gather, 2 * RS_GATHER_MAX);
	rs_buf_reset(&x->packed, 2 * RS_GATHER_MAX);
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

/* ---- the request ------------------------------------------------------------------------------ */

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
		rs_warn(rs_exchange_owner(x)->log, "cannot read the spooled request body");
		x->body_at = x->view.body_len;
		return 0;
	}
	x->body_at += (uint64_t)got;
	free_read(x);
	return (size_t)got;
}
