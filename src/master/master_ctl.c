/*
 * The control sockets: accepts, asks who is there, reads one line, answers, closes. Bounded: clients per socket, bytes
 * of a request, time of a client that does not wait for a reload.
 */
#include "master/master_ctl.h"
#include "master/master_file.h"

#include "base/rs_fd.h"
#include "master/master_status.h"
#include "master/master_unix.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 16
#define CLIENT_MS 5000
#define STATUS_MS 2000
#define BACKLOG 32

struct endpoint {
	struct rs_master *m;
	int fd;
	struct event *ev;
	char *path;
	bool app;
	unsigned clients;
};

enum client_state { READING, WAITING_STATUS, WAITING_RELOAD, WRITING };

struct client {
	LIST_ENTRY(client) link;
	struct endpoint *at;
	int fd;
	struct event *ev, *timer;
	enum client_state state;
	char line[RS_CTL_LINE_MAX + 1];
	size_t n;
	struct rs_buf out;
	struct rs_ctl_request request;
	uint64_t token;       /* of the STATUS it waits for */
	bool skip;            /* the next reload to end began before it asked */
};

struct rs_ctl {
	struct endpoint control, app;
	LIST_HEAD(, client) clients;
	uint64_t last_token;
};

/* ---- answers --------------------------------------------------------------------------------------- */

static void client_free(struct client *c)
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
static bool write_out(struct client *c)
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

/* c->out is the answer. Frees c, now or later. */
static void finish(struct client *c)
{
	c->state = WRITING;
	if (write_out(c)) {
		client_free(c);
		return;
	}
	event_free(c->ev);
	c->ev = event_new(c->at->m->base, c->fd, EV_WRITE | EV_PERSIST, on_client, c);
	if (c->ev && event_add(c->ev, NULL) == 0)
		rs_master_after_ms(c->timer, CLIENT_MS);
	else
		client_free(c);
}

static void refuse(struct client *c, const char *text)
{
	(void)rs_buf_printf(&c->out, "error %s\n", text);
	finish(c);
}

static void accept_request(struct client *c, const char *payload)
{
	(void)rs_buf_printf(&c->out, "ok\n%s", payload);
	finish(c);
}

/* ---- requests -------------------------------------------------------------------------------------- */

static void answer_status(struct client *c, struct rs_slice payload)
{
	struct rs_status s;
	bool ok;

	rs_status_init(&s, c->at->m, payload);
	ok = rs_buf_printf(&c->out, "ok\n") &&
	     (c->request.json || c->request.verb == RS_CTL_STATS ? rs_status_json(&s, &c->out) : rs_status_text(&s, &c->out));
	if (!ok)
		rs_buf_reset(&c->out, 0);
	finish(c);
}

static void ask_status(struct client *c)
{
	struct rs_master *m = c->at->m;

	c->token = ++m->ctl->last_token;
	c->state = WAITING_STATUS;
	rs_master_after_ms(c->timer, STATUS_MS);
	if (m->reactor.pid)
		rs_mreactor_send(m, RS_MSG_STATUS_ASK, rs_slice(&c->token, sizeof c->token), NULL, 0);
	else
		answer_status(c, RS_SLICE(""));
}

void rs_ctl_status_came(struct rs_master *m, struct rs_slice payload)
{
	struct client *c, *next;
	uint64_t token;

	if (!m->ctl || payload.n < sizeof token)
		return;
	memcpy(&token, payload.p, sizeof token);
	for (c = LIST_FIRST(&m->ctl->clients); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->state == WAITING_STATUS && c->token == token)
			answer_status(c, rs_slice(payload.p + sizeof token, payload.n - sizeof token));
	}
}

static void do_reload(struct client *c)
{
	struct rs_master *m = c->at->m;

	if (m->state == RS_FSM_DRAIN || m->state == RS_FSM_STOP) {
		refuse(c, "the server is stopping");
		return;
	}
	if (!c->request.wait) {
		accept_request(c, "");
	} else {
		c->state = WAITING_RELOAD;
		c->skip = m->state == RS_FSM_ROLL && !(m->next && m->next->recovery);
		event_del(c->timer);
	}
	rs_master_event(m, RS_EV_RELOAD);
}

void rs_ctl_reload_done(struct rs_master *m, bool ok, const char *text, bool all)
{
	struct client *c, *next;

	for (c = m->ctl ? LIST_FIRST(&m->ctl->clients) : NULL; c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->state != WAITING_RELOAD)
			continue;
		if (c->skip && !all) {
			c->skip = false;
			continue;
		}
		(void)rs_buf_printf(&c->out, ok ? "ok\ngeneration %u serves\n" : "error generation %u\n",
				    m->last_reload.generation);
		if (!ok) {
			rs_buf_reset(&c->out, 0);
			(void)rs_buf_printf(&c->out, "error %s\n", text);
		}
		finish(c);
	}
}

static void do_stop(struct client *c)
{
	struct rs_master *m = c->at->m;
	char payload[64];

	rs_notice(m->log, "asked to stop by control socket");
	rs_fmt(payload, sizeof payload, "pid %d\nmax_wait_ms %lld\n", (int)getpid(),
	       (long long)rs_master_conf(m)->max_wait_time);
	accept_request(c, payload);
	/* Asked twice is no second thought: the command line sends a signal for that. */
	if (m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP)
		rs_master_event(m, RS_EV_STOP);
}

