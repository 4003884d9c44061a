/*
 * A process that says that it leaves and is not through: it finishes beside its successor.
 */
#include "reactor/serving.h"

static struct server s;
static struct actor w, next;

static int up(void **state)
{
	(void)state;
	prepare_server(&s);
	s.port[0].open_eof_split = true;
	memcpy(s.port[0].eof, "\n", s.port[0].eof_len = 1);
	return 0;
}

static void start(void)
{
	open_doors(&s);
	hire_for(&s, &w, 0);
	s.h.order_more = 100; /* successors are others */
}

static int connected(struct actor *a, uint32_t *fd)
{
	int c = client_of(&s, 0);

	*fd = take_event(a, RS_EVENT_CONNECT).h.fd;
	return c;
}

static void say_leaving(struct actor *a)
{
	say(a, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
}

static void say_lingers(struct actor *a)
{
	say(a, RS_MSG_LINGERS, 0, 0, RS_SLICE(""), RS_SLICE(""));
}

static void hear_lingers(uint32_t order)
{
	struct rs_frame f = from_reactor(&s.h, RS_MSG_WORKER_LINGERS);
	struct rs_wire_lingers m;

	assert_int_equal(f.payload.n, sizeof m);
	memcpy(&m, f.payload.p, sizeof m);
	assert_true(m.id == 0 && m.generation == 1 && m.order == order);
}

static void gone(uint32_t order)
{
	struct rs_wire_gone x = { .id = 0, .generation = 1, .order = order };

	to_reactor(&s.h, RS_MSG_WORKER_GONE, &x, sizeof x, NULL, 0);
}

static void renew(void)
{
	uint32_t all = 0;

	to_reactor(&s.h, RS_MSG_RENEW, &all, sizeof all, NULL, 0);
}

static void expect_line(struct actor *a, uint32_t fd, const char *line)
{
	expect_bytes(a, RS_EVENT_RECEIVE, fd, line);
}

static void end(void)
{
	leave(&next);
	close_doors(&s);
}

/* ---- the seat ---------------------------------------------------------------------------------------------------------- */

/* What it has not begun is its successor's, which has it at once; connections hear both. */
static void beside_each_other(void **state)
{
	struct told t;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	send_text(c, "1\n2\n");
	t = hear_event(&w, RS_EVENT_RECEIVE);
	taken(&w, t.h.seq);
	(void)hear_event(&w, RS_EVENT_RECEIVE); /* not begun */
	renew();
	(void)hear(&w, RS_MSG_RETIRE);
	say_leaving(&w);
	say_lingers(&w);
	hear_lingers(70);
	hire_for(&s, &next, 0);
	(void)from_reactor(&s.h, RS_MSG_RENEWED);
	expect_line(&next, fd, "2\n");
	send_text(c, "3\n");
	expect_line(&next, fd, "3\n");
	send_to(&w, fd, RS_SLICE("old;"));
	expect_text(c, "old;");
	send_to(&next, fd, RS_SLICE("new;"));
	expect_text(c, "new;");
	/* TAKEN of the old one says nothing about the new one's. */
	send_text(c, "4\n");
	t = hear_event(&next, RS_EVENT_RECEIVE);
	say(&w, RS_MSG_TAKEN, 0, 0, rs_slice(&(uint64_t){ 1000 }, 8), RS_SLICE(""));
	leave(&w);
	gone(70);
	taken(&next, t.h.seq);
	send_text(c, "5\n");
	expect_line(&next, fd, "5\n");
	assert_true(nothing_from_reactor(&s.h, RS_MSG_WORKER_KILL, 0));
	close(c);
	(void)take_event(&next, RS_EVENT_CLOSE);
	end();
}

/* The death of one is not the other's, also when one of them boots, or was to be killed. */
static void deaths(void **state)
{
	struct actor third;
	struct told t;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	say_leaving(&w);
	say_lingers(&w);
	hear_lingers(70);
	enter_for(&s, &next, 0);
	gone(70);
	assert_true(hears_eof(&w));
	leave(&w);
	ready(&s.h, &next);
	send_text(c, "1\n");
	expect_line(&next, fd, "1\n");
	/* And the other way round. */
	say_leaving(&next);
	say_lingers(&next);
	hear_lingers(170);
	s.h.order_more = 200;
	hire_for(&s, &third, 0);
	send_text(c, "2\n");
	t = hear_event(&third, RS_EVENT_RECEIVE);
	(void)t;
	say(&third, RS_MSG_DONE, 0, 0, RS_SLICE(""), RS_SLICE("")); /* it breaks a rule */
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	send_text(c, "3\n");
	/* The one that is to be killed may still begin things: that it is dead is not told by the death of the other. */
	gone(170);
	assert_true(hears_eof(&next));
	leave(&next);
	begin(&third, t.h.seq);
	gone(270);
	s.h.order_more = 300;
	hire_for(&s, &next, 0);
	expect_line(&next, fd, "3\n");
	leave(&third);
	close(c);
	(void)take_event(&next, RS_EVENT_CLOSE);
	end();
}

/* ---- when ---------------------------------------------------------------------------------------------------------------- */

/* One whose end takes long need not say so. */
static void without_a_word(void **state)
{
	(void)state;
	start();
	say_leaving(&w);
	hear_lingers(70);
	hire_for(&s, &next, 0);
	leave(&w);
	end();
}

static void not_in_turn(void **state)
{
	(void)state;
	s.set.renew_in_turn = true;
	start();
	say_leaving(&w);
	assert_true(nothing_from_reactor(&s.h, RS_MSG_WORKER_LINGERS, 600));
	/* Unless it says it: it was asked to let everything come to its end. */
	say_lingers(&w);
	hear_lingers(70);
	hire_for(&s, &next, 0);
	leave(&w);
	end();
}

/* Not without LEAVING, not twice, and not with something begun and not ended. */
static void not_to_be_believed(void **state)
{
	struct told t;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&w, &fd);
	say_lingers(&w);
	assert_true(nothing_from_reactor(&s.h, RS_MSG_WORKER_LINGERS, 30));
	send_text(c, "1\n");
	t = hear_event(&w, RS_EVENT_RECEIVE);
	begin(&w, t.h.seq);
	say_leaving(&w);
	say_lingers(&w);
	assert_true(nothing_from_reactor(&s.h, RS_MSG_WORKER_LINGERS, 600));
	taken(&w, t.h.seq);
	say_lingers(&w);
	hear_lingers(70);
	say_lingers(&w);
	say_leaving(&w);
	assert_true(nothing_from_reactor(&s.h, RS_MSG_WORKER_LINGERS, 30));
	hire_for(&s, &next, 0);
	leave(&w);
	close(c);
	(void)take_event(&next, RS_EVENT_CLOSE);
	end();
}

