/*
 * The items of keyed sections: how they are found, filled by the precedence, compared and copied.
 */
#include "conf/conf_private.h"

#include <limits.h>
#include <stdlib.h>

/* Of a process title, of a table, of an event's class. */
#define NAME_MAX_BYTES 200
#define ITEMS_MAX 1024
#define ROWS_MAX 4096

enum { SECTION, KEY };

const struct rs_kind rs_kinds[RS_KIND_COUNT] = {
#define RS_KIND(kind_, named_, name_is_, title_, example_)                                                            \
	{ .name = #kind_, .name_is = name_is_, .title = title_, .example = example_, .by_key = (named_) == KEY },
#define RS_ITEM(kind, key, id, type, def, min, max, example, help)
#include "conf/items.def"
#undef RS_KIND
#undef RS_ITEM
};

const char *const rs_item_examples[RS_ITEM_COUNT] = {
#define RS_KIND(kind, named, name_is, title, example)
#define RS_ITEM(kind, key, id, type, def, min, max, example, help) example,
#include "conf/items.def"
#undef RS_KIND
#undef RS_ITEM
};

static const char *const event_names[] = { "ServerStart", "ServerStop", "WorkerStart", "WorkerStop", "WorkerError" };

/* ---- life ----------------------------------------------------------------------------------------------------- */

static void clear_rows(struct rs_conf_item *it)
{
	for (size_t i = 0; i < it->n; i++) {
		free(it->rows[i].key);
		free(it->rows[i].value);
	}
	free(it->rows);
	it->rows = NULL;
	it->n = 0;
}

static void item_fini(struct rs_conf_item *it)
{
	clear_rows(it);
	free(it->name);
	free(it->at.where);
	*it = (struct rs_conf_item){ 0 };
}

void rs_conf_items_fini(struct rs_conf_items *items)
{
	for (size_t i = 0; i < items->n; i++)
		item_fini(&items->v[i]);
	free(items->v);
	*items = (struct rs_conf_items){ 0 };
}

/* Room for one more behind n; grown at powers of two. */
static void *grown(void *v, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? realloc(v, (n ? n * 2 : 1) * size) : v;
}

/* A new item without rows; NULL: no memory. */
static struct rs_conf_item *add_item(struct rs_conf_items *items, const char *name)
{
	struct rs_conf_item *v = grown(items->v, items->n, sizeof *v);

	if (!v)
		return NULL;
	items->v = v;
	v[items->n] = (struct rs_conf_item){ .name = strdup(name) };
	return v[items->n].name ? &v[items->n++] : NULL;
}

static bool add_row(struct rs_conf_item *it, const char *key, const char *value)
{
	struct rs_conf_row row = { strdup(key), strdup(value) };
	struct rs_conf_row *rows = row.key && row.value ? grown(it->rows, it->n, sizeof *rows) : NULL;

	if (!rows) {
		free(row.key);
		free(row.value);
		return false;
	}
	it->rows = rows;
	rows[it->n++] = row;
	return true;
}

static void remove_rows(struct rs_conf_item *it, const char *key)
{
	size_t to = 0;

	for (size_t i = 0; i < it->n; i++) {
		if (strcmp(it->rows[i].key, key) != 0) {
			it->rows[to++] = it->rows[i];
			continue;
		}
		free(it->rows[i].key);
		free(it->rows[i].value);
	}
	it->n = to;
}

static bool copy_item(struct rs_conf_items *to, const struct rs_conf_item *from)
{
	struct rs_conf_item *it = add_item(to, from->name);

	if (!it || (from->at.where && !(it->at.where = strdup(from->at.where))))
		return false;
	it->at.from = from->at.from;
	for (size_t i = 0; i < from->n; i++)
		if (!add_row(it, from->rows[i].key, from->rows[i].value))
			return false;
	return true;
}

bool rs_conf_items_copy(struct rs_conf_items *to, const struct rs_conf_items *from)
{
	struct rs_conf_items copy = { 0 };

	for (size_t i = 0; i < from->n; i++) {
		if (!copy_item(&copy, &from->v[i])) {
			rs_conf_items_fini(&copy);
			return false;
		}
	}
	rs_conf_items_fini(to);
	*to = copy;
	return true;
}

static bool item_eq(const struct rs_conf_item *a, const struct rs_conf_item *b)
{
	if (strcmp(a->name, b->name) != 0 || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->rows[i].key, b->rows[i].key) != 0 || strcmp(a->rows[i].value, b->rows[i].value) != 0)
			return false;
	return true;
}

