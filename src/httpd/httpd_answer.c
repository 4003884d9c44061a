/*
 * Answers: a head, a body in its framing, files. What an application says is checked as the reactor checks it; its mistakes are
 * logged, and never let a connection go out of step. Whoever sends waits until the client has taken it.
 */
#include "httpd/httpd_private.h"

#include "base/rs_clock.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Bodies up to this are copied behind their head: one segment. */
#define COPY_MAX (16u << 10)
#define HEADERS_MAX (256u << 10)

/* ---- bytes -------------------------------------------------------------------------------------------------------------- */

/* Three parts of one answer, with nobody else's bytes between them. */
static enum rs_server_result put(struct rs_httpd *h, struct rs_buf *head, struct rs_slice body, struct rs_slice tail, bool more)
{
	bool ok = true;

	if (h->gone || !rs_sock_enter(h->sock, RS_WATCH_WRITE))
		return RS_SERVER_CLOSED;
	if (body.n + tail.n <= COPY_MAX) {
		ok = rs_buf_put(head, body.p, body.n) && rs_buf_put(head, tail.p, tail.n);
		body.n = tail.n = 0;
	}
	h->gone = h->gone || !ok;
	ok = rs_httpd_send(h, rs_buf_data(head), head->len, more || body.n) && rs_httpd_send(h, body.p, body.n, more || tail.n) &&
	     rs_httpd_send(h, tail.p, tail.n, more);
	rs_sock_leave(h->sock, RS_WATCH_WRITE);
	return ok ? RS_SERVER_OK : RS_SERVER_CLOSED;
}

static void end(struct rs_httpd *h)
{
	h->ended = true;
	if (h->framing == RS_HTTP_LENGTH && h->left) {
		h->rules->complain("a response is shorter than its Content-Length, the client is cut off");
		h->keep = false;
	}
}

/* Of a body with a length what is beyond it is dropped. */
static void fit(struct rs_httpd *h, struct rs_slice *body)
{
	if (h->framing == RS_HTTP_NO_BODY)
		body->n = 0;
	if (h->framing != RS_HTTP_LENGTH)
		return;
	if (body->n > h->left) {
		h->rules->complain("a response is longer than its Content-Length, the rest is dropped");
		body->n = (size_t)h->left;
		h->keep = false;
	}
	h->left -= body->n;
}

/* head, which is freed, and a piece of the body as it is framed. */
static enum rs_server_result emit(struct rs_httpd *h, struct rs_buf *head, struct rs_slice body, bool last)
{
	struct rs_slice tail = RS_SLICE("");
	enum rs_server_result result;
	char size[24];

	fit(h, &body);
	if (h->framing == RS_HTTP_CHUNKED && body.n) {
		int n = snprintf(size, sizeof size, "%zx\r\n", body.n);

		h->gone = h->gone || !rs_buf_put(head, size, (size_t)n);
		tail = last ? RS_SLICE("\r\n0\r\n\r\n") : RS_SLICE("\r\n");
	} else if (h->framing == RS_HTTP_CHUNKED && last) {
		tail = RS_SLICE("0\r\n\r\n");
	}
	if (last)
		end(h);
	result = put(h, head, body, tail, false);
	rs_buf_free(head);
	return result;
}

/* ---- heads -------------------------------------------------------------------------------------------------------------- */

static bool write_head(struct rs_httpd *h, struct rs_buf *out, const struct rs_http_response *given)
{
	struct rs_http_response r = *given;
	enum rs_http_framing framing;
	char date[32];

	rs_http_date(rs_wall_us() / 1000000, date);
	r.date = given->date ? date : NULL;
	r.minor = h->minor;
	r.head_method = h->head_method;
	r.keepalive = h->keep;
	if (!rs_http_write_head(out, &r, &framing, &h->keep)) {
		h->gone = true;
		return false;
	}
	h->framing = (uint8_t)framing;
	h->left = framing == RS_HTTP_LENGTH ? (uint64_t)r.content_length : 0;
	h->started = true;
	return true;
}

void rs_httpd_answer(struct rs_httpd *h, unsigned status, const char *lines)
{
	char page[RS_HTTP_ERROR_PAGE_MAX];
	const struct rs_slice body = rs_http_error_page(status, page);
	const struct rs_http_response r = { .status = status, .headers = RS_SLICE("Content-Type: text/html\r\n"),
					    .more = rs_slice_str(lines), .content_length = (int64_t)body.n, .date = "",
					    .server = h->rules->server };
	struct rs_buf out = { 0 };

	if (!h->started && !h->gone && write_head(h, &out, &r))
		(void)emit(h, &out, body, true);
	h->ended = true;
	rs_buf_free(&out);
}

/* A mistake of the application: its client must not wait for it. */
static enum rs_server_result unfit(struct rs_httpd *h, const char *why)
{
	h->rules->complain(why);
	rs_httpd_answer(h, 500, "");
	return RS_SERVER_CLOSED;
}

