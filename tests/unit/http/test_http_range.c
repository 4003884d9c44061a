/*
 * The Range field, row by row.
 */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>

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
	{ "bytes=0-1,3-4", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "bytes=18446744073709551616-", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
	{ "lines=0-1", 10, RS_HTTP_RANGE_WHOLE, 0, 0 },
};

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		uint64_t at = 77, n = 88;

		if (rs_http_range(rs_slice_str(rows[i].value), rows[i].size, &at, &n) != rows[i].kind)
			fail_msg("%s of %lu", rows[i].value, (unsigned long)rows[i].size);
		if (rows[i].kind != RS_HTTP_RANGE_PART) {
			assert_true(at == 77 && n == 88);
			continue;
		}
		if (at != rows[i].at || n != rows[i].n)
			fail_msg("%s of %lu: %lu bytes from %lu", rows[i].value, (unsigned long)rows[i].size,
				 (unsigned long)n, (unsigned long)at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ranges) };

	return cmocka_run_group_tests_name("http_range", tests, NULL, NULL);
}
