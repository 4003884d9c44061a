/*
 * One value into the configuration: finds its option, checks it, obeys the precedence, warns about what is
 * unknown, not built yet or without effect.
 */
#include "conf/conf_private.h"

#include <limits.h>
#include <stdlib.h>

/* Hostile text can name any number of sections; nobody reads more warnings than this. */
#define WARNED_MAX 64

static const char *const plain_sections[] = { "laravels", "destroy_controllers", "inotify_reload",
						"websocket", "timer", "swoole", "rserverd", "php" };

void rs_conf_warn_about(const struct rs_conf_setting *s, const char *key, const struct rs_complaint *why)
{
	struct rs_conf_error text;

	if (!s->warn)
		return;
	(void)rs_conf_fail(&text, s->where, s->section, key, why);
	s->warn(s->arg, text.text);
}

/* True the first time for a section name, as long as names are few. */
static bool first_time(struct rs_conf *c, const char *section)
{
	if (c->warned.n >= WARNED_MAX)
		return false;
	for (size_t i = 0; i < c->warned.n; i++)
		if (strcmp(c->warned.v[i], section) == 0)
			return false;
	/* Not remembered for want of memory: then not said either. */
	return rs_strlist_add(&c->warned, section);
}

static bool is_plain(const char *section)
{
	for (size_t i = 0; i < RS_COUNTOF(plain_sections); i++)
		if (strcmp(plain_sections[i], section) == 0)
			return true;
	return false;
}

static void hint_if_nearer(const char *word, const char *known, const char *fmt_section, struct rs_complaint *why,
			   unsigned *nearest)
{
	unsigned d = rs_conf_distance(word, known);

	if (d >= *nearest)
		return;
	*nearest = d;
	if (fmt_section)
		(void)rs_fmt(why->hint, sizeof why->hint, "`%s` in [%s]", known, fmt_section);
	else
		(void)rs_fmt(why->hint, sizeof why->hint, "`%s`", known);
}

static void unknown_section(struct rs_conf *c, const struct rs_conf_setting *s)
{
	struct rs_complaint why = { .what = "unknown section, ignored" };
	char base[64];
	unsigned nearest = UINT_MAX;

	if (!first_time(c, s->section))
		return;
	(void)rs_copy(base, sizeof base, rs_slice(s->section, strcspn(s->section, ".")));
	for (size_t i = 0; i < RS_COUNTOF(plain_sections); i++)
		hint_if_nearer(base, plain_sections[i], NULL, &why, &nearest);
	for (size_t i = 0; i < RS_KIND_COUNT; i++)
		hint_if_nearer(base, rs_kinds[i].name, NULL, &why, &nearest);
	rs_conf_warn_about(s, NULL, &why);
}

/* The key may be misspelt, or stand in the wrong section, or both. */
static void unknown_key(const struct rs_conf_setting *s)
{
	struct rs_complaint why = { .what = "unknown key, ignored" };
	unsigned nearest = UINT_MAX;

	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (strcmp(rs_options[i].section, s->section) == 0)
			hint_if_nearer(s->key, rs_options[i].key, NULL, &why, &nearest);
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (strcmp(rs_options[i].section, s->section) != 0)
			hint_if_nearer(s->key, rs_options[i].key, rs_options[i].section, &why, &nearest);
	rs_conf_warn_about(s, s->key, &why);
}

static void not_an_option(struct rs_conf *c, const struct rs_conf_setting *s)
{
	if (is_plain(s->section))
		unknown_key(s);
	else
		unknown_section(c, s);
}

/* [php]: any directive; the last value counts. */
static enum rs_result set_php(struct rs_conf *c, const struct rs_conf_setting *s, struct rs_conf_error *err)
{
	static const struct rs_complaint late = { .what = "PHP has started by then, ignored" };
	struct rs_complaint why = { 0 };
	struct rs_buf pair = { 0 };
	enum rs_result r = RS_OK;
	size_t nkey = strlen(s->key), i;

