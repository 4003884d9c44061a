/*
 * What processes of a server, and outside ones, want of connections: SEND, ORDER, DATAGRAM. Each: NULL: fine; else the rule that
 * the process has broken. A $fd that does not live any more is no broken rule: the client may leave at any time.
 */
#ifndef RS_REACTOR_ORDER_H
#define RS_REACTOR_ORDER_H

#include "ipc/ipc.h"

struct rs_sender;

const char *rs_order_send(const struct rs_sender *from, struct rs_frame *f);
const char *rs_order_order(const struct rs_sender *from, struct rs_frame *f);
const char *rs_order_datagram(const struct rs_sender *from, struct rs_frame *f);

#endif
