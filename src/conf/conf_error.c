/*
 * How a configuration error reads, and which word was probably meant. Pure.
 */
#include "conf/conf_private.h"

#include <limits.h>
#include <stdio.h>

/* Names longer than this are nobody's misspelling of ours. */
#define WORD_MAX_BYTES 64
/* A longer file name is shown by its end, where the line number stands. */
#define WHERE_MAX_BYTES 300

const char *rs_conf_printable(const char *text, char *out, size_t size)
{
	size_t at = 0;

	RS_ASSERT(size > 8);
	for (; *text && at < size - 8; text++) {
		unsigned char ch = (unsigned char)*text;

		if (ch >= 0x20 && ch != 0x7f)
			out[at++] = (char)ch;
		else
			at += (size_t)snprintf(out + at, 5, "\\x%02x", ch);
	}
	out[at] = '\0';
	if (*text)
		memcpy(out + at, "...", 4);
	return out;
}

enum rs_result rs_conf_fail(struct rs_conf_error *err, const char *where, const char *section, const char *key,
			    const struct rs_complaint *why)
{
	char shown[128], s[64], k[64];
	size_t n = where ? strlen(where) : 0;
	bool cut = n > WHERE_MAX_BYTES;

	(void)rs_fmt(err->text, sizeof err->text, "%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", cut ? "..." : "",
		     where ? where + (cut ? n - WHERE_MAX_BYTES : 0) : "", where ? ": " : "", section ? "[" : "",
		     section ? rs_conf_printable(section, s, sizeof s) : "", section ? "]" : "",
		     section && key ? " " : "", key ? rs_conf_printable(key, k, sizeof k) : "",
		     section || key ? ": " : "", why->what, why->allowed[0] ? "; allowed: " : "", why->allowed,
		     why->hint[0] ? "; did you mean " : "",
		     why->hint[0] ? rs_conf_printable(why->hint, shown, sizeof shown) : "", why->hint[0] ? "?" : "");
	return RS_ERR;
}

enum rs_result rs_conf_fail_option(const struct rs_conf *c, enum rs_opt_id id, const struct rs_complaint *why,
				   struct rs_conf_error *err)
{
	return rs_conf_fail(err, c->origin[id].where, rs_options[id].section, rs_options[id].key, why);
}

enum rs_result rs_conf_no_memory(struct rs_conf_error *err)
{
	(void)rs_fmt(err->text, sizeof err->text, "out of memory");
	return RS_ERR;
}

static char lower(char ch)
{
	if (ch >= 'A' && ch <= 'Z')
		return (char)(ch | 0x20);
	return ch == '-' ? '_' : ch;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment: insertions, deletions, substitutions, swapped neighbours. */
static unsigned edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned row[3][WORD_MAX_BYTES + 1];
	unsigned *before = row[0], *last = row[1], *now = row[2];

	for (size_t j = 0; j <= nb; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *free_row = before;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]) && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		before = last;
		last = now;
		now = free_row;
	}
	return last[nb];
}

unsigned rs_conf_distance(const char *word, const char *known)
{
	size_t nw = strlen(word), nk = strlen(known);
	unsigned d;

	if (nw == 0 || nw > WORD_MAX_BYTES || nk > WORD_MAX_BYTES)
		return UINT_MAX;
	d = edit_distance(word, nw, known, nk);
	/* One slip in a short word, about one in four letters in a long one. */
	return d <= 1 + nk / 4 && d < nk ? d : UINT_MAX;
}
