/*
 * One side of a WebSocket connection (RFC 6455): bytes in, messages and control frames out, and what must be
 * said at once (pong, close) written. No fd, no clock, no log, no global. Runs in the reactor; the server
 * side unless told otherwise.
 *
 * What a connection keeps between messages is struct rs_ws_conn and nothing else. The parser (4.5 kB, wslay's
 * mostly, and the message so far) exists while a frame or a message is incomplete.
 */
#ifndef RS_WS_STREAM_H
#define RS_WS_STREAM_H

#include "ws/ws_frame.h"

struct rs_ws_parser; /* of ws_stream.c */

/* Part of the connection. Zeroed it is open and idle; rs_ws_conn_fini() at the end. Read only, outside. */
struct rs_ws_conn {
	struct rs_ws_parser *parser; /* NULL: between messages */
	uint16_t code;               /* over: what the peer closed with, or what it was refused with */
	bool close_sent;             /* no more frames may follow ours */
	bool over;                   /* nothing more is read */
};

/* The same for all connections of a port; constant while one of them exists. */
struct rs_ws_options {
	uint64_t message_max; /* bytes of a message, all fragments together; above: 1009 */
	bool client;          /* we are the client: frames come unmasked */
	bool unmasked_ok;     /* a server that takes frames without mask as well (RFC 6455, 5.1 forbids it) */
	bool rsv1;            /* compression was agreed on: RSV1 may stand on the first frame of a message */
	bool hand_ping;       /* the application answers pings: RS_WS_PING is an event, no pong is written */
};

/*
 * What came. opcode RS_WS_TEXT, RS_WS_BINARY: a message, fragments joined, text is UTF-8. RS_WS_PONG,
 * RS_WS_PING (with hand_ping). RS_WS_CLOSE, when the peer began to close: code (RS_WS_NO_STATUS without one)
 * and its reason in data; the answer is already written.
 * flags: RS_WS_FIN; RS_WS_MASK when it came masked; RS_WS_RSV1 when it is compressed, then text is unchecked.
 */
struct rs_ws_event {
	uint8_t opcode;
	uint8_t flags;
	uint16_t code;        /* RS_WS_CLOSE only, else 0 */
	struct rs_slice data; /* for the length of the call */
};

/* Where a connection's events and answers go. */
struct rs_ws_sink {
	/* false: it is over, what follows is not read. May call rs_ws_close(); not rs_ws_input(), not _fini(). */
	bool (*event)(void *arg, const struct rs_ws_event *event);
	/* Fills in a key nobody can guess, for each frame of ours. NULL: they are not masked (servers). */
	void (*mask)(void *arg, uint8_t key[4]);
	void *arg;
	/* Pongs and the close frame are appended here, in order with the events. At most 3 times the input. */
	struct rs_buf *out;
};

/*
 * Takes all of in, however it was cut.
 *
 * RS_OK: go on. RS_DONE: the peer's close frame has come, c->code is its code; or an event() answered false,
 * then c->code is 0. RS_ERR: the peer broke the rules (or we have no memory), c->code says which; a close
 * frame with it is written, unless one was before. After both send out what is written, then close; every
 * further call takes nothing and answers RS_DONE.
 *
 * After our own close frame (rs_ws_close()) nothing is told any more and pings stay unanswered, until the
 * peer's close frame: RS_DONE.
 *
 * 1002: reserved bit or opcode, wrong masking, length not in its shortest form, control frame in fragments or
 * above 125 bytes, continuation of nothing, a new message inside one, close frame with one byte or a code
 * that cannot be. 1007: text or close reason is not UTF-8, at the first byte that shows it. 1009: too big,
 * when the frame's head says so. 1011: no memory. What only a frame's head says is noticed with the first
 * byte of its payload.
 */
enum rs_result rs_ws_input(struct rs_ws_conn *c, const struct rs_ws_options *o, const struct rs_ws_sink *sink,
			   struct rs_slice in) RS_MUST_CHECK;

/*
 * Begins or answers the closing handshake: writes a close frame (rs_ws_frame_close()) unless we have sent
 * one. false: no memory; it counts as sent all the same.
 */
bool rs_ws_close(struct rs_ws_conn *c, const struct rs_ws_sink *sink, unsigned code, struct rs_slice reason);

/* Frees what it holds; it is over. */
void rs_ws_conn_fini(struct rs_ws_conn *c);

#endif
