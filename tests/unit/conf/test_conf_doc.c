/*
 * What is printed and what is documented: complete, and true to the parser.
 */
#include "conf/conf_doc.c"

#include "conf_fixture.h"

/* The sample with every option line turned on: `;key = value` becomes `key = value`, prose stays a comment. */
static char *uncommented_sample(void)
{
	struct rs_buf b = { 0 };
	char *text;

	assert_true(rs_conf_doc_sample(&b));
	assert_true(rs_buf_put(&b, "", 1));
	text = strdup(rs_buf_data(&b));
	assert_non_null(text);
	rs_buf_free(&b);
	for (char *p = text; *p; p++)
		if (*p == ';' && p[1] != ' ' && p[1] != '\n' && (p == text || p[-1] == '\n'))
			*p = ' ';
	return text;
}

static void the_sample_says_nothing_new(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	assert_true(rs_conf_doc_sample(&b) && rs_buf_put(&b, "", 1));
	assert_int_equal(parse(f, rs_buf_data(&b)), RS_OK);
	rs_buf_reset(&b, SIZE_MAX);
	assert_true(rs_conf_dump(&f->c, &b));
	assert_int_equal(b.len, 0);
	rs_buf_free(&b);
}

static void the_sample_shows_every_live_option_with_its_default(void **state)
{
	struct fixture *f = *state;
	char *text = uncommented_sample();

	if (parse(f, text) != RS_OK)
		fail_msg("%s", f->err.text);
	assert_string_equal(f->warnings, "");
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];
		struct rs_buf b = { 0 };

		if ((f->c.origin[i].from == RS_FROM_INI) != is_live(o))
			fail_msg("[%s] %s", o->section, o->key);
		assert_true(rs_conf_value_text(&f->c, o, &b));
		assert_true(rs_slice_eq(rs_buf_slice(&b), rs_slice_str(o->def)));
		rs_buf_free(&b);
	}
	free(text);
}

static void every_option_is_in_the_manuals(void **state)
{
	struct rs_buf md = { 0 }, man = { 0 };
	char key[128];

	(void)state;
	assert_true(rs_conf_doc_markdown(&md) && rs_buf_put(&md, "", 1));
	assert_true(rs_conf_doc_man(&man) && rs_buf_put(&man, "", 1));
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];
		const char *list = o->type == RS_OPT_LIST ? "[]" : "";

		if (is_live(o))
			assert_true(rs_fmt(key, sizeof key, "\n| `%s%s`", o->key, list));
		else
			assert_true(rs_fmt(key, sizeof key, "\n| `[%s] %s` |", o->section, o->key));
		assert_contains(rs_buf_data(&md), key);
		if (is_live(o))
			assert_true(rs_fmt(key, sizeof key, "\n.B %s%s\n", o->key, list));
		else
			assert_true(rs_fmt(key, sizeof key, "\n.B [%s] %s\n", o->section, o->key));
		assert_contains(rs_buf_data(&man), key);
		assert_contains(rs_buf_data(&md), o->help);
	}
	rs_buf_free(&md);
	rs_buf_free(&man);
}

static void every_item_is_in_the_documents(void **state)
{
	struct rs_buf md = { 0 }, man = { 0 };
	char *sample = uncommented_sample(), key[160], line[256];
	struct fixture *f = *state;

	assert_true(rs_conf_doc_markdown(&md) && rs_buf_put(&md, "", 1));
	assert_true(rs_conf_doc_man(&man) && rs_buf_put(&man, "", 1));
	for (size_t i = 0; i < RS_ITEM_COUNT; i++) {
		const struct rs_option *o = &rs_item_keys[i];
		enum rs_kind_id kind;

		assert_true(rs_conf_kind(o->section, &kind));
		item_key((enum rs_item_id)i, &rs_kinds[kind], key, sizeof key);
		assert_true(rs_fmt(line, sizeof line, "\n| `%s` |", key));
		assert_contains(rs_buf_data(&md), line);
		assert_contains(rs_buf_data(&md), o->help);
		assert_int_equal(o->help[strlen(o->help) - 1], '.');
		/* The sample shows every key with a value that is right. */
		assert_true(rs_fmt(line, sizeof line, "\n %s%s", i == RS_ITEM_sockets_settings ? "settings." : key,
				   i == RS_ITEM_sockets_settings ? "" : " = "));
		assert_contains(sample, line);
	}
	for (size_t i = 0; i < RS_KIND_COUNT; i++) {
		assert_true(rs_fmt(line, sizeof line, "\n.SS [%s%s]\n", rs_kinds[i].name, rs_kinds[i].by_key ? "" : ".NAME"));
		assert_contains(rs_buf_data(&man), line);
		assert_int_equal(parse(f, sample), RS_OK);
		assert_int_equal(f->c.items[i].n, 1);
		again(f);
	}
	free(sample);
	rs_buf_free(&md);
	rs_buf_free(&man);
}

