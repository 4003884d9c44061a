/*
 * Content codings, by zlib and libbrotli. Blocks only for the CPU.
 */
#include "worker/worker_encoder.h"

#include <stdlib.h>
#include <zlib.h>

#ifdef RS_BROTLI
#include <brotli/encode.h>
/* A window of 256 kB: with the default of 4 MB every worker would grow by as much. */
#define BROTLI_WINDOW 18
#endif

/* windowBits: gzip's wrapper; deflate has zlib's (RFC 9110 8.4.1.2). */
#define WINDOW_GZIP (15 + 16)
#define WINDOW_ZLIB 15
#define MEM_LEVEL 8
/* What out grows by. */
#define PIECE (16u << 10)
/* zlib counts in unsigned int. */
#define INPUT_MAX (1u << 30)

struct rs_encoder {
	enum rs_http_coding coding;
	int level;
	bool holds;
	bool has_zlib;           /* z is initialised; for coding and level, unless brotli has had its turn */
	z_stream z;
#ifdef RS_BROTLI
	BrotliEncoderState *br;  /* of this response; NULL: none */
#endif
};

/* ---- zlib ------------------------------------------------------------------------------------------- */

static bool zlib_begin(struct rs_encoder *e, enum rs_http_coding coding, int level)
{
	if (e->has_zlib && e->coding == coding && e->level == level)
		return deflateReset(&e->z) == Z_OK;
	if (e->has_zlib)
		deflateEnd(&e->z);
	memset(&e->z, 0, sizeof e->z);
	e->has_zlib = deflateInit2(&e->z, level, Z_DEFLATED, coding == RS_HTTP_GZIP ? WINDOW_GZIP : WINDOW_ZLIB, MEM_LEVEL,
				   Z_DEFAULT_STRATEGY) == Z_OK;
	return e->has_zlib;
}

/* Once: *in and *n (free bytes at p) shrink. *done: the step is. */
static bool zlib_run(struct rs_encoder *e, struct rs_slice *in, enum rs_encoder_step step, char *p, size_t *n, bool *done)
{
	static const int flush[] = { [RS_ENCODER_MORE] = Z_NO_FLUSH, [RS_ENCODER_FLUSH] = Z_SYNC_FLUSH,
				     [RS_ENCODER_END] = Z_FINISH };
	size_t take = in->n < INPUT_MAX ? in->n : INPUT_MAX;
	bool last = take == in->n;
	int rc;

	e->z.next_in = (Bytef *)(uintptr_t)in->p;
	e->z.avail_in = (uInt)take;
	e->z.next_out = (Bytef *)p;
	e->z.avail_out = (uInt)*n;
	rc = deflate(&e->z, last ? flush[step] : Z_NO_FLUSH);
	take -= e->z.avail_in;
	*in = rs_slice(in->p + take, in->n - take);
	*n = e->z.avail_out;
	/* BUF_ERROR: there was nothing to do, no harm. A flush is complete when it leaves room. */
	*done = in->n == 0 && (step == RS_ENCODER_END ? rc == Z_STREAM_END : step == RS_ENCODER_MORE || *n > 0);
	return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR;
}

/* ---- brotli ------------------------------------------------------------------------------------------- */

#ifdef RS_BROTLI
static void brotli_end(struct rs_encoder *e)
{
	if (e->br)
		BrotliEncoderDestroyInstance(e->br);
	e->br = NULL;
}

static bool brotli_begin(struct rs_encoder *e, int level)
{
	e->br = BrotliEncoderCreateInstance(NULL, NULL, NULL);
	return e->br && BrotliEncoderSetParameter(e->br, BROTLI_PARAM_QUALITY, (uint32_t)level) &&
	       BrotliEncoderSetParameter(e->br, BROTLI_PARAM_LGWIN, BROTLI_WINDOW);
}

static bool brotli_run(struct rs_encoder *e, struct rs_slice *in, enum rs_encoder_step step, char *p, size_t *n, bool *done)
{
	static const BrotliEncoderOperation operation[] = { [RS_ENCODER_MORE] = BROTLI_OPERATION_PROCESS,
							    [RS_ENCODER_FLUSH] = BROTLI_OPERATION_FLUSH,
							    [RS_ENCODER_END] = BROTLI_OPERATION_FINISH };
	const uint8_t *next = (const uint8_t *)in->p;
	uint8_t *out = (uint8_t *)p;
	size_t left = in->n;

	if (!BrotliEncoderCompressStream(e->br, operation[step], &left, &next, n, &out, NULL))
		return false;
	*in = rs_slice(next, left);
	*done = left == 0 && !BrotliEncoderHasMoreOutput(e->br) && (step != RS_ENCODER_END || BrotliEncoderIsFinished(e->br));
	return true;
}
#else
static void brotli_end(struct rs_encoder *e)
{
	(void)e;
}
#endif

/* ---- any ------------------------------------------------------------------------------------------------ */

bool rs_encoder_begin(struct rs_encoder **e, enum rs_http_coding coding, int level)
{
	bool ok;

	if (!*e && !(*e = calloc(1, sizeof **e)))
		return false;
	brotli_end(*e);
#ifdef RS_BROTLI
	if (coding == RS_HTTP_BR)
		ok = brotli_begin(*e, level);
	else
#endif
		ok = zlib_begin(*e, coding, level);
	(*e)->level = level;
	(*e)->coding = coding;
	(*e)->holds = false;
	return ok;
}

static bool run_once(struct rs_encoder *e, struct rs_slice *in, enum rs_encoder_step step, char *p, size_t *n, bool *done)
{
#ifdef RS_BROTLI
	if (e->coding == RS_HTTP_BR)
		return brotli_run(e, in, step, p, n, done);
#endif
	return zlib_run(e, in, step, p, n, done);
}

enum rs_result rs_encoder_run(struct rs_encoder *e, struct rs_slice *in, enum rs_encoder_step step, struct rs_buf *out, size_t room)
{
	bool done = false;

	e->holds = e->holds || in->n;
	while (!done) {
		size_t n = out->len < room ? room - out->len : 0, left;
		char *p;

		if (n == 0)
			return RS_AGAIN;
		left = n = n < PIECE ? n : PIECE;
		p = rs_buf_reserve(out, n);
		if (!p || !run_once(e, in, step, p, &left, &done))
			return RS_ERR;
		rs_buf_commit(out, n - left);
	}
	if (step != RS_ENCODER_MORE)
		e->holds = false;
	return RS_OK;
}

bool rs_encoder_holds(const struct rs_encoder *e)
{
	return e->holds;
}

void rs_encoder_free(struct rs_encoder **e)
{
	if (!*e)
		return;
	brotli_end(*e);
	if ((*e)->has_zlib)
		deflateEnd(&(*e)->z);
	free(*e);
	*e = NULL;
}
