/*
 * Jobs of a hosted application: from whom, when, over reloads, and where their results go.
 */
#include "reactor/hosted.h"

static struct server s;
static struct actor w, w2, t, t2, u, n;

static int up(void **state)
{
	(void)state;
	prepare_hosted(&s);
	n = (struct actor){ 0 }; /* a test that failed has not left it */
	return 0;
}

static void start(void)
{
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	hire_of(&s, &w2, 1, 1);
	hire_of(&s, &t, TASK_WORKER(0), 1);
	hire_of(&s, &t2, TASK_WORKER(1), 1);
	route_to(&s, 1);
	hire_of(&s, &u, USER_PROCESS(0), 1);
}

static void end(void)
{
	leave(&w);
	leave(&w2);
	leave(&t);
	leave(&t2);
	leave(&u);
	if (n.page)
		leave(&n);
	close_doors(&s);
}

static struct told take_task(struct actor *a, uint32_t id)
{
	struct told job = take_event(a, RS_EVENT_TASK);

	assert_int_equal(job.h.a, id);
	return job;
}

static void expect_finish(struct actor *a, uint32_t id, uint32_t flags, const char *bytes)
{
	struct told r = hear_event(a, RS_EVENT_FINISH);

	assert_int_equal(r.h.a, id);
	assert_int_equal(r.h.b, flags);
	assert_true(rs_slice_eq(r.bytes, rs_slice_str(bytes)));
	taken(a, r.h.seq);
}

static void until_delayed(uint32_t n_)
{
	int64_t end_ms = rs_now_ms() + PATIENCE_MS;

	while (ask_status(&s.h).tasks_delayed != n_) {
		if (rs_now_ms() > end_ms)
			fail_msg("%u tasks wait, not %u", ask_status(&s.h).tasks_delayed, n_);
		pause_ms(2);
	}
}

/* ---- time ------------------------------------------------------------------------------------------------------------------ */

/* Not before its time, soon after it, and in order. */
static void delayed(void **state)
{
	int64_t from;

	(void)state;
	start();
	from = rs_now_ms();
	task(&w, 1, 0, 0, 300, "third");
	task(&w, 2, 0, 0, 100, "first");
	task(&w, 3, 0, 0, 200, "second");
	task(&w, 4, 0, 0, 200, "second too");
	settle(&s);
	assert_int_equal(ask_status(&s.h).tasks_delayed, 4);
	assert_int_equal(ask_status(&s.h).tasks_queued, 0);
	(void)take_task(&t, 2);
	assert_true(rs_now_ms() - from >= 95);
	(void)take_task(&t, 3);
	(void)take_task(&t, 4);
	assert_true(rs_now_ms() - from >= 195);
	(void)take_task(&t, 1);
	assert_true(rs_now_ms() - from >= 295);
	assert_int_equal(ask_status(&s.h).tasks_delayed, 0);
	end();
}

/* It outlives its sender, its task worker and their generation. */
static void over_a_reload(void **state)
{
	struct told job;

	(void)state;
	start();
	task(&w, 1, 1, 0, 400, "later");
	settle(&s);
	hire_of(&s, &n, 0, 2);
	leave(&t2);
	hire_of(&s, &t2, TASK_WORKER(1), 2);
	route_to(&s, 2);
	leave(&w);
	leave(&w2);
	leave(&t);
	until_delayed(1);
	job = take_task(&t2, 1);
	/* Its sender's successor has the result. */
	finish_task(&t2, &job, 0, "r");
	expect_finish(&n, 1, 0, "r");
	end();
}

/* Its task worker is none any more: another one has it. */
static void over_a_shrink(void **state)
{
	(void)state;
	start();
	task(&w, 1, 1, 0, 200, "later");
	settle(&s);
	shape(&s, 1, 2, 1);
	route(&s.h, 1);
	(void)take_task(&t, 1);
	end();
}

/* More than may wait are refused, and the log says so, not for each. */
static void too_many_delayed(void **state)
{
	const uint32_t more = 50;
	struct rs_buf log;
	const char *at;
	unsigned lines = 0;

	(void)state;
	start();
	for (uint32_t i = 0; i < 100000 + more; i++)
		task(&w, i, -1, i == 100000 + more - 1 ? RS_DATA_CALLBACK : 0, 3600000, "x");
	until_delayed(100000);
	expect_finish(&w, 100000 + more - 1, RS_DATA_CALLBACK | RS_DATA_LOST, "");
	assert_logged(&s.h, "too many tasks wait for their time");
	log = log_text(&s.h);
	for (at = rs_buf_data(&log); (at = strstr(at, "too many tasks")); at++)
		lines++;
	assert_in_range(lines, 1, 3);
	rs_buf_free(&log);
	end();
}

