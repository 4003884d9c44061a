/*
 * One WebSocket frame (RFC 6455, section 5.2) to bytes and back. Pure functions; runs in the reactor and in
 * the engine. Names and values of opcodes, flags and codes are those of the server API (contract K7 to K9).
 */
#ifndef RS_WS_FRAME_H
#define RS_WS_FRAME_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

enum rs_ws_opcode {
	RS_WS_CONTINUATION = 0,
	RS_WS_TEXT = 1,
	RS_WS_BINARY = 2,
	RS_WS_CLOSE = 8,
	RS_WS_PING = 9,
	RS_WS_PONG = 10,
};

#define RS_WS_OPCODE_MAX 15

/* Flags of a frame. COMPRESS is a wish of the application: what is compressed goes out as RSV1. */
enum rs_ws_flag {
	RS_WS_FIN = 1,
	RS_WS_COMPRESS = 2,
	RS_WS_RSV1 = 4,
	RS_WS_RSV2 = 8,
	RS_WS_RSV3 = 16,
	RS_WS_MASK = 32, /* it came masked; says nothing on the way out, where a key does */
};

enum rs_ws_code {
	RS_WS_NORMAL = 1000,
	RS_WS_GOING_AWAY = 1001,
	RS_WS_PROTOCOL_ERROR = 1002,
	RS_WS_NO_STATUS = 1005, /* never sent: stands for a close frame without a code */
	RS_WS_ABNORMAL = 1006,  /* never sent: stands for an end without a close frame */
	RS_WS_BAD_PAYLOAD = 1007,
	RS_WS_TOO_BIG = 1009,
	RS_WS_SERVER_ERROR = 1011,
};

#define RS_WS_HEAD_MAX 14     /* bytes in front of a payload */
#define RS_WS_CONTROL_MAX 125 /* payload of close, ping and pong */
#define RS_WS_REASON_MAX 123  /* of these, behind a close code */

/* 8 to 15, known or not. */
static inline bool rs_ws_is_control(unsigned opcode)
{
	return opcode & 8;
}

/*
 * What stands in front of n bytes of payload, into head; the result is its length, 2 to 14. For a payload
 * that is shared by many connections. mask: the key, or NULL; then the payload behind it must be masked with
 * it.
 */
size_t rs_ws_frame_head(uint8_t head[RS_WS_HEAD_MAX], unsigned opcode, unsigned flags, uint64_t n,
			const uint8_t *mask);

/* payload ^= key, from the first byte of a frame's payload. */
void rs_ws_mask(char *payload, size_t n, const uint8_t key[4]);

/* Appends a frame. mask: four bytes nobody can guess, or NULL (servers). false: no memory, nothing done. */
bool rs_ws_frame(struct rs_buf *out, unsigned opcode, unsigned flags, const uint8_t *mask,
		 struct rs_slice payload) RS_MUST_CHECK;

/*
 * Appends a close frame. code RS_WS_NO_STATUS: an empty one. Of reason goes out what is UTF-8 and fits.
 * false: no memory, nothing appended.
 */
bool rs_ws_frame_close(struct rs_buf *out, unsigned code, struct rs_slice reason,
		       const uint8_t *mask) RS_MUST_CHECK;

/* May stand in a close frame: registered (RFC 6455, IANA; to 1014) or anybody's own (3000 to 4999). */
bool rs_ws_code_ok(unsigned code);

/*
 * The payload of a close frame, taken apart: *code is RS_WS_NO_STATUS without one, *reason points into
 * payload. The result is 0, or the code to fail with.
 */
unsigned rs_ws_close_payload(struct rs_slice payload, unsigned *code, struct rs_slice *reason);

/* A frame that was taken out of bytes. payload belongs to who asked, unmasked. */
struct rs_ws_unframed {
	uint8_t opcode;
	uint8_t flags; /* RS_WS_FIN, RS_WS_RSV1.., RS_WS_MASK */
	size_t used;   /* bytes of the frame, head included */
	struct rs_buf payload;
};

/*
 * The frame at the front of bytes, whoever may have sent it: any opcode and any flag; what stands behind it
 * does not matter. RS_AGAIN: it is not complete. RS_ERR: it cannot be a frame, or no memory. With RS_OK the
 * caller frees f->payload.
 */
enum rs_result rs_ws_unframe(struct rs_slice bytes, struct rs_ws_unframed *f) RS_MUST_CHECK;

#endif
