/*
 * The configuration for people and for programs: `rserverd config`, text and JSON. Pure.
 */
#include "conf/conf_private.h"

/* Where the comments with the origins start. */
#define COMMENT_COLUMN 56

static bool list_text(const struct rs_strlist *l, struct rs_buf *out)
{
	for (size_t i = 0; i < l->n; i++)
		if (!rs_buf_printf(out, "%s%s", i ? " " : "", l->v[i]))
			return false;
	return true;
}

bool rs_conf_value_text(const struct rs_conf *c, const struct rs_option *o, struct rs_buf *out)
{
	if (o->type == RS_OPT_LIST)
		return list_text(rs_conf_field_const(c, o), out);
	if (o->type == RS_OPT_STR)
		return rs_buf_printf(out, "%s", *(char *const *)rs_conf_field_const(c, o));
	return rs_conf_number_text(o, rs_conf_get_number(c, o), out);
}

static const char *origin_text(const struct rs_origin_at *at)
{
	static const char *const names[] = { "default", "config/laravels.php", "ini", "command line" };

	if (at->derived)
		return "derived";
	return at->where ? at->where : names[at->from];
}

/* ---- text ----------------------------------------------------------------------------------------------------- */

/* A value on one line: control characters as \xNN. */
static bool put_value(struct rs_buf *out, struct rs_slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char ch = (unsigned char)value.p[i];

		if (ch < 0x20 || ch == 0x7f ? !rs_buf_printf(out, "\\x%02x", ch) : !rs_buf_put(out, &value.p[i], 1))
			return false;
	}
	return true;
}

static bool print_line(struct rs_buf *out, const char *section, const char *key, struct rs_slice value,
		       const char *origin)
{
	size_t start = out->len;

	if (!rs_buf_printf(out, "%s%s%s = ", section, *key ? "." : "", key) || !put_value(out, value))
		return false;
	start = out->len - start;
	return rs_buf_printf(out, "%*s; %s\n", start < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - start) : 1, "", origin);
}

/* A line a row; an item that was emptied has one, too. */
static bool print_item(enum rs_kind_id kind, const struct rs_conf_item *it, struct rs_buf *out)
{
	char section[RS_SECTION_BYTES];
	bool by_key = rs_kinds[kind].by_key, ok = true;

	rs_conf_item_section(kind, it, section, sizeof section);
	for (size_t i = 0; ok && i < it->n; i++)
		ok = print_line(out, section, by_key ? it->name : it->rows[i].key, rs_slice_str(it->rows[i].value),
				origin_text(&it->at));
	return ok && (it->n || print_line(out, section, by_key ? it->name : "", rs_slice("", 0), origin_text(&it->at)));
}

static bool print_items(const struct rs_conf *c, struct rs_buf *out)
{
	for (size_t kind = 0; kind < RS_KIND_COUNT; kind++)
		for (size_t i = 0; i < c->items[kind].n; i++)
			if (!print_item((enum rs_kind_id)kind, &c->items[kind].v[i], out))
				return false;
	return true;
}

