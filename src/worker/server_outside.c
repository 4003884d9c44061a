/*
 * PHP processes of this host that are none of the server's: Artisan, FPM, queue workers. They connect to the hosted
 * application's app.sock, where the reactor takes what it takes of user processes, and read the board.
 *
 * A connection that is lost is made again once, when something is next to be sent: a restart of the server is no event for those who
 * only speak to it now and then.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* For WELCOME. */
#define ANSWER_MS 2000
/* A reactor that takes nothing for so long: a web request must not wait for ever. */
#define SEND_S 10

static struct rs_server *outside(void)
{
	struct rs_server *s = rs_server_self();

	return s && s->role == RS_ROLE_OUTSIDE ? s : NULL;
}

/* ---- why not ------------------------------------------------------------------------------------------------------ */

static void say_permission(const char *path, char *why, size_t why_size)
{
	char user[32], group[32], buf[2048];
	struct passwd pw, *u = NULL;
	struct group gr, *g = NULL;
	struct stat st;

	if (stat(path, &st) < 0) {
		rs_fmt(why, why_size, "%s: no permission to look for it there", path);
		return;
	}
	rs_fmt(user, sizeof user, "%u", (unsigned)st.st_uid);
	rs_fmt(group, sizeof group, "%u", (unsigned)st.st_gid);
	if (getpwuid_r(st.st_uid, &pw, buf, sizeof buf, &u) == 0 && u)
		RS_IGNORE(!rs_copy(user, sizeof user, rs_slice_str(u->pw_name)));
	if (getgrgid_r(st.st_gid, &gr, buf, sizeof buf, &g) == 0 && g)
		RS_IGNORE(!rs_copy(group, sizeof group, rs_slice_str(g->gr_name)));
	rs_fmt(why, why_size, "%s: no permission; it is for user %s and group %s (mode %03o)", path, user, group,
	       (unsigned)st.st_mode & 0777);
}

static bool cannot_connect(const char *path, int error, char *why, size_t why_size)
{
	if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
		rs_fmt(why, why_size, "no rserverd runs there: %s: %s", path, strerror(error));
	else if (error == EACCES || error == EPERM)
		say_permission(path, why, why_size);
	else
		rs_fmt(why, why_size, "%s: %s", path, strerror(error));
	return false;
}

/* ---- the connection ------------------------------------------------------------------------------------------------- */