bool rs_conf_items_eq(const struct rs_conf_items *a, const struct rs_conf_items *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!item_eq(&a->v[i], &b->v[i]))
			return false;
	return true;
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

bool rs_conf_kind(const char *section, enum rs_kind_id *out)
{
	size_t n = strcspn(section, ".");

	for (size_t i = 0; i < RS_KIND_COUNT; i++) {
		if (strlen(rs_kinds[i].name) != n || memcmp(rs_kinds[i].name, section, n) != 0 ||
		    (rs_kinds[i].by_key && section[n]))
			continue;
		*out = (enum rs_kind_id)i;
		return true;
	}
	return false;
}

void rs_conf_item_section(enum rs_kind_id kind, const struct rs_conf_item *it, char *out, size_t size)
{
	const struct rs_kind *k = &rs_kinds[kind];

	(void)rs_fmt(out, size, "%s%s%s", k->name, k->by_key ? "" : ".", k->by_key ? "" : it->name);
}

static struct rs_conf_item *find_item(struct rs_conf_items *items, const char *name)
{
	for (size_t i = 0; i < items->n; i++)
		if (strcmp(items->v[i].name, name) == 0)
			return &items->v[i];
	return NULL;
}

const struct rs_conf_item *rs_conf_item(const struct rs_conf *c, enum rs_kind_id kind, const char *name)
{
	for (size_t i = 0; i < c->items[kind].n; i++)
		if (strcmp(c->items[kind].v[i].name, name) == 0)
			return &c->items[kind].v[i];
	return NULL;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* The name that the setting is about, as the kind wants it. NULL: *why. */
static const char *item_name(enum rs_kind_id kind, const struct rs_conf_setting *s, struct rs_complaint *why)
{
	const char *name = rs_kinds[kind].by_key ? s->key : s->section + strcspn(s->section, ".");

	if (!rs_kinds[kind].by_key)
		name += *name == '.';
	else if (*name == '\\')
		name++;
	if (has_control(s->key))
		(void)rs_fmt(why->what, sizeof why->what, "the key has a control character in it");
	/* Known by that name for a while. */
	if (kind == RS_KIND_event_handlers && strcmp(name, "BeforeStart") == 0)
		name = "ServerStart";
	if (strlen(name) > NAME_MAX_BYTES)
		(void)rs_fmt(why->what, sizeof why->what, "the name is too long, allowed are %d bytes", NAME_MAX_BYTES);
	if (has_control(name))
		(void)rs_fmt(why->what, sizeof why->what, "the name has a control character in it");
	if (kind == RS_KIND_events && !rs_conf_class_valid(name))
		(void)rs_fmt(why->what, sizeof why->what, "this is not the name of an event's class");
	return why->what[0] ? NULL : name;
}

/* ---- warnings ------------------------------------------------------------------------------------------------- */

static void hint(const char *word, const char *known, struct rs_complaint *why, unsigned *nearest)
{
	unsigned d = rs_conf_distance(word, known);

	if (d >= *nearest)
		return;
	*nearest = d;
	(void)rs_fmt(why->hint, sizeof why->hint, "`%s`", known);
}

static void unknown_key(enum rs_kind_id kind, const struct rs_conf_setting *s)
{
	struct rs_complaint why = { .what = "unknown key, ignored" };
	unsigned nearest = UINT_MAX;

	for (size_t i = 0; i < RS_ITEM_COUNT; i++)
		if (strcmp(rs_item_keys[i].section, rs_kinds[kind].name) == 0)
			hint(s->key, rs_item_keys[i].key, &why, &nearest);
	rs_conf_warn_about(s, s->key, &why);
}

/* Is there something of that name? Else the item would never do anything. */
static bool name_known(enum rs_kind_id kind, const char *name, const struct rs_conf_setting *s)
{
	struct rs_complaint why = { .what = "no such event, ignored" };
	unsigned nearest = UINT_MAX;

	if (name[0] == '\0') {
		(void)rs_fmt(why.what, sizeof why.what, "the section has no name, ignored");
		(void)rs_fmt(why.hint, sizeof why.hint, "`[%s.%s]`", rs_kinds[kind].name, rs_kinds[kind].example);
		rs_conf_warn_about(s, NULL, &why);
		return false;
	}
	if (kind != RS_KIND_event_handlers)
		return true;
	for (size_t i = 0; i < RS_COUNTOF(event_names); i++) {
		if (strcmp(event_names[i], name) == 0)
			return true;
		hint(name, event_names[i], &why, &nearest);
	}
	rs_conf_warn_about(s, s->key, &why);
	return false;
}

/* ---- setting -------------------------------------------------------------------------------------------------- */

/* The item, ready to take rows of the setting's origin. *it NULL: a stronger origin has it. */
static enum rs_result open_item(struct rs_conf_items *items, const char *name, const struct rs_conf_setting *s,
				struct rs_conf_item **it, struct rs_conf_error *err)
{
	static const struct rs_complaint many = { .what = "there are too many", .allowed = "1024" };

	*it = find_item(items, name);
	if (*it && (*it)->at.from > s->from) {
		*it = NULL;
		return RS_OK;
	}
	if (!*it) {
		if (items->n == ITEMS_MAX)
			return rs_conf_fail(err, s->where, s->section, NULL, &many);
		if (!(*it = add_item(items, name)))
			return rs_conf_no_memory(err);
	} else if ((*it)->at.from == s->from) {
		return RS_OK;
	}
	clear_rows(*it);
	free((*it)->at.where);
	(*it)->at = (struct rs_origin_at){ .from = s->from, .where = s->where ? strdup(s->where) : NULL };
	return s->where && !(*it)->at.where ? rs_conf_no_memory(err) : RS_OK;
}

static enum rs_result put_row(struct rs_conf_item *it, enum rs_item_id id, const char *key, const struct rs_conf_setting *s,
			      struct rs_conf_error *err)
{
	static const struct rs_complaint many = { .what = "there are too many values", .allowed = "4096" };
	static const struct rs_complaint twice = { .what = "set again; the value before is overruled" };
	bool list = rs_item_keys[id].type == RS_OPT_LIST, there = false;

	for (size_t i = 0; i < it->n; i++)
		there = there || strcmp(it->rows[i].key, key) == 0;
	if (there && !list && s->from == RS_FROM_INI)
		rs_conf_warn_about(s, s->key, &twice);
	if (!list || s->value[0] == '\0')
		remove_rows(it, key);
	if (s->value[0] == '\0')
		return RS_OK;
	if (it->n == ROWS_MAX)
		return rs_conf_fail(err, s->where, s->section, s->key, &many);
	return add_row(it, key, s->value) ? RS_OK : rs_conf_no_memory(err);
}

enum rs_result rs_conf_set_item(struct rs_conf *c, enum rs_kind_id kind, const struct rs_conf_setting *s,
				struct rs_conf_error *err)
{
	bool by_key = rs_kinds[kind].by_key, bare = !by_key && s->key[0] == '\0' && s->value[0] == '\0';
	struct rs_complaint why = { 0 };
	const char *name = item_name(kind, s, &why);
	struct rs_conf_item *it;
	enum rs_item_id id = RS_ITEM_COUNT;
	enum rs_result r;

	if (!name)
		return rs_conf_fail(err, s->where, s->section, by_key ? s->key : NULL, &why);
	if (!name_known(kind, name, s))
		return RS_OK;
	/* A bare section is a line of a dump: the item is there. */
	if (!bare && !rs_conf_item_key(kind, by_key ? "" : s->key, &id)) {
		unknown_key(kind, s);
		return RS_OK;
	}
	if (s->value[0] && !rs_conf_item_check(id, s->value, &why))
		return rs_conf_fail(err, s->where, s->section, s->key, &why);
	r = open_item(&c->items[kind], name, s, &it, err);
	if (r != RS_OK || !it || bare)
		return r;
	return put_row(it, id, by_key ? "" : s->key, s, err);
}
