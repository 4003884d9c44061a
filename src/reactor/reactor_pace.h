/*
 * Clients that are slow on purpose: one that sends or takes a byte before each timeout would hold its place for ever. Beside the pause
 * (body_timeout, write_timeout) there is an average (body_min_rate, write_min_rate), which counts after min_rate_grace. Headers need
 * none: header_timeout is for all of them.
 */
#ifndef RS_REACTOR_PACE_H
#define RS_REACTOR_PACE_H

#include "base/rs_base.h"

struct rs_conn;

/*
 * Milliseconds from now until `bytes` since since_ms are too few for `rate` bytes in a second. At least 1; INT64_MAX: rate is 0. Pure.
 */
int64_t rs_pace_left(int64_t rate, int64_t grace_ms, uint64_t bytes, int64_t since_ms, int64_t now_ms);

/* Bytes of the body of c->req have come, or begin to: when c is late. */
void rs_pace_body(struct rs_conn *c);

/* Bytes wait for the client from now on; c->taken counts what it takes of them. */
void rs_pace_write_begins(struct rs_conn *c);
/* They do, or it has taken some, in the state SEND: when it is late. */
void rs_pace_write(struct rs_conn *c);

#endif
