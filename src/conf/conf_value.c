/*
 * Text <-> value of one option: numbers with units, words, and what single options demand of their text. Pure.
 */
#include "conf/conf_private.h"

#include <limits.h>
#include <stdio.h>

static const char *const true_words[] = { "true", "on", "yes", "1" };
static const char *const false_words[] = { "false", "off", "no", "0" };

/* Words that are accepted for others, and those that name something of a later version: their error says so. */
static const struct {
	enum rs_opt_id id;
	const char *word;
	const char *means; /* NULL: later */
} other_words[] = {
	{ RS_OPT_ID_framework, "thinkphp", NULL },   { RS_OPT_ID_isolation, "backup", "simple" },
	{ RS_OPT_ID_isolation, "fpm", "fork" },      { RS_OPT_ID_isolation, "fpmlike", "fork" },
	{ RS_OPT_ID_isolation, "sandbox", NULL },    { RS_OPT_ID_isolation, "concurrent", NULL },
	{ RS_OPT_ID_isolation, "hash", NULL },       { RS_OPT_ID_isolation, "map", NULL },
};

static bool complain(struct rs_complaint *why, const char *value, const char *what)
{
	char shown[96];

	(void)rs_fmt(why->what, sizeof why->what, "`%s` %s", rs_conf_printable(value, shown, sizeof shown), what);
	why->hint[0] = '\0';
	return false;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rs_slice_eqi(rs_slice_str(text), rs_slice_str(words[i])))
			return true;
	return false;
}

static bool parse_bool(const char *text, int64_t *out)
{
	*out = is_one_of(text, true_words, RS_COUNTOF(true_words));
	return *out || is_one_of(text, false_words, RS_COUNTOF(false_words));
}

static bool parse_int(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	uint64_t v;

	if (!rs_parse_u64(rs_slice_str(text + negative), INT64_MAX, &v))
		return false;
	*out = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

/* Digits, then one of K, M, G or nothing. */
static bool parse_size(const char *text, int64_t *out)
{
	static const char units[] = "kmg";
	size_t n = strlen(text);
	const char *unit = n && text[n - 1] ? strchr(units, text[n - 1] | 0x20) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	uint64_t v;

	if (!rs_parse_u64(rs_slice(text, n - (unit != NULL)), (uint64_t)INT64_MAX >> shift, &v))
		return false;
	*out = (int64_t)(v << shift);
	return true;
}

/* Milliseconds in a unit; 0: there is no such unit. */
static int64_t time_unit(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 }, { "h", 3600000 } };

	for (size_t i = 0; i < RS_COUNTOF(units); i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ms;
	return 0;
}

/* Digits with an optional fraction, then a unit. Rounded up to whole milliseconds: a little is never nothing. */
static bool parse_time(const char *text, int64_t *out)
{
	size_t whole = strspn(text, "0123456789"), frac;
	const char *rest = text + whole;
	int64_t unit, ms, part = 0, scale = 1;
	uint64_t v;

	if (*rest == '.') {
		frac = strspn(rest + 1, "0123456789");
		if (frac == 0 || frac > 9)
			return false;
		for (size_t i = 1; i <= frac; i++, scale *= 10)
			part = part * 10 + (rest[i] - '0');
		rest += 1 + frac;
	}
	unit = time_unit(rest);
	if (unit == 0 || !rs_parse_u64(rs_slice(text, whole), (uint64_t)(INT64_MAX / 3600000 - 1), &v))
		return false;
	ms = (int64_t)v * unit;
	*out = ms + (part * unit + scale - 1) / scale;
	return true;
}

static void say_number(const struct rs_option *o, int64_t v, char *out, size_t size)
{
	struct rs_buf b = { 0 };

	out[0] = '\0';
	if (rs_conf_number_text(o, v, &b))
		(void)rs_copy(out, size, rs_buf_slice(&b));
	if (o->type == RS_OPT_TIME && v % 1000 == 0)
		(void)rs_fmt(out, size, "%jds", (intmax_t)(v / 1000));
	rs_buf_free(&b);
}

static void say_range(const struct rs_option *o, struct rs_complaint *why)
{
	static const char *const units[] = { [RS_OPT_SIZE] = " (units K, M, G)",
					     [RS_OPT_TIME] = " (seconds, or with a unit: 500ms, 30s, 5m, 1h)" };
	const char *unit = o->type == RS_OPT_SIZE || o->type == RS_OPT_TIME ? units[o->type] : "";
	char min[48], max[48];

	say_number(o, o->min, min, sizeof min);
	say_number(o, o->max, max, sizeof max);
	if (o->max == INT64_MAX)
		(void)rs_fmt(why->allowed, sizeof why->allowed, "%s or more%s", min, unit);
	else
		(void)rs_fmt(why->allowed, sizeof why->allowed, "%s to %s%s", min, max, unit);
}

