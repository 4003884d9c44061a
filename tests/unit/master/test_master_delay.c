/* How long successors wait: what was ready is not counted with what was not, in whatever order their words come. */
#include "master/master_delay.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>

#include <cmocka.h>

struct fixture {
	struct event_base *base;
	struct rs_master m;
	struct rs_gen g;
	struct rs_slot s;
};

static void nothing(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (!f)
		return -1;
	f->base = event_base_new();
	f->g.m = &f->m;
	f->s = (struct rs_slot){ .gen = &f->g, .role = RS_ROLE_WORKER, .respawn = event_new(f->base, -1, 0, nothing, NULL) };
	*state = f;
	return f->base && f->s.respawn ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	event_free(f->s.respawn);
	event_base_free(f->base);
	free(f);
	return 0;
}

static int64_t died(struct fixture *f, pid_t pid, bool ready)
{
	const struct rs_wproc w = { .gen = &f->g, .role = RS_ROLE_WORKER, .ready = ready, .pid = pid };

	return rs_mworker_delay(&f->s, &w, false, 1);
}

/* Milliseconds left until the successor comes; -1: it is not waited for. */
static long left_ms(struct fixture *f)
{
	struct timeval at, now;

	if (!event_pending(f->s.respawn, EV_TIMEOUT, &at))
		return -1;
	gettimeofday(&now, NULL);
	return (at.tv_sec - now.tv_sec) * 1000 + (at.tv_usec - now.tv_usec) / 1000;
}

static void crashes_are_not_failures_to_start(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(died(f, 10 + i, true), 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(died(f, 20 + i, true), 100);
	assert_int_equal(died(f, 100, false), 100);
	assert_int_equal(died(f, 101, false), 200);
	assert_int_equal(died(f, 102, false), 400);
	assert_int_equal(died(f, 103, true), 100);
}

static void orderly_end_clears_the_crashes(void **state)
{
	struct fixture *f = *state;
	const struct rs_wproc w = { .gen = &f->g, .role = RS_ROLE_WORKER, .ready = true, .pid = 9 };

	for (int i = 0; i < 10; i++)
		(void)died(f, 10 + i, true);
	assert_int_equal(rs_mworker_delay(&f->s, &w, true, 1), 0);
	assert_int_equal(died(f, 30, true), 0);
	for (int i = 0; i < 10; i++)
		(void)died(f, 10 + i, true);
	assert_int_equal(rs_mworker_delay(&f->s, &w, false, LIVED_WELL_MS), 0);
	assert_int_equal(died(f, 30, true), 0);
}

static void readiness_that_comes_late_is_believed(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 7; i++)
		rs_master_after_ms(f->s.respawn, died(f, 10 + i, false));
	assert_true(left_ms(f) > 1000);
	assert_int_equal(f->s.unready_pid, 16);
	rs_mworker_late_ready(&f->s);
	assert_in_range(left_ms(f) + 1000, 0, 1001);
	assert_int_equal(f->s.unready_pid, 0);
	assert_int_equal(died(f, 30, false), 100);
	event_del(f->s.respawn);
	rs_mworker_late_ready(&f->s);
	assert_int_equal(left_ms(f), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(crashes_are_not_failures_to_start, setup, teardown),
		cmocka_unit_test_setup_teardown(orderly_end_clears_the_crashes, setup, teardown),
		cmocka_unit_test_setup_teardown(readiness_that_comes_late_is_believed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
