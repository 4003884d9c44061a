/*
 * HTTP in a server's processes: answers by the number of the request, from whoever has it, by way of the reactor. Requests are
 * server_request.c.
 */
#include "worker/server_private.h"

/* ---- answers -------------------------------------------------------------------------------------------------- */

/* Does anybody wait for it, and may more of it be queued? */
static enum rs_server_result check(const struct rs_server *s, const struct rs_answer *a, bool end)
{
	struct rs_session c = { .fd = 0 };
	uint64_t most;

	if (!s || !s->board.head)
		return RS_SERVER_LOST;
	if (a->fd && !rs_board_get(&s->board, a->fd, &c))
		return a->fd > atomic_load(&s->board.head->high_water) ? RS_SERVER_NOT_EXIST : RS_SERVER_CLOSED;
	/* The last piece always goes: without it the client waits for ever. */
	most = c.fd && c.port < s->setup.server.nports && !end ? s->setup.ports[c.port].socket_buffer_size : 0;
	return most && c.send_queued >= most ? RS_SERVER_FULL : RS_SERVER_OK;
}

static enum rs_server_result put(struct rs_server *s, const struct rs_answer *a, enum rs_msg msg, bool end, struct rs_slice head,
				 struct rs_slice body)
{
	if (end)
		atomic_fetch_add(&s->cell->responses, 1);
	return rs_server_put(s, msg, end ? RS_FRAME_END : 0, a->request, head, body, -1);
}

/* Pieces of at most RS_BODY_MAX; end goes with the last one. */
static enum rs_server_result put_body(struct rs_server *s, const struct rs_answer *a, struct rs_slice bytes, bool end)
{
	enum rs_server_result r = RS_SERVER_OK;

	while (r == RS_SERVER_OK && (bytes.n || end)) {
		struct rs_slice piece = rs_slice(bytes.p, bytes.n < RS_BODY_MAX ? bytes.n : RS_BODY_MAX);
		bytes = rs_slice(bytes.p + piece.n, bytes.n - piece.n);
		r = put(s, a, RS_MSG_BODY, end && bytes.n == 0, RS_SLICE(""), piece);
		if (bytes.n == 0)
			break;
	}
	return r;
}

void rs_server_compress(const struct rs_compress_case *c, struct rs_slice body, struct rs_compressed *out)
{
	rs_compress_whole(c, body, &rs_process()->encoder, out);
}

/* The struct, reason and headers; before it `room` bytes. false: too large, or no memory. */
static bool make_head(const struct rs_answer *a, size_t body_len, const void *before, size_t room, struct rs_buf *out)
{
	size_t reason_len = a->reason.n < 512 ? a->reason.n : 512;
	const struct rs_wire_response w = { .status = (uint16_t)a->status, .reason_len = (uint16_t)reason_len,
					    .headers_len = (uint32_t)a->headers.n, .body_len = (uint32_t)body_len,
					    .content_length = a->content_length };

	return a->headers.n <= RS_RESPONSE_HEADERS_MAX - 1024 && rs_buf_put(out, before, room) && rs_buf_put(out, &w, sizeof w) &&
	       rs_buf_put(out, a->reason.p, reason_len) && rs_buf_put(out, a->headers.p, a->headers.n);
}

enum rs_server_result rs_server_answer_body(const struct rs_answer *a, struct rs_slice bytes, bool end)
{
	struct rs_server *s = rs_server_self();
	enum rs_server_result r = check(s, a, end);

	return r == RS_SERVER_OK ? put_body(s, a, bytes, end) : r;
}

enum rs_server_result rs_server_answer_trailers(const struct rs_answer *a, struct rs_slice lines)
{
	struct rs_server *s = rs_server_self();
	enum rs_server_result r = check(s, a, true);

	if (r != RS_SERVER_OK)
		return r;
	if (lines.n > RS_BODY_MAX)
		return RS_SERVER_TOO_LARGE;
	atomic_fetch_add(&s->cell->responses, 1);
	return rs_server_put(s, RS_MSG_BODY, RS_FRAME_END | RS_FRAME_TRAILERS, a->request, RS_SLICE(""), lines, -1);
}

/* What cannot be sent of them is left out: there is an end in any case. */
static enum rs_server_result end_with_trailers(const struct rs_answer *a, struct rs_slice lines)
{
	enum rs_server_result r = rs_server_answer_trailers(a, lines);

	return r == RS_SERVER_TOO_LARGE ? rs_server_answer_body(a, RS_SLICE(""), true) : r;
}

enum rs_server_result rs_server_answer_head(const struct rs_answer *a, struct rs_slice body, bool end)
{
	struct rs_server *s = rs_server_self();
	enum rs_server_result r = check(s, a, end);
	struct rs_slice first = rs_slice(body.p, body.n < RS_BODY_MAX ? body.n : RS_BODY_MAX);
	struct rs_buf head = { 0 };
	bool all = first.n == body.n, trailers = end && a->trailers.n;

	if (r != RS_SERVER_OK)
		return r;
	end = end && !trailers;
	if (!make_head(a, first.n, "", 0, &head)) {
		rs_buf_free(&head);
		return RS_SERVER_TOO_LARGE;
	}
	r = put(s, a, RS_MSG_RESPONSE, end && all, rs_buf_slice(&head), first);
	rs_buf_free(&head);
	if (r == RS_SERVER_OK && !all)
		r = put_body(s, a, rs_slice(body.p + first.n, body.n - first.n), end);
	return r == RS_SERVER_OK && trailers ? end_with_trailers(a, a->trailers) : r;
}

enum rs_server_result rs_server_answer_file(const struct rs_answer *a, int file_fd, uint64_t offset, uint64_t length)
{
	struct rs_server *s = rs_server_self();
	enum rs_server_result r = check(s, a, true);
	struct rs_answer whole = *a;
	struct rs_buf head = { 0 };

	if (r != RS_SERVER_OK)
		return r;
	whole.content_length = (int64_t)length;
	if (make_head(&whole, 0, &offset, sizeof offset, &head))
		r = rs_server_put(s, RS_MSG_ANSWER_FILE, RS_FRAME_END, a->request, rs_buf_slice(&head), RS_SLICE(""), file_fd);
	else
		r = RS_SERVER_TOO_LARGE;
	if (r == RS_SERVER_OK)
		atomic_fetch_add(&s->cell->responses, 1);
	rs_buf_free(&head);
	return r;
}

void rs_server_answer_abort(const struct rs_answer *a)
{
	struct rs_server *s = rs_server_self();

	if (s)
		(void)rs_server_put(s, RS_MSG_BODY, RS_FRAME_ABORT, a->request, RS_SLICE(""), RS_SLICE(""), -1);
}

const struct rs_answer_way rs_server_answer_way = {
	.head = rs_server_answer_head,
	.body = rs_server_answer_body,
	.trailers = rs_server_answer_trailers,
	.file = rs_server_answer_file,
	.abort = rs_server_answer_abort,
};
