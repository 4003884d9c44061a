/* The doctor's report: lines of a worker that may write anything, and what is made of them. */
#include "cli/cli_doctor_judge.c"
#include "cli/cli_doctor_read.c"

#include "base/rs_fd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
	struct rs_doctor_reader reader;
	struct rs_doctor_route route;
	int out;
};

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->out = rs_fd_memory("report", 0);
	f->reader.fd = dup(f->out);
	assert_true(f->out >= 0 && f->reader.fd >= 0);
	assert_true(rs_doctor_route_init(&f->route, "/", 3));
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	close(f->reader.fd);
	close(f->out);
	rs_doctor_reader_free(&f->reader);
	rs_doctor_route_free(&f->route);
	free(f);
	return 0;
}

/* A duplicate shares its place in the file: what is written is read from there again. */
static void take_bytes(struct fixture *f, size_t request, const char *p, size_t n)
{
	off_t at = lseek(f->out, 0, SEEK_END);

	assert_int_equal(pwrite(f->out, p, n, at), n);
	assert_int_equal(lseek(f->out, at, SEEK_SET), at);
	assert_true(rs_doctor_read(&f->reader, &f->route, request));
}

static void take_text(struct fixture *f, size_t request, const char *text)
{
	take_bytes(f, request, text, strlen(text));
}

static void a_report(void **state)
{
	struct fixture *f = *state;
	const struct rs_doctor_place *p;

	take_text(f, 0, "route\t/\nroute\t/x\\x09y\nready\nrequest\tGET\t/\n");
	take_text(f, 0, "change\tstatic\tA\\\\B\tna\\x0ame\ta.b\tchanged\tarray\t1\tstring\t20\t77\t/f.php\t/g.php\t9\n");
	take_text(f, 0, "objects\tC\t4\t/c.php\nmore\t7\nend\t100\t200\t1\n");
	assert_int_equal(f->reader.found.n, 2);
	assert_string_equal(f->reader.found.v[1], "/x\ty");
	assert_int_equal(f->reader.readies, 1);
	assert_int_equal(f->reader.ends, 1);
	assert_int_equal(f->route.nplaces, 1);
	p = &f->route.places[0];
	assert_string_equal(p->name, "na\nme");
	assert_string_equal(p->where, "a.b");
	assert_true(p->changed && p->sights[0].there && !p->sights[1].there);
	assert_int_equal(p->size[0], 1);
	assert_int_equal(p->size[1], 20);
	assert_int_equal(p->author_line, 9);
	assert_int_equal(f->route.nclasses, 1);
	assert_int_equal(f->route.classes[0].more[0], 4);
	assert_true(f->route.requests[0].reported);
	assert_int_equal(f->route.requests[0].left_out, 7);
	assert_int_equal(f->route.requests[0].transactions, 1);
}

