/*
 * The Accept-Encoding field (RFC 9110 12.5.3): how much a client wants a coding. Runs in the reactor (files), and in PHP processes.
 */
#include "http/http.h"

#include "http/http_chars.h"

/* "0.5" in thousandths; what is no weight (RFC 9110 12.4.2) counts as 0: nobody gets what he perhaps refused. */
static unsigned weight_of(struct rs_slice q)
{
	unsigned weight, digit = 100;

	if (q.n == 0 || q.n > 5 || (q.p[0] != '0' && q.p[0] != '1') || (q.n > 1 && q.p[1] != '.'))
		return 0;
	weight = q.p[0] == '1' ? 1000 : 0;
	for (size_t i = 2; i < q.n; i++, digit /= 10) {
		if (!(rs_http_class(q.p[i]) & RS_CH_DIGIT))
			return 0;
		weight += (unsigned)(q.p[i] - '0') * digit;
	}
	return weight <= 1000 ? weight : 0;
}

static unsigned parameters(struct rs_slice rest)
{
	while (rest.n) {
		struct rs_slice p = rs_slice_trim(rs_slice_cut(&rest, ';'));

		if (p.n >= 2 && (p.p[0] == 'q' || p.p[0] == 'Q') && p.p[1] == '=')
			return weight_of(rs_slice(p.p + 2, p.n - 2));
	}
	return 1000;
}

/* The next member and its weight. false: there is no more. */
static bool next_member(struct rs_slice *rest, struct rs_slice *name, uint16_t *weight)
{
	struct rs_slice member;

	if (rest->n == 0)
		return false;
	member = rs_slice_cut(rest, ',');
	*name = rs_slice_trim(rs_slice_cut(&member, ';'));
	if (rs_slice_eqi(*name, RS_SLICE("x-gzip"))) /* RFC 9110 8.4.1.3 */
		*name = RS_SLICE("gzip");
	*weight = (uint16_t)parameters(member);
	return true;
}

/* Of a coding that is named twice: a refusal is never undone by what stands elsewhere. */
static void note(uint16_t *known, uint16_t weight)
{
	if (*known == RS_HTTP_Q_UNSAID || weight < *known)
		*known = weight;
}

int rs_http_accept_coding(struct rs_slice value, struct rs_slice coding)
{
	uint16_t own = RS_HTTP_Q_UNSAID, any = RS_HTTP_Q_UNSAID, weight;
	struct rs_slice name;

	while (next_member(&value, &name, &weight)) {
		if (rs_slice_eqi(name, coding))
			note(&own, weight);
		else if (rs_slice_eq(name, RS_SLICE("*")))
			note(&any, weight);
	}
	if (own == RS_HTTP_Q_UNSAID)
		own = any;
	return own == RS_HTTP_Q_UNSAID ? -1 : own;
}

/* ---- all codings at once --------------------------------------------------------------------------------- */

static const char *const names[RS_HTTP_CODINGS] = {
	[RS_HTTP_IDENTITY] = "identity", [RS_HTTP_BR] = "br", [RS_HTTP_GZIP] = "gzip", [RS_HTTP_DEFLATE] = "deflate",
};

void rs_http_accept_init(struct rs_http_accept *a)
{
	for (size_t i = 0; i < RS_HTTP_CODINGS; i++)
		a->q[i] = RS_HTTP_Q_UNSAID;
	a->others = RS_HTTP_Q_UNSAID;
}

void rs_http_accept_take(struct rs_http_accept *a, struct rs_slice value)
{
	struct rs_slice name;
	uint16_t weight;

	while (next_member(&value, &name, &weight)) {
		if (rs_slice_eq(name, RS_SLICE("*")))
			note(&a->others, weight);
		for (size_t i = 0; i < RS_HTTP_CODINGS; i++)
			if (rs_slice_eqi(name, rs_slice_str(names[i])))
				note(&a->q[i], weight);
	}
}

enum rs_http_coding rs_http_accept_best(const struct rs_http_accept *a, unsigned can)
{
	enum rs_http_coding best = RS_HTTP_IDENTITY;
	uint16_t most = 0;

	for (unsigned i = RS_HTTP_IDENTITY + 1; i < RS_HTTP_CODINGS; i++) {
		uint16_t q = a->q[i] == RS_HTTP_Q_UNSAID ? a->others : a->q[i];

		if (!(can & 1u << i) || q == RS_HTTP_Q_UNSAID || q <= most)
			continue;
		most = q;
		best = (enum rs_http_coding)i;
	}
	if (a->q[RS_HTTP_IDENTITY] != RS_HTTP_Q_UNSAID && a->q[RS_HTTP_IDENTITY] > most)
		return RS_HTTP_IDENTITY;
	return best;
}

const char *rs_http_coding_name(enum rs_http_coding coding)
{
	return names[coding];
}
