/*
 * Dates of HTTP (RFC 9110 5.6.7) in the Gregorian calendar, without locale, time zone or clock.
 * Runs in the reactor: written once a second for Date, read from If-Modified-Since.
 */
#include "http/http.h"

#define DAY 86400
#define LAST_SECOND 253402300799 /* 9999-12-31 23:59:59: the year has four digits */

struct civil {
	int64_t year;
	unsigned month, day; /* from 1 */
	unsigned hour, minute, second;
};

static int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
static void civil_from_days(int64_t days, struct civil *t);
static unsigned days_in_month(int64_t year, unsigned month);
static bool read_form(struct rs_slice s, const char *form, struct civil *t);
static bool read_number(struct rs_slice *s, unsigned digits, unsigned *value);
static bool read_name(struct rs_slice *s, const char *const names[], unsigned n, unsigned *index);
static char *put_name(char *to, const char *name);
static char *put_number(char *to, unsigned value, unsigned digits);

static const char *const day_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const long_day_names[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
};
static const char *const month_names[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

void rs_http_date(int64_t unix_seconds, char out[32])
{
	struct civil t;
	unsigned rest;

	if (unix_seconds < 0)
		unix_seconds = 0;
	if (unix_seconds > LAST_SECOND)
		unix_seconds = LAST_SECOND;
	civil_from_days(unix_seconds / DAY, &t);
	rest = (unsigned)(unix_seconds % DAY);

	out = put_name(out, day_names[(unix_seconds / DAY + 4) % 7]); /* 1970-01-01 was a Thursday */
	*out++ = ',';
	*out++ = ' ';
	out = put_number(out, t.day, 2);
	*out++ = ' ';
	out = put_name(out, month_names[t.month - 1]);
	*out++ = ' ';
	out = put_number(out, (unsigned)t.year, 4);
	*out++ = ' ';
	out = put_number(out, rest / 3600, 2);
	*out++ = ':';
	out = put_number(out, rest / 60 % 60, 2);
	*out++ = ':';
	out = put_number(out, rest % 60, 2);
	memcpy(out, " GMT", 5);
}

bool rs_http_date_parse(struct rs_slice s, int64_t *unix_seconds)
{
	struct civil t;

	if (!read_form(s, "%a, %d %b %Y %H:%M:%S GMT", &t) &&  /* IMF-fixdate, what everybody sends */
	    !read_form(s, "%A, %d-%b-%y %H:%M:%S GMT", &t) &&  /* RFC 850 */
	    !read_form(s, "%a %b %e %H:%M:%S %Y", &t))         /* asctime() */
		return false;
	if (t.day < 1 || t.day > days_in_month(t.year, t.month))
		return false;
	if (t.hour > 23 || t.minute > 59 || t.second > 60)
		return false;
	/* A leap second counts as the one after it. */
	*unix_seconds = days_from_civil(t.year, t.month, t.day) * DAY;
	*unix_seconds += t.hour * 3600 + t.minute * 60 + t.second;
	return true;
}

/* Days since 1970-01-01. Years begin in March here, so that the leap day is last; 400 have 146097 days. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2) + 400; /* never negative */
	unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468 - 146097;
}

static void civil_from_days(int64_t days, struct civil *t)
{
	int64_t z = days + 719468, era = z / 146097;
	unsigned of_era = (unsigned)(z - era * 146097);
	unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * y + y / 4 - y / 100);
	unsigned m = (5 * of_year + 2) / 153;

	t->day = of_year - (153 * m + 2) / 5 + 1;
	t->month = m < 10 ? m + 3 : m - 9;
	t->year = era * 400 + y + (t->month <= 2);
}

static unsigned days_in_month(int64_t year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/*
 * The few conversions of strptime() that HTTP needs. The day's name must be one, but may be wrong, as
 * everywhere. Two-digit years are 1970 to 2069.
 */
static bool read_form(struct rs_slice s, const char *form, struct civil *t)
{
	unsigned value;

	*t = (struct civil){ 0 };
	for (; *form; form++) {
		bool ok;

		if (*form != '%') {
			if (s.n == 0 || s.p[0] != *form)
				return false;
			s = rs_slice(s.p + 1, s.n - 1);
			continue;
		}
		switch (*++form) {
		case 'a':
			ok = read_name(&s, day_names, 7, &value);
			break;
		case 'A':
			ok = read_name(&s, long_day_names, 7, &value);
			break;
		case 'b':
			ok = read_name(&s, month_names, 12, &value);
			t->month = value + 1;
			break;
		case 'e':
			if (s.n && s.p[0] == ' ') {
				s = rs_slice(s.p + 1, s.n - 1);
				ok = read_number(&s, 1, &t->day);
			} else {
				ok = read_number(&s, 2, &t->day);
			}
			break;
		case 'd':
			ok = read_number(&s, 2, &t->day);
			break;
		case 'Y':
			ok = read_number(&s, 4, &value);
			t->year = value;
			break;
		case 'y':
			ok = read_number(&s, 2, &value);
			t->year = value + (value < 70 ? 2000 : 1900);
			break;
		case 'H':
			ok = read_number(&s, 2, &t->hour);
			break;
		case 'M':
			ok = read_number(&s, 2, &t->minute);
			break;
		default:
			ok = read_number(&s, 2, &t->second);
			break;
		}
		if (!ok)
			return false;
	}
	return s.n == 0;
}

static bool read_number(struct rs_slice *s, unsigned digits, unsigned *value)
{
	uint64_t v;

	*value = 0;
	if (s->n < digits || !rs_parse_u64(rs_slice(s->p, digits), 9999, &v))
		return false;
	*value = (unsigned)v;
	*s = rs_slice(s->p + digits, s->n - digits);
	return true;
}

static bool read_name(struct rs_slice *s, const char *const names[], unsigned n, unsigned *index)
{
	for (*index = 0; *index < n; ++*index) {
		struct rs_slice name = rs_slice_str(names[*index]);

		if (s->n >= name.n && memcmp(s->p, name.p, name.n) == 0) {
			*s = rs_slice(s->p + name.n, s->n - name.n);
			return true;
		}
	}
	return false;
}

static char *put_name(char *to, const char *name)
{
	memcpy(to, name, 3);
	return to + 3;
}

static char *put_number(char *to, unsigned value, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + digits;
}
