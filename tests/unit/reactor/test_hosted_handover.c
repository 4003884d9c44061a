/*
 * Generations of a hosted application: who sits on a seat, what moves with it, nothing lost and nothing twice.
 */
#include "reactor/hosted.h"

static struct server s;
static struct actor w, w2, t, t2; /* generation 1 */
static struct actor n, n2;        /* generation 2 */

static int up(void **state)
{
	(void)state;
	prepare_hosted(&s);
	n = n2 = (struct actor){ 0 }; /* a test that failed has not left it */
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
}

static void end(void)
{
	leave(&w);
	leave(&w2);
	leave(&t);
	leave(&t2);
	if (n.page)
		leave(&n);
	if (n2.page)
		leave(&n2);
	close_doors(&s);
}

/* A client whose events go to a, the worker of that id: the numbers of connections come in turn (dispatch mode 2). */
static int client_at(uint32_t id, struct actor *a, uint32_t *fd)
{
	int c = client_of(&s, LINES_PORT);

	send_text(c, "hello\n");
	if (id == 0) {
		(void)take_line(&w2, "hello"); /* number 1 */
		close(c);
		c = client_of(&s, LINES_PORT);
		send_text(c, "hello\n");
		(void)take_event(&w2, RS_EVENT_CLOSE);
	}
	*fd = take_line(a, "hello");
	return c;
}

/* ---- the beginning ---------------------------------------------------------------------------------------------- */

/* Nobody gets anything before the first ROUTE; plain requests and lines wait. */
static void first_route(void **state)
{
	int c, http;

	(void)state;
	s.set.nworkers = 1;
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	c = client_of(&s, LINES_PORT);
	send_text(c, "early\n");
	s.h.port = s.port[MAIN_PORT].port;
	http = asking(&s.h, "/");
	assert_true(hears_nothing(&w, 50));
	route_to(&s, 1);
	/* Which of them is sent first is nobody's business. */
	for (int i = 0; i < 2; i++) {
		struct rs_frame f;
		assert_true(next_frame(&w.ch, &f, PATIENCE_MS, NULL));
		assert_true(f.msg == RS_MSG_EVENT || f.msg == RS_MSG_REQUEST);
	}
	close(c);
	close(http);
	leave(&w);
	close_doors(&s);
}

/* A plain request: a slot, no guest, nothing on the board. */
static void plain_http(void **state)
{
	int c;

	(void)state;
	start();
	s.h.port = s.port[MAIN_PORT].port;
	c = asking(&s.h, "/a");
	serve(who(&w, &w2), "/a", "hello");
	assert_reply(c, 200, "hello");
	assert_int_equal(ask_status(&s.h).sessions, 0);
	assert_int_equal(atomic_load(&s.board.head->high_water), 0);
	close(c);
	end();
}

/* ---- ROUTE ---------------------------------------------------------------------------------------------------------- */

/* What is begun is ended first; what is not, and what comes meanwhile, goes to the next process, in order. */
static void in_order(void **state)
{
	struct told one;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	send_text(c, "1\n2\n3\n");
	one = hear_line(&w, "1");
	begin(&w, one.h.seq);
	hire_of(&s, &n, 0, 2);
	assert_true(hears_nothing(&n, 20));
	route_to(&s, 2);
	(void)hear_line(&w, "2");
	(void)hear_line(&w, "3");
	(void)hear(&w, RS_MSG_RETIRE);
	send_text(c, "4\n");
	assert_true(hears_nothing(&n, 30));
	send_to(&w, fd, RS_SLICE("one"));
	taken(&w, one.h.seq);
	assert_true(hears_nothing(&n, 30)); /* it may have begun the next */
	leaving(&w);
	(void)take_line(&n, "2");
	(void)take_line(&n, "3");
	(void)take_line(&n, "4");
	expect_text(c, "one");
	/* Its last words still count. */
	send_to(&w, fd, RS_SLICE("two"));
	expect_text(c, "two");
	assert_true(hears_nothing(&w, 0));
	close(c);
	end();
}

/* It leaves while its event runs on: the next one waits until that is over. */
static void leaves_with_begun(void **state)
{
	struct told one;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	send_text(c, "1\n2\n");
	one = hear_line(&w, "1");
	begin(&w, one.h.seq);
	hire_of(&s, &n, 0, 2);
	route_to(&s, 2);
	leaving(&w);
	settle(&s);
	assert_true(hears_nothing(&n, 30));
	taken(&w, one.h.seq);
	(void)take_line(&n, "2");
	close(c);
	end();
}

