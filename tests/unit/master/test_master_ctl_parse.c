/* The request line of the control sockets. */
#include "master/master_ctl_parse.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool parse(const char *text, bool app, struct rs_ctl_request *r, const char **error)
{
	*error = NULL;
	return rs_ctl_parse(rs_slice_str(text), app, r, error);
}

static void good_lines(void **state)
{
	static const struct {
		const char *text;
		bool app;
		enum rs_ctl_verb verb;
		bool json, wait;
		const char *environment, *x_version;
	} cases[] = {
		{ "status", false, RS_CTL_STATUS, false, false, "", "" },
		{ "  status   --json  ", false, RS_CTL_STATUS, true, false, "", "" },
		{ "reload", false, RS_CTL_RELOAD, false, false, "", "" },
		{ "reload --wait", false, RS_CTL_RELOAD, false, true, "", "" },
		{ "stop", false, RS_CTL_STOP, false, false, "", "" },
		{ "restart", false, RS_CTL_RESTART, false, false, "", "" },
		{ "restart -e staging -x 1.2+b_3", false, RS_CTL_RESTART, false, false, "staging", "1.2+b_3" },
		{ "restart -x v1", false, RS_CTL_RESTART, false, false, "", "v1" },
		{ "info", false, RS_CTL_INFO, false, false, "", "" },
		{ "app-conf", false, RS_CTL_APP_CONF, false, false, "", "" },
		{ "stats", false, RS_CTL_STATS, false, false, "", "" },
		{ "stats", true, RS_CTL_STATS, false, false, "", "" },
	};
	struct rs_ctl_request r;
	const char *error;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		assert_true(parse(cases[i].text, cases[i].app, &r, &error));
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
		bool app;
		const char *error; /* a part of it */
	} cases[] = {
		{ "", false, "unknown request" },          { "   ", false, "unknown request" },
		{ "STATUS", false, "unknown request" },    { "statu", false, "unknown request" },
		{ "statuss", false, "unknown request" },   { "status --wait", false, "unknown option" },
		{ "status x", false, "unknown option" },   { "reload --json", false, "unknown option" },
		{ "stop now", false, "unknown option" },   { "stop\t", false, "plain text" },
		{ "status\r", false, "plain text" },       { "st\xc3\xa4tus", false, "plain text" },
		{ "stop", true, "not allowed" },           { "status", true, "not allowed" },
		{ "reload --wait", true, "not allowed" },  { "restart -e", false, "bad value of -e" },
		{ "restart -e -x", false, "bad value" },   { "restart -e a/b", false, "bad value" },
		{ "restart -x $(id)", false, "bad value" }, { "restart --wait", false, "unknown option" },
		{ "stats --json", true, "unknown option" },
	};
	struct rs_ctl_request r;
	const char *error;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		assert_false(parse(cases[i].text, cases[i].app, &r, &error));
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
	assert_true(parse(line, false, &r, &error));
	memset(line + 11, 'a', 64);
	line[11 + 64] = '\0';
	assert_false(parse(line, false, &r, &error));
	/* A NUL inside is no end. */
	assert_false(rs_ctl_parse(rs_slice("status\0x", 8), false, &r, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines), cmocka_unit_test(bad_lines), cmocka_unit_test(values_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
