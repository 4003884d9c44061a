/*
 * The UTF-8 checker: which byte may come next, kept between pieces. Plain ASCII goes eight bytes at a time.
 */
#include "ws/ws_utf8.h"

/* Lead bytes and what the byte behind them may be; the ones behind that are 80 to BF. RFC 3629, section 4. */
static const struct lead {
	uint8_t first, last; /* the lead byte */
	uint8_t need;        /* bytes behind it */
	uint8_t low, high;   /* the first of these */
} leads[] = {
	{ 0xc2, 0xdf, 1, 0x80, 0xbf }, /* C0, C1: overlong */
	{ 0xe0, 0xe0, 2, 0xa0, 0xbf }, /* below: overlong */
	{ 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f }, /* above: surrogates */
	{ 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf }, /* below: overlong */
	{ 0xf1, 0xf3, 3, 0x80, 0xbf },
	{ 0xf4, 0xf4, 3, 0x80, 0x8f }, /* above: beyond U+10FFFF */
};

static bool lead_byte(struct rs_ws_utf8 *u, uint8_t c)
{
	for (size_t i = 0; i < RS_COUNTOF(leads); i++) {
		if (c < leads[i].first || c > leads[i].last)
			continue;
		*u = (struct rs_ws_utf8){ leads[i].need, leads[i].low, leads[i].high };
		return true;
	}
	return false;
}

/* How many of the n bytes at p are ASCII before the first that is not; counts in eights. */
static size_t ascii_run(const char *p, size_t n)
{
	size_t i = 0;

	for (uint64_t eight; n - i >= sizeof eight; i += sizeof eight) {
		memcpy(&eight, p + i, sizeof eight);
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	return i;
}

bool rs_ws_utf8_feed(struct rs_ws_utf8 *u, struct rs_slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c;

		if (u->need == 0) {
			i += ascii_run(text.p + i, text.n - i);
			if (i == text.n)
				break;
		}
		c = (uint8_t)text.p[i];
		if (u->need) {
			if (c < u->low || c > u->high)
				return false;
			u->need--;
			u->low = u->need ? 0x80 : 0;
			u->high = u->need ? 0xbf : 0;
		} else if (c >= 0x80 && !lead_byte(u, c)) {
			return false;
		}
	}
	return true;
}

bool rs_ws_utf8_ok(struct rs_slice text)
{
	struct rs_ws_utf8 u = { 0 };

	return rs_ws_utf8_feed(&u, text) && rs_ws_utf8_whole(&u);
}

struct rs_slice rs_ws_utf8_prefix(struct rs_slice text, size_t max)
{
	struct rs_ws_utf8 u = { 0 };
	size_t whole = 0;

	for (size_t i = 0; i < text.n && i < max && rs_ws_utf8_feed(&u, rs_slice(text.p + i, 1)); i++)
		if (rs_ws_utf8_whole(&u))
			whole = i + 1;
	return rs_slice(text.p, whole);
}
