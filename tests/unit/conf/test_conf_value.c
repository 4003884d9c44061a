/*
 * Values of single options: what text means, what is refused and how it is said, what a value prints as.
 */
#include "conf/conf_value.c"

#include "conf_fixture.h"

/* -- what is accepted ------------------------------------------------------------------------------------- */

static const struct {
	enum rs_opt_id id;
	const char *text;
	int64_t value;
	const char *printed;
} good[] = {
	{ RS_OPT_ID_handle_static, "true", 1, "true" },
	{ RS_OPT_ID_handle_static, "ON", 1, "true" },
	{ RS_OPT_ID_handle_static, "Yes", 1, "true" },
	{ RS_OPT_ID_handle_static, "1", 1, "true" },
	{ RS_OPT_ID_handle_static, "false", 0, "false" },
	{ RS_OPT_ID_handle_static, "Off", 0, "false" },
	{ RS_OPT_ID_handle_static, "no", 0, "false" },
	{ RS_OPT_ID_handle_static, "0", 0, "false" },
	{ RS_OPT_ID_worker_num, "0", 0, "0" },
	{ RS_OPT_ID_worker_num, "007", 7, "7" },
	{ RS_OPT_ID_worker_num, "1000", 1000, "1000" },
	{ RS_OPT_ID_max_request_grace, "-1", -1, "-1" },
	{ RS_OPT_ID_max_request, "9223372036854775807", INT64_MAX, "9223372036854775807" },
	{ RS_OPT_ID_package_max_length, "1024", 1024, "1K" },
	{ RS_OPT_ID_package_max_length, "1025", 1025, "1025" },
	{ RS_OPT_ID_package_max_length, "4M", 4194304, "4M" },
	{ RS_OPT_ID_package_max_length, "4194304", 4194304, "4M" },
	{ RS_OPT_ID_package_max_length, "4096k", 4194304, "4M" },
	{ RS_OPT_ID_package_max_length, "2g", INT64_C(2) << 30, "2G" },
	{ RS_OPT_ID_package_max_length, "2048G", INT64_C(2048) << 30, "2048G" },
	{ RS_OPT_ID_package_max_length, "8589934591G", INT64_C(8589934591) << 30, "8589934591G" },
	{ RS_OPT_ID_request_timeout, "0", 0, "0" },
	{ RS_OPT_ID_request_timeout, "30", 30000, "30" },
	{ RS_OPT_ID_request_timeout, "30s", 30000, "30" },
	{ RS_OPT_ID_request_timeout, "0.5", 500, "500ms" },
	{ RS_OPT_ID_request_timeout, "1.25s", 1250, "1250ms" },
	{ RS_OPT_ID_request_timeout, "500ms", 500, "500ms" },
	{ RS_OPT_ID_request_timeout, "5m", 300000, "300" },
	{ RS_OPT_ID_request_timeout, "1.5h", 5400000, "5400" },
	{ RS_OPT_ID_request_timeout, "24h", 86400000, "86400" },
	{ RS_OPT_ID_request_timeout, "0.0001", 1, "1ms" }, /* a little is never nothing */
	{ RS_OPT_ID_request_timeout, "0.1ms", 1, "1ms" },
	{ RS_OPT_ID_request_timeout, "0.000000001h", 1, "1ms" },
	{ RS_OPT_ID_framework, "auto", RS_FRAMEWORK_AUTO, "auto" },
	{ RS_OPT_ID_framework, "laravel", RS_FRAMEWORK_LARAVEL, "laravel" },
	{ RS_OPT_ID_framework, "lumen", RS_FRAMEWORK_LUMEN, "lumen" },
	{ RS_OPT_ID_framework, "callable", RS_FRAMEWORK_CALLABLE, "callable" },
	{ RS_OPT_ID_boot, "manager", RS_BOOT_MANAGER, "manager" },
	{ RS_OPT_ID_boot, "worker", RS_BOOT_WORKER, "worker" },
	{ RS_OPT_ID_isolation, "greedy", RS_ISOLATION_GREEDY, "greedy" },
	{ RS_OPT_ID_isolation, "snapshot", RS_ISOLATION_SNAPSHOT, "snapshot" },
	{ RS_OPT_ID_isolation, "backup", RS_ISOLATION_SIMPLE, "simple" },
	{ RS_OPT_ID_isolation, "fpm", RS_ISOLATION_FORK, "fork" },
	{ RS_OPT_ID_isolation, "fpmlike", RS_ISOLATION_FORK, "fork" },
	{ RS_OPT_ID_engine, "php", RS_ENGINE_PHP, "php" },
	{ RS_OPT_ID_engine, "fake", RS_ENGINE_FAKE, "fake" },
};

