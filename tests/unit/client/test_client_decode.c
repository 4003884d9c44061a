/*
 * Content codings undone: every coding in every size of pieces, streams that end too early or are none, and who has had enough.
 */
#include "client/client_decode.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rs_buf.h"

static const char text[] = "some text, some text, some text that is said again and again and again";

struct got {
	struct rs_buf data;
	size_t most;
};

static bool put(void *arg, struct rs_slice piece)
{
	struct got *g = arg;

	assert_true(piece.n > 0);
	assert_true(rs_buf_put(&g->data, piece.p, piece.n));
	return g->data.len <= g->most;
}

static void pack(struct rs_buf *out, int window, const void *p, size_t n)
{
	z_stream z = { 0 };
	char *to = rs_buf_reserve(out, n + 1000);

	assert_non_null(to);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)(n + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	rs_buf_commit(out, z.total_out);
	deflateEnd(&z);
}

static enum rs_result feed(struct rs_slice in, enum rs_http_coding coding, size_t step, struct got *g, bool *whole)
{
	struct rs_decode *d = rs_decode_new(coding);
	enum rs_result rc = RS_OK;

	assert_non_null(d);
	while (in.n && rc == RS_OK) {
		size_t n = in.n < step ? in.n : step;
		char *block = malloc(n);

		assert_non_null(block);
		memcpy(block, in.p, n);
		rc = rs_decode_feed(d, rs_slice(block, n), put, g);
		in = rs_slice(in.p + n, in.n - n);
		free(block);
	}
	*whole = rs_decode_whole(d);
	rs_decode_free(d);
	return rc;
}

static void test_codings(void **state)
{
	static const struct {
		enum rs_http_coding coding;
		int window;
		unsigned times;
	} codings[] = {
		{ RS_HTTP_GZIP, WINDOW_GZIP, 1 }, { RS_HTTP_GZIP, WINDOW_GZIP, 3 }, { RS_HTTP_DEFLATE, WINDOW_ZLIB, 1 },
		{ RS_HTTP_DEFLATE, WINDOW_RAW, 1 },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(codings); i++) {
		struct rs_buf packed = { 0 }, want = { 0 };

		for (unsigned k = 0; k < codings[i].times; k++) {
			pack(&packed, codings[i].window, text, sizeof text);
			assert_true(rs_buf_put(&want, text, sizeof text));
		}
		for (size_t step = 1; step <= packed.len; step++) {
			struct got g = { .most = 10000 };
			bool whole;

			assert_int_equal(feed(rs_buf_slice(&packed), codings[i].coding, step, &g, &whole), RS_OK);
			assert_true(whole);
			assert_true(rs_slice_eq(rs_buf_slice(&g.data), rs_buf_slice(&want)));
			rs_buf_free(&g.data);
		}
		/* Cut anywhere. Between two members it is whole. */
		for (size_t n = 1; n < packed.len; n++) {
			struct got g = { .most = 10000 };
			bool whole;

			assert_int_equal(feed(rs_slice(rs_buf_data(&packed), n), codings[i].coding, 7, &g, &whole), RS_OK);
			assert_true(!whole || n % (packed.len / codings[i].times) == 0);
			rs_buf_free(&g.data);
		}
		rs_buf_free(&packed);
		rs_buf_free(&want);
	}
}

static void test_broken(void **state)
{
	struct got g = { .most = 10000 };
	struct rs_buf packed = { 0 };
	bool whole;

	(void)state;
	assert_int_equal(feed(RS_SLICE("not gzip"), RS_HTTP_GZIP, 3, &g, &whole), RS_ERR);
	assert_int_equal(feed(RS_SLICE("\xff\xff\xff"), RS_HTTP_DEFLATE, 1, &g, &whole), RS_ERR);
	pack(&packed, WINDOW_ZLIB, text, sizeof text);
	assert_true(rs_buf_put(&packed, "x", 1));
	assert_int_equal(feed(rs_buf_slice(&packed), RS_HTTP_DEFLATE, packed.len, &g, &whole), RS_ERR);
	assert_int_equal(feed(RS_SLICE(""), RS_HTTP_GZIP, 1, &g, &whole), RS_OK);
	assert_true(whole);
	rs_buf_free(&packed);
	rs_buf_free(&g.data);
}

/* Much that was little: no more comes out than is asked for, and a piece. */
static void test_enough(void **state)
{
	static const char zeros[1 << 20];
	struct got g = { .most = 100000 };
	struct rs_buf packed = { 0 };
	bool whole;

	(void)state;
	pack(&packed, WINDOW_GZIP, zeros, sizeof zeros);
	assert_true(packed.len < 2000);
	assert_int_equal(feed(rs_buf_slice(&packed), RS_HTTP_GZIP, packed.len, &g, &whole), RS_DONE);
	assert_true(g.data.len <= g.most + PIECE);
	rs_buf_free(&packed);
	rs_buf_free(&g.data);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(rs_decode_coding(RS_SLICE("GZip")), RS_HTTP_GZIP);
	assert_int_equal(rs_decode_coding(RS_SLICE("x-gzip")), RS_HTTP_GZIP);
	assert_int_equal(rs_decode_coding(RS_SLICE("deflate")), RS_HTTP_DEFLATE);
	assert_int_equal(rs_decode_coding(RS_SLICE("gzip, br")), RS_HTTP_IDENTITY);
	assert_int_equal(rs_decode_coding(RS_SLICE("")), RS_HTTP_IDENTITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codings), cmocka_unit_test(test_broken), cmocka_unit_test(test_enough), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
