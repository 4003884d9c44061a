/* Words of the command line. */
#include "cli/cli_args.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int nothing(const struct rs_cli *cli)
{
	(void)cli;
	return 0;
}

static const struct rs_command commands[] = {
	{ "help", nothing, 0, 1, "" },
	{ "start", nothing, RS_CLI_TEST, 0, "" },
	{ "status", nothing, RS_CLI_JSON, 0, "" },
	{ "reload", nothing, RS_CLI_WAIT, 0, "" },
	{ "php", nothing, 0, UINT32_MAX, "" },
	{ "version", nothing, 0, 0, "" },
	{ "docs", nothing, 0, 1, NULL },
	{ NULL, NULL, 0, 0, NULL },
};

#define WORDS_MAX 12

struct line {
	char text[256];
	char *argv[WORDS_MAX + 1];
	int argc;
};

/* "rserverd " and the words of text. */
static void split(struct line *l, const char *text)
{
	char *save = NULL;

	rs_fmt(l->text, sizeof l->text, "rserverd %s", text);
	l->argc = 0;
	for (char *w = strtok_r(l->text, " ", &save); w && l->argc < WORDS_MAX; w = strtok_r(NULL, " ", &save))
		l->argv[l->argc++] = w;
	l->argv[l->argc] = NULL;
}

static bool parse(struct line *l, struct rs_cli *cli, const char *text, char *why, size_t why_size)
{
	*cli = (struct rs_cli){ .ini = NULL };
	split(l, text);
	return rs_cli_parse(cli, commands, l->argc, l->argv, why, why_size);
}

static void good_lines(void **state)
{
	static const struct {
		const char *text, *command, *ini, *environment, *x_version;
		bool daemonize, ignore, test, wait, json, help;
	} cases[] = {
		{ "", "help", NULL, "", "", 0, 0, 0, 0, 0, 0 },
		{ "start", "start", NULL, "", "", 0, 0, 0, 0, 0, 0 },
		{ "start -c a.ini -d -i", "start", "a.ini", "", "", 1, 1, 0, 0, 0, 0 },
		{ "-c a.ini start -d", "start", "a.ini", "", "", 1, 0, 0, 0, 0, 0 },
		{ "-di start -ca.ini", "start", "a.ini", "", "", 1, 1, 0, 0, 0, 0 },
		{ "--config=a.ini --daemonize start", "start", "a.ini", "", "", 1, 0, 0, 0, 0, 0 },
		{ "start -e staging -x v1.2", "start", NULL, "staging", "v1.2", 0, 0, 0, 0, 0, 0 },
		{ "start -x feature/log-in#7,x@y:z=50%", "start", NULL, "", "feature/log-in#7,x@y:z=50%", 0, 0, 0, 0, 0, 0 },
		{ "start --env=x --x-version 3", "start", NULL, "x", "3", 0, 0, 0, 0, 0, 0 },
		{ "-t", "start", NULL, "", "", 0, 0, 1, 0, 0, 0 },
		{ "-t -c a.ini", "start", "a.ini", "", "", 0, 0, 1, 0, 0, 0 },
		{ "start -t", "start", NULL, "", "", 0, 0, 1, 0, 0, 0 },
		{ "--json status", "status", NULL, "", "", 0, 0, 0, 0, 1, 0 },
		{ "status --json -c a.ini", "status", "a.ini", "", "", 0, 0, 0, 0, 1, 0 },
		{ "reload --wait", "reload", NULL, "", "", 0, 0, 0, 1, 0, 0 },
		{ "--version", "version", NULL, "", "", 0, 0, 0, 0, 0, 0 },
		{ "-V", "version", NULL, "", "", 0, 0, 0, 0, 0, 0 },
		{ "start -h", "start", NULL, "", "", 0, 0, 0, 0, 0, 1 },
		{ "-h", "help", NULL, "", "", 0, 0, 0, 0, 0, 1 },
	};
	struct rs_cli cli;
	struct line l;
	char why[256];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		assert_true(parse(&l, &cli, cases[i].text, why, sizeof why));
		assert_string_equal(cli.command->name, cases[i].command);
		if (cases[i].ini)
			assert_string_equal(cli.ini, cases[i].ini);
		else
			assert_null(cli.ini);
		assert_string_equal(cli.environment, cases[i].environment);
		assert_string_equal(cli.x_version, cases[i].x_version);
		assert_int_equal(cli.daemonize, cases[i].daemonize);
		assert_int_equal(cli.ignore, cases[i].ignore);
		assert_int_equal(cli.test, cases[i].test);
		assert_int_equal(cli.wait, cases[i].wait);
		assert_int_equal(cli.json, cases[i].json);
		assert_int_equal(cli.help, cases[i].help);
	}
}

