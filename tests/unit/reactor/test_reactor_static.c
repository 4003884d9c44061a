/*
 * handle_static: what is a file, what is PHP's, and that nothing outside of the root ever is one.
 */
#include "reactor/harness.h"

static struct harness h;
static struct actor w;

static void put_file(const char *name, const char *text, size_t n)
{
	char path[256];
	int fd;

	assert_true(rs_fmt(path, sizeof path, "%s/%s", h.dir, name));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
}

static void make_dir(const char *name)
{
	char path[256];

	assert_true(rs_fmt(path, sizeof path, "%s/%s", h.dir, name));
	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_link(const char *target, const char *name)
{
	char path[256], absolute[256];

	assert_true(rs_fmt(path, sizeof path, "%s/%s", h.dir, name));
	assert_true(rs_fmt(absolute, sizeof absolute, "%s%s%s", *target == '@' ? h.dir : "",
			   *target == '@' ? "/" : "", target + (*target == '@')));
	assert_int_equal(symlink(absolute, path), 0);
}

static int up(void **state)
{
	char root[128];

	(void)state;
	prepare(&h);
	h.conf.handle_static = true;
	assert_true(rs_fmt(root, sizeof root, "%s/public", h.dir));
	free(h.conf.document_root);
	h.conf.document_root = strdup(root);
	make_dir("public");
	make_dir("public/css");
	make_dir("public/.well-known");
	put_file("public/css/app.css", "body{}", 6);
	put_file("public/a b.txt", "blank", 5);
	put_file("public/empty.txt", "", 0);
	put_file("public/index.php", "<?php", 5);
	put_file("public/.htaccess", "secret", 6);
	put_file("public/.well-known/x.txt", "known", 5);
	put_file(".env", "KEY=secret", 10);
	put_file("outside.txt", "secret", 6);
	make_dir("storage");
	make_dir("storage/app");
	make_dir("storage/app/public");
	put_file("storage/app/public/photo.png", "png", 3);
	put_file("storage/app/secret.txt", "secret", 6);
	make_link("@storage/app/public", "public/storage");
	make_link("@public/css", "public/styles");
	make_link("css/app.css", "public/main.css");
	make_link("@outside.txt", "public/out.txt");
	make_link("../.env", "public/env.txt");
	make_link("index.php", "public/source.txt");
	make_link("@storage/app", "public/up");
	return 0;
}

static void start(void)
{
	boot(&h);
	hire(&h, &w, 0, 1);
}

static void end(void)
{
	finish(&h);
	leave(&w);
}

static void files_are_served(void **state)
{
	static const struct {
		const char *target, *body, *type;
	} row[] = {
		{ "/css/app.css", "body{}", "text/css" },      { "/css/app.css?v=2", "body{}", "text/css" },
		{ "/a%20b.txt", "blank", "text/plain" },       { "/empty.txt", "", "text/plain" },
		{ "/.well-known/x.txt", "known", "text/plain" }, { "/storage/photo.png", "png", "image/png" },
		{ "/styles/app.css", "body{}", "text/css" },   { "/main.css", "body{}", "text/css" },
	};
	int c;

	(void)state;
	start();
	c = client(&h);
	for (size_t i = 0; i < RS_COUNTOF(row); i++) {
		char type[64];
		struct reply *r;
		get(c, row[i].target);
		r = read_reply(c);
		assert_int_equal(r->status, 200);
		assert_string_equal(r->body, row[i].body);
		assert_true(rs_fmt(type, sizeof type, "\r\nContent-Type: %s", row[i].type));
		assert_non_null(strstr(r->head, type));
		assert_non_null(strstr(r->head, "\r\nLast-Modified: "));
		assert_non_null(strstr(r->head, "\r\nDate: "));
	}
	send_text(c, "GET /css/app.css HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx");
	assert_reply(c, 200, "body{}");
	assert_true(hears_nothing(&w, 0));
	assert_int_equal(ask_status(&h).requests_total, RS_COUNTOF(row) + 1);
	close(c);
	end();
}

static void everything_else_is_for_php(void **state)
{
	static const char *const target[] = {
		"/",
		"/css",
		"/css/",
		"/nothing.txt",
		"/index.php",
		"/.htaccess",
		"/../.env",
		"/%2e%2e/.env",
		"/css/../../.env",
		"/css/%2e%2e/app.css",
		"//css/app.css",
		"/css//app.css",
		"/out.txt",
		"/env.txt",
		"/source.txt",
		"/up/secret.txt",
		"/storage/../../.env",
		"/css%2fapp.css",
		"/css/app.css/",
		"/css/app.css%00.txt",
		"/..%5c.env",
		"/storage",
	};
	int c;

	(void)state;
	start();
	c = client(&h);
	for (size_t i = 0; i < RS_COUNTOF(target); i++) {
		get(c, target[i]);
		serve(&w, target[i], "php");
		assert_reply(c, 200, "php");
	}
	send_text(c, "POST /css/app.css HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n");
	serve(&w, "/css/app.css", "php");
	assert_reply(c, 200, "php");
	close(c);
	end();
}

static void head_and_not_modified(void **state)
{
	static struct reply r;
	char modified[64] = "", text[512];
	struct reply *full;
	int c;

	(void)state;
	start();
	c = asking(&h, "/css/app.css");
	full = read_reply(c);
	assert_int_equal(sscanf(strstr(full->head, "Last-Modified: "), "Last-Modified: %63[^\r]", modified),
			 1);
	send_text(c, "HEAD /css/app.css HTTP/1.1\r\nHost: t\r\n\r\n");
	assert_true(read_head(c, &r) && r.status == 200 && length_of(&r) == 6);
	assert_true(rs_fmt(text, sizeof text,
			   "GET /css/app.css HTTP/1.1\r\nHost: t\r\nIf-Modified-Since: %s\r\n\r\n",
			   modified));
	send_text(c, text);
	assert_true(read_head(c, &r) && r.status == 304 && length_of(&r) < 0);
	assert_null(strstr(r.head, "Content-Type"));
	send_text(c, "GET /css/app.css HTTP/1.1\r\nHost: t\r\nIf-Modified-Since: Thu, 01 Jan 1970 00:00:00 "
		     "GMT\r\n\r\n");
	assert_reply(c, 200, "body{}");
	send_text(c, "GET /css/app.css HTTP/1.1\r\nHost: t\r\nIf-Modified-Since: yesterday\r\n\r\n");
	assert_reply(c, 200, "body{}");
	send_text(c, "GET /css/app.css HTTP/1.0\r\n\r\n");
	assert_true(has_field(read_reply(c), "Connection: close") && ends(c));
	close(c);
	end();
}

static void large_file_waits_for_its_client(void **state)
{
	enum { SIZE = 24 << 20 };
	static char piece[65536];
	static struct reply r;
	char *all = malloc(SIZE);
	int c, other;
	size_t got = 0;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		all[i] = (char)(i * 2654435761u >> 24);
	put_file("public/large.bin", all, SIZE);
	start();
	c = client(&h);
	send_text(c,
		  "GET /large.bin HTTP/1.1\r\nHost: t\r\n\r\nGET /css/app.css HTTP/1.1\r\nHost: t\r\n\r\n");
	pause_ms(50);
	other = asking(&h, "/php");
	serve(&w, "/php", "p");
	assert_reply(other, 200, "p");
	assert_true(read_head(c, &r) && length_of(&r) == SIZE);
	assert_true(has_field(&r, "Content-Type: application/octet-stream"));
	while (got < SIZE) {
		size_t n = SIZE - got < sizeof piece ? SIZE - got : sizeof piece;
		assert_true(read_exact(c, piece, n));
		assert_memory_equal(piece, all + got, n);
		got += n;
	}
	/* What was pipelined behind it comes next. */
	assert_reply(c, 200, "body{}");
	free(all);
	close(c);
	/* A client that goes away in the middle frees everything. */
	c = asking(&h, "/large.bin");
	assert_true(read_head(c, &r));
	close(c);
	close(other);
	until_connections(&h, 0);
	end();
}

static void many_pipelined_files_come_in_order(void **state)
{
	struct rs_buf ask = { 0 };
	int c;

	(void)state;
	start();
	for (int i = 0; i < 300; i++)
		assert_true(rs_buf_printf(&ask, "GET /%s HTTP/1.1\r\nHost: t\r\n\r\n",
					  i % 2 ? "css/app.css" : "a%20b.txt"));
	c = client(&h);
	send_bytes(c, rs_buf_data(&ask), ask.len);
	for (int i = 0; i < 300; i++)
		assert_reply(c, 200, i % 2 ? "body{}" : "blank");
	rs_buf_free(&ask);
	close(c);
	end();
}

static void root_follows_the_configuration(void **state)
{
	struct rs_buf text = { 0 };
	char root[128];
	int c;

	(void)state;
	make_dir("public2");
	put_file("public2/new.txt", "new", 3);
	start();
	c = asking(&h, "/new.txt");
	serve(&w, "/new.txt", "php");
	assert_reply(c, 200, "php");
	struct rs_conf fresh;
	struct rs_conf_error err;
	rs_conf_init(&fresh);
	assert_true(rs_fmt(root, sizeof root, "%s/public2", h.dir));
	assert_int_equal(
		rs_conf_set(&fresh, RS_FROM_INI, "t", "swoole", "document_root", root, &err, NULL, NULL),
		RS_OK);
	assert_int_equal(
		rs_conf_set(&fresh, RS_FROM_INI, "t", "laravels", "handle_static", "true", &err, NULL, NULL),
		RS_OK);
	assert_true(rs_conf_dump(&fresh, &text));
	to_reactor(&h, RS_MSG_CONF, rs_buf_data(&text), text.len, NULL, 0);
	(void)ask_status(&h);
	get(c, "/new.txt");
	assert_reply(c, 200, "new");
	rs_conf_fini(&fresh);
	rs_buf_free(&text);
	close(c);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
		T(files_are_served),
		T(everything_else_is_for_php),
		T(head_and_not_modified),
		T(large_file_waits_for_its_client),
		T(many_pipelined_files_come_in_order),
		T(root_follows_the_configuration),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
