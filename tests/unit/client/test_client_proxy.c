/*
 * Proxies: every answer in every size of pieces, a proxy that ends or falls silent after every byte, and not one byte taken of what
 * comes behind the answer.
 */
#include "client/client_proxy.c"

#include "client/peer.h"

#define LITERAL(text) { (text), sizeof(text) - 1 }

struct example {
	const char *name;
	struct rs_proxy_conf conf;
	struct rs_slice host;
	int port;
	struct rs_slice asked;  /* what the proxy must hear */
	struct rs_slice answer; /* all of its words */
	int error;              /* 0: through */
};

static char user[] = "us", password[] = "secret", nothing[] = "";

#define HEAD "CONNECT ten.example:80 HTTP/1.1\r\nHost: ten.example:80\r\n"

static const struct example examples[] = {
	{ "socks5 to a name", { .kind = RS_PROXY_SOCKS5 }, LITERAL("ten.example"), 80,
	  LITERAL("\5\1\0" "\5\1\0\3\13ten.example\0\120"), LITERAL("\5\0" "\5\0\0\1\1\2\3\4\0\120"), 0 },
	{ "socks5 to IPv4", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 258,
	  LITERAL("\5\1\0" "\5\1\0\1\1\2\3\4\1\2"), LITERAL("\5\0" "\5\0\0\3\0\0\0"), 0 },
	{ "socks5 to IPv6", { .kind = RS_PROXY_SOCKS5 }, LITERAL("::1"), 65535,
	  LITERAL("\5\1\0" "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\377\377"),
	  LITERAL("\5\0" "\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0"), 0 },
	{ "socks5 bound to a name", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 1,
	  LITERAL("\5\1\0" "\5\1\0\1\1\2\3\4\0\1"), LITERAL("\5\0" "\5\0\0\3\3abc\0\0"), 0 },
	{ "socks5 with a password", { .kind = RS_PROXY_SOCKS5, .user = user, .password = password }, LITERAL("1.2.3.4"), 1,
	  LITERAL("\5\2\0\2" "\1\2us\6secret" "\5\1\0\1\1\2\3\4\0\1"), LITERAL("\5\2" "\1\0" "\5\0\0\1\0\0\0\0\0\0"), 0 },
	{ "socks5 with a password that is empty", { .kind = RS_PROXY_SOCKS5, .user = user }, LITERAL("1.2.3.4"), 1,
	  LITERAL("\5\2\0\2" "\1\2us\0" "\5\1\0\1\1\2\3\4\0\1"), LITERAL("\5\2" "\1\0" "\5\0\0\1\0\0\0\0\0\0"), 0 },
	{ "socks5 that does not want the password", { .kind = RS_PROXY_SOCKS5, .user = user, .password = password },
	  LITERAL("1.2.3.4"), 1, LITERAL("\5\2\0\2" "\5\1\0\1\1\2\3\4\0\1"), LITERAL("\5\0" "\5\0\0\1\0\0\0\0\0\0"), 0 },
	{ "socks5, wrong password", { .kind = RS_PROXY_SOCKS5, .user = user, .password = password }, LITERAL("1.2.3.4"), 1,
	  LITERAL("\5\2\0\2" "\1\2us\6secret"), LITERAL("\5\2" "\1\1"), RS_SOCKS5_AUTH },
	{ "socks5 wants a password", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 1, LITERAL("\5\1\0"), LITERAL("\5\2"),
	  RS_SOCKS5_METHOD },
	{ "socks5 takes none", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 1, LITERAL("\5\1\0"), LITERAL("\5\377"),
	  RS_SOCKS5_METHOD },
	{ "socks4", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 1, LITERAL("\5\1\0"), LITERAL("\4\0"), RS_SOCKS5_VERSION },
	{ "socks5 refuses", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 1, LITERAL("\5\1\0" "\5\1\0\1\1\2\3\4\0\1"),
	  LITERAL("\5\0" "\5\5\0\1\0"), RS_SOCKS5_SERVER },
	{ "socks5 with an address of no kind", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 1,
	  LITERAL("\5\1\0" "\5\1\0\1\1\2\3\4\0\1"), LITERAL("\5\0" "\5\0\0\2\0"), RS_SOCKS5_HANDSHAKE },
	{ "socks5 changes its version", { .kind = RS_PROXY_SOCKS5 }, LITERAL("1.2.3.4"), 1,
	  LITERAL("\5\1\0" "\5\1\0\1\1\2\3\4\0\1"), LITERAL("\5\0" "\4\0\0\1\0"), RS_SOCKS5_VERSION },
	{ "http", { .kind = RS_PROXY_HTTP }, LITERAL("ten.example"), 80, LITERAL(HEAD "\r\n"),
	  LITERAL("HTTP/1.1 200 Connection established\r\n\r\n"), 0 },
	{ "http/1.0 with fields", { .kind = RS_PROXY_HTTP }, LITERAL("ten.example"), 80, LITERAL(HEAD "\r\n"),
	  LITERAL("HTTP/1.0 200 OK\r\nVia: 1.0 x\r\n\r\n"), 0 },
	{ "http to IPv6", { .kind = RS_PROXY_HTTP }, LITERAL("::1"), 81,
	  LITERAL("CONNECT [::1]:81 HTTP/1.1\r\nHost: [::1]:81\r\n\r\n"), LITERAL("HTTP/1.1 204 x\r\n\r\n"), 0 },
	{ "http with a password", { .kind = RS_PROXY_HTTP, .user = user, .password = password }, LITERAL("ten.example"), 80,
	  LITERAL(HEAD "Proxy-Authorization: Basic dXM6c2VjcmV0\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\n\r\n"), 0 },
	{ "http with a password, padded", { .kind = RS_PROXY_HTTP, .user = user, .password = nothing }, LITERAL("ten.example"), 80,
	  LITERAL(HEAD "Proxy-Authorization: Basic dXM6\r\n\r\n"), LITERAL("HTTP/1.1 200 OK\r\n\r\n"), 0 },
	{ "http refuses", { .kind = RS_PROXY_HTTP }, LITERAL("ten.example"), 80, LITERAL(HEAD "\r\n"),
	  LITERAL("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), RS_HTTP_PROXY_HANDSHAKE },
	{ "no http", { .kind = RS_PROXY_HTTP }, LITERAL("ten.example"), 80, LITERAL(HEAD "\r\n"),
	  LITERAL("SSH-2.0-OpenSSH 2\r\n\r\n"), RS_HTTP_PROXY_HANDSHAKE },
	{ "http/2 said in http/1", { .kind = RS_PROXY_HTTP }, LITERAL("ten.example"), 80, LITERAL(HEAD "\r\n"),
	  LITERAL("HTTP/2 200\r\n\r\n"), RS_HTTP_PROXY_HANDSHAKE },
	{ "four bytes", { .kind = RS_PROXY_HTTP }, LITERAL("ten.example"), 80, LITERAL(HEAD "\r\n"), LITERAL("\r\n\r\n"),
	  RS_HTTP_PROXY_HANDSHAKE },
};

/* Behind the answer: the first words of who is behind the proxy. */
#define BEHIND "HELLO"

static void check(const struct example *e, size_t step)
{
	char said[256], behind[sizeof BEHIND];
	struct rs_sock s;
	struct peer p;
	bool ok;

	memcpy(said, e->answer.p, e->answer.n);
	memcpy(said + e->answer.n, BEHIND, strlen(BEHIND));
	rs_sock_init(&s);
	peer_socket(&p, &s, SOCK_STREAM, rs_slice(said, e->answer.n + strlen(BEHIND)), step, false);
	ok = rs_proxy_ask(&s, &e->conf, e->host, e->port, 1000);
	peer_hear(&p);
	assert_int_equal(ok ? 0 : s.error, e->error);
	assert_int_equal(p.heard.len, e->asked.n);
	assert_memory_equal(rs_buf_data(&p.heard), e->asked.p, e->asked.n);
	if (ok) {
		bool failed;

		assert_int_equal(rs_sock_recv_all(&s, behind, strlen(BEHIND), 1000, &failed), strlen(BEHIND));
		assert_memory_equal(behind, BEHIND, strlen(BEHIND));
	} else {
		assert_non_null(s.why);
	}
	rs_sock_close(&s);
	peer_end(&p);
}

static void test_every_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++) {
		print_message("%s\n", examples[i].name);
		for (size_t step = 1; step <= examples[i].answer.n + strlen(BEHIND); step++)
			check(&examples[i], step);
	}
}

