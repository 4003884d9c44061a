/*
 * A server's connection: what a client says in pieces of every size comes out the same, and a client that ends or falls silent
 * after any byte harms nobody.
 */
#include "httpd/httpd_conn.c"

#include "../client/peer.h"
#include "worker/process.h"

/* No language. */
const struct rs_engine rs_the_engine;

#define BODY_MAX 64

static unsigned complaints;

static void complain(const char *why)
{
	(void)why;
	complaints++;
}

static const struct rs_httpd_rules rules = {
	.head_max = 512, .body_max = BODY_MAX, .memory_max = 16, .spool_dir = "/tmp", .head_ms = 1000, .body_ms = 1000, .idle_ms = 1000,
	.send_ms = 1000, .protocols = "", .queue_max = 1 << 20, .server = "", .complain = complain,
};

/* Answers each request with its method, path and body; a WebSocket with what it says. */
static void answer(struct rs_httpd *h, struct rs_server_request *q)
{
	const struct rs_request_view *v = rs_server_request_view(q);
	struct rs_slice body = rs_server_request_body(q);
	struct rs_answer a = { .way = &rs_httpd_answer_way, .httpd = h, .request = 1, .status = 200, .reason = RS_SLICE(""),
			       .headers = RS_SLICE("Date: x\r\n"), .content_length = -1 };
	struct rs_httpd_message *m;
	struct rs_buf text = { 0 };

	if (rs_slice_eq(v->path, RS_SLICE("/ws")) && rs_httpd_upgrade(h, a.headers)) {
		while (rs_httpd_recv(h, -1, &m) == RS_OK) {
			if (m->opcode != RS_WS_CLOSE)
				(void)rs_httpd_push(h, m->opcode, RS_WS_FIN, rs_slice(m->data, m->n));
			rs_httpd_message_free(m);
		}
		return;
	}
	assert_true(rs_buf_printf(&text, "%.*s %.*s ", (int)v->method.n, v->method.p, (int)v->target.n, v->target.p));
	assert_true(rs_buf_put(&text, body.p, body.n));
	if (rs_slice_eq(v->path, RS_SLICE("/pieces"))) {
		assert_int_equal(a.way->head(&a, rs_buf_slice(&text), false), RS_SERVER_OK);
		assert_int_equal(a.way->trailers(&a, RS_SLICE("T: 1\r\n")), RS_SERVER_OK);
	} else if (!rs_slice_eq(v->path, RS_SLICE("/silent"))) {
		(void)a.way->head(&a, rs_buf_slice(&text), true);
	}
	rs_httpd_settle(h);
	rs_buf_free(&text);
}

/* Dates of our own answers are not the test's. */
static void without_dates(struct rs_buf *b)
{
	struct rs_buf out = { 0 };
	struct rs_slice rest = rs_buf_slice(b);

	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) + 1 : rest.n;

		if (n < 6 || memcmp(rest.p, "Date: ", 6) != 0)
			assert_true(rs_buf_put(&out, rest.p, n));
		rest = rs_slice(rest.p + n, rest.n - n);
	}
	rs_buf_free(b);
	*b = out;
}

/* A whole connection: what the client heard. */
static struct rs_buf serve(struct rs_slice script, size_t step, bool closes)
{
	struct rs_server_request *q;
	struct rs_httpd h;
	struct rs_sock s;
	struct peer p;

	rs_sock_init(&s);
	peer_socket(&p, &s, SOCK_STREAM, script, step, closes);
	rs_httpd_init(&h, &s, &rules);
	while (rs_httpd_next(&h, &q)) {
		answer(&h, q);
		rs_server_request_free(q);
	}
	rs_httpd_part(&h);
	rs_httpd_fini(&h);
	peer_hear(&p);
	rs_sock_close(&s);
	peer_close(&p);
	without_dates(&p.heard);
	return p.heard;
}

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

