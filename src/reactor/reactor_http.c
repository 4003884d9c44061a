/*
 * From received bytes to requests: head, body, then the file or the worker that answers. Runs in the reactor;
 * the socket is reactor_conn.c's.
 */
#include "reactor/reactor_http.h"

#include "reactor/reactor_body.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_h2.h"
#include "reactor/reactor_idle.h"
#include "reactor/reactor_pace.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_request.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_session.h"
#include "reactor/reactor_upgrade.h"

/* Requests that one read may begin; a client that pipelines more waits until the others had their turn. */
#define REQUESTS_PER_TURN 32

static void begin(struct rs_conn *c, const char *p, size_t behind);
static void submit(struct rs_conn *c);

/* Answer, log, and read no more of it. */
void rs_http_refuse(struct rs_conn *c, struct rs_slice text, unsigned status, const char *why)
{
	rs_debug(c->r->log, "client %s: %u: %s", c->remote, status, why);
	rs_access_refused(c->r, c, text, status);
	rs_send_error(c, status, false);
}

/* Takes *used bytes of a body; perhaps it is complete then, or refused. */
static void take_body(struct rs_conn *c, const char *p, size_t n, size_t *used)
{
	unsigned status = 0;
	enum rs_result rc = rs_body_feed(c->req, p, n, used, &status);

	if (rc == RS_DONE)
		submit(c);
	else if (rc == RS_AGAIN)
		rs_pace_body(c);
	else
		rs_send_error(c, status, false);
}

/* One request at a time. Afterwards the connection may be closed. */
static size_t http_input(struct rs_conn *c, const char *p, size_t n)
{
	struct rs_reactor *r = c->r;
	const struct rs_http_limits limits = { .head_max = (size_t)r->conf->header_max_size,
					       .fields_max = (size_t)r->conf->header_max_count };
	unsigned status = 0, started = 0;
	const char *why = "";
	size_t at = 0, used;
	enum rs_result rc;

	while (at < n) {
		switch ((enum rs_conn_state)c->state) {
		case RS_CONN_IDLE:
			if (started++ == REQUESTS_PER_TURN)
				return at;
			rs_idle_remove(c);
			c->state = RS_CONN_HEAD;
			c->scanned = 0;
			rs_conn_deadline(c, r->conf->header_timeout);
			/* fall through */
		case RS_CONN_HEAD:
			rc = rs_h2conn_preface(c, p + at, n - at);
			if (rc == RS_OK)
				(void)rs_h2conn_begin(c);
			if (rc != RS_ERR)
				return at;
			/* The bytes are ours, whoever has received them. */
			rc = rs_http_parse(&r->head, (char *)(uintptr_t)p + at, n - at, &limits, &c->scanned, &status, &why);
			if (rc == RS_AGAIN)
				return at;
			if (rc == RS_ERR) {
				rs_http_refuse(c, rs_slice(p + at, n - at), status, why);
				return n;
			}
			at += r->head.head_len;
			begin(c, p + at - r->head.head_len, n - at);
			break;
		case RS_CONN_BODY:
			take_body(c, p + at, n - at, &used);
			at += used;
			break;
		default:
			return at;
		}
	}
	return at;
}

/* Plain HTTP of a hosted application: another request may follow. */
static bool lives_on(const struct rs_conn *c)
{
	const struct rs_conf *conf = c->r->conf;

	return conf->keepalive_timeout > 0 && c->requests < (uint64_t)conf->keepalive_requests;
}

static const struct rs_static *files_of(const struct rs_conn *c)
{
	return c->guest ? &c->guest->gate->files : &c->r->files;
}

/* On the main port of a hosted application all that does not look like an upgrade is the application's. */
static bool may_upgrade(const struct rs_conn *c, const struct rs_http_head *h)
{
	if (h->major == 2)
		return false;
	if (c->guest)
		return c->guest->gate->set.protocol == RS_PORT_WEBSOCKET;
	return h->upgrade && c->r->serve && c->r->serve->main && c->r->serve->main->set.protocol == RS_PORT_WEBSOCKET;
}

/* Above a limit. What has no body leaves the connection in step. */
static void too_many(struct rs_conn *c, const struct rs_http_head *h, unsigned status)
{
	if (status == RS_LIMIT_SILENT)
		rs_conn_close(c);
	else
		rs_send_error(c, status, c->keepalive && !h->chunked && h->content_length == 0);
}

/* 100 Continue. */
static void go_on(struct rs_conn *c)
{
	const struct rs_http_response head = { .status = 100, .content_length = -1, .minor = 1, .keepalive = c->keepalive };
	struct rs_buf *out = &c->r->out;
	enum rs_http_framing framing;
	struct iovec iov;

	RS_ASSERT(out->len == 0);
	if (c->protocol->put_head(c, out, &head, &framing)) {
		iov = (struct iovec){ out->p + out->off, out->len };
		(void)rs_conn_write(c, &iov, 1);
	}
	rs_buf_reset(out, RS_OUT_KEEP);
}

