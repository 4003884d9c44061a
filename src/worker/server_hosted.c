/*
 * The server of a hosted application: described while its manager boots, shared by all that the manager forks. What one of its
 * processes is, is decided here; the lives of task workers and user processes are in server_worker.c, that of workers in worker.c.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- while the manager boots --------------------------------------------------------------------------------------- */

static bool fail(char *why, size_t why_size, const char *text)
{
	rs_fmt(why, why_size, "%s", text);
	return false;
}

static bool copy_titles(struct rs_server *s, const char *const *titles)
{
	uint32_t n = s->setup.server.nusers;

	s->titles = calloc(n ? n : 1, sizeof *s->titles);
	for (uint32_t i = 0; s->titles && i < n; i++)
		RS_IGNORE(!rs_copy(s->titles[i], sizeof s->titles[i], rs_slice_str(titles[i])));
	return s->titles != NULL;
}

static bool copy_ports(struct rs_server *s)
{
	size_t bytes = s->setup.server.nports * sizeof *s->setup.ports;
	struct rs_port *ports = malloc(bytes);

	if (!ports)
		return false;
	memcpy(ports, s->setup.ports, bytes);
	for (uint32_t i = 0; i < s->setup.server.nports; i++)
		ports[i].listen_fd = -1;
	s->setup.ports = ports;
	return true;
}

bool rs_server_host(const struct rs_server_setup *setup, const struct rs_server_hooks *hooks, const char *const *titles, char *why,
		    size_t why_size)
{
	struct rs_process *p = rs_process();
	struct rs_server *s;

	if (!p->h || p->booted || p->is_worker)
		return fail(why, why_size, "only an application that boots has a server to describe");
	if (p->server)
		return fail(why, why_size, "the application's server is described already");
	if (setup->server.nports == 0 || setup->server.nports > RS_PORTS_MAX)
		return fail(why, why_size, "too many ports");
	if (setup->server.nusers > RS_HOSTED_END - RS_HOSTED_USERS)
		return fail(why, why_size, "too many user processes");
	s = calloc(1, sizeof *s);
	if (!s)
		return fail(why, why_size, "out of memory");
	*s = (struct rs_server){ .magic = RS_SERVER_MAGIC, .p = p, .setup = *setup, .hooks = hooks, .board_fd = -1, .wake_fd = -1,
				 .role = RS_ROLE_MANAGER, .id = RS_ID_MANAGER, .daemon_pid = p->h->master_pid,
				 .manager_pid = getpid() };
	STAILQ_INIT(&s->kept);
	s->setup.server.hosted = true;
	s->setup.conf = p->h->conf;
	if (!copy_ports(s) || !copy_titles(s, titles)) {
		free(s->titles);
		free(s);
		return fail(why, why_size, "out of memory");
	}
	p->server = s;
	return true;
}

bool rs_server_hosted(void)
{
	const struct rs_server *s = rs_server_self();

	return s && s->setup.server.hosted;
}

bool rs_server_describe(struct rs_server *s, struct rs_buf *out)
{
	const struct rs_conf *c = s->p->h->conf;
	struct rs_wire_server *w = &s->setup.server;

	w->nworkers = (uint32_t)c->worker_num;
	w->ntasks = (uint32_t)c->task_worker_num;
	w->max_wait_ms = (uint32_t)c->max_wait_time;
	s->setup.task_max_request = (uint64_t)c->task_max_request;
	s->setup.task_max_request_grace = c->task_max_request_grace;
	return rs_buf_put(out, w, sizeof *w) && rs_buf_put(out, s->setup.ports, w->nports * sizeof *s->setup.ports) &&
	       rs_buf_put(out, s->titles, w->nusers * sizeof *s->titles);
}

bool rs_server_take_board(struct rs_process *p, struct rs_frame *f)
{
	struct rs_server *s = p->server;

	if (!rs_server_hosted() || s->board.head || f->nfds != 1 || !rs_board_map(&s->board, f->fd[0]) ||
	    !rs_board_cell(&s->board, RS_HOSTED_END - 1)) {
		rs_alertx(p->log, "unusable BOARD frame");
		return false;
	}
	s->cell = rs_board_cell(&s->board, RS_ID_MANAGER);
	atomic_store(&s->cell->pid, (uint32_t)getpid());
	return true;
}

/* ---- memory that outlives a generation ------------------------------------------------------------------------------- */

int rs_host_kept(const char *name)
{
	const struct rs_heritage *h = rs_process()->h;

	for (size_t i = 0; h && !rs_process()->booted && i < h->nkept; i++) {
		if (strcmp(h->kept[i].name, name) == 0)
			return fcntl(h->kept[i].fd, F_DUPFD_CLOEXEC, 3);
	}
	return -1;
}

