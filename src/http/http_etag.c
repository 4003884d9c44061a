/*
 * Entity tags in If-Match, If-None-Match and If-Range (RFC 9110 8.8.3). Runs in the reactor.
 */
#include "http/http.h"

/*
 * Cuts the first entity tag, quotes and all, from a list. What is none (it has no quotes) is passed over: it equals nothing. false:
 * there is no more.
 */
static bool next_tag(struct rs_slice *list, struct rs_slice *tag, bool *weak)
{
	const char *p = list->p, *end = p + list->n, *quote;

	for (;;) {
		while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
			p++;
		*weak = end - p > 2 && p[0] == 'W' && p[1] == '/';
		if (*weak)
			p += 2;
		if (p == end)
			return false;
		if (*p == '"')
			break;
		while (p < end && *p != ',')
			p++;
	}
	quote = memchr(p + 1, '"', (size_t)(end - p - 1));
	if (!quote)
		return false;
	*tag = rs_slice(p, (size_t)(quote + 1 - p));
	*list = rs_slice(quote + 1, (size_t)(end - quote - 1));
	return true;
}

bool rs_http_etag_listed(struct rs_slice list, struct rs_slice etag, bool weakly)
{
	struct rs_slice tag;
	bool weak;

	if (rs_slice_eq(list, RS_SLICE("*")))
		return true;
	while (next_tag(&list, &tag, &weak))
		if ((weakly || !weak) && rs_slice_eq(tag, etag))
			return true;
	return false;
}
