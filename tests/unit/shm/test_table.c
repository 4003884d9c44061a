/*
 * Tables: schema, values, capacity, iteration; then a process killed at every single store of every operation, and the heir
 * killed at every single store of its repair.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static void point(void);
#define RS_SHM_POINT() point()

#include "shm/shm_stripe.c"
#include "shm/shm_table.c"
#include "shm/shm_table_read.c"
#include "shm/shm_schema.c"
#include "shm/shm_hash.c"
#include "shm/shm_map.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/rs_proc.h"

/* What happens at the n-th point from now on. */
static struct {
	unsigned left; /* 0: nothing */
	void (*action)(void);
} fuse;

static void point(void)
{
	if (fuse.left && --fuse.left == 0)
		fuse.action();
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

/* ---- tables of this test: n INT, f FLOAT, s STRING(16), t STRING(100) --------------------------------------------- */

enum { N, F, S, T };

static struct rs_table *schema(uint64_t rows)
{
	struct rs_table *t = rs_table_new(rows, 0.2);

	assert_non_null(t);
	assert_true(rs_table_add_column(t, RS_SLICE("n"), RS_COLUMN_INT, 4));
	assert_true(rs_table_add_column(t, RS_SLICE("f"), RS_COLUMN_FLOAT, 0));
	assert_true(rs_table_add_column(t, RS_SLICE("s"), RS_COLUMN_STRING, 10));
	assert_true(rs_table_add_column(t, RS_SLICE("t"), RS_COLUMN_STRING, 100));
	return t;
}

static struct rs_table *table(uint64_t rows)
{
	struct rs_table *t = schema(rows);

	assert_true(rs_table_create(t, NULL));
	return t;
}

/* All four columns from one number, so that a mixture of two versions shows. */
static enum rs_result set_version(struct rs_table *t, const char *key, int version)
{
	char text[80];
	struct rs_cell cells[4] = { { .column = N, .i = version }, { .column = F, .d = version / 2.0 } };

	memset(text, 'a' + version % 26, sizeof text);
	cells[2].column = S;
	cells[2].s = rs_slice(text, (size_t)(version % 17));
	cells[3].column = T;
	cells[3].s = rs_slice(text, (size_t)(version % 79));
	return rs_table_set(t, rs_slice_str(key), cells, 4);
}

/* The version of the row that was copied last; fails on a mixture. */
static int version_of_copy(struct rs_table *t)
{
	struct rs_cell n, f, s, text;

	rs_table_cell(t, N, &n);
	rs_table_cell(t, F, &f);
	rs_table_cell(t, S, &s);
	rs_table_cell(t, T, &text);
	assert_true(f.d == (double)n.i / 2.0);
	assert_int_equal(s.s.n, n.i % 17);
	assert_int_equal(text.s.n, n.i % 79);
	for (size_t i = 0; i < text.s.n; i++)
		assert_int_equal(text.s.p[i], 'a' + n.i % 26);
	for (size_t i = 0; i < s.s.n; i++)
		assert_int_equal(s.s.p[i], 'a' + n.i % 26);
	return (int)n.i;
}

/* -1: no such row */
static int version(struct rs_table *t, const char *key)
{
	enum rs_result r = rs_table_get(t, rs_slice_str(key), -1);

	assert_true(r == RS_OK || r == RS_DONE);
	return r == RS_OK ? version_of_copy(t) : -1;
}

static uint64_t iterate(struct rs_table *t)
{
	uint32_t cursor = 0;
	uint64_t n = 0;

	while (rs_table_next(t, &cursor) == RS_OK)
		n++;
	return n;
}

/* Rows that can be added, by adding and removing them. */
static uint64_t room(struct rs_table *t)
{
	uint64_t n = 0;
	char key[32];
	enum rs_result r;

	for (;; n++) {
		snprintf(key, sizeof key, "room %llu", (unsigned long long)n);
		r = set_version(t, key, 1);
		if (r != RS_OK)
			break;
	}
	assert_int_equal(r, RS_AGAIN);
	for (uint64_t i = 0; i < n; i++) {
		snprintf(key, sizeof key, "room %llu", (unsigned long long)i);
		assert_int_equal(rs_table_delete(t, rs_slice_str(key)), RS_OK);
	}
	return n;
}

/* ---- schema and values ------------------------------------------------------------------------------------------- */

static void test_sizes(void **state)
{
	static const struct {
		uint64_t rows;
		uint32_t size;
	} rows[] = { { 1, 64 }, { 64, 64 }, { 65, 128 }, { 100, 128 }, { 1000, 1024 }, { 1024, 1024 }, { 1025, 2048 },
		     { RS_TABLE_ROWS_MAX, RS_TABLE_ROWS_MAX } };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_table *t = rs_table_new(rows[i].rows, 1);
		assert_int_equal(rs_table_size(t), rows[i].size);
		rs_table_free(t);
	}
	assert_null(rs_table_new(0, 0.2));
	assert_int_equal(errno, EINVAL);
	assert_null(rs_table_new((uint64_t)RS_TABLE_ROWS_MAX + 1, 0.2));
	assert_null(rs_table_new(UINT64_MAX, 0.2));
	rs_table_free(NULL);
}

