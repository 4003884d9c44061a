/*
 * Request bodies: by their length or in chunks, in memory or in an unlinked file.
 */
#include "httpd/httpd_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "base/rs_spool.h"

#include <errno.h>

#define PIECE (64u << 10)

struct body {
	const struct rs_httpd_rules *rules;
	struct rs_http_chunked chunk;
	bool chunked;
	uint64_t left;      /* of one that is not chunked */
	uint64_t n;         /* bytes so far */
	int64_t began_ms;
	struct rs_buf bytes;
	int fd;             /* -1: they are in memory */
	int error;          /* errno of its file */
};

/* The status of a body that cannot be kept. */
static unsigned no_room(struct body *b)
{
	b->error = errno;
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? 507 : 503;
}

/* 0, or the status to refuse with. */
static unsigned take(struct body *b, struct rs_slice piece)
{
	if (piece.n > b->rules->body_max - b->n)
		return 413;
	b->n += piece.n;
	if (b->fd < 0 && b->n > b->rules->memory_max) {
		b->fd = rs_spool_open(b->rules->spool_dir);
		if (b->fd < 0 || !rs_spool_write(b->fd, rs_buf_data(&b->bytes), b->bytes.len))
			return no_room(b);
		rs_buf_free(&b->bytes);
		b->bytes = (struct rs_buf){ 0 };
	}
	if (b->fd >= 0)
		return rs_spool_write(b->fd, piece.p, piece.n) ? 0 : no_room(b);
	return rs_buf_put(&b->bytes, piece.p, piece.n) ? 0 : 503;
}

static unsigned take_chunks(struct body *b, struct rs_buf *in, bool *complete)
{
	enum rs_result rc = RS_OK;
	struct rs_slice piece;
	unsigned status = 0;
	size_t used;

	while (rc == RS_OK && in->len && status == 0) {
		rc = rs_http_chunked_feed(&b->chunk, rs_buf_data(in), in->len, &used, &piece);
		if (rc == RS_ERR)
			return 400;
		status = piece.n ? take(b, piece) : 0;
		rs_buf_consume(in, used);
	}
	*complete = rc == RS_DONE;
	return status;
}

/* What has come of it. */
static unsigned feed(struct body *b, struct rs_buf *in, bool *complete)
{
	size_t n = in->len < b->left ? in->len : (size_t)b->left;
	unsigned status;

	if (b->chunked)
		return take_chunks(b, in, complete);
	status = n ? take(b, rs_slice(rs_buf_data(in), n)) : 0;
	rs_buf_consume(in, n);
	b->left -= n;
	*complete = b->left == 0;
	return status;
}

/* The next piece from the client. */
static unsigned wait_for_more(struct rs_httpd *h, const struct body *b)
{
	enum rs_result rc = rs_httpd_more(h, PIECE, rs_httpd_patience(b->began_ms, b->n, h->rules->body_rate, h->rules->body_ms));

	if (rc == RS_OK)
		return 0;
	h->gone = rc == RS_DONE || h->sock->error != ETIMEDOUT;
	return 408;
}

static void go_on(struct rs_httpd *h)
{
	static const struct rs_slice line = RS_SLICE("HTTP/1.1 100 Continue\r\n\r\n");

	if (!rs_sock_enter(h->sock, RS_WATCH_WRITE))
		return;
	RS_IGNORE(rs_httpd_send(h, line.p, line.n, false));
	rs_sock_leave(h->sock, RS_WATCH_WRITE);
}

unsigned rs_httpd_read_body(struct rs_httpd *h, const struct rs_httpd_extent *extent, struct rs_server_request *q)
{
	struct body b = { .rules = h->rules, .chunked = extent->chunked, .left = extent->length, .began_ms = rs_now_ms(), .fd = -1 };
	unsigned status = !extent->chunked && extent->length > h->rules->body_max ? 413 : 0;
	bool complete = false;

	rs_http_chunked_init(&b.chunk);
	if (status == 0 && extent->expect_continue && h->in.len == 0)
		go_on(h);
	while (status == 0 && (status = feed(&b, &h->in, &complete)) == 0 && !complete)
		status = wait_for_more(h, &b);
	if (status == 0)
		rs_server_request_give(q, &b.bytes, &b.fd, b.n);
	h->body_error = b.error;
	rs_buf_free(&b.bytes);
	rs_fd_close(&b.fd);
	return status;
}
