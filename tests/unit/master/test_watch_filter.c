/*
 * Which directories and files count for a reload on change.
 */
#include "master/watch_filter.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void make(struct rs_watch_filter *f, const char *root, const char *excluded, const char *const *types)
{
	struct rs_strlist dirs = { 0 }, ends = { 0 };

	if (excluded)
		assert_true(rs_strlist_add(&dirs, excluded));
	for (; *types; types++)
		assert_true(rs_strlist_add(&ends, *types));
	assert_true(rs_watch_filter_init(f, root, "/srv/app", &dirs, &ends));
	rs_strlist_clear(&dirs);
	rs_strlist_clear(&ends);
}

static const struct {
	const char *root, *excluded, *path;
	bool wanted;
} dirs[] = {
	{ "/srv/app", NULL, "app", true },
	{ "/srv/app", NULL, "app/Http", true },
	{ "/srv/app", NULL, "vendor", false },
	{ "/srv/app", NULL, "vendor/acme/src", false },
	{ "/srv/app", NULL, "vendors", true },
	{ "/srv/app", NULL, "resources/views/vendor", true },
	{ "/srv/app", NULL, "storage", false },
	{ "/srv/app", NULL, "app/storage", true },
	{ "/srv/app", NULL, "bootstrap", true },
	{ "/srv/app", NULL, "bootstrap/cache", false },
	{ "/srv/app", NULL, "bootstrap/cached", true },
	{ "/srv/app", NULL, "node_modules", false },
	{ "/srv/app", NULL, "packages/ui/node_modules", false },
	{ "/srv/app", NULL, ".git", false },
	{ "/srv/app", NULL, "app/.idea", false },
	{ "/srv/app", "/srv/app/app/Generated", "app/Generated", false },
	{ "/srv/app", "/srv/app/app/Generated/", "app/Generated/deep", false },
	{ "/srv/app", "/srv/app/app/Generated", "app/GeneratedToo", true },
	{ "/srv/app", "/srv/app/app/Generated", "app", true },
	{ "/srv/app/vendor", NULL, "acme/vendor", true },
	{ "/srv/app/vendor/acme", NULL, "src", true },
	{ "/srv/app/vendor", NULL, "acme/node_modules", false },
	{ "/srv", NULL, "app/storage", false },
	{ "/srv", NULL, "other/storage", true },
	{ "/", NULL, "srv/app/vendor", false },
	{ "/", NULL, "srv/app/app", true },
};

static void directories_are_told_apart(void **state)
{
	static const char *const types[] = { ".php", NULL };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(dirs); i++) {
		struct rs_watch_filter f;

		make(&f, dirs[i].root, dirs[i].excluded, types);
		if (rs_watch_wants_dir(&f, dirs[i].path) != dirs[i].wanted)
			fail_msg("%s below %s", dirs[i].path, dirs[i].root);
		rs_watch_filter_fini(&f);
	}
}

static const struct {
	const char *name;
	bool wanted;
} files[] = {
	{ "a.php", true },	  { "a.b.php", true },	{ ".php", true },     { "a.php~", false },    { "a.php.swp", false },
	{ "php", false },	  { "aphp", false },	{ "x.blade.twig", true }, { "x.twig", false },  { "blade.twig", false },
	{ ".env", true },	  { "my.env", true },	{ "env", false },     { ".#a.php", false },   { "", false },
};

static void names_are_matched_at_their_end(void **state)
{
	static const char *const types[] = { "php", ".blade.twig", "env", NULL };
	struct rs_watch_filter f;

	(void)state;
	make(&f, "/srv/app", NULL, types);
	for (size_t i = 0; i < RS_COUNTOF(files); i++)
		if (rs_watch_wants_file(&f, files[i].name) != files[i].wanted)
			fail_msg("%s", files[i].name);
	rs_watch_filter_fini(&f);
}

static void filters_are_compared(void **state)
{
	static const char *const php[] = { "php", NULL }, *const dotted[] = { ".php", NULL }, *const two[] = { "php", "js", NULL };
	struct rs_watch_filter a, b;
	const struct {
		const char *root, *excluded;
		const char *const *types;
		bool same;
	} other[] = { { "/srv/app", NULL, dotted, true }, { "/srv/app", NULL, two, false }, { "/srv/app/app", NULL, php, false },
		      { "/srv/app", "/srv/app/x", php, false } };

	(void)state;
	make(&a, "/srv/app", NULL, php);
	for (size_t i = 0; i < RS_COUNTOF(other); i++) {
		make(&b, other[i].root, other[i].excluded, other[i].types);
		assert_int_equal(rs_watch_filter_eq(&a, &b), other[i].same);
		rs_watch_filter_fini(&b);
	}
	rs_watch_filter_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_are_told_apart),
		cmocka_unit_test(names_are_matched_at_their_end),
		cmocka_unit_test(filters_are_compared),
	};

	return cmocka_run_group_tests_name("watch_filter", tests, NULL, NULL);
}
