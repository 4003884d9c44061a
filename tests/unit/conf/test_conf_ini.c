/*
 * The ini file: syntax, line numbers, precedence, lists, warnings.
 */
#include "conf/conf_ini.c"

#include "conf_fixture.h"

#include <fcntl.h>

/* -- errors: one row per mistake, the whole message ------------------------------------------------------- */

static const struct {
	const char *ini, *expected;
} errors[] = {
	{ "[swoole]\nworker_num = many\n",
	  "x.ini:2: [swoole] worker_num: `many` is not a whole number; allowed: 0 to 4000" },
	{ "; comment\n\n[swoole]\n\nworker_num = 5000", "x.ini:5: [swoole] worker_num: `5000` is too large; allowed: 0 to 4000" },
	{ "[swoole]\r\nworker_num = x\r\n", "x.ini:2: [swoole] worker_num: `x` is not a whole number; allowed: 0 to 4000" },
	{ "\xef\xbb\xbf[swoole]\nworker_num = x", "x.ini:2: [swoole] worker_num: `x` is not a whole number; allowed: 0 to 4000" },
	{ "worker_num = 4\n",
	  "x.ini:1: worker_num: a value stands before the first section; did you mean `[laravels]` above it?" },
	{ "[swoole]\nworker_num\n",
	  "x.ini:2: the line is neither a section nor a value; allowed: [section], key = value, key[] = value, ; comment" },
	{ "[swoole\nworker_num = 1\n",
	  "x.ini:1: the line is neither a section nor a value; allowed: [section], key = value, key[] = value, ; comment" },
	{ "[laravels]\nserver = \"a\n", "x.ini:2: [laravels] server: the quote is not closed" },
	{ "[laravels]\nserver = 'a\n", "x.ini:2: [laravels] server: the quote is not closed" },
	{ "[laravels]\nserver = \"a\\\"\n", "x.ini:2: [laravels] server: the quote is not closed" },
	{ "[laravels]\nserver = \"a\" b\n", "x.ini:2: [laravels] server: there is text behind the closing quote" },
	{ "[laravels]\nserver = \"a\\0b\"\n", "x.ini:2: [laravels] server: a NUL byte cannot be part of a value" },
	{ "[laravels]\nserver = \"a\\x00b\"\n", "x.ini:2: [laravels] server: a NUL byte cannot be part of a value" },
	{ "[laravels]\nserver = \"a\\r\\nX: y\"\n",
	  "x.ini:2: [laravels] server: `a\\x0d\\x0aX: y` has a control character in it" },
	{ "[laravels]\ncleaners = App\\A\n", "x.ini:2: [laravels] cleaners: is a list; allowed: cleaners[] = value" },
	{ "[swoole]\nworker_num[] = 4\n", "x.ini:2: [swoole] worker_num: is no list; allowed: worker_num = value" },
	{ "[rserverd]\nframework = thinkphp\n",
	  "x.ini:2: [rserverd] framework: `thinkphp` is not available in this version; allowed: auto, laravel, lumen, callable" },
	{ "[rserverd]\nframework = larave\n",
	  "x.ini:2: [rserverd] framework: `larave` is not known; allowed: auto, laravel, lumen, callable; did you mean `laravel`?" },
	{ "[rserverd]\nisolation = sandbox\n",
	  "x.ini:2: [rserverd] isolation: `sandbox` is not available in this version; allowed: snapshot, simple, fork, greedy" },
	{ "[rserverd]\ntrusted_proxies[] = ten\n",
	  "x.ini:2: [rserverd] trusted_proxies: `ten` is not a network; allowed: an IP address, a network such as "
	  "10.0.0.0/8 or fd00::/8, or unix:" },
	{ "[php]\nfoo[] = x\n[swoole]\nworker_num=x\n",
	  "x.ini:4: [swoole] worker_num: `x` is not a whole number; allowed: 0 to 4000" },
	/* the first of two mistakes */
	{ "[swoole]\nworker_num = a\nbacklog = b\n",
	  "x.ini:2: [swoole] worker_num: `a` is not a whole number; allowed: 0 to 4000" },
	{ "[swoole]\nnonsense\nworker_num = a\n",
	  "x.ini:2: the line is neither a section nor a value; allowed: [section], key = value, key[] = value, ; comment" },
	{ "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\nx = 1\n",
	  "x.ini:1: the name of the section is too long; allowed: 49 bytes" },
};

