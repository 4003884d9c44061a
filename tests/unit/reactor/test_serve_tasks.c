/*
 * Jobs, results, messages and wishes between the processes of a server.
 */
#include "reactor/serving.h"

static struct server s;
static struct actor w, w2, t, t2;

static int up(void **state)
{
	(void)state;
	prepare_server(&s);
	s.set.nworkers = 2;
	s.set.ntasks = 2;
	s.set.nusers = 1;
	return 0;
}

static void start(void)
{
	open_doors(&s);
	hire_for(&s, &w, 0);
	hire_for(&s, &w2, 1);
	hire_for(&s, &t, 2);
	hire_for(&s, &t2, 3);
}

static void end(void)
{
	leave(&w);
	leave(&w2);
	leave(&t);
	leave(&t2);
	close_doors(&s);
}

static void task(struct actor *a, uint32_t id, int32_t dst, uint32_t flags, const char *bytes)
{
	struct rs_wire_task h = { .id = id, .dst = dst, .flags = flags };

	say(a, RS_MSG_TASK, 0, 0, rs_slice(&h, sizeof h), rs_slice_str(bytes));
}

static void finish_task(struct actor *a, const struct told *job, uint32_t flags, const char *bytes)
{
	struct rs_wire_finish h = { .id = job->h.a, .to = job->h.fd, .flags = flags };

	say(a, RS_MSG_FINISH, 0, 0, rs_slice(&h, sizeof h), rs_slice_str(bytes));
}

static void message(struct actor *a, uint32_t dst, const char *bytes)
{
	struct rs_wire_message h = { .dst = dst, .flags = RS_DATA_SERIALIZED };

	say(a, RS_MSG_MESSAGE, 0, 0, rs_slice(&h, sizeof h), rs_slice_str(bytes));
}

static void until_tasking(uint32_t n)
{
	int64_t end_ms = rs_now_ms() + PATIENCE_MS;

	while (atomic_load(&s.board.head->tasking) != n) {
		if (rs_now_ms() > end_ms)
			fail_msg("%u tasks, not %u", atomic_load(&s.board.head->tasking), n);
		pause_ms(1);
	}
}

/* Which of the two heard of a job first. */
static struct actor *who(struct told *job)
{
	struct pollfd p[2] = { { .fd = t.ch.fd, .events = POLLIN }, { .fd = t2.ch.fd, .events = POLLIN } };
	struct actor *a;

	assert_true(poll(p, 2, PATIENCE_MS) > 0);
	a = p[0].revents ? &t : &t2;
	*job = hear_event(a, RS_EVENT_TASK);
	return a;
}

/* ---- jobs -------------------------------------------------------------------------------------------------------------- */

static void there_and_back(void **state)
{
	struct told job, r;

	(void)state;
	start();
	task(&w, 0, 1, RS_DATA_SERIALIZED, "job");
	job = hear_event(&t2, RS_EVENT_TASK);
	assert_int_equal(job.h.a, 0);
	assert_int_equal(job.h.b, RS_DATA_SERIALIZED);
	assert_int_equal(job.h.fd, 0);
	assert_true(rs_slice_eq(job.bytes, RS_SLICE("job")));
	until_tasking(1);
	finish_task(&t2, &job, RS_DATA_SERIALIZED, "one");
	finish_task(&t2, &job, 0, "two"); /* as often as it likes */
	taken(&t2, job.h.seq);
	r = take_event(&w, RS_EVENT_FINISH);
	assert_int_equal(r.h.a, 0);
	assert_int_equal(r.h.b, RS_DATA_SERIALIZED);
	assert_int_equal(r.h.fd, 3);
	assert_true(rs_slice_eq(r.bytes, RS_SLICE("one")));
	r = take_event(&w, RS_EVENT_FINISH);
	assert_int_equal(r.h.b, 0);
	assert_true(rs_slice_eq(r.bytes, RS_SLICE("two")));
	until_tasking(0);
	assert_int_equal(atomic_load(&s.board.head->tasks), 1);
	end();
}

/* Not named: to an idle one; while both are busy they wait, one for each that becomes idle. */
static void any_idle(void **state)
{
	struct told one, two, three;
	struct actor *a, *b;

	(void)state;
	start();
	for (uint32_t i = 0; i < 3; i++)
		task(&w, i, -1, 0, "x");
	a = who(&one);
	b = a == &t ? &t2 : &t;
	two = hear_event(b, RS_EVENT_TASK);
	assert_int_not_equal(one.h.a, two.h.a);
	assert_true(hears_nothing(&t, 30));
	assert_true(hears_nothing(&t2, 1));
	until_tasking(3);
	taken(b, two.h.seq);
	three = hear_event(b, RS_EVENT_TASK);
	assert_int_equal(three.h.a, 2);
	assert_true(hears_nothing(a, 20));
	end();
}

