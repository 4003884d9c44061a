/*
 * Stream ports of a server: a connection from CONNECT to CLOSE, packages, sending, every way it can end.
 */
#include "reactor/serving.h"

static struct server s;
static struct actor w;

static int up(void **state)
{
	(void)state;
	prepare_server(&s);
	return 0;
}

/* A connection whose CONNECT was taken. */
static int connected(uint32_t *fd)
{
	int c = client_of(&s, 0);

	*fd = take_event(&w, RS_EVENT_CONNECT).h.fd;
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

static void a_life(void **state)
{
	struct rs_session x;
	struct told t;
	int c;

	(void)state;
	start();
	c = client_of(&s, 0);
	t = take_event(&w, RS_EVENT_CONNECT);
	assert_int_equal(t.h.fd, 1);
	assert_int_equal(t.h.reactor_id, 1);
	assert_int_equal(t.h.port, 0);
	x = until_state(&s, 1, RS_SESSION_OPEN);
	assert_string_equal(x.remote_ip, "127.0.0.1");
	assert_int_equal(x.server_port, s.port[0].port);
	assert_int_equal(x.server_fd, 70);
	assert_int_equal(x.worker, 0);
	assert_int_equal(x.websocket, 0);
	send_text(c, "hello");
	expect_bytes(&w, RS_EVENT_RECEIVE, 1, "hello");
	send_to(&w, 1, RS_SLICE("and "));
	send_to(&w, 1, RS_SLICE("good bye"));
	expect_text(c, "and good bye");
	close(c);
	t = hear_event(&w, RS_EVENT_CLOSE);
	assert_int_equal(t.h.fd, 1);
	assert_int_equal(t.h.reactor_id, 1);
	/* In onClose it is still known, but takes nothing. */
	(void)until_state(&s, 1, RS_SESSION_CLOSING);
	taken(&w, t.h.seq);
	(void)until_state(&s, 1, RS_SESSION_FREE);
	assert_true(hears_nothing(&w, 50));
	end();
}

/* Numbers go on; they are not those of descriptors. */
static void numbers_go_on(void **state)
{
	uint32_t fd;

	(void)state;
	s.set.first_fd = 1000;
	start();
	for (uint32_t i = 1000; i < 1005; i++) {
		int c = connected(&fd);
		assert_int_equal(fd, i);
		close(c);
		assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.fd, i);
	}
	end();
}

/* A client that only ends its side still gets what its last words earn. */
static void half_closed(void **state)
{
	uint32_t fd;
	struct told t;
	int c;

	(void)state;
	start();
	c = connected(&fd);
	send_text(c, "question");
	shutdown(c, SHUT_WR);
	t = hear_event(&w, RS_EVENT_RECEIVE);
	(void)until_state(&s, fd, RS_SESSION_OPEN);
	assert_true(hears_nothing(&w, 50));
	send_to(&w, fd, RS_SLICE("answer"));
	taken(&w, t.h.seq);
	expect_text(c, "answer");
	(void)take_event(&w, RS_EVENT_CLOSE);
	assert_true(ends(c));
	(void)until_state(&s, fd, RS_SESSION_FREE);
	close(c);
	end();
}

static void server_closes(void **state)
{
	struct told t;
	uint32_t fd;
	char *big = calloc(1, 3u << 20);
	int c;

	(void)state;
	start();
	c = connected(&fd);
	send_to(&w, fd, rs_slice(big, 3u << 20));
	order(&w, fd, RS_ORDER_CLOSE, 0);
	t = take_event(&w, RS_EVENT_CLOSE);
	assert_int_equal(t.h.reactor_id, -1);
	/* What was queued comes before the end. */
	assert_true(read_exact(c, big, 3u << 20));
	assert_true(ends(c));
	close(c);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	/* Closed is closed: nothing more, in any way. */
	order(&w, fd, RS_ORDER_CLOSE, 0);
	send_to(&w, fd, RS_SLICE("late"));
	assert_true(hears_nothing(&w, 50));
	free(big);
	end();
}

static void server_resets(void **state)
{
	uint32_t fd;
	char *big = calloc(1, 8u << 20);
	int c;

	(void)state;
	start();
	c = connected(&fd);
	send_to(&w, fd, rs_slice(big, 8u << 20));
	order(&w, fd, RS_ORDER_RESET, 0);
	assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.reactor_id, -1);
	assert_false(read_exact(c, big, 8u << 20));
	close(c);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	free(big);
	end();
}

/* The process has called its onClose itself. */
static void told_already(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&fd);
	order(&w, fd, RS_ORDER_CLOSE, 1);
	assert_true(ends(c));
	close(c);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	assert_true(hears_nothing(&w, 50));
	end();
}

