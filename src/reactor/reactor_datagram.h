/*
 * Datagram sockets of a server: UDP and Unix.
 */
#ifndef RS_REACTOR_DATAGRAM_H
#define RS_REACTOR_DATAGRAM_H

#include "ipc/server_wire.h"

struct rs_gate;
struct rs_reactor;

/* g's socket: receives from now on. Takes fd. false: closed, no memory. */
bool rs_datagram_open(struct rs_gate *g, int fd);
void rs_datagram_close(struct rs_gate *g);
/* STOP: receives nothing more, still sends. */
void rs_datagram_stop(struct rs_gate *g);

/* What cannot be sent is dropped and logged: that is what datagrams are. */
void rs_datagram_send(struct rs_reactor *r, const struct rs_wire_datagram *d, struct rs_slice bytes);

#endif
