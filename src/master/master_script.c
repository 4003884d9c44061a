/*
 * The life of a script's server, as its master leads it: start and channels. Reload and end are in master_script_end.c; how workers
 * are ordered, watched and ended is in master_worker.c, as for hosted applications.
 */
#include "master/master_script.h"

#include "base/rs_fd.h"
#include "master/master_act.h"
#include "master/master_manager.h"
#include "master/master_setup.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- the script process ------------------------------------------------------------------------------------------ */

static struct rs_master *master_of(struct rs_peer *p)
{
	struct rs_master *m = p->owner;

	RS_CHECK(m, RS_MASTER_MAGIC);
	return m;
}

static enum rs_result on_asks(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_master *m = master_of(p);
	struct rs_wire_ask ask;

	/* The struct is shorter than the table allows: room for more. */
	if (!rs_peer_struct(f, &ask, sizeof ask))
		return RS_ERR;
	/* It has run beforeShutdown. */
	if (ask.what == RS_ASK_SHUTDOWN && m->script->stopping)
		event_active(m->script->go, EV_TIMEOUT, 0);
	else
		rs_script_wish(m, &ask);
	return RS_OK;
}

static const rs_peer_fn table[RS_MSG_COUNT] = {
	[RS_MSG_SCRIPT_ASKS] = on_asks,
};

static void on_lost(struct rs_peer *p, const char *why)
{
	struct rs_master *m = master_of(p);

	if (why)
		rs_alertx(m->log, "script process: %s", why);
	rs_script_orphaned(m);
}

void rs_script_tell(struct rs_master *m, enum rs_msg msg, struct rs_slice payload)
{
	rs_peer_send(&m->script->peer, msg, payload, NULL, 0);
}

void rs_script_serving(struct rs_master *m)
{
	uint32_t pid = m->current ? (uint32_t)m->current->pid : 0;

	rs_script_tell(m, RS_MSG_SERVING, rs_slice(&pid, sizeof pid));
}

void rs_script_failed(struct rs_master *m, const char *why)
{
	rs_errorx(m->log, "cannot start: %s", why);
	rs_script_tell(m, RS_MSG_START_FAILED, rs_slice(why, strnlen(why, RS_TEXT_MAX)));
}

/* ---- start --------------------------------------------------------------------------------------------------------- */

static void on_go(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master *m = arg;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	event_del(m->script->go);
	if (m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP)
		rs_master_event(m, RS_EV_STOP);
}

/* Who the reactor becomes; the workers find that out for themselves. */
static void find_user(struct rs_master *m)
{
	const struct rs_conf *c = m->start->conf;
	const char *unknown;

	m->root = geteuid() == 0;
	/* An unknown group leaves the user's own. */
	if (m->root && c->user[0] && (rs_identity_find(c->user, c->group, &m->user, &unknown) || unknown == c->group))
		return;
	m->user = (struct rs_identity){ .uid = geteuid(), .gid = getegid(), .home = "/" };
	rs_fmt(m->user.user, sizeof m->user.user, "%u", (unsigned)m->user.uid);
}

bool rs_script_setup(struct rs_master *m)
{
	/* systemd watches the script process: it is that one's business. */
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS" };
	const struct rs_master_script *start = m->start->script;
	struct rs_script *s = calloc(1, sizeof *s);

	if (!s)
		return false;
	*s = (struct rs_script){ .m = m, .wire = start->wire, .ports = start->ports };
	s->peer.ipc.fd = -1;
	m->script = s;
	rs_fmt(m->log->role, sizeof m->log->role, "master");
	for (size_t i = 0; i < RS_COUNTOF(names); i++)
		unsetenv(names[i]);
	find_user(m);
	return true;
}

static bool take_sockets(struct rs_master *m)
{
	const struct rs_script *s = m->script;
	struct rs_listener *l;
	char name[300];

	for (uint32_t i = 0; i < s->wire->server.nports; i++) {
		const struct rs_port *p = &s->ports[i];
		rs_fmt(name, sizeof name, p->port ? "%s:%u" : "unix:%s", p->host, p->port);
		l = &m->listeners.v[m->listeners.n++];
		*l = (struct rs_listener){ .fd = p->listen_fd, .name = strdup(name) };
		if (!l->name || !rs_fd_cloexec(l->fd, true))
			return false;
	}
	return true;
}

