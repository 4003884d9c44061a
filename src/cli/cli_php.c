/*
 * PHP's own command line with our classes: `rserverd php`, `rserverd run`, `rserverd artisan`, and this program under the
 * name php, which is what PHP_BINARY names in every process that has our module. All of them become the configured php by
 * exec: input, output, signals and exit status are PHP's.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Set where the configuration names another php than the one this was built for: PHP_BINARY has no configuration. */
#define BINARY_VARIABLE "RSERVERD_PHP_BINARY"

/* ---- -d extension=swoole ------------------------------------------------------------------------------------ */

/*
 * Options of php that take a value: letter, long name. All others take none. As in php -h.
 */
static const struct php_option {
	char letter;
	const char *name;
} with_value[] = {
	{ 'B', "process-begin" }, { 'c', "php-ini" },	{ 'd', "define" },	  { 'E', "process-end" }, { 'F', "process-file" },
	{ 'f', "file" },	  { 'R', "process-code" }, { 'r', "run" },	  { 'S', "server" },	  { 't', "docroot" },
	{ 'z', "zend-extension" }, { 0, "rf" },		{ 0, "rfunction" },	  { 0, "rc" },		  { 0, "rclass" },
	{ 0, "re" },		  { 0, "rextension" },	{ 0, "rz" },		  { 0, "rzendextension" }, { 0, "ri" },
	{ 0, "rextinfo" },
};

/* php's words while they are read: those that stay are moved to the front. */
struct words {
	char **v;
	int n, at, kept;
	const char *module; /* path of ours */
};

