/*
 * Completion: what follows from other values, and the rules across options.
 */
#include "conf/conf_complete.c"

#include "conf_fixture.h"

static bool derived(const struct fixture *f, enum rs_opt_id id)
{
	return f->c.origin[id].derived;
}

static void nothing_but_a_directory_is_enough(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.laravel_base_path, f->dir);
	assert_string_equal(f->c.process_prefix, f->dir);
	assert_string_equal(f->c.document_root, below(f, "public"));
	assert_string_equal(f->c.pid_file, below(f, "laravels.pid"));
	assert_string_equal(f->c.control_socket, below(f, "control.sock"));
	assert_string_equal(f->c.app_socket, below(f, "app.sock"));
	assert_string_equal(f->c.log_file, "");
	assert_string_equal(f->c.access_log, "");
	assert_string_equal(f->c.libphp, RS_LIBPHP);
	assert_string_equal(f->c.php_binary, RS_PHP_BINARY);
	assert_int_equal(f->c.worker_num, 2 * cpus());
	assert_int_equal(f->c.max_request_grace, 50000);
	assert_int_equal(f->c.body_buffer_size, 65536);
	assert_true(derived(f, RS_OPT_ID_pid_file));
	assert_int_equal(f->c.origin[RS_OPT_ID_pid_file].from, RS_FROM_DEFAULT);
}

static void the_defaults_written_in_c_are_those_of_the_table(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->c.body_buffer_size, BODY_BUFFER);
}

static void run_files_go_to_storage_when_there_is_one(void **state)
{
	struct fixture *f = *state;

	make_dir(f, "storage");
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.pid_file, below(f, "storage/laravels.pid"));
	assert_string_equal(f->c.control_socket, below(f, "storage/control.sock"));
	/* A pid file elsewhere takes the sockets with it, and what is relative starts at the base path. */
	assert_int_equal(set(f, RS_FROM_INI, "swoole", "pid_file", "run/x.pid"), RS_OK);
	assert_int_equal(set(f, RS_FROM_INI, "rserverd", "app_socket", "/run/app.sock"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.pid_file, below(f, "run/x.pid"));
	assert_string_equal(f->c.control_socket, below(f, "run/control.sock"));
	assert_string_equal(f->c.app_socket, "/run/app.sock");
}

static void the_base_path_is_the_directory_of_the_ini(void **state)
{
	struct fixture *f = *state;
	char cwd[] = "/";

	make_dir(f, "app");
	make_dir(f, "app/sub");
	make_file(f, "app/laravels.ini", "[swoole]\nworker_num = 1\n");
	assert_int_equal(rs_conf_read_ini(&f->c, below(f, "app/laravels.ini"), &f->err, on_warning, f), RS_OK);
	assert_int_equal(rs_conf_complete(&f->c, cwd, &f->err), RS_OK);
	assert_string_equal(f->c.laravel_base_path, below(f, "app"));
	/* relative in the ini: to its directory; on the command line: to the working directory */
	assert_int_equal(set(f, RS_FROM_INI, "laravels", "laravel_base_path", "sub/"), RS_OK);
	assert_int_equal(rs_conf_complete(&f->c, cwd, &f->err), RS_OK);
	assert_string_equal(f->c.laravel_base_path, below(f, "app/sub"));
	assert_string_equal(f->c.document_root, below(f, "app/sub/public"));
	assert_int_equal(set(f, RS_FROM_CLI, "laravels", "laravel_base_path", "./app//sub/."), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.laravel_base_path, below(f, "app/sub"));
}

static void a_symlink_to_the_application_stays_one(void **state)
{
	struct fixture *f = *state;

	make_dir(f, "release1");
	assert_int_equal(symlink("release1", below(f, "current")), 0);
	assert_int_equal(set(f, RS_FROM_INI, "laravels", "laravel_base_path", below(f, "current")), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.laravel_base_path, below(f, "current"));
}

