/*
 * Compression of what an exchange sends: decided when its head leaves, done between the engine's bytes and the client's credit.
 *
 * Of the engine's bytes none waits behind a flush (Z_SYNC_FLUSH); else they wait for each other in the encoder. At most 32 kB of its
 * output are kept here, so a response of any length costs the same memory.
 */
#include "worker/process.h"
#include "worker/worker_compress.h"
#include "worker/worker_private.h"

/* Output that is sent at once; a response that stays below it leaves as one frame with its length. */
#define PACKED_MAX (32u << 10)

void rs_exchange_judge(struct rs_exchange *x, int64_t size)
{
	const struct rs_compress_rules rules = rs_compress_rules_of(rs_exchange_owner(x)->h->conf);
	const size_t before = sizeof(struct rs_wire_response) + x->reason_len;
	struct rs_compress_case c = { .rules = &rules, .status = x->status, .size = size };
	struct rs_buf lines = { 0 };
	enum rs_http_coding coding;

	if (x->judged || x->head_sent || !rules.on)
		return;
	x->judged = true;
	if (rs_compress_forbidden(rs_buf_slice(&x->trailers)))
		return;
	c.wish = rs_compress_wish_of(&x->view);
	c.headers = rs_slice(rs_buf_data(&x->head) + before, x->head.len - before);
	if (!rs_compress_head(&c, &lines, &coding))
		return;
	if (coding != RS_HTTP_IDENTITY && !x->no_body && !rs_encoder_begin(&x->encoder, coding, rules.level)) {
		rs_buf_free(&lines);
		return; /* no memory: as it is */
	}
	x->head.len = before;
	if (!rs_buf_put(&x->head, rs_buf_data(&lines), lines.len))
		x->client_gone = true;
	rs_buf_free(&lines);
	if (coding == RS_HTTP_IDENTITY)
		return;
	x->packing = !x->no_body;
	x->promised = x->content_length;
	x->content_length = -1;
}

/* The encoder's output so far. */
static enum rs_result send_packed(struct rs_exchange *x, uint16_t flags)
{
	enum rs_result r;

	if ((flags & RS_FRAME_END) && !x->head_sent && !x->trailers.len)
		x->content_length = (int64_t)x->packed.len;
	r = rs_exchange_send(x, rs_buf_data(&x->packed), x->packed.len, flags);
	x->packed.len = x->packed.off = 0;
	return r;
}

static enum rs_result pack(struct rs_exchange *x, struct rs_slice in, enum rs_encoder_step step)
{
	enum rs_result made, r;

	/* Nothing new for the client, but for the head. */
	if (step == RS_ENCODER_FLUSH && in.n == 0 && !rs_encoder_holds(x->encoder))
		return send_packed(x, 0);
	do {
		made = rs_encoder_run(x->encoder, &in, step, &x->packed, PACKED_MAX);
		if (made == RS_ERR) {
			rs_exchange_abort(x);
			return RS_DONE;
		}
		if (made == RS_OK && step == RS_ENCODER_MORE)
			return RS_OK;
		r = send_packed(x, made == RS_OK && step == RS_ENCODER_END ? RS_FRAME_END : 0);
	} while (made == RS_AGAIN && r == RS_OK);
	return r;
}

enum rs_result rs_exchange_deliver(struct rs_exchange *x, const char *p, size_t n, enum rs_encoder_step step)
{
	if (x->packing)
		return pack(x, rs_slice(p, n), step);
	return rs_exchange_send(x, p, n, step == RS_ENCODER_END ? RS_FRAME_END : 0);
}

bool rs_exchange_holds(const struct rs_exchange *x)
{
	return x->packing && rs_encoder_holds(x->encoder);
}

bool rs_exchange_is_short(struct rs_exchange *x)
{
	if (!x->packing || x->promised < 0 || x->written >= (uint64_t)x->promised)
		return false;
	rs_warnx(rs_exchange_owner(x)->log, "response of %llu bytes is shorter than its Content-Length of %lld, client cut off",
		 (unsigned long long)x->written, (long long)x->promised);
	return true;
}
