/*
 * What goes through a connection: packages in every size of pieces, lengths that lie, bytes of what was framed before, flags, limits,
 * and who is in there while somebody else closes.
 */
#include "client/client_bytes.c"

#include "client/peer.h"

#define MS 1000

static struct rs_client_conf conf_of(struct rs_packet_settings set)
{
	struct rs_client_conf conf;

	rs_client_conf_init(&conf);
	assert_null(rs_packet_conf_init(&conf.packet, &set));
	return conf;
}

/* The next package, as text of the heap; NULL: what *rc says. */
static char *next(struct rs_client *c, const struct rs_client_conf *conf, enum rs_result *rc)
{
	struct rs_slice got;
	char *text;

	*rc = rs_client_recv_package(c, conf, MS, &got);
	if (*rc != RS_OK)
		return NULL;
	text = strndup(got.p, got.n);
	rs_buf_consume(&c->in, got.n);
	return text;
}

/* ---- packages --------------------------------------------------------------------------------------------------- */

#define S(literal) { (literal), sizeof(literal) - 1 }

static const struct {
	struct rs_packet_settings set;
	struct rs_slice bytes, packages[4]; /* until the first empty one */
	enum rs_result end;
	int error;
} streams[] = {
	{ { .open_eof_split = true, .package_eof = S("##") }, S("a##b#c##d#"), { S("a##"), S("b#c##") }, RS_DONE, 0 },
	{ { .open_length_check = true, .package_length_type = S("n"), .package_body_offset = 2 },
	  S("\0\3abc\0\1d\0\2e"), { S("\0\3abc"), S("\0\1d") }, RS_DONE, 0 },
	{ { .open_length_check = true, .package_length_type = S("C"), .package_length_offset = 1, .package_body_offset = 2 },
	  S("x\3abcx\1dx\2e"), { S("x\3abc"), S("x\1d") }, RS_DONE, 0 },
	{ { .open_length_check = true, .package_length_type = S("C"), .package_length_offset = 1, .package_body_offset = 2,
	    .package_max_length = 6 }, S("x\4abcdx\5"), { S("x\4abcd") }, RS_ERR, RS_PACKET_TOO_LARGE },
	{ { .open_length_check = true }, S("\377\377\377\377"), { { 0 } }, RS_ERR, RS_PACKET_TOO_LARGE },
	{ { .open_length_check = true, .package_length_type = S("c"), .package_body_offset = 1 }, S("\200"), { { 0 } }, RS_ERR,
	  RS_PACKET_MALFORMED },
	{ { .open_eof_split = true, .package_max_length = 8 }, S("12345678"), { { 0 } }, RS_ERR, RS_PACKET_TOO_LARGE },
};

/* Every package of a stream in pieces of this size, then its end. */
static void check_stream(size_t i, size_t step)
{
	struct rs_client_conf conf = conf_of(streams[i].set);
	enum rs_result rc;
	struct rs_slice got;
	struct rs_client c;
	struct peer p;

	peer_open(&p, &c, RS_CLIENT_TCP, streams[i].bytes, step, true);
	for (size_t k = 0; streams[i].packages[k].n; k++) {
		assert_int_equal(rs_client_recv_package(&c, &conf, MS, &got), RS_OK);
		assert_true(rs_slice_eq(got, streams[i].packages[k]));
		rs_buf_consume(&c.in, got.n);
	}
	rc = rs_client_recv_package(&c, &conf, MS, &got);
	assert_int_equal(rc, streams[i].end);
	if (rc == RS_ERR) {
		assert_int_equal(c.sock.error, streams[i].error);
		assert_non_null(c.sock.why);
		/* For good. */
		assert_int_equal(rs_client_recv_package(&c, &conf, MS, &got), RS_ERR);
	}
	/* What a length claims is not what is allocated. */
	assert_true(c.in.cap <= 4 * READ_PIECE);
	rs_client_close(&c);
	peer_end(&p);
}