static void test_columns(void **state)
{
	struct rs_table *t = rs_table_new(64, 0.2);

	(void)state;
	assert_false(rs_table_create(t, NULL));
	assert_int_equal(errno, EINVAL);
	assert_false(rs_table_add_column(t, RS_SLICE("x"), 0, 8));
	assert_false(rs_table_add_column(t, RS_SLICE("x"), 4, 8));
	assert_false(rs_table_add_column(t, RS_SLICE("x"), RS_COLUMN_STRING, 0));
	assert_false(rs_table_add_column(t, RS_SLICE("x"), RS_COLUMN_STRING, UINT64_MAX));
	assert_int_equal(errno, EINVAL);
	assert_true(rs_table_add_column(t, RS_SLICE("x"), RS_COLUMN_STRING, 1));
	assert_false(rs_table_add_column(t, RS_SLICE("x"), RS_COLUMN_INT, 8));
	assert_int_equal(errno, EEXIST);
	assert_true(rs_table_add_column(t, RS_SLICE("x\0y"), RS_COLUMN_INT, 8)); /* names are bytes */
	assert_int_equal(rs_table_find_column(t, RS_SLICE("x\0y")), 1);
	assert_int_equal(rs_table_find_column(t, RS_SLICE("X")), -1);
	assert_int_equal(rs_table_column(t, 0)->size, 8);
	size_t memory = rs_table_memory(t);
	assert_true(rs_table_create(t, NULL));
	assert_int_equal(rs_table_memory(t), memory);
	assert_false(rs_table_create(t, NULL));
	assert_int_equal(errno, EBUSY);
	assert_false(rs_table_add_column(t, RS_SLICE("z"), RS_COLUMN_INT, 8));
	assert_int_equal(errno, EBUSY);
	rs_table_free(t);
}

static void test_too_large_for_memory(void **state)
{
	struct rs_table *t = rs_table_new(RS_TABLE_ROWS_MAX, 1);

	(void)state;
	assert_true(rs_table_add_column(t, RS_SLICE("a"), RS_COLUMN_STRING, STRING_MAX - 8));
	assert_false(rs_table_create(t, NULL)); /* 2^61 bytes */
	assert_int_equal(errno, ENOMEM);
	assert_false(rs_table_ready(t));
	assert_true(rs_table_add_column(t, RS_SLICE("b"), RS_COLUMN_STRING, STRING_MAX - 8));
	assert_false(rs_table_create(t, NULL)); /* a row of 2 GB */
	assert_int_equal(errno, ENOMEM);
	rs_table_free(t);
}

