/*
 * Content types: the table's order, which its search needs, and names of all kinds.
 */
#include "http/http_mime.c"

#include "http/heads.h"

static void test_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; i < RS_COUNTOF(rows); i++) {
		at_row(i);
		assert_true(strcasecmp(rows[i - 1].ext, rows[i].ext) < 0);
	}
	at_row(SIZE_MAX);
}

/* Each row is found by its extension, in any case; its type has a slash, and a charset if it is text. */
static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		char file[64];
		bool source;

		at_row(i);
		assert_true(strnlen(rows[i].ext, sizeof rows[i].ext) < sizeof rows[i].ext);
		assert_true(rs_fmt(file, sizeof file, "dir.x/file.%s", rows[i].ext));
		for (char *p = file; *p; p += 2)
			*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 0x20) : *p;
		assert_ptr_equal(rs_http_mime(file, &source), rows[i].type);
		assert_int_equal(source, rows[i].type == NULL);
		if (!rows[i].type)
			continue;
		assert_non_null(strchr(rows[i].type, '/'));
		assert_int_equal(strncmp(rows[i].type, "text/", 5) == 0,
				 strstr(rows[i].type, "; charset=utf-8") != NULL);
	}
	at_row(SIZE_MAX);
}

static void test_names(void **state)
{
	static const struct {
		const char *file, *type;
		bool source;
	} names[] = {
		{ "index.html", "text/html; charset=utf-8", false },
		{ "css/app.css", "text/css; charset=utf-8", false },
		{ "js/app.min.js", "text/javascript; charset=utf-8", false },
		{ "build/assets/app-4ed993c7.mjs", "text/javascript; charset=utf-8", false },
		{ "js/app.js.map", "application/json", false },
		{ "LOGO.PNG", "image/png", false },
		{ "a.svg", "image/svg+xml", false },
		{ "favicon.ico", "image/x-icon", false },
		{ "f.woff2", "font/woff2", false },
		{ "x.wasm", "application/wasm", false },
		{ "site.webmanifest", "application/manifest+json", false },
		{ "docs/openapi.yaml", "application/yaml", false },
		{ "a.tar.gz", "application/gzip", false },
		{ "index.php.txt", "text/plain; charset=utf-8", false },
		{ "index.php", NULL, true },
		{ "index.PhP", NULL, true },
		{ "a/b.c/index.phtml", NULL, true },
		{ "app.phar", NULL, true },
		{ "prod.env", NULL, true },
		{ "php.ini", NULL, true },
		{ "laravel.log", NULL, true },
		{ "database.sqlite", NULL, true },
		{ "dump.sql", NULL, true },
		{ "deploy.sh", NULL, true },
		{ "composer.lock", NULL, true },
		{ "index.php.bak", NULL, true },
		{ "index.php~", NULL, true },
		{ "server.pem", NULL, true },
		{ "web.config", NULL, true },
		{ ".htaccess", NULL, true },
		{ "index.php.1", NULL, true },
		{ "index.php.20261122", NULL, true },
		{ "index.php_old", NULL, true },
		{ "index.php-copy", NULL, true },
		{ "index.PHP copy", NULL, true },
		{ "#index.php#", NULL, true },
		{ "index.php.", NULL, true },
		{ "index.php..x", NULL, true },
		{ "laravel.log.1", NULL, true },
		{ "laravel.log.2.gz", NULL, true },
		{ "prod.env.local", NULL, true },
		{ "dump.sql.gz", NULL, true },
		{ "dump.sql.zip", NULL, true },
		{ "database.sqlite.unknown.xz", NULL, true },
		{ "app.css.gz", "application/gzip", false },
		{ "photos.zip", "application/zip", false },
		{ "jquery-3.7.1", NULL, false },
		{ "index.phpx.1", NULL, false },
		{ "v1.0", NULL, false },
		{ ".x", NULL, false },
		{ "..", NULL, false },
		{ "README", NULL, false },
		{ "", NULL, false },
		{ "a.", NULL, false },
		{ "php", NULL, false },
		{ "a.unknown", NULL, false },
		{ "a.phpx", NULL, false },
		{ "a.htmlx", NULL, false },
		{ "a.ht", NULL, false },
		{ "a.php/b", NULL, false },
		{ "a.html/", NULL, false },
		{ "a.an-extension-longer-than-any-in-the-table", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(names); i++) {
		bool source = !names[i].source;
		const char *type = rs_http_mime(names[i].file, &source);

		at_row(i);
		assert_int_equal(source, names[i].source);
		if (names[i].type) {
			assert_non_null(type);
			assert_string_equal(type, names[i].type);
		} else {
			assert_null(type);
		}
	}
	at_row(SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("http_mime", tests, NULL, NULL);
}
