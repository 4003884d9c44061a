/*
 * The master: its life, its loop, its state machine. It holds the listening sockets, the pid file and the process table;
 * it sees no client byte and runs no PHP. What the machine does is in master_roll.c (generations come and go) and
 * master_end.c (the server ends).
 */
#include "base/rs_clock.h"
#include "master/master_act.h"
#include "master/master_ctl.h"
#include "master/master_hosted.h"
#include "master/master_keep.h"
#include "master/master_script.h"
#include "master/master_setup.h"
#include "master/master_watch.h"
#include "master/master_watchdog.h"

#include <event2/event.h>
#include <stdlib.h>

/* ---- small things ------------------------------------------------------------------------------ */

void rs_master_after_ms(struct event *timer, int64_t ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	if (timer)
		event_add(timer, &t);
}

int rs_backoff_next(struct rs_backoff *b, unsigned free_tries)
{
	unsigned n = ++b->failures;

	if (n <= free_tries)
		return 0;
	n -= free_tries + 1;
	return n < 7 && (100 << n) < 10000 ? 100 << n : 10000;
}

const struct rs_conf *rs_master_conf(const struct rs_master *m)
{
	if (m->current)
		return &m->current->conf;
	return m->next ? &m->next->conf : m->start->conf;
}

/* ---- the state machine --------------------------------------------------------------------------- */

static void act_ignore(struct rs_master *m)
{
	(void)m;
}

static void act_remember(struct rs_master *m)
{
	m->reload_again = true;
}

static void act_reopen(struct rs_master *m)
{
	rs_mlog_reopen(&m->logs);
	rs_mreactor_access_log(m);
	if (m->script)
		rs_script_reopened(m);
	rs_notice(m->log, "logs reopened");
}

static void (*const actions[RS_FSM_ACTIONS])(struct rs_master *m) = {
	[RS_ACT_IGNORE] = act_ignore,   [RS_ACT_BUG] = act_ignore,       [RS_ACT_ROLL] = rs_act_roll,
	[RS_ACT_REMEMBER] = act_remember, [RS_ACT_RECOVER] = rs_act_recover, [RS_ACT_COMMIT] = rs_act_commit,
	[RS_ACT_ABANDON] = rs_act_abandon, [RS_ACT_FAIL] = rs_act_fail,        [RS_ACT_REOPEN] = act_reopen,
	[RS_ACT_DRAIN] = rs_act_drain,     [RS_ACT_RESTART] = rs_act_restart,  [RS_ACT_TERM] = rs_act_term,
	[RS_ACT_KILL] = rs_act_kill,       [RS_ACT_EXIT] = rs_act_exit,
};

static void step(struct rs_master *m, enum rs_fsm_event ev)
{
	struct rs_fsm_cell cell = rs_fsm_next(m->state, ev);

	RS_ASSERT(cell.action < RS_FSM_ACTIONS && actions[cell.action]);
	/* Room first: the table knows nothing of how many generations still drain. */
	if (cell.action == RS_ACT_ROLL && rs_act_must_wait(m)) {
		if (!m->reload_again)
			rs_notice(m->log, "the reload waits until one of %u generations has ended", rs_mgen_count(m));
		m->reload_again = true;
		return;
	}
	if (cell.action == RS_ACT_BUG)
		rs_alertx(m->log, "event %s in state %s", rs_fsm_event_name(ev), rs_fsm_state_name(m->state));
	rs_debug(m->log, "state %s, event %s: %s", rs_fsm_state_name(m->state), rs_fsm_event_name(ev),
		 rs_fsm_state_name(cell.next));
	m->state = cell.next;
	actions[cell.action](m);
}

void rs_master_event(struct rs_master *m, enum rs_fsm_event ev)
{
	RS_ASSERT(m->queued < RS_COUNTOF(m->queue));
	m->queue[m->queued++] = ev;
	/* One action is over before the next begins. */
	if (m->in_event)
		return;
	m->in_event = true;
	while (m->queued) {
		ev = m->queue[0];
		memmove(m->queue, m->queue + 1, --m->queued * sizeof *m->queue);
		step(m, ev);
	}
	m->in_event = false;
}

