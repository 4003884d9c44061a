/*
 * A content coding as a stream: bytes in, coded bytes out; zlib, and libbrotli when it is built in (make BROTLI=1). One encoder serves
 * any number of responses, one after the other, and keeps its memory (some 256 kB) between them.
 */
#ifndef RS_WORKER_ENCODER_H
#define RS_WORKER_ENCODER_H

#include "base/rs_buf.h"
#include "http/http.h"

struct rs_encoder;

/* What is built in, for rs_http_accept_best(). */
#ifdef RS_BROTLI
#define RS_ENCODER_CAN (1u << RS_HTTP_BR | 1u << RS_HTTP_GZIP | 1u << RS_HTTP_DEFLATE)
#else
#define RS_ENCODER_CAN (1u << RS_HTTP_GZIP | 1u << RS_HTTP_DEFLATE)
#endif

/* After these bytes: nothing; whoever reads gets all there has been (Z_SYNC_FLUSH); or it is the end. */
enum rs_encoder_step { RS_ENCODER_MORE, RS_ENCODER_FLUSH, RS_ENCODER_END };

/* A response begins; one that has not ended is forgotten. *e NULL: it is made. level: 0 to 9. false: no memory. */
bool rs_encoder_begin(struct rs_encoder **e, enum rs_http_coding coding, int level) RS_MUST_CHECK;
/*
 * Takes from *in and appends to out, as long as that has fewer than `room` bytes. RS_OK: all is taken and the step is done. RS_AGAIN: out
 * is full; the same step again with what is left of *in. RS_ERR: no memory.
 */
enum rs_result rs_encoder_run(struct rs_encoder *e, struct rs_slice *in, enum rs_encoder_step step, struct rs_buf *out,
			      size_t room) RS_MUST_CHECK;
/* Has it taken bytes that no step has flushed yet? */
bool rs_encoder_holds(const struct rs_encoder *e);
void rs_encoder_free(struct rs_encoder **e);

#endif