static void every_mistake_is_named_with_its_line(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(errors); i++) {
		again(f);
		if (parse(f, errors[i].ini) != RS_ERR)
			fail_msg("accepted: %s", errors[i].ini);
		assert_string_equal(f->err.text, errors[i].expected);
	}
}

static void nul_bytes_and_endless_lines_are_refused(void **state)
{
	static const char nul[] = "[swoole]\nworker_num = 4\0junk\n";
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	assert_int_equal(rs_conf_parse_ini(&f->c, RS_SLICE(nul), "x.ini", &f->err, NULL, NULL), RS_ERR);
	assert_string_equal(f->err.text, "x.ini:2: the line has a NUL byte in it; allowed: text");
	assert_true(rs_buf_printf(&b, "[laravels]\nserver = "));
	for (int i = 0; i < 9000; i++)
		assert_true(rs_buf_put(&b, "s", 1));
	assert_int_equal(rs_conf_parse_ini(&f->c, rs_buf_slice(&b), "x.ini", &f->err, NULL, NULL), RS_ERR);
	assert_string_equal(f->err.text, "x.ini:2: the line is too long; allowed: 8189 bytes");
	rs_buf_free(&b);
}

static void a_line_of_the_longest_length_arrives_whole(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	assert_true(rs_buf_printf(&b, "[laravels]\nserver = "));
	for (size_t i = strlen("server = "); i < LINE_MAX_BYTES - 3; i++)
		assert_true(rs_buf_put(&b, "s", 1));
	assert_true(rs_buf_printf(&b, "\nhandle_static = on\n"));
	assert_int_equal(rs_conf_parse_ini(&f->c, rs_buf_slice(&b), "x.ini", &f->err, on_warning, f), RS_OK);
	assert_int_equal(strlen(f->c.server), LINE_MAX_BYTES - 3 - strlen("server = "));
	assert_true(f->c.handle_static);
	assert_string_equal(f->c.origin[RS_OPT_ID_handle_static].where, "x.ini:3");
	rs_buf_free(&b);
}

/* -- warnings: all of the output --------------------------------------------------------------------------- */

