/*
 * What the files of requests and responses share; nobody else includes this.
 */
#ifndef RS_SWOOLE_HTTP_PRIVATE_H
#define RS_SWOOLE_HTTP_PRIVATE_H

#include "swoole_http.h"

#include <zend_smart_str.h>

/* ---- requests -------------------------------------------------------------------------------------------------------- */

struct rs_http_own; /* of Request::create(): bytes collected so far (swoole_http_request_parse.c) */

struct rs_http_in {
	struct rs_server_request *q;   /* of a server, or NULL */
	struct rs_http_own *own;       /* of Request::create(), or NULL */
	pid_t pid;                     /* of the process that made it: what was uploaded is deleted by no child of it */
	zend_object std;
};

/* Declared properties, in the order of the stub. */
enum rs_http_request_property {
	RS_HTTP_REQUEST_FD, RS_HTTP_REQUEST_STREAM_ID, RS_HTTP_REQUEST_HEADER, RS_HTTP_REQUEST_SERVER, RS_HTTP_REQUEST_COOKIE,
	RS_HTTP_REQUEST_GET, RS_HTTP_REQUEST_FILES, RS_HTTP_REQUEST_POST, RS_HTTP_REQUEST_TMPFILES,
};

/* What a request is made of. */
struct rs_http_source {
	const struct rs_request_view *view;
	struct rs_slice body;
	const struct rs_swoole_http_conf *conf;
	uint32_t fd;
	uint16_t server_port;          /* of the listening socket */
	int64_t dispatch_us;           /* 0: unknown */
};

/* Fills all properties. Never throws: what cannot be used is left out and said in the log. */
void rs_http_request_fill(struct rs_http_in *r, const struct rs_http_source *from);
/* The value of a field as sent, of any case; p NULL: none. The first one. */
struct rs_slice rs_http_field(const struct rs_request_view *v, struct rs_slice name);
/* View and body; false: there is no complete request in it. */
bool rs_http_request_parts(struct rs_http_in *r, const struct rs_request_view **v, struct rs_slice *body);

/* swoole_http_request_parse.c */
void rs_http_own_free(struct rs_http_own *own);
bool rs_http_own_parts(struct rs_http_own *own, const struct rs_request_view **v, struct rs_slice *body);

/*
 * swoole_http_form.c: fields and files of a body; the outputs are arrays, or stay null when there is nothing. tmpfiles: paths of
 * what was uploaded.
 */
void rs_http_form(const struct rs_http_source *from, struct rs_slice type, zval *post, zval *files, zval *tmpfiles);
/* "a=1&b[]=2" as PHP reads it. */
void rs_http_pairs(struct rs_slice text, zval *out);
/* Deletes what was uploaded and not moved away. */
void rs_http_tmpfiles_delete(zval *tmpfiles);

/* ---- responses -------------------------------------------------------------------------------------------------------- */

enum rs_http_response_property {
	RS_HTTP_RESPONSE_FD, RS_HTTP_RESPONSE_SOCKET, RS_HTTP_RESPONSE_HEADER, RS_HTTP_RESPONSE_COOKIE, RS_HTTP_RESPONSE_TRAILER,
};

struct rs_co_http;

struct rs_http_answer {
	struct rs_answer answer;       /* request 0: nobody waits for it */
	struct rs_co_http *link;       /* of Coroutine\Http\Server: its connection, a reference (swoole_coroutine_http.h). NULL: of a Server */
	const struct rs_swoole_http_conf *conf;
	zend_string *reason;           /* or NULL */
	bool started;                  /* the head is out, pieces follow */
	bool ended, detached;
	bool head_method;              /* of the request */
	bool upgrade;                  /* the request is a WebSocket handshake */
	bool http2;                    /* the request came by HTTP/2: trailers need no pieces */
	bool sends;                    /* no second answer: one is being made */
	struct rs_compress_wish wish;  /* of the request */
	zend_string *if_none_match;    /* what of it the wish points into, or NULL */
	int gzip_level;                /* of gzip(); 0: the port decides */
	zend_object std;
};

/* What a response's head is made of: swoole_http_response_head.c. */
struct rs_http_head_out {
	smart_str lines;
	int64_t content_length;        /* that the application gave; -1: none */
	bool no_coding;                /* that there is no Content-Encoding was asked for */
};

void rs_http_head_make(struct rs_http_answer *r, struct rs_http_head_out *out);
/* What the server is called, by default: scripts have the usual name, of applications their configuration says it, or nothing. */
const char *rs_http_server_name(void);
void rs_http_server_line(smart_str *out);
/* Lines of trailer(); nothing without any. */
void rs_http_trailer_lines(struct rs_http_answer *r, smart_str *out);
void rs_http_head_free(struct rs_http_head_out *out);

/* swoole_http_cookie.c: a Set-Cookie value; NULL: warned, or refused silently. */
struct rs_http_cookie {
	zend_string *name, *value, *path, *domain, *samesite, *priority; /* NULL: none */
	zend_long expires;
	bool secure, httponly, raw;
};
zend_string *rs_http_cookie_line(const struct rs_http_cookie *c);
/* The Cookie fields of a request into an array. */
void rs_http_cookies(struct rs_slice field, zval *out);

#endif
