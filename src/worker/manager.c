/*
 * The manager: a zygote. Boots the application through the engine, then only forks and reaps workers on the master's
 * word. Stays single-threaded and idle, so that fork() is always safe. Owns the control channel to the master. What it tells the
 * master of the boot: manager_boot.c.
 */
#include "worker/manager_boot.h"
#include "worker/pages.h"
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rs_process process;

RS_PUBLIC extern const struct rs_engine_module rs_engine_module;
const struct rs_engine_module rs_engine_module = { RS_PROTOCOL, sizeof(struct rs_heritage), rs_manager_main };

struct rs_process *rs_process(void)
{
	return &process;
}

struct rs_log *rs_host_log(void)
{
	return process.log;
}

void rs_host_ask_reload(const char *why)
{
	struct rs_ipc *c = process.is_worker ? &process.data : &process.control;

	if (c->fd < 0)
		return;
	if (rs_ipc_put(c, process.is_worker ? RS_MSG_WORKER_ASKS : RS_MSG_RELOAD_ASKED, 0, 0, rs_slice_str(why),
		       RS_SLICE(""), NULL, 0) != RS_OK ||
	    rs_ipc_flush(c) != RS_OK)
		rs_warnx(process.log, "cannot ask for a reload: %s", c->error);
}

/* ---- children -------------------------------------------------------------------------------- */

/* In the child: nothing of the manager is left but its memory. Never returns to the manager's loop. */
static int become_child(struct rs_process *p, const struct rs_wire_fork *order, int data_fd, int claim_fd)
{
	p->is_worker = true;
	rs_ipc_fini(&p->control);
	rs_children_free(&p->children);
	return order->role == RS_ROLE_WORKER ? rs_worker_main(p, order, data_fd, claim_fd)
					     : rs_server_hosted_life(p->server, order, data_fd, claim_fd);
}

static bool read_order(const struct rs_frame *f, struct rs_wire_fork *order)
{
	if (f->payload.n != sizeof *order || f->nfds != 2)
		return false;
	memcpy(order, f->payload.p, sizeof *order);
	return order->role == RS_ROLE_WORKER ||
	       (rs_server_here() && (order->role == RS_ROLE_TASK || order->role == RS_ROLE_USER));
}

/* RS_DONE in a child that has ended (p->exit_status is set); RS_OK in the manager; RS_ERR: the master must be left. */
static enum rs_result fork_child(struct rs_process *p, struct rs_frame *f)
{
	struct rs_wire_fork order;
	struct rs_wire_forked done;
	int data_fd, claim_fd;
	pid_t pid;

	if (!read_order(f, &order)) {
		rs_alertx(p->log, "unusable FORK frame");
		return RS_ERR;
	}
	data_fd = rs_ipc_take_fd(&p->control, f, 0);
	claim_fd = rs_ipc_take_fd(&p->control, f, 1);
	pid = rs_children_room(&p->children) ? rs_fork() : -1;
	if (pid == 0) {
		p->exit_status = become_child(p, &order, data_fd, claim_fd);
		return RS_DONE;
	}
	if (pid < 0)
		rs_error(p->log, "cannot fork worker %u", order.id);
	rs_fd_close(&data_fd);
	rs_fd_close(&claim_fd);
	if (pid > 0)
		rs_children_add(&p->children, (struct rs_child){ pid, order.id, order.generation });
	done = (struct rs_wire_forked){ .id = order.id, .generation = order.generation,
					.pid = pid > 0 ? (uint32_t)pid : 0 };
	return rs_manager_tell_master(p, RS_MSG_FORKED, rs_slice(&done, sizeof done)) ? RS_OK : RS_ERR;
}

/* RS_DONE: this is a child that has told the application, and is over. */
static enum rs_result reap(struct rs_process *p)
{
	struct rs_wire_exited gone;
	struct rs_child child;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (rs_failures_take(&p->failures, pid) || !rs_children_take(&p->children, pid, &child))
			continue;
		gone = (struct rs_wire_exited){ .id = child.id, .generation = child.generation, .pid = (uint32_t)pid,
						.status = status };
		rs_server_child_gone(&child);
		(void)rs_manager_tell_master(p, RS_MSG_EXITED, rs_slice(&gone, sizeof gone));
		if (rs_failures_tell(p, &child, status) == RS_DONE)
			return RS_DONE;
	}
	return RS_OK;
}

/* ---- the end ------------------------------------------------------------------------------------- */

static bool any_failure_handler(const struct rs_failures *f)
{
	for (size_t i = 0; i < RS_FAILURES_MAX; i++)
		if (f->v[i].pid)
			return true;
	return false;
}

/* TERM now, KILL after wait_ms, until no child is left. */
static enum rs_result end_children(struct rs_process *p, int64_t wait_ms, const sigset_t *unblocked)
{
	int64_t deadline = rs_now_ms() + wait_ms;
	enum rs_result r;

	rs_children_signal(&p->children, SIGTERM);
	r = reap(p);
	while (r == RS_OK && (p->children.n || any_failure_handler(&p->failures))) {
		int64_t left = deadline - rs_now_ms();
		if (left <= 0) {
			rs_children_signal(&p->children, SIGKILL);
			(void)rs_failures_limit(&p->failures, true);
			left = 1000;
		}
		struct timespec t = { left / 1000, left % 1000 * 1000000 };
		(void)ppoll(NULL, 0, &t, unblocked);
		r = reap(p);
	}
	return r;
}

