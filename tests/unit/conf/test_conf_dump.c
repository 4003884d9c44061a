/*
 * The configuration on its way between processes, from the application, and across a reload.
 */
#include "conf/conf_dump.c"

#include "conf_fixture.h"

/* -- dump and undump ----------------------------------------------------------------------------------------- */

static void assert_same(const struct rs_conf *a, const struct rs_conf *b)
{
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_origin_at *x = &a->origin[i], *y = &b->origin[i];

		if (!rs_conf_same_value(a, b, &rs_options[i]))
			fail_msg("%s differs", rs_options[i].key);
		assert_int_equal(x->from, y->from);
		assert_int_equal(x->derived, y->derived);
		assert_int_equal(!x->where, !y->where);
		if (x->where)
			assert_string_equal(x->where, y->where);
	}
	for (size_t i = 0; i < RS_KIND_COUNT; i++)
		assert_true(rs_conf_items_eq(&a->items[i], &b->items[i]));
	assert_true(rs_strlist_eq(&a->php, &b->php));
	assert_string_equal(a->ini_file, b->ini_file);
}

/* One round; returns the text's length. */
static size_t round_trip(struct fixture *f)
{
	struct rs_conf copy;
	struct rs_buf b = { 0 }, again_b = { 0 };
	size_t n;

	rs_conf_init(&copy);
	assert_true(rs_conf_dump(&f->c, &b));
	if (rs_conf_undump(&copy, rs_buf_slice(&b), &f->err) != RS_OK)
		fail_msg("%s", f->err.text);
	assert_same(&f->c, &copy);
	assert_true(rs_conf_dump(&copy, &again_b));
	assert_true(rs_slice_eq(rs_buf_slice(&b), rs_buf_slice(&again_b)));
	n = b.len;
	rs_buf_free(&b);
	rs_buf_free(&again_b);
	rs_conf_fini(&copy);
	return n;
}

static void a_copy_equals_the_original(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(round_trip(f), 0);
	assert_int_equal(parse(f, "[laravels]\ncleaners[] = App\\Tricky\\New\\Return\nserver = \"a\\\\tb\\\\\"\n"
				  "[rserverd]\ntrusted_proxies[] =\nrequest_timeout = 0.25\nframework = laravel\n"
				  "[swoole]\npackage_max_length = 3M\n"
				  "[sockets.a b]\nport = 7\nsettings.package_eof = \"\\r\\n\\t\"\nsettings.x = 1\nsettings.x = 2\n"
				  "[events]\nApp\\E[] = App\\L\nApp\\E[] = App\\M\nApp\\None[] =\n"
				  "[processes.off]\nenable = off\nenable =\n"
				  "[php]\nopcache.jit = tracing\nx.y = \"a\\\\b = c\"\n"), RS_OK);
	assert_true(round_trip(f) > 0);
	again(f);
	assert_int_equal(parse(f, "[laravels]\ncleaners[] = App\\Tricky\\New\\Return\n[php]\nx.y = \"a\\\\b = c\"\n"), RS_OK);
	assert_int_equal(set(f, RS_FROM_CLI, "swoole", "daemonize", "true"), RS_OK);
	assert_int_equal(set(f, RS_FROM_APP, "laravels", "register_providers", "App\\P"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_true(round_trip(f) > 0);
	assert_int_equal(rs_conf_set(&f->c, RS_FROM_INI, "odd\tname\n\\.ini:1", "swoole", "backlog", "4", &f->err, NULL,
				     NULL), RS_OK);
	assert_true(round_trip(f) > 0);
}

static const char *legal_text(size_t option)
{
	static const struct {
		size_t option;
		const char *text;
	} texts[] = {
		{ RS_OPT_ID_socket_mode, "0600" },
		{ RS_OPT_ID_trusted_proxies, "fd00::/8" },
		{ RS_OPT_ID_listen, "a/b ssl" },
		{ RS_OPT_ID_limit_req, "10r/s" },
		{ RS_OPT_ID_static_index, "start.html" },
		{ RS_OPT_ID_static_precompressed, "gzip" },
		{ RS_OPT_ID_static_expires, "*.css 30d public" },
		{ RS_OPT_ID_real_ip_header, "X-Forwarded-For" },
		{ RS_OPT_ID_request_id_header, "X-Id" },
		{ RS_OPT_ID_access_log_format, "$status \"$request\"" },
	};

	for (size_t i = 0; i < RS_COUNTOF(texts); i++)
		if (texts[i].option == option)
			return texts[i].text;
	return "App\\X";
}

/* Whatever an option can hold. */
static void every_option_survives(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];
		struct rs_buf b = { 0 };

		again(f);
		if (o->type == RS_OPT_LIST || o->type == RS_OPT_STR) {
			/* legal for every text rule there is */
			const char *legal = legal_text(i);

			assert_int_equal(set(f, RS_FROM_INI, o->section, o->key, legal), RS_OK);
		} else {
			rs_conf_put_number(&f->c, o, o->type == RS_OPT_BOOL ? 1 : o->type == RS_OPT_ENUM ? 0 : o->max);
			assert_true(rs_conf_value_text(&f->c, o, &b) && rs_buf_put(&b, "", 1));
			assert_int_equal(set(f, RS_FROM_APP, o->section, o->key, rs_buf_data(&b)), RS_OK);
		}
		assert_true(round_trip(f) > 0);
		rs_buf_free(&b);
	}
}

