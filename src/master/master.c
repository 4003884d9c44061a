/*
 * The master: its loop, its state machine's actions, its end. It holds the listening sockets, the pid file and the
 * process table; it sees no client byte and runs no PHP.
 */
#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "master/master_ctl.h"
#include "master/master_notify.h"
#include "master/master_setup.h"
#include "master/master_state.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The reactor keeps max_wait_time itself; this much later we no longer believe it. */
#define DRAIN_SLACK_MS 2000
/* For idle workers and managers at the end. */
#define QUIT_WAIT_MS 5000
#define STRAY_GRACE_MS 1000
/* Rounds of KILL after which what is left is stuck in the kernel. */
#define KILLS_MAX 5
/* Deaths of managers that cost no waiting. */
#define FREE_RECOVERIES 3
/* A manager that lived this long owes nothing for its predecessors. */
#define LIVED_WELL_MS 10000

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

static int64_t max_wait_ms(const struct rs_master *m)
{
	return rs_master_conf(m)->max_wait_time;
}

/* ---- reload ------------------------------------------------------------------------------------ */

/* Boots a generation with *conf, which is taken. */
static void boot_next(struct rs_master *m, struct rs_conf *conf, bool recovery)
{
	char why[512];

	m->failure[0] = '\0';
	rs_buf_reset(&m->next_conf, 64u << 10);
	if (rs_conf_dump(conf, &m->next_conf)) {
		m->next = rs_mgen_new(m, conf, recovery, why, sizeof why);
		if (m->next)
			return;
	} else {
		rs_conf_fini(conf);
		(void)rs_copy(why, sizeof why, RS_SLICE("out of memory"));
	}
	(void)rs_copy(m->failure, sizeof m->failure, rs_slice_str(why));
	rs_master_event(m, RS_EV_NEXT_FAILED);
}

/* true when the reload has to wait for an old generation's end. */
static bool too_many(struct rs_master *m)
{
	return rs_mgen_count(m) >= RS_GENERATIONS_MAX;
}

static void act_roll(struct rs_master *m)
{
	struct rs_conf_error err;
	struct rs_conf conf;

	m->reload_again = false;
	rs_notify_reloading(m->log);
	if (rs_master_conf_read(m, &conf, &err) == RS_OK) {
		boot_next(m, &conf, false);
		return;
	}
	(void)rs_copy(m->failure, sizeof m->failure, rs_slice_str(err.text));
	rs_master_event(m, RS_EV_NEXT_FAILED);
}

static void act_recover(struct rs_master *m)
{
	struct rs_conf_error err;
	struct rs_conf conf;

	if (rs_master_conf_again(m, &conf, &err) == RS_OK) {
		boot_next(m, &conf, true);
		return;
	}
	(void)rs_copy(m->failure, sizeof m->failure, rs_slice_str(err.text));
	rs_master_event(m, RS_EV_NEXT_FAILED);
}

static void reload_result(struct rs_master *m, bool ok, uint32_t generation, const char *error)
{
	m->last_reload = (struct rs_last_reload){ .any = true, .ok = ok, .generation = generation };
	(void)rs_copy(m->last_reload.error, sizeof m->last_reload.error, rs_slice_str(error));
	rs_ctl_reload_done(m, ok, error, false);
}

static void put_in_force(struct rs_master *m, const struct rs_conf *c)
{
	struct rs_buf old = m->base_conf;
	char path[4096], why[5000];

	m->base_conf = m->next_conf;
	m->next_conf = old;

	rs_master_log_path(c, path, sizeof path);
	if (!rs_mlog_open(&m->logs, c, path, why, sizeof why))
		rs_warnx(m->log, "%s", why);
}

static void act_commit(struct rs_master *m)
{
	struct rs_gen *old = m->current, *g = m->next;
	bool first = old == NULL;

	m->current = g;
	m->next = NULL;
	g->phase = RS_GEN_SERVING;
	event_del(g->timer);
	put_in_force(m, &g->conf);
	rs_mreactor_conf(m, &g->conf);
	rs_mreactor_route(m, g->number);
	rs_notice(m->log, "generation %u serves: %u workers, manager %d", g->number, g->nslots, (int)g->pid);
	rs_notify_ready(m->log, "serving");
	if (first)
		rs_setup_ready(m);
	else if (!g->recovery)
		reload_result(m, true, g->number, "");
	if (old)
		rs_mgen_drain(old);
	if (m->reload_again)
		rs_master_event(m, RS_EV_RELOAD);
}

/* The next generation is of no use; what it has goes. */
static void drop_next(struct rs_master *m)
{
	struct rs_gen *g = m->next;

	m->next = NULL;
	if (!g)
		return;
	g->failed = true;
	rs_mgen_end(g, QUIT_WAIT_MS);
	rs_mgen_check(g);
}

static void act_abandon(struct rs_master *m)
{
	uint32_t number = m->next ? m->next->number : m->last_generation + 1;
	bool recovery = m->next && m->next->recovery;

	rs_errorx(m->log, "generation %u does not come up, generation %u goes on: %s", number, m->current->number,
		  m->failure);
	drop_next(m);
	rs_notify_ready(m->log, "serving; the last reload failed");
	if (!recovery)
		reload_result(m, false, number, m->failure);
	if (m->current->pid == 0)
		rs_master_after_ms(m->recover, rs_backoff_next(&m->recovery_backoff, 0));
	if (m->reload_again)
		rs_master_event(m, RS_EV_RELOAD);
}

