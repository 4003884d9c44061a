/*
 * C: the script process inside start(). It waits for the daemon's end; meanwhile timers of onStart run, and signals that
 * people send to "the master" are passed on to the daemon.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a signal to the script process asks for. */
static const struct wish {
	int sig;
	enum rs_ask what;
} wishes[] = {
	{ SIGTERM, RS_ASK_SHUTDOWN }, { SIGINT, RS_ASK_SHUTDOWN },     { SIGUSR1, RS_ASK_RELOAD },
	{ SIGUSR2, RS_ASK_RELOAD_TASKS }, { SIGWINCH, RS_ASK_REOPEN_LOGS },
};

/* Of one start(), on its stack. */
struct script {
	struct rs_server *s;
	struct rs_watch *control_watch;
	bool serving, ended;
	char *why;
	size_t why_size;
};

/* ---- signals ------------------------------------------------------------------------------------------------ */

static void on_signal(int signo, void *arg)
{
	struct rs_server *s = arg;

	for (size_t i = 0; i < RS_COUNTOF(wishes); i++) {
		if (wishes[i].sig == signo)
			(void)rs_server_ask(wishes[i].what, 0);
	}
	if (signo == SIGRTMIN)
		(void)rs_server_ask(RS_ASK_REOPEN_LOGS, 0);
	if (signo == SIGRTMIN || signo == SIGWINCH)
		rs_server_reopen_output(s);
}

static bool watch_signals(struct rs_server *s, struct rs_loop *l)
{
	bool ok = rs_sigwatch_new(l, SIGRTMIN, on_signal, s) != NULL;

	for (size_t i = 0; ok && i < RS_COUNTOF(wishes); i++)
		ok = rs_sigwatch_new(l, wishes[i].sig, on_signal, s) != NULL;
	rs_signal(SIGPIPE, SIG_IGN, false);
	rs_signal(SIGHUP, SIG_IGN, false);
	return ok;
}

static void unwatch_signals(struct rs_loop *l)
{
	struct rs_sigwatch *w = rs_sigwatch_find(l, SIGRTMIN);

	if (w)
		rs_sigwatch_free(w);
	for (size_t i = 0; i < RS_COUNTOF(wishes); i++) {
		w = rs_sigwatch_find(l, wishes[i].sig);
		if (w)
			rs_sigwatch_free(w);
	}
}

/* ---- what the daemon says --------------------------------------------------------------------------------------- */

static void on_serving(struct script *c, const struct rs_frame *f)
{
	struct rs_server *s = c->s;
	uint32_t pid = 0;

	if (c->serving || f->payload.n != sizeof pid)
		return;
	memcpy(&pid, f->payload.p, sizeof pid);
	c->serving = true;
	s->manager_pid = (pid_t)pid;
	atomic_store(&s->board.head->manager_pid, pid);
	atomic_store(&s->board.head->running, 1);
	(void)s->hooks->started();
}

static void on_stopping(struct script *c)
{
	if (atomic_exchange(&c->s->board.head->running, 0))
		(void)c->s->hooks->before_shutdown();
	/* That is done: go on. */
	(void)rs_server_ask(RS_ASK_SHUTDOWN, 0);
}

/* A child of user code that returned into our life has nothing to do here. */
static void leave_forked_away(const struct rs_server *s)
{
	if (s->p->forked_away)
		_exit(0);
}

static void take_frame(struct script *c, struct rs_frame *f)
{
	struct rs_ipc *control = &c->s->p->control;
	int data;

	switch (f->msg) {
	case RS_MSG_SERVING:
		on_serving(c, f);
		break;
	case RS_MSG_STOPPING:
		on_stopping(c);
		break;
	case RS_MSG_START_FAILED:
		(void)rs_copy(c->why, c->why_size, f->payload);
		break;
	case RS_MSG_SCRIPT_CHANNEL:
		if (f->nfds != 2)
			break;
		data = rs_ipc_take_fd(control, f, 0);
		(void)rs_server_attach(c->s, data, rs_ipc_take_fd(control, f, 1));
		break;
	default:
		break;
	}
}

static void on_control(struct rs_watch *w, unsigned events, void *arg)
{
	(void)w, (void)events;
	*(bool *)arg = true;
}