static void numbers_are_understood(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(good); i++) {
		const struct rs_option *o = &rs_options[good[i].id];
		struct rs_buf b = { 0 };

		again(f);
		if (set(f, RS_FROM_INI, o->section, o->key, good[i].text) != RS_OK)
			fail_msg("%s: %s", good[i].text, f->err.text);
		assert_int_equal(rs_conf_get_number(&f->c, o), good[i].value);
		assert_true(rs_conf_value_text(&f->c, o, &b) && rs_buf_put(&b, "", 1));
		assert_string_equal(rs_buf_data(&b), good[i].printed);
		rs_buf_free(&b);
	}
}

/* What a value prints as is the value again. */
static void printed_numbers_are_read_back(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(good); i++) {
		const struct rs_option *o = &rs_options[good[i].id];

		again(f);
		assert_int_equal(set(f, RS_FROM_INI, o->section, o->key, good[i].printed), RS_OK);
		assert_int_equal(rs_conf_get_number(&f->c, o), good[i].value);
	}
}

/* -- what is refused --------------------------------------------------------------------------------------- */

#define WHOLE "is not a whole number; allowed: 0 to 4000"
#define SIZE_RULE "1K or more (units K, M, G)"
#define TIME_RULE "0s to 86400s (seconds, or with a unit: 500ms, 30s, 5m, 1h)"

