/*
 * Rates as nginx writes them: 100r/s, 30r/m. Pure.
 */
#include "conf/conf_private.h"

#define RATE_MAX 1000000

bool rs_conf_rate(const char *text, int64_t *milli)
{
	static const struct {
		const char *unit;
		unsigned seconds;
	} units[] = { { "r/s", 1 }, { "r/m", 60 } };
	const size_t n = strlen(text);
	uint64_t v;

	for (size_t i = 0; i < RS_COUNTOF(units); i++) {
		const size_t u = strlen(units[i].unit);
		if (n <= u || strcmp(text + n - u, units[i].unit) != 0)
			continue;
		*milli = 0;
		if (rs_parse_u64(rs_slice(text, n - u), RATE_MAX, &v))
			*milli = (int64_t)(v * 1000 / units[i].seconds);
		return *milli > 0;
	}
	return false;
}

bool rs_conf_rate_valid(const char *text)
{
	int64_t milli;

	return !*text || rs_conf_rate(text, &milli);
}
