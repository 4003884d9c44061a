/*
 * Actions of the state machine by which the server ends: drain, then quit, then TERM, then KILL, until no child is left;
 * what PHP code has left running included.
 */
#include "master/master_act.h"
#include "master/master_ctl.h"
#include "master/master_hosted.h"
#include "master/master_notify.h"
#include "master/master_script.h"
#include "master/master_setup.h"
#include "master/master_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/wait.h>

/* The reactor keeps max_wait_time itself; this much later we no longer believe it. */
#define DRAIN_SLACK_MS 2000
/* For idle workers and managers at the end. */
#define QUIT_WAIT_MS 5000
#define STRAY_GRACE_MS 1000
/* Of a script's server whose script process is dead: between TERM and KILL. */
#define ORPHAN_GRACE_MS 200
/* Rounds of KILL after which what is left is stuck in the kernel. */
#define KILLS_MAX 5

/* Between a stop that is over in time and what follows one that is not: systemd leaves both to us. */
#define PATIENCE_MS (2 * RS_TERM_GRACE_MS + QUIT_WAIT_MS)

/* The next step of the end, should this one last. */
static void end_within(struct rs_master *m, int64_t ms)
{
	rs_notify_patience(m->log, ms + PATIENCE_MS);
	rs_master_after_ms(m->deadline, ms);
}

void rs_master_drained(struct rs_master *m)
{
	struct rs_gen *g, *next;

	if (m->reactor.drained || (m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP))
		return;
	if (m->script && m->state == RS_FSM_DRAIN && !rs_script_may_end(m))
		return;
	if (m->state == RS_FSM_DRAIN && !rs_hosted_may_end(m))
		return;
	m->reactor.drained = true;
	end_within(m, QUIT_WAIT_MS + 2 * DRAIN_SLACK_MS + (m->hosted ? rs_master_conf(m)->max_wait_time : 0));
	/* The end of its channel ends the reactor, and that the workers. */
	rs_peer_close(&m->reactor.peer);
	for (g = LIST_FIRST(&m->gens); g; g = next) {
		next = LIST_NEXT(g, link);
		rs_mgen_end(g, QUIT_WAIT_MS, g == m->current);
		rs_mgen_check(g);
	}
	rs_master_check_gone(m);
}

void rs_act_drain(struct rs_master *m)
{
	uint32_t ms = (uint32_t)(m->script ? rs_script_wait_ms(m) : rs_master_conf(m)->max_wait_time);

	rs_notice(m->log, "stopping: running requests may take %u ms", ms);
	if (m->restart)
		rs_notify_reloading(m->log, "restarting");
	else
		rs_notify_stopping(m->log);
	rs_ctl_reload_done(m, false, "the server is stopping", true);
	event_del(m->recover);
	event_del(m->reactor.respawn);
	rs_act_drop_next(m);
	rs_master_watch_end(m);
	if (m->script)
		rs_script_drain(m);
	rs_hosted_drain(m);
	/* New clients are refused at once, or wait for our successor. */
	if (!m->restart) {
		rs_listeners_fini(&m->listeners, &m->user, true);
		rs_mports_fini(&m->ports, &m->user, true);
	}
	if (!m->script)
		end_within(m, rs_hosted_stop_ms(m) + DRAIN_SLACK_MS + QUIT_WAIT_MS);
	if (m->reactor.pid && m->current)
		rs_mreactor_send(m, RS_MSG_STOP, rs_slice(&ms, sizeof ms), NULL, 0);
	else
		rs_master_drained(m);
}

void rs_act_restart(struct rs_master *m)
{
	m->restart = true;
	rs_act_drain(m);
}

void rs_act_fail(struct rs_master *m)
{
	if (!m->daemonize_again)
		rs_setup_failed(m, m->failure);
	m->exit_status = 1;
	rs_act_drain(m);
}

static void signal_all(struct rs_master *m, int sig)
{
	struct rs_gen *g;

	LIST_FOREACH(g, &m->gens, link)
		rs_mgen_signal(g, sig);
	if (m->reactor.pid)
		kill(m->reactor.pid, sig);
	rs_master_signal_strays(m, sig);
}

void rs_act_term(struct rs_master *m)
{
	rs_warnx(m->log, "not stopped in time; everything gets TERM");
	rs_master_drained(m);
	signal_all(m, SIGTERM);
	rs_master_after_ms(m->deadline, m->script && m->script->orphan ? ORPHAN_GRACE_MS : RS_TERM_GRACE_MS);
}

void rs_act_exit(struct rs_master *m)
{
	event_base_loopbreak(m->base);
}

void rs_act_kill(struct rs_master *m)
{
	if (++m->kills > KILLS_MAX) {
		rs_errorx(m->log, "processes survive KILL; leaving them");
		m->exit_status = 1;
		rs_act_exit(m);
		return;
	}
	rs_warnx(m->log, "stopping at once; everything gets KILL");
	rs_master_drained(m);
	signal_all(m, SIGKILL);
	rs_master_after_ms(m->deadline, RS_TERM_GRACE_MS);
}

void rs_master_check_gone(struct rs_master *m)
{
	pid_t pid;

	if (m->state == RS_FSM_BOOT || m->state == RS_FSM_RUN || m->state == RS_FSM_ROLL) {
		/* A reload that had to wait for room. */
		if (m->reload_again && m->state == RS_FSM_RUN && !rs_act_must_wait(m))
			rs_master_event(m, RS_EV_RELOAD);
		return;
	}
	if ((m->script && m->script->drained) || (m->hosted && m->hosted->drained))
		rs_master_drained(m);
	if (m->reactor.pid || !LIST_EMPTY(&m->gens))
		return;
	/* What PHP code has left running is ours by now, and ends with us. */
	do {
		pid = waitpid(-1, NULL, WNOHANG);
	} while (pid > 0);
	if (pid < 0 && errno == ECHILD) {
		rs_master_event(m, RS_EV_ALL_GONE);
	} else if (m->state == RS_FSM_STOP) {
		rs_master_signal_strays(m, SIGKILL);
	} else if (!m->strays_termed) {
		m->strays_termed = true;
		rs_master_signal_strays(m, SIGTERM);
		rs_master_after_ms(m->deadline, STRAY_GRACE_MS);
	}
}

void rs_act_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master *m = arg;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	rs_master_event(m, RS_EV_DEADLINE);
	rs_master_reap(m);
}
