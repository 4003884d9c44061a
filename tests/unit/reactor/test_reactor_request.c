/*
 * HTTP requests of a script's server: events, answers by the id of the request, deaths.
 */
#include "reactor/guests.h"

static struct serving s;
static struct actor w;

static int up(void **state)
{
	(void)state;
	prepare_serving(&s, RS_PORT_HTTP, 1);
	return 0;
}

static void start(void)
{
	serve_port(&s);
	hire_role(&s, &w, 0, RS_ROLE_WORKER);
}

static void end(void)
{
	end_serving(&s);
	leave(&w);
}

/* A connection that has asked for target, and the event of it. */
static int asked(const char *target, uint32_t *fd, struct heard *e)
{
	int c = asking(&s.h, target);

	*fd = handle(&w, RS_EVENT_CONNECT);
	*e = hear_event(&w, RS_EVENT_REQUEST);
	assert_int_equal(e->e.fd, *fd);
	return c;
}

/* ---- one after another --------------------------------------------------------------------------------- */

static void requests_of_one_connection(void **state)
{
	struct rs_session x;
	struct heard e;
	struct got g;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = asked("/one?a=b", &fd, &e);
	g = as_request(&e);
	assert_true(target_is(&g, "/one?a=b") && g.w.body_len == 0 && g.w.path_len == 4);
	until_session(&s, fd, x, x.request == e.id && x.state == RS_SESSION_OPEN);
	respond(&w, e.id, RS_FRAME_END, 201, "X-A: 1\r\n", -1, RS_SLICE("first"));
	taken(&w, &e);
	struct reply *r = read_reply(c);
	assert_int_equal(r->status, 201);
	assert_string_equal(r->body, "first");
	assert_true(has_field(r, "X-A: 1") && has_field(r, "Content-Length: 5"));
	until_session(&s, fd, x, x.request == 0);
	/* The same $fd, no second CONNECT; and more than hosted applications would allow. */
	for (int i = 0; i < 5; i++) {
		get(c, "/again");
		e = hear_event(&w, RS_EVENT_REQUEST);
		assert_int_equal(e.e.fd, fd);
		respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("x"));
		taken(&w, &e);
		assert_reply(c, 200, "x");
	}
	/* HTTP/1.0: the answer, then the end. */
	send_text(c, "GET /last HTTP/1.0\r\n\r\n");
	serve_event(&w, "/last", "end");
	r = read_reply(c);
	assert_true(has_field(r, "Connection: close"));
	assert_true(ends(c));
	close(c);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	until_gone(&s, fd);
	end();
}

static void pipelined_answers_keep_their_order(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = client(&s.h);
	send_text(c, "GET /1 HTTP/1.1\r\nHost: t\r\n\r\nGET /2 HTTP/1.1\r\nHost: t\r\n\r\nGET /3 HTTP/1.1\r\nHost: t\r\n\r\n");
	fd = handle(&w, RS_EVENT_CONNECT);
	e = hear_event(&w, RS_EVENT_REQUEST);
	assert_true(hears_nothing(&w, 20)); /* the next is told when this one is answered */
	respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("one"));
	taken(&w, &e);
	serve_event(&w, "/2", "two");
	serve_event(&w, "/3", "three");
	assert_reply(c, 200, "one");
	assert_reply(c, 200, "two");
	assert_reply(c, 200, "three");
	close(c);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	end();
}

