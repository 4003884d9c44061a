/*
 * Children: making, binding, replacing, reaping them; and what a process may change about itself. No state.
 */
#include "client/client_child.h"

#include "base/rs_fd.h"
#include "base/rs_proc.h"
#include "worker/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Sent by the kernel when the parent dies; the same number as a worker's. */
#define SIG_PARENT_DIED (SIGRTMIN + 1)
/* How long a process whose parent died may take to end by itself. */
#define ORPHAN_GRACE_S 3
/* How often a wait that may be interrupted looks at its children. */
#define CHILD_LOOK_MS 20

pid_t rs_child_fork(bool fresh_signals)
{
	sigset_t all, old;
	pid_t pid;
	int saved;

	if (fresh_signals) {
		pid = rs_fork();
		if (pid == 0)
			rs_signal(SIGPIPE, SIG_IGN, false);
		return pid;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork(); /* the hook of worker/loop.c drops the loop in the child */
	saved = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return pid;
}

/* The grace is a timer of the kernel that kills: nothing this process does can stop it. Only calls that a handler may make. */
static void on_parent_died(int signo)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct itimerspec its = { .it_value = { .tv_sec = ORPHAN_GRACE_S } };
	int saved = errno, timer;

	(void)signo;
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &timer) == 0)
		syscall(SYS_timer_settime, timer, 0, &its, NULL);
	kill(getpid(), SIGTERM);
	errno = saved;
}

bool rs_child_bind_to_parent(pid_t parent)
{
	rs_signal(SIG_PARENT_DIED, on_parent_died, true);
	return prctl(PR_SET_PDEATHSIG, SIG_PARENT_DIED) == 0 && getppid() == parent;
}

void rs_child_unbind(void)
{
	prctl(PR_SET_PDEATHSIG, 0);
	rs_signal(SIG_PARENT_DIED, SIG_DFL, false);
}

/* waitpid() goes on after signals, and so must the system calls of user code: for interruptions it is asked again and again. */
static pid_t wait_interruptibly(pid_t pid, int *status, bool (*interrupted)(void))
{
	const struct timespec look = { .tv_nsec = CHILD_LOOK_MS * 1000000L };
	pid_t got;

	while ((got = waitpid(pid, status, WNOHANG)) == 0) {
		if (interrupted()) {
			errno = EINTR;
			return -1;
		}
		nanosleep(&look, NULL);
	}
	return got;
}

enum rs_result rs_child_wait(pid_t pid, bool wait, bool (*interrupted)(void), struct rs_child_end *out)
{
	int status;
	pid_t got = wait && interrupted ? wait_interruptibly(pid, &status, interrupted) : waitpid(pid, &status, wait ? 0 : WNOHANG);

	if (got == 0)
		return RS_AGAIN;
	if (got < 0)
		return RS_ERR;
	*out = (struct rs_child_end){ .pid = got,
				      .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
				      .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0 };
	return RS_OK;
}

pid_t rs_child_reap(pid_t pid, int *status)
{
	pid_t got;

	do {
		got = waitpid(pid, status, WNOHANG);
	} while (got < 0 && errno == EINTR);
	return got;
}

int rs_child_fd(pid_t pid)
{
	return pidfd_open(pid, 0);
}

/* The shell starts as from a terminal: nothing blocked, SIGPIPE as the system has it. */
static int spawn_shell(const char *command, int out, bool with_stderr, pid_t *pid)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, pipe_only;
	int err;

	sigemptyset(&none);
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	err = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (!err && with_stderr)
		err = posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe_only);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawn(pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return err;
}

bool rs_child_shell(const char *command, bool with_stderr, pid_t *pid, int *fd)
{
	int pair[2], err;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	err = spawn_shell(command, pair[1], with_stderr, pid);
	rs_fd_close(&pair[1]);
	if (!err && fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
		err = errno;
	if (err) {
		rs_fd_close(&pair[0]);
		errno = err;
		return false;
	}
	*fd = pair[0];
	return true;
}

void rs_child_exec(const char *file, char *const argv[], const int *keep_fds, size_t n)
{
	struct sigaction ignored;
	int saved;

	for (size_t i = 0; i < n; i++)
		rs_fd_cloexec(keep_fds[i], false);
	/* PHP ignores it; programs that were not written for that do not expect it. */
	sigaction(SIGPIPE, NULL, &ignored);
	rs_signal(SIGPIPE, SIG_DFL, false);
	execv(file, argv);
	saved = errno;
	sigaction(SIGPIPE, &ignored, NULL);
	for (size_t i = 0; i < n; i++)
		rs_fd_cloexec(keep_fds[i], true);
	errno = saved;
}

bool rs_child_redirect(int fd)
{
	return dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0;
}

/* Those not given become /dev/null, unless they are to stay. */
static bool set_stdio(bool keep, const int stdio[3])
{
	int null = keep ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
	bool ok = keep || null >= 0;

	for (int i = 0; ok && i < 3; i++) {
		int fd = stdio[i] >= 0 ? stdio[i] : null;

		if (fd >= 0 && fd != i)
			ok = dup2(fd, i) >= 0;
	}
	if (null > STDERR_FILENO)
		rs_fd_close(&null);
	return ok;
}

bool rs_child_daemonize(bool keep_dir, bool keep_stdio, const int stdio[3])
{
	pid_t pid;

	rs_loop_keep_over_fork(true);
	pid = rs_child_fork(false);
	rs_loop_keep_over_fork(false);
	if (pid < 0)
		return false;
	if (pid > 0)
		_exit(0); /* what PHP has not written yet is the child's to write */
	return setsid() >= 0 && (keep_dir || chdir("/") == 0) && set_stdio(keep_stdio, stdio);
}

bool rs_child_alarm(int64_t usec, int type)
{
	struct timeval t = { .tv_sec = usec / 1000000, .tv_usec = usec % 1000000 };
	struct itimerval it = { .it_interval = t, .it_value = t };

	if (usec < 0)
		it = (struct itimerval){ 0 };
	return setitimer((__itimer_which_t)type, &it, NULL) == 0;
}

bool rs_child_set_cpus(const int *cpus, size_t n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (size_t i = 0; i < n; i++) {
		if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE) {
			errno = EINVAL;
			return false;
		}
		CPU_SET(cpus[i], &set);
	}
	return sched_setaffinity(0, sizeof set, &set) == 0;
}

bool rs_child_pin(unsigned which, const int *not_these, size_t n)
{
	cpu_set_t may, one;
	unsigned left;
	int cpu = -1;

	if (sched_getaffinity(0, sizeof may, &may) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (not_these[i] >= 0 && not_these[i] < CPU_SETSIZE)
			CPU_CLR(not_these[i], &may);
	left = (unsigned)CPU_COUNT(&may);
	if (left == 0) {
		errno = EINVAL;
		return false;
	}
	for (unsigned skip = which % left + 1; skip > 0; skip--)
		do
			cpu++;
		while (!CPU_ISSET(cpu, &may));
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof one, &one) == 0;
}