static void test_values(void **state)
{
	struct rs_table *t = table(64);
	struct rs_cell cell = { .column = S, .s = RS_SLICE("12345678901234567890") };
	char key[RS_TABLE_KEY_MAX];

	(void)state;
	assert_int_equal(rs_table_get(t, RS_SLICE("k"), -1), RS_DONE);
	assert_int_equal(rs_table_set(t, RS_SLICE("k"), &cell, 1), RS_OK);
	assert_int_equal(rs_table_get(t, RS_SLICE("k"), -1), RS_OK);
	rs_table_cell(t, S, &cell);
	assert_true(rs_slice_eq(cell.s, RS_SLICE("1234567890123456"))); /* 10 rounded up to 16 */
	rs_table_cell(t, N, &cell);
	assert_int_equal(cell.i, 0);
	rs_table_cell(t, T, &cell);
	assert_int_equal(cell.s.n, 0);

	/* only what is given changes */
	cell = (struct rs_cell){ .column = N, .i = INT64_MIN };
	assert_int_equal(rs_table_set(t, RS_SLICE("k"), &cell, 1), RS_OK);
	assert_int_equal(rs_table_get(t, RS_SLICE("k"), S), RS_OK);
	rs_table_cell(t, S, &cell);
	assert_int_equal(cell.s.n, 16);
	assert_int_equal(rs_table_get(t, RS_SLICE("k"), N), RS_OK);
	rs_table_cell(t, N, &cell);
	assert_true(cell.i == INT64_MIN);
	assert_int_equal(rs_table_set(t, RS_SLICE("k"), NULL, 0), RS_OK);

	/* integers wrap, a missing row is made */
	cell = (struct rs_cell){ .column = N, .i = -1 };
	assert_int_equal(rs_table_add(t, RS_SLICE("k"), &cell), RS_OK);
	assert_true(cell.i == INT64_MAX);
	cell = (struct rs_cell){ .column = F, .d = 1.5 };
	assert_int_equal(rs_table_add(t, RS_SLICE("new"), &cell), RS_OK);
	cell.d = -0.25;
	assert_int_equal(rs_table_add(t, RS_SLICE("new"), &cell), RS_OK);
	assert_true(cell.d == 1.25);

	/* keys are bytes */
	memset(key, 0, sizeof key);
	for (size_t n = 0; n <= sizeof key; n++)
		assert_int_equal(rs_table_set(t, rs_slice(key, n), NULL, 0), n == 64 ? RS_AGAIN : RS_OK);
	assert_int_equal(rs_table_count(t), 66);
	assert_int_equal(iterate(t), 66);
	for (size_t n = 0; n <= sizeof key; n++)
		assert_int_equal(rs_table_delete(t, rs_slice(key, n)), RS_OK);
	assert_int_equal(rs_table_delete(t, RS_SLICE("")), RS_DONE);
	assert_int_equal(rs_table_exists(t, RS_SLICE("k")), RS_OK);
	assert_int_equal(rs_table_exists(t, RS_SLICE("K")), RS_DONE);
	rs_table_free(t);
}

static void test_capacity(void **state)
{
	static const struct {
		uint64_t rows;
		double conflict;
		uint64_t room;
	} rows[] = { { 64, 0.2, 76 }, { 64, -1, 76 }, { 100, 0.5, 192 }, { 100, 7, 256 }, { 1000, 1, 2048 } };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_table *t = rs_table_new(rows[i].rows, rows[i].conflict);
		struct rs_table_stats s;
		char key[16];

		assert_true(rs_table_add_column(t, RS_SLICE("n"), RS_COLUMN_INT, 8));
		assert_true(rs_table_create(t, NULL));
		for (uint64_t n = 0; n < rows[i].room; n++) {
			snprintf(key, sizeof key, "%u", (unsigned)n);
			assert_int_equal(rs_table_set(t, rs_slice_str(key), NULL, 0), RS_OK);
		}
		assert_int_equal(rs_table_set(t, RS_SLICE("more"), NULL, 0), RS_AGAIN);
		assert_int_equal(rs_table_set(t, RS_SLICE("0"), NULL, 0), RS_OK);
		rs_table_stats(t, &s);
		assert_int_equal(s.rows, rows[i].room);
		assert_int_equal(s.inserts, rows[i].room);
		assert_int_equal(s.updates, 1);
		assert_int_equal(s.extra, rows[i].room - rs_table_size(t));
		assert_int_equal(s.extra_free, 0);
		assert_true(s.conflicts >= s.extra && s.conflict_max >= 1);
		for (uint64_t n = 0; n < rows[i].room; n++) {
			snprintf(key, sizeof key, "%u", (unsigned)n);
			assert_int_equal(rs_table_delete(t, rs_slice_str(key)), RS_OK);
		}
		rs_table_stats(t, &s);
		assert_int_equal(s.rows, 0);
		assert_int_equal(s.conflicts, 0);
		assert_int_equal(s.deletes, rows[i].room);
		rs_table_free(t);
	}
}

