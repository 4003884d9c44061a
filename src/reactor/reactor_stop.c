/*
 * The orderly end of a server in the reactor: workers first, then task workers, since workers may wait for results; what
 * they still sent leaves; then all connections are closed, and nobody is told. In hosted applications requests that have no
 * guest come before all that: workers are needed until those are answered. Runs in the reactor.
 */
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_datagram.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_worker.h"
#include "reactor/reactor_ws.h"

/* Hosted: also those that boot, or wait for a seat that they will not get. */
static void retire(struct rs_serve *s, enum rs_server_role role)
{
	struct rs_worker *w, *next;

	for (w = TAILQ_FIRST(&s->r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		if (w->self.role != role)
			continue;
		if (s->set.hosted)
			rs_worker_retire(w);
		else if (w->seat)
			rs_seat_retire(w->seat); /* else it ends already, and its time runs */
	}
}

/* Hosted: one that boots has nothing to end. */
static bool anybody(const struct rs_serve *s, enum rs_server_role role)
{
	const struct rs_worker *w;

	TAILQ_FOREACH(w, &s->r->route.all, all_link) {
		if (w->self.role == role && (!s->set.hosted || w->pid))
			return true;
	}
	return false;
}

static void retire_workers(struct rs_serve *s)
{
	s->workers_retired = true;
	retire(s, RS_ROLE_WORKER);
}

void rs_serve_stop(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;
	unsigned waiting = rs_delay_drop(&s->delay);

	s->stopping = true;
	if (waiting)
		rs_notice(r->log, "%u tasks were still to wait: they are dropped", waiting);
	for (uint32_t i = 0; i < s->set.nports; i++)
		rs_datagram_stop(&s->gate[i]);
	rs_outside_stop(&s->outside);
	if (!s->set.hosted)
		retire_workers(s);
}

/* Nobody serves them any more; what was sent to them still leaves. */
static void close_guests(struct rs_serve *s)
{
	for (uint32_t i = 0; i < s->board.used; i++) {
		struct rs_guest *g = s->guest[i];
		if (!g)
			continue;
		g->told = true;
		if (g->conn && g->upgraded)
			rs_wsconn_goodbye(g->conn);
		else if (g->conn)
			rs_guest_close(g, true);
	}
}

static void drop_letters(struct rs_letter_list *list)
{
	struct rs_letter *l;

	while ((l = TAILQ_FIRST(list)))
		rs_letter_end(l, RS_LETTER_DROPPED);
}

static void cut(struct rs_serve *s)
{
	s->cut = true;
	if (s->tasks)
		rs_warnx(s->r->log, "%u tasks were never begun", s->tasks);
	rs_outside_fini(&s->outside);
	close_guests(s);
	for (uint32_t i = 0; i < s->nseats; i++) {
		drop_letters(&s->seat[i].sent);
		drop_letters(&s->seat[i].urgent);
		drop_letters(&s->seat[i].waiting);
	}
	drop_letters(&s->queue[RS_ROLE_WORKER]);
	drop_letters(&s->queue[RS_ROLE_TASK]);
}

void rs_serve_proceed(struct rs_serve *s)
{
	if (!s->workers_retired && s->r->conns.used - s->r->h2.guest_streams > s->nguests)
		return;
	if (!s->workers_retired)
		retire_workers(s);
	if (anybody(s, RS_ROLE_WORKER))
		return;
	if (!s->tasks_retired) {
		s->tasks_retired = true;
		retire(s, RS_ROLE_TASK);
	}
	if (!s->cut && !anybody(s, RS_ROLE_TASK))
		cut(s);
}

bool rs_serve_over(struct rs_reactor *r)
{
	return r->serve->cut;
}

void rs_serve_give_up(struct rs_reactor *r)
{
	static const char why[] = "still busy when the time to finish was over";
	struct rs_serve *s = r->serve;
	struct rs_worker *w, *next;

	s->workers_retired = s->tasks_retired = true;
	for (uint32_t i = 0; i < s->first_user; i++) {
		struct rs_seat *seat = &s->seat[i];
		if (seat->w && (!s->set.hosted || seat->nsent))
			rs_worker_kill(seat->w, RS_KILL_DRAIN, 503, why);
	}
	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		if (w->lingers)
			rs_worker_kill(w, RS_KILL_DRAIN, 503, why);
	}
	retire(s, RS_ROLE_WORKER);
	retire(s, RS_ROLE_TASK);
	if (!s->cut)
		cut(s);
}
