/*
 * Lists of entity tags, and the weights of codings, row by row.
 */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_tags(void **state)
{
	static const struct {
		const char *list;
		bool strong, weak; /* is "a,b" in it, compared so? */
	} rows[] = {
		{ "\"a,b\"", true, true },
		{ "W/\"a,b\"", false, true },
		{ "*", true, true },
		{ " \"x\" ,\"a,b\"", true, true },
		{ "\"x\",,W/\"y\", W/\"a,b\"", false, true },
		{ "W/\"a,b\", \"a,b\"", true, true },
		{ "\"x\"\"a,b\"", true, true },
		{ "", false, false },
		{ "\"\"", false, false },
		{ "a,b", false, false },
		{ "a, b, \"a,b\"", true, true },
		{ "\"a,b", false, false },
		{ "\"x\", *", false, false },
		{ "**", false, false },
		{ "\"a,b \"", false, false },
		{ "\"A,B\"", false, false },
		{ "w/\"a,b\"", false, false },
		{ "W/", false, false },
		{ "W", false, false },
		{ "\"", false, false },
		{ "\"x\", \"", false, false },
		{ ",, ,\t,", false, false },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_slice list = rs_slice_str(rows[i].list);

		if (rs_http_etag_listed(list, RS_SLICE("\"a,b\""), false) != rows[i].strong ||
		    rs_http_etag_listed(list, RS_SLICE("\"a,b\""), true) != rows[i].weak)
			fail_msg("%s", rows[i].list);
	}
}

static void test_codings(void **state)
{
	static const struct {
		const char *value, *coding;
		int weight;
	} rows[] = {
		{ "gzip", "gzip", 1000 },
		{ "gzip, deflate, br", "br", 1000 },
		{ "GZIP", "gzip", 1000 },
		{ "x-gzip", "gzip", 1000 },
		{ "gzip;q=0.5", "gzip", 500 },
		{ "gzip ; q=0.001 , br;q=1.000", "gzip", 1 },
		{ "gzip ;\tq=0.001 , br;Q=1.000", "br", 1000 },
		{ "gzip;q=0", "gzip", 0 },
		{ "gzip;q=0.000", "gzip", 0 },
		{ "gzip;level=9;q=0.25", "gzip", 250 },
		{ "*", "gzip", 1000 },
		{ "*;q=0.1, gzip;q=0.2", "gzip", 200 },
		{ "gzip;q=0, *", "gzip", 0 },
		{ "br, *;q=0", "gzip", 0 },
		{ "br, *;q=0", "identity", 0 },
		{ "identity;q=0.5", "identity", 500 },
		{ "", "gzip", -1 },
		{ " , ,", "gzip", -1 },
		{ "br", "gzip", -1 },
		{ "gzipx", "gzip", -1 },
		{ "deflate;q=1", "gzip", -1 },
		/* Weights that are none: the client may have meant no. */
		{ "gzip;q=", "gzip", 0 },
		{ "gzip;q=2", "gzip", 0 },
		{ "gzip;q=1.001", "gzip", 0 },
		{ "gzip;q=0.1234", "gzip", 0 },
		{ "gzip;q=-1", "gzip", 0 },
		{ "gzip;q=.5", "gzip", 0 },
		{ "gzip;q=0,5", "gzip", 0 },
		{ "gzip;q=0.x", "gzip", 0 },
		{ "gzip;q=\"1\"", "gzip", 0 },
		{ "gzip;q=1.", "gzip", 1000 },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		int weight = rs_http_accept_coding(rs_slice_str(rows[i].value), rs_slice_str(rows[i].coding));

		if (weight != rows[i].weight)
			fail_msg("%s of %s: %d", rows[i].coding, rows[i].value, weight);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_codings),
	};

	return cmocka_run_group_tests_name("http_etag", tests, NULL, NULL);
}
