/*
 * G: the manager of a server. A fork of the script with all of its PHP state; forks workers, task workers and user processes
 * on the daemon's word, reaps them, and runs the manager's callbacks. Ends when told, or when the daemon is gone.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/loop.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between two looks at children that were told to end. */
#define LOOK_MS 10

static const struct wish {
	int sig;
	enum rs_ask what;
} wishes[] = { { SIGTERM, RS_ASK_SHUTDOWN }, { SIGUSR1, RS_ASK_RELOAD }, { SIGUSR2, RS_ASK_RELOAD_TASKS } };

/* Of one manager, on its stack. */
struct manager {
	struct rs_server *s;
	struct rs_watch *control_watch;
	bool readable;
	bool quit;             /* told to, or the daemon is gone */
	bool started;          /* onManagerStart was called */
	uint32_t forked;
	int64_t wait_ms;       /* for children that are left at the end */
	uint32_t wish;         /* RS_ASK_* + 1 that came when there was no channel */
	/* a FORK that is carried out when nothing else is on the stack */
	struct rs_wire_fork order;
	int data_fd, claim_fd;
};

static void tell_master(struct manager *m, enum rs_msg msg, struct rs_slice payload)
{
	struct rs_ipc *c = &m->s->p->control;

	if (rs_ipc_put(c, msg, 0, 0, payload, RS_SLICE(""), NULL, 0) != RS_OK)
		rs_errorx(m->s->p->log, "cannot tell the master %s: %s", rs_msg_name(msg), c->error);
	else if (rs_ipc_flush(c) != RS_OK)
		m->quit = true;
}

/* ---- children ------------------------------------------------------------------------------------------------- */

static const char *role_of(const struct rs_server *s, uint32_t id)
{
	const struct rs_wire_server *w = &s->setup.server;

	return id < w->nworkers ? "worker" : id < w->nworkers + w->ntasks ? "task worker" : "user process";
}

static void child_ended(struct manager *m, const struct rs_child *child, int status)
{
	struct rs_server *s = m->s;
	struct rs_wire_exited gone = { .id = child->id, .generation = child->generation, .pid = (uint32_t)child->pid,
				       .status = status };
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0, sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	struct rs_cell *cell = rs_board_cell(&s->board, child->id);

	if (cell && atomic_load(&cell->pid) == (uint32_t)child->pid) {
		atomic_store(&cell->pid, 0);
		atomic_store(&cell->status, RS_CELL_NONE);
	}
	/* User processes know no other end of the server. */
	if (sig && child->id >= s->setup.server.nworkers + s->setup.server.ntasks && !atomic_load(&s->board.head->running))
		sig = 0;
	if (code || sig) {
		rs_warnx(s->p->log, "%s %u (%d) ended abnormally, status=%d, signal=%d", role_of(s, child->id), child->id,
			 (int)child->pid, code, sig);
		(void)s->hooks->worker_failed(child->id, child->pid, code, sig);
	}
	tell_master(m, RS_MSG_EXITED, rs_slice(&gone, sizeof gone));
}

