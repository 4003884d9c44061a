/*
 * What each byte may be in HTTP/1.x, as one table, and the two scans the parser lives on. Private to
 * src/http.
 */
#ifndef RS_HTTP_CHARS_H
#define RS_HTTP_CHARS_H

#include "base/rs_base.h"

enum {
	RS_CH_VALUE = 1,       /* in a field value: visible, SP, HTAB, 0x80..0xff */
	RS_CH_TARGET = 2,      /* in a request target: visible but '#', 0x80..0xff */
	RS_CH_TOKEN = 4,       /* tchar of RFC 9110 5.6.2 */
	RS_CH_HOST = 8,        /* in a host name: letter, digit, '-', '.', '_' */
	RS_CH_DIGIT = 16,
	RS_CH_UNDERSCORE = 32,
};

extern const unsigned char rs_http_chars[256];

static inline unsigned rs_http_class(char c)
{
	return rs_http_chars[(unsigned char)c];
}

/* Value of a hexadecimal digit, -1: it is none. */
static inline int rs_http_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* First byte of [p, end) outside the class, or end. */
static inline const char *rs_http_span(const char *p, const char *end, unsigned cls)
{
	while (p < end && rs_http_class(*p) & cls)
		p++;
	return p;
}

/*
 * rs_http_span() of RS_CH_VALUE, eight bytes at a time: values are most of a head. A byte below 0x20 or
 * equal to 0x7f sets its top bit in `hit`; a borrow can set wrong ones, but only above a right one, so
 * the lowest is always right.
 */
static inline const char *rs_http_span_value(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;

	while (end - p >= 8) {
		uint64_t w, del, hit;

		memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		w = __builtin_bswap64(w);
#endif
		del = w ^ ones * 0x7f;
		hit = (((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & tops;
		if (hit == 0) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(hit) / 8;
		if (*p != '\t')
			return p;
		p++;
	}
	return rs_http_span(p, end, RS_CH_VALUE);
}

#endif
