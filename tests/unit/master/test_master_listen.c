/* Addresses as text, and sockets that are bound, inherited and let go. */
#include "master/master_address.c"
#include "master/master_listen.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

static const struct rs_log quiet = { .fd = -1, .level = RS_LOG_ALERT, .role = "test" };

static void addresses(void **state)
{
	static const struct {
		const char *text, *name; /* name NULL: no address */
	} cases[] = {
		{ "127.0.0.1:80", "127.0.0.1:80" }, { "0.0.0.0:65535", "0.0.0.0:65535" }, { "[::1]:80", "[::1]:80" },
		{ "[0:0:0:0:0:0:0:1]:8080", "[::1]:8080" }, { "/run/a.sock", "unix:/run/a.sock" },
		{ "unix:/run/a.sock", "unix:/run/a.sock" }, { "unix:a.sock", "unix:/base/a.sock" },
		{ "storage/a.sock", "unix:/base/storage/a.sock" }, { "127.0.0.1:", NULL }, { "127.0.0.1", NULL },
		{ "127.0.0.1:65536", NULL }, { "127.0.0.1:-1", NULL }, { "127.0.0:80", NULL }, { "localhost:80", NULL },
		{ "[::1:80", NULL }, { "", NULL }, { ":", NULL }, { "unix:", NULL }, { "/run/a;b", NULL },
		{ "[fe80::1%lo]:80", NULL },
	};
	struct rs_address a;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		bool ok = rs_address_parse(cases[i].text, "/base", &a);
		if (ok != (cases[i].name != NULL))
			fail_msg("%s: %s", cases[i].text, ok ? a.name : "refused");
		if (ok)
			assert_string_equal(a.name, cases[i].name);
	}
}

static char *own(const char *text)
{
	char *p = strdup(text);

	assert_non_null(p);
	return p;
}

static void conf_listens(struct rs_conf *c, const char *ip, int64_t port)
{
	rs_conf_init(c);
	free(c->listen_ip);
	c->listen_ip = own(ip);
	c->listen_port = port;
	c->origin[RS_OPT_ID_listen_ip].from = RS_FROM_INI;
	free(c->laravel_base_path);
	c->laravel_base_path = own("/base");
}

static void the_list_has_no_doubles(void **state)
{
	struct rs_address *list = calloc(4, sizeof *list);
	char *extra[] = { own("127.0.0.1:5200"), own("[::1]:5200 ssl"), own("127.0.0.1:5201 proxy_protocol") };
	struct rs_conf c;
	char why[256];

	(void)state;
	assert_non_null(list);
	conf_listens(&c, "127.0.0.1", 5200);
	c.listen = (struct rs_strlist){ .v = extra, .n = 3 };
	assert_int_equal(rs_address_list(&c, list, 4, why, sizeof why), 3);
	assert_string_equal(list[2].name, "127.0.0.1:5201");
	assert_int_equal(list[0].words, 0);
	assert_int_equal(list[1].words, RS_LISTEN_WORD_SSL);
	assert_int_equal(list[2].words, RS_LISTEN_WORD_PROXY);
	assert_int_equal(rs_address_list(&c, list, 2, why, sizeof why), 0);
	c.listen = (struct rs_strlist){ .n = 0 };
	for (size_t i = 0; i < RS_COUNTOF(extra); i++)
		free(extra[i]);
	rs_conf_fini(&c);
	free(list);
}

static bool open_all(struct rs_listeners *l, const struct rs_conf *c, char *why, size_t why_size)
{
	return rs_listeners_open(l, c, NULL, &quiet, why, why_size);
}

static void bound_once(void **state)
{
	struct rs_listeners l = { .n = 0 }, second = { .n = 0 };
	struct rs_conf c;
	char why[256], *colon;
	int flags;

	(void)state;
	conf_listens(&c, "127.0.0.1", 0);
	assert_true(open_all(&l, &c, why, sizeof why));
	assert_int_equal(l.n, 1);
	colon = strrchr(l.v[0].name, ':');
	assert_true(atoi(colon + 1) > 0); /* the port it really got */
	flags = fcntl(l.v[0].fd, F_GETFL);
	assert_true(flags & O_NONBLOCK);
	c.listen_port = atoi(colon + 1);
	assert_false(open_all(&second, &c, why, sizeof why));
	assert_non_null(strstr(why, "Address already in use"));
	rs_listeners_fini(&l, NULL, true);
	assert_int_equal(l.n, 0);
	assert_true(open_all(&second, &c, why, sizeof why));
	rs_listeners_fini(&second, NULL, true);
	rs_conf_fini(&c);
}

