/*
 * Request heads: what is accepted, with every member of the result; how reads may cut it; the limits.
 * What is refused has its own file, test_http_refuse.c.
 */
#include "http/http_parse.c"

#include "http/heads.h"

struct row {
	struct rs_slice bytes;
	struct rs_slice method, target, host;
	const char *path;      /* NULL: the target */
	const char *fields;    /* "Name=value;" each */
	uint64_t length;
	uint8_t minor;
	bool has_length, chunked, close, expect_continue, upgrade;
	size_t tail;           /* bytes that belong to what follows */
};

#define B(literal) .bytes = { (literal), sizeof(literal) - 1 }
#define S(literal) { (literal), sizeof(literal) - 1 }
#define FIRST "GET / HTTP/1.1\r\n"
#define HOST FIRST "Host: a\r\n"
#define HOST_OK .method = S("GET"), .target = S("/"), .host = S("a"), .minor = 1
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define POST_OK .method = S("POST"), .target = S("/"), .host = S("a"), .minor = 1

static const struct row rows[] = {
	/* request line */
	{ B(HOST "\r\n"), HOST_OK, .fields = "Host=a;" },
	{ B("\r\n" HOST "\r\n"), HOST_OK, .fields = "Host=a;" },
	{ B("\r\n\r\n" HOST "\r\n"), HOST_OK, .fields = "Host=a;" },
	{ B(HOST "\r\n" HOST "\r\n"), HOST_OK, .fields = "Host=a;", .tail = sizeof(HOST "\r\n") - 1 },
	{ B(HOST "\r\n\n\0junk"), HOST_OK, .fields = "Host=a;", .tail = 6 },
	{ B("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("HEAD"), .target = S("/x"), .host = S("a"),
	  .minor = 1, .fields = "Host=a;" },
	{ B("get / HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("get"), .target = S("/"), .host = S("a"),
	  .minor = 1, .fields = "Host=a;" },
	{ B("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("TRACE"), .target = S("/"), .host = S("a"),
	  .minor = 1, .fields = "Host=a;" },
	{ B("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("M-SEARCH"), .target = S("/"),
	  .host = S("a"), .minor = 1, .fields = "Host=a;" },
	{ B("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("!#$%&'*+-.^_`|~09azAZ"),
	  .target = S("/"), .host = S("a"), .minor = 1, .fields = "Host=a;" },
	{ B("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\nHost: a\r\n\r\n"),
	  .method = S("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"), .target = S("/"), .host = S("a"), .minor = 1,
	  .fields = "Host=a;" },

	/* versions */
	{ B("GET / HTTP/1.0\r\n\r\n"), .method = S("GET"), .target = S("/"), .fields = "", .close = true },
	{ B("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), .method = S("GET"), .target = S("/"), .host = S("a"),
	  .fields = "Host=a;", .close = true },
	{ B("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), .method = S("GET"), .target = S("/"),
	  .fields = "Connection=keep-alive;" },
	{ B("GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n"), .method = S("GET"), .target = S("/"),
	  .fields = "Connection=Keep-Alive, close;", .close = true },
	{ B("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), HOST_OK, .fields = "Host=a;" },
	{ B("GET / HTTP/1.9\r\nHost: a\r\n\r\n"), HOST_OK, .fields = "Host=a;" },

	/* targets */
	{ B("GET /a/b.php?x=1&y=?/%zz HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("GET"),
	  .target = S("/a/b.php?x=1&y=?/%zz"), .path = "/a/b.php", .host = S("a"), .minor = 1,
	  .fields = "Host=a;" },
	{ B("GET /? HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("GET"), .target = S("/?"), .path = "/",
	  .host = S("a"), .minor = 1, .fields = "Host=a;" },
	{ B("GET //x/../y HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("GET"), .target = S("//x/../y"),
	  .host = S("a"), .minor = 1, .fields = "Host=a;" },
	{ B("GET /\xc3\xa4\xff\"<>\\^`{|} HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("GET"),
	  .target = S("/\xc3\xa4\xff\"<>\\^`{|}"), .host = S("a"), .minor = 1, .fields = "Host=a;" },
	{ B("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("OPTIONS"), .target = S("*"),
	  .host = S("a"), .minor = 1, .fields = "Host=a;" },
	{ B("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("OPTIONS"), .target = S("/"),
	  .host = S("a"), .minor = 1, .fields = "Host=a;" },
	{ B("GET http://b.test:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("GET"), .target = S("/p?q"),
	  .path = "/p", .host = S("b.test:81"), .minor = 1, .fields = "Host=b.test:81;" },
	{ B("GET HTTPS://b/ HTTP/1.1\r\nX: 1\r\nHost: a\r\nY: 2\r\n\r\n"), .method = S("GET"),
	  .target = S("/"), .host = S("b"), .minor = 1, .fields = "X=1;Host=b;Y=2;" },
	{ B("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("GET"), .target = S("/"), .host = S("b"),
	  .minor = 1, .fields = "Host=b;" },
	{ B("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n"), .method = S("GET"), .target = S("/?q"), .path = "/", .host = S("b"),
	  .minor = 1, .fields = "Host=b;" },
	{ B("GET HTTPS://[::1]:81?q/r?s HTTP/1.1\r\nX: 1\r\nHost: a\r\nY: 2\r\n\r\n"), .method = S("GET"), .target = S("/?q/r?s"), .path = "/",
	  .host = S("[::1]:81"), .minor = 1, .fields = "X=1;Host=[::1]:81;Y=2;" },
	{ B("GET http://b? HTTP/1.0\r\n\r\n"), .method = S("GET"), .target = S("/?"), .path = "/", .host = S("b"), .fields = "", .close = true },
	{ B("GET http://b/p?q HTTP/1.0\r\n\r\n"), .method = S("GET"), .target = S("/p?q"), .path = "/p", .host = S("b"),
	  .fields = "", .close = true },
	{ B("GET http://b/p HTTP/1.0\r\n\r\n"), .method = S("GET"), .target = S("/p"), .host = S("b"),
	  .fields = "", .close = true },

	/* hosts */
	{ B(FIRST "Host: www.Example-1.test_x.:65535\r\n\r\n"), .method = S("GET"), .target = S("/"),
	  .host = S("www.Example-1.test_x.:65535"), .minor = 1,
	  .fields = "Host=www.Example-1.test_x.:65535;" },
	{ B(FIRST "Host: 127.0.0.1:0\r\n\r\n"), .method = S("GET"), .target = S("/"),
	  .host = S("127.0.0.1:0"), .minor = 1, .fields = "Host=127.0.0.1:0;" },
	{ B(FIRST "Host: [::1]\r\n\r\n"), .method = S("GET"), .target = S("/"), .host = S("[::1]"),
	  .minor = 1, .fields = "Host=[::1];" },
	{ B(FIRST "Host: [ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:443\r\n\r\n"), .method = S("GET"),
	  .target = S("/"), .host = S("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:443"), .minor = 1,
	  .fields = "Host=[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:443;" },
	{ B(FIRST "hOST:a\r\n\r\n"), HOST_OK, .fields = "hOST=a;" },

	/* field lines */
	{ B(HOST "A:\r\nB: \t \r\nC:x\r\nD:\t x \ty\t \r\n\r\n"), HOST_OK,
	  .fields = "Host=a;A=;B=;C=x;D=x \ty;" },
	{ B(HOST "X: \x80\xff:;\"=,\\ 0123456789abcdef\tghijk\r\n\r\n"), HOST_OK,
	  .fields = "Host=a;X=\x80\xff:;\"=,\\ 0123456789abcdef\tghijk;" },
	{ B(HOST "a.b!#$%&'*+^`|~: 1\r\n\r\n"), HOST_OK, .fields = "Host=a;a.b!#$%&'*+^`|~=1;" },
	{ B(HOST "Cookie: a=1\r\nCookie: b=2\r\ncookie: c\r\n\r\n"), HOST_OK,
	  .fields = "Host=a;Cookie=a=1;Cookie=b=2;cookie=c;" },
	{ B(HOST "X-A: 1\r\nX_A: 2\r\nContent_Length: 5\r\n_: 3\r\nY: 4\r\n\r\n"), HOST_OK,
	  .fields = "Host=a;X-A=1;Y=4;" },
	{ B(HOST "Proxy: http://evil/\r\npROXY: x\r\nProxy-X: ok\r\n\r\n"), HOST_OK,
	  .fields = "Host=a;Proxy-X=ok;" },
	{ B("GET / HTTP/1.1\r\nA-Host: b\r\nHosts: c\r\nHost: a\r\n\r\n"), HOST_OK,
	  .fields = "A-Host=b;Hosts=c;Host=a;" },

	/* connection */
	{ B(HOST "Connection: close\r\n\r\n"), HOST_OK, .fields = "Host=a;Connection=close;", .close = true },
	{ B(HOST "Connection: foo, CLOSE\t,bar\r\n\r\n"), HOST_OK,
	  .fields = "Host=a;Connection=foo, CLOSE\t,bar;",
	  .close = true },
	{ B(HOST "Connection: foo\r\nConnection: close\r\n\r\n"), HOST_OK,
	  .fields = "Host=a;Connection=foo;Connection=close;", .close = true },
	{ B(HOST "Connection: closed, xclose, clos\r\n\r\n"), HOST_OK,
	  .fields = "Host=a;Connection=closed, xclose, clos;" },
	{ B(HOST "Connection: ,, ,\r\n\r\n"), HOST_OK, .fields = "Host=a;Connection=,, ,;" },
	{ B(HOST "Connection:\r\n\r\n"), HOST_OK, .fields = "Host=a;Connection=;" },
	{ B(HOST "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"), HOST_OK, .upgrade = true,
	  .fields = "Host=a;Connection=keep-alive, Upgrade;Upgrade=websocket;" },
	{ B(HOST "Upgrade: websocket\r\n\r\n"), HOST_OK, .fields = "Host=a;Upgrade=websocket;" },
	{ B(HOST "Connection: upgrade\r\n\r\n"), HOST_OK, .fields = "Host=a;Connection=upgrade;" },
	{ B("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), .method = S("GET"),
	  .target = S("/"), .host = S("a"), .fields = "Host=a;Connection=upgrade;Upgrade=x;", .close = true },

	/* bodies */
	{ B(POST "Content-Length: 0\r\n\r\n"), POST_OK, .has_length = true,
	  .fields = "Host=a;Content-Length=0;" },
	{ B(POST "content-length:5\r\n\r\nhello"), POST_OK, .has_length = true, .length = 5, .tail = 5,
	  .fields = "Host=a;content-length=5;" },
	{ B(POST "Content-Length: 9223372036854775807\r\n\r\n"), POST_OK, .has_length = true,
	  .length = INT64_MAX, .fields = "Host=a;Content-Length=9223372036854775807;" },
	{ B(POST "Content-Length: 0000000000000000000000000007\r\n\r\n"), POST_OK, .has_length = true,
	  .length = 7, .fields = "Host=a;Content-Length=0000000000000000000000000007;" },
	{ B("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"), .method = S("POST"), .target = S("/"),
	  .close = true, .has_length = true, .length = 1, .tail = 1, .fields = "Content-Length=1;" },
	{ B(HOST "Content-Length: 3\r\n\r\n"), HOST_OK, .has_length = true, .length = 3,
	  .fields = "Host=a;Content-Length=3;" },
	{ B(POST "Transfer-Encoding: chunked\r\n\r\n"), POST_OK, .chunked = true,
	  .fields = "Host=a;Transfer-Encoding=chunked;" },
	{ B(POST "transfer-encoding: \tChUnKeD \r\n\r\n"), POST_OK, .chunked = true,
	  .fields = "Host=a;transfer-encoding=ChUnKeD;" },
	{ B(POST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"), POST_OK, .has_length = true,
	  .length = 1, .expect_continue = true, .fields = "Host=a;Expect=100-continue;Content-Length=1;" },
	{ B(POST "Transfer-Encoding: chunked\r\nExpect: 100-CONTINUE\r\n\r\n"), POST_OK, .chunked = true,
	  .expect_continue = true, .fields = "Host=a;Transfer-Encoding=chunked;Expect=100-CONTINUE;" },
	{ B(POST "Expect: 100-continue\r\n\r\n"), POST_OK, .fields = "Host=a;Expect=100-continue;" },
	{ B(POST "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"), POST_OK, .has_length = true,
	  .fields = "Host=a;Expect=100-continue;Content-Length=0;" },
	{ B("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"), .method = S("POST"),
	  .target = S("/"), .close = true, .has_length = true, .length = 1,
	  .fields = "Expect=100-continue;Content-Length=1;" },
	{ B("POST / HTTP/1.0\r\nExpect: the worst\r\n\r\n"), .method = S("POST"), .target = S("/"),
	  .close = true, .fields = "Expect=the worst;" },
};

#define assert_slice(got, want)                                                                       \
	do {                                                                                          \
		assert_int_equal((got).n, (want).n);                                                  \
		assert_true(rs_slice_eq((got), (want)));                                              \
	} while (0)

static void assert_inside(struct rs_slice s, const struct read *r)
{
	assert_true(s.p >= r->p && s.p + s.n <= r->p + r->h.head_len);
}

static void check_row(const struct row *row, const struct read *r)
{
	const struct rs_http_head *h = &r->h;
	struct rs_slice target = { h->target.p, h->path_len };
	char fields[4096] = "";

	assert_int_equal(r->rc, RS_OK);
	assert_int_equal(r->scanned, 0);
	assert_int_equal(h->head_len, row->bytes.n - row->tail);
	assert_slice(h->method, row->method);
	assert_slice(h->target, row->target);
	assert_slice(target, row->path ? rs_slice_str(row->path) : row->target);
	assert_slice(h->host, row->host);
	assert_inside(h->method, r);
	assert_inside(h->target, r);
	if (h->host.p)
		assert_inside(h->host, r);
	else
		assert_null(row->host.p);
	for (size_t i = 0; i < h->nfields; i++) {
		char *end = fields + strlen(fields);

		assert_inside(h->fields[i].name, r);
		assert_inside(h->fields[i].value, r);
		snprintf(end, sizeof fields - (size_t)(end - fields), "%.*s=%.*s;", (int)h->fields[i].name.n,
			 h->fields[i].name.p, (int)h->fields[i].value.n, h->fields[i].value.p);
	}
	assert_string_equal(fields, row->fields);
	assert_int_equal(h->content_length, row->length);
	assert_int_equal(h->minor, row->minor);
	assert_int_equal(h->has_length, row->has_length);
	assert_int_equal(h->chunked, row->chunked);
	assert_int_equal(h->keepalive, !row->close);
	assert_int_equal(h->expect_continue, row->expect_continue);
	assert_int_equal(h->upgrade, row->upgrade);
	assert_int_equal(h->get_method, rs_slice_eq(row->method, RS_SLICE("GET")));
	assert_int_equal(h->head_method, rs_slice_eq(row->method, RS_SLICE("HEAD")));
}

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct read r = { 0 };

		at_row(i);
		read_on(&r, rows[i].bytes.p, rows[i].bytes.n, WIDE);
		check_row(&rows[i], &r);
		read_end(&r);
	}
	at_row(SIZE_MAX);
}

/* Cut at every byte: not before the head is complete, then the same. */
static void test_cut_in_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		at_row(i);
		for (size_t cut = 0; cut < rows[i].bytes.n - rows[i].tail; cut++) {
			struct read r = { 0 };

			read_on(&r, rows[i].bytes.p, cut, WIDE);
			assert_int_equal(r.rc, RS_AGAIN);
			read_on(&r, rows[i].bytes.p, rows[i].bytes.n, WIDE);
			check_row(&rows[i], &r);
			read_end(&r);
		}
	}
	at_row(SIZE_MAX);
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct row row = rows[i];
		struct read r = { 0 };

		at_row(i);
		row.bytes.n -= row.tail;
		row.tail = 0;
		for (size_t n = 1; n < row.bytes.n; n++) {
			read_on(&r, row.bytes.p, n, WIDE);
			assert_int_equal(r.rc, RS_AGAIN);
			assert_int_equal(r.scanned, n);
		}
		read_on(&r, row.bytes.p, row.bytes.n, WIDE);
		check_row(&row, &r);
		read_end(&r);
	}
	at_row(SIZE_MAX);
}

/* A buffer can hold a head of exactly head_max, and nothing that follows changes that. */
static void test_limit(void **state)
{
	static const char head[] = "GET /0123456789 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
	const size_t n = sizeof head - 1, line = sizeof "GET /0123456789 HTTP/1.1\r\n" - 1;

	(void)state;
	for (size_t max = 1; max <= n + 1; max++) {
		for (size_t cut = 0; cut <= n; cut++) {
			struct read r = { 0 };

			read_on(&r, head, cut, max);
			if (r.rc == RS_AGAIN)
				read_on(&r, head, n, max);
			if (max >= n) {
				assert_int_equal(r.rc, RS_OK);
				assert_int_equal(r.h.head_len, n);
			} else {
				assert_int_equal(r.rc, RS_ERR);
				assert_int_equal(r.status, max < line ? 414 : 431);
			}
			read_end(&r);
		}
	}
}

/* An endless line is refused as soon as the limit is reached, and not looked through again for every byte. */
static void test_limit_incomplete(void **state)
{
	static const struct {
		const char *start;
		unsigned status;
	} heads[] = { { "GET /", 414 }, { "GET / HTTP/1.1\r\nHost: a\r\nX: ", 431 } };
	char bytes[2048];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(heads); i++) {
		struct read r = { 0 };

		memset(bytes, 'x', sizeof bytes);
		memcpy(bytes, heads[i].start, strlen(heads[i].start));
		for (size_t n = 1; n < 1024; n++) {
			read_on(&r, bytes, n, 1024);
			assert_int_equal(r.rc, RS_AGAIN);
		}
		read_on(&r, bytes, 1024, 1024);
		assert_int_equal(r.rc, RS_ERR);
		assert_int_equal(r.status, heads[i].status);
		read_end(&r);
		read_on(&r, bytes, 2048, 1024);
		assert_int_equal(r.status, heads[i].status);
		read_end(&r);
	}
}

/* RS_HTTP_FIELDS_MAX lines pass, one more does not, whether PHP may see them or not. */
static void test_field_count(void **state)
{
	(void)state;
	for (int hidden = 0; hidden < 2; hidden++) {
		for (size_t fields = RS_HTTP_FIELDS_MAX - 1; fields <= RS_HTTP_FIELDS_MAX + 1; fields++) {
			struct rs_buf bytes = { 0 };
			struct read r = { 0 };

			assert_true(rs_buf_printf(&bytes, "%s", HOST));
			for (size_t i = 1; i < fields; i++)
				assert_true(rs_buf_printf(&bytes, "a%cb: c\r\n", hidden ? '_' : '-'));
			assert_true(rs_buf_printf(&bytes, "\r\n"));
			read_on(&r, rs_buf_data(&bytes), bytes.len, WIDE);
			if (fields <= RS_HTTP_FIELDS_MAX) {
				assert_int_equal(r.rc, RS_OK);
				assert_int_equal(r.h.nfields, hidden ? 1 : fields);
			} else {
				assert_int_equal(r.rc, RS_ERR);
				assert_int_equal(r.status, 431);
			}
			read_end(&r);
			rs_buf_free(&bytes);
		}
	}
}

/* The limit is the caller's: lines that PHP does not see count as well. */
static void test_field_limit(void **state)
{
	char head[] = "GET / HTTP/1.1\r\nHost: a\r\nA_B: c\r\nD: e\r\n\r\n";
	struct rs_http_head h;
	unsigned status;
	const char *why;

	(void)state;
	for (size_t most = 1; most <= 4; most++) {
		const struct rs_http_limits limits = { .head_max = WIDE, .fields_max = most };
		size_t scanned = 0;
		enum rs_result rc = rs_http_parse(&h, head, sizeof head - 1, &limits, &scanned, &status, &why);

		assert_int_equal(rc, most < 3 ? RS_ERR : RS_OK);
		if (most < 3)
			assert_int_equal(status, 431);
	}
}

/* What fails early must not wait for bytes that may never come. */
static void test_refused_early(void **state)
{
	static const struct {
		const char *bytes;
		enum rs_result want;
	} heads[] = {
		{ "\x16\x03\x01\x02", RS_ERR }, /* TLS on a plain port */
		{ "\n", RS_ERR },
		{ " GET", RS_ERR },
		{ "GET /\r\n", RS_ERR },
		{ "GET / HTTP/1.1\n", RS_ERR },
		{ "GET / HTTP/9", RS_AGAIN },
		{ "GET / HTTP/1.1\r\nHost: a\n", RS_ERR },
		{ "GET / HTTP/1.1\r\n Host: a", RS_ERR },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(heads); i++) {
		struct read r = { 0 };

		at_row(i);
		read_on(&r, heads[i].bytes, strlen(heads[i].bytes), WIDE);
		assert_int_equal(r.rc, heads[i].want);
		if (r.rc == RS_ERR)
			assert_int_equal(r.status, 400);
		read_end(&r);
	}
	at_row(SIZE_MAX);
}

/* The word-wise scan of values stops where the byte-wise one does, whatever byte stands wherever. */
static void test_span_value(void **state)
{
	char bytes[24];

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (unsigned around = 0; around < 256; around += 5) {
			for (size_t at = 0; at < sizeof bytes; at++) {
				const char *end = bytes + sizeof bytes;

				memset(bytes, (int)around, sizeof bytes);
				bytes[at] = (char)byte;
				assert_ptr_equal(rs_http_span_value(bytes, end),
						 rs_http_span(bytes, end, RS_CH_VALUE));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_cut_in_two),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_incomplete),
		cmocka_unit_test(test_field_count),
		cmocka_unit_test(test_field_limit),
		cmocka_unit_test(test_refused_early),
		cmocka_unit_test(test_span_value),
	};

	return cmocka_run_group_tests_name("http_parse", tests, NULL, NULL);
}
