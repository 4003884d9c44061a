/*
 * stop and restart. The process that holds the lock on the pid file is meant, and held by a pidfd: stop asks nicely, then
 * by signal, then kills the whole tree; it is over when that process has ended. Where somebody has removed the pid file,
 * it is the one that answers at the control socket.
 */
#include "cli/cli.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "cli/cli_tree.h"
#include "master/master_pid.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define ANSWER_MS 5000
#define POLL_MS 20
/* Beyond max_wait_time: the master's own escalation ends before. */
#define GRACE_MS 25000
/* After a second TERM. */
#define TERM_MS 15000
#define KILL_MS 5000
#define REPORT_MS 5000
/* How long a restarted server may boot. */
#define BOOT_MS 300000

static bool gone(const struct rs_conf *c, pid_t pid)
{
	return rs_pidfile_holder(c->pid_file) != pid;
}

/* Waits until the process is gone, and says now and then that it does. */
static bool wait_gone(int pidfd, pid_t pid, int64_t limit_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t start = rs_now_ms(), said = start;

	for (;;) {
		int64_t now = rs_now_ms();
		if (poll(&p, 1, POLL_MS) > 0)
			return true;
		if (now - start >= limit_ms)
			return false;
		if (now - said < REPORT_MS)
			continue;
		said = now;
		printf("waiting for process %d to finish its requests, %lld s so far\n", (int)pid,
		       (long long)((now - start) / 1000));
		fflush(stdout);
	}
}

/* Of exactly the process that holds the lock. -1: it does no more. */
static int hold(const struct rs_conf *c, pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd >= 0 && gone(c, pid))
		rs_fd_close(&fd);
	return fd;
}

/* It has been asked to stop. */
static int see_off(pid_t pid, int pidfd, int64_t max_wait_ms)
{
	if (wait_gone(pidfd, pid, max_wait_ms + GRACE_MS))
		return 0;
	fprintf(stderr, "rserverd: process %d did not stop in time; it gets TERM\n", (int)pid);
	(void)pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
	if (wait_gone(pidfd, pid, TERM_MS))
		return 0;
	fprintf(stderr, "rserverd: process %d and what belongs to it get KILL\n", (int)pid);
	rs_tree_kill(pid);
	return wait_gone(pidfd, pid, KILL_MS) ? 0 : rs_cli_fail("process %d survives KILL", (int)pid);
}

static int stop_held(const struct rs_conf *c, pid_t pid, int pidfd)
{
	int64_t max_wait_ms = c->max_wait_time;
	struct rs_buf answer = { 0 };
	char why[4096];

	if (rs_cli_ask(c, "stop", ANSWER_MS, &answer, why, sizeof why) == RS_OK)
		max_wait_ms = rs_cli_answer_number(&answer, "max_wait_ms", max_wait_ms);
	else if (pidfd_send_signal(pidfd, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
		return rs_cli_fail("cannot stop process %d: %s", (int)pid, strerror(errno));
	rs_buf_free(&answer);
	return see_off(pid, pidfd, max_wait_ms);
}

/* Nobody holds the pid file; does a server answer all the same? *pid: its pid, or 0. */
static int stop_answering(const struct rs_conf *c, pid_t *pid)
{
	int64_t max_wait_ms = 0;
	struct rs_buf answer = { 0 };
	int fd = -1, status = 0;
	char why[4096];

	*pid = 0;
	if (rs_cli_ask(c, "stop", ANSWER_MS, &answer, why, sizeof why) == RS_OK) {
		*pid = (pid_t)rs_cli_answer_number(&answer, "pid", 0);
		max_wait_ms = rs_cli_answer_number(&answer, "max_wait_ms", c->max_wait_time);
	}
	rs_buf_free(&answer);
	if (*pid > 0)
		fd = pidfd_open(*pid, 0);
	if (fd >= 0)
		status = see_off(*pid, fd, max_wait_ms);
	rs_fd_close(&fd);
	return status;
}

static int stop(const struct rs_conf *c, pid_t pid)
{
	int fd = hold(c, pid), status = 0;

	if (fd >= 0)
		status = stop_held(c, pid, fd);
	rs_fd_close(&fd);
	return status;
}

int rs_cmd_stop(const struct rs_cli *cli)
{
	struct rs_conf c;
	int status;
	pid_t pid;

	if (!rs_cli_find(cli, &c))
		return 1;
	pid = rs_pidfile_holder(c.pid_file);
	status = pid ? stop(&c, pid) : stop_answering(&c, &pid);
	if (!pid)
		printf("not running: nobody holds %s\n", c.pid_file);
	else if (status == 0)
		printf("stopped (process %d)\n", (int)pid);
	rs_conf_fini(&c);
	return status;
}

/* ---- restart ----------------------------------------------------------------------------------------- */

/* The new image has the old pid: it is told by the time it started, and serves when its state is "run". */
static bool serves_anew(const struct rs_conf *c, int64_t old_us)
{
	struct rs_buf answer = { 0 };
	char why[512], old[64];
	bool ok = rs_cli_ask(c, "status --json", ANSWER_MS, &answer, why, sizeof why) == RS_OK && rs_buf_put(&answer, "", 1);

	rs_fmt(old, sizeof old, "\"started_us\":%lld,", (long long)old_us);
	ok = ok && strstr(rs_buf_data(&answer), "\"state\":\"run\"") && !strstr(rs_buf_data(&answer), old);
	rs_buf_free(&answer);
	return ok;
}

static int restart(const struct rs_cli *cli, const struct rs_conf *c, pid_t pid)
{
	struct rs_buf answer = { 0 };
	char request[256], why[4096];
	int64_t old_us, limit_ms;

	rs_fmt(request, sizeof request, "restart%s%s%s%s", *cli->environment ? " -e " : "", cli->environment,
	       *cli->x_version ? " -x " : "", cli->x_version);
	if (rs_cli_ask(c, request, ANSWER_MS, &answer, why, sizeof why) != RS_OK) {
		rs_buf_free(&answer);
		return rs_cli_fail("cannot restart: %s", why);
	}
	old_us = rs_cli_answer_number(&answer, "started_us", 0);
	limit_ms = rs_now_ms() + rs_cli_answer_number(&answer, "max_wait_ms", c->max_wait_time) + GRACE_MS + BOOT_MS;
	rs_buf_free(&answer);
	while (rs_now_ms() < limit_ms) {
		if (gone(c, pid))
			return rs_cli_fail("the server ended and did not come up again; see its log");
		if (serves_anew(c, old_us)) {
			printf("restarted (process %d)\n", (int)pid);
			return 0;
		}
		(void)poll(NULL, 0, POLL_MS);
	}
	return rs_cli_fail("the server does not serve yet; see its log");
}

int rs_cmd_restart(const struct rs_cli *cli)
{
	struct rs_conf c;
	int status;
	pid_t pid;

	/* What would not start is not restarted. */
	if (!rs_cli_load(cli, &c, true))
		return 1;
	pid = rs_pidfile_holder(c.pid_file);
	status = pid ? restart(cli, &c, pid) : -1;
	rs_conf_fini(&c);
	return pid ? status : rs_cmd_start(cli);
}
