/*
 * The configuration as lines between processes. Pure.
 *
 * A line is "from\twhere\tsection\tkey\tvalue\n". from: default, app, ini, cli; a '*' behind it marks a derived value.
 * The ini file's own name has an empty section and the key ini_file.
 */
#include "conf/conf_private.h"

#include <stdlib.h>

static const char *const origin_names[] = { "default", "app", "ini", "cli" };

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

/* First that the item is there, then its rows. */
static bool dump_item(enum rs_kind_id kind, const struct rs_conf_item *it, struct rs_buf *out)
{
	const char *from = origin_names[it->at.from];
	char section[RS_SECTION_BYTES];
	bool by_key = rs_kinds[kind].by_key;

	rs_conf_item_section(kind, it, section, sizeof section);
	if (!put_line(out, from, false, it->at.where, section, by_key ? it->name : "", ""))
		return false;
	for (size_t i = 0; i < it->n; i++)
		if (!put_line(out, from, false, it->at.where, section, by_key ? it->name : it->rows[i].key, it->rows[i].value))
			return false;
	return true;
}

static bool dump_items(const struct rs_conf *c, struct rs_buf *out)
{
	for (size_t kind = 0; kind < RS_KIND_COUNT; kind++)
		for (size_t i = 0; i < c->items[kind].n; i++)
			if (!dump_item((enum rs_kind_id)kind, &c->items[kind].v[i], out))
				return false;
	return true;
}

bool rs_conf_dump(const struct rs_conf *c, struct rs_buf *out)
{
	if (*c->ini_file && !put_line(out, "ini", false, "", "", "ini_file", c->ini_file))
		return false;
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (!dump_option(c, &rs_options[i], out))
			return false;
	return dump_items(c, out) && dump_php(c, out);
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
static bool split(char *line, size_t n, char *field[RS_LINE_FIELDS])
{
	char *rest = line;

	if (memchr(line, '\0', n))
		return false;
	for (int i = 0; i < RS_LINE_FIELDS; i++)
		if (!(field[i] = strsep(&rest, "\t")))
			return false;
	return rest == NULL && unescape(field[RS_LINE_WHERE]) && unescape(field[RS_LINE_VALUE]);
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

enum rs_result rs_conf_each_line(struct rs_conf *c, struct rs_slice text, rs_conf_line_fn fn, void *arg,
				 struct rs_conf_error *err)
{
	enum rs_result r = RS_OK;
	char *field[RS_LINE_FIELDS], *line;
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

/* A line that dump_item() writes. */
static bool is_item_line(char *field[RS_LINE_FIELDS])
{
	enum rs_kind_id kind;
	enum rs_item_id id;

	if (!rs_conf_kind(field[RS_LINE_SECTION], &kind))
		return false;
	if (rs_kinds[kind].by_key)
		return field[RS_LINE_KEY][0] != '\0';
	return strchr(field[RS_LINE_SECTION], '.') && (rs_conf_item_key(kind, field[RS_LINE_KEY], &id) || !(field[RS_LINE_KEY][0] || field[RS_LINE_VALUE][0]));
}

static enum rs_result undump_line(struct rs_conf *c, char *field[RS_LINE_FIELDS], void *arg, struct rs_conf_error *err)
{
	const struct rs_option *o;
	enum rs_origin from;
	enum rs_result r;
	bool derived;

	(void)arg;
	if (!parse_origin(field[RS_LINE_FROM], &from, &derived))
		return fail_malformed(err);
	if (field[RS_LINE_SECTION][0] == '\0' && strcmp(field[RS_LINE_KEY], "ini_file") == 0)
		return rs_str_set(&c->ini_file, field[RS_LINE_VALUE]) ? RS_OK : rs_conf_no_memory(err);
	o = rs_conf_find(field[RS_LINE_SECTION], field[RS_LINE_KEY]);
	if (!o && strcmp(field[RS_LINE_SECTION], "php") != 0 && !is_item_line(field))
		return fail_malformed(err);
	r = rs_conf_set(c, from, field[RS_LINE_WHERE][0] ? field[RS_LINE_WHERE] : NULL, field[RS_LINE_SECTION], field[RS_LINE_KEY], field[RS_LINE_VALUE], err,
			NULL, NULL);
	if (r == RS_OK && o)
		c->origin[rs_conf_id(o)].derived = derived;
	return r;
}

enum rs_result rs_conf_undump(struct rs_conf *c, struct rs_slice text, struct rs_conf_error *err)
{
	return rs_conf_each_line(c, text, undump_line, NULL, err);
}
