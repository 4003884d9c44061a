/*
 * WebSocket on a connection that was upgraded. Whoever asks for a message reads from the client, and answers pings and close frames
 * on the way. Frames of ours go through one buffer: who writes first takes along what others put there meanwhile, so several
 * coroutines may push at a time and no frame is cut by another one.
 */
#include "httpd/httpd_private.h"

#include "base/rs_clock.h"

#include <errno.h>
#include <sys/random.h>

#define PIECE (16u << 10)

struct rs_httpd_ws {
	struct rs_ws_conn conn;
	uint8_t deflate;         /* bits of our window; 0: not agreed on */
	STAILQ_HEAD(, rs_httpd_message) inbox;
	struct rs_buf out;       /* frames that have not left */
	bool writing;            /* somebody is sending what was there before */
	struct rs_buf last;      /* parting: what is said last, with our close frame at its end */
	bool parting;            /* the client is through, but not with what it said before: the application may still answer that */
	bool over, wrong;        /* nothing more comes; and that since a rule was broken, which nobody has been told */
};

/* ---- out ---------------------------------------------------------------------------------------------------------------- */

static void random_key(void *arg, uint8_t key[4])
{
	(void)arg;
	/* So few bytes always come at once. Masking is no secret from anybody who reads, so there is nothing to fail for. */
	if (getrandom(key, 4, 0) != 4)
		memset(key, 0x5a, 4);
}

/* false: the client is gone. */
static bool flush(struct rs_httpd *h)
{
	struct rs_httpd_ws *w = h->ws;

	if (w->writing)
		return true;
	w->writing = true;
	while (w->out.len && !h->gone) {
		struct rs_buf now = w->out;

		w->out = (struct rs_buf){ 0 };
		if (rs_sock_enter(h->sock, RS_WATCH_WRITE)) {
			RS_IGNORE(rs_httpd_send(h, rs_buf_data(&now), now.len, false));
			rs_sock_leave(h->sock, RS_WATCH_WRITE);
		} else {
			h->gone = true;
		}
		rs_buf_free(&now);
	}
	w->writing = false;
	return !h->gone;
}

/* ---- in ----------------------------------------------------------------------------------------------------------------- */

static bool told(void *arg, const struct rs_ws_event *e)
{
	struct rs_httpd *h = arg;
	struct rs_httpd_message *m;

	if (e->opcode == RS_WS_PONG && !h->rules->hand_pong)
		return true;
	m = malloc(sizeof *m + e->data.n);
	if (!m)
		return false;
	m->opcode = e->opcode;
	m->flags = e->flags;
	m->code = e->code;
	m->n = e->data.n;
	if (m->n)
		memcpy(m->data, e->data.p, m->n);
	STAILQ_INSERT_TAIL(&h->ws->inbox, m, next);
	return true;
}

static struct rs_ws_sink sink_of(struct rs_httpd *h, struct rs_buf *out)
{
	return (struct rs_ws_sink){ .event = told, .mask = h->rules->mask ? random_key : NULL, .arg = h, .out = out };
}

/* What was to be said last is said. */
static void parted(struct rs_httpd *h)
{
	struct rs_httpd_ws *w = h->ws;

	w->parting = false;
	h->gone = h->gone || !rs_buf_put(&w->out, rs_buf_data(&w->last), w->last.len);
	rs_buf_free(&w->last);
	w->last = (struct rs_buf){ 0 };
	RS_IGNORE(flush(h));
}

/* It asks for pongs and does not read what another coroutine is sending: who waits for that must not collect them without end. */
static bool asks_too_much(const struct rs_httpd *h)
{
	const struct rs_httpd_ws *w = h->ws;

	return w->writing && w->out.len + w->last.len > h->rules->queue_max;
}

/* All that has been received. */
static void take(struct rs_httpd *h)
{
	const struct rs_ws_options o = { .message_max = h->rules->body_max, .rsv1 = h->ws->deflate != 0, .hand_ping = h->rules->hand_ping };
	struct rs_httpd_ws *w = h->ws;
	const struct rs_ws_sink sink = sink_of(h, &w->last);
	enum rs_result rc = rs_ws_input(&w->conn, &o, &sink, rs_buf_slice(&h->in));

	rs_buf_consume(&h->in, h->in.len);
	if (asks_too_much(h)) {
		h->gone = true;
		rc = RS_ERR;
	}
	w->over = rc != RS_OK;
	w->wrong = rc == RS_ERR || (rc == RS_DONE && w->conn.code == 0);
	w->parting = w->over && !STAILQ_EMPTY(&w->inbox);
	if (!w->parting && w->last.len)
		parted(h);
}

static enum rs_result ended(struct rs_httpd *h)
{
	if (h->ws->parting)
		parted(h);
	if (!h->ws->wrong)
		return RS_DONE;
	h->ws->wrong = false;
	rs_sock_fail(h->sock, EPROTO);
	return RS_ERR;
}

enum rs_result rs_httpd_recv(struct rs_httpd *h, int64_t timeout_ms, struct rs_httpd_message **out)
{
	const int64_t until = rs_deadline(timeout_ms);
	struct rs_httpd_ws *w = h->ws;
	enum rs_result rc;

