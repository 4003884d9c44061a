/*
 * Chunked bodies: the state machine against a decoder that sees everything at once and is too simple to
 * be wrong, and against itself with the bytes cut elsewhere. The first byte of the input says where.
 */
#include "http/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BESIDE_MAX 8192

struct outcome {
	enum rs_result rc;
	size_t used;
	struct rs_buf data;
};

static bool one_of(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_text(uint8_t c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The position behind the CRLF at i; 0: something else stands there; SIZE_MAX: the input ends here. */
static size_t line_end(const uint8_t *p, size_t n, size_t i)
{
	if (i == n || (i + 1 == n && p[i] == '\r'))
		return SIZE_MAX;
	return p[i] == '\r' && p[i + 1] == '\n' ? i + 2 : 0;
}

/* Straight from the grammar of RFC 9112 7.1, with our bounds. */
static struct outcome reference(const uint8_t *p, size_t n)
{
	struct outcome o = { .rc = RS_ERR };
	size_t i = 0, next, beside = 0;
	uint64_t size = 1;

	while (size) {
		size_t digits = 0, extension = 0;

		for (size = 0; i < n && one_of(p[i], "0123456789abcdefABCDEF"); i++) {
			char digit[2] = { (char)p[i], 0 };

			size = size * 16 + strtoul(digit, NULL, 16);
			if (++digits > 15)
				return o;
		}
		if (i < n && digits == 0)
			return o;
		if (i < n && p[i] == ';')
			for (i++; i < n && is_text(p[i]); i++)
				if (++extension > 256 || ++beside > BESIDE_MAX)
					return o;
		next = line_end(p, n, i);
		if (next == SIZE_MAX)
			goto again;
		if (next == 0)
			return o;
		i = next;
		if (size == 0)
			break;
		next = size < n - i ? size : n - i;
		RS_ASSERT(rs_buf_put(&o.data, p + i, next));
		i += next;
		if (next < size)
			goto again;
		next = line_end(p, n, i);
		if (next == SIZE_MAX)
			goto again;
		if (next == 0)
			return o;
		i = next;
	}
	for (;;) {
		size_t start;

		next = line_end(p, n, i);
		if (next == SIZE_MAX)
			goto again;
		if (next) {
			o.rc = RS_DONE;
			o.used = next;
			return o;
		}
		for (start = i; i < n && (is_alnum(p[i]) || one_of(p[i], "!#$%&'*+-.^_`|~")); i++)
			if (++beside > BESIDE_MAX)
				return o;
		if (i == n)
			goto again;
		if (i == start || p[i] != ':' || ++beside > BESIDE_MAX)
			return o;
		for (i++; i < n && is_text(p[i]); i++)
			if (++beside > BESIDE_MAX)
				return o;
		next = line_end(p, n, i);
		if (next == SIZE_MAX)
			goto again;
		if (next == 0)
			return o;
		i = next;
	}
again:
	o.rc = RS_AGAIN;
	o.used = n;
	return o;
}

/* step bytes at a time, each time at the end of a block of memory, so that the sanitizer sees a read beyond.
 */
static struct outcome feed(const uint8_t *data, size_t n, size_t step)
{
	struct outcome o = { .rc = RS_AGAIN };
	struct rs_http_chunked c;
	char *block = malloc(n);

	RS_ASSERT(block);
	rs_http_chunked_init(&c);
	while (o.used < n && o.rc == RS_AGAIN) {
		size_t part = n - o.used < step ? n - o.used : step, at = 0;
		char *copy = block + n - part;

		memcpy(copy, data + o.used, part);
		do {
			struct rs_slice piece;
			size_t used;

			o.rc = rs_http_chunked_feed(&c, copy + at, part - at, &used, &piece);
			RS_ASSERT(used <= part - at);
			RS_ASSERT(piece.p >= copy + at && piece.p + piece.n <= copy + at + used);
			RS_ASSERT(o.rc != RS_AGAIN || used == part - at);
			RS_ASSERT(o.rc != RS_OK || (used > 0 && used < part - at));
			RS_ASSERT(rs_buf_put(&o.data, piece.p, piece.n));
			at += used;
		} while (o.rc == RS_OK);
		o.used += at;
	}
	RS_ASSERT(c.total == o.data.len && c.total <= n);
	free(block);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct outcome want;

	if (n < 2)
		return 0;
	want = reference(data + 1, n - 1);
	for (unsigned i = 0; i < 3; i++) {
		struct outcome got = feed(data + 1, n - 1, i == 0 ? n : i == 1 ? 1 : 1u + data[0]);

		RS_ASSERT(got.rc == want.rc);
		RS_ASSERT(rs_slice_eq(rs_buf_slice(&got.data), rs_buf_slice(&want.data)));
		RS_ASSERT(got.rc == RS_ERR || got.used == want.used);
		rs_buf_free(&got.data);
	}
	rs_buf_free(&want.data);
	return 0;
}