/* ---- words ----------------------------------------------------------------------------------------------- */

/* What this word means, itself most of the time; *later: something of a later version. Items share the words of options. */
static const char *meaning(const struct rs_option *o, const char *text, bool *later)
{
	*later = false;
	for (size_t i = 0; i < RS_COUNTOF(other_words); i++) {
		if (rs_options[other_words[i].id].words != o->words || strcmp(other_words[i].word, text) != 0)
			continue;
		*later = !other_words[i].means;
		return *later ? text : other_words[i].means;
	}
	return text;
}

static bool parse_enum(const struct rs_option *o, const char *text, int64_t *out, struct rs_complaint *why)
{
	unsigned nearest = UINT_MAX;
	size_t at = 0;
	bool later;
	const char *word = meaning(o, text, &later);

	for (int i = 0; o->words[i]; i++) {
		if (strcmp(o->words[i], word) == 0) {
			*out = i;
			return true;
		}
	}
	complain(why, text, later ? "is not available in this version" : "is not known");
	for (int i = 0; o->words[i]; i++) {
		unsigned d = rs_conf_distance(text, o->words[i]);

		at += (size_t)snprintf(why->allowed + at, sizeof why->allowed - at, "%s%s", i ? ", " : "", o->words[i]);
		RS_ASSERT(at < sizeof why->allowed);
		if (d < nearest) {
			nearest = d;
			(void)rs_fmt(why->hint, sizeof why->hint, "`%s`", o->words[i]);
		}
	}
	return false;
}

bool rs_conf_parse_number(const struct rs_option *o, const char *text, int64_t *out, struct rs_complaint *why)
{
	*why = (struct rs_complaint){ 0 };
	switch (o->type) {
	case RS_OPT_ENUM:
		return parse_enum(o, text, out, why);
	case RS_OPT_BOOL:
		if (parse_bool(text, out))
			return true;
		(void)rs_fmt(why->allowed, sizeof why->allowed, "true or false (on/off, yes/no, 1/0)");
		return complain(why, text, "is not a truth value");
	case RS_OPT_INT:
		if (parse_int(text, out))
			break;
		say_range(o, why);
		return complain(why, text, "is not a whole number");
	case RS_OPT_SIZE:
		if (parse_size(text, out))
			break;
		say_range(o, why);
		return complain(why, text, "is not a size");
	case RS_OPT_TIME:
		if (parse_time(text, out))
			break;
		say_range(o, why);
		return complain(why, text, "is not a time");
	default:
		RS_ASSERT(!"a number type");
	}
	if (*out >= o->min && *out <= o->max)
		return true;
	say_range(o, why);
	return complain(why, text, *out < o->min ? "is too small" : "is too large");
}

bool rs_conf_number_text(const struct rs_option *o, int64_t v, struct rs_buf *out)
{
	static const char *const units[] = { "", "K", "M", "G" };
	size_t unit = 0;

	switch (o->type) {
	case RS_OPT_BOOL:
		return rs_buf_printf(out, "%s", v ? "true" : "false");
	case RS_OPT_ENUM:
		return rs_buf_printf(out, "%s", o->words[v]);
	case RS_OPT_TIME:
		if (v % 1000)
			return rs_buf_printf(out, "%jdms", (intmax_t)v);
		return rs_buf_printf(out, "%jd", (intmax_t)(v / 1000));
	case RS_OPT_SIZE:
		for (; v && v % 1024 == 0 && unit < RS_COUNTOF(units) - 1; unit++)
			v /= 1024;
		return rs_buf_printf(out, "%jd%s", (intmax_t)v, units[unit]);
	default:
		return rs_buf_printf(out, "%jd", (intmax_t)v);
	}
}

int64_t rs_conf_get_number(const struct rs_conf *c, const struct rs_option *o)
{
	const void *field = rs_conf_field_const(c, o);

	if (o->type == RS_OPT_BOOL)
		return *(const bool *)field;
	return o->type == RS_OPT_ENUM ? *(const int *)field : *(const int64_t *)field;
}

void rs_conf_put_number(struct rs_conf *c, const struct rs_option *o, int64_t v)
{
	void *field = rs_conf_field(c, o);

	if (o->type == RS_OPT_BOOL)
		*(bool *)field = v != 0;
	else if (o->type == RS_OPT_ENUM)
		*(int *)field = (int)v;
	else
		*(int64_t *)field = v;
}

/* ---- texts ----------------------------------------------------------------------------------------------- */

/* As PHP names classes, with namespaces. */
bool rs_conf_class_valid(const char *text)
{
	bool start = true;

	text += *text == '\\';
	for (; *text; text++) {
		unsigned char ch = (unsigned char)*text;
		bool letter = (ch | 0x20) >= 'a' && (ch | 0x20) <= 'z';

		if (ch == '\\' ? start : !(letter || ch == '_' || ch >= 0x80 || (!start && ch >= '0' && ch <= '9')))
			return false;
		start = ch == '\\';
	}
	return !start;
}

