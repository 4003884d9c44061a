/*
 * WebSocket, client side: src/ws over a client's socket.
 */
#include "client/client_ws.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <openssl/evp.h>

#define PIECE 65536
#define EXTENSION RS_SLICE("permessage-deflate")

/* ---- life -------------------------------------------------------------------------------------------------------- */

void rs_client_ws_begin(struct rs_client_ws *ws, uint64_t message_max, bool mask, bool hand_ping)
{
	*ws = (struct rs_client_ws){ .mask = mask };
	ws->options = (struct rs_ws_options){ .message_max = message_max, .client = true, .hand_ping = hand_ping };
	TAILQ_INIT(&ws->events);
}

void rs_client_ws_end(struct rs_client_ws *ws)
{
	struct rs_client_ws_event *e;

	rs_ws_conn_fini(&ws->conn);
	rs_buf_free(&ws->out);
	while ((e = TAILQ_FIRST(&ws->events))) {
		TAILQ_REMOVE(&ws->events, e, next);
		free(e);
	}
}

/* ---- the handshake ----------------------------------------------------------------------------------------------- */

bool rs_client_ws_key(char key[RS_WS_KEY_LEN + 1])
{
	unsigned char bytes[16];

	return getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
	       EVP_EncodeBlock((unsigned char *)key, bytes, sizeof bytes) == RS_WS_KEY_LEN;
}

static bool listed(struct rs_slice list, struct rs_slice want)
{
	while (list.n)
		if (rs_slice_eqi(rs_slice_trim(rs_slice_cut(&list, ',')), want))
			return true;
	return false;
}

/* What we offered, taken: without context taken over by the server, whatever windows. */
static bool deflate_taken(struct rs_slice value)
{
	bool no_context = false;

	if (!rs_slice_eqi(rs_slice_trim(rs_slice_cut(&value, ';')), EXTENSION))
		return false;
	while (value.n) {
		struct rs_slice parameter = rs_slice_trim(rs_slice_cut(&value, ';'));
		struct rs_slice name = rs_slice_trim(rs_slice_cut(&parameter, '='));

		if (rs_slice_eqi(name, RS_SLICE("server_no_context_takeover")))
			no_context = true;
		else if (!rs_slice_eqi(name, RS_SLICE("client_no_context_takeover")))
			return false;
	}
	return no_context;
}

const char *rs_client_ws_judge(const struct rs_http_answer *a, const char *key, bool offered, bool *deflate)
{
	char accept[RS_WS_ACCEPT_LEN + 1];
	struct rs_slice value;

	*deflate = false;
	if (!a->upgrade || !rs_http_answer_find(a, RS_SLICE("Upgrade"), &value) || !listed(value, RS_SLICE("websocket")))
		return "101 without Upgrade: websocket";
	if (!rs_ws_accept(rs_slice_str(key), accept))
		return "no memory";
	if (!rs_http_answer_find(a, RS_SLICE("Sec-WebSocket-Accept"), &value) || !rs_slice_eq(value, rs_slice_str(accept)))
		return "wrong Sec-WebSocket-Accept";
	if (!rs_http_answer_find(a, RS_SLICE("Sec-WebSocket-Extensions"), &value))
		return NULL;
	*deflate = offered && deflate_taken(value);
	return *deflate ? NULL : "an extension that was not asked for";
}

/* ---- in ---------------------------------------------------------------------------------------------------------- */

static bool keep(void *arg, const struct rs_ws_event *event)
{
	struct rs_client_ws *ws = arg;
	struct rs_client_ws_event *e = malloc(sizeof *e + event->data.n);

	if (!e) {
		ws->full++;
		return false;
	}
	*e = (struct rs_client_ws_event){ .opcode = event->opcode, .flags = event->flags, .code = event->code, .n = event->data.n };
	if (event->data.n)
		memcpy(e->data, event->data.p, event->data.n);
	TAILQ_INSERT_TAIL(&ws->events, e, next);
	return true;
}

static void random_key(void *arg, uint8_t key[4])
{
	(void)arg;
	/* Always answers so few bytes, once the system has begun. */
	while (getrandom(key, 4, 0) != 4)
		;
}

static struct rs_ws_sink sink_of(struct rs_client_ws *ws)
{
	return (struct rs_ws_sink){ .event = keep, .mask = ws->mask ? random_key : NULL, .arg = ws, .out = &ws->out };
}

bool rs_client_ws_flush(struct rs_client *c, const struct rs_client_conf *conf, struct rs_client_ws *ws)
{
	bool ok = true;

	if (ws->flushing || ws->out.len == 0)
		return true;
	if (!rs_sock_enter(&c->sock, RS_WATCH_WRITE))
		return false;
	ws->flushing = true;
	while (ok && ws->out.len) {
		struct rs_buf now = ws->out;

		ws->out = (struct rs_buf){ 0 };
		ok = rs_sock_send_all(&c->sock, rs_buf_data(&now), now.len, 0, conf->write_ms) == now.len;
		rs_buf_free(&now);
	}
	ws->flushing = false;
	rs_client_leave(c, RS_WATCH_WRITE);
	return ok;
}

