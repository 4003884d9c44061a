/*
 * The option table at run time, and the life of struct rs_conf and of its strings and lists.
 */
#include "conf/conf_private.h"

#include <stdlib.h>

/* In the order of the C enums. */
static const char *const rs_enum_framework[] = { "auto", "laravel", "lumen", "callable", NULL };
static const char *const rs_enum_boot[] = { "manager", "worker", NULL };
const char *const rs_enum_isolation[] = { "snapshot", "simple", "fork", "greedy", NULL };
static const char *const rs_enum_ssl_verify_client[] = { "off", "optional", "on", NULL };
static const char *const rs_enum_engine[] = { "php", "fake", NULL };
static const char *const rs_enum_static_symlinks[] = { "off", "inside", "on", NULL };

#define WORDS_BOOL(field) NULL
#define WORDS_INT(field) NULL
#define WORDS_SIZE(field) NULL
#define WORDS_TIME(field) NULL
#define WORDS_STR(field) NULL
#define WORDS_LIST(field) NULL
#define WORDS_ENUM(field) rs_enum_##field

const struct rs_option rs_options[RS_OPT_COUNT] = {
#define RS_OPT(section_, key_, field_, type_, def_, min_, max_, apply_, flags_, help_)                              \
	{ .section = #section_,                                                                                     \
	  .key = #key_,                                                                                             \
	  .def = def_,                                                                                              \
	  .help = help_,                                                                                            \
	  .type = RS_OPT_##type_,                                                                                   \
	  .min = min_,                                                                                              \
	  .max = max_,                                                                                              \
	  .apply = RS_APPLY_##apply_,                                                                               \
	  .flags = flags_,                                                                                          \
	  .offset = offsetof(struct rs_conf, field_),                                                               \
	  .words = WORDS_##type_(field_) },
#include "conf/options.def"
#undef RS_OPT
};

/* The default of a LIST is space-separated. */
static bool set_default_list(struct rs_strlist *l, const char *text)
{
	char *copy = strdup(text), *rest = copy, *item;
	bool ok = copy != NULL;

	while (ok && (item = strsep(&rest, " ")) != NULL)
		if (*item)
			ok = rs_strlist_add(l, item);
	free(copy);
	return ok;
}

static void set_default(struct rs_conf *c, const struct rs_option *o)
{
	struct rs_complaint why;
	int64_t v;

	switch (o->type) {
	case RS_OPT_STR:
		RS_ASSERT(rs_str_set(rs_conf_field(c, o), o->def));
		return;
	case RS_OPT_LIST:
		RS_ASSERT(set_default_list(rs_conf_field(c, o), o->def));
		return;
	default:
		RS_ASSERT(rs_conf_parse_number(o, o->def, &v, &why));
		rs_conf_put_number(c, o, v);
	}
}

void rs_conf_init(struct rs_conf *c)
{
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		set_default(c, &rs_options[i]);
	RS_ASSERT(rs_str_set(&c->ini_file, ""));
}

void rs_conf_fini(struct rs_conf *c)
{
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];

		if (o->type == RS_OPT_STR)
			free(*(char **)rs_conf_field(c, o));
		else if (o->type == RS_OPT_LIST)
			rs_strlist_clear(rs_conf_field(c, o));
		free(c->origin[i].where);
	}
	for (size_t i = 0; i < RS_KIND_COUNT; i++)
		rs_conf_items_fini(&c->items[i]);
	rs_strlist_clear(&c->php);
	rs_strlist_clear(&c->warned);
	free(c->ini_file);
	memset(c, 0, sizeof *c);
}

const struct rs_option *rs_conf_find(const char *section, const char *key)
{
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (strcmp(rs_options[i].section, section) == 0 && strcmp(rs_options[i].key, key) == 0)
			return &rs_options[i];
	return NULL;
}

bool rs_str_set(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return false;
	free(*field);
	*field = copy;
	return true;
}

bool rs_strlist_add(struct rs_strlist *l, const char *item)
{
	char *copy = strdup(item), **v;

	/* Grown at powers of two; n says how much room there is. */
	if (copy && (l->n & (l->n - 1)) == 0) {
		v = realloc(l->v, (l->n ? l->n * 2 : 1) * sizeof *v);
		if (!v) {
			free(copy);
			return false;
		}
		l->v = v;
	}
	if (copy)
		l->v[l->n++] = copy;
	return copy != NULL;
}

bool rs_strlist_copy(struct rs_strlist *to, const struct rs_strlist *from)
{
	struct rs_strlist copy = { 0 };

	for (size_t i = 0; i < from->n; i++) {
		if (!rs_strlist_add(&copy, from->v[i])) {
			rs_strlist_clear(&copy);
			return false;
		}
	}
	rs_strlist_clear(to);
	*to = copy;
	return true;
}

void rs_strlist_clear(struct rs_strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct rs_strlist){ 0 };
}

bool rs_strlist_eq(const struct rs_strlist *a, const struct rs_strlist *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}
