/*
 * Generations: a manager with its configuration and its workers, from the fork to the last of them. Which one serves is
 * decided by the state machine (master.c); this file knows how one comes up and how one goes.
 *
 * Freed only when manager and workers are dead: rs_mgen_check().
 */
#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "base/rs_proc.h"
#include "master/master_hosted.h"
#include "master/master_keep.h"
#include "master/master_manager.h"
#include "master/master_script.h"
#include "master/master_user.h"
#include "shm/routes.h"
#include "worker/heritage.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

/* From QUIT to the manager until it is no longer asked nicely; beyond what it may give its workers. */
#define QUIT_GRACE_MS 2000
/* For workers that have nothing to do any more. */
#define IDLE_END_MS 3000

static void on_timer(evutil_socket_t fd, short what, void *arg);

/* ---- up ---------------------------------------------------------------------------------------- */

static struct rs_gen *gen_alloc(struct rs_master *m, struct rs_conf *conf, bool recovery)
{
	struct rs_gen *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->magic = RS_GEN_MAGIC;
	g->m = m;
	g->number = ++m->last_generation;
	g->conf = *conf;
	g->recovery = recovery;
	g->started_ms = rs_now_ms();
	g->peer.ipc.fd = -1;
	rs_mtls_init(&g->tls);
	LIST_INIT(&g->procs);
	LIST_INSERT_HEAD(&m->gens, g, link);
	g->timer = event_new(m->base, -1, 0, on_timer, g);
	return g;
}

struct rs_gen *rs_mgen_new(struct rs_master *m, struct rs_conf *conf, bool recovery, char *why, size_t why_size)
{
	struct rs_gen *g = gen_alloc(m, conf, recovery);
	struct rs_spawn s = { .role = "manager" };
	int keep[RS_KEPT_MAX];

	if (!g) {
		rs_conf_fini(conf);
		rs_fmt(why, why_size, "out of memory");
		return NULL;
	}
	g->peer.owner = g;
	g->peer.table = rs_manager_table;
	g->peer.lost = rs_manager_lost;
	s.generation = g->number;
	/* Without it, nothing is counted. */
	g->routes = rs_routes_new();
	for (s.keep = keep; s.nkeep < m->nkept; s.nkeep++)
		keep[s.nkeep] = m->kept[s.nkeep].fd;
	g->pid = g->timer ? rs_master_spawn(m, &s, RS_IPC_MANAGER, &g->peer) : -1;
	if (g->pid == 0)
		_exit(rs_manager_life(g, s.control_fd));
	if (g->pid < 0) {
		g->pid = 0;
		rs_fmt(why, why_size, "cannot start a manager: %s", strerror(errno));
		rs_mgen_free(g);
		return NULL;
	}
	rs_info(m->log, "generation %u: manager %d boots the application", g->number, (int)g->pid);
	rs_master_after_ms(g->timer, RS_BOOT_LIMIT_MS);
	return g;
}

struct rs_gen *rs_mgen_adopt(struct rs_master *m, struct rs_conf *conf, pid_t pid, int fd, char *why, size_t why_size)
{
	struct rs_gen *g = gen_alloc(m, conf, false);

	if (!g) {
		rs_conf_fini(conf);
		rs_fd_close(&fd);
		rs_fmt(why, why_size, "out of memory");
		return NULL;
	}
	g->peer = (struct rs_peer){ .ipc.fd = -1, .owner = g, .table = rs_manager_table, .lost = rs_manager_lost };
	if (g->timer && rs_peer_open(&g->peer, m->base, fd, RS_IPC_MANAGER)) {
		g->pid = pid;
		return g;
	}
	rs_fmt(why, why_size, "cannot take the channel of the manager");
	rs_mgen_free(g);
	return NULL;
}

void rs_mgen_free(struct rs_gen *g)
{
	struct rs_master *m = g->m;

	RS_ASSERT(g->pid == 0);
	while (!LIST_EMPTY(&g->procs))
		rs_mworker_free(LIST_FIRST(&g->procs));
	rs_mworker_cancel(g);
	rs_peer_close(&g->peer);
	LIST_REMOVE(g, link);
	if (m->current == g)
		m->current = NULL;
	if (m->next == g)
		m->next = NULL;
	if (g->timer)
		event_free(g->timer);
	rs_routes_free(g->routes);
	free(g->slots);
	rs_mkeep_drop(g);
	rs_mtls_fini(&g->tls);
	rs_mserver_free(g->server);
	free(g->server);
	rs_conf_fini(&g->conf);
	rs_buf_free(&g->app_conf);
	rs_buf_free(&g->facts);
	g->magic = 0;
	free(g);
}

