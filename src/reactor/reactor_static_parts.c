/*
 * Several parts of a file in one answer (RFC 9110 14.6): one after the other, each with a head of its own. Runs in the reactor.
 */
#include "base/rs_buf.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

/* Of a request that is answered so: q->parts, freed with it. */
struct rs_static_parts {
	uint64_t boundary;         /* nobody who wrote the file knew it */
	uint64_t size;             /* of the file */
	const char *type;
	size_t n, next;
	struct rs_http_range part[RS_HTTP_RANGES_MAX];
};

#define HEAD_MAX 320

/* What stands in front of part i, or behind the last. Its length; 0: it is too long. */
static size_t head_of(const struct rs_static_parts *p, size_t i, char out[HEAD_MAX])
{
	const struct rs_http_range *r = &p->part[i];
	bool ok;

	if (i == p->n)
		ok = rs_fmt(out, HEAD_MAX, "\r\n--%016" PRIx64 "--\r\n", p->boundary);
	else
		ok = rs_fmt(out, HEAD_MAX,
			    "%s--%016" PRIx64 "\r\nContent-Type: %s\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
			    i ? "\r\n" : "", p->boundary, p->type, r->at, r->at + r->n - 1, p->size);
	return ok ? strlen(out) : 0;
}

static int64_t length_of(const struct rs_static_parts *p)
{
	char head[HEAD_MAX];
	uint64_t sum = 0;

	for (size_t i = 0; i <= p->n; i++)
		sum += head_of(p, i, head) + (i < p->n ? p->part[i].n : 0);
	return (int64_t)sum;
}

/* The bytes of the file that come next. */
static void next(struct rs_req *q, size_t head)
{
	struct rs_static_parts *p = q->parts;

	q->sent += head;
	if (p->next < p->n) {
		q->file_at = (off_t)p->part[p->next].at;
		q->file_left = p->part[p->next].n;
	}
	p->next++;
}

static struct rs_static_parts *make(const struct rs_static_found *f, const struct rs_static_wanted *w)
{
	struct rs_static_parts *p = calloc(1, sizeof *p);

	if (p && getrandom(&p->boundary, sizeof p->boundary, GRND_NONBLOCK) == sizeof p->boundary) {
		p->type = f->type;
		p->size = (uint64_t)f->st.st_size;
		p->n = w->ranges;
		memcpy(p->part, w->range, w->ranges * sizeof p->part[0]);
		return p;
	}
	free(p);
	return NULL;
}

bool rs_static_parts(struct rs_req *q, const struct rs_static_found *f, const struct rs_static_wanted *w)
{
	char type[64], lines[RS_STATIC_LINES_MAX], head[HEAD_MAX];
	struct rs_static_parts *p = make(f, w);
	size_t n = 0;
	bool ok;

	ok = p && rs_fmt(type, sizeof type, "multipart/byteranges; boundary=%016" PRIx64, p->boundary) &&
	     rs_static_lines(q, f, 206, NULL, type, lines) && rs_static_put_head(q, 206, lines, length_of(p)) &&
	     (n = head_of(p, 0, head)) && rs_buf_put(&q->r->out, head, n);
	if (ok) {
		q->parts = p;
		q->file_fd = f->fd;
		next(q, n);
		rs_static_send(q);
	} else {
		free(p);
	}
	rs_buf_reset(&q->r->out, RS_OUT_KEEP);
	return ok;
}

bool rs_static_next_part(struct rs_req *q)
{
	char head[HEAD_MAX];
	size_t n = q->parts->next <= q->parts->n ? head_of(q->parts, q->parts->next, head) : 0;
	struct iovec iov = { head, n };

	if (n == 0)
		return true;
	next(q, n);
	return rs_conn_write(q->conn, &iov, 1);
}
