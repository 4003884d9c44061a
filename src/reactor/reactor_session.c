/*
 * Connections of a server by $fd: what is known, told and shown of them. Owns the guests and their places on the board;
 * the sockets are reactor_conn.c's. Runs in the reactor.
 *
 * Order of the end: no more sends are taken (the board says so), what was told before is taken by its worker, CLOSE is
 * told, CLOSE is taken, the place is free. The socket may go at any time meanwhile.
 */
#include "reactor/reactor_session.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_dispatch.h"
#include "reactor/reactor_sendfile.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_stream.h"
#include "reactor/reactor_ws.h"

#include <stdlib.h>

/* Bytes of a connection that may wait for its worker (max_queued_bytes not set), beside one package. */
#define QUEUED_MAX (1u << 20)
/* Events of it that may: many small packages cost more than their bytes. */
#define LETTERS_MAX 4096

/* ---- constructor and destructor -------------------------------------------------------------------------------------- */

/* What it is accepted with; c has a socket. */
static void introduce(struct rs_guest *g, struct rs_conn *c, int listen_fd, uint32_t fd)
{
	struct rs_serve *s = g->r->serve;
	const struct rs_port *set = &g->gate->set;

	g->pub = (struct rs_session){
		.fd = fd,
		.state = RS_SESSION_OPEN,
		.websocket = set->protocol == RS_PORT_WEBSOCKET,
		.socket_type = set->socket_type,
		.paused = set->delay_receive,
		.port = (uint16_t)g->gate->index,
		.server_port = set->port,
		.remote_port = c->remote_port,
		.socket_fd = c->fd,
		.server_fd = set->listen_fd >= 0 ? set->listen_fd : listen_fd,
		.reactor_id = s->set.reactor_num ? fd % s->set.reactor_num : 0,
		.connect_us = rs_reactor_wall_us(g->r),
		.receive_us = rs_reactor_wall_us(g->r),
	};
	memcpy(g->pub.remote_ip, c->remote, sizeof g->pub.remote_ip);
	g->pub.cert_len = rs_board_put_cert(&s->board, g->slot, rs_tls_certificate(c));
	g->received_ms = g->sent_ms = rs_reactor_ms(g->r);
	g->seat = rs_dispatch_connect(g->r, fd, c->remote);
	g->pub.worker = g->seat->id;
}

bool rs_guest_new(struct rs_conn *c, struct rs_gate *gate, int listen_fd)
{
	struct rs_serve *s = c->r->serve;
	struct rs_guest *g = calloc(1, sizeof *g);
	uint32_t fd;

	if (!g || !rs_board_take(&s->board, &g->slot, &fd)) {
		free(g);
		rs_conn_close(c);
		return false;
	}
	g->magic = RS_GUEST_MAGIC;
	g->r = c->r;
	g->gate = gate;
	g->conn = c;
	s->guest[g->slot] = g;
	introduce(g, c, listen_fd, fd);
	c->guest = g;
	s->nguests++;
	rs_guest_changed(g);
	if (gate->set.protocol == RS_PORT_STREAM) {
		c->protocol = &rs_stream_protocol;
		c->state = RS_CONN_STREAM;
	}
	/* Who says nothing may stay: silence is the port's business, reactor_port.c. */
	rs_conn_deadline(c, 0);
	if (gate->set.delay_receive)
		rs_conn_hold(c, RS_HOLD_PAUSED);
	if (rs_guest_tell(g, RS_EVENT_CONNECT, 0, 0, RS_SLICE("")))
		return true;
	g->told = true; /* of what nobody heard of, nobody hears the end */
	rs_conn_close(c);
	return false;
}

static void forget(struct rs_guest *g)
{
	struct rs_serve *s = g->r->serve;

	if (g->dirty)
		TAILQ_REMOVE(&s->dirty, g, dirty_link);
	rs_board_give(&s->board, g->slot);
	s->guest[g->slot] = NULL;
	g->magic = 0;
	free(g);
}

struct rs_guest *rs_guest_find(struct rs_reactor *r, uint32_t fd)
{
	uint32_t slot;

	return rs_board_find(&r->serve->board, fd, &slot) ? r->serve->guest[slot] : NULL;
}

/* ---- the board --------------------------------------------------------------------------------------------------------- */

void rs_guest_changed(struct rs_guest *g)
{
	if (!g->dirty)
		TAILQ_INSERT_TAIL(&g->r->serve->dirty, g, dirty_link);
	g->dirty = true;
}

void rs_guest_publish(struct rs_reactor *r)
{
	struct rs_guest *g;

	while ((g = TAILQ_FIRST(&r->serve->dirty))) {
		TAILQ_REMOVE(&r->serve->dirty, g, dirty_link);
		g->dirty = false;
		g->pub.receive_queued = g->queued;
		g->pub.send_queued = rs_guest_send_queued(g);
		g->pub.send_files = g->conn ? (uint16_t)rs_sendfile_count(g->conn) : 0;
		rs_board_put(&r->serve->board, g->slot, &g->pub);
	}
}

/* ---- telling ------------------------------------------------------------------------------------------------------------- */

/* So much of it waits for its worker that it is not read. */
static size_t queued_max(const struct rs_guest *g)
{
	uint64_t set = g->r->serve->set.max_queued_bytes;

	return set && set < SIZE_MAX ? (size_t)set : QUEUED_MAX;
}