/* One that user code has waited for: its pid may be anybody's by now. 0: there is none. */
static pid_t reaped_elsewhere(const struct rs_children *c)
{
	siginfo_t info;

	for (size_t i = 0; i < c->n; i++) {
		if (waitid(P_PID, (id_t)c->v[i].pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
			return c->v[i].pid;
	}
	return 0;
}

static void reap(struct manager *m)
{
	struct rs_child child;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (rs_children_take(&m->s->p->children, pid, &child))
			child_ended(m, &child, status);
	}
	while ((pid = reaped_elsewhere(&m->s->p->children)) > 0 && rs_children_take(&m->s->p->children, pid, &child))
		child_ended(m, &child, 0);
}

/* In the child this does not return. */
static void fork_child(struct manager *m)
{
	struct rs_process *p = m->s->p;
	struct rs_wire_forked done = { .id = m->order.id, .generation = m->order.generation };
	/* It may be told to end before it has a handler for that. */
	pid_t pid = rs_children_room(&p->children) ? rs_fork_blocked() : -1;

	if (pid == 0) {
		rs_ipc_fini(&p->control);
		rs_children_free(&p->children);
		rs_server_worker_life(m->s, &m->order, m->data_fd, m->claim_fd);
	}
	if (pid < 0)
		rs_error(p->log, "cannot fork %s %u", role_of(m->s, m->order.id), m->order.id);
	else
		rs_children_add(&p->children, (struct rs_child){ pid, m->order.id, m->order.generation });
	rs_fd_close(&m->data_fd);
	rs_fd_close(&m->claim_fd);
	m->forked++;
	done.pid = pid > 0 ? (uint32_t)pid : 0;
	tell_master(m, RS_MSG_FORKED, rs_slice(&done, sizeof done));
}

/* ---- what the daemon says ----------------------------------------------------------------------------------------- */

static void take_fds(struct manager *m, struct rs_frame *f)
{
	struct rs_ipc *c = &m->s->p->control;

	m->data_fd = rs_ipc_take_fd(c, f, 0);
	m->claim_fd = rs_ipc_take_fd(c, f, 1);
}

static void attach(struct manager *m)
{
	(void)rs_server_attach(m->s, m->data_fd, m->claim_fd);
	m->data_fd = m->claim_fd = -1;
	if (m->wish && rs_server_ask(m->wish - 1, 0) == RS_SERVER_OK)
		m->wish = 0;
}

static uint32_t number_of(const struct rs_frame *f)
{
	uint32_t n = 0;

	if (f->payload.n >= sizeof n)
		memcpy(&n, f->payload.p, sizeof n);
	return n;
}

static void take_frame(struct manager *m, struct rs_frame *f)
{
	uint32_t on;

	switch (f->msg) {
	case RS_MSG_FORK:
	case RS_MSG_ATTACH:
		if (f->payload.n != sizeof m->order || f->nfds != 2)
			break;
		memcpy(&m->order, f->payload.p, sizeof m->order);
		take_fds(m, f);
		if (f->msg == RS_MSG_FORK)
			fork_child(m);
		else
			attach(m);
		break;
	case RS_MSG_RELOADING:
		on = number_of(f);
		atomic_store(&m->s->board.head->reloading, on);
		(void)m->s->hooks->reloading(on != 0);
		/* Only now may workers learn of it. */
		if (on)
			tell_master(m, RS_MSG_RELOAD_MAY, RS_SLICE(""));
		break;
	case RS_MSG_QUIT:
		m->wait_ms = number_of(f);
		m->quit = true;
		break;
	default:
		break;
	}
}

static void take_frames(struct manager *m)
{
	struct rs_ipc *c = &m->s->p->control;
	enum rs_result r = rs_ipc_fill(c);
	struct rs_frame f;

	if (r == RS_AGAIN)
		return;
	while (r == RS_OK && !m->quit && (r = rs_ipc_next(c, &f)) == RS_OK)
		take_frame(m, &f);
	if (r == RS_ERR)
		rs_alertx(m->s->p->log, "%s", c->error);
	m->quit = m->quit || r == RS_DONE || r == RS_ERR;
}

/* ---- the loop -------------------------------------------------------------------------------------------------------- */

static void on_control(struct rs_watch *w, unsigned events, void *arg)
{
	(void)w, (void)events;
	((struct manager *)arg)->readable = true;
}

static void on_signal(int signo, void *arg)
{
	struct manager *m = arg;

	/* From the master, for us and our children: SIGWINCH, since who does not know it yet ignores it. */
	if (signo == SIGWINCH) {
		rs_server_reopen_output(m->s);
		rs_children_signal(&m->s->p->children, SIGWINCH);
	}
	/* SIGCHLD has only ended the wait. */
	for (size_t i = 0; i < RS_COUNTOF(wishes); i++) {
		if (wishes[i].sig == signo && rs_server_ask(wishes[i].what, 0) != RS_SERVER_OK)
			m->wish = wishes[i].what + 1;
	}
}

static bool watch_all(struct manager *m, struct rs_loop *l)
{
	bool ok;

	m->control_watch = rs_watch_new(l, m->s->p->control.fd, RS_WATCH_READ, false, on_control, m);
	ok = m->control_watch && rs_sigwatch_new(l, SIGCHLD, on_signal, m) && rs_sigwatch_new(l, SIGWINCH, on_signal, m);
	for (size_t i = 0; ok && i < RS_COUNTOF(wishes); i++)
		ok = rs_sigwatch_new(l, wishes[i].sig, on_signal, m) != NULL;
	return ok;
}

/* A child of user code that returned into our life has nothing to do here. */
static void leave_forked_away(const struct rs_server *s)
{
	if (s->p->forked_away)
		_exit(0);
}

static bool turn(struct manager *m, struct rs_loop *l)
{
	struct rs_server *s = m->s;

	if (s->p->data.fd >= 0 && !rs_server_watch(s))
		return false;
	(void)rs_watch_set(m->control_watch, RS_WATCH_READ);
	m->readable = false;
	if (rs_loop_run(l, RS_LOOP_ONCE) == RS_ERR)
		return false;
	leave_forked_away(s);
	/* Not watched while hooks run, which may turn the loop themselves. */
	(void)rs_watch_set(m->control_watch, 0);
	reap(m);
	if (m->readable)
		take_frames(m);
	leave_forked_away(s);
	if (!m->started && !m->quit && m->forked >= s->setup.server.nworkers + s->setup.server.ntasks + s->setup.server.nusers) {
		m->started = true;
		(void)s->hooks->manager_started();
		leave_forked_away(s);
	}
	return !m->quit;
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

/* TERM now, KILL after wait_ms, until no child is left. */
static void end_children(struct manager *m)
{
	struct rs_children *c = &m->s->p->children;
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000 };
	int64_t deadline = rs_now_ms() + m->wait_ms;

	reap(m);
	rs_children_signal(c, SIGTERM);
	while (c->n) {
		(void)nanosleep(&moment, NULL); /* SIGCHLD ends it */
		reap(m);
		if (rs_now_ms() >= deadline)
			rs_children_signal(c, SIGKILL);
	}
}

void rs_server_manager_life(struct rs_server *s, int control_fd)
{
	struct manager m = { .s = s, .wait_ms = RS_SERVER_ORPHAN_MS / 2, .data_fd = -1, .claim_fd = -1 };
	struct rs_loop *l;

	rs_ipc_init(&s->p->control, control_fd, RS_IPC_MANAGER, RS_IPC_MASTER);
	rs_server_become(s, RS_ROLE_MANAGER, RS_ID_MANAGER);
	s->manager_pid = getpid();
	atomic_store(&s->board.head->manager_pid, (uint32_t)getpid());
	rs_signal(SIGINT, SIG_IGN, false); /* Ctrl+C goes to the whole group; the script process decides */
	rs_signal(SIGHUP, SIG_IGN, false);
	rs_signal(SIGPIPE, SIG_IGN, false);
	l = rs_loop_get();
	if (l && watch_all(&m, l)) {
		while (turn(&m, l))
			;
	} else {
		rs_error(s->p->log, "the manager cannot make its loop");
	}
	end_children(&m);
	if (m.started)
		(void)s->hooks->manager_stopped();
	rs_server_detach(s);
	s->leave(0);
	_exit(0);
}
