/*
 * The stream: what sequences of frames mean, however they are cut; what is refused, and with which code; what
 * is kept between messages.
 */
#include "ws/ws_stream.c"

#include "ws/streams.h"

#define ROW_FRAMES 8

struct frame {
	uint8_t opcode, flags;
	const char *p;
	size_t n;
};

struct row {
	const char *name;
	const char *expect;
	struct frame frames[ROW_FRAMES]; /* masked unless options.client; up to the first without p */
	struct rs_ws_options options;    /* message_max 0: 1000 */
	unsigned stop_at, close_at;
};

#define F(opcode, flags, text)                                                                               \
	{                                                                                                    \
		RS_WS_##opcode, (flags), (text), sizeof(text) - 1                                            \
	}
#define FIN RS_WS_FIN
#define TEN "0123456789"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "abcde" /* 125 bytes */

static const struct row rows[] = {
	{ "text", "text(hello) idle", .frames = { F(TEXT, FIN, "hello") } },
	{ "binary", "binary(\xff\xfe) idle", .frames = { F(BINARY, FIN, "\xff\xfe") } },
	{ "empty", "text() binary() idle", .frames = { F(TEXT, FIN, ""), F(BINARY, FIN, "") } },
	{ "16 bits of length", "text(" LONG LONG ") idle", .frames = { F(TEXT, FIN, LONG LONG) } },
	{ "fragments", "text(hello) idle",
	  .frames = { F(TEXT, 0, "he"), F(CONTINUATION, 0, "l"), F(CONTINUATION, FIN, "lo") } },
	{ "empty fragments", "text(x) text() binary(y) idle",
	  .frames = { F(TEXT, 0, ""), F(CONTINUATION, 0, "x"), F(CONTINUATION, FIN, ""), F(TEXT, 0, ""),
		      F(CONTINUATION, FIN, ""), F(BINARY, 0, ""), F(CONTINUATION, FIN, "y") } },
	{ "two messages", "text(a) text(b) idle", .frames = { F(TEXT, FIN, "a"), F(TEXT, FIN, "b") } },
	{ "unfinished message", "open", .frames = { F(TEXT, 0, "he") } },
	{ "unfinished empty message", "open", .frames = { F(BINARY, 0, "") } },

	{ "ping", "<pong(x) idle", .frames = { F(PING, FIN, "x") } },
	{ "ping without payload", "<pong() idle", .frames = { F(PING, FIN, "") } },
	{ "longest ping", "<pong(" LONG ") idle", .frames = { F(PING, FIN, LONG) } },
	{ "ping is no text", "<pong(\xff) idle", .frames = { F(PING, FIN, "\xff") } },
	{ "pong", "pong(x) pong() idle", .frames = { F(PONG, FIN, "x"), F(PONG, FIN, "") } },
	{ "pings among fragments", "<pong(1) <pong(2) text(hello) idle",
	  .frames = { F(TEXT, 0, "he"), F(PING, FIN, "1"), F(CONTINUATION, 0, "l"), F(PING, FIN, "2"),
		      F(CONTINUATION, FIN, "lo") } },
	{ "answers in order", "<pong(1) text(a) <pong(2) text(b) idle",
	  .frames = { F(PING, FIN, "1"), F(TEXT, FIN, "a"), F(PING, FIN, "2"), F(TEXT, FIN, "b") } },
	{ "ping handed up", "ping(x) ping() idle", .frames = { F(PING, FIN, "x"), F(PING, FIN, "") },
	  .options = { .hand_ping = true } },

	{ "close", "<close(1000) close(1000 bye) done 1000",
	  .frames = { F(CLOSE, FIN,
			"\x03\xe8"
			"bye") } },
	{ "close without code", "<close(1005) close(1005) done 1005", .frames = { F(CLOSE, FIN, "") } },
	{ "close without reason", "<close(4999) close(4999) done 4999",
	  .frames = { F(CLOSE, FIN, "\x13\x87") } },
	{ "longest close",
	  "<close(1000) close(1000 " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "abc) done 1000",
	  .frames = { F(CLOSE, FIN, "\x03\xe8" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "abc") } },
	{ "nothing after close", "<close(1000) close(1000) done 1000",
	  .frames = { F(CLOSE, FIN, "\x03\xe8"), F(TEXT, FIN, "x") } },
	{ "garbage after close", "<close(1000) close(1000) done 1000",
	  .frames = { F(CLOSE, FIN, "\x03\xe8"), { 15, 255, "x", 1 } } },
	{ "close in a message", "<close(1000) close(1000) done 1000",
	  .frames = { F(TEXT, 0, "x"), F(CLOSE, FIN, "\x03\xe8") } },
	{ "close that the event stops", "<close(1000) close(1000) done 1000",
	  .frames = { F(CLOSE, FIN, "\x03\xe8") }, .stop_at = 1 },
	{ "close of one byte", "<close(1002) error 1002", .frames = { F(CLOSE, FIN, "\x03") } },
	{ "close code 0", "<close(1002) error 1002", .frames = { F(CLOSE, FIN, "\0\0") } },
	{ "close code 1005", "<close(1002) error 1002", .frames = { F(CLOSE, FIN, "\x03\xed") } },
	{ "close reason is no text", "<close(1007) error 1007", .frames = { F(CLOSE, FIN, "\x03\xe8\xff") } },
	{ "close reason is cut text", "<close(1007) error 1007",
	  .frames = { F(CLOSE, FIN, "\x03\xe8\xc3") } },

	{ "event stops", "text(a) done 0", .frames = { F(TEXT, FIN, "a"), F(TEXT, FIN, "b") }, .stop_at = 1 },
	{ "we close", "text(a) <close(1001 away) done 1000",
	  .frames = { F(TEXT, FIN, "a"), F(TEXT, 0, "b"), F(PING, FIN, "p"), F(CONTINUATION, FIN, "b"),
		      F(PONG, FIN, "p"), F(BINARY, FIN, LONG LONG), F(CLOSE, FIN, "\x03\xe8") },
	  .close_at = 1 },
	{ "we close, the peer goes wrong", "text(a) <close(1001 away) error 1002",
	  .frames = { F(TEXT, FIN, "a"), F(CONTINUATION, FIN, "b") }, .close_at = 1 },
	{ "we close, the peer sends no text", "text(a) <close(1001 away) error 1007",
	  .frames = { F(TEXT, FIN, "a"), F(TEXT, FIN, "\xff") }, .close_at = 1 },

	{ "continuation of nothing", "<close(1002) error 1002", .frames = { F(CONTINUATION, FIN, "x") } },
	{ "empty continuation of nothing", "<close(1002) error 1002", .frames = { F(CONTINUATION, 0, "") } },
	{ "continuation of what is complete", "text(a) <close(1002) error 1002",
	  .frames = { F(TEXT, FIN, "a"), F(CONTINUATION, FIN, "x") } },
	{ "message in a message", "<close(1002) error 1002",
	  .frames = { F(TEXT, 0, "a"), F(TEXT, FIN, "x") } },
	{ "empty message in a message", "<close(1002) error 1002",
	  .frames = { F(TEXT, 0, ""), F(BINARY, 0, "") } },
	{ "opcode 3", "<close(1002) error 1002", .frames = { { 3, FIN, "", 0 } } },
	{ "opcode 7", "text(a) <close(1002) error 1002",
	  .frames = { F(TEXT, FIN, "a"), { 7, FIN, "x", 1 } } },
	{ "opcode 11", "<close(1002) error 1002", .frames = { { 11, FIN, "", 0 } } },
	{ "opcode 15", "<close(1002) error 1002", .frames = { { 15, FIN, "x", 1 } } },
	{ "rsv1", "<close(1002) error 1002", .frames = { F(TEXT, FIN | RS_WS_RSV1, "x") } },
	{ "rsv2", "<close(1002) error 1002", .frames = { F(TEXT, FIN | RS_WS_RSV2, "") } },
	{ "rsv3", "<close(1002) error 1002", .frames = { F(PING, FIN | RS_WS_RSV3, "x") } },
	{ "fragment of ping", "<close(1002) error 1002", .frames = { F(PING, 0, "") } },
	{ "fragment of close", "<close(1002) error 1002", .frames = { F(CLOSE, 0, "") } },
	{ "ping too long", "<close(1002) error 1002", .frames = { F(PING, FIN, LONG "x") } },
	{ "close too long", "<close(1002) error 1002", .frames = { F(CLOSE, FIN, "\x03\xe8" LONG) } },

	{ "no text", "<close(1007) error 1007", .frames = { F(TEXT, FIN, "a\xff") } },
	{ "cut text", "<close(1007) error 1007", .frames = { F(TEXT, FIN, "a\xc3") } },
	{ "text cut between fragments", "text(\xc3\xa4) idle",
	  .frames = { F(TEXT, 0, "\xc3"), F(CONTINUATION, FIN, "\xa4") } },
	{ "text cut by a ping", "<pong(\xff) text(\xc3\xa4) idle",
	  .frames = { F(TEXT, 0, "\xc3"), F(PING, FIN, "\xff"), F(CONTINUATION, FIN, "\xa4") } },
	{ "text cut by the end", "<close(1007) error 1007",
	  .frames = { F(TEXT, 0, "\xc3"), F(CONTINUATION, FIN, "") } },
	{ "no text in a later fragment", "<close(1007) error 1007",
	  .frames = { F(TEXT, 0, "\xed"), F(CONTINUATION, 0, ""), F(CONTINUATION, 0, "\xa0") } },
	{ "text begins anew", "binary(\xc3) text(a) idle",
	  .frames = { F(BINARY, FIN, "\xc3"), F(TEXT, FIN, "a") } },

	{ "as much as allowed",
	  "text(" TEN ") idle",
	  .frames = { F(TEXT, FIN, TEN) },
	  { .message_max = 10 } },
	{ "too much", "<close(1009) error 1009", .frames = { F(TEXT, FIN, TEN "x") }, { .message_max = 10 } },
	{ "as much in fragments", "binary(" TEN ") text(" TEN ") idle",
	  .frames = { F(BINARY, 0, "01234"), F(CONTINUATION, FIN, "56789"), F(TEXT, 0, ""),
		      F(CONTINUATION, FIN, TEN) },
	  .options = { .message_max = 10 } },
	{ "too much in fragments", "<close(1009) error 1009",
	  .frames = { F(BINARY, 0, "01234"), F(CONTINUATION, 0, "56789"), F(CONTINUATION, 0, "x") },
	  .options = { .message_max = 10 } },
	{ "control frames do not count", "<pong(" TEN "x) idle", .frames = { F(PING, FIN, TEN "x") },
	  .options = { .message_max = 10 } },
	{ "client", "text(a) <pong(x) idle", .frames = { F(TEXT, FIN, "a"), F(PING, FIN, "x") },
	  .options = { .client = true } },
	{ "client is closed", "<close(1000) close(1000 x) done 1000",
	  .frames = { F(CLOSE, FIN,
			"\x03\xe8"
			"x") },
	  .options = { .client = true } },
	{ "compressed", "rsv1:text(\xff\xfe) text(a) idle",
	  .frames = { F(TEXT, RS_WS_RSV1, "\xff"), F(CONTINUATION, FIN, "\xfe"), F(TEXT, FIN, "a") },
	  .options = { .rsv1 = true } },
	{ "compressed continuation", "<close(1002) error 1002",
	  .frames = { F(TEXT, RS_WS_RSV1, "a"), F(CONTINUATION, FIN | RS_WS_RSV1, "b") },
	  .options = { .rsv1 = true } },
	{ "compressed ping", "<close(1002) error 1002", .frames = { F(PING, FIN | RS_WS_RSV1, "a") },
	  .options = { .rsv1 = true } },
	{ "rsv1 and rsv2", "<close(1002) error 1002",
	  .frames = { F(TEXT, FIN | RS_WS_RSV1 | RS_WS_RSV2, "a") }, .options = { .rsv1 = true } },
};

