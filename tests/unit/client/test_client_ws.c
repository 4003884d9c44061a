/*
 * A WebSocket's client side: which handshakes open one, messages in every size of pieces, what is masked and answered.
 */
#include "client/client_ws.c"

#include "client/peer.h"

#include "base/rs_clock.h"

#define LITERAL(text) { (text), sizeof(text) - 1 }
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define HEAD "HTTP/1.1 101 x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" /* RFC 6455 1.3 */
#define DEFLATE "Sec-WebSocket-Extensions: permessage-deflate"

static const struct {
	struct rs_slice head;
	bool offered, opens, deflate;
} handshakes[] = {
	{ LITERAL(HEAD ACCEPT "\r\n"), false, true, false },
	{ LITERAL(HEAD ACCEPT "\r\n"), true, true, false },
	{ LITERAL(HEAD ACCEPT DEFLATE "; server_no_context_takeover; client_no_context_takeover\r\n\r\n"), true, true, true },
	{ LITERAL(HEAD ACCEPT DEFLATE "; server_no_context_takeover\r\n\r\n"), false, false, false },
	{ LITERAL(HEAD ACCEPT DEFLATE "\r\n\r\n"), true, false, false },
	{ LITERAL(HEAD ACCEPT DEFLATE "; server_no_context_takeover; x=y\r\n\r\n"), true, false, false },
	{ LITERAL(HEAD "\r\n"), false, false, false },
	{ LITERAL(HEAD "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n\r\n"), false, false, false },
	{ LITERAL("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n" ACCEPT "\r\n"), false, false, false },
	{ LITERAL("HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT "\r\n"), false, false, false },
};

static void test_handshakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(handshakes); i++) {
		struct rs_http_answer a;
		size_t scanned = 0;
		const char *why;
		bool deflate;

		assert_int_equal(rs_http_answer_parse(&a, handshakes[i].head.p, handshakes[i].head.n, &scanned, &why), RS_OK);
		why = rs_client_ws_judge(&a, KEY, handshakes[i].offered, &deflate);
		assert_int_equal(why == NULL, handshakes[i].opens);
		assert_int_equal(deflate, handshakes[i].deflate);
	}
}

static void test_keys(void **state)
{
	char one[RS_WS_KEY_LEN + 1], two[RS_WS_KEY_LEN + 1];

	(void)state;
	assert_true(rs_client_ws_key(one) && rs_client_ws_key(two));
	assert_int_equal(strlen(one), RS_WS_KEY_LEN);
	assert_string_not_equal(one, two);
}

/* Text in two fragments around a ping, binary, then the server closes. */
static const struct rs_slice script = LITERAL("\x01\x02he" "\x89\x02pi" "\x80\x03llo" "\x82\x01\xff" "\x88\x04\x0f\xa1ok");

