/*
 * The area of argv and environment that titles are written on.
 */
#include "base/rs_proc.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rs_base.h"

/* As the kernel lays them out, and a variable that lies elsewhere. */
static void test_area_is_free_for_titles(void **state)
{
	char area[] = "prog\0-c\0x.ini\0A=1\0B=two", elsewhere[] = "C=3";
	char *argv[] = { area, area + 5, area + 8, NULL };
	char *env[] = { area + 14, elsewhere, area + 18, NULL };
	struct rs_title t = { .prefix = "" };
	char **before = environ;

	(void)state;
	environ = env;
	assert_true(rs_title_init(&t, 3, argv));
	assert_ptr_equal(t.area, area);
	assert_int_equal(t.size, sizeof area);
	memset(t.area, 'x', t.size);
	assert_string_equal(argv[0], "prog");
	assert_string_equal(argv[1], "-c");
	assert_string_equal(argv[2], "x.ini");
	assert_null(argv[3]);
	assert_string_equal(getenv("A"), "1");
	assert_string_equal(getenv("B"), "two");
	assert_string_equal(getenv("C"), "3");
	/* LeakSanitizer looks after the last test: nothing is left over of a variable that is unset. */
	assert_int_equal(unsetenv("B"), 0);
	assert_null(getenv("B"));
	free(environ);
	environ = before;
}

static void test_without_arguments(void **state)
{
	struct rs_title t = { .prefix = "" };
	char *argv[] = { NULL }, **before = environ;

	(void)state;
	assert_true(rs_title_init(&t, 0, argv));
	assert_ptr_equal(environ, before);
	rs_title_put(&t, "nothing to write on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_area_is_free_for_titles),
		cmocka_unit_test(test_without_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
