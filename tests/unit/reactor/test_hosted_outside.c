/*
 * Other PHP processes of the host on app.sock: good ones, and those that break rules.
 */
#include "reactor/hosted.h"

#include <grp.h>
#include <sys/un.h>

static struct server s;
static struct actor w, t;
static char path[108];
static int app_fd;

/* An outside process played by the test. */
struct outside {
	struct actor a; /* its channel */
	int board_fd;
};

static int up(void **state)
{
	(void)state;
	prepare_hosted(&s);
	s.set.nworkers = s.set.ntasks = 1;
	return 0;
}

static void start(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	assert_true(rs_fmt(path, sizeof path, "%s/app.sock", s.h.dir));
	rs_copy(sa.sun_path, sizeof sa.sun_path, rs_slice_str(path));
	app_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(app_fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(app_fd, 512), 0);
	open_doors(&s);
	hire_of(&s, &w, 0, 1);
	hire_of(&s, &t, TASK_WORKER(0), 1);
	route_to(&s, 1);
	to_reactor(&s.h, RS_MSG_APP_LISTEN, "", 0, &app_fd, 1);
}

static void end(void)
{
	leave(&w);
	leave(&t);
	close(app_fd);
	close_doors(&s);
}

static void connect_to(struct outside *o)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*o = (struct outside){ .a = { .id = RS_ID_OUTSIDE, .page_fd = -1 }, .board_fd = -1 };
	rs_copy(sa.sun_path, sizeof sa.sun_path, rs_slice_str(path));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	rs_ipc_init(&o->a.ch, fd, RS_IPC_WORKER, RS_IPC_REACTOR);
}

static void greet(struct outside *o, uint32_t protocol)
{
	struct rs_wire_ready r = { protocol, 4711 };

	say(&o->a, RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""));
}

/* Welcome, with the board. */
static void come(struct outside *o)
{
	struct rs_wire_welcome hello;
	struct rs_frame f;

	connect_to(o);
	greet(o, RS_PROTOCOL);
	f = hear(&o->a, RS_MSG_WELCOME);
	memcpy(&hello, f.payload.p, sizeof hello);
	assert_int_equal(hello.protocol, RS_PROTOCOL);
	assert_int_equal(hello.nworkers, 1);
	assert_int_equal(hello.ntasks, 1);
	assert_int_equal(hello.nports, 3);
	assert_int_equal(f.nfds, 1);
	o->board_fd = rs_ipc_take_fd(&o->a.ch, &f, 0);
}

static void go(struct outside *o)
{
	rs_fd_close(&o->board_fd);
	leave(&o->a);
}

/* Told why, and then nothing follows. Nobody is killed for it. */
static void expect_refused(struct outside *o, const char *why)
{
	struct rs_frame f = hear(&o->a, RS_MSG_REFUSED);

	if (!memmem(f.payload.p, f.payload.n, why, strlen(why)))
		fail_msg("refused because '%.*s', not '%s'", (int)f.payload.n, f.payload.p, why);
	assert_true(hears_eof(&o->a));
	go(o);
}

/* ---- good ones --------------------------------------------------------------------------------------------------------------- */

static void board_is_read_only(void **state)
{
	struct outside o;
	struct rs_board board;
	struct stat st;

	(void)state;
	start();
	come(&o);
	assert_int_equal(fcntl(o.board_fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fstat(o.board_fd, &st), 0);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, o.board_fd, 0), MAP_FAILED);
	assert_true(pwrite(o.board_fd, "x", 1, 0) < 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_false(rs_board_map(&board, o.board_fd));
	go(&o);
	end();
}

