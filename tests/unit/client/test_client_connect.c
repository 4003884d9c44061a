/*
 * Connecting and its limits: refused, silent, full, by name, one step at a time; and waiting for several at once.
 */
#include "client/client_connect.c"

#include <arpa/inet.h>

#include "base/rs_clock.h"
#include "client/peer.h"

#define LIMIT_MS 60
/* Within which nothing but a limit can end. */
#define MUCH_MS 20000

/* A listener on the loopback. full: it takes nobody any more. */
static int listener(int *port, bool full)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (void *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, full ? 0 : 8), 0);
	assert_int_equal(getsockname(fd, (void *)&in, &n), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

/* Connections that fill a backlog of 0; whoever comes then hears nothing. */
#define FILL 4
static void fill(int port, int fds[FILL])
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };

	for (int i = 0; i < FILL; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		RS_IGNORE(connect(fds[i], (void *)&in, sizeof in));
	}
}

static void test_to_the_end_of_time(void **state)
{
	(void)state;
	assert_int_equal(rs_deadline(-1), -1);
	assert_int_equal(rs_deadline(INT64_MAX), -1);
	assert_int_equal(rs_deadline_left(-1), -1);
	assert_int_equal(rs_deadline_left(rs_deadline(0)), 0);
	assert_in_range(rs_deadline_left(rs_deadline(1000)), 1, 1000);
	assert_int_equal(rs_deadline_left(rs_now_ms() - 5), 0);
}

static void test_connects(void **state)
{
	struct rs_sock_addr remote;
	int port, fd = listener(&port, false);
	struct rs_sock s;

	(void)state;
	rs_sock_init(&s);
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("127.0.0.1"), port, MUCH_MS, false, &remote), RS_OK);
	assert_int_equal(ntohs(remote.in.sin_port), port);
	assert_true(rs_sock_alive(&s));
	rs_sock_close(&s);
	/* By name. */
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("localhost"), port, MUCH_MS, false, &remote), RS_OK);
	assert_int_equal(remote.in.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	rs_sock_close(&s);
	close(fd);
}

static void test_refused(void **state)
{
	struct rs_sock_addr remote;
	int port, fd = listener(&port, false);
	struct rs_sock s;

	(void)state;
	close(fd);
	rs_sock_init(&s);
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("127.0.0.1"), port, MUCH_MS, false, &remote), RS_ERR);
	assert_int_equal(s.error, ECONNREFUSED);
	rs_sock_close(&s);
	/* Each address of a name in turn: the last reason counts. */
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("localhost"), port, MUCH_MS, false, &remote), RS_ERR);
	assert_int_equal(s.error, ECONNREFUSED);
	rs_sock_close(&s);
}

static void test_nobody_answers(void **state)
{
	struct rs_sock_addr remote;
	int port, fd = listener(&port, true), others[FILL];
	struct rs_sock s;
	int64_t begin;

	(void)state;
	fill(port, others);
	rs_sock_init(&s);
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	begin = rs_now_ms();
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("127.0.0.1"), port, LIMIT_MS, false, &remote), RS_ERR);
	assert_int_equal(s.error, ETIMEDOUT);
	assert_in_range(rs_now_ms() - begin, LIMIT_MS, MUCH_MS);
	rs_sock_close(&s);
	/* Begun only: no waiting at all. */
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("127.0.0.1"), port, MUCH_MS, true, &remote), RS_AGAIN);
	rs_sock_close(&s);
	/* The limit had passed before it began: tried never, also not "at once". */
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("127.0.0.1"), port, 0, false, &remote), RS_ERR);
	assert_int_equal(s.error, ETIMEDOUT);
	rs_sock_close(&s);
	for (int i = 0; i < FILL; i++)
		close(others[i]);
	close(fd);
}

