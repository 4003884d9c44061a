/*
 * Heads of responses byte for byte, and the check of a worker's header block.
 */
#include "http/http_response.c"

#include "http/heads.h"

#define DATE "Sat, 21 Nov 2026 09:30:00 GMT"
#define DATE_LINE "Date: " DATE "\r\n"
#define OK "HTTP/1.1 200 OK\r\n"

struct row {
	struct rs_http_response r;
	const char *head;
	enum rs_http_framing framing;
	bool keepalive;
};

#define S(literal) { (literal), sizeof(literal) - 1 }
#define KEPT .minor = 1, .keepalive = true
#define HTML .headers = S("Content-Type: text/html\r\n")

static const struct row rows[] = {
	/* framing and Content-Length */
	{ { .status = 200, .content_length = 5, KEPT, .date = DATE },
	  OK DATE_LINE "Content-Length: 5\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 200, .content_length = 0, KEPT }, OK "Content-Length: 0\r\n\r\n", RS_HTTP_LENGTH,
	  true },
	{ { .status = 200, .content_length = INT64_MAX, KEPT },
	  OK "Content-Length: 9223372036854775807\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 200, .content_length = -1, KEPT },
	  OK "Transfer-Encoding: chunked\r\n\r\n", RS_HTTP_CHUNKED, true },
	{ { .status = 200, .content_length = -1, .minor = 1 },
	  OK "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n", RS_HTTP_CHUNKED, false },
	{ { .status = 200, .content_length = -1, .keepalive = true },
	  OK "Connection: close\r\n\r\n", RS_HTTP_UNTIL_CLOSE, false },
	{ { .status = 200, .content_length = -1 }, OK "Connection: close\r\n\r\n", RS_HTTP_UNTIL_CLOSE,
	  false },
	{ { .status = 200, .content_length = 5, .keepalive = true },
	  OK "Content-Length: 5\r\nConnection: keep-alive\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 200, .content_length = 5 },
	  OK "Content-Length: 5\r\nConnection: close\r\n\r\n", RS_HTTP_LENGTH, false },
	{ { .status = 200, .content_length = 5, .minor = 1 },
	  OK "Content-Length: 5\r\nConnection: close\r\n\r\n", RS_HTTP_LENGTH, false },

	/* HEAD */
	{ { .status = 200, .content_length = 5, KEPT, .head_method = true },
	  OK "Content-Length: 5\r\n\r\n", RS_HTTP_NO_BODY, true },
	{ { .status = 200, .content_length = -1, KEPT, .head_method = true }, OK "\r\n", RS_HTTP_NO_BODY,
	  true },
	{ { .status = 200, .content_length = -1, .head_method = true, .keepalive = true },
	  OK "Connection: keep-alive\r\n\r\n", RS_HTTP_NO_BODY, true },
	{ { .status = 404, .content_length = 0, KEPT, .head_method = true },
	  "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", RS_HTTP_NO_BODY, true },

	/* statuses without a body */
	{ { .status = 204, .content_length = -1, KEPT }, "HTTP/1.1 204 No Content\r\n\r\n", RS_HTTP_NO_BODY,
	  true },
	{ { .status = 204, .content_length = 5, KEPT, HTML, .date = DATE },
	  "HTTP/1.1 204 No Content\r\n" DATE_LINE "Content-Type: text/html\r\n\r\n", RS_HTTP_NO_BODY, true },
	{ { .status = 204, .content_length = 0, .keepalive = true },
	  "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n", RS_HTTP_NO_BODY, true },
	{ { .status = 304, .content_length = -1, KEPT }, "HTTP/1.1 304 Not Modified\r\n\r\n",
	  RS_HTTP_NO_BODY, true },
	{ { .status = 304, .content_length = 77, KEPT },
	  "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", RS_HTTP_NO_BODY, true },
	{ { .status = 304, .content_length = -1, .minor = 1 },
	  "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n", RS_HTTP_NO_BODY, false },
	{ { .status = 205, .content_length = -1, KEPT },
	  "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", RS_HTTP_NO_BODY, true },
	{ { .status = 205, .content_length = 9, .minor = 1, .head_method = true },
	  "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", RS_HTTP_NO_BODY,
	  false },

	/* interim ones are bare */
	{ { .status = 100, .content_length = -1, KEPT, .date = DATE, .server = "s" },
	  "HTTP/1.1 100 Continue\r\n\r\n", RS_HTTP_NO_BODY, true },
	{ { .status = 103, .content_length = 5, .minor = 1, .headers = S("Link: </a.css>\r\n") },
	  "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", RS_HTTP_NO_BODY, false },
	{ { .status = 101, .content_length = -1, .keepalive = true },
	  "HTTP/1.1 101 Switching Protocols\r\n\r\n", RS_HTTP_NO_BODY, true },

	/* lines of the worker, Server, Date, Connection */
	{ { .status = 200, .content_length = 1, KEPT, .date = DATE, .server = "rs",
	    .headers = S("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX:\r\n") },
	  OK "Server: rs\r\n" DATE_LINE "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX:\r\n"
	  "Content-Length: 1\r\n\r\n",
	  RS_HTTP_LENGTH, true },
	{ { .status = 200, .content_length = 1, KEPT, .server = "", HTML },
	  OK "Content-Type: text/html\r\nContent-Length: 1\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 200, .content_length = 1, KEPT, .connection_close = true,
	    .headers = S("Connection: close\r\n") },
	  OK "Connection: close\r\nContent-Length: 1\r\n\r\n", RS_HTTP_LENGTH, false },
	{ { .status = 200, .content_length = 1, .connection_close = true, .keepalive = true,
	    .headers = S("Connection: close\r\n") },
	  OK "Connection: close\r\nContent-Length: 1\r\n\r\n", RS_HTTP_LENGTH, false },
	{ { .status = 200, .content_length = -1, .connection_close = true, .keepalive = true,
	    .headers = S("Connection: close\r\n") },
	  OK "Connection: close\r\n\r\n", RS_HTTP_UNTIL_CLOSE, false },

	/* reasons */
	{ { .status = 200, .reason = S("Very Well"), .content_length = 0, KEPT },
	  "HTTP/1.1 200 Very Well\r\nContent-Length: 0\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 404, .reason = S("x\r\nSet-Cookie: evil=1"), .content_length = 0, KEPT },
	  "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 404, .reason = S("\x7f"), .content_length = 0, KEPT },
	  "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 299, .content_length = 0, KEPT },
	  "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n", RS_HTTP_LENGTH, true },
	{ { .status = 999, .reason = S("Enough"), .content_length = 0, KEPT },
	  "HTTP/1.1 999 Enough\r\nContent-Length: 0\r\n\r\n", RS_HTTP_LENGTH, true },
};

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_buf out = { 0 };
		enum rs_http_framing framing;
		bool keepalive;

		at_row(i);
		assert_true(rs_buf_put(&out, "before", 6));
		assert_true(rs_http_write_head(&out, &rows[i].r, &framing, &keepalive));
		rs_buf_consume(&out, 6);
		assert_true(rs_buf_put(&out, "", 1));
		assert_string_equal(rs_buf_data(&out), rows[i].head);
		assert_int_equal(framing, rows[i].framing);
		assert_int_equal(keepalive, rows[i].keepalive);
		rs_buf_free(&out);
	}
	at_row(SIZE_MAX);
}

