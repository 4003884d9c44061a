/*
 * A control channel whose process has died: what it said last is heard, and nobody else is listened to for ever.
 */
#include "master/master_peer.c"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct event_base *base;
static unsigned heard, lost, pause_us;

static enum rs_result on_facts(struct rs_peer *p, struct rs_frame *f)
{
	(void)p;
	assert_int_equal(f->payload.n, 5);
	heard++;
	/* Whoever writes is faster than we are. */
	if (pause_us)
		usleep(pause_us);
	return RS_OK;
}

static void on_lost(struct rs_peer *p, const char *why)
{
	(void)p, (void)why;
	lost++;
}

static const rs_peer_fn table[RS_MSG_COUNT] = { [RS_MSG_FACTS] = on_facts };

/* Our end in p, the manager's in c. */
static void open_both(struct rs_peer *p, struct rs_ipc *c)
{
	int fds[2];

	heard = lost = 0;
	assert_true(rs_fd_pair(fds));
	*p = (struct rs_peer){ .ipc.fd = -1, .table = table, .lost = on_lost };
	assert_true(rs_peer_open(p, base, fds[0], RS_IPC_MANAGER));
	rs_ipc_init(c, fds[1], RS_IPC_MANAGER, RS_IPC_MASTER);
}

static bool say(struct rs_ipc *c)
{
	return rs_ipc_put(c, RS_MSG_FACTS, 0, 0, RS_SLICE("a\tb\nc"), RS_SLICE(""), NULL, 0) == RS_OK && rs_ipc_flush(c) == RS_OK;
}

static void test_last_words(void **state)
{
	enum { N = 100 };
	struct rs_peer p;
	struct rs_ipc c;

	(void)state;
	open_both(&p, &c);
	for (int i = 0; i < N; i++)
		assert_true(say(&c));
	rs_ipc_fini(&c);
	rs_peer_drain(&p);
	assert_int_equal(heard, N);
	rs_peer_close(&p);
}

/* A child that it has left behind has the channel as well, and never stops. */
static void test_a_child_that_goes_on(void **state)
{
	struct rs_peer p;
	struct rs_ipc c;
	pid_t pid;

	(void)state;
	open_both(&p, &c);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (say(&c))
			;
		_exit(0);
	}
	rs_ipc_fini(&c);
	pause_us = 50;
	alarm(60);
	while (heard == 0)
		rs_peer_drain(&p);
	alarm(0);
	pause_us = 0;
	assert_int_equal(lost, 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	rs_peer_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_a_child_that_goes_on),
	};
	int failed;

	base = event_base_new();
	failed = cmocka_run_group_tests_name("master peer", tests, NULL, NULL);
	event_base_free(base);
	return failed;
}