/* closes: with the error of a proxy; else with that of a time limit. */
static void check_cut(const struct example *e, size_t n, bool closes)
{
	struct rs_sock s;
	struct peer p;

	rs_sock_init(&s);
	peer_socket(&p, &s, SOCK_STREAM, rs_slice(e->answer.p, n), 1, closes);
	assert_false(rs_proxy_ask(&s, &e->conf, e->host, e->port, 1000));
	if (!closes)
		assert_int_equal(s.error, ETIMEDOUT);
	else
		assert_true(s.error >= RS_SOCKS5_VERSION || s.error == EPIPE || s.error == ECONNRESET);
	rs_sock_close(&s);
	peer_end(&p);
}

static void test_every_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++)
		for (size_t n = 0; n < examples[i].answer.n && !examples[i].error; n++) {
			check_cut(&examples[i], n, true);
			check_cut(&examples[i], n, false);
		}
}

static void test_an_answer_without_end(void **state)
{
	static char endless[3 * ANSWER_MAX];
	struct rs_proxy_conf conf = { .kind = RS_PROXY_HTTP };
	struct rs_sock s;
	struct peer p;

	(void)state;
	memset(endless, 'x', sizeof endless);
	rs_sock_init(&s);
	peer_socket(&p, &s, SOCK_STREAM, rs_slice(endless, sizeof endless), 1000, false);
	assert_false(rs_proxy_ask(&s, &conf, RS_SLICE("ten.example"), 80, 1000));
	assert_int_equal(s.error, RS_HTTP_PROXY_HANDSHAKE);
	assert_true(p.at < 2 * ANSWER_MAX);
	rs_sock_close(&s);
	peer_end(&p);
}