static const struct {
	const char *ini, *expected;
} warnings[] = {
	{ "", "" },
	{ "[laravels]\nlisten_prt = 1\n",
	  "x.ini:2: [laravels] listen_prt: unknown key, ignored; did you mean `listen_port`?\n" },
	{ "[laravels]\nworker_num = 1\n",
	  "x.ini:2: [laravels] worker_num: unknown key, ignored; did you mean `worker_num` in [swoole]?\n" },
	{ "[laravels]\nworkernum = 1\n",
	  "x.ini:2: [laravels] workernum: unknown key, ignored; did you mean `worker_num` in [swoole]?\n" },
	{ "[swoole]\nqwertz = 1\nasdf=2\n",
	  "x.ini:2: [swoole] qwertz: unknown key, ignored\nx.ini:3: [swoole] asdf: unknown key, ignored\n" },
	{ "[larvels]\nlisten_ip = 1\nlisten_port = 2\n",
	  "x.ini:2: [larvels]: unknown section, ignored; did you mean `laravels`?\n" },
	{ "[proceses.test]\nclass = X\n",
	  "x.ini:2: [proceses.test]: unknown section, ignored; did you mean `processes`?\n" },
	{ "[swoole.x]\nclass = X\n", "x.ini:2: [swoole.x]: unknown section, ignored; did you mean `swoole`?\n" },
	{ "[zzz]\na = 1\n", "x.ini:2: [zzz]: unknown section, ignored\n" },
	{ "[processes.a]\nclass = A\nredirect = false\n[processes.b]\nclas = B\n",
	  "x.ini:5: [processes.b] clas: unknown key, ignored; did you mean `class`?\n" },
	{ "[processes]\nclass = A\n",
	  "x.ini:2: [processes]: the section has no name, ignored; did you mean `[processes.test]`?\n" },
	{ "[sockets.echo]\nhost = ::\nport = 1\nport = 2\nsettings.package_eof = \"\\r\\n\"\nsettings.x = 1\nsettings.x = 2\n",
	  "x.ini:4: [sockets.echo] port: set again; the value before is overruled\n" },
	{ "[swoole_tables.ws]\ncolumn[] = value:int:8\n[events]\nx[] = Y\n[event_handlers]\nWorkerStart = Z\nBeforeStart=Z\n", "" },
	{ "[event_handlers]\nWorkrStart = Z\n",
	  "x.ini:2: [event_handlers] WorkrStart: no such event, ignored; did you mean `WorkerStart`?\n" },
	{ "[timer]\nenable = true\njobs[] = App\\Job\n[websocket]\nenable=on\n[inotify_reload]\nenable=1\nfil_types[] = .php\n",
	  "x.ini:8: [inotify_reload] fil_types: unknown key, ignored; did you mean `file_types`?\n" },
	{ "[swoole]\ntask_worker_num = 2\nhttp_compression = off\n", "" },
	{ "[swoole]\nhttp_compression = on\nhttp_compression_types[] = text/html\nhttp_compression_types[] = application/json\n", "" },
	{ "[swoole]\ncompression_level = 2\n",
	  "x.ini:2: [swoole] compression_level: unknown key, ignored; did you mean `http_compression_level`?\n" },
	{ "[swoole]\nopen_http2_protocol = on\n", "" },
	{ "[swoole]\nreload_async = true\ndispatch_mode = 2\n", "" },
	{ "[swoole]\nreload_async = false\n",
	  "x.ini:2: [swoole] reload_async: has no effect: a reload always lets running requests finish.\n" },
	{ "[swoole]\nworker_num = 1\nbacklog = 9\nworker_num = 2\n",
	  "x.ini:4: [swoole] worker_num: set again; the value of x.ini:2 is overruled\n" },
	{ "[php]\nanything.goes = 1\nanything.goes = 2\n", "" },
	{ "[laravels]\ncleaners[] = A\ncleaners[] = B\n", "" },
};

static void everything_odd_is_warned_about_once(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(warnings); i++) {
		again(f);
		if (parse(f, warnings[i].ini) != RS_OK)
			fail_msg("%s", f->err.text);
		assert_string_equal(f->warnings, warnings[i].expected);
	}
}

static void a_flood_of_unknown_sections_ends(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	for (int i = 0; i < 1000; i++)
		assert_true(rs_buf_printf(&b, "[q%d]\nx = 1\n", i));
	assert_int_equal(rs_conf_parse_ini(&f->c, rs_buf_slice(&b), "x.ini", &f->err, on_warning, f), RS_OK);
	assert_int_equal(f->nwarnings, 64);
	rs_buf_free(&b);
}

/* -- values as written --------------------------------------------------------------------------------------- */

static const struct {
	const char *written, *value;
} values[] = {
	{ "nginx", "nginx" },
	{ "  nginx\t ", "nginx" },
	{ "a b  c", "a b  c" },
	{ "a;b", "a;b" },
	{ "a ; b", "a" },
	{ "a\t;b", "a" },
	{ "; nothing", "" },
	{ "a # b", "a # b" },
	{ "a = b", "a = b" },
	{ "a:b", "a:b" },
	{ "", "" },
	{ "\"\"", "" },
	{ "\"a ; b\"", "a ; b" },
	{ "\"a ; b\" ; c \" d", "a ; b" },
	{ "\" a \"", " a " },
	{ "\"a\\\"b\\\\c\"", "a\"b\\c" },
	{ "\"\\x41\\x6a\"", "Aj" },
	{ "\"\\xZZ\\x4\"", "\\xZZ\\x4" },
	{ "\"App\\Http\\Kernel\"", "App\\Http\\Kernel" },
	{ "'a ; \"b\" \\n'", "a ; \"b\" \\n" },
	{ "App\\Http", "App\\Http" },
	{ "it's", "it's" },
	{ "a\"b", "a\"b" },
};

