/*
 * The table behind limit_conn and limit_req: which addresses are one, who makes way for whom, and how a bucket leaks. Then who is
 * counted when a request comes: the peer, or the client that a trusted proxy speaks for.
 */
#include "reactor/reactor_limit.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct rs_limit l;

static int down(void **state)
{
	(void)state;
	rs_limit_fini(&l);
	return 0;
}

static void addresses_are_told_apart(void **state)
{
	static const char *const different[] = { "1.2.3.4",   "1.2.3.5",       "4.3.2.1",      "::",
						 "0.0.0.0",   "2001:db8:1:2::", "2001:db8:1:3::", "2001:db8:2:2::" };
	static const char *const no_address[] = { "", "unix:", "1.2.3", "localhost", "1.2.3.4:80", "[::1]", "::g" };

	(void)state;
	assert_int_equal(rs_limit_place(&l, "1.2.3.4"), 0); /* nothing was reserved */
	assert_true(rs_limit_reserve(&l, 100));
	for (size_t i = 0; i < RS_COUNTOF(different); i++)
		assert_int_equal(rs_limit_place(&l, different[i]), i + 1);
	for (size_t i = 0; i < RS_COUNTOF(different); i++)
		assert_int_equal(rs_limit_place(&l, different[i]), i + 1);
	for (size_t i = 0; i < RS_COUNTOF(no_address); i++)
		assert_int_equal(rs_limit_place(&l, no_address[i]), 0);
	/* One customer has a /64. */
	assert_int_equal(rs_limit_place(&l, "2001:db8:1:2:ffff::7"), rs_limit_place(&l, "2001:db8:1:2::"));
}

static uint32_t place(unsigned i)
{
	char text[32];

	assert_true(rs_fmt(text, sizeof text, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255));
	return rs_limit_place(&l, text);
}

/* Bounded: whoever has no connection and was silent for longest is forgotten. */
static void the_silent_make_way(void **state)
{
	uint32_t kept, asked;

	(void)state;
	assert_true(rs_limit_reserve(&l, 8));
	kept = place(0);
	assert_int_equal(rs_limit_hold(&l, kept), 1);
	asked = place(1);
	for (unsigned i = 2; i < 8; i++)
		assert_int_equal(place(i), i + 1);
	assert_true(rs_limit_take(&l, asked, 1000, 0, 5000));
	assert_int_equal(place(1), asked);      /* heard of again: now the youngest */
	assert_int_equal(place(100), 3);        /* in the place of 2 */
	assert_int_equal(place(2), 4);          /* and that in the place of 3 */
	assert_int_equal(place(0), kept);
	assert_int_equal(place(1), asked);
	assert_false(rs_limit_take(&l, asked, 1000, 0, 5000)); /* its bucket is still its own */
	for (unsigned i = 200; i < 100000; i++) {
		uint32_t at = place(i);
		assert_true(at && at <= 8 && at != kept);
	}
	assert_int_equal(place(0), kept);
	assert_int_equal(l.n, 8);
}

static void all_have_connections(void **state)
{
	(void)state;
	assert_true(rs_limit_reserve(&l, 3));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(rs_limit_hold(&l, place(i)), 1);
	assert_int_equal(place(3), 0);
	assert_int_equal(rs_limit_hold(&l, place(1)), 2);
	rs_limit_drop(&l, 2);
	assert_int_equal(place(3), 0);
	rs_limit_drop(&l, 2);
	assert_int_equal(place(3), 2);
}

