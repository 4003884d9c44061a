/*
 * Streams of HTTP/2 connections: a request and its answer each, as a connection of its own. What is under it is the session: bytes of
 * the answer wait in c->out, where rs_conn_pending() counts them, until the client's windows let them leave as DATA. Runs in the reactor.
 *
 * c->wire_data is the stream of src/h2; NULL: it has let go, there is no way to the client any more.
 */
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_h2.h"
#include "reactor/reactor_http.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_session.h"
#include "reactor/reactor_wire.h"

#include <errno.h>
#include <event2/buffer.h>
#include <unistd.h>

/* Of a file that are read ahead of the client. */
#define FILE_AHEAD (64u << 10)

/* ---- bytes that wait ------------------------------------------------------------------------------------------ */

static void queued(struct rs_conn *c, size_t n)
{
	c->h2->queued += n;
}

static void unqueued(struct rs_conn *c, size_t n)
{
	c->h2->queued -= n < c->h2->queued ? n : c->h2->queued;
}

uint32_t rs_h2conn_stream_id(const struct rs_conn *c)
{
	return c->wire->under && c->wire_data ? (uint32_t)rs_h2_id(c->wire_data) : 0;
}

/* ---- the wire ------------------------------------------------------------------------------------------------- */

static ssize_t stream_read(struct rs_conn *c, void *to, size_t n)
{
	(void)c;
	(void)to;
	(void)n;
	errno = EAGAIN; /* what is received comes by rs_h2conn_handlers */
	return -1;
}

static ssize_t stream_write(struct rs_conn *c, struct iovec *iov, int n)
{
	(void)c;
	(void)iov;
	(void)n;
	errno = EAGAIN; /* all of it waits in out */
	return -1;
}

static ssize_t stream_flush(struct rs_conn *c, size_t most)
{
	(void)c;
	(void)most;
	errno = EAGAIN;
	return -1;
}

/* Into c->out, a few pieces ahead of the client. */
static ssize_t stream_send_file(struct rs_conn *c, int fd, off_t *at, size_t n)
{
	const size_t have = rs_conn_pending(c);
	struct evbuffer_iovec room;
	ssize_t got;

	if (have >= FILE_AHEAD) {
		errno = EAGAIN;
		return -1;
	}
	if (n > FILE_AHEAD - have)
		n = FILE_AHEAD - have;
	if ((!c->out && !(c->out = evbuffer_new())) || evbuffer_reserve_space(c->out, (ev_ssize_t)n, &room, 1) < 1) {
		errno = ENOMEM;
		return -1;
	}
	got = pread(fd, room.iov_base, n, *at);
	room.iov_len = got > 0 ? (size_t)got : 0;
	if (evbuffer_commit_space(c->out, &room, 1) < 0)
		return -1;
	queued(c, room.iov_len);
	*at += got > 0 ? got : 0;
	return got;
}

static bool stream_shut(struct rs_conn *c)
{
	(void)c;
	return false;
}

static void let_go(struct rs_conn *c, bool whole)
{
	struct rs_h2_stream *s = c->wire_data;

	c->wire_data = NULL;
	if (!s)
		return;
	rs_h2_let_go(s, whole);
	rs_h2conn_touch(c->h2);
}

static void stream_close(struct rs_conn *c, bool reset)
{
	(void)reset;
	let_go(c, false);
	unqueued(c, rs_conn_pending(c));
	c->h2->streams--;
	c->r->h2.streams--;
	if (c->guest) {
		c->r->h2.guest_streams--;
		rs_guest_changed(c->guest);
	}
	/* The last one: its connection has other times to keep. */
	rs_h2conn_touch(c->h2);
}

static bool stream_want_read(struct rs_conn *c, bool on)
{
	(void)c;
	(void)on;
	return true;
}

static bool stream_want_write(struct rs_conn *c, bool on)
{
	if (on && c->wire_data) {
		rs_h2_more(c->wire_data);
		rs_h2conn_touch(c->h2);
	}
	return true;
}

static bool stream_has_more(const struct rs_conn *c)
{
	(void)c;
	return false;
}

static struct rs_conn *stream_under(const struct rs_conn *c)
{
	return c->h2->c;
}

static const struct rs_wire stream_wire = {
	.read = stream_read,
	.write = stream_write,
	.flush = stream_flush,
	.send_file = stream_send_file,
	.shut = stream_shut,
	.close = stream_close,
	.want_read = stream_want_read,
	.want_write = stream_want_write,
	.has_more = stream_has_more,
	.under = stream_under,
	.kept = queued,
};

/* ---- the protocol --------------------------------------------------------------------------------------------- */

