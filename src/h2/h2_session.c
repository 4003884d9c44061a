/*
 * The life of a connection: its settings, its ends, bytes in and out. What comes is in h2_receive.c, answers are in h2_answer.c. Runs
 * in the reactor.
 */
#include "h2/h2_session.h"

#include <stdlib.h>

/* Header blocks of answers: an application's may be larger than nghttp2's 64 KB. */
#define ANSWER_HEAD_MAX (1u << 20)
/* What all streams of a connection may send ahead. Nothing of it is kept, so it bounds speed alone. */
#define CONNECTION_WINDOW (16 << 20)
/* Frames that wait to be sent; who causes more and does not read is not read either. */
#define WAITING_MAX 1000

static bool set_options(nghttp2_option **o)
{
	if (nghttp2_option_new(o))
		return false;
	nghttp2_option_set_no_auto_window_update(*o, 1);
	nghttp2_option_set_max_send_header_block_length(*o, ANSWER_HEAD_MAX);
	return true;
}

static bool open_session(struct rs_h2 *h)
{
	nghttp2_session_callbacks *cb = NULL;
	nghttp2_option *o = NULL;
	bool ok = set_options(&o) && nghttp2_session_callbacks_new(&cb) == 0;

	if (ok) {
		rs_h2_set_receiving(cb);
		rs_h2_set_sending(cb);
		ok = nghttp2_session_server_new2(&h->session, cb, h, o) == 0;
	}
	nghttp2_session_callbacks_del(cb);
	nghttp2_option_del(o);
	return ok;
}

static bool greet(struct rs_h2 *h, const struct rs_h2_settings *s)
{
	const nghttp2_settings_entry entries[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, s->streams },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, s->window },
		{ NGHTTP2_SETTINGS_MAX_FRAME_SIZE, s->frame_max },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)s->header_max },
		{ NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, s->table_size },
		/* All streams are served in turn, whatever trees a client plants (RFC 9218 2.1). */
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};

	return nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, entries, RS_COUNTOF(entries)) == 0 &&
	       nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW) == 0;
}

struct rs_h2 *rs_h2_new(const struct rs_h2_settings *s, const struct rs_h2_handlers *handlers, void *user)
{
	struct rs_h2 *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->magic = RS_H2_MAGIC;
	h->to = handlers;
	h->user = user;
	h->head.max_size = s->header_max;
	TAILQ_INIT(&h->streams);
	if (open_session(h) && greet(h, s))
		return h;
	rs_h2_free(h);
	return NULL;
}

void rs_h2_free(struct rs_h2 *h)
{
	struct rs_h2_stream *s;

	if (!h)
		return;
	RS_CHECK(h, RS_H2_MAGIC);
	while ((s = TAILQ_FIRST(&h->streams))) {
		void *owner = s->owner;

		TAILQ_REMOVE(&h->streams, s, link);
		s->owner = NULL;
		s->ended = true;
		if (owner)
			h->to->gone(owner);
		rs_buf_free(&s->trailers);
		free(s);
	}
	nghttp2_session_del(h->session);
	rs_http_h2_free(&h->head);
	rs_buf_free(&h->fields);
	h->magic = 0;
	free(h);
}

void rs_h2_each(struct rs_h2 *h, void (*f)(void *owner))
{
	struct rs_h2_stream *s;

	/* Streams leave the list in rs_h2_send() and rs_h2_receive() only. */
	TAILQ_FOREACH(s, &h->streams, link) {
		if (s->owner)
			f(s->owner);
	}
}

/* ---- bytes in and out --------------------------------------------------------------------------------------- */

void rs_h2_terminate(struct rs_h2 *h, uint32_t error)
{
	if (nghttp2_session_terminate_session(h->session, error))
		h->broken = true;
}

/* What nghttp2 gives up for; it can still say good-bye. */
static uint32_t blame(ssize_t rc)
{
	switch (rc) {
	case NGHTTP2_ERR_FLOODED:
	case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
		return NGHTTP2_ENHANCE_YOUR_CALM;
	case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
		return NGHTTP2_PROTOCOL_ERROR;
	default:
		return NGHTTP2_INTERNAL_ERROR;
	}
}

void rs_h2_receive(struct rs_h2 *h, const char *p, size_t n, int64_t now_ms)
{
	ssize_t rc;

	RS_CHECK(h, RS_H2_MAGIC);
	if (h->broken)
		return;
	rs_h2_calm_time(&h->calm, now_ms);
	rc = nghttp2_session_mem_recv(h->session, (const uint8_t *)p, n);
	if (rc >= 0)
		return;
	h->to->complain(h->user, nghttp2_strerror((int)rc));
	rs_h2_terminate(h, blame(rc));
	h->broken = true;
}

bool rs_h2_send(struct rs_h2 *h, struct rs_buf *out, size_t most)
{
	const uint8_t *p;
	ssize_t n = 1;
	bool ok = true;

	RS_CHECK(h, RS_H2_MAGIC);
	h->out = out;
	while (ok && n > 0 && out->len < most) {
		n = nghttp2_session_mem_send(h->session, &p);
		ok = n >= 0 && (n == 0 || rs_buf_put(out, p, (size_t)n));
	}
	h->out = NULL;
	return ok;
}

bool rs_h2_has_more(const struct rs_h2 *h)
{
	return nghttp2_session_want_write(h->session);
}

bool rs_h2_over(const struct rs_h2 *h)
{
	if (nghttp2_session_want_write(h->session))
		return false;
	return h->broken || !nghttp2_session_want_read(h->session);
}

bool rs_h2_hungry(const struct rs_h2 *h)
{
	return nghttp2_session_get_outbound_queue_size(h->session) < WAITING_MAX;
}

int32_t rs_h2_in_head(const struct rs_h2 *h)
{
	return h->head_of;
}

void rs_h2_wind_down(struct rs_h2 *h)
{
	static const uint8_t mark[8] = "winddown";

	/* The answer to the ping comes behind everything that was sent before the client knew. */
	h->winding_down = true;
	if (nghttp2_submit_shutdown_notice(h->session) || nghttp2_submit_ping(h->session, NGHTTP2_FLAG_NONE, mark))
		h->broken = true;
}

void rs_h2_go_away(struct rs_h2 *h)
{
	if (nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->session), NGHTTP2_NO_ERROR,
				  NULL, 0))
		h->broken = true;
}
