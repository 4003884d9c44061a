/*
 * HTTP/1.x as pure functions: bytes in, structs out. No fd, no clock, no global, no allocation.
 * Strict RFC 9112/9110. Runs in the reactor; PHP processes read single fields with it.
 */
#ifndef RS_HTTP_H
#define RS_HTTP_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

/* Most fields that rs_http_limits.fields_max may allow. */
#define RS_HTTP_FIELDS_MAX 500

struct rs_http_field {
	struct rs_slice name, value; /* value without surrounding blanks */
};

/* A request head. Every slice points into the bytes given to rs_http_parse(), in front of head_len. */
struct rs_http_head {
	struct rs_slice method;
	struct rs_slice target;      /* origin-form, query included ("/a?b"); "*" for OPTIONS * */
	size_t path_len;             /* bytes of target before '?' (all of it without one) */
	struct rs_slice host;        /* authority of an absolute-form target, or Host; p NULL: neither */
	struct rs_http_field fields[RS_HTTP_FIELDS_MAX]; /* what PHP may see; nfields are set */
	size_t nfields;
	size_t head_len;             /* bytes of the head, final empty line included */
	uint64_t content_length;     /* 0 unless has_length */
	uint8_t major;               /* 1, or 2 with limits->h2 */
	uint8_t minor;               /* HTTP/1.minor, 0 or 1; 1 for HTTP/2 */
	bool has_length, chunked;    /* never both; neither: no body, unless open */
	bool open;                   /* HTTP/2: a body without a length, its stream tells the end */
	bool keepalive;              /* the client wants the connection to stay */
	bool expect_continue;        /* it waits for 100 before it sends its body (which is not empty) */
	bool upgrade;                /* 1.1, Upgrade field, and "upgrade" in Connection */
	bool head_method, get_method; /* method is HEAD / GET */
};

struct rs_http_limits {
	size_t head_max;             /* bytes of a head, from p[0] to the final empty line */
	size_t fields_max;           /* 0: RS_HTTP_FIELDS_MAX */
	bool h2;                     /* the text that http_h2.h makes, and no other: its version is HTTP/2.0 */
	bool body;                   /* h2: a body follows, whatever the head says */
};

/*
 * One request head from p[0..n). `scanned` belongs to the parser between calls with a growing p (which
 * may move); start with 0. After RS_OK it is 0 again, for the next head.
 *
 * RS_OK: *h is filled; the head was written to, if its empty path needed a slash. RS_AGAIN: more bytes are
 * needed. RS_ERR: *status is the answer (400, 414, 417, 431, 501, 505) and *why a constant text for the
 * log; the connection must be closed after it. The verdict depends on the bytes alone, not on how they
 * were cut; an error is told at the latest when its line is complete.
 *
 * Rules:
 * - Lines end with CRLF; bare LF, bare CR and NUL: 400. Two empty lines at most are skipped in front.
 * - Request line: method SP target SP HTTP/d.d. The method is a token of at most 32 bytes (501); unknown
 *   ones and TRACE are the application's business, CONNECT is 501. HTTP/1.0; HTTP/1.1 and above are 1.1;
 *   another major digit: 505.
 * - Target: bytes <= 0x20, 0x7f and '#': 400. origin-form; absolute-form of http or https, whose
 *   authority becomes host and the value of the Host field (an empty path is "/", in front of a query
 *   too); "*" with OPTIONS.
 * - Fields: names are tokens, no blank before the colon, no folding; values have no control byte but
 *   HTAB. Dropped are names with '_' (PHP could not tell them from '-') and Proxy (it would become
 *   HTTP_PROXY). More than fields_max, dropped ones included: 431.
 * - Host: once in 1.1, at most once in 1.0; never empty; letters, digits, '-', '_', single dots, or an IP
 *   literal; then at most ":" and a port of 0 to 65535.
 * - Content-Length: once, digits only, below 2^63, never with Transfer-Encoding.
 * - Transfer-Encoding: 1.1 only, once, "chunked" in any case; codings not known: 501; anything else: 400.
 * - Expect: "100-continue", else 417; ignored in 1.0.
 * - Longer than head_max: 414 while in the request line, else 431.
 */
enum rs_result rs_http_parse(struct rs_http_head *h, char *p, size_t n,
			     const struct rs_http_limits *limits, size_t *scanned, unsigned *status,
			     const char **why) RS_MUST_CHECK;