bool rs_host_keep(const char *name, int fd)
{
	struct rs_process *p = rs_process();

	if (!p->h || p->booted || p->is_worker)
		return false;
	if (rs_ipc_put(&p->control, RS_MSG_KEEP, 0, 0, rs_slice_str(name), RS_SLICE(""), &fd, 1) == RS_OK &&
	    rs_ipc_flush(&p->control) == RS_OK)
		return true;
	rs_errorx(p->log, "cannot keep %s over reloads: %s", name, p->control.error);
	return false;
}

void rs_host_forget_kept(struct rs_process *p)
{
	for (size_t i = 0; i < p->h->nkept; i++)
		rs_fd_close(&p->h->kept[i].fd);
	p->h->nkept = 0;
}

/* ---- ids ---------------------------------------------------------------------------------------------------------------- */

uint32_t rs_server_shown_id(uint32_t id)
{
	const struct rs_server *s = rs_server_self();
	const struct rs_wire_server *w = s ? &s->setup.server : NULL;

	if (!w || !w->hosted || id < RS_HOSTED_TASKS || id >= RS_HOSTED_END)
		return id;
	return id < RS_HOSTED_USERS ? w->nworkers + id - RS_HOSTED_TASKS : w->nworkers + w->ntasks + id - RS_HOSTED_USERS;
}

uint32_t rs_server_internal_id(uint32_t shown)
{
	const struct rs_server *s = rs_server_self();
	const struct rs_wire_server *w = s ? &s->setup.server : NULL;

	if (!w || !w->hosted || shown < w->nworkers)
		return shown;
	shown -= w->nworkers;
	if (shown < w->ntasks)
		return RS_HOSTED_TASKS + shown;
	shown -= w->ntasks;
	return shown < w->nusers ? RS_HOSTED_USERS + shown : shown + w->nworkers + w->ntasks;
}

void rs_server_established(uint32_t fd)
{
	struct rs_server *s = rs_server_self();

	if (s)
		s->established = fd;
}

/* ---- in a fresh child ---------------------------------------------------------------------------------------------------- */

/* "worker 3", "task worker 5", "process timer": in the log; with " process" (but for the last) in ps. */
static void name_child(struct rs_server *s, char *out, size_t size, bool title)
{
	const char *word = title ? " process" : "";
	uint32_t i = s->id - RS_HOSTED_USERS;

	if (s->role == RS_ROLE_USER)
		rs_fmt(out, size, title ? "%s process" : "process %.20s", i < s->setup.server.nusers ? s->titles[i] : "?");
	else
		rs_fmt(out, size, "%s%s %u", s->role == RS_ROLE_TASK ? "task worker" : "worker", word, rs_server_shown_id(s->id));
}

void rs_server_hosted_become(struct rs_server *s, const struct rs_wire_fork *order)
{
	char title[RS_TITLE_MAX + 16];

	s->role = (enum rs_server_role)order->role;
	s->id = order->id;
	s->pid = getpid();
	s->cell = rs_board_cell(&s->board, order->id);
	atomic_store(&s->cell->pid, (uint32_t)s->pid);
	atomic_store(&s->cell->status, RS_CELL_NONE);
	s->p->worker_id = order->id;
	s->p->forked_away = false;
	s->next_task = 0;
	name_child(s, s->p->log->role, sizeof s->p->log->role, false);
	name_child(s, title, sizeof title, true);
	rs_title_set(s->p->h->title, title);
}

bool rs_server_hosted_start(struct rs_server *s, uint32_t generation)
{
	struct rs_process *p = s->p;
	struct rs_buf why = { 0 };
	bool ok;

	p->engine->forked(p->h->conf, s->id, generation);
	s->hooks->forked();
	ok = p->engine->worker_start(&why) == RS_OK;
	if (!ok)
		rs_errorx(p->log, "%s did not start: %.*s", p->log->role, (int)why.len, rs_buf_data(&why));
	rs_buf_free(&why);
	return ok;
}

/* ---- in the manager -------------------------------------------------------------------------------------------------------- */

void rs_server_child_gone(const struct rs_child *child)
{
	struct rs_cell *cell = rs_server_hosted() && rs_server_here() ? rs_board_cell(&rs_server_self()->board, child->id) : NULL;

	if (!cell || atomic_load(&cell->pid) != (uint32_t)child->pid)
		return;
	atomic_store(&cell->pid, 0);
	atomic_store(&cell->status, RS_CELL_NONE);
}

void rs_server_hosted_end(struct rs_process *p, uint32_t limit_ms)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct itimerspec t = { .it_value = { limit_ms / 1000, limit_ms % 1000 * 1000000L } };
	timer_t killer;

	if (!rs_server_hosted() || limit_ms == 0)
		return;
	/* Whatever the application does in there: the server ends. */
	if (timer_create(CLOCK_MONOTONIC, &ev, &killer) < 0 || timer_settime(killer, 0, &t, NULL) < 0)
		return;
	(void)p->server->hooks->ended();
}