static struct rs_slice trim(struct rs_slice s, const char *set)
{
	while (s.n && strchr(set, s.p[0]))
		s.p++, s.n--;
	while (s.n && strchr(set, s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Does this file name mean our module? */
static bool names_module(struct rs_slice file, const char *module)
{
	struct stat a, b;
	char path[4096];
	const char *base;
	size_t n;

	if (!rs_copy(path, sizeof path, file))
		return false;
	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	n = strlen(base);
	if (n > 3 && strcmp(base + n - 3, ".so") == 0)
		n -= 3;
	return rs_slice_eq(rs_slice(base, n), RS_SLICE("swoole")) ||
	       rs_slice_eq(rs_slice(base, n), RS_SLICE("rserverd-php")) ||
	       (stat(path, &a) == 0 && stat(module, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* "extension=swoole", in all the spellings of a line of php.ini: our module is there already. */
static bool loads_us(const char *define, const char *module)
{
	const char *equals = strchr(define, '=');

	return equals && rs_slice_eq(trim(rs_slice(define, (size_t)(equals - define)), " \t"), RS_SLICE("extension")) &&
	       names_module(trim(rs_slice_str(equals + 1), " \t\"'"), module);
}

static void keep(struct words *w, int n)
{
	while (n-- > 0)
		w->v[w->kept++] = w->v[w->at++];
}

static bool needs_value(char letter)
{
	for (size_t i = 0; i < RS_COUNTOF(with_value); i++)
		if (with_value[i].letter == letter)
			return true;
	return false;
}

/* --define=VALUE, --define VALUE, --ini */
static void take_long(struct words *w)
{
	const char *name = w->v[w->at] + 2, *equals = strchr(name, '='), *next = w->at + 1 < w->n ? w->v[w->at + 1] : NULL;
	struct rs_slice given = rs_slice(name, equals ? (size_t)(equals - name) : strlen(name));
	const char *value = equals ? equals + 1 : next;
	size_t i = 0;

	while (i < RS_COUNTOF(with_value) && !rs_slice_eq(given, rs_slice_str(with_value[i].name)))
		i++;
	if (i == RS_COUNTOF(with_value) || !value)
		keep(w, 1);
	else if (with_value[i].letter == 'd' && loads_us(value, w->module))
		w->at += equals ? 1 : 2;
	else
		keep(w, equals ? 1 : 2);
}

/* -dVALUE, -d=VALUE, -d VALUE; letters without a value may stand before: -nd VALUE */
static void take_short(struct words *w)
{
	char *word = w->v[w->at], *p = word + 1;
	const char *value;
	int words;

	while (*p && !needs_value(*p))
		p++;
	if (!*p || (!p[1] && w->at + 1 == w->n)) {
		keep(w, 1);
		return;
	}
	value = p[1] == '=' ? p + 2 : p[1] ? p + 1 : w->v[w->at + 1];
	words = p[1] ? 1 : 2;
	if (*p != 'd' || !loads_us(value, w->module)) {
		keep(w, words);
		return;
	}
	if (p > word + 1) {
		*p = '\0'; /* the letters before it stay */
		keep(w, 1);
		words--;
	}
	w->at += words;
}

/* Takes out what would load our module a second time; stops where the script and its arguments begin. Returns the new n. */
static int without_us(char **v, int n, const char *module)
{
	struct words w = { .v = v, .n = n, .module = module };

	while (w.at < n && v[w.at][0] == '-' && v[w.at][1] && strcmp(v[w.at], "--") != 0) {
		if (v[w.at][1] == '-')
			take_long(&w);
		else
			take_short(&w);
	}
	keep(&w, n - w.at);
	return w.kept;
}

/* ---- exec ----------------------------------------------------------------------------------------------------- */

/* php_binary that names us would start us again, for ever. */
static bool is_ourselves(const char *program)
{
	struct stat a, b;

	return stat(program, &a) == 0 && stat("/proc/self/exe", &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* argv of php: the module, then these words. Only returns when it fails, with the exit status. */
static int become_php(const struct rs_conf *c, int argc, char **argv)
{
	const char **v = calloc((size_t)argc + 4, sizeof *v);
	char extension[4200];
	size_t n = 0;

	if (!v)
		return rs_cli_fail("out of memory");
	rs_fmt(extension, sizeof extension, "extension=%s", c->engine_module);
	v[n++] = c->php_binary;
	v[n++] = "-d";
	v[n++] = extension;
	for (int i = 0; i < argc; i++)
		v[n++] = argv[i];
	if (strcmp(c->php_binary, RS_PHP_BINARY) != 0)
		setenv(BINARY_VARIABLE, c->php_binary, 1);
	if (is_ourselves(c->php_binary))
		errno = ELOOP;
	else if (*c->php_binary)
		execv(c->php_binary, (char *const *)(uintptr_t)v);
	else
		errno = ENOENT;
	(void)rs_cli_fail("cannot run php_binary %s: %s", c->php_binary, strerror(errno));
	free(v);
	return 1;
}

/*
 * Where the server of this application is, for app('swoole') in that process. Only when there is an application: php is run
 * in all kinds of directories. What the environment says already holds.
 */
static void tell_environment(const struct rs_conf *c)
{
	char path[4200];

	rs_fmt(path, sizeof path, "%s/bootstrap/app.php", c->laravel_base_path);
	if (!*c->ini_file && access(path, F_OK) != 0)
		return;
	setenv("RSERVERD_APP_SOCKET", c->app_socket, 0);
	setenv("RSERVERD_BASE_PATH", c->laravel_base_path, 0);
}

/* The engine's PHP files lie beside the module. */
int rs_cmd_artisan(const struct rs_cli *cli)
{
	char file[4200];
	const char *slash;
	struct rs_conf c;
	char **words;
	int status;

	if (!rs_cli_load(cli, &c, false))
		return 1;
	slash = strrchr(c.engine_module, '/');
	rs_fmt(file, sizeof file, "%.*s/php/artisan.php", slash ? (int)(slash - c.engine_module) : 0, c.engine_module);
	words = calloc((size_t)cli->argc + 1, sizeof *words);
	if (!words)
		return rs_cli_fail("out of memory");
	words[0] = file;
	for (int i = 0; i < cli->argc; i++)
		words[i + 1] = cli->argv[i];
	/* Of this application, whatever the environment says of another. */
	setenv("RSERVERD_APP_SOCKET", c.app_socket, 1);
	setenv("RSERVERD_BASE_PATH", c.laravel_base_path, 1);
	if (*cli->environment)
		setenv("APP_ENV", cli->environment, 1);
	status = become_php(&c, cli->argc + 1, words);
	free(words);
	rs_conf_fini(&c);
	return status;
}

int rs_cmd_php(const struct rs_cli *cli)
{
	struct rs_conf c;
	int status;

	if (!rs_cli_load(cli, &c, false))
		return 1;
	tell_environment(&c);
	status = become_php(&c, without_us(cli->argv, cli->argc, c.engine_module), cli->argv);
	rs_conf_fini(&c);
	return status;
}

int rs_cmd_run(const struct rs_cli *cli)
{
	struct rs_conf c;
	int status;

	if (cli->argc == 0 || cli->argv[0][0] == '-') {
		(void)rs_cli_fail("run: which script? PHP's own options go to rserverd php; see rserverd help");
		return 2;
	}
	if (!rs_cli_load(cli, &c, false))
		return 1;
	tell_environment(&c);
	status = become_php(&c, cli->argc, cli->argv);
	rs_conf_fini(&c);
	return status;
}

/* ---- under the name php ---------------------------------------------------------------------------------------- */

bool rs_cli_named_php(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	return argv0 && strcmp(slash ? slash + 1 : argv0, "php") == 0;
}

/*
 * No ini file: whoever runs PHP_BINARY is in some directory or other, and a laravels.ini there is not meant.
 */
int rs_cli_be_php(int argc, char **argv)
{
	const char *binary = getenv(BINARY_VARIABLE);
	struct rs_conf_error err;
	struct rs_conf c;
	int status;

	rs_conf_init(&c);
	if (binary && *binary && rs_conf_set(&c, RS_FROM_CLI, BINARY_VARIABLE, "rserverd", "php_binary", binary, &err, NULL, NULL) != RS_OK)
		status = rs_cli_fail("%s", err.text);
	else if (rs_conf_complete(&c, "/", &err) != RS_OK)
		status = rs_cli_fail("%s", err.text);
	else
		status = become_php(&c, without_us(argv + 1, argc - 1, c.engine_module), argv + 1);
	rs_conf_fini(&c);
	return status;
}