#define B(literal) RS_SLICE(literal)

/* Bytes that no writer of frames would write. */
static const struct raw {
	const char *name;
	struct rs_slice bytes;
	const char *expect;
	struct rs_ws_options options;
} raws[] = {
	{ "nothing", B(""), "idle", { 0 } },
	{ "half a head", B("\x81"), "open", { 0 } },
	{ "a head", B("\x81\x85\x37\xfa\x21\x3d"), "open", { 0 } },
	{ "no mask",
	  B("\x81\x01"
	    "x"),
	  "<close(1002) error 1002",
	  { 0 } },
	{ "no mask, empty", B("\x81\x00"), "<close(1002) error 1002", { 0 } },
	{ "no mask, close", B("\x88\x00"), "<close(1002) error 1002", { 0 } },
	{ "mask to a client", B("\x81\x80\x01\x02\x03\x04"), "<close(1002) error 1002", { .client = true } },
	{ "length 125 in 16 bits", B("\x81\xfe\x00\x7d"), "<close(1002) error 1002", { 0 } },
	{ "length 65535 in 64 bits", B("\x82\xff\0\0\0\0\0\0\xff\xff"), "<close(1002) error 1002", { 0 } },
	{ "length of 2^63", B("\x82\xff\x80\0\0\0\0\0\0\0"), "<close(1002) error 1002", { 0 } },
	{ "length of 2^63 - 1",
	  B("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4x"),
	  "<close(1009) error 1009",
	  { 0 } },
	{ "length of 2^63 - 1 behind a fragment",
	  B("\x02\x81\0\0\0\0x\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4x"), "<close(1009) error 1009",
	  .options = { .message_max = INT64_MAX } },
};

