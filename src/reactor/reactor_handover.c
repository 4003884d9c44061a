/*
 * Seats of a hosted application over generations. Runs in the reactor.
 *
 * Processes of all generations are in route.all; a seat has at most one of them, and gets a new one only when nothing is left that
 * the one before has begun and not ended: so the events of one connection never run twice at a time, nor out of order. Those that
 * wait for a seat are found by id and generation when it becomes free; one whose generation fails just dies.
 *
 * ROUTE tells the processes of older generations to end (RETIRE). Each says LEAVING, or ends: what it has not begun waits again, and
 * the process of the new generation sits down. A seat that the new generation does not have is cleared then: its connections get
 * another one, and what waits for them moves with them, in order.
 */
#include "reactor/reactor_handover.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_dispatch.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_task.h"
#include "reactor/reactor_worker.h"

static bool is_hosted(const struct rs_seat *s)
{
	return s->r->serve->set.hosted && (s->role == RS_ROLE_WORKER || s->role == RS_ROLE_TASK);
}

/* Has the generation that serves such a process? */
static bool is_needed(const struct rs_seat *s)
{
	const struct rs_serve *serve = s->r->serve;

	return s->role == RS_ROLE_WORKER ? s->id < serve->nworkers : s->id - serve->first_task < serve->ntasks;
}

bool rs_handover_waits(const struct rs_seat *s)
{
	return is_hosted(s);
}

/* ---- a seat that is not needed any more ------------------------------------------------------------------------------- */

static void move_letter(struct rs_letter *l, struct rs_seat *from)
{
	struct rs_reactor *r = from->r;
	struct rs_serve *s = r->serve;

	if (l->guest && l->guest->seat != from) {
		rs_letter_move(l, l->guest->seat);
	} else if (from->role == RS_ROLE_TASK && s->ntasks == 0) {
		rs_task_homeless(l);
	} else if (l->h.kind == RS_EVENT_PIPE_MESSAGE) {
		rs_letter_move(l, from->role == RS_ROLE_TASK ? &s->seat[s->first_task + from->id % s->ntasks]
							     : &s->seat[from->id % s->nworkers]);
	} else {
		rs_letter_move_any(l, from->role);
	}
}

static void clear(struct rs_seat *seat)
{
	struct rs_serve *s = seat->r->serve;
	struct rs_letter *l;

	if (!seat->shrunk)
		return;
	seat->shrunk = false;
	for (uint32_t i = 0; seat->role == RS_ROLE_WORKER && i < s->board.used; i++) {
		struct rs_guest *g = s->guest[i];
		if (g && g->seat == seat)
			rs_guest_reseat(g);
	}
	while ((l = TAILQ_FIRST(&seat->urgent)) || (l = TAILQ_FIRST(&seat->waiting)))
		move_letter(l, seat);
}

/* ---- the next process ----------------------------------------------------------------------------------------------------- */

void rs_handover_next(struct rs_seat *s)
{
	struct rs_worker *w;

	if (!is_hosted(s) || s->w || s->last_page)
		return;
	if (!is_needed(s)) {
		clear(s);
		return;
	}
	w = rs_worker_find(s->r, s->id, s->r->route.generation);
	if (!w || w->seat || (w->phase != RS_WORKER_PHASE_BOOTING && w->phase != RS_WORKER_PHASE_READY))
		return;
	rs_seat_take(s, w);
	if (w->phase == RS_WORKER_PHASE_READY)
		rs_seat_is_ready(s);
}

/* It has nothing of the seat any more. It may still send. */
static void stand_up(struct rs_seat *s)
{
	s->w->seat = NULL;
	s->w = NULL;
	s->leaving = false;
}

void rs_handover_left(struct rs_seat *s)
{
	if (!is_hosted(s) || !s->leaving || !TAILQ_EMPTY(&s->sent) || s->w->open)
		return;
	stand_up(s);
	rs_handover_next(s);
}

/* ---- SHAPE and ROUTE ------------------------------------------------------------------------------------------------------ */

const char *rs_handover_shape(struct rs_reactor *r, const struct rs_frame *f)
{
	struct rs_wire_shape shape;

	if (f->payload.n != sizeof shape)
		return "wrong length";
	memcpy(&shape, f->payload.p, sizeof shape);
	if (!r->serve || !r->serve->set.hosted)
		return "not a hosted application";
	if (shape.nworkers == 0 || shape.nworkers > RS_HOSTED_TASKS || shape.ntasks > RS_HOSTED_USERS - RS_HOSTED_TASKS ||
	    shape.nusers > RS_HOSTED_END - RS_HOSTED_USERS)
		return "more processes than seats, or no worker";
	r->serve->shape = shape;
	return NULL;
}

/* Of an older generation: it takes nothing more. */
static void retire(struct rs_seat *s)
{
	struct rs_worker *w = s->w;

	if (w->phase == RS_WORKER_PHASE_BOOTING)
		stand_up(s); /* told when it is ready */
	else if (w->phase == RS_WORKER_PHASE_READY)
		rs_worker_retire(w);
}

void rs_handover_route(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;
	struct rs_letter *l;

	if (s->shape.generation == r->route.generation)
		rs_serve_reshape(s, &s->shape);
	for (uint32_t i = 0; i < s->first_user; i++) {
		struct rs_seat *seat = &s->seat[i];
		if (seat->w && seat->w->generation < r->route.generation)
			retire(seat);
		rs_handover_next(seat);
	}
	while (s->ntasks == 0 && (l = TAILQ_FIRST(&s->queue[RS_ROLE_TASK])))
		rs_task_homeless(l);
	rs_event_pump_role(r, RS_ROLE_WORKER);
	rs_event_pump_role(r, RS_ROLE_TASK);
}
