/*
 * The data channel of a server's process, against a reactor that this test plays: events in order, begun and TAKEN, results
 * taken out of their turn, what a hostile or dead reactor does.
 */
#include "worker/server_channel.c"
#include "worker/server_send.c"
#include "worker/server_task.c"

#include "base/rs_clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <cmocka.h>

static struct rs_process the_process;

struct rs_process *rs_process(void)
{
	return &the_process;
}

/* This test's end of everything. */
static struct test {
	struct rs_server s;
	struct rs_log log;
	struct rs_ipc reactor;
	struct rs_claim_page *page;
	char seen[256];        /* "1:data 2:data " by number of the event */
	uint64_t begun[16];    /* what the page said meanwhile */
	unsigned n;
	bool spoil;
} t;

static bool on_event(struct rs_event *ev)
{
	size_t n = strlen(t.seen);

	rs_fmt(t.seen + n, sizeof t.seen - n, "%u:%.*s ", (unsigned)ev->h.seq, (int)ev->data.n, ev->data.p);
	t.begun[t.n++ % 16] = atomic_load(&t.page->begun);
	return !t.spoil;
}

static const struct rs_server_hooks hooks = { .event = on_event };

static int setup(void **state)
{
	int pair[2], page = rs_fd_memory("test", RS_CLAIM_PAGE), fd = dup(page);
	int board = rs_board_create(16, 2, 1, 0, false);

	(void)state;
	t = (struct test){ .log = { .fd = open("/dev/null", O_WRONLY | O_CLOEXEC), .level = RS_LOG_ALERT } };
	the_process = (struct rs_process){ .log = &t.log, .server = &t.s, .data.fd = -1, .control.fd = -1 };
	t.s = (struct rs_server){ .magic = RS_SERVER_MAGIC, .p = &the_process, .hooks = &hooks, .role = RS_ROLE_WORKER, .wake_fd = -1,
				  .board_fd = board, .setup.server = { .nworkers = 2, .ntasks = 1 } };
	STAILQ_INIT(&t.s.kept);
	assert_true(rs_board_map(&t.s.board, board));
	t.s.cell = rs_board_cell(&t.s.board, 0);
	assert_true(page >= 0 && rs_fd_pair(pair) && rs_fd_nonblock(pair[0], true));
	t.page = mmap(NULL, RS_CLAIM_PAGE, PROT_READ, MAP_SHARED, page, 0);
	rs_fd_close(&page);
	rs_ipc_init(&t.reactor, pair[0], RS_IPC_REACTOR, RS_IPC_WORKER);
	assert_true(rs_server_attach(&t.s, pair[1], fd));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rs_server_detach(&t.s);
	rs_ipc_fini(&t.reactor);
	munmap(t.page, RS_CLAIM_PAGE);
	rs_board_unmap(&t.s.board);
	rs_fd_close(&t.s.board_fd);
	rs_fd_close(&t.log.fd);
	free(t.s.swallow);
	return 0;
}

static void tell(enum rs_msg msg, struct rs_slice head, struct rs_slice body)
{
	assert_int_equal(rs_ipc_put(&t.reactor, msg, 0, 0, head, body, NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_flush(&t.reactor), RS_OK);
}

static void post(struct rs_wire_event h, const char *data)
{
	tell(RS_MSG_EVENT, rs_slice(&h, sizeof h), rs_slice_str(data));
}

static void receive(uint64_t seq, uint32_t fd, const char *data)
{
	post((struct rs_wire_event){ .seq = seq, .kind = RS_EVENT_RECEIVE, .fd = fd }, data);
}

/* What the process has said: the next frame, which must be this one. */
static struct rs_frame said(enum rs_msg msg)
{
	enum rs_result r = RS_AGAIN;
	struct rs_frame f;

	for (int i = 0; i < 100 && (r = rs_ipc_next(&t.reactor, &f)) == RS_AGAIN; i++)
		RS_IGNORE(rs_ipc_fill(&t.reactor) == RS_ERR);
	assert_int_equal(r, RS_OK);
	assert_int_equal(f.msg, msg);
	return f;
}

static void said_taken(uint64_t want)
{
	struct rs_frame f = said(RS_MSG_TAKEN);
	uint64_t n;

	memcpy(&n, f.payload.p, sizeof n);
	assert_true(n == want);
}

static void run_all(void)
{
	while (rs_server_run_event(&t.s) == RS_OK)
		;
	rs_server_tell_taken(&t.s);
}

static void test_in_order(void **state)
{
	(void)state;
	receive(1, 1, "a");
	receive(2, 2, "b");
	receive(3, 1, "c");
	rs_server_receive(&t.s);
	assert_true(atomic_load(&t.page->begun) == 0);
	run_all();
	assert_string_equal(t.seen, "1:a 2:b 3:c ");
	assert_true(t.begun[0] == 1 && t.begun[1] == 2 && t.begun[2] == 3);
	said_taken(3);
}

static void test_taken_is_said_while_much_runs(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 40; i++)
		receive(i, 1, "");
	rs_server_receive(&t.s);
	run_all();
	said_taken(TAKEN_EVERY);
	said_taken(40);
}

