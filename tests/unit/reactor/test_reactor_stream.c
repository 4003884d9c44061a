/*
 * Long answers: framing, credit, slow clients, and applications that miscount.
 */
#include "reactor/harness.h"

#define WINDOW 65536

static struct harness h;
static struct actor w;

static int up(void **state)
{
	(void)state;
	prepare(&h);
	h.conf.buffer_output_size = WINDOW;
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

/* A client whose socket takes little. */
static int slow_client(const char *target)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(h.port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	get(fd, target);
	return fd;
}

static void pieces_arrive_as_they_are_sent(void **state)
{
	static struct reply r;
	struct got g;
	size_t n;
	int c;

	(void)state;
	start();
	c = asking(&h, "/sse");
	g = take_claimed(&w);
	assert_int_equal(g.w.credit, WINDOW);
	memset(&r, 0, sizeof r);
	respond(&w, g.id, 0, 200, "Content-Type: text/event-stream\r\n", -1, RS_SLICE(""));
	assert_true(read_head(c, &r) && has_field(&r, "Transfer-Encoding: chunked"));
	assert_true(silent(c, 20));
	for (int i = 0; i < 3; i++) {
		say(&w, RS_MSG_BODY, 0, g.id, RS_SLICE("data\n"), RS_SLICE(""));
		assert_true(read_chunk(c, &r, &n) && n == 5);
	}
	say(&w, RS_MSG_BODY, 0, g.id, RS_SLICE(""), RS_SLICE("")); /* an empty piece is not the end */
	assert_true(silent(c, 20));
	say(&w, RS_MSG_BODY, RS_FRAME_END, g.id, RS_SLICE(""), RS_SLICE(""));
	assert_true(read_chunk(c, &r, &n) && n == 0);
	assert_string_equal(r.body, "data\ndata\ndata\n");
	/* The client has it all, the worker is still cleaning up: the next request waits for its turn. */
	get(c, "/next");
	struct got next = take(&w);
	say(&w, RS_MSG_DONE, 0, g.id, RS_SLICE(""), RS_SLICE(""));
	if (!claim(&w, &next)) {
		got_free(&next);
		next = take_claimed(&w);
	}
	answer(&w, &next, "n");
	assert_reply(c, 200, "n");
	got_free(&g);
	close(c);
	end();
}

/* Byte number n of the stream. */
static char nth(size_t n)
{
	return (char)('a' + n % 23);
}

/* Sends bytes from..n as credit allows, collecting credit; how far it came before nothing came any more. */
static size_t pour(struct got *g, size_t from, size_t n, uint64_t *credit, int patience_ms)
{
	static char piece[16384];
	size_t sent = from;
	struct rs_frame f;

	while (sent < n) {
		size_t now = n - sent < sizeof piece ? n - sent : sizeof piece;
		if (now > *credit)
			now = (size_t)*credit;
		if (now) {
			for (size_t i = 0; i < now; i++)
				piece[i] = nth(sent + i);
			say(&w, RS_MSG_BODY, 0, g->id, rs_slice(piece, now), RS_SLICE(""));
			sent += now;
			*credit -= now;
			continue;
		}
		uint64_t more;
		if (!next_frame(&w.ch, &f, patience_ms, NULL))
			break;
		assert_true(f.msg == RS_MSG_CREDIT && f.id == g->id && f.payload.n == sizeof more);
		memcpy(&more, f.payload.p, sizeof more);
		assert_true(more >= WINDOW / 2);
		*credit += more;
	}
	return sent;
}

static void slow_client_holds_back_the_worker(void **state)
{
	enum { ALL = 8 << 20 };
	static char buf[65536];
	static struct reply r;
	uint64_t credit = WINDOW;
	size_t sent, got = 0;
	struct got g;
	int c, other;

	(void)state;
	start();
	c = slow_client("/large");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", ALL, RS_SLICE(""));
	/* Nobody reads: what can be sent is what the kernel and one window hold. */
	sent = pour(&g, 0, ALL, &credit, 300);
	assert_true(sent >= WINDOW && sent < ALL);
	/* And that costs nobody else anything. */
	struct actor second;
	hire(&h, &second, 1, 1);
	other = asking(&h, "/quick");
	serve(&second, "/quick", "q");
	assert_reply(other, 200, "q");
	/* Now it reads: everything comes, in order. */
	assert_true(read_head(c, &r) && length_of(&r) == ALL);
	while (got < ALL) {
		ssize_t n = readable(c, 0) ? recv(c, buf, sizeof buf, 0) : 0;
		assert_true(n >= 0);
		for (ssize_t i = 0; i < n; i++)
			assert_true(buf[i] == nth(got + (size_t)i));
		got += (size_t)n;
		if (sent < ALL)
			sent = pour(&g, sent, sent + 65536 < ALL ? sent + 65536 : ALL, &credit, n ? 0 : 5);
		else if (n == 0)
			assert_true(readable(c, PATIENCE_MS));
	}
	say(&w, RS_MSG_BODY, RS_FRAME_END | RS_FRAME_DONE, g.id, RS_SLICE(""), RS_SLICE(""));
	got_free(&g);
	/* In step. */
	get(c, "/after");
	leave(&second); /* whichever had it: now it is this one */
	for (struct got after = take(&w);; got_free(&after), after = take(&w)) {
		if (claim(&w, &after)) {
			answer(&w, &after, "a");
			break;
		}
	}
	assert_reply(c, 200, "a");
	close(c);
	close(other);
	end();
}

static void more_than_credit_is_a_violation(void **state)
{
	static char piece[WINDOW];
	struct rs_frame f;
	struct rs_wire_kill k;
	struct got g;
	int c;

	(void)state;
	start();
	c = slow_client("/greedy");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE("x"));
	say(&w, RS_MSG_BODY, 0, g.id, rs_slice(piece, WINDOW), RS_SLICE(""));
	got_free(&g);
	f = from_reactor(&h, RS_MSG_WORKER_KILL);
	memcpy(&k, f.payload.p, sizeof k);
	assert_int_equal(k.reason, RS_KILL_PROTOCOL);
	assert_true(hears_eof(&w));
	close(c);
	end();
}

