/*
 * Addresses: what is one, what is not, and back to text.
 */
#include "client/client_address.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/un.h>

#include <cmocka.h>

static const struct {
	int family;
	const char *host;
	int port;
	int error;        /* 0: it is one */
	const char *text; /* what it becomes, if not host */
} ips[] = {
	{ AF_INET, "127.0.0.1", 80, 0, NULL },
	{ AF_INET, "0.0.0.0", 0, 0, NULL },
	{ AF_INET, "255.255.255.255", 65535, 0, NULL },
	{ AF_INET, "", 7, 0, "0.0.0.0" },
	{ AF_INET, "127.0.0.1", 65536, EINVAL, NULL },
	{ AF_INET, "127.0.0.1", -1, EINVAL, NULL },
	{ AF_INET, "256.0.0.1", 1, EINVAL, NULL },
	{ AF_INET, "localhost", 1, EINVAL, NULL },
	{ AF_INET, "::1", 1, EINVAL, NULL },
	{ AF_INET, "127.0.0.1 ", 1, EINVAL, NULL },
	{ AF_INET6, "::1", 80, 0, NULL },
	{ AF_INET6, "2001:db8:0:0::1", 443, 0, "2001:db8::1" },
	{ AF_INET6, "::ffff:1.2.3.4", 443, 0, NULL },
	{ AF_INET6, "", 7, 0, "::" },
	{ AF_INET6, "fe80::1%lo", 9, 0, NULL },
	{ AF_INET6, "fe80::1%no-such-interface", 9, EINVAL, NULL },
	{ AF_INET6, "127.0.0.1", 1, EINVAL, NULL },
	{ AF_INET6, "[::1]", 1, EINVAL, NULL },
	{ AF_PACKET, "127.0.0.1", 1, EAFNOSUPPORT, NULL },
};

static void test_ips(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(ips); i++) {
		struct rs_sock_addr a;
		struct rs_sock_name name;
		bool is;

		errno = 0;
		is = rs_sock_addr_set(&a, ips[i].family, rs_slice_str(ips[i].host), ips[i].port);
		print_message("%s:%d\n", ips[i].host, ips[i].port);
		assert_int_equal(is ? 0 : errno, ips[i].error);
		if (!is)
			continue;
		rs_sock_addr_name(&a, &name);
		assert_string_equal(name.host, ips[i].text ? ips[i].text : ips[i].host);
		assert_int_equal(name.host_n, strlen(name.host));
		assert_int_equal(name.port, ips[i].port);
	}
}

static void test_bytes_that_are_no_text(void **state)
{
	static const char long_host[4096] = { [0 ... 4094] = '1' };
	struct rs_sock_addr a;

	(void)state;
	assert_false(rs_sock_addr_set(&a, AF_INET, RS_SLICE("127.0.0.1\0.example"), 80));
	assert_int_equal(errno, EINVAL);
	assert_false(rs_sock_addr_set(&a, AF_INET, rs_slice(long_host, sizeof long_host - 1), 80));
	assert_int_equal(errno, EINVAL);
}

static void test_is_ip(void **state)
{
	(void)state;
	assert_true(rs_sock_is_ip(RS_SLICE("10.0.0.1")));
	assert_true(rs_sock_is_ip(RS_SLICE("::")));
	assert_false(rs_sock_is_ip(RS_SLICE("")));
	assert_false(rs_sock_is_ip(RS_SLICE("ten.example")));
}

static void check_path(struct rs_slice path, int error)
{
	struct rs_sock_addr a;
	struct rs_sock_name name;
	bool is = rs_sock_addr_set(&a, AF_UNIX, path, 0);

	assert_int_equal(is ? 0 : errno, error);
	if (!is)
		return;
	rs_sock_addr_name(&a, &name);
	assert_int_equal(name.host_n, path.n);
	assert_memory_equal(name.host, path.p, path.n);
	assert_int_equal(name.port, 0);
}

static void test_paths(void **state)
{
	enum { ROOM = sizeof((struct sockaddr_un){ 0 }.sun_path) };
	char path[ROOM + 1];

	(void)state;
	memset(path, 'a', sizeof path);
	check_path(RS_SLICE("/tmp/x"), 0);
	check_path(RS_SLICE("x"), 0);
	check_path(RS_SLICE("\0abstract\0with NUL"), 0);
	check_path(RS_SLICE("/tmp/x\0y"), EINVAL);
	check_path(rs_slice(path, 0), EINVAL);
	check_path(rs_slice(path, ROOM - 1), 0);
	check_path(rs_slice(path, ROOM), ENAMETOOLONG);
	path[0] = 0;
	check_path(rs_slice(path, ROOM), 0);
	check_path(rs_slice(path, ROOM + 1), ENAMETOOLONG);
}

static void test_names_of_what_the_kernel_says(void **state)
{
	struct rs_sock_addr a = { .un = { .sun_family = AF_UNIX, .sun_path = "/tmp/x" } };
	struct rs_sock_name name;

	(void)state;
	/* With the NUL counted, without, and with all of the room. */
	for (size_t n = 6; n <= 7; n++) {
		a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
		rs_sock_addr_name(&a, &name);
		assert_string_equal(name.host, "/tmp/x");
	}
	a.len = sizeof a.storage;
	rs_sock_addr_name(&a, &name);
	assert_string_equal(name.host, "/tmp/x");
	/* Unnamed, and none at all. */
	a.len = offsetof(struct sockaddr_un, sun_path);
	rs_sock_addr_name(&a, &name);
	assert_int_equal(name.host_n, 0);
	a.len = 0;
	rs_sock_addr_name(&a, &name);
	assert_int_equal(name.host_n, 0);
	assert_int_equal(name.port, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ips),
		cmocka_unit_test(test_bytes_that_are_no_text),
		cmocka_unit_test(test_is_ip),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names_of_what_the_kernel_says),
	};

	return cmocka_run_group_tests_name("client_address", tests, NULL, NULL);
}