/* As a restart does it: the fds stay, the list goes through the environment. */
static void handed_over(void **state)
{
	struct rs_listeners l = { .n = 0 }, heir;
	struct rs_conf c;
	char why[256], name[64];
	int fd;

	(void)state;
	conf_listens(&c, "127.0.0.1", 0);
	assert_true(open_all(&l, &c, why, sizeof why));
	fd = l.v[0].fd;
	rs_fmt(name, sizeof name, "%s", l.v[0].name);
	assert_true(rs_listeners_bequeath(&l));
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	rs_listeners_inherit(&heir, &quiet);
	assert_null(getenv("RSERVERD_LISTEN_FDS"));
	assert_int_equal(heir.n, 1);
	assert_int_equal(heir.v[0].fd, fd);
	assert_string_equal(heir.v[0].name, name);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	/* Still asked for: kept as it is. */
	c.listen_port = atoi(strrchr(name, ':') + 1);
	assert_true(open_all(&heir, &c, why, sizeof why));
	assert_int_equal(heir.n, 1);
	assert_int_equal(heir.v[0].fd, fd);
	/* Asked for no more: closed. */
	c.listen_port = 0;
	assert_true(open_all(&heir, &c, why, sizeof why));
	assert_int_equal(heir.n, 1);
	assert_string_not_equal(heir.v[0].name, name);
	/* systemd's: used though nobody asks for it by name, and still systemd's after another restart. */
	heir.v[0].borrowed = true;
	assert_true(rs_listeners_bequeath(&heir));
	fd = heir.v[0].fd;
	heir.v[0].fd = -1;
	rs_listeners_fini(&heir, NULL, true);
	rs_listeners_inherit(&heir, &quiet);
	assert_true(heir.activated);
	assert_true(heir.v[0].borrowed);
	assert_int_equal(heir.v[0].fd, fd);
	assert_true(open_all(&heir, &c, why, sizeof why));
	assert_int_equal(heir.n, 2);
	assert_int_equal(heir.v[0].fd, fd);
	rs_listeners_fini(&heir, NULL, true);
	l.v[0].fd = -1;
	rs_listeners_fini(&l, NULL, true);
	rs_conf_fini(&c);
}

static void rubbish_is_not_inherited(void **state)
{
	static const char *const lists[] = { "", "x", "3", "=", "0=127.0.0.1:1", "99999=127.0.0.1:1", "-3=a",
					     "4294967299=127.0.0.1:1", ";;;" };
	struct rs_listeners l;
	int pair[2];
	char env[64];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(lists); i++) {
		setenv("RSERVERD_LISTEN_FDS", lists[i], 1);
		rs_listeners_inherit(&l, &quiet);
		assert_int_equal(l.n, 0);
	}
	/* A socket that does not listen. */
	assert_true(rs_fd_pair(pair));
	rs_fmt(env, sizeof env, "%d=127.0.0.1:1", pair[0]);
	setenv("RSERVERD_LISTEN_FDS", env, 1);
	rs_listeners_inherit(&l, &quiet);
	assert_int_equal(l.n, 0);
	close(pair[0]);
	close(pair[1]);
	/* systemd's variables for another process. */
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	rs_listeners_inherit(&l, &quiet);
	assert_int_equal(l.n, 0);
	assert_null(getenv("LISTEN_FDS"));
}

static void unix_socket(void **state)
{
	char dir[] = "/tmp/rs-listen-XXXXXX", path[64], why[512];
	struct rs_listeners l = { .n = 0 }, second = { .n = 0 };
	struct rs_conf c;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	rs_fmt(path, sizeof path, "%s/a.sock", dir);
	conf_listens(&c, path, 0);
	free(c.socket_mode);
	c.socket_mode = own("0640");
	assert_true(open_all(&l, &c, why, sizeof why));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0640);
	/* Somebody answers there. */
	assert_false(open_all(&second, &c, why, sizeof why));
	assert_non_null(strstr(why, "another server answers"));
	rs_listeners_fini(&l, NULL, false);
	/* Stale now: replaced; and removed at the end. */
	assert_int_equal(access(path, F_OK), 0);
	assert_true(open_all(&second, &c, why, sizeof why));
	rs_listeners_fini(&second, NULL, true);
	assert_int_equal(access(path, F_OK), -1);
	/* What is no socket stays. */
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_false(open_all(&l, &c, why, sizeof why));
	assert_non_null(strstr(why, "not a socket"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	rs_conf_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses), cmocka_unit_test(the_list_has_no_doubles), cmocka_unit_test(bound_once),
		cmocka_unit_test(handed_over), cmocka_unit_test(rubbish_is_not_inherited), cmocka_unit_test(unix_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