static void derived_values_follow_later_sources(void **state)
{
	struct fixture *f = *state;

	make_dir(f, "app");
	assert_int_equal(set(f, RS_FROM_INI, "swoole", "package_max_length", "8K"), RS_OK);
	assert_int_equal(set(f, RS_FROM_INI, "swoole", "worker_num", "0"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_int_equal(f->c.body_buffer_size, 8192);
	assert_int_equal(f->c.worker_num, 2 * cpus());
	assert_int_equal(set(f, RS_FROM_CLI, "laravels", "laravel_base_path", below(f, "app")), RS_OK);
	assert_int_equal(set(f, RS_FROM_CLI, "swoole", "package_max_length", "1M"), RS_OK);
	assert_int_equal(set(f, RS_FROM_CLI, "swoole", "max_request", "10"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.document_root, below(f, "app/public"));
	assert_string_equal(f->c.process_prefix, below(f, "app"));
	assert_int_equal(f->c.body_buffer_size, 65536);
	assert_int_equal(f->c.max_request_grace, 5);
	/* and give way to what is set */
	assert_int_equal(set(f, RS_FROM_APP, "swoole", "document_root", "web"), RS_OK);
	assert_int_equal(set(f, RS_FROM_APP, "swoole", "max_request_grace", "0"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.document_root, below(f, "app/web"));
	assert_false(derived(f, RS_OPT_ID_document_root));
	assert_int_equal(f->c.max_request_grace, 0);
}

static void completing_twice_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct rs_buf one = { 0 }, two = { 0 };

	assert_int_equal(parse(f, "[laravels]\nlisten_ip = run/main.sock\n[rserverd]\nlisten[] = run/x.sock\n"
				  "listen[] = 127.0.0.1:81\naccess_log = off\n[swoole]\nlog_file = l/x.log\n"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_true(rs_conf_dump(&f->c, &one));
	assert_int_equal(complete(f), RS_OK);
	assert_true(rs_conf_dump(&f->c, &two));
	assert_true(rs_slice_eq(rs_buf_slice(&one), rs_buf_slice(&two)));
	assert_string_equal(f->c.listen_ip, below(f, "run/main.sock"));
	assert_string_equal(f->c.listen.v[0], below(f, "run/x.sock"));
	assert_string_equal(f->c.listen.v[1], "127.0.0.1:81");
	assert_string_equal(f->c.log_file, below(f, "l/x.log"));
	assert_string_equal(f->c.access_log, "");
	rs_buf_free(&one);
	rs_buf_free(&two);
}

static void an_empty_text_means_the_default(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "[swoole]\npid_file =\ndocument_root = \"\"\n[laravels]\nlaravel_base_path =\n"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.pid_file, below(f, "laravels.pid"));
	assert_string_equal(f->c.document_root, below(f, "public"));
}

/* A project that cannot be written to: its files of run time are elsewhere, unless the options say so. */
static void run_files_follow_the_storage_path(void **state)
{
	struct fixture *f = *state;
	char dir[4096];

	make_dir(f, "app");
	make_dir(f, "app/storage");
	make_dir(f, "var");
	assert_int_equal(setenv("APP_STORAGE_PATH", below(f, "var"), 1), 0);
	assert_int_equal(set(f, RS_FROM_CLI, "laravels", "laravel_base_path", below(f, "app")), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.pid_file, below(f, "var/laravels.pid"));
	assert_string_equal(f->c.app_socket, below(f, "var/app.sock"));
	rs_conf_storage(&f->c, dir, sizeof dir);
	assert_string_equal(dir, below(f, "var"));
	/* What is no directory is no place. */
	assert_int_equal(setenv("APP_STORAGE_PATH", below(f, "none"), 1), 0);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.pid_file, below(f, "app/storage/laravels.pid"));
	assert_int_equal(setenv("APP_STORAGE_PATH", "relative", 1), 0);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.pid_file, below(f, "app/storage/laravels.pid"));
	assert_int_equal(set(f, RS_FROM_INI, "swoole", "pid_file", "x.pid"), RS_OK);
	assert_int_equal(setenv("APP_STORAGE_PATH", below(f, "var"), 1), 0);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.pid_file, below(f, "app/x.pid"));
	assert_int_equal(unsetenv("APP_STORAGE_PATH"), 0);
}

static void php_ini_is_the_one_of_fpm(void **state)
{
	struct fixture *f = *state;
	const char *fpm = "/etc/php/" RS_PHP_VERSION "/fpm/php.ini", *cli = "/etc/php/" RS_PHP_VERSION "/cli/php.ini";

	assert_int_equal(complete(f), RS_OK);
	if (access(fpm, F_OK) == 0)
		assert_string_equal(f->c.php_ini, fpm);
	else
		assert_string_equal(f->c.php_ini, access(cli, F_OK) == 0 ? cli : "");
}

static void the_engine_is_looked_for_beside_the_program(void **state)
{
	struct fixture *f = *state;
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	assert_true(n > 0);
	exe[n] = '\0';
	assert_int_equal(complete(f), RS_OK);
	/* No module lies beside a unit test. */
	assert_string_equal(f->c.engine_module, RS_LIBDIR "/rserverd-php.so");
	assert_int_equal(set(f, RS_FROM_INI, "rserverd", "engine", "fake"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.engine_module, RS_LIBDIR "/rserverd-fake.so");
}

static void the_spool_directory_follows_tmpdir(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("TMPDIR", f->dir, 1), 0);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.upload_tmp_dir, f->dir);
	assert_int_equal(setenv("TMPDIR", "relative", 1), 0);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->c.upload_tmp_dir, "/tmp");
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

