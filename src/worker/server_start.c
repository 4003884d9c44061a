/*
 * The start of a server: from the process that calls start() to three: the script C, the daemon A, the manager G.
 *
 *   C --fork--> A --fork--> G      A then executes `rserverd serve-script FD`: what it must know is in the memory file FD.
 *
 * A has C's memory until it executes: it touches nothing of PHP.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Rows of the board beside max_conn: connections that have ended and whose end is not yet told. */
#define CLOSING_ROWS 64

/* All descriptors of a start; those that one process does not need are closed there. */
struct start {
	struct rs_server *s;
	int script[2], manager[2]; /* [0] A's end, [1] C's and G's */
	int log[2];                /* [0] A's */
	int file;                  /* struct rs_wire_script and what follows */
	char program[PATH_MAX];
};

static void close_all(struct start *st)
{
	for (int i = 0; i < 2; i++) {
		rs_fd_close(&st->script[i]);
		rs_fd_close(&st->manager[i]);
		rs_fd_close(&st->log[i]);
	}
	rs_fd_close(&st->file);
}

void rs_server_become(struct rs_server *s, enum rs_server_role role, uint32_t id)
{
	static const char *const names[] = { [RS_ROLE_WORKER] = "worker", [RS_ROLE_TASK] = "task worker", [RS_ROLE_USER] = "user process",
					     [RS_ROLE_MANAGER] = "manager", [RS_ROLE_SCRIPT] = "script" };
	static const char marks[] = { [RS_ROLE_WORKER] = '*', [RS_ROLE_TASK] = '^', [RS_ROLE_USER] = '*', [RS_ROLE_MANAGER] = '$',
				      [RS_ROLE_SCRIPT] = '#' };
	struct rs_log *log = &s->log;

	s->p->forked_away = false;
	s->role = role;
	s->id = id;
	s->pid = getpid();
	s->cell = rs_board_cell(&s->board, id);
	atomic_store(&s->cell->pid, (uint32_t)s->pid);
	if (role == RS_ROLE_MANAGER || role == RS_ROLE_SCRIPT)
		rs_fmt(log->role, sizeof log->role, "%s", names[role]);
	else
		rs_fmt(log->role, sizeof log->role, "%s %u", names[role], id);
	log->mark = marks[role];
}

/* ---- what A is told --------------------------------------------------------------------------------------- */

/* `bin/php` beside this code is a link to the daemon: src/cli/cli_php.c. */
static bool find_program(char *out, size_t size)
{
	char self[PATH_MAX], link[PATH_MAX], real[PATH_MAX];
	Dl_info info;
	char *slash;

	if (!dladdr((const void *)(uintptr_t)rs_server_start, &info) || !info.dli_fname || !realpath(info.dli_fname, self) ||
	    !(slash = strrchr(self, '/')))
		return false;
	*slash = '\0';
	return rs_fmt(link, sizeof link, "%s/bin/php", self) && realpath(link, real) && access(real, X_OK) == 0 &&
	       rs_copy(out, size, rs_slice_str(real));
}

static bool put_file(const struct start *st, struct rs_wire_script *w)
{
	const struct rs_server *s = st->s;
	struct rs_buf conf = { 0 }, all = { 0 };
	bool ok;

	ok = rs_conf_dump(s->setup.conf, &conf);
	w->conf_len = (uint32_t)conf.len;
	ok = ok && conf.len <= RS_CONF_MAX && rs_buf_put(&all, w, sizeof *w) &&
	     rs_buf_put(&all, s->setup.ports, s->setup.server.nports * sizeof *s->setup.ports) &&
	     rs_buf_put(&all, rs_buf_data(&conf), conf.len);
	for (size_t done = 0; ok && done < all.len;) {
		ssize_t n = pwrite(st->file, rs_buf_data(&all) + done, all.len - done, (off_t)done);
		ok = n > 0;
		done += ok ? (size_t)n : 0;
	}
	rs_buf_free(&conf);
	rs_buf_free(&all);
	return ok;
}

/* ---- A ----------------------------------------------------------------------------------------------------- */

/* In A: nothing comes of it. */
static void __attribute__((noreturn)) give_up(const struct start *st, const char *what)
{
	char why[PATH_MAX + 256];
	struct rs_ipc c;

	rs_fmt(why, sizeof why, "%s: %s", what, strerror(errno));
	rs_ipc_init(&c, st->script[0], RS_IPC_MASTER, RS_IPC_SCRIPT);
	if (rs_ipc_put(&c, RS_MSG_START_FAILED, 0, 0, rs_slice_str(why), RS_SLICE(""), NULL, 0) == RS_OK)
		RS_IGNORE(rs_ipc_flush(&c) != RS_OK);
	_exit(1);
}

