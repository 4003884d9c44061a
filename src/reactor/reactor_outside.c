/*
 * Outside PHP processes on app.sock. Runs in the reactor; never blocks.
 *
 * Who may connect is decided by the socket's mode, and once more here by the peer's credentials. What a client sends is checked as a
 * stranger's; one that breaks a rule is told which, and its channel ends. Whatever it wrote before it closed its end is carried out.
 */
#include "reactor/reactor_outside.h"

#include "base/rs_fd.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_order.h"
#include "reactor/reactor_sender.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_task.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_MAGIC 0x4f757473u
/* From accept to READY. */
#define WELCOME_MS 5000
/* Frames that are not complete, of all clients: a frame has at most RS_SEND_MAX bytes, and few clients send such at a time. */
#define BYTES_MAX (256u << 20)
/* One turn takes so many. */
#define ACCEPTS_PER_TURN 16
/* Groups of a peer that are looked at. */
#define GROUPS_MAX 256

struct rs_client {
	uint32_t magic;
	struct rs_outside *o;
	struct rs_ipc ipc;
	struct rs_sender self;
	struct event ev_read, ev_write;
	bool welcome, dead;
	int64_t until_ms;   /* to say READY */
	size_t bytes;       /* what it has in o->bytes */
	pid_t pid;
	TAILQ_ENTRY(rs_client) link;
};

static void read_cb(evutil_socket_t fd, short what, void *arg);
static void write_cb(evutil_socket_t fd, short what, void *arg);
static void accept_cb(evutil_socket_t fd, short what, void *arg);

/* ---- constructor and destructor ------------------------------------------------------------------------------------- */

void rs_outside_init(struct rs_outside *o)
{
	*o = (struct rs_outside){ .board_fd = -1, .listen_fd = -1 };
	TAILQ_INIT(&o->all);
	TAILQ_INIT(&o->dead);
}

bool rs_outside_board(struct rs_outside *o, int fd)
{
	char path[64];

	rs_fmt(path, sizeof path, "/proc/self/fd/%d", fd);
	o->board_fd = open(path, O_RDONLY | O_CLOEXEC);
	return o->board_fd >= 0;
}

/* Its channel closes; its memory goes when nothing of it is in use any more. */
static void lose(struct rs_client *c)
{
	struct rs_outside *o = c->o;

	if (c->dead)
		return;
	c->dead = true;
	event_del(&c->ev_read);
	event_del(&c->ev_write);
	rs_sender_gone(&c->self);
	o->bytes -= c->bytes;
	o->n--;
	o->nwaiting -= !c->welcome;
	TAILQ_REMOVE(&o->all, c, link);
	TAILQ_INSERT_TAIL(&o->dead, c, link);
}

static void reap(struct rs_outside *o)
{
	struct rs_client *c;

	while ((c = TAILQ_FIRST(&o->dead))) {
		TAILQ_REMOVE(&o->dead, c, link);
		rs_ipc_fini(&c->ipc);
		c->magic = 0;
		free(c);
	}
}

void rs_outside_stop(struct rs_outside *o)
{
	/* Who is in the kernel's queue has connected in good faith. */
	if (o->listen_fd >= 0) {
		accept_cb(o->listen_fd, EV_READ, o);
		event_del(&o->listening);
	}
	rs_fd_close(&o->listen_fd);
}

void rs_outside_fini(struct rs_outside *o)
{
	struct rs_client *c;

	if (o->listen_fd >= 0)
		event_del(&o->listening);
	rs_fd_close(&o->listen_fd);
	rs_fd_close(&o->board_fd);
	while ((c = TAILQ_FIRST(&o->all)))
		lose(c);
	reap(o);
}

/* ---- sending ------------------------------------------------------------------------------------------------------------ */

static void flush(struct rs_client *c)
{
	switch (rs_ipc_flush(&c->ipc)) {
	case RS_AGAIN:
		event_add(&c->ev_write, NULL);
		return;
	case RS_OK:
		event_del(&c->ev_write);
		return;
	default:
		event_del(&c->ev_write); /* the end of file that follows is what counts */
	}
}

static void write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_client *c = arg;

	RS_CHECK(c, CLIENT_MAGIC);
	(void)fd;
	(void)what;
	flush(c);
}

/* The last word to it: a few bytes, which the socket takes, or nobody reads them. */
static void refuse(struct rs_client *c, const char *why)
{
	if (c->dead)
		return;
	if (rs_serve_complain(c->o->r))
		rs_warnx(c->o->r->log, "process %d on app.sock is refused: %s", (int)c->pid, why);
	if (rs_ipc_put(&c->ipc, RS_MSG_REFUSED, 0, 0, rs_slice_str(why), RS_SLICE(""), NULL, 0) == RS_OK)
		RS_IGNORE(rs_ipc_flush(&c->ipc) == RS_ERR);
	shutdown(c->ipc.fd, SHUT_RDWR);
	lose(c);
}

/* ---- receiving ---------------------------------------------------------------------------------------------------------- */

static const char *on_ready(struct rs_client *c, const struct rs_frame *f)
{
	const struct rs_serve *s = c->o->r->serve;
	const struct rs_wire_welcome hello = { RS_PROTOCOL, s->nworkers, s->ntasks, s->set.nports };
	struct rs_wire_ready ready;

	if (c->welcome)
		return "second READY";
	if (f->payload.n != sizeof ready)
		return "READY with a wrong length";
	memcpy(&ready, f->payload.p, sizeof ready);
	if (ready.protocol != RS_PROTOCOL)
		return "another version of rserverd: the server and the PHP module of this process do not fit";
	if (rs_ipc_put(&c->ipc, RS_MSG_WELCOME, 0, 0, rs_slice(&hello, sizeof hello), RS_SLICE(""), &c->o->board_fd, 1) != RS_OK)
		return "no memory";
	c->welcome = true;
	c->o->nwaiting--;
	flush(c);
	return NULL;
}

