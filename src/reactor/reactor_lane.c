/*
 * Streams of plain requests. Nobody can know beforehand what a request will be, so the limit acts on the head of its answer: one
 * that declares itself a stream is refused before a byte of it has left. Others become streams by lasting; they are counted, and
 * not cut, for a long export is one as well. Runs in the reactor.
 */
#include "reactor/reactor_lane.h"

#include "http/http.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_worker.h"

#define WARN_MS 60000
#define RETRY_LATER "Retry-After: 5\r\n"

void rs_lane_init(struct rs_reactor *r)
{
	TAILQ_INIT(&r->lane.young);
}

/* ---- what says that it is one ------------------------------------------------------------------------------ */

static bool begins_with(struct rs_slice s, struct rs_slice word)
{
	return s.n >= word.n && rs_slice_eqi(rs_slice(s.p, word.n), word);
}

static bool line_declares(struct rs_slice line)
{
	const struct rs_slice name = rs_slice_cut(&line, ':'), value = rs_slice_trim(line);

	if (rs_slice_eqi(name, RS_SLICE("content-type")))
		return begins_with(value, RS_SLICE("text/event-stream"));
	return rs_slice_eqi(name, RS_SLICE("x-accel-buffering")) && begins_with(value, RS_SLICE("no"));
}

static bool declares(struct rs_slice headers)
{
	while (headers.n)
		if (line_declares(rs_slice_cut(&headers, '\n')))
			return true;
	return false;
}

/* ---- the log ------------------------------------------------------------------------------------------------- */

static bool may_say(struct rs_reactor *r, int64_t *last_ms)
{
	int64_t now = rs_reactor_ms(r);

	if (*last_ms && now - *last_ms < WARN_MS)
		return false;
	*last_ms = now;
	return true;
}

static uint32_t workers(const struct rs_reactor *r)
{
	const struct rs_worker *w;
	uint32_t n = 0;

	TAILQ_FOREACH(w, &r->route.all, all_link)
		n += w->routed && w->phase == RS_WORKER_PHASE_READY && w->generation == r->route.generation;
	return n;
}

static void count(struct rs_req *q)
{
	struct rs_reactor *r = q->r;
	struct rs_lane *l = &r->lane;
	uint32_t n = workers(r);

	q->lane = RS_LANE_STREAM;
	if (++l->streams > l->most)
		l->most = l->streams;
	if (n && 2 * (uint64_t)l->streams > n && may_say(r, &l->warned_ms))
		rs_warnx(r->log, "streams hold %u of %u workers: what is left serves all other requests; see worker_num and "
			 "stream_workers_max", l->streams, n);
}

/* ---- one answer ------------------------------------------------------------------------------------------------ */

bool rs_lane_refuses(struct rs_req *q, const struct rs_frame *f)
{
	struct rs_reactor *r = q->r;
	struct rs_lane *l = &r->lane;
	const int64_t max = r->conf->stream_workers_max;
	struct rs_slice reason, headers, body;
	struct rs_wire_response w;

	if (q->head_sent || q->ended || q->head_method || (f->flags & (RS_FRAME_END | RS_FRAME_ABORT)) ||
	    !rs_send_cut(f->payload, &w, &reason, &headers, &body))
		return false;
	q->declared = declares(headers);
	if (!q->declared || max == 0 || l->streams < max)
		return false;
	l->refused++;
	if (may_say(r, &l->refusal_ms))
		rs_warnx(r->log, "stream_workers_max: there are %u streams, one more is answered 503 (%lu so far)", l->streams,
			 (unsigned long)l->refused);
	q->refused = true;
	RS_IGNORE(!rs_worker_tell(q->worker, RS_MSG_CANCEL, q->node.id, RS_SLICE("")));
	rs_send_error_with(q->conn, 503, true, RETRY_LATER);
	return true;
}

void rs_lane_enter(struct rs_req *q)
{
	if (q->ended || !q->worker || q->lane != RS_LANE_NONE)
		return;
	if (q->declared) {
		count(q);
		return;
	}
	q->lane = RS_LANE_YOUNG;
	q->lane_ms = rs_reactor_ms(q->r);
	TAILQ_INSERT_TAIL(&q->r->lane.young, q, lane_link);
}

void rs_lane_leave(struct rs_req *q)
{
	struct rs_lane *l = &q->r->lane;

	if (q->lane == RS_LANE_YOUNG)
		TAILQ_REMOVE(&l->young, q, lane_link);
	else if (q->lane == RS_LANE_STREAM)
		l->streams--;
	q->lane = RS_LANE_NONE;
}

void rs_lane_sweep(struct rs_reactor *r)
{
	const int64_t since = rs_reactor_ms(r) - r->conf->stream_after;
	struct rs_req *q;

	while ((q = TAILQ_FIRST(&r->lane.young)) && q->lane_ms <= since) {
		TAILQ_REMOVE(&r->lane.young, q, lane_link);
		count(q);
	}
}