static void bodies(void **state)
{
	static char big[300 << 10], back[300 << 10];
	char head[128];
	struct heard e;
	struct got g;
	uint32_t fd;
	int c;

	(void)state;
	s.h.conf.body_buffer_size = 65536;
	s.port.package_max_length = sizeof big;
	start();
	c = client(&s.h);
	fd = handle(&w, RS_EVENT_CONNECT);
	send_text(c, "POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe");
	assert_true(hears_nothing(&w, 20));
	send_text(c, "llo");
	e = hear_event(&w, RS_EVENT_REQUEST);
	g = as_request(&e);
	assert_true(rs_slice_eq(inline_body(&g), RS_SLICE("hello")));
	respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("ok"));
	taken(&w, &e);
	assert_reply(c, 200, "ok");

	send_text(c, "POST /chunked HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	e = hear_event(&w, RS_EVENT_REQUEST);
	g = as_request(&e);
	assert_true(rs_slice_eq(inline_body(&g), RS_SLICE("abcde")));
	respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("ok"));
	taken(&w, &e);
	assert_reply(c, 200, "ok");

	/* A large one comes as a file. */
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)('a' + i % 23);
	assert_true(rs_fmt(head, sizeof head, "POST /big HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n", sizeof big));
	send_text(c, head);
	send_bytes(c, big, sizeof big);
	e = hear_event(&w, RS_EVENT_REQUEST);
	g = as_request(&e);
	assert_true(g.w.body_len == sizeof big && (g.w.flags & RS_REQ_BODY_FD) && e.fd >= 0);
	assert_int_equal(pread(e.fd, back, sizeof back, 0), sizeof back);
	assert_memory_equal(big, back, sizeof big);
	respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("ok"));
	taken(&w, &e);
	assert_reply(c, 200, "ok");

	/* Above the port's package_max_length. */
	assert_true(rs_fmt(head, sizeof head, "POST /more HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n", sizeof big + 1));
	send_text(c, head);
	assert_reply(c, 413, NULL);
	assert_true(ends(c));
	close(c);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	end();
}

static void malformed_requests(void **state)
{
	static const char *const rows[] = { "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" };

	(void)state;
	start();
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		int c = client(&s.h);

		send_text(c, rows[i]);
		(void)handle(&w, RS_EVENT_CONNECT);
		assert_reply(c, 400, NULL);
		assert_true(ends(c));
		close(c);
		(void)handle(&w, RS_EVENT_CLOSE);
	}
	end();
}

static void who_is_silent_may_stay(void **state)
{
	int c;

	(void)state;
	s.h.conf.header_timeout = s.h.conf.keepalive_timeout = 100;
	start();
	c = client(&s.h);
	assert_true(silent(c, 800));
	get(c, "/first");
	(void)handle(&w, RS_EVENT_CONNECT);
	serve_event(&w, "/first", "1");
	assert_reply(c, 200, "1");
	assert_true(silent(c, 800));
	/* But a request that was begun must come. */
	send_text(c, "GET /half HT");
	assert_reply(c, 408, NULL);
	assert_true(ends(c));
	close(c);
	end();
}

/* ---- answers ----------------------------------------------------------------------------------------------- */

static void any_process_answers(void **state)
{
	struct actor task, manager;
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	hire_role(&s, &task, 1, RS_ROLE_TASK);
	hire_role(&s, &manager, RS_ID_MANAGER, RS_ROLE_MANAGER);
	c = asked("/", &fd, &e);
	taken(&w, &e); /* detached: its callback has returned */
	respond(&task, e.id, 0, 200, "", -1, RS_SLICE("half "));
	assert_true(readable(c, PATIENCE_MS));
	say(&manager, RS_MSG_BODY, RS_FRAME_END, e.id, RS_SLICE("whole"), RS_SLICE(""));
	assert_reply(c, 200, "half whole");
	/* Who comes second says it to nobody. */
	respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("again"));
	say(&w, RS_MSG_BODY, RS_FRAME_END, e.id, RS_SLICE("again"), RS_SLICE(""));
	assert_true(silent(c, 20));
	get(c, "/next");
	serve_event(&w, "/next", "n");
	assert_reply(c, 200, "n");
	close(c);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	end();
	leave(&task);
	leave(&manager);
}

static void second_answers_while_the_first_is_under_way(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = asked("/", &fd, &e);
	respond(&w, e.id, 0, 200, "", 10, RS_SLICE("01234"));
	respond(&w, e.id, RS_FRAME_END, 500, "", -1, RS_SLICE("no"));
	say(&w, RS_MSG_BODY, RS_FRAME_END, e.id, RS_SLICE("56789"), RS_SLICE(""));
	taken(&w, &e);
	assert_reply(c, 200, "0123456789");
	close(c);
	end();
}

