/*
 * Header lists of HTTP/2 as heads: what text they become, what is refused and how; answers' lines as fields.
 */
#include "http/http_h2.c"

#include "http/heads.h"

#define GET ":method=GET;:scheme=https;:path=/;:authority=a"
#define GET_TEXT "GET / HTTP/2.0\r\nhost: a\r\n"

/* "name=value;name=value", in their order; '|' stands for ';' in a value. */
static void give(struct rs_http_h2_head *h, const char *list)
{
	char value[8192];

	while (*list) {
		const char *eq = strchr(list, '='), *end = eq + strcspn(eq, ";");
		size_t n = (size_t)(end - eq - 1);

		assert_true(n < sizeof value);
		memcpy(value, eq + 1, n);
		for (size_t i = 0; i < n; i++)
			if (value[i] == '|')
				value[i] = ';';
		rs_http_h2_field(h, rs_slice(list, (size_t)(eq - list)), rs_slice(value, n));
		list = *end ? end + 1 : end;
	}
	rs_http_h2_end(h);
}

static const struct {
	const char *list, *text;
} good[] = {
	{ GET, GET_TEXT "\r\n" },
	{ ":path=/;:method=GET;:authority=a;:scheme=http", GET_TEXT "\r\n" },
	{ ":method=GET;:scheme=https;:path=/;host=a", "GET / HTTP/2.0\r\nhost: a\r\n\r\n" },
	{ ":method=GET;:scheme=https;:path=/;:authority=;host=a", "GET / HTTP/2.0\r\nhost: a\r\n\r\n" },
	{ GET ";host=a", GET_TEXT "\r\n" },
	{ ":method=GET;:scheme=https;:path=/;:authority=A.b:8;host=a.B:8", "GET / HTTP/2.0\r\nhost: A.b:8\r\n\r\n" },
	{ ":method=OPTIONS;:scheme=https;:path=*;:authority=a", "OPTIONS * HTTP/2.0\r\nhost: a\r\n\r\n" },
	{ ":method=POST;:scheme=HTTP;:path=/x?y=1&z=/%20;:authority=a;content-length=3",
	  "POST /x?y=1&z=/%20 HTTP/2.0\r\nhost: a\r\ncontent-length: 3\r\n\r\n" },
	{ GET ";te=trailers;accept=;x=1;x=2", GET_TEXT "te: trailers\r\naccept: \r\nx: 1\r\nx: 2\r\n\r\n" },
	{ GET ";cookie=a=b;x=1;cookie=c=d|e=f;cookie=;cookie=g", GET_TEXT "x: 1\r\ncookie: a=b; c=d;e=f; g\r\n\r\n" },
	{ GET ";cookie=", GET_TEXT "\r\n" },
	{ GET ";user-agent=a b\tc\xc3\xa4", GET_TEXT "user-agent: a b\tc\xc3\xa4\r\n\r\n" },
};

static const struct {
	const char *list;
	unsigned status;
} bad[] = {
	/* pseudo fields */
	{ "", 400 },
	{ "x=1", 400 },
	{ ":scheme=https;:path=/;:authority=a", 400 },
	{ ":method=GET;:path=/;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:authority=a", 400 },
	{ GET ";:method=GET", 400 },
	{ GET ";:scheme=https", 400 },
	{ GET ";:path=/", 400 },
	{ GET ";:authority=a", 400 },
	{ GET ";:status=200", 400 },
	{ GET ";:protocol=websocket", 400 },
	{ GET ";x=1;:authority=a", 400 },
	{ ":method=GET;x=1;:scheme=https;:path=/;:authority=a", 400 },
	{ ":Method=GET;:scheme=https;:path=/;:authority=a", 400 },
	{ ":method=CONNECT;:authority=a", 501 },
	{ ":method=CONNECT;:scheme=https;:path=/;:authority=a", 501 },
	{ ":method=;:scheme=https;:path=/;:authority=a", 400 },
	{ ":method=G ET;:scheme=https;:path=/;:authority=a", 400 },
	{ ":method=GET\r\nX:;:scheme=https;:path=/;:authority=a", 400 },
	{ ":method=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;:scheme=https;:path=/", 501 },
	{ ":method=GET;:scheme=ftp;:path=/;:authority=a", 400 },
	{ ":method=GET;:scheme=;:path=/;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=x;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=http://b/;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=*/;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=/ HTTP/1.1\r\nX: y;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=/a b;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=/a#b;:authority=a", 400 },
	{ ":method=GET;:scheme=https;:path=/;:authority=a\r\nx: y", 400 },
	{ ":method=GET;:scheme=https;:path=/;:authority=a b", 400 },

	/* fields */
	{ GET ";host=b", 400 },
	{ GET ";X=1", 400 },
	{ GET ";x-Y=1", 400 },
	{ GET ";=1", 400 },
	{ GET ";a b=1", 400 },
	{ GET ";a:b=1", 400 },
	{ GET ";x= 1", 400 },
	{ GET ";x=1 ", 400 },
	{ GET ";x=1\r\ny: 2", 400 },
	{ GET ";x=1\ny", 400 },
	{ GET ";connection=close", 400 },
	{ GET ";connection=keep-alive", 400 },
	{ GET ";keep-alive=1", 400 },
	{ GET ";proxy-connection=close", 400 },
	{ GET ";transfer-encoding=chunked", 400 },
	{ GET ";upgrade=h2c", 400 },
	{ GET ";te=gzip", 400 },
	{ GET ";te=trailers, gzip", 400 },
	{ GET ";te=", 400 },
};

