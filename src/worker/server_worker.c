/*
 * W, K, U: workers, task workers and user processes of a script's server, task workers and user processes of a hosted one. A
 * worker runs one event after the other; between them, or, with coroutines, while they wait, timers and descriptors of the
 * application have their turn.
 *
 * It ends when it is told to (RETIRE, TERM), when it has served its share, when the reactor is gone, or when a hook says so.
 * Before an orderly end it says LEAVING: what it has not begun goes to its successor.
 */
#include "worker/server_private.h"
#include "worker/worker_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* How long descriptors of the application may be ready before they are looked at, beside the event that runs. */
#define POLL_EVERY_US 1000

/* ---- the share -------------------------------------------------------------------------------------------------------- */

/* max plus a random part of the grace, so that not all leave together; small ones are exact. */
static uint64_t serve_limit(const struct rs_server *s)
{
	bool task = s->role == RS_ROLE_TASK;
	uint64_t max = task ? s->setup.task_max_request : s->setup.max_request;
	int64_t grace = task ? s->setup.task_max_request_grace : s->setup.max_request_grace;
	uint64_t seed = ((uint64_t)rs_now_us() + (uint64_t)getpid()) * 6364136223846793005u + s->id;

	if (grace < 0)
		grace = (int64_t)(max / 2);
	return max > 10 && grace > 0 ? max + 1 + (seed >> 33) % (uint64_t)grace : max;
}

bool rs_server_counts(enum rs_event_kind kind)
{
	return kind == RS_EVENT_RECEIVE || kind == RS_EVENT_PACKET || kind == RS_EVENT_REQUEST || kind == RS_EVENT_HANDSHAKE ||
	       kind == RS_EVENT_MESSAGE || kind == RS_EVENT_TASK;
}

/* ---- serving ---------------------------------------------------------------------------------------------------------- */

static bool in_coroutines(const struct rs_server *s)
{
	return s->role == RS_ROLE_TASK ? s->setup.task_enable_coroutine : s->setup.enable_coroutine;
}

/*
 * What is due in the application's loop, without waiting. Descriptors are looked at only so often: small events come faster than
 * that is worth, and when no more of them wait, wait_for_frames() looks.
 */
static void poll_loop(struct rs_server *s)
{
	struct rs_loop *l = rs_loop_peek();
	int64_t now_us;

	if (!l)
		return;
	now_us = rs_now_us();
	if (now_us - s->polled_us < POLL_EVERY_US && !rs_loop_due(l, now_us))
		return;
	s->polled_us = now_us;
	(void)rs_loop_run(l, RS_LOOP_POLL);
}

static void leave_forked_away(const struct rs_server *s)
{
	if (s->p->forked_away)
		_exit(0);
}

/* Until something has come. Without anything in the loop there is no need for one. */
static void wait_for_frames(struct rs_server *s, bool coroutines)
{
	struct rs_loop *l = rs_loop_peek();

	if (!coroutines && (!l || (rs_loop_empty(l) && rs_timer_count(l) == 0))) {
		rs_server_unwatch(s);
		if (s->untidy && !rs_server_wait(s, RS_IDLE_AFTER_MS)) {
			s->untidy = false;
			/* A process that is spoilt by it has an exit status now. */
			(void)s->p->engine->idle();
			rs_worker_memory_look(s->p, s->p->served, true);
		} else if (!s->untidy) {
			(void)rs_server_wait(s, -1);
		}
		return;
	}
	if (!rs_server_watch(s) || rs_loop_run(rs_loop_get(), RS_LOOP_ONCE) == RS_ERR)
		s->p->retired = true;
	leave_forked_away(s);
}

/* Must it go before the next event? */
static bool must_leave(const struct rs_server *s)
{
	if (s->p->retired || s->lost || s->p->memory.enough)
		return true;
	return s->leave_asked && (!s->leave_pending || STAILQ_EMPTY(&s->kept));
}

void rs_server_set_status(struct rs_server *s, enum rs_cell_status status)
{
	/* The next process of the same number may have it by now. */
	if (atomic_load_explicit(&s->cell->pid, memory_order_relaxed) == (uint32_t)s->pid)
		atomic_store_explicit(&s->cell->status, status, memory_order_relaxed);
}

/* false: this process is spoilt. */
static bool serve(struct rs_server *s)
{
	uint64_t limit = serve_limit(s);
	bool coroutines = in_coroutines(s);

	while (!must_leave(s)) {
		struct rs_kept *k = STAILQ_FIRST(&s->kept);
		enum rs_event_kind kind = k ? k->ev.h.kind : RS_EVENT_KINDS;

		/* A timer or a coroutine has failed in the application's loop. */
		if (s->hooks->exit_status() != 0)
			return false;
		if (k) {
			rs_server_set_status(s, RS_CELL_BUSY);
			s->untidy = s->setup.server.hosted;
			if (rs_server_run_event(s) == RS_ERR)
				return false;
			poll_loop(s);
			leave_forked_away(s);
			if (rs_server_counts(kind)) {
				atomic_fetch_add(&s->cell->requests, 1);
				s->p->served++;
				if (limit && s->p->served >= limit)
					return true;
			}
			rs_worker_memory_look(s->p, s->p->served, false);
			continue;
		}
		rs_server_set_status(s, RS_CELL_IDLE);
		rs_server_tell_taken(s);
		poll_loop(s);
		leave_forked_away(s);
		if (!must_leave(s) && STAILQ_EMPTY(&s->kept))
			wait_for_frames(s, coroutines);
	}
	return true;
}

/* ---- the end ------------------------------------------------------------------------------------------------------------ */

