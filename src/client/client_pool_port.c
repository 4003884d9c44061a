/*
 * Connections of a pool's port: read a frame, call, write a frame, close. Bounded in number, size and time, whatever the client
 * does.
 */
#include "client/client_pool_port.h"

#include "base/rs_buf.h"
#include "base/rs_fd.h"
#include "client/client_address.h"
#include "client/client_out.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_HEAD 4
#define CONNECTIONS_MAX 512 /* of one worker; others wait in the backlog, for it or another one */
#define CONNECTION_MS 30000 /* for the message to come, and again for its answer to go */
#define ANSWER_MAX (64u << 20)
#define READ_ONCE (64u << 10)

struct connection {
	struct rs_pool_port *port;
	int fd;
	struct rs_watch *watch;
	struct rs_timer *deadline;
	struct rs_out *out;
	struct rs_buf in;
	LIST_ENTRY(connection) all;
};

struct rs_pool_port {
	struct rs_loop *loop;
	struct rs_watch *watch;
	int fd;
	size_t max;
	void (*message)(void *arg, struct rs_slice data);
	void *arg;
	struct rs_buf *answer; /* while message runs */
	bool freed;            /* by it */
	unsigned nconnections;
	LIST_HEAD(, connection) connections;
};

/* ---- listening --------------------------------------------------------------------------------------------------- */

static bool parse_address(const char *host, int port, struct rs_sock_addr *a)
{
	if (strncmp(host, "unix:", 5) == 0)
		return rs_sock_addr_set(a, AF_UNIX, rs_slice_str(host + 5), 0);
	if (port < 1 || port > 65535) {
		errno = EINVAL;
		return false;
	}
	return rs_sock_addr_set(a, AF_INET, rs_slice_str(host), port) || rs_sock_addr_set(a, AF_INET6, rs_slice_str(host), port);
}

/* What an earlier run left; any other kind of file is in the way and stays. */
static void remove_old_socket(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

int rs_pool_listen(const char *host, int port, int backlog)
{
	struct rs_sock_addr a;
	int fd, on = 1, saved;

	if (!parse_address(host, port, &a))
		return -1;
	fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (a.sa.sa_family == AF_UNIX)
		remove_old_socket(a.un.sun_path);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &a.sa, a.len) != 0 || listen(fd, backlog > 0 ? backlog : SOMAXCONN) != 0) {
		saved = errno;
		rs_fd_close(&fd);
		errno = saved;
	}
	return fd;
}

/* ---- connections --------------------------------------------------------------------------------------------------- */

static void connection_free(struct connection *c)
{
	struct rs_pool_port *p = c->port;

	LIST_REMOVE(c, all);
	if (p->nconnections-- == CONNECTIONS_MAX && p->watch)
		rs_watch_set(p->watch, RS_WATCH_READ);
	rs_watch_free(c->watch);
	rs_timer_free(c->deadline);
	rs_out_free(c->out);
	rs_buf_free(&c->in);
	rs_fd_close(&c->fd);
	free(c);
}

static void deadline_cb(struct rs_timer *t, void *arg)
{
	struct connection *c = arg;

	(void)t;
	c->deadline = NULL; /* it is gone */
	connection_free(c);
}

static bool set_deadline(struct connection *c)
{
	c->deadline = rs_timer_new(c->port->loop, CONNECTION_MS, false, false, deadline_cb, c);
	return c->deadline != NULL;
}

static void answered_cb(struct rs_out *o, int err, void *arg)
{
	(void)o;
	(void)err;
	connection_free(arg);
}

static void answer(struct connection *c, struct rs_slice text)
{
	uint32_t head = htonl((uint32_t)text.n);

	c->out = rs_out_new(c->port->loop, c->fd, ANSWER_MAX + FRAME_HEAD, answered_cb, c);
	if (!c->out || rs_out_write(c->out, &head, sizeof head) != RS_OK ||
	    (text.n && rs_out_write(c->out, text.p, text.n) != RS_OK) || rs_out_waiting(c->out) == 0 || !set_deadline(c))
		connection_free(c);
}

