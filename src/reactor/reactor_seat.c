/*
 * Seats of a server's processes: who sits on them, who is to go. Runs in the reactor.
 *
 * One that says LEAVING begins nothing more, and its seat is free when it is dead: most are at once. One that is not through (timers,
 * coroutines, requests that it has not answered, its own end that takes long) lingers: it leaves the seat, and its successor sits down
 * beside it. What is for its id goes to the successor, what was for this very process (results of its jobs) still to itself.
 */
#include "reactor/reactor_seat.h"

#include "reactor/reactor_control.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_handover.h"
#include "reactor/reactor_request.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_task.h"
#include "reactor/reactor_worker.h"

#include <sys/mman.h>

/* A process that was told to end and does not is killed after so many times max_wait_time. */
#define KILL_AFTER_TIMES 2
#define MAX_WAIT_MS 3000
/* One that has said LEAVING and does not say LINGERS is dead before that, unless user code takes its time. */
#define LEAVE_MS 100

static void check_renewed(struct rs_reactor *r);
static void bury(struct rs_seat *s);

bool rs_seat_ready(const struct rs_seat *s)
{
	return s->w && s->w->phase == RS_WORKER_PHASE_READY && !s->leaving;
}

struct rs_seat *rs_seat_find(struct rs_reactor *r, uint32_t id)
{
	struct rs_serve *s = r->serve;

	if (id == RS_ID_MANAGER)
		return &s->seat[s->nseats - 2];
	if (id == RS_ID_SCRIPT)
		return &s->seat[s->nseats - 1];
	return id < s->nseats - 2 ? &s->seat[id] : NULL;
}

struct rs_worker *rs_seat_process(struct rs_seat *s, uint32_t incarnation)
{
	struct rs_worker *w;

	if (s->w && s->incarnation == incarnation)
		return s->w;
	TAILQ_FOREACH(w, &s->r->route.all, all_link) {
		if (w->lingers && w->id == s->id && w->self.incarnation == incarnation)
			return w;
	}
	return NULL;
}

/* Gets events and ends when told to. */
static bool is_server(const struct rs_seat *s)
{
	return s->role == RS_ROLE_WORKER || s->role == RS_ROLE_TASK;
}

/* ---- coming ------------------------------------------------------------------------------------------------------------ */

bool rs_seat_fits(struct rs_reactor *r, uint32_t id, uint32_t role)
{
	struct rs_seat *s = rs_seat_find(r, id);

	return s && s->role == role;
}

void rs_seat_take(struct rs_seat *s, struct rs_worker *w)
{
	RS_ASSERT(!s->w && !s->last_page);
	w->seat = s;
	s->w = w;
	s->incarnation = w->self.incarnation;
	s->leaving = false;
	s->seq = s->taken = 0;
	if (s->renew == RS_RENEW_GOES || s->renew == RS_RENEW_WAITS)
		s->renew = RS_RENEW_COMES;
}

void rs_seat_attach(struct rs_worker *w)
{
	struct rs_seat *s = rs_seat_find(w->r, w->id);

	w->self.incarnation = ++w->r->serve->incarnations;
	/* One that was to be killed and is replaced is dead. */
	if (s->last_page && s->last_generation == w->generation)
		bury(s);
	if (rs_handover_waits(s)) {
		rs_handover_next(s);
		return;
	}
	if (s->w)
		rs_worker_gone(s->w); /* the master knows that it is; its end of file is on the way */
	if (s->last_page)
		bury(s);
	rs_seat_take(s, w);
}

void rs_seat_is_ready(struct rs_seat *s)
{
	s->r->serve->stats_dirty = true;
	if (!is_server(s))
		return;
	if (s->r->serve->workers_retired || s->renew == RS_RENEW_GOES) {
		rs_seat_retire(s);
		return;
	}
	if (s->renew == RS_RENEW_COMES) {
		s->renew = RS_RENEW_NO;
		check_renewed(s->r);
	}
	rs_event_pump(s);
	rs_event_pump_role(s->r, s->role);
}

/* ---- going ------------------------------------------------------------------------------------------------------------- */

static void limit(struct rs_seat *s)
{
	uint32_t wait = s->r->serve->set.max_wait_ms ? s->r->serve->set.max_wait_ms : MAX_WAIT_MS;

	if (s->w->kill_ms == 0)
		s->w->kill_ms = rs_reactor_ms(s->r) + (int64_t)wait * KILL_AFTER_TIMES;
	rs_reactor_need_sweep(s->r);
}

void rs_seat_retire(struct rs_seat *s)
{
	/* One that boots is told when it is ready. */
	if (!s->w || s->w->phase != RS_WORKER_PHASE_READY)
		return;
	limit(s);
	if (s->w->routed)
		rs_route_take_back(s->w, true);
	rs_worker_retire(s->w);
	s->r->serve->stats_dirty = true;
}

