/*
 * Answers: a worker's frames, or our own short ones, to the client.
 */
#ifndef RS_REACTOR_SEND_H
#define RS_REACTOR_SEND_H

#include "base/rs_base.h"
#include "ipc/ipc.h"

struct rs_conn;
struct rs_req;
struct rs_wire_response;

/*
 * Frames of a worker's answer to q, which has claimed it. NULL: fine. Else the rule that the worker has
 * broken; the client was not told anything yet.
 */
const char *rs_send_response(struct rs_req *q, const struct rs_frame *f);
const char *rs_send_body(struct rs_req *q, const struct rs_frame *f);

/* Cuts the payload of a RESPONSE; false: its lengths do not add up. */
bool rs_send_cut(struct rs_slice payload, struct rs_wire_response *w, struct rs_slice *reason, struct rs_slice *headers,
		 struct rs_slice *body);

/*
 * An answer of our own. keep: the connection may live on; else it is closed with care, since the client may
 * still be sending. No head may have been sent.
 */
void rs_send_error(struct rs_conn *c, unsigned status, bool keep);
/* The same with more header lines. */
void rs_send_error_with(struct rs_conn *c, unsigned status, bool keep, const char *lines);

/*
 * The answer to q cannot be completed: status when no head was sent, else an honest cut. No-op without a
 * client.
 */
void rs_send_failed(struct rs_req *q, unsigned status);

/* The client has taken bytes: tell the worker how many more it may send. */
void rs_send_credit(struct rs_req *q);

#endif
