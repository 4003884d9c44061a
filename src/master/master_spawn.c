/*
 * Children of the master: how they are forked, who they become, and how the dead are told apart.
 */
#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "master/master_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- fork -------------------------------------------------------------------------------------- */

static bool standard_fds(int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool ok = null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
		  dup2(out, STDERR_FILENO) >= 0;

	rs_fd_close(&null);
	return ok;
}

/* What was meant for the master only. */
static void clean_environment(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID" };

	for (size_t i = 0; i < RS_COUNTOF(names); i++)
		unsetenv(names[i]);
}

static void keep_fds(const struct rs_spawn *s)
{
	int *keep = calloc(s->nkeep + 1, sizeof *keep);

	if (!keep)
		_exit(1);
	for (size_t i = 0; i < s->nkeep; i++)
		keep[i] = s->keep[i];
	keep[s->nkeep] = s->control_fd;
	rs_fd_close_others(keep, s->nkeep + 1);
	free(keep);
}

static void become_child(struct rs_master *m, const struct rs_spawn *s, int out)
{
	/* Keys go to the whole foreground group, and so may signals; the master decides what they mean. */
	static const int ignored[] = { SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };
	char title[64];

	for (size_t i = 0; i < RS_COUNTOF(ignored); i++)
		rs_signal(ignored[i], SIG_IGN, false);
	if (!standard_fds(out))
		_exit(1);
	keep_fds(s);
	m->log->fd = STDERR_FILENO;
	m->log->journal = false;
	rs_fmt(m->log->role, sizeof m->log->role, "%s", s->role);
	m->log->generation = s->generation;
	rs_fmt(title, sizeof title, "%s process", s->role);
	rs_title_set(m->start->title, title);
	clean_environment();
}

pid_t rs_master_spawn(struct rs_master *m, struct rs_spawn *s, enum rs_ipc_role role, struct rs_peer *peer)
{
	int fds[2] = { -1, -1 };
	int out = rs_mlog_pipe(&m->logs, s->role, s->generation, s->never_block);
	pid_t pid;

	if (out < 0 || !rs_fd_pair(fds) || !rs_peer_open(peer, m->base, fds[0], role)) {
		rs_error(m->log, "cannot make the channels of the %s", s->role);
		rs_fd_close(&fds[1]);
		rs_fd_close(&out);
		return -1;
	}
	fflush(NULL);
	pid = rs_fork();
	if (pid == 0) {
		s->control_fd = fds[1];
		become_child(m, s, out);
		return 0;
	}
	if (pid < 0) {
		rs_error(m->log, "cannot fork the %s", s->role);
		rs_peer_close(peer);
	}
	rs_fd_close(&fds[1]);
	rs_fd_close(&out);
	return pid;
}

bool rs_master_become_user(const struct rs_master *m, char *why, size_t why_size)
{
	if (!rs_identity_become(&m->user)) {
		rs_fmt(why, why_size, "cannot become user %s: %s", m->user.user, strerror(errno));
		return false;
	}
	umask(022);
	if (m->root && (setenv("HOME", m->user.home, 1) < 0 || setenv("USER", m->user.user, 1) < 0 ||
			setenv("LOGNAME", m->user.user, 1) < 0)) {
		rs_fmt(why, why_size, "out of memory");
		return false;
	}
	return true;
}

/* ---- the dead ---------------------------------------------------------------------------------- */

const char *rs_master_status_text(int status, char *out, size_t size)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig)
		rs_fmt(out, size, "signal %d (%s)%s", sig, strsignal(sig), WCOREDUMP(status) ? ", core dumped" : "");
	else
		rs_fmt(out, size, "exit status %d", WEXITSTATUS(status));
	return out;
}

static struct rs_gen *gen_of_manager(struct rs_master *m, pid_t pid)
{
	struct rs_gen *g;

	LIST_FOREACH(g, &m->gens, link)
		if (g->pid == pid)
			return g;
	return NULL;
}

static void bury(struct rs_master *m, pid_t pid, int status)
{
	struct rs_gen *g = gen_of_manager(m, pid);
	struct rs_wproc *w = rs_mworker_by_pid(m, pid);
	char text[128];

	if (g) {
		rs_mgen_manager_died(g, status);
	} else if (pid == m->reactor.pid) {
		rs_mreactor_died(m, status);
	} else if (w) {
		g = w->gen;
		rs_mworker_gone(w, status);
		rs_mgen_check(g);
	} else {
		rs_debug(m->log, "reaped orphan %d: %s", (int)pid, rs_master_status_text(status, text, sizeof text));
	}
}

void rs_master_reap(struct rs_master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		bury(m, pid, status);
	rs_master_check_gone(m);
}

static bool is_stray(struct rs_master *m, pid_t pid)
{
	return pid != m->reactor.pid && !gen_of_manager(m, pid) && !rs_mworker_by_pid(m, pid);
}

unsigned rs_master_signal_strays(struct rs_master *m, int sig)
{
	char path[64];
	unsigned n = 0;
	FILE *f;
	int pid;

	rs_fmt(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	/* All of these are our children and not yet reaped: their pids cannot be anybody else's. */
	while (f && fscanf(f, "%d", &pid) == 1) {
		if (pid <= 0 || !is_stray(m, pid))
			continue;
		kill(pid, sig);
		n++;
	}
	if (f)
		fclose(f);
	return n;
}
