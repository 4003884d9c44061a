/*
 * Compression of responses: which ones, what their head says then, and whole bodies. One implementation for requests that an engine
 * answers (worker_exchange_answer.c) and for Swoole\Http\Response (sapi/swoole_http_response.c).
 *
 * A response varies when another Accept-Encoding could have led to other bytes; then it says so, compressed or not. Left as they
 * are: what has a Content-Encoding already (also php.ini's zlib.output_compression), parts (206, Content-Range), answers without a
 * body, `Cache-Control: no-transform`, what carries a digest of its bytes, what is shorter than min_length or of another type.
 * Compressed ones lose Accept-Ranges, and a strong ETag becomes weak; a 304 to a client that has only that weak one names it so too.
 */
#ifndef RS_WORKER_COMPRESS_H
#define RS_WORKER_COMPRESS_H

#include "base/rs_buf.h"
#include "conf/conf.h"
#include "http/http.h"
#include "worker/engine.h"

struct rs_encoder;

/* The settings of a port. */
struct rs_compress_rules {
	bool on;
	int level;                      /* 1 to 9; 0: stored */
	uint64_t min_length;            /* bytes */
	const struct rs_strlist *types; /* "text/html", "text/" and a star, or a star; NULL: any */
};

/* What of a request counts. */
struct rs_compress_wish {
	enum rs_http_coding coding;     /* the best that we can */
	struct rs_slice if_none_match;  /* into the request; empty: none */
};

struct rs_compress_case {
	const struct rs_compress_rules *rules;
	struct rs_compress_wish wish;
	unsigned status;
	struct rs_slice headers;        /* "Name: value\r\n" lines */
	int64_t size;                   /* of the body, also of one that HEAD leaves out; -1: not known, so not too short */
};

/* Do fields that follow the body want its bytes as they are? */
bool rs_compress_forbidden(struct rs_slice lines);

/* All settings of a configuration; they point into it. */
struct rs_compress_rules rs_compress_rules_of(const struct rs_conf *conf);
struct rs_compress_wish rs_compress_wish_of(const struct rs_request_view *request);

/*
 * *coding: what the body is to be coded in; IDENTITY: not at all. true: the head changes, and out (empty before) has all of its lines;
 * false: it stays as it is.
 */
bool rs_compress_head(const struct rs_compress_case *c, struct rs_buf *out, enum rs_http_coding *coding) RS_MUST_CHECK;

/* A response whose body is there; both slices point into what was given, or into the two buffers. */
struct rs_compressed {
	struct rs_slice headers, body;
	bool coded;
	struct rs_buf head_bytes, body_bytes;
};
/* c->size -1: body's. e: kept by the caller for the next one. Free with rs_compressed_free(). */
void rs_compress_whole(const struct rs_compress_case *c, struct rs_slice body, struct rs_encoder **e, struct rs_compressed *out);
void rs_compressed_free(struct rs_compressed *out);

#endif
