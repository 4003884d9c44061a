/*
 * The manager: a zygote. Boots the application through the engine, then only forks and reaps workers on the master's
 * word. Stays single-threaded and idle, so that fork() is always safe. Owns the control channel to the master.
 */
#include "worker/process.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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

	if (rs_ipc_put(c, process.is_worker ? RS_MSG_WORKER_ASKS : RS_MSG_RELOAD_ASKED, 0, 0, rs_slice_str(why),
		       RS_SLICE(""), NULL, 0) != RS_OK ||
	    rs_ipc_flush(c) != RS_OK)
		rs_warnx(process.log, "cannot ask for a reload: %s", c->error);
}

static bool tell_master(struct rs_process *p, enum rs_msg msg, struct rs_slice payload)
{
	if (rs_ipc_put(&p->control, msg, 0, 0, payload, RS_SLICE(""), NULL, 0) == RS_OK &&
	    rs_ipc_flush(&p->control) == RS_OK)
		return true;
	rs_errorx(p->log, "cannot tell the master %s: %s", rs_msg_name(msg), p->control.error);
	return false;
}

/* ---- children -------------------------------------------------------------------------------- */

/* In the child: nothing of the manager is left but its memory. Never returns to the manager's loop. */
static int become_worker(struct rs_process *p, const struct rs_wire_fork *order, int data_fd, int claim_fd)
{
	rs_ipc_fini(&p->control);
	rs_children_free(&p->children);
	return rs_worker_main(p, order, data_fd, claim_fd);
}

/* RS_DONE in a worker that has ended (p->exit_status is set); RS_OK in the manager; RS_ERR: the master must be left. */
static enum rs_result fork_worker(struct rs_process *p, struct rs_frame *f)
{
	struct rs_wire_fork order;
	struct rs_wire_forked done;
	int data_fd, claim_fd;
	pid_t pid;

	if (f->payload.n != sizeof order || f->nfds != 2) {
		rs_alertx(p->log, "unusable FORK frame");
		return RS_ERR;
	}
	memcpy(&order, f->payload.p, sizeof order);
	data_fd = rs_ipc_take_fd(&p->control, f, 0);
	claim_fd = rs_ipc_take_fd(&p->control, f, 1);
	pid = rs_children_room(&p->children) ? rs_fork() : -1;
	if (pid == 0) {
		p->exit_status = become_worker(p, &order, data_fd, claim_fd);
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
	return tell_master(p, RS_MSG_FORKED, rs_slice(&done, sizeof done)) ? RS_OK : RS_ERR;
}

static void reap(struct rs_process *p)
{
	struct rs_wire_exited gone;
	struct rs_child child;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!rs_children_take(&p->children, pid, &child))
			continue;
		gone = (struct rs_wire_exited){ .id = child.id, .generation = child.generation, .pid = (uint32_t)pid,
						.status = status };
		(void)tell_master(p, RS_MSG_EXITED, rs_slice(&gone, sizeof gone));
	}
}

/* TERM now, KILL after wait_ms, until no child is left. */
static void end_children(struct rs_process *p, int64_t wait_ms, const sigset_t *unblocked)
{
	int64_t deadline = rs_now_ms() + wait_ms;

	rs_children_signal(&p->children, SIGTERM);
	reap(p);
	while (p->children.n) {
		int64_t left = deadline - rs_now_ms();
		if (left <= 0) {
			rs_children_signal(&p->children, SIGKILL);
			left = 1000;
		}
		struct timespec t = { left / 1000, left % 1000 * 1000000 };
		(void)ppoll(NULL, 0, &t, unblocked);
		reap(p);
	}
}

/* ---- before the first fork ---------------------------------------------------------------------- */

