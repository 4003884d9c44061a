/* The pid file's lock: between real processes, as it is used. */
#include "master/master_pid.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

static char dir[] = "/tmp/rs-pid-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	rs_fmt(path, sizeof path, "%s/laravels.pid", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static enum rs_result take(struct rs_pidfile *f, pid_t *holder)
{
	char why[512];

	return rs_pidfile_take(f, path, NULL, -1, holder, why, sizeof why);
}

/* A child that holds the lock until it is killed; returns when it does. */
static pid_t holding_child(void)
{
	int fds[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rs_pidfile f;
		pid_t holder;
		c = take(&f, &holder) == RS_OK ? '+' : '-';
		if (write(fds[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(c, '+');
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void kill_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void taken_and_dropped(void **state)
{
	struct rs_pidfile f;
	pid_t holder;
	char text[32] = "";

	(void)state;
	assert_int_equal(rs_pidfile_holder(path), 0);
	assert_int_equal(take(&f, &holder), RS_OK);
	assert_true(pread(f.fd, text, sizeof text - 1, 0) > 0);
	assert_int_equal(atoi(text), getpid());
	rs_pidfile_drop(&f);
	assert_int_equal(access(path, F_OK), -1);
	rs_pidfile_drop(&f); /* twice is harmless */
}

static void second_is_refused_and_told_who(void **state)
{
	pid_t child = holding_child(), holder;
	struct rs_pidfile f;

	(void)state;
	assert_int_equal(rs_pidfile_holder(path), child);
	assert_int_equal(take(&f, &holder), RS_AGAIN);
	assert_int_equal(holder, child);
	assert_int_equal(f.fd, -1);
	kill_child(child);
	/* Stale, with the dead one's pid in it. */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(rs_pidfile_holder(path), 0);
	assert_int_equal(take(&f, &holder), RS_OK);
	rs_pidfile_drop(&f);
}

/* The number in the file may be anybody's: only the lock counts. */
static void content_is_not_believed(void **state)
{
	struct rs_pidfile f;
	pid_t holder;
	FILE *out = fopen(path, "w");

	(void)state;
	assert_non_null(out);
	fprintf(out, "1\n");
	fclose(out);
	assert_int_equal(rs_pidfile_holder(path), 0);
	assert_int_equal(take(&f, &holder), RS_OK);
	rs_pidfile_drop(&f);
}

static void links_and_fifos_are_refused(void **state)
{
	struct rs_pidfile f;
	pid_t holder;
	char target[80];

	(void)state;
	rs_fmt(target, sizeof target, "%s/elsewhere", dir);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(take(&f, &holder), RS_ERR);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(take(&f, &holder), RS_ERR);
	assert_int_equal(unlink(path), 0);
}

/* Somebody removed the file while the server ran, another server has made it anew: that one's is not removed. */
static void drop_spares_a_strangers_file(void **state)
{
	struct rs_pidfile f;
	pid_t holder, child;

	(void)state;
	assert_int_equal(take(&f, &holder), RS_OK);
	assert_int_equal(unlink(path), 0);
	child = holding_child();
	rs_pidfile_drop(&f);
	assert_int_equal(rs_pidfile_holder(path), child);
	kill_child(child);
	assert_int_equal(unlink(path), 0);
}

static void inherited_lock_is_kept(void **state)
{
	struct rs_pidfile f, g;
	pid_t holder;
	char why[512];
	int fd;

	(void)state;
	assert_int_equal(take(&f, &holder), RS_OK);
	fd = f.fd;
	assert_int_equal(rs_pidfile_take(&g, path, NULL, fd, &holder, why, sizeof why), RS_OK);
	assert_int_equal(g.fd, fd);
	rs_pidfile_drop(&g);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_and_dropped), cmocka_unit_test(second_is_refused_and_told_who),
		cmocka_unit_test(content_is_not_believed), cmocka_unit_test(links_and_fifos_are_refused),
		cmocka_unit_test(drop_spares_a_strangers_file), cmocka_unit_test(inherited_lock_is_kept),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
