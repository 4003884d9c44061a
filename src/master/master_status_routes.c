/*
 * Status: what requests leave behind in PHP's memory, by route. Those that leave most come first.
 */
#include "base/rs_memory.h"
#include "master/master_status.h"
#include "shm/routes.h"

#include <stdlib.h>

#define SHOWN 10
/* Below this a route is no news: a page of the allocator, a cache that has got an entry. */
#define SHOWN_FROM_BYTES 4096

static int more_first(const void *a, const void *b)
{
	const struct rs_route *x = a, *y = b;

	return x->grown == y->grown ? strcmp(x->name, y->name) : x->grown < y->grown ? 1 : -1;
}

/* Owner: the caller. NULL: there are none. */
static struct rs_route *all_routes(const struct rs_master *m, size_t *n)
{
	const struct rs_routes *r = m->current ? m->current->routes : NULL;
	struct rs_route *v = r ? calloc(RS_ROUTES_ROWS, sizeof *v) : NULL;

	*n = 0;
	for (uint32_t i = 0; v && i < RS_ROUTES_ROWS; i++)
		*n += rs_routes_get(r, i, &v[*n]);
	if (*n)
		qsort(v, *n, sizeof *v, more_first);
	return v;
}

static int64_t a_request(const struct rs_route *r)
{
	/* Of numbers that others write at this moment, or make up: INT64_MIN / -1 would be our end. */
	uint64_t n = r->requests > r->first_requests ? r->requests - r->first_requests : 0;

	return n && n <= INT64_MAX ? r->grown / (int64_t)n : 0;
}

bool rs_status_routes_json(const struct rs_master *m, struct rs_buf *out)
{
	bool ok = rs_buf_printf(out, "\"routes\":[");
	size_t n;
	struct rs_route *v = all_routes(m, &n);

	for (size_t i = 0; ok && i < n; i++)
		ok = rs_buf_printf(out, "%s{\"route\":", i ? "," : "") && rs_json_string(out, rs_slice_str(v[i].name)) &&
		     rs_buf_printf(out,
				   ",\"requests\":%llu,\"growth\":%lld,\"growth_per_request\":%lld,\"growth_max\":%lld,"
				   "\"first_requests\":%llu,\"growth_first\":%lld,\"peak\":%llu}",
				   (unsigned long long)v[i].requests, (long long)v[i].grown, (long long)a_request(&v[i]),
				   (long long)v[i].most, (unsigned long long)v[i].first_requests, (long long)v[i].first,
				   (unsigned long long)v[i].peak);
	free(v);
	return ok && rs_buf_printf(out, "]");
}

static bool text_route(const struct rs_route *r, struct rs_buf *out)
{
	char grown[RS_MEMORY_TEXT], one[RS_MEMORY_TEXT], most[RS_MEMORY_TEXT], peak[RS_MEMORY_TEXT];
	int64_t each = a_request(r);

	return rs_buf_printf(out, "%10llu  %10s  %10s  %10s  %10s  %s\n", (unsigned long long)r->requests,
			     rs_memory_text((uint64_t)r->grown, grown), rs_memory_text(each > 0 ? (uint64_t)each : 0, one),
			     rs_memory_text(r->most > 0 ? (uint64_t)r->most : 0, most), rs_memory_text(r->peak, peak), r->name);
}

bool rs_status_routes_text(const struct rs_master *m, struct rs_buf *out)
{
	size_t n;
	struct rs_route *v = all_routes(m, &n);
	bool ok = true;

	for (size_t i = 0; ok && i < n && i < SHOWN && v[i].grown >= SHOWN_FROM_BYTES; i++)
		ok = (i || rs_buf_printf(out, "\n%10s  %10s  %10s  %10s  %10s  %s\n", "requests", "growth", "a request", "most", "peak",
					 "route")) &&
		     text_route(&v[i], out);
	free(v);
	return ok;
}