static void test_iteration_with_deletion(void **state)
{
	struct rs_table *t = table(64);
	char key[16], other[16];

	(void)state;
	/* each row deletes itself, or one that was not seen yet, or one that was */
	for (int variant = 0; variant < 3; variant++) {
		bool gone[60] = { false }, seen[60] = { false };
		uint32_t cursor = 0;
		int visits = 0, left = 60;

		for (int i = 0; i < 60; i++) {
			snprintf(key, sizeof key, "%d", i);
			assert_int_equal(set_version(t, key, i), RS_OK);
		}
		while (rs_table_next(t, &cursor) == RS_OK) {
			int i = version_of_copy(t), victim = variant == 0 ? i : -1;

			assert_false(gone[i] || seen[i]);
			seen[i] = true;
			visits++;
			for (int j = 0; j < 60 && victim < 0; j++)
				if (!gone[j] && j != i && seen[j] == (variant == 2))
					victim = j;
			if (victim < 0)
				continue;
			snprintf(other, sizeof other, "%d", victim);
			assert_int_equal(rs_table_delete(t, rs_slice_str(other)), RS_OK);
			gone[victim] = true;
			left--;
		}
		assert_int_equal(visits, variant == 1 ? 30 : 60);
		assert_int_equal(rs_table_count(t), left);
		for (int i = 0; i < 60; i++) {
			snprintf(key, sizeof key, "%d", i);
			rs_table_delete(t, rs_slice_str(key));
		}
		assert_int_equal(rs_table_count(t), 0);
	}
	assert_int_equal(room(t), 76);
	rs_table_free(t);
}

/* ---- another process, by the file -------------------------------------------------------------------------------- */

static void test_attach(void **state)
{
	struct rs_table *t = schema(64), *same = schema(50), *other = schema(100), *fewer = rs_table_new(64, 0.2);
	int fd, small;

	(void)state;
	assert_true(rs_table_create(t, &fd));
	assert_int_equal(set_version(t, "k", 5), RS_OK);
	assert_true(rs_table_attach(same, fd));
	assert_int_equal(version(same, "k"), 5);
	assert_int_equal(set_version(same, "k", 6), RS_OK);
	assert_int_equal(version(t, "k"), 6);
	assert_false(rs_table_attach(other, fd));
	assert_int_equal(errno, EINVAL);
	assert_true(rs_table_add_column(fewer, RS_SLICE("n"), RS_COLUMN_INT, 8));
	assert_false(rs_table_attach(fewer, fd));
	assert_int_equal(errno, EINVAL);

	/* the same layout under another name, the same size without seals */
	struct rs_table *renamed = rs_table_new(64, 0.2);
	assert_true(rs_table_add_column(renamed, RS_SLICE("m"), RS_COLUMN_INT, 4));
	assert_true(rs_table_add_column(renamed, RS_SLICE("f"), RS_COLUMN_FLOAT, 0));
	assert_true(rs_table_add_column(renamed, RS_SLICE("s"), RS_COLUMN_STRING, 10));
	assert_true(rs_table_add_column(renamed, RS_SLICE("t"), RS_COLUMN_STRING, 100));
	assert_int_equal(rs_table_memory(renamed), rs_table_memory(t));
	assert_false(rs_table_attach(renamed, fd));
	assert_int_equal(errno, EINVAL);
	small = rs_fd_memory("not a table", rs_table_memory(t));
	assert_false(rs_table_attach(renamed, small));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ftruncate(fd, 1), -1);

	/* it outlives the one who made it */
	rs_table_free(t);
	assert_int_equal(version(same, "k"), 6);
	assert_true(rs_table_attach(renamed, fd) == false);
	rs_table_free(same);
	rs_table_free(other);
	rs_table_free(fewer);
	rs_table_free(renamed);
	close(fd);
	close(small);
}

/* ---- killed in the middle ---------------------------------------------------------------------------------------- */

static void op_insert(struct rs_table *t)
{
	assert_int_equal(set_version(t, "target", 40), RS_OK);
}

static void op_add(struct rs_table *t)
{
	struct rs_cell cell = { .column = N, .i = 0 };

	assert_int_equal(rs_table_add(t, RS_SLICE("target"), &cell), RS_OK);
}

static void op_delete(struct rs_table *t)
{
	assert_int_equal(rs_table_delete(t, RS_SLICE("target")), RS_OK);
}

static void op_iterate(struct rs_table *t)
{
	iterate(t);
}

static void op_elsewhere(struct rs_table *t)
{
	assert_int_equal(set_version(t, "elsewhere", 1), RS_OK);
	assert_int_equal(rs_table_delete(t, RS_SLICE("elsewhere")), RS_OK);
}

static void op_get(struct rs_table *t)
{
	(void)rs_table_get(t, RS_SLICE("target"), -1);
}

static void op_count(struct rs_table *t)
{
	(void)rs_table_count(t);
}

