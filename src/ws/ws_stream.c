/*
 * wslay takes frames apart (heads, lengths, masks); here stands what they mean together: which may follow
 * which, joining, limits, text, closing. A rule of the protocol is a line of frame_begins(); each answers
 * with the close code it costs.
 */
#include "ws/ws_stream.h"

#include <stdlib.h>
#include <wslay/wslay.h>

#include "ws/ws_utf8.h"

/* While a frame or a message is incomplete, and for the length of an rs_ws_input(). Owner: the connection. */
struct rs_ws_parser {
	wslay_frame_context_ptr wslay;
	struct rs_slice in; /* what wslay has not taken yet, of this call */
	uint64_t pending;   /* bytes wslay has taken that belong to no complete frame; 0: between frames */

	bool in_frame;                      /* its head has been judged, payload is to come */
	uint64_t got;                       /* payload of this frame so far */
	uint8_t control[RS_WS_CONTROL_MAX]; /* payload of this control frame so far */

	uint8_t opcode, flags;  /* of the message; RS_WS_CONTINUATION: none has begun */
	struct rs_ws_utf8 utf8; /* of its text */
	struct rs_buf message;  /* its payload so far; stays empty when it came in one piece */
};

/* What one rs_ws_input() works with. */
struct work {
	struct rs_ws_conn *c;
	struct rs_ws_parser *p;
	const struct rs_ws_options *o;
	const struct rs_ws_sink *sink;
	struct wslay_frame_iocb io; /* the piece of a frame wslay gave last */
};

static enum rs_result take_piece(struct work *w);
static unsigned frame_begins(const struct work *w);
static enum rs_result control_piece(struct work *w);
static enum rs_result message_piece(struct work *w);

/* ---- the parser's life ----------------------------------------------------------------------------- */

static ssize_t read_cb(uint8_t *to, size_t room, int flags, void *arg)
{
	struct rs_ws_parser *p = arg;
	size_t n = p->in.n < room ? p->in.n : room;

	(void)flags;
	if (n == 0)
		return -1;
	memcpy(to, p->in.p, n);
	p->in = rs_slice(p->in.p + n, p->in.n - n);
	p->pending += n;
	return (ssize_t)n;
}

static struct rs_ws_parser *parser_new(void)
{
	static const struct wslay_frame_callbacks callbacks = { .recv_callback = read_cb };
	struct rs_ws_parser *p = calloc(1, sizeof *p);

	if (!p || wslay_frame_context_init(&p->wslay, &callbacks, p) == 0)
		return p;
	free(p);
	return NULL;
}

static void parser_free(struct rs_ws_parser *p)
{
	if (!p)
		return;
	wslay_frame_context_free(p->wslay);
	rs_buf_free(&p->message);
	free(p);
}

void rs_ws_conn_fini(struct rs_ws_conn *c)
{
	parser_free(c->parser);
	c->parser = NULL;
	c->over = true;
}

/* ---- the two ways it ends -------------------------------------------------------------------------- */

/* The key of the next frame of ours, or NULL. */
static const uint8_t *mask_key(const struct rs_ws_sink *sink, uint8_t key[4])
{
	if (!sink->mask)
		return NULL;
	sink->mask(sink->arg, key);
	return key;
}

bool rs_ws_close(struct rs_ws_conn *c, const struct rs_ws_sink *sink, unsigned code, struct rs_slice reason)
{
	uint8_t key[4];

	if (c->close_sent)
		return true;
	c->close_sent = true;
	return rs_ws_frame_close(sink->out, code, reason, mask_key(sink, key));
}

static enum rs_result refuse(const struct work *w, unsigned code)
{
	/* Without memory for a close frame the end of the connection says it. */
	(void)rs_ws_close(w->c, w->sink, code, rs_slice("", 0));
	w->c->code = (uint16_t)code;
	w->c->over = true;
	return RS_ERR;
}

static enum rs_result tell(const struct work *w, unsigned opcode, unsigned flags, unsigned code,
			   struct rs_slice data)
{
	const struct rs_ws_event event = {
		.opcode = (uint8_t)opcode,
		.flags = (uint8_t)flags,
		.code = (uint16_t)code,
		.data = data,
	};

	if (w->sink->event(w->sink->arg, &event))
		return RS_OK;
	w->c->over = true;
	return RS_DONE;
}

/* ---- bytes in -------------------------------------------------------------------------------------- */

enum rs_result rs_ws_input(struct rs_ws_conn *c, const struct rs_ws_options *o, const struct rs_ws_sink *sink,
			   struct rs_slice in)
{
	struct work w = { .c = c, .o = o, .sink = sink };
	enum rs_result rc = RS_OK;

	if (c->over)
		return RS_DONE;
	if (in.n == 0)
		return RS_OK;
	if (!c->parser)
		c->parser = parser_new();
	if (!c->parser)
		return refuse(&w, RS_WS_SERVER_ERROR);
	w.p = c->parser;
	w.p->in = in;
	while (rc == RS_OK) {
		ssize_t n = wslay_frame_recv(w.p->wslay, &w.io);

		if (n == WSLAY_ERR_WANT_READ)
			break;
		rc = n < 0 ? refuse(&w, RS_WS_PROTOCOL_ERROR) : take_piece(&w);
	}
	w.p->in = rs_slice(NULL, 0);
	if (rc != RS_OK || (w.p->pending == 0 && w.p->opcode == RS_WS_CONTINUATION)) {
		parser_free(w.p);
		c->parser = NULL;
	}
	return rc;
}

/* The bytes of a whole frame; wslay takes no head but the shortest. */
static uint64_t frame_size(const struct wslay_frame_iocb *io)
{
	uint8_t head[RS_WS_HEAD_MAX];

	return rs_ws_frame_head(head, io->opcode, 0, io->payload_length, NULL) + (io->mask ? 4 : 0) +
	       io->payload_length;
}

