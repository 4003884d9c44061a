/*
 * A client's connection that speaks HTTP/2: bytes to frames and back, its time, its ends. Its requests are in reactor_h2_stream.c, the
 * frames in src/h2. Runs in the reactor.
 *
 * What the streams of a connection have to say is gathered until the end of the loop's turn, so that it leaves in one piece. At most
 * OUT_STEP bytes of it wait for the kernel; the rest stays with the streams, where it counts against the credit of their workers.
 */
#include "reactor/reactor_h2.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_idle.h"
#include "reactor/reactor_pace.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_session.h"

#include <stdlib.h>

/* Frames that are put together at a time. */
#define OUT_STEP (64u << 10)
/* What one turn gives to one client. */
#define OUT_TURN (512u << 10)
/* Kept between turns. */
#define OUT_KEEP (128u << 10)
/* A client that was told to go away and does not say that it heard it. */
#define LEAVE_MS 1000

static const struct rs_conn_protocol h2_protocol;
static void set_time(struct rs_h2conn *hc);

void rs_h2conn_init(struct rs_reactor *r)
{
	TAILQ_INIT(&r->h2.dirty);
}

void rs_h2conn_fini(struct rs_reactor *r)
{
	rs_buf_free(&r->h2.out);
}

/* ---- the beginning ------------------------------------------------------------------------------------------ */

bool rs_h2conn_wanted(const struct rs_reactor *r, const struct rs_gate *gate)
{
	return gate ? gate->set.http2 : r->conf->open_http2_protocol;
}

enum rs_result rs_h2conn_preface(const struct rs_conn *c, const char *p, size_t n)
{
	const struct rs_slice preface = RS_H2_PREFACE;

	/* Over TLS it is agreed on before (ALPN). */
	if (*p != 'P' || c->requests || c->secure || !rs_h2conn_wanted(c->r, c->guest ? c->guest->gate : NULL) ||
	    memcmp(p, preface.p, n < preface.n ? n : preface.n) != 0)
		return RS_ERR;
	return n < preface.n ? RS_AGAIN : RS_OK;
}

