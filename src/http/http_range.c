/*
 * The Range field (RFC 9110 14): "bytes=" and one part. Runs in the reactor.
 */
#include "http/http.h"

enum rs_http_range_kind rs_http_range(struct rs_slice value, uint64_t size, uint64_t *at, uint64_t *n)
{
	static const struct rs_slice unit = RS_SLICE("bytes=");
	uint64_t first = 0, last = UINT64_MAX;
	struct rs_slice from, to;
	const char *dash;

	if (value.n < unit.n || !rs_slice_eqi(rs_slice(value.p, unit.n), unit))
		return RS_HTTP_RANGE_WHOLE;
	value = rs_slice(value.p + unit.n, value.n - unit.n);
	dash = memchr(value.p, '-', value.n);
	if (!dash)
		return RS_HTTP_RANGE_WHOLE;
	from = rs_slice(value.p, (size_t)(dash - value.p));
	to = rs_slice(dash + 1, value.n - from.n - 1);
	if ((from.n && !rs_parse_u64(from, INT64_MAX, &first)) || (to.n && !rs_parse_u64(to, INT64_MAX, &last)) ||
	    (from.n == 0 && to.n == 0) || (from.n && last < first))
		return RS_HTTP_RANGE_WHOLE;
	if (from.n == 0) {
		/* The last so many bytes. */
		if (last == 0)
			return RS_HTTP_RANGE_NEVER;
		first = last < size ? size - last : 0;
		last = UINT64_MAX;
	}
	if (first >= size)
		return RS_HTTP_RANGE_NEVER;
	*at = first;
	*n = (last < size ? last + 1 : size) - first;
	return RS_HTTP_RANGE_PART;
}
