/*
 * Paths as files, and what a file's name says about its content.
 */
#include "http/http_path.c"

#include "http/heads.h"

struct row {
	const char *path;
	size_t n;
	const char *file; /* NULL: refused */
};

#define P(literal, file) { (literal), sizeof(literal) - 1, (file) },

static const struct row rows[] = {
	/* files */
	P("/", "")
	P("/a", "a")
	P("/robots.txt", "robots.txt")
	P("/a/b/c.css", "a/b/c.css")
	P("/a%20b+c", "a b+c")
	P("/%61%2e%63%53%53", "a.cSS")
	P("/%e4%f6%fc", "\xe4\xf6\xfc")
	P("/\xc3\xa4", "\xc3\xa4")
	P("/a..b", "a..b")
	P("/a..", "a..")
	P("/a.", "a.")
	P("/a.b/c.d", "a.b/c.d")
	P("/~user/-x/_y", "~user/-x/_y")
	P("/a;b=1,c", "a;b=1,c")
	P("/C:/x", "C:/x")
	P("/%20", " ")
	P("/a%3fb", "a?b")
	P("/a%23b", "a#b")
	P("/a:b*c|d", "a:b*c|d")
	P("/.well-known/acme-challenge/x-Y_z", ".well-known/acme-challenge/x-Y_z")
	P("/%2ewell-known/x", ".well-known/x")
	P("/.well-known", ".well-known")

	/* decoded once: what is left of an escape is a name like any other */
	P("/%252e%252e/etc/passwd", "%2e%2e/etc/passwd")
	P("/%25%32%65%25%32%65/x", "%2e%2e/x")
	P("/a%252fb", "a%2fb")
	P("/a%2500", "a%00")
	P("/%255c", "%5c")

	/* overlong and wide forms of '.' and '/' are bytes that no kernel takes for them */
	P("/%c0%ae%c0%ae/x", "\xc0\xae\xc0\xae/x")
	P("/%c0%af", "\xc0\xaf")
	P("/%e0%80%ae%e0%80%ae/x", "\xe0\x80\xae\xe0\x80\xae/x")
	P("/%f0%80%80%af", "\xf0\x80\x80\xaf")
	P("/%ef%bc%8e%ef%bc%8e/x", "\xef\xbc\x8e\xef\xbc\x8e/x")
	P("/%ef%bc%8f", "\xef\xbc\x8f")
	P("/%e2%80%a5/x", "\xe2\x80\xa5/x")

	/* up and around */
	P("/..", NULL)
	P("/../", NULL)
	P("/../etc/passwd", NULL)
	P("/../../../../etc/passwd", NULL)
	P("/a/..", NULL)
	P("/a/../b", NULL)
	P("/a/../../b", NULL)
	P("/a/b/../../../c", NULL)
	P("/.", NULL)
	P("/./", NULL)
	P("/./a", NULL)
	P("/a/.", NULL)
	P("/a/./b", NULL)
	P("/...", NULL)
	P("/.../x", NULL)
	P("/..../x", NULL)
	P("/..a", NULL)
	P("/%2e%2e/etc/passwd", NULL)
	P("/%2E%2E/etc/passwd", NULL)
	P("/.%2e/etc/passwd", NULL)
	P("/%2e./etc/passwd", NULL)
	P("/a/%2e%2e/%2e%2e/b", NULL)
	P("/%2e", NULL)
	P("/a/%2e/b", NULL)
	P("/..%2fetc%2fpasswd", NULL)
	P("/%2e%2e%2fetc/passwd", NULL)
	P("/%2e%2e%5cetc", NULL)
	P("/..%c0%afetc/passwd", NULL)
	P("/..%00/x", NULL)
	P("/..;/x", NULL)
	P("/..%20/x", NULL)
	P("/a/..%09", NULL)

	/* slashes */
	P("", NULL)
	P("a", NULL)
	P("*", NULL)
	P("../a", NULL)
	P("?", NULL)
	P("//", NULL)
	P("//a", NULL)
	P("//etc/passwd", NULL)
	P("/a//b", NULL)
	P("/a/", NULL)
	P("/a//", NULL)
	P("///", NULL)
	P("/%2f", NULL)
	P("/%2fetc/passwd", NULL)
	P("/a%2fb", NULL)
	P("/a%2Fb", NULL)
	P("%2fa", NULL)
	P("/a/%2f/b", NULL)

	/* backslashes */
	P("/\\", NULL)
	P("\\a", NULL)
	P("/..\\..\\windows\\win.ini", NULL)
	P("/a\\b", NULL)
	P("/a%5cb", NULL)
	P("/a%5Cb", NULL)
	P("/%5c..%5c", NULL)
	P("/a\\..\\b", NULL)

	/* bytes */
	P("/a%00", NULL)
	P("/a%00.css", NULL)
	P("/%00", NULL)
	P("/index.php%00.png", NULL)
	P("/a\0b", NULL)
	P("/a%0a", NULL)
	P("/a%0d%0ab", NULL)
	P("/a%1f", NULL)
	P("/a%7f", NULL)
	P("/a\x7f", NULL)
	P("/a\x01", NULL)
	P("/a%09b", NULL)

	/* escapes */
	P("/%", NULL)
	P("/a%", NULL)
	P("/%2", NULL)
	P("/a%4", NULL)
	P("/%zz", NULL)
	P("/%4g", NULL)
	P("/%g4", NULL)
	P("/%%41", NULL)
	P("/%u002e%u002e/x", NULL)
	P("/% 41", NULL)
	P("/%+41", NULL)
	P("/%-1", NULL)
	P("/%0x41", NULL)
	P("/%2e%2", NULL)
	P("/%\xc3\xa4", NULL)

	/* hidden files */
	P("/.env", NULL)
	P("/%2eenv", NULL)
	P("/.git/config", NULL)
	P("/.git", NULL)
	P("/a/.git/config", NULL)
	P("/a/.htaccess", NULL)
	P("/.htpasswd", NULL)
	P("/.well-known/.env", NULL)
	P("/.well-known/../.env", NULL)
	P("/.well-known/", NULL)
	P("/.well-knownx/a", NULL)
	P("/.well-know", NULL)
	P("/.WELL-KNOWN/a", NULL)
	P("/a/.well-known/b", NULL)
	P("/.DS_Store", NULL)
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		char out[256], *path = malloc(rows[i].n + 1);

		at_row(i);
		assert_non_null(path);
		memcpy(path, rows[i].path, rows[i].n + 1);
		path = realloc(path, rows[i].n ? rows[i].n : 1); /* not terminated */
		assert_non_null(path);
		if (rows[i].file) {
			assert_true(rs_http_file_path(rs_slice(path, rows[i].n), out, sizeof out));
			assert_string_equal(out, rows[i].file);
		} else {
			assert_false(rs_http_file_path(rs_slice(path, rows[i].n), out, sizeof out));
		}
		free(path);
	}
	at_row(SIZE_MAX);
}

/* Room for the name and its NUL is enough, one byte less is not; nothing is written behind. */
static void test_room(void **state)
{
	static const char path[] = "/%61bc/d";

	(void)state;
	for (size_t size = 0; size <= 8; size++) {
		char *out = malloc(size ? size : 1);

		assert_non_null(out);
		assert_int_equal(rs_http_file_path(RS_SLICE(path), out, size), size >= sizeof "abc/d");
		if (size >= sizeof "abc/d")
			assert_string_equal(out, "abc/d");
		assert_int_equal(rs_http_file_path(RS_SLICE("/"), out, size), size >= 1);
		free(out);
	}
}

/* Every byte as an escape in the middle of a name: itself, or refused. */
static void test_every_escape(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		bool refused = byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\';
		char path[16], out[16];

		assert_true(rs_fmt(path, sizeof path, "/x%%%02xy", byte));
		assert_int_equal(rs_http_file_path(rs_slice_str(path), out, sizeof out), !refused);
		if (!refused) {
			assert_int_equal((unsigned char)out[1], byte);
			assert_int_equal(strlen(out), 3);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_every_escape),
	};

	return cmocka_run_group_tests_name("http_path", tests, NULL, NULL);
}