/* No credit: the sender looks at what waits. */
static void long_answers(void **state)
{
	static char piece[60000], back[60000];
	struct rs_session x;
	struct heard e;
	struct reply r;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = asked("/", &fd, &e);
	respond(&w, e.id, 0, 200, "", 200 * (int64_t)sizeof piece, RS_SLICE(""));
	for (int i = 0; i < 200; i++) {
		memset(piece, 'a' + i % 26, sizeof piece);
		say(&w, RS_MSG_BODY, i == 199 ? RS_FRAME_END : 0, e.id, rs_slice(piece, sizeof piece), RS_SLICE(""));
	}
	taken(&w, &e);
	until_session(&s, fd, x, x.send_queued > 1u << 20 && x.request == 0);
	assert_true(read_head(c, &r));
	for (int i = 0; i < 200; i++) {
		assert_true(read_exact(c, back, sizeof back));
		assert_true(back[0] == 'a' + i % 26 && back[sizeof back - 1] == back[0]);
	}
	until_session(&s, fd, x, x.send_queued == 0);
	close(c);
	end();
}

/* The server closes a connection in the middle of an answer that nobody will end: it ends when what waits has left. */
static void closed_in_the_middle_of_an_answer(void **state)
{
	static char piece[60000];
	struct rs_session x;
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = asked("/", &fd, &e);
	respond(&w, e.id, 0, 200, "", 1000 * (int64_t)sizeof piece, RS_SLICE(""));
	for (int i = 0; i < 200; i++)
		say(&w, RS_MSG_BODY, 0, e.id, rs_slice(piece, sizeof piece), RS_SLICE(""));
	taken(&w, &e);
	until_session(&s, fd, x, x.send_queued > 1u << 20);
	(void)handle(&w, RS_EVENT_BUFFER_FULL);
	give_order(&w, fd, RS_ORDER_CLOSE, 0, "");
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	while (recv(c, piece, sizeof piece, 0) > 0)
		;
	close(c);
	until_gone(&s, fd);
	end();
}