static void client_that_takes_nothing_is_cut(void **state)
{
	uint64_t credit = WINDOW;
	struct got g;
	int c;

	(void)state;
	h.conf.write_timeout = 300;
	h.conf.request_timeout = 200; /* the worker is not to blame */
	start();
	c = slow_client("/stuck");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE(""));
	static char piece[16384];
	struct rs_frame f;
	for (;;) {
		while (credit >= sizeof piece) {
			say(&w, RS_MSG_BODY, 0, g.id, rs_slice(piece, sizeof piece), RS_SLICE(""));
			credit -= sizeof piece;
		}
		if (!next_frame(&w.ch, &f, PATIENCE_MS, NULL))
			fail_msg("neither credit nor cancel");
		if (f.msg == RS_MSG_CANCEL)
			break;
		uint64_t more;
		memcpy(&more, f.payload.p, sizeof more);
		credit += more;
	}
	assert_int_equal(f.id, g.id);
	say(&w, RS_MSG_DONE, 0, g.id, RS_SLICE(""), RS_SLICE(""));
	assert_true(nothing_from_reactor(&h, RS_MSG_WORKER_KILL, 300));
	assert_int_equal(ask_status(&h).connections, 0);
	got_free(&g);
	close(c);
	end();
}

static void client_leaves_in_the_middle(void **state)
{
	static struct reply r;
	struct got g;
	int c;

	(void)state;
	start();
	c = asking(&h, "/sse");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE("one"));
	assert_true(read_head(c, &r));
	close(c);
	assert_int_equal(hear(&w, RS_MSG_CANCEL).id, g.id);
	say(&w, RS_MSG_BODY, 0, g.id, RS_SLICE("two"), RS_SLICE(""));
	say(&w, RS_MSG_DONE, 0, g.id, RS_SLICE(""), RS_SLICE(""));
	got_free(&g);
	c = asking(&h, "/next");
	serve(&w, "/next", "n");
	assert_reply(c, 200, "n");
	close(c);
	end();
}