bool rs_script_files(struct rs_master *m)
{
	struct rs_script *s = m->script;
	const struct rs_wire_script *w = s->wire;
	char why[5000] = "out of memory";

	s->go = event_new(m->base, -1, 0, on_go, m);
	s->peer = (struct rs_peer){ .ipc.fd = -1, .table = table, .lost = on_lost, .owner = m };
	if (!s->go || !rs_peer_open(&s->peer, m->base, w->script_fd, RS_IPC_SCRIPT))
		return false;
	(void)rs_copy(m->start->title->prefix, sizeof m->start->title->prefix, rs_slice_str(m->start->conf->process_prefix));
	rs_title_set(m->start->title, "master process");
	rs_setup_limits(m);
	if (rs_mlog_open(&m->logs, m->start->conf, m->start->conf->log_file, why, sizeof why) &&
	    rs_mlog_adopt(&m->logs, w->log_fd, "script", 0) && take_sockets(m) && rs_fd_cloexec(w->board_fd, true) &&
	    rs_fd_cloexec(w->script_fd, true) && rs_fd_cloexec(w->manager_fd, true)) {
		if (w->background)
			rs_mlog_detach(&m->logs);
		/* The kernel tells when the script process dies, even if a child of it holds the channel. */
		(void)prctl(PR_SET_PDEATHSIG, RS_SIG_SCRIPT_DIED);
		if (getppid() == w->script_pid)
			return true;
		rs_fmt(why, sizeof why, "the script process is gone");
	}
	rs_script_failed(m, why);
	return false;
}

void rs_script_boot(struct rs_master *m)
{
	struct rs_conf_error err;
	struct rs_conf conf;
	char why[512] = "out of memory";

	if (rs_conf_dump(m->start->conf, &m->base_conf) && rs_conf_dump(m->start->conf, &m->next_conf) &&
	    rs_master_conf_again(m, &conf, &err) == RS_OK) {
		m->next = rs_mgen_adopt(m, &conf, m->script->wire->manager_pid, m->script->wire->manager_fd, why, sizeof why);
		if (m->next)
			rs_mgen_booted(m->next);
	}
	if (!m->next) {
		(void)rs_copy(m->failure, sizeof m->failure, rs_slice_str(why));
		rs_master_event(m, RS_EV_NEXT_FAILED);
	} else if (!m->next->failed) {
		/* It serves while its workers still start: connections wait for them. */
		rs_master_event(m, RS_EV_NEXT_READY);
	}
}

void rs_script_fini(struct rs_master *m)
{
	struct rs_script *s = m->script;

	if (!s)
		return;
	if (s->go)
		event_free(s->go);
	rs_peer_close(&s->peer);
	free(s);
	m->script = NULL;
}

/* ---- processes and channels -------------------------------------------------------------------------------------------- */

enum rs_server_role rs_script_role(const struct rs_master *m, uint32_t id)
{
	const struct rs_wire_server *w = &m->script->wire->server;

	return id < w->nworkers ? RS_ROLE_WORKER : id < w->nworkers + w->ntasks ? RS_ROLE_TASK : RS_ROLE_USER;
}

void rs_script_tell_reactor(struct rs_master *m)
{
	const struct rs_script *s = m->script;
	struct rs_buf b = { 0 };

	if (rs_buf_put(&b, &s->wire->server, sizeof s->wire->server) &&
	    rs_buf_put(&b, s->ports, s->wire->server.nports * sizeof *s->ports))
		rs_mreactor_send(m, RS_MSG_PORTS, rs_buf_slice(&b), &s->wire->board_fd, 1);
	rs_buf_free(&b);
}

/* A data channel for a process that runs already. */
static void attach(struct rs_master *m, struct rs_peer *to, enum rs_msg msg, const struct rs_wire_fork *who)
{
	int pair[2] = { -1, -1 }, page = rs_fd_memory("rserverd-claims", RS_CLAIM_PAGE);

	if (page >= 0 && rs_fd_pair(pair)) {
		rs_mreactor_send(m, RS_MSG_WORKER_NEW, rs_slice(who, sizeof *who), (int[]){ pair[0], page }, 2);
		rs_peer_send(to, msg, rs_slice(who, sizeof *who), (int[]){ pair[1], page }, 2);
	} else {
		rs_error(m->log, "cannot make a channel");
	}
	rs_fd_close(&pair[0]);
	rs_fd_close(&pair[1]);
	rs_fd_close(&page);
}

void rs_script_attach(struct rs_master *m)
{
	struct rs_gen *g = m->current ? m->current : m->next;

	attach(m, &g->peer, RS_MSG_ATTACH,
	       &(struct rs_wire_fork){ .id = RS_ID_MANAGER, .generation = g->number, .role = RS_ROLE_MANAGER });
	attach(m, &m->script->peer, RS_MSG_SCRIPT_CHANNEL,
	       &(struct rs_wire_fork){ .id = RS_ID_SCRIPT, .generation = g->number, .role = RS_ROLE_SCRIPT });
	/* All workers of a dead reactor are replaced anyway. */
	rs_script_renewed(m);
}

/* What PHP prints goes into the log file of a server in the background: its processes open it anew. */
void rs_script_reopened(struct rs_master *m)
{
	if (m->current && m->current->pid)
		(void)kill(m->current->pid, SIGWINCH);
}
