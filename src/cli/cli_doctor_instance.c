/*
 * The private instance: the same application and configuration, but with files and a socket of its own in a folder that nobody
 * else has, one worker, and nothing that happens by itself.
 */
#include "cli/cli_doctor.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "cli/cli_tree.h"
#include "master/master.h"
#include "reactor/reactor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_MS 20000
#define POLL_MS 10
/* Of the log, shown when it does not start. */
#define LOG_BYTES 4000

static const char origin[] = "rserverd doctor";

/* Options of the instance. A value that begins with "./" is in its folder. */
static const struct {
	const char *section, *key, *value;
} settings[] = {
	{ "laravels", "listen_ip", "./http.sock" },
	{ "laravels", "socket_type", "1" },
	{ "inotify_reload", "enable", "false" },
	{ "timer", "enable", "false" },
	{ "swoole", "daemonize", "false" },
	{ "swoole", "pid_file", "./pid" },
	{ "swoole", "log_file", "" },
	{ "swoole", "worker_num", "1" },
	{ "swoole", "max_request", "0" },
	{ "swoole", "max_wait_time", "5" },
	{ "rserverd", "control_socket", "./control.sock" },
	{ "rserverd", "app_socket", "./app.sock" },
	{ "rserverd", "access_log", "" },
	{ "rserverd", "isolation", "snapshot" },
	{ "rserverd", "memory_soft_limit", "0" },
	{ "rserverd", "request_timeout", "50" }, /* cli_doctor_request.c waits longer */
	{ "rserverd", "doctor", "true" },
	{ "rserverd", "doctor_report", "./report" },
};

bool rs_doctor_instance_path(const struct rs_doctor_instance *i, const char *name, char *out, size_t size)
{
	return rs_fmt(out, size, "%s/%s", i->dir, name);
}

/* ---- the configuration --------------------------------------------------------------------------------------------- */

static bool set(const struct rs_doctor_instance *i, struct rs_conf *c, size_t n, struct rs_conf_error *err)
{
	const char *value = settings[n].value;
	char path[512];

	if (strncmp(value, "./", 2) == 0) {
		if (!rs_doctor_instance_path(i, value + 2, path, sizeof path))
			return false;
		value = path;
	}
	return rs_conf_set(c, RS_FROM_CLI, origin, settings[n].section, settings[n].key, value, err, NULL, NULL) == RS_OK;
}

struct reading {
	const struct rs_doctor_instance *i;
	const struct rs_cli *cli;
};

/* rs_master_read_fn */
static enum rs_result read_conf(const void *arg, struct rs_conf *c, struct rs_conf_error *err, rs_conf_warn_fn warn, void *warn_arg)
{
	const struct reading *r = arg;
	bool ok = true;

	if (rs_cli_read_conf(r->cli, c, err, warn, warn_arg) != RS_OK)
		return RS_ERR;
	for (size_t n = 0; ok && n < RS_COUNTOF(settings); n++)
		ok = set(r->i, c, n, err);
	rs_strlist_clear(&c->listen);
	c->origin[RS_OPT_ID_listen].from = RS_FROM_CLI;
	if (ok && rs_conf_complete(c, r->cli->cwd, err) == RS_OK)
		return RS_OK;
	rs_conf_fini(c);
	return RS_ERR;
}

/* ---- the folder ------------------------------------------------------------------------------------------------------- */

/* Who will run PHP owns the folder, for he writes the report and, it may be, the pid file. Without root that is us. */
static bool give(const struct rs_doctor_instance *i, const struct rs_conf *c, int report)
{
	struct rs_identity who;
	const char *unknown;

	if (geteuid() != 0)
		return true;
	/* Whether the user is known is said by the master. */
	if (c->user[0] ? !rs_identity_find(c->user, c->group, &who, &unknown) : !rs_identity_of_path(c->laravel_base_path, &who))
		return true;
	return fchown(report, who.uid, (gid_t)-1) == 0 && lchown(i->dir, who.uid, (gid_t)-1) == 0;
}

static bool make_folder(struct rs_doctor_instance *i)
{
	const char *tmp = getenv("TMPDIR");

	if (!rs_fmt(i->dir, sizeof i->dir, "%s/rserverd-doctor-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp") || strlen(i->dir) > 80) {
		i->dir[0] = '\0';
		errno = ENAMETOOLONG;
		return false;
	}
	if (mkdtemp(i->dir))
		return true;
	i->dir[0] = '\0';
	return false;
}

/* The descriptor is kept: what is at the path later is the business of who owns the folder. */
static bool make_report(struct rs_doctor_instance *i, const struct rs_conf *c)
{
	char path[512];

	if (rs_doctor_instance_path(i, "report", path, sizeof path))
		i->report_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (rs_doctor_instance_path(i, "log", path, sizeof path))
		i->log_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return i->report_fd >= 0 && i->log_fd >= 0 && give(i, c, i->report_fd);
}

/* From now on they are read from signal_fd. One that is ignored (nohup) stays so. */
static bool hold_signals(struct rs_doctor_instance *i)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction is;
	sigset_t held;

	sigemptyset(&held);
	for (size_t k = 0; k < RS_COUNTOF(signals); k++)
		if (sigaction(signals[k], NULL, &is) == 0 && is.sa_handler != SIG_IGN)
			sigaddset(&held, signals[k]);
	sigprocmask(SIG_BLOCK, &held, NULL);
	i->signal_fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	return i->signal_fd >= 0;
}