static bool octal_valid(const char *text)
{
	size_t n = strlen(text);

	return n >= 3 && n <= 4 && strspn(text, "01234567") == n && (n == 3 || text[0] == '0');
}

static bool file_type_valid(const char *text)
{
	return strchr(text, '/') == NULL && strcmp(text, ".") != 0;
}

/* A header field's name; empty where the option may be. */
static bool field_name_valid(const char *text)
{
	for (const char *p = text; *p; p++) {
		char low = *p | 0x20;
		if (!((low >= 'a' && low <= 'z') || (*p >= '0' && *p <= '9') || *p == '-'))
			return false;
	}
	return strlen(text) <= 64;
}

static bool real_ip_header_valid(const char *text)
{
	return *text && field_name_valid(text);
}

static const struct {
	enum rs_opt_id id;
	bool (*valid)(const char *text);
	const char *what, *allowed;
} text_rules[] = {
	{ RS_OPT_ID_register_providers, rs_conf_class_valid, "is not a class name", "a PHP class name with its namespace" },
	{ RS_OPT_ID_cleaners, rs_conf_class_valid, "is not a class name", "a PHP class name with its namespace" },
	{ RS_OPT_ID_destroy_controllers_excluded, rs_conf_class_valid, "is not a class name",
	  "a PHP class name with its namespace" },
	{ RS_OPT_ID_websocket_handler, rs_conf_class_valid, "is not a class name", "a PHP class name with its namespace" },
	{ RS_OPT_ID_timer_jobs, rs_conf_job_valid, "is not a cron job",
	  "Class, Class:intervalMs, Class:intervalMs:immediate, or JSON [\"Class\", [1000, true]]; the interval 1 or more" },
	{ RS_OPT_ID_inotify_file_types, file_type_valid, "is not the end of a file name",
	  "such as .php or .blade.php" },
	{ RS_OPT_ID_listen, rs_conf_listen_valid, "is not an address",
	  "IPv4:port, [IPv6]:port, or the path of a Unix socket; then ssl, proxy_protocol or nothing" },
	{ RS_OPT_ID_limit_req, rs_conf_rate_valid, "is not a rate", "1r/s to 1000000r/s, or r/m for requests in a minute" },
	{ RS_OPT_ID_socket_mode, octal_valid, "is not a file mode", "octal, 000 to 0777" },
	{ RS_OPT_ID_trusted_proxies, rs_conf_cidr_valid, "is not a network",
	  "an IP address, a network such as 10.0.0.0/8 or fd00::/8, or unix:" },
	{ RS_OPT_ID_static_index, rs_conf_index_valid, "is not an index file",
	  "a file name without slash, such as index.html; index.php needs no mention: what is no file goes to PHP" },
	{ RS_OPT_ID_static_precompressed, rs_conf_coding_valid, "is not a coding", "br, zstd or gzip, one a line" },
	{ RS_OPT_ID_static_expires, rs_conf_expires_valid, "does not say when files expire",
	  "[/PREFIX or *.EXT] off, epoch, max, TIME or modified TIME (30d, 1h30m, -1; at most 100 years), then public, private, immutable, "
	  "must-revalidate, proxy-revalidate, no-transform, no-cache, no-store, s-maxage=N, stale-while-revalidate=N, stale-if-error=N" },
	{ RS_OPT_ID_real_ip_header, real_ip_header_valid, "is not the name of a header",
	  "X-Real-IP, X-Forwarded-For, Forwarded, another name of letters, digits and -, or off" },
	{ RS_OPT_ID_request_id_header, field_name_valid, "is not the name of a header",
	  "a name of letters, digits and -, such as X-Request-Id, or nothing" },
	{ RS_OPT_ID_access_log_format, rs_conf_log_format_valid, "is not a format of log lines",
	  "common, combined, json, or a text with $variables as docs/CONFIG.md lists them, with escape=json or escape=default in front or not" },
};

bool rs_conf_check_text(const struct rs_option *o, const char *text, struct rs_complaint *why)
{
	*why = (struct rs_complaint){ 0 };
	/* They would end up in headers, titles, file names and logs. */
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return complain(why, text, "has a control character in it");
	for (size_t i = 0; i < RS_COUNTOF(text_rules); i++) {
		if (&rs_options[text_rules[i].id] != o || text_rules[i].valid(text))
			continue;
		(void)rs_fmt(why->allowed, sizeof why->allowed, "%s", text_rules[i].allowed);
		(void)complain(why, text, text_rules[i].what);
		if (text_rules[i].id == RS_OPT_ID_access_log_format)
			rs_conf_log_format_explain(text, why);
		return false;
	}
	return true;
}
