/*
 * Dates, against the C library's calendar and by example.
 */
#include "http/http_date.c"

#include "http/heads.h"

#include <time.h>

static void test_write(void **state)
{
	static const struct {
		int64_t at;
		const char *text;
	} rows[] = {
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ 951782399, "Mon, 28 Feb 2000 23:59:59 GMT" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ 1795253400, "Sat, 21 Nov 2026 09:30:00 GMT" },
		{ 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" },
		{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ 253402300800, "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ -1, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		rs_http_date(rows[i].at, out);
		assert_string_equal(out, rows[i].text);
	}
}

/* Every day for 800 years, and then in strides, as gmtime_r() has it, and back. */
static void test_calendar(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 2932897; day += day < 292194 ? 1 : 97) {
		time_t at = (time_t)(day * 86400 + day % 86400);
		char want[64], got[32], asctime_form[64];
		int64_t back;
		struct tm tm;

		gmtime_r(&at, &tm);
		assert_true(strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
		rs_http_date(at, got);
		assert_string_equal(got, want);
		assert_true(rs_http_date_parse(rs_slice_str(got), &back));
		assert_int_equal(back, at);
		assert_true(strftime(asctime_form, sizeof asctime_form, "%a %b %e %H:%M:%S %Y", &tm) > 0);
		assert_true(rs_http_date_parse(rs_slice_str(asctime_form), &back));
		assert_int_equal(back, at);
	}
}

static void test_read(void **state)
{
	static const struct {
		const char *text;
		int64_t at;
	} rows[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		{ "Sun Nov 16 08:49:37 1994", 784975777 },
		{ "Sun Nov 06 08:49:37 1994", 784111777 },
		{ "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Thursday, 01-Jan-70 00:00:00 GMT", 0 },
		{ "Tuesday, 31-Dec-69 00:00:00 GMT", 3155673600 },
		{ "Wednesday, 01-Jan-00 00:00:00 GMT", 946684800 },
		{ "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
		{ "Fri, 01 Jan 0000 00:00:00 GMT", -62167219200 },
		{ "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
		{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		int64_t at = 42;

		at_row(i);
		assert_true(rs_http_date_parse(rs_slice_str(rows[i].text), &at));
		assert_int_equal(at, rows[i].at);
	}
	at_row(SIZE_MAX);
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"", " ", "x", "0", "784111777", "Sun", "Sun,", "Sun, ", "Sun, 06 Nov 1994",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GM",
		"Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 gmt",
		"Sun, 06 Nov 1994 08:49:37 +0000", "sun, 06 Nov 1994 08:49:37 GMT",
		"Son, 06 Nov 1994 08:49:37 GMT", "Sun, 06 NOV 1994 08:49:37 GMT",
		"Sun, 06 Nof 1994 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 006 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 11994 08:49:37 GMT",
		"Sun, 06-Nov-1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 32 Dec 1994 08:49:37 GMT",
		"Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 29 Feb 2001 08:49:37 GMT",
		"Sun, 30 Feb 2000 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
		"Sun, -6 Nov 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 Nov 1994  08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT", "Sunday,06-Nov-94 08:49:37 GMT",
		"Sunday, 31-Feb-94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov   6 08:49:37 1994",
		"Sun Nov  6 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT", "Sun Nov  0 08:49:37 1994",
		"Sunday Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z", "Sun, 0x Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08-49-37 GMT",
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		int64_t at = 42;

		at_row(i);
		assert_false(rs_http_date_parse(rs_slice_str(rows[i]), &at));
		assert_int_equal(at, 42);
	}
	at_row(SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("http_date", tests, NULL, NULL);
}