/* Nothing of this is sent: it would say more than one request. */
static void test_hosts_that_are_none(void **state)
{
	static const struct rs_slice hosts[] = { LITERAL("a\r\nX: y"), LITERAL("a b"), LITERAL("a\0b"), LITERAL("a\x7f") };
	static char long_host[256];
	struct rs_proxy_conf http = { .kind = RS_PROXY_HTTP }, socks = { .kind = RS_PROXY_SOCKS5 };
	struct rs_sock s;
	struct peer p;

	(void)state;
	memset(long_host, 'a', sizeof long_host);
	rs_sock_init(&s);
	peer_socket(&p, &s, SOCK_STREAM, RS_SLICE(""), 1, false);
	for (size_t i = 0; i < RS_COUNTOF(hosts); i++) {
		assert_false(rs_proxy_ask(&s, &http, hosts[i], 80, 1000));
		assert_int_equal(s.error, EINVAL);
	}
	assert_false(rs_proxy_ask(&s, &socks, rs_slice(long_host, sizeof long_host), 80, 1000));
	assert_false(rs_proxy_ask(&s, &socks, RS_SLICE(""), 80, 1000));
	peer_hear(&p);
	assert_int_equal(p.heard.len, 0);
	rs_sock_close(&s);
	peer_end(&p);
}

static void test_passwords_that_do_not_fit(void **state)
{
	static char too_long[257];
	struct rs_proxy_conf conf = { .kind = RS_PROXY_SOCKS5, .user = too_long, .password = password };
	struct rs_sock s;
	struct peer p;

	(void)state;
	memset(too_long, 'u', sizeof too_long - 1);
	rs_sock_init(&s);
	peer_socket(&p, &s, SOCK_STREAM, RS_SLICE("\5\2"), 2, false);
	assert_false(rs_proxy_ask(&s, &conf, RS_SLICE("1.2.3.4"), 80, 1000));
	assert_int_equal(s.error, RS_SOCKS5_AUTH);
	rs_sock_close(&s);
	peer_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_step),
		cmocka_unit_test(test_every_end),
		cmocka_unit_test(test_an_answer_without_end),
		cmocka_unit_test(test_hosts_that_are_none),
		cmocka_unit_test(test_passwords_that_do_not_fit),
	};

	return cmocka_run_group_tests_name("client_proxy", tests, NULL, NULL);
}
