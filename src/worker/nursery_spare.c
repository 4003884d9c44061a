/*
 * S, a spare of a nursery: waits for one request, runs it, ends. What it says goes through the worker, which is its reactor.
 */
#include "worker/server_private.h"
#include "worker/worker_private.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Numbers of tasks must not be those of the worker's own, nor those of the spare before. */
#define TASKS_FROM 0x40000000u
#define TASKS_EACH 256u

/* ---- signals ---------------------------------------------------------------------------------------------------------- */

static void on_overdue(int sig)
{
	int saved = errno;

	(void)sig;
	rs_process()->engine->overdue();
	errno = saved;
}

/* A handler, not SIG_IGN: what user code starts must not inherit that. The worker decides when we end. */
static void on_term(int sig)
{
	(void)sig;
}

static bool worker_is_gone(void)
{
	struct pollfd pfd = { .fd = rs_process()->data.fd };

	return poll(&pfd, 1, 0) > 0 && (pfd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* The nursery has died, or (asked for then) something has come by the channel. Without the worker nobody wants what we do. */
static void look_for_worker(void)
{
	int fd = rs_process()->data.fd;

	if (worker_is_gone())
		_exit(0);
	/* From now on its end must be a signal: nobody else would tell us. */
	(void)fcntl(fd, F_SETOWN, getpid());
	(void)fcntl(fd, F_SETSIG, RS_SIG_PARENT_DIED);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
	if (worker_is_gone())
		_exit(0);
}

static void on_parent_died(int sig)
{
	int saved = errno;

	(void)sig;
	look_for_worker();
	errno = saved;
}

/* What the nursery ignores is ignored here too. All have been blocked since the fork. */
static void set_signals(void)
{
	sigset_t none;

	rs_signal(SIGCHLD, SIG_DFL, false);
	rs_signal(SIGTERM, on_term, true);
	rs_signal(RS_SIG_OVERDUE, on_overdue, false);
	rs_signal(RS_SIG_PARENT_DIED, on_parent_died, true);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- the one request ---------------------------------------------------------------------------------------------------- */

static bool wait_for_request(struct rs_process *p)
{
	while (!p->npost) {
		enum rs_result r = rs_worker_receive(p, true);
		if (r != RS_OK && r != RS_AGAIN)
			return false;
	}
	return true;
}

/* false: the worker is gone. */
static bool say(struct rs_process *p, enum rs_msg msg, uint64_t id)
{
	return rs_ipc_put(&p->data, msg, 0, id, RS_SLICE(""), RS_SLICE(""), NULL, 0) == RS_OK && rs_ipc_flush(&p->data) == RS_OK;
}

/* The exit status. */
static int serve(struct rs_process *p)
{
	struct rs_post *post = &p->posts[p->post_first];
	enum rs_request_end end = RS_REQUEST_RECYCLE;
	uint64_t id;

	p->npost--;
	/* From here on it must not run a second time. */
	if (!say(p, RS_MSG_BEGUN, post->id))
		return 255;
	rs_slowlog_start(p);
	if (rs_exchange_begin(p, post))
		end = p->engine->request(&p->x);
	else
		rs_alertx(p->log, "REQUEST frame that contradicts itself");
	if (p->forked_away)
		return 0; /* a child of user code, not the one that answers */
	id = p->x.id;
	rs_exchange_end(p);
	if (!say(p, RS_MSG_DONE, id))
		return 255;
	return end == RS_REQUEST_OK ? 0 : 255;
}

static void become(struct rs_process *p, uint32_t number)
{
	char title[64];

	p->forked_away = false;
	rs_fmt(title, sizeof title, "request process of %s", p->log->role);
	rs_title_set(p->h->title, title);
	if (p->server) {
		p->server->pid = getpid();
		p->server->next_task = TASKS_FROM | (number * TASKS_EACH & (TASKS_FROM - 1));
	}
	p->engine->forked(p->h->conf, p->worker_id, p->h->generation);
	p->engine->one_request();
}

void rs_spare_life(struct rs_process *p, int data_fd, pid_t nursery, uint32_t number)
{
	rs_ipc_init(&p->data, data_fd, RS_IPC_WORKER, RS_IPC_REACTOR);
	set_signals();
	prctl(PR_SET_PDEATHSIG, RS_SIG_PARENT_DIED);
	/* Dead before the signal was asked for: the worker may have given us a request already. */
	if (getppid() != nursery)
		look_for_worker();
	become(p, number);
	_exit(wait_for_request(p) ? serve(p) : 0);
}