/* -- rules across options: one row per mistake; %D is the directory --------------------------------------------- */

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *ini, *expected;
} broken[] = {
	{ "[laravels]\nlaravel_base_path = none\n",
	  "x.ini:2: [laravels] laravel_base_path: `%D/none` does not exist; allowed: the directory of the application" },
	{ "[laravels]\nlaravel_base_path = file.php\n",
	  "x.ini:2: [laravels] laravel_base_path: `%D/file.php` is not a directory; allowed: the directory of the application" },
	{ "[laravels]\nlaravel_base_path = file.php/x\n",
	  "x.ini:2: [laravels] laravel_base_path: `%D/file.php/x` cannot be used: Not a directory; allowed: the directory "
	  "of the application" },
	{ "[laravels]\nlisten_ip = localhost\n",
	  "x.ini:2: [laravels] listen_ip: `localhost` is not an address; allowed: an IPv4 or IPv6 address, or the path of a "
	  "Unix socket; did you mean `127.0.0.1`?" },
	{ "[laravels]\nlisten_ip =\n", "x.ini:2: [laravels] listen_ip: `` is not an address; allowed: an IPv4 or IPv6" },
	{ "[laravels]\nlisten_ip = 127.0.0.1:80\n", "[laravels] listen_ip: `127.0.0.1:80` is not an address" },
	{ "[laravels]\nsocket_type = 2\n",
	  "x.ini:2: [laravels] socket_type: `2` is no type of the main port; allowed: 1 (TCP), 3 (TCP6) or 5 (Unix stream)" },
	{ "[laravels]\nsocket_type = 6\n", "`6` is no type of the main port" },
	{ "[laravels]\nsocket_type = 513\n",
	  "x.ini:2: [laravels] socket_type: SWOOLE_SSL asks for TLS, and there is no certificate; allowed: ssl_cert_file and ssl_key_file, "
	  "or 1, 3 or 5" },
	{ "[swoole]\nssl_cert_file = a.pem\n",
	  "[swoole] ssl_key_file: a certificate needs its key, and a key its certificate; allowed: both, or none" },
	{ "[swoole]\nssl_protocols = TLSv1.2 SSLv3\n", "x.ini:2: [swoole] ssl_protocols: `SSLv3` is no protocol" },
	{ "[swoole]\nssl_verify_client = on\n", "[swoole] ssl_client_cert_file: certificates of clients cannot be checked without it" },
	{ "[ssl.a]\nkey_file = b\n", "x.ini:2: [ssl.a] cert_file: there is no certificate" },
	{ "[ssl.a]\ncert_file = b\n", "[ssl.a] key_file: the certificate has no key" },
	{ "[laravels]\nsocket_type = 5\n",
	  "[laravels] listen_ip: socket_type 5 is a Unix socket, and `127.0.0.1` is no path; allowed: a path with a slash in it" },
	{ "[rserverd]\nlisten[] = 127.0.0.1:5200\n",
	  "x.ini:2: [rserverd] listen: `127.0.0.1:5200` is there twice; allowed: every address once" },
	{ "[laravels]\nlisten_ip = ::1\n[rserverd]\nlisten[] = [::1]:5200\n", "`[::1]:5200` is there twice" },
	{ "[rserverd]\nlisten[] = ./a.sock\nlisten[] = .//a.sock\n", "x.ini:3: [rserverd] listen: `%D/a.sock` is there twice" },
	{ "[swoole]\npid_file = run/x.pid\n[rserverd]\nlisten[] = run/app.sock proxy_protocol\n",
	  "x.ini:4: [rserverd] listen: `%D/run/app.sock` is app_socket as well; allowed: a file of its own, and every address once" },
	{ "[laravels]\nlisten_ip = x/" LONG ".sock\n", "[laravels] listen_ip: `%D/x/" LONG ".sock` is too long for a Unix socket" },
	{ "[rserverd]\nlisten[] = x/" LONG ".sock\n", "[rserverd] listen: `%D/x/" LONG ".sock` is too long for a Unix socket" },
	{ "[rserverd]\napp_socket = " LONG ".sock\n", "x.ini:2: [rserverd] app_socket: `%D/" LONG ".sock` is too long" },
	{ "[swoole]\npid_file = " LONG "/x.pid\n",
	  "[rserverd] control_socket: `%D/" LONG "/control.sock` is too long for a Unix socket; allowed: 107 bytes; a shorter "
	  "path can be set here" },
	{ "[swoole]\nlog_file = x\npid_file = ./x\n",
	  "x.ini:2: [swoole] log_file: `%D/x` is pid_file as well; allowed: a file of its own" },
	{ "[rserverd]\naccess_log = a.log\n[swoole]\nlog_file = a.log\n", "access_log: `%D/a.log` is log_file as well" },
	{ "[rserverd]\ncontrol_socket = s\napp_socket = s\n", "app_socket: `%D/s` is control_socket as well" },
	{ "[laravels]\nlisten_ip = ./s\n[rserverd]\napp_socket = s\n", "app_socket: `%D/s` is listen_ip as well" },
	{ "[swoole]\npackage_max_length = 8K\n[rserverd]\nbody_buffer_size = 16K\n",
	  "x.ini:4: [rserverd] body_buffer_size: is above package_max_length (8192 bytes): no request is that large; "
	  "allowed: at most package_max_length" },
	{ "[rserverd]\nmemory_soft_limit = 64M\nmemory_hard_limit = 64M\n",
	  "x.ini:3: [rserverd] memory_hard_limit: is not above memory_soft_limit (67108864 bytes): no worker could be replaced before it is "
	  "killed; allowed: above memory_soft_limit, or 0" },
	{ "[swoole]\nupload_tmp_dir = none\n",
	  "x.ini:2: [swoole] upload_tmp_dir: `%D/none` is not a directory; allowed: a directory" },
	{ "[laravels]\nhandle_static = on\n",
	  "[swoole] document_root: `%D/public` is not a directory, and handle_static wants one; allowed: a directory, or "
	  "handle_static = false" },
	{ "[rserverd]\nframework = callable\n",
	  "[rserverd] entry: framework = callable needs an entry; allowed: a PHP file that returns a callable" },
	{ "[rserverd]\nframework = callable\nentry = none.php\n",
	  "x.ini:3: [rserverd] entry: `%D/none.php` is not a file; allowed: a PHP file that returns a callable" },
	{ "[rserverd]\nframework = callable\nentry = .\n", "`%D/.` is not a file" },
	{ "[rserverd]\nentry = file.php\n",
	  "x.ini:2: [rserverd] entry: is used with framework = callable only; allowed: framework = callable, or no entry" },
	{ "[rserverd]\nphp_ini = none.ini\n",
	  "x.ini:2: [rserverd] php_ini: `%D/none.ini` is not a file; allowed: an existing file" },
	{ "[rserverd]\nlibphp = /none.so\n", "x.ini:2: [rserverd] libphp: `/none.so` is not a file" },
	{ "[rserverd]\nphp_binary = php\n", "x.ini:2: [rserverd] php_binary: `%D/php` is not a file" },
	{ "[rserverd]\nengine_module = m.so\n", "x.ini:2: [rserverd] engine_module: `%D/m.so` is not a file" },
	{ "[rserverd]\ngroup = www-data\n", "x.ini:2: [rserverd] group: a group needs a user; allowed: user and group, or user alone" },
};