static bool stream_put_head(struct rs_conn *c, struct rs_buf *out, const struct rs_http_response *head, enum rs_http_framing *framing)
{
	(void)out;
	if (head->status >= 200)
		c->keepalive = false;
	rs_h2conn_touch(c->h2);
	return c->wire_data && rs_h2_answer(c->wire_data, head, framing);
}

static bool stream_put_trailers(struct rs_conn *c, struct rs_slice lines)
{
	return c->wire_data && rs_h2_trailers(c->wire_data, lines);
}

/* All that was promised is there. */
static bool whole(const struct rs_req *q)
{
	return !q || (q->ended && !q->file_left && !(q->framing == RS_HTTP_LENGTH && q->length_left));
}

static void stream_answered(struct rs_conn *c)
{
	let_go(c, whole(c->req));
}

static size_t stream_input(struct rs_conn *c, const char *p, size_t n)
{
	(void)c;
	(void)p;
	return n;
}

static bool stream_hungry(const struct rs_conn *c)
{
	(void)c;
	return false;
}

static const struct rs_conn_protocol stream_protocol = {
	.input = stream_input,
	.hungry = stream_hungry,
	.eof = rs_conn_close,
	.late = rs_http_late,
	.written = rs_conn_http_written,
	.put_head = stream_put_head,
	.put_trailers = stream_put_trailers,
	.answered = stream_answered,
};

/* ---- what the session says ------------------------------------------------------------------------------------ */

static struct rs_conn *new_stream(struct rs_h2conn *hc)
{
	const struct rs_conn *of = hc->c;
	struct rs_conn *c = rs_conn_make(of->r, &stream_wire);

	if (!c)
		return NULL;
	c->h2 = hc;
	c->guest = of->guest;
	c->protocol = &stream_protocol;
	c->tcp = of->tcp;
	c->secure = of->secure;
	c->stranger = of->stranger;
	c->tls_ended = of->tls_ended;
	c->remote_port = of->remote_port;
	c->local_port = of->local_port;
	memcpy(c->remote, of->remote, sizeof c->remote);
	memcpy(c->local, of->local, sizeof c->local);
	hc->streams++;
	c->r->h2.streams++;
	c->r->h2.guest_streams += c->guest != NULL;
	return c;
}

static bool on_request(void *user, const struct rs_h2_request *q)
{
	struct rs_h2conn *hc = user;
	struct rs_reactor *r = hc->c->r;
	struct rs_conn *c;

	/* Each costs about as much as a connection with a request of HTTP/1. */
	if (r->h2.streams >= (uint64_t)r->conf->max_conn || !(c = new_stream(hc)))
		return false;
	c->wire_data = q->stream;
	rs_h2_own(q->stream, c);
	if ((++hc->c->requests >= (uint64_t)r->conf->keepalive_requests && !hc->c->guest) || r->phase != RS_REACTOR_RUN)
		rs_h2conn_leave(hc);
	if (!rs_conn_begin(c))
		return true;
	if (q->status)
		rs_http_refuse(c, q->text, q->status, q->why);
	else
		rs_http_request(c, q->text, !q->ends);
	return true;
}

static bool on_body(void *owner, const char *p, size_t n)
{
	return rs_http_body(owner, p, n);
}

static void on_body_ends(void *owner)
{
	rs_http_body_ends(owner);
}

static size_t on_pending(void *owner, bool *end)
{
	const struct rs_conn *c = owner;

	*end = whole(c->req);
	return rs_conn_pending(c);
}

static void on_take(void *owner, char *to, size_t n)
{
	struct rs_conn *c = owner;
	int got = evbuffer_remove(c->out, to, n);

	RS_ASSERT(got >= 0 && (size_t)got == n);
	c->taken += n;
	unqueued(c, n);
}

static void on_sent(void *owner)
{
	struct rs_conn *c = owner;

	if (c->out && !rs_conn_pending(c)) {
		evbuffer_free(c->out);
		c->out = NULL;
	}
	c->protocol->written(c);
}

static void on_gone(void *owner)
{
	struct rs_conn *c = owner;

	c->wire_data = NULL;
	rs_conn_close(c);
}

static void on_complain(void *user, const char *what)
{
	const struct rs_h2conn *hc = user;

	rs_debug(hc->c->r->log, "client %s: HTTP/2: %s", hc->c->remote, what);
}

const struct rs_h2_handlers rs_h2conn_handlers = {
	.request = on_request,
	.body = on_body,
	.body_ends = on_body_ends,
	.pending = on_pending,
	.take = on_take,
	.sent = on_sent,
	.gone = on_gone,
	.complain = on_complain,
};