/* before, after: versions of "target" (-1: not there); used: rows of the pool's list exist */
static const struct scenario {
	const char *name;
	void (*op)(struct rs_table *t);
	int before, after;
	bool used;
} scenarios[] = {
	{ "insert a row never used", op_insert, -1, 40, false }, { "insert a row used before", op_insert, -1, 40, true },
	{ "update", op_insert, 23, 40, true },                   { "delete", op_delete, 23, -1, false },
	{ "delete, others free", op_delete, 23, -1, true },      { "add makes a row", op_add, -1, 0, true },
};

#define NEIGHBOURS 40

static struct rs_table *scene(const struct scenario *sc)
{
	struct rs_table *t = table(64);
	char key[32];

	for (int i = 0; i < NEIGHBOURS; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_int_equal(set_version(t, key, i), RS_OK);
		if (i == NEIGHBOURS / 2 && sc->before >= 0)
			assert_int_equal(set_version(t, "target", sc->before), RS_OK);
	}
	if (sc->used) {
		for (int i = 0; i < 3; i++) {
			snprintf(key, sizeof key, "used %d", i);
			assert_int_equal(set_version(t, key, i), RS_OK);
		}
		for (int i = 0; i < 3; i++) {
			snprintf(key, sizeof key, "used %d", i);
			assert_int_equal(rs_table_delete(t, rs_slice_str(key)), RS_OK);
		}
	}
	return t;
}

/* A child that does op and is killed at its n-th point. false: op has fewer. */
static bool killed_in(void (*op)(struct rs_table *t), struct rs_table *t, unsigned n)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fuse.action = die;
		fuse.left = n;
		op(t);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return true;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

/* The row is as before or after, the others as they were, and none of the places is lost. */
static void check_scene(const struct scenario *sc, struct rs_table *t)
{
	char key[16];
	uint64_t counted = rs_table_count(t);
	int got = version(t, "target");
	uint64_t rows = NEIGHBOURS + (got >= 0);

	if (got != sc->before && got != sc->after)
		fail_msg("%s: version %d", sc->name, got);
	assert_int_equal(counted, rows);
	assert_int_equal(rs_table_count(t), rows);
	assert_int_equal(iterate(t), rows);
	for (int i = 0; i < NEIGHBOURS; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_int_equal(version(t, key), i);
	}
	assert_int_equal(room(t), 76 - rows);
	if (got < 0)
		return;
	op_delete(t);
	assert_int_equal(room(t), 76 - NEIGHBOURS);
}

/* Whoever comes first after the death: through the row, another stripe and the pool, the list of all, the count. */
static void test_killed_at_every_point(void **state)
{
	static void (*const first[])(struct rs_table *t) = { op_get, op_elsewhere, op_iterate, op_count };

	(void)state;
	for (size_t s = 0; s < RS_COUNTOF(scenarios); s++) {
		bool killed = true;
		unsigned n;

		for (n = 1; killed; n++) {
			for (size_t f = 0; f < RS_COUNTOF(first); f++) {
				struct rs_table *t = scene(&scenarios[s]);

				killed = killed_in(scenarios[s].op, t, n);
				first[f](t);
				check_scene(&scenarios[s], t);
				rs_table_free(t);
			}
		}
		assert_true(n > 3); /* there was something to kill */
	}
}

/* The heir dies as well, at every point of its work, and so does the heir's heir. */
static void test_heirs_killed_at_every_point(void **state)
{
	(void)state;
	for (size_t s = 0; s < RS_COUNTOF(scenarios); s++) {
		unsigned points = 1;

		for (unsigned n = 1; points; n++) {
			bool killed = true;

			for (unsigned heir = 1; killed; heir++) {
				struct rs_table *t = scene(&scenarios[s]);

				if (!killed_in(scenarios[s].op, t, n))
					points = 0;
				killed = killed_in(op_get, t, heir) && points;
				killed_in(op_iterate, t, heir);
				check_scene(&scenarios[s], t);
				rs_table_free(t);
			}
		}
	}
}

/* ---- killed anywhere, by others, while all of them work ---------------------------------------------------------- */

#define WRITERS 4
#define KEYS 90 /* more than there are places */

static void work_for_ever(struct rs_table *t, unsigned seed)
{
	char key[16];

	for (;;) {
		seed = seed * 1103515245 + 12345;
		snprintf(key, sizeof key, "%u", seed >> 16 & 0x7f);
		switch (seed >> 24 & 7) {
		case 0:
		case 1:
			if (rs_table_delete(t, rs_slice_str(key)) == RS_ERR)
				_exit(1);
			break;
		case 2:
		case 3:
			version(t, key);
			break;
		case 4:
			for (uint32_t cursor = 0; rs_table_next(t, &cursor) == RS_OK;)
				version_of_copy(t);
			break;
		default:
			if (set_version(t, key, (int)(seed >> 20)) == RS_ERR)
				_exit(1);
		}
	}
}