static void test_a_unix_listener_that_is_full(void **state)
{
	const struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct rs_sock_addr at = { .len = sizeof at.storage }, remote;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct rs_sock_name name;
	struct rs_sock s;

	(void)state;
	assert_int_equal(bind(fd, (const void *)&un, sizeof un.sun_family), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, &at.sa, &at.len), 0);
	assert_int_equal(connect(other, &at.sa, at.len), 0);
	rs_sock_addr_name(&at, &name);
	rs_sock_init(&s);
	assert_true(rs_sock_open(&s, AF_UNIX, SOCK_STREAM, 0));
	assert_int_equal(rs_sock_connect_host(&s, rs_slice(name.host, name.host_n), 0, LIMIT_MS, false, &remote), RS_ERR);
	assert_int_equal(s.error, ETIMEDOUT);
	/* And then somebody is let in. */
	close(accept(fd, NULL, NULL));
	assert_int_equal(rs_sock_connect_host(&s, rs_slice(name.host, name.host_n), 0, MUCH_MS, false, &remote), RS_OK);
	rs_sock_close(&s);
	close(other);
	close(fd);
}

static void test_names_that_are_none(void **state)
{
	static char too_long[300];
	struct rs_sock_addr remote;
	struct rs_sock s;

	(void)state;
	memset(too_long, 'a', sizeof too_long);
	rs_sock_init(&s);
	assert_true(rs_sock_open(&s, AF_INET, SOCK_STREAM, 0));
	assert_false(rs_sock_lookup(&s, rs_slice(too_long, sizeof too_long), 80, MUCH_MS, &remote));
	assert_int_equal(s.error, RS_RESOLVE_FAILED);
	assert_false(rs_sock_lookup(&s, RS_SLICE("local\0host"), 80, MUCH_MS, &remote));
	assert_int_equal(s.error, RS_RESOLVE_FAILED);
	assert_int_equal(rs_sock_connect_host(&s, RS_SLICE("local\0host"), 80, MUCH_MS, false, &remote), RS_ERR);
	assert_int_equal(s.error, RS_RESOLVE_FAILED);
	assert_false(rs_sock_lookup(&s, RS_SLICE("localhost"), 65536, MUCH_MS, &remote));
	assert_int_equal(s.error, EINVAL);
	rs_sock_close(&s);
}

/* Who stops waiting for a name frees it; the thread ends by itself (the sanitizer sees a leak or a use after free). */
static void test_nobody_waits_for_the_name(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct rs_resolve *r = rs_resolve_start(RS_SLICE("localhost"), AF_INET);

		assert_non_null(r);
		rs_resolve_free(r);
	}
}

static void test_several(void **state)
{
	struct rs_wait_item items[4] = { { .want = RS_WATCH_READ }, { .want = RS_WATCH_READ }, { .want = RS_WATCH_WRITE }, { .fd = -1 } };
	int a[2], b[2];

	(void)state;
	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	items[0].fd = a[0];
	items[1].fd = b[0];
	items[2].fd = -1;
	assert_int_equal(rs_wait_many(items, 4, LIMIT_MS), 0);
	assert_int_equal(items[0].ready | items[1].ready | items[2].ready, 0);
	assert_int_equal(write(b[1], "x", 1), 1);
	items[2].fd = b[1];
	assert_int_equal(rs_wait_many(items, 4, -1), 2);
	assert_int_equal(items[0].ready, 0);
	assert_int_equal(items[1].ready, RS_WATCH_READ);
	assert_int_equal(items[2].ready, RS_WATCH_WRITE);
	/* The end is what a reader wants to know; a closed descriptor is an error. */
	close(a[1]);
	items[2].fd = 4000;
	assert_int_equal(rs_wait_many(items, 4, -1), 3);
	assert_int_equal(items[0].ready, RS_WATCH_READ);
	assert_false(items[0].error);
	assert_true(items[2].error);
	assert_int_equal(rs_wait_many(NULL, 0, 0), 0);
	close(a[0]);
	close(b[0]);
	close(b[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_the_end_of_time),
		cmocka_unit_test(test_connects),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_a_unix_listener_that_is_full),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_nobody_waits_for_the_name),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests_name("client_connect", tests, NULL, NULL);
}