/* ---- the end --------------------------------------------------------------------------------------------------------------- */

static void killed_in_the_end(void **state)
{
	struct rs_wire_kill kill;
	struct rs_frame f;

	(void)state;
	s.set.max_wait_ms = 200;
	start();
	say_leaving(&w);
	say_lingers(&w);
	hear_lingers(70);
	hire_for(&s, &next, 0);
	f = from_reactor(&s.h, RS_MSG_WORKER_KILL);
	memcpy(&kill, f.payload.p, sizeof kill);
	assert_true(kill.id == 0 && kill.order == 70 && kill.reason == RS_KILL_DRAIN);
	assert_true(hears_eof(&w) && hears_nothing(&next, 20));
	leave(&w);
	end();
}

/* A stop waits for it as for any other. */
static void stop_waits(void **state)
{
	(void)state;
	start();
	say_leaving(&w);
	say_lingers(&w);
	hear_lingers(70);
	hire_for(&s, &next, 0);
	stop(&s.h, 10000);
	(void)hear(&next, RS_MSG_RETIRE);
	leave(&next);
	assert_true(nothing_from_reactor(&s.h, RS_MSG_DRAINED, 50));
	leave(&w);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	close_doors(&s);
}

static void stop_runs_out(void **state)
{
	(void)state;
	start();
	say_leaving(&w);
	say_lingers(&w);
	hear_lingers(70);
	stop(&s.h, 100);
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	leave(&w);
	close_doors(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(beside_each_other, up, down), cmocka_unit_test_setup_teardown(deaths, up, down),
		cmocka_unit_test_setup_teardown(without_a_word, up, down),    cmocka_unit_test_setup_teardown(not_in_turn, up, down),
		cmocka_unit_test_setup_teardown(not_to_be_believed, up, down), cmocka_unit_test_setup_teardown(killed_in_the_end, up, down),
		cmocka_unit_test_setup_teardown(stop_waits, up, down),        cmocka_unit_test_setup_teardown(stop_runs_out, up, down),
	};

	return cmocka_run_group_tests_name("serve_linger", tests, NULL, NULL);
}