static const struct {
	const char *section, *key, *value, *expected;
} bad[] = {
	{ "laravels", "handle_static", "maybe",
	  "`maybe` is not a truth value; allowed: true or false (on/off, yes/no, 1/0)" },
	{ "laravels", "handle_static", "", "`` is not a truth value; allowed: true or false (on/off, yes/no, 1/0)" },
	{ "laravels", "handle_static", "2", "`2` is not a truth value" },
	{ "swoole", "worker_num", "many", "[swoole] worker_num: `many` " WHOLE },
	{ "swoole", "worker_num", "", "`` " WHOLE },
	{ "swoole", "worker_num", "4.5", "`4.5` " WHOLE },
	{ "swoole", "worker_num", "0x10", "`0x10` " WHOLE },
	{ "swoole", "worker_num", "4 ", "`4 ` " WHOLE },
	{ "swoole", "worker_num", "+4", "`+4` " WHOLE },
	{ "swoole", "worker_num", "-", "`-` " WHOLE },
	{ "swoole", "worker_num", "--1", "`--1` " WHOLE },
	{ "swoole", "worker_num", "1\n2", "`1\\x0a2` " WHOLE },
	{ "swoole", "worker_num", "4001", "`4001` is too large; allowed: 0 to 4000" },
	{ "swoole", "worker_num", "-1", "`-1` is too small; allowed: 0 to 4000" },
	{ "swoole", "worker_num", "9223372036854775808", "`9223372036854775808` " WHOLE },
	{ "swoole", "worker_num", "99999999999999999999999999", "`99999999999999999999999999` " WHOLE },
	{ "swoole", "max_request", "-1", "`-1` is too small; allowed: 0 or more" },
	{ "swoole", "max_request_grace", "-2", "`-2` is too small; allowed: -1 or more" },
	{ "laravels", "listen_port", "65536", "`65536` is too large; allowed: 0 to 65535" },
	{ "swoole", "package_max_length", "4MB", "`4MB` is not a size; allowed: " SIZE_RULE },
	{ "swoole", "package_max_length", "M", "`M` is not a size; allowed: " SIZE_RULE },
	{ "swoole", "package_max_length", "", "`` is not a size; allowed: " SIZE_RULE },
	{ "swoole", "package_max_length", "4.5M", "`4.5M` is not a size; allowed: " SIZE_RULE },
	{ "swoole", "package_max_length", "-4M", "`-4M` is not a size; allowed: " SIZE_RULE },
	{ "swoole", "package_max_length", "1023", "`1023` is too small; allowed: " SIZE_RULE },
	{ "swoole", "package_max_length", "8589934592G", "`8589934592G` is not a size; allowed: " SIZE_RULE },
	{ "rserverd", "header_max_size", "2M", "`2M` is too large; allowed: 1K to 1M (units K, M, G)" },
	{ "rserverd", "request_timeout", "soon", "`soon` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "", "`` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "5d", "`5d` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "5 m", "`5 m` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "1.", "`1.` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", ".5", "`.5` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "-1", "`-1` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "1.0000000001", "`1.0000000001` is not a time; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "25h", "`25h` is too large; allowed: " TIME_RULE },
	{ "rserverd", "request_timeout", "99999999999999999h", "`99999999999999999h` is not a time" },
	{ "rserverd", "queue_timeout", "0", "`0` is too small; allowed: 1ms to 86400s" },
	{ "rserverd", "framework", "larvel",
	  "[rserverd] framework: `larvel` is not known; allowed: auto, laravel, lumen, callable; did you mean `laravel`?" },
	{ "rserverd", "framework", "zend", "`zend` is not known; allowed: auto, laravel, lumen, callable" },
	{ "rserverd", "framework", "Laravel", "`Laravel` is not known; allowed: auto, laravel, lumen, callable; did you mean" },
	{ "rserverd", "framework", "thinkphp",
	  "`thinkphp` is not available in this version; allowed: auto, laravel, lumen, callable" },
	{ "rserverd", "isolation", "sandbox", "`sandbox` is not available in this version; allowed: snapshot, simple, fork, greedy" },
	{ "rserverd", "isolation", "concurrent", "`concurrent` is not available in this version; allowed: snapshot, simple, fork, greedy" },
	{ "rserverd", "isolation", "hash", "`hash` is not available in this version; allowed: snapshot, simple, fork, greedy" },
	{ "rserverd", "isolation", "map", "`map` is not available in this version; allowed: snapshot, simple, fork, greedy" },
	{ "rserverd", "isolation", "greed", "`greed` is not known; allowed: snapshot, simple, fork, greedy; did you mean `greedy`?" },
	{ "rserverd", "boot", "wroker", "`wroker` is not known; allowed: manager, worker; did you mean `worker`?" },
	{ "rserverd", "engine", "lua", "`lua` is not known; allowed: php, fake" },
	{ "rserverd", "access_log_format", "combind",
	  "`combind` is not a format of log lines: it has no variable, such as $remote_addr; allowed: common, combined, json, or a text with "
	  "$variables as docs/CONFIG.md lists them, with escape=json or escape=default in front or not; did you mean `combined`?" },
	{ "rserverd", "access_log_format", "$remote_adr", "`$remote_adr` is not a format of log lines: there is no $remote_adr;" },
	{ "rserverd", "access_log_format", "escape=none $request", "`escape=none $request` is not a format of log lines: escape=json or escape=default" },
	{ "rserverd", "access_log_format", "x ${request", "`x ${request` is not a format of log lines: a brace is not closed behind $request;" },
	{ "rserverd", "access_log_format", "$", "`$` is not a format of log lines: a name has to follow $;" },
	{ "rserverd", "real_ip_header", "X_Real", "`X_Real` is not the name of a header; allowed: X-Real-IP, X-Forwarded-For, Forwarded" },
	{ "rserverd", "request_id_header", "a b", "`a b` is not the name of a header" },
	{ "rserverd", "socket_mode", "rw", "`rw` is not a file mode; allowed: octal, 000 to 0777" },
	{ "rserverd", "socket_mode", "0888", "`0888` is not a file mode" },
	{ "rserverd", "socket_mode", "1777", "`1777` is not a file mode" },
	{ "rserverd", "socket_mode", "66", "`66` is not a file mode" },
	{ "rserverd", "socket_mode", "00660", "`00660` is not a file mode" },
	{ "rserverd", "listen", "8080",
	  "`8080` is not an address; allowed: IPv4:port, [IPv6]:port, or the path of a Unix socket; then ssl, proxy_protocol or nothing" },
	{ "rserverd", "listen", "localhost:80", "`localhost:80` is not an address" },
	{ "rserverd", "listen", "::1:80", "`::1:80` is not an address" },
	{ "rserverd", "listen", "[127.0.0.1]:80", "`[127.0.0.1]:80` is not an address" },
	{ "rserverd", "listen", "1.2.3.4:65536", "`1.2.3.4:65536` is not an address" },
	{ "rserverd", "listen", "1.2.3.4:", "`1.2.3.4:` is not an address" },
	{ "rserverd", "listen", "/run/dir/", "`/run/dir/` is not an address" },
	{ "rserverd", "trusted_proxies", "10.0.0.0/33",
	  "`10.0.0.0/33` is not a network; allowed: an IP address, a network such as 10.0.0.0/8 or fd00::/8, or unix:" },
	{ "rserverd", "trusted_proxies", "proxy.local", "`proxy.local` is not a network" },
	{ "rserverd", "trusted_proxies", "::1/129", "`::1/129` is not a network" },
	{ "rserverd", "trusted_proxies", "10.0.0.0/", "`10.0.0.0/` is not a network" },
	{ "laravels", "cleaners", "App\\Clean er",
	  "`App\\Clean er` is not a class name; allowed: a PHP class name with its namespace" },
	{ "laravels", "cleaners", "App\\\\Cleaner", "`App\\\\Cleaner` is not a class name" },
	{ "laravels", "cleaners", "App\\", "`App\\` is not a class name" },
	{ "laravels", "register_providers", "App\\9Lives", "`App\\9Lives` is not a class name" },
	{ "destroy_controllers", "excluded_list", "App/Http/X", "`App/Http/X` is not a class name" },
	{ "laravels", "server", "evil\r\nSet-Cookie: a=b",
	  "`evil\\x0d\\x0aSet-Cookie: a=b` has a control character in it" },
	{ "laravels", "process_prefix", "a\x7f", "`a\\x7f` has a control character in it" },
	{ "php", "a b", "1", "[php] a b: this is no name of a php.ini directive" },
	{ "php", "", "1", "this is no name of a php.ini directive" },
	{ "php", "x[]", "1", "this is no name of a php.ini directive" },
	{ "php", "x", "1\nextension=evil.so", "a php.ini value has no control characters" },
};

static void mistakes_are_named(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(bad); i++) {
		again(f);
		if (set(f, RS_FROM_INI, bad[i].section, bad[i].key, bad[i].value) != RS_ERR)
			fail_msg("[%s] %s = %s was accepted", bad[i].section, bad[i].key, bad[i].value);
		assert_contains(f->err.text, bad[i].expected);
		assert_true(strncmp(f->err.text, "here: [", 7) == 0);
	}
}

