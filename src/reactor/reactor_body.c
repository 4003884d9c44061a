/*
 * Request bodies. What fits body_buffer_size goes to where the REQUEST frame will carry it; above that
 * everything goes to an unlinked temporary file whose descriptor travels with the frame. Runs in the reactor.
 *
 * Writing to the file goes to the page cache: the one place where the reactor trusts the disk to be quick.
 */
#include "reactor/reactor_body.h"

#include "base/rs_fd.h"
#include "base/rs_spool.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_session.h"

#include <errno.h>
#include <unistd.h>

/* Bytes of a body. */
static uint64_t most(const struct rs_req *q)
{
	const struct rs_guest *g = q->conn->guest;

	return g ? g->gate->set.package_max_length : (uint64_t)q->r->conf->package_max_length;
}

static enum rs_result fail(struct rs_req *q, const char *what, unsigned *status)
{
	*status = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? 507 : 503;
	rs_error(q->r->log, "request %s: cannot %s a request body in %s", q->id, what, q->r->conf->upload_tmp_dir);
	return RS_ERR;
}

static enum rs_result spool(struct rs_req *q, const char *p, size_t n, unsigned *status)
{
	return rs_spool_write(q->body_fd, p, n) ? RS_OK : fail(q, "keep", status);
}

/* From memory to a file: what has come so far moves there. */
static enum rs_result start_spool(struct rs_req *q, unsigned *status)
{
	const char *dir = q->r->conf->upload_tmp_dir;

	q->body_fd = rs_spool_open(*dir ? dir : "/tmp");
	if (q->body_fd < 0)
		return fail(q, "open a file for", status);
	if (spool(q, q->payload.p + q->prefix_len, q->payload.len - q->prefix_len, status) != RS_OK)
		return RS_ERR;
	q->payload.len = q->prefix_len;
	return RS_OK;
}

enum rs_result rs_body_begin(struct rs_req *q, const struct rs_http_head *h, unsigned *status)
{
	const struct rs_conf *conf = q->r->conf;

	q->chunked = h->chunked;
	q->open = h->open;
	q->body_left = h->content_length;
	if (h->chunked) {
		rs_http_chunked_init(&q->chunk);
		return RS_OK;
	}
	if (h->open)
		return RS_OK;
	if (h->content_length > most(q)) {
		*status = 413;
		return RS_ERR;
	}
	if (h->content_length > (uint64_t)conf->body_buffer_size)
		return start_spool(q, status);
	if (!rs_buf_reserve(&q->payload, (size_t)h->content_length)) {
		*status = 503;
		return RS_ERR;
	}
	return RS_OK;
}

static enum rs_result take(struct rs_req *q, struct rs_slice piece, unsigned *status)
{
	const struct rs_conf *conf = q->r->conf;

	if (q->body_len + piece.n > most(q)) {
		*status = 413;
		return RS_ERR;
	}
	q->body_len += piece.n;
	if (q->body_fd < 0 && q->body_len > (uint64_t)conf->body_buffer_size &&
	    start_spool(q, status) != RS_OK)
		return RS_ERR;
	if (q->body_fd >= 0)
		return spool(q, piece.p, piece.n, status);
	if (rs_buf_put(&q->payload, piece.p, piece.n))
		return RS_OK;
	*status = 503;
	return RS_ERR;
}

static enum rs_result complete(struct rs_req *q, unsigned *status)
{
	struct rs_wire_request *w = rs_req_wire(q);

	w->body_len = q->body_len;
	if (q->body_fd < 0)
		return RS_DONE;
	w->flags |= RS_REQ_BODY_FD;
	return lseek(q->body_fd, 0, SEEK_SET) == 0 ? RS_DONE : fail(q, "rewind", status);
}

enum rs_result rs_body_feed(struct rs_req *q, const char *p, size_t n, size_t *used, unsigned *status)
{
	struct rs_slice piece;
	enum rs_result rc;
	size_t ate;

	*used = 0;
	if (q->open) {
		*used = n;
		return take(q, rs_slice(p, n), status) == RS_OK ? RS_AGAIN : RS_ERR;
	}
	if (!q->chunked) {
		*used = q->body_left < n ? (size_t)q->body_left : n;
		q->body_left -= *used;
		if (take(q, rs_slice(p, *used), status) != RS_OK)
			return RS_ERR;
		return q->body_left ? RS_AGAIN : complete(q, status);
	}
	do {
		rc = rs_http_chunked_feed(&q->chunk, p + *used, n - *used, &ate, &piece);
		*used += ate;
		if (rc == RS_ERR) {
			*status = 400;
			return RS_ERR;
		}
		if (piece.n && take(q, piece, status) != RS_OK)
			return RS_ERR;
	} while (rc == RS_OK);
	return rc == RS_DONE ? complete(q, status) : RS_AGAIN;
}

enum rs_result rs_body_end(struct rs_req *q, unsigned *status)
{
	if (q->open)
		return complete(q, status);
	*status = 400;
	return RS_ERR;
}
