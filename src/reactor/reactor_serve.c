/*
 * A server in the reactor: made by PORTS, ended by STOP; what its processes send.
 */
#include "reactor/reactor_serve.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_control.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_datagram.h"
#include "reactor/reactor_handover.h"
#include "reactor/reactor_order.h"
#include "reactor/reactor_request.h"
#include "reactor/reactor_task.h"
#include "reactor/reactor_worker.h"

#include <stdlib.h>
#include <sys/resource.h>

#define PROCESSES_MAX UINT16_MAX
/* One of so many descriptors may be for a file that waits for its client: then senders stop. */
#define FILES_PART 8
#define COMPLAIN_MS 1000

/* ---- constructor and destructor ------------------------------------------------------------------------------------------ */

static enum rs_server_role role_of(const struct rs_serve *s, uint32_t i)
{
	if (i < s->first_task)
		return RS_ROLE_WORKER;
	if (i < s->first_user)
		return RS_ROLE_TASK;
	return i < s->nseats - 2 ? RS_ROLE_USER : i == s->nseats - 2 ? RS_ROLE_MANAGER : RS_ROLE_SCRIPT;
}

/* Ids are places: hosted, there is one for each process that a reload may bring. */
static void lay_out(struct rs_serve *s)
{
	const struct rs_wire_server *set = &s->set;

	s->nworkers = set->nworkers;
	s->ntasks = set->ntasks;
	s->nusers = set->nusers;
	s->first_task = set->hosted ? RS_HOSTED_TASKS : set->nworkers;
	s->first_user = set->hosted ? RS_HOSTED_USERS : set->nworkers + set->ntasks;
	s->nseats = (set->hosted ? RS_HOSTED_END : s->first_user + set->nusers) + 2;
}

