/* The children's lines: whole, bounded, told from what only looks like ours; and JSON strings, and the back-off. */
#include "master/master_info.c"
#include "master/master_log.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
	struct event_base *base;
	struct rs_log log;
	struct rs_mlog l;
	int file, pipe;
	char text[65536];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (!f)
		return -1;
	f->base = event_base_new();
	f->file = rs_fd_memory("log", 0);
	f->log = (struct rs_log){ .fd = f->file, .level = RS_LOG_INFO, .role = "master" };
	rs_mlog_init(&f->l, &f->log, f->base, NULL);
	f->pipe = rs_mlog_pipe(&f->l, "manager", 3, false);
	*state = f;
	return f->base && f->file >= 0 && f->pipe >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rs_fd_close(&f->pipe);
	rs_mlog_fini(&f->l);
	event_base_free(f->base);
	close(f->file);
	free(f);
	return 0;
}

static void say(struct fixture *f, const char *text, size_t n)
{
	assert_int_equal(write(f->pipe, text, n), n);
	assert_true(event_base_loop(f->base, EVLOOP_NONBLOCK) >= 0);
}

static const char *logged(struct fixture *f)
{
	ssize_t n = pread(f->file, f->text, sizeof f->text - 1, 0);

	assert_true(n >= 0);
	f->text[n] = '\0';
	return f->text;
}

#define OURS "2026-11-21 09:30:00.123 [warn] worker 1 4711 g3: a message\n"
#define SAY(f, text) say((f), (text), strlen(text))

static void our_lines_pass(void **state)
{
	struct fixture *f = *state;

	SAY(f, OURS);
	assert_string_equal(logged(f), OURS);
}

static void lines_for_the_journal_have_priorities(void **state)
{
	struct fixture *f = *state;

	f->log.journal = true;
	SAY(f, OURS "what PHP said\n");
	assert_memory_equal(logged(f), "<4>" OURS "<5>", sizeof "<4>" OURS "<5>" - 1);
	assert_non_null(strstr(f->text, "manager g3 said: what PHP said\n"));
}

static void lines_of_script_servers_pass(void **state)
{
	static const char line[] = "[2026-11-21 09:30:00 *4711.0]\tWARNING\ta message\n";
	struct fixture *f = *state;

	SAY(f, line);
	assert_string_equal(logged(f), line);
	SAY(f, "[2026-11-21 09:30:00 ?4711.0]\tWARNING\tno such process\n");
	assert_non_null(strstr(logged(f), "said: [2026"));
	assert_null(strstr(logged(f), "WARNING\tno such"));
}

static void other_lines_are_tagged(void **state)
{
	struct fixture *f = *state;

	SAY(f, "PHP Warning:  something\n");
	assert_non_null(strstr(logged(f), "[notice] master "));
	assert_non_null(strstr(logged(f), "manager g3 said: PHP Warning:  something\n"));
}

/* What looks like ours but carries control bytes is told, not passed. */
static void control_bytes_are_escaped(void **state)
{
	struct fixture *f = *state;

	SAY(f, "2026-11-21 09:30:00.123 [warn] x: \033[2Jgone\n");
	assert_null(strchr(logged(f), '\033'));
	assert_non_null(strstr(logged(f), "said: 2026"));
	assert_non_null(strstr(logged(f), "\\x1b[2J"));
}

static void lines_in_pieces(void **state)
{
	struct fixture *f = *state;

	for (const char *p = OURS; *p; p++)
		say(f, p, 1);
	SAY(f, "half");
	assert_string_equal(logged(f), OURS);
	rs_fd_close(&f->pipe);
	assert_true(event_base_loop(f->base, EVLOOP_NONBLOCK) >= 0);
	assert_non_null(strstr(logged(f), "said: half\n"));
	assert_null(f->l.pipes); /* the last writer has gone */
}

static void long_lines_are_cut(void **state)
{
	struct fixture *f = *state;
	static char flood[3 * LINE_MAX_BYTES];

	memset(flood, 'x', sizeof flood);
	say(f, flood, sizeof flood);
	assert_true(f->l.pipes->line.len < LINE_MAX_BYTES);
	SAY(f, "\n" OURS);
	assert_non_null(strstr(logged(f), OURS));
}

static void last_error_is_remembered(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(rs_mlog_last_error(&f->l, 3), "");
	SAY(f, OURS);
	assert_string_equal(rs_mlog_last_error(&f->l, 3), "");
	/* Not yet read by the loop. */
	assert_true(write(f->pipe, "2026-11-21 09:30:00.123 [error] worker 1 4711 g3: no: way\n", 59) > 0);
	assert_string_equal(rs_mlog_last_error(&f->l, 3), "no: way");
	assert_string_equal(rs_mlog_last_error(&f->l, 4), "");
}

static void json_strings(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "", "\"\"" }, { "plain", "\"plain\"" }, { "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "line\nend\t\x01", "\"line\\u000aend\\u0009\\u0001\"" }, { "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" }, { "\xff", "\"\\ufffd\"" }, { "\xc3", "\"\\ufffd\"" },
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" }, { "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"" }, { "\xf5\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xe2\x82x", "\"\\ufffd\\ufffdx\"" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		struct rs_buf b = { 0 };
		assert_true(rs_json_string(&b, rs_slice_str(cases[i].text)) && rs_buf_put(&b, "", 1));
		assert_string_equal(rs_buf_data(&b), cases[i].json);
		rs_buf_free(&b);
	}
}

static void backoff(void **state)
{
	static const int wanted[] = { 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000 };
	struct rs_backoff b = { 0 };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(wanted); i++)
		assert_int_equal(rs_backoff_next(&b, 0), wanted[i]);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(rs_backoff_next(&b, 0), 10000);
	b.failures = 0;
	assert_int_equal(rs_backoff_next(&b, 2), 0);
	assert_int_equal(rs_backoff_next(&b, 2), 0);
	assert_int_equal(rs_backoff_next(&b, 2), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(our_lines_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_for_the_journal_have_priorities, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_of_script_servers_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(other_lines_are_tagged, setup, teardown),
		cmocka_unit_test_setup_teardown(control_bytes_are_escaped, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lines_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(last_error_is_remembered, setup, teardown),
		cmocka_unit_test(json_strings),
		cmocka_unit_test(backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