/* A named one keeps its jobs in order, whoever else is idle; messages pass them. */
static void named(void **state)
{
	struct told job;

	(void)state;
	start();
	for (uint32_t i = 0; i < 4; i++)
		task(&w2, i, 0, 0, "x");
	message(&w, 2, "in between");
	job = hear_event(&t, RS_EVENT_TASK);
	expect_bytes(&t, RS_EVENT_PIPE_MESSAGE, 0, "in between");
	for (uint32_t i = 1; i < 4; i++) {
		job = hear_event(&t, RS_EVENT_TASK);
		assert_int_equal(job.h.a, i);
		assert_int_equal(job.h.fd, 1);
		taken(&t, job.h.seq);
	}
	assert_true(hears_nothing(&t2, 20));
	end();
}

/* A task worker that dies loses the job it had begun. What waited for any goes to any, what was its own to its successor. */
static void task_worker_dies(void **state)
{
	struct told job;

	(void)state;
	start();
	task(&w, 0, 0, 0, "running");
	job = hear_event(&t, RS_EVENT_TASK);
	begin(&t, job.h.seq);
	task(&w, 1, 0, 0, "mine");
	task(&w, 2, 1, 0, "other");
	task(&w, 3, -1, 0, "any");
	job = hear_event(&t2, RS_EVENT_TASK);
	leave(&t);
	taken(&t2, job.h.seq);
	job = take_event(&t2, RS_EVENT_TASK);
	assert_int_equal(job.h.a, 3);
	until_tasking(1);
	hire_for(&s, &t, 2);
	job = take_event(&t, RS_EVENT_TASK);
	assert_int_equal(job.h.a, 1);
	until_tasking(0);
	end();
}

static void expect_lost(struct actor *a, uint32_t id, uint32_t from, uint32_t flags)
{
	struct told r = take_event(a, RS_EVENT_FINISH);

	assert_int_equal(r.h.a, id);
	assert_int_equal(r.h.b, flags | RS_DATA_LOST);
	assert_int_equal(r.h.fd, from);
	assert_int_equal(r.bytes.n, 0);
}

/* Who waits for what a dead task worker had begun learns that nothing comes; for the rest of its jobs he goes on waiting. */
static void lost_results_are_told(void **state)
{
	struct told one, two, job;

	(void)state;
	start();
	task(&w, 0, 0, RS_DATA_WAITED, "begun");
	one = hear_event(&t, RS_EVENT_TASK);
	begin(&t, one.h.seq);
	task(&w, 1, 0, RS_DATA_CALLBACK, "waits");
	task(&w, 2, 1, RS_DATA_CALLBACK, "suspended");
	task(&w, 3, 1, RS_DATA_WAITED, "answered");
	task(&w, 4, 1, 0, "for onFinish");
	two = hear_event(&t2, RS_EVENT_TASK);
	taken(&t2, two.h.seq);
	job = hear_event(&t2, RS_EVENT_TASK);
	finish_task(&t2, &job, RS_DATA_WAITED, "there");
	taken(&t2, job.h.seq);
	expect_bytes(&w, RS_EVENT_FINISH, 3, "there");
	(void)hear_event(&t2, RS_EVENT_TASK);
	leave(&t);
	expect_lost(&w, 0, 2, RS_DATA_WAITED);
	leave(&t2);
	expect_lost(&w, 2, 3, RS_DATA_CALLBACK);
	hire_for(&s, &t, 2);
	hire_for(&s, &t2, 3);
	job = take_event(&t, RS_EVENT_TASK);
	assert_int_equal(job.h.a, 1);
	assert_true(hears_nothing(&w, 30));
	end();
}

/* Its sender is dead as well: the successor, which has a job of that number, hears nothing. */
static void lost_results_of_the_dead(void **state)
{
	struct told job;

	(void)state;
	start();
	task(&w, 0, 0, RS_DATA_WAITED, "x");
	job = hear_event(&t, RS_EVENT_TASK);
	begin(&t, job.h.seq);
	leave(&w);
	hire_for(&s, &w, 0);
	task(&w, 0, 1, RS_DATA_WAITED, "mine");
	(void)hear_event(&t2, RS_EVENT_TASK);
	leave(&t);
	assert_true(hears_nothing(&w, 50));
	hire_for(&s, &t, 2);
	end();
}

