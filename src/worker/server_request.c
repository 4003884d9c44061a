/*
 * Requests that PHP holds for as long as it wants: out of an event of the reactor, or of a head that this process has parsed
 * itself (httpd/httpd.h).
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/request_view.h"

#include <stdlib.h>
#include <sys/mman.h>

struct rs_server_request {
	uint64_t id;
	struct rs_request_parts parts;
	struct rs_field *fields;
	int body_fd;             /* -1: it is in the bytes */
	void *map;               /* the body of body_fd; NULL: not yet */
	struct rs_buf body;      /* of one that was made here */
	char bytes[];            /* the payload; of one that was made here its head, and the texts of its ends */
};

struct rs_server_request *rs_server_request_new(struct rs_event *ev)
{
	struct rs_server_request *q;
	uint32_t n;

	if (!rs_request_count(ev->data, &n))
		return NULL;
	q = malloc(sizeof *q + ev->data.n);
	if (!q)
		return NULL;
	*q = (struct rs_server_request){ .id = ev->request, .body_fd = -1, .fields = calloc(n ? n : 1, sizeof *q->fields) };
	memcpy(q->bytes, ev->data.p, ev->data.n);
	if (!q->fields || !rs_request_parse(rs_slice(q->bytes, ev->data.n), q->fields, &q->parts) ||
	    (q->parts.body_in_file && ev->body_fd < 0)) {
		rs_server_request_free(q);
		return NULL;
	}
	if (q->parts.body_in_file) {
		q->body_fd = ev->body_fd;
		ev->body_fd = -1;
	}
	return q;
}

/* ---- made here ------------------------------------------------------------------------------------------------ */

/* What points into the n bytes at `from` is at `to` now. */
static struct rs_slice moved(struct rs_slice s, const char *from, size_t n, const char *to)
{
	return s.p >= from && s.p <= from + n ? rs_slice(to + (s.p - from), s.n) : s;
}

struct rs_server_request *rs_server_request_made(const struct rs_http_head *h, const char *text, const struct rs_request_ends *ends)
{
	const size_t n = h->head_len, extra = ends->remote.n + ends->local.n;
	struct rs_server_request *q = malloc(sizeof *q + n + extra);
	struct rs_request_view *v;

	if (!q)
		return NULL;
	*q = (struct rs_server_request){ .id = 1, .body_fd = -1, .fields = calloc(h->nfields ? h->nfields : 1, sizeof *q->fields) };
	if (!q->fields) {
		free(q);
		return NULL;
	}
	memcpy(q->bytes, text, n);
	memcpy(q->bytes + n, ends->remote.p, ends->remote.n);
	memcpy(q->bytes + n + ends->remote.n, ends->local.p, ends->local.n);
	for (size_t i = 0; i < h->nfields; i++)
		q->fields[i] = (struct rs_field){ moved(h->fields[i].name, text, n, q->bytes), moved(h->fields[i].value, text, n, q->bytes) };
	v = &q->parts.view;
	*v = (struct rs_request_view){ .method = moved(h->method, text, n, q->bytes), .target = moved(h->target, text, n, q->bytes),
				       .fields = q->fields, .nfields = (uint32_t)h->nfields, .http_minor = h->minor, .http_major = 1,
				       .remote_addr = rs_slice(q->bytes + n, ends->remote.n),
				       .local_addr = rs_slice(q->bytes + n + ends->remote.n, ends->local.n),
				       .remote_port = ends->remote_port, .local_port = ends->local_port, .tls = ends->tls,
				       .received_us = (uint64_t)rs_wall_us() };
	v->path = rs_slice(v->target.p, h->path_len);
	v->query = h->path_len < v->target.n ? rs_slice(v->target.p + h->path_len + 1, v->target.n - h->path_len - 1)
					     : rs_slice(v->target.p + v->target.n, 0);
	v->name = v->id = v->tls_variables = RS_SLICE("");
	q->parts.inline_body = RS_SLICE("");
	return q;
}

void rs_server_request_give(struct rs_server_request *q, struct rs_buf *body, int *body_fd, uint64_t n)
{
	q->parts.view.body_len = n;
	q->body_fd = *body_fd;
	*body_fd = -1;
	q->body = *body;
	*body = (struct rs_buf){ 0 };
	q->parts.inline_body = rs_buf_slice(&q->body);
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

void rs_server_request_free(struct rs_server_request *q)
{
	if (!q)
		return;
	if (q->map)
		munmap(q->map, q->parts.view.body_len);
	rs_fd_close(&q->body_fd);
	rs_buf_free(&q->body);
	free(q->fields);
	free(q);
}

uint64_t rs_server_request_id(const struct rs_server_request *q)
{
	return q->id;
}

const struct rs_request_view *rs_server_request_view(const struct rs_server_request *q)
{
	return &q->parts.view;
}

struct rs_slice rs_server_request_body(struct rs_server_request *q)
{
	uint64_t n = q->parts.view.body_len;

	if (q->body_fd < 0 || n == 0)
		return q->parts.inline_body;
	if (!q->map) {
		q->map = mmap(NULL, n, PROT_READ, MAP_PRIVATE, q->body_fd, 0);
		if (q->map == MAP_FAILED) {
			rs_error(rs_process()->log, "cannot map a request body of %llu bytes", (unsigned long long)n);
			q->map = NULL;
			return rs_slice("", 0);
		}
	}
	return rs_slice(q->map, n);
}
