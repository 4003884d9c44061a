/*
 * N, the nursery of a worker: a copy of the application as it was before the worker served anything. Forks a spare whenever one has been
 * taken, reaps those that have ended, kills those that must end.
 */
#include "worker/pages.h"
#include "worker/server_private.h"
#include "worker/worker_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Those that wait, that run, and that have said DONE and are not gone yet. */
#define CHILDREN_MAX 64
/* When fork() fails, or what was forked dies unused. */
#define PAUSE_MS 100

struct child {
	pid_t pid;
	bool taken;
};

struct rs_nursery_own {
	struct rs_process *p;
	struct rs_ipc control;
	struct child v[CHILDREN_MAX];
	unsigned nchildren, idle;
	uint32_t number;        /* of the next one */
	int64_t pause_until_ms; /* 0: no pause */
	volatile sig_atomic_t ended, overdue;
};

/* ---- signals: handlers note ---------------------------------------------------------------------------------------- */

static void on_child(int sig)
{
	(void)sig; /* only ends ppoll() */
}

static void on_parent_died(int sig)
{
	(void)sig;
	rs_process()->nursery.own->ended = 1;
}

static void on_overdue(int sig)
{
	(void)sig;
	rs_process()->nursery.own->overdue = 1;
}

/* They come while ppoll() waits, and not otherwise. */
static void set_signals(sigset_t *unblocked)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGTERM };
	sigset_t mine;

	for (size_t i = 0; i < RS_COUNTOF(ignored); i++)
		rs_signal(ignored[i], SIG_IGN, false);
	sigemptyset(&mine);
	sigaddset(&mine, SIGCHLD);
	sigaddset(&mine, RS_SIG_PARENT_DIED);
	sigaddset(&mine, RS_SIG_OVERDUE);
	sigprocmask(SIG_BLOCK, &mine, unblocked);
	rs_signal(SIGCHLD, on_child, false);
	rs_signal(RS_SIG_PARENT_DIED, on_parent_died, false);
	rs_signal(RS_SIG_OVERDUE, on_overdue, false);
}

/* ---- children ------------------------------------------------------------------------------------------------------- */

static bool tell(struct rs_nursery_own *n, enum rs_msg msg, pid_t pid, int status, int fd)
{
	const struct rs_wire_spare w = { .pid = (uint32_t)pid, .status = status };

	return rs_ipc_put(&n->control, msg, 0, 0, rs_slice(&w, sizeof w), RS_SLICE(""), &fd, fd >= 0) == RS_OK &&
	       rs_ipc_flush(&n->control) == RS_OK;
}

static void pause_forking(struct rs_nursery_own *n)
{
	n->pause_until_ms = rs_now_ms() + PAUSE_MS;
}

/* false: the worker cannot be told. */
static bool fork_spare(struct rs_nursery_own *n)
{
	pid_t pid, self = getpid();
	int fds[2] = { -1, -1 };
	bool ok = true;

	pid = rs_fd_pair(fds) ? rs_fork_as_is() : -1;
	if (pid == 0) {
		rs_fd_close(&fds[0]);
		rs_ipc_fini(&n->control);
		rs_spare_life(n->p, fds[1], self, n->number);
	}
	n->number++;
	if (pid < 0) {
		rs_error(n->p->log, "cannot fork a process for a request");
		rs_fd_close(&fds[0]);
		rs_fd_close(&fds[1]);
		pause_forking(n);
		return true;
	}
	n->v[n->nchildren++] = (struct child){ .pid = pid };
	n->idle++;
	ok = tell(n, RS_MSG_SPARE, pid, 0, fds[0]);
	rs_fd_close(&fds[0]);
	rs_fd_close(&fds[1]);
	return ok;
}

static bool fork_spares(struct rs_nursery_own *n)
{
	if (n->pause_until_ms && rs_now_ms() < n->pause_until_ms)
		return true;
	n->pause_until_ms = 0;
	while (n->idle < RS_SPARES && n->nchildren < CHILDREN_MAX && !n->pause_until_ms)
		if (!fork_spare(n))
			return false;
	return true;
}

static struct child *find(struct rs_nursery_own *n, pid_t pid)
{
	for (unsigned i = 0; i < n->nchildren; i++)
		if (n->v[i].pid == pid)
			return &n->v[i];
	return NULL;
}