static void test_spoilt(void **state)
{
	(void)state;
	receive(1, 1, "a");
	receive(2, 1, "b");
	rs_server_receive(&t.s);
	t.spoil = true;
	assert_int_equal(rs_server_run_event(&t.s), RS_ERR);
	assert_string_equal(t.seen, "1:a ");
	assert_true(atomic_load(&t.page->begun) == 1);
}

static void test_result_out_of_turn(void **state)
{
	const uint32_t tasks[] = { 7, 8 };
	struct rs_buf out = { 0 };
	uint32_t flags;
	size_t which;

	(void)state;
	receive(1, 1, "a");
	post((struct rs_wire_event){ .seq = 2, .kind = RS_EVENT_FINISH, .a = 9, .b = RS_DATA_WAITED }, "another's");
	post((struct rs_wire_event){ .seq = 3, .kind = RS_EVENT_FINISH, .a = 8 }, "not waited");
	post((struct rs_wire_event){ .seq = 4, .kind = RS_EVENT_FINISH, .a = 8, .b = RS_DATA_WAITED }, "mine");
	receive(5, 1, "b");
	assert_int_equal(rs_server_wait_finish(tasks, 2, rs_now_us() + 5000000, &which, &flags, &out), RS_OK);
	assert_true(which == 1 && flags == RS_DATA_WAITED && rs_slice_eq(rs_buf_slice(&out), RS_SLICE("mine")));
	/* Its number waits for its turn: what is before it is not begun. */
	assert_true(atomic_load(&t.page->begun) == 0);
	run_all();
	assert_string_equal(t.seen, "1:a 2:another's 3:not waited 5:b ");
	said_taken(5);
	rs_buf_free(&out);
}

static void test_no_result_in_time(void **state)
{
	const uint32_t task = 1;
	struct rs_buf out = { 0 };
	uint32_t flags;
	size_t which;
	int64_t since = rs_now_us();

	(void)state;
	receive(1, 1, "a");
	assert_int_equal(rs_server_wait_finish(&task, 1, since + 30000, &which, &flags, &out), RS_AGAIN);
	assert_true(rs_now_us() - since >= 30000);
	shutdown(t.reactor.fd, SHUT_RDWR);
	assert_int_equal(rs_server_wait_finish(&task, 1, rs_now_us() + 5000000, &which, &flags, &out), RS_ERR);
	assert_true(the_process.retired);
}

static void test_swallowed_close(void **state)
{
	(void)state;
	receive(1, 1, "before");
	rs_server_receive(&t.s);
	run_all();
	rs_server_swallow_close(1);
	receive(2, 1, "late");
	receive(3, 2, "other");
	post((struct rs_wire_event){ .seq = 4, .kind = RS_EVENT_CLOSE, .fd = 1 }, "close");
	post((struct rs_wire_event){ .seq = 5, .kind = RS_EVENT_TASK, .fd = 1 }, "task");
	post((struct rs_wire_event){ .seq = 6, .kind = RS_EVENT_CLOSE, .fd = 2 }, "close");
	receive(7, 1, "again");
	rs_server_receive(&t.s);
	run_all();
	assert_string_equal(t.seen, "1:before 3:other 5:task 6:close 7:again ");
}

