/*
 * The Range field (RFC 9110 14): "bytes=" and one part or several. Runs in the reactor.
 */
#include "http/http.h"

/* Digits that are too many for a number are the largest one. */
static bool position(struct rs_slice s, uint64_t *out)
{
	if (rs_parse_u64(s, INT64_MAX, out))
		return true;
	*out = INT64_MAX;
	while (s.n && s.p[0] >= '0' && s.p[0] <= '9')
		s = rs_slice(s.p + 1, s.n - 1);
	return s.n == 0;
}

/* One part: "3-5", "3-", "-5". */
static enum rs_http_range_kind one(struct rs_slice value, uint64_t size, struct rs_http_range *out)
{
	const char *dash = value.n ? memchr(value.p, '-', value.n) : NULL;
	uint64_t first = 0, last = UINT64_MAX;
	struct rs_slice from, to;

	if (!dash)
		return RS_HTTP_RANGE_WHOLE;
	from = rs_slice(value.p, (size_t)(dash - value.p));
	to = rs_slice(dash + 1, value.n - from.n - 1);
	if ((from.n && !position(from, &first)) || (to.n && !position(to, &last)) ||
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
	*out = (struct rs_http_range){ first, (last < size ? last + 1 : size) - first };
	return RS_HTTP_RANGE_PART;
}

/* Parts that overlap have no use but to make an answer longer than the file. */
static bool overlaps(const struct rs_http_range *parts, size_t n, const struct rs_http_range *p)
{
	for (size_t i = 0; i < n; i++)
		if (p->at < parts[i].at + parts[i].n && parts[i].at < p->at + p->n)
			return true;
	return false;
}

enum rs_http_range_kind rs_http_range(struct rs_slice value, uint64_t size, struct rs_http_range out[RS_HTTP_RANGES_MAX], size_t *n)
{
	static const struct rs_slice unit = RS_SLICE("bytes=");
	size_t found = 0, asked = 0;

	*n = 0;
	if (value.n < unit.n || !rs_slice_eqi(rs_slice(value.p, unit.n), unit))
		return RS_HTTP_RANGE_WHOLE;
	value = rs_slice(value.p + unit.n, value.n - unit.n);
	while (value.n) {
		const char *comma = memchr(value.p, ',', value.n);
		size_t len = comma ? (size_t)(comma - value.p) : value.n;
		struct rs_slice part = rs_slice_trim(rs_slice(value.p, len));
		struct rs_http_range r;

		len += comma != NULL;
		value = rs_slice(value.p + len, value.n - len);
		if (part.n == 0)
			continue;
		if (++asked > RS_HTTP_RANGES_MAX)
			return RS_HTTP_RANGE_WHOLE;
		switch (one(part, size, &r)) {
		case RS_HTTP_RANGE_WHOLE:
			return RS_HTTP_RANGE_WHOLE;
		case RS_HTTP_RANGE_NEVER:
			break;
		case RS_HTTP_RANGE_PART:
			if (overlaps(out, found, &r))
				return RS_HTTP_RANGE_WHOLE;
			out[found++] = r;
			break;
		}
	}
	if (found == 0)
		return asked ? RS_HTTP_RANGE_NEVER : RS_HTTP_RANGE_WHOLE;
	*n = found;
	return RS_HTTP_RANGE_PART;
}
