/*
 * UTF-8 as RFC 3629 has it, checked piece by piece: no surrogates, nothing above U+10FFFF, no overlong forms.
 * A wrong byte is told by the first byte after which no text could follow, wherever the pieces were cut.
 */
#ifndef RS_WS_UTF8_H
#define RS_WS_UTF8_H

#include "base/rs_base.h"

/* Between characters all of it is zero, which is also how it begins. */
struct rs_ws_utf8 {
	uint8_t need;      /* bytes the character still lacks */
	uint8_t low, high; /* the next one is within, when need > 0 */
};

/* Goes on with text. false: it is not UTF-8, for good. */
bool rs_ws_utf8_feed(struct rs_ws_utf8 *u, struct rs_slice text) RS_MUST_CHECK;

/* No character is cut in two here. */
static inline bool rs_ws_utf8_whole(const struct rs_ws_utf8 *u)
{
	return u->need == 0;
}

/* All of text is UTF-8. */
bool rs_ws_utf8_ok(struct rs_slice text);

/* The longest beginning of text that is UTF-8 and not longer than max bytes. */
struct rs_slice rs_ws_utf8_prefix(struct rs_slice text, size_t max);

#endif
