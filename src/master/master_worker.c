/*
 * Workers, as the master orders, watches and ends them. It makes both ends of their channel, but is not their parent: the
 * manager is, or after its death we are. So a pid that a manager names is checked, and signals go through a pidfd.
 */
#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "base/rs_proc.h"
#include "master/master_user.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- orders -------------------------------------------------------------------------------------- */

static void on_killer(evutil_socket_t fd, short what, void *arg);

static struct rs_wproc *wproc_new(struct rs_slot *s)
{
	struct rs_wproc *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	*w = (struct rs_wproc){ .magic = RS_WPROC_MAGIC, .gen = s->gen, .id = s->id, .role = s->role, .pidfd = -1,
				.reactor = s->gen->m->reactor.epoch, .order = ++s->gen->m->orders, .started_ms = rs_now_ms() };
	w->killer = event_new(s->gen->m->base, -1, 0, on_killer, w);
	if (!w->killer) {
		free(w);
		return NULL;
	}
	LIST_INSERT_HEAD(&s->gen->procs, w, link);
	s->proc = w;
	return w;
}

/* The slot in which it counts; NULL: it is beside it. */
static struct rs_slot *own_slot(const struct rs_wproc *w)
{
	struct rs_slot *s = rs_mworker_slot(w->gen, w->id);

	return s && s->proc == w ? s : NULL;
}

void rs_mworker_free(struct rs_wproc *w)
{
	struct rs_slot *s = own_slot(w);

	if (s) {
		s->proc = NULL;
		w->gen->nready -= w->ready && w->role != RS_ROLE_USER;
	}
	LIST_REMOVE(w, link);
	event_free(w->killer);
	rs_fd_close(&w->pidfd);
	w->magic = 0;
	free(w);
}

/* Sends one end of the channel and the claim page to the reactor, the other to the manager. */
static bool order(struct rs_slot *s)
{
	struct rs_gen *g = s->gen;
	struct rs_wire_fork fork = { .id = s->id, .generation = g->number, .role = s->role };
	int pair[2] = { -1, -1 }, page = rs_fd_memory("rserverd-claims", RS_CLAIM_PAGE);
	bool ok;

	ok = page >= 0 && rs_fd_pair(pair) && wproc_new(s);

	if (ok) {
		fork.order = s->proc->order;
		rs_mreactor_send(g->m, RS_MSG_WORKER_NEW, rs_slice(&fork, sizeof fork), (int[]){ pair[0], page }, 2);
		rs_peer_send(&g->peer, RS_MSG_FORK, rs_slice(&fork, sizeof fork), (int[]){ pair[1], page }, 2);
	} else {
		rs_error(g->m->log, "cannot make the channel of worker %u", s->id);
	}
	rs_fd_close(&pair[0]);
	rs_fd_close(&pair[1]);
	rs_fd_close(&page);
	return ok;
}

/* Are successors of this generation's workers wanted, and can they be had? */
static bool wanted(const struct rs_gen *g)
{
	const struct rs_master *m = g->m;

	return g->pid && m->reactor.pid && !m->reactor.drained && !g->failed &&
	       (g->phase == RS_GEN_FILLING || g->phase == RS_GEN_SERVING) &&
	       m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP;
}

static void fill_slot(struct rs_slot *s)
{
	if (s->role == RS_ROLE_USER && s->gen->server && !rs_muser_may_start(s))
		return;
	if (wanted(s->gen) && !s->proc && !order(s))
		rs_master_after_ms(s->respawn, rs_backoff_next(&s->backoff, 0));
}

void rs_mworker_respawn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_slot *s = arg;

	(void)fd, (void)what;
	RS_CHECK(s->gen, RS_GEN_MAGIC);
	fill_slot(s);
}

void rs_mworker_order_all(struct rs_gen *g)
{
	for (uint32_t i = 0; i < g->nslots; i++)
		fill_slot(&g->slots[i]);
}

void rs_mworker_order_users(struct rs_gen *g)
{
	for (uint32_t i = g->nworkers + g->ntasks; i < g->nslots; i++)
		if (!g->slots[i].respawn || !event_pending(g->slots[i].respawn, EV_TIMEOUT, NULL))
			fill_slot(&g->slots[i]);
}

void rs_mworker_cancel(struct rs_gen *g)
{
	for (uint32_t i = 0; i < g->nslots; i++) {
		if (g->slots[i].respawn)
			event_free(g->slots[i].respawn);
		g->slots[i].respawn = NULL;
	}
}

/* ---- what others say about them -------------------------------------------------------------------- */

struct rs_wproc *rs_mworker_by_pid(struct rs_master *m, pid_t pid)
{
	struct rs_gen *g;
	struct rs_wproc *w;

	LIST_FOREACH(g, &m->gens, link)
		LIST_FOREACH(w, &g->procs, link)
			if (w->pid == pid)
				return w;
	return NULL;
}