static void test_messages(void **state)
{
	(void)state;
	for (size_t step = 1; step <= script.n; step++) {
		static const struct {
			unsigned opcode;
			const char *data;
		} want[] = { { RS_WS_TEXT, "hello" }, { RS_WS_BINARY, "\xff" }, { RS_WS_CLOSE, "ok" } };
		struct rs_client_ws_event *e;
		struct rs_ws_unframed frame;
		struct rs_client_conf conf;
		struct rs_client_ws ws;
		struct rs_client c;
		struct peer p;

		rs_client_conf_init(&conf);
		peer_open(&p, &c, RS_CLIENT_TCP, script, step, true);
		rs_client_ws_begin(&ws, 1000, true, false);
		assert_true(rs_client_ws_put(&c, &ws, RS_WS_TEXT, RS_WS_FIN, RS_SLICE("ours")));
		assert_true(rs_client_ws_flush(&c, &conf, &ws));
		for (size_t i = 0; i < RS_COUNTOF(want); i++) {
			assert_int_equal(rs_client_ws_recv(&c, &conf, &ws, -1, &e), RS_OK);
			assert_int_equal(e->opcode, want[i].opcode);
			assert_true(rs_slice_eq(rs_slice(e->data, e->n), rs_slice_str(want[i].data)));
			free(e);
		}
		assert_int_equal(rs_client_ws_recv(&c, &conf, &ws, -1, &e), RS_DONE);
		assert_int_equal(ws.conn.code, 4001);
		assert_false(rs_client_ws_put(&c, &ws, RS_WS_TEXT, RS_WS_FIN, RS_SLICE("late")));
		/* Ours, a pong, the answer to close: all masked. */
		peer_hear(&p);
		for (unsigned opcode = RS_WS_TEXT; p.heard.len; opcode = opcode == RS_WS_TEXT ? RS_WS_PONG : RS_WS_CLOSE) {
			assert_int_equal(rs_ws_unframe(rs_buf_slice(&p.heard), &frame), RS_OK);
			assert_int_equal(frame.opcode, opcode);
			assert_true(frame.flags & RS_WS_MASK);
			assert_true(opcode != RS_WS_TEXT || rs_slice_eq(rs_buf_slice(&frame.payload), RS_SLICE("ours")));
			assert_true(opcode != RS_WS_PONG || rs_slice_eq(rs_buf_slice(&frame.payload), RS_SLICE("pi")));
			rs_buf_free(&frame.payload);
			rs_buf_consume(&p.heard, frame.used);
		}
		rs_client_ws_end(&ws);
		rs_client_close(&c);
		peer_end(&p);
	}
}

