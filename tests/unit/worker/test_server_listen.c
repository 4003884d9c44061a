/*
 * Listening sockets of a server: every kind, the kernel's ports, stale and living Unix sockets, what cannot be.
 */
#include "worker/server_listen.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static char dir[] = "/tmp/rs-listen-XXXXXX", path[64];
static char why[256];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rs-listen-XXXXXX");
	assert_non_null(mkdtemp(dir));
	rs_fmt(path, sizeof path, "%s/sock", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static struct rs_port port(unsigned type, const char *host, unsigned number)
{
	struct rs_port p = { .socket_type = (uint8_t)type, .port = (uint16_t)number, .backlog = 16 };

	assert_true(rs_copy(p.host, sizeof p.host, rs_slice_str(host)));
	return p;
}

static int number_of(int fd, int name)
{
	int value = -1;
	socklen_t n = sizeof value;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, name, &value, &n), 0);
	return value;
}

static void listens(struct rs_port *p, int type)
{
	bool ok = rs_server_listen(p, false, why, sizeof why);

	if (!ok)
		fail_msg("%s: %s", p->host, why);
	assert_int_equal(number_of(p->listen_fd, SO_TYPE), type);
	assert_int_equal(number_of(p->listen_fd, SO_ACCEPTCONN), type == SOCK_STREAM);
	assert_true(fcntl(p->listen_fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(p->listen_fd, F_GETFL) & O_NONBLOCK);
}

static void refuses(struct rs_port *p, int error)
{
	assert_false(rs_server_listen(p, false, why, sizeof why));
	assert_int_equal(errno, error);
	assert_non_null(strstr(why, strerror(error)));
	assert_int_equal(p->listen_fd, -1);
}

static void test_ip(void **state)
{
	static const struct {
		unsigned type;
		const char *host;
		int kind;
	} rows[] = { { 1, "127.0.0.1", SOCK_STREAM }, { 2, "127.0.0.1", SOCK_DGRAM }, { 3, "::1", SOCK_STREAM },
		     { 4, "::1", SOCK_DGRAM },	      { 1, "localhost", SOCK_STREAM } };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_port p = port(rows[i].type, rows[i].host, 0), again;
		listens(&p, rows[i].kind);
		assert_true(p.port > 0);
		again = p;
		refuses(&again, EADDRINUSE);
		rs_server_unlisten(&p);
		assert_int_equal(p.listen_fd, -1);
	}
}

static void test_reuse_port(void **state)
{
	struct rs_port a = port(1, "127.0.0.1", 0), b;

	(void)state;
	assert_true(rs_server_listen(&a, true, why, sizeof why));
	b = a;
	assert_true(rs_server_listen(&b, true, why, sizeof why));
	rs_server_unlisten(&a);
	rs_server_unlisten(&b);
}

static void test_unix(void **state)
{
	struct rs_port p = port(5, path, 99), other = port(5, path, 0);

	(void)state;
	listens(&p, SOCK_STREAM);
	assert_int_equal(p.port, 0);
	refuses(&other, EADDRINUSE); /* it lives */
	rs_fd_close(&p.listen_fd);
	listens(&other, SOCK_STREAM); /* it was stale */
	rs_server_unlisten(&other);
	assert_int_equal(access(path, F_OK), -1);
	p = port(6, path, 0);
	listens(&p, SOCK_DGRAM);
	rs_server_unlisten(&p);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_a_file_is_no_stale_socket(void **state)
{
	struct rs_port p = port(5, path, 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	refuses(&p, EADDRINUSE);
	rs_server_unlisten(&p);
	assert_int_equal(access(path, F_OK), 0);
	rs_fd_close(&fd);
}

static void test_what_cannot_be(void **state)
{
	struct rs_port p;
	char longest[200];

	(void)state;
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	p = port(0, "127.0.0.1", 0), refuses(&p, EINVAL);
	p = port(7, "127.0.0.1", 0), refuses(&p, EINVAL);
	p = port(1, "no address", 0), refuses(&p, EADDRNOTAVAIL);
	p = port(1, "::1", 0), refuses(&p, EADDRNOTAVAIL);
	p = port(1, "192.0.2.1", 0), refuses(&p, EADDRNOTAVAIL);
	p = port(5, longest, 0), refuses(&p, ENAMETOOLONG);
	p = port(5, "", 0), refuses(&p, EINVAL);
	p = port(5, "/no/such/folder/sock", 0), refuses(&p, ENOENT);
}

static void test_relisten(void **state)
{
	struct rs_port p = port(1, "127.0.0.1", 0);

	(void)state;
	listens(&p, SOCK_STREAM);
	p.rcvbuf = 30000;
	p.sndbuf = 40000;
	p.backlog = 1;
	rs_server_relisten(&p);
	assert_int_equal(number_of(p.listen_fd, SO_RCVBUF), 60000); /* the kernel doubles */
	assert_int_equal(number_of(p.listen_fd, SO_SNDBUF), 80000);
	assert_int_equal(number_of(p.listen_fd, SO_ACCEPTCONN), 1);
	rs_server_unlisten(&p);
	rs_server_relisten(&p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ip), TEST(test_reuse_port), TEST(test_unix), TEST(test_a_file_is_no_stale_socket),
		TEST(test_what_cannot_be), TEST(test_relisten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
