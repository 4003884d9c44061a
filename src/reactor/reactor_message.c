/*
 * Results, messages and wishes between the processes of a server. Runs in the reactor.
 *
 * Messages to one process are bounded by dropping: two processes that send each other more than they read would wait
 * for each other for ever.
 */
#include "reactor/reactor_task.h"

#include "reactor/reactor_control.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_worker.h"

/* Messages that wait for one process. */
#define MESSAGES_MAX 16384
#define MESSAGES_BYTES_MAX (128u << 20)
/* Results, where one is: as many as fit, since jobs are bounded, but each may be finished more than once. */
#define RESULTS_BYTES_MAX (256u << 20)
/* Those for any worker. */
#define RESULTS_MAX 65536

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* Beside its seat there are no letters: it says of none that it has taken it. */
static void give_lingering(struct rs_worker *to, struct rs_letter *l)
{
	bool ok = rs_ipc_put(&to->ipc, RS_MSG_EVENT, 0, 0, rs_slice(&l->h, sizeof l->h), rs_slice(l->data, l->n), NULL, 0) == RS_OK;

	if (ok)
		rs_worker_dirty(to);
	rs_letter_end(l, ok ? RS_LETTER_TAKEN : RS_LETTER_DROPPED);
}

void rs_task_give(struct rs_worker *to, struct rs_letter *l)
{
	l->urgent = true;
	l->for_incarnation = to->self.incarnation;
	if (to->phase == RS_WORKER_PHASE_DEAD || to->phase == RS_WORKER_PHASE_BOOTING)
		rs_letter_end(l, RS_LETTER_DROPPED);
	else if (to->seat)
		rs_letter_send(to->seat, l);
	else
		give_lingering(to, l);
}

bool rs_task_results_full(const struct rs_worker *to)
{
	return (to->seat ? to->seat->urgent_bytes : rs_ipc_queued(&to->ipc)) >= RESULTS_BYTES_MAX;
}

/* Where a result goes: to a process, or to whoever has a seat; neither: to any worker. */
struct addressee {
	struct rs_worker *w;
	struct rs_seat *seat;
};

/* false: nobody wants it. */
static bool address(const struct rs_worker *w, const struct rs_wire_finish *h, struct addressee *to)
{
	struct rs_seat *sender = rs_seat_find(w->r, h->to);

	*to = (struct addressee){ 0 };
	if (h->flags & (RS_DATA_WAITED | RS_DATA_CALLBACK)) {
		to->w = sender ? rs_task_answered(rs_seat_find(w->r, w->id), h->id, sender, h->flags) : NULL;
		return to->w;
	}
	if (h->to < w->r->serve->nworkers)
		to->seat = sender;
	return true;
}

/* Too many wait already. */
static bool too_many(const struct rs_serve *s, const struct addressee *to)
{
	if (to->w)
		return rs_task_results_full(to->w);
	return to->seat ? to->seat->urgent_bytes >= RESULTS_BYTES_MAX : s->nqueued[RS_ROLE_WORKER] >= RESULTS_MAX;
}

const char *rs_task_finish(struct rs_worker *w, struct rs_frame *f)
{
	struct rs_serve *s = w->r->serve;
	struct rs_wire_finish h;
	struct addressee to;
	struct rs_letter *l;

	if (f->payload.n < sizeof h)
		return "FINISH with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	if (!s->set.hosted && h.to >= s->nworkers)
		return "FINISH for a process that has no results";
	/* A task worker says it itself when nothing came of a task that somebody waits for. */
	if (!(h.flags & (RS_DATA_WAITED | RS_DATA_CALLBACK)))
		h.flags &= ~RS_DATA_LOST;
	if (!address(w, &h, &to))
		return NULL;
	if (too_many(s, &to)) {
		if (rs_serve_complain(w->r))
			rs_errorx(w->r->log, "workers do not take their results: more are dropped");
		return NULL;
	}
	l = rs_letter_new(w->r, RS_EVENT_FINISH, NULL, RS_SLICE(""),
			  rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h));
	if (!l) {
		rs_errorx(w->r->log, "no memory for a result of task worker %u: it is lost", w->id);
		return NULL;
	}
	l->h.a = h.id;
	l->h.b = h.flags & ~RS_DATA_WHOSE;
	l->h.fd = w->id;
	l->urgent = to.w || to.seat;
	if (to.w)
		rs_task_give(to.w, l);
	else if (to.seat)
		rs_letter_post(to.seat, l);
	else
		rs_letter_post_any(w->r, RS_ROLE_WORKER, l);
	return NULL;
}

/* ---- messages ------------------------------------------------------------------------------------------------------------------- */

/* Hosted, a sender may not know yet that there are fewer processes: then another one gets it. NULL: no process. */
static struct rs_seat *reader(struct rs_serve *s, uint32_t dst)
{
	if (dst < s->nworkers || (dst >= s->first_task && dst - s->first_task < s->ntasks))
		return &s->seat[dst];
	if (!s->set.hosted || dst >= s->first_user || (dst >= s->first_task && s->ntasks == 0))
		return NULL;
	return dst < s->first_task ? &s->seat[dst % s->nworkers] : &s->seat[s->first_task + dst % s->ntasks];
}

const char *rs_task_message(const struct rs_sender *from, struct rs_frame *f)
{
	struct rs_reactor *r = from->r;
	struct rs_serve *s = r->serve;
	struct rs_wire_message h;
	struct rs_letter *l = NULL;
	struct rs_seat *to;

	if (f->payload.n < sizeof h)
		return "MESSAGE with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	to = reader(s, h.dst);
	if (!to && (!s->set.hosted || h.dst >= s->first_user))
		return "MESSAGE for a process that takes none";
	if (to && to->nurgent < MESSAGES_MAX && to->urgent_bytes < MESSAGES_BYTES_MAX)
		l = rs_letter_new(r, RS_EVENT_PIPE_MESSAGE, NULL, RS_SLICE(""),
				  rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h));
	if (!l) {
		if (rs_serve_complain(r))
			rs_errorx(r->log, "process %u does not read its messages: more are dropped", h.dst);
		return NULL;
	}
	l->h.a = from->id >= RS_ID_SCRIPT ? 0 : from->id;
	l->h.b = h.flags;
	l->urgent = true;
	s->pipe_packets++;
	rs_letter_post(to, l);
	return NULL;
}

/* ---- wishes --------------------------------------------------------------------------------------------------------------------- */

const char *rs_task_ask(struct rs_worker *w, struct rs_frame *f)
{
	struct rs_wire_ask h;
	struct rs_seat *s;

	if (f->payload.n != sizeof h)
		return "ASK with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	if (h.what > RS_ASK_REOPEN_LOGS)
		return "ASK for nothing known";
	if (h.what != RS_ASK_STOP_WORKER) {
		rs_control_wish(w->r, &h);
		return NULL;
	}
	s = rs_seat_find(w->r, h.id);
	if (!s || (s->role != RS_ROLE_WORKER && s->role != RS_ROLE_TASK))
		return "ASK to stop a process that is no worker";
	rs_seat_retire(s);
	return NULL;
}