static bool init_seats(struct rs_serve *s)
{
	lay_out(s);
	s->seat = calloc(s->nseats, sizeof *s->seat);
	if (!s->seat)
		return false;
	for (uint32_t i = 0; i < s->nseats; i++) {
		struct rs_seat *seat = &s->seat[i];
		seat->r = s->r;
		seat->role = role_of(s, i);
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
	if (s->set.hosted)
		s->main = &s->gate[0];
	return why;
}

/* So many processes of each kind can be. */
static bool has_sense(const struct rs_wire_server *set)
{
	const bool h = set->hosted;

	return set->nports > 0 && set->nports <= RS_PORTS_MAX && set->nworkers > 0 &&
	       set->nworkers <= (h ? RS_HOSTED_TASKS : PROCESSES_MAX) &&
	       set->ntasks <= (h ? RS_HOSTED_USERS - RS_HOSTED_TASKS : PROCESSES_MAX) &&
	       set->nusers <= (h ? RS_HOSTED_END - RS_HOSTED_USERS : PROCESSES_MAX);
}

/* How many files may wait for clients: told to those who send them. */
static void bound_files(struct rs_serve *s)
{
	struct rlimit l = { 0 };

	(void)getrlimit(RLIMIT_NOFILE, &l);
	s->files_max = l.rlim_cur / FILES_PART < UINT32_MAX / FILES_PART ? (uint32_t)(l.rlim_cur / FILES_PART) : UINT32_MAX / FILES_PART;
	atomic_store(&s->board.head->files_max, s->files_max);
	atomic_store(&s->board.head->files, 0);
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
	TAILQ_INIT(&s->held);
	rs_outside_init(&s->outside);
	s->stats_dirty = true;
	why = "wrong length or descriptors";
	if (f->payload.n < sizeof *set || f->nfds != 1)
		goto fail;
	memcpy(set, f->payload.p, sizeof *set);
	why = "ports or processes without sense";
	if (!has_sense(set) || f->payload.n != sizeof *set + set->nports * sizeof(struct rs_port))
		goto fail;
	why = init_gates(s, f->payload.p + sizeof *set);
	if (why)
		goto fail;
	why = "no board in it, or no memory";
	if (!init_seats(s) || !rs_board_map(&s->board, f->fd[0]) || !rs_board_own(&s->board, set->first_fd) ||
	    !(s->guest = calloc(s->board.nsessions, sizeof *s->guest)))
		goto fail;
	bound_files(s);
	if (set->hosted)
		why = rs_outside_board(&s->outside, f->fd[0]) ? NULL : "no board that can be read only";
	if (set->hosted && why)
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
	rs_outside_fini(&s->outside);
	rs_delay_fini(&s->delay);
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

void rs_serve_listen(struct rs_reactor *r, int fd, uint64_t id, struct rs_slice address)
{
	struct rs_serve *s = r->serve;
	uint32_t port = s->set.hosted ? id & RS_LISTEN_PORT : s->nlistening++;

	if (s->set.hosted && port == 0) {
		(void)rs_accept_add(r, fd, address, NULL, id);
		return;
	}
	if (port < s->set.nports && !s->gate[port].listening) {
		rs_gate_listen(&s->gate[port], fd, address);
		return;
	}
	rs_alertx(r->log, "a socket for %.*s, which is no port", (int)address.n, address.p);
	rs_fd_close(&fd);
}

void rs_serve_reshape(struct rs_serve *s, const struct rs_wire_shape *shape)
{
	struct rs_board_head *h = s->board.head;

	for (uint32_t i = 0; i < s->first_user; i++) {
		const bool is_task = i >= s->first_task;
		const uint32_t nth = is_task ? i - s->first_task : i;
		const bool needed = nth < (is_task ? shape->ntasks : shape->nworkers);
		s->seat[i].shrunk = !needed && (s->seat[i].shrunk || nth < (is_task ? s->ntasks : s->nworkers));
	}
	s->nworkers = shape->nworkers;
	s->ntasks = shape->ntasks;
	s->nusers = shape->nusers;
	atomic_store(&h->nworkers, s->nworkers);
	atomic_store(&h->ntasks, s->ntasks);
	atomic_store(&h->nusers, s->nusers);
	s->stats_dirty = true;
}

bool rs_serve_full(struct rs_reactor *r)
{
	const struct rs_serve *s = r->serve;

	if (s->set.max_conn == 0 || s->nguests < s->set.max_conn)
		return false;
	r->n.refused++;
	r->serve->aborted++;
	if (rs_serve_complain(r))
		rs_errorx(r->log, "max_connection (%u) reached, new connections are refused (ERRNO 9002)", s->set.max_conn);
	return true;
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
	if (w->r->serve->set.hosted) {
		rs_route_take_back(w, true);
		rs_worker_retire(w); /* it may go: that is what it waits for */
	}
	if (w->seat && w->phase != RS_WORKER_PHASE_DEAD)
		rs_seat_leaving(w->seat);
	return NULL;
}

static const char *on_lingers(struct rs_worker *w, struct rs_frame *f)
{
	(void)f;
	if (w->seat)
		rs_seat_linger(w->seat);
	return NULL;
}

/* What outside processes may say as well. */

static const char *on_send(struct rs_worker *w, struct rs_frame *f)
{
	return rs_order_send(&w->self, f);
}

static const char *on_order(struct rs_worker *w, struct rs_frame *f)
{
	return rs_order_order(&w->self, f);
}

static const char *on_datagram(struct rs_worker *w, struct rs_frame *f)
{
	return rs_order_datagram(&w->self, f);
}

static const char *on_task(struct rs_worker *w, struct rs_frame *f)
{
	return rs_task_task(&w->self, f);
}

static const char *on_message(struct rs_worker *w, struct rs_frame *f)
{
	return rs_task_message(&w->self, f);
}

/* Which processes may say what. */
static const struct {
	const char *(*take)(struct rs_worker *w, struct rs_frame *f);
	unsigned roles;
} frames[RS_MSG_COUNT] = {
	[RS_MSG_TAKEN] = { on_taken, WORKERS | TASKS },
	[RS_MSG_LEAVING] = { on_leaving, WORKERS | TASKS },
	[RS_MSG_LINGERS] = { on_lingers, WORKERS | TASKS },
	[RS_MSG_RESPONSE] = { rs_request_answer, ANYBODY },
	[RS_MSG_BODY] = { rs_request_answer, ANYBODY },
	[RS_MSG_ANSWER_FILE] = { rs_request_answer, ANYBODY },
	[RS_MSG_SEND] = { on_send, ANYBODY },
	[RS_MSG_ORDER] = { on_order, ANYBODY },
	[RS_MSG_DATAGRAM] = { on_datagram, ANYBODY },
	[RS_MSG_TASK] = { on_task, ANYBODY },
	[RS_MSG_FINISH] = { rs_task_finish, TASKS },
	[RS_MSG_MESSAGE] = { on_message, ANYBODY },
	[RS_MSG_ASK] = { rs_task_ask, ANYBODY },
};

const char *rs_serve_frame(struct rs_worker *w, struct rs_frame *f)
{
	if (!frames[f->msg].take || !(frames[f->msg].roles & 1u << w->self.role))
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
	/* What a process has begun meanwhile makes room for more; one that leaves may be through. */
	for (uint32_t i = 0; i < s->nseats; i++) {
		if (!s->seat[i].w)
			continue;
		rs_event_pump(&s->seat[i]);
		rs_handover_left(&s->seat[i]);
	}
	rs_event_pump_role(r, RS_ROLE_WORKER);
	rs_outside_sweep(&s->outside, now);
	rs_board_range(&s->board);
	if (s->set.hosted)
		s->stats_dirty = true; /* plain requests do not say that they change it */
}

/* Scripts have little to save; an application that does nothing costs nothing. */
bool rs_serve_needs_sweep(const struct rs_reactor *r)
{
	const struct rs_serve *s = r->serve;
	const struct rs_worker *w;

	if (!s->set.hosted || s->nguests || s->tasks || s->nqueued[RS_ROLE_WORKER] || s->outside.nwaiting || s->outside.paused)
		return true;
	TAILQ_FOREACH(w, &r->route.all, all_link) {
		if (w->kill_ms || (w->seat && w->seat->nsent + w->seat->nwaiting))
			return true;
	}
	return false;
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
		rs_serve_publish(s);
}