bool rs_doctor_instance_make(struct rs_doctor_instance *i, const struct rs_cli *cli, struct rs_conf *conf)
{
	const struct reading r = { i, cli };
	struct rs_conf_error err;

	if (!hold_signals(i) || !make_folder(i)) {
		(void)rs_cli_fail("cannot make a folder for the private instance: %s", strerror(errno));
		return false;
	}
	if (read_conf(&r, conf, &err, NULL, NULL) != RS_OK) {
		(void)rs_cli_fail("%s", err.text);
		return false;
	}
	if (make_report(i, conf))
		return true;
	(void)rs_cli_fail("cannot make files in %s: %s", i->dir, strerror(errno));
	rs_conf_fini(conf);
	return false;
}

/* Files only: the folder has no others. */
static void remove_folder(struct rs_doctor_instance *i)
{
	DIR *d = i->dir[0] ? opendir(i->dir) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	if (i->dir[0] && rmdir(i->dir) < 0)
		(void)rs_cli_fail("cannot remove %s: %s", i->dir, strerror(errno));
	i->dir[0] = '\0';
}

/* ---- its life ----------------------------------------------------------------------------------------------------------- */

static int reactor(struct rs_conf *conf, struct rs_log *log, struct rs_title *title, int control_fd)
{
	const struct rs_reactor_start start = { .conf = conf, .log = log, .title = title, .control_fd = control_fd };

	return rs_reactor_main(&start);
}

/* In the child: the master of the instance, for good. Its output is the log. */
static void serve(struct rs_doctor_instance *i, const struct rs_cli *cli, struct rs_conf *conf, pid_t parent)
{
	struct rs_log log = { .fd = STDERR_FILENO, .level = RS_LOG_INFO, .role = "master" };
	const struct reading r = { i, cli };
	const struct rs_master_start start = { .conf = conf, .read_conf = read_conf, .read_arg = &r, .reactor = reactor, .log = &log,
					       .title = cli->title, .cwd = cli->cwd, .exe = cli->exe,
					       .environment = cli->environment, .x_version = cli->x_version };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), status;

	(void)setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(1);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(i->log_fd, STDOUT_FILENO) < 0 || dup2(i->log_fd, STDERR_FILENO) < 0)
		_exit(1);
	rs_fd_close(&null);
	rs_fd_close(&i->log_fd);
	rs_fd_close(&i->report_fd);
	rs_fd_close(&i->signal_fd);
	status = rs_master_main(&start);
	/* The command was killed: nobody else will. */
	if (getppid() != parent)
		remove_folder(i);
	_exit(status);
}

bool rs_doctor_instance_start(struct rs_doctor_instance *i, const struct rs_cli *cli, struct rs_conf *conf)
{
	pid_t parent = getpid();

	fflush(NULL);
	i->pid = rs_fork();
	if (i->pid == 0)
		serve(i, cli, conf, parent);
	if (i->pid > 0)
		return true;
	i->pid = 0;
	(void)rs_cli_fail("cannot fork: %s", strerror(errno));
	return false;
}

bool rs_doctor_instance_ended(struct rs_doctor_instance *i)
{
	int status;

	if (i->pid && waitpid(i->pid, &status, WNOHANG) == i->pid)
		i->pid = 0;
	return i->pid == 0;
}

bool rs_doctor_instance_wait(const struct rs_doctor_instance *i, int ms)
{
	struct pollfd p = { .fd = i->signal_fd, .events = POLLIN };

	return poll(&p, 1, ms) <= 0;
}

void rs_doctor_instance_say_log(const struct rs_doctor_instance *i)
{
	char text[LOG_BYTES];
	off_t size = lseek(i->log_fd, 0, SEEK_END);
	ssize_t n = size < 0 ? -1 : pread(i->log_fd, text, sizeof text, size > (off_t)sizeof text ? size - (off_t)sizeof text : 0);

	for (ssize_t k = 0; k < n; k++) {
		unsigned char c = (unsigned char)text[k];
		fputc((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, stderr);
	}
}

/* ---- its end -------------------------------------------------------------------------------------------------------------- */

static void stop(struct rs_doctor_instance *i)
{
	struct signalfd_siginfo info;
	int64_t deadline = rs_now_ms() + STOP_MS;

	if (rs_doctor_instance_ended(i))
		return;
	/* What made us end is taken; another one means now. */
	while (read(i->signal_fd, &info, sizeof info) > 0)
		;
	(void)kill(i->pid, SIGTERM);
	while (!rs_doctor_instance_ended(i)) {
		if (rs_now_ms() < deadline && rs_doctor_instance_wait(i, POLL_MS))
			continue;
		rs_tree_kill(i->pid);
		(void)waitpid(i->pid, NULL, 0);
		i->pid = 0;
	}
}

void rs_doctor_instance_end(struct rs_doctor_instance *i)
{
	if (i->pid)
		stop(i);
	remove_folder(i);
	rs_fd_close(&i->signal_fd);
	rs_fd_close(&i->report_fd);
	rs_fd_close(&i->log_fd);
}
