/* PHP's words: what loads our module a second time is taken out, everything else stays as it is. */
#include "cli/cli_php.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WORDS_MAX 16
#define MODULE "/lib/rserverd/rserverd-php.so"

/* Words are separated by |, for some have spaces. */
struct line {
	char text[256];
	char *v[WORDS_MAX + 1];
	int n;
};

static void split(struct line *l, const char *text)
{
	char *save = NULL;

	assert_true(rs_copy(l->text, sizeof l->text, rs_slice_str(text)));
	l->n = 0;
	for (char *w = strtok_r(l->text, "|", &save); w && l->n < WORDS_MAX; w = strtok_r(NULL, "|", &save))
		l->v[l->n++] = w;
	l->v[l->n] = NULL;
}

static void check(const char *given, const char *expected)
{
	struct line l, want;

	split(&l, given);
	split(&want, expected);
	l.n = without_us(l.v, l.n, MODULE);
	if (l.n != want.n)
		fail_msg("%s: %d words instead of %d", given, l.n, want.n);
	for (int i = 0; i < l.n; i++) {
		if (strcmp(l.v[i], want.v[i]) != 0)
			fail_msg("%s: %s instead of %s", given, l.v[i], want.v[i]);
	}
}

static void taken_out(void **state)
{
	static const struct {
		const char *given, *left;
	} cases[] = {
		{ "-d|extension=swoole", "" },
		{ "-dextension=swoole", "" },
		{ "-d=extension=swoole", "" },
		{ "--define=extension=swoole", "" },
		{ "--define|extension=swoole", "" },
		{ "-d|extension=swoole.so", "" },
		{ "-d|extension = \"swoole\"", "" },
		{ "-d|extension=/usr/lib/php/20220829/swoole.so", "" },
		{ "-d|extension=rserverd-php.so", "" },
		{ "-d|extension=" MODULE, "" },
		{ "-n|-d|extension=swoole|-r|echo 1;", "-n|-r|echo 1;" },
		{ "-nd|extension=swoole|x.php", "-n|x.php" },
		{ "-ndextension=swoole|x.php", "-n|x.php" },
		{ "-r|echo 1;|-d|extension=swoole", "-r|echo 1;" },
		{ "-f|x.php|-d|extension=swoole|--|a", "-f|x.php|--|a" },
		{ "-d|a=1|-d|extension=swoole|-d|b=2", "-d|a=1|-d|b=2" },
		{ "-d|extension=swoole|-d|extension=swoole|--ri|swoole", "--ri|swoole" },
		{ "-c|php.ini|-d|extension=swoole|bin/script|start", "-c|php.ini|bin/script|start" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++)
		check(cases[i].given, cases[i].left);
}

static void left_alone(void **state)
{
	static const char *const cases[] = {
		"",
		"-v",
		"--ri|swoole",
		"--ri=swoole",
		"-m",
		"-d",
		"-n|-d",
		"--define",
		"-d|extension",
		"-d|extension=",
		"-d|extension=redis",
		"-d|extension=myswoole",
		"-d|extension=swoole2",
		"-d|zend_extension=swoole",
		"-d|extension_dir=swoole",
		"-d|Extension=swoole", /* names of settings have case */
		"x.php|-d|extension=swoole",
		"--|-d|extension=swoole",
		"-f|x.php|--|-d|extension=swoole",
		"-|-d|extension=swoole",
		"-r|-d|extension=swoole",        /* -d is the code; then comes an argument */
		"-c|-d|extension=swoole",        /* and here a file's name */
		"--ini|x.php|-d|extension=swoole",
		"-S|localhost:0|-t|docs",
		"--unknown|-v",
		"-B|-d|-R|extension=swoole",
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++)
		check(cases[i], cases[i]);
}

static void our_file_by_any_name(void **state)
{
	char target[] = "/tmp/rs-unit-module-XXXXXX", name[64], define[128], *v[3] = { (char[]){ "-d" }, define, NULL };
	int fd = mkstemp(target);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	rs_fmt(name, sizeof name, "%s.link", target);
	rs_fmt(define, sizeof define, "extension=%s", name);
	assert_int_equal(symlink(target, name), 0);
	assert_int_equal(without_us(v, 2, target), 0);
	unlink(name);
	unlink(target);
	assert_int_equal(without_us(v, 2, target), 2);
}

static void names(void **state)
{
	(void)state;
	assert_true(rs_cli_named_php("php"));
	assert_true(rs_cli_named_php("/usr/lib/rserverd/bin/php"));
	assert_false(rs_cli_named_php("rserverd"));
	assert_false(rs_cli_named_php("/opt/php/rserverd"));
	assert_false(rs_cli_named_php("php8.2"));
	assert_false(rs_cli_named_php(""));
	assert_false(rs_cli_named_php(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_out),
		cmocka_unit_test(left_alone),
		cmocka_unit_test(our_file_by_any_name),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
