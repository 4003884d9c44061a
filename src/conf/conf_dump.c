/*
 * The configuration as lines between processes, and what a reload may not change. Pure.
 *
 * A line is "from\twhere\tsection\tkey\tvalue\n". from: default, app, ini, cli; a '*' behind it marks a derived value.
 * The ini file's own name has an empty section and the key ini_file.
 */
#include "conf/conf_private.h"

#include <stdlib.h>

static const char *const origin_names[] = { "default", "app", "ini", "cli" };

enum { FROM, WHERE, SECTION, KEY, VALUE, NFIELDS };

/* ---- out ---------------------------------------------------------------------------------------------------- */

static bool put_escaped(struct rs_buf *out, const char *text)
{
	static const char from[] = "\\\t\n\r", to[] = "\\tnr";
	size_t n;

	for (; *text; text += n) {
		n = strcspn(text, from);
		if (!rs_buf_put(out, text, n))
			return false;
		if (text[n] && !rs_buf_printf(out, "\\%c", to[strchr(from, text[n]) - from]))
			return false;
		n += text[n] != '\0';
	}
	return true;
}

static bool put_line(struct rs_buf *out, const char *from, bool derived, const char *where, const char *section,
		     const char *key, const char *value)
{
	return rs_buf_printf(out, "%s%s\t", from, derived ? "*" : "") && put_escaped(out, where ? where : "") &&
	       rs_buf_printf(out, "\t%s\t%s\t", section, key) && put_escaped(out, value) && rs_buf_put(out, "\n", 1);
}

static bool dump_list(const struct rs_conf *c, const struct rs_option *o, struct rs_buf *out)
{
	const struct rs_strlist *l = rs_conf_field_const(c, o);
	const struct rs_origin_at *at = &c->origin[rs_conf_id(o)];

	/* An empty item empties: it says that the list was set at all. */
	if (!put_line(out, origin_names[at->from], false, at->where, o->section, o->key, ""))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!put_line(out, origin_names[at->from], false, at->where, o->section, o->key, l->v[i]))
			return false;
	return true;
}

static bool dump_option(const struct rs_conf *c, const struct rs_option *o, struct rs_buf *out)
{
	const struct rs_origin_at *at = &c->origin[rs_conf_id(o)];
	struct rs_buf text = { 0 };
	bool ok;

	if (at->from == RS_FROM_DEFAULT && !at->derived)
		return true;
	if (o->type == RS_OPT_LIST)
		return dump_list(c, o, out);
	ok = rs_conf_value_text(c, o, &text) && rs_buf_put(&text, "", 1) &&
	     put_line(out, origin_names[at->from], at->derived, at->where, o->section, o->key, rs_buf_data(&text));
	rs_buf_free(&text);
	return ok;
}

static bool dump_php(const struct rs_conf *c, struct rs_buf *out)
{
	for (size_t i = 0; i < c->php.n; i++) {
		const char *pair = c->php.v[i], *eq = strchr(pair, '=');

		if (!rs_buf_printf(out, "ini\t\tphp\t%.*s\t", (int)(eq - pair), pair) || !put_escaped(out, eq + 1) ||
		    !rs_buf_put(out, "\n", 1))
			return false;
	}
	return true;
}

bool rs_conf_dump(const struct rs_conf *c, struct rs_buf *out)
{
	if (*c->ini_file && !put_line(out, "ini", false, "", "", "ini_file", c->ini_file))
		return false;
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (!dump_option(c, &rs_options[i], out))
			return false;
	return dump_php(c, out);
}

/* ---- in ----------------------------------------------------------------------------------------------------- */

/* In place; false: an escape that dump never writes. */
static bool unescape(char *text)
{
	static const char from[] = "\\tnr", to[] = "\\\t\n\r";
	char *at = text;
	const char *e;

	for (; *text; text++) {
		*at = *text;
		if (*text == '\\') {
			e = text[1] ? strchr(from, text[1]) : NULL;
			if (!e)
				return false;
			*at = to[e - from];
			text++;
		}
		at++;
	}
	*at = '\0';
	return true;
}

/* Cuts a line into its fields; false: it is not one of ours. */
static bool split(char *line, size_t n, char *field[NFIELDS])
{
	char *rest = line;

	if (memchr(line, '\0', n))
		return false;
	for (int i = 0; i < NFIELDS; i++)
		if (!(field[i] = strsep(&rest, "\t")))
			return false;
	return rest == NULL && unescape(field[WHERE]) && unescape(field[VALUE]);
}

