/*
 * Work on threads: every job's end comes through the loop, at most RS_THREADS_MAX at a time, a full queue refuses, and nothing
 * is called once the pool or the loop is gone, or in a child. And the jobs: files, names, waits.
 */
#include "client/client_threads.c"
#include "client/client_file.c"
#include "client/client_lookup.c"
#include "client/client_wait.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/wait.h>

#include "worker/process.h"

/* The process of this test: no manager is linked. */
static struct rs_process the_process;

struct rs_process *rs_process(void)
{
	return &the_process;
}

/* What the jobs of a test share. */
struct count {
	atomic_int running, most, worked;
	int done;
	int gate[2]; /* a job waits until it can read a byte here, when there is one */
};

static void note_most(struct count *c)
{
	int now = ++c->running, most = c->most;

	while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
		;
}

static void work(void *arg)
{
	struct count *c = arg;
	char byte;

	note_most(c);
	if (c->gate[0] >= 0)
		RS_IGNORE(read(c->gate[0], &byte, 1) < 0);
	c->worked++;
	c->running--;
}

static void done(void *arg)
{
	struct count *c = arg;

	c->done++;
}

static void open_gate(struct count *c, int n)
{
	for (; n > 0; n--)
		assert_int_equal(write(c->gate[1], "x", 1), 1);
}

static void close_gate(struct count *c)
{
	rs_fd_close(&c->gate[0]);
	rs_fd_close(&c->gate[1]);
}

static void test_every_job_ends_on_the_loop(void **state)
{
	struct count c = { .gate = { -1, -1 } };
	struct rs_threads *t = rs_threads_new(rs_loop_get());
	struct rs_threads_stats stats;

	(void)state;
	rs_threads_stats(t, &stats);
	assert_int_equal(stats.threads, 0);
	for (int i = 0; i < 1000; i++)
		assert_true(rs_threads_run(t, work, done, &c));
	assert_int_equal(c.done, 0);
	assert_int_equal(rs_loop_run(rs_loop_get(), RS_LOOP_UNTIL_EMPTY), RS_OK);
	assert_int_equal(c.done, 1000);
	assert_int_equal(c.worked, 1000);
	assert_true(c.most >= 1 && c.most <= RS_THREADS_MAX);
	assert_true(rs_loop_empty(rs_loop_get()));
	rs_threads_free(t);
	rs_loop_free();
}

static void test_no_more_threads_than_that_and_a_full_queue(void **state)
{
	const int all = RS_THREADS_MAX + RS_THREADS_QUEUE_MAX;
	struct count c = { 0 };
	struct rs_threads *t = rs_threads_new(rs_loop_get());
	struct rs_threads_stats stats;

	(void)state;
	assert_int_equal(pipe(c.gate), 0);
	for (int i = 0; i < RS_THREADS_MAX; i++)
		assert_true(rs_threads_run(t, work, done, &c));
	do
		rs_threads_stats(t, &stats);
	while (stats.running < RS_THREADS_MAX);
	assert_int_equal(stats.threads, RS_THREADS_MAX);
	for (int i = 0; i < RS_THREADS_QUEUE_MAX; i++)
		assert_true(rs_threads_run(t, work, done, &c));
	errno = 0;
	assert_false(rs_threads_run(t, work, done, &c));
	assert_int_equal(errno, EAGAIN);
	rs_threads_stats(t, &stats);
	assert_int_equal(stats.threads, RS_THREADS_MAX);
	assert_int_equal(stats.queued, RS_THREADS_QUEUE_MAX);
	rs_fd_close(&c.gate[1]); /* every read ends now */
	assert_int_equal(rs_loop_run(rs_loop_get(), RS_LOOP_UNTIL_EMPTY), RS_OK);
	assert_int_equal(c.done, all);
	assert_int_equal(c.most, RS_THREADS_MAX);
	rs_threads_free(t);
	rs_loop_free();
	close_gate(&c);
}

