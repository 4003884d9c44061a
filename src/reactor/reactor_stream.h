/*
 * Byte streams: ports of protocol STREAM. Framing by src/packet, one RECEIVE for each package.
 */
#ifndef RS_REACTOR_STREAM_H
#define RS_REACTOR_STREAM_H

#include "reactor/reactor_conn.h"

extern const struct rs_conn_protocol rs_stream_protocol;

#endif
