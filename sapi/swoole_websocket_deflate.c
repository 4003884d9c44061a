/*
 * Messages of WebSocket, by zlib. What stands between two messages is nothing, so every call has a stream of its own.
 */
#include "swoole_websocket_deflate.h"

#include "ws/ws_utf8.h"

#include <zlib.h>

/* Of a stream that was flushed; not sent (RFC 7692 7.2.1). */
static const struct rs_slice tail = { "\x00\x00\xff\xff", 4 };

#define WINDOW_MAX 15
#define LEVEL 1
#define ROOM_MIN 1024

/* ---- in --------------------------------------------------------------------------------------------------------------- */

struct reading {
	z_stream z;
	zend_string *out;
	size_t room, most; /* most: one byte more than a message may have */
	bool over;         /* a final block has come */
};

/* false: no deflate stream, or no memory. What is beyond the limit is left. */
static bool feed(struct reading *r, struct rs_slice in)
{
	int rc = Z_OK;

	r->z.next_in = (Bytef *)(uintptr_t)in.p;
	r->z.avail_in = (uInt)in.n;
	while (!r->over) {
		size_t have = r->z.total_out;

		if (have == r->room) {
			if (r->room == r->most)
				return true;
			r->room = r->room > r->most / 4 ? r->most : r->room * 4;
			r->out = zend_string_extend(r->out, r->room, false);
		}
		r->z.next_out = (Bytef *)ZSTR_VAL(r->out) + have;
		r->z.avail_out = (uInt)MIN(r->room - have, UINT32_MAX);
		rc = inflate(&r->z, Z_SYNC_FLUSH);
		r->over = rc == Z_STREAM_END;
		if (rc != Z_OK && rc != Z_BUF_ERROR && !r->over)
			return false;
		if (r->z.avail_in == 0 && r->z.avail_out > 0)
			return true;
	}
	return true;
}

zend_string *rs_swoole_ws_inflate(struct rs_slice in, bool text, uint64_t most, unsigned *code)
{
	struct reading r = { .most = (size_t)most + 1 };
	bool ok;

	*code = RS_WS_SERVER_ERROR;
	if (in.n > UINT32_MAX || inflateInit2(&r.z, -WINDOW_MAX) != Z_OK)
		return NULL;
	r.room = MIN(MAX(in.n, ROOM_MIN), r.most);
	r.out = zend_string_alloc(r.room, false);
	*code = RS_WS_BAD_PAYLOAD;
	ok = feed(&r, in) && feed(&r, tail);
	if (ok && r.z.total_out > most) {
		*code = RS_WS_TOO_BIG;
		ok = false;
	}
	inflateEnd(&r.z);
	if (ok && (!text || rs_ws_utf8_ok(rs_slice(ZSTR_VAL(r.out), r.z.total_out)))) {
		r.out = zend_string_truncate(r.out, r.z.total_out, false);
		ZSTR_VAL(r.out)[ZSTR_LEN(r.out)] = '\0';
		return r.out;
	}
	zend_string_release(r.out);
	return NULL;
}

/* ---- out -------------------------------------------------------------------------------------------------------------- */

zend_string *rs_swoole_ws_deflate(struct rs_slice in, unsigned bits)
{
	z_stream z = { 0 };
	zend_string *out;
	size_t n;
	int rc;

	if (in.n > UINT32_MAX / 2 || deflateInit2(&z, LEVEL, Z_DEFLATED, -(int)bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	n = deflateBound(&z, in.n) + 2 * tail.n;
	out = zend_string_alloc(n, false);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = (Bytef *)ZSTR_VAL(out);
	z.avail_out = (uInt)n;
	rc = deflate(&z, Z_SYNC_FLUSH);
	n = z.total_out;
	rc = rc == Z_OK && z.avail_in == 0 && z.avail_out > 0 && n >= tail.n ? Z_OK : Z_STREAM_ERROR;
	(void)deflateEnd(&z);
	if (rc != Z_OK || memcmp(ZSTR_VAL(out) + n - tail.n, tail.p, tail.n) != 0) {
		zend_string_efree(out);
		return NULL;
	}
	/* An empty message is one empty block, not nothing (7.2.3.6). */
	out = zend_string_truncate(out, n == tail.n ? 1 : n - tail.n, false);
	if (n == tail.n)
		ZSTR_VAL(out)[0] = '\0';
	ZSTR_VAL(out)[ZSTR_LEN(out)] = '\0';
	return out;
}

void rs_swoole_frame_deflate(struct rs_swoole_frame *f, unsigned bits)
{
	bool wanted = f->flags & RS_WS_COMPRESS;
	zend_string *packed;

	f->flags &= ~(unsigned)RS_WS_COMPRESS;
	if (!wanted || bits == 0 || !(f->flags & RS_WS_FIN) || (f->flags & RS_WS_RSV1) ||
	    (f->opcode != RS_WS_TEXT && f->opcode != RS_WS_BINARY))
		return;
	packed = rs_swoole_ws_deflate(rs_slice(ZSTR_VAL(f->payload), ZSTR_LEN(f->payload)), bits);
	if (!packed)
		return;
	zend_string_release(f->payload);
	f->payload = packed;
	f->flags |= RS_WS_RSV1;
}
