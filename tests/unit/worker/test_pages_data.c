/*
 * The data of program and libraries: what is found, and that a copy in its place is what it was.
 */
#include "worker/pages_data.c"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define PAGE ((size_t)4096)
#define PAGES 3

static int changed = 7;                 /* .data */
static int never_set[4096];             /* .bss */
static const char *const locked[] = { "filled in by the loader, then locked" };

static const struct range *range_of(const struct ranges *r, const volatile void *at)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->v[i].from <= (uintptr_t)at && (uintptr_t)at < r->v[i].to)
			return &r->v[i];
	return NULL;
}

static void test_found(void **state)
{
	struct ranges r = { .page = PAGE };

	(void)state;
	changed++;
	dl_iterate_phdr(find_cb, &r);
	assert_true(r.n >= 2);
	for (unsigned i = 0; i < r.n; i++) {
		assert_int_equal(r.v[i].from % PAGE, 0);
		assert_int_equal(r.v[i].to % PAGE, 0);
		assert_true(r.v[i].to - r.v[i].from <= BYTES_MAX);
		for (unsigned k = 0; k < i; k++)
			assert_true(r.v[i].to <= r.v[k].from || r.v[k].to <= r.v[i].from);
	}
	assert_non_null(range_of(&r, &changed));
	assert_true(range_of(&r, &changed)->writable);
	assert_non_null(range_of(&r, &never_set[2048]));
	assert_non_null(range_of(&r, locked));
	assert_false(range_of(&r, locked)->writable);
	assert_null(range_of(&r, "a constant"));
	assert_null(range_of(&r, (void *)(uintptr_t)&test_found));
}

/* The mode and the inode of the mapping that begins here. */
static void look(const void *at, char mode[5], unsigned long *inode)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from;
	char line[512];

	assert_non_null(f);
	mode[0] = '\0';
	while (fgets(line, sizeof line, f)) {
		char m[5];
		unsigned long i;
		if (sscanf(line, "%lx-%*x %4s %*x %*s %lu", &from, m, &i) == 3 && from == (unsigned long)at) {
			memcpy(mode, m, 5);
			*inode = i;
		}
	}
	fclose(f);
}

static char *file_pages(int prot)
{
	FILE *f = tmpfile();
	char *at;

	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), (off_t)(PAGES * PAGE)), 0);
	assert_int_equal(pwrite(fileno(f), "begins", 6, (off_t)PAGE), 6);
	assert_int_equal(pwrite(fileno(f), "e", 1, (off_t)(PAGES * PAGE - 1)), 1);
	at = mmap(NULL, PAGES * PAGE, prot, MAP_PRIVATE, fileno(f), 0);
	assert_true(at != MAP_FAILED);
	fclose(f);
	return at;
}

static void test_renewed(void **state)
{
	(void)state;
	for (int writable = 0; writable < 2; writable++) {
		char *at = file_pages(writable ? PROT_READ | PROT_WRITE : PROT_READ), mode[5];
		const struct range r = { (uintptr_t)at, (uintptr_t)at + PAGES * PAGE, writable };
		unsigned char there[PAGES];
		unsigned long inode = 0;

		look(at, mode, &inode);
		assert_true(inode != 0);
		assert_true(renew(&r, PAGE));
		look(at, mode, &inode);
		assert_string_equal(mode, writable ? "rw-p" : "r--p");
		assert_int_equal(inode, 0);
		assert_int_equal(mincore(at, PAGES * PAGE, there), 0);
		assert_false(there[0] & 1); /* zeros are not copied */
		assert_true(there[1] & there[2] & 1);
		assert_int_equal(at[0], 0);
		assert_memory_equal(at + PAGE, "begins", 7);
		assert_int_equal(at[PAGES * PAGE - 1], 'e');
		munmap(at, PAGES * PAGE);
	}
}

static void test_what_cannot_be_had_stays(void **state)
{
	char *at = file_pages(PROT_READ);
	/* More than there is room for. */
	const struct range r = { (uintptr_t)at, (uintptr_t)at + ((uintptr_t)1 << 50), false };

	(void)state;
	assert_false(renew(&r, PAGE));
	assert_memory_equal(at + PAGE, "begins", 7);
	munmap(at, PAGES * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_what_cannot_be_had_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