static void usage_errors(void **state)
{
	static const struct {
		const char *text, *why; /* a part of it */
	} cases[] = {
		{ "staus", "did you mean status?" },     { "satrt", "did you mean start?" },
		{ "xyzzy", "unknown command xyzzy" },    { "start -q", "unknown option -q" },
		{ "start --bogus", "unknown option --bogus" }, { "-c", "-c needs a value" },
		{ "start -e", "-e needs a value" },      { "start -e a/b", "-e: \"a/b\"" },
		{ "start -x -", "-x" },                  { "start now", "too many words" },
		{ "status --wait", "status does not take --wait" },
		{ "start --json", "start does not take --json" }, { "reload -t", "reload does not take -t" },
		{ "docs sample more", "too many words" }, { "start --json=x", "--json=x" },
	};
	struct rs_cli cli;
	struct line l;
	char why[256];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		why[0] = '\0';
		if (parse(&l, &cli, cases[i].text, why, sizeof why))
			fail_msg("accepted: %s", cases[i].text);
		if (!strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why);
	}
	/* No suggestion for what resembles nothing. */
	assert_false(parse(&l, &cli, "xyzzy", why, sizeof why));
	assert_null(strstr(why, "mean"));
}

static void php_gets_its_words_untouched(void **state)
{
	struct rs_cli cli;
	struct line l;
	char why[256];

	(void)state;
	assert_true(parse(&l, &cli, "-c a.ini php -d x=1 -c b.ini --version s.php -- -h", why, sizeof why));
	assert_string_equal(cli.command->name, "php");
	assert_string_equal(cli.ini, "a.ini");
	assert_false(cli.daemonize || cli.help);
	assert_int_equal(cli.argc, 8);
	assert_string_equal(cli.argv[0], "-d");
	assert_string_equal(cli.argv[7], "-h");
	assert_null(cli.argv[8]);
	assert_true(parse(&l, &cli, "php", why, sizeof why));
	assert_int_equal(cli.argc, 0);
}

static void words_of_a_command(void **state)
{
	struct rs_cli cli;
	struct line l;
	char why[256];

	(void)state;
	assert_true(parse(&l, &cli, "docs sample", why, sizeof why));
	assert_int_equal(cli.argc, 1);
	assert_string_equal(cli.argv[0], "sample");
	assert_true(parse(&l, &cli, "docs -c a.ini man", why, sizeof why));
	assert_int_equal(cli.argc, 1);
	assert_string_equal(cli.argv[0], "man");
	assert_string_equal(cli.ini, "a.ini");
}

static void directory_as_the_shell_names_it(void **state)
{
	char dir[] = "/tmp/rs-cwd-XXXXXX", link[64], back[4096], out[4096];

	(void)state;
	assert_non_null(getcwd(back, sizeof back));
	assert_non_null(mkdtemp(dir));
	rs_fmt(link, sizeof link, "%s.link", dir);
	assert_int_equal(symlink(dir, link), 0);
	assert_int_equal(chdir(dir), 0);
	setenv("PWD", link, 1);
	assert_true(logical_cwd(out, sizeof out));
	assert_string_equal(out, link);
	/* A PWD that is not where we are, or no absolute path, is no news. */
	setenv("PWD", "/usr", 1);
	assert_true(logical_cwd(out, sizeof out));
	assert_string_equal(out, dir);
	setenv("PWD", ".", 1);
	assert_true(logical_cwd(out, sizeof out));
	assert_string_equal(out, dir);
	assert_int_equal(chdir(back), 0);
	(void)unlink(link);
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines), cmocka_unit_test(usage_errors),
		cmocka_unit_test(php_gets_its_words_untouched), cmocka_unit_test(words_of_a_command),
		cmocka_unit_test(directory_as_the_shell_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
