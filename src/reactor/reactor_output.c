/*
 * What goes out to a client, and what follows when it has: the next request, or the end of the connection.
 * Runs in the reactor; never blocks.
 *
 * Bytes go to the kernel at once; only what it does not take waits in the connection, and only then there is
 * a write event.
 */
#include "reactor/reactor_conn.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_http.h"
#include "reactor/reactor_idle.h"
#include "reactor/reactor_pace.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_request.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_sendfile.h"
#include "reactor/reactor_session.h"
#include "reactor/reactor_wire.h"

#include <errno.h>
#include <event2/buffer.h>

/*
 * After an early answer the rest of the request is read and dropped, so that the client can read the answer: until it is silent for
 * this long, and this long in all. Many send all of a body before they look.
 */
#define LINGER_MS 5000
#define LINGER_MAX_MS 30000
/* The same for one that has a $fd, when the server stops: long enough for what has left to arrive. */
#define STOP_LINGER_MS 200
/* What one write event gives to one client, so that a fast one leaves time for the others. */
#define WRITE_TURN (512u << 10)

static void finish(struct rs_conn *c);
static void linger(struct rs_conn *c);

size_t rs_conn_pending(const struct rs_conn *c)
{
	return (c->out ? evbuffer_get_length(c->out) : 0) + rs_sendfile_pending(c);
}

void rs_conn_want_write(struct rs_conn *c)
{
	/* The deadline moves when the client takes bytes, not when a worker brings more. */
	if (c->write_armed || !c->wire->want_write(c, true))
		return;
	c->write_armed = true;
	rs_pace_write_begins(c);
	if (c->state == RS_CONN_SEND)
		rs_pace_write(c);
}

static bool keep_rest(struct rs_conn *c, const struct iovec *iov, int n, size_t skip)
{
	struct evbuffer **tail = rs_sendfile_tail(c);

	if (!*tail && !(*tail = evbuffer_new()))
		return false;
	for (int i = 0; i < n; i++) {
		size_t gone = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		skip -= gone;
		if (gone < iov[i].iov_len &&
		    evbuffer_add(*tail, (const char *)iov[i].iov_base + gone, iov[i].iov_len - gone) < 0)
			return false;
	}
	return true;
}

bool rs_conn_write(struct rs_conn *c, struct iovec *iov, int n)
{
	size_t total = 0;
	ssize_t sent = 0;

	if (c->state == RS_CONN_CLOSED)
		return false;
	for (int i = 0; i < n; i++)
		total += iov[i].iov_len;
	if (total == 0)
		return true;
	if (rs_guest_has(c->guest, c))
		c->guest->put_bytes += total;
	if (!c->out && !c->sendfile) {
		do {
			sent = c->wire->write(c, iov, n);
		} while (sent < 0 && errno == EINTR);
		if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			rs_conn_fail(c, errno);
			return false;
		}
		if (sent < 0)
			sent = 0;
	}
	if ((size_t)sent < total) {
		if (!keep_rest(c, iov, n, (size_t)sent)) {
			rs_conn_close(c);
			return false;
		}
		if (c->wire->kept)
			c->wire->kept(c, total - (size_t)sent);
		rs_conn_want_write(c);
	}
	if (c->guest)
		rs_guest_written(c->guest);
	return true;
}

void rs_conn_unwant_write(struct rs_conn *c)
{
	if (c->write_armed)
		(void)c->wire->want_write(c, false);
	c->write_armed = false;
}

/* The kernel has taken everything; what now? */
static void drained(struct rs_conn *c)
{
	struct rs_req *q = c->req;

	if (q && q->file_left) {
		rs_static_continue(q);
		return;
	}
	rs_conn_unwant_write(c);
	if (c->state != RS_CONN_SEND)
		return;
	rs_conn_deadline(c, 0);
	if (!q || q->ended)
		finish(c);
	else
		rs_send_credit(q);
}

void rs_conn_http_written(struct rs_conn *c)
{
	if (!rs_conn_pending(c)) {
		drained(c);
		return;
	}
	if (c->state == RS_CONN_SEND)
		rs_pace_write(c);
	if (c->req)
		rs_send_credit(c->req);
}

/* As a wire's flush(): as much of a turn as the client takes. */
static ssize_t flush(struct rs_conn *c)
{
	size_t all = 0;
	ssize_t n = 0;

	while (all < WRITE_TURN && rs_conn_pending(c)) {
		if (c->out && evbuffer_get_length(c->out))
			n = c->wire->flush(c, WRITE_TURN - all);
		else
			n = rs_sendfile_flush(c, WRITE_TURN - all);
		if (n <= 0)
			break;
		all += (size_t)n;
		/* A call that has left something would only hear that no more is taken. */
		if (!c->sendfile)
			break;
	}
	return all ? (ssize_t)all : n;
}