void rs_master_lost_manager(struct rs_master *m, int64_t lived_ms)
{
	int delay_ms;

	if (lived_ms >= LIVED_WELL_MS)
		m->recovery_backoff.failures = 0;
	delay_ms = rs_backoff_next(&m->recovery_backoff, FREE_RECOVERIES);
	if (delay_ms == 0)
		rs_master_event(m, RS_EV_LOST);
	else
		rs_master_after_ms(m->recover, delay_ms);
}

static void on_recover(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master *m = arg;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	if (m->current && m->current->pid == 0)
		rs_master_event(m, RS_EV_LOST);
}

/* ---- the end ----------------------------------------------------------------------------------- */

void rs_master_drained(struct rs_master *m)
{
	struct rs_gen *g, *next;

	if (m->reactor.drained || (m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP))
		return;
	m->reactor.drained = true;
	rs_master_after_ms(m->deadline, QUIT_WAIT_MS + 2 * DRAIN_SLACK_MS);
	/* The end of its channel ends the reactor, and that the workers. */
	rs_peer_close(&m->reactor.peer);
	for (g = LIST_FIRST(&m->gens); g; g = next) {
		next = LIST_NEXT(g, link);
		rs_mgen_end(g, QUIT_WAIT_MS);
		rs_mgen_check(g);
	}
	rs_master_check_gone(m);
}

static void act_drain(struct rs_master *m)
{
	uint32_t ms = (uint32_t)max_wait_ms(m);

	rs_notice(m->log, "stopping: running requests may take %u ms", ms);
	rs_notify(m->log, m->restart ? "RELOADING=1\nSTATUS=restarting" : "STOPPING=1");
	rs_ctl_reload_done(m, false, "the server is stopping", true);
	event_del(m->recover);
	event_del(m->reactor.respawn);
	drop_next(m);
	/* New clients are refused at once, or wait for our successor. */
	if (!m->restart)
		rs_listeners_fini(&m->listeners, &m->user, true);
	rs_master_after_ms(m->deadline, (int64_t)ms + DRAIN_SLACK_MS + QUIT_WAIT_MS);
	if (m->reactor.pid && m->current)
		rs_mreactor_send(m, RS_MSG_STOP, rs_slice(&ms, sizeof ms), NULL, 0);
	else
		rs_master_drained(m);
}

static void act_restart(struct rs_master *m)
{
	m->restart = true;
	act_drain(m);
}

static void act_fail(struct rs_master *m)
{
	if (!m->daemonize_again)
		rs_setup_failed(m, m->failure);
	m->exit_status = 1;
	act_drain(m);
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

static void act_term(struct rs_master *m)
{
	rs_warnx(m->log, "not stopped in time; everything gets TERM");
	rs_master_drained(m);
	signal_all(m, SIGTERM);
	rs_master_after_ms(m->deadline, RS_TERM_GRACE_MS);
}

static void act_exit(struct rs_master *m)
{
	event_base_loopbreak(m->base);
}

static void act_kill(struct rs_master *m)
{
	if (++m->kills > KILLS_MAX) {
		rs_errorx(m->log, "processes survive KILL; leaving them");
		m->exit_status = 1;
		act_exit(m);
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
		if (m->reload_again && m->state == RS_FSM_RUN && !too_many(m))
			rs_master_event(m, RS_EV_RELOAD);
		return;
	}
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

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master *m = arg;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	rs_master_event(m, RS_EV_DEADLINE);
	rs_master_reap(m);
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
	rs_notice(m->log, "logs reopened");
}

static void (*const actions[RS_FSM_ACTIONS])(struct rs_master *m) = {
	[RS_ACT_IGNORE] = act_ignore,   [RS_ACT_BUG] = act_ignore,       [RS_ACT_ROLL] = act_roll,
	[RS_ACT_REMEMBER] = act_remember, [RS_ACT_RECOVER] = act_recover, [RS_ACT_COMMIT] = act_commit,
	[RS_ACT_ABANDON] = act_abandon, [RS_ACT_FAIL] = act_fail,        [RS_ACT_REOPEN] = act_reopen,
	[RS_ACT_DRAIN] = act_drain,     [RS_ACT_RESTART] = act_restart,  [RS_ACT_TERM] = act_term,
	[RS_ACT_KILL] = act_kill,       [RS_ACT_EXIT] = act_exit,
};

static void step(struct rs_master *m, enum rs_fsm_event ev)
{
	struct rs_fsm_cell cell = rs_fsm_next(m->state, ev);

	RS_ASSERT(cell.action < RS_FSM_ACTIONS && actions[cell.action]);
	/* Room first: the table knows nothing of how many generations still drain. */
	if (cell.action == RS_ACT_ROLL && too_many(m)) {
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
	m->deadline = event_new(m->base, -1, 0, on_deadline, m);
	m->recover = event_new(m->base, -1, 0, on_recover, m);
	m->reactor.respawn = event_new(m->base, -1, 0, rs_mreactor_respawn_cb, m);
	return m->deadline && m->recover && m->reactor.respawn && rs_master_signals_open(m);
}

static void boot_first(struct rs_master *m)
{
	struct rs_conf_error err;
	struct rs_conf conf;

	if (rs_conf_dump(m->start->conf, &m->base_conf) && rs_master_conf_again(m, &conf, &err) == RS_OK) {
		boot_next(m, &conf, false);
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
	rs_peer_close(&m->reactor.peer);
	rs_mlog_fini(&m->logs);
	rs_master_signals_close(m);
	if (m->deadline)
		event_free(m->deadline);
	if (m->recover)
		event_free(m->recover);
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
	status = rs_setup(m);
	if (status < 0) {
		/* From here on this process is the server. */
		m->exit_status = 0;
		if (!prepare(m)) {
			rs_setup_failed(m, "cannot prepare the event loop");
			m->exit_status = 1;
		} else if (rs_setup_files(m)) {
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
