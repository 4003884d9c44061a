/*
 * Swoole\Coroutine\System: children: wait(), waitPid(), exec().
 *
 * A child is waited for by its pidfd. "Any child" has none: SIGCHLD wakes those waits when the program has not taken the
 * signal for itself, and a slow look now and then does when it has. What System::wait() reaps of a command that exec()
 * still waits for is handed to it.
 */
#include "swoole_coroutine_private.h"
#include "swoole_system.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/rs_fd.h"
#include "client/client_child.h"
#include "client/client_wait.h"
#include "worker/loop.h"

#define LOOK_MS 50          /* at children, when no signal can tell */
#define LOOK_NO_PIDFD_MS 10
#define OUTPUT_CHUNK 8192

/* A command that runs. */
struct command {
	pid_t pid;
	int status;
	bool reaped;
	bool abandoned; /* nobody waits for it any more; freed when it is reaped */
	LIST_ENTRY(command) next;
};

/* A coroutine in System::wait(). */
struct any_waiter {
	struct rs_co *co;
	LIST_ENTRY(any_waiter) next;
};

static struct {
	LIST_HEAD(, command) commands;
	LIST_HEAD(, any_waiter) any;
} children;

/* ---- any child ------------------------------------------------------------------------------------------------------- */

/* The loop has gone: who waited waits no more, and in a child the commands are the parent's. */
static void forget(void)
{
	LIST_INIT(&children.commands);
	LIST_INIT(&children.any);
}

static void wake_any_cb(int signo, void *arg)
{
	struct any_waiter *w, *next;

	(void)signo;
	(void)arg;
	/* Who is woken leaves the list; the others' places stay. */
	for (w = LIST_FIRST(&children.any); w; w = next) {
		next = LIST_NEXT(w, next);
		rs_co_wake(w->co);
	}
}

/* Ours, if nobody else has SIGCHLD. */
static bool listen_sigchld(void)
{
	struct rs_loop *l = rs_loop_get();
	struct rs_sigwatch *there = rs_sigwatch_find(l, SIGCHLD);

	if (there)
		return rs_sigwatch_arg(there) == &children;
	return rs_sigwatch_new(l, SIGCHLD, wake_any_cb, &children) != NULL;
}

static void unlisten_sigchld(void)
{
	struct rs_loop *l = rs_loop_peek();
	struct rs_sigwatch *there = l ? rs_sigwatch_find(l, SIGCHLD) : NULL;

	if (there && rs_sigwatch_arg(there) == &children && LIST_EMPTY(&children.any))
		rs_sigwatch_free(there);
}

static void command_free(struct command *c)
{
	LIST_REMOVE(c, next);
	efree(c);
}

/* Also what exec() is waiting for may come. 0: not yet, -1: errno. */
static pid_t reap_any(int *status)
{
	struct command *c;
	pid_t pid;

	while ((pid = rs_child_reap(-1, status)) > 0) {
		LIST_FOREACH(c, &children.commands, next)
			if (c->pid == pid)
				break;
		if (!c)
			return pid;
		c->status = *status;
		c->reaped = true;
		if (c->abandoned)
			command_free(c);
	}
	return pid;
}

static pid_t wait_any(int *status, int64_t deadline)
{
	enum rs_co_wait end = RS_CO_READY;
	struct any_waiter me = { .co = rs_co_self() };
	pid_t pid;

	rs_loop_at_drop(rs_loop_get(), forget);
	LIST_INSERT_HEAD(&children.any, &me, next);
	while ((pid = reap_any(status)) == 0 && (end == RS_CO_READY || end == RS_CO_TIMEOUT)) {
		int64_t left = rs_deadline_left(deadline);
		/* The signal may be taken from us while we wait: then the look finds the child. */
		int64_t most = listen_sigchld() ? 10 * LOOK_MS : LOOK_MS;

		if (left == 0) {
			errno = ETIMEDOUT;
			break;
		}
		end = rs_co_suspend_for(left < 0 || left > most ? most : left);
	}
	LIST_REMOVE(&me, next);
	unlisten_sigchld();
	if (pid == 0 && (end == RS_CO_CANCELLED || end == RS_CO_FAILED))
		errno = RS_CO_E_CANCELED;
	return pid;
}

