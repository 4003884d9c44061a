/*
 * Kept connections: who gets which back, who is found dead, how many there may be, and that a child touches none of them.
 */
#include "client/client_cache.c"

#include <sys/wait.h>

#include "client/peer.h"

static void keep(struct rs_client_cache *all, const char *key, struct peer *p)
{
	struct rs_client c;

	peer_open(p, &c, RS_CLIENT_TCP, RS_SLICE(""), 1, false);
	rs_client_cache_put(all, key, &c);
	assert_false(rs_client_is_open(&c));
}

static void test_the_last_one_comes_first(void **state)
{
	struct rs_client_cache all = { 0 };
	struct peer a, b, other;
	struct rs_client c;

	(void)state;
	keep(&all, "k", &a);
	keep(&all, "k", &b);
	keep(&all, "other", &other);
	assert_true(rs_client_cache_take(&all, "k", &c));
	assert_int_equal(c.reused, 1);
	assert_ptr_equal(c.sock.wait, rs_wait_blocking);
	assert_int_equal(send(c.sock.fd, "x", 1, 0), 1);
	peer_hear(&a);
	peer_hear(&b);
	assert_int_equal(a.heard.len, 0);
	assert_int_equal(b.heard.len, 1);
	/* And again. */
	rs_client_cache_put(&all, "k", &c);
	assert_true(rs_client_cache_take(&all, "k", &c));
	assert_int_equal(c.reused, 2);
	rs_client_close(&c);
	assert_true(rs_client_cache_take(&all, "k", &c));
	rs_client_close(&c);
	assert_false(rs_client_cache_take(&all, "k", &c));
	assert_int_equal(all.n, 1);
	rs_client_cache_free(&all);
	assert_int_equal(recv(other.fd, &(char){ 0 }, 1, 0), 0);
	peer_end(&a);
	peer_end(&b);
	peer_end(&other);
}

static void test_the_dead_are_dropped(void **state)
{
	struct rs_client_cache all = { 0 };
	struct peer alive, dead;
	struct rs_client c;

	(void)state;
	keep(&all, "k", &alive);
	keep(&all, "k", &dead);
	peer_close(&dead);
	assert_true(rs_client_cache_take(&all, "k", &c));
	assert_int_equal(all.n, 0);
	assert_int_equal(send(c.sock.fd, "x", 1, 0), 1);
	rs_client_close(&c);
	peer_end(&alive);
	peer_end(&dead);
}

static void test_no_more_than_allowed(void **state)
{
	struct rs_client_cache all = { 0 };
	struct peer first, second, more[RS_CLIENT_KEPT_MAX - 1];

	(void)state;
	keep(&all, "k", &first);
	keep(&all, "k", &second);
	for (size_t i = 0; i < RS_COUNTOF(more); i++)
		keep(&all, "k", &more[i]);
	assert_int_equal(all.n, RS_CLIENT_KEPT_MAX);
	/* The oldest is closed, the next is not. */
	assert_int_equal(recv(first.fd, &(char){ 0 }, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(second.fd, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	rs_client_cache_free(&all);
	assert_int_equal(all.n, 0);
	peer_end(&first);
	peer_end(&second);
	for (size_t i = 0; i < RS_COUNTOF(more); i++)
		peer_end(&more[i]);
}

/* Framing of the next owner starts anew on what had been read. */
static void test_framing_starts_anew(void **state)
{
	struct rs_packet_settings set = { .open_eof_split = true, .package_eof = RS_SLICE("#") };
	struct rs_client_cache all = { 0 };
	struct rs_client_conf conf;
	struct rs_slice package;
	struct rs_client c;
	struct peer p;

	(void)state;
	rs_client_conf_init(&conf);
	assert_null(rs_packet_conf_init(&conf.packet, &set));
	peer_open(&p, &c, RS_CLIENT_TCP, RS_SLICE("abcdefgh"), 8, false);
	assert_int_equal(rs_client_recv_package(&c, &conf, 100, &package), RS_ERR);
	rs_client_cache_put(&all, "k", &c);
	assert_true(rs_client_cache_take(&all, "k", &c));
	set.package_eof = RS_SLICE("d");
	set.package_max_length = 5;
	assert_null(rs_packet_conf_init(&conf.packet, &set));
	assert_int_equal(rs_client_recv_package(&c, &conf, 100, &package), RS_OK);
	assert_int_equal(package.n, 4);
	rs_client_close(&c);
	rs_client_cache_free(&all);
	peer_end(&p);
}

static void test_a_child_forgets(void **state)
{
	struct rs_client_cache all = { 0 };
	struct rs_client c;
	struct peer p;
	int status;
	pid_t pid;

	(void)state;
	keep(&all, "k", &p);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = TAILQ_FIRST(&all.list)->client.sock.fd;
		bool got = rs_client_cache_take(&all, "k", &c);

		_exit(!got && all.n == 0 && fcntl(fd, F_GETFD) < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The parent has its own still, and the peer has heard nothing. */
	assert_int_equal(recv(p.fd, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	assert_true(rs_client_cache_take(&all, "k", &c));
	rs_client_close(&c);
	peer_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_one_comes_first),
		cmocka_unit_test(test_the_dead_are_dropped),
		cmocka_unit_test(test_no_more_than_allowed),
		cmocka_unit_test(test_framing_starts_anew),
		cmocka_unit_test(test_a_child_forgets),
	};

	return cmocka_run_group_tests_name("client_cache", tests, NULL, NULL);
}
