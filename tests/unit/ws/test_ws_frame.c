/*
 * Single frames: the bytes of RFC 6455's examples, lengths at the edges of their three forms, close payloads,
 * and frames taken out of bytes again.
 */
#include "ws/ws_frame.c"

#include "ws/streams.h"

#define B(literal) RS_SLICE(literal)

/* RFC 6455, section 5.7. */
static void test_examples(void **state)
{
	static const struct {
		unsigned opcode, flags;
		bool masked;
		struct rs_slice payload, bytes;
	} rows[] = {
		{ RS_WS_TEXT, RS_WS_FIN, false, B("Hello"), B("\x81\x05Hello") },
		{ RS_WS_TEXT, RS_WS_FIN, true, B("Hello"),
		  B("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") },
		{ RS_WS_TEXT, 0, false, B("Hel"), B("\x01\x03Hel") },
		{ RS_WS_CONTINUATION, RS_WS_FIN, false, B("lo"), B("\x80\x02lo") },
		{ RS_WS_PING, RS_WS_FIN, false, B("Hello"), B("\x89\x05Hello") },
		{ RS_WS_PONG, RS_WS_FIN, true, B("Hello"),
		  B("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") },
		{ RS_WS_BINARY, RS_WS_RSV1 | RS_WS_RSV2 | RS_WS_RSV3, false, B(""), B("\x72\x00") },
		{ RS_WS_BINARY, RS_WS_FIN | RS_WS_COMPRESS | RS_WS_MASK, false, B(""), B("\x82\x00") },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_buf out = { 0 };

		assert_true(rs_ws_frame(&out, rows[i].opcode, rows[i].flags, rows[i].masked ? test_key : NULL,
					rows[i].payload));
		assert_true(rs_slice_eq(rs_buf_slice(&out), rows[i].bytes));
		rs_buf_free(&out);
	}
}

static void test_lengths(void **state)
{
	static const struct {
		uint64_t n;
		struct rs_slice head;
	} rows[] = {
		{ 0, B("\x82\x00") },
		{ 125, B("\x82\x7d") },
		{ 126, B("\x82\x7e\x00\x7e") },
		{ 65535, B("\x82\x7e\xff\xff") },
		{ 65536, B("\x82\x7f\0\0\0\0\0\x01\0\0") },
		{ INT64_MAX, B("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff") },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		uint8_t head[RS_WS_HEAD_MAX];
		size_t n = rs_ws_frame_head(head, RS_WS_BINARY, RS_WS_FIN, rows[i].n, NULL);

		assert_true(rs_slice_eq(rs_slice(head, n), rows[i].head));
		n = rs_ws_frame_head(head, RS_WS_BINARY, RS_WS_FIN, rows[i].n, test_key);
		assert_int_equal(n, rows[i].head.n + 4);
		assert_int_equal(head[1], 0x80 | (uint8_t)rows[i].head.p[1]);
		assert_memory_equal(head + n - 4, test_key, 4);
	}
}

/* Out and in again, masked and not, with bytes behind it; every cut of it is incomplete. */
static void test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 3, 4, 5, 125, 126, 4096, 65535, 65536 };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(sizes) * 2; i++) {
		const uint8_t *key = i % 2 ? test_key : NULL;
		const size_t n = sizes[i / 2];
		char *payload = malloc(n + 1);
		struct rs_buf out = { 0 };
		struct rs_ws_unframed f;

		assert_non_null(payload);
		for (size_t j = 0; j < n; j++)
			payload[j] = (char)(j * 7);
		assert_true(
			rs_ws_frame(&out, RS_WS_BINARY, RS_WS_FIN | RS_WS_RSV3, key, rs_slice(payload, n)));
		for (size_t cut = 0; cut < out.len; cut += 1 + cut / 20)
			assert_int_equal(rs_ws_unframe(rs_slice(rs_buf_data(&out), cut), &f), RS_AGAIN);
		assert_int_equal(rs_ws_unframe(rs_slice(rs_buf_data(&out), out.len - 1), &f), RS_AGAIN);
		const size_t used = out.len;
		assert_true(rs_buf_put(&out, "\xff\xff\xff", 3));
		assert_int_equal(rs_ws_unframe(rs_buf_slice(&out), &f), RS_OK);
		assert_int_equal(f.used, used);
		assert_int_equal(f.opcode, RS_WS_BINARY);
		assert_int_equal(f.flags, RS_WS_FIN | RS_WS_RSV3 | (key ? RS_WS_MASK : 0));
		assert_true(rs_slice_eq(rs_buf_slice(&f.payload), rs_slice(payload, n)));
		rs_buf_free(&f.payload);
		rs_buf_free(&out);
		free(payload);
	}
}

