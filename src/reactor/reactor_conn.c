/*
 * Client connections: their life, what they send, their time. What is sent to them is in reactor_output.c, how in reactor_wire.c.
 * Runs in the reactor; never blocks.
 *
 * One read event lives as long as the connection. Reads go into the reactor's scratch buffer and are parsed
 * there; only what is left over is kept with the connection. What a client sends while its request is being
 * answered is kept up to a bound, then reading pauses.
 */
#include "reactor/reactor_conn.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_http.h"
#include "reactor/reactor_idle.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_request.h"
#include "reactor/reactor_sendfile.h"
#include "reactor/reactor_session.h"
#include "reactor/reactor_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

/* Pipelined bytes kept behind the request that is being answered. */
#define PIPELINE_MAX (64u << 10)

static void read_cb(evutil_socket_t fd, short what, void *arg);

/* ---- constructor and destructor ----------------------------------------------------------------------- */

static void put_address(const struct sockaddr_storage *a, char text[46], uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;

	text[0] = '\0';
	*port = 0;
	if (a->ss_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, text, 46);
		*port = ntohs(in->sin_port);
	} else if (a->ss_family == AF_INET6) {
		/* Of a dual-stack socket: applications expect the plain form. */
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, 46);
		else
			inet_ntop(AF_INET6, &in6->sin6_addr, text, 46);
		*port = ntohs(in6->sin6_port);
	}
}

/* deadline_ms has a place for every slot of the slab. */
static bool grow_deadlines(struct rs_reactor *r)
{
	uint32_t want = rs_slab_capacity(&r->conns);
	int64_t *p;

	if (want <= r->deadlines)
		return true;
	p = realloc(r->deadline_ms, want * sizeof *p);
	if (!p)
		return false;
	memset(p + r->deadlines, 0, (want - r->deadlines) * sizeof *p);
	r->deadline_ms = p;
	r->deadlines = want;
	return true;
}

struct rs_conn *rs_conn_make(struct rs_reactor *r, const struct rs_wire *wire)
{
	struct rs_conn *c = rs_slab_take(&r->conns);

	if (!c || !grow_deadlines(r)) {
		if (c)
			rs_slab_give(&r->conns, c);
		return NULL;
	}
	memset((char *)c + sizeof c->node, 0, sizeof *c - sizeof c->node);
	c->magic = RS_CONN_MAGIC;
	c->r = r;
	c->fd = -1;
	c->protocol = &rs_http_protocol;
	c->wire = wire;
	c->trusted_serial = r->conf_serial - 1;
	return c;
}

bool rs_conn_begin(struct rs_conn *c)
{
	rs_conn_deadline(c, c->r->conf->header_timeout);
	if (!c->wire->want_read(c, true)) {
		rs_conn_close(c);
		return false;
	}
	rs_reactor_need_sweep(c->r);
	return true;
}

struct rs_conn *rs_conn_new(struct rs_reactor *r, int fd, const struct sockaddr_storage *peer, bool tcp)
{
	struct rs_conn *c = rs_conn_make(r, &rs_wire_plain);
	struct sockaddr_storage local = { 0 };
	socklen_t len = sizeof local;

	if (!c) {
		close(fd);
		return NULL;
	}
	c->fd = fd;
	c->tcp = tcp;
	if (tcp) {
		put_address(peer, c->remote, &c->remote_port);
		if (getsockname(fd, (struct sockaddr *)&local, &len) == 0)
			put_address(&local, c->local, &c->local_port);
	}
	event_assign(&c->ev_read, r->base, fd, EV_READ | EV_PERSIST, read_cb, c);
	event_assign(&c->ev_write, r->base, fd, EV_WRITE | EV_PERSIST, rs_conn_write_cb, c);
	return rs_conn_begin(c) ? c : NULL;
}

