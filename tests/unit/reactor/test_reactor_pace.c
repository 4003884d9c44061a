/*
 * When a client is too slow: the arithmetic of minimal rates.
 */
#include "reactor/reactor_pace.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1000000)

static const struct {
	int64_t rate, grace_ms;
	uint64_t bytes;
	int64_t past_ms; /* since the first byte was due */
	int64_t left_ms;
} rows[] = {
	{ 0, 0, 0, 100000, INT64_MAX },
	{ 500, 20000, 0, 0, 20000 },
	{ 500, 20000, 0, 19999, 1 },
	{ 500, 20000, 0, 30000, 1 },              /* late: at once */
	{ 500, 20000, 500, 20000, 1000 },         /* a second for each 500 bytes */
	{ 500, 20000, 10000, 20000, 20000 },
	{ 500, 0, 1, 0, 2 },
	{ 1, 0, 3, 1000, 2000 },
	{ 1000000000, 1000, 1, 0, 1000 },
	{ 1, 0, UINT64_MAX, 0, 86400000 },        /* a day is as good as for ever */
	{ 1000, 0, UINT64_MAX / 2, 0, 86400000 },
};

static void slow_is_slow(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		int64_t left = rs_pace_left(rows[i].rate, rows[i].grace_ms, rows[i].bytes, NOW - rows[i].past_ms, NOW);

		if (left != rows[i].left_ms)
			fail_msg("row %zu: %jd", i, (intmax_t)left);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(slow_is_slow) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