/* What came before the server closed and was not told yet is not told any more. */
static void nothing_after_close(void **state)
{
	uint32_t fd;
	struct told t;
	char byte = 'x';
	int c;

	(void)state;
	s.port[0].open_eof_split = true;
	memcpy(s.port[0].eof, "x", s.port[0].eof_len = 1);
	start();
	c = connected(&fd);
	for (int i = 0; i < 300; i++)
		send_bytes(c, &byte, 1);
	t = hear_event(&w, RS_EVENT_RECEIVE);
	for (int i = 1; i < 256; i++)
		t = hear_event(&w, RS_EVENT_RECEIVE);
	assert_true(hears_nothing(&w, 50));
	order(&w, fd, RS_ORDER_CLOSE, 0);
	assert_true(ends(c));
	taken(&w, t.h.seq);
	(void)take_event(&w, RS_EVENT_CLOSE);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	close(c);
	end();
}

static void client_resets(void **state)
{
	struct linger now = { 1, 0 };
	uint32_t fd;
	struct rs_session x;
	struct told t;
	int c;

	(void)state;
	start();
	c = connected(&fd);
	setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(c);
	t = hear_event(&w, RS_EVENT_CLOSE);
	assert_int_equal(t.h.reactor_id, 1);
	x = until_state(&s, fd, RS_SESSION_CLOSING);
	assert_int_equal(x.close_errno, ECONNRESET);
	taken(&w, t.h.seq);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	end();
}

/* Ports get only what they have callbacks for. */
static void unwanted(void **state)
{
	int c;

	(void)state;
	s.port[0].events = RS_PORT_EVENT(RS_EVENT_RECEIVE);
	start();
	c = client_of(&s, 0);
	send_text(c, "x");
	expect_bytes(&w, RS_EVENT_RECEIVE, 1, "x");
	close(c);
	(void)until_state(&s, 1, RS_SESSION_FREE);
	assert_true(hears_nothing(&w, 50));
	end();
}

/* ---- packages ------------------------------------------------------------------------------------------------------- */

static void lengths(void **state)
{
	uint32_t fd;
	struct told t;
	int c;

	(void)state;
	s.port[0].open_length_check = true;
	s.port[0].length_type = 'n';
	s.port[0].body_offset = 2;
	start();
	c = connected(&fd);
	send_bytes(c, "\0\3abc\0\2d", 8);
	t = take_event(&w, RS_EVENT_RECEIVE);
	assert_int_equal(t.bytes.n, 5);
	assert_memory_equal(t.bytes.p, "\0\3abc", 5);
	assert_true(hears_nothing(&w, 30));
	send_bytes(c, "e", 1);
	t = hear_event(&w, RS_EVENT_RECEIVE);
	assert_int_equal(t.bytes.n, 4);
	assert_memory_equal(t.bytes.p, "\0\2de", 4);
	taken(&w, t.h.seq);
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

static void lines_in_pieces(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	s.port[0].open_eof_split = true;
	start();
	c = connected(&fd);
	send_text(c, "one\r\n\r");
	assert_true(hears_nothing(&w, 30));
	send_text(c, "\ntwo\r\n\r\nthr");
	expect_bytes(&w, RS_EVENT_RECEIVE, fd, "one\r\n\r\n");
	expect_bytes(&w, RS_EVENT_RECEIVE, fd, "two\r\n\r\n");
	send_text(c, "ee\r\n\r\n");
	expect_bytes(&w, RS_EVENT_RECEIVE, fd, "three\r\n\r\n");
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

/* Too large: told as if the client had gone, logged with its number. */
static void too_large(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	s.port[0].open_length_check = true;
	s.port[0].length_type = 'N';
	s.port[0].body_offset = 4;
	s.port[0].package_max_length = 1000;
	start();
	c = connected(&fd);
	send_bytes(c, "\0\1\0\0abc", 7);
	assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.reactor_id, 1);
	assert_true(ends(c));
	close(c);
	assert_logged(&s.h, "ERRNO 1201");
	(void)until_state(&s, fd, RS_SESSION_FREE);
	end();
}

static bool writable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, ms) > 0;
}

/* Packages of one byte cost us two hundred: so many wait for a worker that does not take them, and no more. */
static void small_packages_are_bounded(void **state)
{
	static char many[256 << 10];
	struct rs_session x;
	size_t sent = 0;
	uint32_t fd;
	ssize_t n;
	int c;

	(void)state;
	s.port[0].open_eof_split = true;
	memcpy(s.port[0].eof, "\n", s.port[0].eof_len = 1);
	start();
	c = connected(&fd);
	memset(many, '\n', sizeof many);
	/* All that it takes: until nothing leaves for a while. */
	do {
		n = send(c, many, sizeof many, MSG_DONTWAIT | MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
	} while (n > 0 || writable(c, 200));
	assert_true(sent > sizeof many);
	assert_true(rs_board_get(&s.board, fd, &x));
	assert_in_range(x.receive_queued, 1, 8192);
	/* They are taken: the rest follows. */
	for (size_t i = 0; i < 20000; i++)
		assert_int_equal(take_event(&w, RS_EVENT_RECEIVE).bytes.n, 1);
	close(c);
	end();
}

/* Each part of a file keeps a descriptor of ours open: who goes on for a client that reads nothing loses it. */
static void parts_of_files_are_bounded(void **state)
{
	static char bytes[64 << 10];
	struct rs_wire_send h = { .kind = RS_SEND_FILE };
	int c, file = memfd_create("part", MFD_CLOEXEC);

	(void)state;
	assert_true(write(file, bytes, sizeof bytes) == (ssize_t)sizeof bytes);
	start();
	c = connected(&h.fd);
	/* Who looks sees how many there are, and stops at a third of what is too much. */
	for (int i = 0; i < 3 * RS_SEND_FILES_MAX + 44; i++) {
		assert_true(rs_ipc_put(&w.ch, RS_MSG_SEND, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""), &file, 1) == RS_OK);
		assert_true(rs_ipc_flush(&w.ch) == RS_OK);
	}
	assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.fd, h.fd);
	close(c);
	/* Whoever reads gets them all. */
	c = connected(&h.fd);
	for (int i = 0; i < 400; i++) {
		assert_true(rs_ipc_put(&w.ch, RS_MSG_SEND, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""), &file, 1) == RS_OK);
		assert_true(rs_ipc_flush(&w.ch) == RS_OK);
		assert_true(read_exact(c, bytes, sizeof bytes));
	}
	close(c);
	close(file);
	end();
}

