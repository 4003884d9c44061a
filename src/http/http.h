/*
 * HTTP/1.x as pure functions: bytes in, structs out. No fd, no clock, no global, no allocation.
 * Strict RFC 9112/9110. Runs in the reactor; linked into nothing else.
 */
#ifndef RS_HTTP_H
#define RS_HTTP_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

#define RS_HTTP_FIELDS_MAX 100

struct rs_http_field {
	struct rs_slice name, value; /* value without surrounding blanks */
};

/* A request head. Slices point into the bytes given to rs_http_parse(). */
struct rs_http_head {
	struct rs_slice method;
	struct rs_slice target;      /* origin-form, query included ("/a?b"); "*" for OPTIONS * */
	size_t path_len;             /* bytes of target before '?' (all of it without one) */
	struct rs_slice host;        /* of the Host field, or of an absolute-form target */
	struct rs_http_field fields[RS_HTTP_FIELDS_MAX]; /* what PHP may see: names with '_' are left out */
	size_t nfields;
	size_t head_len;             /* bytes of the head, final empty line included */
	uint64_t content_length;     /* 0 unless has_length */
	uint8_t minor;               /* HTTP/1.minor, 0 or 1 */
	bool has_length, chunked, keepalive, expect_continue, upgrade;
	bool head_method, get_method; /* method is HEAD / GET */
};

struct rs_http_limits {
	size_t head_max;             /* request line plus fields */
};

/*
 * One request head from p[0..n). `scanned` keeps, between calls with a growing p, how far the search for the end of
 * the head has come; start with 0.
 *
 * RS_OK: *h is filled. RS_AGAIN: more bytes are needed. RS_ERR: *status is the answer (400, 411?, 414, 431, 501, 505)
 * and *why a constant text for the log; the connection must be closed after it.
 *
 * Rules: lines end with CRLF only (bare LF, bare CR, NUL: 400); up to two empty lines before the request line are
 * skipped; single SP between the parts of the request line; method is a token (unknown ones are the application's
 * business; CONNECT and TRACE: 501... see http_parse.c); target origin-form, absolute-form (http/https, authority becomes host), or "*" with
 * OPTIONS; bytes <= 0x20, 0x7f and '#' in a target: 400; version HTTP/1.0 or 1.1, another digit: 505; no blank before the colon, no
 * obs-fold, names are tokens, values have no control bytes but HTAB; Host exactly once in 1.1, at most once in 1.0, and a
 * valid authority; Content-Length once, digits only, below 2^63 (a list of equal values: 400 too); never with
 * Transfer-Encoding; Transfer-Encoding only in 1.1 and only exactly "chunked" (else 501; chunked not last or twice: 400); more than
 * RS_HTTP_FIELDS_MAX fields: 431; Expect other than 100-continue: 417. Field lines with a '_' in the name are dropped
 * (as nginx does), never confused with '-' names.
 */
enum rs_result rs_http_parse(struct rs_http_head *h, const char *p, size_t n, const struct rs_http_limits *limits,
			     size_t *scanned, unsigned *status, const char **why) RS_MUST_CHECK;

/* ---- request bodies ------------------------------------------------------------------------------------------ */

struct rs_http_chunked {
	unsigned state;
	uint64_t left;       /* bytes of the current chunk still to come */
	uint64_t total;      /* decoded bytes so far */
	unsigned line;       /* bytes of the current size or trailer line, bounded */
	unsigned trailers;   /* bytes of trailers, bounded, dropped */
};

void rs_http_chunked_init(struct rs_http_chunked *c);

/*
 * Consumes from p[0..n): *used bytes were eaten; *piece is body data among them (may be empty, points into p).
 * RS_OK: call again with the rest. RS_AGAIN: all eaten, more is needed. RS_DONE: the body is complete. RS_ERR: bad framing
 * (400). Strict: hex size up to 15 digits, CRLF only, chunk extensions are skipped (bounded to 256 bytes per line), trailers are skipped (bounded
 * to 8 KiB in all).
 */
enum rs_result rs_http_chunked_feed(struct rs_http_chunked *c, const char *p, size_t n, size_t *used,
				    struct rs_slice *piece) RS_MUST_CHECK;

/* ---- responses ------------------------------------------------------------------------------------------------ */

/* "Not Found" for 404; "" for a status nobody named. */
const char *rs_http_reason(unsigned status);

/* "Sat, 21 Nov 2026 09:30:00 GMT"; out has room for 32. */
void rs_http_date(int64_t unix_seconds, char out[32]);
/* The three forms of RFC 9110 5.6.7. false: not a date. */
bool rs_http_date_parse(struct rs_slice s, int64_t *unix_seconds);

/*
 * Checks a worker's header block ("Name: value\r\n"...): tokens, no control bytes. Reports which of the names that the
 * reactor writes itself occur. false: malformed.
 */
struct rs_http_block {
	bool has_date, has_server, has_connection_close;
	bool forbidden;      /* Content-Length, Transfer-Encoding, Keep-Alive, Upgrade or any Connection but close: the engine must not send them */
};
bool rs_http_block_check(struct rs_slice block, struct rs_http_block *out);

/* How the body of a response is delimited. */
enum rs_http_framing { RS_HTTP_NO_BODY, RS_HTTP_LENGTH, RS_HTTP_CHUNKED, RS_HTTP_UNTIL_CLOSE };

struct rs_http_response {
	unsigned status;
	struct rs_slice reason;      /* empty: standard */
	struct rs_slice headers;     /* checked block */
	int64_t content_length;      /* -1 unknown */
	const char *date;            /* rs_http_date() text, NULL when the block has one */
	const char *server;          /* NULL or "": none, or the block has one */
	uint8_t minor;               /* of the request */
	bool head_method;            /* answer to HEAD: header as for GET, no body */
	bool keepalive;              /* wanted; *keepalive tells what it became */
};

/*
 * Writes the head (status line to empty line). Decides the framing by RFC 9112 6: none for 1xx, 204, 304 and HEAD (HEAD
 * and 304 keep a known Content-Length), length when known, chunked for a 1.1 client, else until close (then keepalive becomes
 * false). false: no memory.
 */
bool rs_http_write_head(struct rs_buf *out, const struct rs_http_response *r, enum rs_http_framing *framing,
			bool *keepalive) RS_MUST_CHECK;

/* A whole small answer of our own (400, 404, 413, 502 ...): head and a short plain-text or HTML body. extra: header lines or "". */
bool rs_http_write_error(struct rs_buf *out, unsigned status, const char *extra, uint8_t minor, bool head_method,
			 bool keepalive, const char *date, const char *server) RS_MUST_CHECK;

/* ---- targets as files ------------------------------------------------------------------------------------------ */

/*
 * Percent-decodes a path and normalises it for use below a document root: out is "a/b/c" (no leading slash, "" for "/").
 * false: not to be served as a file: malformed escape, NUL or control byte, backslash, empty or "." or ".." segment, dot file (a segment that starts with
 * '.', except .well-known as first one), longer than size.
 */
bool rs_http_file_path(struct rs_slice path, char *out, size_t size);

/* Content type by the last extension; NULL: unknown. *source: a source or secret (.php .phtml .phar .env .ini .log .sqlite .sql .sh .lock .bak ...) never to be served. */
const char *rs_http_mime(const char *file, bool *source);

#endif