/* Waits for what runs; what is queued is forgotten. */
static void test_free_calls_nobody(void **state)
{
	struct count c = { 0 };
	struct rs_threads *t = rs_threads_new(rs_loop_get());
	struct rs_threads_stats stats;

	(void)state;
	assert_int_equal(pipe(c.gate), 0);
	for (int i = 0; i < RS_THREADS_MAX + 5; i++)
		assert_true(rs_threads_run(t, work, done, &c));
	do
		rs_threads_stats(t, &stats);
	while (stats.running < RS_THREADS_MAX);
	/* One that is through may take another before it learns of the end: there is a byte for all. */
	open_gate(&c, RS_THREADS_MAX + 5);
	rs_threads_free(t);
	assert_true(c.worked >= RS_THREADS_MAX);
	assert_int_equal(c.running, 0);
	assert_int_equal(c.done, 0);
	assert_true(rs_loop_empty(rs_loop_get()));
	rs_loop_free();
	close_gate(&c);
}

/* The loop has gone first: running work ends by itself. */
static void test_drop_waits_for_nobody(void **state)
{
	struct count c = { 0 };
	struct rs_threads *t = rs_threads_new(rs_loop_get());

	(void)state;
	assert_int_equal(pipe(c.gate), 0);
	assert_true(rs_threads_run(t, work, done, &c));
	while (c.running == 0)
		sched_yield();
	rs_loop_free();
	rs_threads_drop(t);
	open_gate(&c, 1);
	while (c.worked == 0 || c.running != 0)
		sched_yield();
	assert_int_equal(c.done, 0);
	rs_threads_drop(NULL);
	rs_threads_free(NULL);
	close_gate(&c);
}