/* A client that has sent all it wants to send, but reads on, still gets an answer that is complete. */
static void answer_outlives_the_end_of_input(void **state)
{
	static char big[60000], buf[65536];
	static struct reply r;
	struct got g;
	int c;

	(void)state;
	memset(big, 'b', sizeof big);
	start();
	c = slow_client("/last");
	g = take_claimed(&w);
	respond(&w, g.id, RS_FRAME_END | RS_FRAME_DONE, 200, "", -1, rs_slice(big, sizeof big));
	got_free(&g);
	pause_ms(50);
	shutdown(c, SHUT_WR);
	pause_ms(50);
	assert_true(read_head(c, &r) && length_of(&r) == sizeof big);
	assert_true(read_exact(c, buf, sizeof big) && memcmp(buf, big, sizeof big) == 0);
	assert_true(ends(c));
	close(c);
	end();
}

static void too_many_bytes_are_dropped(void **state)
{
	static struct reply r;
	char body[8] = "";
	struct got g;
	int c;

	(void)state;
	start();
	c = asking(&h, "/miscounted");
	g = take_claimed(&w);
	respond(&w, g.id, RS_FRAME_END | RS_FRAME_DONE, 200, "", 3, RS_SLICE("abcdef"));
	got_free(&g);
	assert_true(read_head(c, &r) && length_of(&r) == 3 && read_exact(c, body, 3));
	assert_string_equal(body, "abc");
	assert_true(ends(c));
	assert_logged(&h, "longer than its Content-Length");
	close(c);
	end();
}

static void missing_bytes_cut_the_client_off(void **state)
{
	static struct reply r;
	char body[8] = "";
	struct got g;
	int c;

	(void)state;
	start();
	c = asking(&h, "/miscounted");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", 6, RS_SLICE("abc"));
	say(&w, RS_MSG_BODY, RS_FRAME_END | RS_FRAME_DONE, g.id, RS_SLICE("de"), RS_SLICE(""));
	got_free(&g);
	assert_true(read_head(c, &r) && length_of(&r) == 6 && read_exact(c, body, 5));
	assert_true(ends(c));
	assert_logged(&h, "1 bytes short");
	/* That was the application's fault, not the worker's. */
	close(c);
	c = asking(&h, "/next");
	serve(&w, "/next", "n");
	assert_reply(c, 200, "n");
	close(c);
	end();
}

static void aborted_answers(void **state)
{
	static struct reply r;
	struct got g;
	size_t n;
	int c;

	(void)state;
	start();
	/* Before anything was sent there is a plain answer. */
	c = asking(&h, "/early");
	g = take_claimed(&w);
	respond(&w, g.id, RS_FRAME_ABORT, 500, "", -1, RS_SLICE(""));
	say(&w, RS_MSG_DONE, 0, g.id, RS_SLICE(""), RS_SLICE(""));
	got_free(&g);
	assert_reply(c, 500, NULL);
	get(c, "/late");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE("part"));
	say(&w, RS_MSG_BODY, RS_FRAME_ABORT, g.id, RS_SLICE(""), RS_SLICE(""));
	say(&w, RS_MSG_DONE, 0, g.id, RS_SLICE(""), RS_SLICE(""));
	got_free(&g);
	memset(&r, 0, sizeof r);
	assert_true(read_head(c, &r) && read_chunk(c, &r, &n) && n == 4);
	assert_true(ends(c));
	close(c);
	end();
}

static void head_request_gets_no_body_of_a_stream(void **state)
{
	static struct reply r;
	struct got g;
	int c;

	(void)state;
	start();
	c = client(&h);
	send_text(c, "HEAD /s HTTP/1.1\r\nHost: t\r\n\r\n");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE("ignored"));
	say(&w, RS_MSG_BODY, RS_FRAME_END | RS_FRAME_DONE, g.id, RS_SLICE("ignored"), RS_SLICE(""));
	got_free(&g);
	assert_true(read_head(c, &r) && r.status == 200);
	get(c, "/next");
	serve(&w, "/next", "n");
	assert_reply(c, 200, "n");
	close(c);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
		T(pieces_arrive_as_they_are_sent),
		T(slow_client_holds_back_the_worker),
		T(more_than_credit_is_a_violation),
		T(client_that_takes_nothing_is_cut),
		T(client_leaves_in_the_middle),
		T(answer_outlives_the_end_of_input),
		T(too_many_bytes_are_dropped),
		T(missing_bytes_cut_the_client_off),
		T(aborted_answers),
		T(head_request_gets_no_body_of_a_stream),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
