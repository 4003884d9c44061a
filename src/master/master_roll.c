/*
 * Actions of the state machine by which generations come and go: reload, recovery of a dead manager, commit, abandon.
 * The new one is up before the old one is let go; a failure leaves the old one as it was.
 */
#include "master/master_act.h"
#include "master/master_ctl.h"
#include "master/master_hosted.h"
#include "master/master_keep.h"
#include "master/master_notify.h"
#include "master/master_script.h"
#include "master/master_setup.h"
#include "master/master_watch.h"

#include <event2/event.h>

/* For the workers of a generation that is of no use. */
#define QUIT_WAIT_MS 5000
/* Deaths of managers that cost no waiting. */
#define FREE_RECOVERIES 3
/* A manager that lived this long owes nothing for its predecessors. */
#define LIVED_WELL_MS 10000

void rs_act_boot(struct rs_master *m, struct rs_conf *conf, bool recovery)
{
	char why[512];

	m->failure[0] = '\0';
	rs_hosted_reloading(m, m->current != NULL);
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

bool rs_act_must_wait(const struct rs_master *m)
{
	return rs_mgen_count(m) >= RS_GENERATIONS_MAX;
}

void rs_act_roll(struct rs_master *m)
{
	struct rs_conf_error err;
	struct rs_conf conf;

	m->reload_again = false;
	rs_notify_reloading(m->log, "reloading");
	if (rs_master_conf_read(m, &conf, &err) == RS_OK) {
		rs_act_boot(m, &conf, false);
		return;
	}
	(void)rs_copy(m->failure, sizeof m->failure, rs_slice_str(err.text));
	rs_master_event(m, RS_EV_NEXT_FAILED);
}

void rs_act_recover(struct rs_master *m)
{
	struct rs_conf_error err;
	struct rs_conf conf;

	if (rs_master_conf_again(m, &conf, &err) == RS_OK) {
		rs_act_boot(m, &conf, true);
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

void rs_act_commit(struct rs_master *m)
{
	struct rs_gen *old = m->current, *g = m->next;
	bool first = old == NULL;

	m->current = g;
	m->next = NULL;
	g->phase = RS_GEN_SERVING;
	event_del(g->timer);
	put_in_force(m, &g->conf);
	rs_mreactor_conf(m, &g->conf);
	rs_mtls_tell(m, g);
	rs_mkeep_commit(g);
	rs_mreactor_route(m, g);
	rs_hosted_serves(m, g);
	rs_hosted_reloading(m, false);
	rs_notice(m->log, "generation %u serves: %u workers, manager %d", g->number, g->nworkers + g->ntasks, (int)g->pid);
	rs_notify_serving(m->log, g->number, g->nworkers + g->ntasks, "");
	if (m->script)
		rs_script_serving(m);
	else if (first)
		rs_setup_ready(m);
	else if (!g->recovery)
		reload_result(m, true, g->number, "");
	if (old)
		rs_mgen_drain(old);
	/* User processes, as far as those of the old one are gone. */
	rs_mworker_order_users(g);
	if (!m->script)
		rs_master_watch(m, &g->conf);
	if (m->reload_again)
		rs_master_event(m, RS_EV_RELOAD);
}

void rs_act_drop_next(struct rs_master *m)
{
	struct rs_gen *g = m->next;

	m->next = NULL;
	if (!g)
		return;
	g->failed = true;
	rs_mgen_end(g, QUIT_WAIT_MS, false);
	rs_mgen_check(g);
}

void rs_act_abandon(struct rs_master *m)
{
	uint32_t number = m->next ? m->next->number : m->last_generation + 1;
	bool recovery = m->next && m->next->recovery;

	rs_errorx(m->log, "generation %u does not come up, generation %u goes on: %s", number, m->current->number,
		  m->failure);
	rs_act_drop_next(m);
	rs_hosted_reloading(m, false);
	rs_notify_serving(m->log, m->current->number, m->current->nworkers + m->current->ntasks,
			  recovery ? "; its manager is dead" : "; the last reload failed");
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

void rs_act_on_recover(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master *m = arg;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	if (m->current && m->current->pid == 0)
		rs_master_event(m, RS_EV_LOST);
}
