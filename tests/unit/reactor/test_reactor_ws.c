/*
 * WebSocket connections of a script's server: handshakes, events, frames from processes, ends.
 */
#include "reactor/guests.h"

static struct serving s;
static struct actor w;

static int up(void **state)
{
	(void)state;
	prepare_serving(&s, RS_PORT_WEBSOCKET, 1);
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

/* The end of a connection whose CLOSE was heard. */
static void gone(int c, uint32_t fd)
{
	close(c);
	until_gone(&s, fd);
}

/* The client closes, in good order. */
static void part(int c, uint32_t fd)
{
	struct heard e;

	send_close(c, 1000, "");
	expect_close(c, 1000, "");
	assert_true(ends(c));
	e = hear_event(&w, RS_EVENT_CLOSE);
	assert_int_equal(e.e.fd, fd);
	assert_true(e.e.reactor_id >= 0);
	taken(&w, &e);
	gone(c, fd);
}

/* ---- handshakes ------------------------------------------------------------------------------------------ */

static void default_handshake(void **state)
{
	struct rs_session x;
	struct reply r;
	struct heard e;
	struct got g;
	uint32_t fd;
	int c;

	(void)state;
	strcpy(s.port.subprotocol, "chat, mqtt");
	free(s.h.conf.server);
	s.h.conf.server = strdup("unit");
	start();
	c = client(&s.h);
	fd = handle(&w, RS_EVENT_CONNECT);
	until_session(&s, fd, x, x.websocket == 1);
	send_text(c, UPGRADE_WITH("Sec-WebSocket-Protocol: mqtt\r\n"));
	assert_true(read_head(c, &r));
	assert_int_equal(r.status, 101);
	assert_true(has_field(&r, "Upgrade: websocket") && has_field(&r, "Connection: Upgrade") &&
		    has_field(&r, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") &&
		    has_field(&r, "Sec-WebSocket-Version: 13") && has_field(&r, "Sec-WebSocket-Protocol: mqtt") &&
		    strstr(r.head, "\r\nDate: ") && has_field(&r, "Server: unit"));
	e = hear_event(&w, RS_EVENT_OPEN);
	assert_int_equal(e.e.fd, fd);
	g = as_request(&e);
	assert_true(target_is(&g, "/chat?a=1") && field_is(&g, "Sec-WebSocket-Key", KEY));
	/* In onOpen it is established: push works. */
	until_session(&s, fd, x, x.websocket == 3 && x.state == RS_SESSION_OPEN);
	push_text(&w, fd, "hello");
	expect_text(c, "hello");
	taken(&w, &e);
	part(c, fd);
	end();
}

static void refused_handshakes(void **state)
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{ "GET / HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: short\r\n"
		  "Sec-WebSocket-Version: 13\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
		  "Sec-WebSocket-Version: 8\r\n\r\n", 426 },
		{ "POST / HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
		  "Sec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nab", 400 },
	};

	(void)state;
	start();
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		int c = client(&s.h);
		uint32_t fd = handle(&w, RS_EVENT_CONNECT);

		send_text(c, rows[i].text);
		assert_reply(c, rows[i].status, NULL);
		assert_true(ends(c));
		close(c);
		assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
		until_gone(&s, fd);
	}
	end();
}

static void who_never_became_one_disconnects(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	s.port.events |= RS_PORT_EVENT(RS_EVENT_DISCONNECT);
	start();
	c = client(&s.h);
	fd = handle(&w, RS_EVENT_CONNECT);
	close(c);
	assert_int_equal(handle(&w, RS_EVENT_DISCONNECT), fd);
	until_gone(&s, fd);
	c = joined(&s, &w, &fd);
	part(c, fd); /* this one was: CLOSE */
	end();
}

static void plain_requests_on_the_port(void **state)
{
	int c;

	(void)state;
	start();
	c = asking(&s.h, "/plain");
	(void)handle(&w, RS_EVENT_CONNECT);
	serve_event(&w, "/plain", "p");
	assert_reply(c, 200, "p");
	close(c);
	end();
}

static void plain_requests_nobody_wants(void **state)
{
	int c;

	(void)state;
	s.port.events &= ~RS_PORT_EVENT(RS_EVENT_REQUEST);
	start();
	c = asking(&s.h, "/plain");
	(void)handle(&w, RS_EVENT_CONNECT);
	assert_reply(c, 400, NULL);
	assert_true(ends(c));
	close(c);
	end();
}