static bool reap(struct rs_nursery_own *n)
{
	struct child *c;
	bool ok = true;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		c = find(n, pid);
		if (!c)
			continue;
		if (!c->taken) {
			n->idle--;
			/* The word that it was taken may be on its way; if it has died unused, the next one will too. */
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
				pause_forking(n);
		}
		*c = n->v[--n->nchildren];
		ok = tell(n, RS_MSG_SPARE_GONE, pid, status, -1) && ok;
	}
	return ok;
}

/* A request has run too long: those who run one hear it. */
static void pass_overdue(struct rs_nursery_own *n)
{
	n->overdue = 0;
	for (unsigned i = 0; i < n->nchildren; i++)
		if (n->v[i].taken)
			kill(n->v[i].pid, RS_SIG_OVERDUE);
}

/* ---- the worker's word ------------------------------------------------------------------------------------------------ */

static void obey(struct rs_nursery_own *n, const struct rs_frame *f)
{
	struct rs_wire_spare w;
	struct child *c;

	if (f->payload.n != sizeof w)
		return;
	memcpy(&w, f->payload.p, sizeof w);
	c = find(n, (pid_t)w.pid);
	if (!c)
		return; /* gone already, and the worker knows or will hear of it */
	if (f->msg == RS_MSG_SPARE_KILL) {
		kill(c->pid, SIGKILL);
	} else if (!c->taken) {
		c->taken = true;
		n->idle--;
	}
}

/* false: the worker is gone. */
static bool listen_to_worker(struct rs_nursery_own *n)
{
	struct rs_frame f;
	enum rs_result r = rs_ipc_fill(&n->control);

	if (r == RS_AGAIN)
		return true;
	while (r == RS_OK && (r = rs_ipc_next(&n->control, &f)) == RS_OK)
		obey(n, &f);
	return r == RS_AGAIN;
}

static bool turn(struct rs_nursery_own *n, const sigset_t *unblocked)
{
	struct pollfd pfd = { .fd = n->control.fd, .events = POLLIN };
	struct timespec t = { 0, PAUSE_MS * 1000000L };
	int ready;

	if (!fork_spares(n))
		return false;
	ready = ppoll(&pfd, 1, n->pause_until_ms ? &t : NULL, unblocked);
	if (n->overdue)
		pass_overdue(n);
	if (n->ended || (ready > 0 && !listen_to_worker(n)))
		return false;
	return reap(n);
}

static void end_children(struct rs_nursery_own *n)
{
	for (unsigned i = 0; i < n->nchildren; i++)
		kill(n->v[i].pid, SIGKILL);
	while (n->nchildren) {
		struct child *c = NULL;
		pid_t pid = waitpid(-1, NULL, 0);
		if (pid < 0)
			return;
		c = find(n, pid);
		if (c)
			*c = n->v[--n->nchildren];
	}
}

/* Huge pages of the manager's are no longer whole here: somebody has written to them since. */
static void make_forks_cheap(struct rs_process *p)
{
	sigset_t all, old;
	unsigned data, huge;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	data = rs_pages_own_data();
	sigprocmask(SIG_SETMASK, &old, NULL);
	huge = rs_pages_collapse_private();
	rs_debug(p->log, "%u pieces of data of libraries and %u huge pages are this process's own", data, huge);
}

void rs_nursery_life(struct rs_process *p, int control_fd)
{
	struct rs_nursery_own n = { .p = p };
	pid_t worker = getppid();
	sigset_t unblocked;
	char title[64];

	p->nursery.own = &n;
	p->forked_away = false;
	set_signals(&unblocked);
	rs_ipc_fini(&p->data); /* the worker's */
	rs_ipc_init(&n.control, control_fd, RS_IPC_NURSERY, RS_IPC_WORKER);
	rs_fmt(title, sizeof title, "request processes of %s", p->log->role);
	rs_title_set(p->h->title, title);
	prctl(PR_SET_PDEATHSIG, RS_SIG_PARENT_DIED);
	if (getppid() != worker)
		_exit(0);
	/* What nobody holds any more need not be copied for every request. */
	if (p->engine->settle() == RS_REQUEST_RECYCLE)
		_exit(255);
	make_forks_cheap(p);
	while (turn(&n, &unblocked))
		;
	end_children(&n);
	_exit(0);
}
