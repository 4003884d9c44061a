/*
 * Accept-Encoding: weights, refusals, stars, rubbish, several fields.
 */
#include "http/http_accept.c"

#include "http/heads.h"

#define ALL (1u << RS_HTTP_BR | 1u << RS_HTTP_GZIP | 1u << RS_HTTP_DEFLATE)
#define ZLIB (1u << RS_HTTP_GZIP | 1u << RS_HTTP_DEFLATE)

static const struct {
	const char *fields; /* one a line */
	unsigned can;
	enum rs_http_coding best;
} rows[] = {
	{ "", ALL, RS_HTTP_IDENTITY },
	{ "gzip", ALL, RS_HTTP_GZIP },
	{ "GZip", ALL, RS_HTTP_GZIP },
	{ "x-gzip", ALL, RS_HTTP_GZIP },
	{ "deflate", ALL, RS_HTTP_DEFLATE },
	{ "gzip, deflate, br, zstd", ALL, RS_HTTP_BR },
	{ "gzip, deflate, br, zstd", ZLIB, RS_HTTP_GZIP },
	{ "deflate,gzip", ZLIB, RS_HTTP_GZIP },
	{ "br", ZLIB, RS_HTTP_IDENTITY },
	{ "*", ZLIB, RS_HTTP_GZIP },
	{ "*", ALL, RS_HTTP_BR },
	{ "*", 0, RS_HTTP_IDENTITY },
	{ "*;q=0", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=0, *", ZLIB, RS_HTTP_DEFLATE },
	{ "*, gzip;q=0", ZLIB, RS_HTTP_DEFLATE },
	{ "*;q=0, gzip", ALL, RS_HTTP_GZIP },
	{ "compress, zstd, gzipp, gzi", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=0.5, deflate;q=0.8", ALL, RS_HTTP_DEFLATE },
	{ "gzip;q=0.001", ALL, RS_HTTP_GZIP },
	{ "gzip;q=0.000", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=0", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=0.", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=1.", ALL, RS_HTTP_GZIP },
	{ "gzip ; Q=1.000 ", ALL, RS_HTTP_GZIP },
	{ "gzip\t;\tq=0.7\t,\tdeflate", ALL, RS_HTTP_DEFLATE },
	/* Bytes as they are: only when they are asked for before. */
	{ "identity", ALL, RS_HTTP_IDENTITY },
	{ "identity, gzip", ALL, RS_HTTP_GZIP },
	{ "identity, gzip;q=0.5", ALL, RS_HTTP_IDENTITY },
	{ "identity;q=0.5, gzip;q=0.5", ALL, RS_HTTP_GZIP },
	{ "identity;q=0, gzip;q=0.1", ALL, RS_HTTP_GZIP },
	{ "identity;q=0", ALL, RS_HTTP_IDENTITY },
	{ "identity;q=0, *;q=0", ALL, RS_HTTP_IDENTITY },
	{ "identity;q=1, *;q=0.5", ZLIB, RS_HTTP_IDENTITY },
	/* Weights that are none: the client may have meant no. What else stands there means nothing. */
	{ "gzip;q=1.001", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=2", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=-1", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=0.1234", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=.5", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q", ALL, RS_HTTP_GZIP },
	{ "gzip;", ALL, RS_HTTP_GZIP },
	{ "gzip;q=1;q=0", ALL, RS_HTTP_GZIP },
	{ "gzip;level=9", ALL, RS_HTTP_GZIP },
	{ "gzip;q = 1", ALL, RS_HTTP_GZIP },
	{ "gzip;q=\"1\"", ALL, RS_HTTP_IDENTITY },
	{ "gzip deflate", ALL, RS_HTTP_IDENTITY },
	{ "gzip;q=9, deflate;q=0.3", ALL, RS_HTTP_DEFLATE },
	{ ",,, ;q=1, ,gzip,,", ALL, RS_HTTP_GZIP },
	{ "\xff\xfe, gzip", ALL, RS_HTTP_GZIP },
	/* Twice: a refusal stands. */
	{ "gzip;q=0, gzip", ALL, RS_HTTP_IDENTITY },
	{ "gzip, x-gzip;q=0", ALL, RS_HTTP_IDENTITY },
	{ "gzip\ndeflate;q=0.5", ALL, RS_HTTP_GZIP },
	{ "gzip\ngzip;q=0", ALL, RS_HTTP_IDENTITY },
	{ "br\n\ngzip", ALL, RS_HTTP_BR },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		const char *p = rows[i].fields;
		struct rs_http_accept a;

		at_row(i);
		rs_http_accept_init(&a);
		while (*p) {
			size_t n = strcspn(p, "\n");

			rs_http_accept_take(&a, rs_slice(p, n));
			p += n + (p[n] == '\n');
		}
		assert_int_equal(rs_http_accept_best(&a, rows[i].can), rows[i].best);
	}
	at_row(SIZE_MAX);
}

/* As many members as a head can hold: read once, in order. */
static void test_absurd_length(void **state)
{
	static char text[1 << 20];
	struct rs_http_accept a;

	(void)state;
	for (size_t i = 0; i + 4 < sizeof text; i += 4)
		memcpy(text + i, "a;b,", 4);
	memcpy(text + sizeof text - 8, ",,, gzip", 8);
	rs_http_accept_init(&a);
	rs_http_accept_take(&a, rs_slice(text, sizeof text));
	assert_int_equal(rs_http_accept_best(&a, ALL), RS_HTTP_GZIP);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(rs_http_coding_name(RS_HTTP_BR), "br");
	assert_string_equal(rs_http_coding_name(RS_HTTP_GZIP), "gzip");
	assert_string_equal(rs_http_coding_name(RS_HTTP_DEFLATE), "deflate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_absurd_length),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("http_accept", tests, NULL, NULL);
}
