/*
 * A request as a client writes it: what may stand in each part of its head. Pure functions. What comes from an application is
 * checked here, byte by byte, so that no value can end a line or begin another request.
 */
#ifndef RS_HTTP_ASK_H
#define RS_HTTP_ASK_H

#include "http/http.h"

/* A token of at most 32 bytes; CONNECT is not for applications. */
bool rs_http_ask_method_ok(struct rs_slice method);
/* Repeating it does no harm (RFC 9110 9.2.2). */
bool rs_http_ask_idempotent(struct rs_slice method);
/*
 * origin-form, absolute-form of http or https, or "*"; without blanks, control bytes and '#'. NULL: fine, else what is wrong.
 */
const char *rs_http_ask_target_wrong(struct rs_slice target);
/* A token. */
bool rs_http_ask_name_ok(struct rs_slice name);
/* No control byte but HTAB. */
bool rs_http_ask_value_ok(struct rs_slice value);
/* A name, an IPv4 or IPv6 address without brackets. */
bool rs_http_ask_host_ok(struct rs_slice host);

/* Appends base64 of s. */
bool rs_http_ask_base64(struct rs_buf *out, struct rs_slice s) RS_MUST_CHECK;
/* Appends "Name: Basic ..." and CRLF; of Authorization and Proxy-Authorization. */
bool rs_http_ask_basic(struct rs_buf *out, const char *name, struct rs_slice user, struct rs_slice password) RS_MUST_CHECK;
/* Appends host[:port], without the port where it is the scheme's own; an IPv6 address in brackets. */
bool rs_http_ask_authority(struct rs_buf *out, struct rs_slice host, int port, bool tls) RS_MUST_CHECK;

#endif
