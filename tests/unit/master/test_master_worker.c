/*
 * Pids that a manager names: whose signals we send, and whose not.
 */
#include "master/master_worker.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <cmocka.h>

static struct rs_master m;
static struct rs_gen gen = { .m = &m };

/* gen.pid: who is its manager. */
static bool take(struct rs_wproc *w, pid_t pid, pid_t manager)
{
	gen.pid = manager;
	*w = (struct rs_wproc){ .gen = &gen, .pidfd = -1 };
	return hold(w, pid);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

/* A child of the manager's, or of ours: it is held, and a signal reaches it. */
static void test_a_worker(void **state)
{
	const pid_t managers[] = { 1, getpid() };
	struct rs_wproc w;
	int status;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(managers); i++) {
		pid_t pid = sleeper();
		assert_true(take(&w, pid, managers[i]));
		assert_int_equal(w.pid, pid);
		assert_true(w.pidfd >= 0);
		send_signal(&w, SIGTERM);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
		rs_fd_close(&w.pidfd);
	}
}

/* It has ended, and its manager has reaped it: nobody is held. */
static void test_one_that_is_gone(void **state)
{
	pid_t pid = sleeper();
	struct rs_wproc w;

	(void)state;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(take(&w, pid, getppid()));
	assert_int_equal(w.pidfd, -1);
}

/* We may be root: no process of somebody else's is ended on a manager's word. Process 1 has no parent at all. */
static void test_others(void **state)
{
	const pid_t strangers[] = { 1, getppid(), getpid() };
	struct rs_wproc w;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(strangers); i++) {
		pid_t manager = sleeper();
		assert_false(take(&w, strangers[i], manager));
		assert_int_equal(w.pidfd, -1);
		assert_int_equal(w.pid, 0);
		assert_int_equal(kill(manager, SIGKILL), 0);
		assert_int_equal(waitpid(manager, NULL, 0), manager);
	}
	/* Nor when there is no manager any more. */
	assert_false(take(&w, 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_worker),
		cmocka_unit_test(test_one_that_is_gone),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("master worker", tests, NULL, NULL);
}