/* Bytes to a client, an order, a task, a delayed one, a message. */
static void does_things(void **state)
{
	struct rs_wire_message m = { .dst = 0 };
	struct outside o;
	struct told job;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client_of(&s, LINES_PORT);
	send_text(c, "hi\n");
	fd = take_line(&w, "hi");
	come(&o);
	send_to(&o.a, fd, RS_SLICE("from outside"));
	expect_text(c, "from outside");
	task(&o.a, 1, -1, 0, 0, "job");
	job = take_event(&t, RS_EVENT_TASK);
	assert_int_equal(job.h.fd, RS_ID_OUTSIDE);
	finish_task(&t, &job, 0, "result");
	expect_bytes(&w, RS_EVENT_FINISH, TASK_WORKER(0), "result");
	/* Nobody is there who could wait. */
	task(&o.a, 2, -1, RS_DATA_WAITED, 0, "job");
	job = take_event(&t, RS_EVENT_TASK);
	finish_task(&t, &job, RS_DATA_WAITED, "x");
	say(&o.a, RS_MSG_MESSAGE, 0, 0, rs_slice(&m, sizeof m), RS_SLICE("news"));
	(void)take_event(&w, RS_EVENT_PIPE_MESSAGE);
	task(&o.a, 3, -1, 0, 60, "later");
	order(&o.a, fd, RS_ORDER_CLOSE, 0);
	(void)take_event(&w, RS_EVENT_CLOSE);
	go(&o);
	assert_int_equal(take_event(&t, RS_EVENT_TASK).h.a, 3);
	close(c);
	end();
}

/* It writes and is gone: all of it is carried out. */
static void writes_and_goes(void **state)
{
	enum { N = 3000 };
	struct outside o;
	struct told job;

	(void)state;
	start();
	come(&o);
	for (uint32_t i = 0; i < N; i++)
		task(&o.a, i, -1, 0, 0, "some bytes that take room");
	go(&o);
	for (uint32_t i = 0; i < N; i++) {
		job = take_event(&t, RS_EVENT_TASK);
		assert_int_equal(job.h.a, i);
	}
	end();
}

/* More jobs than may wait: it is not read until there are fewer, also when it is gone by then. */
static void is_held(void **state)
{
	enum { N = 17000 };
	struct outside o;
	pid_t pid;
	int status;

	(void)state;
	start();
	pid = fork();
	if (pid == 0) {
		come(&o);
		for (uint32_t i = 0; i < N; i++)
			task(&o.a, i, -1, 0, 0, "job");
		_exit(0);
	}
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(take_event(&t, RS_EVENT_TASK).h.a, i);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	end();
}

/* A stop lets those who are there speak until the workers have ended. */
static void stop_closes(void **state)
{
	struct outside o;

	(void)state;
	start();
	come(&o);
	stop(&s.h, 10000);
	(void)hear(&w, RS_MSG_RETIRE);
	task(&o.a, 1, -1, 0, 0, "last");
	(void)take_event(&t, RS_EVENT_TASK);
	leave(&w);
	(void)hear(&t, RS_MSG_RETIRE);
	leave(&t);
	assert_true(hears_eof(&o.a));
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	go(&o);
	end();
}

/* ---- others --------------------------------------------------------------------------------------------------------------------- */

static void wrong_first_words(void **state)
{
	struct outside o;

	(void)state;
	start();
	connect_to(&o);
	task(&o.a, 1, -1, 0, 0, "x");
	expect_refused(&o, "message before READY");
	connect_to(&o);
	greet(&o, RS_PROTOCOL + 1);
	expect_refused(&o, "another version");
	connect_to(&o);
	say(&o.a, RS_MSG_READY, 0, 0, RS_SLICE("short"), RS_SLICE(""));
	expect_refused(&o, "READY with a wrong length");
	come(&o);
	greet(&o, RS_PROTOCOL);
	expect_refused(&o, "second READY");
	connect_to(&o);
	send_bytes(o.a.ch.fd, "GET / HTTP/1.1\r\n\r\n", 18);
	(void)hear(&o.a, RS_MSG_REFUSED);
	assert_true(hears_eof(&o.a));
	go(&o);
	assert_true(hears_nothing(&t, 10));
	end();
}

