/*
 * A client's side of the reactor: requests in, answers out, connections kept, refused and closed.
 */
#include "reactor/harness.h"

static struct harness h;
static struct actor w;

static int up(void **state)
{
	(void)state;
	prepare(&h);
	return 0;
}

static void start(void)
{
	boot(&h);
	hire(&h, &w, 0, 1);
}

static void end(void)
{
	finish(&h);
	leave(&w);
}

static void request_reaches_the_worker(void **state)
{
	struct sockaddr_in me;
	socklen_t len = sizeof me;
	struct reply *r;
	struct got g;
	int c;

	(void)state;
	start();
	c = client(&h);
	getsockname(c, (struct sockaddr *)&me, &len);
	send_text(c, "POST /a/b?c=d HTTP/1.1\r\nHost: example\r\nX-One: 1\r\nX-Two:  two \r\nContent-Length: "
		     "5\r\n\r\nhello");
	g = take(&w);
	assert_true(claim(&w, &g));
	assert_true(slice_is(&g, g.w.method, "POST") && target_is(&g, "/a/b?c=d"));
	assert_int_equal(g.w.path_len, 4);
	assert_int_equal(g.w.nfields, 4);
	assert_true(field_is(&g, "Host", "example") && field_is(&g, "X-Two", "two"));
	assert_int_equal(g.w.body_len, 5);
	assert_true(rs_slice_eq(inline_body(&g), RS_SLICE("hello")));
	assert_int_equal(g.w.remote_port, ntohs(me.sin_port));
	assert_int_equal(g.w.local_port, h.port);
	assert_int_equal(g.w.remote_len, 9);
	assert_memory_equal(head_bytes(&g).p + g.w.head_len, "127.0.0.1127.0.0.1", 18);
	assert_int_equal(g.w.flags, RS_REQ_TRUSTED | RS_REQ_KEEPALIVE);
	assert_int_equal(g.w.http_minor, 1);
	assert_true(llabs((long long)g.w.received_us - rs_wall_us()) < 5000000);
	respond(&w, g.id, RS_FRAME_END | RS_FRAME_DONE, 201, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", -1,
		RS_SLICE("world"));
	got_free(&g);
	r = read_reply(c);
	assert_int_equal(r->status, 201);
	assert_non_null(strstr(r->head, "HTTP/1.1 201 Created\r\n"));
	assert_non_null(strstr(r->head, "\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
	assert_non_null(strstr(r->head, "\r\nDate: "));
	assert_null(strstr(r->head, "\r\nServer: "));
	assert_true(has_field(r, "Content-Length: 5"));
	assert_string_equal(r->body, "world");
	/* The connection lives on, and so does the worker. */
	get(c, "/again");
	serve(&w, "/again", "2");
	assert_reply(c, 200, "2");
	close(c);
	until_connections(&h, 0);
	assert_int_equal(ask_status(&h).requests_total, 2);
	end();
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "GET /1 HTTP/1.1\r\nHost: t\r\n\r\nPOST /2 HTTP/1.1\r\nHost: t\r\nContent-Length: "
		     "3\r\n\r\nabc"
		     "GET /3 HTTP/1.1\r\nHost: t\r\n\r\nGET /4 HT");
	/* One at a time: the second is not begun before the first has its answer. */
	struct got g = take_claimed(&w);
	assert_true(hears_nothing(&w, 30));
	answer(&w, &g, "one");
	g = take_claimed(&w);
	assert_true(target_is(&g, "/2") && rs_slice_eq(inline_body(&g), RS_SLICE("abc")));
	answer(&w, &g, "two");
	serve(&w, "/3", "three");
	send_text(c, "TP/1.1\r\nHost: t\r\n\r\n");
	serve(&w, "/4", "four");
	assert_reply(c, 200, "one");
	assert_reply(c, 200, "two");
	assert_reply(c, 200, "three");
	assert_reply(c, 200, "four");
	close(c);
	end();
}

static void pipelining_without_end_is_paused(void **state)
{
	static char many[4096 * 32];
	size_t n = 0, sent = 0, total = 0;
	int c;

	(void)state;
	start();
	while (n + 32 < sizeof many) {
		memcpy(many + n, "GET /p HTTP/1.1\r\nHost: t\r\n\r\n", 28);
		n += 28;
	}
	c = client(&h);
	struct got g = { .bytes = NULL };
	/* While the first is not answered, only a bounded number of bytes is taken. */
	for (int quiet = 0; quiet < 5 && total < (64u << 20);) {
		ssize_t put = send(c, many + sent, n - sent, MSG_DONTWAIT);
		if (put > 0) {
			total += (size_t)put;
			sent = (sent + (size_t)put) % n;
			quiet = 0;
		} else {
			quiet++;
			pause_ms(20);
		}
	}
	assert_true(total < (32u << 20));
	for (int i = 0; i < 50; i++) {
		g = take_claimed(&w);
		answer(&w, &g, "x");
		assert_reply(c, 200, "x");
	}
	close(c);
	end();
}

static void http_1_0_closes_unless_asked(void **state)
{
	struct reply *r;
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	serve(&w, "/old", "x");
	r = read_reply(c);
	assert_true(has_field(r, "Connection: keep-alive") && has_field(r, "Content-Length: 1"));
	send_text(c, "GET /older HTTP/1.0\r\n\r\n");
	serve(&w, "/older", "y");
	r = read_reply(c);
	assert_true(has_field(r, "Connection: close"));
	assert_true(ends(c));
	close(c);
	c = client(&h);
	send_text(c, "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
	serve(&w, "/", "z");
	assert_true(has_field(read_reply(c), "Connection: close"));
	assert_true(ends(c));
	close(c);
	end();
}

static void http_1_0_stream_ends_with_the_connection(void **state)
{
	struct reply r;
	char body[8] = "";
	struct got g;
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE("abc"));
	assert_true(read_head(c, &r) && has_field(&r, "Connection: close") && length_of(&r) < 0);
	assert_true(read_exact(c, body, 3));
	say(&w, RS_MSG_BODY, RS_FRAME_END | RS_FRAME_DONE, g.id, RS_SLICE("def"), RS_SLICE(""));
	got_free(&g);
	assert_true(read_exact(c, body + 3, 3) && ends(c));
	assert_string_equal(body, "abcdef");
	close(c);
	/* Cut short it must not look like an end. */
	c = client(&h);
	send_text(c, "GET /s HTTP/1.0\r\n\r\n");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE("abc"));
	assert_true(read_head(c, &r) && read_exact(c, body, 3));
	say(&w, RS_MSG_BODY, RS_FRAME_ABORT | RS_FRAME_DONE, g.id, RS_SLICE(""), RS_SLICE(""));
	got_free(&g);
	assert_true(is_reset(c));
	close(c);
	end();
}

