/*
 * access_log_format: text with variables, cut into pieces once. Pure.
 */
#include "conf/conf_private.h"

#include <stdlib.h>

static const struct {
	const char *word, *text;
} known[] = {
	{ "common", "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent" },
	{ "combined", "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
		      "\"$http_user_agent\"" },
	{ "json", "escape=json {\"time\":\"$time_iso8601\",\"remote\":\"$remote_addr\",\"request\":\"$request\",\"status\":$status,"
		  "\"bytes\":$body_bytes_sent,\"referer\":\"$http_referer\",\"agent\":\"$http_user_agent\","
		  "\"request_time\":$request_time,\"queue_time\":$queue_time,\"request_id\":\"$request_id\",\"worker\":$worker}" },
};

const struct rs_log_var_row rs_log_vars[RS_LOG_VAR_COUNT] = {
#define RS_LOG_VAR(name_, id, number_, meaning_)                                                                    \
	[RS_LOG_VAR_##id] = { .name = #name_, .meaning = meaning_, .number = number_ },
#include "conf/log_vars.def"
#undef RS_LOG_VAR
};

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool add(struct rs_log_format *f, enum rs_log_var var, struct rs_slice text)
{
	struct rs_log_piece *v;

	if (var == RS_LOG_VAR_COUNT && text.n == 0)
		return true;
	v = realloc(f->v, (f->n + 1) * sizeof *v);
	if (!v)
		return false;
	f->v = v;
	f->v[f->n++] = (struct rs_log_piece){ .var = var, .text = text };
	return true;
}

static bool complain(char *why, size_t size, const char *what, struct rs_slice name)
{
	char text[64];

	(void)rs_copy(text, sizeof text, name);
	(void)rs_fmt(why, size, "%s$%s", what, text);
	return false;
}

static bool add_variable(struct rs_log_format *f, struct rs_slice name, char *why, size_t size)
{
	static const struct rs_slice http = { "http_", 5 };

	if (name.n > http.n && memcmp(name.p, http.p, http.n) == 0)
		return add(f, RS_LOG_VAR_HTTP, rs_slice(name.p + http.n, name.n - http.n));
	for (int i = 0; i < RS_LOG_VAR_HTTP; i++)
		if (rs_slice_eq(name, rs_slice_str(rs_log_vars[i].name)))
			return add(f, (enum rs_log_var)i, rs_slice("", 0));
	return complain(why, size, name.n ? "there is no " : "a name has to follow ", name);
}

/* From behind a '$': the name, which may stand in braces. Returns where it ends, NULL: braces are not closed. */
static const char *take_name(const char *p, struct rs_slice *name)
{
	const bool braces = *p == '{';
	const char *from = p += braces;

	while (is_name(*p))
		p++;
	*name = rs_slice(from, (size_t)(p - from));
	if (!braces)
		return p;
	return *p == '}' ? p + 1 : NULL;
}

static const char *take_escape(struct rs_log_format *f, const char *p)
{
	static const char json[] = "escape=json ", plain[] = "escape=default ";

	f->json = strncmp(p, json, sizeof json - 1) == 0;
	if (f->json)
		return p + sizeof json - 1;
	return strncmp(p, plain, sizeof plain - 1) == 0 ? p + sizeof plain - 1 : p;
}

static const char *text_of(const char *format)
{
	for (size_t i = 0; i < RS_COUNTOF(known); i++)
		if (strcmp(format, known[i].word) == 0)
			return known[i].text;
	return format;
}

static bool cut(struct rs_log_format *f, char *why, size_t size)
{
	const char *p = take_escape(f, f->text), *literal = p;
	struct rs_slice name;

	if (!strchr(p, '$'))
		return complain(why, size, "it has no variable, such as ", RS_SLICE("remote_addr"));
	if (strncmp(p, "escape=", 7) == 0)
		return complain(why, size, "escape=json or escape=default stands in front of ", RS_SLICE("remote_addr ..."));
	while (*p) {
		if (*p != '$') {
			p++;
			continue;
		}
		if (!add(f, RS_LOG_VAR_COUNT, rs_slice(literal, (size_t)(p - literal))))
			return false;
		p = take_name(p + 1, &name);
		if (!p)
			return complain(why, size, "a brace is not closed behind ", name);
		if (!add_variable(f, name, why, size))
			return false;
		literal = p;
	}
	return add(f, RS_LOG_VAR_COUNT, rs_slice(literal, (size_t)(p - literal)));
}

bool rs_log_format_init(struct rs_log_format *f, const char *format, char *why, size_t size)
{
	*f = (struct rs_log_format){ .text = strdup(text_of(format)) };
	(void)rs_fmt(why, size, "no memory");
	if (f->text && cut(f, why, size))
		return true;
	rs_log_format_fini(f);
	return false;
}

void rs_log_format_fini(struct rs_log_format *f)
{
	free(f->v);
	free(f->text);
	*f = (struct rs_log_format){ 0 };
}

bool rs_conf_log_format_valid(const char *text)
{
	struct rs_log_format f;
	char why[RS_LOG_FORMAT_WHY];
	bool ok = rs_log_format_init(&f, text, why, sizeof why);

	rs_log_format_fini(&f);
	return ok;
}

void rs_conf_log_format_explain(const char *text, struct rs_complaint *why)
{
	struct rs_log_format f;
	char what[RS_LOG_FORMAT_WHY];
	unsigned nearest = 3;

	if (!rs_log_format_init(&f, text, what, sizeof what))
		(void)rs_fmt(why->what + strlen(why->what), sizeof why->what - strlen(why->what), ": %s", what);
	rs_log_format_fini(&f);
	for (size_t i = 0; i < RS_COUNTOF(known); i++) {
		unsigned d = rs_conf_distance(text, known[i].word);
		if (d >= nearest)
			continue;
		nearest = d;
		(void)rs_fmt(why->hint, sizeof why->hint, "`%s`", known[i].word);
	}
}
