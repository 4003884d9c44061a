/*
 * The parts of requests that applications give: what passes, and that nothing passes that could end a line.
 */
#include "http/http_ask.c"

#include "http/heads.h"

static void test_methods(void **state)
{
	(void)state;
	assert_true(rs_http_ask_method_ok(RS_SLICE("GET")));
	assert_true(rs_http_ask_method_ok(RS_SLICE("M-SEARCH")));
	assert_false(rs_http_ask_method_ok(RS_SLICE("")));
	assert_false(rs_http_ask_method_ok(RS_SLICE("CONNECT")));
	assert_false(rs_http_ask_method_ok(RS_SLICE("GET /")));
	assert_false(rs_http_ask_method_ok(RS_SLICE("GET\r\n")));
	assert_false(rs_http_ask_method_ok(RS_SLICE("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
	assert_true(rs_http_ask_idempotent(RS_SLICE("PUT")));
	assert_false(rs_http_ask_idempotent(RS_SLICE("POST")));
	assert_false(rs_http_ask_idempotent(RS_SLICE("PATCH")));
}

static void test_targets(void **state)
{
	static const struct rs_slice good[] = {
		RS_SLICE("/"), RS_SLICE("/a?b=c&d"), RS_SLICE("*"), RS_SLICE("http://x/y"), RS_SLICE("HTTPS://x"), RS_SLICE("/\xc3\xa4"),
	};
	static const struct rs_slice bad[] = {
		RS_SLICE(""), RS_SLICE("a"), RS_SLICE("?a"), RS_SLICE("ftp://x/"), RS_SLICE("http://"), RS_SLICE("/a b"), RS_SLICE("/#a"),
		RS_SLICE("/\r\nX: y"), RS_SLICE("/\n"), RS_SLICE("/\r"), RS_SLICE("/\0"), RS_SLICE("/\t"), RS_SLICE("/\x7f"), RS_SLICE("**"),
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(good); i++)
		assert_null(rs_http_ask_target_wrong(good[i]));
	for (size_t i = 0; i < RS_COUNTOF(bad); i++)
		assert_non_null(rs_http_ask_target_wrong(bad[i]));
}

static void test_fields(void **state)
{
	(void)state;
	assert_true(rs_http_ask_name_ok(RS_SLICE("X-a_b")));
	assert_false(rs_http_ask_name_ok(RS_SLICE("")));
	assert_false(rs_http_ask_name_ok(RS_SLICE("X:")));
	assert_false(rs_http_ask_name_ok(RS_SLICE("X ")));
	assert_true(rs_http_ask_value_ok(RS_SLICE("")));
	assert_true(rs_http_ask_value_ok(RS_SLICE("a\tb \xff")));
	/* Every byte there is, at every place of the eight that are looked at together. */
	for (unsigned at = 0; at < 12; at++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			char text[] = "abcdefghijkl";

			text[at] = (char)byte;
			assert_int_equal(rs_http_ask_value_ok(rs_slice(text, 12)), byte == '\t' || (byte >= 0x20 && byte != 0x7f));
		}
	}
}

static void test_hosts(void **state)
{
	(void)state;
	assert_true(rs_http_ask_host_ok(RS_SLICE("a-b.example")));
	assert_true(rs_http_ask_host_ok(RS_SLICE("10.0.0.1")));
	assert_true(rs_http_ask_host_ok(RS_SLICE("::1")));
	assert_false(rs_http_ask_host_ok(RS_SLICE("")));
	assert_false(rs_http_ask_host_ok(RS_SLICE("a:80")));
	assert_false(rs_http_ask_host_ok(RS_SLICE("a/b")));
	assert_false(rs_http_ask_host_ok(RS_SLICE("a b")));
	assert_false(rs_http_ask_host_ok(RS_SLICE("a\r\n")));
	assert_false(rs_http_ask_host_ok(RS_SLICE("a\0b")));
	assert_false(rs_http_ask_host_ok(RS_SLICE("user@a")));
}

static void test_base64(void **state)
{
	/* RFC 4648 10 */
	static const char *const vectors[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "//79" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(vectors); i++) {
		struct rs_buf b = { 0 };

		assert_true(rs_http_ask_base64(&b, rs_slice_str(vectors[i][0])));
		assert_int_equal(b.len, strlen(vectors[i][1]));
		assert_memory_equal(rs_buf_data(&b), vectors[i][1], b.len);
		rs_buf_free(&b);
	}
}

static void test_texts(void **state)
{
	struct rs_buf b = { 0 };

	(void)state;
	assert_true(rs_http_ask_basic(&b, "Authorization", RS_SLICE("Aladdin"), RS_SLICE("open sesame")));
	assert_true(rs_slice_eq(rs_buf_slice(&b), RS_SLICE("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n")));
	rs_buf_reset(&b, 0);
	assert_true(rs_http_ask_authority(&b, RS_SLICE("x"), 80, false) && rs_buf_put(&b, " ", 1));
	assert_true(rs_http_ask_authority(&b, RS_SLICE("x"), 80, true) && rs_buf_put(&b, " ", 1));
	assert_true(rs_http_ask_authority(&b, RS_SLICE("::1"), 443, true) && rs_buf_put(&b, " ", 1));
	assert_true(rs_http_ask_authority(&b, RS_SLICE("::1"), 8080, false));
	assert_true(rs_slice_eq(rs_buf_slice(&b), RS_SLICE("x x:80 [::1] [::1]:8080")));
	rs_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods), cmocka_unit_test(test_targets), cmocka_unit_test(test_fields), cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
