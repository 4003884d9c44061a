/*
 * Connections that wait for a request, the one that waits for longest first. When max_conn is reached they make room for new ones,
 * as in nginx, so that nobody can lock others out by doing nothing.
 */
#ifndef RS_REACTOR_IDLE_H
#define RS_REACTOR_IDLE_H

#include "base/rs_base.h"

struct rs_conn;
struct rs_reactor;

/* c has nothing to do until a request comes: it may be closed for others. What has a $fd is never idle. */
void rs_idle_put(struct rs_conn *c);
/* It has, or is closed. Safe when it is not idle. */
void rs_idle_remove(struct rs_conn *c);
/* Closes the one that waits for longest. false: there is none. */
bool rs_idle_make_room(struct rs_reactor *r);

#endif