/* A reload may raise max_conn: places are kept, since connections know theirs. */
static void it_grows_with_what_is_in_it(void **state)
{
	(void)state;
	assert_true(rs_limit_reserve(&l, 4));
	for (unsigned i = 0; i < 4; i++)
		(void)rs_limit_hold(&l, place(i));
	assert_true(rs_limit_reserve(&l, 5000));
	assert_true(rs_limit_reserve(&l, 10)); /* never smaller */
	assert_int_equal(l.cap, 5000);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(place(i), i + 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(rs_limit_hold(&l, place(i)), 2);
	for (unsigned i = 0; i < 4; i++) {
		rs_limit_drop(&l, i + 1);
		rs_limit_drop(&l, i + 1);
	}
	assert_int_equal(place(5000), 5); /* the oldest of the others */
}

/* As nginx does: one a tenth of a second, and `burst` before their time. */
static const struct {
	int64_t at_ms;
	bool ok;
} with_burst[] = {
	{ 1000, true }, { 1000, true }, { 1000, true }, { 1000, true }, { 1000, false }, { 1099, false },
	{ 1100, true }, { 1100, false }, { 1350, true }, { 1350, true }, { 1350, false }, { 9000, true },
	{ 9000, true }, { 9000, true }, { 9000, true }, { 9000, false },
	{ 8000, false }, /* a clock that goes backwards gives nothing */
};

static void buckets_leak(void **state)
{
	uint32_t at;

	(void)state;
	assert_true(rs_limit_reserve(&l, 4));
	at = place(1);
	for (size_t i = 0; i < RS_COUNTOF(with_burst); i++)
		if (rs_limit_take(&l, at, 10000, 3, with_burst[i].at_ms) != with_burst[i].ok)
			fail_msg("row %zu", i);
}

static void extremes(void **state)
{
	uint32_t at;

	(void)state;
	assert_true(rs_limit_reserve(&l, 4));
	at = place(1);
	assert_true(rs_limit_take(&l, at, 1000000000, 1000000, 1));
	assert_true(rs_limit_take(&l, at, 1000000000, 1000000, INT64_MAX));
	at = place(2);
	assert_true(rs_limit_take(&l, at, 16, 0, 1));
	assert_false(rs_limit_take(&l, at, 16, 0, 62500));
	assert_true(rs_limit_take(&l, at, 16, 0, 62501));
}

/* ---- in the reactor ------------------------------------------------------------------------------------ */

static struct rs_reactor *r;
static struct rs_conf conf;
static struct rs_log quiet = { .fd = -1, .level = RS_LOG_ALERT };
static const char one_a_minute[] = "1r/m", nothing[] = "";

static int with_reactor(void **state)
{
	(void)state;
	r = calloc(1, sizeof *r);
	assert_non_null(r);
	rs_conf_init(&conf); /* trusts 127.0.0.0/8 and Unix sockets */
	r->conf = &conf;
	r->log = &quiet;
	r->now_us = 5000000;
	return 0;
}

static int without_reactor(void **state)
{
	(void)state;
	rs_limit_fini(&r->limit);
	rs_conf_fini(&conf);
	free(r);
	return 0;
}

static void configure(int64_t limit_conn, const char *limit_req)
{
	conf.limit_conn = limit_conn;
	free(conf.limit_req);
	conf.limit_req = strdup(limit_req);
	assert_non_null(conf.limit_req);
	rs_limit_configure(r);
}

/* A connection of peer, and a request on it, of client as reactor_client.c has found it. */
struct asked {
	struct rs_conn c;
	struct rs_req q;
};

static void ask(struct asked *a, const char *peer, const char *client)
{
	*a = (struct asked){ .c = { .r = r, .trusted_serial = r->conf_serial - 1 }, .q = { .r = r, .conn = &a->c } };
	(void)rs_copy(a->c.remote, sizeof a->c.remote, rs_slice_str(peer));
	(void)rs_copy(a->q.remote, sizeof a->q.remote, rs_slice_str(client));
}

static unsigned verdict(const char *peer, const char *client)
{
	struct asked a;

	ask(&a, peer, client);
	return rs_limit_request(&a.q);
}

static void requests_are_the_clients(void **state)
{
	(void)state;
	assert_int_equal(verdict("127.0.0.1", "192.0.2.1"), 0);
	configure(0, one_a_minute);
	assert_int_equal(verdict("127.0.0.1", "192.0.2.1"), 0);
	assert_int_equal(verdict("127.0.0.1", "192.0.2.2"), 0);
	assert_int_equal(verdict("", "192.0.2.1"), 503);        /* the same client by a Unix socket */
	assert_int_equal(verdict("192.0.2.1", "192.0.2.1"), 503); /* and by itself */
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(verdict("127.0.0.1", "127.0.0.1"), 0); /* the proxy itself */
		assert_int_equal(verdict("127.0.0.1", "127.0.0.7"), 0); /* another one of ours */
		assert_int_equal(verdict("", ""), 0);
	}
	assert_int_equal(r->limit.requests, 2);
	conf.limit_req_status = RS_LIMIT_SILENT;
	assert_int_equal(verdict("127.0.0.1", "192.0.2.2"), RS_LIMIT_SILENT);
	configure(0, nothing);
	assert_int_equal(verdict("127.0.0.1", "192.0.2.2"), 0);
}

static void connections_are_lent(void **state)
{
	struct asked a, b, other;

	(void)state;
	configure(1, nothing);
	ask(&a, "127.0.0.1", "192.0.2.1");
	ask(&b, "", "192.0.2.1");
	ask(&other, "", "192.0.2.2");
	assert_int_equal(rs_limit_request(&a.q), 0);
	assert_int_equal(rs_limit_request(&b.q), 503);
	assert_false(b.c.limit_lent);
	assert_int_equal(rs_limit_request(&other.q), 0);
	rs_limit_answered(&a.c);
	rs_limit_answered(&a.c);
	assert_int_equal(rs_limit_request(&b.q), 0);
	assert_int_equal(rs_limit_request(&a.q), 503);
	rs_limit_conn_gone(&b.c); /* the proxy has closed it in the middle */
	rs_limit_answered(&b.c);
	assert_int_equal(rs_limit_request(&a.q), 0);
	assert_int_equal(r->limit.conns, 2);
	configure(0, nothing); /* what was lent comes back all the same */
	rs_limit_answered(&a.c);
	rs_limit_answered(&other.c);
	assert_int_equal(r->limit.entry[1].conns + r->limit.entry[2].conns, 0);
}

/* Its own place stays with a connection for as long as it lives, whatever is answered. */
static void a_clients_own_connection_is_not_lent(void **state)
{
	struct asked a;

	(void)state;
	configure(1, nothing);
	ask(&a, "192.0.2.1", "192.0.2.1");
	assert_true(rs_limit_admit(&a.c));
	assert_int_equal(rs_limit_request(&a.q), 0);
	rs_limit_answered(&a.c);
	assert_int_equal(r->limit.entry[a.c.limit_place].conns, 1);
	assert_int_equal(verdict("127.0.0.1", "192.0.2.1"), 503);
	/* A reload made a proxy of it. */
	(void)rs_copy(a.c.remote, sizeof a.c.remote, RS_SLICE("127.0.0.1"));
	r->conf_serial++;
	assert_int_equal(rs_limit_request(&a.q), 0);
	assert_true(a.c.limit_lent);
	rs_limit_answered(&a.c);
	assert_int_equal(a.c.limit_place, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, down)
#define LIVE(name) cmocka_unit_test_setup_teardown(name, with_reactor, without_reactor)
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_told_apart), TEST(the_silent_make_way), TEST(all_have_connections),
		TEST(it_grows_with_what_is_in_it), TEST(buckets_leak), TEST(extremes),
		LIVE(requests_are_the_clients), LIVE(connections_are_lent), LIVE(a_clients_own_connection_is_not_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