static void test_killed_under_load(void **state)
{
	struct rs_table *t = table(64);
	pid_t pids[WRITERS];
	uint64_t rows;
	int status;

	(void)state;
	for (unsigned i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			work_for_ever(t, i);
	}
	for (unsigned k = 0; k < 200; k++) {
		struct rs_table_stats before, now;
		unsigned i = k % WRITERS;

		/* not before something happened since the last one */
		rs_table_stats(t, &before);
		do
			rs_table_stats(t, &now);
		while (now.inserts + now.updates + now.deletes == before.inserts + before.updates + before.deletes);
		kill(pids[i], SIGKILL);
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status)); /* it did not find a mixture */
		pids[i] = fork();
		if (pids[i] == 0)
			work_for_ever(t, k * 7919);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		kill(pids[i], SIGKILL);
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status));
	}
	rows = iterate(t); /* enters every stripe that has a row */
	room(t);           /* and every other */
	assert_int_equal(rs_table_count(t), rows);
	assert_int_equal(room(t), 76 - rows);
	rs_table_free(t);
}

static void test_adds_of_several_processes(void **state)
{
	struct rs_table *t = table(64);
	pid_t pids[WRITERS];
	int status;

	(void)state;
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		for (int n = 0; n < 20000; n++) {
			struct rs_cell cell = { .column = n & 1 ? N : F };

			if (n & 1)
				cell.i = 3;
			else
				cell.d = 0.5;
			if (rs_table_add(t, RS_SLICE("sum"), &cell) != RS_OK)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(rs_table_get(t, RS_SLICE("sum"), -1), RS_OK);
	struct rs_cell n, f;
	rs_table_cell(t, N, &n);
	rs_table_cell(t, F, &f);
	assert_int_equal(n.i, WRITERS * 10000 * 3);
	assert_true(f.d == WRITERS * 10000 * 0.5);
	rs_table_free(t);
}

/* ---- a signal handler in the middle ------------------------------------------------------------------------------ */

static struct rs_table *interrupted;
static unsigned refused;

static void from_handler(int sig)
{
	fuse.left = 0;
	(void)sig;
	refused += rs_table_get(interrupted, RS_SLICE("target"), -1) == RS_ERR;
	refused += set_version(interrupted, "target", 9) == RS_ERR;
	refused += rs_table_delete(interrupted, RS_SLICE("target")) == RS_ERR;
}

static void interrupt(void)
{
	raise(SIGUSR1);
}

static void test_signal_handler_is_refused(void **state)
{
	(void)state;
	interrupted = scene(&scenarios[2]);
	rs_signal(SIGUSR1, from_handler, true);
	fuse.action = interrupt;
	fuse.left = 3;
	op_insert(interrupted);
	assert_int_equal(refused, 3);
	assert_int_equal(version(interrupted, "target"), 40);
	rs_signal(SIGUSR1, SIG_DFL, true);
	rs_table_free(interrupted);
}

/* SipHash-1-3 as others compute it: of no bytes under the key 00 01 .. 0f; of 00 01 .. under a key of zeros. */
static void test_hash(void **state)
{
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 }, zero[2] = { 0, 0 };
	static const struct {
		size_t n;
		uint64_t hash;
	} rows[] = { { 1, 0x68a914128e01e473 }, { 7, 0x2f098ab0c751325a }, { 8, 0xead411e67ebe2eea },
		     { 15, 0xf30eb725bb91c9ea }, { 63, 0x385d3e39e5f37359 } };
	unsigned char in[63];

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (unsigned char)i;
	assert_true(rs_shm_hash(key, in, 0) == UINT64_C(0xabac0158050fc4dc));
	for (size_t i = 0; i < RS_COUNTOF(rows); i++)
		assert_true(rs_shm_hash(zero, in, rows[i].n) == rows[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_too_large_for_memory),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_iteration_with_deletion),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_killed_at_every_point),
		cmocka_unit_test(test_heirs_killed_at_every_point),
		cmocka_unit_test(test_killed_under_load),
		cmocka_unit_test(test_adds_of_several_processes),
		cmocka_unit_test(test_signal_handler_is_refused),
	};

	alarm(240); /* a lock that nobody gets is a failure, not a wait */
	return cmocka_run_group_tests_name("shm table", tests, NULL, NULL);
}