static bool print_text(const struct rs_conf *c, struct rs_buf *out)
{
	struct rs_buf value = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];

		rs_buf_reset(&value, SIZE_MAX);
		ok = rs_conf_value_text(c, o, &value) &&
		     print_line(out, o->section, o->key, rs_buf_slice(&value), origin_text(&c->origin[i]));
	}
	ok = ok && print_items(c, out);
	for (size_t i = 0; ok && i < c->php.n; i++) {
		const char *eq = strchr(c->php.v[i], '=');
		char key[128];

		(void)rs_copy(key, sizeof key, rs_slice(c->php.v[i], (size_t)(eq - c->php.v[i])));
		ok = print_line(out, "php", key, rs_slice_str(eq + 1), *c->ini_file ? c->ini_file : "ini");
	}
	rs_buf_free(&value);
	return ok;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 character at p (n bytes left), 0 when it is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;

	if (len == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, above U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static bool json_string(struct rs_buf *out, struct rs_slice s)
{
	bool ok = rs_buf_put(out, "\"", 1);
	size_t len;

	while (ok && s.n) {
		unsigned char ch = (unsigned char)*s.p;

		len = utf8_length((const unsigned char *)s.p, s.n);
		if (len == 0)
			ok = rs_buf_put(out, "\xef\xbf\xbd", 3);
		else if (ch == '"' || ch == '\\')
			ok = rs_buf_printf(out, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			ok = rs_buf_printf(out, "\\u%04x", ch);
		else
			ok = rs_buf_put(out, s.p, len);
		len += len == 0;
		s = rs_slice(s.p + len, s.n - len);
	}
	return ok && rs_buf_put(out, "\"", 1);
}

static bool json_list(struct rs_buf *out, const struct rs_strlist *l)
{
	bool ok = rs_buf_put(out, "[", 1);

	for (size_t i = 0; ok && i < l->n; i++)
		ok = (i == 0 || rs_buf_put(out, ", ", 2)) && json_string(out, rs_slice_str(l->v[i]));
	return ok && rs_buf_put(out, "]", 1);
}

/* SIZE in bytes, TIME in seconds. */
static bool json_value(const struct rs_conf *c, const struct rs_option *o, struct rs_buf *out)
{
	struct rs_buf text = { 0 };
	int64_t v;
	bool ok;

	switch (o->type) {
	case RS_OPT_LIST:
		return json_list(out, rs_conf_field_const(c, o));
	case RS_OPT_STR:
	case RS_OPT_ENUM:
		ok = rs_conf_value_text(c, o, &text) && json_string(out, rs_buf_slice(&text));
		rs_buf_free(&text);
		return ok;
	case RS_OPT_BOOL:
		return rs_conf_number_text(o, rs_conf_get_number(c, o), out);
	case RS_OPT_TIME:
		v = rs_conf_get_number(c, o);
		if (v % 1000)
			return rs_buf_printf(out, "%jd.%03d", (intmax_t)(v / 1000), (int)(v % 1000));
		return rs_buf_printf(out, "%jd", (intmax_t)(v / 1000));
	default:
		return rs_buf_printf(out, "%jd", (intmax_t)rs_conf_get_number(c, o));
	}
}

static bool json_name(struct rs_buf *out, const char *section, struct rs_slice key, bool first)
{
	struct rs_buf name = { 0 };
	bool ok = rs_buf_printf(&name, "%s.%.*s", section, (int)key.n, key.p) &&
		  rs_buf_printf(out, "%s  ", first ? "" : ",\n") && json_string(out, rs_buf_slice(&name)) &&
		  rs_buf_printf(out, ": {\"value\": ");

	rs_buf_free(&name);
	return ok;
}

static bool json_origin(struct rs_buf *out, const char *from, const char *where)
{
	if (!rs_buf_printf(out, ", \"origin\": \"%s\", \"where\": ", from))
		return false;
	return (where ? json_string(out, rs_slice_str(where)) : rs_buf_printf(out, "null")) && rs_buf_put(out, "}", 1);
}

static const char *const from_names[] = { "default", "app", "ini", "cli" };

/* The value of a row, typed by its key; text for settings, which PHP types. */
static bool json_row(const struct rs_conf_item *it, enum rs_item_id id, const struct rs_conf_row *row, struct rs_buf *out)
{
	const struct rs_option *o = &rs_item_keys[id];

	switch (o->type) {
	case RS_OPT_BOOL:
		return rs_conf_number_text(o, rs_conf_item_number(it, id), out);
	case RS_OPT_INT:
		return rs_buf_printf(out, "%jd", (intmax_t)rs_conf_item_number(it, id));
	case RS_OPT_TIME:
		return rs_buf_printf(out, "%jd.%03d", (intmax_t)(rs_conf_item_number(it, id) / 1000),
				     (int)(rs_conf_item_number(it, id) % 1000));
	default:
		return json_string(out, rs_slice_str(row->value));
	}
}

/* Has a row before this one the same key? Then it was printed with that one. */
static bool printed(const struct rs_conf_item *it, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(it->rows[i].key, it->rows[at].key) == 0)
			return true;
	return false;
}

/* All rows of one key: an array for what is a list, or is there more than once. */
static bool json_rows(enum rs_kind_id kind, const struct rs_conf_item *it, size_t at, struct rs_buf *out)
{
	size_t n = 0, seen = 0;
	enum rs_item_id id;
	bool list, ok;

	RS_ASSERT(rs_conf_item_key(kind, it->rows[at].key, &id));
	for (size_t i = at; i < it->n; i++)
		n += strcmp(it->rows[i].key, it->rows[at].key) == 0;
	list = n > 1 || (rs_item_keys[id].type == RS_OPT_LIST && id != RS_ITEM_sockets_settings);
	ok = !list || rs_buf_put(out, "[", 1);
	for (size_t i = at; ok && i < it->n; i++)
		if (strcmp(it->rows[i].key, it->rows[at].key) == 0)
			ok = (seen++ == 0 || rs_buf_put(out, ", ", 2)) && json_row(it, id, &it->rows[i], out);
	return ok && (!list || rs_buf_put(out, "]", 1));
}

static bool json_item(enum rs_kind_id kind, const struct rs_conf_item *it, struct rs_buf *out)
{
	const char *from = from_names[it->at.from];
	bool by_key = rs_kinds[kind].by_key, ok = true;
	char section[RS_SECTION_BYTES];

	rs_conf_item_section(kind, it, section, sizeof section);
	for (size_t i = 0; ok && i < it->n; i++)
		ok = printed(it, i) ||
		     (json_name(out, section, rs_slice_str(by_key ? it->name : it->rows[i].key), false) &&
		      json_rows(kind, it, i, out) && json_origin(out, from, it->at.where));
	return ok;
}

static bool print_json(const struct rs_conf *c, struct rs_buf *out)
{
	bool ok = rs_buf_put(out, "{\n", 2);

	for (size_t i = 0; ok && i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];
		const struct rs_origin_at *at = &c->origin[i];

		ok = json_name(out, o->section, rs_slice_str(o->key), i == 0) && json_value(c, o, out) &&
		     json_origin(out, at->derived ? "derived" : from_names[at->from], at->where);
	}
	for (size_t kind = 0; ok && kind < RS_KIND_COUNT; kind++)
		for (size_t i = 0; ok && i < c->items[kind].n; i++)
			ok = json_item((enum rs_kind_id)kind, &c->items[kind].v[i], out);
	for (size_t i = 0; ok && i < c->php.n; i++) {
		const char *eq = strchr(c->php.v[i], '=');

		ok = json_name(out, "php", rs_slice(c->php.v[i], (size_t)(eq - c->php.v[i])), false) &&
		     json_string(out, rs_slice_str(eq + 1)) &&
		     json_origin(out, "ini", *c->ini_file ? c->ini_file : NULL);
	}
	return ok && rs_buf_printf(out, "\n}\n");
}

bool rs_conf_print(const struct rs_conf *c, bool json, struct rs_buf *out)
{
	return json ? print_json(c, out) : print_text(c, out);
}