static enum rs_result take_piece(struct work *w)
{
	struct rs_ws_parser *p = w->p;
	bool control = rs_ws_is_control(w->io.opcode);

	if (!p->in_frame) {
		unsigned code = frame_begins(w);

		if (code)
			return refuse(w, code);
		p->in_frame = true;
		p->got = 0;
		if (!control && p->opcode == RS_WS_CONTINUATION) {
			p->opcode = w->io.opcode;
			p->flags = (uint8_t)(RS_WS_FIN | (w->io.mask ? RS_WS_MASK : 0) |
					     (w->io.rsv ? RS_WS_RSV1 : 0));
		}
	}
	p->got += w->io.data_length;
	if (p->got == w->io.payload_length) {
		p->in_frame = false;
		p->pending -= frame_size(&w->io);
	}
	return control ? control_piece(w) : message_piece(w);
}

/* Judges the head of a frame. 0, or the code to close with. */
static unsigned frame_begins(const struct work *w)
{
	const struct wslay_frame_iocb *io = &w->io;
	const bool inside = w->p->opcode != RS_WS_CONTINUATION; /* a message has begun */
	const bool starts = io->opcode == RS_WS_TEXT || io->opcode == RS_WS_BINARY;

	if (w->o->client ? io->mask : !io->mask && !w->o->unmasked_ok)
		return RS_WS_PROTOCOL_ERROR;
	if (io->rsv && !(w->o->rsv1 && starts && io->rsv == WSLAY_RSV1_BIT))
		return RS_WS_PROTOCOL_ERROR;
	switch (io->opcode) {
	case RS_WS_TEXT:
	case RS_WS_BINARY:
		if (inside)
			return RS_WS_PROTOCOL_ERROR;
		break;
	case RS_WS_CONTINUATION:
		if (!inside)
			return RS_WS_PROTOCOL_ERROR;
		break;
	case RS_WS_CLOSE:
	case RS_WS_PING:
	case RS_WS_PONG:
		return 0; /* wslay has seen to it that they are short and whole */
	default:
		return RS_WS_PROTOCOL_ERROR;
	}
	if (io->payload_length > w->o->message_max || w->p->message.len > w->o->message_max - io->payload_length)
		return RS_WS_TOO_BIG;
	return 0;
}

/* ---- control frames -------------------------------------------------------------------------------- */

static unsigned control_flags(const struct work *w)
{
	return RS_WS_FIN | (w->io.mask ? RS_WS_MASK : 0u);
}

static enum rs_result control_close(struct work *w, struct rs_slice payload)
{
	const bool begun_by_us = w->c->close_sent;
	struct rs_slice reason;
	unsigned code, wrong = rs_ws_close_payload(payload, &code, &reason);

	if (wrong)
		return refuse(w, wrong);
	w->c->code = (uint16_t)code;
	w->c->over = true;
	if (begun_by_us)
		return RS_DONE;
	/* Without memory for the answer the end of the connection is one. */
	(void)rs_ws_close(w->c, w->sink, code, rs_slice("", 0));
	(void)tell(w, RS_WS_CLOSE, control_flags(w), code, reason);
	return RS_DONE;
}

static enum rs_result control_ping(struct work *w, struct rs_slice payload)
{
	uint8_t key[4];

	return rs_ws_frame(w->sink->out, RS_WS_PONG, RS_WS_FIN, mask_key(w->sink, key), payload)
		       ? RS_OK
		       : refuse(w, RS_WS_SERVER_ERROR);
}

static enum rs_result control_piece(struct work *w)
{
	struct rs_ws_parser *p = w->p;
	struct rs_slice payload = rs_slice(p->control, (size_t)p->got);

	RS_ASSERT(p->got <= sizeof p->control);
	memcpy(p->control + p->got - w->io.data_length, w->io.data, w->io.data_length);
	if (p->in_frame)
		return RS_OK;
	if (w->io.opcode == RS_WS_CLOSE)
		return control_close(w, payload);
	if (w->c->close_sent)
		return RS_OK;
	if (w->io.opcode == RS_WS_PING && !w->o->hand_ping)
		return control_ping(w, payload);
	return tell(w, w->io.opcode, control_flags(w), 0, payload);
}

/* ---- messages -------------------------------------------------------------------------------------- */

static enum rs_result message_piece(struct work *w)
{
	struct rs_ws_parser *p = w->p;
	struct rs_slice piece = rs_slice(w->io.data, w->io.data_length);
	const bool last = !p->in_frame && w->io.fin;
	const bool text = p->opcode == RS_WS_TEXT && !(p->flags & RS_WS_RSV1);
	unsigned opcode = p->opcode;
	enum rs_result rc = RS_OK;

	if (text && (!rs_ws_utf8_feed(&p->utf8, piece) || (last && !rs_ws_utf8_whole(&p->utf8))))
		return refuse(w, RS_WS_BAD_PAYLOAD);
	if (last && p->message.len == 0) {
		/* All of it lies in wslay's buffer: the usual case, no copy. */
	} else if (w->c->close_sent) {
		piece = rs_slice("", 0);
	} else if (!rs_buf_put(&p->message, piece.p, piece.n)) {
		return refuse(w, RS_WS_SERVER_ERROR);
	} else {
		piece = rs_buf_slice(&p->message);
	}
	if (!last)
		return RS_OK;
	p->opcode = RS_WS_CONTINUATION;
	if (!w->c->close_sent)
		rc = tell(w, opcode, p->flags, 0, piece);
	rs_buf_reset(&p->message, 0);
	return rc;
}