static void test_packages_in_every_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(streams); i++)
		for (size_t step = 1; step <= streams[i].bytes.n; step++)
			check_stream(i, step);
}

static void test_a_limit_keeps_what_is_there(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ .open_eof_split = true, .package_eof = RS_SLICE("#") });
	struct rs_client c;
	enum rs_result rc;
	struct peer p;
	char *text;

	(void)state;
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE("ab"), 1, false);
	assert_null(next(&c, &conf, &rc));
	assert_int_equal(rc, RS_ERR);
	assert_int_equal(c.sock.error, ETIMEDOUT);
	p.script = RS_SLICE("c#");
	p.at = 0;
	text = next(&c, &conf, &rc);
	assert_string_equal(text, "abc#");
	free(text);
	rs_client_close(&c);
	peer_end(&p);
}

static struct rs_client *to_close;

static int64_t closes(void *arg, struct rs_slice data)
{
	(void)arg;
	rs_client_close(to_close);
	return data.n < 2 ? 0 : 2;
}

static void test_the_length_function_closes(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ .open_length_check = true, .package_length_func = closes });
	struct rs_client c;
	enum rs_result rc;
	struct peer p;

	(void)state;
	for (size_t step = 1; step <= 3; step++) {
		peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE("abc"), step, false);
		to_close = &c;
		assert_null(next(&c, &conf, &rc));
		assert_int_equal(rc, RS_ERR);
		assert_int_equal(c.sock.error, RS_SOCK_CLOSED);
		assert_int_equal(c.sock.fd, -1);
		assert_null(c.in.p);
		peer_end(&p);
	}
}

static void test_has_package(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ .open_eof_split = true, .package_eof = RS_SLICE("#") });
	struct rs_client_conf raw = conf_of((struct rs_packet_settings){ 0 });
	struct rs_client c;
	enum rs_result rc;
	struct peer p;

	(void)state;
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE("a#b#c"), 5, false);
	assert_false(rs_client_has_package(&c, &conf));
	free(next(&c, &conf, &rc));
	assert_true(rs_client_has_package(&c, &conf));
	free(next(&c, &conf, &rc));
	assert_false(rs_client_has_package(&c, &conf));
	assert_true(rs_client_has_package(&c, &raw));
	rs_client_close(&c);
	peer_end(&p);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static void test_what_framing_left_comes_first(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ .open_eof_split = true, .package_eof = RS_SLICE("#") });
	struct rs_client c;
	enum rs_result rc;
	char got[16] = "";
	struct peer p;

	(void)state;
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE("a#bcdef"), 5, false);
	free(next(&c, &conf, &rc));
	assert_int_equal(rs_client_recv(&c, &conf, got, 2, MSG_PEEK, MS), 2);
	assert_int_equal(rs_client_recv(&c, &conf, got, 2, 0, MS), 2);
	assert_memory_equal(got, "bc", 2);
	/* One from there, two from the socket. */
	assert_int_equal(rs_client_recv(&c, &conf, got, 3, MSG_WAITALL, MS), 3);
	assert_memory_equal(got, "def", 3);
	rs_client_close(&c);
	peer_end(&p);
}

static void test_waitall(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ 0 });
	struct rs_client c;
	char got[16] = "";
	struct peer p;

	(void)state;
	for (size_t step = 1; step < 8; step++) {
		peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE("abcdefg"), step, true);
		assert_int_equal(rs_client_recv(&c, &conf, got, 5, MSG_WAITALL, MS), 5);
		assert_memory_equal(got, "abcde", 5);
		assert_int_equal(rs_client_recv(&c, &conf, got, 5, MSG_WAITALL, MS), 2);
		assert_int_equal(rs_client_recv(&c, &conf, got, 5, MSG_WAITALL, MS), 0);
		rs_client_close(&c);
		peer_end(&p);
	}
}

