/*
 * WebSocket streams: the incremental parser against a reader that sees all bytes at once and follows RFC 6455
 * section 5 line by line, and against itself with the bytes cut elsewhere. The first byte of the input says
 * where, the second which options. What is compared: every event, everything written, and how it ended.
 */
#include "ws/ws_stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MESSAGE_MAX 300

/* What happened, as bytes: events and answers in their order. */
struct outcome {
	struct rs_buf log, out;
	enum rs_result rc;
	unsigned code;
};

static void note(struct rs_buf *log, unsigned kind, unsigned flags, unsigned code, struct rs_slice data)
{
	const uint8_t head[] = { (uint8_t)kind, (uint8_t)flags,         (uint8_t)(code >> 8),
				 (uint8_t)code, (uint8_t)(data.n >> 8), (uint8_t)data.n };

	RS_ASSERT(rs_buf_put(log, head, sizeof head) && rs_buf_put(log, data.p, data.n));
}

#define ANSWER 0x80 /* beside the opcode: written, not told */

/* Moves what was written to the log. */
static void note_answers(struct outcome *o)
{
	while (o->out.len) {
		struct rs_ws_unframed f;

		RS_ASSERT(rs_ws_unframe(rs_buf_slice(&o->out), &f) == RS_OK);
		RS_ASSERT((f.flags & ~RS_WS_MASK) == RS_WS_FIN && f.payload.len <= RS_WS_CONTROL_MAX);
		note(&o->log, ANSWER | f.opcode, 0, 0, rs_buf_slice(&f.payload));
		rs_buf_consume(&o->out, f.used);
		rs_buf_free(&f.payload);
	}
}

static bool event_cb(void *arg, const struct rs_ws_event *e)
{
	struct outcome *o = arg;

	note_answers(o);
	note(&o->log, e->opcode, e->flags, e->code, e->data);
	return true;
}

static void mask_cb(void *arg, uint8_t key[4])
{
	(void)arg;
	memset(key, 0x5a, 4);
}

/* step bytes at a time, each time in a block of memory of that size, so that the sanitizer sees a read
 * beyond. */
static struct outcome feed(const struct rs_ws_options *options, struct rs_slice in, size_t step)
{
	struct outcome o = { .rc = RS_OK };
	struct rs_ws_sink sink = { event_cb, options->client ? mask_cb : NULL, &o, &o.out };
	struct rs_ws_conn c = { 0 };

	for (size_t at = 0; at < in.n && o.rc == RS_OK; at += step) {
		size_t part = in.n - at < step ? in.n - at : step;
		char *copy = malloc(part);

		RS_ASSERT(copy);
		memcpy(copy, in.p + at, part);
		o.rc = rs_ws_input(&c, options, &sink, rs_slice(copy, part));
		free(copy);
		RS_ASSERT(o.out.len <= 3 * part + RS_WS_HEAD_MAX + RS_WS_CONTROL_MAX);
		note_answers(&o);
	}
	RS_ASSERT(c.over == (o.rc != RS_OK) && (o.rc == RS_OK || c.parser == NULL));
	o.code = c.code;
	rs_ws_conn_fini(&c);
	return o;
}

/* ---- the reader that sees everything ------------------------------------------------------------------ */

struct head {
	bool fin, masked;
	unsigned rsv, opcode;
	uint64_t n;
	uint8_t key[4];
	size_t size;
};

/* 0, the code to fail with, or 1: more bytes are needed. */
static unsigned read_head(struct rs_slice in, struct head *h)
{
	const uint8_t *p = (const uint8_t *)in.p;
	size_t ext;

	if (in.n < 2)
		return 1;
	*h = (struct head){ p[0] & 0x80, p[1] & 0x80, p[0] >> 4 & 7, p[0] & 15, p[1] & 0x7f, { 0 }, 2 };
	if (h->opcode >= 8 && (!h->fin || h->n > 125))
		return RS_WS_PROTOCOL_ERROR;
	ext = h->n == 126 ? 2 : h->n == 127 ? 8 : 0;
	if (in.n < 2 + ext)
		return 1;
	if (ext)
		h->n = 0;
	for (size_t i = 0; i < ext; i++)
		h->n = h->n << 8 | p[2 + i];
	if ((ext == 2 && h->n < 126) || (ext == 8 && (h->n < 65536 || h->n >> 63)))
		return RS_WS_PROTOCOL_ERROR;
	h->size = 2 + ext + (h->masked ? 4 : 0);
	/* The rest is said of a head when the first byte of its payload is there. */
	if (in.n < h->size + (h->n ? 1 : 0))
		return 1;
	if (h->masked)
		memcpy(h->key, p + h->size - 4, 4);
	return 0;
}

static unsigned judge(const struct rs_ws_options *o, const struct head *h, bool inside, size_t joined)
{
	if (o->client ? h->masked : !h->masked && !o->unmasked_ok)
		return RS_WS_PROTOCOL_ERROR;
	if (h->rsv != 0 && !(h->rsv == 4 && o->rsv1 && (h->opcode == 1 || h->opcode == 2)))
		return RS_WS_PROTOCOL_ERROR;
	if ((h->opcode > 2 && h->opcode < 8) || h->opcode > 10)
		return RS_WS_PROTOCOL_ERROR;
	if (h->opcode < 8 && inside != (h->opcode == 0))
		return RS_WS_PROTOCOL_ERROR;
	return h->opcode < 8 && (h->n > MESSAGE_MAX || joined + h->n > MESSAGE_MAX) ? RS_WS_TOO_BIG : 0;
}