static const char *const malformed[] = {
	"ini",
	"\n",
	"ini\t\tswoole\tworker_num\n",
	"ini\t\tswoole\tworker_num\t4\tmore\n",
	"ini\t\tswoole\tworker_num\t4",
	"wizard\t\tswoole\tworker_num\t4\n",
	"\t\tswoole\tworker_num\t4\n",
	"*\t\tswoole\tworker_num\t4\n",
	"ini\t\tswoole\tnothing\t4\n",
	"ini\t\tnowhere\tworker_num\t4\n",
	"ini\t\tlaravels\tserver\ta\\x\n",
	"ini\t\tlaravels\tserver\ta\\\n",
	"ini\t\\q\tlaravels\tserver\ta\n",
	"ini\t\tsockets\thost\ta\n",
	"ini\t\tsockets.a\tnothing\ta\n",
	"ini\t\tsockets.a\t\ta\n",
	"ini\t\tevents\t\ta\n",
};

static void malformed_lines_are_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(malformed); i++) {
		again(f);
		if (rs_conf_undump(&f->c, rs_slice_str(malformed[i]), &f->err) != RS_ERR)
			fail_msg("accepted: %s", malformed[i]);
		assert_string_equal(f->err.text, "a line of a dumped configuration is malformed");
	}
	assert_int_equal(rs_conf_undump(&f->c, RS_SLICE("ini\t\tswoole\tworker_num\t4\0\n"), &f->err), RS_ERR);
	assert_int_equal(rs_conf_undump(&f->c, RS_SLICE("ini\t\tswoole\tworker_num\t40000\n"), &f->err), RS_ERR);
	assert_contains(f->err.text, "is too large");
}

