/*
 * Decoders: zlib's, libbrotli's. "deflate" is zlib's format, but servers that send bare deflate are as old as HTTP: its first
 * two bytes tell.
 */
#include "client/client_decode.h"

#include <stdlib.h>
#include <zlib.h>

#ifdef RS_BROTLI
#include <brotli/decode.h>
#endif

#define MAGIC 0x64636f64u /* "decd" */
#define WINDOW_GZIP (15 + 16)
#define WINDOW_ZLIB 15
#define WINDOW_RAW -15
#define PIECE 16384
#define INPUT_MAX (1u << 30) /* zlib counts in unsigned int */

struct rs_decode {
	uint32_t magic;
	enum rs_http_coding coding;
	bool has_zlib, begun, over;
	uint8_t first[2];      /* of deflate, until there are both */
	unsigned nfirst;
	z_stream z;
#ifdef RS_BROTLI
	BrotliDecoderState *br;
#endif
};

typedef bool put_fn(void *arg, struct rs_slice piece);

enum rs_http_coding rs_decode_coding(struct rs_slice content_encoding)
{
	static const struct {
		struct rs_slice name;
		enum rs_http_coding coding;
	} known[] = {
		{ RS_SLICE("gzip"), RS_HTTP_GZIP }, { RS_SLICE("x-gzip"), RS_HTTP_GZIP }, { RS_SLICE("deflate"), RS_HTTP_DEFLATE },
#ifdef RS_BROTLI
		{ RS_SLICE("br"), RS_HTTP_BR },
#endif
	};

	for (size_t i = 0; i < RS_COUNTOF(known); i++)
		if (rs_slice_eqi(content_encoding, known[i].name))
			return known[i].coding;
	return RS_HTTP_IDENTITY;
}

const char *rs_decode_accept(void)
{
#ifdef RS_BROTLI
	return "gzip, deflate, br";
#else
	return "gzip, deflate";
#endif
}

static bool begin_zlib(struct rs_decode *d, int window)
{
	d->has_zlib = inflateInit2(&d->z, window) == Z_OK;
	return d->has_zlib;
}

struct rs_decode *rs_decode_new(enum rs_http_coding coding)
{
	struct rs_decode *d = calloc(1, sizeof *d);
	bool ok = d;

	RS_ASSERT(coding != RS_HTTP_IDENTITY);
	if (!d)
		return NULL;
	d->magic = MAGIC;
	d->coding = coding;
	if (coding == RS_HTTP_GZIP)
		ok = begin_zlib(d, WINDOW_GZIP);
#ifdef RS_BROTLI
	if (coding == RS_HTTP_BR)
		ok = (d->br = BrotliDecoderCreateInstance(NULL, NULL, NULL));
#endif
	if (ok)
		return d;
	rs_decode_free(d);
	return NULL;
}

void rs_decode_free(struct rs_decode *d)
{
	if (!d)
		return;
	RS_CHECK(d, MAGIC);
	if (d->has_zlib)
		inflateEnd(&d->z);
#ifdef RS_BROTLI
	if (d->br)
		BrotliDecoderDestroyInstance(d->br);
#endif
	d->magic = 0;
	free(d);
}

/* ---- zlib -------------------------------------------------------------------------------------------------------- */

/* Behind a gzip member another one may stand (RFC 1952 2.2). */
static bool next_member(struct rs_decode *d)
{
	return d->coding == RS_HTTP_GZIP && inflateReset(&d->z) == Z_OK;
}

static enum rs_result feed_zlib(struct rs_decode *d, struct rs_slice in, put_fn *put, void *arg)
{
	char piece[PIECE];

	while (in.n) {
		size_t take = in.n < INPUT_MAX ? in.n : INPUT_MAX;
		size_t out;
		int rc;

		if (d->over && !next_member(d))
			return RS_ERR;
		d->z.next_in = (Bytef *)(uintptr_t)in.p;
		d->z.avail_in = (uInt)take;
		do {
			d->z.next_out = (Bytef *)piece;
			d->z.avail_out = sizeof piece;
			rc = inflate(&d->z, Z_NO_FLUSH);
			out = sizeof piece - d->z.avail_out;
			if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
				return RS_ERR;
			if (out && !put(arg, rs_slice(piece, out)))
				return RS_DONE;
		} while (rc == Z_OK && d->z.avail_out == 0);
		d->over = rc == Z_STREAM_END;
		take -= d->z.avail_in;
		/* Neither room nor input is missing: it is stuck. */
		if (take == 0 && !d->over)
			return RS_ERR;
		in = rs_slice(in.p + take, in.n - take);
	}
	return RS_OK;
}

/* RFC 1950 2.2: method 8, and the two bytes together a multiple of 31. */
static bool zlib_head(const uint8_t first[2])
{
	return (first[0] & 0x0f) == 8 && (first[0] << 8 | first[1]) % 31 == 0;
}

static enum rs_result feed_deflate(struct rs_decode *d, struct rs_slice in, put_fn *put, void *arg)
{
	enum rs_result rc;

	while (!d->has_zlib && in.n && d->nfirst < 2) {
		d->first[d->nfirst++] = (uint8_t)in.p[0];
		in = rs_slice(in.p + 1, in.n - 1);
	}
	if (!d->has_zlib && d->nfirst < 2)
		return RS_OK;
	if (!d->has_zlib) {
		if (!begin_zlib(d, zlib_head(d->first) ? WINDOW_ZLIB : WINDOW_RAW))
			return RS_ERR;
		rc = feed_zlib(d, rs_slice(d->first, 2), put, arg);
		if (rc != RS_OK)
			return rc;
	}
	return feed_zlib(d, in, put, arg);
}

/* ---- brotli ------------------------------------------------------------------------------------------------------ */

#ifdef RS_BROTLI
static enum rs_result feed_brotli(struct rs_decode *d, struct rs_slice in, put_fn *put, void *arg)
{
	const uint8_t *next = (const uint8_t *)in.p;
	size_t left = in.n;

	while (left || BrotliDecoderHasMoreOutput(d->br)) {
		uint8_t piece[PIECE], *to = piece;
		size_t room = sizeof piece;
		BrotliDecoderResult rc;

		if (d->over)
			return RS_ERR;
		rc = BrotliDecoderDecompressStream(d->br, &left, &next, &room, &to, NULL);
		if (rc == BROTLI_DECODER_RESULT_ERROR)
			return RS_ERR;
		if (room < sizeof piece && !put(arg, rs_slice(piece, sizeof piece - room)))
			return RS_DONE;
		d->over = rc == BROTLI_DECODER_RESULT_SUCCESS;
	}
	return RS_OK;
}
#endif

/* ---- all --------------------------------------------------------------------------------------------------------- */

enum rs_result rs_decode_feed(struct rs_decode *d, struct rs_slice in, put_fn *put, void *arg)
{
	RS_CHECK(d, MAGIC);
	d->begun = d->begun || in.n;
#ifdef RS_BROTLI
	if (d->coding == RS_HTTP_BR)
		return feed_brotli(d, in, put, arg);
#endif
	return d->coding == RS_HTTP_DEFLATE ? feed_deflate(d, in, put, arg) : feed_zlib(d, in, put, arg);
}

bool rs_decode_whole(const struct rs_decode *d)
{
	RS_CHECK(d, MAGIC);
	return d->over || !d->begun;
}