static void send_part(uint32_t fd, int file)
{
	struct rs_wire_send h = { .kind = RS_SEND_FILE, .fd = fd };

	assert_true(rs_ipc_put(&w.ch, RS_MSG_SEND, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""), &file, 1) == RS_OK);
	assert_true(rs_ipc_flush(&w.ch) == RS_OK);
}

static void until_files(uint32_t n)
{
	const int64_t end = rs_now_ms() + PATIENCE_MS;

	while (atomic_load(&s.board.head->files) != n && rs_now_ms() < end)
		pause_ms(2);
	assert_int_equal(atomic_load(&s.board.head->files), n);
}

/* All clients together keep no more of them open than a share of all descriptors: the rest is for connections. */
static void parts_of_files_are_bounded_over_all_connections(void **state)
{
	enum { CLIENTS = 4, EACH = 30 };
	int c[CLIENTS], file = memfd_create("part", MFD_CLOEXEC);
	uint32_t fd[CLIENTS];

	(void)state;
	assert_int_equal(ftruncate(file, 32 << 20), 0); /* more than sockets swallow */
	s.h.nofile = 240;
	start();
	assert_int_equal(atomic_load(&s.board.head->files_max), 30);
	for (size_t i = 0; i < CLIENTS; i++) {
		c[i] = connected(&fd[i]);
		for (int k = 0; k < EACH; k++)
			send_part(fd[i], file);
	}
	until_files(CLIENTS * EACH);
	assert_int_equal(until_state(&s, fd[0], RS_SESSION_OPEN).send_files, EACH);
	/* Four times as many as who looks would send: this one goes, the others stay. */
	send_part(fd[1], file);
	assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.fd, fd[1]);
	assert_logged(&s.h, "cut off, 120 files wait for clients and somebody goes on sending");
	until_files((CLIENTS - 1) * EACH);
	for (size_t i = 0; i < CLIENTS; i++)
		close(c[i]);
	until_files(0);
	close(file);
	end();
}

/* A part that finds no room would be missing from what the client gets. */
static void a_part_that_finds_no_room_ends_the_connection(void **state)
{
	int c, file = memfd_create("part", MFD_CLOEXEC);
	uint32_t fd;

	(void)state;
	assert_int_equal(write(file, "abc", 3), 3);
	start();
	c = connected(&fd);
	leave_descriptors(&s.h, false);
	send_part(fd, file);
	assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.fd, fd);
	assert_logged(&s.h, "no descriptor is left for a file to send");
	leave_descriptors(&s.h, true);
	close(c);
	c = connected(&fd);
	send_part(fd, file);
	expect_text(c, "abc");
	close(c);
	close(file);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_life, up, down),
		cmocka_unit_test_setup_teardown(numbers_go_on, up, down),
		cmocka_unit_test_setup_teardown(half_closed, up, down),
		cmocka_unit_test_setup_teardown(server_closes, up, down),
		cmocka_unit_test_setup_teardown(server_resets, up, down),
		cmocka_unit_test_setup_teardown(told_already, up, down),
		cmocka_unit_test_setup_teardown(nothing_after_close, up, down),
		cmocka_unit_test_setup_teardown(client_resets, up, down),
		cmocka_unit_test_setup_teardown(unwanted, up, down),
		cmocka_unit_test_setup_teardown(lengths, up, down),
		cmocka_unit_test_setup_teardown(lines_in_pieces, up, down),
		cmocka_unit_test_setup_teardown(too_large, up, down),
		cmocka_unit_test_setup_teardown(small_packages_are_bounded, up, down),
		cmocka_unit_test_setup_teardown(parts_of_files_are_bounded, up, down),
		cmocka_unit_test_setup_teardown(parts_of_files_are_bounded_over_all_connections, up, down),
		cmocka_unit_test_setup_teardown(a_part_that_finds_no_room_ends_the_connection, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
