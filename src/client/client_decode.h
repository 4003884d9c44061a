/*
 * Content codings of answers undone, piece by piece: gzip, deflate, and br where it was built with libbrotli. What comes out is
 * bounded: a few bytes may stand for gigabytes.
 */
#ifndef RS_CLIENT_DECODE_H
#define RS_CLIENT_DECODE_H

#include "http/http.h"

struct rs_decode;

/* Of Content-Encoding. RS_HTTP_IDENTITY: none, or one that is not undone here. */
enum rs_http_coding rs_decode_coding(struct rs_slice content_encoding);
/* What to ask for: a value of Accept-Encoding. */
const char *rs_decode_accept(void);

/* Not of IDENTITY. NULL: no memory. */
struct rs_decode *rs_decode_new(enum rs_http_coding coding) RS_MUST_CHECK;
void rs_decode_free(struct rs_decode *d);

/*
 * put() gets what becomes of in, in pieces that are not empty; false: enough. RS_OK: all taken. RS_DONE: put() said enough.
 * RS_ERR: it is no such stream, or something stands behind its end.
 */
enum rs_result rs_decode_feed(struct rs_decode *d, struct rs_slice in, bool (*put)(void *arg, struct rs_slice piece), void *arg)
	RS_MUST_CHECK;
/* All has come: is the stream whole? Nothing at all is. */
bool rs_decode_whole(const struct rs_decode *d);

#endif