static const char *on_frame(struct rs_client *c, struct rs_frame *f)
{
	if (f->msg == RS_MSG_READY)
		return on_ready(c, f);
	if (!c->welcome)
		return "message before READY";
	switch (f->msg) {
	case RS_MSG_SEND:
		return rs_order_send(&c->self, f);
	case RS_MSG_ORDER:
		return rs_order_order(&c->self, f);
	case RS_MSG_DATAGRAM:
		return rs_order_datagram(&c->self, f);
	case RS_MSG_TASK:
		return rs_task_task(&c->self, f);
	case RS_MSG_MESSAGE:
		return rs_task_message(&c->self, f);
	default:
		return "message out of place";
	}
}

/* What is left in its buffer is the beginning of a frame. */
static const char *count(struct rs_client *c)
{
	struct rs_outside *o = c->o;

	o->bytes -= c->bytes;
	c->bytes = c->ipc.in.len;
	o->bytes += c->bytes;
	return o->bytes > BYTES_MAX ? "too much is sent at a time: try again" : NULL;
}

static void read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_client *c = arg;
	struct rs_outside *o = c->o;
	const char *why = NULL;
	enum rs_result rc;
	struct rs_frame f;

	RS_CHECK(c, CLIENT_MAGIC);
	(void)fd;
	(void)what;
	rc = rs_ipc_fill(&c->ipc);
	if (rc == RS_AGAIN)
		return;
	if (rc != RS_OK) {
		lose(c);
		reap(o);
		return;
	}
	while (!why && (rc = rs_ipc_next(&c->ipc, &f)) == RS_OK)
		why = on_frame(c, &f);
	if (rc == RS_ERR)
		why = c->ipc.error;
	if (!why)
		why = count(c);
	if (why)
		refuse(c, why);
	reap(o);
}

/* ---- coming --------------------------------------------------------------------------------------------------------------- */

/* Root, our own user, or one of our group. */
static bool may_speak(int fd, pid_t *pid)
{
	struct ucred who = { 0 };
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return false;
	*pid = who.pid;
	if (who.uid == 0 || who.uid == geteuid() || who.gid == getegid())
		return true;
	len = sizeof groups;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof groups[0]; i++) {
		if (groups[i] == getegid())
			return true;
	}
	return false;
}

/* Takes fd. */
static void come(struct rs_outside *o, int fd)
{
	struct rs_reactor *r = o->r;
	struct rs_client *c = calloc(1, sizeof *c);

	if (!c) {
		close(fd);
		return;
	}
	c->magic = CLIENT_MAGIC;
	c->o = o;
	rs_ipc_init(&c->ipc, fd, RS_IPC_REACTOR, RS_IPC_WORKER);
	c->ipc.fds_may_miss = true;
	c->self = (struct rs_sender){ r, RS_ROLE_OUTSIDE, RS_ID_OUTSIDE, 0, &c->ipc, &c->ev_read, false, { 0 } };
	event_assign(&c->ev_read, r->base, fd, EV_READ | EV_PERSIST, read_cb, c);
	event_assign(&c->ev_write, r->base, fd, EV_WRITE | EV_PERSIST, write_cb, c);
	c->until_ms = rs_reactor_ms(r) + WELCOME_MS;
	TAILQ_INSERT_TAIL(&o->all, c, link);
	o->n++;
	o->nwaiting++;
	rs_reactor_need_sweep(r);
	if (!may_speak(fd, &c->pid))
		refuse(c, "neither root, nor the server's user, nor of its group");
	else if (o->n > RS_OUTSIDE_MAX)
		refuse(c, "too many processes are connected");
	else if (event_add(&c->ev_read, NULL) < 0)
		lose(c);
}

static void accept_cb(evutil_socket_t listener, short what, void *arg)
{
	struct rs_outside *o = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			come(o, fd);
			continue;
		}
		if (errno == EAGAIN)
			break;
		/* No descriptor is left: those who wait stay there, and the sweep looks again. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			if (rs_serve_complain(o->r))
				rs_error(o->r->log, "cannot accept on app.sock");
			event_del(&o->listening);
			o->paused = true;
			rs_reactor_need_sweep(o->r);
			break;
		}
	}
	reap(o);
}

void rs_outside_listen(struct rs_outside *o, struct rs_reactor *r, int fd)
{
	if (o->listen_fd >= 0)
		event_del(&o->listening);
	rs_fd_close(&o->listen_fd);
	o->r = r;
	event_assign(&o->listening, r->base, fd, EV_READ | EV_PERSIST, accept_cb, o);
	if (!rs_fd_nonblock(fd, true) || event_add(&o->listening, NULL) < 0) {
		rs_error(r->log, "cannot listen on app.sock");
		close(fd);
		return;
	}
	o->listen_fd = fd;
}

void rs_outside_sweep(struct rs_outside *o, int64_t now_ms)
{
	struct rs_client *c, *next;

	for (c = TAILQ_FIRST(&o->all); c; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!c->welcome && now_ms >= c->until_ms)
			refuse(c, "no READY came");
	}
	if (o->paused && o->listen_fd >= 0)
		event_add(&o->listening, NULL);
	o->paused = false;
	reap(o);
}
