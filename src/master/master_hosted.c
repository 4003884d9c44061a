/*
 * A hosted application's server in the master.
 */
#include "master/master_hosted.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "master/master_file.h"
#include "master/master_unix.h"
#include "master/master_user.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Rows of the board beside max_conn: connections that have ended and whose end is not yet told. */
#define CLOSING_ROWS 64
#define APP_BACKLOG 128

/* ---- made once ---------------------------------------------------------------------------------------------- */

static bool open_app(struct rs_hosted *h, struct rs_master *m, const struct rs_conf *c, char *why, size_t why_size)
{
	struct rs_unix_options o = { .path = c->app_socket, .mode = 0660, .owner = &m->user, .give = true, .backlog = APP_BACKLOG };

	if (!rs_file_make_dir_of(c->app_socket, &m->user)) {
		rs_fmt(why, why_size, "cannot make the directory of %s: %s", c->app_socket, strerror(errno));
		return false;
	}
	h->app_fd = rs_unix_listen(&o, why, why_size);
	if (h->app_fd < 0)
		return false;
	h->app_path = strdup(c->app_socket);
	return h->app_path != NULL;
}

/* For all seats there may ever be: a later generation may have more workers. */
static bool open_board(struct rs_hosted *h)
{
	uint32_t n = h->server.w.max_conn;
	bool tls = false;

	for (uint32_t i = 0; i < h->server.w.nports; i++)
		tls |= h->server.ports[i].tls;
	h->board_fd = rs_board_create(n + n / 8 + CLOSING_ROWS, RS_HOSTED_TASKS, RS_HOSTED_USERS - RS_HOSTED_TASKS,
				      RS_HOSTED_END - RS_HOSTED_USERS, tls);
	if (h->board_fd < 0 || !rs_board_map(&h->board, h->board_fd))
		return false;
	atomic_store(&h->board.head->master_pid, (uint32_t)getpid());
	atomic_store(&h->board.head->start_us, rs_wall_us());
	return true;
}

bool rs_hosted_open(struct rs_gen *g, char *why, size_t why_size)
{
	struct rs_master *m = g->m;
	struct rs_hosted *h;

	/* Ports from before a restart that nobody wants any more. */
	if (!g->server) {
		rs_mports_fini(&m->ports, &m->user, true);
		return true;
	}
	h = m->hosted = calloc(1, sizeof *h);
	rs_fmt(why, why_size, "out of memory");
	if (!h)
		return false;
	h->board_fd = h->app_fd = -1;
	/* Its memory is the server's now; the generation looks at its own copy. */
	if (!rs_mserver_copy(&h->server, g->server))
		return false;
	if (h->server.w.max_conn == 0)
		h->server.w.max_conn = (uint32_t)g->conf.max_conn;
	if (!rs_mports_open(&m->ports, &h->server, &g->conf, m->root, &m->user, m->log, why, why_size))
		return false;
	if (!open_board(h)) {
		rs_fmt(why, why_size, "cannot make the board: %s", strerror(errno));
		return false;
	}
	return open_app(h, m, &g->conf, why, why_size);
}

/* Ports and what the reactor does with them are of the first generation: connections outlive the others. */
static void compare_ports(struct rs_hosted *h, const struct rs_gen *g)
{
	const char *setting;
	char name[320];
	uint32_t port;

	if (!rs_mserver_same_ports(&h->server, g->server)) {
		if (!h->warned)
			rs_warnx(g->m->log, "other ports than at the start (sockets): that needs a restart; the old ones stay");
		h->warned = true;
		return;
	}
	setting = rs_mserver_other_setting(&h->server, g->server, &port);
	if (!setting)
		return;
	rs_mserver_port_name(&h->server.ports[port], name, sizeof name);
	rs_notice(g->m->log, "port %s: %s differs from the start; that needs a restart", port ? name : "of HTTP", setting);
}

bool rs_hosted_fits(struct rs_gen *g, char *why, size_t why_size)
{
	struct rs_hosted *h = g->m->hosted;

	if ((h != NULL) != (g->server != NULL)) {
		rs_fmt(why, why_size, "an application with a server and one without cannot follow each other; restart");
		return false;
	}
	if (h)
		compare_ports(h, g);
	return true;
}

void rs_hosted_close(struct rs_master *m, bool restart)
{
	struct rs_hosted *h = m->hosted;

	if (!restart)
		rs_mports_fini(&m->ports, &m->user, true);
	if (!h)
		return;
	rs_muser_remove_files(m);
	if (h->app_path)
		rs_unix_unlink(h->app_path, &m->user);
	rs_fd_close(&h->app_fd);
	rs_board_unmap(&h->board);
	rs_fd_close(&h->board_fd);
	rs_mserver_free(&h->server);
	free(h->app_path);
	free(h);
	m->hosted = NULL;
}