static struct rs_slice row_bytes(const struct row *row, struct rs_buf *bytes)
{
	for (size_t i = 0; i < ROW_FRAMES && row->frames[i].p; i++) {
		const struct frame *f = &row->frames[i];

		assert_true(rs_ws_frame(bytes, f->opcode, f->flags, row->options.client ? NULL : test_key,
					rs_slice(f->p, f->n)));
	}
	return rs_buf_slice(bytes);
}

static void check_row(const struct row *row, struct rs_slice bytes, size_t cut, size_t step)
{
	struct stream s;

	stream_init(&s, row->options);
	s.stop_at = row->stop_at;
	s.close_at = row->close_at;
	(void)stream_feed_cut(&s, bytes, cut, step);
	assert_string_equal(stream_line(&s), row->expect);
	/* Over is over. */
	if (s.conn.over) {
		assert_int_equal(stream_feed(&s, "\x89\x80\1\2\3\4", 6), RS_DONE);
		assert_string_equal(stream_line(&s), row->expect);
	}
	stream_end(&s);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_buf buf = { 0 };
		struct rs_slice bytes = row_bytes(&rows[i], &buf);

		at_row(rows[i].name);
		for (size_t step = 1; step <= bytes.n; step++)
			check_row(&rows[i], bytes, 0, step);
		for (size_t cut = 1; cut < bytes.n; cut++)
			check_row(&rows[i], bytes, cut, bytes.n);
		rs_buf_free(&buf);
	}
	at_row(NULL);
}