static void application_shakes_hands(void **state)
{
	struct rs_session x;
	struct reply r;
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	s.port.handshake = RS_HANDSHAKE_APP;
	start();
	c = client(&s.h);
	send_text(c, UPGRADE);
	fd = handle(&w, RS_EVENT_CONNECT);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	until_session(&s, fd, x, x.websocket == 2 && x.request == e.id);
	/* Not yet one: frames to it are not for the client, and what it sends waits. */
	push_text(&w, fd, "too early");
	send_message(c, "eager");
	respond(&w, e.id, RS_FRAME_END, 101,
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-Websocket-Accept: own\r\nX-App: 1\r\n", -1, RS_SLICE(""));
	taken(&w, &e);
	assert_true(read_head(c, &r));
	assert_true(r.status == 101 && has_field(&r, "Sec-Websocket-Accept: own") && has_field(&r, "X-App: 1") &&
		    !strstr(r.head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	until_session(&s, fd, x, x.websocket == 3 && x.request == 0);
	e = hear_event(&w, RS_EVENT_MESSAGE); /* no OPEN */
	assert_string_equal(e.bytes, "eager");
	taken(&w, &e);
	push_text(&w, fd, "now");
	expect_text(c, "now");
	part(c, fd);
	end();
}

static void application_refuses(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	s.port.handshake = RS_HANDSHAKE_APP;
	start();
	c = client(&s.h);
	send_text(c, UPGRADE);
	fd = handle(&w, RS_EVENT_CONNECT);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	respond(&w, e.id, RS_FRAME_END, 403, "", -1, RS_SLICE("no"));
	taken(&w, &e);
	assert_reply(c, 403, "no");
	assert_true(ends(c));
	close(c);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	until_gone(&s, fd);
	/* It dies instead of an answer. */
	c = client(&s.h);
	send_text(c, UPGRADE);
	(void)handle(&w, RS_EVENT_CONNECT);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	heard_free(&e);
	leave(&w);
	assert_reply(c, 502, NULL);
	assert_true(ends(c));
	close(c);
	end();
}

/* A script's mistakes: the client hears that there is no answer, the worker lives on. */
static void application_answers_nonsense(void **state)
{
	static const struct {
		unsigned status;
		const char *lines;
	} nonsense[] = { { 103, "" }, { 100, "" }, { 200, "Transfer-Encoding: chunked\r\n" }, { 403, "no line\r\n" }, { 101, "no line\r\n" } };
	struct heard e;
	int c;

	(void)state;
	s.port.handshake = RS_HANDSHAKE_APP;
	start();
	for (size_t i = 0; i < RS_COUNTOF(nonsense); i++) {
		c = client(&s.h);
		send_text(c, UPGRADE);
		(void)handle(&w, RS_EVENT_CONNECT);
		e = hear_event(&w, RS_EVENT_HANDSHAKE);
		respond(&w, e.id, RS_FRAME_END, nonsense[i].status, nonsense[i].lines, -1, RS_SLICE(""));
		taken(&w, &e);
		assert_reply(c, 500, NULL);
		assert_true(ends(c));
		close(c);
		(void)handle(&w, RS_EVENT_CLOSE);
	}
	end();
}

static void application_adds(void **state)
{
	struct reply r;
	struct heard e;
	struct got g;
	uint32_t fd;
	int c;

	(void)state;
	s.port.handshake = RS_HANDSHAKE_ADDED;
	start();
	c = client(&s.h);
	send_text(c, UPGRADE);
	fd = handle(&w, RS_EVENT_CONNECT);
	e = hear_event(&w, RS_EVENT_HANDSHAKE);
	respond(&w, e.id, RS_FRAME_END, 101, "X-More: 1\r\n", -1, RS_SLICE(""));
	taken(&w, &e);
	assert_true(read_head(c, &r));
	assert_true(r.status == 101 && has_field(&r, "X-More: 1") &&
		    has_field(&r, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	e = hear_event(&w, RS_EVENT_OPEN);
	assert_int_equal(e.e.fd, fd);
	g = as_request(&e);
	assert_true(target_is(&g, "/chat?a=1"));
	taken(&w, &e);
	part(c, fd);
	end();
}

/* ---- frames ------------------------------------------------------------------------------------------------ */

static void messages_both_ways(void **state)
{
	struct rs_buf early = { 0 };
	static const uint8_t key[4] = { 9, 8, 7, 6 };
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	/* A frame in one piece with the handshake, and half of the next. */
	c = client(&s.h);
	assert_true(rs_buf_put(&early, UPGRADE, strlen(UPGRADE)) &&
		    rs_ws_frame(&early, RS_WS_TEXT, RS_WS_FIN, key, RS_SLICE("first")) &&
		    rs_ws_frame(&early, RS_WS_BINARY, RS_WS_FIN, key, RS_SLICE("second")));
	send_bytes(c, rs_buf_data(&early), early.len - 3);
	expect_upgraded(c);
	fd = handle(&w, RS_EVENT_CONNECT);
	assert_int_equal(handle(&w, RS_EVENT_OPEN), fd);
	e = hear_event(&w, RS_EVENT_MESSAGE);
	assert_string_equal(e.bytes, "first");
	assert_int_equal(e.e.fd, fd);
	assert_int_equal(e.e.a, RS_WS_TEXT);
	assert_int_equal(e.e.b, RS_WS_FIN | RS_WS_MASK);
	taken(&w, &e);
	send_bytes(c, rs_buf_data(&early) + early.len - 3, 3);
	e = hear_event(&w, RS_EVENT_MESSAGE);
	assert_string_equal(e.bytes, "second");
	assert_int_equal(e.e.a, RS_WS_BINARY);
	taken(&w, &e);
	rs_buf_free(&early);

	/* Fragments are joined, with a ping between them, which is answered. */
	send_frame(c, RS_WS_TEXT, 0, RS_SLICE("fr"));
	send_frame(c, RS_WS_PING, RS_WS_FIN, RS_SLICE("are you there"));
	send_frame(c, RS_WS_PONG, RS_WS_FIN, RS_SLICE("swallowed"));
	send_frame(c, RS_WS_CONTINUATION, RS_WS_FIN, RS_SLICE("agments"));
	expect_frame(c, RS_WS_PONG, RS_SLICE("are you there"));
	e = hear_event(&w, RS_EVENT_MESSAGE);
	assert_string_equal(e.bytes, "fragments");
	taken(&w, &e);

	/* An empty one is one. */
	send_message(c, "");
	e = hear_event(&w, RS_EVENT_MESSAGE);
	assert_int_equal(e.n, 0);
	taken(&w, &e);

	push(&w, fd, RS_WS_TEXT, 0, RS_SLICE("in "));
	push(&w, fd, RS_WS_CONTINUATION, RS_WS_FIN, RS_SLICE("parts"));
	push(&w, fd, RS_WS_PING, RS_WS_FIN, RS_SLICE(""));
	expect_frame(c, RS_WS_TEXT, RS_SLICE("in "));
	expect_frame(c, RS_WS_CONTINUATION, RS_SLICE("parts"));
	expect_frame(c, RS_WS_PING, RS_SLICE(""));
	part(c, fd);
	end();
}

static void control_frames_as_messages(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	s.port.ws_ping_frame = s.port.ws_pong_frame = s.port.ws_close_frame = true;
	start();
	c = joined(&s, &w, &fd);
	send_frame(c, RS_WS_PING, RS_WS_FIN, RS_SLICE("a"));
	e = hear_event(&w, RS_EVENT_MESSAGE);
	assert_int_equal(e.e.a, RS_WS_PING);
	assert_string_equal(e.bytes, "a");
	taken(&w, &e);
	assert_true(silent(c, 20)); /* the application answers */
	push(&w, fd, RS_WS_PONG, RS_WS_FIN, RS_SLICE("a"));
	expect_frame(c, RS_WS_PONG, RS_SLICE("a"));
	send_frame(c, RS_WS_PONG, RS_WS_FIN, RS_SLICE("b"));
	e = hear_event(&w, RS_EVENT_MESSAGE);
	assert_int_equal(e.e.a, RS_WS_PONG);
	taken(&w, &e);
	send_close(c, 4711, "bye");
	e = hear_event(&w, RS_EVENT_MESSAGE);
	assert_int_equal(e.e.a, RS_WS_CLOSE);
	assert_int_equal(e.e.b >> 16, 4711);
	assert_string_equal(e.bytes, "bye");
	push_text(&w, fd, "bye");
	taken(&w, &e);
	expect_text(c, "bye");
	expect_close(c, 4711, "");
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	assert_true(ends(c));
	gone(c, fd);
	end();
}

static void our_frames_masked(void **state)
{
	struct rs_ws_unframed f;
	uint32_t fd;
	int c;

	(void)state;
	s.port.ws_mask = true;
	start();
	c = joined(&s, &w, &fd);
	push_text(&w, fd, "hidden");
	assert_true(read_frame(c, &f));
	assert_int_equal(f.flags, RS_WS_FIN | RS_WS_MASK);
	assert_true(rs_slice_eq(rs_buf_slice(&f.payload), RS_SLICE("hidden")));
	rs_buf_free(&f.payload);
	part(c, fd);
	end();
}

static void broken_rules(void **state)
{
	static char big[70000];
	const struct {
		unsigned opcode, flags;
		struct rs_slice payload;
		bool unmasked;
		unsigned code;
	} rows[] = {
		{ RS_WS_TEXT, RS_WS_FIN, RS_SLICE("x"), true, 1002 },
		{ RS_WS_CONTINUATION, RS_WS_FIN, RS_SLICE("x"), false, 1002 },
		{ 3, RS_WS_FIN, RS_SLICE("x"), false, 1002 },
		{ RS_WS_TEXT, RS_WS_FIN | RS_WS_RSV1, RS_SLICE("x"), false, 1002 },
		{ RS_WS_PING, 0, RS_SLICE("x"), false, 1002 },
		{ RS_WS_TEXT, RS_WS_FIN, RS_SLICE("\xff"), false, 1007 },
		{ RS_WS_BINARY, RS_WS_FIN, { big, sizeof big }, false, 1009 },
	};

	(void)state;
	s.port.package_max_length = 65536;
	start();
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_buf b = { 0 };
		struct heard e;
		uint32_t fd;
		int c = joined(&s, &w, &fd);

		if (rows[i].unmasked) {
			assert_true(rs_ws_frame(&b, rows[i].opcode, rows[i].flags, NULL, rows[i].payload));
			send_bytes(c, rs_buf_data(&b), b.len);
			rs_buf_free(&b);
		} else {
			send_frame(c, rows[i].opcode, rows[i].flags, rows[i].payload);
		}
		expect_close(c, rows[i].code, "");
		assert_true(ends(c));
		e = hear_event(&w, RS_EVENT_CLOSE);
		assert_true(e.e.reactor_id >= 0);
		taken(&w, &e);
		gone(c, fd);
	}
	end();
}

/* ---- ends ---------------------------------------------------------------------------------------------------- */

static void server_disconnects(void **state)
{
	struct rs_session x;
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	push_text(&w, fd, "last words");
	give_order(&w, fd, RS_ORDER_DISCONNECT, 4001, "enough");
	push_text(&w, fd, "too late");
	/* The application hears at once, the client may take its time. */
	e = hear_event(&w, RS_EVENT_CLOSE);
	assert_true(e.e.fd == fd && e.e.reactor_id == -1);
	until_session(&s, fd, x, x.state == RS_SESSION_CLOSING && x.websocket == 4);
	taken(&w, &e);
	expect_text(c, "last words");
	expect_close(c, 4001, "enough");
	assert_true(silent(c, 50));
	send_message(c, "not told"); /* in flight when it closed */
	send_close(c, 4001, "");
	assert_true(ends(c));
	assert_true(hears_nothing(&w, 20));
	gone(c, fd);
	end();
}

/* What a client sent before it closed, or broke a rule, is answered first. */
static void last_words_are_answered(void **state)
{
	static const uint8_t key[4] = { 4, 3, 2, 1 };
	struct rs_buf both = { 0 };
	struct rs_session x;
	struct heard a, b;
	uint32_t fd;
	int c;

	(void)state;
	start();
	for (unsigned i = 0; i < 2; i++) {
		c = joined(&s, &w, &fd);
		send_message(c, "one");
		send_message(c, "two");
		if (i == 0)
			send_close(c, 1000, "");
		else
			send_frame(c, RS_WS_TEXT, RS_WS_FIN, RS_SLICE("\xff"));
		send_message(c, "never read");
		a = hear_event(&w, RS_EVENT_MESSAGE);
		b = hear_event(&w, RS_EVENT_MESSAGE);
		assert_true(silent(c, 20) && hears_nothing(&w, 0));
		until_session(&s, fd, x, x.websocket == 3 && x.state == RS_SESSION_OPEN);
		push_text(&w, fd, "to one");
		taken(&w, &a);
		expect_text(c, "to one");
		assert_true(silent(c, 20));
		push_text(&w, fd, "to two");
		taken(&w, &b);
		expect_text(c, "to two");
		expect_close(c, i == 0 ? 1000 : 1007, "");
		assert_true(ends(c));
		assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
		gone(c, fd);
	}
	/* The application may close meanwhile: who hears the message has both frames behind him. */
	c = joined(&s, &w, &fd);
	assert_true(rs_ws_frame(&both, RS_WS_TEXT, RS_WS_FIN, key, RS_SLICE("one")) &&
		    rs_ws_frame_close(&both, 1000, RS_SLICE(""), key));
	send_bytes(c, rs_buf_data(&both), both.len);
	rs_buf_free(&both);
	a = hear_event(&w, RS_EVENT_MESSAGE);
	give_order(&w, fd, RS_ORDER_DISCONNECT, 4000, "");
	expect_close(c, 1000, "");
	assert_true(ends(c));
	taken(&w, &a);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	gone(c, fd);
	end();
}

static void last_words_have_a_limit(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	send_message(c, "slow");
	send_close(c, 1000, "");
	e = hear_event(&w, RS_EVENT_MESSAGE);
	while (silent(c, 1000))
		;
	expect_close(c, 1000, "");
	assert_true(ends(c));
	push_text(&w, fd, "too late");
	taken(&w, &e);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	gone(c, fd);
	end();
}

static void client_does_not_answer_the_close(void **state)
{
	int64_t begin;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	give_order(&w, fd, RS_ORDER_DISCONNECT, 1000, "");
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	expect_close(c, 1000, "");
	begin = rs_now_ms();
	while (!readable(c, 100) && rs_now_ms() - begin < 3 * PATIENCE_MS)
		send_frame(c, RS_WS_PING, RS_WS_FIN, RS_SLICE("")); /* busy, but not closing */
	assert_true(ends(c));
	gone(c, fd);
	end();
}

static void application_pushes_a_close_frame(void **state)
{
	struct rs_session x;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	push(&w, fd, RS_WS_CLOSE, RS_WS_FIN, RS_SLICE("\x0f\xa1why"));
	push_text(&w, fd, "too late");
	expect_close(c, 4001, "why");
	until_session(&s, fd, x, x.websocket == 4 && x.state == RS_SESSION_OPEN);
	send_close(c, 4001, "");
	assert_true(ends(c));
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	gone(c, fd);
	end();
}

static void close_and_reset(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	push_text(&w, fd, "before");
	give_order(&w, fd, RS_ORDER_CLOSE, 0, "");
	e = hear_event(&w, RS_EVENT_CLOSE);
	assert_true(e.e.fd == fd && e.e.reactor_id == -1);
	taken(&w, &e);
	expect_text(c, "before");
	expect_close(c, 1000, "");
	send_close(c, 1000, "");
	assert_true(ends(c));
	gone(c, fd);

	c = joined(&s, &w, &fd);
	give_order(&w, fd, RS_ORDER_RESET, 0, "");
	e = hear_event(&w, RS_EVENT_CLOSE);
	assert_true(e.e.fd == fd && e.e.reactor_id == -1);
	taken(&w, &e);
	assert_true(is_reset(c) || ends(c));
	gone(c, fd);
	end();
}

static void client_vanishes(void **state)
{
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	send_message(c, "before");
	send_bytes(c, "\x81\xfe", 2); /* half of a head */
	close(c);
	e = hear_event(&w, RS_EVENT_MESSAGE);
	taken(&w, &e);
	e = hear_event(&w, RS_EVENT_CLOSE);
	assert_true(e.e.fd == fd && e.e.reactor_id >= 0);
	push_text(&w, fd, "nobody");
	taken(&w, &e);
	until_gone(&s, fd);
	push_text(&w, fd, "nobody"); /* and an $fd that is not there */
	give_order(&w, fd, RS_ORDER_DISCONNECT, 1000, "");
	assert_true(hears_nothing(&w, 20) && !w.eof);
	end();
}

static void it_outlives_its_worker(void **state)
{
	struct actor next;
	struct heard e;
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	send_message(c, "lost");
	e = hear_event(&w, RS_EVENT_MESSAGE); /* begun, and then it is killed */
	heard_free(&e);
	send_message(c, "kept");
	assert_true(readable(w.ch.fd, PATIENCE_MS));
	leave(&w);
	send_message(c, "new");
	hire_role(&s, &next, 0, RS_ROLE_WORKER);
	e = hear_event(&next, RS_EVENT_MESSAGE);
	assert_string_equal(e.bytes, "kept");
	taken(&next, &e);
	e = hear_event(&next, RS_EVENT_MESSAGE);
	assert_string_equal(e.bytes, "new");
	assert_int_equal(e.e.fd, fd);
	push_text(&next, fd, "back");
	expect_text(c, "back");
	taken(&next, &e);
	close(c);
	assert_int_equal(handle(&next, RS_EVENT_CLOSE), fd);
	until_gone(&s, fd);
	end_serving(&s);
	leave(&next);
}

/* ---- many, slow and hostile ------------------------------------------------------------------------------------ */

#define CROWD 300

static void slow_readers_delay_nobody(void **state)
{
	static char big[1 << 20];
	struct rs_session x;
	struct actor task;
	uint32_t fd[CROWD];
	int c[CROWD];

	(void)state;
	memset(big, 'x', sizeof big);
	start();
	hire_role(&s, &task, 1, RS_ROLE_TASK);
	for (unsigned i = 0; i < CROWD; i++)
		c[i] = joined(&s, &w, &fd[i]);
	/* The first one reads nothing while much is pushed to it, from another process. */
	for (unsigned i = 0; i < 8; i++)
		push(&task, fd[0], RS_WS_BINARY, RS_WS_FIN, rs_slice(big, sizeof big));
	for (unsigned i = 0; i < CROWD; i++)
		push_text(&task, fd[i], "news");
	for (unsigned i = 1; i < CROWD; i++)
		expect_text(c[i], "news");
	until_session(&s, fd[0], x, x.send_queued > sizeof big);
	for (unsigned i = 0; i < CROWD; i++)
		close(c[i]);
	for (unsigned i = 0; i < CROWD; i++)
		(void)handle(&w, RS_EVENT_CLOSE);
	end();
	leave(&task);
}

/* A connection whose client's kernel takes little that is not read. */
static int joined_small(uint32_t *fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(s.h.port) };
	int c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

	setsockopt(c, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_int_equal(connect(c, (struct sockaddr *)&a, sizeof a), 0);
	send_text(c, UPGRADE);
	expect_upgraded(c);
	*fd = handle(&w, RS_EVENT_CONNECT);
	assert_int_equal(handle(&w, RS_EVENT_OPEN), *fd);
	return c;
}

static void unread_pongs_are_bounded(void **state)
{
	static const uint8_t key[4] = { 1, 1, 1, 1 };
	static const char payload[125];
	static char back[127];
	struct rs_buf b = { 0 };
	struct rs_session x;
	uint64_t sent = 0;
	size_t one;
	uint32_t fd;
	int c;

	(void)state;
	s.port.sndbuf = 8192;
	start();
	c = joined_small(&fd);
	assert_true(rs_ws_frame(&b, RS_WS_PING, RS_WS_FIN, key, rs_slice(payload, sizeof payload)));
	one = b.len;
	for (int i = 1; i < 500; i++)
		assert_true(rs_ws_frame(&b, RS_WS_PING, RS_WS_FIN, key, rs_slice(payload, sizeof payload)));
	/* It pings and reads nothing: at some point nobody takes its pings any more. */
	for (;;) {
		struct pollfd p = { .fd = c, .events = POLLOUT };
		size_t at = (size_t)(sent % b.len);
		ssize_t n;
		if (poll(&p, 1, 300) <= 0)
			break;
		n = send(c, rs_buf_data(&b) + at, b.len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		assert_true(n > 0 || errno == EAGAIN);
		sent += n > 0 ? (uint64_t)n : 0;
		assert_true(sent < 64u << 20);
	}
	until_session(&s, fd, x, x.send_queued > 0 && x.send_queued < (256u << 10));
	rs_buf_free(&b);
	/* It reads again: every pong comes. */
	assert_true(sent / one > 500);
	for (uint64_t i = 0; i < sent / one; i++) {
		assert_true(read_exact(c, back, sizeof back));
		assert_memory_equal(back, "\x8a\x7d", 2);
	}
	close(c);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), fd);
	end();
}

static void hostile_frames_of_a_worker(void **state)
{
	struct actor other;
	uint32_t fd;
	int c, plain;

	(void)state;
	start();
	c = joined(&s, &w, &fd);
	plain = client(&s.h);
	uint32_t plain_fd = handle(&w, RS_EVENT_CONNECT);
	push_text(&w, plain_fd, "not a WebSocket");
	give_order(&w, plain_fd, RS_ORDER_DISCONNECT, 1000, "");
	assert_true(silent(plain, 20) && silent(c, 20));
	push_text(&w, fd, "still here");
	expect_text(c, "still here");
	close(plain);
	assert_int_equal(handle(&w, RS_EVENT_CLOSE), plain_fd);
	/* A frame cut short is a violation, and so is an opcode that cannot be. */
	hire_role(&s, &other, 1, RS_ROLE_TASK);
	say(&other, RS_MSG_SEND, 0, 0, RS_SLICE("abc"), RS_SLICE(""));
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	assert_true(hears_eof(&other));
	leave(&other);
	hire_role(&s, &other, 1, RS_ROLE_TASK);
	push(&other, fd, 77, RS_WS_FIN, RS_SLICE("x"));
	(void)from_reactor(&s.h, RS_MSG_WORKER_KILL);
	leave(&other);
	push_text(&w, fd, "still here");
	expect_text(c, "still here");
	part(c, fd);
	end();
}

/* Workers first, then everybody else is told that the server goes away; no CLOSE. */
static void the_server_stops(void **state)
{
	uint32_t fd[2];
	int64_t begin;
	int c[2];

	(void)state;
	start();
	c[0] = joined(&s, &w, &fd[0]);
	c[1] = joined(&s, &w, &fd[1]);
	stop(&s.h, 10000);
	(void)hear(&w, RS_MSG_RETIRE);
	push_text(&w, fd[0], "last words"); /* of a callback that still runs */
	expect_text(c[0], "last words");
	begin = rs_now_ms();
	leave(&w);
	expect_close(c[0], 1001, "");
	expect_close(c[1], 1001, "");
	assert_true(ends(c[0]) && ends(c[1]));
	close(c[0]);
	/* The other one never closes: that does not hold up the end. */
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	assert_true(rs_now_ms() - begin < 4000);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	close(c[1]);
	end_serving(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(default_handshake, up, down),
		cmocka_unit_test_setup_teardown(refused_handshakes, up, down),
		cmocka_unit_test_setup_teardown(who_never_became_one_disconnects, up, down),
		cmocka_unit_test_setup_teardown(plain_requests_on_the_port, up, down),
		cmocka_unit_test_setup_teardown(plain_requests_nobody_wants, up, down),
		cmocka_unit_test_setup_teardown(application_shakes_hands, up, down),
		cmocka_unit_test_setup_teardown(application_refuses, up, down),
		cmocka_unit_test_setup_teardown(application_answers_nonsense, up, down),
		cmocka_unit_test_setup_teardown(application_adds, up, down),
		cmocka_unit_test_setup_teardown(messages_both_ways, up, down),
		cmocka_unit_test_setup_teardown(control_frames_as_messages, up, down),
		cmocka_unit_test_setup_teardown(our_frames_masked, up, down),
		cmocka_unit_test_setup_teardown(broken_rules, up, down),
		cmocka_unit_test_setup_teardown(server_disconnects, up, down),
		cmocka_unit_test_setup_teardown(last_words_are_answered, up, down),
		cmocka_unit_test_setup_teardown(last_words_have_a_limit, up, down),
		cmocka_unit_test_setup_teardown(client_does_not_answer_the_close, up, down),
		cmocka_unit_test_setup_teardown(application_pushes_a_close_frame, up, down),
		cmocka_unit_test_setup_teardown(close_and_reset, up, down),
		cmocka_unit_test_setup_teardown(client_vanishes, up, down),
		cmocka_unit_test_setup_teardown(it_outlives_its_worker, up, down),
		cmocka_unit_test_setup_teardown(slow_readers_delay_nobody, up, down),
		cmocka_unit_test_setup_teardown(unread_pongs_are_bounded, up, down),
		cmocka_unit_test_setup_teardown(hostile_frames_of_a_worker, up, down),
		cmocka_unit_test_setup_teardown(the_server_stops, up, down),
	};

	return cmocka_run_group_tests_name("reactor_ws", tests, NULL, NULL);
}
