/*
 * A WebSocket over the connection of a client (RFC 6455): the handshake's fields, messages in and out. One reads and one or
 * several write at a time; whoever writes also sends what others have left.
 */
#ifndef RS_CLIENT_WS_H
#define RS_CLIENT_WS_H

#include "client/client.h"
#include "http/http_answer.h"
#include "ws/ws_handshake.h"
#include "ws/ws_stream.h"

/* What waits to be sent while another coroutine sends. */
#define RS_CLIENT_WS_QUEUE_MAX (8u << 20)
/* Number of the server API. */
#define RS_CLIENT_WS_FULL 1009

struct rs_client_ws_event {
	TAILQ_ENTRY(rs_client_ws_event) next;
	uint8_t opcode, flags;
	uint16_t code;             /* RS_WS_CLOSE */
	size_t n;
	char data[];
};
TAILQ_HEAD(rs_client_ws_events, rs_client_ws_event);

struct rs_client_ws {
	struct rs_ws_conn conn;
	struct rs_ws_options options;
	bool mask, flushing;
	bool deflate;              /* permessage-deflate was agreed on */
	struct rs_buf out;
	struct rs_client_ws_events events;
	unsigned full;             /* events that memory was missing for */
};

/* Zeroed and then this: open. */
void rs_client_ws_begin(struct rs_client_ws *ws, uint64_t message_max, bool mask, bool hand_ping);
void rs_client_ws_end(struct rs_client_ws *ws);

/* A key for Sec-WebSocket-Key. false: no random bytes. */
bool rs_client_ws_key(char key[RS_WS_KEY_LEN + 1]) RS_MUST_CHECK;
/* Does this answer with status 101 open a WebSocket for that key? NULL: yes; else why not. offered: permessage-deflate was. */
const char *rs_client_ws_judge(const struct rs_http_answer *a, const char *key, bool offered, bool *deflate);

/*
 * The next event, the caller's to free(). RS_DONE: it is over, ws->conn.code says with what; RS_ERR: c->sock.error; a limit
 * that passed leaves it open.
 */
enum rs_result rs_client_ws_recv(struct rs_client *c, const struct rs_client_conf *conf, struct rs_client_ws *ws, int64_t timeout_ms,
				 struct rs_client_ws_event **out) RS_MUST_CHECK;
/* One frame, to be sent. false: c->sock.error. */
bool rs_client_ws_put(struct rs_client *c, struct rs_client_ws *ws, unsigned opcode, unsigned flags, struct rs_slice payload)
	RS_MUST_CHECK;
/* Sends what waits, unless somebody else is about to. false: c->sock.error. */
bool rs_client_ws_flush(struct rs_client *c, const struct rs_client_conf *conf, struct rs_client_ws *ws) RS_MUST_CHECK;
/* A close frame, unless one was sent, as far as it goes without waiting. */
void rs_client_ws_bye(struct rs_client *c, struct rs_client_ws *ws);

#endif
