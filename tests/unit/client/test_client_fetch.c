/*
 * Requests and answers over one connection: every answer in every size of pieces, servers that end or fall silent after every
 * byte, what is left of the connection.
 */
#include "client/client_fetch.c"
#include "client/client_fetch_answer.c"

#include "client/peer.h"

#define LITERAL(text) { (text), sizeof(text) - 1 }
#define OK_LINE "HTTP/1.1 200 OK\r\n"

struct got {
	unsigned heads, status;
	struct rs_buf body;
	size_t most;           /* bytes; then it wants no more */
};

static bool on_head(void *arg, const struct rs_http_answer *a)
{
	struct got *g = arg;

	g->heads++;
	g->status = a->status;
	return true;
}

static bool on_body(void *arg, struct rs_slice piece)
{
	struct got *g = arg;

	assert_true(piece.n > 0);
	assert_true(rs_buf_put(&g->body, piece.p, piece.n));
	return g->body.len <= g->most;
}

struct example {
	const char *name;
	struct rs_slice script;
	bool closes, head_method, upgrade;
	enum rs_fetch_end end;
	int error;
	unsigned status;
	const char *body;
	bool open;             /* afterwards */
};

static const struct example examples[] = {
	{ "length", LITERAL(OK_LINE "Content-Length: 5\r\n\r\nhello"), false, false, false, RS_FETCH_OK, 0, 200, "hello", true },
	{ "no body", LITERAL("HTTP/1.1 204 x\r\n\r\n"), false, false, false, RS_FETCH_OK, 0, 204, "", true },
	{ "HEAD", LITERAL(OK_LINE "Content-Length: 5\r\n\r\n"), false, true, false, RS_FETCH_OK, 0, 200, "", true },
	{ "chunked", LITERAL(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), false, false, false, RS_FETCH_OK, 0, 200,
	  "hello", true },
	{ "until close", LITERAL(OK_LINE "\r\nhello"), true, false, false, RS_FETCH_OK, 0, 200, "hello", false },
	{ "close", LITERAL(OK_LINE "Connection: close\r\nContent-Length: 0\r\n\r\n"), false, false, false, RS_FETCH_OK, 0, 200, "", false },
	{ "interim", LITERAL("HTTP/1.1 100 x\r\n\r\n" OK_LINE "Content-Length: 0\r\n\r\n"), false, false, false, RS_FETCH_OK, 0, 200, "",
	  true },
	{ "101 for that", LITERAL("HTTP/1.1 101 x\r\n\r\n"), false, false, true, RS_FETCH_OK, 0, 101, "", true },
	{ "101 for nothing", LITERAL("HTTP/1.1 101 x\r\n\r\n"), false, false, false, RS_FETCH_RESET, RS_FETCH_PROTOCOL, 0, "", false },
	{ "nothing", LITERAL(""), true, false, false, RS_FETCH_RESET, ECONNRESET, 0, "", false },
	{ "silence", LITERAL(""), false, false, false, RS_FETCH_TIMEOUT, ETIMEDOUT, 0, "", false },
	{ "cut head", LITERAL(OK_LINE), true, false, false, RS_FETCH_RESET, ECONNRESET, 0, "", false },
	{ "cut body", LITERAL(OK_LINE "Content-Length: 5\r\n\r\nhel"), true, false, false, RS_FETCH_RESET, ECONNRESET, 200, "hel", false },
	{ "half a body", LITERAL(OK_LINE "Content-Length: 5\r\n\r\nhel"), false, false, false, RS_FETCH_TIMEOUT, ETIMEDOUT, 200, "hel", false },
	{ "cut chunks", LITERAL(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), true, false, false, RS_FETCH_RESET, ECONNRESET,
	  200, "hello", false },
	{ "bad chunk", LITERAL(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhellox"), false, false, false, RS_FETCH_RESET,
	  RS_FETCH_PROTOCOL, 200, "hello", false },
	{ "no HTTP", LITERAL("220 ready\r\n"), false, false, false, RS_FETCH_RESET, RS_FETCH_PROTOCOL, 0, "", false },
	{ "enough", LITERAL(OK_LINE "\r\n0123456789012345678901234567890123456789"), false, false, false, RS_FETCH_RESET, ECANCELED, 200, NULL,
	  false },
};

static const struct rs_fetch_part question = { .bytes = LITERAL("GET / HTTP/1.1\r\n\r\n") };

static void begin(struct rs_fetch *f, struct peer *p, struct rs_slice script, size_t step, bool closes)
{
	assert_true(rs_fetch_init(f, RS_SLICE("ten.example"), 80, false, peer_wait));
	peer_open(p, &f->c, RS_CLIENT_TCP, script, step, closes);
}

static void run(const struct example *x, size_t step)
{
	struct rs_fetch_question q = { .head_method = x->head_method, .upgrade = x->upgrade, .timeout_ms = -1 };
	struct got g = { .most = 20 };
	const struct rs_fetch_sink sink = { .head = on_head, .body = on_body, .arg = &g };
	struct rs_client_conf conf;
	struct rs_fetch f;
	struct peer p;

	rs_client_conf_init(&conf);
	begin(&f, &p, x->script, step, x->closes);
	assert_int_equal(rs_fetch_send(&f, &conf, &question, 1), RS_FETCH_OK);
	assert_int_equal(rs_fetch_receive(&f, &q, &sink), x->end);
	if (x->end != RS_FETCH_OK)
		assert_int_equal(f.c.sock.error, x->error);
	assert_int_equal(g.status, x->status);
	assert_true(!x->body || rs_slice_eq(rs_buf_slice(&g.body), rs_slice_str(x->body)));
	assert_int_equal(rs_fetch_is_open(&f), x->open);
	assert_int_equal(f.upgraded, x->upgrade);
	peer_hear(&p);
	assert_true(rs_slice_eq(rs_buf_slice(&p.heard), question.bytes));
	rs_buf_free(&g.body);
	rs_fetch_free(&f);
	peer_end(&p);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++)
		for (size_t step = 1; step <= examples[i].script.n + 1; step++)
			run(&examples[i], step);
}

