/*
 * Rates of requests.
 */
#include "conf/conf_rate.c"

#include "conf_fixture.h"

static const struct {
	const char *text;
	int64_t milli; /* 0: not a rate */
} rates[] = {
	{ "1r/s", 1000 },    { "100r/s", 100000 }, { "30r/m", 500 }, { "1r/m", 16 },  { "1000000r/s", 1000000000 },
	{ "1000001r/s", 0 }, { "0r/s", 0 },        { "", 0 },        { "r/s", 0 },    { "10", 0 },
	{ "10r", 0 },        { "10r/h", 0 },       { "-1r/s", 0 },   { "+1r/s", 0 },  { " 1r/s", 0 },
	{ "1 r/s", 0 },      { "1.5r/s", 0 },      { "1r/sx", 0 },   { "1R/S", 0 },   { "99999999999999999999r/s", 0 },
};

static void rates_are_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rates); i++) {
		int64_t milli = 0;
		bool ok = rs_conf_rate(rates[i].text, &milli);

		if (ok != (rates[i].milli != 0) || milli != rates[i].milli)
			fail_msg("%s: %d, %jd", rates[i].text, ok, (intmax_t)milli);
		assert_true(rs_conf_rate_valid(rates[i].text) == (ok || !*rates[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rates_are_what_they_say) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