static void answers_nobody_can_give(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = asked("/", &fd, &e);
	respond(&w, e.id, RS_FRAME_END, 101, "", -1, RS_SLICE("")); /* not a handshake */
	taken(&w, &e);
	assert_reply(c, 500, NULL);
	get(c, "/");
	e = hear_event(&w, RS_EVENT_REQUEST);
	respond(&w, e.id, RS_FRAME_END, 200, "Transfer-Encoding: chunked\r\n", -1, RS_SLICE(""));
	taken(&w, &e);
	assert_reply(c, 500, NULL);
	get(c, "/");
	e = hear_event(&w, RS_EVENT_REQUEST);
	respond(&w, e.id, RS_FRAME_END, 200, "bad line\r\n", -1, RS_SLICE(""));
	taken(&w, &e);
	assert_reply(c, 500, NULL);
	get(c, "/");
	e = hear_event(&w, RS_EVENT_REQUEST);
	respond(&w, e.id, RS_FRAME_ABORT, 200, "", -1, RS_SLICE(""));
	taken(&w, &e);
	assert_reply(c, 500, NULL);
	get(c, "/");
	e = hear_event(&w, RS_EVENT_REQUEST);
	say(&w, RS_MSG_BODY, RS_FRAME_ABORT, e.id, RS_SLICE(""), RS_SLICE(""));
	taken(&w, &e);
	assert_reply(c, 500, NULL);
	/* Lengths that do not add up: that is not a mistake of a script. */
	get(c, "/");
	e = hear_event(&w, RS_EVENT_REQUEST);
	say(&w, RS_MSG_RESPONSE, RS_FRAME_END, e.id, RS_SLICE("abc"), RS_SLICE(""));
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	heard_free(&e);
	assert_reply(c, 502, NULL);
	close(c);
	end();
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static void answer_file(uint64_t id, unsigned status, int file, uint64_t offset, int64_t length)
{
	struct {
		uint64_t offset;
		struct rs_wire_response w;
		char headers[16];
	} m = { .offset = offset,
			       .w = { .content_length = length, .headers_len = 8, .status = (uint16_t)status },
			       .headers = "X-F: 1\r\n" };

	assert_int_equal(rs_ipc_put(&w.ch, RS_MSG_ANSWER_FILE, RS_FRAME_END, id, rs_slice(&m, sizeof m.offset + sizeof m.w + 8),
				    RS_SLICE(""), &file, 1), RS_OK);
	assert_int_equal(rs_ipc_flush(&w.ch), RS_OK);
}

static void files_as_answers(void **state)
{
	static char bytes[200000], back[200000];
	struct reply r;
	struct heard e;
	uint32_t fd;
	int c, file = memfd_create("file", 0), pair[2];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)('a' + i % 19);
	assert_int_equal(write(file, bytes, sizeof bytes), sizeof bytes);
	start();
	c = asked("/whole", &fd, &e);
	answer_file(e.id, 200, file, 0, sizeof bytes);
	taken(&w, &e);
	assert_true(read_head(c, &r) && r.status == 200 && has_field(&r, "X-F: 1") && length_of(&r) == sizeof bytes);
	assert_true(read_exact(c, back, sizeof back));
	assert_memory_equal(back, bytes, sizeof bytes);

	get(c, "/part");
	e = hear_event(&w, RS_EVENT_REQUEST);
	answer_file(e.id, 206, file, 1000, 50);
	taken(&w, &e);
	assert_true(read_head(c, &r) && r.status == 206 && length_of(&r) == 50);
	assert_true(read_exact(c, back, 50));
	assert_memory_equal(back, bytes + 1000, 50);

	send_text(c, "HEAD / HTTP/1.1\r\nHost: t\r\n\r\n");
	e = hear_event(&w, RS_EVENT_REQUEST);
	answer_file(e.id, 200, file, 0, 77);
	taken(&w, &e);
	assert_true(read_head(c, &r) && length_of(&r) == 77);

	get(c, "/empty");
	e = hear_event(&w, RS_EVENT_REQUEST);
	answer_file(e.id, 200, file, sizeof bytes, 0);
	taken(&w, &e);
	assert_reply(c, 200, "");

	/* Bytes it does not have; what is no file. */
	get(c, "/beyond");
	e = hear_event(&w, RS_EVENT_REQUEST);
	answer_file(e.id, 200, file, 10, sizeof bytes);
	taken(&w, &e);
	assert_reply(c, 500, NULL);
	get(c, "/pipe");
	e = hear_event(&w, RS_EVENT_REQUEST);
	assert_int_equal(pipe(pair), 0);
	answer_file(e.id, 200, pair[0], 0, 1);
	taken(&w, &e);
	assert_reply(c, 500, NULL);
	get(c, "/after");
	serve_event(&w, "/after", "a");
	assert_reply(c, 200, "a");
	close(pair[0]);
	close(pair[1]);
	close(file);
	close(c);
	end();
}