static bool parse_origin(char *text, enum rs_origin *from, bool *derived)
{
	size_t n = strlen(text);

	*derived = n && text[n - 1] == '*';
	if (*derived)
		text[n - 1] = '\0';
	for (size_t i = 0; i < RS_COUNTOF(origin_names); i++) {
		if (strcmp(text, origin_names[i]) == 0) {
			*from = (enum rs_origin)i;
			return true;
		}
	}
	return false;
}

static enum rs_result fail_malformed(struct rs_conf_error *err)
{
	(void)rs_fmt(err->text, sizeof err->text, "a line of a dumped configuration is malformed");
	return RS_ERR;
}

typedef enum rs_result (*line_fn)(struct rs_conf *c, char *field[NFIELDS], void *arg, struct rs_conf_error *err);

static enum rs_result each_line(struct rs_conf *c, struct rs_slice text, line_fn fn, void *arg,
				struct rs_conf_error *err)
{
	enum rs_result r = RS_OK;
	char *field[NFIELDS], *line;
	const char *nl;
	size_t n;

	err->text[0] = '\0';
	while (text.n && r == RS_OK) {
		nl = memchr(text.p, '\n', text.n);
		if (!nl)
			return fail_malformed(err);
		n = (size_t)(nl - text.p);
		line = malloc(n + 1);
		if (!line)
			return rs_conf_no_memory(err);
		(void)rs_copy(line, n + 1, rs_slice(text.p, n));
		r = split(line, n, field) ? fn(c, field, arg, err) : fail_malformed(err);
		free(line);
		text = rs_slice(nl + 1, text.n - n - 1);
	}
	return r;
}

static enum rs_result undump_line(struct rs_conf *c, char *field[NFIELDS], void *arg, struct rs_conf_error *err)
{
	const struct rs_option *o;
	enum rs_origin from;
	enum rs_result r;
	bool derived;

	(void)arg;
	if (!parse_origin(field[FROM], &from, &derived))
		return fail_malformed(err);
	if (field[SECTION][0] == '\0' && strcmp(field[KEY], "ini_file") == 0)
		return rs_str_set(&c->ini_file, field[VALUE]) ? RS_OK : rs_conf_no_memory(err);
	o = rs_conf_find(field[SECTION], field[KEY]);
	if (!o && strcmp(field[SECTION], "php") != 0)
		return fail_malformed(err);
	r = rs_conf_set(c, from, field[WHERE][0] ? field[WHERE] : NULL, field[SECTION], field[KEY], field[VALUE], err,
			NULL, NULL);
	if (r == RS_OK && o)
		c->origin[rs_conf_id(o)].derived = derived;
	return r;
}

enum rs_result rs_conf_undump(struct rs_conf *c, struct rs_slice text, struct rs_conf_error *err)
{
	return each_line(c, text, undump_line, NULL, err);
}

/* ---- config/laravels.php -------------------------------------------------------------------------------------- */

struct taking {
	bool root;
	rs_conf_warn_fn warn;
	void *arg;
};

static const char app_file[] = "config/laravels.php";

/* What a server started as root does not let the application decide. RS_DONE: leave this value out. */
static enum rs_result check_root(const struct rs_conf *c, const struct rs_option *o, const char *value,
				 const struct taking *t, struct rs_conf_error *err)
{
	struct rs_complaint why = { .allowed = "the ini file or the command line" };
	enum rs_opt_id id = rs_conf_id(o);
	int64_t port;

	if (c->origin[id].from > RS_FROM_APP)
		return RS_OK;
	if (o->flags & RS_OPT_ROOT) {
		(void)rs_fmt(why.what, sizeof why.what, "ignored, the server was started as root");
		(void)rs_conf_fail(err, app_file, o->section, o->key, &why);
		if (t->warn)
			t->warn(t->arg, err->text);
		return RS_DONE;
	}
	if (id == RS_OPT_ID_listen_ip && strchr(value, '/'))
		(void)rs_fmt(why.what, sizeof why.what, "a Unix socket that root makes cannot be set here");
	else if (id == RS_OPT_ID_listen_port && rs_conf_parse_number(o, value, &port, &why) && port < 1024)
		why = (struct rs_complaint){ .what = "a port below 1024 cannot be set here",
					     .allowed = "the ini file or the command line" };
	else
		return RS_OK;
	return rs_conf_fail(err, app_file, o->section, o->key, &why);
}