static void end(struct rs_conn *c, bool reset)
{
	struct rs_reactor *r = c->r;
	struct rs_req *q = c->req;

	if (c->state == RS_CONN_CLOSED)
		return;
	c->state = RS_CONN_CLOSED;
	c->req = NULL;
	r->deadline_ms[c->node.slot] = 0;
	rs_idle_remove(c);
	rs_limit_conn_gone(c);
	c->wire->close(c, reset);
	if (c->protocol->closed)
		c->protocol->closed(c);
	rs_sendfile_free(c);
	if (c->out)
		evbuffer_free(c->out);
	c->out = NULL;
	rs_buf_free(&c->in);
	if (c->is_ready)
		TAILQ_REMOVE(&r->ready, c, ready_link);
	TAILQ_INSERT_TAIL(&r->dead, c, dead_link);
	r->ndead++;
	if (q) {
		rs_access_request(r, c, q, q->status ? q->status : 499);
		if (c->guest)
			rs_request_withdraw(q);
		else
			rs_route_withdraw(q);
	}
	if (rs_guest_has(c->guest, c))
		rs_guest_gone(c->guest, c->error);
	c->guest = NULL;
}

void rs_conn_close(struct rs_conn *c)
{
	end(c, false);
}

void rs_conn_fail(struct rs_conn *c, int error)
{
	c->error = error;
	rs_conn_close(c);
}

void rs_conn_reset(struct rs_conn *c)
{
	end(c, true);
}

void rs_conn_reap(struct rs_reactor *r)
{
	struct rs_conn *c;

	while ((c = TAILQ_FIRST(&r->dead))) {
		TAILQ_REMOVE(&r->dead, c, dead_link);
		r->ndead--;
		c->magic = 0;
		rs_slab_give(&r->conns, c);
	}
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* Bytes are waiting that no event will speak of. */
void rs_conn_make_ready(struct rs_conn *c)
{
	if (!c->is_ready)
		TAILQ_INSERT_TAIL(&c->r->ready, c, ready_link);
	c->is_ready = true;
}

static bool takes_input(const struct rs_conn *c)
{
	return c->protocol->hungry(c);
}

void rs_conn_pause(struct rs_conn *c)
{
	if (!c->read_paused)
		(void)c->wire->want_read(c, false);
	c->read_paused = true;
}

void rs_conn_resume(struct rs_conn *c)
{
	if (c->read_paused && !c->hold && c->wire->want_read(c, true))
		c->read_paused = false;
}

void rs_conn_hold(struct rs_conn *c, unsigned why)
{
	if (c->state == RS_CONN_CLOSED)
		return;
	c->hold |= (uint8_t)why;
	rs_conn_pause(c);
}

void rs_conn_unhold(struct rs_conn *c, unsigned why)
{
	if (c->state == RS_CONN_CLOSED || !(c->hold & why))
		return;
	c->hold &= (uint8_t)~why;
	if (c->hold)
		return;
	rs_conn_resume(c);
	if (c->in.len)
		rs_conn_make_ready(c);
}

/* Bytes that were kept: offers them again. */
static void feed(struct rs_conn *c)
{
	const struct rs_conn_protocol *was = c->protocol;
	size_t used = was->input(c, rs_buf_data(&c->in), c->in.len);

	if (c->state == RS_CONN_CLOSED || c->state == RS_CONN_LINGER || (c->hold & RS_HOLD_ENDED))
		return;
	rs_buf_consume(&c->in, used);
	if (c->in.len == 0)
		rs_buf_free(&c->in);
	/* Still idle with bytes left: it had its share of this turn. Or what is left is for another protocol. */
	if ((c->state == RS_CONN_IDLE || c->protocol != was) && c->in.len)
		rs_conn_make_ready(c);
	if (c->in.len >= PIPELINE_MAX && !takes_input(c))
		rs_conn_pause(c);
}

void rs_conn_run_ready(struct rs_reactor *r)
{
	struct rs_conn *c, *last = TAILQ_LAST(&r->ready, rs_conn_list);

	/* One that stays ready goes behind those that were here first; its next turn is in the next round. */
	while ((c = TAILQ_FIRST(&r->ready))) {
		TAILQ_REMOVE(&r->ready, c, ready_link);
		c->is_ready = false;
		if (takes_input(c) && c->in.len)
			feed(c);
		if (c == last)
			return;
	}
}

void rs_conn_input(struct rs_conn *c, const char *p, size_t n)
{
	const struct rs_conn_protocol *was = c->protocol;
	size_t kept = c->in.len, used = 0;

	if (c->guest)
		rs_guest_received(c->guest, n);
	if (c->state == RS_CONN_LINGER) {
		rs_conn_still_lingers(c);
		return;
	}
	if (kept == 0 && takes_input(c)) {
		used = c->protocol->input(c, p, n);
		if (c->state == RS_CONN_CLOSED || c->state == RS_CONN_LINGER || (c->hold & RS_HOLD_ENDED) ||
		    used == n)
			return;
	}
	if (!rs_buf_put(&c->in, p + used, n - used)) {
		rs_conn_close(c);
		return;
	}
	if (takes_input(c) && kept)
		feed(c);
	else if (c->state == RS_CONN_IDLE || c->protocol != was)
		rs_conn_make_ready(c);
	else if (!takes_input(c) && c->in.len >= PIPELINE_MAX)
		rs_conn_pause(c);
}

static void read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_conn *c = arg;
	ssize_t n;

	RS_CHECK(c, RS_CONN_MAGIC);
	(void)fd;
	(void)what;
	n = c->wire->read(c, c->r->scratch, sizeof c->r->scratch);
	/* The others have their turn before the rest of it. */
	if (n > 0 && c->wire->has_more(c))
		event_active(&c->ev_read, EV_READ, 0);
	if (n > 0)
		rs_conn_input(c, c->r->scratch, (size_t)n);
	else if (n == 0)
		rs_conn_input_ends(c);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		rs_conn_fail(c, errno);
}

