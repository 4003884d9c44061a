/*
 * The Cookie field, pair by pair. Runs in PHP processes.
 */
#include "http/http.h"

static struct rs_slice trim(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return rs_slice(p, (size_t)(end - p));
}

bool rs_http_cookie_next(struct rs_slice *rest, struct rs_slice *name, struct rs_slice *value)
{
	while (rest->n) {
		const char *p = rest->p, *end = p + rest->n, *semicolon = memchr(p, ';', rest->n);
		const char *stop = semicolon ? semicolon : end, *next = semicolon ? semicolon + 1 : end;
		struct rs_slice pair = trim(p, stop);
		const char *eq = pair.n ? memchr(pair.p, '=', pair.n) : NULL;

		*rest = rs_slice(next, (size_t)(end - next));
		if (!eq || eq == pair.p)
			continue;
		*name = trim(pair.p, eq);
		*value = trim(eq + 1, pair.p + pair.n);
		return true;
	}
	return false;
}
