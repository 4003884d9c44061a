/*
 * Extra ports: bound, refused, left out, passed on over a restart.
 */
#include "master/master_port.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct rs_log quiet = { .fd = -1, .level = RS_LOG_ALERT };

struct rig {
	struct rs_mserver s;
	struct rs_port port[4];
	struct rs_mports all;
	struct rs_conf conf;
	char dir[64], why[600];
};

static void add(struct rig *r, uint8_t type, const char *host, uint16_t port)
{
	struct rs_port *p = &r->port[r->s.w.nports++];

	*p = (struct rs_port){ .socket_type = type, .protocol = type % 2 ? RS_PORT_STREAM : RS_PORT_DATAGRAM, .port = port };
	RS_IGNORE(!rs_copy(p->host, sizeof p->host, rs_slice_str(host)));
}

static int setup(void **state)
{
	static struct rig r;

	r = (struct rig){ .s = { .w.nports = 0, .ports = r.port }, .dir = "/tmp/rs-ports-XXXXXX" };
	assert_non_null(mkdtemp(r.dir));
	rs_conf_init(&r.conf);
	add(&r, 1, "", 0);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	rs_mports_fini(&r->all, NULL, true);
	rs_conf_fini(&r->conf);
	assert_int_equal(rmdir(r->dir), 0); /* no socket is left */
	unsetenv("RSERVERD_PORT_FDS");
	return 0;
}

static bool open_all(struct rig *r, bool root)
{
	return rs_mports_open(&r->all, &r->s, &r->conf, root, NULL, &quiet, r->why, sizeof r->why);
}

static int type_of(int fd)
{
	int type = 0;
	socklen_t n = sizeof type;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n), 0);
	return type;
}

static void test_real_ports_are_known(void **state)
{
	struct rig *r = *state;
	char name[64];

	add(r, 1, "127.0.0.1", 0);
	add(r, 2, "127.0.0.1", 0);
	assert_true(open_all(r, false));
	assert_int_equal(r->all.n, 3);
	assert_int_equal(r->all.v[0].fd, -1);
	assert_int_equal(type_of(r->all.v[1].fd), SOCK_STREAM);
	assert_int_equal(type_of(r->all.v[2].fd), SOCK_DGRAM);
	assert_true(r->port[1].port && r->port[2].port);
	rs_fmt(name, sizeof name, "udp:127.0.0.1:%u", r->port[2].port);
	assert_string_equal(r->all.v[2].name, name);
}

static void test_unix_sockets(void **state)
{
	struct rig *r = *state;
	char stream[100], datagram[100];
	struct stat st;

	rs_fmt(stream, sizeof stream, "%s/s", r->dir);
	rs_fmt(datagram, sizeof datagram, "%s/d", r->dir);
	add(r, 5, stream, 0);
	add(r, 6, datagram, 0);
	assert_true(open_all(r, false));
	assert_int_equal(type_of(r->all.v[1].fd), SOCK_STREAM);
	assert_int_equal(type_of(r->all.v[2].fd), SOCK_DGRAM);
	assert_true(stat(datagram, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0660);
}

static void test_a_port_in_use(void **state)
{
	struct rig *r = *state;
	struct rs_mports first = { .n = 0 };

	add(r, 1, "127.0.0.1", 0);
	assert_true(rs_mports_open(&first, &r->s, &r->conf, false, NULL, &quiet, r->why, sizeof r->why));
	assert_false(open_all(r, false));
	assert_non_null(strstr(r->why, "Address already in use"));
	assert_non_null(strstr(r->why, "127.0.0.1:"));
	rs_mports_fini(&r->all, NULL, true);
	r->port[1].optional = true;
	assert_true(open_all(r, false));
	assert_int_equal(r->all.v[1].fd, -1);
	rs_mports_fini(&first, NULL, true);
}

static void test_as_root_the_ini_file_must_say_so(void **state)
{
	static const char ini[] = "[sockets.echo]\nhost = 127.0.0.1\nport = 999\nhandler = X\n";
	struct rs_conf_error err;
	struct rig *r = *state;

	add(r, 1, "127.0.0.1", 999);
	assert_false(open_all(r, true));
	assert_non_null(strstr(r->why, "only the ini file"));
	rs_mports_fini(&r->all, NULL, true);
	assert_int_equal(rs_conf_parse_ini(&r->conf, RS_SLICE(ini), "x.ini", &err, NULL, NULL), RS_OK);
	assert_true(is_ours(&r->conf, &r->port[1]));
	r->port[1].socket_type = 2;
	assert_false(is_ours(&r->conf, &r->port[1]));
	r->port[1].socket_type = 1;
	r->port[1].port = 998;
	assert_false(is_ours(&r->conf, &r->port[1]));
	/* Any user may have these. */
	r->port[1].port = 0;
	assert_true(open_all(r, true));
}

static void test_over_a_restart(void **state)
{
	struct rig *r = *state;
	struct rs_mports next = { .n = 0 };
	char path[100];
	int fd[4];

	rs_fmt(path, sizeof path, "%s/s", r->dir);
	add(r, 2, "127.0.0.1", 0);
	add(r, 5, path, 0);
	add(r, 1, "127.0.0.1", 0);
	assert_true(open_all(r, false));
	assert_true(rs_mports_bequeath(&r->all));
	for (int i = 1; i < 4; i++) {
		fd[i] = r->all.v[i].fd;
		assert_false(fcntl(fd[i], F_GETFD) & FD_CLOEXEC);
		r->all.v[i].fd = -1;
		free(r->all.v[i].path);
		r->all.v[i].path = NULL;
	}
	rs_mports_inherit(&next, &quiet);
	assert_null(getenv("RSERVERD_PORT_FDS"));
	assert_int_equal(next.nold, 3);
	/* The TCP port is not wanted any more. */
	r->s.w.nports = 3;
	r->port[1].port = 0;
	assert_true(rs_mports_open(&next, &r->s, &r->conf, false, NULL, &quiet, r->why, sizeof r->why));
	assert_int_equal(next.v[1].fd, fd[1]);
	assert_int_equal(next.v[2].fd, fd[2]);
	assert_true(fcntl(fd[1], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fcntl(fd[3], F_GETFD), -1);
	assert_true(r->port[1].port != 0);
	rs_mports_fini(&next, NULL, true);
}

static void test_what_is_not_inherited(void **state)
{
	struct rig *r = *state;
	struct rs_mports next = { .n = 0 };
	char env[200];
	int udp = socket(AF_INET, SOCK_DGRAM, 0), file = open("/dev/null", O_RDONLY), tcp = socket(AF_INET, SOCK_STREAM, 0);

	(void)r;
	/* A file; a socket that does not listen; of another kind; numbers and words that are none. */
	rs_fmt(env, sizeof env, "%d=2=udp:x:1\n%d=1=x:1\n%d=1=x:1\n%d=9=x\nrubbish\n=\n==\n1=1=x\n%d=2\n", file, tcp, udp, udp, udp);
	setenv("RSERVERD_PORT_FDS", env, 1);
	rs_mports_inherit(&next, &quiet);
	assert_int_equal(next.nold, 0);
	rs_fd_close(&udp);
	rs_fd_close(&file);
	rs_fd_close(&tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_real_ports_are_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_sockets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_port_in_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_as_root_the_ini_file_must_say_so, setup, teardown),
		cmocka_unit_test_setup_teardown(test_over_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_inherited, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