/* ---- the loop ------------------------------------------------------------------------------------ */

static void on_child(int sig)
{
	(void)sig; /* only ends ppoll() */
}

static void take_quit(const struct rs_frame *f, struct rs_wire_quit *quit)
{
	*quit = (struct rs_wire_quit){ 0 };
	if (f->payload.n == sizeof *quit)
		memcpy(quit, f->payload.p, sizeof *quit);
}

/* RS_OK: go on. RS_DONE: this is a child that has ended. RS_ERR: end, as *quit says. */
static enum rs_result obey(struct rs_process *p, struct rs_wire_quit *quit)
{
	struct rs_frame f;
	enum rs_result r;

	while ((r = rs_ipc_next(&p->control, &f)) == RS_OK) {
		if (f.msg == RS_MSG_QUIT) {
			take_quit(&f, quit);
			return RS_ERR;
		}
		if (f.msg == RS_MSG_FACTS_ASK && !rs_manager_tell_facts(p, RS_MSG_FACTS))
			return RS_ERR;
		if (f.msg == RS_MSG_BOARD && !rs_server_take_board(p, &f))
			return RS_ERR;
		if (f.msg != RS_MSG_FORK)
			continue;
		r = fork_child(p, &f);
		if (r != RS_OK)
			return r;
	}
	if (r == RS_ERR)
		rs_alertx(p->log, "%s", p->control.error);
	return r == RS_ERR ? RS_ERR : RS_OK;
}

/* One wait and what came of it; results as of obey(). */
static enum rs_result turn(struct rs_process *p, const sigset_t *unblocked, struct rs_wire_quit *quit)
{
	struct pollfd pfd = { .fd = p->control.fd, .events = POLLIN };
	int limit_ms = rs_failures_limit(&p->failures, false);
	struct timespec t = { limit_ms / 1000, limit_ms % 1000 * 1000000 };
	int n = ppoll(&pfd, 1, limit_ms < 0 ? NULL : &t, unblocked);
	enum rs_result r = reap(p);

	if (n <= 0 || r != RS_OK)
		return r;
	return rs_ipc_fill(&p->control) == RS_OK ? obey(p, quit) : RS_ERR; /* the master is gone */
}

/* Before the first fork, when requests will be forked. */
static void collapse_memory(struct rs_process *p)
{
	unsigned own = rs_pages_collapse_private(), shared = rs_pages_collapse_shared();

	rs_debug(p->log, "%u huge pages hold the application for its request processes, %u its shared memory", own, shared);
}

/* The manager's life after boot; in a forked child, that one's life. */
static enum rs_result booted(void *arg)
{
	struct rs_process *p = arg;
	struct rs_wire_quit quit = { .wait_ms = (uint32_t)p->h->conf->max_wait_time };
	sigset_t chld, unblocked;
	enum rs_result r = RS_OK;

	p->booted = true;
	prctl(PR_SET_PDEATHSIG, 0); /* from here on the end of the control channel says so, and the workers end first */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &unblocked);
	rs_signal(SIGCHLD, on_child, false);
	rs_signal(SIGTERM, SIG_IGN, false); /* it ends on QUIT, or when the master is gone */
	if (!rs_manager_tell_boot(p))
		return RS_ERR;
	rs_manager_warn_unforkable(p);
	if (rs_conf_uses(p->h->conf, RS_ISOLATION_FORK))
		collapse_memory(p);
	while (r == RS_OK)
		r = turn(p, &unblocked, &quit);
	if (r != RS_DONE)
		r = end_children(p, quit.wait_ms, &unblocked);
	if (r == RS_DONE)
		return RS_DONE;
	if (quit.ends)
		rs_server_hosted_end(p, quit.end_ms);
	/* The application's destructors belong to its workers. */
	_exit(0);
}

int rs_manager_main(struct rs_heritage *h)
{
	struct rs_process *p = &process;
	struct rs_buf why = { 0 };
	enum rs_result r;

	*p = (struct rs_process){ .h = h, .engine = &rs_the_engine, .log = h->log, .data.fd = -1, .uploads.fd = -1 };
	rs_ipc_init(&p->control, h->control_fd, RS_IPC_MANAGER, RS_IPC_MASTER);
	rs_signal(SIGINT, SIG_IGN, false);
	rs_signal(SIGHUP, SIG_IGN, false);
	rs_signal(SIGUSR1, SIG_IGN, false);
	rs_signal(SIGUSR2, SIG_IGN, false);
	rs_signal(SIGPIPE, SIG_IGN, false);
	/* While it boots it may sit in application code and see no end of file: it must not outlive the master. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != h->master_pid)
		return 1;
	r = p->engine->run(h, booted, p, &why);
	if (!p->booted) {
		(void)rs_manager_tell_master(p, RS_MSG_BOOT_FAILED,
				  rs_slice(rs_buf_data(&why), why.len > RS_TEXT_MAX ? RS_TEXT_MAX : why.len));
		rs_buf_free(&why);
		return 1;
	}
	rs_buf_free(&why);
	return p->is_worker ? p->exit_status : r == RS_OK ? 0 : 1;
}