static struct rs_slot *find_slot(const struct rs_master *m, uint32_t generation, uint32_t id)
{
	const struct rs_gen *g;

	LIST_FOREACH(g, &m->gens, link)
		if (g->number == generation)
			return rs_mworker_slot(g, id);
	return NULL;
}

struct rs_wproc *rs_mworker_by_id(struct rs_master *m, uint32_t generation, uint32_t id)
{
	const struct rs_slot *s = find_slot(m, generation, id);

	return s ? s->proc : NULL;
}

struct rs_wproc *rs_mworker_by_order(struct rs_master *m, uint32_t generation, uint32_t order)
{
	struct rs_gen *g;
	struct rs_wproc *w;

	LIST_FOREACH(g, &m->gens, link) {
		LIST_FOREACH(w, &g->procs, link) {
			if (w->order == order && g->number == generation)
				return w;
		}
	}
	return NULL;
}

/*
 * Takes hold of the process. The pidfd comes first: if the pid is another process by then, its parent is not the
 * manager. false: it lives and is not the manager's child (nor ours, adopted).
 */
static bool hold(struct rs_wproc *w, pid_t pid)
{
	int fd = pidfd_open(pid, 0);
	pid_t parent = fd >= 0 ? rs_proc_parent(pid) : 0;

	if (fd >= 0 && !(parent && (parent == w->gen->pid || parent == getpid()))) {
		/* Without a parent: it is gone, or it is process 1, or its parent lies outside of our container. */
		bool lives = pidfd_send_signal(fd, 0, NULL, 0) == 0 || errno != ESRCH;
		rs_fd_close(&fd);
		if (lives)
			return false;
	}
	w->pid = pid;
	w->pidfd = fd;
	return true;
}

/* Whom FORKED is about: orders are carried out in the order they were given, so the oldest. The list has the newest first. */
static struct rs_wproc *find_forked(struct rs_gen *g, uint32_t id)
{
	struct rs_wproc *w = NULL, *it;

	LIST_FOREACH(it, &g->procs, link)
		if (it->id == id && !it->pid)
			w = it;
	return w;
}

static void is_ready(struct rs_wproc *w)
{
	struct rs_gen *g = w->gen;
	char name[96];

	w->ready = true;
	rs_debug(g->m->log, "%s of generation %u is ready after %lld ms", rs_mworker_name(w, name, sizeof name), g->number,
		 (long long)(rs_now_ms() - w->started_ms));
	/* Nobody waits for those. */
	if (w->role == RS_ROLE_USER)
		return;
	own_slot(w)->backoff.failures = 0;
	g->nready++;
	if (g == g->m->next && g->phase == RS_GEN_FILLING && g->nready == g->nworkers + g->ntasks)
		rs_master_event(g->m, RS_EV_NEXT_READY);
	rs_mworker_succeed(own_slot(w));
}

enum rs_result rs_mworker_forked(struct rs_gen *g, const struct rs_wire_forked *f)
{
	struct rs_wproc *w = f->pid <= INT32_MAX ? find_forked(g, f->id) : NULL;

	if (!w)
		return RS_ERR;
	if (f->pid == 0) {
		rs_mworker_gone(w, W_EXITCODE(1, 0));
		rs_mgen_check(g);
		return RS_OK;
	}
	if (!hold(w, (pid_t)f->pid))
		return RS_ERR;
	rs_mmemory_watch(g->m);
	/* Its end was ordered before it was there. */
	if (w->early_signal)
		rs_mworker_end(w, w->early_signal, SIGKILL, RS_TERM_GRACE_MS);
	if (w->role == RS_ROLE_USER && g->server)
		rs_muser_files(g->m);
	if (w->ready_pid == w->pid && own_slot(w))
		is_ready(w);
	return RS_OK;
}

void rs_mworker_ready(struct rs_master *m, const struct rs_wire_fork *f)
{
	struct rs_slot *s = find_slot(m, f->generation, f->id);
	struct rs_wproc *w = s ? s->proc : NULL;
	pid_t pid = f->pid <= INT32_MAX ? (pid_t)f->pid : 0;

	if (!s || pid == 0)
		return;
	/* It came by way of the reactor, and may have overtaken the manager's word, or be a dead process's. */
	if (w && !w->pid)
		w->ready_pid = pid;
	else if (w && !w->ready && w->pid == pid)
		is_ready(w);
	else if (!w && s->unready_pid == pid)
		rs_mworker_late_ready(s);
}

/* ---- their end --------------------------------------------------------------------------------------- */

static void send_signal(struct rs_wproc *w, int sig)
{
	if (w->pidfd >= 0)
		(void)pidfd_send_signal(w->pidfd, sig, NULL, 0);
	else if (w->pid && !w->gen->pid)
		(void)kill(w->pid, sig); /* our own child by now, and not reaped */
}

