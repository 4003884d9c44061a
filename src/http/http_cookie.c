/*
 * The Cookie field, pair by pair. Runs in PHP processes.
 */
#include "http/http.h"

bool rs_http_cookie_next(struct rs_slice *rest, struct rs_slice *name, struct rs_slice *value)
{
	while (rest->n) {
		struct rs_slice pair = rs_slice_trim(rs_slice_cut(rest, ';'));
		const char *eq = pair.n ? memchr(pair.p, '=', pair.n) : NULL;

		if (!eq || eq == pair.p)
			continue;
		*name = rs_slice_trim(rs_slice_cut(&pair, '='));
		*value = rs_slice_trim(pair);
		return true;
	}
	return false;
}