/* Cut anywhere, a dump is an error or a shorter configuration, never more than that. */
static void a_dump_may_be_cut_at_any_byte(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	assert_int_equal(parse(f, "[laravels]\ncleaners[] = App\\A\n[php]\na = \"\\\\b\"\n"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_true(rs_conf_dump(&f->c, &b));
	for (size_t n = 0; n < b.len; n++) {
		struct rs_conf c;
		bool whole = n == 0 || rs_buf_data(&b)[n - 1] == '\n';

		rs_conf_init(&c);
		assert_int_equal(rs_conf_undump(&c, rs_slice(rs_buf_data(&b), n), &f->err), whole ? RS_OK : RS_ERR);
		rs_conf_fini(&c);
	}
	rs_buf_free(&b);
}

/* -- config/laravels.php --------------------------------------------------------------------------------------- */

static enum rs_result take(struct fixture *f, bool root, const char *lines)
{
	return rs_conf_take_app(&f->c, rs_slice_str(lines), root, &f->err, on_warning, f);
}

static void an_application_is_only_the_application(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set(f, RS_FROM_INI, "swoole", "worker_num", "3"), RS_OK);
	assert_int_equal(take(f, false, "cli\tspoofed\tswoole\tworker_num\t9\ncli*\t\tswoole\tbacklog\t9\n"
					"nonsense\t\tlaravels\tcleaners\tApp\\\\A\nini\t\tlaravels\tcleaners\tApp\\\\B\n"), RS_OK);
	assert_int_equal(f->c.worker_num, 3);
	assert_int_equal(f->c.backlog, 9);
	assert_int_equal(f->c.origin[RS_OPT_ID_backlog].from, RS_FROM_APP);
	assert_false(f->c.origin[RS_OPT_ID_backlog].derived);
	assert_string_equal(f->c.origin[RS_OPT_ID_backlog].where, "config/laravels.php");
	assert_int_equal(f->c.cleaners.n, 2);
	assert_string_equal(f->c.cleaners.v[1], "App\\B");
	assert_int_equal(f->nwarnings, 0);
}

static const struct {
	bool root;
	const char *lines;
	enum rs_result result;
	const char *expected; /* error or warnings */
} takes[] = {
	{ false, "app\t\tswoole\tworker_num\tx\n", RS_ERR,
	  "config/laravels.php: [swoole] worker_num: `x` is not a whole number; allowed: 0 to 4000" },
	{ false, "app\t\tswoole\tworker_num[]\t4\n", RS_ERR,
	  "config/laravels.php: [swoole] worker_num: is a list; allowed: one value" },
	{ false, "app\t\tsockets.0\thost[]\t::\n", RS_ERR, "config/laravels.php: [sockets.0] host: is a list; allowed: one value" },
	{ false, "app\t\tlaravels\tcleaners[]\tA\napp\t\tevents\tA\\B[]\tC\napp\t\tsockets.0\tsettings.x[]\t1\n"
		 "app\t\tswoole_tables.t\tcolumn[]\tv:int\n", RS_OK, "" },
	{ false, "app\t\tswoole\tworker_nun[]\t4\n", RS_OK,
	  "config/laravels.php: [swoole] worker_nun: unknown key, ignored; did you mean `worker_num`?\n" },
	{ false, "app\t\tswoole\tpid_file\t/run/x.pid\n", RS_OK, "" },
	{ true, "app\t\tswoole\tpid_file\t/run/x.pid\n", RS_OK,
	  "config/laravels.php: [swoole] pid_file: ignored, the server was started as root; allowed: the ini file or the "
	  "command line\n" },
	{ true, "app\t\trserverd\tuser\troot\n", RS_OK,
	  "config/laravels.php: [rserverd] user: ignored, the server was started as root; allowed: the ini file or the "
	  "command line\n" },
	{ true, "app\t\trserverd\tlisten\t0.0.0.0:22\n", RS_OK,
	  "config/laravels.php: [rserverd] listen: ignored, the server was started as root; allowed: the ini file or the "
	  "command line\n" },
	{ true, "app\t\tswoole\tdaemonize\tfalse\n", RS_OK, "" }, /* as it is anyway */
	{ true, "app\t\tlaravels\tlisten_port\t8080\n", RS_OK, "" },
	{ false, "app\t\tlaravels\tlisten_port\t80\n", RS_OK, "" },
	{ true, "app\t\tlaravels\tlisten_port\t80\n", RS_ERR,
	  "config/laravels.php: [laravels] listen_port: a port below 1024 cannot be set here; allowed: the ini file or the "
	  "command line" },
	{ true, "app\t\tlaravels\tlisten_port\tx\n", RS_ERR, "`x` is not a whole number; allowed: 0 to 65535" },
	{ true, "app\t\tlaravels\tlisten_ip\t/etc/cron.d/x\n", RS_ERR,
	  "[laravels] listen_ip: a Unix socket that root makes cannot be set here" },
	{ true, "app\t\tlaravels\tlisten_ip\t10.0.0.1\n", RS_OK, "" },
	{ true, "app\t\tswoole\tenable_gzp\ttrue\n", RS_OK,
	  "config/laravels.php: [swoole] enable_gzp: unknown key, ignored; did you mean `enable_gzip` in [laravels]?\n" },
	{ true, "app\t\tprocesses.0\tclass\tX\napp\t\tprocesses.1\tclass\tX\n", RS_OK, "" },
	{ false, "app\t\tsockets.0\thost\t127.0.0.1\napp\t\tsockets.0\tport\t80\n", RS_OK, "" },
	{ true, "app\t\tsockets.0\tport\t80\napp\t\tsockets.0\tenable\tfalse\n", RS_OK, "" },
	{ true, "app\t\tsockets.0\thost\t127.0.0.1\napp\t\tsockets.0\tport\t80\n", RS_ERR,
	  "config/laravels.php: [sockets.0] port: a port below 1024 cannot be set here; allowed: the ini file" },
	{ true, "app\t\tsockets.a\thost\t/tmp/a\napp\t\tsockets.a\ttype\t5\n", RS_ERR,
	  "config/laravels.php: [sockets.a] host: a Unix socket that root makes cannot be set here" },
	{ true, "app\t\t\tini_file\t/etc/shadow\n", RS_OK, "config/laravels.php: []: unknown section, ignored\n" },
	{ true, "app\tx\n", RS_ERR, "a line of a dumped configuration is malformed" },
};

static void what_root_keeps_for_itself(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(takes); i++) {
		again(f);
		assert_int_equal(take(f, takes[i].root, takes[i].lines), takes[i].result);
		if (takes[i].result == RS_OK)
			assert_string_equal(f->warnings, takes[i].expected);
		else
			assert_contains(f->err.text, takes[i].expected);
		assert_string_equal(f->c.ini_file, "");
		if (takes[i].root)
			assert_true(f->c.listen_port >= 1024 && f->c.user[0] == '\0' && f->c.pid_file[0] == '\0');
	}
}

