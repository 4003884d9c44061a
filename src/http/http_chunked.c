/*
 * The chunked transfer coding of request bodies (RFC 9112 7.1), as a state machine that can stop after
 * any byte. Runs in the reactor; body bytes are handed out where they lie, nothing is copied.
 *
 * Strict, since two servers that read a chunk differently are a smuggled request: CRLF only, no blank
 * around the size, no digit that could overflow. What a client may send beside data (extensions,
 * trailers) is checked, bounded and dropped.
 */
#include "http/http.h"

#include "http/http_chars.h"

#define SIZE_DIGITS_MAX 15
#define EXTENSION_MAX 256
#define BESIDE_MAX 8192

enum state {
	SIZE_FIRST, SIZE, EXTENSION, SIZE_LF,
	DATA, DATA_CR, DATA_LF,
	TRAILER_FIRST, TRAILER_NAME, TRAILER_VALUE, TRAILER_LF, END_LF,
	END, BROKEN,
};

static enum state step(struct rs_http_chunked *c, char byte);
static enum state after_size(struct rs_http_chunked *c);

void rs_http_chunked_init(struct rs_http_chunked *c)
{
	*c = (struct rs_http_chunked){ .state = SIZE_FIRST };
}

enum rs_result rs_http_chunked_feed(struct rs_http_chunked *c, const char *p, size_t n, size_t *used,
				    struct rs_slice *piece)
{
	size_t i = 0;

	*piece = rs_slice(p, 0);
	while (i < n && c->state != DATA && c->state != END && c->state != BROKEN)
		c->state = step(c, p[i++]);
	if (i < n && c->state == DATA) {
		*piece = rs_slice(p + i, c->left < n - i ? (size_t)c->left : n - i);
		i += piece->n;
		c->left -= piece->n;
		c->total += piece->n;
		if (c->left == 0)
			c->state = DATA_CR;
	}
	*used = i;
	if (c->state == END)
		return RS_DONE;
	if (c->state == BROKEN)
		return RS_ERR;
	return i < n ? RS_OK : RS_AGAIN;
}

/* One byte of framing: the state after it. */
static enum state step(struct rs_http_chunked *c, char byte)
{
	switch ((enum state)c->state) {
	case SIZE_FIRST:
		c->left = 0;
		c->line = 0;
		if (rs_http_hex(byte) < 0)
			return BROKEN;
		/* fall through */
	case SIZE:
		if (rs_http_hex(byte) >= 0) {
			c->left = c->left << 4 | (unsigned)rs_http_hex(byte);
			return ++c->line <= SIZE_DIGITS_MAX ? SIZE : BROKEN;
		}
		c->line = 0;
		if (byte == '\r')
			return SIZE_LF;
		return byte == ';' ? EXTENSION : BROKEN;
	case EXTENSION:
		if (byte == '\r')
			return SIZE_LF;
		if (!(rs_http_class(byte) & RS_CH_VALUE) || ++c->line > EXTENSION_MAX)
			return BROKEN;
		return ++c->beside <= BESIDE_MAX ? EXTENSION : BROKEN;
	case SIZE_LF:
		return byte == '\n' ? after_size(c) : BROKEN;
	case DATA_CR:
		return byte == '\r' ? DATA_LF : BROKEN;
	case DATA_LF:
		return byte == '\n' ? SIZE_FIRST : BROKEN;
	case TRAILER_FIRST:
		if (byte == '\r')
			return END_LF;
		/* fall through */
	case TRAILER_NAME:
		if (++c->beside > BESIDE_MAX)
			return BROKEN;
		if (byte == ':' && c->state == TRAILER_NAME)
			return TRAILER_VALUE;
		return rs_http_class(byte) & RS_CH_TOKEN ? TRAILER_NAME : BROKEN;
	case TRAILER_VALUE:
		if (byte == '\r')
			return TRAILER_LF;
		if (!(rs_http_class(byte) & RS_CH_VALUE) || ++c->beside > BESIDE_MAX)
			return BROKEN;
		return TRAILER_VALUE;
	case TRAILER_LF:
		return byte == '\n' ? TRAILER_FIRST : BROKEN;
	case END_LF:
		return byte == '\n' ? END : BROKEN;
	case DATA:
	case END:
	case BROKEN:
		break;
	}
	return BROKEN;
}

static enum state after_size(struct rs_http_chunked *c)
{
	if (c->left == 0)
		return TRAILER_FIRST;
	return c->left <= (uint64_t)INT64_MAX - c->total ? DATA : BROKEN;
}
