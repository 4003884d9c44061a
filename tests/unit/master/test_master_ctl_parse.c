/* The request line of the control sockets. */
#include "master/master_ctl_parse.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool parse(const char *text, struct rs_ctl_request *r, const char **error)
{
	*error = NULL;
	return rs_ctl_parse(rs_slice_str(text), r, error);
}

static void good_lines(void **state)
{
	static const struct {
		const char *text;
		enum rs_ctl_verb verb;
		bool json, wait;
		const char *environment, *x_version;
	} cases[] = {
		{ "status", RS_CTL_STATUS, false, false, "", "" },
		{ "  status   --json  ", RS_CTL_STATUS, true, false, "", "" },
		{ "reload", RS_CTL_RELOAD, false, false, "", "" },
		{ "reload --wait", RS_CTL_RELOAD, false, true, "", "" },
		{ "stop", RS_CTL_STOP, false, false, "", "" },
		{ "restart", RS_CTL_RESTART, false, false, "", "" },
		{ "restart -e staging -x 1.2+b_3", RS_CTL_RESTART, false, false, "staging", "1.2+b_3" },
		{ "restart -x v1", RS_CTL_RESTART, false, false, "", "v1" },
		{ "restart -x feature/log-in#7,x@y:z=50%", RS_CTL_RESTART, false, false, "", "feature/log-in#7,x@y:z=50%" },
		{ "info", RS_CTL_INFO, false, false, "", "" },
		{ "app-conf", RS_CTL_APP_CONF, false, false, "", "" },
	};
	struct rs_ctl_request r;
	const char *error;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		assert_true(parse(cases[i].text, &r, &error));
		assert_int_equal(r.verb, cases[i].verb);
		assert_int_equal(r.json, cases[i].json);
		assert_int_equal(r.wait, cases[i].wait);
		assert_string_equal(r.environment, cases[i].environment);
		assert_string_equal(r.x_version, cases[i].x_version);
	}
}

static void bad_lines(void **state)
{
	static const struct {
		const char *text;
		const char *error; /* a part of it */
	} cases[] = {
		{ "", "unknown request" },          { "   ", "unknown request" },
		{ "STATUS", "unknown request" },    { "statu", "unknown request" },
		{ "statuss", "unknown request" },   { "status --wait", "unknown option" },
		{ "status x", "unknown option" },   { "reload --json", "unknown option" },
		{ "stop now", "unknown option" },   { "stop\t", "plain text" },
		{ "status\r", "plain text" },       { "st\xc3\xa4tus", "plain text" },
		{ "restart -e", "bad value of -e" },
		{ "restart -e -x", "bad value" },   { "restart -e a/b", "bad value" },
		{ "restart -x $(id)", "bad value" }, { "restart --wait", "unknown option" },
		{ "stats", "unknown request" },
	};
	struct rs_ctl_request r;
	const char *error;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		assert_false(parse(cases[i].text, &r, &error));
		assert_non_null(error);
		assert_non_null(strstr(error, cases[i].error));
	}
}

static void values_are_bounded(void **state)
{
	char line[512] = "restart -e ";
	struct rs_ctl_request r;
	const char *error;

	(void)state;
	memset(line + 11, 'a', 63);
	line[11 + 63] = '\0';
	assert_true(parse(line, &r, &error));
	memset(line + 11, 'a', 64);
	line[11 + 64] = '\0';
	assert_false(parse(line, &r, &error));
	/* A NUL inside is no end. */
	assert_false(rs_ctl_parse(rs_slice("status\0x", 8), &r, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines), cmocka_unit_test(bad_lines), cmocka_unit_test(values_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