/* false: *result. */
static bool begin(const struct rs_answer *a, int64_t length, struct rs_buf *out, enum rs_server_result *result)
{
	struct rs_http_response r = { .status = a->status, .reason = a->reason, .headers = a->headers, .content_length = length };
	struct rs_httpd *h = a->httpd;
	struct rs_http_block block;

	*result = RS_SERVER_CLOSED;
	if (h->gone || h->started || h->ended)
		return false;
	if (a->headers.n > HEADERS_MAX)
		*result = RS_SERVER_TOO_LARGE;
	else if (a->status < 200 || a->status > 999)
		*result = unfit(h, "a response has a status that is not for an answer, answered 500");
	else if (!rs_http_block_check(a->headers, &block) || block.forbidden)
		*result = unfit(h, "a response has header lines that are not for the application to send, answered 500");
	else {
		r.date = block.has_date ? NULL : "";
		r.connection_close = block.has_connection_close;
		return write_head(h, out, &r);
	}
	return false;
}

/* ---- the way ------------------------------------------------------------------------------------------------------------ */

static enum rs_server_result answer_head(const struct rs_answer *a, struct rs_slice body, bool last)
{
	const int64_t length = a->content_length < 0 && last && !a->httpd->head_method ? (int64_t)body.n : a->content_length;
	enum rs_server_result result;
	struct rs_buf out = { 0 };

	return begin(a, length, &out, &result) ? emit(a->httpd, &out, body, last) : result;
}

static enum rs_server_result answer_body(const struct rs_answer *a, struct rs_slice bytes, bool last)
{
	struct rs_buf none = { 0 };

	if (!a->httpd->started || a->httpd->ended)
		return RS_SERVER_CLOSED;
	return emit(a->httpd, &none, bytes, last);
}

/* Other framings than chunks have no place for them. */
static enum rs_server_result answer_trailers(const struct rs_answer *a, struct rs_slice lines)
{
	struct rs_httpd *h = a->httpd;
	enum rs_server_result result;
	struct rs_http_block block;
	struct rs_buf out = { 0 };

	if (!h->started || h->ended)
		return RS_SERVER_CLOSED;
	if (h->framing != RS_HTTP_CHUNKED || !rs_http_block_check(lines, &block) || block.forbidden)
		return answer_body(a, RS_SLICE(""), true);
	end(h);
	if (!rs_buf_put(&out, "0\r\n", 3) || !rs_buf_put(&out, lines.p, lines.n) || !rs_buf_put(&out, "\r\n", 2))
		h->gone = true;
	result = put(h, &out, RS_SLICE(""), RS_SLICE(""), false);
	rs_buf_free(&out);
	return result;
}

static enum rs_server_result answer_file(const struct rs_answer *a, int file_fd, uint64_t offset, uint64_t length)
{
	struct rs_httpd *h = a->httpd;
	enum rs_server_result result;
	struct rs_buf out = { 0 };
	bool body;

	if (!begin(a, (int64_t)length, &out, &result))
		return result;
	body = h->framing != RS_HTTP_NO_BODY;
	h->left = 0;
	h->ended = true;
	result = put(h, &out, RS_SLICE(""), RS_SLICE(""), body);
	rs_buf_free(&out);
	if (result != RS_SERVER_OK || !body)
		return result;
	if (!rs_sock_enter(h->sock, RS_WATCH_WRITE))
		return RS_SERVER_CLOSED;
	/* A file that has become shorter costs the connection, too. */
	h->gone = !rs_sock_sendfd(h->sock, file_fd, offset, length, h->rules->send_ms);
	rs_sock_leave(h->sock, RS_WATCH_WRITE);
	return h->gone ? RS_SERVER_CLOSED : RS_SERVER_OK;
}

/* The end of the connection would pass for the end of some bodies: it has to look like an accident. */
static void answer_abort(const struct rs_answer *a)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct rs_httpd *h = a->httpd;

	h->ended = h->gone = true;
	if (h->framing == RS_HTTP_UNTIL_CLOSE && h->sock->fd >= 0)
		RS_IGNORE(rs_sock_set(h->sock, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

const struct rs_answer_way rs_httpd_answer_way = {
	.head = answer_head,
	.body = answer_body,
	.trailers = answer_trailers,
	.file = answer_file,
	.abort = answer_abort,
};

void rs_httpd_settle(struct rs_httpd *h)
{
	const struct rs_answer nothing = { .httpd = h };
	const struct rs_http_response r = { .status = 500, .headers = RS_SLICE(""), .content_length = 0, .date = "",
					    .server = h->rules->server };
	struct rs_buf out = { 0 };

	if (h->started && !h->ended)
		(void)answer_body(&nothing, RS_SLICE(""), true);
	else if (!h->ended && !h->gone && write_head(h, &out, &r))
		(void)emit(h, &out, RS_SLICE(""), true);
	h->ended = true;
	rs_buf_free(&out);
}
