/*
 * Frames out, and single frames in. A head is a handful of bytes and written here, because it must be had
 * without its payload (a push to many connections builds one payload); wslay reads them.
 */
#include "ws/ws_frame.h"

#include <wslay/wslay.h>

#include "ws/ws_utf8.h"

/* The last seven bits of the second byte, when the length stands behind it in 2 or 8 bytes. */
#define LENGTH_16 126
#define LENGTH_64 127

static const struct {
	uint16_t first, last;
} codes[] = {
	{ 1000, 1003 },
	{ 1007, 1014 }, /* 1012 to 1014: IANA's registry */
	{ 3000, 4999 },
};

static size_t put_length(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
	return bytes;
}

size_t rs_ws_frame_head(uint8_t head[RS_WS_HEAD_MAX], unsigned opcode, unsigned flags, uint64_t n,
			const uint8_t *mask)
{
	const unsigned bits = (flags & RS_WS_FIN ? 0x80u : 0) | (flags & RS_WS_RSV1 ? 0x40u : 0) |
			      (flags & RS_WS_RSV2 ? 0x20u : 0) | (flags & RS_WS_RSV3 ? 0x10u : 0);
	const unsigned masked = mask ? 0x80u : 0;
	size_t len = 2;

	RS_ASSERT(opcode <= RS_WS_OPCODE_MAX && n <= INT64_MAX);
	head[0] = (uint8_t)(bits | opcode);
	if (n < LENGTH_16) {
		head[1] = (uint8_t)(masked | n);
	} else if (n <= UINT16_MAX) {
		head[1] = (uint8_t)(masked | LENGTH_16);
		len += put_length(head + 2, n, 2);
	} else {
		head[1] = (uint8_t)(masked | LENGTH_64);
		len += put_length(head + 2, n, 8);
	}
	if (mask) {
		memcpy(head + len, mask, 4);
		len += 4;
	}
	return len;
}

void rs_ws_mask(char *payload, size_t n, const uint8_t key[4])
{
	uint32_t four, word;
	size_t i = 0;

	memcpy(&four, key, sizeof four);
	for (; n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, payload + i, sizeof word);
		word ^= four;
		memcpy(payload + i, &word, sizeof word);
	}
	for (; i < n; i++)
		payload[i] = (char)((uint8_t)payload[i] ^ key[i % 4]);
}

bool rs_ws_frame(struct rs_buf *out, unsigned opcode, unsigned flags, const uint8_t *mask,
		 struct rs_slice payload)
{
	uint8_t head[RS_WS_HEAD_MAX];
	size_t len = rs_ws_frame_head(head, opcode, flags, payload.n, mask);
	char *to = rs_buf_reserve(out, len + payload.n);

	if (!to)
		return false;
	memcpy(to, head, len);
	if (payload.n)
		memcpy(to + len, payload.p, payload.n);
	if (mask)
		rs_ws_mask(to + len, payload.n, mask);
	rs_buf_commit(out, len + payload.n);
	return true;
}

bool rs_ws_frame_close(struct rs_buf *out, unsigned code, struct rs_slice reason, const uint8_t *mask)
{
	uint8_t payload[RS_WS_CONTROL_MAX];

	if (code == RS_WS_NO_STATUS)
		return rs_ws_frame(out, RS_WS_CLOSE, RS_WS_FIN, mask, rs_slice(NULL, 0));
	reason = rs_ws_utf8_prefix(reason, RS_WS_REASON_MAX);
	put_length(payload, code, 2);
	if (reason.n)
		memcpy(payload + 2, reason.p, reason.n);
	return rs_ws_frame(out, RS_WS_CLOSE, RS_WS_FIN, mask, rs_slice(payload, 2 + reason.n));
}

bool rs_ws_code_ok(unsigned code)
{
	for (size_t i = 0; i < RS_COUNTOF(codes); i++)
		if (code >= codes[i].first && code <= codes[i].last)
			return true;
	return false;
}

unsigned rs_ws_close_payload(struct rs_slice payload, unsigned *code, struct rs_slice *reason)
{
	*code = RS_WS_NO_STATUS;
	*reason = rs_slice("", 0);
	if (payload.n == 0)
		return 0;
	if (payload.n == 1)
		return RS_WS_PROTOCOL_ERROR;
	*code = (unsigned)(uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1];
	*reason = rs_slice(payload.p + 2, payload.n - 2);
	if (!rs_ws_code_ok(*code))
		return RS_WS_PROTOCOL_ERROR;
	return rs_ws_utf8_ok(*reason) ? 0 : RS_WS_BAD_PAYLOAD;
}

/* wslay takes its input through this. */
static ssize_t read_cb(uint8_t *to, size_t room, int flags, void *arg)
{
	struct rs_slice *left = arg;
	size_t n = left->n < room ? left->n : room;

	(void)flags;
	if (n == 0)
		return -1;
	memcpy(to, left->p, n);
	*left = rs_slice(left->p + n, left->n - n);
	return (ssize_t)n;
}

enum rs_result rs_ws_unframe(struct rs_slice bytes, struct rs_ws_unframed *f)
{
	static const struct wslay_frame_callbacks callbacks = { .recv_callback = read_cb };
	uint8_t head[RS_WS_HEAD_MAX];
	enum rs_result rc = RS_AGAIN;
	wslay_frame_context_ptr frames;
	struct wslay_frame_iocb io;
	struct rs_slice left = bytes;
	ssize_t n;

	*f = (struct rs_ws_unframed){ 0 };
	if (wslay_frame_context_init(&frames, &callbacks, &left) != 0)
		return RS_ERR;
	while (rc == RS_AGAIN && (n = wslay_frame_recv(frames, &io)) != WSLAY_ERR_WANT_READ) {
		if (n < 0 || !rs_buf_put(&f->payload, io.data, io.data_length))
			rc = RS_ERR;
		else if (f->payload.len == io.payload_length)
			rc = RS_OK;
	}
	wslay_frame_context_free(frames);
	if (rc != RS_OK) {
		rs_buf_free(&f->payload);
		return rc;
	}
	f->opcode = io.opcode;
	f->flags = (uint8_t)((io.fin ? RS_WS_FIN : 0) | (wslay_get_rsv1(io.rsv) ? RS_WS_RSV1 : 0) |
			     (wslay_get_rsv2(io.rsv) ? RS_WS_RSV2 : 0) |
			     (wslay_get_rsv3(io.rsv) ? RS_WS_RSV3 : 0) | (io.mask ? RS_WS_MASK : 0));
	f->used = rs_ws_frame_head(head, io.opcode, 0, io.payload_length, io.mask ? head : NULL) +
		  (size_t)io.payload_length;
	return RS_OK;
}
