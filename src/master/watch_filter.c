/*
 * What counts for a reload on change. Pure.
 */
#include "master/watch_filter.h"

#include <stdlib.h>

/* Below the application: what it writes itself, and what comes from others and is replaced as a whole. */
static const char *const below_base[] = { "storage", "vendor", "bootstrap/cache" };

/* Is path the directory dir, or below it? */
static bool within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static bool add_excluded(struct rs_watch_filter *f, const char *base)
{
	char path[4352];

	for (size_t i = 0; i < RS_COUNTOF(below_base); i++) {
		if (!rs_fmt(path, sizeof path, "%s/%s", base, below_base[i]) || within(f->root, path))
			continue;
		if (!rs_strlist_add(&f->excluded, path))
			return false;
	}
	return true;
}

bool rs_watch_filter_init(struct rs_watch_filter *f, const char *root, const char *base, const struct rs_strlist *excluded,
			  const struct rs_strlist *types)
{
	char type[256];

	*f = (struct rs_watch_filter){ .root = strdup(root) };
	if (!f->root || !add_excluded(f, base))
		return false;
	for (size_t i = 0; i < excluded->n; i++)
		if (!rs_strlist_add(&f->excluded, excluded->v[i]))
			return false;
	for (size_t i = 0; i < types->n; i++)
		if (rs_fmt(type, sizeof type, "%s%s", types->v[i][0] == '.' ? "" : ".", types->v[i]) &&
		    !rs_strlist_add(&f->types, type))
			return false;
	return true;
}

void rs_watch_filter_fini(struct rs_watch_filter *f)
{
	free(f->root);
	rs_strlist_clear(&f->excluded);
	rs_strlist_clear(&f->types);
	*f = (struct rs_watch_filter){ 0 };
}

bool rs_watch_filter_eq(const struct rs_watch_filter *a, const struct rs_watch_filter *b)
{
	return strcmp(a->root, b->root) == 0 && rs_strlist_eq(&a->excluded, &b->excluded) && rs_strlist_eq(&a->types, &b->types);
}

bool rs_watch_wants_dir(const struct rs_watch_filter *f, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char whole[8448];

	/* Tools keep such things everywhere: .git, .idea, packages of a front end. */
	if (name[0] == '.' || strcmp(name, "node_modules") == 0)
		return false;
	if (!rs_fmt(whole, sizeof whole, "%s/%s", strcmp(f->root, "/") == 0 ? "" : f->root, path))
		return false;
	for (size_t i = 0; i < f->excluded.n; i++)
		if (within(whole, f->excluded.v[i]))
			return false;
	return true;
}

bool rs_watch_wants_file(const struct rs_watch_filter *f, const char *name)
{
	size_t n = strlen(name), end;

	/* An editor's lock. */
	if (name[0] == '.' && name[1] == '#')
		return false;

	for (size_t i = 0; i < f->types.n; i++) {
		end = strlen(f->types.v[i]);
		if (n >= end && strcmp(name + n - end, f->types.v[i]) == 0)
			return true;
	}
	return false;
}
