/*
 * The reactor, as the master starts and hears it: told everything anew after a crash.
 */
#include "base/rs_clock.h"
#include "master/master_ctl.h"
#include "master/master_hosted.h"
#include "master/master_script.h"
#include "master/master_state.h"
#include "master/master_watchdog.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A reactor that lived this long owes nothing for its predecessors. */
#define LIVED_WELL_MS 10000
/* Deaths that cost no waiting. */
#define FREE_DEATHS 5
/* Between the signal that asks a stuck worker for a backtrace, and KILL. */
#define OVERDUE_GRACE_MS 1000
#define SIG_OVERDUE (SIGRTMIN + 2)

/* ---- what it is told ----------------------------------------------------------------------------- */

void rs_mreactor_send(struct rs_master *m, enum rs_msg msg, struct rs_slice payload, const int *fds, unsigned nfds)
{
	rs_peer_send(&m->reactor.peer, msg, payload, fds, nfds);
}

void rs_mreactor_conf(struct rs_master *m, const struct rs_conf *c)
{
	struct rs_buf b = { 0 };

	if (rs_conf_dump(c, &b))
		rs_mreactor_send(m, RS_MSG_CONF, rs_buf_slice(&b), NULL, 0);
	else
		rs_errorx(m->log, "out of memory: the reactor keeps its old configuration");
	rs_buf_free(&b);
}

void rs_mreactor_route(struct rs_master *m, const struct rs_gen *g)
{
	uint32_t generation = g->number;

	rs_hosted_shape(m, g);
	rs_mreactor_send(m, RS_MSG_ROUTE, rs_slice(&generation, sizeof generation), NULL, 0);
}

void rs_mreactor_access_log(struct rs_master *m)
{
	if (m->logs.access_fd >= 0)
		rs_mreactor_send(m, RS_MSG_LOG_FILE, RS_SLICE(""), &m->logs.access_fd, 1);
}

static void tell_all(struct rs_master *m)
{
	rs_mreactor_conf(m, rs_master_conf(m));
	rs_mreactor_access_log(m);
	if (m->script)
		rs_script_tell_reactor(m);
	rs_hosted_tell_ports(m);
	rs_mtls_tell(m, m->current ? m->current : m->next);
	for (size_t i = 0; i < m->listeners.n; i++) {
		const struct rs_listener *l = &m->listeners.v[i];
		const uint64_t how = (l->words & RS_LISTEN_WORD_SSL ? RS_LISTEN_TLS : 0) |
				     (l->words & RS_LISTEN_WORD_PROXY ? RS_LISTEN_PROXY : 0);
		rs_peer_send_id(&m->reactor.peer, RS_MSG_LISTEN, how, rs_slice_str(l->name), &l->fd, 1);
	}
	rs_hosted_tell_listeners(m);
	if (m->current)
		rs_mreactor_route(m, m->current);
}

/* ---- what it says -------------------------------------------------------------------------------- */

static struct rs_master *master_of(struct rs_peer *p)
{
	struct rs_master *m = p->owner;

	RS_CHECK(m, RS_MASTER_MAGIC);
	return m;
}

static enum rs_result on_worker_ready(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_wire_fork ready;

	if (!rs_peer_struct(f, &ready, sizeof ready))
		return RS_ERR;
	rs_mworker_ready(master_of(p), &ready);
	return RS_OK;
}

static enum rs_result on_worker_kill(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_master *m = master_of(p);
	struct rs_wire_kill kill;
	struct rs_wproc *w;
	struct rs_slice why;
	char name[96];

	if (f->payload.n < sizeof kill)
		return RS_ERR;
	memcpy(&kill, f->payload.p, sizeof kill);
	why = rs_slice(f->payload.p + sizeof kill, f->payload.n - sizeof kill);
	w = rs_mworker_by_order(m, kill.generation, kill.order);
	if (!w)
		return RS_OK;
	rs_warnx(m->log, "%s (%d, generation %u) is ended: %.*s", rs_mworker_name(w, name, sizeof name), (int)w->pid,
		 kill.generation, (int)why.n, why.p);
	if (kill.reason == RS_KILL_TIMEOUT)
		rs_mworker_end(w, SIG_OVERDUE, SIGKILL, OVERDUE_GRACE_MS);
	else
		rs_mworker_end(w, SIGKILL, 0, 0);
	return RS_OK;
}

static enum rs_result on_worker_lost(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_wire_lost lost;
	struct rs_wproc *w;

	if (!rs_peer_struct(f, &lost, sizeof lost))
		return RS_ERR;
	w = rs_mworker_by_order(master_of(p), lost.generation, lost.order);
	if (w)
		rs_mworker_left(w, lost.finishes);
	return RS_OK;
}

static enum rs_result on_worker_lingers(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_wire_lingers lingers;
	struct rs_wproc *w;

	if (!master_of(p)->script || !rs_peer_struct(f, &lingers, sizeof lingers))
		return RS_ERR;
	w = rs_mworker_by_order(master_of(p), lingers.generation, lingers.order);
	if (w)
		rs_mworker_lingers(w);
	return RS_OK;
}

static enum rs_result on_status(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_master *m = master_of(p);

	rs_ctl_status_came(m, f->payload);
	rs_mwatchdog_answered(m, f->payload);
	return RS_OK;
}

static enum rs_result on_drained(struct rs_peer *p, struct rs_frame *f)
{
	(void)f;
	rs_master_drained(master_of(p));
	return RS_OK;
}