static void test_unframe_refuses(void **state)
{
	static const struct rs_slice rows[] = {
		B("\x89\x7e\x00\x7e"),
		B("\x09\x00"),
		B("\x82\x7e\x00\x05hello"),
		B("\x82\x7f\0\0\0\0\0\0\0\x05hello"),
		B("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
	};
	struct rs_ws_unframed f;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		assert_int_equal(rs_ws_unframe(rows[i], &f), RS_ERR);
		assert_null(f.payload.p);
	}
}

static void test_codes(void **state)
{
	static const unsigned good[] = { 1000, 1001, 1002, 1003, 1007, 1008,
					 1009, 1010, 1011, 1012, 1013, 1014 };
	size_t next = 0;

	(void)state;
	for (unsigned code = 0; code < 3000; code++) {
		bool expect = next < RS_COUNTOF(good) && good[next] == code;

		next += expect;
		assert_int_equal(rs_ws_code_ok(code), expect);
	}
	assert_int_equal(next, RS_COUNTOF(good));
	for (unsigned code = 3000; code < 65536; code++)
		assert_int_equal(rs_ws_code_ok(code), code < 5000);
}

static void test_close_payload(void **state)
{
	static const struct {
		struct rs_slice payload;
		unsigned wrong, code;
		const char *reason;
	} rows[] = {
		{ B(""), 0, RS_WS_NO_STATUS, "" },
		{ B("\x03"), RS_WS_PROTOCOL_ERROR, 0, "" },
		{ B("\x03\xe8"), 0, 1000, "" },
		{ B("\x13\x87"
		    "bye"),
		  0, 4999, "bye" },
		{ B("\x13\x88"), RS_WS_PROTOCOL_ERROR, 0, "" },
		{ B("\x03\xee"), RS_WS_PROTOCOL_ERROR, 0, "" },
		{ B("\x03\xe8\xff"), RS_WS_BAD_PAYLOAD, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_slice reason;
		unsigned code;

		assert_int_equal(rs_ws_close_payload(rows[i].payload, &code, &reason), rows[i].wrong);
		if (rows[i].wrong)
			continue;
		assert_int_equal(code, rows[i].code);
		assert_true(rs_slice_eq(reason, rs_slice_str(rows[i].reason)));
	}
}

static void test_close_frame(void **state)
{
	char longest[RS_WS_REASON_MAX + 2];
	struct rs_buf out = { 0 };

	(void)state;
	assert_true(rs_ws_frame_close(&out, RS_WS_NO_STATUS, RS_SLICE("lost"), NULL));
	assert_true(rs_slice_eq(rs_buf_slice(&out), B("\x88\x00")));
	rs_buf_reset(&out, SIZE_MAX);
	assert_true(rs_ws_frame_close(&out, 1000, RS_SLICE("bye\xff!"), NULL));
	assert_true(rs_slice_eq(rs_buf_slice(&out), B("\x88\x05\x03\xe8"
						      "bye")));
	rs_buf_reset(&out, SIZE_MAX);

	/* A character that does not fit is left out whole. */
	memset(longest, 'x', sizeof longest);
	longest[RS_WS_REASON_MAX - 1] = '\xc3';
	longest[RS_WS_REASON_MAX] = '\xa4';
	assert_true(rs_ws_frame_close(&out, 1000, rs_slice(longest, sizeof longest), NULL));
	assert_int_equal(out.len, 2 + RS_WS_CONTROL_MAX - 1);
	rs_buf_reset(&out, SIZE_MAX);
	memset(longest, 'x', sizeof longest);
	assert_true(rs_ws_frame_close(&out, 1000, rs_slice(longest, sizeof longest), NULL));
	assert_int_equal(out.len, 2 + RS_WS_CONTROL_MAX);
	rs_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),    cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_unframe_refuses),
		cmocka_unit_test(test_codes),       cmocka_unit_test(test_close_payload),
		cmocka_unit_test(test_close_frame),
	};

	return cmocka_run_group_tests_name("ws_frame", tests, NULL, NULL);
}