/* expected with %D replaced. */
static void expand(const struct fixture *f, const char *expected, char *out, size_t size)
{
	size_t at = 0;

	for (; *expected && at + sizeof f->dir < size; expected++) {
		if (strncmp(expected, "%D", 2) == 0) {
			at += (size_t)snprintf(out + at, size - at, "%s", f->dir);
			expected++;
		} else {
			out[at++] = *expected;
		}
	}
	out[at] = '\0';
}

static void every_broken_rule_is_named(void **state)
{
	struct fixture *f = *state;
	char expected[1024];

	make_file(f, "file.php", "<?php\n");
	for (size_t i = 0; i < RS_COUNTOF(broken); i++) {
		again(f);
		assert_int_equal(parse(f, broken[i].ini), RS_OK);
		if (complete(f) != RS_ERR)
			fail_msg("accepted: %s", broken[i].ini);
		expand(f, broken[i].expected, expected, sizeof expected);
		assert_contains(f->err.text, expected);
	}
}

static const char *const sound[] = {
	"[laravels]\nlisten_ip = 0.0.0.0\nlisten_port = 0\n",
	"[laravels]\nlisten_ip = ::\nsocket_type = 3\n",
	"[laravels]\nlisten_ip = ::1\nsocket_type = 1\n",
	"[laravels]\nlisten_ip = /tmp/x.sock\nsocket_type = 5\n",
	"[laravels]\nlisten_ip = ./x.sock\n",
	"[laravels]\nhandle_static = on\n[swoole]\ndocument_root = .\n",
	"[rserverd]\nframework = callable\nentry = file.php\n",
	"[rserverd]\nlisten[] = 127.0.0.1:5201\nlisten[] = [::1]:5200\nlisten[] = x.sock/y\n",
	"[rserverd]\nphp_ini = file.php\nlibphp = file.php\nphp_binary = file.php\nengine_module = file.php\n",
	"[rserverd]\naccess_log = -\n",
	"[rserverd]\nuser = www-data\ngroup = www-data\n",
	"[swoole]\npackage_max_length = 16K\n[rserverd]\nbody_buffer_size = 16K\n",
};

