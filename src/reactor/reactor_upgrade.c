/*
 * Opening handshakes. A good one is answered here and then told (OPEN), or given to the application to answer (HANDSHAKE)
 * when it wants that; a bad one is refused. Runs in the reactor.
 */
#include "reactor/reactor_upgrade.h"

#include "reactor/reactor_access.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_request.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_session.h"
#include "reactor/reactor_ws.h"
#include "ws/ws_handshake.h"

static void accept_upgrade(struct rs_req *q, const struct rs_ws_upgrade *u, bool tell);

/* WEBSOCKET_STATUS_* of the server API. */
#define HANDSHAKE 2
#define ACTIVE 3

static struct rs_gate *gate_of(const struct rs_req *q)
{
	return q->conn->guest ? q->conn->guest->gate : q->r->serve->main;
}

static const struct rs_port *port_of(const struct rs_req *q)
{
	return &gate_of(q)->set;
}

/* What goes into a 101 unless the application says otherwise. */
static struct rs_ws_upgrade upgrade_of(const struct rs_req *q, const struct rs_ws_offer *o)
{
	return (struct rs_ws_upgrade){
		.key = o->key,
		.protocol = o->protocol,
		.deflate = port_of(q)->ws_compression ? o->deflate : 0,
		.deflate_bits_said = o->deflate_bits_said,
		.date = rs_reactor_date(q->r),
		.server = q->r->conf->server,
	};
}

/* The connection of a good handshake on the main port becomes a guest. false: it was answered, or closed. */
static bool introduce(struct rs_req *q)
{
	struct rs_conn *c = q->conn;

	if (q->r->phase != RS_REACTOR_RUN || rs_serve_full(q->r)) {
		rs_send_error(c, 503, false);
		return false;
	}
	/* Its answer knows no credit: who answers guests looks how much waits. */
	q->window = q->granted = rs_req_wire(q)->credit = INT64_MAX;
	return rs_guest_new(c, gate_of(q), -1);
}

bool rs_upgrade_begin(struct rs_req *q, const struct rs_http_head *h)
{
	struct rs_ws_offer offer = { .protocols = rs_slice_str(port_of(q)->subprotocol) };
	const struct rs_ws_request line = { h->get_method, h->minor, h->chunked || h->content_length > 0 };
	const bool app = port_of(q)->handshake != RS_HANDSHAKE_OURS;
	enum rs_ws_verdict verdict;
	struct rs_ws_upgrade u;
	struct rs_ws_refusal no;

	for (size_t i = 0; i < h->nfields; i++)
		rs_ws_offer_field(&offer, h->fields[i].name, h->fields[i].value);
	verdict = rs_ws_judge(&offer, line, &no);
	if (verdict == RS_WS_PLAIN)
		return false;
	if (verdict == RS_WS_REFUSED) {
		rs_debug(q->r->log, "client %s: %u: %s", q->conn->remote, no.status, no.why);
		rs_send_error_with(q->conn, no.status, false, no.extra);
		return true;
	}
	if (!q->conn->guest && !introduce(q))
		return true;
	if (app) {
		q->handshake = true;
		q->conn->guest->pub.websocket = HANDSHAKE;
		rs_guest_changed(q->conn->guest);
		rs_request_submit(q);
		return true;
	}
	u = upgrade_of(q, &offer);
	accept_upgrade(q, &u, true);
	return true;
}

/* 101, and from now on it is a WebSocket. */
static void accept_upgrade(struct rs_req *q, const struct rs_ws_upgrade *u, bool tell)
{
	struct rs_conn *c = q->conn;
	struct rs_reactor *r = q->r;
	struct iovec iov;
	bool ok;

	RS_ASSERT(r->out.len == 0);
	ok = rs_ws_write_upgrade(&r->out, u);
	iov = (struct iovec){ r->out.p + r->out.off, r->out.len };
	/* Before the client can know it, so that whoever hears of it from the client may push. */
	c->guest->pub.websocket = ACTIVE;
	c->guest->pub.deflate = u->deflate;
	rs_guest_changed(c->guest);
	rs_guest_publish(r);
	if (!ok)
		rs_conn_close(c);
	else
		ok = rs_conn_write(c, &iov, 1);
	rs_buf_reset(&r->out, RS_OUT_KEEP);
	if (!ok)
		return;
	q->status = 101;
	q->ended = q->head_sent = true;
	rs_request_settle(q);
	/* While c still has q: what goes wrong closes c, and that lets go of q. */
	if (!rs_wsconn_begin(c) || (tell && rs_gate_wants(c->guest->gate, RS_EVENT_OPEN) && !rs_request_post(q, RS_EVENT_OPEN)))
		return;
	rs_access_request(r, c, q, 101);
	c->req = NULL;
	q->conn = NULL;
	rs_req_release(q);
}

const char *rs_upgrade_refuse(struct rs_req *q, const struct rs_frame *f)
{
	q->handshake = false;
	q->conn->keepalive = false;
	q->conn->linger = true;
	return rs_send_response(q, f);
}

const char *rs_upgrade_answer(struct rs_req *q, const struct rs_frame *f)
{
	const struct rs_port *set = port_of(q);
	struct rs_ws_offer offer = { .protocols = rs_slice_str(set->subprotocol) };
	struct rs_slice name, value, reason, headers, body;
	struct rs_wire_response w;
	struct rs_buf kept = { 0 };
	struct rs_ws_upgrade u;

	if (!rs_send_cut(f->payload, &w, &reason, &headers, &body))
		return "RESPONSE with wrong lengths";
	for (uint32_t i = 0; rs_req_field_at(q, i, &name, &value); i++)
		rs_ws_offer_field(&offer, name, value);
	u = upgrade_of(q, &offer);
	if (rs_ws_upgrade_headers(&u, headers, &kept))
		accept_upgrade(q, &u, set->handshake == RS_HANDSHAKE_ADDED);
	else
		rs_conn_close(q->conn);
	rs_buf_free(&kept);
	return NULL;
}