bool rs_guest_tell(struct rs_guest *g, enum rs_event_kind kind, uint32_t a, uint32_t b, struct rs_slice bytes)
{
	struct rs_letter *l;

	if (!rs_gate_wants(g->gate, kind))
		return true;
	l = rs_letter_new(g->r, kind, g, RS_SLICE(""), bytes);
	if (!l)
		return false;
	l->h.a = a;
	l->h.b = b;
	rs_letter_post(g->seat, l);
	return true;
}

/* CLOSE is due. May be called again. */
static void tell_end(struct rs_guest *g)
{
	enum rs_event_kind kind = RS_EVENT_CLOSE;

	g->ending = true;
	g->pub.state = RS_SESSION_CLOSING;
	rs_guest_changed(g);
	if (g->told)
		return;
	g->told = true;
	/* Of a main port's: nobody has heard of it, if there is no CONNECT. */
	if (g->gate == g->r->serve->main && !g->upgraded && !rs_gate_wants(g->gate, RS_EVENT_CONNECT) &&
	    !rs_gate_wants(g->gate, RS_EVENT_DISCONNECT))
		return;
	if (g->gate->set.protocol == RS_PORT_WEBSOCKET && !g->upgraded &&
	    rs_gate_wants(g->gate, RS_EVENT_DISCONNECT))
		kind = RS_EVENT_DISCONNECT;
	if (!rs_guest_tell(g, kind, 0, 0, RS_SLICE("")))
		rs_errorx(g->r->log, "no memory to tell of the end of connection %u", g->pub.fd);
}

/*
 * Perhaps the last event about it was taken, or its connection has gone. CLOSE of a client that has ended in good order
 * waits until all before it was taken, so that its last words can be answered. g may be freed.
 */
static void settle(struct rs_guest *g)
{
	if (g->eof && !g->ending && g->letters == 0)
		tell_end(g);
	if (g->letters == 0 && !g->ending && g->ws) {
		rs_wsconn_quiet(g->conn);
		return;
	}
	if (!g->ending || g->letters)
		return;
	if (!g->conn)
		forget(g);
	else if (g->eof)
		rs_conn_end(g->conn);
}

void rs_guest_letter(struct rs_guest *g, int n, size_t bytes)
{
	size_t most = queued_max(g);

	rs_guest_changed(g);
	if (n > 0) {
		g->letters++;
		g->queued += bytes;
		g->pub.dispatch_us = rs_reactor_wall_us(g->r);
		if (g->conn && (g->queued >= most || g->letters >= LETTERS_MAX))
			rs_conn_hold(g->conn, RS_HOLD_QUEUE);
		return;
	}
	RS_ASSERT(g->letters > 0 && g->queued >= bytes);
	g->letters--;
	g->queued -= bytes;
	if (g->conn && g->queued <= most / 2 && g->letters <= LETTERS_MAX / 2)
		rs_conn_unhold(g->conn, RS_HOLD_QUEUE);
	if (g->letters == 0)
		settle(g);
}

/* ---- the connection says -------------------------------------------------------------------------------------------- */

void rs_guest_received(struct rs_guest *g, size_t n)
{
	g->received_ms = rs_reactor_ms(g->r);
	g->pub.receive_us = rs_reactor_wall_us(g->r);
	g->r->serve->received += n;
	g->r->serve->stats_dirty = true;
	rs_guest_changed(g);
}

void rs_guest_eof(struct rs_guest *g)
{
	g->eof = true;
	rs_conn_hold(g->conn, RS_HOLD_ENDED);
	settle(g);
}

void rs_guest_gone(struct rs_guest *g, int err)
{
	struct rs_serve *s = g->r->serve;

	g->conn = NULL;
	if (!g->by_server)
		g->pub.close_errno = err;
	s->nguests--;
	s->closed++;
	s->stats_dirty = true;
	tell_end(g);
	settle(g);
}

/* ---- the server says -------------------------------------------------------------------------------------------------- */

void rs_guest_close(struct rs_guest *g, bool by_server)
{
	if (g->ending)
		return;
	/* It has a connection, so it is not forgotten before that ends. */
	rs_guest_leave(g, by_server);
	if (g->conn->h2)
		rs_h2conn_end(g->conn);
	else
		rs_conn_end(g->conn);
}

void rs_guest_leave(struct rs_guest *g, bool by_server)
{
	if (g->ending)
		return;
	g->by_server = by_server;
	tell_end(g);
}

void rs_guest_reset(struct rs_guest *g)
{
	if (!g->conn)
		return;
	g->by_server = g->by_server || !g->ending;
	tell_end(g);
	rs_conn_reset(g->conn);
}

void rs_guest_pause(struct rs_guest *g, bool paused)
{
	if (!g->conn || g->ending)
		return;
	g->pub.paused = paused;
	rs_guest_changed(g);
	if (paused)
		rs_conn_hold(g->conn, RS_HOLD_PAUSED);
	else
		rs_conn_unhold(g->conn, RS_HOLD_PAUSED);
}

void rs_guest_bind(struct rs_guest *g, uint32_t uid)
{
	if (g->pub.has_uid || g->ending)
		return;
	g->pub.has_uid = true;
	g->pub.uid = uid;
	g->seat = rs_dispatch_uid(g->r, g);
	g->pub.worker = g->seat->id;
	rs_guest_changed(g);
}

void rs_guest_reseat(struct rs_guest *g)
{
	g->seat = rs_dispatch_connect(g->r, g->pub.fd, g->pub.remote_ip);
	if (g->pub.has_uid)
		g->seat = rs_dispatch_uid(g->r, g);
	g->pub.worker = g->seat->id;
	rs_guest_changed(g);
}

void rs_guest_protect(struct rs_guest *g, bool on)
{
	g->pub.is_protected = on;
	rs_guest_changed(g);
}