static void test_flags_that_lie(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ 0 });
	struct rs_client c;
	char got[8] = "";
	struct peer p;

	(void)state;
	/* The length of the whole datagram, when only part of it fits. */
	peer_open(&p, &c, RS_CLIENT_UDP, RS_SLICE("0123456789"), 10, false);
	assert_int_equal(rs_client_recv(&c, &conf, got, 4, MSG_TRUNC, MS), 4);
	rs_client_close(&c);
	peer_end(&p);
	/* Bytes thrown away, but counted. */
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE("0123456789"), 10, false);
	assert_int_equal(rs_client_recv(&c, &conf, got, 4, MSG_TRUNC, MS), 4);
	assert_memory_equal(got, "0123", 4);
	rs_client_close(&c);
	peer_end(&p);
}

static void test_dontwait(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ 0 });
	size_t n = 8 << 20;
	char *bytes = calloc(1, n), got[8];
	struct rs_client c;
	struct peer p;
	ssize_t gone;

	(void)state;
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE(""), 1, false);
	assert_int_equal(rs_client_recv(&c, &conf, got, 4, MSG_DONTWAIT, MS), -1);
	assert_int_equal(c.sock.error, EAGAIN);
	gone = rs_client_send(&c, &conf, bytes, n, MSG_DONTWAIT);
	assert_true(gone > 0 && (size_t)gone < n);
	assert_int_equal(rs_client_send(&c, &conf, bytes, n, MSG_DONTWAIT), -1);
	assert_int_equal(c.sock.error, EAGAIN);
	assert_int_equal(p.waits, 0);
	/* Waiting, all of it. */
	assert_int_equal(rs_client_send(&c, &conf, bytes, n, 0), n);
	peer_hear(&p);
	assert_int_equal(p.heard.len, n + (size_t)gone);
	free(bytes);
	rs_client_close(&c);
	peer_end(&p);
}

/* Somebody made the descriptor block: nothing here may. */
static void test_a_blocking_descriptor(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ 0 });
	struct rs_client c;
	struct peer p;
	char got[8];

	(void)state;
	for (enum rs_client_kind kind = RS_CLIENT_TCP; kind <= RS_CLIENT_UDP; kind++) {
		peer_open(&p, &c, kind, RS_SLICE(""), 1, false);
		assert_int_equal(fcntl(c.sock.fd, F_SETFL, 0), 0);
		alarm(20);
		assert_int_equal(rs_client_recv(&c, &conf, got, 4, 0, MS), -1);
		assert_int_equal(c.sock.error, ETIMEDOUT);
		alarm(0);
		rs_client_close(&c);
		peer_end(&p);
	}
}

static void test_a_peer_that_is_gone(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ 0 });
	struct rs_client c;
	struct peer p;
	char got[8];

	(void)state;
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE(""), 1, false);
	peer_close(&p);
	assert_int_equal(rs_client_recv(&c, &conf, got, 4, 0, MS), 0);
	assert_int_equal(rs_client_send(&c, &conf, "x", 1, 0), -1);
	assert_int_equal(c.sock.error, EPIPE);
	assert_true(rs_client_is_open(&c));
	rs_client_close(&c);
	assert_int_equal(rs_client_send(&c, &conf, "x", 1, 0), -1);
	assert_int_equal(c.sock.error, EBADF);
	assert_int_equal(rs_client_recv(&c, &conf, got, 4, 0, MS), -1);
	assert_int_equal(c.sock.error, EBADF);
	peer_end(&p);
}

/* ---- two in one socket ------------------------------------------------------------------------------------------ */

static struct rs_client *shared;
static struct rs_client_conf *shared_conf;