/* command: whose status somebody else may have brought; NULL: any child of ours. */
static pid_t wait_pid(pid_t pid, int *status, int64_t deadline, struct command *command)
{
	int fd = rs_child_fd(pid);
	pid_t got;

	for (;;) {
		int64_t left = rs_deadline_left(deadline);
		enum rs_co_wait end;

		if (command && command->reaped) {
			*status = command->status;
			got = pid;
			break;
		}
		got = rs_child_reap(pid, status);
		if (got != 0)
			break;
		if (left == 0) {
			errno = ETIMEDOUT;
			break;
		}
		if (fd >= 0)
			end = rs_co_wait_fd(fd, RS_WATCH_READ, left);
		else
			end = rs_co_suspend_for(left < 0 || left > LOOK_NO_PIDFD_MS ? LOOK_NO_PIDFD_MS : left);
		if (end == RS_CO_CANCELLED || end == RS_CO_FAILED) {
			errno = end == RS_CO_CANCELLED ? RS_CO_E_CANCELED : errno;
			break;
		}
	}
	if (fd >= 0) {
		int saved = errno;

		rs_fd_close(&fd);
		errno = saved;
	}
	return got;
}

static void child_result(zval *return_value, pid_t pid, int status)
{
	if (pid <= 0) {
		rs_swoole_set_error(errno);
		RETURN_FALSE;
	}
	array_init(return_value);
	add_assoc_long(return_value, "pid", pid);
	add_assoc_long(return_value, "code", WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	add_assoc_long(return_value, "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

ZEND_METHOD(Swoole_Coroutine_System, wait)
{
	double timeout = -1;
	int status = 0;
	pid_t pid;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	pid = wait_any(&status, rs_deadline(rs_co_ms(timeout)));
	child_result(return_value, pid, status);
}

ZEND_METHOD(Swoole_Coroutine_System, waitPid)
{
	double timeout = -1;
	zend_long child;
	int status = 0;
	pid_t pid;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(child)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	if (child == -1)
		pid = wait_any(&status, rs_deadline(rs_co_ms(timeout)));
	else if (child > 0 && child <= INT_MAX)
		pid = wait_pid((pid_t)child, &status, rs_deadline(rs_co_ms(timeout)), NULL);
	else {
		errno = EINVAL;
		pid = -1;
	}
	child_result(return_value, pid, status);
}

/* ---- exec() ---------------------------------------------------------------------------------------------------------- */

/* To the end of the pipe. false: cancelled. */
static bool read_output(int fd, smart_str *output)
{
	char buf[OUTPUT_CHUNK];
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof buf);
		if (n > 0)
			smart_str_appendl(output, buf, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return n == 0;
		else if (errno == EAGAIN && rs_co_wait_fd(fd, RS_WATCH_READ, -1) != RS_CO_READY)
			return false;
	}
}

/* Of calls that were cancelled: a child that has ended since is a zombie until somebody asks. */
static void reap_abandoned(void)
{
	struct command *c, *next;
	int status;

	for (c = LIST_FIRST(&children.commands); c; c = next) {
		next = LIST_NEXT(c, next);
		if (c->abandoned && rs_child_reap(c->pid, &status) != 0)
			command_free(c);
	}
}

/* NULL: warned. *fd is its output. */
static struct command *command_start(const char *text, bool with_stderr, int *fd)
{
	struct command *c = ecalloc(1, sizeof *c);

	reap_abandoned();
	if (!rs_child_shell(text, with_stderr, &c->pid, fd)) {
		int error = errno;

		efree(c);
		rs_swoole_warn(error, "unable to execute '%s': %s", text, strerror(error));
		return NULL;
	}
	rs_loop_at_drop(rs_loop_get(), forget);
	LIST_INSERT_HEAD(&children.commands, c, next);
	return c;
}

bool rs_system_exec(const char *text, bool with_stderr, smart_str *output, int *status)
{
	struct command *c;
	bool ok;
	int fd;

	c = command_start(text, with_stderr, &fd);
	if (!c)
		return false;
	ok = read_output(fd, output);
	rs_fd_close(&fd);
	ok = ok && wait_pid(c->pid, status, -1, c) > 0;
	c->abandoned = !ok;
	if (ok) {
		command_free(c);
		smart_str_0(output);
		return true;
	}
	smart_str_free(output);
	rs_swoole_set_error(RS_CO_E_CANCELED);
	return false;
}

ZEND_METHOD(Swoole_Coroutine_System, exec)
{
	smart_str output = { 0 };
	bool with_stderr = false;
	int status = 0;
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_PATH(text, n)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(with_stderr)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	if (!rs_system_exec(text, with_stderr, &output, &status))
		RETURN_FALSE;
	array_init(return_value);
	add_assoc_long(return_value, "code", WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	add_assoc_long(return_value, "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	add_assoc_str(return_value, "output", smart_str_extract(&output));
}