static const struct example {
	const char *name, *text;
	size_t n;
	const char *heard;
	size_t heard_n;
} examples[] = {
#define EXAMPLE(name, text, heard) { name, text, sizeof(text) - 1, heard, sizeof(heard) - 1 }
	EXAMPLE("keep-alive, bodies, the end",
		"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n"
		"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
		"\r\nPOST /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n14;x=y\r\n01234567890123456789\r\n0\r\nT: v\r\n\r\n"
		"HEAD /e HTTP/1.1\r\nHost: h\r\n\r\n"
		"GET /silent HTTP/1.1\r\nHost: h\r\n\r\n"
		"GET /pieces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: h\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nGET /a?b "
		"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nPOST /c abc"
		"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nPOST /d de01234567890123456789"
		"HTTP/1.1 200 OK\r\n\r\n"
		"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nc\r\nGET /pieces \r\n0\r\nT: 1\r\n\r\n"),
	EXAMPLE("no request", "GET / HTTP/1.1\r\nHost: h\r\nBad field\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 72\r\nConnection: close\r\n\r\n"
		"<!DOCTYPE html>\n<title>400 Bad Request</title>\n<h1>400 Bad Request</h1>\n"),
	EXAMPLE("too large a body",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n"
		"0123456789012345678901234567890123456789012345678901234567890123456789",
		"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/html\r\nContent-Length: 84\r\nConnection: close\r\n\r\n"
		"<!DOCTYPE html>\n<title>413 Content Too Large</title>\n<h1>413 Content Too Large</h1>\n"),
	EXAMPLE("a WebSocket",
		"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" KEY "\r\n"
		"\x81\x82\0\0\0\0hi" "\x89\x81\0\0\0\0p" "\x02\x81\0\0\0\0a" "\x80\x81\0\0\0\0b" "\x88\x82\0\0\0\0\x03\xe8",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Version: 13\r\n\r\n"
		"\x81\x02hi" "\x8a\x01p" "\x82\x02" "ab" "\x88\x02\x03\xe8"),
	EXAMPLE("a handshake that is none", "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 72\r\nConnection: close\r\n\r\n"
		"<!DOCTYPE html>\n<title>400 Bad Request</title>\n<h1>400 Bad Request</h1>\n"),
};

static void in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++) {
		const struct example *e = &examples[i];

		for (size_t step = 1; step <= e->n; step++) {
			struct rs_buf heard = serve(rs_slice(e->text, e->n), step, true);
			const struct rs_slice got = rs_buf_slice(&heard);

			/* A pong goes at once, an answer when the application gives it: with everything in one piece they change places. */
			if (!rs_slice_eq(got, rs_slice(e->heard, e->heard_n)) && !(strstr(e->name, "WebSocket") && got.n == e->heard_n))
				fail_msg("%s, step %zu:\n%.*s", e->name, step, (int)got.n, got.p);
			rs_buf_free(&heard);
		}
	}
}

static void cut_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++)
		for (size_t n = 0; n <= examples[i].n; n++)
			for (int closes = 0; closes < 2; closes++) {
				struct rs_buf heard = serve(rs_slice(examples[i].text, n), 7, closes);

				rs_buf_free(&heard);
			}
}

/* ---- clients that take their time, or more than their part ---------------------------------------------------------- */

/* A client that sends its script and reads nothing. While somebody waits for it to read, another coroutine receives. */
struct deaf {
	int fd;
	struct rs_slice rest;
	struct rs_httpd *h;
	bool inside;
	enum rs_result rc;
	int error;
};

static enum rs_wait deaf_wait(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	struct deaf *d = arg;
	size_t n = d->rest.n < 4096 ? d->rest.n : 4096;
	struct rs_httpd_message *m;

	(void)fd, (void)timeout_ms;
	if (events & RS_WATCH_WRITE) {
		if (!d->inside) {
			d->inside = true;
			d->rc = rs_httpd_recv(d->h, 1000, &m);
			d->error = d->h->sock->error;
		}
		return RS_WAIT_TIMEOUT;
	}
	if (n == 0)
		return RS_WAIT_TIMEOUT;
	assert_int_equal(send(d->fd, d->rest.p, n, MSG_NOSIGNAL), n);
	d->rest = rs_slice(d->rest.p + n, d->rest.n - n);
	return RS_WAIT_READY;
}

/* Pongs wait behind what is being sent: who does not read that cannot make us collect them without end. */
static void pings_of_a_client_that_does_not_read(void **state)
{
	static const char hello[] = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" KEY "\r\n";
	struct rs_httpd_rules narrow = rules;
	struct rs_buf script = { 0 };
	struct rs_server_request *q;
	char ping[106] = "\x89\xe4";
	struct rs_httpd h;
	struct rs_sock s;
	struct deaf d;
	char *big;
	int fds[2];

	(void)state;
	narrow.queue_max = 64 << 10;
	assert_true(rs_buf_put(&script, hello, sizeof hello - 1));
	for (int i = 0; i < 2000; i++)
		assert_true(rs_buf_put(&script, ping, sizeof ping));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	rs_sock_init(&s);
	assert_true(rs_sock_adopt(&s, fds[0]));
	d = (struct deaf){ .fd = fds[1], .rest = rs_slice(rs_buf_data(&script), sizeof hello - 1), .h = &h };
	s.wait = deaf_wait;
	s.wait_arg = &d;
	rs_httpd_init(&h, &s, &narrow);
	assert_true(rs_httpd_next(&h, &q));
	assert_true(rs_httpd_upgrade(&h, RS_SLICE("")));
	rs_server_request_free(q);
	d.rest = rs_slice(rs_buf_data(&script) + sizeof hello - 1, script.len - sizeof hello + 1);
	big = calloc(1, 4 << 20);
	assert_int_equal(rs_httpd_push(&h, RS_WS_BINARY, RS_WS_FIN, rs_slice(big, 4 << 20)), RS_SERVER_CLOSED);
	assert_true(d.inside && d.rc == RS_ERR && h.gone);
	assert_int_equal(d.error, EPROTO);
	assert_true(d.rest.n > 0); /* nor was all of it read */
	rs_httpd_part(&h);
	rs_httpd_fini(&h);
	rs_sock_close(&s);
	close(fds[1]);
	rs_buf_free(&script);
	free(big);
}