/* The end of the server is the end of what still waits; one line says how many. */
static void dropped_at_the_end(void **state)
{
	(void)state;
	start();
	for (uint32_t i = 0; i < 3; i++)
		task(&u, i, -1, 0, 3600000, "x");
	settle(&s);
	stop(&s.h, 10000);
	assert_logged(&s.h, "3 tasks were still to wait: they are dropped");
	task(&u, 9, -1, 0, 50, "too late");
	assert_logged(&s.h, "the server ends: a task of process 5000 that was to wait is dropped");
	end();
}

/* ---- from whom, to whom ---------------------------------------------------------------------------------------------------- */

/* From task workers and user processes; their results go to a worker. */
static void from_everybody(void **state)
{
	struct told job;
	struct actor *a;

	(void)state;
	start();
	task(&t, 5, 1, 0, 0, "from a task worker");
	job = take_task(&t2, 5);
	assert_int_equal(job.h.fd, TASK_WORKER(0));
	finish_task(&t2, &job, 0, "one");
	a = who(&w, &w2);
	expect_finish(a, 5, 0, "one");
	task(&u, 6, 1, 0, 0, "from a user process");
	job = take_task(&t2, 6);
	finish_task(&t2, &job, 0, "two");
	a = who(&w, &w2);
	expect_finish(a, 6, 0, "two");
	/* One that it waits for is its own. */
	task(&t, 7, 1, RS_DATA_WAITED, 0, "waited for");
	job = take_task(&t2, 7);
	finish_task(&t2, &job, RS_DATA_WAITED, "three");
	expect_finish(&t, 7, RS_DATA_WAITED, "three");
	task(&u, 8, 1, RS_DATA_WAITED, 0, "waited for");
	job = take_task(&t2, 8);
	finish_task(&t2, &job, RS_DATA_WAITED, "four");
	expect_finish(&u, 8, RS_DATA_WAITED, "four");
	end();
}

/* A worker's result: to it, then to its successor; when its number is gone, to any. */
static void to_the_successor(void **state)
{
	struct told one, two;

	(void)state;
	start();
	task(&w2, 1, 0, 0, 0, "a");
	task(&w2, 2, 1, 0, 0, "b");
	one = hear_event(&t, RS_EVENT_TASK);
	begin(&t, one.h.seq);
	two = hear_event(&t2, RS_EVENT_TASK);
	begin(&t2, two.h.seq);
	leave(&w2);
	settle(&s);
	hire_of(&s, &w2, 1, 1);
	finish_task(&t, &one, 0, "A");
	expect_finish(&w2, 1, 0, "A");
	shape(&s, 1, 1, 2);
	route(&s.h, 1);
	leave(&w2);
	finish_task(&t2, &two, 0, "B");
	expect_finish(&w, 2, 0, "B");
	end();
}

/* ---- what is lost ------------------------------------------------------------------------------------------------------------ */

/* The log says of what class it was; whatever else stands there does not get into it. */
static void lost_by_class(void **state)
{
	static const struct {
		const char *bytes, *logged;
	} jobs[] = {
		{ "O:23:\"App\\Tasks\\TestTask\":1:{}", "task 0 of process 0, App\\Tasks\\TestTask: the task is lost" },
		{ "a:2:{i:0;i:5;i:1;O:3:\"Foo\":0:{}}", "task 1 of process 0, Foo: the task is lost" },
		{ "O:5:\"A\nb\x1b[1m\":0:{}", "task 2 of process 0, A: the task is lost" },
		{ "just text", "task 3 of process 0: the task is lost" },
		{ "O:99:\"", "task 4 of process 0: the task is lost" },
		{ "O:", "task 5 of process 0: the task is lost" },
	};

	(void)state;
	start();
	for (uint32_t i = 0; i < RS_COUNTOF(jobs); i++) {
		task(&w, i, 0, RS_DATA_SERIALIZED | RS_DATA_CALLBACK, 0, jobs[i].bytes);
		begin(&t, hear_event(&t, RS_EVENT_TASK).h.seq);
		leave(&t);
		assert_logged(&s.h, jobs[i].logged);
		expect_finish(&w, i, RS_DATA_CALLBACK | RS_DATA_LOST, "");
		hire_of(&s, &t, TASK_WORKER(0), 1);
	}
	end();
}

/* One that left for a new generation with a job suspended: it may still answer, and is missed when it dies without. */
static void suspended_over_a_reload(void **state)
{
	struct told job;

	(void)state;
	start();
	task(&w, 1, 0, RS_DATA_CALLBACK, 0, "a");
	(void)take_task(&t, 1);
	task(&w, 2, 0, RS_DATA_CALLBACK, 0, "b");
	job = take_task(&t, 2);
	hire_of(&s, &n, TASK_WORKER(0), 2);
	route_to(&s, 2);
	(void)hear(&t, RS_MSG_RETIRE);
	leaving(&t);
	task(&w2, 9, 0, 0, 0, "next");
	(void)take_task(&n, 9);
	finish_task(&t, &job, RS_DATA_CALLBACK, "late");
	(void)hear(&w, RS_MSG_RETIRE);
	expect_finish(&w, 2, RS_DATA_CALLBACK, "late");
	leave(&t);
	expect_finish(&w, 1, RS_DATA_CALLBACK | RS_DATA_LOST, "");
	end();
}

