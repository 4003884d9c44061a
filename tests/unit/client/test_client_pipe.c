/* Pipes of processes: boundaries, deadlines, the death of the other side; and what waits to be written to one. */
#include "client/client_out.c"
#include "client/client_pipe.c"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "worker/process.h"

/* Where the loop lives. */
static struct rs_process the_process;

struct rs_process *rs_process(void)
{
	return &the_process;
}

static struct rs_pipe fresh(bool datagram)
{
	struct rs_pipe p;

	assert_true(rs_pipe_open(&p, datagram));
	return p;
}

static void close_both(struct rs_pipe *p)
{
	rs_pipe_close(p, RS_PIPE_MASTER);
	rs_pipe_close(p, RS_PIPE_CHILD);
}

static void boundaries(void **state)
{
	char buf[100];

	(void)state;
	for (int datagram = 0; datagram < 2; datagram++) {
		struct rs_pipe p = fresh(datagram);

		assert_int_equal(rs_pipe_write(&p, RS_PIPE_CHILD, "one", 3, 0), 3);
		assert_int_equal(rs_pipe_write(&p, RS_PIPE_CHILD, "two", 3, 0), 3);
		assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, buf, sizeof buf, 0), datagram ? 3 : 6);
		close_both(&p);
	}
}

static volatile sig_atomic_t signals_come;

static void count_signal(int signo)
{
	(void)signo;
	signals_come++;
}

static bool one_has_come(void)
{
	return signals_come > 0;
}

static bool two_have_come(void)
{
	return signals_come > 1;
}

/* Signals that come every few ms end a wait when somebody wants it, also one that came before; and else do not. */
static void interruptions(void **state)
{
	struct sigaction sa = { .sa_handler = count_signal, .sa_flags = SA_RESTART }, old;
	struct itimerval every = { .it_interval = { .tv_usec = 5000 }, .it_value = { .tv_usec = 5000 } }, off = { 0 };
	struct rs_pipe p = fresh(true);
	char c;

	(void)state;
	sigaction(SIGALRM, &sa, &old);
	p.interrupted = two_have_come;
	setitimer(ITIMER_REAL, &every, NULL);
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, &c, 1, 0), -1);
	assert_int_equal(errno, EINTR);
	assert_true(signals_come > 1);
	p.interrupted = NULL;
	p.timeout_ms = 30;
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, &c, 1, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	setitimer(ITIMER_REAL, &off, NULL);
	p.timeout_ms = -1;
	p.interrupted = one_has_come;
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, &c, 1, 0), -1);
	assert_int_equal(errno, EINTR);
	/* What is there comes first. */
	assert_int_equal(rs_pipe_write(&p, RS_PIPE_CHILD, "x", 1, 0), 1);
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, &c, 1, 0), 1);
	sigaction(SIGALRM, &old, NULL);
	close_both(&p);
}

static void deadlines(void **state)
{
	struct rs_pipe p = fresh(true);
	int64_t began = rs_now_ms();
	char buf[10];

	(void)state;
	p.timeout_ms = 20;
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, buf, sizeof buf, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(rs_now_ms() - began >= 19);
	/* Nobody reads: the buffer is full at some time. */
	while (rs_pipe_write(&p, RS_PIPE_MASTER, "x", 1, 0) == 1)
		;
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(rs_pipe_set_blocking(&p, RS_PIPE_MASTER, false));
	assert_false(rs_pipe_is_blocking(&p, RS_PIPE_MASTER));
	assert_int_equal(rs_pipe_write(&p, RS_PIPE_MASTER, "x", 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	close_both(&p);
}

/* What it wrote before is still read; then comes the news. */
static void the_other_side_dies(void **state)
{
	struct rs_pipe p = fresh(true);
	char buf[10];
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		RS_IGNORE(rs_pipe_write(&p, RS_PIPE_CHILD, "last", 4, 0) < 0);
		raise(SIGKILL);
	}
	assert_true(pid > 0);
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, buf, sizeof buf, pid), 4);
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, buf, sizeof buf, pid), -1); /* a zombie is dead enough */
	assert_int_equal(errno, EPIPE);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, buf, sizeof buf, pid), -1); /* and so is nobody */
	assert_int_equal(errno, EPIPE);
	close_both(&p);
}

