/*
 * WebSocket connections. What a frame means is src/ws's business; here is who hears of it, what goes out, and the end. Runs
 * in the reactor.
 *
 * Three ways to end. The client closes (its close frame is answered), or it breaks a rule (a close frame says which): then
 * what it sent before may still be answered by the application, until its worker is through or CLOSE_MS are over. Or the
 * server closes: the application has its CLOSE at once, and the client CLOSE_MS to answer our close frame. The socket is
 * shut down for writing behind the last byte, and drained, so that the client can read what was said last.
 */
#include "reactor/reactor_ws.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_session.h"
#include "ws/ws_stream.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/random.h>

/* From our close frame to the client's; from the client's last frame to our answer. */
#define CLOSE_MS 5000
/* Answers to pings that a client leaves unread: beyond it no more of its frames are read. */
#define UNREAD_MAX (64u << 10)

/* What a WebSocket connection has beside other ones. Owner: its guest, from the 101 to the end of frames. */
struct rs_ws_link {
	struct rs_ws_conn conn;
	size_t unread;         /* bytes of answers put since everything had left the last time */
	struct rs_buf last;    /* parting: what is said last, our close frame at its end */
	bool parting;          /* no more frames are read; `last` waits for what the application still says */
};

static void write_answers(struct rs_conn *c);
static void part(struct rs_conn *c);
static void over(struct rs_conn *c);

static const struct rs_port *port_of(const struct rs_conn *c)
{
	return &c->guest->gate->set;
}

/* WEBSOCKET_STATUS_* of the server API. */
enum status { ACTIVE = 3, CLOSING = 4 };

static void show(struct rs_conn *c, enum status s)
{
	c->guest->pub.websocket = (uint8_t)s;
	rs_guest_changed(c->guest);
}

static void random_key(void *arg, uint8_t key[4])
{
	(void)arg;
	/* So few bytes always come at once. Masking is no secret from anybody who reads, so there is nothing to fail for. */
	if (getrandom(key, 4, 0) != 4)
		memset(key, 0x5a, 4);
}

/* ---- in ----------------------------------------------------------------------------------------------- */

/* A message, or a control frame that the application is to see. */
static bool told(void *arg, const struct rs_ws_event *e)
{
	struct rs_conn *c = arg;
	const struct rs_port *p = port_of(c);

	if ((e->opcode == RS_WS_PONG && !p->ws_pong_frame) || (e->opcode == RS_WS_CLOSE && !p->ws_close_frame))
		return true;
	return rs_guest_tell(c->guest, RS_EVENT_MESSAGE, e->opcode, e->flags | (uint32_t)e->code << 16, e->data);
}

static struct rs_ws_sink sink_of(struct rs_conn *c)
{
	struct rs_ws_sink sink = {
		.event = told,
		.mask = port_of(c)->ws_mask ? random_key : NULL,
		.arg = c,
		.out = &c->r->ws_out,
	};

	RS_ASSERT(c->r->ws_out.len == 0);
	return sink;
}

static size_t input(struct rs_conn *c, const char *p, size_t n)
{
	const struct rs_ws_options o = {
		.message_max = port_of(c)->package_max_length,
		.hand_ping = port_of(c)->ws_ping_frame,
		.rsv1 = c->guest->pub.deflate != 0,
	};
	const struct rs_ws_sink sink = sink_of(c);
	enum rs_result rc = rs_ws_input(&c->guest->ws->conn, &o, &sink, rs_slice(p, n));

	if (rc == RS_OK)
		write_answers(c);
	else
		part(c);
	return n;
}

/* What rs_ws_input() or rs_ws_close() wrote. c may be closed. */
static void write_answers(struct rs_conn *c)
{
	struct rs_buf *out = &c->r->ws_out;
	struct iovec iov = { out->p + out->off, out->len };

	if (out->len && rs_conn_write(c, &iov, 1) && rs_conn_pending(c))
		c->guest->ws->unread += iov.iov_len;
	rs_buf_reset(out, RS_OUT_KEEP);
}

/* Who does not read our pongs sends no more pings. */
static bool hungry(const struct rs_conn *c)
{
	return c->guest->ws->unread <= UNREAD_MAX && !c->guest->ws->parting;
}

static void written(struct rs_conn *c)
{
	if (rs_conn_pending(c))
		return;
	rs_conn_unwant_write(c);
	c->guest->ws->unread = 0;
	if (c->in.len)
		rs_conn_make_ready(c);
	rs_conn_resume(c);
}

/* ---- the end, by the client ------------------------------------------------------------------------------------------ */

/* No frame will be read or written: to the end of the connection, when what waits has left. */
static void over(struct rs_conn *c)
{
	rs_guest_leave(c->guest, false);
	rs_conn_end(c);
}

/* The client is through, and what we say to that stands in `ws_out`. */
static void part(struct rs_conn *c)
{
	struct rs_ws_link *l = c->guest->ws;
	struct rs_buf *out = &c->r->ws_out;

	if (c->guest->letters && !c->guest->ending && rs_buf_put(&l->last, rs_buf_data(out), out->len)) {
		rs_buf_reset(out, RS_OUT_KEEP);
		l->parting = true;
		rs_conn_deadline(c, CLOSE_MS);
		rs_reactor_need_sweep(c->r);
		return;
	}
	write_answers(c);
	if (c->state != RS_CONN_CLOSED)
		over(c);
}