void rs_seat_leaving(struct rs_seat *s)
{
	if (s->leaving)
		return;
	s->leaving = true;
	s->w->leaving_ms = rs_reactor_ms(s->r);
	limit(s);
	rs_event_take_back(s, s->w->page);
	s->r->serve->stats_dirty = true;
	if (is_server(s))
		rs_event_pump_role(s->r, s->role);
	rs_handover_left(s);
}

void rs_seat_linger(struct rs_seat *s)
{
	struct rs_worker *w = s->w;

	if (!s->leaving || s->r->serve->set.hosted)
		return;
	rs_event_settle_results(s);
	/* It has begun what it has not finished, and said that it leaves: it is not to be believed. */
	if (!TAILQ_EMPTY(&s->sent))
		return;
	w->seat = NULL;
	w->lingers = true;
	w->phase = RS_WORKER_PHASE_RETIRED;
	s->w = NULL;
	s->leaving = false;
	s->r->serve->stats_dirty = true;
	rs_control_worker_lingers(w);
}

/* What the process had begun is lost, the rest waits for others. */
static void settle(struct rs_seat *s, const struct rs_claim_page *page)
{
	rs_event_take_back(s, page);
	rs_event_lose_begun(s, NULL); /* the page may say something else by now */
	rs_task_process_lost(s, s->incarnation);
	s->r->serve->stats_dirty = true;
	if (is_server(s))
		rs_event_pump_role(s->r, s->role);
	rs_handover_next(s);
}

void rs_seat_lost(struct rs_seat *s)
{
	struct rs_worker *w = s->w;

	s->w = NULL;
	s->leaving = false;
	rs_request_abandon(w);
	if (!w->killed) {
		settle(s, w->page);
		return;
	}
	rs_event_lose_begun(s, w->page);
	s->last_page = w->page;
	s->last_generation = w->generation;
	s->last_order = w->order;
	w->page = NULL;
}

void rs_seat_left_lost(struct rs_worker *w)
{
	rs_request_abandon(w);
	rs_task_process_lost(rs_seat_find(w->r, w->id), w->self.incarnation);
}

/* The process that was to be killed is dead. */
static void bury(struct rs_seat *s)
{
	struct rs_claim_page *page = s->last_page;

	s->last_page = NULL;
	settle(s, page);
	munmap(page, RS_CLAIM_PAGE);
}

void rs_seat_dead(struct rs_reactor *r, uint32_t id, uint32_t generation, uint32_t order)
{
	struct rs_seat *s = rs_seat_find(r, id);

	if (s && s->last_page && s->last_generation == generation && s->last_order == order)
		bury(s);
}

void rs_seat_fini(struct rs_seat *s)
{
	struct rs_letter *l;

	while ((l = TAILQ_FIRST(&s->sent)) || (l = TAILQ_FIRST(&s->urgent)) || (l = TAILQ_FIRST(&s->waiting)))
		rs_letter_end(l, RS_LETTER_DROPPED);
	if (s->last_page)
		munmap(s->last_page, RS_CLAIM_PAGE);
	s->last_page = NULL;
	rs_task_seat_fini(s);
}

void rs_seat_sweep(struct rs_reactor *r, int64_t now_ms)
{
	struct rs_worker *w, *next;

	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		if (w->kill_ms && now_ms >= w->kill_ms)
			rs_worker_kill(w, RS_KILL_DRAIN, 502, "did not end within twice max_wait_time");
		else if (w->seat && w->seat->leaving && now_ms - w->leaving_ms >= LEAVE_MS && !r->serve->set.renew_in_turn)
			rs_seat_linger(w->seat);
	}
}

/* ---- reload ------------------------------------------------------------------------------------------------------------- */

static void renew(struct rs_seat *s)
{
	s->renew = s->w ? RS_RENEW_GOES : RS_RENEW_COMES;
	rs_seat_retire(s);
}

/* The next in turn, when nobody is on his way; is anybody left? */
static bool renew_next(struct rs_serve *s)
{
	struct rs_seat *next = NULL;

	for (uint32_t i = s->nseats; i-- > 0;) {
		if (s->seat[i].renew == RS_RENEW_GOES || s->seat[i].renew == RS_RENEW_COMES)
			return true;
		if (s->seat[i].renew == RS_RENEW_WAITS)
			next = &s->seat[i];
	}
	if (next)
		renew(next);
	return next;
}

static void check_renewed(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;

	if (!s->renewing || renew_next(s))
		return;
	s->renewing = false;
	rs_control_renewed(r);
}

void rs_seat_renew(struct rs_reactor *r, bool tasks_only)
{
	struct rs_serve *s = r->serve;

	s->renewing = true;
	for (uint32_t i = tasks_only ? s->first_task : 0; i < s->first_user; i++) {
		s->seat[i].renew = RS_RENEW_WAITS;
		if (!s->set.renew_in_turn)
			renew(&s->seat[i]);
	}
	check_renewed(r);
}
