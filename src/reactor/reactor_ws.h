/*
 * WebSocket connections of a script's server, once they are that: frames in become MESSAGE events, what processes send
 * becomes frames. src/ws knows the protocol; here is the connection around it.
 */
#ifndef RS_REACTOR_WS_H
#define RS_REACTOR_WS_H

#include "reactor/reactor_conn.h"

extern const struct rs_conn_protocol rs_ws_protocol;

/*
 * The handshake is answered with 101: from now on frames come. What was received behind it is parsed at the end of the turn.
 * false: no memory; c is closed.
 */
bool rs_wsconn_begin(struct rs_conn *c);

/* All events about it have been taken. */
void rs_wsconn_quiet(struct rs_conn *c);

/* A frame from a process of the server. Not for who is closing. */
void rs_wsconn_push(struct rs_conn *c, unsigned opcode, unsigned flags, struct rs_slice payload);

/*
 * Begins to close: our close frame behind what waits, CLOSE for the application (by the server), then the client has a while
 * to answer. Is it closing already, nothing happens.
 */
void rs_wsconn_disconnect(struct rs_conn *c, unsigned code, struct rs_slice reason);
/* The server stops: a close frame that says so, and no waiting. For who was upgraded. */
void rs_wsconn_goodbye(struct rs_conn *c);

#endif