void rs_mworker_end(struct rs_wproc *w, int sig, int next, int64_t grace_ms)
{
	w->told = true;
	w->next_signal = next;
	/* Not forked yet: FORKED comes back to it. */
	if (!w->pid)
		w->early_signal = sig;
	send_signal(w, sig);
	if (next)
		rs_master_after_ms(w->killer, grace_ms);
}

static void on_killer(evutil_socket_t fd, short what, void *arg)
{
	struct rs_wproc *w = arg;
	char name[96];

	(void)fd, (void)what;
	RS_CHECK(w, RS_WPROC_MAGIC);
	if (w->left && !w->told) {
		rs_mworker_overstays(w);
		return;
	}
	rs_info(w->gen->m->log, "%s (%d) gets signal %d", rs_mworker_name(w, name, sizeof name), (int)w->pid, w->next_signal);
	rs_mworker_end(w, w->next_signal, w->next_signal == SIGKILL ? 0 : SIGKILL, RS_TERM_GRACE_MS);
}

void rs_mworker_reactor_lost(struct rs_gen *g, int64_t finish_ms)
{
	struct rs_wproc *w;

	LIST_FOREACH(w, &g->procs, link) {
		if (w->role == RS_ROLE_USER) {
			rs_muser_reload(w);
			continue;
		}
		if (w->told)
			continue;
		w->told = true;
		w->next_signal = SIGTERM;
		rs_master_after_ms(w->killer, finish_ms);
	}
	/* A user process keeps its slot until it is gone: there are never two of them. */
	for (uint32_t i = 0; i < g->nslots; i++)
		if (g->slots[i].role != RS_ROLE_USER)
			g->slots[i].proc = NULL;
	g->nready = 0;
}

void rs_mworker_end_all(struct rs_gen *g, int64_t wait_ms)
{
	struct rs_wproc *w;

	LIST_FOREACH(w, &g->procs, link)
		if (!w->told)
			rs_mworker_end(w, SIGTERM, SIGKILL, wait_ms);
}

static void tell_reactor(const struct rs_wproc *w, int status)
{
	struct rs_wire_gone gone = { .id = w->id, .generation = w->gen->number, .order = w->order, .status = status };

	if (w->reactor == w->gen->m->reactor.epoch)
		rs_mreactor_send(w->gen->m, RS_MSG_WORKER_GONE, rs_slice(&gone, sizeof gone), NULL, 0);
}

/* A death while the generation comes up; too many, and it does not. */
static void early_death(struct rs_gen *g, const struct rs_wproc *w, const char *how)
{
	const char *said;
	char why[1024], name[96];

	if (++g->early_deaths < RS_EARLY_DEATHS_MAX)
		return;
	said = rs_mlog_last_error(&g->m->logs, g->number);
	rs_fmt(why, sizeof why, "%u workers died before they were ready, the last one (%s) by %s%s%s",
	       g->early_deaths, rs_mworker_name(w, name, sizeof name), how, *said ? ": " : "", said);
	rs_mgen_fail(g, why);
}

void rs_mworker_gone(struct rs_wproc *w, int status)
{
	struct rs_gen *g = w->gen;
	struct rs_slot *s = own_slot(w);
	const uint32_t id = w->id;
	int64_t lived_ms = rs_now_ms() - w->started_ms, delay = 0;
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !w->overstayed;
	bool wanted_end = w->told && !w->overstayed;
	bool ready = w->ready, user = w->role == RS_ROLE_USER && g->server;
	struct rs_master *m = g->m;
	char how[128], name[96];

	rs_master_status_text(status, how, sizeof how);
	rs_mworker_name(w, name, sizeof name);
	if ((well && ready) || w->told)
		rs_debug(g->m->log, "%s (%d) ended: %s", name, (int)w->pid, how);
	else
		rs_warnx(g->m->log, "%s (%d, generation %u) died after %lld.%03lld s%s: %s", name, (int)w->pid,
			 g->number, (long long)(lived_ms / 1000), (long long)(lived_ms % 1000),
			 ready ? "" : ", before it was ready", how);
	tell_reactor(w, status);
	if (s)
		delay = rs_mworker_delay(s, w, well || wanted_end, lived_ms);
	if (s && g->phase == RS_GEN_FILLING && !wanted_end && !(ready && well))
		early_death(g, w, how);
	rs_mworker_free(w);
	if (user)
		rs_muser_files(m);
	if (s && wanted(g) && delay > 0)
		rs_master_after_ms(s->respawn, delay);
	else if (s && wanted(g))
		fill_slot(s);
	else if (!s)
		rs_mworker_succeed(rs_mworker_slot(g, id));
	/* Its like of the generation that serves may have waited for that. */
	if (user && m->current && m->current != g)
		rs_mworker_order_users(m->current);
}