static void lines_that_are_none(void **state)
{
	static const char *const texts[] = {
		"\n", "\t\n", "change\n", "change\t\t\t\n", "end\t1\t2\n", "end\t1\t2\t3\t4\n", "ready\tx\n", "nonsense\t1\n",
		"change\t1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11\t12\t13\t14\t15\t16\n", "route\n", "END\t1\t2\t3\n", "\\x00\n", "more\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(texts); i++)
		take_text(f, 0, texts[i]);
	take_bytes(f, 0, "route\t/a\0b\n", 11);
	assert_int_equal(f->route.nplaces + f->route.nclasses + f->reader.found.n + f->reader.readies + f->reader.ends, 0);
}

static void a_line_in_pieces(void **state)
{
	struct fixture *f = *state;

	for (const char *p = "more\t5\nend\t1\t2\t3\n"; *p; p++)
		take_bytes(f, 1, p, 1);
	assert_int_equal(f->route.requests[1].left_out, 5);
	assert_true(f->route.requests[1].reported && !f->route.requests[0].reported);
}

static void numbers_and_escapes_that_are_wrong(void **state)
{
	struct fixture *f = *state;

	take_text(f, 0, "objects\t\\x\\x4\\xzz\\x00\\\t99999999999999999999999\t-1\n");
	assert_int_equal(f->route.nclasses, 1);
	assert_string_equal(f->route.classes[0].name, "\\x\\x4\\xzz\\x00\\");
	assert_int_equal(f->route.classes[0].more[0], 0);
}

static void more_than_anybody_needs(void **state)
{
	struct fixture *f = *state;
	char line[200];

	for (int i = 0; i < 3000; i++) {
		rs_fmt(line, sizeof line, "change\tglobal\t\tn%d\t\tmade\tnothing\t0\tint\t0\t1\t\t\t0\n", i);
		take_text(f, 0, line);
	}
	assert_int_equal(f->route.nplaces, PLACES_MAX);
	assert_int_equal(f->route.requests[0].left_out, 3000 - PLACES_MAX);
}

static void a_line_without_an_end(void **state)
{
	struct fixture *f = *state;
	char *text = calloc(1, 2 * LINE_MAX_BYTES);
	off_t at;

	memset(text, 'x', 2 * LINE_MAX_BYTES);
	at = lseek(f->out, 0, SEEK_END);
	assert_int_equal(pwrite(f->out, text, 2 * LINE_MAX_BYTES, at), 2 * LINE_MAX_BYTES);
	lseek(f->out, at, SEEK_SET);
	assert_false(rs_doctor_read(&f->reader, &f->route, 0));
	free(text);
}

/* Much at a time is read piece by piece, and all of it in the end. */
static void a_writer_without_measure(void **state)
{
	static const char junk[] = "junk\n", last[] = "end\t1\t2\t0\n";
	struct fixture *f = *state;
	const size_t all = 4 * (size_t)READ_MAX / (sizeof junk - 1) * (sizeof junk - 1);
	char *text = malloc(all);
	unsigned looks = 0;

	assert_non_null(text);
	for (size_t at = 0; at < all; at += sizeof junk - 1)
		memcpy(text + at, junk, sizeof junk - 1);
	assert_int_equal(pwrite(f->out, text, all, 0), all);
	assert_int_equal(pwrite(f->out, last, sizeof last - 1, (off_t)all), sizeof last - 1);
	assert_int_equal(lseek(f->out, 0, SEEK_SET), 0);
	while (!f->reader.ends && looks++ < 100) {
		assert_true(rs_doctor_read(&f->reader, &f->route, 0));
		assert_true(f->reader.text.cap <= 2 * (size_t)READ_MAX);
	}
	assert_true(looks > 3 && looks < 100);
	assert_int_equal(f->route.requests[0].used, 2);
	free(text);
}

static void verdicts_of_sights(void **state)
{
	static const struct {
		const char *kind;
		bool changed;
		struct rs_doctor_sight sights[3];
		enum rs_verdict verdict;
	} cases[] = {
		{ "property", false, { { true, 1, 1 }, { true, 1, 1 }, { true, 1, 1 } }, RS_VERDICT_ONCE },
		{ "property", false, { { true, 1, 1 }, { true, 2, 2 }, { true, 3, 3 } }, RS_VERDICT_GROWS },
		{ "property", true, { { true, 1, 1 }, { true, 2, 2 }, { true, 3, 3 } }, RS_VERDICT_GROWS },
		{ "property", false, { { true, 1, 1 }, { true, 1, 2 }, { true, 1, 1 } }, RS_VERDICT_EACH },
		{ "property", false, { { true, 1, 1 }, { true, 2, 2 }, { true, 2, 2 } }, RS_VERDICT_ONCE },
		{ "static", true, { { true, 1, 1 }, { true, 1, 1 }, { true, 1, 1 } }, RS_VERDICT_CHANGED },
		{ "static", false, { { false, 0, 0 }, { false, 0, 0 }, { true, 5, 5 } }, RS_VERDICT_ONCE },
		{ "global", false, { { true, 0, 1 }, { true, 0, 1 }, { true, 0, 1 } }, RS_VERDICT_LEFT },
		{ "constant", false, { { true, 0, 1 }, { false, 0, 0 }, { false, 0, 0 } }, RS_VERDICT_LEFT },
		{ "process", false, { { true, 0, 1 }, { true, 0, 2 }, { true, 0, 3 } }, RS_VERDICT_TOUCHED },
		{ "ini", true, { { true, 0, 1 }, { true, 0, 1 }, { true, 0, 1 } }, RS_VERDICT_CHANGED },
	};
	char kind[32];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		struct rs_doctor_sight sights[3];
		struct rs_doctor_place p = { .kind = kind, .changed = cases[i].changed, .sights = sights };
		memcpy(sights, cases[i].sights, sizeof sights);
		(void)rs_copy(kind, sizeof kind, rs_slice_str(cases[i].kind));
		assert_int_equal(judge_place(&p, 3), cases[i].verdict);
	}
}

static void packages_of_files(void **state)
{
	static const char *const cases[][2] = {
		{ "/srv/app/vendor/acme/cache/src/Cache.php", "acme/cache" },
		{ "/srv/app/app/Http/Kernel.php", "application" },
		{ "/srv/app/vendor/autoload.php", "application" },
		{ "/srv/app/vendor/acme/", "application" },
		{ "/srv/app/vendor//x/y/z.php", "application" },
		{ "/srv/app/vendor/a/b/vendor/c/d/e.php", "c/d" },
		{ "/srv/application/x.php", "/srv/application" },
		{ "/usr/share/php/Illuminate/x.php", "/usr/share/php/Illuminate" },
		{ "/x.php", "/x.php" },
		{ "", "PHP" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		rs_doctor_package(cases[i][0], "/srv/app", out, sizeof out);
		assert_string_equal(out, cases[i][1]);
	}
}

static void memory_counts_when_every_request_takes_some(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 3; i++)
		f->route.requests[i] = (struct rs_doctor_request){ .status = 200, .reported = true, .used = 1000000 + i * 5000 };
	rs_doctor_judge(&f->route);
	assert_int_equal(f->route.memory, 5000);
	assert_int_equal(f->route.findings, 1);
	f->route.requests[2].used = f->route.requests[1].used + 100;
	f->route.memory = 0;
	rs_doctor_judge(&f->route);
	assert_int_equal(f->route.memory, 0);
	assert_int_equal(f->route.findings, 0);
	f->route.requests[2].reported = false;
	rs_doctor_judge(&f->route);
	assert_true(f->route.worker_ended);
	assert_int_equal(f->route.findings, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_report, begin, end),
		cmocka_unit_test_setup_teardown(lines_that_are_none, begin, end),
		cmocka_unit_test_setup_teardown(a_line_in_pieces, begin, end),
		cmocka_unit_test_setup_teardown(a_writer_without_measure, begin, end),
		cmocka_unit_test_setup_teardown(numbers_and_escapes_that_are_wrong, begin, end),
		cmocka_unit_test_setup_teardown(more_than_anybody_needs, begin, end),
		cmocka_unit_test_setup_teardown(a_line_without_an_end, begin, end),
		cmocka_unit_test(verdicts_of_sights),
		cmocka_unit_test(packages_of_files),
		cmocka_unit_test_setup_teardown(memory_counts_when_every_request_takes_some, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
