/*
 * Requests that wait behind others: moves them to workers that get on. Runs in the reactor.
 *
 * Looked at: at the end of a loop turn, at most once in a millisecond, and only while some worker holds a request behind another
 * one, or behind events of a server; by a timer when a worker is free and nothing else turns the loop; and by the sweep.
 */
#include "reactor/reactor_balance.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_slot.h"
#include "reactor/reactor_worker.h"

#include <event2/event.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* A request that is not claimed after this long may move. */
#define MOVE_AFTER_US 1000
/* A worker is stalled when it has been at one thing for this long, and for so many times the usual. */
#define STALLED_US 2000
#define STALLED_TIMES 2
/* A worker that claims nothing although it has nothing to do is left alone for a while. */
#define ASLEEP_US 250000
#define ASLEEP_REST_US 1000000

static void timer_cb(evutil_socket_t fd, short what, void *arg);

bool rs_balance_init(struct rs_reactor *r)
{
	struct rs_balance *b = &r->balance;

	/* Not a libevent timer: those are kept by a coarse clock that may be 4 ms behind. */
	b->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (b->timer_fd < 0)
		return false;
	event_assign(&b->timer, r->base, b->timer_fd, EV_READ | EV_PERSIST, timer_cb, r);
	return event_add(&b->timer, NULL) == 0;
}

void rs_balance_fini(struct rs_reactor *r)
{
	if (r->balance.timer_fd < 0)
		return;
	event_del(&r->balance.timer);
	rs_fd_close(&r->balance.timer_fd);
}

void rs_balance_took(struct rs_reactor *r, int64_t us)
{
	struct rs_balance *b = &r->balance;
	int64_t most = 4 * b->service_us + MOVE_AFTER_US;

	/* One slow request must not count for a thousand quick ones. */
	b->service_us += ((us < most ? us : most) - b->service_us) / 8;
}

static void timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_reactor *r = arg;
	uint64_t n;

	RS_CHECK(r, RS_REACTOR_MAGIC);
	(void)what;
	/* Waking the loop was all: rs_balance_check() runs at the end of every turn. */
	if (read(fd, &n, sizeof n) < 0)
		return;
	r->balance.armed = false;
}

static void arm(struct rs_balance *b)
{
	const struct itimerspec once = { .it_value = { .tv_nsec = MOVE_AFTER_US * 1000L } };

	if (!b->armed && timerfd_settime(b->timer_fd, 0, &once, NULL) == 0)
		b->armed = true;
}

/* Busy for long, by the clock and by what is usual here, with somebody waiting behind. */
static bool is_stalled(struct rs_worker *w, int64_t now)
{
	int64_t limit = STALLED_TIMES * w->r->balance.service_us;

	if (limit < STALLED_US)
		limit = STALLED_US;
	if (w->stalled || !w->backlogged || now - w->since_us < limit)
		return false;
	if (!rs_slot_attended(w))
		return rs_slot_attending(w) || rs_slot_busy(w);
	w->since_us = now;
	return false;
}

/* A request that has waited behind another one for long enough; of the worker that holds the most. */
static struct rs_req *find_movable(struct rs_reactor *r, int64_t now)
{
	struct rs_worker *w;
	struct rs_req *best = NULL;

	TAILQ_FOREACH(w, &r->route.all, all_link) {
		struct rs_req *q;
		if (!w->backlogged || !rs_slot_can_reclaim(w) || (best && w->posted <= best->worker->posted))
			continue;
		q = rs_slot_oldest(w);
		if (q && now - q->posted_us >= MOVE_AFTER_US)
			best = q;
	}
	return best;
}

void rs_balance_check(struct rs_reactor *r)
{
	struct rs_route *t = &r->route;
	int64_t now = rs_reactor_us(r);
	struct rs_worker *w;
	struct rs_req *q;

	if (t->queued)
		rs_route_pump(r);
	if (!t->backlogged)
		return;
	if (now - r->balance.checked_us >= MOVE_AFTER_US) {
		r->balance.checked_us = now;
		TAILQ_FOREACH(w, &t->all, all_link) {
			if (!is_stalled(w, now))
				continue;
			w->stalled = true;
			rs_route_take_back(w, false);
			rs_slot_place(w);
		}
		rs_route_pump(r);
		while (!TAILQ_EMPTY(&t->by_posted[0]) && (q = find_movable(r, now)) && rs_slot_reclaim(q)) {
			if (q->conn)
				rs_route_post(TAILQ_FIRST(&t->by_posted[0]), q);
			else
				rs_req_release(q);
		}
	}
	if (t->backlogged && !TAILQ_EMPTY(&t->by_posted[0]))
		arm(&r->balance);
}

/* ---- time --------------------------------------------------------------------------------------------- */

/* Claimed requests that make no progress. true: w is gone. */
static bool sweep_claimed(struct rs_worker *w, int64_t now)
{
	int64_t limit = w->r->conf->request_timeout * 1000;

	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		struct rs_req *q = w->slot[i];
		if (!q || !rs_slot_claimed(q))
			continue;
		/* It is the client who is slow: write_timeout deals with that. */
		if (q->conn && rs_conn_pending(q->conn))
			q->progress_us = now;
		if (limit && now - q->progress_us >= limit) {
			rs_worker_kill(w, RS_KILL_TIMEOUT, 504, "request_timeout");
			return true;
		}
	}
	return false;
}

/*
 * A worker with nothing to do that does not claim: stopped, or starved. Its requests go elsewhere and it gets
 * a rest; if it still claims nothing after request_timeout, another process takes its place.
 */
static void sweep_asleep(struct rs_worker *w, int64_t now)
{
	struct rs_req *q = w->posted ? rs_slot_oldest(w) : NULL;
	int64_t limit = w->r->conf->request_timeout * 1000;

	if (w->posted == 0 && w->phase == RS_WORKER_PHASE_READY && !rs_slot_attending(w) && now - w->since_us >= ASLEEP_REST_US) {
		if (w->ndead == RS_CLAIM_SLOTS)
			rs_worker_retire(w); /* no post can show any more whether it reads */
		w->stalled = false;
		rs_slot_place(w);
	}
	if (!q || w->stalled || now - q->posted_us < ASLEEP_US || now - w->since_us < ASLEEP_US ||
	    rs_slot_busy(w) || rs_slot_attending(w))
		return;
	if (w->asleep_us == 0)
		w->asleep_us = q->posted_us;
	if (limit && now - w->asleep_us >= limit) {
		rs_worker_kill(w, RS_KILL_TIMEOUT, 504, "does not take requests");
		return;
	}
	rs_debug(w->r->log, "worker %u does not wake up, its requests move", w->id);
	w->stalled = true;
	w->since_us = now;
	rs_route_take_back(w, true);
	rs_slot_place(w);
}

void rs_balance_sweep(struct rs_reactor *r)
{
	int64_t now = rs_reactor_us(r);
	struct rs_worker *w, *next;

	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		if (!sweep_claimed(w, now))
			sweep_asleep(w, now);
	}
	rs_route_pump(r);
}