static void test_a_child_has_none_of_it(void **state)
{
	struct count c = { 0 };
	struct rs_threads *t = rs_threads_new(rs_loop_get());
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(c.gate), 0);
	assert_true(rs_threads_run(t, work, done, &c));
	while (c.running == 0)
		sched_yield();
	pid = fork();
	if (pid == 0) {
		struct count mine = { .gate = { -1, -1 } };
		struct rs_threads *own;
		bool ok = !rs_loop_peek();

		rs_threads_drop(t);
		own = rs_threads_new(rs_loop_get());
		ok = ok && own && rs_threads_run(own, work, done, &mine);
		ok = ok && rs_loop_run(rs_loop_get(), RS_LOOP_UNTIL_EMPTY) == RS_OK;
		_exit(ok && mine.done == 1 && c.done == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	open_gate(&c, 1);
	assert_int_equal(rs_loop_run(rs_loop_get(), RS_LOOP_UNTIL_EMPTY), RS_OK);
	assert_int_equal(c.done, 1);
	rs_threads_free(t);
	rs_loop_free();
	close_gate(&c);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static struct rs_file_job *read_job(const char *path, size_t max)
{
	struct rs_file_job *j = rs_file_job_path(path);

	j->max = max;
	rs_file_read(j);
	return j;
}

static void assert_content(const char *path, const char *expected)
{
	struct rs_file_job *j = read_job(path, SIZE_MAX);

	assert_int_equal(j->error, 0);
	assert_int_equal(j->data.len, strlen(expected));
	assert_memory_equal(rs_buf_data(&j->data), expected, strlen(expected));
	rs_file_job_free(j);
}

static void write_path(const char *path, const char *text, bool append, bool lock)
{
	struct rs_file_job *j = rs_file_job_path(path);

	j->append = append;
	j->lock = lock;
	assert_true(rs_buf_put(&j->data, text, strlen(text)));
	rs_file_write(j);
	assert_int_equal(j->error, 0);
	rs_file_job_free(j);
}

static void test_files(void **state)
{
	char folder[] = "/tmp/rs-unit-XXXXXX", path[64];
	struct rs_file_job *j;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/file", folder);
	write_path(path, "first", false, false);
	assert_content(path, "first");
	write_path(path, "2", false, true);
	assert_content(path, "2");
	write_path(path, "34", true, true);
	assert_content(path, "234");
	j = read_job(path, 3);
	assert_int_equal(j->error, 0);
	rs_file_job_free(j);
	j = read_job(path, 2);
	assert_int_equal(j->error, EFBIG);
	rs_file_job_free(j);
	j = read_job(folder, SIZE_MAX);
	assert_int_equal(j->error, EISDIR);
	rs_file_job_free(j);
	j = read_job("/dev/zero", 1u << 20); /* without an end: no more than allowed, and a chunk */
	assert_int_equal(j->error, EFBIG);
	assert_true(j->data.len <= (1u << 20) + CHUNK);
	rs_file_job_free(j);

	fd = open(path, O_RDWR | O_CLOEXEC);
	j = rs_file_job_fd(fd, 1);
	assert_true(rs_buf_put(&j->data, "xyz", 3));
	rs_file_pwrite(j);
	assert_int_equal(j->error, 0);
	rs_file_job_free(j);
	assert_content(path, "2xyz");
	j = rs_file_job_fd(fd, 2);
	j->max = 100;
	rs_file_pread(j);
	assert_int_equal(j->data.len, 2);
	rs_file_job_free(j);
	rs_fd_close(&fd);
	assert_null(rs_file_job_fd(-1, 0));
	assert_int_equal(errno, EBADF);

	assert_int_equal(unlink(path), 0);
	j = read_job(path, SIZE_MAX);
	assert_int_equal(j->error, ENOENT);
	rs_file_job_free(j);
	j = rs_file_job_path(folder);
	rs_file_statvfs(j);
	assert_int_equal(j->error, 0);
	assert_true(j->vfs.f_bsize > 0);
	rs_file_job_free(j);
	assert_int_equal(rmdir(folder), 0);
	rs_file_job_free(NULL);
}

/* ---- names -------------------------------------------------------------------------------------------------------- */

static void test_names(void **state)
{
	struct rs_lookup_job *j = rs_lookup_job_new("127.0.0.1", "80");

	(void)state;
	j->family = AF_UNSPEC;
	rs_lookup(j); /* several kinds of sockets, one address */
	assert_int_equal(j->error, 0);
	assert_int_equal(j->n, 1);
	assert_string_equal(j->list[0], "127.0.0.1");
	rs_lookup_job_free(j);
	j = rs_lookup_job_new("::1", NULL);
	j->family = AF_INET6;
	rs_lookup(j);
	assert_string_equal(j->list[0], "::1");
	rs_lookup_job_free(j);
	j = rs_lookup_job_new("::1", NULL);
	j->family = AF_INET;
	rs_lookup(j);
	assert_int_not_equal(j->error, 0);
	assert_int_equal(j->n, 0);
	rs_lookup_job_free(j);
	rs_lookup_job_free(NULL);
}

/* ---- waits -------------------------------------------------------------------------------------------------------- */

static void test_waits(void **state)
{
	struct rs_wait_item items[3];
	int a[2], b[2];

	(void)state;
	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	assert_int_equal(rs_wait_blocking(NULL, a[0], RS_WATCH_READ, 0), RS_WAIT_TIMEOUT);
	assert_int_equal(rs_wait_blocking(NULL, a[1], RS_WATCH_WRITE, -1), RS_WAIT_READY);
	assert_int_equal(rs_wait_blocking(NULL, -1, RS_WATCH_READ, 1), RS_WAIT_TIMEOUT);
	assert_int_equal(write(b[1], "x", 1), 1);
	items[0] = (struct rs_wait_item){ .fd = a[0], .want = RS_WATCH_READ };
	items[1] = (struct rs_wait_item){ .fd = b[0], .want = RS_WATCH_READ };
	items[2] = (struct rs_wait_item){ .fd = a[1], .want = RS_WATCH_WRITE };
	assert_int_equal(rs_wait_many(items, 3, -1), 2);
	assert_int_equal(items[0].ready, 0);
	assert_int_equal(items[1].ready, RS_WATCH_READ);
	assert_int_equal(items[2].ready, RS_WATCH_WRITE);
	rs_fd_close(&a[1]);
	assert_int_equal(rs_wait_many(items, 1, -1), 1); /* the end is reported as what was wanted */
	assert_int_equal(items[0].ready, RS_WATCH_READ);
	assert_false(items[0].error);
	items[0].fd = 1 << 20;
	assert_int_equal(rs_wait_many(items, 1, -1), 1);
	assert_true(items[0].error);
	assert_int_equal(rs_deadline_left(rs_deadline(-1)), -1);
	assert_int_equal(rs_deadline_left(rs_deadline(0)), 0);
	assert_int_equal(rs_deadline(INT64_MAX), -1);
	assert_in_range(rs_deadline_left(rs_deadline(60000)), 1, 60000);
	rs_fd_close(&a[0]);
	rs_fd_close(&b[0]);
	rs_fd_close(&b[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_job_ends_on_the_loop),
		cmocka_unit_test(test_no_more_threads_than_that_and_a_full_queue),
		cmocka_unit_test(test_free_calls_nobody),
		cmocka_unit_test(test_drop_waits_for_nobody),
		cmocka_unit_test(test_a_child_has_none_of_it),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