static void say_leaving(struct rs_server *s)
{
	rs_server_end_in_time(s);
	rs_server_set_status(s, RS_CELL_EXIT);
	rs_server_tell_taken(s);
	s->leaving = true;
	(void)rs_server_put(s, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""), -1);
	rs_server_drop_taken_back(s);
}

static void nothing(struct rs_timer *t, void *arg)
{
	(void)t, (void)arg;
}

/* false: this process is spoilt. */
static bool run_results(struct rs_server *s)
{
	enum rs_result r;

	while ((r = rs_server_run_event(s)) == RS_OK)
		leave_forked_away(s);
	return r == RS_AGAIN;
}

/* Not through yet: others need not wait for that. */
static void say_lingers(struct rs_server *s)
{
	if (!s->lingers)
		(void)rs_server_put(s, RS_MSG_LINGERS, 0, 0, RS_SLICE(""), RS_SLICE(""), -1);
	s->lingers = true;
}

/* reload_async: timers, descriptors and coroutines of the application may come to their end, also those that wait for tasks. */
static void finish_pending(struct rs_server *s)
{
	int64_t until = rs_now_ms() + s->setup.server.max_wait_ms;
	struct rs_loop *l = rs_loop_peek();
	struct rs_timer *limit;

	if (!(s->setup.reload_async || s->leave_pending) || !l)
		return;
	(void)rs_loop_run(l, RS_LOOP_POLL);
	leave_forked_away(s);
	(void)rs_server_watch(s);
	/* It ends the wait; what keeps the loop alive is the application's. */
	limit = rs_timer_new(l, s->setup.server.max_wait_ms ? s->setup.server.max_wait_ms : 1, false, false, nothing, NULL);
	while (limit && run_results(s) && (l = rs_loop_peek()) && !rs_loop_empty(l)) {
		if (rs_now_ms() >= until) {
			rs_warnx(s->p->log, "worker exit timeout, forced termination (9101)");
			break;
		}
		if (!s->hooks->worker_exits() || rs_loop_empty(l))
			break;
		say_lingers(s);
		if (rs_loop_run(l, RS_LOOP_ONCE) == RS_ERR)
			break;
		leave_forked_away(s);
	}
}

/* Its exit status. Its end is the end of its channel, and of what it still owes. */
static int worker_life(struct rs_server *s)
{
	struct rs_wire_ready ready = { .protocol = RS_PROTOCOL, .pid = (uint32_t)getpid() };

	if (!s->hooks->worker_started())
		return s->hooks->exit_status();
	leave_forked_away(s);
	if (!rs_worker_memory_begin(s->p))
		return 1;
	if (rs_server_put(s, RS_MSG_READY, 0, 0, rs_slice(&ready, sizeof ready), RS_SLICE(""), -1) != RS_SERVER_OK)
		s->lost = true;
	if (!serve(s)) {
		rs_server_tell_taken(s);
		return s->hooks->exit_status();
	}
	say_leaving(s);
	finish_pending(s);
	if (s->hooks->exit_status() != 0)
		return s->hooks->exit_status();
	s->hooks->worker_stopped();
	leave_forked_away(s);
	return 0;
}

/* ---- the beginning --------------------------------------------------------------------------------------------------------- */

static bool become_user(const struct rs_server *s)
{
	if (!s->become_user)
		return true;
	if (!rs_identity_become(&s->user))
		return false;
	return setenv("HOME", s->user.home, 1) == 0 && setenv("USER", s->user.user, 1) == 0;
}

void rs_server_worker_life(struct rs_server *s, const struct rs_wire_fork *order, int data_fd, int claim_fd)
{
	const struct rs_wire_server *w = &s->setup.server;
	int status;
	bool bound;

	rs_server_detach(s); /* the manager's */
	s->wake_fd = -1;
	rs_server_become(s, (enum rs_server_role)order->role, order->id);
	s->p->worker_id = order->id;
	s->next_task = 0;
	bound = rs_server_make_killer(s);
	rs_server_set_signals(s); /* they need the killer */
	/* In this order: who changes his user is bound to nobody any more. */
	bound = bound && become_user(s) && rs_server_bind_to_parent(s);
	if (!bound || !rs_server_attach(s, data_fd, claim_fd)) {
		rs_error(s->p->log, "cannot become %s", s->p->log->role);
		_exit(1);
	}
	s->hooks->forked();
	status = order->role == RS_ROLE_USER ? s->hooks->user_process(order->id - w->nworkers - w->ntasks) : worker_life(s);
	rs_server_set_status(s, RS_CELL_EXIT);
	s->leave(status);
	_exit(status);
}

int rs_server_hosted_life(struct rs_server *s, const struct rs_wire_fork *order, int data_fd, int claim_fd)
{
	int status;

	rs_server_hosted_become(s, order);
	if (pthread_atfork(NULL, NULL, rs_server_forked_away) != 0 || !rs_server_make_killer(s))
		return 1;
	rs_server_set_signals(s);
	if (!rs_server_bind_to_parent(s) || !rs_server_attach(s, data_fd, claim_fd)) {
		rs_error(s->p->log, "cannot become %s", s->p->log->role);
		return 1;
	}
	if (!rs_server_hosted_start(s, order->generation))
		return 1;
	status = order->role == RS_ROLE_USER ? s->hooks->user_process(order->id - RS_HOSTED_USERS) : worker_life(s);
	if (status == 0)
		s->p->engine->worker_stop();
	rs_server_set_status(s, RS_CELL_EXIT);
	return status;
}

void rs_server_leave(bool pending)
{
	struct rs_server *s = rs_server_self();

	if (!s || (s->role != RS_ROLE_WORKER && s->role != RS_ROLE_TASK))
		return;
	s->leave_pending = pending && (s->leave_pending || !s->leave_asked);
	s->leave_asked = true;
}
