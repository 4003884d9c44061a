/*
 * The watch on a tree of its own, where the kernel has no watches left or loses events: what was missed is found.
 */
#include <sys/inotify.h>

static int some_add_watch(int fd, const char *path, unsigned mask);
#define inotify_add_watch some_add_watch
#include "master/watch.c"
#undef inotify_add_watch

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>

static int watches_left;

static int some_add_watch(int fd, const char *path, unsigned mask)
{
	if (watches_left == 0) {
		errno = ENOSPC;
		return -1;
	}
	watches_left--;
	return inotify_add_watch(fd, path, mask);
}

struct fixture {
	struct event_base *base;
	struct rs_watch *w;
	struct rs_identity user;
	struct rs_log log;
	char dir[64], said[4096]; /* said: changed paths, each in [] */
	size_t ndirs, npolled;
};

static void on_changed(void *arg, const char *path)
{
	struct fixture *f = arg;
	size_t n = strlen(f->said);

	RS_IGNORE(!rs_fmt(f->said + n, sizeof f->said - n, "[%s]", path));
}

static void on_ready(void *arg, size_t ndirs, size_t npolled)
{
	struct fixture *f = arg;

	f->ndirs = ndirs;
	f->npolled = npolled;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
	char path[160];
	FILE *file;

	assert_true(rs_fmt(path, sizeof path, "%s/%s", f->dir, name));
	for (char *slash = path + strlen(f->dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->base = event_base_new();
	assert_non_null(f->base);
	f->user = (struct rs_identity){ .uid = getuid(), .gid = getgid() };
	f->log = (struct rs_log){ .fd = STDERR_FILENO, .level = RS_LOG_ALERT };
	strcpy(f->dir, "/tmp/rs-watch-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[96];

	rs_watch_close(f->w);
	event_base_free(f->base);
	assert_true(rs_fmt(command, sizeof command, "rm -rf '%s'", f->dir));
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* Runs until a text was said, or all was read. */
static void run_until(struct fixture *f, const char *text)
{
	for (int turns = 0; text ? !strstr(f->said, text) : !f->ndirs; turns++) {
		if (turns > 100000)
			fail_msg("no %s in %s", text ? text : "end", f->said);
		assert_true(event_base_loop(f->base, EVLOOP_ONCE) >= 0);
	}
}

static void start(struct fixture *f, int watches, int64_t poll_ms)
{
	static char php[] = ".php";
	static char *types[] = { php };
	const struct rs_strlist none = { 0 }, ends = { types, 1 };
	struct rs_watch_config c = { .poll_ms = poll_ms, .user = &f->user, .log = &f->log, .changed = on_changed,
				     .ready = on_ready, .arg = f };

	watches_left = watches;
	assert_true(rs_watch_filter_init(&c.filter, f->dir, "/nowhere", &none, &ends));
	f->w = rs_watch_open(f->base, &c);
	assert_non_null(f->w);
	run_until(f, NULL);
}

static void directories_without_a_watch_are_looked_at(void **state)
{
	struct fixture *f = *state;

	put(f, "a/1.php", "");
	put(f, "b/1.php", "");
	put(f, "c/1.php", "");
	start(f, 2, 0);
	assert_int_equal(f->ndirs, 4);
	assert_int_equal(f->npolled, 2);
	/* Rounds of two seconds are for people. */
	f->w->c.poll_ms = 10;
	put(f, "a/1.php", "a");
	run_until(f, "[a/1.php]");
	put(f, "b/1.php", "b");
	run_until(f, "[b/1.php]");
	put(f, "c/1.php", "c");
	run_until(f, "[c/1.php]");
	put(f, "c/new/2.php", "c");
	run_until(f, "[c/new/2.php]");
}

static void nothing_is_said_of_what_was_there(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3 * RS_WATCH_SLICE; i++) {
		char name[32];

		assert_true(rs_fmt(name, sizeof name, "d%d/%d.php", i % 7, i));
		put(f, name, "");
	}
	start(f, 0, 0);
	assert_int_equal(f->npolled, 8);
	f->w->c.poll_ms = 10;
	put(f, "d6/6.php", "now");
	run_until(f, "[d6/6.php]");
	assert_string_equal(f->said, "[d6/6.php]");
}

/* The queue of events ran over: what the kernel forgot to say is found by reading. */
static void lost_events_are_made_up_for(void **state)
{
	static const struct inotify_event overflow = { .wd = -1, .mask = IN_Q_OVERFLOW };
	struct fixture *f = *state;
	struct rs_watch_dir *d;

	put(f, "a/1.php", "");
	start(f, 100, 0);
	/* Nobody tells of these. */
	TAILQ_FOREACH(d, &f->w->all, link)
		unwatch(f->w, d, true);
	put(f, "a/new/2.php", "");
	on_event(f->w, &overflow);
	assert_string_equal(f->said, "[]");
	run_until(f, "[a/new/2.php]");
	put(f, "a/new/3.php", "");
	run_until(f, "[a/new/3.php]");
}

static void a_root_that_comes_later_is_found(void **state)
{
	struct fixture *f = *state;
	char command[160];

	put(f, "a/1.php", "");
	start(f, 100, 0);
	f->w->c.poll_ms = 10;
	assert_true(rs_fmt(command, sizeof command, "mv '%s' '%s.away'", f->dir, f->dir));
	assert_int_equal(system(command), 0);
	run_until(f, "[]");
	while (f->w->ndirs)
		assert_true(event_base_loop(f->base, EVLOOP_ONCE) >= 0);
	assert_true(rs_fmt(command, sizeof command, "mv '%s.away' '%s'", f->dir, f->dir));
	assert_int_equal(system(command), 0);
	run_until(f, "[a/1.php]");
	put(f, "a/2.php", "");
	run_until(f, "[a/2.php]");
}

static void an_unchanged_configuration_is_the_same_watch(void **state)
{
	struct fixture *f = *state;
	struct rs_watch_config c;

	start(f, 100, 0);
	c = f->w->c;
	assert_true(rs_watch_is(f->w, &c));
	c.poll_ms = 1;
	assert_false(rs_watch_is(f->w, &c));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(directories_without_a_watch_are_looked_at),
		TEST(nothing_is_said_of_what_was_there),
		TEST(lost_events_are_made_up_for),
		TEST(a_root_that_comes_later_is_found),
		TEST(an_unchanged_configuration_is_the_same_watch),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
