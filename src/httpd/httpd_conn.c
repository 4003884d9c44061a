/*
 * A connection: its bytes, one request after the other, its end.
 */
#include "httpd/httpd_private.h"

#include "base/rs_clock.h"

#include <errno.h>

/* Of what a client drips nobody should have to keep much. */
#define HEAD_PIECE 4096u
/* From our last byte to the client's: a socket that is closed over unread bytes resets, and the answer is lost. */
#define PART_MS 3000
#define PART_BYTES (1u << 20)

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void name(struct rs_sock *sock, bool (*ask)(struct rs_sock *s, struct rs_sock_addr *out), struct rs_sock_name *out)
{
	struct rs_sock_addr a;

	*out = (struct rs_sock_name){ .host = "" };
	if (sock->family != AF_UNIX && ask(sock, &a))
		rs_sock_addr_name(&a, out);
}

void rs_httpd_init(struct rs_httpd *h, struct rs_sock *sock, const struct rs_httpd_rules *rules)
{
	*h = (struct rs_httpd){ .sock = sock, .rules = rules, .keep = true };
	name(sock, rs_sock_remote, &h->remote);
	name(sock, rs_sock_local, &h->local);
}

void rs_httpd_fini(struct rs_httpd *h)
{
	rs_httpd_ws_free(h);
	rs_buf_free(&h->in);
}

void rs_httpd_part(struct rs_httpd *h)
{
	const int64_t until = rs_deadline(PART_MS);
	uint64_t dropped = 0;

	if (h->ws)
		rs_httpd_ws_goodbye(h, RS_WS_NORMAL);
	if (h->gone || h->sock->fd < 0 || h->sock->closing || !rs_sock_shutdown(h->sock, SHUT_WR))
		return;
	do {
		dropped += h->in.len;
		rs_buf_reset(&h->in, 0);
	} while (dropped < PART_BYTES && rs_httpd_more(h, HEAD_PIECE, rs_deadline_left(until)) == RS_OK);
}

void rs_httpd_stop(struct rs_httpd *h)
{
	h->stopping = true;
	h->keep = false;
	if (h->ws)
		rs_httpd_ws_goodbye(h, RS_WS_GOING_AWAY);
	/* Who waits for bytes reads the end. */
	if ((h->idle || h->ws) && h->sock->fd >= 0 && !h->sock->closing)
		RS_IGNORE(rs_sock_shutdown(h->sock, SHUT_RD));
}

/* ---- bytes -------------------------------------------------------------------------------------------------------------- */

static enum rs_result read_some(struct rs_httpd *h, size_t room, int64_t timeout_ms)
{
	const int64_t until = rs_deadline(timeout_ms);
	ssize_t got;
	char *to;

	/* An empty buffer costs nothing while nothing comes, and others have their turn. */
	if (h->in.len == 0) {
		rs_buf_reset(&h->in, 0);
		if (!rs_sock_wait(h->sock, RS_WATCH_READ, timeout_ms))
			return RS_ERR;
	}
	to = rs_buf_reserve(&h->in, room);
	if (!to) {
		rs_sock_fail(h->sock, ENOMEM);
		return RS_ERR;
	}
	got = rs_sock_recv(h->sock, to, room, 0, rs_deadline_left(until));
	if (got > 0)
		rs_buf_commit(&h->in, (size_t)got);
	return got > 0 ? RS_OK : got == 0 ? RS_DONE : RS_ERR;
}

enum rs_result rs_httpd_more(struct rs_httpd *h, size_t room, int64_t timeout_ms)
{
	enum rs_result rc;

	if (!rs_sock_enter(h->sock, RS_WATCH_READ))
		return RS_ERR;
	rc = read_some(h, room, timeout_ms);
	rs_sock_leave(h->sock, RS_WATCH_READ);
	return rc;
}

int64_t rs_httpd_patience(int64_t began_ms, uint64_t n, uint64_t rate, int64_t pause_ms)
{
	int64_t left;

	if (rate == 0 || pause_ms < 0)
		return pause_ms;
	left = began_ms + RS_HTTPD_GRACE_MS + (int64_t)(n / rate * 1000) - rs_now_ms();
	return left < 0 ? 0 : left < pause_ms ? left : pause_ms;
}

bool rs_httpd_send(struct rs_httpd *h, const char *p, size_t n, bool more)
{
	const int64_t began_ms = rs_now_ms();
	size_t gone = 0;

	while (!h->gone && gone < n) {
		ssize_t put = rs_sock_send(h->sock, p + gone, n - gone, more ? MSG_MORE : 0,
					   rs_httpd_patience(began_ms, gone, h->rules->send_rate, h->rules->send_ms));

		h->gone = put < 0;
		gone += put < 0 ? 0 : (size_t)put;
	}
	return !h->gone;
}

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

