/*
 * The growable byte buffer. Moves data to the front before it grows.
 */
#include "base/rs_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *rs_buf_reserve(struct rs_buf *b, size_t n)
{
	size_t want, cap;
	char *p;

	if (b->p && b->cap - b->off - b->len >= n)
		return b->p + b->off + b->len;
	if (b->off && b->cap - b->len >= n && b->len <= b->off) {
		RS_ASSERT(b->p);
		memcpy(b->p, b->p + b->off, b->len);
		b->off = 0;
		return b->p + b->len;
	}
	if (n > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
		return NULL;
	want = b->len + n;
	cap = b->cap ? b->cap : 512;
	while (cap < want)
		cap *= 2;
	p = malloc(cap);
	if (!p)
		return NULL;
	if (b->p && b->len)
		memcpy(p, b->p + b->off, b->len);
	free(b->p);
	b->p = p;
	b->off = 0;
	b->cap = cap;
	return p + b->len;
}

bool rs_buf_put(struct rs_buf *b, const void *p, size_t n)
{
	char *to;

	if (n == 0)
		return true;
	to = rs_buf_reserve(b, n);
	if (!to)
		return false;
	memcpy(to, p, n);
	b->len += n;
	return true;
}

bool rs_buf_printf(struct rs_buf *b, const char *fmt, ...)
{
	va_list ap;
	char *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !(to = rs_buf_reserve(b, (size_t)n + 1)))
		return false;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return true;
}

void rs_buf_consume(struct rs_buf *b, size_t n)
{
	RS_ASSERT(n <= b->len);
	b->off += n;
	b->len -= n;
	if (b->len == 0)
		b->off = 0;
}

void rs_buf_reset(struct rs_buf *b, size_t keep)
{
	if (b->cap > keep) {
		rs_buf_free(b);
		return;
	}
	b->off = b->len = 0;
}

void rs_buf_free(struct rs_buf *b)
{
	free(b->p);
	*b = (struct rs_buf){ 0 };
}