/* The room that is reserved fits whatever the fixed part becomes: for every status and every switch. */
static void test_room(void **state)
{
	(void)state;
	for (unsigned status = STATUS_MIN; status <= STATUS_MAX; status++) {
		for (unsigned bits = 0; bits < 16; bits++) {
			struct rs_http_response r = {
				.status = status,
				.content_length = bits & 1 ? INT64_MAX : -1,
				.date = DATE,
				.server = "s",
				.minor = bits >> 1 & 1,
				.head_method = bits & 4,
				.keepalive = bits & 8,
			};
			struct rs_buf out = { 0 };
			enum rs_http_framing framing;
			bool keepalive;

			assert_true(rs_http_write_head(&out, &r, &framing, &keepalive));
			assert_true(out.len <= HEAD_FIXED_MAX + sizeof DATE);
			assert_memory_equal(rs_buf_data(&out) + out.len - 4, "\r\n\r\n", 4);
			rs_buf_free(&out);
		}
	}
}

static void assert_error(unsigned status, const char *extra, uint8_t minor, bool head_method, bool keepalive,
			 const char *want)
{
	struct rs_buf out = { 0 };

	char page[RS_HTTP_ERROR_PAGE_MAX];
	const struct rs_slice body = rs_http_error_page(status, page);
	enum rs_http_framing framing;
	const struct rs_http_response r = {
		.status = status,
		.headers = RS_SLICE("Content-Type: text/html\r\n"),
		.more = rs_slice_str(extra),
		.content_length = (int64_t)body.n,
		.date = DATE,
		.server = "rs",
		.minor = minor,
		.head_method = head_method,
		.keepalive = keepalive,
	};

	assert_true(rs_http_write_head(&out, &r, &framing, &keepalive));
	if (framing == RS_HTTP_LENGTH)
		assert_true(rs_buf_put(&out, body.p, body.n));
	assert_true(rs_buf_put(&out, "", 1));
	assert_string_equal(rs_buf_data(&out), want);
	rs_buf_free(&out);
}

