/*
 * Compression: which responses, what their heads say then, and that the bytes come back, in whatever pieces. br too, when it is built in.
 */
#include "worker/worker_compress.c"
#include "worker/worker_encoder.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#ifdef RS_BROTLI
#include <brotli/decode.h>
#endif

static char html[] = "text/html", json[] = "application/json", image[] = "image/*";
static char *types_list[] = { html, json, image };
static const struct rs_strlist types = { types_list, RS_COUNTOF(types_list) };
static const struct rs_compress_rules usual = { .on = true, .level = 1, .min_length = 20, .types = &types };

/* ---- heads ------------------------------------------------------------------------------------------------- */

#define HTML "Content-Type: text/html; charset=UTF-8\r\n"
#define VARY "Vary: Accept-Encoding\r\n"
#define GZIP "Content-Encoding: gzip\r\n"

static const struct {
	unsigned status;
	const char *headers;
	int64_t size;
	enum rs_http_coding wanted;
	const char *none_match;
	const char *after; /* NULL: as it was */
} heads[] = {
	{ 200, HTML, 1000, RS_HTTP_GZIP, "", HTML GZIP VARY },
	{ 200, HTML, -1, RS_HTTP_GZIP, "", HTML GZIP VARY },
	{ 200, HTML, 20, RS_HTTP_GZIP, "", HTML GZIP VARY },
	{ 200, HTML, 1000, RS_HTTP_DEFLATE, "", HTML "Content-Encoding: deflate\r\n" VARY },
	{ 404, HTML, 1000, RS_HTTP_GZIP, "", HTML GZIP VARY },
	{ 500, HTML, 1000, RS_HTTP_GZIP, "", HTML GZIP VARY },
	/* Who would not get any is told that others might. */
	{ 200, HTML, 1000, RS_HTTP_IDENTITY, "", HTML VARY },
	{ 200, HTML VARY, 1000, RS_HTTP_IDENTITY, "", NULL },
	/* Never longer than one Vary. */
	{ 200, HTML VARY, 1000, RS_HTTP_GZIP, "", HTML VARY GZIP },
	{ 200, HTML "vary: Cookie , ACCEPT-encoding\r\n", 1000, RS_HTTP_GZIP, "", HTML "vary: Cookie , ACCEPT-encoding\r\n" GZIP },
	{ 200, HTML "Vary: *\r\n", 1000, RS_HTTP_GZIP, "", HTML "Vary: *\r\n" GZIP },
	{ 200, HTML "Vary: Cookie\r\n", 1000, RS_HTTP_GZIP, "", HTML "Vary: Cookie\r\n" GZIP VARY },
	{ 200, HTML "Vary: Accept-Encodings\r\n", 1000, RS_HTTP_IDENTITY, "", HTML "Vary: Accept-Encodings\r\n" VARY },
	/* Too short, nothing at all, another type, no type. */
	{ 200, HTML, 19, RS_HTTP_GZIP, "", NULL },
	{ 200, HTML, 0, RS_HTTP_GZIP, "", NULL },
	{ 200, "Content-Type: text/plain\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, "Content-Type: text/html-x\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, "Content-Type: text/event-stream\r\n", -1, RS_HTTP_GZIP, "", NULL },
	{ 200, "Content-Type: image/\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, "", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, "content-type:TEXT/HTML ;x\r\n", 1000, RS_HTTP_GZIP, "", "content-type:TEXT/HTML ;x\r\n" GZIP VARY },
	{ 200, "Content-Type: Image/SVG+xml\r\n", 1000, RS_HTTP_GZIP, "", "Content-Type: Image/SVG+xml\r\n" GZIP VARY },
	/* No body, a part, or bytes that must stay. */
	{ 101, HTML, -1, RS_HTTP_GZIP, "", NULL },
	{ 204, HTML, -1, RS_HTTP_GZIP, "", NULL },
	{ 205, HTML, -1, RS_HTTP_GZIP, "", NULL },
	{ 206, HTML, 1000, RS_HTTP_GZIP, "", NULL },
	{ 304, HTML, -1, RS_HTTP_GZIP, "", NULL },
	{ 200, HTML "Content-Encoding: br\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, HTML "content-encoding: identity\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, HTML "Content-Range: bytes 0-9/10\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, HTML "Content-Digest: sha-256=:x:\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, HTML "Cache-Control: private, No-Transform\r\n", 1000, RS_HTTP_GZIP, "", NULL },
	{ 200, HTML "Cache-Control: no-transforms\r\n", 1000, RS_HTTP_GZIP, "", HTML "Cache-Control: no-transforms\r\n" GZIP VARY },
	/* Ranges and tags of the bytes as they were. */
	{ 200, "Accept-Ranges: bytes\r\n" HTML, 1000, RS_HTTP_GZIP, "", HTML GZIP VARY },
	{ 200, "Accept-Ranges: bytes\r\n" HTML, 1000, RS_HTTP_IDENTITY, "", "Accept-Ranges: bytes\r\n" HTML VARY },
	{ 200, HTML "ETag: \"a\"\r\n", 1000, RS_HTTP_GZIP, "", HTML "ETag: W/\"a\"\r\n" GZIP VARY },
	{ 200, HTML "ETag: W/\"a\"\r\n", 1000, RS_HTTP_GZIP, "", HTML "ETag: W/\"a\"\r\n" GZIP VARY },
	{ 200, HTML "ETag: a\r\n", 1000, RS_HTTP_GZIP, "", HTML "ETag: a\r\n" GZIP VARY },
	{ 200, HTML "ETag: \"a\"\r\n", 1000, RS_HTTP_IDENTITY, "", HTML "ETag: \"a\"\r\n" VARY },
	/* A 304 names the tag that the client has. */
	{ 304, "ETag: \"a\"\r\n", -1, RS_HTTP_GZIP, "W/\"a\"", "ETag: W/\"a\"\r\n" VARY },
	{ 304, "ETag: \"a\"\r\n" VARY, -1, RS_HTTP_IDENTITY, "\"b\", W/\"a\"", "ETag: W/\"a\"\r\n" VARY },
	{ 304, "ETag: \"a\"\r\n", -1, RS_HTTP_GZIP, "\"a\"", NULL },
	{ 304, "ETag: \"a\"\r\n", -1, RS_HTTP_GZIP, "W/\"a\", \"a\"", NULL },
	{ 304, "ETag: \"a\"\r\n", -1, RS_HTTP_GZIP, "*", NULL },
	{ 304, "ETag: W/\"a\"\r\n", -1, RS_HTTP_GZIP, "W/\"a\"", NULL },
	{ 304, "", -1, RS_HTTP_GZIP, "W/\"a\"", NULL },
	{ 200, "ETag: \"a\"\r\n", -1, RS_HTTP_GZIP, "W/\"a\"", NULL },
};

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(heads); i++) {
		const struct rs_compress_case c = { &usual, { heads[i].wanted, rs_slice_str(heads[i].none_match) }, heads[i].status,
						    rs_slice_str(heads[i].headers), heads[i].size };
		struct rs_buf out = { 0 };
		enum rs_http_coding coding;
		bool changed = rs_compress_head(&c, &out, &coding);

		if (changed != (heads[i].after != NULL) || !rs_slice_eq(rs_buf_slice(&out), rs_slice_str(heads[i].after)))
			fail_msg("row %zu: %.*s", i, (int)out.len, rs_buf_data(&out));
		assert_int_equal(coding != RS_HTTP_IDENTITY, heads[i].after && strstr(heads[i].after, "Content-Encoding") != NULL);
		rs_buf_free(&out);
	}
}

