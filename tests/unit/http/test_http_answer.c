/*
 * Responses as a client reads them: what heads mean, what is refused, however the bytes are cut; where bodies end.
 */
#include "http/http_answer.c"

#include "http/heads.h"

#define LITERAL(text) { (text), sizeof(text) - 1 }

struct good {
	struct rs_slice bytes; /* the whole head, and perhaps more */
	unsigned status;
	const char *reason;
	size_t fields;
	bool has_length, chunked, keepalive, upgrade;
	uint64_t length;
	size_t tail;
};

static const struct good goods[] = {
	{ LITERAL("HTTP/1.1 200 OK\r\n\r\n"), 200, "OK", 0, .keepalive = true },
	{ LITERAL("HTTP/1.1 200\r\n\r\n"), 200, "", 0, .keepalive = true },
	{ LITERAL("HTTP/1.1 200 \r\n\r\n"), 200, "", 0, .keepalive = true },
	{ LITERAL("HTTP/1.1 999 What \xc3\xa4\tit is\r\n\r\n"), 999, "What \xc3\xa4\tit is", 0, .keepalive = true },
	{ LITERAL("HTTP/1.9 200 OK\r\n\r\n"), 200, "OK", 0, .keepalive = true },
	{ LITERAL("HTTP/1.0 200 OK\r\n\r\n"), 200, "OK", 0, .keepalive = false },
	{ LITERAL("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n"), 200, "OK", 1, .keepalive = true },
	{ LITERAL("HTTP/1.1 200 OK\r\nConnection: x , CLOSE\r\n\r\nabc"), 200, "OK", 1, .tail = 3 },
	{ LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 200, "OK", 1, .has_length = true, .keepalive = true },
	{ LITERAL("HTTP/1.1 200 OK\r\ncontent-length:\t5 \r\nContent-Length: 5\r\n\r\n"), 200, "OK", 2, .has_length = true, .length = 5,
	  .keepalive = true },
	{ LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n"), 200, "OK", 1, .has_length = true,
	  .length = INT64_MAX, .keepalive = true },
	{ LITERAL("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"), 200, "OK", 1, .chunked = true, .keepalive = true },
	{ LITERAL("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), 101, "x", 2, .keepalive = true, .upgrade = true },
	{ LITERAL("HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nX:\r\n\r\n"), 200, "OK", 2, .keepalive = true },
};

static const struct rs_slice bad[] = {
	LITERAL("SSH-2.0-x\r\n"), LITERAL("h"), LITERAL("\r\nHTTP/1.1 200 OK\r\n\r\n"), LITERAL("HTTP/2.0 200 OK\r\n\r\n"),
	LITERAL("HTTP/1.1  200 OK\r\n\r\n"), LITERAL("HTTP/1.1 20 OK\r\n\r\n"), LITERAL("HTTP/1.1 2000 OK\r\n\r\n"),
	LITERAL("HTTP/1.1 099 OK\r\n\r\n"), LITERAL("HTTP/1.1 20x OK\r\n\r\n"), LITERAL("HTTP/1.1 200OK\r\n\r\n"),
	LITERAL("HTTP/1.x 200 OK\r\n\r\n"), LITERAL("HTTP/1.1 200 O\0K\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\n\r\n"),
	LITERAL("HTTP/1.1 200 O\rK\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\n\n"), LITERAL("HTTP/1.1 200 OK\r\nX: y\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nX: y\rz\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\nX: y\0\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nX : y\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\n X: y\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\nX\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\n: y\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nX\"y: z\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
	LITERAL("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
	LITERAL("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
};

/* step bytes at a time, each prefix at the end of a block of memory, so that the sanitizer sees a read beyond. */
static enum rs_result parse_in_steps(struct rs_slice bytes, size_t step, struct rs_http_answer *a, char **block)
{
	enum rs_result rc = RS_AGAIN;
	const char *why = NULL;
	size_t scanned = 0;

	*block = NULL;
	for (size_t n = step < bytes.n ? step : bytes.n; rc == RS_AGAIN; n = n + step < bytes.n ? n + step : bytes.n) {
		free(*block);
		*block = malloc(n);
		assert_non_null(*block);
		memcpy(*block, bytes.p, n);
		rc = rs_http_answer_parse(a, *block, n, &scanned, &why);
		assert_true((rc == RS_ERR) == (why != NULL));
		if (n == bytes.n)
			break;
	}
	return rc;
}

static void test_good(void **state)
{
	struct rs_http_answer a;
	char *block;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(goods); i++) {
		for (size_t step = 1; step <= goods[i].bytes.n; step++) {
			const struct good *g = &goods[i];
			struct rs_http_field f;
			struct rs_slice rest;
			size_t fields = 0;

			assert_int_equal(parse_in_steps(g->bytes, step, &a, &block), RS_OK);
			assert_int_equal(a.status, g->status);
			assert_true(rs_slice_eq(a.reason, rs_slice_str(g->reason)));
			assert_int_equal(a.has_length, g->has_length);
			assert_int_equal(a.content_length, g->length);
			assert_int_equal(a.chunked, g->chunked);
			assert_int_equal(a.keepalive, g->keepalive);
			assert_int_equal(a.upgrade, g->upgrade);
			assert_int_equal(a.head_len, g->bytes.n - g->tail);
			for (rest = a.lines; rs_http_answer_field(&rest, &f);)
				fields++;
			assert_int_equal(fields, g->fields);
			assert_int_equal(rest.n, 0);
			free(block);
		}
	}
}

static void test_bad(void **state)
{
	struct rs_http_answer a;
	char *block;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(bad); i++)
		for (size_t step = 1; step <= bad[i].n; step++) {
			if (parse_in_steps(bad[i], step, &a, &block) != RS_ERR)
				fail_msg("taken: %.*s", (int)bad[i].n, bad[i].p);
			free(block);
		}
}

static void test_incomplete(void **state)
{
	static const struct rs_slice whole = LITERAL("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\n");
	struct rs_http_answer a;
	const char *why;

	(void)state;
	for (size_t n = 0; n < whole.n; n++) {
		size_t scanned = 0;

		assert_int_equal(rs_http_answer_parse(&a, whole.p, n, &scanned, &why), RS_AGAIN);
	}
}

/* A head without an end, and one with too many fields. */
static void test_bounds(void **state)
{
	struct rs_buf b = { 0 };
	struct rs_http_answer a;
	const char *why = NULL;
	size_t scanned = 0;

	(void)state;
	assert_true(rs_buf_printf(&b, "HTTP/1.1 200 OK\r\nX: "));
	while (b.len < RS_HTTP_ANSWER_HEAD_MAX) {
		assert_int_equal(rs_http_answer_parse(&a, rs_buf_data(&b), b.len, &scanned, &why), RS_AGAIN);
		assert_true(rs_buf_printf(&b, "%0200d", 0));
	}
	assert_int_equal(rs_http_answer_parse(&a, rs_buf_data(&b), b.len, &scanned, &why), RS_ERR);
	assert_string_equal(why, "head too long");
	rs_buf_reset(&b, 0);
	scanned = 0;
	assert_true(rs_buf_printf(&b, "HTTP/1.1 200 OK\r\n"));
	for (unsigned i = 0; i < RS_HTTP_ANSWER_FIELDS_MAX; i++)
		assert_true(rs_buf_printf(&b, "X: y\r\n"));
	assert_int_equal(rs_http_answer_parse(&a, rs_buf_data(&b), b.len, &scanned, &why), RS_AGAIN);
	assert_true(rs_buf_printf(&b, "X: y\r\n"));
	assert_int_equal(rs_http_answer_parse(&a, rs_buf_data(&b), b.len, &scanned, &why), RS_ERR);
	assert_string_equal(why, "too many fields");
	rs_buf_free(&b);
}

struct body {
	const char *head, *bytes;
	bool head_method;
	enum rs_result rc;
	const char *data;
	size_t tail;
};

static const struct body bodies[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "abcdef", false, RS_DONE, "abc", 3 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "ab", false, RS_AGAIN, "ab", 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "x", false, RS_DONE, "", 1 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "x", true, RS_DONE, "", 1 },
	{ "HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\n", "x", false, RS_DONE, "", 1 },
	{ "HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n", "x", false, RS_DONE, "", 1 },
	{ "HTTP/1.1 103 x\r\n\r\n", "x", false, RS_DONE, "", 1 },
	{ "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n0\r\nX: y\r\n\r\nz", false, RS_DONE, "abc", 1 },
	{ "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nabcd", false, RS_ERR, "abc", 0 },
	{ "HTTP/1.1 200 x\r\n\r\n", "all of it", false, RS_AGAIN, "all of it", 0 },
};

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(bodies); i++) {
		const struct body *want = &bodies[i];
		size_t n = strlen(want->bytes), at = 0, used, scanned = 0;
		enum rs_result rc = RS_OK;
		struct rs_buf data = { 0 };
		struct rs_http_body b;
		struct rs_http_answer a;
		struct rs_slice piece;
		const char *why;

		assert_int_equal(rs_http_answer_parse(&a, want->head, strlen(want->head), &scanned, &why), RS_OK);
		rs_http_body_begin(&b, &a, want->head_method);
		while (rc == RS_OK) {
			rc = rs_http_body_feed(&b, want->bytes + at, n - at, &used, &piece);
			if (rc == RS_ERR)
				break;
			assert_true(rs_buf_put(&data, piece.p, piece.n));
			at += used;
		}
		assert_int_equal(rc, want->rc);
		assert_true(rs_slice_eq(rs_buf_slice(&data), rs_slice_str(want->data)));
		assert_true(rc == RS_ERR || n - at == want->tail);
		rs_buf_free(&data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