static void execute(struct start *st, pid_t script_pid, pid_t manager_pid)
{
	const struct rs_server *s = st->s;
	struct rs_wire_script w = { .magic = RS_SCRIPT_MAGIC, .protocol = RS_PROTOCOL, .script_fd = st->script[0],
				    .manager_fd = st->manager[0], .board_fd = s->board_fd, .log_fd = st->log[0],
				    .script_pid = script_pid, .manager_pid = manager_pid,
				    .background = s->setup.daemonize, .server = s->setup.server };
	int keep[RS_PORTS_MAX + 5];
	char number[16];
	size_t n = 0;

	if (!put_file(st, &w) || fcntl(st->file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		give_up(st, "cannot write down what the server is to be");
	for (uint32_t i = 0; i < s->setup.server.nports; i++)
		keep[n++] = s->setup.ports[i].listen_fd;
	keep[n++] = st->file;
	keep[n++] = st->script[0];
	keep[n++] = st->manager[0];
	keep[n++] = s->board_fd;
	keep[n++] = st->log[0];
	rs_fd_close_others(keep, n);
	for (size_t i = 0; i < n; i++)
		(void)rs_fd_cloexec(keep[i], false);
	rs_fmt(number, sizeof number, "%d", st->file);
	execl(st->program, "rserverd", "serve-script", number, (char *)NULL);
	give_up(st, st->program);
}

/* The life of A up to its other program; G leaves it on the way. */
static void __attribute__((noreturn)) become_daemon(struct start *st, pid_t script_pid)
{
	struct rs_server *s = st->s;
	int control;
	pid_t pid;

	/* Whatever PHP code leaves behind is to be found. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		give_up(st, "prctl");
	s->daemon_pid = getpid();
	pid = rs_fork();
	if (pid == 0) {
		control = st->manager[1];
		st->manager[1] = -1;
		st->log[1] = -1; /* it is s->log.fd */
		close_all(st);
		rs_server_manager_life(s, control);
	}
	if (pid < 0)
		give_up(st, "cannot fork the manager");
	execute(st, script_pid, pid);
	_exit(1);
}

/* ---- C ----------------------------------------------------------------------------------------------------- */

/* Standard output and error of a daemon: the log file, or nowhere. */
static void detach_output(const char *log_file)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = log_file && *log_file ? open(log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640) : -1;

	if (null >= 0)
		(void)dup2(null, STDIN_FILENO);
	if (out >= 0 || null >= 0) {
		(void)dup2(out >= 0 ? out : null, STDOUT_FILENO);
		(void)dup2(out >= 0 ? out : null, STDERR_FILENO);
	}
	rs_fd_close(&out);
	rs_fd_close(&null);
}