/* A job sent and not begun comes back when its task worker dies. */
static void not_begun(void **state)
{
	struct told job;
	struct actor *a, *b;

	(void)state;
	start();
	task(&w, 7, -1, 0, "x");
	a = who(&job);
	b = a == &t ? &t2 : &t;
	leave(a);
	job = take_event(b, RS_EVENT_TASK);
	assert_int_equal(job.h.a, 7);
	until_tasking(0);
	end();
}

/* Processes that cannot hear of results send one-way jobs. */
static void one_way(void **state)
{
	struct actor script, user;
	struct told job;

	(void)state;
	start();
	enter_for(&s, &script, RS_ID_SCRIPT);
	enter_for(&s, &user, 4);
	task(&script, 0, 0, 0, "from the script");
	job = take_event(&t, RS_EVENT_TASK);
	assert_int_equal(job.h.fd, 0);
	assert_int_equal(job.h.b, RS_DATA_ONE_WAY);
	task(&user, 0, 0, RS_DATA_SERIALIZED, "from a process");
	job = take_event(&t, RS_EVENT_TASK);
	assert_int_equal(job.h.fd, 4);
	assert_int_equal(job.h.b, RS_DATA_ONE_WAY | RS_DATA_SERIALIZED);
	leave(&script);
	leave(&user);
	end();
}

/* Task workers have no jobs to give. */
static void no_jobs_from_task_workers(void **state)
{
	(void)state;
	start();
	task(&t, 0, -1, 0, "x");
	assert_true(hears_eof(&t));
	end();
}

/* ---- results and who waits for them --------------------------------------------------------------------------------------- */

/* A result that nobody waits for goes to the successor as well; one that somebody waited for dies with him. */
static void sender_dies(void **state)
{
	struct told plain, waited;

	(void)state;
	start();
	task(&w, 0, 0, 0, "plain");
	task(&w, 1, 1, RS_DATA_WAITED, "waited");
	plain = hear_event(&t, RS_EVENT_TASK);
	waited = hear_event(&t2, RS_EVENT_TASK);
	leave(&w);
	hire_for(&s, &w, 0);
	/* The successor has a job with the same id. */
	task(&w, 0, 0, RS_DATA_CALLBACK, "of the successor");
	task(&w, 1, 0, RS_DATA_WAITED, "of the successor");
	finish_task(&t2, &waited, RS_DATA_WAITED, "too late");
	taken(&t2, waited.h.seq);
	finish_task(&t, &plain, 0, "for whom it may concern");
	taken(&t, plain.h.seq);
	expect_bytes(&w, RS_EVENT_FINISH, 2, "for whom it may concern");
	plain = hear_event(&t, RS_EVENT_TASK);
	finish_task(&t, &plain, RS_DATA_CALLBACK, "mine");
	taken(&t, plain.h.seq);
	expect_bytes(&w, RS_EVENT_FINISH, 2, "mine");
	plain = hear_event(&t, RS_EVENT_TASK);
	finish_task(&t, &plain, RS_DATA_WAITED, "mine too");
	expect_bytes(&w, RS_EVENT_FINISH, 2, "mine too");
	assert_true(hears_nothing(&w, 30));
	end();
}

