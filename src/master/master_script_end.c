/*
 * What people and processes want of a script's server: reload, new logs, a worker's end; and the server's own end, whoever wants it or
 * dies.
 */
#include "master/master_script.h"

#include "master/master_act.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A process that is told to end has at least this long. */
#define END_MIN_MS 1000
/* When the script process is dead, everything else is, this much later. */
#define ORPHAN_MS 700

/* ---- wishes ------------------------------------------------------------------------------------------------------------ */

static void tell_reloading(struct rs_master *m, uint32_t on)
{
	m->script->reloading = on;
	if (m->current)
		rs_peer_send(&m->current->peer, RS_MSG_RELOADING, rs_slice(&on, sizeof on), NULL, 0);
}

static void reload(struct rs_master *m, uint32_t tasks_only)
{
	if (m->state != RS_FSM_RUN || m->script->reloading || m->script->stopping)
		return;
	rs_notice(m->log, "reload of %s", tasks_only ? "task workers" : "workers and task workers");
	if (m->current && !tasks_only)
		rs_mtls_reread(m->current);
	m->script->renew_due = true;
	m->script->renew_tasks_only = tasks_only;
	tell_reloading(m, 1);
}

void rs_script_reload_may(struct rs_master *m)
{
	const uint32_t *tasks_only = &m->script->renew_tasks_only;

	if (m->script->renew_due)
		rs_mreactor_send(m, RS_MSG_RENEW, rs_slice(tasks_only, sizeof *tasks_only), NULL, 0);
	m->script->renew_due = false;
}

void rs_script_renewed(struct rs_master *m)
{
	if (!m->script->reloading)
		return;
	m->script->renew_due = false;
	tell_reloading(m, 0);
	rs_notice(m->log, "reload is over");
}

static void stop_worker(struct rs_master *m, uint32_t id)
{
	struct rs_wproc *w = m->current ? rs_mworker_by_id(m, m->current->number, id) : NULL;

	if (w && rs_script_role(m, id) != RS_ROLE_USER)
		rs_mworker_end(w, SIGTERM, SIGKILL, rs_script_wait_ms(m));
}

void rs_script_wish(struct rs_master *m, const struct rs_wire_ask *ask)
{
	switch (ask->what) {
	case RS_ASK_RELOAD:
		reload(m, 0);
		break;
	case RS_ASK_RELOAD_TASKS:
		reload(m, 1);
		break;
	case RS_ASK_SHUTDOWN:
		rs_script_stop(m, "asked to");
		break;
	case RS_ASK_STOP_WORKER:
		stop_worker(m, ask->id);
		break;
	case RS_ASK_REOPEN_LOGS:
		rs_master_event(m, RS_EV_REOPEN);
		break;
	default:
		break;
	}
}

/* ---- the end -------------------------------------------------------------------------------------------------------------- */

int64_t rs_script_wait_ms(const struct rs_master *m)
{
	int64_t ms = 2 * (int64_t)m->script->wire->server.max_wait_ms;

	if (m->script->orphan)
		return ORPHAN_MS;
	return ms > END_MIN_MS ? ms : END_MIN_MS;
}

/* First the script process says beforeShutdown, while all others live; it has max_wait_time for that. */
void rs_script_stop(struct rs_master *m, const char *why)
{
	struct rs_script *s = m->script;

	if (s->stopping)
		return;
	s->stopping = true;
	rs_notice(m->log, "the server stops: %s", why);
	rs_script_tell(m, RS_MSG_STOPPING, RS_SLICE(""));
	rs_master_after_ms(s->go, rs_script_wait_ms(m) / 2);
}

void rs_script_orphaned(struct rs_master *m)
{
	struct rs_script *s = m->script;
	bool ending = m->state == RS_FSM_DRAIN || m->state == RS_FSM_STOP;

	if (s->orphan)
		return;
	s->orphan = true;
	/* In the end its channel is closed because it has what it wants. */
	if (m->state == RS_FSM_STOP || (ending && !m->reactor.pid && LIST_EMPTY(&m->gens)))
		return;
	rs_errorx(m->log, "the script process %d is gone: everything ends", s->wire->script_pid);
	s->stopping = true;
	if (ending)
		rs_script_drain(m);
	else
		rs_master_event(m, RS_EV_STOP);
}

void rs_script_manager_died(struct rs_master *m, int status)
{
	char why[160];

	rs_fmt(why, sizeof why, "Fatal Error: manager process exit. status[%d], signal[%d]",
	       WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	rs_errorx(m->log, "%s", why);
	rs_script_stop(m, "nobody is left who could replace a process");
}

/* Every process of the application has the same time; the reactor tells workers, we tell the others. */
void rs_script_drain(struct rs_master *m)
{
	int64_t wait_ms = rs_script_wait_ms(m);
	bool all = m->script->orphan || !m->reactor.pid;
	struct rs_wproc *w;
	struct rs_gen *g;

	rs_master_after_ms(m->deadline, wait_ms + (m->script->orphan ? 0 : RS_TERM_GRACE_MS));
	LIST_FOREACH(g, &m->gens, link) {
		rs_mworker_cancel(g);
		LIST_FOREACH(w, &g->procs, link) {
			if (all || rs_script_role(m, w->id) == RS_ROLE_USER)
				rs_mworker_end(w, SIGTERM, SIGKILL, wait_ms);
		}
	}
	/* Other processes hold them too: closing is not enough to refuse clients. */
	for (size_t i = 0; i < m->listeners.n; i++)
		(void)shutdown(m->listeners.v[i].fd, SHUT_RDWR);
}

bool rs_script_may_end(struct rs_master *m)
{
	struct rs_gen *g;

	m->script->drained = true;
	LIST_FOREACH(g, &m->gens, link)
		if (!LIST_EMPTY(&g->procs))
			return false;
	return true;
}