static void values_are_what_is_written(void **state)
{
	struct fixture *f = *state;
	char ini[256];

	for (size_t i = 0; i < RS_COUNTOF(values); i++) {
		again(f);
		assert_true(rs_fmt(ini, sizeof ini, "[laravels]\nserver =%s\nhandle_static = on\n", values[i].written));
		if (parse(f, ini) != RS_OK)
			fail_msg("%s", f->err.text);
		assert_string_equal(f->c.server, values[i].value);
		assert_true(f->c.handle_static);
	}
}

static void escapes_reach_php_values(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "[php]\nauto_prepend_file = \"/a b/c.php\"\nopcache.jit=tracing\n"
				  "auto_prepend_file = /d.php ; again\ndate.timezone =\n"), RS_OK);
	assert_int_equal(f->c.php.n, 3);
	assert_string_equal(f->c.php.v[0], "auto_prepend_file=/d.php");
	assert_string_equal(f->c.php.v[1], "opcache.jit=tracing");
	assert_string_equal(f->c.php.v[2], "date.timezone=");
}

/* inih would take an indented line for the rest of the value before it. */
static void indentation_means_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "  [swoole]\n  worker_num = 3\n\tbacklog = 7\n      ; comment\n#comment\n"), RS_OK);
	assert_int_equal(f->c.worker_num, 3);
	assert_int_equal(f->c.backlog, 7);
	assert_int_equal(f->nwarnings, 0);
}

static void an_empty_text_is_all_defaults(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	assert_int_equal(parse(f, "\n;\n"), RS_OK);
	assert_true(rs_conf_dump(&f->c, &b));
	assert_int_equal(b.len, 0);
	rs_buf_free(&b);
}

/* -- lists and precedence ------------------------------------------------------------------------------------- */

static void a_list_collects_and_replaces_weaker_ones(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->c.trusted_proxies.n, 3);
	assert_int_equal(set(f, RS_FROM_APP, "laravels", "cleaners", "App\\One"), RS_OK);
	assert_int_equal(set(f, RS_FROM_APP, "laravels", "cleaners", "App\\Two"), RS_OK);
	assert_int_equal(f->c.cleaners.n, 2);
	assert_int_equal(parse(f, "[laravels]\ncleaners[] = Ini\\One\ncleaners[] = Ini\\Two\ncleaners[] = Ini\\Three\n"
				  "[rserverd]\ntrusted_proxies[] = 10.0.0.0/8\n"), RS_OK);
	assert_int_equal(f->c.cleaners.n, 3);
	assert_string_equal(f->c.cleaners.v[0], "Ini\\One");
	assert_string_equal(f->c.cleaners.v[2], "Ini\\Three");
	assert_int_equal(f->c.trusted_proxies.n, 1);
	assert_int_equal(set(f, RS_FROM_APP, "laravels", "cleaners", "App\\Late"), RS_OK);
	assert_int_equal(f->c.cleaners.n, 3);
}

static void an_empty_item_empties_a_list(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "[rserverd]\ntrusted_proxies[] =\n"), RS_OK);
	assert_int_equal(f->c.trusted_proxies.n, 0);
	assert_int_equal(f->c.origin[RS_OPT_ID_trusted_proxies].from, RS_FROM_INI);
	assert_int_equal(parse(f, "[laravels]\ncleaners[] = A\ncleaners[] =\ncleaners[] = B\n"), RS_OK);
	assert_int_equal(f->c.cleaners.n, 1);
	assert_string_equal(f->c.cleaners.v[0], "B");
}