/* It just ends: what it had begun is lost. */
static void just_ends(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	send_text(c, "1\n2\n");
	begin(&w, hear_line(&w, "1").h.seq);
	hire_of(&s, &n, 0, 2);
	route_to(&s, 2);
	leave(&w);
	(void)take_line(&n, "2");
	close(c);
	end();
}

/* One that is to be killed may begin events until it is dead for sure. */
static void killed(void **state)
{
	struct told one;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	send_text(c, "1\n2\n3\n");
	one = hear_line(&w, "1");
	hire_of(&s, &n, 0, 2);
	route_to(&s, 2);
	say(&w, RS_MSG_TASK, 0, 0, RS_SLICE("short"), RS_SLICE(""));
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	settle(&s);
	begin(&w, one.h.seq + 1);
	assert_true(hears_nothing(&n, 30));
	gone(&s, &w);
	(void)take_line(&n, "3");
	close(c);
	end();
}

/* A generation whose processes die before it serves leaves nothing behind; the next one comes into its own. */
static void failed_generation(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	hire_of(&s, &n, 0, 2);
	enter_of(&s, &n2, 1, 2);
	leave(&n);
	leave(&n2);
	settle(&s);
	send_text(c, "1\n");
	(void)take_line(&w, "1");
	hire_of(&s, &n, 0, 3);
	hire_of(&s, &n2, 1, 3);
	route_to(&s, 3);
	(void)hear(&w, RS_MSG_RETIRE);
	leave(&w);
	send_text(c, "2\n");
	(void)take_line(&n, "2");
	close(c);
	end();
}

/* Two reloads before the first one's process has got its seat: neither is forgotten. */
static void two_reloads(void **state)
{
	struct told one;
	struct actor third;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	send_text(c, "1\n2\n");
	one = hear_line(&w, "1");
	begin(&w, one.h.seq);
	hire_of(&s, &n, 0, 2);
	route_to(&s, 2);
	hire_of(&s, &third, 0, 3); /* and generation 3 fails */
	leave(&third);
	settle(&s);
	taken(&w, one.h.seq);
	leaving(&w);
	(void)take_line(&n, "2");
	hire_of(&s, &third, 0, 4);
	route_to(&s, 4);
	leave(&n);
	send_text(c, "3\n");
	(void)take_line(&third, "3");
	leave(&third);
	close(c);
	end();
}

/* The generation that serves gets a successor while the next one waits. */
static void successor_while_next_waits(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	hire_of(&s, &n, 0, 2);
	leave(&w);
	hire_of(&s, &w, 0, 1);
	send_text(c, "1\n");
	(void)take_line(&w, "1");
	assert_true(hears_nothing(&n, 20));
	route_to(&s, 2);
	leave(&w);
	send_text(c, "2\n");
	(void)take_line(&n, "2");
	close(c);
	end();
}

/* Of an older generation, forked before ROUTE and ready after it: sent home at once. */
static void too_late(void **state)
{
	(void)state;
	start();
	hire_of(&s, &n, 0, 2);
	leave(&w);
	enter_of(&s, &w, 0, 1);
	settle(&s);
	route_to(&s, 2);
	settle(&s);
	ready(&s.h, &w);
	(void)hear(&w, RS_MSG_RETIRE);
	end();
}

/* The next one is not ready when the seat becomes free: what waits goes to it when it is. */
static void next_boots(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	hire_of(&s, &n, 0, 2);
	route_to(&s, 2);
	leave(&w);
	leave(&n);
	enter_of(&s, &n, 0, 2);
	send_text(c, "1\n");
	settle(&s);
	assert_true(hears_nothing(&n, 20));
	ready(&s.h, &n);
	(void)take_line(&n, "1");
	close(c);
	end();
}

/* A worker that has served its share: RETIRE, and its successor has what it had not begun, requests and events. */
static void max_request(void **state)
{
	struct got g;
	uint32_t fd;
	int c, http;

	(void)state;
	start();
	shape(&s, 1, 1, 2);
	route(&s.h, 1);
	leave(&w2);
	settle(&s);
	c = client_of(&s, LINES_PORT);
	send_text(c, "1\n2\n");
	fd = take_line(&w, "1");
	(void)hear_line(&w, "2");
	s.h.port = s.port[MAIN_PORT].port;
	http = asking(&s.h, "/x");
	g = take(&w);
	got_free(&g);
	leaving(&w);
	(void)hear(&w, RS_MSG_RETIRE);
	send_text(c, "3\n");
	send_to(&w, fd, RS_SLICE("bye"));
	expect_text(c, "bye");
	leave(&w);
	hire_of(&s, &w, 0, 1);
	for (int i = 0; i < 3; i++) {
		struct rs_frame f;
		assert_true(next_frame(&w.ch, &f, PATIENCE_MS, NULL));
		assert_true(f.msg == RS_MSG_EVENT || f.msg == RS_MSG_REQUEST);
	}
	close(c);
	close(http);
	end();
}

