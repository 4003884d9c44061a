/*
 * Memory of a process: what counts as its own, by invented texts and by real processes.
 */
#include "base/rs_memory.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

static const char smaps[] =
	"55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]\n"
	"Size:                132 kB\nRss:                 100 kB\nShared_Dirty:         60 kB\nPrivate_Dirty:        40 kB\n"
	"SwapPss:               2 kB\nVmFlags: rd wr mr mw me ac\n"
	"7f1c00000000-7f1c04000000 rw-s 00000000 00:01 4 /memfd:Private_Dirty:       999 kB (deleted)\n"
	"Private_Clean:       700 kB\nPrivate_Dirty:       800 kB\nSwapPss:             900 kB\n"
	"7f1c05000000-7f1c05001000 rw-p 00000000 fe:00 1234 /usr/lib/libphp.so\n"
	"Private_Clean:        64 kB\nPrivate_Dirty:         4 kB\n";

static void test_sum(void **state)
{
	struct rs_memory_sum sum;

	(void)state;
	/* However it is cut. */
	for (size_t piece = 1; piece <= sizeof smaps; piece++) {
		sum = (struct rs_memory_sum){ 0 };
		for (size_t i = 0; i < sizeof smaps - 1; i += piece)
			rs_memory_feed(&sum, rs_slice(smaps + i, i + piece < sizeof smaps - 1 ? piece : sizeof smaps - 1 - i));
		assert_int_equal(sum.kb, 46);
	}
}

static void test_long_lines(void **state)
{
	struct rs_memory_sum sum = { 0 };
	char name[5000];

	(void)state;
	memset(name, 'x', sizeof name);
	rs_memory_feed(&sum, RS_SLICE("7f1c05000000-7f1c05001000 rw-s 00000000 fe:00 1234 /"));
	rs_memory_feed(&sum, rs_slice(name, sizeof name));
	rs_memory_feed(&sum, RS_SLICE("\nPrivate_Dirty:         4 kB\n"));
	assert_int_equal(sum.kb, 0);
}

/* A child that writes to a part of what it has inherited, and alone to a part of what is shared by intent. */
static void test_copy_on_write(void **state)
{
	enum { ALL = 64 << 20, WRITTEN = 16 << 20 };
	char *inherited = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t before, after, bound;
	int status;

	(void)state;
	memset(inherited, 1, ALL);
	if (fork() == 0) {
		if (!rs_memory_own(0, &before))
			_exit(1);
		memset(inherited, 2, WRITTEN);
		memset(shared, 2, WRITTEN);
		if (!rs_memory_own(0, &after) || !rs_memory_bound(0, &bound))
			_exit(2);
		if (before > WRITTEN || after - before < WRITTEN || after - before > WRITTEN + (2 << 20))
			_exit(3);
		_exit(bound < ALL ? 4 : rs_memory_above(0, ALL / 2, &after) ? 5 : !rs_memory_above(0, WRITTEN / 2, &after) ? 6 : 0);
	}
	wait(&status);
	assert_int_equal(status, 0);
	munmap(inherited, ALL);
	munmap(shared, ALL);
}

static void test_nobody(void **state)
{
	uint64_t n;

	(void)state;
	assert_false(rs_memory_bound(INT32_MAX, &n));
	assert_false(rs_memory_own(INT32_MAX, &n));
	assert_false(rs_memory_above(INT32_MAX, 1, &n));
}

static void test_text(void **state)
{
	char out[RS_MEMORY_TEXT];

	(void)state;
	assert_string_equal(rs_memory_text(0, out), "0.0 kB");
	assert_string_equal(rs_memory_text(73624748, out), "70.2 MB");
	assert_string_equal(rs_memory_text(UINT64_MAX, out), "17179869184.0 GB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),    cmocka_unit_test(test_long_lines), cmocka_unit_test(test_copy_on_write),
		cmocka_unit_test(test_nobody), cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