static void test_retire_and_leave(void **state)
{
	(void)state;
	receive(1, 1, "a");
	tell(RS_MSG_RETIRE, RS_SLICE(""), RS_SLICE(""));
	rs_server_receive(&t.s);
	assert_true(the_process.retired);
	t.s.leaving = true;
	rs_server_drop_kept(&t.s);
	receive(2, 1, "b"); /* it has been taken back */
	rs_server_receive(&t.s);
	assert_int_equal(rs_server_run_event(&t.s), RS_AGAIN);
}

static void test_who_serves_nobody_keeps_nothing(void **state)
{
	(void)state;
	t.s.role = RS_ROLE_USER;
	receive(1, 1, "a");
	tell(RS_MSG_RETIRE, RS_SLICE(""), RS_SLICE(""));
	rs_server_receive(&t.s);
	assert_true(STAILQ_EMPTY(&t.s.kept) && !the_process.retired);
}

static void test_broken_events(void **state)
{
	struct rs_wire_event h = { .kind = RS_EVENT_KINDS };

	(void)state;
	tell(RS_MSG_EVENT, rs_slice(&h, sizeof h), RS_SLICE(""));
	rs_server_receive(&t.s);
	assert_true(t.s.lost && the_process.retired && STAILQ_EMPTY(&t.s.kept));
	assert_int_equal(rs_server_message(1, 0, RS_SLICE("x")), RS_SERVER_LOST);
}

static void test_short_packet(void **state)
{
	struct rs_wire_event h = { .kind = RS_EVENT_PACKET };

	(void)state;
	tell(RS_MSG_EVENT, rs_slice(&h, sizeof h), RS_SLICE("no address"));
	rs_server_receive(&t.s);
	assert_true(t.s.lost);
}

static void test_child_of_user_code_sends_nothing(void **state)
{
	(void)state;
	the_process.forked_away = true;
	assert_int_equal(rs_server_message(1, 0, RS_SLICE("x")), RS_SERVER_LOST);
	assert_int_equal(rs_server_task(0, 0, 0, RS_SLICE("x")), -1);
	the_process.forked_away = false;
	assert_int_equal(rs_server_message(1, 0, RS_SLICE("x")), RS_SERVER_OK);
	(void)said(RS_MSG_MESSAGE);
}

static void test_tasks_are_counted_from_0(void **state)
{
	(void)state;
	assert_int_equal(rs_server_task(-1, 0, 0, RS_SLICE("x")), 0);
	assert_int_equal(rs_server_task(1, 0, 0, RS_SLICE("x")), -1); /* there is one task worker */
	assert_int_equal(rs_server_task(0, 0, 0, RS_SLICE("x")), 1);
	t.s.next_task = INT32_MAX;
	assert_int_equal(rs_server_task(0, 0, 0, RS_SLICE("x")), INT32_MAX);
	assert_int_equal(rs_server_task(0, 0, 0, RS_SLICE("x")), 0);
}

static void test_connections_that_are_not(void **state)
{
	(void)state;
	atomic_store(&t.s.board.head->high_water, 5);
	assert_int_equal(rs_server_send(0, RS_SLICE("x")), RS_SERVER_NOT_EXIST);
	assert_int_equal(rs_server_send(6, RS_SLICE("x")), RS_SERVER_NOT_EXIST);
	assert_int_equal(rs_server_send(5, RS_SLICE("x")), RS_SERVER_CLOSED);
	assert_int_equal(rs_server_push(5, 1, 1, RS_SLICE("x")), RS_SERVER_CLOSED);
	assert_int_equal(rs_server_order(5, RS_ORDER_CLOSE, 0, RS_SLICE("")), RS_SERVER_CLOSED);
	assert_int_equal(rs_server_message(3, 0, RS_SLICE("x")), RS_SERVER_NOT_EXIST);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_order), TEST(test_taken_is_said_while_much_runs), TEST(test_spoilt), TEST(test_result_out_of_turn),
		TEST(test_no_result_in_time), TEST(test_swallowed_close), TEST(test_retire_and_leave),
		TEST(test_who_serves_nobody_keeps_nothing), TEST(test_broken_events), TEST(test_short_packet),
		TEST(test_child_of_user_code_sends_nothing), TEST(test_tasks_are_counted_from_0),
		TEST(test_connections_that_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