static void put_file(const char *name, const char *text)
{
	char path[128];
	int fd;

	assert_true(rs_fmt(path, sizeof path, "%s/%s", s.h.dir, name));
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void static_handler(void **state)
{
	struct reply *r;
	int c;

	(void)state;
	s.port.static_handler = true;
	strcpy(s.port.document_root, s.h.dir);
	put_file("a.txt", "0123456789");
	put_file("a.unknowntype", "text");
	put_file("a.php", "<?php secret();");
	start();
	c = asking(&s.h, "/a.txt?x=1");
	(void)handle(&w, RS_EVENT_CONNECT);
	r = read_reply(c);
	assert_true(r->status == 200 && strstr(r->head, "\r\nContent-Type: text/plain") && strstr(r->head, "\r\nLast-Modified: "));
	assert_string_equal(r->body, "0123456789");
	send_text(c, "GET /a.txt HTTP/1.1\r\nHost: t\r\nRange: bytes=2-4\r\n\r\n");
	r = read_reply(c);
	assert_true(r->status == 206 && has_field(r, "Content-Range: bytes 2-4/10"));
	assert_string_equal(r->body, "234");
	send_text(c, "GET /a.txt HTTP/1.1\r\nHost: t\r\nRange: bytes=10-\r\n\r\n");
	r = read_reply(c);
	assert_true(r->status == 416 && has_field(r, "Content-Range: bytes */10"));
	/* A part of what it had before another version: all of this one. */
	send_text(c, "GET /a.txt HTTP/1.1\r\nHost: t\r\nRange: bytes=2-4\r\nIf-Range: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n");
	assert_reply(c, 200, "0123456789");
	/* The application's: a type nobody knows, source, no file, another method. */
	get(c, "/a.unknowntype");
	serve_event(&w, "/a.unknowntype", "app");
	assert_reply(c, 200, "app");
	get(c, "/a.php");
	serve_event(&w, "/a.php", "app");
	assert_reply(c, 200, "app");
	get(c, "/../a.txt");
	serve_event(&w, "/../a.txt", "app");
	assert_reply(c, 200, "app");
	send_text(c, "POST /a.txt HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n");
	serve_event(&w, "/a.txt", "app");
	assert_reply(c, 200, "app");
	close(c);
	end();
}

/* ---- deaths ---------------------------------------------------------------------------------------------------- */

static void a_worker_dies(void **state)
{
	struct actor next;
	struct heard e;
	uint32_t fd, fd2, fd3;
	int begun, waiting, quiet;

	(void)state;
	start();
	quiet = asked("/quiet", &fd3, &e);
	taken(&w, &e); /* returned without an answer: a timer would give it */
	begun = asked("/begun", &fd, &e);
	waiting = asking(&s.h, "/waiting");
	assert_true(readable(w.ch.fd, PATIENCE_MS)); /* it has come, but is not begun */
	heard_free(&e);
	leave(&w);
	assert_reply(begun, 502, NULL);
	assert_reply(quiet, 502, NULL);
	assert_true(silent(waiting, 20));
	hire_role(&s, &next, 0, RS_ROLE_WORKER);
	fd2 = handle(&next, RS_EVENT_CONNECT);
	serve_event(&next, "/waiting", "served");
	assert_reply(waiting, 200, "served");
	/* The connections live on. */
	get(begun, "/more");
	serve_event(&next, "/more", "m");
	assert_reply(begun, 200, "m");
	assert_true(fd != fd2 && fd2 != fd3);
	close(begun);
	close(waiting);
	close(quiet);
	end_serving(&s);
	leave(&next);
}

static void a_client_leaves(void **state)
{
	struct rs_session x;
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = asked("/", &fd, &e);
	close(c);
	until_session(&s, fd, x, x.state == RS_SESSION_CLOSING && x.request == 0);
	respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("nobody"));
	taken(&w, &e);
	e = hear_event(&w, RS_EVENT_CLOSE);
	assert_true(e.e.fd == fd && e.e.reactor_id >= 0);
	taken(&w, &e);
	until_gone(&s, fd);
	end();
}

static void closed_by_the_server_in_a_request(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = asked("/", &fd, &e);
	give_order(&w, fd, RS_ORDER_CLOSE, 0, "");
	assert_true(ends(c));
	respond(&w, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("nobody"));
	taken(&w, &e);
	e = hear_event(&w, RS_EVENT_CLOSE);
	assert_true(e.e.fd == fd && e.e.reactor_id == -1);
	taken(&w, &e);
	close(c);
	until_gone(&s, fd);
	end();
}

/* ---- any worker -------------------------------------------------------------------------------------------------- */