static void head_and_empty_statuses_have_no_body(void **state)
{
	struct reply r;
	struct got g;
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "HEAD /h HTTP/1.1\r\nHost: t\r\n\r\n");
	g = take_claimed(&w);
	respond(&w, g.id, RS_FRAME_END | RS_FRAME_DONE, 200, "", 1234, RS_SLICE(""));
	got_free(&g);
	assert_true(read_head(c, &r) && length_of(&r) == 1234);
	static const unsigned status[] = { 204, 304 };
	for (size_t i = 0; i < RS_COUNTOF(status); i++) {
		get(c, "/e");
		g = take_claimed(&w);
		respond(&w, g.id, RS_FRAME_END | RS_FRAME_DONE, status[i], "", -1, RS_SLICE("not for you"));
		got_free(&g);
		assert_true(read_head(c, &r) && r.status == (int)status[i]);
		assert_null(strstr(r.head, "Transfer-Encoding"));
	}
	get(c, "/next");
	serve(&w, "/next", "in step");
	assert_reply(c, 200, "in step");
	close(c);
	end();
}

static void continue_is_said_before_the_body(void **state)
{
	struct reply r;
	struct got g;
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "POST /u HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	assert_true(read_head(c, &r));
	assert_string_equal(r.head, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_true(hears_nothing(&w, 20));
	send_text(c, "body");
	g = take_claimed(&w);
	assert_true(rs_slice_eq(inline_body(&g), RS_SLICE("body")));
	answer(&w, &g, "ok");
	assert_reply(c, 200, "ok");
	/* Not when the body is there already, and never for one that is too large anyway. */
	send_text(c, "POST /u HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody");
	g = take_claimed(&w);
	answer(&w, &g, "ok");
	assert_reply(c, 200, "ok");
	send_text(c,
		  "POST /u HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
	assert_reply(c, 413, NULL);
	assert_true(ends(c));
	close(c);
	end();
}

static void chunked_body_is_decoded(void **state)
{
	struct got g;
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n");
	send_text(c, "5;x=y\r\npedia\r\n0\r\nTrailer: t\r\n\r\nGET /after HTTP/1.1\r\nHost: t\r\n\r\n");
	g = take_claimed(&w);
	assert_int_equal(g.w.body_len, 9);
	assert_true(rs_slice_eq(inline_body(&g), RS_SLICE("Wikipedia")));
	answer(&w, &g, "1");
	serve(&w, "/after", "2");
	assert_reply(c, 200, "1");
	assert_reply(c, 200, "2");
	send_text(c, "POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
	assert_reply(c, 400, NULL);
	assert_true(ends(c));
	close(c);
	end();
}

static void assert_fd_holds(int fd, char fill, size_t n)
{
	char *copy = malloc(n + 1);

	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(read(fd, copy, n + 1), (ssize_t)n);
	for (size_t i = 0; i < n; i++)
		assert_true(copy[i] == fill);
	free(copy);
}

static void large_body_travels_as_a_file(void **state)
{
	static char body[300000];
	struct stat st;
	struct got g;
	int c;

	(void)state;
	memset(body, 'b', sizeof body);
	start();
	c = client(&h);
	send_text(c, "PUT /f HTTP/1.1\r\nHost: t\r\nContent-Length: 300000\r\n\r\n");
	send_bytes(c, body, sizeof body);
	g = take_claimed(&w);
	assert_int_equal(g.w.body_len, sizeof body);
	assert_true(g.w.flags & RS_REQ_BODY_FD);
	assert_int_equal(inline_body(&g).n, 0);
	assert_true(fstat(g.fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0);
	assert_fd_holds(g.fd, 'b', sizeof body);
	answer(&w, &g, "ok");
	assert_reply(c, 200, "ok");
	/* The same in chunks: it grows out of memory on the way. */
	send_text(c, "PUT /f HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 10; i++) {
		send_text(c, "7530\r\n");
		send_bytes(c, body, 30000);
		send_text(c, "\r\n");
	}
	send_text(c, "0\r\n\r\n");
	g = take_claimed(&w);
	assert_int_equal(g.w.body_len, sizeof body);
	assert_fd_holds(g.fd, 'b', sizeof body);
	answer(&w, &g, "ok");
	assert_reply(c, 200, "ok");
	close(c);
	end();
}

static void spool_that_cannot_be_opened_is_an_answer(void **state)
{
	int c;

	(void)state;
	free(h.conf.upload_tmp_dir);
	h.conf.upload_tmp_dir = strdup("/nowhere/at/all");
	start();
	c = client(&h);
	send_text(c, "PUT /f HTTP/1.1\r\nHost: t\r\nContent-Length: 300000\r\n\r\n");
	assert_reply(c, 503, NULL);
	assert_true(ends(c));
	assert_logged(&h, "/nowhere/at/all");
	close(c);
	end();
}

/* A client that is still sending, and only then reads, must find the answer and no reset. */
static void too_large_is_said_while_it_is_sent(void **state)
{
	static char piece[65536];
	struct reply *r;
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "POST /big HTTP/1.1\r\nHost: t\r\nContent-Length: 16777216\r\n\r\n");
	for (int i = 0; i < 256; i++)
		send_bytes(c, piece, sizeof piece);
	r = read_reply(c);
	assert_int_equal(r->status, 413);
	assert_true(has_field(r, "Connection: close"));
	assert_true(ends(c));
	close(c);
	c = client(&h);
	send_text(c, "POST /big HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1000000\r\n");
	for (int i = 0; i < 256; i++)
		send_bytes(c, piece, sizeof piece);
	assert_reply(c, 413, NULL);
	assert_true(ends(c));
	close(c);
	assert_true(hears_nothing(&w, 0));
	end();
}

static void bad_requests_are_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
	} row[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\nHost: t\n\n", 400 },
		{ "GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505 },
		{ "CONNECT a:1 HTTP/1.1\r\nHost: t\r\n\r\n", 501 },
		{ "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n", 501 },
		{ "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		  400 },
		{ "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n", 417 },
	};
	static char line[40000];
	int c;

	(void)state;
	start();
	for (size_t i = 0; i < RS_COUNTOF(row); i++) {
		c = client(&h);
		send_text(c, row[i].text);
		assert_reply(c, row[i].status, NULL);
		assert_true(ends(c));
		close(c);
	}
	memset(line, 'a', sizeof line);
	c = client(&h);
	send_text(c, "GET /");
	send_bytes(c, line, sizeof line);
	assert_reply(c, 414, NULL);
	close(c);
	c = client(&h);
	send_text(c, "GET / HTTP/1.1\r\nHost: t\r\nX: ");
	send_bytes(c, line, sizeof line);
	assert_reply(c, 431, NULL);
	close(c);
	assert_true(hears_nothing(&w, 0));
	end();
}

static void slow_clients_are_timed_out(void **state)
{
	int head, body, idle;

	(void)state;
	h.conf.header_timeout = 300;
	h.conf.body_timeout = 300;
	h.conf.keepalive_timeout = 300;
	start();
	head = client(&h);
	send_text(head, "GET / HTT");
	body = client(&h);
	send_text(body, "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\na");
	idle = asking(&h, "/idle");
	serve(&w, "/idle", "x");
	assert_reply(idle, 200, "x");
	assert_reply(head, 408, NULL);
	assert_true(ends(head));
	assert_reply(body, 408, NULL);
	assert_true(ends(body));
	/* Between requests there is nothing to answer. */
	assert_true(ends(idle));
	close(head);
	close(body);
	close(idle);
	end();
}

static void idle_connection_says_nothing_when_it_times_out(void **state)
{
	int c;

	(void)state;
	h.conf.header_timeout = 200;
	start();
	c = client(&h);
	assert_true(ends(c));
	close(c);
	end();
}

/* They have begun a request; those that wait for one make room: below. */
static void too_many_connections_are_refused(void **state)
{
	int c[3];

	(void)state;
	h.conf.max_conn = 2;
	start();
	c[0] = client(&h);
	c[1] = client(&h);
	send_text(c[0], "GET /ok HT");
	send_text(c[1], "G");
	until_connections(&h, 2);
	c[2] = client(&h);
	assert_reply(c[2], 503, NULL);
	assert_true(ends(c[2]));
	close(c[2]);
	until_connections(&h, 2);
	send_text(c[0], "TP/1.1\r\nHost: t\r\n\r\n");
	serve(&w, "/ok", "x");
	assert_reply(c[0], 200, "x");
	close(c[0]);
	until_connections(&h, 1);
	c[0] = asking(&h, "/room");
	serve(&w, "/room", "y");
	assert_reply(c[0], 200, "y");
	close(c[0]);
	close(c[1]);
	end();
}

/* The one that waits for longest goes; one whose request came meanwhile is served. */
static void idle_connections_make_room(void **state)
{
	int c[4];

	(void)state;
	h.conf.max_conn = 2;
	start();
	c[0] = asking(&h, "/0");
	serve(&w, "/0", "x");
	assert_reply(c[0], 200, "x");
	c[1] = client(&h);
	until_connections(&h, 2);
	c[2] = asking(&h, "/2");
	serve(&w, "/2", "y");
	assert_reply(c[2], 200, "y");
	assert_true(ends(c[0]));
	until_connections(&h, 2);
	send_text(c[1], "GET /1 HTTP/1.1\r\nHost: t\r\n\r\n");
	c[3] = asking(&h, "/3");
	serve(&w, "/1", "z");
	assert_reply(c[1], 200, "z");
	serve(&w, "/3", "a");
	assert_reply(c[3], 200, "a");
	for (int i = 0; i < 4; i++)
		close(c[i]);
	until_connections(&h, 0);
	h.conf.max_conn = 100;
	end();
}

static void connection_ends_after_its_share(void **state)
{
	int c;

	(void)state;
	h.conf.keepalive_requests = 2;
	start();
	c = asking(&h, "/1");
	serve(&w, "/1", "x");
	assert_false(has_field(read_reply(c), "Connection: close"));
	get(c, "/2");
	serve(&w, "/2", "x");
	assert_true(has_field(read_reply(c), "Connection: close"));
	assert_true(ends(c));
	close(c);
	h.conf.keepalive_requests = 100;
	end();
}

static void application_may_close(void **state)
{
	struct reply *r;
	struct got g;
	int c;

	(void)state;
	free(h.conf.server);
	h.conf.server = strdup("test/1");
	start();
	c = asking(&h, "/");
	g = take_claimed(&w);
	respond(&w, g.id, RS_FRAME_END | RS_FRAME_DONE, 200, "Connection: close\r\nDate: then\r\n", -1,
		RS_SLICE("x"));
	got_free(&g);
	r = read_reply(c);
	assert_true(has_field(r, "Date: then") && has_field(r, "Connection: close") &&
		    has_field(r, "Server: test/1"));
	assert_null(strstr(strstr(r->head, "Connection: close") + 1, "Connection: close"));
	assert_true(ends(c));
	close(c);
	end();
}

static void unix_socket_has_no_address(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct got g;

	(void)state;
	start();
	assert_true(rs_fmt(a.sun_path, sizeof a.sun_path, "%s/sock", h.dir));
	assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(l, 16), 0);
	to_reactor(&h, RS_MSG_LISTEN, "unix", 4, &l, 1);
	assert_int_equal(connect(c, (struct sockaddr *)&a, sizeof a), 0);
	get(c, "/");
	g = take_claimed(&w);
	assert_true(g.w.remote_len == 0 && g.w.local_len == 0 && g.w.remote_port == 0);
	assert_int_equal(g.w.local_port, 80); /* what a client takes when nothing is named */
	assert_true(g.w.flags & RS_REQ_TRUSTED);
	answer(&w, &g, "x");
	assert_reply(c, 200, "x");
	close(c);
	stop(&h, 100);
	(void)from_reactor(&h, RS_MSG_DRAINED);
	/* The path is the master's to remove. */
	assert_int_equal(access(a.sun_path, F_OK), 0);
	rs_ipc_fini(&h.master);
	assert_int_equal(wait_exit(&h), 0);
	close(l);
	end();
}

static void many_connections_are_cheap(void **state)
{
	enum { MANY = 2000 };
	static int c[MANY];
	char path[64], line[256];
	long before = 0, after = 0, *out = &before;

	(void)state;
	start();
	for (int round = 0; round < 2; round++, out = &after) {
		FILE *f;
		if (round) {
			for (int i = 0; i < MANY; i++)
				c[i] = client(&h);
			until_connections(&h, MANY);
			for (int i = 0; i < MANY; i++) {
				get(c[i], "/x");
				serve(&w, "/x", "x");
				assert_reply(c[i], 200, "x");
			}
		}
		rs_fmt(path, sizeof path, "/proc/%d/status", (int)h.pid);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof line, f))
			sscanf(line, "RssAnon: %ld", out);
		if (f)
			fclose(f);
	}
	for (int i = 0; i < MANY; i++)
		close(c[i]);
#ifndef __SANITIZE_ADDRESS__
	assert_true((after - before) * 1024 / MANY < 2000);
#endif
	assert_true(after > 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
		T(request_reaches_the_worker),
		T(pipelined_requests_are_answered_in_order),
		T(pipelining_without_end_is_paused),
		T(http_1_0_closes_unless_asked),
		T(http_1_0_stream_ends_with_the_connection),
		T(head_and_empty_statuses_have_no_body),
		T(continue_is_said_before_the_body),
		T(chunked_body_is_decoded),
		T(large_body_travels_as_a_file),
		T(spool_that_cannot_be_opened_is_an_answer),
		T(too_large_is_said_while_it_is_sent),
		T(bad_requests_are_refused),
		T(slow_clients_are_timed_out),
		T(idle_connection_says_nothing_when_it_times_out),
		T(too_many_connections_are_refused),
		T(idle_connections_make_room),
		T(connection_ends_after_its_share),
		T(application_may_close),
		T(unix_socket_has_no_address),
		T(many_connections_are_cheap),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
