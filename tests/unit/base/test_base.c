/*
 * Numbers, slices, bounded copies, the byte buffer, the log's escaping, the claim word.
 */
#include "base/rs_buf.c"
#include "base/rs_base.c"
#include "base/rs_log.c"
#include "base/rs_fd.h"
#include "ipc/wire.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_parse_u64(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		bool ok;
	} rows[] = {
		{ "0", 10, 0, true }, { "10", 10, 10, true }, { "11", 10, 0, false }, { "", 10, 0, false },
		{ "-1", 10, 0, false }, { "+1", 10, 0, false }, { " 1", 10, 0, false }, { "1 ", 10, 0, false },
		{ "0x1", 100, 0, false }, { "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, 0, false }, { "99999999999999999999", UINT64_MAX, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		uint64_t v = 0;
		assert_int_equal(rs_parse_u64(rs_slice_str(rows[i].text), rows[i].max, &v), rows[i].ok);
		assert_true(v == rows[i].value);
	}
}

static void test_slices_and_copies(void **state)
{
	char small[4];

	(void)state;
	assert_true(rs_slice_eqi(RS_SLICE("Content-Length"), RS_SLICE("content-LENGTH")));
	assert_false(rs_slice_eqi(RS_SLICE("a["), RS_SLICE("a{"))); /* differ by 0x20 only */
	assert_false(rs_slice_eq(RS_SLICE("a"), RS_SLICE("A")));
	assert_true(rs_copy(small, sizeof small, RS_SLICE("abc")));
	assert_false(rs_copy(small, sizeof small, RS_SLICE("abcd")));
	assert_string_equal(small, "abc");
	assert_false(rs_fmt(small, sizeof small, "%d", 12345));
	assert_string_equal(small, "123");
}

static void test_buffer(void **state)
{
	struct rs_buf b = { 0 };
	char model[5000];
	size_t in = 0, out = 0;

	(void)state;
	for (int i = 0; i < 5000; i++)
		model[i] = (char)(i * 7);
	/* appended and consumed in uneven steps, what comes out is what went in */
	while (out < sizeof model) {
		size_t put = in * 13 % 97 + 1, take;
		if (put > sizeof model - in)
			put = sizeof model - in;
		assert_true(rs_buf_put(&b, model + in, put));
		in += put;
		take = b.len * 2 / 3 + 1 > b.len ? b.len : b.len * 2 / 3 + 1;
		assert_memory_equal(rs_buf_data(&b), model + out, take);
		rs_buf_consume(&b, take);
		out += take;
	}
	assert_int_equal(b.len, 0);
	assert_true(rs_buf_printf(&b, "%s-%d", "x", 5));
	assert_true(rs_slice_eq(rs_buf_slice(&b), RS_SLICE("x-5")));
	rs_buf_reset(&b, 0);
	assert_null(b.p);
	assert_null(rs_buf_reserve(&b, SIZE_MAX / 2));
}

/* A client's bytes cannot forge a line. */
static void test_log_escapes(void **state)
{
	char line[8192];
	int fd = rs_fd_memory("log", 0);
	struct rs_log log = { .fd = fd, .level = RS_LOG_INFO, .role = "reactor", .generation = 3 };
	ssize_t n;

	(void)state;
	rs_debug(&log, "below the level");
	errno = ENOENT;
	rs_warn(&log, "%s", "evil\n2026-01-01 [alert] fake\x1b[31m");
	assert_int_equal(errno, ENOENT);
	n = pread(fd, line, sizeof line - 1, 0);
	assert_true(n > 0);
	line[n] = '\0';
	assert_non_null(strstr(line, "[warn] reactor "));
	assert_non_null(strstr(line, " g3: evil\\x0a2026-01-01 [alert] fake\\x1b[31m: No such file or directory\n"));
	assert_ptr_equal(strchr(line, '\n'), line + n - 1);
	memset(line, 'x', sizeof line);
	rs_info(&log, "%.*s", 8000, line);
	assert_true(lseek(fd, 0, SEEK_END) - n < 4200);
	rs_fd_close(&fd);
}

/* In front of every line while a request is in work, escaped as all of it; what is too long is none. */
static void test_log_request(void **state)
{
	int fd = rs_fd_memory("log", 0);
	struct rs_log log = { .fd = fd, .level = RS_LOG_INFO, .role = "worker 0", .generation = 1 };
	char line[600] = "", id[RS_LOG_REQUEST_MAX + 1];
	const char *second;

	(void)state;
	memset(id, 'i', sizeof id);
	rs_log_request(&log, RS_SLICE("a-1\n"));
	rs_log_text(&log, RS_LOG_ERROR, "", RS_SLICE("one\ntwo"));
	rs_log_request(&log, RS_SLICE(""));
	rs_info(&log, "three");
	rs_log_request(&log, rs_slice(id, sizeof id));
	rs_info(&log, "four");
	assert_true(pread(fd, line, sizeof line - 1, 0) > 0);
	assert_non_null(strstr(line, " g1: request a-1\\x0a: one\n"));
	second = strstr(line, " g1: request a-1\\x0a: two\n");
	assert_non_null(second);
	assert_non_null(strstr(second, " g1: three\n"));
	assert_non_null(strstr(second, " g1: four\n"));
	rs_fd_close(&fd);
}