static void test_rules(void **state)
{
	struct rs_compress_rules off = usual, any = usual;
	struct rs_compress_case c = { &off, { RS_HTTP_GZIP, RS_SLICE("") }, 200, RS_SLICE(HTML), 1000 };
	struct rs_buf out = { 0 };
	enum rs_http_coding coding;

	(void)state;
	off.on = false;
	assert_false(rs_compress_head(&c, &out, &coding));
	assert_int_equal(coding, RS_HTTP_IDENTITY);
	any.types = NULL;
	c.rules = &any;
	c.headers = RS_SLICE("");
	assert_true(rs_compress_head(&c, &out, &coding));
	assert_int_equal(coding, RS_HTTP_GZIP);
	rs_buf_free(&out);
}

static void test_wishes(void **state)
{
	const struct rs_field said[] = { { RS_SLICE("Accept-encoding"), RS_SLICE("deflate;q=0.5") }, { RS_SLICE("X"), RS_SLICE("gzip") },
					   { RS_SLICE("If-None-Match"), RS_SLICE("\"a\"") }, { RS_SLICE("Accept-Encoding"), RS_SLICE("gzip") } };
	struct rs_request_view v = { .fields = said, .nfields = RS_COUNTOF(said) };
	struct rs_compress_wish w = rs_compress_wish_of(&v);

	(void)state;
	assert_int_equal(w.coding, RS_HTTP_GZIP);
	assert_true(rs_slice_eq(w.if_none_match, RS_SLICE("\"a\"")));
	v.nfields = 2;
	w = rs_compress_wish_of(&v);
	assert_int_equal(w.coding, RS_HTTP_DEFLATE);
	assert_int_equal(w.if_none_match.n, 0);
	v.nfields = 0;
	assert_int_equal(rs_compress_wish_of(&v).coding, RS_HTTP_IDENTITY);
}