/* ---- what others are told -------------------------------------------------------------------------------------- */

void rs_hosted_tell_manager(struct rs_gen *g)
{
	if (g->m->hosted)
		rs_peer_send(&g->peer, RS_MSG_BOARD, RS_SLICE(""), &g->m->hosted->board_fd, 1);
}

void rs_hosted_tell_ports(struct rs_master *m)
{
	const struct rs_hosted *h = m->hosted;
	struct rs_buf b = { 0 };

	if (!h)
		return;
	if (rs_buf_put(&b, &h->server.w, sizeof h->server.w) &&
	    rs_buf_put(&b, h->server.ports, h->server.w.nports * sizeof *h->server.ports))
		rs_mreactor_send(m, RS_MSG_PORTS, rs_buf_slice(&b), &h->board_fd, 1);
	rs_buf_free(&b);
}

void rs_hosted_tell_listeners(struct rs_master *m)
{
	if (!m->hosted)
		return;
	for (size_t i = 0; i < m->ports.n; i++)
		if (m->ports.v[i].fd >= 0)
			rs_peer_send_id(&m->reactor.peer, RS_MSG_LISTEN, i, rs_slice_str(m->ports.v[i].name), &m->ports.v[i].fd, 1);
	rs_mreactor_send(m, RS_MSG_APP_LISTEN, RS_SLICE(""), &m->hosted->app_fd, 1);
}

void rs_hosted_shape(struct rs_master *m, const struct rs_gen *g)
{
	const struct rs_wire_shape shape = { .generation = g->number, .nworkers = g->nworkers, .ntasks = g->ntasks,
					     .nusers = g->nusers };

	if (m->hosted)
		rs_mreactor_send(m, RS_MSG_SHAPE, rs_slice(&shape, sizeof shape), NULL, 0);
}

void rs_hosted_serves(struct rs_master *m, const struct rs_gen *g)
{
	if (!m->hosted)
		return;
	atomic_store(&m->hosted->board.head->manager_pid, (uint32_t)g->pid);
	atomic_store(&m->hosted->board.head->running, 1);
}

void rs_hosted_reloading(struct rs_master *m, bool on)
{
	if (m->hosted && m->hosted->board.head)
		atomic_store(&m->hosted->board.head->reloading, on);
}

/* ---- wishes ---------------------------------------------------------------------------------------------------- */

void rs_hosted_wish(struct rs_master *m, const struct rs_wire_ask *ask)
{
	struct rs_wproc *w;

	switch (ask->what) {
	case RS_ASK_RELOAD:
	case RS_ASK_RELOAD_TASKS:
		rs_notice(m->log, "the application asks for a reload");
		rs_master_event(m, RS_EV_RELOAD);
		break;
	case RS_ASK_SHUTDOWN:
		rs_notice(m->log, "the application asks to stop");
		if (m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP)
			rs_master_event(m, RS_EV_STOP);
		break;
	case RS_ASK_STOP_WORKER:
		w = m->current ? rs_mworker_by_id(m, m->current->number, ask->id) : NULL;
		if (w && w->role != RS_ROLE_USER)
			rs_mworker_end(w, SIGTERM, SIGKILL, m->current->conf.max_wait_time);
		break;
	case RS_ASK_REOPEN_LOGS:
		rs_master_event(m, RS_EV_REOPEN);
		break;
	default:
		break;
	}
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

int64_t rs_hosted_stop_ms(const struct rs_master *m)
{
	int64_t wait_ms = rs_master_conf(m)->max_wait_time, users_ms;

	if (!m->hosted)
		return wait_ms;
	users_ms = rs_muser_wait_ms(m);
	return (users_ms > wait_ms ? users_ms : wait_ms) + wait_ms;
}

void rs_hosted_drain(struct rs_master *m)
{
	struct rs_wproc *w;
	struct rs_gen *g;

	if (!m->hosted)
		return;
	if (m->hosted->board.head)
		atomic_store(&m->hosted->board.head->running, 0);
	LIST_FOREACH(g, &m->gens, link) {
		LIST_FOREACH(w, &g->procs, link)
			if (w->role == RS_ROLE_USER)
				rs_muser_stop(w);
	}
}

bool rs_hosted_may_end(struct rs_master *m)
{
	if (!m->hosted)
		return true;
	m->hosted->drained = true;
	return !rs_muser_any(m);
}