static int open_socket(const char *path)
{
	const struct timeval limit = { .tv_sec = SEND_S };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (!rs_copy(un.sun_path, sizeof un.sun_path, rs_slice_str(path))) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
	    connect(fd, (const struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	rs_fd_close(&fd);
	return -1;
}

/* One frame, within the time. false: why. */
static bool next_frame(struct rs_ipc *c, int64_t until_ms, struct rs_frame *f, const char **why)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	enum rs_result r;
	int64_t left_ms;

	while ((r = rs_ipc_next(c, f)) == RS_AGAIN) {
		left_ms = until_ms - rs_now_ms();
		*why = "it does not answer";
		if (left_ms <= 0 || (poll(&pfd, 1, (int)left_ms) <= 0 && errno != EINTR))
			return false;
		*why = "it has closed the connection";
		if (pfd.revents && (r = rs_ipc_fill(c)) != RS_OK && r != RS_AGAIN)
			return false;
	}
	*why = c->error;
	return r == RS_OK;
}

/* What it says of itself. */
static bool take_welcome(struct rs_server *s, struct rs_frame *f, char *why, size_t why_size)
{
	struct rs_wire_welcome w;

	if (f->msg == RS_MSG_REFUSED) {
		rs_fmt(why, why_size, "%s: %.*s", s->path, (int)(f->payload.n > 512 ? 512 : f->payload.n), f->payload.p);
		return false;
	}
	if (f->msg != RS_MSG_WELCOME || f->payload.n != sizeof w || f->nfds != 1) {
		rs_fmt(why, why_size, "%s: what answers is no rserverd of this version", s->path);
		return false;
	}
	memcpy(&w, f->payload.p, sizeof w);
	if (w.protocol != RS_PROTOCOL) {
		rs_fmt(why, why_size, "%s: the server has another version (protocol %u, here %u); restart it after an upgrade", s->path,
		       w.protocol, RS_PROTOCOL);
		return false;
	}
	s->setup.server = (struct rs_wire_server){ .nworkers = w.nworkers, .ntasks = w.ntasks, .hosted = true };
	rs_board_unmap(&s->board);
	if (rs_board_map_reader(&s->board, f->fd[0]))
		return true;
	rs_fmt(why, why_size, "%s: unusable board: %s", s->path, strerror(errno));
	return false;
}

static bool greet(struct rs_server *s, char *why, size_t why_size)
{
	const struct rs_wire_ready ready = { .protocol = RS_PROTOCOL, .pid = (uint32_t)getpid() };
	struct rs_ipc *c = &s->p->data;
	const char *wrong = "it has closed the connection";
	struct rs_frame f;

	if (rs_ipc_put(c, RS_MSG_READY, 0, 0, rs_slice(&ready, sizeof ready), RS_SLICE(""), NULL, 0) == RS_OK &&
	    rs_ipc_flush(c) == RS_OK && next_frame(c, rs_now_ms() + ANSWER_MS, &f, &wrong))
		return take_welcome(s, &f, why, why_size);
	rs_fmt(why, why_size, "%s: %s", s->path, wrong);
	return false;
}

static bool connect_now(struct rs_server *s, char *why, size_t why_size)
{
	int fd = open_socket(s->path);

	if (fd < 0)
		return cannot_connect(s->path, errno, why, why_size);
	rs_server_detach(s);
	rs_ipc_init(&s->p->data, fd, RS_IPC_WORKER, RS_IPC_REACTOR);
	s->lost = !greet(s, why, why_size);
	if (s->lost)
		rs_server_detach(s);
	return !s->lost;
}

/* The connection is the parent's. */
static void forked(void)
{
	struct rs_server *s = outside();

	if (!s)
		return;
	if (s->p->data.fd >= 0)
		(void)close(s->p->data.fd);
	s->p->data.fd = -1;
	s->lost = true;
}

/* ---- for others ------------------------------------------------------------------------------------------------------ */

bool rs_outside_ready(struct rs_server *s)
{
	struct pollfd pfd = { .fd = s->p->data.fd, .events = POLLIN };
	char why[512];

	/* It may have said good-bye. */
	if (!s->lost && pfd.fd >= 0 && poll(&pfd, 1, 0) > 0)
		rs_server_receive(s);
	if (!s->lost && s->p->data.fd >= 0)
		return true;
	if (connect_now(s, why, sizeof why))
		return true;
	rs_warnx(s->p->log, "%s", why);
	return false;
}

static struct rs_server *outside_new(const char *path)
{
	struct rs_process *p = rs_process();
	struct rs_server *s = calloc(1, sizeof *s);

	if (s)
		*s = (struct rs_server){ .magic = RS_SERVER_MAGIC, .p = p, .board_fd = -1, .wake_fd = -1, .lost = true,
					 .role = RS_ROLE_OUTSIDE, .id = RS_ID_OUTSIDE, .path = strdup(path),
					 .log = { .fd = STDERR_FILENO, .level = RS_LOG_WARN, .role = "rserverd" } };
	if (!s || !s->path || (!p->outside_hook && pthread_atfork(NULL, NULL, forked) != 0)) {
		if (s)
			free(s->path);
		free(s);
		return NULL;
	}
	p->outside_hook = true;
	STAILQ_INIT(&s->kept);
	s->cell = &s->own_cell;
	p->data.fd = -1;
	if (!p->log)
		p->log = &s->log;
	p->server = s;
	return s;
}

bool rs_server_outside(const char *path, char *why, size_t why_size)
{
	struct rs_server *s = outside();

	if (rs_server_self() && !s) {
		rs_fmt(why, why_size, "this is a process of a server");
		return false;
	}
	if (s && strcmp(s->path, path) != 0) {
		rs_server_outside_close();
		s = NULL;
	}
	if (s && rs_server_outside_alive())
		return true;
	if (!s && !(s = outside_new(path))) {
		rs_fmt(why, why_size, "out of memory");
		return false;
	}
	if (connect_now(s, why, why_size))
		return true;
	rs_server_outside_close();
	return false;
}

bool rs_server_outside_alive(void)
{
	struct rs_server *s = outside();
	struct pollfd pfd = { .fd = s ? s->p->data.fd : -1, .events = POLLIN };

	if (pfd.fd >= 0 && !s->lost && poll(&pfd, 1, 0) > 0)
		rs_server_receive(s);
	return s && !s->lost && s->p->data.fd >= 0;
}

void rs_server_outside_close(void)
{
	struct rs_server *s = outside();
	struct rs_process *p;

	if (!s)
		return;
	p = s->p;
	rs_server_unwatch(s);
	rs_server_detach(s);
	rs_board_unmap(&s->board);
	if (p->log == &s->log)
		p->log = NULL;
	p->server = NULL;
	s->magic = 0;
	free(s->swallow);
	free(s->path);
	free(s);
}
