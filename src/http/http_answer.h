/*
 * A response as a client reads it (RFC 9112), as pure functions: its head, and where its body ends. No fd, no clock, no
 * allocation. Strict, as with requests: what two readers could understand in two ways is refused.
 */
#ifndef RS_HTTP_ANSWER_H
#define RS_HTTP_ANSWER_H

#include "http/http.h"

/* Bytes and fields of a head. */
#define RS_HTTP_ANSWER_HEAD_MAX (64u << 10)
#define RS_HTTP_ANSWER_FIELDS_MAX RS_HTTP_FIELDS_MAX

/* Slices point into the bytes that were parsed. */
struct rs_http_answer {
	unsigned status;           /* 100..999 */
	uint8_t minor;             /* HTTP/1.minor, 0 or 1 */
	struct rs_slice reason;    /* may be empty */
	struct rs_slice lines;     /* all fields, each with its CRLF: rs_http_answer_field() */
	size_t head_len;           /* bytes of the head, final empty line included */
	uint64_t content_length;   /* 0 unless has_length */
	bool has_length, chunked;  /* never both */
	bool keepalive;            /* the connection may be used again */
	bool upgrade;              /* "upgrade" in Connection, and an Upgrade field */
};

/*
 * One head from p[0..n). `scanned` belongs to the parser between calls with a growing p (which may move); start with 0.
 *
 * RS_OK: *a is filled. RS_AGAIN: more bytes are needed. RS_ERR: it is no HTTP/1.x response; *why is a constant text. The
 * verdict depends on the bytes alone, not on how they were cut.
 *
 * Rules:
 * - Lines end with CRLF; bare LF, bare CR and NUL are errors, as are folded lines and blanks around a field's name.
 * - Status line: HTTP/1.d SP 3 digits, 100 to 999, then SP and a reason, or nothing.
 * - Content-Length: digits only, below 2^63; several only when they say the same. Never with Transfer-Encoding.
 * - Transfer-Encoding: once, "chunked" in any case, not in HTTP/1.0: we ask for no other coding.
 */
enum rs_result rs_http_answer_parse(struct rs_http_answer *a, const char *p, size_t n, size_t *scanned, const char **why)
	RS_MUST_CHECK;

/* The next field of lines; *rest, which begins as a->lines, moves behind it. false: there is no more. */
bool rs_http_answer_field(struct rs_slice *rest, struct rs_http_field *f);
/* The value of the first field of this name. false: there is none. */
bool rs_http_answer_find(const struct rs_http_answer *a, struct rs_slice name, struct rs_slice *value);

/* A body on its way. */
struct rs_http_body {
	enum rs_http_framing framing; /* NO_BODY, LENGTH, CHUNKED, UNTIL_CLOSE */
	uint64_t left;                /* LENGTH */
	struct rs_http_chunked chunked;
};

/* head_method: the request was HEAD. */
void rs_http_body_begin(struct rs_http_body *b, const struct rs_http_answer *a, bool head_method);
/*
 * As rs_http_chunked_feed(); RS_DONE may come with a piece, and without a byte given. UNTIL_CLOSE is never done: its end is the
 * connection's.
 */
enum rs_result rs_http_body_feed(struct rs_http_body *b, const char *p, size_t n, size_t *used, struct rs_slice *piece)
	RS_MUST_CHECK;

#endif
