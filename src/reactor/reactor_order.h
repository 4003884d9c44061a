/*
 * What processes of a server want of connections: SEND, ORDER, DATAGRAM. Each: NULL: fine; else the rule that the process
 * has broken. A $fd that does not live any more is no broken rule: the client may leave at any time.
 */
#ifndef RS_REACTOR_ORDER_H
#define RS_REACTOR_ORDER_H

#include "ipc/ipc.h"

struct rs_worker;

const char *rs_order_send(struct rs_worker *w, struct rs_frame *f);
const char *rs_order_order(struct rs_worker *w, struct rs_frame *f);
const char *rs_order_datagram(struct rs_worker *w, struct rs_frame *f);

#endif
