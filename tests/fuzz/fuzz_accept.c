/*
 * Accept-Encoding: rs_http_accept_take(), rs_http_accept_best(). The first byte of the input says what the server can; fields are apart
 * by newlines, as they are in a head.
 */
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Is the name there at all, in whatever case? */
static bool mentions(struct rs_slice s, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n <= s.n; i++)
		if (rs_slice_eqi(rs_slice(s.p + i, n), rs_slice(name, n)))
			return true;
	return false;
}

static bool same(const struct rs_http_accept *a, const struct rs_http_accept *b)
{
	return memcmp(a->q, b->q, sizeof a->q) == 0 && a->others == b->others;
}

/* In parts, in the given way: a list is the same whether it comes in one field or in several. */
static void take_parts(struct rs_http_accept *a, struct rs_slice all, char separator)
{
	while (all.n) {
		const char *at = memchr(all.p, separator, all.n);
		size_t n = at ? (size_t)(at - all.p) : all.n;

		rs_http_accept_take(a, rs_slice(all.p, n));
		n += at != NULL;
		all = rs_slice(all.p + n, all.n - n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rs_http_accept whole, parts, twice;
	enum rs_http_coding best;
	struct rs_slice all;
	unsigned can;

	if (n == 0)
		return 0;
	all = rs_slice(data + 1, n - 1);
	can = data[0] & ((1u << RS_HTTP_CODINGS) - 1) & ~(1u << RS_HTTP_IDENTITY);
	rs_http_accept_init(&whole);
	rs_http_accept_init(&parts);
	take_parts(&whole, all, '\n');
	twice = whole;
	take_parts(&twice, all, '\n');
	RS_ASSERT(same(&whole, &twice));
	if (!memchr(data, '\n', n)) {
		take_parts(&parts, all, ',');
		RS_ASSERT(same(&whole, &parts));
	}
	for (unsigned i = 0; i < RS_HTTP_CODINGS; i++)
		RS_ASSERT(whole.q[i] <= 1000 || whole.q[i] == RS_HTTP_Q_UNSAID);
	best = rs_http_accept_best(&whole, can);
	if (best == RS_HTTP_IDENTITY)
		return 0;
	/* What was not asked for, or refused, is never taken. */
	RS_ASSERT(can & 1u << best);
	RS_ASSERT(mentions(all, rs_http_coding_name(best)) || mentions(all, "*"));
	RS_ASSERT(whole.q[best] != 0 && (whole.q[best] != RS_HTTP_Q_UNSAID || whole.others - 1u < 1000));
	return 0;
}
