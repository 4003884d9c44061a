/*
 * A worker's look at its own memory: when it looks, and what it says how often. The process that is looked at is this one.
 */
#include "worker/manager.c"
#include "worker/memory.c"

#include "fake/fake_engine.c"
#include "fake/fake_server.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <cmocka.h>

#define HELD (64 << 20)

static struct rs_conf conf;
static struct rs_log said = { .level = RS_LOG_DEBUG, .role = "test" };
static struct rs_heritage h = { .conf = &conf, .log = &said };
static FILE *out;
static char *held;

static int up(void **state)
{
	(void)state;
	rs_conf_init(&conf);
	out = tmpfile();
	said.fd = fileno(out);
	h.routes = rs_routes_new();
	held = mmap(NULL, HELD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	process = (struct rs_process){ .h = &h, .log = &said };
	return 0;
}

static int down(void **state)
{
	(void)state;
	munmap(held, HELD);
	rs_routes_free(h.routes);
	fclose(out);
	rs_conf_fini(&conf);
	return 0;
}

/* How often the log has this. */
static unsigned times(const char *text)
{
	static char all[65536];
	unsigned n = 0;
	ssize_t len = pread(said.fd, all, sizeof all - 1, 0);

	all[len > 0 ? len : 0] = '\0';
	for (const char *p = all; (p = strstr(p, text)); p++)
		n++;
	return n;
}

static uint64_t own(void)
{
	uint64_t n;

	assert_true(rs_memory_own(0, &n));
	return n;
}

static void test_no_limit_no_look(void **state)
{
	(void)state;
	assert_true(rs_worker_memory_begin(&process));
	memset(held, 1, HELD);
	rs_worker_memory_look(&process, 1, true);
	assert_false(process.memory.enough);
	assert_int_equal(process.memory.looked_ms, 0);
}

static void test_above_the_soft_limit(void **state)
{
	(void)state;
	conf.memory_soft_limit = (int64_t)own() + HELD / 2;
	assert_true(rs_worker_memory_begin(&process));
	assert_int_equal(process.memory.limit, conf.memory_soft_limit);
	rs_worker_memory_look(&process, 1, false);
	assert_false(process.memory.enough);
	memset(held, 1, HELD);
	/* Not again at once, unless the language has grown or it is asked for. */
	process.memory.looked_ms = rs_now_ms();
	rs_worker_memory_look(&process, 2, false);
	assert_false(process.memory.enough);
	process.memory.used = process.memory.limit;
	process.memory.looked_ms -= LOOK_AGAIN_MS;
	rs_worker_memory_look(&process, 3, false);
	assert_true(process.memory.enough);
	assert_int_equal(times("replaced after 3 requests"), 1);
	rs_worker_memory_look(&process, 4, true);
	assert_int_equal(times("replaced after"), 1);
}

static void test_the_last_route_is_named(void **state)
{
	(void)state;
	conf.memory_soft_limit = (int64_t)own() + HELD / 2;
	assert_true(rs_worker_memory_begin(&process));
	rs_host_growth(rs_host_route(RS_SLICE("GET /a")), &(struct rs_growth){ .grown = 5, .between = -3, .used = 9, .peak = 7 });
	memset(held, 1, HELD);
	rs_worker_memory_look(&process, 77, true);
	assert_int_equal(times("replaced after 77 requests, the last one was GET /a"), 1);
}

static void test_a_limit_below_the_start_is_doubled_and_said_once(void **state)
{
	(void)state;
	conf.memory_soft_limit = 4096;
	for (int worker = 0; worker < 3; worker++)
		assert_true(rs_worker_memory_begin(&process));
	assert_true(process.memory.limit > own());
	assert_int_equal(times("before its first request"), 1);
	rs_worker_memory_look(&process, 1, true);
	assert_false(process.memory.enough);
}

static void test_workers_that_go_early_are_said_once(void **state)
{
	(void)state;
	conf.memory_soft_limit = (int64_t)own() + HELD / 2;
	for (unsigned worker = 0; worker < EARLY_WORKERS + 3; worker++) {
		assert_true(madvise(held, HELD, MADV_DONTNEED) == 0);
		assert_true(rs_worker_memory_begin(&process));
		memset(held, 1, HELD);
		assert_int_equal(times("is too low"), worker >= EARLY_WORKERS);
		rs_worker_memory_look(&process, EARLY_REQUESTS, true);
		assert_true(process.memory.enough);
	}
	assert_int_equal(times("is too low"), 1);
}

static void test_a_hard_limit_below_the_start(void **state)
{
	(void)state;
	conf.memory_hard_limit = 4096;
	assert_false(rs_worker_memory_begin(&process));
	conf.memory_hard_limit = INT64_MAX;
	assert_true(rs_worker_memory_begin(&process));
}

/* Growth is told apart: the first request of a route in this process, the others, what came between. */
static void test_growth(void **state)
{
	struct rs_route r;
	uint32_t row;

	(void)state;
	assert_true(rs_worker_memory_begin(&process));
	row = rs_host_route(RS_SLICE("GET /a"));
	for (int i = 0; i < 3; i++)
		rs_host_growth(row, &(struct rs_growth){ .grown = i ? 10 : 1000, .between = i ? -1 : 0, .used = 9, .peak = 7 });
	assert_true(rs_routes_get(h.routes, row, &r));
	assert_int_equal(r.requests, 3);
	assert_int_equal(r.first, 1000);
	assert_int_equal(r.grown, 20);
	assert_true(rs_routes_get(h.routes, RS_ROUTE_BETWEEN, &r));
	assert_int_equal(r.grown, -2);
	/* Without a table nothing is lost but that. */
	rs_routes_free(h.routes);
	h.routes = NULL;
	rs_host_growth(rs_host_route(RS_SLICE("GET /a")), &(struct rs_growth){ .used = 12 });
	assert_int_equal(process.memory.used, 12);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_limit_no_look),
		TEST(test_above_the_soft_limit),
		TEST(test_the_last_route_is_named),
		TEST(test_a_limit_below_the_start_is_doubled_and_said_once),
		TEST(test_workers_that_go_early_are_said_once),
		TEST(test_a_hard_limit_below_the_start),
		TEST(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
