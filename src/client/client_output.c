/*
 * The queue of what is to be sent.
 */
#include "client/client_output.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rs_buf.h"
#include "base/rs_fd.h"

#define PIECE 65536

struct rs_output_part {
	TAILQ_ENTRY(rs_output_part) entry;
	int file;            /* -1: bytes */
	uint64_t at, left;   /* of the file */
	struct rs_buf bytes;
};

void rs_output_init(struct rs_output *q)
{
	TAILQ_INIT(&q->parts);
	q->bytes = 0;
}

static void drop_first(struct rs_output *q)
{
	struct rs_output_part *part = TAILQ_FIRST(&q->parts);

	TAILQ_REMOVE(&q->parts, part, entry);
	q->bytes -= part->bytes.len;
	rs_buf_free(&part->bytes);
	rs_fd_close(&part->file);
	free(part);
}

void rs_output_free(struct rs_output *q)
{
	while (!rs_output_empty(q))
		drop_first(q);
}

bool rs_output_empty(const struct rs_output *q)
{
	return TAILQ_EMPTY(&q->parts);
}

static struct rs_output_part *append(struct rs_output *q)
{
	struct rs_output_part *part = calloc(1, sizeof *part);

	if (part) {
		part->file = -1;
		TAILQ_INSERT_TAIL(&q->parts, part, entry);
	}
	return part;
}

bool rs_output_put(struct rs_output *q, const void *p, size_t n)
{
	struct rs_output_part *last = TAILQ_LAST(&q->parts, rs_output_parts);

	if (!last || last->file >= 0)
		last = append(q);
	if (!last || !rs_buf_put(&last->bytes, p, n))
		return false;
	q->bytes += n;
	return true;
}

bool rs_output_put_file(struct rs_output *q, int fd, uint64_t offset, uint64_t length)
{
	struct rs_output_part *part = append(q);

	if (!part) {
		rs_fd_close(&fd);
		return false;
	}
	part->file = fd;
	part->at = offset;
	part->left = length;
	return true;
}

/* One step of the first part. RS_OK: something went, or it is done. */
static enum rs_result step_bytes(struct rs_output *q, struct rs_output_part *part, struct rs_sock *s)
{
	ssize_t n = part->bytes.len ? rs_sock_send(s, rs_buf_data(&part->bytes), part->bytes.len, MSG_DONTWAIT, 0) : 0;

	if (n < 0)
		return s->error == EAGAIN ? RS_AGAIN : RS_ERR;
	rs_buf_consume(&part->bytes, (size_t)n);
	q->bytes -= (size_t)n;
	if (part->bytes.len == 0)
		drop_first(q);
	return RS_OK;
}

static enum rs_result step_file(struct rs_output *q, struct rs_output_part *part, struct rs_sock *s)
{
	char piece[PIECE];
	ssize_t n = pread(part->file, piece, part->left < PIECE ? (size_t)part->left : PIECE, (off_t)part->at);

	if (n <= 0) {
		if (n < 0 && errno == EINTR)
			return RS_OK;
		/* 0: it has become shorter. */
		rs_sock_fail(s, n < 0 ? errno : EIO);
		return RS_ERR;
	}
	n = rs_sock_send(s, piece, (size_t)n, MSG_DONTWAIT, 0);
	if (n < 0)
		return s->error == EAGAIN ? RS_AGAIN : RS_ERR;
	part->at += (uint64_t)n;
	part->left -= (uint64_t)n;
	if (part->left == 0)
		drop_first(q);
	return RS_OK;
}

enum rs_result rs_output_flush(struct rs_output *q, struct rs_sock *s)
{
	while (!rs_output_empty(q)) {
		struct rs_output_part *part = TAILQ_FIRST(&q->parts);
		enum rs_result rc = part->file < 0 ? step_bytes(q, part, s) : step_file(q, part, s);

		if (rc != RS_OK)
			return rc;
	}
	return RS_OK;
}