static enum rs_result on_asks(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_master *m = master_of(p);

	rs_notice(m->log, "the application asks for a reload: %.*s", (int)f->payload.n, f->payload.p);
	if (m->script)
		rs_script_wish(m, &(struct rs_wire_ask){ .what = RS_ASK_RELOAD });
	else
		rs_master_event(m, RS_EV_RELOAD);
	return RS_OK;
}

static enum rs_result on_wish(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_master *m = master_of(p);
	struct rs_wire_ask ask;

	if (!(m->script || m->hosted) || !rs_peer_struct(f, &ask, sizeof ask))
		return RS_ERR;
	if (m->script)
		rs_script_wish(m, &ask);
	else
		rs_hosted_wish(m, &ask);
	return RS_OK;
}

static enum rs_result on_renewed(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_master *m = master_of(p);

	(void)f;
	if (!m->script)
		return RS_ERR;
	rs_script_renewed(m);
	return RS_OK;
}

static const rs_peer_fn table[RS_MSG_COUNT] = {
	[RS_MSG_WORKER_READY] = on_worker_ready, [RS_MSG_WORKER_KILL] = on_worker_kill, [RS_MSG_WORKER_LOST] = on_worker_lost,
	[RS_MSG_WORKER_LINGERS] = on_worker_lingers,
	[RS_MSG_STATUS] = on_status,             [RS_MSG_DRAINED] = on_drained,
	[RS_MSG_REACTOR_ASKS] = on_asks,         [RS_MSG_REACTOR_WISH] = on_wish,
	[RS_MSG_RENEWED] = on_renewed,
};

static void on_lost(struct rs_peer *p, const char *why)
{
	struct rs_master *m = master_of(p);

	if (!why)
		return;
	rs_errorx(m->log, "reactor %d is ended: %s", (int)m->reactor.pid, why);
	if (m->reactor.pid)
		kill(m->reactor.pid, SIGKILL);
}

/* ---- life ---------------------------------------------------------------------------------------- */

static int reactor_life(struct rs_master *m, pid_t master, int control_fd)
{
	char why[256] = "cannot prepare the process";

	if (!rs_master_become_user(m, why, sizeof why) || chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) {
		rs_error(m->log, "%s", why);
		return 1;
	}
	/* A script's server has nobody to finish for when its master is gone. */
	if (m->script && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != master))
		return 1;
	return m->start->reactor(m->current ? &m->current->conf : &m->next->conf, m->log, m->start->title, control_fd);
}

bool rs_mreactor_start(struct rs_master *m)
{
	struct rs_reactor *r = &m->reactor;
	struct rs_spawn s = { .role = "reactor", .never_block = true };
	pid_t master = getpid();
	struct rs_gen *g;

	r->peer = (struct rs_peer){ .ipc.fd = -1, .table = table, .lost = on_lost, .owner = m };
	r->pid = rs_master_spawn(m, &s, RS_IPC_REACTOR, &r->peer);
	if (r->pid == 0)
		_exit(reactor_life(m, master, s.control_fd));
	if (r->pid < 0) {
		r->pid = 0;
		return false;
	}
	r->epoch++;
	r->started_ms = rs_now_ms();
	rs_info(m->log, "reactor %d", (int)r->pid);
	tell_all(m);
	if (m->script)
		rs_script_attach(m);
	LIST_FOREACH(g, &m->gens, link)
		rs_mworker_order_all(g);
	return true;
}

static void respawn(struct rs_master *m)
{
	if (!rs_mreactor_start(m))
		rs_master_after_ms(m->reactor.respawn, rs_backoff_next(&m->reactor.backoff, 0));
}

void rs_mreactor_respawn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master *m = arg;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	if (!m->reactor.pid && m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP)
		respawn(m);
}

void rs_mreactor_died(struct rs_master *m, int status)
{
	struct rs_reactor *r = &m->reactor;
	bool ending = m->state == RS_FSM_DRAIN || m->state == RS_FSM_STOP;
	int64_t lived_ms = rs_now_ms() - r->started_ms, delay_ms;
	struct rs_gen *g;
	char text[128];

	rs_peer_drain(&r->peer);
	rs_peer_close(&r->peer);
	rs_master_status_text(status, text, sizeof text);
	if (ending && status == 0)
		rs_info(m->log, "reactor %d ended", (int)r->pid);
	else
		rs_errorx(m->log, "reactor %d died after %lld.%03lld s: %s", (int)r->pid, (long long)(lived_ms / 1000),
			  (long long)(lived_ms % 1000), text);
	r->pid = 0;
	LIST_FOREACH(g, &m->gens, link)
		if (m->script)
			rs_mworker_end_all(g, rs_script_wait_ms(m));
		else
			rs_mworker_reactor_lost(g, g->conf.max_wait_time);
	if (ending) {
		rs_master_drained(m);
		return;
	}
	if (lived_ms >= LIVED_WELL_MS)
		r->backoff.failures = 0;
	if (m->state == RS_FSM_BOOT && r->backoff.failures + 1 >= RS_EARLY_DEATHS_MAX && m->next) {
		rs_mgen_fail(m->next, "the reactor dies again and again");
		return;
	}
	delay_ms = rs_backoff_next(&r->backoff, FREE_DEATHS);
	if (delay_ms == 0)
		respawn(m);
	else
		rs_master_after_ms(r->respawn, delay_ms);
}