bool rs_h2conn_begin(struct rs_conn *c)
{
	const struct rs_conf *conf = c->r->conf;
	const struct rs_h2_settings settings = {
		.header_max = (size_t)conf->header_max_size,
		.streams = (uint32_t)conf->http2_max_concurrent_streams,
		.window = (uint32_t)conf->http2_init_window_size,
		.frame_max = (uint32_t)conf->http2_max_frame_size,
		.table_size = (uint32_t)conf->http2_header_table_size,
	};
	struct rs_h2conn *hc = calloc(1, sizeof *hc);

	if (!hc || !(hc->h2 = rs_h2_new(&settings, &rs_h2conn_handlers, hc))) {
		free(hc);
		rs_conn_close(c);
		return false;
	}
	hc->magic = RS_H2CONN_MAGIC;
	hc->c = c;
	c->h2 = hc;
	c->protocol = &h2_protocol;
	c->state = RS_CONN_STREAM;
	hc->waiting = RS_H2_WAIT_ANSWERS; /* until it is known */
	rs_h2conn_touch(hc);
	if (c->r->phase != RS_REACTOR_RUN)
		rs_h2conn_leave(hc);
	return true;
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

void rs_h2conn_leave(struct rs_h2conn *hc)
{
	if (hc->leaving)
		return;
	hc->leaving = true;
	rs_h2_wind_down(hc->h2);
	rs_h2conn_touch(hc);
}

static void h2_stop(struct rs_conn *c)
{
	rs_h2conn_leave(c->h2);
}

static void end_stream(void *owner)
{
	struct rs_conn *c = owner;

	if (c->req && !c->req->ended)
		rs_conn_close(c);
}

void rs_h2conn_end(struct rs_conn *c)
{
	struct rs_h2conn *hc = c->h2;

	rs_h2_each(hc->h2, end_stream);
	hc->leaving = true;
	rs_h2_go_away(hc->h2);
	rs_h2conn_touch(hc);
}

size_t rs_h2conn_queued(const struct rs_conn *c)
{
	return c->h2 ? c->h2->queued : 0;
}

static void h2_closed(struct rs_conn *c)
{
	struct rs_h2conn *hc = c->h2;

	RS_CHECK(hc, RS_H2CONN_MAGIC);
	if (hc->dirty)
		TAILQ_REMOVE(&c->r->h2.dirty, hc, dirty_link);
	hc->dirty = true; /* what its streams still have to say is of no use */
	rs_h2_free(hc->h2);
	RS_ASSERT(hc->streams == 0);
	hc->magic = 0;
	free(hc);
	c->h2 = NULL;
}

/* ---- out ------------------------------------------------------------------------------------------------------ */

void rs_h2conn_touch(struct rs_h2conn *hc)
{
	if (hc->dirty)
		return;
	hc->dirty = true;
	TAILQ_INSERT_TAIL(&hc->c->r->h2.dirty, hc, dirty_link);
}

static bool hungry(const struct rs_conn *c)
{
	return rs_conn_pending(c) < OUT_STEP && rs_h2_hungry(c->h2->h2);
}

/* One piece to the kernel. false: there is none, or the connection is closed. */
static bool send_piece(struct rs_h2conn *hc, size_t *sent)
{
	struct rs_conn *c = hc->c;
	struct rs_buf *out = &c->r->h2.out;
	struct iovec iov;
	bool ok;

	RS_ASSERT(out->len == 0);
	ok = rs_h2_send(hc->h2, out, OUT_STEP);
	iov = (struct iovec){ out->p + out->off, out->len };
	*sent += out->len;
	if (!ok)
		rs_conn_close(c);
	ok = ok && out->len && rs_conn_write(c, &iov, 1);
	rs_buf_reset(out, OUT_KEEP);
	return ok;
}

/* Sends what can be sent. The connection may be closed afterwards. */
static void flush(struct rs_h2conn *hc)
{
	struct rs_conn *c = hc->c;
	size_t sent = 0;

	while (sent < OUT_TURN && !rs_conn_pending(c) && rs_h2_has_more(hc->h2) && send_piece(hc, &sent))
		;
	if (c->state == RS_CONN_CLOSED)
		return;
	if (rs_h2_over(hc->h2)) {
		rs_conn_end(c);
		return;
	}
	if (rs_conn_pending(c) || sent >= OUT_TURN)
		rs_conn_want_write(c);
	else
		rs_conn_unwant_write(c);
	if (hungry(c)) {
		rs_conn_resume(c);
		if (c->in.len)
			rs_conn_make_ready(c);
	}
	set_time(hc);
}

void rs_h2conn_end_turn(struct rs_reactor *r)
{
	struct rs_h2conn *hc;

	while ((hc = TAILQ_FIRST(&r->h2.dirty))) {
		TAILQ_REMOVE(&r->h2.dirty, hc, dirty_link);
		hc->dirty = false;
		flush(hc);
	}
}

static void h2_written(struct rs_conn *c)
{
	struct rs_h2conn *hc = c->h2;

	if (hc->waiting == RS_H2_WAIT_WRITE)
		rs_pace_write(c);
	flush(hc);
}

/* ---- in ------------------------------------------------------------------------------------------------------- */

static size_t h2_input(struct rs_conn *c, const char *p, size_t n)
{
	RS_CHECK(c->h2, RS_H2CONN_MAGIC);
	rs_h2_receive(c->h2->h2, p, n, rs_reactor_ms(c->r));
	rs_h2conn_touch(c->h2);
	return n;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

static enum rs_h2_waiting waits_for(const struct rs_h2conn *hc)
{
	if (rs_conn_pending(hc->c))
		return RS_H2_WAIT_WRITE;
	if (rs_h2_in_head(hc->h2))
		return RS_H2_WAIT_HEAD;
	if (hc->leaving)
		return RS_H2_WAIT_LEAVE;
	if (hc->streams)
		return RS_H2_WAIT_ANSWERS;
	return hc->c->requests ? RS_H2_WAIT_REQUEST : RS_H2_WAIT_PREFACE;
}

static bool h2_quiet(const struct rs_conn *c)
{
	return c->h2->waiting == RS_H2_WAIT_PREFACE || c->h2->waiting == RS_H2_WAIT_REQUEST;
}

/*
 * The deadline of what it waits for begins when it begins to wait for that: frames that change nothing, such as pings, do not
 * prolong it. Who takes what waits for it has to be quick enough for that (reactor_pace.h).
 */
static void set_time(struct rs_h2conn *hc)
{
	const struct rs_conf *conf = hc->c->r->conf;
	/* Who is silent for too long on a server's port: reactor_port.c. */
	const bool guest = hc->c->guest;
	const int64_t ms[] = {
		[RS_H2_WAIT_PREFACE] = guest ? 0 : conf->header_timeout,
		[RS_H2_WAIT_HEAD] = conf->header_timeout,
		[RS_H2_WAIT_REQUEST] = guest ? 0 : conf->keepalive_timeout ? conf->keepalive_timeout : 1,
		[RS_H2_WAIT_LEAVE] = LEAVE_MS,
		[RS_H2_WAIT_ANSWERS] = 0,
	};
	const enum rs_h2_waiting what = waits_for(hc);
	const int32_t head_of = rs_h2_in_head(hc->h2);

	if (what == hc->waiting && head_of == hc->head_of)
		return;
	hc->waiting = (uint8_t)what;
	hc->head_of = head_of;
	if (h2_quiet(hc->c) && !guest)
		rs_idle_put(hc->c);
	else
		rs_idle_remove(hc->c);
	if (what == RS_H2_WAIT_WRITE)
		rs_pace_write(hc->c);
	else
		rs_conn_deadline(hc->c, ms[what]);
}

static void h2_late(struct rs_conn *c)
{
	struct rs_h2conn *hc = c->h2;

	switch ((enum rs_h2_waiting)hc->waiting) {
	case RS_H2_WAIT_WRITE:
		rs_conn_close(c);
		return;
	case RS_H2_WAIT_LEAVE:
		rs_h2_go_away(hc->h2);
		rs_h2conn_touch(hc);
		return;
	case RS_H2_WAIT_PREFACE:
	case RS_H2_WAIT_HEAD:
	case RS_H2_WAIT_REQUEST:
		rs_h2_go_away(hc->h2);
		flush(hc);
		if (c->state == RS_CONN_STREAM)
			rs_conn_end(c);
		return;
	case RS_H2_WAIT_ANSWERS:
		return;
	}
}

static const struct rs_conn_protocol h2_protocol = {
	.input = h2_input,
	.hungry = hungry,
	.eof = rs_conn_close, /* who sends nothing more is not interested in answers either */
	.late = h2_late,
	.written = h2_written,
	.closed = h2_closed,
	.stop = h2_stop,
	.quiet = h2_quiet,
};