static void items_are_printed_with_their_rows(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	assert_int_equal(parse(f, "[sockets.echo]\nport = 7\nsettings.package_eof = \"\\r\\n\"\nsettings.x = 1\nsettings.x = 2\n"
				  "[processes.t]\nenable = no\nrestart_interval = 0.5\n[events]\nA\\B[] = C\nA\\B[] = D\n"), RS_OK);
	assert_true(rs_conf_print(&f->c, false, &b) && rs_buf_put(&b, "", 1));
	assert_contains(rs_buf_data(&b), "\nsockets.echo.settings.package_eof = \\x0d\\x0a            ; x.ini:2\n");
	assert_contains(rs_buf_data(&b), "\nevents.A\\B = D  ");
	assert_contains(rs_buf_data(&b), " ; x.ini:10\n");
	rs_buf_reset(&b, SIZE_MAX);
	assert_true(rs_conf_print(&f->c, true, &b) && rs_buf_put(&b, "", 1));
	assert_contains(rs_buf_data(&b), "\"sockets.echo.port\": {\"value\": 7, \"origin\": \"ini\", \"where\": \"x.ini:2\"}");
	assert_contains(rs_buf_data(&b), "\"sockets.echo.settings.package_eof\": {\"value\": \"\\u000d\\u000a\", ");
	assert_contains(rs_buf_data(&b), "\"sockets.echo.settings.x\": {\"value\": [\"1\", \"2\"], ");
	assert_contains(rs_buf_data(&b), "\"processes.t.enable\": {\"value\": false, ");
	assert_contains(rs_buf_data(&b), "\"processes.t.restart_interval\": {\"value\": 0.500, ");
	assert_contains(rs_buf_data(&b), "\"events.A\\\\B\": {\"value\": [\"C\", \"D\"], ");
	rs_buf_free(&b);
}

static void every_section_has_its_place_in_the_documents(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		bool found = false;

		for (size_t s = 0; s < RS_COUNTOF(sections); s++)
			found = found || in_section(&rs_options[i], s);
		if (!found)
			fail_msg("[%s]", rs_options[i].section);
	}
}

static void printed_text_names_value_and_origin(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };
	size_t lines = 0;

	assert_int_equal(parse(f, "[swoole]\nworker_num = 7\n[php]\na.b = c\n"), RS_OK);
	assert_int_equal(set(f, RS_FROM_CLI, "swoole", "daemonize", "1"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_true(rs_conf_print(&f->c, false, &b) && rs_buf_put(&b, "", 1));
	for (const char *p = rs_buf_data(&b); *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, RS_OPT_COUNT + 1);
	assert_contains(rs_buf_data(&b), "\nswoole.worker_num = 7                                   ; x.ini:2\n");
	assert_contains(rs_buf_data(&b), "\nswoole.daemonize = true                                 ; here\n");
	assert_contains(rs_buf_data(&b), "\nswoole.backlog = 512                                    ; default\n");
	assert_contains(rs_buf_data(&b), "/laravels.pid");
	assert_contains(rs_buf_data(&b), " ; derived\n");
	assert_contains(rs_buf_data(&b), "\nphp.a.b = c ");
	rs_buf_free(&b);
}

static void printed_json_is_escaped(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	assert_int_equal(parse(f, "[laravels]\nserver = \"a\\\"b\\\\c\xc3\xa9\xff\xed\xa0\x80z\"\ncleaners[]=A\\B\ncleaners[]=C\n"
				  "[rserverd]\nrequest_timeout = 0.25\n[php]\nx = \"\\\"\"\n"), RS_OK);
	assert_true(rs_conf_print(&f->c, true, &b) && rs_buf_put(&b, "", 1));
	assert_contains(rs_buf_data(&b),
			"\n  \"laravels.server\": {\"value\": \"a\\\"b\\\\c\xc3\xa9"
			"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\", \"origin\": \"ini\", \"where\": \"x.ini:2\"},\n");
	assert_contains(rs_buf_data(&b), "\"laravels.cleaners\": {\"value\": [\"A\\\\B\", \"C\"], \"origin\": \"ini\"");
	assert_contains(rs_buf_data(&b), "\"rserverd.request_timeout\": {\"value\": 0.250, ");
	assert_contains(rs_buf_data(&b), "\"swoole.package_max_length\": {\"value\": 4194304, \"origin\": \"default\", \"where\": null}");
	assert_contains(rs_buf_data(&b), "\"laravels.handle_static\": {\"value\": false, ");
	assert_contains(rs_buf_data(&b), "\"php.x\": {\"value\": \"\\\"\", ");
	assert_string_equal(rs_buf_data(&b) + b.len - 4, "\n}\n");
	rs_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_sample_says_nothing_new),
		TEST(the_sample_shows_every_live_option_with_its_default),
		TEST(every_option_is_in_the_manuals),
		TEST(every_item_is_in_the_documents),
		TEST(items_are_printed_with_their_rows),
		TEST(every_section_has_its_place_in_the_documents),
		TEST(printed_text_names_value_and_origin),
		TEST(printed_json_is_escaped),
	};

	return cmocka_run_group_tests_name("conf_doc", tests, NULL, NULL);
}