/* RS_OK: events may have come. */
static enum rs_result read_some(struct rs_client *c, const struct rs_client_conf *conf, struct rs_client_ws *ws, int64_t timeout_ms)
{
	const struct rs_ws_sink sink = sink_of(ws);
	enum rs_result rc;
	ssize_t n = (ssize_t)c->in.len;

	if (n == 0) {
		char *to = rs_buf_reserve(&c->in, PIECE);

		if (!to) {
			rs_sock_fail(&c->sock, ENOMEM);
			return RS_ERR;
		}
		n = rs_sock_recv(&c->sock, to, PIECE, 0, timeout_ms);
		if (n > 0)
			rs_buf_commit(&c->in, (size_t)n);
	}
	if (n < 0)
		return RS_ERR;
	if (n == 0) {
		ws->conn.code = RS_WS_ABNORMAL;
		return RS_DONE;
	}
	rc = rs_ws_input(&ws->conn, &ws->options, &sink, rs_buf_slice(&c->in));
	rs_buf_reset(&c->in, PIECE);
	/* A connection that broke by now is told by the next read. */
	(void)!rs_client_ws_flush(c, conf, ws);
	if (ws->full) {
		rs_sock_fail(&c->sock, ENOMEM);
		return RS_ERR;
	}
	if (rc == RS_ERR) {
		rs_sock_fail_why(&c->sock, EPROTO, "the server broke the rules of WebSocket");
		return RS_ERR;
	}
	/* Pongs wait behind what another coroutine sends. */
	if (ws->flushing && ws->out.len > RS_CLIENT_WS_QUEUE_MAX) {
		rs_sock_fail_why(&c->sock, EPROTO, "the server asks for answers that it does not read");
		return RS_ERR;
	}
	return rc;
}

enum rs_result rs_client_ws_recv(struct rs_client *c, const struct rs_client_conf *conf, struct rs_client_ws *ws, int64_t timeout_ms,
				 struct rs_client_ws_event **out)
{
	int64_t until = rs_deadline(timeout_ms);
	enum rs_result rc = ws->conn.over ? RS_DONE : RS_OK;

	*out = NULL;
	if (TAILQ_EMPTY(&ws->events) && rc == RS_OK) {
		if (!rs_sock_enter(&c->sock, RS_WATCH_READ))
			return RS_ERR;
		while (rc == RS_OK && TAILQ_EMPTY(&ws->events)) {
			rc = read_some(c, conf, ws, rs_deadline_left(until));
			/* Who sends pings without a pause may not do so for ever. */
			if (rc == RS_OK && timeout_ms > 0 && rs_deadline_left(until) == 0 && TAILQ_EMPTY(&ws->events)) {
				rs_sock_fail(&c->sock, ETIMEDOUT);
				rc = RS_ERR;
			}
		}
		rs_client_leave(c, RS_WATCH_READ);
	}
	*out = TAILQ_FIRST(&ws->events);
	if (!*out)
		return rc;
	TAILQ_REMOVE(&ws->events, *out, next);
	return RS_OK;
}

/* ---- out --------------------------------------------------------------------------------------------------------- */

bool rs_client_ws_put(struct rs_client *c, struct rs_client_ws *ws, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	uint8_t key[4];

	if (ws->conn.close_sent || ws->conn.over)
		return rs_sock_fail(&c->sock, EPIPE);
	if (ws->out.len && (payload.n > RS_CLIENT_WS_QUEUE_MAX || ws->out.len > RS_CLIENT_WS_QUEUE_MAX - payload.n))
		return rs_sock_fail(&c->sock, RS_CLIENT_WS_FULL);
	if (ws->mask)
		random_key(NULL, key);
	if (!rs_ws_frame(&ws->out, opcode, flags, ws->mask ? key : NULL, payload))
		return rs_sock_fail(&c->sock, ENOMEM);
	ws->conn.close_sent = opcode == RS_WS_CLOSE;
	return true;
}

void rs_client_ws_bye(struct rs_client *c, struct rs_client_ws *ws)
{
	const struct rs_ws_sink sink = sink_of(ws);

	if (ws->flushing || ws->conn.close_sent || ws->conn.over)
		return;
	if (rs_ws_close(&ws->conn, &sink, RS_WS_NORMAL, rs_slice("", 0)) && ws->out.len)
		(void)!rs_sock_send(&c->sock, rs_buf_data(&ws->out), ws->out.len, MSG_DONTWAIT, 0);
}