/* What may stand in a log as it is, and what a terminal, an editor or a log reader could take for something else. */
static void test_log_plain(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} rows[] = {
		{ "a", 1 },        { " ", 1 },        { "~", 1 },           { "\"", 1 },           { "\t", 0 },           { "\r", 0 },
		{ "\x7f", 0 },     { "\x80", 0 },     { "\x9b", 0 },        { "\xff", 0 },          { "\xfe\x80", 0 },      { "\xc3\xa9", 2 },
		{ "\xc3", 0 },     { "\xc3(", 0 },    { "\xc2\x9b", 0 },    { "\xc2\xa0", 2 },      { "\xc0\xaf", 0 },      { "\xc1\xbf", 0 },
		{ "\xe2\x82\xac", 3 }, { "\xe2\x82", 0 }, { "\xe0\x80\xaf", 0 }, { "\xed\xa0\x80", 0 }, { "\xe2\x80\xa8", 0 }, { "\xe2\x80\xae", 0 },
		{ "\xe2\x81\xa6", 0 }, { "\xe2\x81\xaa", 3 }, { "\xf0\x9f\x98\x80", 4 }, { "\xf0\x80\x80\xaf", 0 }, { "\xf4\x90\x80\x80", 0 },
	};

	(void)state;
	assert_int_equal(plain((const unsigned char *)"", 1), 0); /* NUL */
	for (size_t i = 0; i < RS_COUNTOF(rows); i++)
		if (plain((const unsigned char *)rows[i].text, strlen(rows[i].text)) != rows[i].n)
			fail_msg("row %zu", i);
}

/* The form of a script's server; a tab in the message cannot end a field. */
static void test_log_marked(void **state)
{
	int fd = rs_fd_memory("log", 0);
	struct rs_log log = { .fd = fd, .level = RS_LOG_INFO, .role = "task worker 3", .mark = '^' };
	char line[200] = "", expected[80];
	int y, n = 0;

	(void)state;
	rs_warnx(&log, "one\ttwo");
	assert_true(pread(fd, line, sizeof line - 1, 0) > 0);
	assert_int_equal(sscanf(line, "[%4d-%*2d-%*2d %*2d:%*2d:%*2d %n", &y, &n), 1);
	assert_int_equal(n, 21);
	snprintf(expected, sizeof expected, "^%d.0]\tWARNING\tone\\x09two\n", (int)getpid());
	assert_string_equal(line + n, expected);
	rs_fd_close(&fd);
}

/* The journal takes a line's priority from its first bytes. */
static void test_log_journal(void **state)
{
	static const struct {
		const char *line, *priority;
	} cases[] = {
		{ "2026-11-21 09:30:00.123 [warn] reactor 4711 g2: [error] is not it", "<4>" },
		{ "2026-11-21 09:30:00.123 [error] reactor 4711 g2: x", "<3>" },
		{ "2026-11-21 09:30:00.123 [alert] reactor 4711 g2: x", "<1>" },
		{ "2026-11-21 09:30:00.123 [info] reactor 4711 g2: x", "<6>" },
		{ "2026-11-21 09:30:00.123 [info", "<5>" }, { "[", "<5>" }, { "", "<5>" },
	};
	int fd = rs_fd_memory("log", 0);
	struct rs_log log = { .fd = fd, .journal = true, .level = RS_LOG_INFO, .role = "master" };
	char line[200] = "", stream[64];
	struct stat st;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++)
		assert_string_equal(rs_log_priority(rs_slice_str(cases[i].line)), cases[i].priority);
	rs_warnx(&log, "full");
	assert_true(pread(fd, line, sizeof line - 1, 0) > 0);
	assert_memory_equal(line, "<4>2", 4);
	assert_non_null(strstr(line, " [warn] master "));

	assert_int_equal(fstat(fd, &st), 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	unsetenv("JOURNAL_STREAM");
	assert_false(rs_log_is_journal(fd));
	setenv("JOURNAL_STREAM", stream, 1);
	assert_true(rs_log_is_journal(fd));
	assert_false(rs_log_is_journal(STDIN_FILENO));
	assert_false(rs_log_is_journal(-1));
	setenv("JOURNAL_STREAM", "0:0", 1);
	assert_false(rs_log_is_journal(fd));
	unsetenv("JOURNAL_STREAM");
	rs_fd_close(&fd);
}

/* Whoever moves the word first has the request; the other side always notices. */
static void test_claim(void **state)
{
	struct rs_claim_page page = { 0 };
	uint64_t posted = rs_claim_word(5, RS_CLAIM_POSTED);

	(void)state;
	page.word[3] = posted;
	assert_true(rs_claim_move(&page, 3, posted, RS_CLAIM_TAKEN));
	assert_false(rs_claim_move(&page, 3, posted, RS_CLAIM_REVOKED));
	assert_true(page.word[3] == rs_claim_word(5, RS_CLAIM_TAKEN));
	page.word[3] = posted;
	assert_true(rs_claim_move(&page, 3, posted, RS_CLAIM_REVOKED));
	assert_false(rs_claim_move(&page, 3, posted, RS_CLAIM_TAKEN));
	/* the slot's next use: a late frame of the earlier one claims nothing */
	page.word[3] = rs_claim_word(6, RS_CLAIM_POSTED);
	assert_false(rs_claim_move(&page, 3, posted, RS_CLAIM_TAKEN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_u64),   cmocka_unit_test(test_slices_and_copies),
		cmocka_unit_test(test_buffer),      cmocka_unit_test(test_log_escapes), cmocka_unit_test(test_log_plain),
		cmocka_unit_test(test_log_request), cmocka_unit_test(test_log_marked), cmocka_unit_test(test_log_journal),
		cmocka_unit_test(test_claim),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
