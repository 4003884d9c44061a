/*
 * Log files and the pipes behind the children's standard output and error. Runs in the master; bounded: a line above
 * LINE_MAX_BYTES is cut, one turn takes at most READ_BYTES from a pipe.
 */
#include "master/master_log.h"

#include "base/rs_fd.h"
#include "master/master_file.h"

#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES (64u << 10)
#define LINE_MAX_BYTES 8192u
#define FINAL_READS 64

struct rs_log_pipe {
	struct rs_log_pipe *next;
	struct rs_mlog *l;
	int fd;
	struct event *ev;
	char role[32];
	unsigned generation;
	struct rs_buf line;      /* the unfinished one */
	char last_error[512];
	char last_words[512];    /* what was printed, by PHP most likely: the last lines that fit */
};

/* ---- lines ------------------------------------------------------------------------------------- */

/* d stands for a digit, m for the mark of a process. */
static bool begins(struct rs_slice s, const char *shape)
{
	size_t n = strlen(shape);

	if (s.n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s.p[i];
		if (shape[i] == 'd' ? !isdigit((unsigned char)c) : shape[i] == 'm' ? !c || !strchr("@#$*^", c) : c != shape[i])
			return false;
	}
	return true;
}

/* Does the line look as rs_log writes it? Then it has time, level and process already. */
static bool is_ours(struct rs_slice s)
{
	bool marked = begins(s, "[dddd-dd-dd dd:dd:dd md");

	if (!marked && !begins(s, "dddd-dd-dd dd:dd:dd.ddd ["))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && !(marked && s.p[i] == '\t')) || s.p[i] == 0x7f)
			return false;
	return true;
}

static void note_error(struct rs_log_pipe *p, struct rs_slice s)
{
	static const char mark[] = " [error] ";
	const char *at = memmem(s.p, s.n, mark, sizeof mark - 1);
	const char *text = at ? memmem(at, (size_t)(s.p + s.n - at), ": ", 2) : NULL;

	if (text)
		(void)rs_copy(p->last_error, sizeof p->last_error,
			      rs_slice(text + 2, (size_t)(s.p + s.n - text) - 2));
}

static void note_words(struct rs_log_pipe *p, struct rs_slice s)
{
	size_t at = strlen(p->last_words);

	if (at + 2 + s.n >= sizeof p->last_words)
		at = 0;
	(void)rs_fmt(p->last_words + at, sizeof p->last_words - at, "%s%.*s", at ? "; " : "", (int)s.n, s.p);
}

static void write_line(struct rs_log_pipe *p, struct rs_slice s)
{
	const struct rs_log *log = p->l->log;
	char line[LINE_MAX_BYTES + 8];
	const char *priority;
	size_t at;

	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	if (s.n == 0)
		return;
	if (!is_ours(s)) {
		note_words(p, s);
		rs_notice(log, "%s said: %.*s", p->role, (int)s.n, s.p);
		return;
	}
	note_error(p, s);
	if (s.n > LINE_MAX_BYTES)
		s.n = LINE_MAX_BYTES;
	priority = log->journal ? rs_log_priority(s) : "";
	at = strlen(priority);
	memcpy(line, priority, at);
	memcpy(line + at, s.p, s.n);
	line[at + s.n] = '\n';
	/* A full disk loses lines, it does not stop the server. */
	if (write(log->fd, line, at + s.n + 1) < 0)
		return;
}

/* Writes the whole lines of p->line, and a part that has grown too long for one. */
static void write_lines(struct rs_log_pipe *p)
{
	struct rs_slice s = rs_buf_slice(&p->line);
	size_t done = 0;

	while (done < s.n) {
		const char *nl = memchr(s.p + done, '\n', s.n - done);
		size_t n = nl ? (size_t)(nl - s.p) - done : s.n - done;
		if (!nl && n < LINE_MAX_BYTES)
			break;
		if (n > LINE_MAX_BYTES) {
			n = LINE_MAX_BYTES;
			nl = NULL;
		}
		write_line(p, rs_slice(s.p + done, n));
		done += n + (nl != NULL);
	}
	rs_buf_consume(&p->line, done);
}