/* A complete head at p; `behind` bytes of the body, or of the next request, are here already. */
static void begin(struct rs_conn *c, const char *p, size_t behind)
{
	struct rs_reactor *r = c->r;
	const struct rs_http_head *h = &r->head;
	struct rs_req *q = rs_req_new(c, p, h);
	unsigned status = 0;

	r->n.requests++;
	c->requests++;
	c->keepalive = h->keepalive && r->phase == RS_REACTOR_RUN && (c->guest || lives_on(c));
	if (!q) {
		rs_send_error(c, 503, false);
		return;
	}
	status = rs_limit_request(q);
	if (status) {
		too_many(c, h, status);
		return;
	}
	if (may_upgrade(c, h) && rs_upgrade_begin(q, h))
		return;
	if (!h->chunked && !h->open && h->content_length == 0) {
		submit(c);
		return;
	}
	if (rs_body_begin(q, h, &status) != RS_OK) {
		rs_send_error(c, status, false);
		return;
	}
	c->state = RS_CONN_BODY;
	rs_pace_body(c);
	if (h->expect_continue && behind == 0)
		go_on(c);
}

/* A file, or PHP's. A body does not change what a GET asks for (RFC 9110 9.3.1): it was read, so that the connection goes on behind it. */
static void submit(struct rs_conn *c)
{
	if (c->req->file_method && rs_static_serve(files_of(c), c->req))
		return;
	if (c->guest) {
		rs_request_submit(c->req);
		return;
	}
	c->state = RS_CONN_WAIT;
	rs_conn_deadline(c, c->r->conf->queue_timeout);
	rs_route_submit(c->req);
}

/* The time for head or body is over. */
static void too_slow(struct rs_conn *c)
{
	if (c->state == RS_CONN_HEAD)
		rs_http_refuse(c, rs_buf_slice(&c->in), 408, "head took too long");
	else
		rs_send_error(c, 408, false);
}

/* ---- streams -------------------------------------------------------------------------------------------- */

void rs_http_request(struct rs_conn *c, struct rs_slice text, bool body)
{
	struct rs_reactor *r = c->r;
	/* Its size was bounded before; what it became has a few bytes more. */
	const struct rs_http_limits limits = { .head_max = text.n + 1, .fields_max = (size_t)r->conf->header_max_count, .h2 = true,
					       .body = body };
	const char *why = "not complete";
	unsigned status = 400;
	size_t scanned = 0;

	if (rs_http_parse(&r->head, (char *)(uintptr_t)text.p, text.n, &limits, &scanned, &status, &why) == RS_OK)
		begin(c, text.p, 0);
	else
		rs_http_refuse(c, text, status, why);
}

bool rs_http_body(struct rs_conn *c, const char *p, size_t n)
{
	size_t used;

	while (n && c->state == RS_CONN_BODY) {
		take_body(c, p, n, &used);
		p += used;
		n -= used;
	}
	return n == 0;
}

void rs_http_body_ends(struct rs_conn *c)
{
	unsigned status = 0;

	if (c->state != RS_CONN_BODY)
		return;
	if (rs_body_end(c->req, &status) == RS_DONE)
		submit(c);
	else
		rs_send_error(c, status, false);
}

/* ---- a connection that speaks it ------------------------------------------------------------------------ */

/*
 * End of file. A client that closes and one that only says that it will send nothing more look the same; as
 * other servers do, we believe that the client has left, unless its answer is complete already.
 */
static void http_eof(struct rs_conn *c)
{
	if (c->state == RS_CONN_SEND && (!c->req || c->req->ended || c->req->file_left)) {
		c->keepalive = false;
		rs_conn_pause(c);
		return;
	}
	rs_conn_close(c);
}

void rs_http_late(struct rs_conn *c)
{
	switch ((enum rs_conn_state)c->state) {
	case RS_CONN_HEAD:
	case RS_CONN_BODY:
		too_slow(c);
		return;
	case RS_CONN_WAIT:
		if (c->guest)
			rs_request_overdue(c->req);
		else
			rs_route_overdue(c->req);
		return;
	case RS_CONN_IDLE:
	case RS_CONN_SEND:
	case RS_CONN_LINGER:
		rs_conn_close(c);
		return;
	case RS_CONN_STREAM:
	case RS_CONN_CLOSED:
		return;
	}
}

static bool http_hungry(const struct rs_conn *c)
{
	return c->state == RS_CONN_IDLE || c->state == RS_CONN_HEAD || c->state == RS_CONN_BODY;
}

static bool http_put_head(struct rs_conn *c, struct rs_buf *out, const struct rs_http_response *head, enum rs_http_framing *framing)
{
	return rs_http_write_head(out, head, framing, &c->keepalive);
}

const struct rs_conn_protocol rs_http_protocol = {
	.input = http_input,
	.hungry = http_hungry,
	.eof = http_eof,
	.late = rs_http_late,
	.written = rs_conn_http_written,
	.put_head = http_put_head,
};