void rs_mgen_fail(struct rs_gen *g, const char *why)
{
	struct rs_master *m = g->m;

	if (g->failed || m->next != g)
		return;
	g->failed = true;
	(void)rs_copy(m->failure, sizeof m->failure, rs_slice_str(why));
	rs_master_event(m, RS_EV_NEXT_FAILED);
}

/* At the first start the listeners and the reactor come with the first application that is up. */
static bool first_booted(struct rs_gen *g, char *why, size_t why_size)
{
	struct rs_master *m = g->m;
	char path[4096];

	if (m->script)
		goto reactor; /* the script process has done all that */
	(void)rs_copy(m->start->title->prefix, sizeof m->start->title->prefix, rs_slice_str(g->conf.process_prefix));
	rs_title_set(m->start->title, "master process");
	rs_master_log_path(&g->conf, path, sizeof path);
	if (!rs_mlog_open(&m->logs, &g->conf, path, why, why_size))
		return false;
	if (g->conf.daemonize && !m->start->conf->daemonize) {
		m->daemonize_again = true;
		rs_fmt(why, why_size, "config/laravels.php asks for the background");
		return false;
	}
	if (!rs_listeners_open(&m->listeners, &g->conf, &m->user, m->log, why, why_size) || !rs_hosted_open(g, why, why_size))
		return false;
reactor:
	if (m->reactor.pid || rs_mreactor_start(m))
		return true;
	rs_fmt(why, why_size, "cannot start the reactor: %s", strerror(errno));
	return false;
}

void rs_mgen_booted(struct rs_gen *g)
{
	char why[5000];

	rs_info(g->m->log, "generation %u: the application has booted in %lld ms", g->number,
		(long long)(rs_now_ms() - g->started_ms));
	rs_master_conf_settle(g);
	if (!rs_mtls_read(g, why, sizeof why)) {
		rs_mgen_fail(g, why);
	} else if (!(g->m->current ? g->m->script || rs_hosted_fits(g, why, sizeof why) : first_booted(g, why, sizeof why))) {
		rs_mgen_fail(g, why);
	} else if (!rs_mworker_slots(g)) {
		rs_mgen_fail(g, "out of memory");
	} else {
		g->phase = RS_GEN_FILLING;
		rs_hosted_tell_manager(g);
		rs_mworker_order_all(g);
	}
}

/* ---- down -------------------------------------------------------------------------------------- */

unsigned rs_mgen_count(const struct rs_master *m)
{
	const struct rs_gen *g;
	unsigned n = 0;

	LIST_FOREACH(g, &m->gens, link)
		n++;
	return n;
}

void rs_mgen_signal(struct rs_gen *g, int sig)
{
	struct rs_wproc *w;

	LIST_FOREACH(w, &g->procs, link)
		rs_mworker_end(w, sig, 0, 0);
	if (g->pid)
		kill(g->pid, sig);
}

/* The manager has nothing left to do, but for good-bye when the server ends. */
static void quit_manager(struct rs_gen *g, uint32_t wait_ms, bool for_good)
{
	struct rs_wire_quit quit = { .wait_ms = wait_ms };

	if (for_good && g->server) {
		quit.ends = 1;
		quit.end_ms = (uint32_t)g->conf.max_wait_time;
	}
	g->phase = RS_GEN_ENDING;
	rs_peer_send(&g->peer, RS_MSG_QUIT, rs_slice(&quit, sizeof quit), NULL, 0);
	rs_master_after_ms(g->timer, (int64_t)wait_ms + quit.end_ms + QUIT_GRACE_MS);
}

void rs_mgen_end(struct rs_gen *g, uint32_t wait_ms, bool for_good)
{
	struct rs_wproc *w;
	bool booting = g->phase == RS_GEN_BOOTING;

	rs_mworker_cancel(g);
	LIST_FOREACH(w, &g->procs, link) {
		w->told = true;
		/* Without a manager nobody else would tell them. */
		if (!g->pid)
			rs_mworker_end(w, SIGTERM, SIGKILL, wait_ms);
	}
	quit_manager(g, wait_ms, for_good);
	/* An application that boots does not listen to us. */
	if (booting && g->pid)
		kill(g->pid, SIGKILL);
}

