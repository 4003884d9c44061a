/*
 * The orderly end of a server in the reactor: workers first, then task workers, since workers may wait for results; what
 * they still sent leaves; then all connections are closed, and nobody is told. Runs in the reactor.
 */
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_datagram.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_worker.h"
#include "reactor/reactor_ws.h"

static void retire(struct rs_serve *s, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		rs_seat_retire(&s->seat[i]);
}

static bool anybody(const struct rs_serve *s, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++) {
		if (s->seat[i].w)
			return true;
	}
	return false;
}

void rs_serve_stop(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;

	s->stopping = true;
	for (uint32_t i = 0; i < s->set.nports; i++)
		rs_datagram_stop(&s->gate[i]);
	retire(s, 0, s->set.nworkers);
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

void rs_serve_proceed(struct rs_serve *s)
{
	if (anybody(s, 0, s->set.nworkers))
		return;
	if (!s->tasks_retired) {
		s->tasks_retired = true;
		retire(s, s->set.nworkers, s->set.ntasks);
	}
	if (s->cut || anybody(s, s->set.nworkers, s->set.ntasks))
		return;
	s->cut = true;
	if (s->tasks)
		rs_warnx(s->r->log, "%u tasks were never begun", s->tasks);
	close_guests(s);
	for (uint32_t i = 0; i < s->nseats; i++) {
		drop_letters(&s->seat[i].sent);
		drop_letters(&s->seat[i].urgent);
		drop_letters(&s->seat[i].waiting);
	}
	drop_letters(&s->queue[RS_ROLE_WORKER]);
	drop_letters(&s->queue[RS_ROLE_TASK]);
}

bool rs_serve_over(struct rs_reactor *r)
{
	return r->serve->cut;
}

void rs_serve_give_up(struct rs_reactor *r)
{
	struct rs_serve *s = r->serve;

	for (uint32_t i = 0; i < s->set.nworkers + s->set.ntasks; i++) {
		if (s->seat[i].w)
			rs_worker_kill(s->seat[i].w, RS_KILL_DRAIN, 503, "still busy when the time to finish was over");
	}
	rs_serve_proceed(s);
}
