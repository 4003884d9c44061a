/*
 * The Range field, row by row.
 */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	const char *value;
	uint64_t size;
	enum rs_http_range_kind kind;
	uint64_t at, n;
} rows[] = {
	{ "", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-0", 10, RS_HTTP_RANGE_PART, 0, 1 },
	{ "bytes=0-9", 10, RS_HTTP_RANGE_PART, 0, 10 },
	{ "BYTES=3-5", 10, RS_HTTP_RANGE_PART, 3, 3 },
	{ "bytes=3-", 10, RS_HTTP_RANGE_PART, 3, 7 },
	{ "bytes=9-", 10, RS_HTTP_RANGE_PART, 9, 1 },
	{ "bytes=3-99", 10, RS_HTTP_RANGE_PART, 3, 7 },
	{ "bytes=3-9223372036854775807", 10, RS_HTTP_RANGE_PART, 3, 7 },
	{ "bytes=-3", 10, RS_HTTP_RANGE_PART, 7, 3 },
	{ "bytes=-10", 10, RS_HTTP_RANGE_PART, 0, 10 },
	{ "bytes=-99", 10, RS_HTTP_RANGE_PART, 0, 10 },
	{ "bytes=10-", 10, RS_HTTP_RANGE_NEVER, 0, 0 },
	{ "bytes=10-12", 10, RS_HTTP_RANGE_NEVER, 0, 0 },
	{ "bytes=-0", 10, RS_HTTP_RANGE_NEVER, 0, 0 },
	{ "bytes=0-", 0, RS_HTTP_RANGE_NEVER, 0, 0 },
	{ "bytes=-5", 0, RS_HTTP_RANGE_NEVER, 0, 0 },
	{ "bytes=5-3", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=-", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=3", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=a-b", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=--3", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=, 3-5 ,", 10, RS_HTTP_RANGE_PART, 3, 3 },
	{ "bytes=0-1,a", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=20-,30-", 10, RS_HTTP_RANGE_NEVER, 0, 0 },
	{ "bytes=,", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-3,3-4", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-,-1", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=20-,4-4", 10, RS_HTTP_RANGE_PART, 4, 1 },
	/* RFC 9110 14.1.1: any number of digits is a position */
	{ "bytes=18446744073709551616-", 10, RS_HTTP_RANGE_NEVER, 0, 0 },
	{ "bytes=3-18446744073709551616", 10, RS_HTTP_RANGE_PART, 3, 7 },
	{ "bytes=-18446744073709551616", 10, RS_HTTP_RANGE_PART, 0, 10 },
	{ "bytes=3-18446744073709551616x", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "lines=0-1", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
};

static void test_ranges(void **state)
{
	struct rs_http_range out[RS_HTTP_RANGES_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		n = 77;
		if (rs_http_range(rs_slice_str(rows[i].value), rows[i].size, out, &n) != rows[i].kind)
			fail_msg("%s of %lu", rows[i].value, (unsigned long)rows[i].size);
		assert_int_equal(n, rows[i].kind == RS_HTTP_RANGE_PART ? 1 : 0);
		if (n && (out[0].at != rows[i].at || out[0].n != rows[i].n))
			fail_msg("%s of %lu: %lu bytes from %lu", rows[i].value, (unsigned long)rows[i].size,
				 (unsigned long)out[0].n, (unsigned long)out[0].at);
	}
}

static void test_several(void **state)
{
	struct rs_http_range out[RS_HTTP_RANGES_MAX];
	char most[200] = "bytes=", text[16];
	size_t n;

	(void)state;
	assert_int_equal(rs_http_range(RS_SLICE("bytes=5-5, 0-1,20-,-2"), 10, out, &n), RS_HTTP_RANGE_PART);
	assert_int_equal(n, 3);
	assert_true(out[0].at == 5 && out[0].n == 1 && out[1].at == 0 && out[1].n == 2 && out[2].at == 8 && out[2].n == 2);
	for (int i = 0; i < RS_HTTP_RANGES_MAX; i++) {
		snprintf(text, sizeof text, "%d-%d,", 2 * i, 2 * i);
		strcat(most, text);
	}
	assert_int_equal(rs_http_range(rs_slice_str(most), 1000, out, &n), RS_HTTP_RANGE_PART);
	assert_int_equal(n, RS_HTTP_RANGES_MAX);
	strcat(most, "99-99");
	assert_int_equal(rs_http_range(rs_slice_str(most), 1000, out, &n), RS_HTTP_RANGE_WHOLE);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ranges), cmocka_unit_test(test_several) };

	return cmocka_run_group_tests_name("http_range", tests, NULL, NULL);
}