/* A refused value leaves what was there. */
static void mistakes_change_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set(f, RS_FROM_INI, "swoole", "worker_num", "3"), RS_OK);
	assert_int_equal(set(f, RS_FROM_CLI, "swoole", "worker_num", "x"), RS_ERR);
	assert_int_equal(f->c.worker_num, 3);
	assert_int_equal(f->c.origin[RS_OPT_ID_worker_num].from, RS_FROM_INI);
}

static void long_values_and_names_are_cut_in_messages(void **state)
{
	struct fixture *f = *state;
	char value[5000], where[3000];

	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	memset(where, 'w', sizeof where - 1);
	memcpy(where + sizeof where - 8, ".ini:77", 8);
	assert_int_equal(rs_conf_set(&f->c, RS_FROM_INI, where, "swoole", "worker_num", value, &f->err, NULL, NULL),
			 RS_ERR);
	assert_contains(f->err.text, "vvv...` is not a whole number; allowed: 0 to 4000");
	assert_contains(f->err.text, "...www");
	assert_contains(f->err.text, ".ini:77: [swoole] worker_num: ");
	assert_true(strlen(f->err.text) < 700);
}

/* -- the table itself --------------------------------------------------------------------------------------- */

static void every_default_is_legal_text_of_its_option(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];
		struct rs_buf b = { 0 };

		assert_true(rs_conf_value_text(&f->c, o, &b));
		/* The table writes values the way we print them, so that documents and `config` agree. */
		if (!rs_slice_eq(rs_buf_slice(&b), rs_slice_str(o->def)))
			fail_msg("[%s] %s: default `%s` prints as `%.*s`", o->section, o->key, o->def, (int)b.len,
				 rs_buf_data(&b));
		if (o->type != RS_OPT_LIST && set(f, RS_FROM_INI, o->section, o->key, o->def) != RS_OK)
			fail_msg("%s", f->err.text);
		rs_buf_free(&b);
	}
	assert_int_equal(f->nwarnings, 0); /* setting a default is nothing to warn about */
}

