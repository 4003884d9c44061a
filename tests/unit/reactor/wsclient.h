/*
 * WebSocket clients for tests of the reactor.
 */
#ifndef RS_REACTOR_WSCLIENT_H
#define RS_REACTOR_WSCLIENT_H

#include "reactor/harness.h"
#include "ws/ws_frame.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

#define UPGRADE_WITH(lines)                                                                                             \
	"GET /chat?a=1 HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                          \
	"Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n" lines "\r\n"
#define UPGRADE UPGRADE_WITH("")

/* Frames as a client sends them: masked. */
static UNUSED_OK void send_frame(int fd, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	static const uint8_t key[4] = { 1, 2, 3, 4 };
	struct rs_buf b = { 0 };

	assert_true(rs_ws_frame(&b, opcode, flags, key, payload));
	send_bytes(fd, rs_buf_data(&b), b.len);
	rs_buf_free(&b);
}

static UNUSED_OK void send_message(int fd, const char *text)
{
	send_frame(fd, RS_WS_TEXT, RS_WS_FIN, rs_slice_str(text));
}

/* The next frame from the server; the caller frees its payload. false: end of file or reset. */
static UNUSED_OK bool read_frame(int fd, struct rs_ws_unframed *f)
{
	struct rs_buf b = { 0 };
	enum rs_result rc = RS_AGAIN;

	while (rc == RS_AGAIN) {
		char *to = rs_buf_reserve(&b, 1);
		if (!read_exact(fd, to, 1)) {
			rs_buf_free(&b);
			return false;
		}
		rs_buf_commit(&b, 1);
		rc = rs_ws_unframe(rs_buf_slice(&b), f);
	}
	rs_buf_free(&b);
	assert_int_equal(rc, RS_OK);
	return true;
}

static UNUSED_OK void expect_frame(int fd, unsigned opcode, struct rs_slice payload)
{
	struct rs_ws_unframed f;

	assert_true(read_frame(fd, &f));
	assert_int_equal(f.opcode, opcode);
	if (!rs_slice_eq(rs_buf_slice(&f.payload), payload))
		fail_msg("frame with %zu bytes: %.*s", f.payload.len, (int)f.payload.len, rs_buf_data(&f.payload));
	rs_buf_free(&f.payload);
}

/* A close frame with that code, 0: without one. */
static UNUSED_OK void expect_close(int fd, unsigned code, const char *reason)
{
	struct rs_ws_unframed f;
	struct rs_slice why;
	unsigned got;

	assert_true(read_frame(fd, &f));
	assert_int_equal(f.opcode, RS_WS_CLOSE);
	assert_int_equal(rs_ws_close_payload(rs_buf_slice(&f.payload), &got, &why), 0);
	assert_int_equal(got, code ? code : RS_WS_NO_STATUS);
	assert_true(rs_slice_eq(why, rs_slice_str(reason)));
	rs_buf_free(&f.payload);
}

static UNUSED_OK void send_close(int fd, unsigned code, const char *reason)
{
	char payload[125] = { (char)(code >> 8), (char)code };

	strcpy(payload + 2, reason);
	send_frame(fd, RS_WS_CLOSE, RS_WS_FIN, rs_slice(payload, 2 + strlen(reason)));
}

static UNUSED_OK void expect_upgraded(int fd)
{
	struct reply r;

	assert_true(read_head(fd, &r));
	if (r.status != 101)
		fail_msg("no upgrade: %s", r.head);
	assert_true(has_field(&r, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

#endif
