/*
 * The static_* options: what their items may be, and which item of static_expires holds for a file.
 */
#include "conf/conf_files.c"

#include "conf_fixture.h"

static void expires_items(void **state)
{
	static const struct {
		const char *text, *pattern, *more;
		int when;
		int64_t seconds;
	} good[] = {
		{ "off", "", "", RS_EXPIRES_OFF, 0 },
		{ "epoch", "", "", RS_EXPIRES_EPOCH, 0 },
		{ "max", "", "", RS_EXPIRES_MAX, 0 },
		{ "0", "", "", RS_EXPIRES_ACCESS, 0 },
		{ "90", "", "", RS_EXPIRES_ACCESS, 90 },
		{ "-1", "", "", RS_EXPIRES_ACCESS, -1 },
		{ "30d", "", "", RS_EXPIRES_ACCESS, 30 * 86400 },
		{ "1y", "", "", RS_EXPIRES_ACCESS, 365 * 86400 },
		{ "1M", "", "", RS_EXPIRES_ACCESS, 30 * 86400 },
		{ "1w1d1h30m5s", "", "", RS_EXPIRES_ACCESS, 8 * 86400 + 5405 },
		{ "-1h", "", "", RS_EXPIRES_ACCESS, -3600 },
		{ "modified 2h", "", "", RS_EXPIRES_MODIFIED, 7200 },
		{ "/build/ max public immutable", "/build/", "public immutable", RS_EXPIRES_MAX, 0 },
		{ " *.css \t30d   s-maxage=60 ", "*.css", "s-maxage=60 ", RS_EXPIRES_ACCESS, 30 * 86400 },
		{ "/ modified -1", "/", "", RS_EXPIRES_MODIFIED, -1 },
	};
	static const char *const bad[] = { "", " ", "-", "d", "1x", "1.5h", "30d,", "/build/", "*.css", "* 1d", "*css 1d", "*. 1d", "modified",
					   "modified off", "1d max-age=3", "1d public,immutable", "off public", "101y", "99999999999999999999",
					   "1d s-maxage=", "1d s-maxage=x", "1d \"", "@15h", "css 1d", "1 d", "1d 2d" };
	struct rs_conf_expires e;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(good); i++) {
		if (!rs_conf_expires(good[i].text, &e))
			fail_msg("%s was refused", good[i].text);
		if ((int)e.when != good[i].when || e.seconds != good[i].seconds || strcmp(e.more, good[i].more) != 0 ||
		    !rs_slice_eq(e.pattern, rs_slice_str(good[i].pattern)))
			fail_msg("%s: %d %jd `%s`", good[i].text, (int)e.when, (intmax_t)e.seconds, e.more);
	}
	for (size_t i = 0; i < RS_COUNTOF(bad); i++)
		if (rs_conf_expires(bad[i], &e))
			fail_msg("%s was accepted", bad[i]);
}

static void the_first_that_fits(void **state)
{
	static char *items[] = { "/build/nothing off", "/build/ max", "*.CSS 1d", "2d" };
	static char *some[] = { "*.css 1d" };
	const struct rs_strlist list = { .v = items, .n = RS_COUNTOF(items) }, few = { .v = some, .n = 1 };
	struct rs_conf_expires e;

	(void)state;
	assert_true(rs_conf_expires_of(&list, "build/a.css", &e) && e.when == RS_EXPIRES_MAX);
	assert_true(rs_conf_expires_of(&list, "a/b.css", &e) && e.seconds == 86400);
	assert_true(rs_conf_expires_of(&list, "builder.txt", &e) && e.seconds == 2 * 86400);
	assert_false(rs_conf_expires_of(&list, "build/nothing/at/all", &e));
	assert_true(rs_conf_expires_of(&few, ".css", &e));
	assert_false(rs_conf_expires_of(&few, "css", &e));
	assert_false(rs_conf_expires_of(&few, "", &e));
	assert_false(rs_conf_expires_of(&few, "a.css.map", &e));
}

static void index_files_and_codings(void **state)
{
	(void)state;
	assert_true(rs_conf_index_valid("index.html") && rs_conf_index_valid("default") && rs_conf_index_valid("a.php.html"));
	assert_false(rs_conf_index_valid("index.php") || rs_conf_index_valid("INDEX.PHP") || rs_conf_index_valid("a/b") ||
		     rs_conf_index_valid(".html") || rs_conf_index_valid("..") || rs_conf_index_valid(""));
	assert_true(rs_conf_coding_valid("br") && rs_conf_coding_valid("gzip") && rs_conf_coding_valid("zstd"));
	assert_false(rs_conf_coding_valid("gz") || rs_conf_coding_valid("deflate") || rs_conf_coding_valid("br gzip"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(expires_items),
		TEST(the_first_that_fits),
		TEST(index_files_and_codings),
	};

	return cmocka_run_group_tests_name("conf_files", tests, NULL, NULL);
}