void rs_mgen_drain(struct rs_gen *g)
{
	struct rs_wproc *w;

	g->phase = RS_GEN_DRAINING;
	rs_mworker_cancel(g);
	LIST_FOREACH(w, &g->procs, link) {
		if (w->role == RS_ROLE_USER) {
			rs_muser_reload(w);
			continue;
		}
		w->told = true;
		/* The reactor lets go of those it knows. */
		if (!w->ready)
			rs_mworker_end(w, SIGTERM, SIGKILL, RS_TERM_GRACE_MS);
	}
	g->next_signal = SIGTERM;
	rs_master_after_ms(g->timer, g->conf.max_wait_time);
	rs_mgen_check(g);
}

/* The workers had their time; their manager lives as long as one of them does. */
static void drain_over(struct rs_gen *g)
{
	struct rs_wproc *w;
	unsigned said = 0;

	LIST_FOREACH(w, &g->procs, link) {
		/* User processes have a time of their own. */
		if (w->role == RS_ROLE_USER)
			continue;
		if (g->next_signal == SIGTERM && !said++)
			rs_notice(g->m->log, "generation %u: requests still run after max_wait_time; their workers are ended",
				  g->number);
		rs_mworker_end(w, g->next_signal, 0, 0);
	}
	g->next_signal = SIGKILL;
	rs_master_after_ms(g->timer, RS_TERM_GRACE_MS);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rs_gen *g = arg;
	char why[128];

	(void)fd, (void)what;
	RS_CHECK(g, RS_GEN_MAGIC);
	switch (g->phase) {
	case RS_GEN_BOOTING:
	case RS_GEN_FILLING:
		rs_fmt(why, sizeof why, "not ready after %d s", RS_BOOT_LIMIT_MS / 1000);
		rs_mgen_fail(g, why);
		break;
	case RS_GEN_SERVING:
		break;
	case RS_GEN_DRAINING:
		drain_over(g);
		break;
	case RS_GEN_ENDING:
		rs_mgen_signal(g, SIGKILL);
		rs_master_after_ms(g->timer, RS_TERM_GRACE_MS);
		break;
	}
}

void rs_mgen_check(struct rs_gen *g)
{
	bool empty = LIST_EMPTY(&g->procs);

	if (g->pid == 0 && empty && g->phase != RS_GEN_SERVING) {
		rs_info(g->m->log, "generation %u has ended", g->number);
		rs_mgen_free(g);
	} else if (g->phase == RS_GEN_DRAINING && empty) {
		quit_manager(g, IDLE_END_MS, false);
	}
}

/* Orders that it never confirmed will not be carried out; who is not our child by now was reaped, and it could not say so. */
static void forget_orders(struct rs_gen *g, int status)
{
	struct rs_wproc *w = LIST_FIRST(&g->procs), *next;

	for (; w; w = next) {
		next = LIST_NEXT(w, link);
		if (!w->pid || rs_proc_parent(w->pid) != getpid())
			rs_mworker_gone(w, status);
	}
}

void rs_mgen_manager_died(struct rs_gen *g, int status)
{
	struct rs_master *m = g->m;
	char text[128], why[256] = "";

	rs_peer_drain(&g->peer);
	rs_peer_close(&g->peer);
	if (g->phase != RS_GEN_ENDING) {
		rs_fmt(why, sizeof why, "the manager died: %s", rs_master_status_text(status, text, sizeof text));
		rs_log_at(m->log, g->failed ? RS_LOG_INFO : RS_LOG_ERROR, "generation %u: manager %d: %s", g->number,
			  (int)g->pid, why);
	}
	g->pid = 0;
	forget_orders(g, status);
	if (g == m->next) {
		/* Abandoned by that; g may be gone now. */
		rs_mgen_fail(g, why);
		return;
	}
	if (m->script && g->phase != RS_GEN_ENDING)
		rs_script_manager_died(m, status);
	else if (!m->script && g == m->current)
		rs_master_lost_manager(m, rs_now_ms() - g->started_ms);
	rs_mgen_check(g);
}