/* How many bytes at the front of p are characters, up to the first that is none or cut. */
static size_t characters(const uint8_t *p, size_t n, bool *wrong)
{
	size_t i = 0;

	*wrong = false;
	while (i < n) {
		const uint8_t c = p[i];
		const unsigned len = c < 0x80             ? 1
				     : (c & 0xe0) == 0xc0 ? 2
				     : (c & 0xf0) == 0xe0 ? 3
				     : (c & 0xf8) == 0xf0 ? 4
							  : 0;
		static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
		uint32_t low, high;

		*wrong = true;
		if (len == 0)
			return i;
		/* All the code points it can still become. */
		low = high = len == 1 ? c : c & (0x7fu >> len);
		for (unsigned j = 1; j < len; j++) {
			const bool there = i + j < n;

			if (there && (p[i + j] & 0xc0) != 0x80)
				return i;
			low = low << 6 | (there ? p[i + j] & 0x3fu : 0);
			high = high << 6 | (there ? p[i + j] & 0x3fu : 0x3fu);
		}
		if (high < least[len] || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff))
			return i;
		*wrong = false;
		if (i + len > n)
			return i;
		i += len;
	}
	return i;
}

static struct outcome fail(struct outcome o, unsigned code)
{
	const uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code };

	note(&o.log, ANSWER | RS_WS_CLOSE, 0, 0, rs_slice(payload, 2));
	o.rc = RS_ERR;
	o.code = code;
	return o;
}

static struct outcome reference(const struct rs_ws_options *options, struct rs_slice in)
{
	struct outcome o = { .rc = RS_OK };
	uint8_t message[MESSAGE_MAX], payload[MESSAGE_MAX];
	unsigned opcode = 0, flags = 0;
	size_t joined = 0;

	while (in.n) {
		struct head h;
		unsigned code = read_head(in, &h), control;
		size_t there;
		bool wrong = false;

		if (code == 1)
			return o;
		if (!code)
			code = judge(options, &h, opcode != 0, joined);
		if (code)
			return fail(o, code);
		there = in.n - h.size < h.n ? in.n - h.size : (size_t)h.n;
		for (size_t i = 0; i < there; i++)
			payload[i] = (uint8_t)in.p[h.size + i] ^ h.key[i % 4];
		if (h.opcode < 8) {
			if (h.opcode) {
				opcode = h.opcode;
				flags = RS_WS_FIN | (h.masked ? RS_WS_MASK : 0) | (h.rsv ? RS_WS_RSV1 : 0);
			}
			memcpy(message + joined, payload, there);
			joined += there;
			if (opcode == RS_WS_TEXT && !(flags & RS_WS_RSV1) &&
			    ((characters(message, joined, &wrong) < joined && h.fin && there == h.n) ||
			     wrong))
				return fail(o, RS_WS_BAD_PAYLOAD);
		}
		if (there < h.n)
			return o;
		in = rs_slice(in.p + h.size + there, in.n - h.size - there);
		if (h.opcode < 8) {
			if (!h.fin)
				continue;
			note(&o.log, opcode, flags, 0, rs_slice(message, joined));
			opcode = 0;
			joined = 0;
			continue;
		}
		control = RS_WS_FIN | (h.masked ? RS_WS_MASK : 0u);
		if (h.opcode == RS_WS_CLOSE) {
			const unsigned status = there < 2 ? 1005 : (unsigned)payload[0] << 8 | payload[1];
			const bool known =
				(status >= 1000 && status < 1015 && (status < 1004 || status > 1006)) ||
				(status >= 3000 && status < 5000);

			if (there == 1 || (there && !known))
				return fail(o, RS_WS_PROTOCOL_ERROR);
			if (there > 2 && characters(payload + 2, there - 2, &wrong) < there - 2)
				return fail(o, RS_WS_BAD_PAYLOAD);
			note(&o.log, ANSWER | RS_WS_CLOSE, 0, 0, rs_slice(payload, there ? 2 : 0));
			note(&o.log, RS_WS_CLOSE, control, status,
			     there ? rs_slice(payload + 2, there - 2) : rs_slice("", 0));
			o.rc = RS_DONE;
			o.code = status;
			return o;
		}
		if (h.opcode == RS_WS_PING && !options->hand_ping)
			note(&o.log, ANSWER | RS_WS_PONG, 0, 0, rs_slice(payload, there));
		else
			note(&o.log, h.opcode, control, 0, rs_slice(payload, there));
	}
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rs_ws_options options;
	struct outcome want;
	struct rs_slice in;

	if (n < 3)
		return 0;
	options = (struct rs_ws_options){
		.message_max = MESSAGE_MAX,
		.client = data[1] & 1,
		.unmasked_ok = data[1] & 2,
		.rsv1 = data[1] & 4,
		.hand_ping = data[1] & 8,
	};
	in = rs_slice(data + 2, n - 2);
	want = reference(&options, in);
	for (unsigned i = 0; i < 3; i++) {
		struct outcome got = feed(&options, in, i == 0 ? in.n : i == 1 ? 1 : 1u + data[0]);

		RS_ASSERT(got.rc == want.rc && got.code == want.code);
		RS_ASSERT(rs_slice_eq(rs_buf_slice(&got.log), rs_buf_slice(&want.log)));
		rs_buf_free(&got.log);
		rs_buf_free(&got.out);
	}
	rs_buf_free(&want.log);
	return 0;
}