static void do_restart(struct client *c)
{
	struct rs_master *m = c->at->m;
	char payload[64];

	if (m->state != RS_FSM_RUN) {
		refuse(c, m->state == RS_FSM_ROLL ? "a reload is running; try again when it is over" :
			  m->state == RS_FSM_BOOT ? "the server is starting" : "the server is stopping");
		return;
	}
	if (access(m->start->exe, X_OK) < 0) {
		refuse(c, "the program file of the server is missing");
		return;
	}
	rs_notice(m->log, "asked to restart by control socket");
	(void)rs_copy(m->restart_environment, sizeof m->restart_environment, rs_slice_str(c->request.environment));
	(void)rs_copy(m->restart_x_version, sizeof m->restart_x_version, rs_slice_str(c->request.x_version));
	rs_fmt(payload, sizeof payload, "started_us %lld\nmax_wait_ms %lld\n", (long long)m->started_us,
	       (long long)rs_master_conf(m)->max_wait_time);
	accept_request(c, payload);
	rs_master_event(m, RS_EV_RESTART);
}

static void do_text(struct client *c)
{
	struct rs_master *m = c->at->m;
	bool ok = rs_buf_printf(&c->out, "ok\n");

	if (c->request.verb == RS_CTL_INFO)
		ok = ok && rs_status_info(m, &c->out);
	else if (m->current)
		ok = ok && rs_buf_put(&c->out, rs_buf_data(&m->current->app_conf), m->current->app_conf.len);
	if (!ok)
		rs_buf_reset(&c->out, 0);
	finish(c);
}

static void execute(struct client *c)
{
	switch (c->request.verb) {
	case RS_CTL_STATUS:
	case RS_CTL_STATS:
		ask_status(c);
		break;
	case RS_CTL_INFO:
	case RS_CTL_APP_CONF:
		do_text(c);
		break;
	case RS_CTL_RELOAD:
		do_reload(c);
		break;
	case RS_CTL_STOP:
		do_stop(c);
		break;
	case RS_CTL_RESTART:
		do_restart(c);
		break;
	}
}

/* ---- clients --------------------------------------------------------------------------------------- */

static void take_line(struct client *c)
{
	const char *nl = memchr(c->line, '\n', c->n), *error;

	if (!nl && c->n < RS_CTL_LINE_MAX)
		return;
	if (!nl)
		refuse(c, "the request is too long");
	else if (!rs_ctl_parse(rs_slice(c->line, (size_t)(nl - c->line)), c->at->app, &c->request, &error))
		refuse(c, error);
	else
		execute(c);
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	char junk[64];
	ssize_t n;

	(void)what;
	if (c->state == WRITING) {
		if (write_out(c))
			client_free(c);
		return;
	}
	n = c->state == READING ? read(fd, c->line + c->n, RS_CTL_LINE_MAX - c->n) : read(fd, junk, sizeof junk);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* A client may close its writing half and wait; one that is gone is found when it is answered. */
		if (c->state == READING)
			client_free(c);
		else
			event_del(c->ev);
		return;
	}
	if (c->state != READING)
		return;
	c->n += (size_t)n;
	take_line(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd, (void)what;
	if (c->state == WAITING_STATUS)
		answer_status(c, RS_SLICE(""));
	else
		client_free(c);
}

static bool welcome(const struct endpoint *e, int fd)
{
	const struct rs_identity *pool = &e->m->user;
	struct ucred peer;

	if (!rs_unix_peer(fd, &peer))
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	if (e->app && (peer.uid == pool->uid || peer.gid == pool->gid))
		return true;
	rs_warnx(e->m->log, "%s: process %d of uid %u is turned away", e->path, (int)peer.pid, (unsigned)peer.uid);
	return false;
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	struct endpoint *e = arg;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

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
	*c = (struct client){ .at = e, .fd = fd };
	LIST_INSERT_HEAD(&e->m->ctl->clients, c, link);
	e->clients++;
	c->ev = event_new(e->m->base, fd, EV_READ | EV_PERSIST, on_client, c);
	c->timer = event_new(e->m->base, -1, 0, on_timer, c);
	if (!c->ev || !c->timer || event_add(c->ev, NULL) < 0) {
		client_free(c);
		return;
	}
	rs_master_after_ms(c->timer, CLIENT_MS);
}

/* ---- sockets --------------------------------------------------------------------------------------- */

static bool endpoint_open(struct endpoint *e, struct rs_master *m, const char *path, char *why, size_t why_size)
{
	struct rs_unix_options o = { .path = path, .mode = e->app ? 0660 : 0600, .owner = &m->user, .give = e->app,
				     .backlog = BACKLOG };

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

static void endpoint_close(struct endpoint *e, bool remove)
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
	endpoint_close(&ctl->app, remove);
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
	ctl->control.fd = ctl->app.fd = -1;
	ctl->app.app = true;
	LIST_INIT(&ctl->clients);
	m->ctl = ctl;
	return endpoint_open(&ctl->control, m, c->control_socket, why, why_size) &&
	       endpoint_open(&ctl->app, m, c->app_socket, why, why_size);
}