/* What is not for it to say, and what makes no sense: each ends it, and it alone. */
static void rules(void **state)
{
	static const enum rs_msg out_of_place[] = { RS_MSG_LEAVING, RS_MSG_TAKEN, RS_MSG_RESPONSE, RS_MSG_BODY, RS_MSG_DONE,
						    RS_MSG_FINISH, RS_MSG_ASK, RS_MSG_WORKER_ASKS };
	struct rs_wire_message m = { .dst = USER_PROCESS(0) };
	struct outside o, good;

	(void)state;
	start();
	come(&good);
	for (size_t i = 0; i < RS_COUNTOF(out_of_place); i++) {
		uint64_t zero = 0;
		come(&o);
		say(&o.a, out_of_place[i], 0, 1, out_of_place[i] == RS_MSG_TAKEN ? rs_slice(&zero, sizeof zero) : RS_SLICE(""),
		    RS_SLICE(""));
		expect_refused(&o, "message out of place");
	}
	come(&o);
	task(&o.a, 1, -2, 0, 0, "x");
	expect_refused(&o, "not there");
	come(&o);
	task(&o.a, 1, 1000, 0, 0, "x");
	expect_refused(&o, "not there");
	come(&o);
	say(&o.a, RS_MSG_SEND, 0, 0, RS_SLICE("x"), RS_SLICE(""));
	expect_refused(&o, "SEND with a wrong length");
	come(&o);
	say(&o.a, RS_MSG_MESSAGE, 0, 0, rs_slice(&m, sizeof m), RS_SLICE("x"));
	expect_refused(&o, "MESSAGE for a process that takes none");
	/* A connection that does not live is no broken rule. */
	send_to(&good.a, 4711, RS_SLICE("x"));
	task(&good.a, 1, -1, 0, 0, "fine");
	(void)take_event(&t, RS_EVENT_TASK);
	go(&good);
	assert_true(nothing_from_reactor(&s.h, RS_MSG_WORKER_KILL, 0));
	end();
}

/* In every piece a frame may come in, and with an end in the middle of one. */
static void in_pieces(void **state)
{
	struct rs_wire_task h = { .id = 1, .dst = -1 };
	struct rs_wire_ready r = { RS_PROTOCOL, 1 };
	struct rs_ipc pipe;
	struct outside o;
	char bytes[512];
	ssize_t n;
	int pair[2];

	(void)state;
	start();
	assert_true(rs_fd_pair(pair));
	rs_ipc_init(&pipe, pair[0], RS_IPC_WORKER, RS_IPC_REACTOR);
	assert_int_equal(rs_ipc_put(&pipe, RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""), NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_put(&pipe, RS_MSG_TASK, 0, 0, rs_slice(&h, sizeof h), RS_SLICE("job"), NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_flush(&pipe), RS_OK);
	n = recv(pair[1], bytes, sizeof bytes, 0);
	assert_true(n > 32 && n < (ssize_t)sizeof bytes);
	connect_to(&o);
	for (ssize_t i = 0; i < n; i++)
		send_bytes(o.a.ch.fd, bytes + i, 1);
	(void)hear(&o.a, RS_MSG_WELCOME);
	(void)take_event(&t, RS_EVENT_TASK);
	go(&o);
	connect_to(&o);
	send_bytes(o.a.ch.fd, bytes, (size_t)n - 1);
	(void)hear(&o.a, RS_MSG_WELCOME);
	go(&o);
	settle(&s);
	assert_true(hears_nothing(&t, 20));
	rs_ipc_fini(&pipe);
	close(pair[1]);
	end();
}

/* Descriptors that no frame speaks of would be held for it as long as it stays. */
static void sends_descriptors(void **state)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 30)];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t) "", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof control.buf };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
	struct outside o;

	(void)state;
	start();
	come(&o);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int) * 30);
	for (size_t i = 0; i < 30; i++)
		memcpy(CMSG_DATA(cm) + i * sizeof(int), &app_fd, sizeof app_fd);
	assert_int_equal(sendmsg(o.a.ch.fd, &m, 0), 1);
	expect_refused(&o, "descriptors of no frame");
	end();
}