void rs_server_reopen_output(const struct rs_server *s)
{
	int fd;

	if (!s->setup.daemonize || !s->setup.log_file || !*s->setup.log_file)
		return;
	fd = open(s->setup.log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return; /* the old one stays in use */
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	(void)close(fd);
}

static bool go_to_background(const struct rs_server_setup *setup)
{
	pid_t pid;

	fflush(NULL);
	pid = fork(); /* not rs_fork(): the child is the script, signal handlers and all */
	if (pid < 0)
		return false;
	if (pid > 0)
		_exit(0);
	(void)setsid();
	detach_output(setup->log_file);
	return true;
}

static void write_pid_file(const struct rs_server *s)
{
	const char *path = s->setup.pid_file;
	char text[16];
	int fd;

	if (!path || !*path)
		return;
	rs_fmt(text, sizeof text, "%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		rs_warn(s->p->log, "cannot write the pid file %s", path);
	rs_fd_close(&fd);
}

/* Not by a child that user code has forked, nor over the file of another server. */
static void remove_pid_file(const struct rs_server *s)
{
	const char *path = s->setup.pid_file;
	char text[16] = "";
	uint64_t pid;
	int fd;
	ssize_t n;

	if (!path || !*path)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	rs_fd_close(&fd);
	if (n > 0 && rs_parse_u64(rs_slice(text, (size_t)n), INT32_MAX, &pid) && (pid_t)pid == getpid())
		(void)unlink(path);
}

/* As root, and a user is wanted: who that is. */
static void find_user(struct rs_server *s)
{
	const struct rs_conf *c = s->setup.conf;
	const char *unknown;

	if (geteuid() != 0 || !c->user[0] || (s->become_user = rs_identity_find(c->user, c->group, &s->user, &unknown)))
		return;
	/* A user is one without the wanted group, too: better its own than root. */
	s->become_user = unknown == c->group;
	if (s->become_user)
		rs_warnx(s->p->log, "group \"%s\" is not known: workers have that of user \"%s\"", unknown, c->user);
	else
		rs_warnx(s->p->log, "user \"%s\" is not known: workers stay what they are", unknown);
}

static bool make_board(struct rs_server *s)
{
	const struct rs_wire_server *w = &s->setup.server;
	uint32_t n = w->max_conn ? w->max_conn : (uint32_t)s->setup.conf->max_conn;
	bool tls = false;

	for (uint32_t i = 0; i < w->nports; i++)
		tls |= s->setup.ports[i].tls;
	s->board_fd = rs_board_create(n + n / 8 + CLOSING_ROWS, w->nworkers, w->ntasks, w->nusers, tls);
	if (s->board_fd < 0 || !rs_board_map(&s->board, s->board_fd))
		return false;
	atomic_store(&s->board.head->master_pid, (uint32_t)getpid());
	atomic_store(&s->board.head->start_us, rs_wall_us());
	return true;
}

static bool make_channels(struct start *st)
{
	st->file = memfd_create("rserverd-script", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return st->file >= 0 && rs_fd_pair(st->script) && rs_fd_pair(st->manager) && pipe2(st->log, O_CLOEXEC) == 0;
}

static void server_free(struct rs_server *s)
{
	struct rs_process *p = s->p;

	rs_server_unwatch(s);
	rs_server_detach(s);
	rs_ipc_fini(&p->control);
	rs_board_unmap(&s->board);
	rs_fd_close(&s->board_fd);
	rs_fd_close(&s->wake_fd);
	if (s->log.fd > STDERR_FILENO)
		rs_fd_close(&s->log.fd);
	free(s->swallow);
	if (p->log == &s->log)
		p->log = NULL;
	p->server = NULL;
	s->magic = 0;
	free(s);
}

static struct rs_server *server_new(const struct rs_server_setup *setup, const struct rs_server_hooks *hooks, void (*leave)(int))
{
	struct rs_process *p = rs_process();
	struct rs_server *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	*s = (struct rs_server){ .magic = RS_SERVER_MAGIC, .p = p, .setup = *setup, .hooks = hooks, .leave = leave, .board_fd = -1,
				 .wake_fd = -1, .log = { .fd = STDERR_FILENO, .level = rs_log_level_of(setup->conf->log_level), .mark = '@' } };
	s->setup.server.renew_in_turn = !setup->reload_async;
	STAILQ_INIT(&s->kept);
	p->data.fd = p->control.fd = -1;
	p->log = &s->log;
	p->server = s;
	p->retired = p->forked_away = false;
	return s;
}

static enum rs_result start_failed(struct start *st, const char *what, char *why, size_t why_size)
{
	rs_fmt(why, why_size, "%s: %s", what, strerror(errno));
	close_all(st);
	server_free(st->s);
	return RS_ERR;
}

enum rs_result rs_server_start(const struct rs_server_setup *setup, const struct rs_server_hooks *hooks, void (*leave)(int status),
			       char *why, size_t why_size)
{
	struct start st = { .script = { -1, -1 }, .manager = { -1, -1 }, .log = { -1, -1 }, .file = -1 };
	enum rs_result r;
	pid_t script_pid;
	int control;

	/* One that only spoke to another server becomes one of its own. */
	if (rs_process()->server && rs_process()->server->role == RS_ROLE_OUTSIDE)
		rs_server_outside_close();
	RS_ASSERT(!rs_process()->server);
	if (setup->daemonize && !go_to_background(setup)) {
		rs_fmt(why, why_size, "cannot go to the background: %s", strerror(errno));
		return RS_ERR;
	}
	st.s = server_new(setup, hooks, leave);
	if (!st.s) {
		rs_fmt(why, why_size, "out of memory");
		return RS_ERR;
	}
	if (pthread_atfork(NULL, NULL, rs_server_forked_away) != 0)
		return start_failed(&st, "pthread_atfork", why, why_size);
	if (!find_program(st.program, sizeof st.program))
		return start_failed(&st, "cannot find the daemon (bin/php beside the module)", why, why_size);
	find_user(st.s);
	if (!make_board(st.s) || !make_channels(&st))
		return start_failed(&st, "cannot make the server's channels", why, why_size);
	st.s->script_pid = script_pid = getpid();
	write_pid_file(st.s);
	st.s->log.fd = st.log[1];
	fflush(NULL);
	st.s->daemon_pid = rs_fork();
	if (st.s->daemon_pid == 0)
		become_daemon(&st, script_pid);
	if (st.s->daemon_pid < 0) {
		remove_pid_file(st.s);
		return start_failed(&st, "cannot fork", why, why_size);
	}
	control = st.script[1];
	st.script[1] = st.log[1] = -1;
	close_all(&st);
	r = rs_server_script_life(st.s, control, why, why_size);
	remove_pid_file(st.s);
	server_free(st.s);
	return r;
}