/* What comes behind an answer belongs to nobody: the connection is not used again. */
static void test_too_much(void **state)
{
	static const struct rs_slice script = LITERAL(OK_LINE "Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n");
	struct rs_fetch_question q = { .timeout_ms = -1 };
	struct got g = { .most = 20 };
	const struct rs_fetch_sink sink = { .head = on_head, .body = on_body, .arg = &g };
	struct rs_fetch f;
	struct peer p;

	(void)state;
	begin(&f, &p, script, script.n, false);
	assert_int_equal(rs_fetch_receive(&f, &q, &sink), RS_FETCH_OK);
	assert_false(rs_fetch_is_open(&f));
	rs_buf_free(&g.body);
	rs_fetch_free(&f);
	peer_end(&p);
}

static void test_reusable(void **state)
{
	struct rs_fetch f;
	struct peer p;

	(void)state;
	begin(&f, &p, RS_SLICE(""), 1, false);
	assert_true(rs_fetch_reusable(&f));
	assert_int_equal(send(p.fd, "x", 1, MSG_NOSIGNAL), 1);
	assert_false(rs_fetch_reusable(&f));
	assert_false(rs_fetch_is_open(&f));
	rs_fetch_free(&f);
	peer_end(&p);
	begin(&f, &p, RS_SLICE(""), 1, false);
	peer_close(&p);
	assert_false(rs_fetch_reusable(&f));
	rs_fetch_free(&f);
	peer_end(&p);
}

/* Interim answers have an end. */
static void test_interim(void **state)
{
	struct rs_fetch_question q = { .timeout_ms = -1 };
	struct got g = { .most = 20 };
	const struct rs_fetch_sink sink = { .head = on_head, .body = on_body, .arg = &g };
	struct rs_buf script = { 0 };
	struct rs_fetch f;
	struct peer p;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_true(rs_buf_printf(&script, "HTTP/1.1 103 x\r\n\r\n"));
	begin(&f, &p, rs_buf_slice(&script), script.len, false);
	assert_int_equal(rs_fetch_receive(&f, &q, &sink), RS_FETCH_RESET);
	assert_int_equal(f.c.sock.error, RS_FETCH_PROTOCOL);
	assert_int_equal(g.heads, 0);
	rs_fetch_free(&f);
	peer_end(&p);
	rs_buf_free(&script);
}

static void test_hosts(void **state)
{
	static const struct {
		struct rs_slice given;
		const char *host; /* NULL: refused */
		bool path;
	} hosts[] = {
		{ LITERAL("ten.example"), "ten.example", false }, { LITERAL("[::1]"), "::1", false }, { LITERAL("::1"), "::1", false },
		{ LITERAL("unix:/run/x"), "/run/x", true }, { LITERAL("unix:///run/x"), "/run/x", true }, { LITERAL("unix://run/x"), "/run/x", true },
		{ LITERAL(""), NULL, false }, { LITERAL("a b"), NULL, false }, { LITERAL("a\r\n"), NULL, false }, { LITERAL("unix:/a\0b"), NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(hosts); i++) {
		struct rs_fetch f;

		assert_int_equal(rs_fetch_host_ok(hosts[i].given), hosts[i].host != NULL);
		if (!hosts[i].host)
			continue;
		assert_true(rs_fetch_init(&f, hosts[i].given, 80, false, peer_wait));
		assert_string_equal(f.host, hosts[i].host);
		assert_int_equal(f.path, hosts[i].path);
		rs_fetch_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_too_much), cmocka_unit_test(test_reusable), cmocka_unit_test(test_interim),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