static void note_offer(struct rs_httpd *h, const struct rs_http_head *head)
{
	struct rs_ws_offer o = { .protocols = rs_slice_str(h->rules->protocols) };
	const struct rs_ws_request line = { head->get_method, head->minor, head->chunked || head->content_length > 0 };
	struct rs_httpd_offer *keep = &h->offer;

	*keep = (struct rs_httpd_offer){ .verdict = RS_WS_PLAIN };
	if (!head->upgrade)
		return;
	for (size_t i = 0; i < head->nfields; i++)
		rs_ws_offer_field(&o, head->fields[i].name, head->fields[i].value);
	keep->verdict = rs_ws_judge(&o, line, &keep->no);
	if (keep->verdict != RS_WS_UPGRADE)
		return;
	memcpy(keep->key, o.key.n ? o.key.p : "", o.key.n < sizeof keep->key ? o.key.n : sizeof keep->key);
	keep->key_n = sizeof keep->key;
	if (o.protocol.n <= sizeof keep->protocol) {
		memcpy(keep->protocol, o.protocol.n ? o.protocol.p : "", o.protocol.n);
		keep->protocol_n = (uint8_t)o.protocol.n;
	}
	keep->deflate = o.deflate;
	keep->deflate_bits_said = o.deflate_bits_said;
}

/* A head has been parsed: what of it is needed later. NULL: no memory. */
static struct rs_server_request *begin(struct rs_httpd *h, const struct rs_http_head *head, struct rs_httpd_extent *extent)
{
	const struct rs_request_ends ends = { rs_slice(h->remote.host, h->remote.host_n), rs_slice(h->local.host, h->local.host_n),
					      (uint16_t)h->remote.port, (uint16_t)h->local.port, h->sock->tls != NULL };
	struct rs_server_request *q = rs_server_request_made(head, rs_buf_data(&h->in), &ends);

	*extent = (struct rs_httpd_extent){ head->chunked, head->expect_continue, head->content_length };
	h->minor = head->minor;
	h->head_method = head->head_method;
	h->keep = head->keepalive && !h->stopping && h->rules->idle_ms > 0;
	note_offer(h, head);
	rs_buf_consume(&h->in, head->head_len);
	return q;
}

/* RS_ERR: *status is the answer. The struct of a head is large: it must not lie on every coroutine's stack. */
static enum rs_result parse(struct rs_httpd *h, struct rs_server_request **out, struct rs_httpd_extent *extent, unsigned *status)
{
	const struct rs_http_limits limits = { .head_max = h->rules->head_max, .fields_max = h->rules->fields_max };
	struct rs_http_head *head = h->in.len ? malloc(sizeof *head) : NULL;
	enum rs_result rc = RS_AGAIN;
	const char *why = "no memory";

	*status = 503;
	if (h->in.len == 0)
		return RS_AGAIN;
	if (!head)
		return RS_ERR;
	rc = rs_http_parse(head, h->in.p + h->in.off, h->in.len, &limits, &h->scanned, status, &why);
	if (rc == RS_OK && !(*out = begin(h, head, extent))) {
		*status = 503;
		rc = RS_ERR;
	}
	free(head);
	return rc;
}

/* The first byte of a request. false: it does not come. */
static bool await(struct rs_httpd *h, bool first)
{
	enum rs_result rc = RS_OK;

	h->started = h->ended = false;
	h->minor = 1;
	h->head_method = false;
	if (h->in.len == 0) {
		h->idle = true;
		rc = rs_httpd_more(h, HEAD_PIECE, first ? h->rules->head_ms : h->rules->idle_ms);
		h->idle = false;
	}
	if (rc == RS_DONE || (rc == RS_ERR && h->sock->error != ETIMEDOUT))
		h->gone = true;
	return rc == RS_OK;
}

/* Nothing is read of what follows. */
static bool refuse(struct rs_httpd *h, unsigned status)
{
	h->keep = false;
	rs_httpd_answer(h, status, "");
	return false;
}

static bool read_head(struct rs_httpd *h, struct rs_server_request **out, struct rs_httpd_extent *extent)
{
	const int64_t until = rs_deadline(h->rules->head_ms);
	enum rs_result rc;
	unsigned status;

	while ((rc = parse(h, out, extent, &status)) == RS_AGAIN) {
		rc = rs_httpd_more(h, HEAD_PIECE, rs_deadline_left(until));
		if (rc == RS_ERR && h->sock->error == ETIMEDOUT)
			return refuse(h, 408);
		if (rc != RS_OK) {
			h->gone = true;
			return false;
		}
	}
	return rc == RS_OK || refuse(h, status);
}

bool rs_httpd_next(struct rs_httpd *h, struct rs_server_request **out)
{
	const bool first = !h->ended;
	struct rs_httpd_extent extent;
	unsigned status;

	*out = NULL;
	if (!h->keep || h->gone || h->ws || !await(h, first) || !read_head(h, out, &extent))
		return false;
	status = rs_httpd_read_body(h, &extent, *out);
	if (status == 0)
		return true;
	rs_server_request_free(*out);
	*out = NULL;
	return refuse(h, status);
}