/* Does the application only repeat what is in force anyway? Then there is nothing to say about it. */
static bool repeats(const struct rs_conf *c, const struct rs_option *o, const char *value)
{
	struct rs_buf b = { 0 };
	bool same = rs_conf_value_text(c, o, &b) && rs_slice_eq(rs_buf_slice(&b), rs_slice_str(value));

	rs_buf_free(&b);
	return same;
}

static enum rs_result take_line(struct rs_conf *c, char *field[NFIELDS], void *arg, struct rs_conf_error *err)
{
	const struct taking *t = arg;
	const struct rs_option *o = rs_conf_find(field[SECTION], field[KEY]);
	enum rs_result r = RS_OK;

	if (t->root && o && o->type != RS_OPT_LIST && repeats(c, o, field[VALUE]))
		return RS_OK;
	if (t->root && o)
		r = check_root(c, o, field[VALUE], t, err);
	if (r != RS_OK)
		return r == RS_DONE ? RS_OK : r;
	return rs_conf_set(c, RS_FROM_APP, app_file, field[SECTION], field[KEY], field[VALUE], err, t->warn, t->arg);
}

enum rs_result rs_conf_take_app(struct rs_conf *c, struct rs_slice text, bool root, struct rs_conf_error *err,
				rs_conf_warn_fn warn, void *arg)
{
	struct taking t = { root, warn, arg };

	return each_line(c, text, take_line, &t, err);
}

/* ---- reload --------------------------------------------------------------------------------------------------- */

static bool same_value(const struct rs_conf *a, const struct rs_conf *b, const struct rs_option *o)
{
	if (o->type == RS_OPT_LIST)
		return rs_strlist_eq(rs_conf_field_const(a, o), rs_conf_field_const(b, o));
	if (o->type == RS_OPT_STR)
		return strcmp(*(char *const *)rs_conf_field_const(a, o), *(char *const *)rs_conf_field_const(b, o)) == 0;
	return rs_conf_get_number(a, o) == rs_conf_get_number(b, o);
}

static bool copy_value(struct rs_conf *to, const struct rs_conf *from, const struct rs_option *o)
{
	struct rs_origin_at *at = &to->origin[rs_conf_id(o)];
	const struct rs_origin_at *source = &from->origin[rs_conf_id(o)];
	char *where = source->where ? strdup(source->where) : NULL;
	bool ok = where || !source->where;

	if (ok && o->type == RS_OPT_LIST)
		ok = rs_strlist_copy(rs_conf_field(to, o), rs_conf_field_const(from, o));
	else if (ok && o->type == RS_OPT_STR)
		ok = rs_str_set(rs_conf_field(to, o), *(char *const *)rs_conf_field_const(from, o));
	else if (ok)
		rs_conf_put_number(to, o, rs_conf_get_number(from, o));
	if (!ok) {
		free(where);
		return false;
	}
	free(at->where);
	*at = (struct rs_origin_at){ source->from, source->derived, where };
	return true;
}

static void warn_restart(const struct rs_conf *new_conf, const struct rs_conf *old, const struct rs_option *o,
			 rs_conf_warn_fn warn, void *arg)
{
	struct rs_complaint why = { 0 };
	struct rs_conf_error text;
	struct rs_buf was = { 0 }, is = { 0 };
	char shown_was[128], shown_is[128];

	/* What changes nothing needs no restart either. */
	if (!warn || (o->flags & (RS_OPT_INERT | RS_OPT_LATER)))
		return;
	if (rs_conf_value_text(old, o, &was) && rs_buf_put(&was, "", 1) && rs_conf_value_text(new_conf, o, &is) &&
	    rs_buf_put(&is, "", 1)) {
		(void)rs_fmt(why.what, sizeof why.what, "`%s` needs a restart, `%s` stays in force",
			     rs_conf_printable(rs_buf_data(&is), shown_is, sizeof shown_is),
			     rs_conf_printable(rs_buf_data(&was), shown_was, sizeof shown_was));
		(void)rs_conf_fail_option(new_conf, rs_conf_id(o), &why, &text);
		warn(arg, text.text);
	}
	rs_buf_free(&was);
	rs_buf_free(&is);
}

void rs_conf_keep_start_values(struct rs_conf *new_conf, const struct rs_conf *old, rs_conf_warn_fn warn, void *arg)
{
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];

		if (o->apply != RS_APPLY_START || same_value(new_conf, old, o))
			continue;
		warn_restart(new_conf, old, o, warn, arg);
		/* A server that goes on half with new addresses is worse than one that ends: memory is all that can fail. */
		RS_ASSERT(copy_value(new_conf, old, o));
	}
}