static void unbound_requests_go_to_who_is_free(void **state)
{
	struct heard a, b;
	struct actor v;
	int c[3];

	(void)state;
	s.set.dispatch_mode = 3;
	s.set.nworkers = 2;
	s.port.events = RS_PORT_EVENT(RS_EVENT_REQUEST);
	rs_board_unmap(&s.board);
	close(s.board_fd);
	s.board_fd = rs_board_create(s.set.max_conn + 64, 2, s.set.ntasks, 0, false);
	assert_true(rs_board_map(&s.board, s.board_fd));
	start();
	hire_role(&s, &v, 1, RS_ROLE_WORKER);
	c[0] = asking(&s.h, "/a");
	c[1] = asking(&s.h, "/b");
	a = hear_event(&w, RS_EVENT_REQUEST);
	b = hear_event(&v, RS_EVENT_REQUEST);
	/* Both are busy: it waits, and goes to who is free first. */
	c[2] = asking(&s.h, "/c");
	assert_true(hears_nothing(&w, 20) && hears_nothing(&v, 0));
	respond(&v, b.id, RS_FRAME_END, 200, "", -1, RS_SLICE("b"));
	taken(&v, &b);
	serve_event(&v, "/c", "c");
	respond(&w, a.id, RS_FRAME_END, 200, "", -1, RS_SLICE("a"));
	taken(&w, &a);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read_reply(c[i])->status, 200);
		close(c[i]);
	}
	/* Whose client has left before a worker was free, is not told. */
	c[0] = asking(&s.h, "/a");
	c[1] = asking(&s.h, "/b");
	a = hear_event(&w, RS_EVENT_REQUEST);
	b = hear_event(&v, RS_EVENT_REQUEST);
	c[2] = asking(&s.h, "/left");
	until_connections(&s.h, 3);
	close(c[2]);
	until_connections(&s.h, 2);
	respond(&v, b.id, RS_FRAME_END, 200, "", -1, RS_SLICE("b"));
	taken(&v, &b);
	assert_true(hears_nothing(&v, 20));
	respond(&w, a.id, RS_FRAME_END, 200, "", -1, RS_SLICE("a"));
	taken(&w, &a);
	close(c[0]);
	close(c[1]);
	end();
	leave(&v);
}

/* What it has not answered stays its own; its connection's next request is its successor's. */
static void an_answer_of_one_that_lingers(void **state)
{
	struct heard held[2], e;
	struct actor next;
	uint32_t fd[2];
	int c[2];

	(void)state;
	s.set.nworkers = 1;
	start();
	for (int i = 0; i < 2; i++) {
		c[i] = asked("/held", &fd[i], &held[i]);
		taken(&w, &held[i]); /* by a coroutine, say */
	}
	say(&w, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
	say(&w, RS_MSG_LINGERS, 0, 0, RS_SLICE(""), RS_SLICE(""));
	(void)from_reactor(&s.h, RS_MSG_WORKER_LINGERS);
	s.h.order_more = 100;
	hire_role(&s, &next, 0, RS_ROLE_WORKER);
	respond(&w, held[0].id, RS_FRAME_END, 200, "", -1, RS_SLICE("of the old one"));
	assert_reply(c[0], 200, "of the old one");
	get(c[0], "/next");
	e = hear_event(&next, RS_EVENT_REQUEST);
	assert_int_equal(e.e.fd, fd[0]);
	/* Its death is not its successor's. */
	leave(&w);
	assert_reply(c[1], 502, NULL);
	respond(&next, e.id, RS_FRAME_END, 200, "", -1, RS_SLICE("of the young one"));
	taken(&next, &e);
	assert_reply(c[0], 200, "of the young one");
	close(c[0]);
	close(c[1]);
	w = next;
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_of_one_connection, up, down),
		cmocka_unit_test_setup_teardown(pipelined_answers_keep_their_order, up, down),
		cmocka_unit_test_setup_teardown(bodies, up, down),
		cmocka_unit_test_setup_teardown(malformed_requests, up, down),
		cmocka_unit_test_setup_teardown(who_is_silent_may_stay, up, down),
		cmocka_unit_test_setup_teardown(any_process_answers, up, down),
		cmocka_unit_test_setup_teardown(second_answers_while_the_first_is_under_way, up, down),
		cmocka_unit_test_setup_teardown(long_answers, up, down),
		cmocka_unit_test_setup_teardown(closed_in_the_middle_of_an_answer, up, down),
		cmocka_unit_test_setup_teardown(answers_nobody_can_give, up, down),
		cmocka_unit_test_setup_teardown(files_as_answers, up, down),
		cmocka_unit_test_setup_teardown(static_handler, up, down),
		cmocka_unit_test_setup_teardown(a_worker_dies, up, down),
		cmocka_unit_test_setup_teardown(a_client_leaves, up, down),
		cmocka_unit_test_setup_teardown(closed_by_the_server_in_a_request, up, down),
		cmocka_unit_test_setup_teardown(unbound_requests_go_to_who_is_free, up, down),
		cmocka_unit_test_setup_teardown(an_answer_of_one_that_lingers, up, down),
	};

	return cmocka_run_group_tests_name("reactor_request", tests, NULL, NULL);
}