/* One that was told to end, or says that it will, still gets what it waits for. */
static void waits_to_the_end(void **state)
{
	uint32_t all = 0;
	struct told job;

	(void)state;
	start();
	task(&w, 0, 0, RS_DATA_WAITED, "x");
	job = hear_event(&t, RS_EVENT_TASK);
	to_reactor(&s.h, RS_MSG_RENEW, &all, sizeof all, NULL, 0);
	(void)hear(&w, RS_MSG_RETIRE);
	say(&w, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
	finish_task(&t, &job, RS_DATA_WAITED, "there you are");
	expect_bytes(&w, RS_EVENT_FINISH, 2, "there you are");
	/* A result for nobody in particular waits for the successor. */
	finish_task(&t, &job, 0, "later");
	assert_true(hears_nothing(&w, 30));
	leave(&w);
	hire_for(&s, &w, 0);
	expect_bytes(&w, RS_EVENT_FINISH, 2, "later");
	end();
}

/* Two processes of one number: each gets the results of its own jobs, the one that has the seat everything else. */
static void results_of_one_that_lingers(void **state)
{
	struct told old, young, for_any;
	struct actor next;

	(void)state;
	start();
	task(&w, 0, 0, RS_DATA_CALLBACK, "old");
	old = hear_event(&t, RS_EVENT_TASK);
	say(&w, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
	say(&w, RS_MSG_LINGERS, 0, 0, RS_SLICE(""), RS_SLICE(""));
	(void)from_reactor(&s.h, RS_MSG_WORKER_LINGERS);
	hire_for(&s, &next, 0);
	/* The same number of a job, too. */
	task(&next, 0, 1, RS_DATA_CALLBACK, "young");
	young = hear_event(&t2, RS_EVENT_TASK);
	finish_task(&t, &old, RS_DATA_CALLBACK, "of the old one");
	finish_task(&t2, &young, RS_DATA_CALLBACK, "of the young one");
	expect_bytes(&next, RS_EVENT_FINISH, 3, "of the young one");
	for_any = hear_event(&w, RS_EVENT_FINISH);
	assert_true(rs_slice_eq(for_any.bytes, RS_SLICE("of the old one")));
	message(&w2, 0, "for the number");
	assert_int_equal(take_event(&next, RS_EVENT_PIPE_MESSAGE).h.a, 1);
	taken(&t, old.h.seq);
	/* It may still give jobs, and learns that one is lost. */
	task(&w, 1, 0, RS_DATA_WAITED, "lost");
	old = hear_event(&t, RS_EVENT_TASK);
	begin(&t, old.h.seq);
	leave(&t);
	for_any = hear_event(&w, RS_EVENT_FINISH);
	assert_true(for_any.h.a == 1 && for_any.h.b == (RS_DATA_WAITED | RS_DATA_LOST));
	hire_for(&s, &t, 2);
	/* And results for one that is gone are nobody's. */
	task(&w, 2, 0, RS_DATA_CALLBACK, "late");
	old = hear_event(&t, RS_EVENT_TASK);
	leave(&w);
	(void)from_reactor(&s.h, RS_MSG_WORKER_LOST);
	finish_task(&t, &old, RS_DATA_CALLBACK, "too late");
	taken(&t, old.h.seq);
	until_tasking(1); /* the other's is not taken */
	assert_true(hears_nothing(&next, 30));
	w = next;
	end();
}

/* The same task of both at one task worker, which runs them in coroutines. */
static void the_same_task_of_two(void **state)
{
	struct told old, young, result;
	struct actor next;

	(void)state;
	start();
	task(&w, 0, 0, RS_DATA_CALLBACK, "old");
	old = hear_event(&t, RS_EVENT_TASK);
	taken(&t, old.h.seq);
	say(&w, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
	say(&w, RS_MSG_LINGERS, 0, 0, RS_SLICE(""), RS_SLICE(""));
	(void)from_reactor(&s.h, RS_MSG_WORKER_LINGERS);
	hire_for(&s, &next, 0);
	task(&next, 0, 0, RS_DATA_CALLBACK, "young");
	young = hear_event(&t, RS_EVENT_TASK);
	taken(&t, young.h.seq);
	assert_true(old.h.a == young.h.a && old.h.fd == young.h.fd && old.h.b != young.h.b);
	finish_task(&t, &old, old.h.b, "of the old one");
	result = hear_event(&w, RS_EVENT_FINISH);
	assert_true(result.h.b == RS_DATA_CALLBACK && rs_slice_eq(result.bytes, RS_SLICE("of the old one")));
	finish_task(&t, &young, young.h.b, "of the young one");
	expect_bytes(&next, RS_EVENT_FINISH, 2, "of the young one");
	assert_true(hears_nothing(&w, 20));
	leave(&w);
	w = next;
	end();
}

/* Too many jobs: who sends them is not read any more, until there are fewer. Nothing is lost. */
static void too_many(void **state)
{
	enum { JOBS = 40000 };
	static char bytes[512];
	struct rs_wire_task h = { .dst = 0 };
	uint32_t sent = 0, got = 0;
	struct told job;

	(void)state;
	start();
	assert_true(rs_fd_nonblock(w.ch.fd, true));
	while (sent < JOBS) {
		enum rs_result rc = rs_ipc_flush(&w.ch);
		assert_true(rc != RS_ERR);
		if (rc == RS_AGAIN) {
			struct pollfd p = { .fd = w.ch.fd, .events = POLLOUT };
			if (poll(&p, 1, 300) == 0)
				break;
			continue;
		}
		for (int i = 0; i < 100; i++) {
			h.id = sent++;
			assert_int_equal(rs_ipc_put(&w.ch, RS_MSG_TASK, 0, 0, rs_slice(&h, sizeof h), rs_slice(bytes, sizeof bytes), NULL, 0), RS_OK);
		}
	}
	assert_true(sent < JOBS);
	assert_true(atomic_load(&s.board.head->tasking) >= 16384);
	assert_true(atomic_load(&s.board.head->tasking) < 16384 + 2000);
	assert_true(rs_fd_nonblock(w.ch.fd, false));
	while (got < sent) {
		job = hear_event(&t, RS_EVENT_TASK);
		assert_int_equal(job.h.a, got++);
		taken(&t, job.h.seq);
		/* What it could not say yet. */
		if (got == 15000)
			assert_int_equal(rs_ipc_flush(&w.ch), RS_OK);
	}
	until_tasking(0);
	end();
}

/* ---- messages and wishes --------------------------------------------------------------------------------------------------- */

static void messages(void **state)
{
	struct actor user, script, manager;
	struct told m;

	(void)state;
	start();
	enter_for(&s, &user, 4);
	enter_for(&s, &script, RS_ID_SCRIPT);
	enter_for(&s, &manager, RS_ID_MANAGER);
	message(&w, 1, "w");
	m = take_event(&w2, RS_EVENT_PIPE_MESSAGE);
	assert_int_equal(m.h.a, 0);
	assert_int_equal(m.h.b, RS_DATA_SERIALIZED);
	message(&t2, 1, "t");
	assert_int_equal(take_event(&w2, RS_EVENT_PIPE_MESSAGE).h.a, 3);
	message(&user, 1, "u");
	assert_int_equal(take_event(&w2, RS_EVENT_PIPE_MESSAGE).h.a, 4);
	message(&script, 1, "s");
	assert_int_equal(take_event(&w2, RS_EVENT_PIPE_MESSAGE).h.a, 0);
	message(&manager, 3, "m");
	assert_int_equal(take_event(&t2, RS_EVENT_PIPE_MESSAGE).h.a, 0);
	/* To one who is not there: to his successor. */
	leave(&w2);
	message(&w, 1, "wait for me");
	hire_for(&s, &w2, 1);
	expect_bytes(&w2, RS_EVENT_PIPE_MESSAGE, 0, "wait for me");
	/* User processes hear nothing. */
	message(&w, 4, "x");
	assert_true(hears_eof(&w));
	leave(&user);
	leave(&script);
	leave(&manager);
	end();
}

static void wishes(void **state)
{
	struct rs_wire_ask a = { .what = RS_ASK_RELOAD_TASKS };
	struct rs_frame f;

	(void)state;
	start();
	say(&w, RS_MSG_ASK, 0, 0, rs_slice(&a, sizeof a), RS_SLICE(""));
	f = from_reactor(&s.h, RS_MSG_REACTOR_WISH);
	assert_memory_equal(f.payload.p, &a, sizeof a);
	a = (struct rs_wire_ask){ .what = RS_ASK_STOP_WORKER, .id = 1 };
	say(&w, RS_MSG_ASK, 0, 0, rs_slice(&a, sizeof a), RS_SLICE(""));
	(void)hear(&w2, RS_MSG_RETIRE);
	say(&w, RS_MSG_ASK, 0, 0, rs_slice(&a, sizeof a), RS_SLICE("")); /* twice is once */
	assert_true(hears_nothing(&w2, 20));
	say(&w, RS_MSG_WORKER_ASKS, 0, 0, RS_SLICE("new code"), RS_SLICE(""));
	f = from_reactor(&s.h, RS_MSG_REACTOR_ASKS);
	assert_true(rs_slice_eq(f.payload, RS_SLICE("new code")));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(there_and_back, up, down),
		cmocka_unit_test_setup_teardown(any_idle, up, down),
		cmocka_unit_test_setup_teardown(named, up, down),
		cmocka_unit_test_setup_teardown(task_worker_dies, up, down),
		cmocka_unit_test_setup_teardown(lost_results_are_told, up, down),
		cmocka_unit_test_setup_teardown(lost_results_of_the_dead, up, down),
		cmocka_unit_test_setup_teardown(not_begun, up, down),
		cmocka_unit_test_setup_teardown(one_way, up, down),
		cmocka_unit_test_setup_teardown(no_jobs_from_task_workers, up, down),
		cmocka_unit_test_setup_teardown(sender_dies, up, down),
		cmocka_unit_test_setup_teardown(waits_to_the_end, up, down),
		cmocka_unit_test_setup_teardown(results_of_one_that_lingers, up, down),
		cmocka_unit_test_setup_teardown(the_same_task_of_two, up, down),
		cmocka_unit_test_setup_teardown(too_many, up, down),
		cmocka_unit_test_setup_teardown(messages, up, down),
		cmocka_unit_test_setup_teardown(wishes, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
