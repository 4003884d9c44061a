/*
 * Opening handshakes on WebSocket ports of a server: ours, or the application's.
 */
#ifndef RS_REACTOR_UPGRADE_H
#define RS_REACTOR_UPGRADE_H

#include "base/rs_base.h"
#include "ipc/ipc.h"

struct rs_req;
struct rs_http_head;

/* q, whose head was just parsed, came on a WebSocket port. false: it is an ordinary request, nothing was done. */
bool rs_upgrade_begin(struct rs_req *q, const struct rs_http_head *h);

/* RESPONSE 101 to a HANDSHAKE, its headers are well-formed: it is a WebSocket now. */
const char *rs_upgrade_answer(struct rs_req *q, const struct rs_frame *f);
/* Any other status, checked: an answer like others, the last one of its connection. */
const char *rs_upgrade_refuse(struct rs_req *q, const struct rs_frame *f);

#endif
