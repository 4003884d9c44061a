/*
 * SERVER from a manager, which runs user code: what is right is taken as it is, everything else is refused for a reason.
 */
#include "master/master_server.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* One of each kind of port, two user processes. */
struct message {
	struct rs_wire_server w;
	struct rs_port port[7];
	char title[2][RS_TITLE_MAX];
};

static const struct {
	uint8_t type;
	uint8_t protocol;
	const char *host;
	uint16_t port;
	const char *name;
} kinds[] = {
	{ 1, RS_PORT_HTTP, "", 0, ":0" },
	{ 1, RS_PORT_STREAM, "127.0.0.1", 5291, "127.0.0.1:5291" },
	{ 2, RS_PORT_DATAGRAM, "0.0.0.0", 5292, "udp:0.0.0.0:5292" },
	{ 3, RS_PORT_WEBSOCKET, "::1", 5293, "[::1]:5293" },
	{ 4, RS_PORT_DATAGRAM, "::", 5294, "udp:[::]:5294" },
	{ 5, RS_PORT_STREAM, "/run/x.sock", 0, "unix:/run/x.sock" },
	{ 6, RS_PORT_DATAGRAM, "/run/y.sock", 0, "unixgram:/run/y.sock" },
};

static void make(struct message *m)
{
	memset(m, 0, sizeof *m);
	m->w = (struct rs_wire_server){ .nports = RS_COUNTOF(kinds), .nusers = 2, .dispatch_mode = 2, .hosted = true, .first_fd = 1 };
	for (size_t i = 0; i < RS_COUNTOF(kinds); i++) {
		m->port[i].socket_type = kinds[i].type;
		m->port[i].protocol = kinds[i].protocol;
		m->port[i].port = kinds[i].port;
		rs_fmt(m->port[i].host, sizeof m->port[i].host, "%s", kinds[i].host);
		m->port[i].listen_fd = 77;
	}
	rs_fmt(m->title[0], RS_TITLE_MAX, "timer");
	rs_fmt(m->title[1], RS_TITLE_MAX, "one");
}

static const char *parse(const struct message *m, struct rs_mserver *out)
{
	return rs_mserver_parse(rs_slice(m, sizeof *m), out);
}

static void test_what_is_right(void **state)
{
	struct rs_mserver s, copy;
	struct message m;
	char name[300];
	uint32_t at;

	(void)state;
	make(&m);
	assert_null(parse(&m, &s));
	assert_int_equal(s.w.nports, RS_COUNTOF(kinds));
	assert_string_equal(s.titles[0], "timer");
	assert_string_equal(s.titles[1], "one");
	for (size_t i = 0; i < RS_COUNTOF(kinds); i++) {
		rs_mserver_port_name(&s.ports[i], name, sizeof name);
		assert_string_equal(name, kinds[i].name);
		/* A number of theirs would be a descriptor of ours. */
		assert_int_equal(s.ports[i].listen_fd, -1);
	}
	assert_true(rs_mserver_copy(&copy, &s));
	assert_true(rs_mserver_same_ports(&s, &copy));
	copy.ports[3].port++;
	assert_false(rs_mserver_same_ports(&s, &copy));
	copy.ports[3].port--;
	copy.ports[0].port = 80; /* the configuration's business */
	assert_true(rs_mserver_same_ports(&s, &copy));
	assert_null(rs_mserver_other_setting(&s, &copy, &at));
	copy.ports[2].package_max_length++;
	assert_string_equal(rs_mserver_other_setting(&s, &copy, &at), "package_max_length");
	assert_int_equal(at, 2);
	copy.ports[0].events ^= RS_PORT_EVENT(RS_EVENT_OPEN);
	assert_string_equal(rs_mserver_other_setting(&s, &copy, &at), "what its handler hears");
	assert_int_equal(at, 0);
	rs_mserver_free(&copy);
	rs_mserver_free(&s);
	rs_mserver_free(NULL);
}

static void test_without_user_processes(void **state)
{
	struct rs_mserver s;
	struct message m;

	(void)state;
	make(&m);
	m.w.nusers = 0;
	m.w.first_fd = 0;
	assert_null(rs_mserver_parse(rs_slice(&m, offsetof(struct message, title)), &s));
	assert_int_equal(s.w.first_fd, 1);
	rs_mserver_free(&s);
}

/* One thing is wrong at a time. */
static void set_byte(struct message *m, void *at, int value)
{
	(void)m;
	memset(at, value, 1);
}

