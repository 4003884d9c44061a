/*
 * The purse: what empties it and what fills it.
 */
#include "h2/h2_calm.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static unsigned how_many(struct rs_h2_calm *c, enum rs_h2_trouble what)
{
	unsigned n = 0;

	while (n < 100000 && rs_h2_calm_spend(c, what))
		n++;
	return n;
}

static void everything_has_a_price(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RS_H2_TROUBLES; i++) {
		struct rs_h2_calm c = { 0 };

		assert_int_equal(how_many(&c, (enum rs_h2_trouble)i), PURSE / costs[i]);
	}
}

static void time_puts_back(void **state)
{
	struct rs_h2_calm c = { 0 };

	(void)state;
	rs_h2_calm_time(&c, 5000);
	assert_int_equal(how_many(&c, RS_H2_PRIORITY), PURSE);
	rs_h2_calm_time(&c, 5009);
	assert_false(rs_h2_calm_spend(&c, RS_H2_PRIORITY));
	/* In small steps as in one. */
	for (int64_t t = 5010; t <= 6000; t += 3)
		rs_h2_calm_time(&c, t);
	rs_h2_calm_time(&c, 6000);
	assert_int_equal(how_many(&c, RS_H2_PRIORITY), PER_SECOND - 2);
	rs_h2_calm_time(&c, 1000000);
	assert_int_equal(how_many(&c, RS_H2_PRIORITY), PURSE);
	/* A clock that went back takes nothing. */
	rs_h2_calm_time(&c, 900000);
	assert_false(rs_h2_calm_spend(&c, RS_H2_PRIORITY));
}

static void work_puts_back(void **state)
{
	struct rs_h2_calm c = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		assert_true(rs_h2_calm_spend(&c, RS_H2_RESET));
		rs_h2_calm_served(&c);
	}
	for (int i = 0; i < 100000; i++) {
		assert_true(rs_h2_calm_spend(&c, RS_H2_WINDOW_UPDATE));
		rs_h2_calm_moved(&c, 200);
		rs_h2_calm_moved(&c, 56);
	}
	assert_int_equal(c.spent, 0);
	rs_h2_calm_moved(&c, SIZE_MAX);
	assert_true(c.bytes < BYTES_PER_COIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_has_a_price),
		cmocka_unit_test(time_puts_back),
		cmocka_unit_test(work_puts_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