/* ---- bytes -------------------------------------------------------------------------------------------------- */

/* All that can be read of in; *end: it says that it is complete. */
static struct rs_buf decode(enum rs_http_coding coding, struct rs_slice in, bool *end)
{
	struct rs_buf out = { 0 };

#ifdef RS_BROTLI
	if (coding == RS_HTTP_BR) {
		BrotliDecoderState *br = BrotliDecoderCreateInstance(NULL, NULL, NULL);
		const uint8_t *next = (const uint8_t *)in.p;
		size_t left = in.n;
		BrotliDecoderResult rc;

		do {
			uint8_t *p = (uint8_t *)rs_buf_reserve(&out, 65536);
			size_t room = 65536;

			rc = BrotliDecoderDecompressStream(br, &left, &next, &room, &p, NULL);
			assert_int_not_equal(rc, BROTLI_DECODER_RESULT_ERROR);
			rs_buf_commit(&out, 65536 - room);
		} while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT || BrotliDecoderHasMoreOutput(br));
		*end = rc == BROTLI_DECODER_RESULT_SUCCESS;
		BrotliDecoderDestroyInstance(br);
		return out;
	}
#endif
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
	int rc;

	assert_int_equal(inflateInit2(&z, coding == RS_HTTP_GZIP ? 31 : 15), Z_OK);
	do {
		z.next_out = (Bytef *)rs_buf_reserve(&out, 65536);
		z.avail_out = 65536;
		rc = inflate(&z, Z_SYNC_FLUSH);
		assert_true(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
		rs_buf_commit(&out, 65536 - z.avail_out);
	} while (rc == Z_OK);
	*end = rc == Z_STREAM_END && z.avail_in == 0;
	inflateEnd(&z);
	return out;
}

static const enum rs_http_coding codings[] = {
	RS_HTTP_GZIP, RS_HTTP_DEFLATE,
#ifdef RS_BROTLI
	RS_HTTP_BR,
#endif
	RS_HTTP_GZIP, /* after the others */
};

static void fill(char *p, size_t n, unsigned kind)
{
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		p[i] = kind == 0 ? 'x' : kind == 1 ? (char)x : "the quick brown fox "[x % 20];
	}
}

/* One encoder for all; each piece is flushed in its own way, through a small window. */
static void test_pieces(void **state)
{
	static char text[300000];
	static const size_t sizes[] = { 0, 1, 19, 4096, 32768, 100000, sizeof text };
	struct rs_encoder *e = NULL;

	(void)state;
	for (size_t run = 0; run < RS_COUNTOF(codings) * RS_COUNTOF(sizes) * 3; run++) {
		enum rs_http_coding coding = codings[run % RS_COUNTOF(codings)];
		size_t n = sizes[run / RS_COUNTOF(codings) % RS_COUNTOF(sizes)], at = 0, step = 0;
		struct rs_buf window = { 0 }, all = { 0 }, back;
		enum rs_result r = RS_AGAIN;
		bool end;

		fill(text, n, (unsigned)(run % 3));
		assert_true(rs_encoder_begin(&e, coding, (int)(run % 9) + 1));
		while (at < n || r != RS_OK) {
			size_t piece = n - at < 7000 ? n - at : 7000;
			struct rs_slice in = rs_slice(text + at, piece);
			enum rs_encoder_step how = at + piece == n ? RS_ENCODER_END : step++ % 3 == 1 ? RS_ENCODER_FLUSH : RS_ENCODER_MORE;

			at += piece;
			do {
				r = rs_encoder_run(e, &in, how, &window, 1000);
				assert_true(r == RS_OK || r == RS_AGAIN);
				assert_true(window.len <= 1000);
				assert_true(rs_buf_put(&all, rs_buf_data(&window), window.len));
				rs_buf_consume(&window, window.len);
			} while (r == RS_AGAIN);
			assert_int_equal(in.n, 0);
			if (how == RS_ENCODER_MORE)
				continue;
			/* What was flushed can be read now. */
			assert_false(rs_encoder_holds(e));
			back = decode(coding, rs_buf_slice(&all), &end);
			assert_int_equal(back.len, at);
			assert_memory_equal(rs_buf_data(&back), text, at);
			assert_int_equal(end, how == RS_ENCODER_END);
			rs_buf_free(&back);
		}
		rs_buf_free(&all);
		rs_buf_free(&window);
	}
	rs_encoder_free(&e);
	assert_null(e);
}