/* What ini or command line have decided is not worth a word, even as root. */
static void a_decided_value_is_not_disputed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "[laravels]\nlisten_port = 80\n[swoole]\npid_file = /run/a.pid\n"), RS_OK);
	assert_int_equal(take(f, true, "app\t\tlaravels\tlisten_port\t443\napp\t\tswoole\tpid_file\t/run/b.pid\n"), RS_OK);
	assert_int_equal(f->nwarnings, 0);
	assert_int_equal(f->c.listen_port, 80);
	assert_string_equal(f->c.pid_file, "/run/a.pid");
}

/* -- reload ------------------------------------------------------------------------------------------------------- */

static void start_values_stay_and_are_named(void **state)
{
	struct fixture *f = *state;
	struct rs_conf old;

	rs_conf_init(&old);
	assert_int_equal(rs_conf_set(&old, RS_FROM_INI, "old.ini:3", "swoole", "backlog", "100", &f->err, NULL, NULL), RS_OK);
	assert_int_equal(rs_conf_set(&old, RS_FROM_INI, "old.ini:4", "rserverd", "listen", "1.1.1.1:1", &f->err, NULL, NULL),
			 RS_OK);
	assert_int_equal(rs_conf_complete(&old, f->dir, &f->err), RS_OK);
	assert_int_equal(parse(f, "[swoole]\nbacklog = 200\nworker_num = 7\npid_file = other.pid\ntask_tmpdir = /x\n"
				  "[rserverd]\nlisten[] = 2.2.2.2:2\nlisten[] = 3.3.3.3:3\n"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	f->warnings[0] = '\0';
	rs_conf_keep_start_values(&f->c, &old, on_warning, f);
	assert_contains(f->warnings, "x.ini:2: [swoole] backlog: `200` needs a restart, `100` stays in force\n");
	assert_contains(f->warnings, "x.ini:8: [rserverd] listen: `2.2.2.2:2 3.3.3.3:3` needs a restart, `1.1.1.1:1` stays");
	assert_contains(f->warnings, "x.ini:4: [swoole] pid_file: `");
	assert_null(strstr(f->warnings, "task_tmpdir")); /* has no effect: nothing to restart for */
	assert_null(strstr(f->warnings, "worker_num"));
	assert_int_equal(f->c.backlog, 100);
	assert_string_equal(f->c.origin[RS_OPT_ID_backlog].where, "old.ini:3");
	assert_int_equal(f->c.listen.n, 1);
	assert_string_equal(f->c.listen.v[0], "1.1.1.1:1");
	assert_string_equal(f->c.pid_file, old.pid_file);
	assert_int_equal(f->c.worker_num, 7);
	/* The second time there is nothing left to say. */
	f->warnings[0] = '\0';
	rs_conf_keep_start_values(&f->c, &old, on_warning, f);
	assert_string_equal(f->warnings, "");
	rs_conf_fini(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_copy_equals_the_original),
		TEST(every_option_survives),
		TEST(malformed_lines_are_refused),
		TEST(a_dump_may_be_cut_at_any_byte),
		TEST(an_application_is_only_the_application),
		TEST(what_root_keeps_for_itself),
		TEST(a_decided_value_is_not_disputed),
		TEST(start_values_stay_and_are_named),
	};

	return cmocka_run_group_tests_name("conf_dump", tests, NULL, NULL);
}