static void test_errors(void **state)
{
	(void)state;
	assert_error(400, "", 1, false, false,
		     "HTTP/1.1 400 Bad Request\r\nServer: rs\r\n" DATE_LINE
		     "Content-Type: text/html\r\n"
		     "Content-Length: 72\r\nConnection: close\r\n\r\n"
		     "<!DOCTYPE html>\n<title>400 Bad Request</title>\n<h1>400 Bad Request</h1>\n");
	assert_error(503, "Retry-After: 1\r\n", 1, false, true,
		     "HTTP/1.1 503 Service Unavailable\r\nServer: rs\r\n" DATE_LINE
		     "Content-Type: text/html\r\n"
		     "Retry-After: 1\r\nContent-Length: 88\r\n\r\n"
		     "<!DOCTYPE html>\n<title>503 Service Unavailable</title>\n"
		     "<h1>503 Service Unavailable</h1>\n");
	assert_error(413, "", 0, false, true,
		     "HTTP/1.1 413 Content Too Large\r\nServer: rs\r\n" DATE_LINE
		     "Content-Type: text/html\r\n"
		     "Content-Length: 84\r\nConnection: keep-alive\r\n\r\n"
		     "<!DOCTYPE html>\n<title>413 Content Too Large</title>\n"
		     "<h1>413 Content Too Large</h1>\n");
	assert_error(404, "", 1, true, true,
		     "HTTP/1.1 404 Not Found\r\nServer: rs\r\n" DATE_LINE
		     "Content-Type: text/html\r\n"
		     "Content-Length: 68\r\n\r\n");
	assert_error(599, "", 0, false, false,
		     "HTTP/1.1 599 \r\nServer: rs\r\n" DATE_LINE
		     "Content-Type: text/html\r\n"
		     "Content-Length: 48\r\nConnection: close\r\n\r\n"
		     "<!DOCTYPE html>\n<title>599</title>\n<h1>599</h1>\n");
}