/* Again and again: it is told each time, the log is not filled. */
static void many_refusals_are_one_line(void **state)
{
	enum { N = 200 };
	struct outside o;
	struct rs_buf log;
	unsigned lines = 0;

	(void)state;
	start();
	for (int i = 0; i < N; i++) {
		connect_to(&o);
		task(&o.a, 1, -1, 0, 0, "x");
		expect_refused(&o, "message before READY");
	}
	log = log_text(&s.h);
	assert_true(rs_buf_put(&log, "", 1));
	for (const char *at = rs_buf_data(&log); (at = strstr(at, "is refused: message before READY")); at++)
		lines++;
	rs_buf_free(&log);
	assert_true(lines > 0 && lines < N / 4);
	end();
}

static void too_many(void **state)
{
	static struct outside o[256];
	struct outside more;

	(void)state;
	start();
	for (size_t i = 0; i < RS_COUNTOF(o); i++)
		come(&o[i]);
	connect_to(&more);
	expect_refused(&more, "too many processes");
	go(&o[7]);
	settle(&s);
	come(&o[7]);
	for (size_t i = 0; i < RS_COUNTOF(o); i++)
		go(&o[i]);
	end();
}

/* Says nothing at all. */
static void silent_one(void **state)
{
	struct outside o;

	(void)state;
	start();
	connect_to(&o);
	assert_true(readable(o.a.ch.fd, 8000));
	expect_refused(&o, "no READY came");
	end();
}

/* A process of somebody else, who can reach the socket for whatever reason; and one of a group of ours. */
static void other_users(void **state)
{
	static const struct {
		uid_t uid;
		gid_t gid, more;
		bool ok;
	} who_[] = { { 65534, 65534, 65534, false }, { 65534, 0, 65534, true }, { 65534, 65534, 0, true } };

	(void)state;
	if (geteuid() != 0) {
		skip();
		return;
	}
	start();
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chmod(s.h.dir, 0755), 0);
	for (size_t i = 0; i < RS_COUNTOF(who_); i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0) {
			struct outside o;
			if (setgroups(1, &who_[i].more) < 0 || setresgid(who_[i].gid, who_[i].gid, who_[i].gid) < 0 ||
			    setresuid(who_[i].uid, who_[i].uid, who_[i].uid) < 0)
				_exit(9);
			if (who_[i].ok) {
				come(&o);
				/* The board cannot be opened again for more. */
				char again[64];
				rs_fmt(again, sizeof again, "/proc/self/fd/%d", o.board_fd);
				_exit(open(again, O_RDWR) < 0 ? 0 : 1);
			}
			connect_to(&o);
			expect_refused(&o, "neither root");
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(board_is_read_only, up, down),
		cmocka_unit_test_setup_teardown(does_things, up, down),
		cmocka_unit_test_setup_teardown(writes_and_goes, up, down),
		cmocka_unit_test_setup_teardown(is_held, up, down),
		cmocka_unit_test_setup_teardown(stop_closes, up, down),
		cmocka_unit_test_setup_teardown(wrong_first_words, up, down),
		cmocka_unit_test_setup_teardown(rules, up, down),
		cmocka_unit_test_setup_teardown(in_pieces, up, down),
		cmocka_unit_test_setup_teardown(sends_descriptors, up, down),
		cmocka_unit_test_setup_teardown(many_refusals_are_one_line, up, down),
		cmocka_unit_test_setup_teardown(too_many, up, down),
		cmocka_unit_test_setup_teardown(silent_one, up, down),
		cmocka_unit_test_setup_teardown(other_users, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