/* Frames are looked at from here and not from the loop: hooks run PHP, which may run the loop itself. */
static void take_frames(struct script *c)
{
	struct rs_ipc *control = &c->s->p->control;
	enum rs_result r = rs_ipc_fill(control);
	struct rs_frame f;

	if (r == RS_AGAIN)
		return;
	while (r == RS_OK && (r = rs_ipc_next(control, &f)) == RS_OK) {
		take_frame(c, &f);
		leave_forked_away(c->s);
	}
	if (r == RS_ERR)
		rs_alertx(c->s->p->log, "%s", control->error);
	c->ended = r == RS_DONE || r == RS_ERR;
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static bool turn(struct script *c, struct rs_loop *l, bool *readable)
{
	if (!c->control_watch)
		c->control_watch = rs_watch_new(l, c->s->p->control.fd, RS_WATCH_READ, false, on_control, readable);
	if (!c->control_watch || (c->s->p->data.fd >= 0 && !rs_server_watch(c->s)))
		return false;
	/* A channel that is not read is readable for ever: only between our turns is it watched. */
	(void)rs_watch_set(c->control_watch, RS_WATCH_READ);
	*readable = false;
	if (rs_loop_run(l, RS_LOOP_ONCE) == RS_ERR)
		return false;
	leave_forked_away(c->s);
	(void)rs_watch_set(c->control_watch, 0);
	if (*readable)
		take_frames(c);
	return true;
}

/* How the daemon ended; user code may have reaped it. */
static int reap_daemon(const struct rs_server *s)
{
	int status = 0;
	pid_t pid;

	do {
		pid = waitpid(s->daemon_pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	return pid == s->daemon_pid ? status : 0;
}

static bool lives(pid_t pid)
{
	struct pollfd p = { .fd = pid > 0 ? pidfd_open(pid, 0) : -1, .events = POLLIN };
	bool yes = p.fd >= 0 && poll(&p, 1, 0) == 0; /* readable: dead, reaped or not */

	rs_fd_close(&p.fd);
	return yes;
}

/* The daemon was killed: all others end by themselves, soon. */
static void wait_for_others(const struct rs_server *s)
{
	int64_t until = rs_now_ms() + 2 * RS_SERVER_ORPHAN_MS;
	const struct timespec moment = { .tv_nsec = 5000000 };
	uint32_t n = s->setup.server.nworkers + s->setup.server.ntasks + s->setup.server.nusers;
	bool any = true;

	while (any && rs_now_ms() < until) {
		any = lives(s->manager_pid);
		for (uint32_t i = 0; i < n && !any; i++)
			any = lives((pid_t)atomic_load(&rs_board_cell(&s->board, i)->pid));
		if (any)
			(void)nanosleep(&moment, NULL);
	}
}

static enum rs_result result(struct script *c, int status)
{
	struct rs_server *s = c->s;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && c->serving) {
		(void)s->hooks->ended();
		return RS_OK;
	}
	if (!c->why[0])
		rs_fmt(c->why, c->why_size, "the server's process %d ended with %s %d", (int)s->daemon_pid,
		       WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	wait_for_others(s);
	return RS_ERR;
}

enum rs_result rs_server_script_life(struct rs_server *s, int control_fd, char *why, size_t why_size)
{
	struct script c = { .s = s, .why = why, .why_size = why_size };
	struct rs_loop *l = rs_loop_get();
	bool readable;
	int status;

	why[0] = '\0';
	rs_ipc_init(&s->p->control, control_fd, RS_IPC_SCRIPT, RS_IPC_MASTER);
	rs_server_become(s, RS_ROLE_SCRIPT, RS_ID_SCRIPT);
	if (l && watch_signals(s, l)) {
		while (!c.ended && turn(&c, l, &readable))
			;
	} else {
		rs_fmt(why, why_size, "out of memory");
	}
	atomic_store(&s->board.head->running, 0);
	if (l) {
		rs_watch_free(c.control_watch);
		rs_server_unwatch(s);
		unwatch_signals(l);
	}
	/* The end of its channel would end the daemon, if anything of it were left. */
	rs_ipc_fini(&s->p->control);
	status = reap_daemon(s);
	/* Nobody reads the pipe any more. */
	rs_fd_close(&s->log.fd);
	s->log.fd = STDERR_FILENO;
	return result(&c, status);
}
