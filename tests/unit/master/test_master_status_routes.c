/*
 * The list of routes in `status`: the numbers are workers' own, and the reader is the master, which may be root.
 */
#include "master/master_status_routes.c"
#include "shm/routes.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_growth(void **state)
{
	struct rs_gen g = { .routes = rs_routes_new() };
	struct rs_master m = { .current = &g };
	struct rs_buf out = { 0 };

	(void)state;
	uint32_t row = rs_routes_find(g.routes, RS_SLICE("GET /a"));

	rs_routes_add(g.routes, row, 90000, 7, true);
	rs_routes_add(g.routes, row, 5000, 7, false);
	rs_routes_add(g.routes, row, 7000, 7, false);
	assert_true(rs_status_routes_json(&m, &out));
	assert_true(rs_buf_put(&out, "", 1));
	assert_non_null(strstr(rs_buf_data(&out), "\"growth\":12000,\"growth_per_request\":6000,"));
	rs_buf_free(&out);
	rs_routes_free(g.routes);
}

/* All that can be written there, in any pair. */
static void test_numbers_of_a_liar(void **state)
{
	static const uint64_t extremes[] = { 0, 1, 2, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX };
	struct rs_gen g = { .routes = rs_routes_new() };
	struct rs_master m = { .current = &g };
	struct row *row = &g.routes->row[rs_routes_find(g.routes, RS_SLICE("GET /a"))];
	struct rs_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(extremes) * RS_COUNTOF(extremes) * RS_COUNTOF(extremes); i++) {
		row->requests = extremes[i % RS_COUNTOF(extremes)];
		row->first_requests = extremes[i / RS_COUNTOF(extremes) % RS_COUNTOF(extremes)];
		row->grown = row->most = row->first = (int64_t)extremes[i / RS_COUNTOF(extremes) / RS_COUNTOF(extremes)];
		row->peak = (uint64_t)row->grown;
		assert_true(rs_status_routes_json(&m, &out) && rs_status_routes_text(&m, &out));
		rs_buf_reset(&out, 4096);
	}
	rs_buf_free(&out);
	rs_routes_free(g.routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_numbers_of_a_liar),
	};

	return cmocka_run_group_tests_name("status routes", tests, NULL, NULL);
}
