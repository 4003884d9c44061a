/*
 * A server of a script in the reactor: made by PORTS, ended by STOP; what its processes send; numbers for stats().
 */
#include "reactor/reactor_serve.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_control.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_datagram.h"
#include "reactor/reactor_order.h"
#include "reactor/reactor_request.h"
#include "reactor/reactor_task.h"
#include "reactor/reactor_worker.h"

#include <stdlib.h>

#define PROCESSES_MAX UINT16_MAX
#define COMPLAIN_MS 1000

/* ---- constructor and destructor ------------------------------------------------------------------------------------------ */

static enum rs_server_role role_of(const struct rs_wire_server *set, uint32_t i)
{
	if (i < set->nworkers)
		return RS_ROLE_WORKER;
	if (i < set->nworkers + set->ntasks)
		return RS_ROLE_TASK;
	i -= set->nworkers + set->ntasks;
	return i < set->nusers ? RS_ROLE_USER : i == set->nusers ? RS_ROLE_MANAGER : RS_ROLE_SCRIPT;
}

static bool init_seats(struct rs_serve *s)
{
	s->nseats = s->set.nworkers + s->set.ntasks + s->set.nusers + 2;
	s->seat = calloc(s->nseats, sizeof *s->seat);
	if (!s->seat)
		return false;
	for (uint32_t i = 0; i < s->nseats; i++) {
		struct rs_seat *seat = &s->seat[i];
		seat->r = s->r;
		seat->role = role_of(&s->set, i);
		seat->id = seat->role == RS_ROLE_MANAGER ? RS_ID_MANAGER : seat->role == RS_ROLE_SCRIPT ? RS_ID_SCRIPT : i;
		TAILQ_INIT(&seat->sent);
		TAILQ_INIT(&seat->waiting);
		TAILQ_INIT(&seat->urgent);
	}
	return true;
}

static const char *init_gates(struct rs_serve *s, const char *ports)
{
	struct rs_port set;
	const char *why = NULL;

	s->gate = calloc(s->set.nports, sizeof *s->gate);
	if (!s->gate)
		return "no memory";
	for (uint32_t i = 0; i < s->set.nports && !why; i++) {
		memcpy(&set, ports + i * sizeof set, sizeof set);
		why = rs_gate_init(&s->gate[i], s->r, i, &set);
	}
	return why;
}

const char *rs_serve_begin(struct rs_reactor *r, struct rs_frame *f)
{
	struct rs_serve *s = r->serve ? NULL : calloc(1, sizeof *s);
	struct rs_wire_server *set;
	const char *why;

	if (!s)
		return r->serve ? "second PORTS" : "no memory";
	set = &s->set;
	s->r = r;
	r->serve = s;
	TAILQ_INIT(&s->dirty);
	TAILQ_INIT(&s->queue[RS_ROLE_WORKER]);
	TAILQ_INIT(&s->queue[RS_ROLE_TASK]);
	s->stats_dirty = true;
	why = "wrong length or descriptors";
	if (f->payload.n < sizeof *set || f->nfds != 1)
		goto fail;
	memcpy(set, f->payload.p, sizeof *set);
	why = "ports or processes without sense";
	if (set->nports == 0 || set->nports > RS_PORTS_MAX || set->nworkers == 0 || set->nworkers > PROCESSES_MAX ||
	    set->ntasks > PROCESSES_MAX || set->nusers > PROCESSES_MAX ||
	    f->payload.n != sizeof *set + set->nports * sizeof(struct rs_port))
		goto fail;
	why = init_gates(s, f->payload.p + sizeof *set);
	if (why)
		goto fail;
	why = "no board in it, or no memory";
	if (!init_seats(s) || !rs_board_map(&s->board, f->fd[0]) || !rs_board_own(&s->board, set->first_fd) ||
	    !(s->guest = calloc(s->board.nsessions, sizeof *s->guest)))
		goto fail;
	return NULL;
fail:
	rs_serve_fini(r);
	return why;
}

/* Connections and processes are gone already: letters are left, and the guests that wait for them. */
void rs_serve_fini(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;
	struct rs_letter *l;

	if (!s)
		return;
	for (uint32_t i = 0; s->guest && i < s->board.used; i++) {
		if (s->guest[i])
			s->guest[i]->told = true;
	}
	for (uint32_t i = 0; s->seat && i < s->nseats; i++)
		rs_seat_fini(&s->seat[i]);
	for (int i = 0; i < 2; i++) {
		while ((l = TAILQ_FIRST(&s->queue[i])))
			rs_letter_end(l, RS_LETTER_DROPPED);
	}
	for (uint32_t i = 0; s->gate && i < s->set.nports; i++)
		rs_gate_fini(&s->gate[i]);
	rs_board_unmap(&s->board);
	free(s->gate);
	free(s->seat);
	free(s->guest);
	free(s);
	r->serve = NULL;
}

void rs_serve_listen(struct rs_reactor *r, int fd, struct rs_slice address)
{
	struct rs_serve *s = r->serve;

	if (s->nlistening < s->set.nports) {
		rs_gate_listen(&s->gate[s->nlistening++], fd, address);
		return;
	}
	rs_alertx(r->log, "a socket for %.*s, which is no port", (int)address.n, address.p);
	rs_fd_close(&fd);
}