	while (!(*out = STAILQ_FIRST(&w->inbox))) {
		if (w->over)
			return ended(h);
		rc = h->in.len ? RS_OK : rs_httpd_more(h, PIECE, rs_deadline_left(until));
		if (rc == RS_ERR && (h->sock->error == ETIMEDOUT || h->sock->error == ECANCELED || h->sock->error == RS_SOCK_BUSY))
			return RS_ERR;
		if (rc != RS_OK) {
			w->over = true;
			h->gone = h->gone || !h->stopping;
			return rc;
		}
		take(h);
	}
	STAILQ_REMOVE_HEAD(&w->inbox, next);
	if ((*out)->opcode == RS_WS_CLOSE && w->parting)
		parted(h);
	return RS_OK;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------ */

static bool say_close(struct rs_httpd *h, unsigned code, struct rs_slice reason)
{
	const struct rs_ws_sink sink = sink_of(h, &h->ws->out);

	return rs_ws_close(&h->ws->conn, &sink, code, reason);
}

static bool put_frame(struct rs_httpd *h, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	struct rs_slice reason;
	unsigned code;
	uint8_t key[4];

	if (opcode == RS_WS_CLOSE) {
		if (rs_ws_close_payload(payload, &code, &reason) != 0)
			code = RS_WS_NORMAL, reason = RS_SLICE("");
		return say_close(h, code, reason);
	}
	random_key(NULL, key);
	return rs_ws_frame(&h->ws->out, opcode, flags, h->rules->mask ? key : NULL, payload);
}

enum rs_server_result rs_httpd_push(struct rs_httpd *h, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	if (!h->ws)
		return RS_SERVER_NOT_WEBSOCKET;
	if (h->gone || (h->ws->conn.close_sent && !h->ws->parting))
		return RS_SERVER_CLOSED;
	if (opcode == RS_WS_CLOSE && h->ws->parting) {
		parted(h);
		return RS_SERVER_OK;
	}
	if (h->ws->writing && payload.n + h->ws->out.len > h->rules->queue_max)
		return RS_SERVER_FULL;
	if (!put_frame(h, opcode, flags, payload))
		return RS_SERVER_FULL;
	return flush(h) ? RS_SERVER_OK : RS_SERVER_CLOSED;
}

/* ---- beginning and end ---------------------------------------------------------------------------------------------------- */

static bool accept_offer(struct rs_httpd *h, struct rs_slice lines)
{
	const struct rs_httpd_offer *o = &h->offer;
	struct rs_ws_upgrade u = { .key = rs_slice(o->key, o->key_n), .protocol = rs_slice(o->protocol, o->protocol_n),
				   .deflate = h->rules->deflate ? o->deflate : 0, .deflate_bits_said = o->deflate_bits_said };
	struct rs_buf kept = { 0 };
	char date[32];

	rs_http_date(rs_wall_us() / 1000000, date);
	u.date = date;
	h->ws = calloc(1, sizeof *h->ws);
	h->gone = !h->ws || !rs_ws_upgrade_headers(&u, lines, &kept);
	if (h->ws) {
		STAILQ_INIT(&h->ws->inbox);
		h->ws->deflate = u.deflate;
		h->gone = h->gone || !rs_ws_write_upgrade(&h->ws->out, &u) || !flush(h);
	}
	rs_buf_free(&kept);
	return !h->gone;
}

bool rs_httpd_upgrade(struct rs_httpd *h, struct rs_slice lines)
{
	struct rs_http_block block;

	if (h->gone || h->started || h->ended)
		return false;
	h->keep = false;
	if (h->offer.verdict != RS_WS_UPGRADE) {
		rs_httpd_answer(h, h->offer.no.status ? h->offer.no.status : 400, h->offer.no.extra ? h->offer.no.extra : "");
		return false;
	}
	if (!rs_http_block_check(lines, &block)) {
		rs_httpd_answer(h, 500, "");
		return false;
	}
	h->started = h->ended = true;
	return accept_offer(h, lines);
}

unsigned rs_httpd_deflate(const struct rs_httpd *h)
{
	return h->ws ? h->ws->deflate : 0;
}

void rs_httpd_ws_goodbye(struct rs_httpd *h, unsigned code)
{
	if (h->ws->parting)
		parted(h);
	else if (!h->gone && !h->ws->conn.close_sent && say_close(h, code, RS_SLICE("")))
		RS_IGNORE(flush(h));
}

void rs_httpd_ws_free(struct rs_httpd *h)
{
	struct rs_httpd_message *m;

	if (!h->ws)
		return;
	while ((m = STAILQ_FIRST(&h->ws->inbox))) {
		STAILQ_REMOVE_HEAD(&h->ws->inbox, next);
		rs_httpd_message_free(m);
	}
	rs_ws_conn_fini(&h->ws->conn);
	rs_buf_free(&h->ws->out);
	rs_buf_free(&h->ws->last);
	free(h->ws);
	h->ws = NULL;
}