/* ---- request bodies -------------------------------------------------------------------------------- */

struct rs_http_chunked {
	unsigned state;      /* of http_chunked.c */
	uint64_t left;       /* bytes of the current chunk still to come */
	uint64_t total;      /* decoded bytes so far, below 2^63 */
	unsigned line;       /* digits of the current size, or bytes of its extensions */
	unsigned beside;     /* bytes of extensions and trailers so far */
};

void rs_http_chunked_init(struct rs_http_chunked *c);

/*
 * Consumes from p[0..n): *used bytes were eaten; *piece is body data among them (may be empty, points
 * into p). RS_OK: call again with the rest. RS_AGAIN: all eaten, more is needed. RS_DONE: the body is
 * complete, the rest is the next request. RS_ERR: bad framing (400), for good. A piece may come with any
 * of RS_OK and RS_AGAIN.
 *
 * Strict: 1 to 15 hex digits, CRLF only, no blanks. Chunk extensions (256 bytes a line) and trailer
 * fields are checked for bytes that cannot be there and dropped; 8 KiB of both in all.
 */
enum rs_result rs_http_chunked_feed(struct rs_http_chunked *c, const char *p, size_t n, size_t *used,
				    struct rs_slice *piece) RS_MUST_CHECK;

/* ---- responses ------------------------------------------------------------------------------------- */

/* "Not Found" for 404; "" for a status nobody named. */
const char *rs_http_reason(unsigned status);

/* "Sat, 21 Nov 2026 09:30:00 GMT"; times outside 1970 to 9999 become the nearest inside. */
void rs_http_date(int64_t unix_seconds, char out[32]);
/* The three forms of RFC 9110 5.6.7; two-digit years are 1970 to 2069. false: not a date. */
bool rs_http_date_parse(struct rs_slice s, int64_t *unix_seconds);

/*
 * What the reactor must know of a worker's header block. `forbidden`: it has what only the reactor may
 * say, so the engine must not send it: Content-Length, Transfer-Encoding, Keep-Alive, Upgrade, any
 * Connection but close.
 */
struct rs_http_block {
	bool has_date, has_server, has_connection_close;
	bool forbidden;
};

/* "Name: value\r\n" lines, "" for none; bytes as in a request's fields. false: malformed. */
bool rs_http_block_check(struct rs_slice block, struct rs_http_block *out);

/* How the body of a response is delimited. */
enum rs_http_framing {
	RS_HTTP_NO_BODY,
	RS_HTTP_LENGTH,
	RS_HTTP_CHUNKED,
	RS_HTTP_UNTIL_CLOSE,
	RS_HTTP_FRAMED, /* by the protocol below: HTTP/2 */
};

struct rs_http_response {
	unsigned status;             /* 100..999 */
	struct rs_slice reason;      /* empty, or with control bytes: the standard one */
	struct rs_slice headers;     /* checked block */
	struct rs_slice more;        /* the same behind it; or empty */
	int64_t content_length;      /* -1 unknown */
	const char *date;            /* rs_http_date() text, NULL when the block has one */
	const char *server;          /* NULL or "": none, or the block has one */
	uint8_t minor;               /* of the request */
	bool head_method;            /* answer to HEAD: header as for GET, no body */
	bool keepalive;              /* wanted; *keepalive tells what it became */
	bool connection_close;       /* the block has it: not kept alive, not said twice */
};

/* RFC 9112 6.3, as above. *length: what Content-Length says, -1: there is none. */
enum rs_http_framing rs_http_choose_framing(const struct rs_http_response *r, int64_t *length);

/*
 * Appends the head (status line to empty line), always HTTP/1.1. false: no memory, nothing appended.
 *
 * *framing (RFC 9112 6): no body for 1xx, 204, 205, 304 and HEAD: drop what the worker sends; length when
 * known; chunked for a 1.1 client; else until close (then *keepalive is false). Content-Length: when
 * known, but never with 1xx and 204, always 0 with 205; an answer to HEAD of unknown length has neither
 * it nor Transfer-Encoding. Connection: "close" without keep-alive, "keep-alive" for a 1.0 client. 1xx
 * heads are the status line and the block, nothing else.
 */
bool rs_http_write_head(struct rs_buf *out, const struct rs_http_response *r, enum rs_http_framing *framing,
			bool *keepalive) RS_MUST_CHECK;

#define RS_HTTP_ERROR_PAGE_MAX 160