static void test_reasons(void **state)
{
	(void)state;
	assert_string_equal(rs_http_reason(200), "OK");
	assert_string_equal(rs_http_reason(404), "Not Found");
	assert_string_equal(rs_http_reason(431), "Request Header Fields Too Large");
	assert_string_equal(rs_http_reason(511), "Network Authentication Required");
	assert_string_equal(rs_http_reason(299), "");
	assert_string_equal(rs_http_reason(0), "");
	assert_string_equal(rs_http_reason(99), "");
	assert_string_equal(rs_http_reason(512), "");
	assert_string_equal(rs_http_reason(UINT32_MAX), "");
}

static void test_block(void **state)
{
	static const struct {
		struct rs_slice block;
		struct rs_http_block want;
	} blocks[] = {
		{ S(""), { 0 } },
		{ S("A: b\r\n"), { 0 } },
		{ S("A:b\r\nC:\r\nD: \t \r\nE: \xff\tx:y;\"\r\n"), { 0 } },
		{ S("Dates: x\r\nServers: x\r\nX-Connection: y\r\nContent-Lengt: 5\r\nKeep-Aliv: 5\r\n"),
		  { 0 } },
		{ S("Date: x\r\n"), { .has_date = true } },
		{ S("dATE:\r\nServer: y\r\n"), { .has_date = true, .has_server = true } },
		{ S("A: b\r\nSERVER: y\r\n"), { .has_server = true } },
		{ S("Connection: close\r\n"), { .has_connection_close = true } },
		{ S("connection:\t CLOSE \t\r\n"), { .has_connection_close = true } },
		{ S("Connection: keep-alive\r\n"), { .forbidden = true } },
		{ S("Connection: close, x\r\n"), { .forbidden = true } },
		{ S("Connection:\r\n"), { .forbidden = true } },
		{ S("Connection: close\r\nConnection: upgrade\r\n"),
		  { .has_connection_close = true, .forbidden = true } },
		{ S("content-length: 5\r\nA: b\r\n"), { .forbidden = true } },
		{ S("A: b\r\nTransfer-Encoding: chunked\r\n"), { .forbidden = true } },
		{ S("Keep-Alive: timeout=5\r\n"), { .forbidden = true } },
		{ S("UPGRADE: h2c\r\nDate: x\r\n"), { .has_date = true, .forbidden = true } },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(blocks); i++) {
		struct rs_http_block b;

		at_row(i);
		assert_true(rs_http_block_check(blocks[i].block, &b));
		assert_int_equal(b.has_date, blocks[i].want.has_date);
		assert_int_equal(b.has_server, blocks[i].want.has_server);
		assert_int_equal(b.has_connection_close, blocks[i].want.has_connection_close);
		assert_int_equal(b.forbidden, blocks[i].want.forbidden);
	}
	at_row(SIZE_MAX);
}

static void test_block_refused(void **state)
{
	static const struct rs_slice blocks[] = {
		S("\r\n"), S("A: b\r\n\r\n"), S("A: b\r\n\r\nC: d\r\n"), S("A: b"), S("A: b\r"),
		S("A: b\n"), S("A"), S("A\r\n"), S("A:"), S(": b\r\n"), S(" A: b\r\n"), S("A : b\r\n"),
		S("A: b\r\n c\r\n"), S("A: b\rc\r\n"), S("A: b\nSet-Cookie: x\r\n"), S("A: \0\r\n"),
		S("A\0: b\r\n"), S("A: b\x01\r\n"), S("A: b\x7f\r\n"), S("A B: c\r\n"),
		S("\xc3\xa4: b\r\n"), S("HTTP/1.1 200 OK\r\n"), S("A: b\r\r\n"), S("A: b\r\nC"),
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(blocks); i++) {
		struct rs_http_block b;
		char *copy = malloc(blocks[i].n);

		at_row(i);
		assert_non_null(copy);
		memcpy(copy, blocks[i].p, blocks[i].n);
		assert_false(rs_http_block_check(rs_slice(copy, blocks[i].n), &b));
		free(copy);
	}
	at_row(SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_block_refused),
	};

	return cmocka_run_group_tests_name("http_response", tests, NULL, NULL);
}
