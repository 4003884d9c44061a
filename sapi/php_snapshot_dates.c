/*
 * Contents of DateTime, DateTimeImmutable and DateInterval: PHP declares their structs. What points out of a struct is compared as well.
 */
#include "php_snapshot_inner.h"

#include <ext/date/php_date.h>

bool rs_inner_date_expected(void)
{
	return true;
}

static timelib_time *time_of(const zend_object *object)
{
	return ((const php_date_obj *)rs_inner_base(object))->time;
}

/* With what lies between their members: at worst, what is the same is put back. */
static bool bytes_differ(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n) != 0;
}

bool rs_inner_date_changed(const struct rs_inner *inner)
{
	timelib_time *a = time_of(inner->object), *b = time_of(inner->clone);
	timelib_time now;

	if (!a || !b)
		return a != b;
	if ((a->tz_abbr == NULL) != (b->tz_abbr == NULL) || (a->tz_abbr && strcmp(a->tz_abbr, b->tz_abbr) != 0))
		return true;
	memcpy(&now, a, sizeof now);
	now.tz_abbr = b->tz_abbr;
	return bytes_differ(&now, b, sizeof now);
}

zend_long rs_inner_date_size(const struct rs_inner *inner, bool now)
{
	const timelib_time *t = time_of(now ? inner->object : inner->clone);

	return t ? (zend_long)t->sse : 0;
}

static const php_interval_obj *interval_of(const zend_object *object)
{
	return rs_inner_base(object);
}

bool rs_inner_interval_changed(const struct rs_inner *inner)
{
	const php_interval_obj *a = interval_of(inner->object), *b = interval_of(inner->clone);

	if (rs_inner_raw_changed(inner))
		return true;
	return a->diff && b->diff && bytes_differ(a->diff, b->diff, sizeof *a->diff);
}

zend_long rs_inner_interval_size(const struct rs_inner *inner, bool now)
{
	const timelib_rel_time *t = interval_of(now ? inner->object : inner->clone)->diff;

	return t ? (zend_long)(((t->y * 12 + t->m) * 31 + t->d) * 86400 + t->h * 3600 + t->i * 60 + t->s) : 0;
}