/* While one reads: another reads, another writes, another closes. */
static enum rs_wait while_reading(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	char byte;

	(void)arg;
	(void)fd;
	(void)timeout_ms;
	assert_int_equal(events, RS_WATCH_READ);
	assert_int_equal(rs_client_recv(shared, shared_conf, &byte, 1, 0, MS), -1);
	assert_int_equal(shared->sock.error, RS_SOCK_BUSY);
	assert_true(rs_client_is_connected(shared));
	assert_int_equal(rs_client_send(shared, shared_conf, "x", 1, 0), 1);
	rs_client_close(shared);
	assert_false(rs_client_is_open(shared));
	assert_int_equal(rs_client_send(shared, shared_conf, "x", 1, 0), -1);
	assert_int_equal(shared->sock.error, RS_SOCK_CLOSED);
	assert_false(rs_client_connect(shared, shared_conf, RS_SLICE("127.0.0.1"), 1, false));
	assert_int_equal(shared->sock.error, RS_SOCK_BUSY);
	return RS_WAIT_READY;
}

static void test_closing_while_reading(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ 0 });
	struct rs_client c;
	struct peer p;
	char byte;

	(void)state;
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE(""), 1, false);
	shared = &c;
	shared_conf = &conf;
	c.sock.wait = while_reading;
	assert_int_equal(rs_client_recv(&c, &conf, &byte, 1, 0, MS), -1);
	assert_int_equal(c.sock.error, RS_SOCK_CLOSED);
	assert_int_equal(c.sock.fd, -1);
	peer_end(&p);
}

static enum rs_wait sendto_while_closing(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	(void)arg;
	(void)fd;
	(void)events;
	(void)timeout_ms;
	rs_client_close(shared);
	assert_false(rs_client_sendto(shared, shared_conf, RS_SLICE("127.0.0.1"), 1, "x", 1));
	assert_int_equal(shared->sock.error, RS_SOCK_CLOSED);
	return RS_WAIT_READY;
}

static void test_sendto_while_closing(void **state)
{
	struct rs_client_conf conf = conf_of((struct rs_packet_settings){ 0 });
	struct rs_client c;
	char byte;

	(void)state;
	rs_client_init(&c, RS_CLIENT_UDP, false);
	assert_true(rs_client_open_datagram(&c, &conf));
	shared = &c;
	shared_conf = &conf;
	c.sock.wait = sendto_while_closing;
	assert_int_equal(rs_client_recv(&c, &conf, &byte, 1, 0, MS), -1);
	assert_int_equal(c.sock.fd, -1);
}

/* ---- others ------------------------------------------------------------------------------------------------------------ */

static enum rs_wait count_waits(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	(void)fd, (void)events;
	assert_int_equal(timeout_ms, -1);
	++*(unsigned *)arg;
	return RS_WAIT_READY;
}

/* A peer whose bytes are always there already: others have their turn nevertheless. */
static void test_a_peer_that_never_pauses(void **state)
{
	static char piece[65536];
	unsigned waits = 0;
	struct rs_sock s;
	int fds[2];

	(void)state;
	rs_sock_init(&s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_true(rs_sock_adopt(&s, fds[0]));
	s.wait = count_waits;
	s.wait_arg = &waits;
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(send(fds[1], piece, sizeof piece, 0), sizeof piece);
		for (size_t got = 0; got < sizeof piece;)
			got += (size_t)rs_sock_recv(&s, piece, sizeof piece, 0, -1);
	}
	assert_in_range(waits, 3, 4); /* 4 MB */
	rs_sock_close(&s);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packages_in_every_step),
		cmocka_unit_test(test_a_limit_keeps_what_is_there),
		cmocka_unit_test(test_the_length_function_closes),
		cmocka_unit_test(test_has_package),
		cmocka_unit_test(test_what_framing_left_comes_first),
		cmocka_unit_test(test_waitall),
		cmocka_unit_test(test_flags_that_lie),
		cmocka_unit_test(test_dontwait),
		cmocka_unit_test(test_a_blocking_descriptor),
		cmocka_unit_test(test_a_peer_that_is_gone),
		cmocka_unit_test(test_closing_while_reading),
		cmocka_unit_test(test_sendto_while_closing),
		cmocka_unit_test(test_a_peer_that_never_pauses),
	};

	return cmocka_run_group_tests_name("client_bytes", tests, NULL, NULL);
}