/* Nobody will say anything any more, or may. */
static void parted(struct rs_conn *c)
{
	struct rs_buf *last = &c->guest->ws->last;
	struct iovec iov = { last->p + last->off, last->len };

	if (rs_conn_write(c, &iov, 1))
		over(c);
}

void rs_wsconn_quiet(struct rs_conn *c)
{
	if (c->protocol == &rs_ws_protocol && c->guest->ws->parting)
		parted(c);
}

/* It has not answered our close frame, or its worker takes too long. */
static void late(struct rs_conn *c)
{
	if (c->guest->ws->parting)
		parted(c);
	else
		over(c);
}

static void closed(struct rs_conn *c)
{
	struct rs_ws_link *l = c->guest->ws;

	c->guest->ws = NULL;
	rs_ws_conn_fini(&l->conn);
	rs_buf_free(&l->last);
	free(l);
}

const struct rs_conn_protocol rs_ws_protocol = {
	.input = input,
	.hungry = hungry,
	.eof = rs_conn_close, /* without a close frame: it has left */
	.late = late,
	.written = written,
	.closed = closed,
};

/* ---- the end, by the server ----------------------------------------------------------------------------- */

/* A close frame behind what waits, if there was none. c may be closed. */
static void say_close(struct rs_conn *c, unsigned code, struct rs_slice reason)
{
	const struct rs_ws_sink sink = sink_of(c);

	(void)rs_ws_close(&c->guest->ws->conn, &sink, code, reason);
	show(c, CLOSING);
	rs_conn_deadline(c, CLOSE_MS);
	rs_reactor_need_sweep(c->r);
	write_answers(c);
}

void rs_wsconn_disconnect(struct rs_conn *c, unsigned code, struct rs_slice reason)
{
	if (c->protocol != &rs_ws_protocol || c->guest->ending)
		return;
	if (c->guest->ws->parting) {
		rs_guest_leave(c->guest, true);
		parted(c);
		return;
	}
	say_close(c, code, reason);
	if (c->state == RS_CONN_CLOSED)
		return;
	rs_guest_leave(c->guest, true);
	/* Its close frame is waited for, whatever the reason was not to read. */
	rs_conn_unhold(c, RS_HOLD_PAUSED | RS_HOLD_QUEUE);
}

void rs_wsconn_goodbye(struct rs_conn *c)
{
	if (c->protocol != &rs_ws_protocol)
		return; /* on its way out already */
	if (c->guest->ws->parting) {
		parted(c);
		return;
	}
	say_close(c, RS_WS_GOING_AWAY, rs_slice("", 0));
	if (c->state != RS_CONN_CLOSED)
		over(c);
}

/* ---- the beginning, and what is sent ------------------------------------------------------------------- */

bool rs_wsconn_begin(struct rs_conn *c)
{
	c->guest->ws = calloc(1, sizeof *c->guest->ws);
	if (!c->guest->ws) {
		rs_conn_close(c);
		return false;
	}
	c->protocol = &rs_ws_protocol;
	c->state = RS_CONN_STREAM;
	c->guest->upgraded = true;
	rs_conn_deadline(c, 0);
	show(c, ACTIVE);
	if (c->in.len)
		rs_conn_make_ready(c);
	rs_conn_resume(c);
	return true;
}

/* One buffer, because the payload has to be masked. */
static void push_masked(struct rs_conn *c, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	struct rs_buf *out = &c->r->out;
	struct iovec iov;
	uint8_t key[4];

	random_key(NULL, key);
	RS_ASSERT(out->len == 0);
	if (!rs_ws_frame(out, opcode, flags, key, payload)) {
		rs_conn_close(c);
		return;
	}
	iov = (struct iovec){ out->p + out->off, out->len };
	(void)rs_conn_write(c, &iov, 1);
	rs_buf_reset(out, RS_OUT_KEEP);
}

void rs_wsconn_push(struct rs_conn *c, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	uint8_t head[RS_WS_HEAD_MAX];
	struct rs_slice reason;
	struct iovec iov[2];
	unsigned code;

	if (c->protocol != &rs_ws_protocol || c->guest->ending ||
	    (c->guest->ws->conn.close_sent && !c->guest->ws->parting))
		return;
	if (opcode == RS_WS_CLOSE && c->guest->ws->parting) {
		parted(c);
	} else if (opcode == RS_WS_CLOSE) {
		/* The application's own close frame: the client's answer will end it. */
		(void)rs_ws_close_payload(payload, &code, &reason);
		say_close(c, code, reason);
	} else if (port_of(c)->ws_mask) {
		push_masked(c, opcode, flags, payload);
	} else {
		iov[0] = (struct iovec){ head, rs_ws_frame_head(head, opcode, flags, payload.n, NULL) };
		iov[1] = (struct iovec){ (void *)(uintptr_t)payload.p, payload.n };
		(void)rs_conn_write(c, iov, payload.n ? 2 : 1);
	}
}