/* It is never too slow before the time of grace is over, and pauses never longer than the limit of one. */
static void patience_has_an_end(void **state)
{
	const int64_t now = rs_now_ms(), grace = RS_HTTPD_GRACE_MS;

	(void)state;
	assert_int_equal(rs_httpd_patience(now, 0, 500, 1000), 1000);
	assert_in_range(rs_httpd_patience(now, 0, 500, 60000), grace - 1000, grace);
	assert_in_range(rs_httpd_patience(now - grace, 5000, 500, 60000), 9000, 10000);
	assert_int_equal(rs_httpd_patience(now - grace - 10000, 4999, 500, 60000), 0);
	assert_int_equal(rs_httpd_patience(now - grace - 10000, 4999, 500, -1), -1);
	assert_int_equal(rs_httpd_patience(now - grace - 10000, 4999, 0, 60000), 60000);
}

static int64_t longest_ms;

static enum rs_wait note_wait(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	longest_ms = timeout_ms > longest_ms ? timeout_ms : longest_ms;
	return peer_wait(arg, fd, events, timeout_ms);
}

/* Here the next piece never comes. */
static void a_body_has_to_come_on(void **state)
{
	struct rs_httpd_rules lazy = rules;
	struct rs_server_request *q;
	struct rs_httpd h;
	struct rs_sock s;
	struct peer p;

	(void)state;
	lazy.body_ms = lazy.send_ms = 3600000;
	lazy.body_rate = 500;
	rs_sock_init(&s);
	peer_socket(&p, &s, SOCK_STREAM, RS_SLICE("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"), 100, false);
	s.wait = note_wait;
	rs_httpd_init(&h, &s, &lazy);
	longest_ms = 0;
	assert_false(rs_httpd_next(&h, &q));
	assert_in_range(longest_ms, 1000, RS_HTTPD_GRACE_MS);
	peer_hear(&p);
	assert_memory_equal(rs_buf_data(&p.heard), "HTTP/1.1 408 ", 13);
	rs_httpd_fini(&h);
	rs_sock_close(&s);
	peer_end(&p);
}

/* What an application may not say. */
static void mistakes(void **state)
{
	static const struct {
		unsigned status;
		const char *headers;
	} wrong[] = { { 101, "" }, { 0, "" }, { 1000, "" }, { 200, "Content-Length: 5\r\n" }, { 200, "no line" }, { 200, "A: b\nC: d\r\n" } };
	struct rs_server_request *q;
	struct rs_httpd h;
	struct rs_sock s;
	struct peer p;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(wrong); i++) {
		struct rs_answer a = { .httpd = &h, .status = wrong[i].status, .reason = RS_SLICE(""),
				       .headers = rs_slice_str(wrong[i].headers), .content_length = -1 };

		complaints = 0;
		rs_sock_init(&s);
		peer_socket(&p, &s, SOCK_STREAM, RS_SLICE("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 100, true);
		rs_httpd_init(&h, &s, &rules);
		assert_true(rs_httpd_next(&h, &q));
		assert_int_not_equal(rs_httpd_answer_way.head(&a, RS_SLICE("body"), true), RS_SERVER_OK);
		assert_true(h.ended && complaints == 1);
		rs_server_request_free(q);
		peer_hear(&p);
		assert_memory_equal(rs_buf_data(&p.heard), "HTTP/1.1 500 ", 13);
		rs_httpd_fini(&h);
		rs_sock_close(&s);
		peer_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(pings_of_a_client_that_does_not_read),
		cmocka_unit_test(patience_has_an_end),
		cmocka_unit_test(a_body_has_to_come_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
