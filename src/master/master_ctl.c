/*
 * The control socket: accepts, asks who is there, reads one line, writes the answer, closes. Bounded: clients per socket,
 * bytes of a request, time of a client that does not wait for a reload. What is answered: master_ctl_answer.c.
 */
#include "master/master_ctl_client.h"

#include "base/rs_fd.h"
#include "master/master_file.h"
#include "master/master_unix.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 16
#define BACKLOG 32

/* ---- answers --------------------------------------------------------------------------------------- */

static void client_free(struct rs_ctl_client *c)
{
	LIST_REMOVE(c, link);
	c->at->clients--;
	if (c->ev)
		event_free(c->ev);
	if (c->timer)
		event_free(c->timer);
	rs_fd_close(&c->fd);
	rs_buf_free(&c->out);
	free(c);
}

/* true: all is out. */
static bool write_out(struct rs_ctl_client *c)
{
	while (c->out.len) {
		ssize_t n = send(c->fd, rs_buf_data(&c->out), c->out.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno != EAGAIN;
		rs_buf_consume(&c->out, (size_t)n);
	}
	return true;
}

static void on_client(evutil_socket_t fd, short what, void *arg);

void rs_ctl_finish(struct rs_ctl_client *c)
{
	c->state = RS_CTL_WRITING;
	if (write_out(c)) {
		client_free(c);
		return;
	}
	event_free(c->ev);
	c->ev = event_new(c->at->m->base, c->fd, EV_WRITE | EV_PERSIST, on_client, c);
	if (c->ev && event_add(c->ev, NULL) == 0)
		rs_master_after_ms(c->timer, RS_CTL_CLIENT_MS);
	else
		client_free(c);
}

/* ---- clients --------------------------------------------------------------------------------------- */

static void take_line(struct rs_ctl_client *c)
{
	const char *nl = memchr(c->line, '\n', c->n), *error;

	if (!nl && c->n < RS_CTL_LINE_MAX)
		return;
	if (!nl)
		rs_ctl_refuse(c, "the request is too long");
	else if (!rs_ctl_parse(rs_slice(c->line, (size_t)(nl - c->line)), &c->request, &error))
		rs_ctl_refuse(c, error);
	else
		rs_ctl_execute(c);
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	struct rs_ctl_client *c = arg;
	char junk[64];
	ssize_t n;

	(void)what;
	if (c->state == RS_CTL_WRITING) {
		if (write_out(c))
			client_free(c);
		return;
	}
	n = c->state == RS_CTL_READING ? read(fd, c->line + c->n, RS_CTL_LINE_MAX - c->n) : read(fd, junk, sizeof junk);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* A client may close its writing half and wait; one that is gone is found when it is answered. */
		if (c->state == RS_CTL_READING)
			client_free(c);
		else
			event_del(c->ev);
		return;
	}
	if (c->state != RS_CTL_READING)
		return;
	c->n += (size_t)n;
	take_line(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rs_ctl_client *c = arg;

	(void)fd, (void)what;
	if (c->state == RS_CTL_WAITING_STATUS)
		rs_ctl_answer_status(c, RS_SLICE(""));
	else if (c->state == RS_CTL_WAITING_FACTS)
		rs_ctl_answer_info(c);
	else
		client_free(c);
}

static bool welcome(const struct rs_ctl_endpoint *e, int fd)
{
	struct ucred peer;

	if (!rs_unix_peer(fd, &peer))
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	rs_warnx(e->m->log, "%s: process %d of uid %u is turned away", e->path, (int)peer.pid, (unsigned)peer.uid);
	return false;
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	struct rs_ctl_endpoint *e = arg;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct rs_ctl_client *c;

	(void)what;
	if (fd < 0)
		return;
	c = e->clients < CLIENTS_MAX && welcome(e, fd) ? calloc(1, sizeof *c) : NULL;
	if (!c) {
		static const char text[] = "error turned away: too many clients, or not allowed\n";
		if (send(fd, text, sizeof text - 1, MSG_NOSIGNAL) < 0)
			rs_debug(e->m->log, "control client left at once");
		rs_fd_close(&fd);
		return;
	}
	*c = (struct rs_ctl_client){ .at = e, .fd = fd };
	LIST_INSERT_HEAD(&e->m->ctl->clients, c, link);
	e->clients++;
	c->ev = event_new(e->m->base, fd, EV_READ | EV_PERSIST, on_client, c);
	c->timer = event_new(e->m->base, -1, 0, on_timer, c);
	if (!c->ev || !c->timer || event_add(c->ev, NULL) < 0) {
		client_free(c);
		return;
	}
	rs_master_after_ms(c->timer, RS_CTL_CLIENT_MS);
}

/* ---- sockets --------------------------------------------------------------------------------------- */

static bool endpoint_open(struct rs_ctl_endpoint *e, struct rs_master *m, const char *path, char *why, size_t why_size)
{
	struct rs_unix_options o = { .path = path, .mode = 0600, .owner = &m->user, .backlog = BACKLOG };

	e->m = m;
	if (!rs_file_make_dir_of(path, &m->user)) {
		rs_fmt(why, why_size, "cannot make the directory of %s: %s", path, strerror(errno));
		return false;
	}
	e->path = strdup(path);
	e->fd = e->path ? rs_unix_listen(&o, why, why_size) : -1;
	if (e->fd < 0)
		return false;
	e->ev = event_new(m->base, e->fd, EV_READ | EV_PERSIST, on_accept, e);
	if (e->ev && event_add(e->ev, NULL) == 0)
		return true;
	rs_fmt(why, why_size, "out of memory");
	return false;
}

static void endpoint_close(struct rs_ctl_endpoint *e, bool remove)
{
	if (e->ev)
		event_free(e->ev);
	if (e->fd >= 0 && remove)
		rs_unix_unlink(e->path, &e->m->user);
	rs_fd_close(&e->fd);
	free(e->path);
	e->ev = NULL;
	e->path = NULL;
}

void rs_ctl_close(struct rs_master *m, bool remove)
{
	struct rs_ctl *ctl = m->ctl;

	if (!ctl)
		return;
	while (!LIST_EMPTY(&ctl->clients))
		client_free(LIST_FIRST(&ctl->clients));
	endpoint_close(&ctl->control, remove);
	free(ctl);
	m->ctl = NULL;
}

bool rs_ctl_open(struct rs_master *m, const struct rs_conf *c, char *why, size_t why_size)
{
	struct rs_ctl *ctl = calloc(1, sizeof *ctl);

	if (!ctl) {
		rs_fmt(why, why_size, "out of memory");
		return false;
	}
	ctl->control.fd = -1;
	LIST_INIT(&ctl->clients);
	m->ctl = ctl;
	return endpoint_open(&ctl->control, m, c->control_socket, why, why_size);
}
