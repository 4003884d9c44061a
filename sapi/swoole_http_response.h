/*
 * The response as its methods and the server see it: swoole_http_response.c sends, swoole_http_response_methods.c, _set.c, _send.c
 * and _websocket.c are what PHP calls.
 */
#ifndef RS_SWOOLE_HTTP_RESPONSE_H
#define RS_SWOOLE_HTTP_RESPONSE_H

#include "swoole_http_private.h"

struct rs_http_answer *rs_http_response_of(zend_object *o);
void rs_http_response_class(zend_class_entry *ce);

static inline struct rs_http_answer *rs_http_this(zval *this)
{
	return rs_http_response_of(Z_OBJ_P(this));
}

/* What of the request an answer must know. */
void rs_http_response_asked(struct rs_http_answer *r, const struct rs_request_view *v);

/* Somebody waits for it and it is not ended. */
bool rs_http_response_open(const struct rs_http_answer *r);
/* For what sets something: the head must not be out either. */
static inline bool rs_http_response_settable(const struct rs_http_answer *r)
{
	return rs_http_response_open(r) && !r->started;
}

/* All on an open response; false: the error number is set. */
bool rs_http_response_whole(struct rs_http_answer *r, struct rs_slice body);  /* head and body, the end */
bool rs_http_response_piece(struct rs_http_answer *r, struct rs_slice piece); /* head first, if need be */
bool rs_http_response_last(struct rs_http_answer *r, struct rs_slice piece);  /* after pieces */
bool rs_http_response_file(struct rs_http_answer *r, int fd, uint64_t offset, uint64_t length);
/* Ends it with a status of ours, whatever was set; what has begun is cut. Nothing if it is not open. */
void rs_http_response_status_only(struct rs_http_answer *r, unsigned status);

/* A connection of Coroutine\Http\Server becomes a WebSocket. false: refused, or it is none of those. */
bool rs_http_response_upgrade(struct rs_http_answer *r);

/* "content-type" -> "Content-Type" */
zend_string *rs_http_format_key(zend_string *key);
/*
 * The array that this property is; made one if it is none: *old is what it was (UNDEF: nothing), to be released when all is done, for
 * its destructor may look at us.
 */
zval *rs_http_property_array(struct rs_http_answer *r, enum rs_http_response_property where, zval *old);
/* Replaces the line of that key in the property (header or trailer). value: text, or an array of texts. false: warned, thrown. */
bool rs_http_set_line(struct rs_http_answer *r, enum rs_http_response_property where, zend_string *key, zval *value, bool format);
void rs_http_set_header(struct rs_http_answer *r, const char *key, const char *value, size_t n);

/* See rs_swoole_http_upgraded_here(). */
void rs_http_note_upgrade(uint32_t fd);

/* ---- methods that do not stand beside their table ------------------------------------------------------------------------- */

/* swoole_http_response_set.c */
ZEND_METHOD(Swoole_Http_Response, initHeader);
ZEND_METHOD(Swoole_Http_Response, status);
ZEND_METHOD(Swoole_Http_Response, header);
ZEND_METHOD(Swoole_Http_Response, trailer);
ZEND_METHOD(Swoole_Http_Response, cookie);
ZEND_METHOD(Swoole_Http_Response, rawcookie);
ZEND_METHOD(Swoole_Http_Response, gzip);

/* swoole_http_response_send.c */
ZEND_METHOD(Swoole_Http_Response, write);
ZEND_METHOD(Swoole_Http_Response, end);
ZEND_METHOD(Swoole_Http_Response, sendfile);
ZEND_METHOD(Swoole_Http_Response, redirect);

/* swoole_http_response_websocket.c */
ZEND_METHOD(Swoole_Http_Response, upgrade);
ZEND_METHOD(Swoole_Http_Response, push);
ZEND_METHOD(Swoole_Http_Response, recv);
ZEND_METHOD(Swoole_Http_Response, close);
ZEND_METHOD(Swoole_Http_Response, ping);
ZEND_METHOD(Swoole_Http_Response, goaway);
ZEND_METHOD(Swoole_Http_Response, disconnect);

#endif
