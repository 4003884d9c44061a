/*
 * Jobs, results, messages and wishes between the processes of a server. Runs in the reactor.
 *
 * Jobs wait here: for a task worker that is idle, or for the one that was named. When too many wait, those who send them
 * are not read until there are fewer; task workers always are, so results get through and the jobs become fewer.
 * Messages to one process are bounded by dropping: two processes that send each other more than they read would wait
 * for each other for ever.
 *
 * Ids of jobs begin at 0 in each process. A result that somebody waits for is for the very process that sent the job, not
 * for its successor, which has a job of the same id: each task worker's seat remembers whose jobs it was given last.
 */
#include "reactor/reactor_task.h"

#include "reactor/reactor_control.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_worker.h"

#include <event2/event.h>
#include <stdlib.h>

/* More jobs, or bytes of them, than this: senders are held, until half of it is left. */
#define TASKS_MAX 16384
#define TASKS_BYTES_MAX (64u << 20)
/* Messages that wait for one process. */
#define MESSAGES_MAX 16384
#define MESSAGES_BYTES_MAX (128u << 20)
/* Results, where one is: as many as fit, since jobs are bounded, but each may be finished more than once. */
#define RESULTS_BYTES_MAX (256u << 20)
/* Jobs that a task worker's seat remembers; only with coroutines more than one runs at a time. */
#define GIVEN_MAX 1024

struct rs_given {
	unsigned next; /* of the ring */
	struct {
		uint32_t id, sender, incarnation; /* incarnation 0: nothing */
	} job[GIVEN_MAX];
};

/* ---- jobs ----------------------------------------------------------------------------------------------------------------- */

static void remember(struct rs_seat *s, const struct rs_letter *l)
{
	struct rs_given *g = s->given;

	if (!g && !(g = s->given = calloc(1, sizeof *g)))
		return;
	g->job[g->next].id = l->h.a;
	g->job[g->next].sender = l->h.fd;
	g->job[g->next].incarnation = l->incarnation;
	g->next = (g->next + 1) % GIVEN_MAX;
}

/* Of the process that sent that job; 0: not known any more. */
static uint32_t recall(const struct rs_seat *s, uint32_t id, uint32_t sender)
{
	const struct rs_given *g = s->given;

	for (unsigned i = 1; g && i <= GIVEN_MAX; i++) {
		unsigned at = (g->next + GIVEN_MAX - i) % GIVEN_MAX;
		if (g->job[at].id == id && g->job[at].sender == sender)
			return g->job[at].incarnation;
	}
	return 0;
}

void rs_task_seat_fini(struct rs_seat *s)
{
	free(s->given);
	s->given = NULL;
}

static void task_sent(struct rs_letter *l)
{
	remember(l->seat, l);
}

static void task_over(struct rs_letter *l, enum rs_letter_end how)
{
	struct rs_serve *s = l->r->serve;

	(void)how;
	s->tasks--;
	s->tasks_bytes -= rs_letter_weight(l);
	s->stats_dirty = true;
	if (s->senders_held && s->tasks <= TASKS_MAX / 2 && s->tasks_bytes <= TASKS_BYTES_MAX / 2)
		rs_task_resume(l->r);
}

void rs_task_resume(struct rs_reactor *r)
{
	struct rs_worker *w;

	r->serve->senders_held = false;
	TAILQ_FOREACH(w, &r->route.all, all_link) {
		if (w->held && event_add(&w->ev_read, NULL) == 0)
			w->held = false;
	}
}

/* Its channel is not read until there are fewer jobs; then it blocks in task(), as it should. */
static void hold_sender(struct rs_worker *w)
{
	event_del(&w->ev_read);
	w->held = true;
	w->r->serve->senders_held = true;
}