static void sound_configurations_pass(void **state)
{
	struct fixture *f = *state;

	make_file(f, "file.php", "<?php\n");
	for (size_t i = 0; i < RS_COUNTOF(sound); i++) {
		again(f);
		if (parse(f, sound[i]) != RS_OK || complete(f) != RS_OK)
			fail_msg("%s", f->err.text);
	}
}

static void a_path_without_end_is_an_error(void **state)
{
	struct fixture *f = *state;
	char path[5000];

	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(set(f, RS_FROM_INI, "swoole", "log_file", path), RS_OK);
	assert_int_equal(complete(f), RS_ERR);
	assert_string_equal(f->err.text, "here: [swoole] log_file: the path is too long; allowed: 4095 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_but_a_directory_is_enough),
		TEST(the_defaults_written_in_c_are_those_of_the_table),
		TEST(run_files_go_to_storage_when_there_is_one),
		TEST(the_base_path_is_the_directory_of_the_ini),
		TEST(a_symlink_to_the_application_stays_one),
		TEST(derived_values_follow_later_sources),
		TEST(completing_twice_changes_nothing),
		TEST(an_empty_text_means_the_default),
		TEST(run_files_follow_the_storage_path),
		TEST(php_ini_is_the_one_of_fpm),
		TEST(the_engine_is_looked_for_beside_the_program),
		TEST(the_spool_directory_follows_tmpdir),
		TEST(every_broken_rule_is_named),
		TEST(sound_configurations_pass),
		TEST(a_path_without_end_is_an_error),
	};

	return cmocka_run_group_tests_name("conf_complete", tests, NULL, NULL);
}
