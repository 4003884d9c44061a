/*
 * The start of the master. In the background the first process stays until the server is ready or has failed: one byte,
 * '+' or '-', and a text come through a pipe; then it says the text and exits with the truth.
 */
#include "master/master_setup.h"

#include "base/rs_fd.h"
#include "master/master_ctl.h"
#include "master/master_file.h"
#include "master/master_port.h"
#include "master/master_script.h"
#include "master/master_status.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fds beside the client connections: logs, channels, pidfds, files. */
#define SPARE_FDS 4096

/* ---- the outcome ----------------------------------------------------------------------------------- */

static void tell_starter(struct rs_master *m, char sign, struct rs_slice text)
{
	if (m->ready_fd < 0)
		return;
	if (write(m->ready_fd, &sign, 1) == 1 && text.n && write(m->ready_fd, text.p, text.n) < 0)
		rs_debug(m->log, "nobody waits for the start any more");
	rs_fd_close(&m->ready_fd);
}

void rs_setup_failed(struct rs_master *m, const char *why)
{
	if (m->script) {
		rs_script_failed(m, why);
		return;
	}
	if (m->log->fd != STDERR_FILENO || m->log->journal || m->logs.detached)
		rs_errorx(m->log, "cannot start: %s", why);
	if (m->ready_fd >= 0)
		tell_starter(m, '-', rs_slice_str(why));
	else if (!m->logs.detached && !m->log->journal)
		fprintf(stderr, "rserverd: %s\n", why);
}

