/*
 * Events to processes of a server: order, window, what a dead process leaves to its successor, reload, bad processes.
 */
#include "reactor/serving.h"

static struct server s;
static struct actor w, w2;

static int up(void **state)
{
	(void)state;
	prepare_server(&s);
	s.port[0].open_eof_split = true;
	memcpy(s.port[0].eof, "\n", s.port[0].eof_len = 1);
	return 0;
}

static int connected(struct actor *a, uint32_t *fd)
{
	int c = client_of(&s, 0);

	*fd = take_event(a, RS_EVENT_CONNECT).h.fd;
	return c;
}

static void start(void)
{
	open_doors(&s);
	hire_for(&s, &w, 0);
}

static void end(void)
{
	leave(&w);
	close_doors(&s);
}

/* Lines "0\n" ... "n-1\n". */
static void send_lines(int c, int from, int n)
{
	char line[32];

	for (int i = from; i < from + n; i++) {
		snprintf(line, sizeof line, "%d\n", i);
		send_text(c, line);
	}
}

/* The next line, not taken. */
static uint64_t hear_line(struct actor *a, int n)
{
	struct told t = hear_event(a, RS_EVENT_RECEIVE);

	if (t.bytes.n == 0 || atoi(t.bytes.p) != n)
		fail_msg("line '%.*s' instead of %d", (int)t.bytes.n, t.bytes.p, n);
	return t.h.seq;
}

/* ---- before there is a process, and beyond its window -------------------------------------------------------------- */

