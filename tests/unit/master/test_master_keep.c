/*
 * Memory that outlives generations: what is taken, what is refused, whose it is when.
 */
#include "master/master_keep.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <cmocka.h>

static struct rs_log quiet = { .fd = -1, .level = RS_LOG_ALERT };

static int memory(void)
{
	return rs_fd_memory("test", 4096);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_a_generation_that_serves(void **state)
{
	struct rs_master m = { .log = &quiet };
	struct rs_gen one = { .m = &m }, two = { .m = &m };
	int a = memory(), b = memory(), b2 = memory(), c = memory();

	(void)state;
	assert_null(rs_mkeep_take(&one, RS_SLICE("a"), a));
	assert_null(rs_mkeep_take(&one, RS_SLICE("b"), b));
	assert_int_equal(m.nkept, 0);
	rs_mkeep_commit(&one);
	assert_int_equal(one.nkept, 0);
	assert_int_equal(m.nkept, 2);
	/* The next one has no a any more, another b, and a new c. */
	assert_null(rs_mkeep_take(&two, RS_SLICE("b"), b2));
	assert_null(rs_mkeep_take(&two, RS_SLICE("c"), c));
	rs_mkeep_commit(&two);
	assert_int_equal(m.nkept, 2);
	assert_false(is_open(a) || is_open(b));
	assert_null(find(m.kept, m.nkept, RS_SLICE("a")));
	assert_int_equal(find(m.kept, m.nkept, RS_SLICE("b"))->fd, b2);
	assert_int_equal(find(m.kept, m.nkept, RS_SLICE("c"))->fd, c);
	rs_mkeep_fini(&m);
	assert_false(is_open(b2) || is_open(c));
}

static void test_a_generation_that_fails(void **state)
{
	struct rs_master m = { .log = &quiet };
	struct rs_gen one = { .m = &m }, two = { .m = &m };
	int a = memory(), a2 = memory();

	(void)state;
	assert_null(rs_mkeep_take(&one, RS_SLICE("a"), a));
	rs_mkeep_commit(&one);
	assert_null(rs_mkeep_take(&two, RS_SLICE("a"), a2));
	rs_mkeep_drop(&two);
	assert_false(is_open(a2));
	assert_true(is_open(a));
	assert_int_equal(m.nkept, 1);
	rs_mkeep_fini(&m);
}

static void test_what_is_refused(void **state)
{
	struct rs_master m = { .log = &quiet };
	struct rs_gen g = { .m = &m };
	char longer[200];
	int fd[2], file;

	(void)state;
	memset(longer, 'x', sizeof longer);
	assert_non_null(rs_mkeep_take(&g, RS_SLICE(""), memory()));
	assert_non_null(rs_mkeep_take(&g, rs_slice(longer, 128), memory()));
	assert_null(rs_mkeep_take(&g, rs_slice(longer, 127), memory()));
	assert_non_null(rs_mkeep_take(&g, rs_slice("a\0b", 3), memory()));
	assert_non_null(rs_mkeep_take(&g, RS_SLICE("a\n"), memory()));
	assert_null(rs_mkeep_take(&g, RS_SLICE("a"), memory()));
	assert_non_null(rs_mkeep_take(&g, RS_SLICE("a"), memory()));
	/* Whatever blocks, or is a file of somebody. */
	assert_int_equal(pipe(fd), 0);
	assert_non_null(rs_mkeep_take(&g, RS_SLICE("p"), fd[0]));
	assert_false(is_open(fd[0]));
	assert_non_null(rs_mkeep_take(&g, RS_SLICE("p"), fd[1]));
	file = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	assert_true(file >= 0);
	assert_non_null(rs_mkeep_take(&g, RS_SLICE("f"), file));
	assert_non_null(rs_mkeep_take(&g, RS_SLICE("n"), open("/dev/null", O_RDWR)));
	assert_int_equal(g.nkept, 2);
	rs_mkeep_drop(&g);
}

static void test_there_is_a_bound(void **state)
{
	struct rs_master m = { .log = &quiet };
	struct rs_gen g = { .m = &m };
	int one = memory();
	char name[32];

	(void)state;
	for (int i = 0; i < RS_KEPT_MAX + 10; i++) {
		rs_fmt(name, sizeof name, "n%d", i);
		assert_null(rs_mkeep_take(&g, rs_slice_str(name), fcntl(one, F_DUPFD_CLOEXEC, 3)));
	}
	assert_int_equal(g.nkept, RS_KEPT_MAX);
	rs_mkeep_commit(&g);
	assert_int_equal(m.nkept, RS_KEPT_MAX);
	/* What is there may be replaced. */
	assert_null(rs_mkeep_take(&g, RS_SLICE("n3"), fcntl(one, F_DUPFD_CLOEXEC, 3)));
	assert_int_equal(g.nkept, 1);
	rs_mkeep_drop(&g);
	rs_mkeep_fini(&m);
	rs_fd_close(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_generation_that_serves),
		cmocka_unit_test(test_a_generation_that_fails),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_there_is_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