static void every_option_has_its_own_name_and_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];

		assert_ptr_equal(rs_conf_find(o->section, o->key), o);
		assert_true(strlen(o->help) > 5);
		assert_int_equal(o->help[strlen(o->help) - 1], '.');
		assert_true(o->min <= o->max);
		if (o->flags & RS_OPT_INERT) /* the warning shows what stands behind the colon */
			assert_int_equal(strncmp(o->help, "Accepted: ", 10), 0);
	}
	assert_null(rs_conf_find("swoole", "listen_port"));
	assert_null(rs_conf_find("", ""));
}

static void distance_is_symmetric_and_finds_slips(void **state)
{
	(void)state;
	assert_int_equal(rs_conf_distance("worker_num", "worker_num"), 0);
	assert_int_equal(rs_conf_distance("Worker-Num", "worker_num"), 0);
	assert_int_equal(rs_conf_distance("woker_num", "worker_num"), 1);
	assert_int_equal(rs_conf_distance("wroker_num", "worker_num"), 1);
	assert_int_equal(rs_conf_distance("workers_num", "worker_num"), 1);
	assert_int_equal(rs_conf_distance("worker_nums", "worker_num"), 1);
	assert_int_equal(rs_conf_distance("", "worker_num"), UINT_MAX);
	assert_int_equal(rs_conf_distance("listen_ip", "worker_num"), UINT_MAX);
	assert_int_equal(rs_conf_distance("a", "b"), UINT_MAX);
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		assert_int_equal(rs_conf_distance(rs_options[i].key, rs_options[i].key), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_are_understood),
		TEST(printed_numbers_are_read_back),
		TEST(mistakes_are_named),
		TEST(mistakes_change_nothing),
		TEST(long_values_and_names_are_cut_in_messages),
		TEST(every_default_is_legal_text_of_its_option),
		TEST(every_option_has_its_own_name_and_a_sentence),
		TEST(distance_is_symmetric_and_finds_slips),
	};

	return cmocka_run_group_tests_name("conf_value", tests, NULL, NULL);
}
