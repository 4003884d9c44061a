/*
 * What a client sends, as nghttp2 tells of it: header lists to heads, DATA to whom it is for, and everything into the purse of
 * h2_calm.c. nghttp2 has checked frames, states, windows, header lists (RFC 9113 8) and that bodies are as long as they say. Runs in
 * the reactor.
 */
#include "h2/h2_session.h"

#include <stdlib.h>

static struct rs_h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static void trouble(struct rs_h2 *h, enum rs_h2_trouble what)
{
	if (rs_h2_calm_spend(&h->calm, what) || h->angry)
		return;
	h->angry = true;
	h->to->complain(h->user, "too many frames that bring nothing");
	rs_h2_terminate(h, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
	struct rs_h2 *h = user;

	(void)session;
	switch (hd->type) {
	case NGHTTP2_HEADERS:
	case NGHTTP2_CONTINUATION: /* nghttp2 bounds these */
		break;
	case NGHTTP2_DATA:
		if (hd->length == 0 && !(hd->flags & NGHTTP2_FLAG_END_STREAM))
			trouble(h, RS_H2_EMPTY_DATA);
		break;
	case NGHTTP2_RST_STREAM:
		trouble(h, RS_H2_RESET);
		break;
	case NGHTTP2_SETTINGS:
		trouble(h, RS_H2_SETTINGS);
		break;
	case NGHTTP2_PING:
		trouble(h, RS_H2_PING);
		break;
	case NGHTTP2_PRIORITY:
		trouble(h, RS_H2_PRIORITY);
		break;
	case NGHTTP2_WINDOW_UPDATE:
		trouble(h, RS_H2_WINDOW_UPDATE);
		break;
	default:
		trouble(h, RS_H2_OTHER);
		break;
	}
	return 0;
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *user)
{
	struct rs_h2 *h = user;

	(void)session;
	(void)frame;
	h->to->complain(h->user, nghttp2_strerror(error));
	trouble(h, RS_H2_MALFORMED);
	return 0;
}

/* ---- heads ------------------------------------------------------------------------------------------------------ */

static bool is_request(const nghttp2_frame *frame)
{
	return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	/* In turn with the others, whatever the client would like. */
	static const nghttp2_extpri plain = { .urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1 };
	struct rs_h2 *h = user;

	h->head_of = frame->hd.stream_id;
	rs_http_h2_reset(&h->head);
	if (is_request(frame))
		(void)nghttp2_session_change_extpri_stream_priority(session, frame->hd.stream_id, &plain, 1);
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n, const uint8_t *value,
		     size_t value_n, uint8_t flags, void *user)
{
	struct rs_h2 *h = user;

	(void)session;
	(void)flags;
	/* Fields behind a body are checked and dropped, as those of HTTP/1 are. */
	if (is_request(frame))
		rs_http_h2_field(&h->head, rs_slice(name, name_n), rs_slice(value, value_n));
	else
		h->head.size += name_n + value_n + 32;
	if (h->head.size > h->head.max_size)
		trouble(h, RS_H2_FIELD);
	return 0;
}

/* A field that can be no field. Without this nghttp2 would leave it out. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
			     const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
	struct rs_h2 *h = user;

	(void)session;
	(void)frame;
	(void)name;
	(void)name_n;
	(void)value;
	(void)value_n;
	(void)flags;
	h->to->complain(h->user, "a field with bytes that cannot be there");
	trouble(h, RS_H2_MALFORMED);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static struct rs_h2_stream *new_stream(struct rs_h2 *h, int32_t id)
{
	struct rs_h2_stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->h = h;
	s->id = id;
	TAILQ_INSERT_TAIL(&h->streams, s, link);
	(void)nghttp2_session_set_stream_user_data(h->session, id, s);
	return s;
}

int32_t rs_h2_id(const struct rs_h2_stream *s)
{
	return s->id;
}

void rs_h2_own(struct rs_h2_stream *s, void *owner)
{
	s->owner = owner;
}

static int take_request(struct rs_h2 *h, const nghttp2_frame *frame)
{
	struct rs_h2_stream *s = new_stream(h, frame->hd.stream_id);
	struct rs_h2_request q = { .stream = s, .ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM };

	if (!s)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	rs_http_h2_end(&h->head);
	q.text = rs_buf_slice(&h->head.text);
	q.status = h->head.status;
	q.why = h->head.why;
	if (h->to->request(h->user, &q))
		return 0;
	s->ended = true;
	trouble(h, RS_H2_REFUSED);
	return nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_REFUSED_STREAM);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct rs_h2 *h = user;
	struct rs_h2_stream *s;

	if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK)) {
		if (h->winding_down)
			rs_h2_go_away(h);
		h->winding_down = false;
		return 0;
	}
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS)
		h->head_of = 0;
	if (is_request(frame))
		return take_request(h, frame);
	s = stream_of(session, frame->hd.stream_id);
	if (s && s->owner && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		h->to->body_ends(s->owner);
	return 0;
}

/* ---- bodies ----------------------------------------------------------------------------------------------------- */

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *user)
{
	struct rs_h2 *h = user;
	struct rs_h2_stream *s = stream_of(session, id);

	(void)flags;
	rs_h2_calm_moved(&h->calm, n);
	if (s && s->owner && h->to->body(s->owner, (const char *)p, n))
		return nghttp2_session_consume(session, id, n);
	/* Dropped: the stream's window stays as it is, the others' must not suffer. */
	return nghttp2_session_consume_connection(session, n);
}

/* ---- ends ------------------------------------------------------------------------------------------------------- */

/* It may be long before there is another one. */
static void rest(struct rs_h2 *h)
{
	rs_http_h2_free(&h->head);
	rs_buf_free(&h->fields);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
	struct rs_h2 *h = user;
	struct rs_h2_stream *s = stream_of(session, id);
	void *owner;

	(void)error;
	if (h->head_of == id)
		h->head_of = 0;
	if (!s)
		return 0;
	owner = s->owner;
	TAILQ_REMOVE(&h->streams, s, link);
	s->owner = NULL;
	s->ended = true;
	(void)nghttp2_session_set_stream_user_data(session, id, NULL);
	if (owner)
		h->to->gone(owner);
	rs_buf_free(&s->trailers);
	free(s);
	if (TAILQ_EMPTY(&h->streams) && !h->head_of)
		rest(h);
	return 0;
}

void rs_h2_set_receiving(nghttp2_session_callbacks *cb)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(cb, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
}
