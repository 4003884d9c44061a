/*
 * HTTP on a connection: from received bytes to requests.
 */
#ifndef RS_REACTOR_HTTP_H
#define RS_REACTOR_HTTP_H

#include "reactor/reactor_conn.h"

extern const struct rs_conn_protocol rs_http_protocol;

/* ---- for connections that are streams of another protocol, with one request each ---------------------------------------- */

/* A request whose head is that text (http_h2.h). body: it follows, by the calls below. */
void rs_http_request(struct rs_conn *c, struct rs_slice text, bool body);
/* The head is refused. text: what it began with, for the log. */
void rs_http_refuse(struct rs_conn *c, struct rs_slice text, unsigned status, const char *why);
/* Bytes of the body. false: it wants no more of them. */
bool rs_http_body(struct rs_conn *c, const char *p, size_t n);
/* The body is complete, if it has not been known before. */
void rs_http_body_ends(struct rs_conn *c);
/* late() of HTTP. */
void rs_http_late(struct rs_conn *c);

#endif
