/*
 * WebSocket connections on the main port of a hosted application, beside plain HTTP; and the orderly end of all.
 */
#include "reactor/hosted.h"
#include "reactor/wsclient.h"

static struct server s;
static struct actor w, t, n;

static int up(void **state)
{
	(void)state;
	prepare_hosted(&s);
	n = (struct actor){ 0 }; /* a test that failed has not left it */
	s.set.nworkers = s.set.ntasks = 1;
	return 0;
}

static void start(void)
{
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	hire_of(&s, &t, TASK_WORKER(0), 1);
	route_to(&s, 1);
	s.h.port = s.port[MAIN_PORT].port;
}

static void end(void)
{
	leave(&w);
	leave(&t);
	if (n.page)
		leave(&n);
	close_doors(&s);
}

static void push(struct actor *a, uint32_t fd, const char *text)
{
	struct rs_wire_send m = { .fd = fd, .kind = RS_SEND_WEBSOCKET, .opcode = RS_WS_TEXT, .flags = RS_WS_FIN };

	say(a, RS_MSG_SEND, 0, 0, rs_slice(&m, sizeof m), rs_slice_str(text));
}

/* An established connection. */
static int joined(struct actor *a, uint32_t *fd)
{
	int c = client(&s.h);
	struct told e;

	send_text(c, UPGRADE);
	e = hear_event(a, RS_EVENT_HANDSHAKE);
	*fd = e.h.fd;
	begin(a, e.h.seq);
	respond(a, e.id, RS_FRAME_END, 101, "", -1, RS_SLICE(""));
	taken(a, e.h.seq);
	expect_upgraded(c);
	return c;
}

static struct told hear_message(struct actor *a, uint32_t fd, const char *text)
{
	struct told e = hear_event(a, RS_EVENT_MESSAGE);

	assert_int_equal(e.h.fd, fd);
	assert_true(rs_slice_eq(e.bytes, rs_slice_str(text)));
	return e;
}

/* ---- the handshake ------------------------------------------------------------------------------------------------------ */

/* 101 and a push in one event: both arrive, in order; messages and the end are told. */
static void established(void **state)
{
	struct rs_session x;
	struct told e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client(&s.h);
	send_text(c, UPGRADE);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	fd = e.h.fd;
	assert_int_equal(e.h.port, MAIN_PORT);
	begin(&w, e.h.seq);
	assert_true(rs_board_get(&s.board, fd, &x));
	assert_int_equal(x.websocket, 2);
	assert_int_equal(x.request, e.id);
	respond(&w, e.id, RS_FRAME_END, 101, "Sec-WebSocket-Protocol: chat\r\n", -1, RS_SLICE(""));
	push(&w, fd, "welcome");
	taken(&w, e.h.seq);
	expect_upgraded(c);
	expect_frame(c, RS_WS_TEXT, RS_SLICE("welcome"));
	send_message(c, "hi");
	taken(&w, hear_message(&w, fd, "hi").h.seq);
	x = until_state(&s, fd, RS_SESSION_OPEN);
	assert_int_equal(x.websocket, 3);
	assert_int_equal(ask_status(&s.h).sessions, 1);
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	end();
}

