/*
 * Which isolation mode holds for a path: the longest prefix, compared with what the application will see of the path.
 */
#include "conf/conf_isolation.c"

#include "conf_fixture.h"

static const char text[] = "[rserverd]\nisolation = greedy\n"
			   "[isolation.legacy]\nprefix = /legacy\nmode = fork\n"
			   "[isolation.deep]\nprefix = /legacy/new/\nmode = snapshot\n";

static const struct {
	const char *path;
	enum rs_isolation mode;
} rows[] = {
	{ "/", RS_ISOLATION_GREEDY },
	{ "", RS_ISOLATION_GREEDY },
	{ "/legacy", RS_ISOLATION_FORK },
	{ "/legacy/", RS_ISOLATION_FORK },
	{ "/legacy/a/b", RS_ISOLATION_FORK },
	{ "/legacyx", RS_ISOLATION_GREEDY },
	{ "/Legacy", RS_ISOLATION_GREEDY },
	{ "/x/legacy", RS_ISOLATION_GREEDY },
	{ "/legacy/new", RS_ISOLATION_SNAPSHOT },
	{ "/legacy/new/x", RS_ISOLATION_SNAPSHOT },
	{ "/legacy/newx", RS_ISOLATION_FORK },
	/* escapes, once */
	{ "/%6cegacy", RS_ISOLATION_FORK },
	{ "/%6Cegac%79", RS_ISOLATION_FORK },
	{ "/legacy%2Fa", RS_ISOLATION_FORK },
	{ "%2flegacy", RS_ISOLATION_FORK },
	{ "/%256cegacy", RS_ISOLATION_GREEDY },
	{ "/%6", RS_ISOLATION_GREEDY },
	{ "/%", RS_ISOLATION_GREEDY },
	{ "/legacy/%zz", RS_ISOLATION_FORK },
	{ "/leg%zzacy", RS_ISOLATION_GREEDY },
	/* slashes */
	{ "//legacy", RS_ISOLATION_FORK },
	{ "///legacy//new///x", RS_ISOLATION_SNAPSHOT },
	{ "/%2f/legacy", RS_ISOLATION_FORK },
	/* the front controller */
	{ "/index.php", RS_ISOLATION_GREEDY },
	{ "/index.php/legacy", RS_ISOLATION_FORK },
	{ "/%69ndex.php//legacy", RS_ISOLATION_FORK },
	{ "//index.php/legacy/new", RS_ISOLATION_SNAPSHOT },
	{ "/index.phpx/legacy", RS_ISOLATION_GREEDY },
	{ "/index.php/index.php/legacy", RS_ISOLATION_GREEDY },
};

static void load(struct fixture *f)
{
	if (rs_conf_parse_ini(&f->c, RS_SLICE(text), "x.ini", &f->err, on_warning, f) != RS_OK)
		fail_msg("%s", f->err.text);
}

static void test_paths(void **state)
{
	struct fixture *f = *state;

	load(f);
	for (size_t i = 0; i < RS_COUNTOF(rows); i++)
		if (rs_conf_isolation(&f->c, rs_slice_str(rows[i].path)) != rows[i].mode)
			fail_msg("%s: not mode %d", rows[i].path, (int)rows[i].mode);
	assert_true(rs_conf_uses(&f->c, RS_ISOLATION_FORK) && rs_conf_uses(&f->c, RS_ISOLATION_GREEDY));
	assert_false(rs_conf_uses(&f->c, RS_ISOLATION_SIMPLE));
}

/* Of a path without end, its beginning counts. */
static void test_endless_path(void **state)
{
	struct fixture *f = *state;
	static char path[1 << 20];

	load(f);
	memset(path, '/', sizeof path);
	assert_int_equal(rs_conf_isolation(&f->c, rs_slice(path, sizeof path)), RS_ISOLATION_GREEDY);
	memcpy(path + sizeof path - 7, "/legacy", 7);
	assert_int_equal(rs_conf_isolation(&f->c, rs_slice(path, sizeof path)), RS_ISOLATION_FORK);
	memset(path, 'x', sizeof path);
	memcpy(path, "/legacy/", 8);
	assert_int_equal(rs_conf_isolation(&f->c, rs_slice(path, sizeof path)), RS_ISOLATION_FORK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless_path, setup, teardown),
	};

	return cmocka_run_group_tests_name("isolation by path", tests, NULL, NULL);
}