static void test_raw(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(raws); i++) {
		at_row(raws[i].name);
		for (size_t step = 1; step <= raws[i].bytes.n + 1; step++) {
			struct stream s;

			stream_init(&s, raws[i].options);
			(void)stream_feed_cut(&s, raws[i].bytes, 0, step);
			assert_string_equal(stream_line(&s), raws[i].expect);
			stream_end(&s);
		}
	}
	at_row(NULL);
}

/* A server that was told to be lenient takes both kinds, mixed; nothing else changes. */
static void test_unmasked_ok(void **state)
{
	struct rs_buf buf = { 0 };
	struct rs_ws_conn c = { 0 };
	struct stream s;

	(void)state;
	stream_init(&s, (struct rs_ws_options){ .unmasked_ok = true });
	s.options.client = true; /* for what the harness expects of the flags; the connection gets its own */
	s.sink.mask = NULL;
	assert_true(rs_ws_frame(&buf, RS_WS_TEXT, 0, NULL, RS_SLICE("he")));
	assert_true(rs_ws_frame(&buf, RS_WS_PING, FIN, test_key, RS_SLICE("p")));
	assert_true(rs_ws_frame(&buf, RS_WS_CONTINUATION, FIN, test_key, RS_SLICE("llo")));
	assert_int_equal(rs_ws_input(&c, &(struct rs_ws_options){ .message_max = 9, .unmasked_ok = true },
				     &s.sink, rs_buf_slice(&buf)),
			 RS_OK);
	assert_string_equal(stream_line(&s), "<pong(p) text(hello) ");
	assert_null(c.parser);
	rs_buf_free(&buf);
	stream_end(&s);
}

/* Wrong text is refused by the first byte that shows it, not at the end of its frame or message. */
static void test_fails_fast(void **state)
{
	static const char start[] =
		"\x01\xfe\x03\xe8\0\0\0\0\xce\xba\xe1\xbd\xb9\xf4\x8f\xbf\xbf\xf4"; /* 1000 bytes to come */
	struct stream s;

	(void)state;
	stream_init(&s, (struct rs_ws_options){ 0 });
	for (size_t i = 0; i < sizeof start - 1; i++)
		assert_int_equal(stream_feed(&s, start + i, 1), RS_OK);
	assert_int_equal(stream_feed(&s, "\x90", 1), RS_ERR); /* above U+10FFFF */
	assert_int_equal(s.conn.code, RS_WS_BAD_PAYLOAD);
	stream_end(&s);
}