/* Body of a small answer of our own (400, 404, 413, 502 ...): HTML with status and phrase. Put into out. */
struct rs_slice rs_http_error_page(unsigned status, char out[RS_HTTP_ERROR_PAGE_MAX]);

/* ---- cookies --------------------------------------------------------------------------------------- */

/*
 * The next "name=value" of a Cookie field, without blanks around either; what has no '=' or nothing before it is passed over. They
 * are as they were sent, escapes and all. *rest moves behind it. false: there is no more.
 */
bool rs_http_cookie_next(struct rs_slice *rest, struct rs_slice *name, struct rs_slice *value);

/* ---- parts of files -------------------------------------------------------------------------------- */

enum rs_http_range_kind {
	RS_HTTP_RANGE_WHOLE, /* no Range, or one that means nothing, or too much (RFC 9110 14.2: a server may ignore it) */
	RS_HTTP_RANGE_PART,
	RS_HTTP_RANGE_NEVER, /* none of these bytes exists: 416 */
};

#define RS_HTTP_RANGES_MAX 16

struct rs_http_range {
	uint64_t at, n;
};

/*
 * What a Range field asks of size bytes. PART: *n parts, 1 to RS_HTTP_RANGES_MAX, as they were asked for, without those that do not
 * exist; else *n is 0. More parts, or parts that overlap: WHOLE.
 */
enum rs_http_range_kind rs_http_range(struct rs_slice value, uint64_t size, struct rs_http_range out[RS_HTTP_RANGES_MAX], size_t *n);

/* ---- conditions, codings ------------------------------------------------------------------------------- */

/*
 * Is etag, a strong one with its quotes, among the entity tags of a list, or is the list "*"? weakly: W/ in front of one makes no
 * difference (If-None-Match); else a weak one equals nothing (If-Match, If-Range).
 */
bool rs_http_etag_listed(struct rs_slice list, struct rs_slice etag, bool weakly);

/* After IDENTITY, which is none, best first: of equally welcome ones the first is taken. */
enum rs_http_coding { RS_HTTP_IDENTITY, RS_HTTP_BR, RS_HTTP_GZIP, RS_HTTP_DEFLATE, RS_HTTP_CODINGS };

/* What the Accept-Encoding fields of a request say so far. */
struct rs_http_accept {
	uint16_t q[RS_HTTP_CODINGS]; /* weights in thousandths, 0: refused; RS_HTTP_Q_UNSAID */
	uint16_t others;             /* of "*" */
};
#define RS_HTTP_Q_UNSAID UINT16_MAX

void rs_http_accept_init(struct rs_http_accept *a);
/* One field. A weight that is none is a refusal; of a coding that is named twice the lower one counts. */
void rs_http_accept_take(struct rs_http_accept *a, struct rs_slice value);
/*
 * The most welcome of the codings in `can` (1 << coding). IDENTITY: none of them is, or the bytes as they are were asked for before
 * all of them. What only refuses IDENTITY gets it nevertheless (RFC 9110 12.5.3).
 */
enum rs_http_coding rs_http_accept_best(const struct rs_http_accept *a, unsigned can);
/* As Content-Encoding names it. */
const char *rs_http_coding_name(enum rs_http_coding coding);

/*
 * What an Accept-Encoding field says of a coding: its weight in thousandths, 0 for one that is refused; -1: nothing, not even
 * by "*".
 */
int rs_http_accept_coding(struct rs_slice value, struct rs_slice coding);

/* ---- targets as files ------------------------------------------------------------------------------ */

/*
 * The path of a target (without query) as a file below a document root: percent-decoded once, "a/b/c", no
 * leading slash, "" for "/". false: not to be served as a file: not absolute, malformed escape, control
 * byte, backslash, slash in an escape, empty segment (so no trailing slash), one that starts with '.'
 * (".well-known" as the first is allowed), or too long for size with its final NUL. out is then
 * undefined.
 */
bool rs_http_file_path(struct rs_slice path, char *out, size_t size);

/*
 * Content type by the last extension; NULL: unknown. *source: code, configuration, data or key material
 * of the application (http_mime.def), or a copy of it that an editor, log rotation or somebody in a hurry
 * left beside it ("index.php~", "index.php.1", "index.php_old", "dump.sql.gz"): never to be served; then
 * the result is NULL.
 */
const char *rs_http_mime(const char *file, bool *source);

#endif