static struct rs_http_h2_head list_of(const char *list, size_t max)
{
	struct rs_http_h2_head h = { .max_size = max };

	give(&h, list);
	return h;
}

static void lists_become_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(good); i++) {
		struct rs_http_h2_head h = list_of(good[i].list, 4096);

		at_row(i);
		assert_int_equal(h.status, 0);
		assert_int_equal(h.text.len, strlen(good[i].text));
		assert_memory_equal(rs_buf_data(&h.text), good[i].text, h.text.len);
		rs_http_h2_free(&h);
	}
	at_row(SIZE_MAX);
}

static void others_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(bad); i++) {
		struct rs_http_h2_head h = list_of(bad[i].list, 4096);

		at_row(i);
		assert_int_equal(h.status, bad[i].status);
		assert_non_null(h.why);
		rs_http_h2_free(&h);
	}
	at_row(SIZE_MAX);
}

static void a_value_with_nul_is_refused(void **state)
{
	struct rs_http_h2_head h = { .max_size = 4096 };

	(void)state;
	give(&h, GET);
	rs_http_h2_reset(&h);
	rs_http_h2_field(&h, RS_SLICE(":method"), RS_SLICE("GET"));
	rs_http_h2_field(&h, RS_SLICE(":scheme"), RS_SLICE("http"));
	rs_http_h2_field(&h, RS_SLICE(":path"), RS_SLICE("/a\0b"));
	rs_http_h2_end(&h);
	assert_int_equal(h.status, 400);
	rs_http_h2_free(&h);
}

/* The text is what rs_http_parse() takes, as that of HTTP/2 only. */
static void the_text_is_a_head(void **state)
{
	struct rs_http_h2_head h = list_of(GET ";x=1;cookie=a=b;cookie=c=d", 4096);
	struct rs_http_limits limits = { .head_max = 4096, .h2 = true };
	struct rs_http_head head;
	size_t scanned = 0;
	unsigned status = 0;
	const char *why = "";
	char other[] = "GET / HTTP/1.1\r\nhost: a\r\n\r\n", *text = h.text.p + h.text.off;

	(void)state;
	assert_int_equal(rs_http_parse(&head, text, h.text.len, &limits, &scanned, &status, &why), RS_OK);
	assert_int_equal(head.head_len, h.text.len);
	assert_int_equal(head.major, 2);
	assert_int_equal(head.nfields, 3);
	assert_true(rs_slice_eq(head.host, RS_SLICE("a")) && head.keepalive && !head.upgrade);
	limits.h2 = false;
	assert_int_equal(rs_http_parse(&head, text, h.text.len, &limits, &scanned, &status, &why), RS_ERR);
	assert_int_equal(status, 505);
	limits.h2 = true;
	scanned = 0;
	assert_int_equal(rs_http_parse(&head, other, sizeof other - 1, &limits, &scanned, &status, &why), RS_ERR);
	assert_int_equal(status, 505);
	rs_http_h2_free(&h);
}

static void sizes_are_bounded(void **state)
{
	struct rs_http_h2_head h = list_of(GET, 172); /* 4 fields: 128 + 23 of names + 10 of values + ... */
	size_t size = h.size;

	(void)state;
	rs_http_h2_free(&h);
	h = list_of(GET, size);
	assert_int_equal(h.status, 0);
	rs_http_h2_free(&h);
	h = list_of(GET, size - 1);
	assert_int_equal(h.status, 414);
	rs_http_h2_free(&h);
	h = list_of(GET ";x=1;yy=22", size + 34);
	assert_int_equal(h.status, 431);
	/* What comes behind is counted, and nothing of it is kept. */
	assert_int_equal(h.size, size + 34 + 36);
	size = h.text.len;
	for (int i = 0; i < 1000; i++)
		rs_http_h2_field(&h, RS_SLICE("x"), RS_SLICE("0123456789"));
	assert_int_equal(h.text.len, size);
	rs_http_h2_free(&h);
}

static void answers_lose_what_is_of_connections(void **state)
{
	struct rs_slice block = RS_SLICE("Content-Type: text/plain\r\nConnection: close\r\nX-A:\t b c \r\nKeep-Alive: 1\r\n"
					 "Empty:\r\nUpgrade: x\r\nTransfer-Encoding: y\r\nProxy-Connection: z\r\nset-cookie: a=b\r\n");
	static const char *const want[][2] = { { "Content-Type", "text/plain" }, { "X-A", "b c" }, { "Empty", "" }, { "set-cookie", "a=b" } };
	struct rs_http_field f;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(want); i++) {
		assert_true(rs_http_h2_next(&block, &f));
		assert_true(rs_slice_eq(f.name, rs_slice_str(want[i][0])));
		assert_true(rs_slice_eq(f.value, rs_slice_str(want[i][1])));
	}
	assert_false(rs_http_h2_next(&block, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_become_text),  cmocka_unit_test(others_are_refused),
		cmocka_unit_test(the_text_is_a_head), cmocka_unit_test(a_value_with_nul_is_refused),
		cmocka_unit_test(sizes_are_bounded),  cmocka_unit_test(answers_lose_what_is_of_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
