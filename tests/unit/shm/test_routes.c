/*
 * The table of routes: names, numbers from many processes, what hostile names become.
 */
#include "shm/routes.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static void named(const char *method, const char *path, bool plain, const char *want)
{
	char out[RS_ROUTE_NAME];
	size_t n = rs_route_name(out, rs_slice_str(method), rs_slice_str(path), plain);

	assert_string_equal(out, want);
	assert_int_equal(n, strlen(want));
}

static void test_names(void **state)
{
	(void)state;
	named("GET", "users/{id}", false, "GET /users/{id}");
	named("GET", "/", false, "GET /");
	named("GET", "", true, "GET /");
	named("POST", "/a b\n\x1b[31m\xc3\xa9", false, "POST /a%20b%0A%1B[31m%C3%A9");
	named("GET", "(none)", false, "GET (none)");
	named("A-METHOD-OF-AN-ATTACKER", "/", false, "? /");
	named("GET", "/users/123/posts/4", true, "GET /users/{n}/posts/{n}");
	named("GET", "/users/123/", true, "GET /users/{n}/");
	named("GET", "//7", true, "GET //{n}");
	named("GET", "/o/2f1d7c86-0f0e-4b0e-9a54-0d0f3c6f1a11/x", true, "GET /o/{id}/x");
	named("GET", "/v2/deadbeefdeadbeef/abcdef", true, "GET /v2/deadbeefdeadbeef/abcdef");
}

static void test_long_names_are_cut(void **state)
{
	char path[1000], out[RS_ROUTE_NAME];

	(void)state;
	for (int fill = 0; fill < 2; fill++) {
		memset(path, fill ? '\xff' : 'x', sizeof path);
		for (int plain = 0; plain < 2; plain++) {
			assert_int_equal(rs_route_name(out, RS_SLICE("GET"), rs_slice(path, sizeof path), plain), RS_ROUTE_NAME - 1);
			assert_int_equal(out[RS_ROUTE_NAME - 1], 0);
		}
	}
}

static struct rs_route get(const struct rs_routes *r, uint32_t i)
{
	struct rs_route route;

	assert_true(rs_routes_get(r, i, &route));
	return route;
}

static void test_numbers(void **state)
{
	struct rs_routes *r = rs_routes_new();
	uint32_t a = rs_routes_find(r, RS_SLICE("GET /a")), b = rs_routes_find(r, RS_SLICE("GET /ab"));
	struct rs_route route;

	(void)state;
	assert_int_not_equal(a, b);
	assert_int_equal(rs_routes_find(r, RS_SLICE("GET /a")), a);
	assert_false(rs_routes_get(r, a, &route)); /* nobody has used it */
	assert_false(rs_routes_get(r, RS_ROUTES_ROWS, &route));
	rs_routes_add(r, a, 5000, 100, true);
	rs_routes_add(r, a, 70, 300, false);
	rs_routes_add(r, a, -20, 200, false);
	route = get(r, a);
	assert_string_equal(route.name, "GET /a");
	assert_int_equal(route.requests, 3);
	assert_int_equal(route.first_requests, 1);
	assert_int_equal(route.first, 5000);
	assert_int_equal(route.grown, 50);
	assert_int_equal(route.most, 70);
	assert_int_equal(route.peak, 300);
	rs_routes_add(r, RS_ROUTE_BETWEEN, -7, 0, false);
	assert_int_equal(get(r, RS_ROUTE_BETWEEN).grown, -7);
	assert_string_equal(get(r, RS_ROUTE_BETWEEN).name, "(between requests)");
	rs_routes_free(r);
}

static void test_it_is_bounded(void **state)
{
	struct rs_routes *r = rs_routes_new();
	char name[32];
	uint32_t row;

	(void)state;
	for (unsigned i = 0; i < 3 * RS_ROUTES_MAX; i++) {
		rs_fmt(name, sizeof name, "GET /%u", i);
		row = rs_routes_find(r, rs_slice_str(name));
		assert_true(i < RS_ROUTES_MAX ? row < RS_ROUTES_MAX : row == RS_ROUTE_OTHER);
		rs_routes_add(r, row, 1, 1, false);
	}
	assert_int_equal(get(r, RS_ROUTE_OTHER).requests, 2 * RS_ROUTES_MAX);
	assert_true(rs_routes_find(r, RS_SLICE("GET /17")) < RS_ROUTES_MAX);
	rs_routes_free(r);
}

/* All names at the same time: each gets one row, and no request is lost. */
static void test_many_writers(void **state)
{
	enum { WRITERS = 4, NAMES = 100, ROUNDS = 200 };
	struct rs_routes *r = rs_routes_new();
	struct rs_route route;
	unsigned rows = 0;
	char name[32];
	int status;

	(void)state;
	for (int w = 0; w < WRITERS; w++) {
		if (fork())
			continue;
		for (int i = 0; i < NAMES * ROUNDS; i++) {
			rs_fmt(name, sizeof name, "GET /%d", i % NAMES);
			rs_routes_add(r, rs_routes_find(r, rs_slice_str(name)), 3, 1, false);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	for (uint32_t i = 0; i < RS_ROUTES_ROWS; i++) {
		if (!rs_routes_get(r, i, &route))
			continue;
		rows++;
		assert_int_equal(route.requests, WRITERS * ROUNDS);
		assert_int_equal(route.grown, 3 * WRITERS * ROUNDS);
	}
	assert_int_equal(rows, NAMES);
	rs_routes_free(r);
}

/* One died while it wrote a name: nobody waits for it for ever, and its row is not shown. */
static void test_a_dead_writer(void **state)
{
	struct rs_routes *r = rs_routes_new();
	struct rs_route route;
	uint32_t row;

	(void)state;
	row = rs_routes_find(r, RS_SLICE("GET /a"));
	rs_routes_add(r, row, 1, 1, false);
	r->key[row] = BEING_NAMED;
	assert_int_not_equal(rs_routes_find(r, RS_SLICE("GET /a")), row);
	assert_false(rs_routes_get(r, row, &route));
	rs_routes_free(r);
}

/* A worker may write what it likes there. */
static void test_the_reader_believes_nothing(void **state)
{
	struct rs_routes *r = rs_routes_new();
	uint32_t row = rs_routes_find(r, RS_SLICE("GET /a"));
	struct rs_route route;

	(void)state;
	rs_routes_add(r, row, 1, 1, false);
	memset(r->row[row].name, '\x1b', RS_ROUTE_NAME);
	route = get(r, row);
	assert_int_equal(strlen(route.name), RS_ROUTE_NAME - 1);
	assert_int_equal(strspn(route.name, "?"), RS_ROUTE_NAME - 1);
	rs_routes_free(r);
}

static void test_notes(void **state)
{
	struct rs_routes *r = rs_routes_new();

	(void)state;
	assert_int_equal(rs_routes_note(r, RS_NOTE_TOO_LOW), 0);
	assert_int_equal(rs_routes_note(r, RS_NOTE_TOO_LOW), 1);
	assert_int_equal(rs_routes_note(r, RS_NOTE_TOO_OFTEN), 0);
	rs_routes_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),      cmocka_unit_test(test_long_names_are_cut), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_it_is_bounded), cmocka_unit_test(test_many_writers),    cmocka_unit_test(test_a_dead_writer),
		cmocka_unit_test(test_the_reader_believes_nothing), cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
