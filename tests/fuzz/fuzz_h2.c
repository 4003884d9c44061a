/*
 * Frames of a client. The first byte of the input says how the rest is cut and how the owner of streams behaves; then come frames,
 * without the preface.
 *
 * Invariants: a head that is not refused is a head of HTTP/1 with no other meaning; streams are told of once, in order: request, body,
 * its end, gone; never more of them than were agreed to; what is sent stays below a bound while nothing is read.
 */
#include "h2/h2.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define STREAMS 8
#define HEAD_MAX 2048

struct owner {
	struct rs_h2_stream *stream;
	struct world *world;
	bool ended, gone;
	size_t left;
};

struct world {
	struct owner owner[4096];
	unsigned used, alive;
	uint8_t how;
};

static struct rs_http_head head;

static void check_head(const struct rs_h2_request *q)
{
	const struct rs_http_limits limits = { .head_max = q->text.n + 1, .h2 = true, .body = !q->ends };
	size_t scanned = 0;
	unsigned status = 0;
	const char *why = "";

	if (rs_http_parse(&head, (char *)(uintptr_t)q->text.p, q->text.n, &limits, &scanned, &status, &why) != RS_OK) {
		RS_ASSERT(status >= 400);
		return;
	}
	RS_ASSERT(head.head_len == q->text.n && head.major == 2 && !head.chunked && !head.upgrade);
	RS_ASSERT(head.target.p[0] == '/' || rs_slice_eq(head.target, RS_SLICE("*")));
	for (size_t i = 0; i < head.nfields; i++)
		RS_ASSERT(!rs_slice_eqi(head.fields[i].name, RS_SLICE("connection")));
}

static void finish(struct owner *o, bool whole)
{
	struct rs_h2_stream *s = o->stream;

	o->gone = true;
	o->stream = NULL;
	o->world->alive--;
	rs_h2_let_go(s, whole);
}

static void answer(struct owner *o)
{
	const struct rs_http_response r = {
		.status = 200,
		.headers = RS_SLICE("X-A: b\r\nConnection: close\r\n"),
		.content_length = o->world->how & 1 ? 100 : -1,
	};
	enum rs_http_framing framing;

	if (o->gone)
		return;
	o->left = 100;
	if (!rs_h2_answer(o->stream, &r, &framing)) {
		finish(o, false);
		return;
	}
	RS_ASSERT(framing == (o->world->how & 1 ? RS_HTTP_LENGTH : RS_HTTP_FRAMED));
	if (o->world->how & 2)
		RS_IGNORE(rs_h2_trailers(o->stream, RS_SLICE("X-T: u\r\n")));
	if (o->world->how & 4)
		finish(o, false);
}

static bool on_request(void *user, const struct rs_h2_request *q)
{
	struct world *w = user;
	struct owner *o = &w->owner[w->used];

	RS_ASSERT(q->text.n <= 2 * HEAD_MAX);
	if (!q->status)
		check_head(q);
	if (w->used == RS_COUNTOF(w->owner) || (w->how & 8 && w->used % 3 == 2))
		return false;
	w->used++;
	*o = (struct owner){ .stream = q->stream, .world = w, .ended = q->ends };
	w->alive++;
	RS_ASSERT(w->alive <= STREAMS);
	rs_h2_own(q->stream, o);
	if (q->ends || q->status)
		answer(o);
	return true;
}

static bool on_body(void *owner, const char *p, size_t n)
{
	struct owner *o = owner;

	RS_ASSERT(!o->gone && !o->ended && p && n);
	return !(o->world->how & 16);
}

static void on_body_ends(void *owner)
{
	struct owner *o = owner;

	RS_ASSERT(!o->gone && !o->ended);
	o->ended = true;
	answer(o);
}

static size_t on_pending(void *owner, bool *end)
{
	struct owner *o = owner;

	RS_ASSERT(!o->gone);
	*end = true;
	return o->left;
}

static void on_take(void *owner, char *to, size_t n)
{
	struct owner *o = owner;

	RS_ASSERT(!o->gone && n <= o->left);
	memset(to, 'x', n);
	o->left -= n;
}

static void on_sent(void *owner)
{
	struct owner *o = owner;

	RS_ASSERT(!o->gone);
	if (!o->left)
		finish(o, true);
}

static void on_gone(void *owner)
{
	struct owner *o = owner;

	RS_ASSERT(!o->gone);
	o->gone = true;
	o->world->alive--;
}

static void on_complain(void *user, const char *what)
{
	(void)user;
	RS_ASSERT(what && *what);
}

static const struct rs_h2_handlers handlers = {
	.request = on_request,
	.body = on_body,
	.body_ends = on_body_ends,
	.pending = on_pending,
	.take = on_take,
	.sent = on_sent,
	.gone = on_gone,
	.complain = on_complain,
};

static const struct rs_h2_settings settings = { .header_max = HEAD_MAX, .streams = STREAMS, .window = 65535, .frame_max = 16384,
						.table_size = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct rs_slice preface = RS_H2_PREFACE;
	struct world *w = calloc(1, sizeof *w);
	struct rs_h2 *h = rs_h2_new(&settings, &handlers, w);
	struct rs_buf out = { 0 };
	size_t step;

	if (n == 0 || !h)
		goto end;
	w->how = data[0];
	step = data[0] & 32 ? 7 : n;
	rs_h2_receive(h, preface.p, preface.n, 1000);
	for (size_t at = 1; at < n && !rs_h2_over(h) && rs_h2_hungry(h); at += step) {
		rs_h2_receive(h, (const char *)data + at, n - at < step ? n - at : step, 1000);
		if (!rs_h2_send(h, &out, 65536))
			break;
		RS_ASSERT(out.len < 256 << 10);
		rs_buf_reset(&out, 0);
	}
	if (data[0] & 64)
		rs_h2_wind_down(h);
	RS_IGNORE(rs_h2_send(h, &out, 65536));
end:
	rs_h2_free(h);
	RS_ASSERT(w->alive == 0);
	rs_buf_free(&out);
	free(w);
	return 0;
}