static void test_ends(void **state)
{
	static const struct {
		struct rs_slice script;
		bool closes;
		enum rs_result rc;
		int error;
	} ends[] = {
		{ LITERAL(""), true, RS_DONE, 0 },                /* without a word */
		{ LITERAL(""), false, RS_ERR, ETIMEDOUT },
		{ LITERAL("\x81\x81....x"), false, RS_ERR, EPROTO }, /* masked */
		{ LITERAL("\x81\x01\xff"), false, RS_ERR, EPROTO },  /* not UTF-8 */
		{ LITERAL("\x81\x7f\x00\x00\x00\x00\x7f\xff\xff\xffx"), false, RS_ERR, EPROTO }, /* too large */
		{ LITERAL("HTTP/1.1 200 OK\r\n\r\n"), false, RS_ERR, EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(ends); i++) {
		struct rs_client_ws_event *e;
		struct rs_client_conf conf;
		struct rs_client_ws ws;
		struct rs_client c;
		struct peer p;

		rs_client_conf_init(&conf);
		peer_open(&p, &c, RS_CLIENT_TCP, ends[i].script, 100, ends[i].closes);
		rs_client_ws_begin(&ws, 1000, true, false);
		assert_int_equal(rs_client_ws_recv(&c, &conf, &ws, 1000, &e), ends[i].rc);
		assert_null(e);
		if (ends[i].rc == RS_ERR)
			assert_int_equal(c.sock.error, ends[i].error);
		rs_client_ws_end(&ws);
		rs_client_close(&c);
		peer_end(&p);
	}
}

/* ---- servers without measure ------------------------------------------------------------------------------------- */

/* A client that has been upgraded, waits by wait(arg), and whose other end this is; the caller closes it. */
static int upgraded(struct rs_client *c, struct rs_client_ws *ws, rs_wait_fn *wait, void *arg)
{
	int fds[2];

	rs_client_init(c, RS_CLIENT_TCP, false);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_true(rs_sock_adopt(&c->sock, fds[0]));
	c->sock.wait = wait;
	c->sock.wait_arg = arg;
	rs_client_ws_begin(ws, 1000, true, false);
	return fds[1];
}

/* Sends its script and reads nothing. While somebody waits for it to read, another coroutine receives. */
struct deaf {
	int fd;
	struct rs_slice rest;
	struct rs_client *c;
	struct rs_client_conf *conf;
	struct rs_client_ws *ws;
	bool inside;
	enum rs_result rc;
	int error;
};

static enum rs_wait deaf_wait(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	struct deaf *d = arg;
	size_t n = d->rest.n < PIECE ? d->rest.n : PIECE;
	struct rs_client_ws_event *e;

	(void)fd, (void)timeout_ms;
	if (events & RS_WATCH_WRITE) {
		if (!d->inside) {
			d->inside = true;
			d->rc = rs_client_ws_recv(d->c, d->conf, d->ws, 1000, &e);
			d->error = d->c->sock.error;
		}
		return RS_WAIT_TIMEOUT;
	}
	if (n == 0)
		return RS_WAIT_TIMEOUT;
	assert_int_equal(send(d->fd, d->rest.p, n, MSG_NOSIGNAL), n);
	d->rest = rs_slice(d->rest.p + n, d->rest.n - n);
	return RS_WAIT_READY;
}

/* n pings of 100 bytes. */
static struct rs_buf pings(size_t n)
{
	const char ping[102] = "\x89\x64";
	struct rs_buf b = { 0 };

	while (n--)
		assert_true(rs_buf_put(&b, ping, sizeof ping));
	return b;
}

static void test_pings_of_a_server_that_does_not_read(void **state)
{
	struct rs_buf flood = pings(2 * RS_CLIENT_WS_QUEUE_MAX / 100);
	char *big = calloc(1, 4 << 20);
	struct rs_client_conf conf;
	struct rs_client_ws ws;
	struct rs_client c;
	struct deaf d = { .c = &c, .conf = &conf, .ws = &ws, .rest = rs_buf_slice(&flood) };

	(void)state;
	rs_client_conf_init(&conf);
	d.fd = upgraded(&c, &ws, deaf_wait, &d);
	assert_true(rs_client_ws_put(&c, &ws, RS_WS_BINARY, RS_WS_FIN, rs_slice(big, 4 << 20)));
	assert_false(rs_client_ws_flush(&c, &conf, &ws));
	assert_true(d.inside && d.rc == RS_ERR);
	assert_int_equal(d.error, EPROTO);
	rs_client_ws_end(&ws);
	rs_client_close(&c);
	close(d.fd);
	rs_buf_free(&flood);
	free(big);
}

/* Whenever somebody waits there are pings already, and their answers were read. */
struct torrent {
	int fd;
	int64_t end_ms; /* of our patience */
};

static enum rs_wait torrent_wait(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	const char ping[] = "\x89\x04ping";
	struct torrent *t = arg;
	char junk[4096];

	(void)fd, (void)events, (void)timeout_ms;
	if (rs_now_ms() > t->end_ms)
		return RS_WAIT_FAILED;
	while (recv(t->fd, junk, sizeof junk, MSG_DONTWAIT) > 0)
		;
	assert_int_equal(send(t->fd, ping, sizeof ping - 1, MSG_NOSIGNAL), sizeof ping - 1);
	return RS_WAIT_READY;
}

static void test_pings_without_end(void **state)
{
	struct torrent t = { .end_ms = rs_now_ms() + 20000 };
	struct rs_client_ws_event *e;
	struct rs_client_conf conf;
	struct rs_client_ws ws;
	struct rs_client c;

	(void)state;
	rs_client_conf_init(&conf);
	t.fd = upgraded(&c, &ws, torrent_wait, &t);
	assert_int_equal(rs_client_ws_recv(&c, &conf, &ws, 100, &e), RS_ERR);
	assert_int_equal(c.sock.error, ETIMEDOUT);
	rs_client_ws_end(&ws);
	rs_client_close(&c);
	close(t.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes), cmocka_unit_test(test_keys), cmocka_unit_test(test_messages), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_pings_of_a_server_that_does_not_read), cmocka_unit_test(test_pings_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