/* Too big is told by the head, long before the payload. */
static void test_too_big_at_once(void **state)
{
	struct stream s;

	(void)state;
	stream_init(&s, (struct rs_ws_options){ 0 });
	assert_int_equal(stream_feed(&s, "\x82\xfe\x03\xe9\1\2\3\4x", 9), RS_ERR);
	assert_int_equal(s.conn.code, RS_WS_TOO_BIG);
	stream_end(&s);
}

/* No limit is not what 0 means. */
static void test_only_empty(void **state)
{
	struct stream s;

	(void)state;
	stream_init(&s, (struct rs_ws_options){ 0 });
	s.options.message_max = 0;
	assert_int_equal(stream_feed(&s, "\x81\x80\1\2\3\4", 6), RS_OK);
	assert_int_equal(stream_feed(&s, "\x81\x81\1\2\3\4x", 7), RS_ERR);
	assert_string_equal(stream_line(&s), "text() <close(1009) ");
	stream_end(&s);
}

/* Larger than wslay's buffer, with every length form, joined from many fragments. */
static void test_large(void **state)
{
	static const size_t sizes[] = { 125, 126, 4095, 4096, 4097, 65535, 65536, 300000 };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(sizes); i++) {
		for (size_t fragment = sizes[i]; fragment > 500 || fragment == sizes[i];
		     fragment = fragment / 2 + 1) {
			struct rs_buf bytes = { 0 };
			struct stream s;
			char expect[64];

			stream_init(&s, (struct rs_ws_options){ .message_max = sizes[i] });
			for (size_t at = 0; at < sizes[i]; at += fragment) {
				size_t n = fragment < sizes[i] - at ? fragment : sizes[i] - at;
				char *payload = malloc(n);

				assert_non_null(payload);
				memset(payload, 'x', n);
				assert_true(rs_ws_frame(&bytes, at ? RS_WS_CONTINUATION : RS_WS_TEXT,
							at + n == sizes[i] ? FIN : 0, test_key,
							rs_slice(payload, n)));
				free(payload);
			}
			(void)stream_feed_cut(&s, rs_buf_slice(&bytes), 0, 7777);
			snprintf(expect, sizeof expect, "text(%zu bytes) idle", sizes[i]);
			if (sizes[i] > 300)
				assert_string_equal(stream_line(&s), expect);
			rs_buf_free(&bytes);
			stream_end(&s);
		}
	}
}

/* The parser is there only for what is incomplete; the rest fits the connection. */
static void test_idle_is_small(void **state)
{
	struct rs_buf bytes = { 0 };
	struct stream s;

	(void)state;
	assert_true(sizeof(struct rs_ws_conn) <= 64);
	assert_true(rs_ws_frame(&bytes, RS_WS_TEXT, 0, test_key, RS_SLICE("he")));
	assert_true(rs_ws_frame(&bytes, RS_WS_PING, FIN, test_key, RS_SLICE("")));
	assert_true(rs_ws_frame(&bytes, RS_WS_CONTINUATION, FIN, test_key, RS_SLICE("llo")));
	assert_true(rs_ws_frame(&bytes, RS_WS_PING, FIN, test_key, RS_SLICE("x")));
	stream_init(&s, (struct rs_ws_options){ 0 });
	for (size_t i = 0; i < bytes.len; i++) {
		const bool between = i + 1 == 8 + 6 + 9 || i + 1 == bytes.len;

		assert_int_equal(stream_feed(&s, rs_buf_data(&bytes) + i, 1), RS_OK);
		assert_true(between == (s.conn.parser == NULL));
	}
	rs_buf_free(&bytes);
	stream_end(&s);
}

static void test_close_once(void **state)
{
	struct stream s;

	(void)state;
	stream_init(&s, (struct rs_ws_options){ 0 });
	assert_true(rs_ws_close(&s.conn, &s.sink, RS_WS_NORMAL, RS_SLICE("first")));
	assert_true(rs_ws_close(&s.conn, &s.sink, RS_WS_GOING_AWAY, RS_SLICE("second")));
	assert_string_equal(stream_line(&s), "<close(1000 first) ");
	assert_true(s.conn.close_sent && !s.conn.over);
	stream_end(&s);
	assert_true(s.conn.over);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_unmasked_ok),
		cmocka_unit_test(test_fails_fast),
		cmocka_unit_test(test_too_big_at_once),
		cmocka_unit_test(test_only_empty),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_idle_is_small),
		cmocka_unit_test(test_close_once),
	};

	return cmocka_run_group_tests_name("ws_stream", tests, NULL, NULL);
}
