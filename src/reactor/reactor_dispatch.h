/*
 * Which worker gets what: dispatch_mode.
 */
#ifndef RS_REACTOR_DISPATCH_H
#define RS_REACTOR_DISPATCH_H

#include "base/rs_base.h"
#include "ipc/server_wire.h"

struct rs_guest;
struct rs_reactor;
struct rs_seat;

/* Requests go to the worker of their connection (modes 2, 4, 5, 8), not to any. */
bool rs_dispatch_bound(const struct rs_reactor *r);
/* The worker for a connection with that $fd from that address; it stays. */
struct rs_seat *rs_dispatch_connect(struct rs_reactor *r, uint32_t fd, const char *address);
/* The same once it has a uid: another one in mode 5. */
struct rs_seat *rs_dispatch_uid(struct rs_reactor *r, const struct rs_guest *g);
/* The worker for a datagram. NULL: any. */
struct rs_seat *rs_dispatch_packet(struct rs_reactor *r, const struct rs_wire_peer *from);
/* Of that role: ready, with room for an event that any could have, and the fewest. NULL: all are busy. */
struct rs_seat *rs_dispatch_idle(struct rs_reactor *r, enum rs_server_role role);
/* Has it room for one? */
bool rs_dispatch_room(const struct rs_seat *s);

#endif