/* ---- fewer and more processes -------------------------------------------------------------------------------------- */

/* The seat of a connection is no more: its events go on with another worker, in order; its messages and results too. */
static void shrink(void **state)
{
	struct told one, job;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(1, &w2, &fd);
	send_text(c, "1\n2\n3\n");
	one = hear_line(&w2, "1");
	begin(&w2, one.h.seq);
	task(&w2, 7, 1, 0, 0, "job");
	job = hear_event(&t2, RS_EVENT_TASK);
	begin(&t2, job.h.seq);
	hire_of(&s, &n, 0, 2);
	hire_of(&s, &n2, TASK_WORKER(0), 2);
	shape(&s, 2, 1, 1);
	route(&s.h, 2);
	leave(&w);
	leave(&t);
	send_text(c, "4\n");
	settle(&s);
	assert_true(hears_nothing(&n, 30));
	finish_task(&t2, &job, 0, "done");
	taken(&w2, one.h.seq);
	leaving(&w2);
	for (int i = 0, lines = 0; i < 4; i++) {
		static const char *const expected[] = { "2\n", "3\n", "4\n" };
		struct told e = hear_any(&n);
		if (e.h.kind == RS_EVENT_FINISH) {
			assert_int_equal(e.h.a, 7);
		} else {
			assert_int_equal(e.h.fd, fd);
			assert_true(rs_slice_eq(e.bytes, rs_slice_str(expected[lines++])));
		}
		taken(&n, e.h.seq);
	}
	assert_int_equal(until_state(&s, fd, RS_SESSION_OPEN).worker, 0);
	assert_int_equal(atomic_load(&s.board.head->nworkers), 1);
	assert_int_equal(atomic_load(&s.board.head->ntasks), 1);
	/* Whoever does not know yet that there are fewer is not wrong. */
	task(&n, 8, 1, 0, 0, "for the second");
	job = take_event(&n2, RS_EVENT_TASK);
	assert_int_equal(job.h.a, 8);
	close(c);
	end();
}

/* Nobody sits on the seat that goes: what waits for it moves at once. */
static void shrink_empty(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_at(1, &w2, &fd);
	leave(&w2);
	send_text(c, "1\n");
	task(&w, 1, 1, 0, 0, "a");
	begin(&t2, hear_event(&t2, RS_EVENT_TASK).h.seq);
	leave(&t2);
	task(&w, 2, 1, 0, 0, "b");
	settle(&s);
	shape(&s, 1, 1, 1);
	route(&s.h, 1);
	(void)take_line(&w, "1");
	assert_int_equal(take_event(&t, RS_EVENT_TASK).h.a, 2);
	close(c);
	end();
}

/* No task worker is left: jobs are refused, and who waits for one is told. */
static void no_task_workers(void **state)
{
	struct told e;

	(void)state;
	start();
	leave(&t);
	leave(&t2);
	task(&w, 1, -1, 0, 0, "a");
	task(&w, 2, 1, RS_DATA_WAITED, 0, "b");
	settle(&s);
	shape(&s, 1, 2, 0);
	route(&s.h, 1);
	e = take_event(&w, RS_EVENT_FINISH);
	assert_int_equal(e.h.a, 2);
	assert_int_equal(e.h.b, RS_DATA_WAITED | RS_DATA_LOST);
	assert_logged(&s.h, "there are no task workers");
	task(&w, 3, 1, RS_DATA_CALLBACK, 0, "c");
	assert_int_equal(take_event(&w, RS_EVENT_FINISH).h.a, 3);
	settle(&s);
	assert_int_equal(ask_status(&s.h).tasks_queued, 0);
	end();
}

static void grow(void **state)
{
	uint32_t seen = 0;

	(void)state;
	s.set.nworkers = 1;
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	route_to(&s, 1);
	hire_of(&s, &n, 0, 2);
	hire_of(&s, &n2, 1, 2);
	shape(&s, 2, 2, 0);
	route(&s.h, 2);
	leave(&w);
	for (int i = 0; i < 2; i++) {
		struct actor *a;
		send_text(client_of(&s, LINES_PORT), "x\n");
		a = who(&n, &n2);
		(void)take_line(a, "x");
		seen |= a == &n ? 1 : 2;
	}
	assert_int_equal(seen, 3);
	leave(&n);
	leave(&n2);
	close_doors(&s);
}