/* A second flush with nothing new ends, and one that is left in the middle leaves nothing behind. */
static void test_flush_twice(void **state)
{
	struct rs_encoder *e = NULL;
	struct rs_buf out = { 0 };
	struct rs_slice in;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(codings); i++) {
		size_t once;

		assert_true(rs_encoder_begin(&e, codings[i], 1));
		in = RS_SLICE("tick");
		assert_int_equal(rs_encoder_run(e, &in, RS_ENCODER_FLUSH, &out, SIZE_MAX), RS_OK);
		once = out.len;
		assert_int_equal(rs_encoder_run(e, &in, RS_ENCODER_FLUSH, &out, SIZE_MAX), RS_OK);
		assert_true(out.len - once <= 10);
		in = RS_SLICE("never sent");
		assert_int_equal(rs_encoder_run(e, &in, RS_ENCODER_MORE, &out, SIZE_MAX), RS_OK);
		assert_true(rs_encoder_holds(e));
		rs_buf_consume(&out, out.len);
	}
	rs_buf_free(&out);
	rs_encoder_free(&e);
}

static void test_whole(void **state)
{
	static char body[100000];
	struct rs_compress_case c = { &usual, { RS_HTTP_GZIP, RS_SLICE("") }, 200, RS_SLICE(HTML), -1 };
	struct rs_encoder *e = NULL;
	struct rs_compressed got;
	struct rs_buf back;
	bool end;

	(void)state;
	fill(body, sizeof body, 2);
	rs_compress_whole(&c, rs_slice(body, sizeof body), &e, &got);
	assert_true(got.coded && got.body.n < sizeof body);
	assert_true(rs_slice_eq(got.headers, RS_SLICE(HTML GZIP VARY)));
	back = decode(RS_HTTP_GZIP, got.body, &end);
	assert_true(end && back.len == sizeof body);
	assert_memory_equal(rs_buf_data(&back), body, sizeof body);
	rs_buf_free(&back);
	rs_compressed_free(&got);

	/* Too short: untouched. */
	rs_compress_whole(&c, RS_SLICE("short"), &e, &got);
	assert_true(!got.coded && rs_slice_eq(got.body, RS_SLICE("short")) && rs_slice_eq(got.headers, RS_SLICE(HTML)));
	rs_compressed_free(&got);
	/* An answer to HEAD: the head of what GET would give. */
	c.size = 5000;
	rs_compress_whole(&c, RS_SLICE(""), &e, &got);
	assert_true(got.coded && got.body.n == 0 && rs_slice_eq(got.headers, RS_SLICE(HTML GZIP VARY)));
	rs_compressed_free(&got);
	/* The head changes, the body does not. */
	c = (struct rs_compress_case){ &usual, { RS_HTTP_IDENTITY, RS_SLICE("") }, 200, RS_SLICE(HTML), -1 };
	rs_compress_whole(&c, rs_slice(body, sizeof body), &e, &got);
	assert_true(!got.coded && got.body.p == body && rs_slice_eq(got.headers, RS_SLICE(HTML VARY)));
	rs_compressed_free(&got);
	rs_encoder_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads), cmocka_unit_test(test_rules),       cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_pieces), cmocka_unit_test(test_flush_twice), cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests_name("worker_compress", tests, NULL, NULL);
}