static void shut_sides(void **state)
{
	struct rs_pipe p = fresh(false);
	char buf[10];

	(void)state;
	assert_true(rs_pipe_shutdown(&p, RS_PIPE_CHILD, true));
	assert_int_equal(rs_pipe_read(&p, RS_PIPE_MASTER, buf, sizeof buf, 0), 0);
	assert_int_equal(rs_pipe_write(&p, RS_PIPE_CHILD, "x", 1, 0), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(rs_pipe_write(&p, RS_PIPE_MASTER, "x", 1, 0), 1);
	close_both(&p);
}

/* Two that write to one another: each hears of what comes while it cannot write. */
static void either(void **state)
{
	struct rs_pipe out = fresh(true), in = fresh(true);
	char buf[10];

	(void)state;
	assert_int_equal(rs_pipe_wait_either(&out, &in, 0), RS_OK);
	out.timeout_ms = 0;
	while (rs_pipe_write(&out, RS_PIPE_MASTER, "x", 1, 0) == 1)
		;
	assert_int_equal(rs_pipe_wait_either(&out, &in, 5), RS_ERR);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(rs_pipe_wait_either(&out, NULL, 5), RS_ERR);
	assert_int_equal(rs_pipe_write(&in, RS_PIPE_MASTER, "y", 1, 0), 1);
	assert_int_equal(rs_pipe_wait_either(&out, &in, 1000), RS_AGAIN);
	assert_int_equal(rs_pipe_read(&in, RS_PIPE_CHILD, buf, sizeof buf, 0), 1);
	while (rs_pipe_wait_either(&out, &in, 0) != RS_OK)
		assert_int_equal(rs_pipe_read(&out, RS_PIPE_CHILD, buf, sizeof buf, 0), 1);
	close_both(&out);
	close_both(&in);
}

/* ---- what waits ------------------------------------------------------------------------------------------------ */

struct ended {
	unsigned calls;
	int err;
};

static void idle(struct rs_out *o, int err, void *arg)
{
	struct ended *e = arg;

	e->calls++;
	e->err = err;
	rs_out_free(o);
}

static void queued_in_order(void **state)
{
	struct rs_loop *l = rs_loop_get();
	struct rs_pipe p = fresh(true);
	struct ended ended = { 0 };
	struct rs_out *o;
	unsigned n = 0, got;

	(void)state;
	rs_pipe_set_blocking(&p, RS_PIPE_MASTER, false);
	rs_pipe_set_blocking(&p, RS_PIPE_CHILD, false);
	o = rs_out_new(l, p.fds[RS_PIPE_MASTER], 4096, idle, &ended);
	assert_non_null(o);
	while (rs_out_waiting(o) + sizeof n <= 4096) {
		assert_int_equal(rs_out_write(o, &n, sizeof n), RS_OK);
		n++;
	}
	assert_int_equal(rs_out_write(o, &n, sizeof n), RS_AGAIN);
	assert_false(rs_loop_empty(l));
	for (unsigned i = 0; i < n; i++) {
		while (rs_pipe_read(&p, RS_PIPE_CHILD, &got, sizeof got, 0) != sizeof got)
			assert_int_equal(rs_loop_run(l, RS_LOOP_POLL), RS_OK);
		assert_int_equal(got, i);
	}
	assert_int_equal(ended.calls, 1);
	assert_int_equal(ended.err, 0);
	assert_true(rs_loop_empty(l));
	close_both(&p);
	rs_loop_free();
}

static void the_reader_goes(void **state)
{
	struct rs_loop *l = rs_loop_get();
	struct rs_pipe p = fresh(false);
	struct ended ended = { 0 };
	char big[1 << 20] = { 0 };
	struct rs_out *o;

	(void)state;
	rs_pipe_set_blocking(&p, RS_PIPE_MASTER, false);
	o = rs_out_new(l, p.fds[RS_PIPE_MASTER], 16, idle, &ended);
	/* What has begun is taken, however much it is. */
	assert_int_equal(rs_out_write(o, big, sizeof big), RS_OK);
	assert_true(rs_out_waiting(o) > 16);
	rs_pipe_close(&p, RS_PIPE_CHILD);
	assert_int_equal(rs_loop_run(l, RS_LOOP_UNTIL_EMPTY), RS_OK);
	assert_int_equal(ended.calls, 1);
	assert_true(ended.err == EPIPE || ended.err == ECONNRESET);
	close_both(&p);
	rs_loop_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries), cmocka_unit_test(interruptions), cmocka_unit_test(deadlines),
		cmocka_unit_test(the_other_side_dies),
		cmocka_unit_test(shut_sides), cmocka_unit_test(queued_in_order), cmocka_unit_test(the_reader_goes),
		cmocka_unit_test(either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