/* Do standard output and error end in one file or pipe? A page would tear its lines apart. A terminal is for people. */
static bool output_is_log(void)
{
	struct stat out, err;

	return !isatty(STDOUT_FILENO) && fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

void rs_setup_ready(struct rs_master *m)
{
	struct rs_buf b = { 0 };

	rs_status_listening(m);
	/* A log reads those lines; people, and who collects our output beside the log, get a page. */
	if (rs_status_info(m, &b) && m->ready_fd >= 0)
		tell_starter(m, '+', rs_buf_slice(&b));
	else if (!m->logs.detached && !output_is_log())
		printf("%.*s%s", (int)b.len, rs_buf_data(&b), isatty(STDOUT_FILENO) ? "\nCtrl+C stops the server.\n" : "");
	fflush(stdout);
	rs_buf_free(&b);
	if (rs_master_conf(m)->daemonize)
		rs_mlog_detach(&m->logs);
}

/* The first process of `start -d`. */
static int wait_for_start(int fd)
{
	char text[16384];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof text - 1 && ((got = read(fd, text + n, sizeof text - 1 - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	text[n] = '\0';
	if (n && text[0] == '+') {
		fputs(text + 1, stdout);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	fprintf(stderr, "rserverd: %s\n", n > 1 ? text + 1 : "the server ended before it was ready; see its log");
	return 1;
}

static int go_to_background(struct rs_master *m)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		goto fail;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		goto fail;
	if (pid > 0) {
		rs_fd_close(&fds[1]);
		return wait_for_start(fds[0]);
	}
	rs_fd_close(&fds[0]);
	m->ready_fd = fds[1];
	(void)setsid();
	return -1;
fail:
	rs_setup_failed(m, strerror(errno));
	return 1;
}

/* ---- who ------------------------------------------------------------------------------------------- */

static bool find_user(struct rs_master *m, char *why, size_t why_size)
{
	const struct rs_conf *c = m->start->conf;
	const char *unknown;
	const struct passwd *self;

	m->root = geteuid() == 0;
	if (!m->root) {
		m->user = (struct rs_identity){ .uid = geteuid(), .gid = getegid() };
		self = getpwuid(m->user.uid);
		rs_fmt(m->user.user, sizeof m->user.user, "%s", self ? self->pw_name : "?");
		if (c->user[0] && strcmp(c->user, m->user.user) != 0)
			rs_warnx(m->log, "not started as root: user = %s is ignored", c->user);
		return true;
	}
	if (c->user[0]) {
		if (rs_identity_find(c->user, c->group, &m->user, &unknown))
			return true;
		rs_fmt(why, why_size, "user or group \"%s\" is not known on this system", unknown);
		return false;
	}
	if (!rs_identity_of_path(c->laravel_base_path, &m->user)) {
		rs_fmt(why, why_size, "laravel_base_path %s: %s", c->laravel_base_path, strerror(errno));
		return false;
	}
	if (c->group[0] && !rs_identity_find(m->user.user, c->group, &m->user, &unknown)) {
		rs_fmt(why, why_size, "group \"%s\" is not known on this system", unknown);
		return false;
	}
	if (m->user.uid == 0)
		rs_warnx(m->log, "the application will run as root, the owner of %s; set user in [rserverd]",
			 c->laravel_base_path);
	return true;
}

static void read_environment(struct rs_master *m)
{
	const char *fd = getenv("RSERVERD_PID_FD");
	uint64_t n;

	m->inherited_pid_fd = fd && rs_parse_u64(rs_slice_str(fd), INT32_MAX, &n) && n > 2 ? (int)n : -1;
	m->restarted = fd != NULL;
	unsetenv("RSERVERD_PID_FD");
}

int rs_setup(struct rs_master *m)
{
	char why[5000];

	rs_fmt(m->log->role, sizeof m->log->role, "master");
	read_environment(m);
	rs_listeners_inherit(&m->listeners, m->log);
	rs_mports_inherit(&m->ports, m->log);
	if (!find_user(m, why, sizeof why)) {
		rs_setup_failed(m, why);
		return 1;
	}
	return m->start->conf->daemonize && !m->restarted ? go_to_background(m) : -1;
}

/* ---- what ------------------------------------------------------------------------------------------ */

/* As many files as max_conn needs, or as may be. */
static rlim_t raise_open_files(const struct rs_master *m, rlim_t want)
{
	const struct rlimit more = { want, want };
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return want;
	/* Root may, unless he is confined. */
	if (m->root && l.rlim_max < want && setrlimit(RLIMIT_NOFILE, &more) == 0)
		return want;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) < 0)
		rs_warn(m->log, "cannot raise the limit of open files to %llu", (unsigned long long)l.rlim_max);
	return l.rlim_max;
}

void rs_setup_limits(const struct rs_master *m)
{
	rlim_t want = (rlim_t)m->start->conf->max_conn + SPARE_FDS, have;

	(void)umask(022);
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		rs_warn(m->log, "prctl");
	have = raise_open_files(m, want);
	/* start() has looked after a script's max_connection. */
	if (have < want && !m->script)
		rs_warnx(m->log, "at most %llu files may be open: fewer than max_conn needs", (unsigned long long)have);
}

static bool take_pidfile(struct rs_master *m, char *why, size_t why_size)
{
	const char *path = m->start->conf->pid_file;
	pid_t holder;

	if (!rs_file_make_dir_of(path, &m->user)) {
		rs_fmt(why, why_size, "cannot make the directory of %s: %s", path, strerror(errno));
		return false;
	}
	switch (rs_pidfile_take(&m->pidfile, path, &m->user, m->inherited_pid_fd, &holder, why, why_size)) {
	case RS_OK:
		return true;
	case RS_AGAIN:
		rs_fmt(why, why_size, "already running: process %d holds %s", (int)holder, path);
		return false;
	default:
		return false;
	}
}

bool rs_setup_files(struct rs_master *m)
{
	const struct rs_conf *c = m->start->conf;
	char why[5000], path[4096];

	(void)rs_copy(m->start->title->prefix, sizeof m->start->title->prefix, rs_slice_str(c->process_prefix));
	rs_title_set(m->start->title, "master process");
	rs_setup_limits(m);
	rs_master_log_path(c, path, sizeof path);
	if (take_pidfile(m, why, sizeof why) && rs_mlog_open(&m->logs, c, path, why, sizeof why) &&
	    rs_ctl_open(m, c, why, sizeof why)) {
		if (m->restarted && c->daemonize)
			rs_mlog_detach(&m->logs);
		rs_notice(m->log, "rserverd %s starts as user %s in %s", RS_VERSION, m->user.user, c->laravel_base_path);
		return true;
	}
	rs_setup_failed(m, why);
	return false;
}

/* ---- restart --------------------------------------------------------------------------------------- */

static bool bequeath(struct rs_master *m)
{
	char fd[32];

	if (!m->restart)
		return true;
	rs_fmt(fd, sizeof fd, "%d", m->pidfile.fd);
	return rs_fd_cloexec(m->pidfile.fd, false) && setenv("RSERVERD_PID_FD", fd, 1) == 0 &&
	       rs_listeners_bequeath(&m->listeners) && rs_mports_bequeath(&m->ports);
}

void rs_setup_exec(struct rs_master *m)
{
	const struct rs_master_start *s = m->start;
	const char *env = m->restart_environment[0] ? m->restart_environment : s->environment;
	const char *x = m->restart_x_version[0] ? m->restart_x_version : s->x_version;
	const char *argv[12];
	sigset_t none;
	size_t n = 0;

	argv[n++] = s->exe;
	argv[n++] = "start";
	if (s->conf->ini_file[0]) {
		argv[n++] = "-c";
		argv[n++] = s->conf->ini_file;
	}
	if (m->daemonize_again || s->conf->daemonize)
		argv[n++] = "-d";
	if (*env) {
		argv[n++] = "-e";
		argv[n++] = env;
	}
	if (*x) {
		argv[n++] = "-x";
		argv[n++] = x;
	}
	argv[n] = NULL;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir(s->cwd) == 0 && bequeath(m)) {
		rs_notice(m->log, "executing %s", s->exe);
		execv(s->exe, (char *const *)(uintptr_t)argv);
	}
	rs_error(m->log, "cannot restart: %s", s->exe);
	rs_listeners_fini(&m->listeners, &m->user, true);
	rs_mports_fini(&m->ports, &m->user, true);
	rs_pidfile_drop(&m->pidfile);
	m->exit_status = 1;
}
