/*
 * HTTP on a connection: from received bytes to requests.
 */
#ifndef RS_REACTOR_HTTP_H
#define RS_REACTOR_HTTP_H

#include "reactor/reactor_conn.h"

extern const struct rs_conn_protocol rs_http_protocol;

#endif
