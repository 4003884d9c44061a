/*
 * Children that tell the application of a failure.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The life of such a child; its exit status. */
static int tell(struct rs_process *p, const struct rs_child *child, int code, int sig)
{
	const struct rs_server *s = p->server;
	struct rs_buf why = { 0 };
	bool started;

	p->is_worker = true;
	rs_ipc_fini(&p->control);
	rs_children_free(&p->children);
	p->failures = (struct rs_failures){ 0 };
	rs_fmt(p->log->role, sizeof p->log->role, "failure handler");
	rs_title_set(p->h->title, "failure handler process");
	rs_signal(SIGINT, SIG_IGN, false);
	rs_signal(SIGHUP, SIG_IGN, false);
	rs_signal(SIGPIPE, SIG_IGN, false);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != s->manager_pid)
		return 1;
	p->engine->forked(p->h->conf, RS_ID_MANAGER, child->generation);
	s->hooks->forked();
	started = p->engine->worker_start(&why) == RS_OK;
	if (!started)
		rs_errorx(p->log, "cannot tell the application of the end of process %d: %.*s", (int)child->pid, (int)why.len,
			  rs_buf_data(&why));
	rs_buf_free(&why);
	return started && s->hooks->worker_failed(child->id, child->pid, code, sig) ? 0 : 1;
}

/* A signal that ends a user process is its orderly end if it was asked to end by it. */
static bool is_abnormal(const struct rs_server *s, const struct rs_child *child, int code, int sig)
{
	if (child->id >= RS_HOSTED_USERS && (sig == SIGTERM || sig == SIGUSR1))
		return false;
	return s->hooks && s->hooks->worker_failed && (code || sig);
}

enum rs_result rs_failures_tell(struct rs_process *p, const struct rs_child *child, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0, sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	size_t i = 0;
	pid_t pid;

	if (!rs_server_hosted() || !is_abnormal(p->server, child, code, sig))
		return RS_OK;
	while (i < RS_FAILURES_MAX && p->failures.v[i].pid)
		i++;
	if (i == RS_FAILURES_MAX) {
		rs_warnx(p->log, "the application is not told of the end of process %d: %d such tellings run", (int)child->pid,
			 RS_FAILURES_MAX);
		return RS_OK;
	}
	pid = rs_fork();
	if (pid == 0) {
		p->exit_status = tell(p, child, code, sig);
		return RS_DONE;
	}
	if (pid < 0) {
		rs_error(p->log, "cannot fork a failure handler");
		return RS_OK;
	}
	p->failures.v[i].pid = pid;
	p->failures.v[i].deadline_ms = rs_now_ms() + RS_FAILURE_MS;
	return RS_OK;
}

bool rs_failures_take(struct rs_failures *f, pid_t pid)
{
	for (size_t i = 0; i < RS_FAILURES_MAX; i++) {
		if (f->v[i].pid != pid)
			continue;
		f->v[i].pid = 0;
		return true;
	}
	return false;
}

int rs_failures_limit(struct rs_failures *f, bool all)
{
	int64_t now = rs_now_ms(), next = INT64_MAX;

	for (size_t i = 0; i < RS_FAILURES_MAX; i++) {
		if (!f->v[i].pid || f->v[i].deadline_ms == INT64_MAX)
			continue;
		if (all || f->v[i].deadline_ms <= now) {
			(void)kill(f->v[i].pid, SIGKILL);
			f->v[i].deadline_ms = INT64_MAX;
		} else if (f->v[i].deadline_ms < next) {
			next = f->v[i].deadline_ms;
		}
	}
	return next == INT64_MAX ? -1 : (int)(next - now);
}