static void call(struct connection *c, struct rs_slice data)
{
	struct rs_pool_port *p = c->port;
	struct rs_buf text = { 0 };

	/* Nothing may take the connection away while user code runs, which may turn the loop. */
	rs_watch_free(c->watch);
	rs_timer_free(c->deadline);
	c->watch = NULL;
	c->deadline = NULL;
	p->answer = &text;
	p->message(p->arg, data);
	p->answer = NULL;
	if (text.len)
		answer(c, rs_buf_slice(&text));
	else
		connection_free(c);
	rs_buf_free(&text);
}

/* RS_OK: a whole frame is there. RS_AGAIN. RS_ERR: it is too long, or the client left. */
static enum rs_result receive(struct connection *c, struct rs_slice *data)
{
	uint32_t head;

	for (;;) {
		size_t want = FRAME_HEAD;
		char *room;
		ssize_t n;

		if (c->in.len >= FRAME_HEAD) {
			memcpy(&head, rs_buf_data(&c->in), sizeof head);
			want += ntohl(head);
			if (ntohl(head) == 0 || ntohl(head) > c->port->max)
				return RS_ERR;
			*data = rs_slice(rs_buf_data(&c->in) + FRAME_HEAD, ntohl(head));
			if (c->in.len >= want)
				return RS_OK;
		}
		want -= c->in.len;
		if (want > READ_ONCE)
			want = READ_ONCE; /* memory follows what came, not what was promised */
		room = rs_buf_reserve(&c->in, want);
		if (!room)
			return RS_ERR;
		n = recv(c->fd, room, want, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? RS_AGAIN : RS_ERR;
		rs_buf_commit(&c->in, (size_t)n);
	}
}

static void port_gone(struct rs_pool_port *p)
{
	while (!LIST_EMPTY(&p->connections))
		connection_free(LIST_FIRST(&p->connections));
	free(p);
}

static void readable_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct connection *c = arg;
	struct rs_pool_port *p = c->port;
	struct rs_slice data;

	(void)w;
	(void)events;
	switch (receive(c, &data)) {
	case RS_AGAIN:
		return;
	case RS_OK:
		call(c, data);
		if (p->freed)
			port_gone(p);
		return;
	case RS_DONE:
	case RS_ERR:
		connection_free(c);
	}
}

static void accept_one(struct rs_pool_port *p, int fd)
{
	struct connection *c = calloc(1, sizeof *c);

	if (!c) {
		rs_fd_close(&fd);
		return;
	}
	c->port = p;
	c->fd = fd;
	LIST_INSERT_HEAD(&p->connections, c, all);
	p->nconnections++;
	c->watch = rs_watch_new(p->loop, fd, RS_WATCH_READ, true, readable_cb, c);
	if (!c->watch || !set_deadline(c))
		connection_free(c);
	else if (p->nconnections == CONNECTIONS_MAX)
		rs_watch_set(p->watch, 0);
}

static void accept_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct rs_pool_port *p = arg;
	int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)w;
	(void)events;
	if (fd >= 0)
		accept_one(p, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		usleep(10000); /* until something is closed; the client waits in the backlog */
}

/* ---- port -------------------------------------------------------------------------------------------------------- */

struct rs_pool_port *rs_pool_port_new(struct rs_loop *l, int fd, size_t max, void (*message)(void *arg, struct rs_slice data), void *arg)
{
	struct rs_pool_port *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	*p = (struct rs_pool_port){ .loop = l, .fd = fd, .max = max, .message = message, .arg = arg };
	LIST_INIT(&p->connections);
	p->watch = rs_watch_new(l, fd, RS_WATCH_READ, true, accept_cb, p);
	if (!p->watch) {
		free(p);
		return NULL;
	}
	return p;
}

bool rs_pool_answer(struct rs_pool_port *p, const void *data, size_t n)
{
	return p->answer && n <= ANSWER_MAX && p->answer->len <= ANSWER_MAX - n && rs_buf_put(p->answer, data, n);
}

void rs_pool_port_free(struct rs_pool_port *p)
{
	if (!p)
		return;
	rs_watch_free(p->watch);
	p->watch = NULL;
	if (p->answer)
		p->freed = true;
	else
		port_gone(p);
}