/* ---- pipes ------------------------------------------------------------------------------------- */

static void pipe_free(struct rs_log_pipe *p)
{
	struct rs_log_pipe **at = &p->l->pipes;

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	write_line(p, rs_buf_slice(&p->line));
	if (p->ev)
		event_free(p->ev);
	rs_fd_close(&p->fd);
	rs_buf_free(&p->line);
	free(p);
}

/* RS_OK: something came. RS_AGAIN: nothing now. RS_DONE: every writer has gone. */
static enum rs_result read_some(struct rs_log_pipe *p)
{
	char *to = rs_buf_reserve(&p->line, READ_BYTES);
	ssize_t n;

	if (!to)
		return RS_AGAIN;
	n = read(p->fd, to, READ_BYTES);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? RS_AGAIN : RS_DONE;
	if (n == 0)
		return RS_DONE;
	rs_buf_commit(&p->line, (size_t)n);
	write_lines(p);
	return RS_OK;
}

static void on_pipe(evutil_socket_t fd, short what, void *arg)
{
	struct rs_log_pipe *p = arg;

	(void)fd, (void)what;
	if (read_some(p) == RS_DONE)
		pipe_free(p);
}

bool rs_mlog_adopt(struct rs_mlog *l, int fd, const char *role, unsigned generation)
{
	struct rs_log_pipe *p = calloc(1, sizeof *p);

	if (!p) {
		rs_fd_close(&fd);
		return false;
	}
	*p = (struct rs_log_pipe){ .next = l->pipes, .l = l, .fd = fd, .generation = generation };
	if (generation)
		rs_fmt(p->role, sizeof p->role, "%s g%u", role, generation);
	else
		rs_fmt(p->role, sizeof p->role, "%s", role);
	p->ev = event_new(l->base, fd, EV_READ | EV_PERSIST, on_pipe, p);
	if (!p->ev || !rs_fd_nonblock(fd, true) || !rs_fd_cloexec(fd, true) || event_add(p->ev, NULL) < 0) {
		pipe_free(p);
		return false;
	}
	l->pipes = p;
	return true;
}

int rs_mlog_pipe(struct rs_mlog *l, const char *role, unsigned generation, bool never_block)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	if ((!never_block || rs_fd_nonblock(fds[1], true)) && rs_mlog_adopt(l, fds[0], role, generation))
		return fds[1];
	rs_fd_close(&fds[1]);
	return -1;
}

/* Of this generation, with all that has come by now. NULL: none. */
static struct rs_log_pipe *pipe_of(struct rs_mlog *l, unsigned generation)
{
	for (struct rs_log_pipe *p = l->pipes; p; p = p->next) {
		if (p->generation != generation)
			continue;
		(void)read_some(p);
		return p;
	}
	return NULL;
}

const char *rs_mlog_last_error(struct rs_mlog *l, unsigned generation)
{
	const struct rs_log_pipe *p = pipe_of(l, generation);

	return p ? p->last_error : "";
}

const char *rs_mlog_last_words(struct rs_mlog *l, unsigned generation)
{
	struct rs_log_pipe *p = pipe_of(l, generation);

	if (!p)
		return "";
	/* exit('why') ends no line. */
	if (p->line.len && !is_ours(rs_buf_slice(&p->line)))
		note_words(p, rs_buf_slice(&p->line));
	return p->last_words;
}

/* ---- files ------------------------------------------------------------------------------------- */

void rs_mlog_init(struct rs_mlog *l, struct rs_log *log, struct event_base *base, const struct rs_identity *owner)
{
	*l = (struct rs_mlog){ .log = log, .base = base, .owner = owner, .access_fd = -1 };
	/* A file that may not grow (RLIMIT_FSIZE) is like a full disk: an error of write(), not the end of the
	 * master. (A child begins with default signals and says for itself.) */
	rs_signal(SIGXFSZ, SIG_IGN, false);
}

