/*
 * Several parts of a file in one answer (RFC 9110 14.6). It is put together in memory, so it is bounded. Runs in the reactor.
 */
#include "http/http.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_static.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of all parts together; who wants more gets the whole file. */
#define PARTS_BYTES_MAX (256u << 10)

static bool put_part(struct rs_buf *out, int fd, const char *head, const struct rs_http_range *part)
{
	char *to;

	if (!rs_buf_put(out, head, strlen(head)))
		return false;
	to = rs_buf_reserve(out, (size_t)part->n);
	if (!to || pread(fd, to, (size_t)part->n, (off_t)part->at) != (ssize_t)part->n)
		return false;
	rs_buf_commit(out, (size_t)part->n);
	return true;
}

static bool fits(const struct rs_http_range *part, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (part[i].n > PARTS_BYTES_MAX)
			return false;
		sum += part[i].n;
	}
	return sum <= PARTS_BYTES_MAX;
}

bool rs_static_parts(struct rs_req *q, int fd, const struct stat *st, const char *type, const struct rs_http_range *part, size_t n)
{
	char head[384], lines[160], modified[32];
	struct rs_buf body = { 0 };
	uint64_t boundary;
	bool ok;

	/* Nobody who wrote the file knew it. */
	if (!fits(part, n) || getrandom(&boundary, sizeof boundary, 0) != sizeof boundary)
		return false;
	rs_http_date(st->st_mtime, modified);
	ok = rs_fmt(lines, sizeof lines, "Content-Type: multipart/byteranges; boundary=%016" PRIx64 "\r\nLast-Modified: %s\r\n", boundary,
		    modified);
	for (size_t i = 0; ok && i < n; i++)
		ok = rs_fmt(head, sizeof head, "%s--%016" PRIx64 "\r\nContent-Type: %s\r\n" RS_STATIC_RANGE "\r\n\r\n", i ? "\r\n" : "",
			    boundary, type, part[i].at, part[i].at + part[i].n - 1, (uint64_t)st->st_size) &&
		     put_part(&body, fd, head, &part[i]);
	ok = ok && rs_buf_printf(&body, "\r\n--%016" PRIx64 "--\r\n", boundary) &&
	     rs_static_answer(q, 206, lines, rs_buf_slice(&body));
	rs_buf_free(&body);
	return ok;
}
