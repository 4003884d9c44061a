/*
 * Requests of a server's guests and their answers: a letter to a worker, an answer by the id of the request from any process
 * of the server, at any time, without credit.
 */
#ifndef RS_REACTOR_REQUEST_H
#define RS_REACTOR_REQUEST_H

#include "ipc/ipc.h"

struct rs_guest;
struct rs_req;
struct rs_seat;
struct rs_worker;

/* A complete request of a guest: to a worker, or 400 when the port has no use for it. */
void rs_request_submit(struct rs_req *q);
/* The same for another kind: HANDSHAKE, OPEN. false: no memory; its connection is closed. */
bool rs_request_post(struct rs_req *q, enum rs_event_kind kind);

/* RESPONSE, BODY or ANSWER_FILE. NULL: fine, also when nobody waits for it any more; else the rule that w has broken. */
const char *rs_request_answer(struct rs_worker *w, struct rs_frame *f);

/* Hosted: it has waited for a worker for queue_timeout. 503, unless a worker has it. */
void rs_request_overdue(struct rs_req *q);

/* The client has left. q may be freed. */
void rs_request_withdraw(struct rs_req *q);
/* The answer is complete, or there will be none: nobody needs to give one. Safe twice. */
void rs_request_settle(struct rs_req *q);

/* w is dead: what it took and did not answer is answered with 502. */
void rs_request_abandon(struct rs_worker *w);

#endif
