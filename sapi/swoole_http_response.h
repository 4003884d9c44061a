/*
 * The response as its methods and the server see it: swoole_http_response.c sends, swoole_http_response_methods.c is what PHP
 * calls.
 */
#ifndef RS_SWOOLE_HTTP_RESPONSE_H
#define RS_SWOOLE_HTTP_RESPONSE_H

#include "swoole_http_private.h"

struct rs_http_answer *rs_http_response_of(zend_object *o);
void rs_http_response_class(zend_class_entry *ce);

/* Somebody waits for it and it is not ended. */
bool rs_http_response_open(const struct rs_http_answer *r);

/* All on an open response; false: the error number is set. */
bool rs_http_response_whole(struct rs_http_answer *r, struct rs_slice body);  /* head and body, the end */
bool rs_http_response_piece(struct rs_http_answer *r, struct rs_slice piece); /* head first, if need be */
bool rs_http_response_last(struct rs_http_answer *r, struct rs_slice piece);  /* after pieces */
bool rs_http_response_file(struct rs_http_answer *r, int fd, uint64_t offset, uint64_t length);
/* Ends it with a status of ours, whatever was set; what has begun is cut. Nothing if it is not open. */
void rs_http_response_status_only(struct rs_http_answer *r, unsigned status);

/* "content-type" -> "Content-Type" */
zend_string *rs_http_format_key(zend_string *key);
/* Replaces the line of that key in the property (header or trailer). value: text, or an array of texts. false: warned, thrown. */
bool rs_http_set_line(struct rs_http_answer *r, enum rs_http_response_property where, zend_string *key, zval *value, bool format);
void rs_http_set_header(struct rs_http_answer *r, const char *key, const char *value, size_t n);

/* See rs_swoole_http_upgraded_here(). */
void rs_http_note_upgrade(uint32_t fd);

#endif