void rs_conn_input_ends(struct rs_conn *c)
{
	c->protocol->eof(c);
}

/* ---- time --------------------------------------------------------------------------------------------- */

void rs_conn_deadline(struct rs_conn *c, int64_t ms)
{
	if (c->state != RS_CONN_CLOSED)
		c->r->deadline_ms[c->node.slot] = ms ? rs_reactor_ms(c->r) + ms : 0;
}

static void late(struct rs_conn *c)
{
	rs_conn_deadline(c, 0);
	c->protocol->late(c);
}

void rs_conn_sweep(struct rs_reactor *r)
{
	int64_t now = rs_reactor_ms(r);

	for (uint32_t i = 0; i < r->deadlines; i++) {
		if (r->deadline_ms[i] && r->deadline_ms[i] <= now)
			late(rs_slab_at(&r->conns, i));
	}
}

bool rs_conn_trusted(struct rs_conn *c)
{
	if (c->trusted_serial != c->r->conf_serial) {
		const char *peer = c->remote[0] ? c->remote : "unix:";
		c->trusted = !c->stranger && rs_conf_cidr_match(&c->r->conf->trusted_proxies, peer);
		c->trusted_serial = c->r->conf_serial;
	}
	return c->trusted;
}

/* ---- the end ------------------------------------------------------------------------------------------ */

bool rs_conn_quiet(struct rs_conn *c)
{
	if (c->protocol->quiet)
		return c->protocol->quiet(c);
	/* A request may have arrived that was not read yet. */
	if (c->state == RS_CONN_IDLE && !c->in.len)
		read_cb(c->fd, EV_READ, c);
	return c->state == RS_CONN_IDLE && !c->in.len;
}

void rs_conn_stop_idle(struct rs_reactor *r)
{
	for (uint32_t i = 0; i < rs_slab_capacity(&r->conns); i++) {
		struct rs_conn *c = rs_slab_at(&r->conns, i);
		if (!c->node.id || c->state == RS_CONN_CLOSED)
			continue;
		if (c->protocol->stop)
			c->protocol->stop(c);
		else if (rs_conn_quiet(c))
			rs_conn_close(c);
	}
}

void rs_conn_close_all(struct rs_reactor *r)
{
	for (uint32_t i = 0; i < rs_slab_capacity(&r->conns); i++) {
		struct rs_conn *c = rs_slab_at(&r->conns, i);
		if (c->node.id)
			rs_conn_close(c);
	}
}