static void the_stronger_origin_wins_in_any_order(void **state)
{
	static const enum rs_origin orders[][4] = {
		{ RS_FROM_APP, RS_FROM_INI, RS_FROM_CLI }, { RS_FROM_CLI, RS_FROM_INI, RS_FROM_APP },
		{ RS_FROM_INI, RS_FROM_CLI, RS_FROM_APP }, { RS_FROM_INI, RS_FROM_APP, RS_FROM_CLI },
	};
	static const char *const text[] = { "1", "2", "3", "4" };
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(orders); i++) {
		again(f);
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(set(f, orders[i][j], "swoole", "worker_num", text[orders[i][j]]), RS_OK);
		assert_int_equal(f->c.worker_num, 4);
		assert_int_equal(f->c.origin[RS_OPT_ID_worker_num].from, RS_FROM_CLI);
	}
	/* A weaker value that does not count is still checked. */
	assert_int_equal(set(f, RS_FROM_APP, "swoole", "worker_num", "x"), RS_ERR);
}

static void an_application_cannot_set_php_directives(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set(f, RS_FROM_APP, "php", "extension", "x.so"), RS_OK);
	assert_int_equal(f->c.php.n, 0);
	assert_string_equal(f->warnings, "here: [php] extension: PHP has started by then, ignored\n");
}

/* -- files ------------------------------------------------------------------------------------------------------ */

static void a_file_is_read_and_its_absolute_name_kept(void **state)
{
	struct fixture *f = *state;
	char cwd[4096], expected[4300];

	make_file(f, "l.ini", "[swoole]\nworker_num = 5");
	assert_int_equal(rs_conf_read_ini(&f->c, below(f, "l.ini"), &f->err, on_warning, f), RS_OK);
	assert_int_equal(f->c.worker_num, 5);
	assert_string_equal(f->c.ini_file, below(f, "l.ini"));
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(chdir(f->dir), 0);
	again(f);
	assert_int_equal(rs_conf_read_ini(&f->c, "l.ini", &f->err, on_warning, f), RS_OK);
	assert_string_equal(f->c.ini_file, below(f, "l.ini"));
	assert_string_equal(f->c.origin[RS_OPT_ID_worker_num].where, "l.ini:2");
	assert_int_equal(chdir(cwd), 0);
	assert_true(rs_fmt(expected, sizeof expected, "%s/none.ini: cannot open the ini file: No such file or directory",
			   f->dir));
	assert_int_equal(rs_conf_read_ini(&f->c, below(f, "none.ini"), &f->err, on_warning, f), RS_ERR);
	assert_string_equal(f->err.text, expected);
	assert_int_equal(rs_conf_read_ini(&f->c, f->dir, &f->err, on_warning, f), RS_ERR);
	assert_contains(f->err.text, ": cannot read the ini file: Is a directory");
}

static void a_huge_file_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rs_conf_read_ini(&f->c, "/dev/zero", &f->err, on_warning, f), RS_ERR);
	assert_string_equal(f->err.text, "/dev/zero: cannot read the ini file: File too large");
	make_file(f, "big.ini", ";");
	assert_int_equal(truncate(below(f, "big.ini"), FILE_MAX_BYTES + 1), 0);
	assert_int_equal(rs_conf_read_ini(&f->c, below(f, "big.ini"), &f->err, on_warning, f), RS_ERR);
	assert_contains(f->err.text, "File too large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_mistake_is_named_with_its_line),
		TEST(nul_bytes_and_endless_lines_are_refused),
		TEST(a_line_of_the_longest_length_arrives_whole),
		TEST(everything_odd_is_warned_about_once),
		TEST(a_flood_of_unknown_sections_ends),
		TEST(values_are_what_is_written),
		TEST(escapes_reach_php_values),
		TEST(indentation_means_nothing),
		TEST(an_empty_text_is_all_defaults),
		TEST(a_list_collects_and_replaces_weaker_ones),
		TEST(an_empty_item_empties_a_list),
		TEST(the_stronger_origin_wins_in_any_order),
		TEST(an_application_cannot_set_php_directives),
		TEST(a_file_is_read_and_its_absolute_name_kept),
		TEST(a_huge_file_is_refused),
	};

	return cmocka_run_group_tests_name("conf_ini", tests, NULL, NULL);
}
