/*
 * Values of the static_* options: index files, codings, and what static_expires says. Text in, verdict or struct out.
 */
#include "conf/conf_private.h"

#include <strings.h>

#define LONGEST_S (INT64_C(100) * 366 * 86400)

/* A plain name. PHP sources are never sent, so one as an index file would promise what does not happen. */
bool rs_conf_index_valid(const char *text)
{
	size_t n = strlen(text);

	return n && n < 256 && *text != '.' && !strchr(text, '/') && !(n > 4 && strcasecmp(text + n - 4, ".php") == 0);
}

bool rs_conf_coding_valid(const char *text)
{
	return strcmp(text, "br") == 0 || strcmp(text, "zstd") == 0 || strcmp(text, "gzip") == 0;
}

/* ---- static_expires ------------------------------------------------------------------------------------------------ */

static struct rs_slice next_word(const char **text)
{
	const char *p = *text + strspn(*text, " \t");
	size_t n = strcspn(p, " \t");

	*text = p + n;
	return rs_slice(p, n);
}

/* 0: no unit of time. A month and a year are nginx's. */
static int64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	case 'M':
		return 30 * 86400;
	case 'y':
		return 365 * 86400;
	default:
		return 0;
	}
}

/* "30d", "1h30m", "90", "-1". */
static bool parse_time(struct rs_slice s, int64_t *seconds)
{
	bool negative = s.n && s.p[0] == '-';
	int64_t sum = 0, unit;

	if (negative)
		s = rs_slice(s.p + 1, s.n - 1);
	if (s.n == 0)
		return false;
	while (s.n) {
		size_t digits = 0;
		uint64_t v;

		while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
			digits++;
		if (!rs_parse_u64(rs_slice(s.p, digits), LONGEST_S, &v))
			return false;
		unit = digits < s.n ? unit_seconds(s.p[digits++]) : 1;
		if (unit == 0 || (int64_t)v > LONGEST_S / unit)
			return false;
		sum += (int64_t)v * unit;
		if (sum > LONGEST_S)
			return false;
		s = rs_slice(s.p + digits, s.n - digits);
	}
	*seconds = negative ? -sum : sum;
	return true;
}

static bool parse_when(struct rs_slice word, const char **text, struct rs_conf_expires *out)
{
	if (rs_slice_eq(word, RS_SLICE("off")))
		out->when = RS_EXPIRES_OFF;
	else if (rs_slice_eq(word, RS_SLICE("epoch")))
		out->when = RS_EXPIRES_EPOCH;
	else if (rs_slice_eq(word, RS_SLICE("max")))
		out->when = RS_EXPIRES_MAX;
	else if (rs_slice_eq(word, RS_SLICE("modified")))
		out->when = RS_EXPIRES_MODIFIED;
	else
		out->when = RS_EXPIRES_ACCESS;
	if (out->when == RS_EXPIRES_MODIFIED)
		word = next_word(text);
	return out->when < RS_EXPIRES_ACCESS || parse_time(word, &out->seconds);
}

/* Directives of Cache-Control that say no age, which is said already. */
static bool directives_ok(const char *text)
{
	static const char *const known[] = { "public", "private", "immutable", "must-revalidate", "proxy-revalidate", "no-transform",
					     "no-cache", "no-store", "s-maxage=", "stale-while-revalidate=", "stale-if-error=" };

	for (struct rs_slice w = next_word(&text); w.n; w = next_word(&text)) {
		bool ok = false;

		for (size_t i = 0; i < RS_COUNTOF(known) && !ok; i++) {
			struct rs_slice k = rs_slice_str(known[i]);
			uint64_t v;

			ok = k.p[k.n - 1] != '=' ? rs_slice_eq(w, k) :
						   w.n > k.n && memcmp(w.p, k.p, k.n) == 0 &&
							   rs_parse_u64(rs_slice(w.p + k.n, w.n - k.n), LONGEST_S, &v);
		}
		if (!ok)
			return false;
	}
	return true;
}

bool rs_conf_expires(const char *text, struct rs_conf_expires *out)
{
	struct rs_slice word = next_word(&text);

	*out = (struct rs_conf_expires){ 0 };
	if (word.n && (word.p[0] == '/' || word.p[0] == '*')) {
		out->pattern = word;
		if (word.p[0] == '*' && (word.n < 3 || word.p[1] != '.'))
			return false;
		word = next_word(&text);
	}
	if (!parse_when(word, &text, out))
		return false;
	out->more = text + strspn(text, " \t");
	return strlen(out->more) <= RS_EXPIRES_MORE_MAX && directives_ok(text) && (out->when != RS_EXPIRES_OFF || !*out->more);
}

bool rs_conf_expires_valid(const char *text)
{
	struct rs_conf_expires e;

	return rs_conf_expires(text, &e);
}

bool rs_conf_expires_of(const struct rs_strlist *list, const char *name, struct rs_conf_expires *out)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < list->n; i++) {
		struct rs_slice p;

		if (!rs_conf_expires(list->v[i], out))
			continue;
		p = out->pattern;
		if (p.n == 0 || (p.p[0] == '/' && n >= p.n - 1 && memcmp(name, p.p + 1, p.n - 1) == 0) ||
		    (p.p[0] == '*' && n >= p.n - 1 && strncasecmp(name + n - (p.n - 1), p.p + 1, p.n - 1) == 0))
			return out->when != RS_EXPIRES_OFF;
	}
	return false;
}