	if (s->from == RS_FROM_APP) {
		rs_conf_warn_about(s, s->key, &late);
		return RS_OK;
	}
	for (const char *p = s->value; *p; p++)
		if ((unsigned char)*p < 0x20)
			(void)rs_fmt(why.what, sizeof why.what, "a php.ini value has no control characters");
	if (nkey == 0 || strcspn(s->key, "= \t\r\n;[]\"") != nkey)
		(void)rs_fmt(why.what, sizeof why.what, "this is no name of a php.ini directive");
	if (why.what[0])
		return rs_conf_fail(err, s->where, s->section, s->key, &why);
	if (!rs_buf_printf(&pair, "%s=%s", s->key, s->value) || !rs_buf_put(&pair, "", 1)) {
		rs_buf_free(&pair);
		return rs_conf_no_memory(err);
	}
	for (i = 0; i < c->php.n; i++)
		if (strncmp(c->php.v[i], rs_buf_data(&pair), nkey + 1) == 0)
			break;
	if (i < c->php.n ? !rs_str_set(&c->php.v[i], rs_buf_data(&pair)) : !rs_strlist_add(&c->php, rs_buf_data(&pair)))
		r = rs_conf_no_memory(err);
	rs_buf_free(&pair);
	return r;
}

static bool is_default_text(const struct rs_conf *c, const struct rs_option *o)
{
	struct rs_buf b = { 0 };
	bool same = rs_conf_value_text(c, o, &b) && rs_slice_eq(rs_buf_slice(&b), rs_slice_str(o->def));

	rs_buf_free(&b);
	return same;
}

static void warn_about_option(const struct rs_conf *c, const struct rs_option *o, const struct rs_conf_setting *s)
{
	struct rs_complaint why = { 0 };

	if (!(o->flags & RS_OPT_INERT) || is_default_text(c, o))
		return;
	/* "Accepted: why it does nothing." */
	(void)rs_fmt(why.what, sizeof why.what, "has no effect%s", strchr(o->help, ':'));
	rs_conf_warn_about(s, s->key, &why);
}

static void warn_if_twice(const struct rs_conf *c, const struct rs_option *o, const struct rs_conf_setting *s)
{
	const struct rs_origin_at *at = &c->origin[rs_conf_id(o)];
	struct rs_complaint why = { 0 };

	if (s->from != RS_FROM_INI || at->from != RS_FROM_INI || o->type == RS_OPT_LIST || !at->where)
		return;
	(void)rs_fmt(why.what, sizeof why.what, "set again; the value of %.200s is overruled", at->where);
	rs_conf_warn_about(s, s->key, &why);
}

static bool store_text(struct rs_conf *c, const struct rs_option *o, const struct rs_conf_setting *s)
{
	struct rs_strlist *l;

	if (o->type == RS_OPT_STR)
		return rs_str_set(rs_conf_field(c, o), s->value);
	l = rs_conf_field(c, o);
	/* `key[] =` empties the list; the first item of a stronger origin replaces what weaker ones said. */
	if (s->from > c->origin[rs_conf_id(o)].from || s->value[0] == '\0')
		rs_strlist_clear(l);
	return s->value[0] == '\0' || rs_strlist_add(l, s->value);
}

enum rs_result rs_conf_set(struct rs_conf *c, enum rs_origin from, const char *where, const char *section,
			   const char *key, const char *value, struct rs_conf_error *err, rs_conf_warn_fn warn,
			   void *arg)
{
	const struct rs_conf_setting s = { from, where, section, key, value, warn, arg };
	const struct rs_option *o;
	struct rs_complaint why;
	struct rs_origin_at *at;
	enum rs_kind_id kind;
	char *copy = NULL;
	bool text, good;
	int64_t v = 0;

	err->text[0] = '\0';
	if (strcmp(section, "php") == 0)
		return set_php(c, &s, err);
	if (rs_conf_kind(section, &kind))
		return rs_conf_set_item(c, kind, &s, err);
	o = rs_conf_find(section, key);
	if (!o) {
		not_an_option(c, &s);
		return RS_OK;
	}
	text = o->type == RS_OPT_STR || o->type == RS_OPT_LIST;
	good = text ? value[0] == '\0' || rs_conf_check_text(o, value, &why) : rs_conf_parse_number(o, value, &v, &why);
	if (!good)
		return rs_conf_fail(err, where, section, key, &why);
	at = &c->origin[rs_conf_id(o)];
	if (from < at->from)
		return RS_OK;
	if (where && !(copy = strdup(where)))
		return rs_conf_no_memory(err);
	warn_if_twice(c, o, &s);
	if (!text) {
		rs_conf_put_number(c, o, v);
	} else if (!store_text(c, o, &s)) {
		free(copy);
		return rs_conf_no_memory(err);
	}
	free(at->where);
	*at = (struct rs_origin_at){ .from = from, .where = copy };
	warn_about_option(c, o, &s);
	return RS_OK;
}