/* ---- messages, status, rules --------------------------------------------------------------------------------------------- */

static void messages(void **state)
{
	struct rs_wire_message h = { .dst = TASK_WORKER(1) };

	(void)state;
	start();
	say(&u, RS_MSG_MESSAGE, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("hi"));
	assert_int_equal(take_event(&t2, RS_EVENT_PIPE_MESSAGE).h.a, USER_PROCESS(0));
	/* A number that was there before a reload. */
	h.dst = 3;
	say(&u, RS_MSG_MESSAGE, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
	(void)take_event(&w2, RS_EVENT_PIPE_MESSAGE);
	h.dst = TASK_WORKER(2);
	say(&u, RS_MSG_MESSAGE, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
	(void)take_event(&t, RS_EVENT_PIPE_MESSAGE);
	h.dst = USER_PROCESS(0);
	say(&w, RS_MSG_MESSAGE, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("x"));
	assert_true(hears_eof(&w));
	end();
}

static void status_rows(void **state)
{
	unsigned roles[3] = { 0 };
	struct rs_wire_status st;
	uint64_t token = 1;
	struct rs_frame f;

	(void)state;
	start();
	task(&w, 1, 0, 0, 0, "runs");
	begin(&t, hear_event(&t, RS_EVENT_TASK).h.seq);
	task(&w, 2, 0, 0, 0, "waits");
	task(&w, 3, 0, 0, 60000, "is not due");
	settle(&s);
	to_reactor(&s.h, RS_MSG_STATUS_ASK, &token, sizeof token, NULL, 0);
	f = from_reactor(&s.h, RS_MSG_STATUS);
	memcpy(&st, f.payload.p + sizeof token, sizeof st);
	assert_int_equal(st.tasks_running, 1);
	assert_int_equal(st.tasks_queued, 1);
	assert_int_equal(st.tasks_delayed, 1);
	assert_int_equal(st.nworkers, 5);
	for (uint32_t i = 0; i < st.nworkers; i++) {
		struct rs_wire_worker_status row;
		memcpy(&row, f.payload.p + sizeof token + sizeof st + i * sizeof row, sizeof row);
		assert_true(row.role <= RS_ROLE_USER);
		roles[row.role]++;
		assert_int_equal(row.role == RS_ROLE_TASK && row.id == TASK_WORKER(0), row.state == RS_WORKER_BUSY);
	}
	assert_int_equal(roles[RS_ROLE_WORKER], 2);
	assert_int_equal(roles[RS_ROLE_TASK], 2);
	assert_int_equal(roles[RS_ROLE_USER], 1);
	end();
}

/* Task workers that only send each other jobs are held, too, and read again. */
static void held_task_worker(void **state)
{
	struct told job;

	(void)state;
	start();
	fcntl(t.ch.fd, F_SETFL, O_NONBLOCK);
	for (uint32_t i = 0; i < 17000; i++) {
		struct rs_wire_task h = { .id = i, .dst = 1 };
		assert_int_equal(rs_ipc_put(&t.ch, RS_MSG_TASK, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""), NULL, 0), RS_OK);
		RS_IGNORE(rs_ipc_flush(&t.ch) == RS_ERR);
	}
	for (uint32_t i = 0; i < 17000; i++) {
		RS_IGNORE(rs_ipc_flush(&t.ch) == RS_ERR);
		job = take_event(&t2, RS_EVENT_TASK);
		assert_int_equal(job.h.a, i);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(delayed, up, down),
		cmocka_unit_test_setup_teardown(over_a_reload, up, down),
		cmocka_unit_test_setup_teardown(over_a_shrink, up, down),
		cmocka_unit_test_setup_teardown(too_many_delayed, up, down),
		cmocka_unit_test_setup_teardown(dropped_at_the_end, up, down),
		cmocka_unit_test_setup_teardown(from_everybody, up, down),
		cmocka_unit_test_setup_teardown(to_the_successor, up, down),
		cmocka_unit_test_setup_teardown(lost_by_class, up, down),
		cmocka_unit_test_setup_teardown(suspended_over_a_reload, up, down),
		cmocka_unit_test_setup_teardown(messages, up, down),
		cmocka_unit_test_setup_teardown(status_rows, up, down),
		cmocka_unit_test_setup_teardown(held_task_worker, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