void rs_conn_write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_conn *c = arg;
	ssize_t n;

	RS_CHECK(c, RS_CONN_MAGIC);
	(void)fd;
	(void)what;
	if (rs_conn_pending(c)) {
		n = flush(c);
		if (n <= 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* 0: a file is shorter than it was, what was promised cannot be kept. */
		if (n <= 0) {
			rs_conn_fail(c, errno);
			return;
		}
		c->taken += (size_t)n;
	}
	if (!rs_conn_pending(c) && c->out) {
		evbuffer_free(c->out);
		c->out = NULL;
	}
	if (c->guest)
		rs_guest_written(c->guest);
	c->protocol->written(c);
}

void rs_conn_answer_ends(struct rs_conn *c)
{
	if (c->state == RS_CONN_CLOSED || rs_conn_pending(c) || (c->req && c->req->file_left))
		return;
	finish(c);
}

/* The whole answer is with the kernel. */
static void finish(struct rs_conn *c)
{
	struct rs_reactor *r = c->r;
	struct rs_req *q = c->req;

	rs_conn_unwant_write(c);
	if (c->protocol->answered)
		c->protocol->answered(c);
	if (q) {
		if (c->guest)
			rs_request_settle(q);
		c->req = NULL;
		rs_access_request(r, c, q, q->status ? q->status : 499);
		q->conn = NULL;
		rs_req_release(q);
		rs_limit_answered(c);
	}
	if (!c->keepalive || r->phase != RS_REACTOR_RUN) {
		if (rs_guest_has(c->guest, c) && !c->guest->ending && !c->guest->eof)
			c->guest->by_server = true;
		if (c->linger || c->in.len)
			linger(c);
		else
			rs_conn_close(c);
		return;
	}
	c->state = RS_CONN_IDLE;
	if (!c->guest && c->fd >= 0)
		rs_idle_put(c);
	/* Who is silent for too long on a server's port: reactor_port.c. */
	rs_conn_deadline(c, c->guest ? 0 : r->conf->keepalive_timeout);
	if (c->in.len)
		rs_conn_make_ready(c);
	else if (c->in.cap)
		rs_buf_free(&c->in);
	rs_conn_resume(c);
}

/*
 * Closing with unread input makes the kernel send a reset, and that can overtake the answer at the client.
 * So: end of file for the client, then its input is dropped until it closes.
 */
static void linger(struct rs_conn *c)
{
	const int64_t ms = c->guest && c->r->phase == RS_REACTOR_STOP ? STOP_LINGER_MS : LINGER_MS;

	if (!c->wire->shut(c)) {
		rs_conn_close(c);
		return;
	}
	/* For the server it is over; only the client is waited for. */
	if (c->guest)
		rs_guest_gone(c->guest, 0);
	c->guest = NULL;
	c->state = RS_CONN_LINGER;
	c->hold = 0;
	c->linger_ms = rs_reactor_ms(c->r) + LINGER_MAX_MS;
	rs_buf_free(&c->in);
	rs_conn_deadline(c, ms);
	rs_conn_resume(c);
}

void rs_conn_still_lingers(struct rs_conn *c)
{
	const int64_t left = c->linger_ms - rs_reactor_ms(c->r);

	if (left <= 0)
		rs_conn_close(c);
	else if (c->r->phase == RS_REACTOR_RUN)
		rs_conn_deadline(c, left < LINGER_MS ? left : LINGER_MS);
}

void rs_conn_end(struct rs_conn *c)
{
	if (c->state == RS_CONN_CLOSED || c->state == RS_CONN_LINGER)
		return;
	/* From here on it is like the end of an answer after which the connection is not kept. */
	if (c->protocol->closed)
		c->protocol->closed(c);
	c->protocol = &rs_http_protocol;
	c->state = RS_CONN_SEND;
	c->keepalive = false;
	c->linger = !(c->hold & RS_HOLD_ENDED);
	/* Whoever has a request of it in hand need not answer any more. */
	if (c->req)
		c->req->ended = true;
	rs_buf_free(&c->in);
	rs_conn_hold(c, RS_HOLD_ENDED);
	rs_conn_deadline(c, 0);
	if (rs_conn_pending(c)) {
		rs_pace_write_begins(c);
		rs_pace_write(c);
	}
	rs_conn_answer_ends(c);
}
