/*
 * From received bytes to requests.
 */
#ifndef RS_REACTOR_HTTP_H
#define RS_REACTOR_HTTP_H

#include "base/rs_base.h"

struct rs_conn;

/*
 * Parses p[0..n) as far as the connection takes input: one request at a time. The bytes used; the rest is to
 * be kept and offered again, with more behind it, or after the answer. Look at the connection's state
 * afterwards: it may be closed.
 */
size_t rs_http_input(struct rs_conn *c, const char *p, size_t n);

/* The time for head or body is over: 408. */
void rs_http_late(struct rs_conn *c);

#endif