const char *rs_task_task(struct rs_worker *w, struct rs_frame *f)
{
	struct rs_reactor *r = w->r;
	struct rs_serve *s = r->serve;
	struct rs_wire_task h;
	struct rs_letter *l;

	if (f->payload.n < sizeof h)
		return "TASK with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	if (h.dst < -1 || h.dst >= (int64_t)s->set.ntasks || s->set.ntasks == 0)
		return "TASK for a task worker that is not there";
	l = rs_letter_new(r, RS_EVENT_TASK, NULL, RS_SLICE(""),
			  rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h));
	if (!l) {
		rs_errorx(r->log, "no memory for a task of process %u: it is lost", w->id);
		return NULL;
	}
	l->h.a = h.id;
	/* Results go to workers only. */
	l->h.b = h.flags | (w->seat->role == RS_ROLE_WORKER ? 0 : RS_DATA_ONE_WAY);
	l->h.fd = w->id >= RS_ID_SCRIPT ? 0 : w->id;
	l->incarnation = w->seat->incarnation;
	l->on_send = task_sent;
	l->over = task_over;
	s->tasks++;
	s->task_total++;
	s->tasks_bytes += rs_letter_weight(l);
	s->stats_dirty = true;
	if (h.dst < 0)
		rs_letter_post_any(r, RS_ROLE_TASK, l);
	else
		rs_letter_post(&s->seat[s->set.nworkers + (uint32_t)h.dst], l);
	if (s->tasks > TASKS_MAX || s->tasks_bytes > TASKS_BYTES_MAX)
		hold_sender(w);
	return NULL;
}

/* ---- results and messages ----------------------------------------------------------------------------------------------------- */

/* To the process of that seat alone, now; it may be one that ends and still waits. false: it takes nothing any more. */
static bool hand_over(struct rs_seat *to, struct rs_letter *l)
{
	if (!to->w || to->w->phase == RS_WORKER_PHASE_DEAD || to->w->phase == RS_WORKER_PHASE_BOOTING)
		return false;
	rs_letter_send(to, l);
	return true;
}

const char *rs_task_finish(struct rs_worker *w, struct rs_frame *f)
{
	struct rs_serve *s = w->r->serve;
	struct rs_wire_finish h;
	struct rs_seat *to;
	struct rs_letter *l;
	bool private;

	if (f->payload.n < sizeof h)
		return "FINISH with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	if (h.to >= s->set.nworkers)
		return "FINISH for a process that has no results";
	to = &s->seat[h.to];
	private = h.flags & (RS_DATA_WAITED | RS_DATA_CALLBACK);
	if (private && recall(w->seat, h.id, h.to) != to->incarnation)
		return NULL;
	if (to->urgent_bytes >= RESULTS_BYTES_MAX) {
		if (rs_serve_complain(w->r))
			rs_errorx(w->r->log, "worker %u does not take its results: more are dropped", h.to);
		return NULL;
	}
	l = rs_letter_new(w->r, RS_EVENT_FINISH, NULL, RS_SLICE(""),
			  rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h));
	if (!l) {
		rs_errorx(w->r->log, "no memory for a result of task worker %u: it is lost", w->id);
		return NULL;
	}
	l->h.a = h.id;
	l->h.b = h.flags;
	l->h.fd = w->id;
	l->urgent = true;
	l->for_incarnation = private ? to->incarnation : 0;
	if (!private)
		rs_letter_post(to, l);
	else if (!hand_over(to, l))
		rs_letter_end(l, RS_LETTER_DROPPED);
	return NULL;
}

const char *rs_task_message(struct rs_worker *w, struct rs_frame *f)
{
	struct rs_reactor *r = w->r;
	struct rs_wire_message h;
	struct rs_letter *l = NULL;
	struct rs_seat *to;

	if (f->payload.n < sizeof h)
		return "MESSAGE with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	if (h.dst >= r->serve->set.nworkers + r->serve->set.ntasks)
		return "MESSAGE for a process that takes none";
	to = &r->serve->seat[h.dst];
	if (to->nurgent < MESSAGES_MAX && to->urgent_bytes < MESSAGES_BYTES_MAX)
		l = rs_letter_new(r, RS_EVENT_PIPE_MESSAGE, NULL, RS_SLICE(""),
				  rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h));
	if (!l) {
		if (rs_serve_complain(r))
			rs_errorx(r->log, "process %u does not read its messages: more are dropped", h.dst);
		return NULL;
	}
	l->h.a = w->id >= RS_ID_SCRIPT ? 0 : w->id;
	l->h.b = h.flags;
	l->urgent = true;
	r->serve->pipe_packets++;
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