/* ---- frames ----------------------------------------------------------------------------------------------------------------- */

#define WORKERS (1u << RS_ROLE_WORKER)
#define TASKS (1u << RS_ROLE_TASK)
#define ANYBODY (WORKERS | TASKS | 1u << RS_ROLE_USER | 1u << RS_ROLE_MANAGER | 1u << RS_ROLE_SCRIPT)

static const char *on_taken(struct rs_worker *w, struct rs_frame *f)
{
	return rs_event_taken(w, f);
}

static const char *on_leaving(struct rs_worker *w, struct rs_frame *f)
{
	(void)f;
	rs_seat_leaving(w->seat);
	return NULL;
}

static const char *on_asks(struct rs_worker *w, struct rs_frame *f)
{
	rs_control_ask(w->r, f->payload);
	return NULL;
}

/* Which processes may say what. */
static const struct {
	const char *(*take)(struct rs_worker *w, struct rs_frame *f);
	unsigned roles;
} frames[RS_MSG_COUNT] = {
	[RS_MSG_TAKEN] = { on_taken, WORKERS | TASKS },
	[RS_MSG_LEAVING] = { on_leaving, WORKERS | TASKS },
	[RS_MSG_WORKER_ASKS] = { on_asks, ANYBODY },
	[RS_MSG_RESPONSE] = { rs_request_answer, ANYBODY },
	[RS_MSG_BODY] = { rs_request_answer, ANYBODY },
	[RS_MSG_ANSWER_FILE] = { rs_request_answer, ANYBODY },
	[RS_MSG_SEND] = { rs_order_send, ANYBODY },
	[RS_MSG_ORDER] = { rs_order_order, ANYBODY },
	[RS_MSG_DATAGRAM] = { rs_order_datagram, ANYBODY },
	[RS_MSG_TASK] = { rs_task_task, ANYBODY & ~TASKS },
	[RS_MSG_FINISH] = { rs_task_finish, TASKS },
	[RS_MSG_MESSAGE] = { rs_task_message, ANYBODY },
	[RS_MSG_ASK] = { rs_task_ask, ANYBODY },
};

const char *rs_serve_frame(struct rs_worker *w, struct rs_frame *f)
{
	if (!frames[f->msg].take || !(frames[f->msg].roles & 1u << w->seat->role))
		return "message out of place";
	return frames[f->msg].take(w, f);
}

/* ---- time ---------------------------------------------------------------------------------------------------------------------- */

bool rs_serve_complain(struct rs_reactor *r)
{
	int64_t now = rs_reactor_ms(r);

	if (r->serve->complained_ms && now - r->serve->complained_ms < COMPLAIN_MS)
		return false;
	r->serve->complained_ms = now;
	return true;
}

void rs_serve_sweep(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;
	int64_t now = rs_reactor_ms(r);

	for (uint32_t i = 0; i < s->set.nports && !s->stopping; i++)
		rs_gate_sweep(&s->gate[i], now);
	rs_seat_sweep(r, now);
	/* What a process has begun meanwhile makes room for more. */
	for (uint32_t i = 0; i < s->nseats; i++)
		rs_event_pump(&s->seat[i]);
	rs_board_range(&s->board);
}

static unsigned count_idle(const struct rs_seat *seat, uint32_t n)
{
	unsigned idle = 0;

	for (uint32_t i = 0; i < n; i++)
		idle += rs_seat_ready(&seat[i]) && seat[i].nsent == 0 && seat[i].open == 0;
	return idle;
}

static void publish_stats(struct rs_serve *s)
{
	struct rs_board_head *h = s->board.head;

	/* Counters go on over restarts of the reactor: what is new is added. */
	atomic_fetch_add_explicit(&h->received_bytes, s->received, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sent_bytes, s->sent, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->requests, s->requests, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->responses, s->responses, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->dispatched, s->dispatched, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->accepted, s->accepted, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->closed, s->closed, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->aborted, s->aborted, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->tasks, s->task_total, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->pipe_packets, s->pipe_packets, memory_order_relaxed);
	s->received = s->sent = s->requests = s->responses = s->dispatched = 0;
	s->accepted = s->closed = s->aborted = s->task_total = s->pipe_packets = 0;
	atomic_store_explicit(&h->connections, s->nguests, memory_order_relaxed);
	atomic_store_explicit(&h->tasking, s->tasks, memory_order_relaxed);
	atomic_store_explicit(&h->idle_workers, count_idle(s->seat, s->set.nworkers), memory_order_relaxed);
	atomic_store_explicit(&h->idle_tasks, count_idle(s->seat + s->set.nworkers, s->set.ntasks), memory_order_relaxed);
	s->stats_dirty = false;
}

void rs_serve_end_turn(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;

	if (s->stopping)
		rs_serve_proceed(s);
	/* Answers have made room. */
	if (s->nqueued[RS_ROLE_WORKER])
		rs_event_pump_role(r, RS_ROLE_WORKER);
	rs_guest_publish(r);
	if (s->stats_dirty)
		publish_stats(s);
}