/* What must not cross fork(): more than one thread, or a socket that every worker would share. */
static void warn_unforkable(struct rs_process *p)
{
	DIR *d = opendir("/proc/self/task");
	unsigned threads = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		threads += e->d_name[0] != '.';
	if (d)
		closedir(d);
	if (threads > 1)
		rs_warnx(p->log, "%u threads run after boot: a library started them; forked workers will not have them", threads);
	d = opendir("/proc/self/fd");
	while (d && (e = readdir(d))) {
		uint64_t fd;
		struct stat st;
		char link[300], target[256];
		ssize_t n;
		if (!rs_parse_u64(rs_slice_str(e->d_name), INT32_MAX, &fd) || fd <= 2 || (int)fd == p->control.fd ||
		    (int)fd == p->log->fd || fstat((int)fd, &st) < 0 || !S_ISSOCK(st.st_mode))
			continue;
		rs_fmt(link, sizeof link, "/proc/self/fd/%s", e->d_name);
		n = readlink(link, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		rs_warnx(p->log, "fd %lu (%s) is a socket opened while booting: all workers would share it; close it before the boot ends",
			 (unsigned long)fd, target);
	}
	if (d)
		closedir(d);
}

/* The master says these warnings; saying them twice helps nobody. */
static void stay_silent(void *arg, const char *text)
{
	(void)arg, (void)text;
}

static bool send_app_conf(struct rs_process *p)
{
	struct rs_conf *conf = p->h->conf;
	struct rs_conf_error err;
	struct rs_buf b = { 0 };
	bool ok = true;

	if (p->engine->app_conf && p->engine->app_conf(&b) && b.len) {
		ok = tell_master(p, RS_MSG_APP_CONF, rs_buf_slice(&b));
		/* The same lines, the same code: the workers see what the master will see, or the master says why not. */
		if (ok && (rs_conf_take_app(conf, rs_buf_slice(&b), p->h->root, &err, stay_silent, NULL) != RS_OK ||
			   rs_conf_complete(conf, p->h->base_path, &err) != RS_OK))
			rs_warnx(p->log, "config/laravels.php: %s", err.text);
		/* The prefix of the titles may have come with it. */
		RS_IGNORE(!rs_copy(p->h->title->prefix, sizeof p->h->title->prefix, rs_slice_str(conf->process_prefix)));
		rs_title_set(p->h->title, "manager process");
	}
	rs_buf_free(&b);
	return ok;
}

static bool send_facts(struct rs_process *p, enum rs_msg msg)
{
	struct rs_buf b = { 0 };
	bool ok;

	ok = p->engine->facts && p->engine->facts(&b) && tell_master(p, msg, rs_buf_slice(&b));
	rs_buf_free(&b);
	return ok;
}

/* ---- the loop ------------------------------------------------------------------------------------ */

static void on_child(int sig)
{
	(void)sig; /* only ends ppoll() */
}

static uint32_t quit_wait_ms(const struct rs_frame *f)
{
	uint32_t ms = 0;

	if (f->payload.n >= sizeof ms)
		memcpy(&ms, f->payload.p, sizeof ms);
	return ms;
}

/* RS_OK: go on. RS_DONE: this is a worker that has ended. RS_ERR: end; *wait_ms for the children. */
static enum rs_result obey(struct rs_process *p, int64_t *wait_ms)
{
	struct rs_frame f;
	enum rs_result r;

	while ((r = rs_ipc_next(&p->control, &f)) == RS_OK) {
		if (f.msg == RS_MSG_QUIT) {
			*wait_ms = quit_wait_ms(&f);
			return RS_ERR;
		}
		if (f.msg == RS_MSG_FACTS_ASK && !send_facts(p, RS_MSG_FACTS))
			return RS_ERR;
		if (f.msg != RS_MSG_FORK)
			continue;
		r = fork_worker(p, &f);
		if (r != RS_OK)
			return r;
	}
	if (r == RS_ERR)
		rs_alertx(p->log, "%s", p->control.error);
	return r == RS_ERR ? RS_ERR : RS_OK;
}

/* The manager's life after boot; in a forked worker, the worker's life. */
static enum rs_result booted(void *arg)
{
	struct rs_process *p = arg;
	struct pollfd pfd = { .fd = p->control.fd, .events = POLLIN };
	int64_t wait_ms = p->h->conf->max_wait_time;
	sigset_t chld, unblocked;
	enum rs_result r = RS_OK;

	p->booted = true;
	prctl(PR_SET_PDEATHSIG, 0); /* from here on the end of the control channel says so, and the workers end first */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &unblocked);
	rs_signal(SIGCHLD, on_child, false);
	rs_signal(SIGTERM, SIG_IGN, false); /* it ends on QUIT, or when the master is gone */
	if (!send_app_conf(p) || !send_facts(p, RS_MSG_BOOTED))
		return RS_ERR;
	warn_unforkable(p);
	while (r == RS_OK) {
		int n = ppoll(&pfd, 1, NULL, &unblocked);
		reap(p);
		if (n > 0)
			r = rs_ipc_fill(&p->control);
		if (n > 0 && r == RS_OK)
			r = obey(p, &wait_ms);
		else if (n > 0)
			r = RS_ERR; /* the master is gone */
		if (p->is_worker)
			return RS_DONE;
	}
	end_children(p, wait_ms, &unblocked);
	/* The application's destructors belong to its workers. */
	_exit(0);
}

int rs_manager_main(struct rs_heritage *h)
{
	struct rs_process *p = &process;
	struct rs_buf why = { 0 };
	enum rs_result r;

	*p = (struct rs_process){ .h = h, .engine = &rs_the_engine, .log = h->log };
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
		if (!why.len)
			(void)rs_buf_printf(&why, "the application ended while it booted");
		(void)tell_master(p, RS_MSG_BOOT_FAILED,
				  rs_slice(rs_buf_data(&why), why.len > RS_TEXT_MAX ? RS_TEXT_MAX : why.len));
		rs_buf_free(&why);
		return 1;
	}
	rs_buf_free(&why);
	return p->is_worker ? p->exit_status : r == RS_OK ? 0 : 1;
}