/* ---- life ---------------------------------------------------------------------------------------- */

static bool prepare(struct rs_master *m)
{
	struct event_config *cfg = event_config_new();

	if (!cfg)
		return false;
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	m->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (!m->base)
		return false;
	rs_mlog_init(&m->logs, m->log, m->base, &m->user);
	m->deadline = event_new(m->base, -1, 0, rs_act_on_deadline, m);
	m->recover = event_new(m->base, -1, 0, rs_act_on_recover, m);
	m->memory = event_new(m->base, -1, 0, rs_mmemory_cb, m);
	m->reactor.respawn = event_new(m->base, -1, 0, rs_mreactor_respawn_cb, m);
	return m->deadline && m->recover && m->memory && m->reactor.respawn && rs_mwatchdog_open(m) && rs_master_signals_open(m);
}

static void boot_first(struct rs_master *m)
{
	struct rs_conf_error err;
	struct rs_conf conf;

	if (rs_conf_dump(m->start->conf, &m->base_conf) && rs_master_conf_again(m, &conf, &err) == RS_OK) {
		rs_act_boot(m, &conf, false);
		return;
	}
	(void)rs_copy(m->failure, sizeof m->failure, RS_SLICE("out of memory"));
	rs_master_event(m, RS_EV_NEXT_FAILED);
}

static void release(struct rs_master *m)
{
	bool keep = m->restart;

	while (!LIST_EMPTY(&m->gens)) {
		LIST_FIRST(&m->gens)->pid = 0;
		rs_mgen_free(LIST_FIRST(&m->gens));
	}
	rs_ctl_close(m, true);
	rs_script_fini(m);
	rs_hosted_close(m, keep);
	rs_mkeep_fini(m);
	rs_master_watch_end(m);
	rs_mwatchdog_close(m);
	rs_peer_close(&m->reactor.peer);
	rs_mlog_fini(&m->logs);
	rs_master_signals_close(m);
	if (m->deadline)
		event_free(m->deadline);
	if (m->recover)
		event_free(m->recover);
	if (m->memory)
		event_free(m->memory);
	if (m->reactor.respawn)
		event_free(m->reactor.respawn);
	if (m->base)
		event_base_free(m->base);
	if (!keep) {
		rs_listeners_fini(&m->listeners, &m->user, true);
		rs_pidfile_drop(&m->pidfile);
	}
	rs_buf_free(&m->base_conf);
	rs_buf_free(&m->next_conf);
}

int rs_master_main(const struct rs_master_start *start)
{
	struct rs_master *m = calloc(1, sizeof *m);
	int status;

	if (!m)
		return 1;
	*m = (struct rs_master){ .magic = RS_MASTER_MAGIC, .start = start, .log = start->log, .ready_fd = -1,
				 .signal_fd = -1, .pidfile.fd = -1, .logs.access_fd = -1, .reactor.peer.ipc.fd = -1,
				 .started_ms = rs_now_ms(), .started_us = rs_wall_us() };
	LIST_INIT(&m->gens);
	status = start->script ? rs_script_setup(m) ? -1 : 1 : rs_setup(m);
	if (status < 0) {
		/* From here on this process is the server. */
		m->exit_status = 0;
		if (!prepare(m)) {
			rs_setup_failed(m, "cannot prepare the event loop");
			m->exit_status = 1;
		} else if (m->script ? rs_script_files(m) : rs_setup_files(m)) {
			if (m->script)
				rs_script_boot(m);
			else
				boot_first(m);
			event_base_dispatch(m->base);
		} else {
			m->exit_status = 1;
		}
		release(m);
		if (m->restart || m->daemonize_again)
			rs_setup_exec(m);
		status = m->exit_status;
		if (status == 0)
			rs_notice(m->log, "stopped");
	}
	free(m);
	return status;
}