void rs_mlog_fini(struct rs_mlog *l)
{
	while (l->pipes) {
		for (int i = 0; i < FINAL_READS && read_some(l->pipes) == RS_OK; i++)
			;
		pipe_free(l->pipes);
	}
	rs_fd_close(&l->access_fd);
}

static int open_file(const struct rs_mlog *l, const char *path)
{
	if (!rs_file_make_dir_of(path, l->owner))
		return -1;
	return rs_file_open(path, O_WRONLY | O_APPEND | O_CREAT, 0640, l->owner);
}

/* fd becomes what everybody who holds *to writes to. Takes fd. */
static void replace(int fd, int *to)
{
	if (*to < 0) {
		*to = fd;
		return;
	}
	(void)dup3(fd, *to, O_CLOEXEC);
	rs_fd_close(&fd);
}

static bool fail_open(const struct rs_mlog *l, const char *what, const char *path, char *why, size_t why_size)
{
	rs_fmt(why, why_size, "cannot open the %s %s%s%s: %s", what, path, geteuid() == 0 ? " as " : "",
	       geteuid() == 0 ? rs_file_trusted(path) ? "root" : l->owner->user : "",
	       errno == EINVAL ? "not a regular file" : strerror(errno));
	return false;
}

static bool open_access(struct rs_mlog *l, const char *path, char *why, size_t why_size)
{
	int fd = -1;

	if (strcmp(path, l->access_path) == 0)
		return true;
	if (*path) {
		fd = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open_file(l, path);
		if (fd < 0)
			return fail_open(l, "access log", path, why, why_size);
	}
	rs_fd_close(&l->access_fd);
	l->access_fd = fd;
	return rs_copy(l->access_path, sizeof l->access_path, rs_slice_str(path));
}

bool rs_mlog_open(struct rs_mlog *l, const struct rs_conf *c, const char *log_path, char *why, size_t why_size)
{
	int fd;

	l->log->level = rs_log_level_of(c->log_level);
	if (strcmp(log_path, l->path) != 0 && *log_path) {
		fd = open_file(l, log_path);
		if (fd < 0)
			return fail_open(l, "log file", log_path, why, why_size);
		if (l->log->fd <= STDERR_FILENO)
			l->log->fd = fd;
		else
			replace(fd, &l->log->fd);
		l->log->journal = false;
		(void)rs_copy(l->path, sizeof l->path, rs_slice_str(log_path));
	}
	return open_access(l, c->access_log, why, why_size);
}

void rs_mlog_detach(struct rs_mlog *l)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int to = l->log->fd > STDERR_FILENO ? l->log->fd : null;

	l->detached = true;
	if (null >= 0)
		(void)dup2(null, STDIN_FILENO);
	if (to >= 0) {
		(void)dup2(to, STDOUT_FILENO);
		(void)dup2(to, STDERR_FILENO);
	}
	rs_fd_close(&null);
}

void rs_mlog_reopen(struct rs_mlog *l)
{
	char why[5000];
	int fd;

	if (l->path[0]) {
		fd = open_file(l, l->path);
		if (fd >= 0)
			replace(fd, &l->log->fd);
		else if (!fail_open(l, "log file", l->path, why, sizeof why))
			rs_errorx(l->log, "%s; the old one stays in use", why);
		if (l->detached)
			rs_mlog_detach(l);
	}
	if (l->access_path[0] && strcmp(l->access_path, "-") != 0) {
		fd = open_file(l, l->access_path);
		if (fd >= 0) {
			rs_fd_close(&l->access_fd);
			l->access_fd = fd;
		} else if (!fail_open(l, "access log", l->access_path, why, sizeof why)) {
			rs_errorx(l->log, "%s; the old one stays in use", why);
		}
	}
}