static void waits_for_ready(void **state)
{
	int c;

	(void)state;
	open_doors(&s);
	c = client_of(&s, 0);
	send_lines(c, 0, 3);
	enter_for(&s, &w, 0);
	assert_true(hears_nothing(&w, 50));
	ready(&s.h, &w);
	(void)take_event(&w, RS_EVENT_CONNECT);
	for (int i = 0; i < 3; i++)
		taken(&w, hear_line(&w, i));
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

static void window(void **state)
{
	uint64_t seq[256];
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	send_lines(c, 0, 300);
	for (int i = 0; i < 256; i++)
		seq[i] = hear_line(&w, i);
	assert_true(hears_nothing(&w, 50));
	taken(&w, seq[9]);
	for (int i = 256; i < 266; i++)
		(void)hear_line(&w, i);
	assert_true(hears_nothing(&w, 50));
	/* What has begun and waits for something else does not count. */
	begin(&w, seq[19]);
	for (int i = 266; i < 276; i++)
		(void)hear_line(&w, i);
	assert_true(hears_nothing(&w, 50));
	close(c);
	end();
}

/* Bytes count as well; a message of another process passes by all that. */
static void window_of_bytes(void **state)
{
	struct rs_wire_message m = { .dst = 0 };
	char *big = malloc(1u << 20);
	struct actor script;
	uint32_t fd;
	uint64_t last = 0;
	int c;

	(void)state;
	memset(big, 'x', 1u << 20);
	s.port[0].package_max_length = 2u << 20;
	s.set.max_queued_bytes = 64u << 20;
	start();
	enter_for(&s, &script, RS_ID_SCRIPT);
	c = connected(&w, &fd);
	for (int i = 0; i < 6; i++) {
		send_bytes(c, big, 1u << 20);
		send_bytes(c, "\n", 1);
		if (i < 4)
			last = hear_event(&w, RS_EVENT_RECEIVE).h.seq;
	}
	assert_true(hears_nothing(&w, 50));
	say(&script, RS_MSG_MESSAGE, 0, 0, rs_slice(&m, sizeof m), RS_SLICE("psst"));
	expect_bytes(&w, RS_EVENT_PIPE_MESSAGE, 0, "psst");
	(void)last;
	(void)hear_event(&w, RS_EVENT_RECEIVE);
	(void)hear_event(&w, RS_EVENT_RECEIVE);
	close(c);
	free(big);
	leave(&script);
	end();
}

/* A connection with too much waiting is not read; then it is again, and nothing is missing. */
static void not_read(void **state)
{
	static char block[4096];
	uint32_t fd;
	size_t sent = 0, got = 0;
	struct told t;
	int c;

	(void)state;
	memset(block, 'y', sizeof block);
	block[sizeof block - 1] = '\n';
	s.set.max_queued_bytes = 65536;
	start();
	c = connected(&w, &fd);
	fcntl(c, F_SETFL, O_NONBLOCK);
	/* Until nothing fits any more: neither here nor there. */
	for (int quiet = 0; quiet < 20;) {
		ssize_t n = send(c, block + sent % sizeof block, sizeof block - sent % sizeof block, MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		quiet = n > 0 ? 0 : quiet + 1;
		if (n < 0)
			pause_ms(5);
	}
	assert_true(until_state(&s, fd, RS_SESSION_OPEN).receive_queued < 65536 + 65536 + sizeof block);
	while (got < sent / sizeof block * sizeof block) {
		t = hear_event(&w, RS_EVENT_RECEIVE);
		assert_int_equal(t.bytes.n, sizeof block);
		got += t.bytes.n;
		taken(&w, t.h.seq);
	}
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	end();
}

/* ---- death ------------------------------------------------------------------------------------------------------------- */

/* Taken and begun are gone with the process, the rest goes on in order, CLOSE comes once. */
static void death(void **state)
{
	uint64_t seq[10];
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	send_lines(c, 0, 10);
	for (int i = 0; i < 10; i++)
		seq[i] = hear_line(&w, i);
	taken(&w, seq[2]);
	begin(&w, seq[3]);
	leave(&w);
	send_lines(c, 10, 2);
	close(c);
	hire_for(&s, &w, 0);
	for (int i = 4; i < 12; i++)
		taken(&w, hear_line(&w, i));
	(void)take_event(&w, RS_EVENT_CLOSE);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	assert_true(hears_nothing(&w, 30));
	end();
}

/* Dies with CONNECT, then with CLOSE in hand, each not begun: the successor hears both. */
static void death_around_close(void **state)
{
	struct told t;
	int c;

	(void)state;
	start();
	c = client_of(&s, 0);
	(void)hear_event(&w, RS_EVENT_CONNECT);
	leave(&w);
	hire_for(&s, &w, 0);
	(void)take_event(&w, RS_EVENT_CONNECT);
	close(c);
	(void)hear_event(&w, RS_EVENT_CLOSE);
	leave(&w);
	hire_for(&s, &w, 0);
	t = hear_event(&w, RS_EVENT_CLOSE);
	begin(&w, t.h.seq);
	leave(&w);
	/* It was begun: that was the one time. */
	hire_for(&s, &w, 0);
	(void)until_state(&s, t.h.fd, RS_SESSION_FREE);
	assert_true(hears_nothing(&w, 30));
	end();
}

/* The page says that more was begun than was ever sent. */
static void begun_too_far(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	send_lines(c, 0, 2);
	(void)hear_line(&w, 0);
	begin(&w, UINT64_MAX);
	leave(&w);
	hire_for(&s, &w, 0);
	send_lines(c, 2, 1);
	taken(&w, hear_line(&w, 2));
	close(c);
	end();
}

/* ---- leaving and reload ------------------------------------------------------------------------------------------------- */

/* LEAVING: what has not begun waits for the successor; what it still says counts; its connections stay. */
static void leaving(void **state)
{
	uint64_t seq[4];
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	send_lines(c, 0, 4);
	for (int i = 0; i < 4; i++)
		seq[i] = hear_line(&w, i);
	begin(&w, seq[1]);
	say(&w, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
	send_to(&w, fd, RS_SLICE("still here"));
	expect_text(c, "still here");
	send_lines(c, 4, 1);
	assert_true(hears_nothing(&w, 30));
	leave(&w);
	hire_for(&s, &w, 0);
	for (int i = 2; i < 5; i++)
		taken(&w, hear_line(&w, i));
	send_to(&w, fd, RS_SLICE("welcome"));
	expect_text(c, "welcome");
	close(c);
	end();
}

static void renew(uint32_t tasks_only)
{
	to_reactor(&s.h, RS_MSG_RENEW, &tasks_only, sizeof tasks_only, NULL, 0);
}

static void reload(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	s.set.nworkers = 2;
	s.set.ntasks = 1;
	struct actor t;
	start();
	hire_for(&s, &w2, 1);
	hire_for(&s, &t, 2);
	c = connected(&w2, &fd); /* fd 1 */
	renew(0);
	(void)hear(&w, RS_MSG_RETIRE);
	(void)hear(&w2, RS_MSG_RETIRE);
	(void)hear(&t, RS_MSG_RETIRE);
	send_lines(c, 0, 1);
	assert_true(hears_nothing(&w2, 30));
	leave(&w);
	hire_for(&s, &w, 0);
	leave(&w2);
	hire_for(&s, &w2, 1);
	taken(&w2, hear_line(&w2, 0));
	assert_true(nothing_from_reactor(&s.h, RS_MSG_RENEWED, 30));
	leave(&t);
	hire_for(&s, &t, 2);
	(void)from_reactor(&s.h, RS_MSG_RENEWED);
	/* Only task workers. */
	renew(1);
	(void)hear(&t, RS_MSG_RETIRE);
	leave(&t);
	hire_for(&s, &t, 2);
	(void)from_reactor(&s.h, RS_MSG_RENEWED);
	assert_true(hears_nothing(&w, 20));
	close(c);
	(void)take_event(&w2, RS_EVENT_CLOSE);
	leave(&t);
	leave(&w2);
	end();
}

/* One that boots when the reload comes is replaced as well, as soon as it is ready; one that is gone comes anew anyway. */
static void reload_while_booting(void **state)
{
	(void)state;
	s.set.nworkers = 2;
	open_doors(&s);
	enter_for(&s, &w, 0);
	renew(0);
	hire_for(&s, &w2, 1);
	assert_true(hears_nothing(&w2, 20));
	ready(&s.h, &w);
	(void)hear(&w, RS_MSG_RETIRE);
	leave(&w);
	hire_for(&s, &w, 0);
	(void)from_reactor(&s.h, RS_MSG_RENEWED);
	leave(&w2);
	end();
}

static void does_not_end(void **state)
{
	struct rs_wire_kill kill;
	struct rs_frame f;

	(void)state;
	s.set.max_wait_ms = 200;
	start();
	renew(0);
	(void)hear(&w, RS_MSG_RETIRE);
	f = from_reactor(&s.h, RS_MSG_WORKER_KILL);
	memcpy(&kill, f.payload.p, sizeof kill);
	assert_int_equal(kill.id, 0);
	assert_int_equal(kill.reason, RS_KILL_DRAIN);
	assert_true(hears_eof(&w));
	leave(&w);
	hire_for(&s, &w, 0);
	(void)from_reactor(&s.h, RS_MSG_RENEWED);
	end();
}

/* ---- stop ------------------------------------------------------------------------------------------------------------------ */

/* Workers end, then task workers, what was sent leaves, then clients see the end; nobody hears CLOSE. */
static void orderly_stop(void **state)
{
	struct actor t;
	uint32_t fd;
	int c;

	(void)state;
	s.set.ntasks = 1;
	start();
	hire_for(&s, &t, 1);
	c = connected(&w, &fd);
	send_lines(c, 0, 1);
	uint64_t seq = hear_line(&w, 0);
	stop(&s.h, 10000);
	(void)hear(&w, RS_MSG_RETIRE);
	assert_true(hears_nothing(&t, 30));
	send_to(&w, fd, RS_SLICE("last"));
	taken(&w, seq);
	assert_true(hears_nothing(&w, 20));
	leave(&w);
	(void)hear(&t, RS_MSG_RETIRE);
	leave(&t);
	expect_text(c, "last");
	assert_true(ends(c));
	close(c);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	close_doors(&s);
}

static void stop_runs_out(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	stop(&s.h, 100);
	(void)hear(&w, RS_MSG_RETIRE);
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	close(c);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	end();
}

/* ---- bad processes ----------------------------------------------------------------------------------------------------------- */

typedef void bad_fn(struct actor *a);

static void bad_taken(struct actor *a)
{
	taken(a, 1000);
}

static void bad_taken_length(struct actor *a)
{
	say(a, RS_MSG_TAKEN, 0, 0, RS_SLICE("xyz"), RS_SLICE(""));
}

static void bad_send(struct actor *a)
{
	say(a, RS_MSG_SEND, 0, 0, RS_SLICE("xyz"), RS_SLICE(""));
}

static void bad_send_kind(struct actor *a)
{
	struct rs_wire_send h = { .fd = 1, .kind = 77 };

	say(a, RS_MSG_SEND, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
}

static void bad_send_file(struct actor *a)
{
	struct rs_wire_send h = { .fd = 1, .kind = RS_SEND_FILE };

	say(a, RS_MSG_SEND, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""));
}

static void bad_order(struct actor *a)
{
	order(a, 1, (enum rs_order)99, 0);
}

static void bad_order_length(struct actor *a)
{
	say(a, RS_MSG_ORDER, 0, 0, RS_SLICE("x"), RS_SLICE(""));
}

static void bad_datagram(struct actor *a)
{
	struct rs_wire_datagram h = { .port = 0 };

	memset(h.to.address, 'x', sizeof h.to.address);
	say(a, RS_MSG_DATAGRAM, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
}

static void bad_datagram_port(struct actor *a)
{
	struct rs_wire_datagram h = { .port = 9 };

	say(a, RS_MSG_DATAGRAM, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
}

static void bad_task(struct actor *a)
{
	struct rs_wire_task h = { .dst = -1 }; /* there is no task worker */

	say(a, RS_MSG_TASK, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
}

static void bad_finish(struct actor *a)
{
	struct rs_wire_finish h = { 0 }; /* it is no task worker */

	say(a, RS_MSG_FINISH, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
}

static void bad_message(struct actor *a)
{
	struct rs_wire_message h = { .dst = 5 };

	say(a, RS_MSG_MESSAGE, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
}

static void bad_ask(struct actor *a)
{
	struct rs_wire_ask h = { .what = 99 };

	say(a, RS_MSG_ASK, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""));
}

static void bad_stop(struct actor *a)
{
	struct rs_wire_ask h = { .what = RS_ASK_STOP_WORKER, .id = 77 };

	say(a, RS_MSG_ASK, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""));
}

static void bad_done(struct actor *a)
{
	say(a, RS_MSG_DONE, 0, 1, RS_SLICE(""), RS_SLICE("")); /* of hosted applications */
}

/* Each costs that process its life and nobody else anything. */
static void bad_frames(void **state)
{
	static bad_fn *const bad[] = {
		bad_taken, bad_taken_length, bad_send, bad_send_kind, bad_send_file, bad_order, bad_order_length, bad_datagram,
		bad_datagram_port, bad_task, bad_finish, bad_message, bad_ask, bad_stop, bad_done,
	};
	struct rs_wire_kill kill;
	struct rs_frame f;
	uint32_t fd;
	int c;

	(void)state;
	s.set.nworkers = 2;
	start();
	hire_for(&s, &w2, 1);
	c = connected(&w2, &fd);
	for (size_t i = 0; i < RS_COUNTOF(bad); i++) {
		bad[i](&w);
		if (!hears_eof(&w))
			fail_msg("bad frame %zu is borne", i);
		f = from_reactor(&s.h, RS_MSG_WORKER_KILL);
		memcpy(&kill, f.payload.p, sizeof kill);
		assert_int_equal(kill.id, 0);
		assert_int_equal(kill.reason, RS_KILL_PROTOCOL);
		leave(&w);
		hire_for(&s, &w, 0);
	}
	send_lines(c, 0, 1);
	taken(&w2, hear_line(&w2, 0));
	send_to(&w, fd, RS_SLICE("fine")); /* from any process */
	expect_text(c, "fine");
	close(c);
	leave(&w2);
	end();
}

/* Who is not of this server is not let in. */
static void strangers(void **state)
{
	(void)state;
	start();
	s.h.role_next = RS_ROLE_WORKER;
	enter(&s.h, &w2, 7, 1);
	assert_true(hears_eof(&w2));
	leave(&w2);
	s.h.role_next = RS_ROLE_TASK;
	enter(&s.h, &w2, 0, 1);
	assert_true(hears_eof(&w2));
	leave(&w2);
	assert_logged(&s.h, "in this server");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(waits_for_ready, up, down),
		cmocka_unit_test_setup_teardown(window, up, down),
		cmocka_unit_test_setup_teardown(window_of_bytes, up, down),
		cmocka_unit_test_setup_teardown(not_read, up, down),
		cmocka_unit_test_setup_teardown(death, up, down),
		cmocka_unit_test_setup_teardown(death_around_close, up, down),
		cmocka_unit_test_setup_teardown(begun_too_far, up, down),
		cmocka_unit_test_setup_teardown(leaving, up, down),
		cmocka_unit_test_setup_teardown(reload, up, down),
		cmocka_unit_test_setup_teardown(reload_while_booting, up, down),
		cmocka_unit_test_setup_teardown(does_not_end, up, down),
		cmocka_unit_test_setup_teardown(orderly_stop, up, down),
		cmocka_unit_test_setup_teardown(stop_runs_out, up, down),
		cmocka_unit_test_setup_teardown(bad_frames, up, down),
		cmocka_unit_test_setup_teardown(strangers, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
