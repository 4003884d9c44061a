/*
 * Slices, numbers, bounded copies, and how an assertion dies.
 */
#include "base/rs_base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool rs_slice_eqi(struct rs_slice a, struct rs_slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];
		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return false;
	}
	return true;
}

bool rs_parse_u64(struct rs_slice s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned)((unsigned char)s.p[i] - '0');
		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (v > max)
		return false;
	*out = v;
	return true;
}

bool rs_copy(char *dst, size_t size, struct rs_slice src)
{
	size_t n = src.n;

	if (size == 0)
		return false;
	if (n > size - 1)
		n = size - 1;
	if (n)
		memcpy(dst, src.p, n);
	dst[n] = '\0';
	return n == src.n;
}

bool rs_fmt(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size;
}

void rs_assert_failed(const char *what, const char *file, int line)
{
	char msg[256];
	int n = snprintf(msg, sizeof msg, "rserverd: broken invariant at %s:%d: %s\n", file, line, what);

	if (n > 0 && write(STDERR_FILENO, msg, (size_t)n < sizeof msg ? (size_t)n : sizeof msg - 1) < 0)
		abort();
	abort();
}