static void test_what_is_wrong(void **state)
{
	struct message m;
	struct rs_mserver s;
	unsigned n = 0;

	(void)state;
#define WRONG(change, text)                                                                                                            \
	do {                                                                                                                           \
		const char *why;                                                                                                       \
		make(&m);                                                                                                              \
		change;                                                                                                                \
		why = parse(&m, &s);                                                                                                   \
		assert_non_null(why);                                                                                                  \
		if (!strstr(why, text))                                                                                                \
			fail_msg("%s: %s", #change, why);                                                                              \
		n++;                                                                                                                   \
	} while (0)
	WRONG(m.w.nports = 0, "numbers");
	WRONG(m.w.nports = RS_PORTS_MAX + 1, "numbers");
	WRONG(m.w.nports--, "length");
	WRONG(m.w.nusers = 3, "length");
	WRONG(m.w.nusers = UINT32_MAX, "numbers");
	WRONG(m.w.dispatch_mode = 0, "numbers");
	WRONG(m.w.dispatch_mode = 11, "numbers");
	WRONG(m.w.hosted = false, "numbers");
	WRONG(set_byte(&m, &m.w.hosted, 2), "numbers");
	WRONG(set_byte(&m, &m.w.enable_coroutine, 255), "numbers");
	WRONG(set_byte(&m, &m.w.renew_in_turn, 2), "numbers");
	WRONG(set_byte(&m, &m.port[2].tcp_nodelay, 2), "without sense");
	WRONG(set_byte(&m, &m.port[1].tcp_fastopen, 2), "without sense");
	WRONG(set_byte(&m, &m.port[1].http2, 2), "without sense");
	WRONG(set_byte(&m, &m.port[1].autoindex, 2), "without sense");
	WRONG(set_byte(&m, &m.port[6].optional, 7), "without sense");
	WRONG(memset(m.port[1].host, 'x', sizeof m.port[1].host), "without end");
	WRONG(memset(m.port[1].document_root, 'x', sizeof m.port[1].document_root), "without end");
	WRONG(memset(m.port[1].subprotocol, 'x', sizeof m.port[1].subprotocol), "without end");
	WRONG(memset(m.port[1].static_locations, 'x', sizeof m.port[1].static_locations), "without end");
	WRONG(memset(m.port[1].index_files, 'x', sizeof m.port[1].index_files - 1), "without end");
	WRONG(m.port[1].protocol = RS_PORT_WEBSOCKET + 1, "no known kind");
	WRONG(m.port[1].handshake = 3, "no known kind");
	WRONG(m.port[1].socket_type = 0, "no known kind");
	WRONG(m.port[1].socket_type = 7, "no known kind");
	WRONG(m.port[1].socket_type = 2, "does not fit");
	WRONG(m.port[2].protocol = RS_PORT_STREAM, "does not fit");
	WRONG(m.port[1].events = UINT32_MAX, "do not exist");
	WRONG(m.port[1].eof_len = 9, "do not exist");
	WRONG(m.port[1].length_type = 'x', "do not exist");
	WRONG(m.port[0].protocol = RS_PORT_STREAM, "not HTTP");
	WRONG((m.port[1].static_handler = true, strcpy(m.port[1].document_root, "public")), "not absolute");
	WRONG(strcpy(m.port[1].host, "localhost"), "literal");
	WRONG(strcpy(m.port[1].host, "::1"), "literal");
	WRONG(strcpy(m.port[3].host, "127.0.0.1"), "literal");
	WRONG(strcpy(m.port[5].host, "relative.sock"), "absolute");
	WRONG((memset(m.port[5].host, '/', 200), m.port[5].host[200] = 0), "absolute");
	WRONG(m.title[1][0] = '\0', "title");
	WRONG(memset(m.title[0], 'x', RS_TITLE_MAX), "title");
	WRONG(m.title[0][2] = '\n', "title");
#undef WRONG
	assert_int_equal(n, 40);
}

/* Whatever is in it: refused, or something that can be looked at. */
static void test_any_bytes(void **state)
{
	struct rs_mserver s;
	struct message m;
	char name[300];
	unsigned taken = 0;

	(void)state;
	srandom(4711);
	for (int i = 0; i < 20000; i++) {
		size_t n = sizeof m;
		make(&m);
		for (long k = random() % 4; k >= 0; k--)
			((unsigned char *)&m)[(size_t)random() % sizeof m] = (unsigned char)random();
		if (random() % 8 == 0)
			n = (size_t)random() % sizeof m;
		if (rs_mserver_parse(rs_slice(&m, n), &s))
			continue;
		for (uint32_t p = 0; p < s.w.nports; p++)
			rs_mserver_port_name(&s.ports[p], name, sizeof name);
		for (uint32_t u = 0; u < s.w.nusers; u++)
			assert_true(strlen(s.titles[u]) > 0);
		rs_mserver_free(&s);
		taken++;
	}
	assert_true(taken > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_right),
		cmocka_unit_test(test_without_user_processes),
		cmocka_unit_test(test_what_is_wrong),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