/* ---- requests and events by one channel --------------------------------------------------------------------------- */

/* Dies with a request and an event begun, and more of both not: each gets what is its. */
static void dies_with_both(void **state)
{
	struct got g, g2;
	uint32_t fd;
	int c, a, b;

	(void)state;
	s.set.nworkers = 1;
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	route_to(&s, 1);
	c = client_of(&s, LINES_PORT);
	send_text(c, "0\n1\n2\n");
	fd = take_line(&w, "0");
	begin(&w, hear_line(&w, "1").h.seq);
	(void)hear_line(&w, "2");
	s.h.port = s.port[MAIN_PORT].port;
	a = asking(&s.h, "/a");
	g = take_claimed(&w);
	b = asking(&s.h, "/b");
	g2 = take(&w);
	leave(&w);
	assert_reply(a, 502, NULL);
	hire_of(&s, &w, 0, 1);
	got_free(&g);
	got_free(&g2);
	for (int i = 0; i < 2; i++) {
		struct rs_frame f;
		assert_true(next_frame(&w.ch, &f, PATIENCE_MS, NULL));
		if (f.msg == RS_MSG_REQUEST) {
			struct rs_wire_request q;
			memcpy(&q, f.payload.p, sizeof q);
			assert_true(rs_claim_move(w.page, q.slot, q.claim, RS_CLAIM_TAKEN));
			respond(&w, f.id, RS_FRAME_END | RS_FRAME_DONE, 200, "", -1, RS_SLICE("b"));
		} else {
			assert_int_equal(f.msg, RS_MSG_EVENT);
			assert_true(memmem(f.payload.p, f.payload.n, "2\n", 2) != NULL);
		}
	}
	assert_reply(b, 200, "b");
	assert_int_equal(until_state(&s, fd, RS_SESSION_OPEN).worker, 0);
	close(a);
	close(b);
	close(c);
	leave(&w);
	close_doors(&s);
}

/* Requests of an extra port are events; DONE means nothing for them, and plain ones beside them need it. */
static void both_kinds_of_requests(void **state)
{
	struct told e;
	struct got g;
	int a, b;

	(void)state;
	s.set.nworkers = 1;
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	route_to(&s, 1);
	s.h.port = s.port[HTTP_PORT].port;
	a = asking(&s.h, "/extra");
	e = hear_event(&w, RS_EVENT_REQUEST);
	begin(&w, e.h.seq);
	s.h.port = s.port[MAIN_PORT].port;
	b = asking(&s.h, "/plain");
	g = take_claimed(&w);
	respond(&w, e.id, RS_FRAME_END | RS_FRAME_DONE, 200, "", -1, RS_SLICE("extra"));
	assert_reply(a, 200, "extra");
	say(&w, RS_MSG_DONE, 0, e.id, RS_SLICE(""), RS_SLICE(""));
	respond(&w, g.id, RS_FRAME_END, 200, "", -1, RS_SLICE("plain"));
	assert_reply(b, 200, "plain");
	say(&w, RS_MSG_DONE, 0, g.id, RS_SLICE(""), RS_SLICE(""));
	taken(&w, e.h.seq);
	got_free(&g);
	settle(&s);
	assert_int_equal(ask_status(&s.h).sessions, 1);
	close(a);
	close(b);
	leave(&w);
	close_doors(&s);
}

/* A request goes to the worker that has no event in hand; one that had to go to the other moves away when its event takes long. */
static void requests_flee_events(void **state)
{
	struct got g;
	uint32_t fd;
	int c, h[3];

	(void)state;
	start();
	c = client_at(0, &w, &fd);
	send_text(c, "long\n");
	begin(&w, hear_line(&w, "long").h.seq);
	s.h.port = s.port[MAIN_PORT].port;
	h[0] = asking(&s.h, "/0");
	g = take_claimed(&w2);
	for (int i = 1; i < 3; i++) {
		h[i] = asking(&s.h, i == 1 ? "/1" : "/2");
		until_connections(&s.h, 2 + (unsigned)i);
	}
	(void)hear(&w, RS_MSG_REQUEST);
	answer(&w2, &g, "a");
	assert_reply(h[0], 200, "a");
	for (int i = 1; i < 3; i++) {
		g = take_claimed(&w2);
		answer(&w2, &g, "b");
	}
	for (int i = 1; i < 3; i++)
		assert_reply(h[i], 200, "b");
	for (int i = 0; i < 3; i++)
		close(h[i]);
	close(c);
	end();
}

