/*
 * Hosted applications: which generation's process sits on a seat, and how many seats there are.
 */
#ifndef RS_REACTOR_HANDOVER_H
#define RS_REACTOR_HANDOVER_H

#include "base/rs_base.h"

struct rs_frame;
struct rs_reactor;
struct rs_seat;

/* Must a new process of this seat wait until the one before has ended what it had begun? Else it takes its place at once. */
bool rs_handover_waits(const struct rs_seat *s);
/* The seat may be free: the process of the generation that serves sits down. A seat that is not needed any more is cleared. */
void rs_handover_next(struct rs_seat *s);
/* Its process begins nothing more. When it has ended what it had begun it goes, and the next one comes. */
void rs_handover_left(struct rs_seat *s);

/* SHAPE. NULL: fine, else what is wrong with it. */
const char *rs_handover_shape(struct rs_reactor *r, const struct rs_frame *f);
/* ROUTE, after rs_route_switch(): the shape of that generation, and its processes. */
void rs_handover_route(struct rs_reactor *r);

#endif
