/*
 * A growable byte buffer with a read end: append at the back, consume at the front.
 * The owner frees it; a zeroed struct is a valid empty buffer.
 */
#ifndef RS_BUF_H
#define RS_BUF_H

#include "base/rs_base.h"

struct rs_buf {
	char *p;      /* allocation, or NULL */
	size_t off;   /* first byte not yet consumed */
	size_t len;   /* bytes from off that hold data */
	size_t cap;   /* size of the allocation */
};

/* At least n free bytes behind the data; returns where to write them, NULL without memory. */
char *rs_buf_reserve(struct rs_buf *b, size_t n) RS_MUST_CHECK;

/* The n bytes written into what rs_buf_reserve gave now count as data. */
static inline void rs_buf_commit(struct rs_buf *b, size_t n)
{
	b->len += n;
}

/* false: no memory, nothing appended. */
bool rs_buf_put(struct rs_buf *b, const void *p, size_t n) RS_MUST_CHECK;
bool rs_buf_printf(struct rs_buf *b, const char *fmt, ...) RS_PRINTF(2, 3);

static inline const char *rs_buf_data(const struct rs_buf *b)
{
	return b->p ? b->p + b->off : "";
}

static inline struct rs_slice rs_buf_slice(const struct rs_buf *b)
{
	return rs_slice(rs_buf_data(b), b->len);
}

/* Drops n bytes from the front. */
void rs_buf_consume(struct rs_buf *b, size_t n);

/* Drops everything, keeps the allocation when it is at most keep bytes. */
void rs_buf_reset(struct rs_buf *b, size_t keep);

void rs_buf_free(struct rs_buf *b);

#endif