/* One worker alone: a request waits for the end of its event, and gets its turn then. */
static void request_behind_event(void **state)
{
	struct told e;
	uint32_t fd;
	int c, a;

	(void)state;
	s.set.nworkers = 1;
	s.h.conf.post_ahead = 1;
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	route_to(&s, 1);
	c = client_of(&s, LINES_PORT);
	send_text(c, "long\n");
	e = hear_line(&w, "long");
	fd = e.h.fd;
	begin(&w, e.h.seq);
	s.h.port = s.port[MAIN_PORT].port;
	a = asking(&s.h, "/a");
	(void)hear(&w, RS_MSG_REQUEST); /* taken back after a moment: that it was offered once is enough */
	until_queued(&s.h, 1);
	taken(&w, e.h.seq);
	serve(&w, "/a", "a");
	assert_reply(a, 200, "a");
	assert_int_equal(until_state(&s, fd, RS_SESSION_OPEN).worker, 0);
	close(a);
	close(c);
	leave(&w);
	close_doors(&s);
}

/* An event that any worker may have does not wait behind a long request. */
static void events_flee_requests(void **state)
{
	struct actor *busy, *idle;
	struct got g;
	struct told e;
	int a, b;

	(void)state;
	s.set.dispatch_mode = 3;
	start();
	s.h.port = s.port[MAIN_PORT].port;
	a = asking(&s.h, "/long");
	busy = who(&w, &w2);
	idle = busy == &w ? &w2 : &w;
	g = take_claimed(busy);
	pause_ms(5); /* what counts as long */
	s.h.port = s.port[HTTP_PORT].port;
	b = client(&s.h);
	for (int i = 0; i < 3; i++) {
		get(b, "/quick");
		e = hear_event(idle, RS_EVENT_REQUEST);
		begin(idle, e.h.seq);
		respond(idle, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("q"));
		taken(idle, e.h.seq);
		assert_reply(b, 200, "q");
	}
	close(b);
	answer(busy, &g, "l");
	assert_reply(a, 200, "l");
	close(a);
	end();
}

/* ---- nobody breaks a rule ------------------------------------------------------------------------------------------ */

static void bad_words_of_the_master(void **state)
{
	struct rs_wire_shape m = { 2, 0, 0, 0 };

	(void)state;
	start();
	to_reactor(&s.h, RS_MSG_SHAPE, &m, sizeof m, NULL, 0);
	assert_logged(&s.h, "more processes than seats, or no worker");
	m = (struct rs_wire_shape){ 2, 2, RS_HOSTED_USERS, 0 };
	to_reactor(&s.h, RS_MSG_SHAPE, &m, sizeof m, NULL, 0);
	settle(&s);
	/* An id that is no seat of its role. */
	s.h.role_next = RS_ROLE_TASK;
	enter(&s.h, &n, 5, 1);
	assert_true(hears_eof(&n));
	stop(&s.h, 0);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	leave(&w);
	leave(&w2);
	leave(&t);
	leave(&t2);
	leave(&n);
	rs_board_unmap(&s.board);
	close(s.board_fd);
	for (uint32_t i = 0; i < s.set.nports; i++)
		close(s.listener[i]);
	clean(&s.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_route, up, down),
		cmocka_unit_test_setup_teardown(plain_http, up, down),
		cmocka_unit_test_setup_teardown(in_order, up, down),
		cmocka_unit_test_setup_teardown(leaves_with_begun, up, down),
		cmocka_unit_test_setup_teardown(just_ends, up, down),
		cmocka_unit_test_setup_teardown(killed, up, down),
		cmocka_unit_test_setup_teardown(failed_generation, up, down),
		cmocka_unit_test_setup_teardown(two_reloads, up, down),
		cmocka_unit_test_setup_teardown(successor_while_next_waits, up, down),
		cmocka_unit_test_setup_teardown(too_late, up, down),
		cmocka_unit_test_setup_teardown(next_boots, up, down),
		cmocka_unit_test_setup_teardown(max_request, up, down),
		cmocka_unit_test_setup_teardown(shrink, up, down),
		cmocka_unit_test_setup_teardown(shrink_empty, up, down),
		cmocka_unit_test_setup_teardown(no_task_workers, up, down),
		cmocka_unit_test_setup_teardown(grow, up, down),
		cmocka_unit_test_setup_teardown(dies_with_both, up, down),
		cmocka_unit_test_setup_teardown(both_kinds_of_requests, up, down),
		cmocka_unit_test_setup_teardown(requests_flee_events, up, down),
		cmocka_unit_test_setup_teardown(request_behind_event, up, down),
		cmocka_unit_test_setup_teardown(events_flee_requests, up, down),
		cmocka_unit_test_setup_teardown(bad_words_of_the_master, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
