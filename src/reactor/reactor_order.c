/*
 * SEND, ORDER and DATAGRAM: checks them and hands them on. Runs in the reactor.
 */
#include "reactor/reactor_order.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_datagram.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_ws.h"
#include "ws/ws_frame.h"

const char *rs_order_send(const struct rs_sender *from, struct rs_frame *f)
{
	struct rs_guest *g;
	struct rs_wire_send h;
	struct rs_slice bytes;

	if (f->payload.n < sizeof h)
		return "SEND with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	bytes = rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h);
	if (h.kind > RS_SEND_FILE)
		return "SEND of no known kind";
	if (h.kind == RS_SEND_WEBSOCKET && h.opcode > RS_WS_OPCODE_MAX)
		return "SEND with an opcode that cannot be";
	if ((h.kind == RS_SEND_FILE) != (f->nfds == 1 || f->fds_lost))
		return "SEND with a file too many or too few";
	g = rs_guest_find(from->r, h.fd);
	if (!g || g->ending || !g->conn) {
		from->r->n.stale++;
		return NULL;
	}
	if (g->conn->h2) {
		if (rs_serve_complain(from->r))
			rs_warnx(from->r->log, "connection %u speaks HTTP/2: what was sent to it as it is would break that, and is dropped", h.fd);
		return NULL;
	}
	from->r->serve->responses++;
	from->r->serve->stats_dirty = true;
	if (h.kind == RS_SEND_FILE)
		rs_guest_send_file(g, f->nfds ? rs_ipc_take_fd(from->ipc, f, 0) : -1, h.offset, h.length);
	else if (h.kind == RS_SEND_BYTES)
		rs_guest_send(g, bytes);
	else if (!rs_guest_overfull(g))
		rs_wsconn_push(g->conn, h.opcode, h.flags, bytes);
	return NULL;
}

/* ---- orders ---------------------------------------------------------------------------------------------------------------- */

typedef void order_fn(struct rs_guest *g, const struct rs_wire_order *o, struct rs_slice bytes);

static void do_close(struct rs_guest *g, const struct rs_wire_order *o, struct rs_slice bytes)
{
	(void)bytes;
	g->told = g->told || (o->arg == 1 && !g->ending);
	if (g->upgraded)
		rs_wsconn_disconnect(g->conn, RS_WS_NORMAL, RS_SLICE(""));
	else
		rs_guest_close(g, true);
}

static void do_disconnect(struct rs_guest *g, const struct rs_wire_order *o, struct rs_slice bytes)
{
	/* What may not stand in a close frame says nothing. */
	if (g->upgraded)
		rs_wsconn_disconnect(g->conn, rs_ws_code_ok((unsigned)o->arg) ? (unsigned)o->arg : RS_WS_NO_STATUS, bytes);
}

static void do_reset(struct rs_guest *g, const struct rs_wire_order *o, struct rs_slice bytes)
{
	(void)bytes;
	g->told = g->told || (o->arg == 1 && !g->ending);
	rs_guest_reset(g);
}

static void do_pause(struct rs_guest *g, const struct rs_wire_order *o, struct rs_slice bytes)
{
	(void)bytes;
	rs_guest_pause(g, o->what == RS_ORDER_PAUSE);
}

static void do_protect(struct rs_guest *g, const struct rs_wire_order *o, struct rs_slice bytes)
{
	(void)bytes;
	rs_guest_protect(g, o->arg != 0);
}

static void do_bind(struct rs_guest *g, const struct rs_wire_order *o, struct rs_slice bytes)
{
	(void)bytes;
	rs_guest_bind(g, (uint32_t)o->arg);
}

static order_fn *const orders[] = {
	[RS_ORDER_CLOSE] = do_close,
	[RS_ORDER_RESET] = do_reset,
	[RS_ORDER_PAUSE] = do_pause,
	[RS_ORDER_RESUME] = do_pause,
	[RS_ORDER_CONFIRM] = do_pause,
	[RS_ORDER_PROTECT] = do_protect,
	[RS_ORDER_BIND] = do_bind,
	[RS_ORDER_DISCONNECT] = do_disconnect,
};

const char *rs_order_order(const struct rs_sender *from, struct rs_frame *f)
{
	struct rs_wire_order o;
	struct rs_guest *g;

	if (f->payload.n < sizeof o)
		return "ORDER with a wrong length";
	memcpy(&o, f->payload.p, sizeof o);
	if (o.what >= RS_COUNTOF(orders))
		return "ORDER of no known kind";
	g = rs_guest_find(from->r, o.fd);
	if (g && g->conn)
		orders[o.what](g, &o, rs_slice(f->payload.p + sizeof o, f->payload.n - sizeof o));
	else
		from->r->n.stale++;
	return NULL;
}

const char *rs_order_datagram(const struct rs_sender *from, struct rs_frame *f)
{
	struct rs_wire_datagram h;

	if (f->payload.n < sizeof h)
		return "DATAGRAM with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	if (!memchr(h.to.address, '\0', sizeof h.to.address))
		return "DATAGRAM to an address without end";
	if (h.port != UINT32_MAX && h.port >= from->r->serve->set.nports)
		return "DATAGRAM from a port that is not there";
	rs_datagram_send(from->r, &h, rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h));
	return NULL;
}