/* Plain requests first, on the same connection. */
static void after_plain(void **state)
{
	struct told e;
	int c;

	(void)state;
	start();
	c = client(&s.h);
	for (int i = 0; i < 3; i++) {
		get(c, "/page");
		serve(&w, "/page", "p");
		assert_reply(c, 200, "p");
	}
	send_text(c, UPGRADE);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	begin(&w, e.h.seq);
	respond(&w, e.id, RS_FRAME_END, 101, "", -1, RS_SLICE(""));
	expect_upgraded(c);
	taken(&w, e.h.seq);
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

/* What only looks like one is a request like others, or refused. */
static void not_an_upgrade(void **state)
{
	int c;

	(void)state;
	start();
	c = client(&s.h);
	send_text(c, "GET /h2 HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
	serve(&w, "/h2", "plain");
	assert_reply(c, 200, "plain");
	send_text(c, "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		     "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 7\r\n\r\n");
	assert_reply(c, 426, NULL);
	assert_int_equal(atomic_load(&s.board.head->high_water), 0);
	close(c);
	end();
}

/* websocket.enable is off: an upgrade is the application's. */
static void plain_port(void **state)
{
	struct got g;
	int c;

	(void)state;
	s.port[MAIN_PORT].protocol = RS_PORT_HTTP;
	start();
	c = client(&s.h);
	send_text(c, UPGRADE);
	g = take_claimed(&w);
	answer(&w, &g, "no");
	assert_reply(c, 200, "no");
	close(c);
	end();
}

/* The application refuses: its answer arrives, the connection ends, and nobody hears of an end without a beginning. */
static void refused(void **state)
{
	struct told e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client(&s.h);
	send_text(c, UPGRADE);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	fd = e.h.fd;
	begin(&w, e.h.seq);
	respond(&w, e.id, RS_FRAME_END, 403, "X-Why: no\r\n", -1, RS_SLICE("go away"));
	assert_reply(c, 403, "go away");
	assert_true(ends(c));
	taken(&w, e.h.seq);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	close(c);
	assert_true(hears_nothing(&w, 20));
	/* A client that leaves before the answer: the same. */
	c = client(&s.h);
	send_text(c, UPGRADE);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	begin(&w, e.h.seq);
	close(c);
	fd = e.h.fd;
	(void)until_state(&s, fd, RS_SESSION_CLOSING);
	respond(&w, e.id, RS_FRAME_END, 101, "", -1, RS_SLICE(""));
	taken(&w, e.h.seq);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	assert_true(hears_nothing(&w, 20));
	end();
}

/* The worker dies in it: 502. One that has not begun it: its successor does. */
static void worker_dies(void **state)
{
	struct told e;
	int c, c2;

	(void)state;
	start();
	c = client(&s.h);
	send_text(c, UPGRADE);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	begin(&w, e.h.seq);
	c2 = client(&s.h);
	send_text(c2, UPGRADE);
	(void)hear_event(&w, RS_EVENT_HANDSHAKE);
	leave(&w);
	assert_reply(c, 502, NULL);
	assert_true(ends(c));
	hire_of(&s, &w, 0, 1);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	respond(&w, e.id, RS_FRAME_END, 101, "", -1, RS_SLICE(""));
	taken(&w, e.h.seq);
	expect_upgraded(c2);
	close(c);
	close(c2);
	end();
}

/* No worker for queue_timeout: 503. */
static void no_worker(void **state)
{
	int c;

	(void)state;
	s.h.conf.queue_timeout = 300;
	start();
	leave(&w);
	settle(&s);
	c = client(&s.h);
	send_text(c, UPGRADE);
	assert_reply(c, 503, NULL);
	close(c);
	hire_of(&s, &w, 0, 1);
	assert_true(hears_nothing(&w, 20));
	end();
}

static void too_many(void **state)
{
	uint32_t fd;
	int c, c2;

	(void)state;
	s.set.max_conn = 1;
	start();
	c = joined(&w, &fd);
	c2 = client(&s.h);
	send_text(c2, UPGRADE);
	assert_reply(c2, 503, NULL);
	close(c2);
	/* Plain HTTP has its own bound. */
	c2 = asking(&s.h, "/");
	serve(&w, "/", "x");
	assert_reply(c2, 200, "x");
	close(c2);
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

/* Until the upgrade a connection has the limits of plain HTTP, then those of its port. */
static void limits(void **state)
{
	uint32_t fd;
	int c, idle;

	(void)state;
	s.h.conf.header_timeout = s.h.conf.keepalive_timeout = 300;
	start();
	c = joined(&w, &fd);
	idle = client(&s.h);
	assert_true(ends(idle));
	close(idle);
	idle = asking(&s.h, "/");
	serve(&w, "/", "x");
	assert_reply(idle, 200, "x");
	assert_true(ends(idle));
	close(idle);
	send_message(c, "still there");
	taken(&w, hear_message(&w, fd, "still there").h.seq);
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

/* ---- over a reload ------------------------------------------------------------------------------------------------------ */

static void reload(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&w, &fd);
	hire_of(&s, &n, 0, 2);
	route_to(&s, 2);
	(void)hear(&w, RS_MSG_RETIRE);
	leave(&w);
	send_message(c, "new?");
	taken(&n, hear_message(&n, fd, "new?").h.seq);
	push(&n, fd, "yes");
	expect_frame(c, RS_WS_TEXT, RS_SLICE("yes"));
	close(c);
	(void)take_event(&n, RS_EVENT_CLOSE);
	end();
}

/* ---- STOP ------------------------------------------------------------------------------------------------------------------ */

/* A running request, then begun events, then the jobs; then 1001 for who is connected; DRAINED. */
static void orderly_end(void **state)
{
	struct told e, job;
	struct got g;
	uint32_t fd;
	int c, http;

	(void)state;
	start();
	c = joined(&w, &fd);
	http = asking(&s.h, "/slow");
	g = take_claimed(&w);
	send_message(c, "1");
	e = hear_message(&w, fd, "1");
	task(&w, 1, -1, 0, 0, "job");
	job = hear_event(&t, RS_EVENT_TASK);
	begin(&t, job.h.seq);
	stop(&s.h, 20000);
	settle(&s);
	assert_true(hears_nothing(&w, 30));
	answer(&w, &g, "done");
	assert_reply(http, 200, "done");
	assert_true(ends(http));
	close(http);
	(void)hear(&w, RS_MSG_RETIRE);
	begin(&w, e.h.seq);
	push(&w, fd, "late");
	taken(&w, e.h.seq);
	assert_true(hears_nothing(&t, 30));
	leaving(&w);
	leave(&w);
	(void)hear(&t, RS_MSG_RETIRE);
	taken(&t, job.h.seq);
	leaving(&t);
	leave(&t);
	expect_frame(c, RS_WS_TEXT, RS_SLICE("late"));
	expect_close(c, 1001, "");
	send_close(c, 1001, "");
	assert_true(ends(c));
	close(c);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	close_doors(&s);
}

/* Nothing begun: 1001 at once. Whoever boots, or waits for a seat, is told to end as well. */
static void idle_end(void **state)
{
	struct actor boots;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&w, &fd);
	hire_of(&s, &n, 0, 2);
	enter_of(&s, &boots, TASK_WORKER(0), 2);
	stop(&s.h, 20000);
	(void)hear(&w, RS_MSG_RETIRE);
	(void)hear(&n, RS_MSG_RETIRE);
	leave(&w);
	leave(&n);
	(void)hear(&t, RS_MSG_RETIRE);
	(void)hear(&boots, RS_MSG_RETIRE);
	leave(&t);
	expect_close(c, 1001, "");
	send_close(c, 1001, "");
	close(c);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	leave(&boots);
	close_doors(&s);
}

/* The time is over: who is still busy is killed, who is not is told; clients hear 1001. */
static void out_of_time(void **state)
{
	struct told e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&w, &fd);
	send_message(c, "1");
	e = hear_message(&w, fd, "1");
	begin(&w, e.h.seq);
	stop(&s.h, 300);
	(void)hear(&w, RS_MSG_RETIRE);
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	(void)hear(&t, RS_MSG_RETIRE);
	expect_close(c, 1001, "");
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	close(c);
	leave(&w);
	leave(&t);
	close_doors(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(established, up, down),
		cmocka_unit_test_setup_teardown(after_plain, up, down),
		cmocka_unit_test_setup_teardown(not_an_upgrade, up, down),
		cmocka_unit_test_setup_teardown(plain_port, up, down),
		cmocka_unit_test_setup_teardown(refused, up, down),
		cmocka_unit_test_setup_teardown(worker_dies, up, down),
		cmocka_unit_test_setup_teardown(no_worker, up, down),
		cmocka_unit_test_setup_teardown(too_many, up, down),
		cmocka_unit_test_setup_teardown(limits, up, down),
		cmocka_unit_test_setup_teardown(reload, up, down),
		cmocka_unit_test_setup_teardown(orderly_end, up, down),
		cmocka_unit_test_setup_teardown(idle_end, up, down),
		cmocka_unit_test_setup_teardown(out_of_time, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
