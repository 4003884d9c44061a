/*
 * Answers: heads to header lists, bodies to DATA as the client's windows allow, trailers. Runs in the reactor.
 *
 * nghttp2 asks for a frame's worth of a stream when it may send one; the bytes go straight from the owner to the output.
 */
#include "h2/h2_session.h"

#include <stdio.h>

/* Kept of the list of fields between two answers. */
#define FIELDS_KEEP 4096

/* ---- heads ------------------------------------------------------------------------------------------------------ */

static bool put_field(struct rs_h2 *h, struct rs_slice name, struct rs_slice value)
{
	/* Without NO_COPY nghttp2 copies both and makes the name small. */
	const nghttp2_nv nv = { .name = (uint8_t *)(uintptr_t)name.p, .value = (uint8_t *)(uintptr_t)value.p, .namelen = name.n,
				.valuelen = value.n };

	return rs_buf_put(&h->fields, &nv, sizeof nv);
}

static bool put_block(struct rs_h2 *h, struct rs_slice block)
{
	struct rs_http_field f;

	while (rs_http_h2_next(&block, &f))
		if (!put_field(h, f.name, f.value))
			return false;
	return true;
}

static bool put_head(struct rs_h2 *h, const struct rs_http_response *head, int64_t length, char status[4], char digits[24])
{
	const bool interim = head->status < 200;

	(void)snprintf(status, 4, "%u", head->status);
	(void)snprintf(digits, 24, "%lld", (long long)length);
	return put_field(h, RS_SLICE(":status"), rs_slice(status, 3)) &&
	       (interim || !head->server || !*head->server || put_field(h, RS_SLICE("server"), rs_slice_str(head->server))) &&
	       (interim || !head->date || !*head->date || put_field(h, RS_SLICE("date"), rs_slice_str(head->date))) &&
	       put_block(h, head->headers) && put_block(h, head->more) &&
	       (length < 0 || put_field(h, RS_SLICE("content-length"), rs_slice_str(digits)));
}

static size_t pending(struct rs_h2_stream *s, bool *end)
{
	*end = s->whole;
	return s->owner ? s->h->to->pending(s->owner, end) : 0;
}

static int put_trailers(struct rs_h2_stream *s)
{
	struct rs_h2 *h = s->h;
	int rc = NGHTTP2_ERR_NOMEM;

	if (put_block(h, rs_buf_slice(&s->trailers)))
		rc = nghttp2_submit_trailer(h->session, s->id, (const nghttp2_nv *)(const void *)rs_buf_data(&h->fields),
					    h->fields.len / sizeof(nghttp2_nv));
	rs_buf_reset(&h->fields, FIELDS_KEEP);
	return rc;
}

/* How much the next DATA frame has. */
static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buf, size_t n, uint32_t *flags, nghttp2_data_source *source,
			 void *user)
{
	struct rs_h2_stream *s = nghttp2_session_get_stream_user_data(session, id);
	size_t have;
	bool end;

	(void)buf;
	(void)source;
	(void)user;
	if (!s)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	have = pending(s, &end);
	if (have == 0 && !end)
		return NGHTTP2_ERR_DEFERRED;
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (have > n)
		return (ssize_t)n;
	if (end) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (s->trailers.len) {
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			if (put_trailers(s))
				return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		}
	}
	return (ssize_t)have;
}

bool rs_h2_answer(struct rs_h2_stream *s, const struct rs_http_response *head, enum rs_http_framing *framing)
{
	nghttp2_data_provider body = { .read_callback = read_body };
	struct rs_h2 *h = s->h;
	const nghttp2_nv *nv;
	char status[4], digits[24];
	int64_t length;
	int rc = NGHTTP2_ERR_NOMEM;
	size_t n;

	*framing = rs_http_choose_framing(head, &length);
	if (*framing == RS_HTTP_CHUNKED || *framing == RS_HTTP_UNTIL_CLOSE)
		*framing = RS_HTTP_FRAMED;
	if (put_head(h, head, length, status, digits)) {
		nv = (const nghttp2_nv *)(const void *)rs_buf_data(&h->fields);
		n = h->fields.len / sizeof *nv;
		if (head->status < 200)
			rc = nghttp2_submit_headers(h->session, NGHTTP2_FLAG_NONE, s->id, NULL, nv, n, NULL);
		else
			rc = nghttp2_submit_response(h->session, s->id, nv, n, *framing == RS_HTTP_NO_BODY || length == 0 ? NULL : &body);
	}
	rs_buf_reset(&h->fields, FIELDS_KEEP);
	return rc >= 0;
}

bool rs_h2_trailers(struct rs_h2_stream *s, struct rs_slice block)
{
	return rs_buf_put(&s->trailers, block.p, block.n);
}

void rs_h2_more(struct rs_h2_stream *s)
{
	/* Refused when it does not wait for that, which is fine. */
	(void)nghttp2_session_resume_data(s->h->session, s->id);
}

void rs_h2_let_go(struct rs_h2_stream *s, bool whole)
{
	s->owner = NULL;
	s->whole = whole;
	if (s->ended)
		return;
	if (whole) {
		rs_h2_more(s);
		return;
	}
	s->ended = true;
	if (nghttp2_submit_rst_stream(s->h->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_INTERNAL_ERROR))
		s->h->broken = true;
}

/* ---- what leaves ------------------------------------------------------------------------------------------------ */

static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *framehd, size_t n, nghttp2_data_source *source,
		     void *user)
{
	struct rs_h2 *h = user;
	struct rs_h2_stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	char *to = rs_buf_reserve(h->out, 9 + n);

	(void)source;
	if (!to)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	RS_ASSERT(frame->data.padlen == 0);
	memcpy(to, framehd, 9);
	if (n) {
		RS_ASSERT(s && s->owner);
		h->to->take(s->owner, to + 9, n);
	}
	rs_buf_commit(h->out, 9 + n);
	rs_h2_calm_moved(&h->calm, n);
	return 0;
}

/* The end of an answer whose request has not ended: the rest of it is of no use (RFC 9113 8.1). */
static void answer_ended(struct rs_h2_stream *s)
{
	nghttp2_session *session = s->h->session;

	s->ended = true;
	rs_h2_calm_served(&s->h->calm);
	if (nghttp2_session_get_stream_remote_close(session, s->id) == 0 &&
	    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR))
		s->h->broken = true;
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct rs_h2 *h = user;
	struct rs_h2_stream *s;

	if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (!s)
		return 0;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		answer_ended(s);
	if (s->owner && frame->hd.type == NGHTTP2_DATA)
		h->to->sent(s->owner);
	return 0;
}

static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error, void *user)
{
	struct rs_h2 *h = user;

	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	h->to->complain(h->user, nghttp2_strerror(error));
	return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
}

void rs_h2_set_sending(nghttp2_session_callbacks *cb)
{
	nghttp2_session_callbacks_set_send_data_callback(cb, send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_not_sent);
}
