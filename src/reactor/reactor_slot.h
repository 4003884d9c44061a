/*
 * Slots of workers and their claim words: who has which request.
 */
#ifndef RS_REACTOR_SLOT_H
#define RS_REACTOR_SLOT_H

#include "base/rs_base.h"

struct rs_req;
struct rs_worker;

/* w may have become routable, or not any more, or holds another number of requests: on to the right list. */
void rs_slot_place(struct rs_worker *w);

/* w, which is routed, has got an event and had none, or is through with its events. */
void rs_slot_attends(struct rs_worker *w);
/* Has it events that it has not ended? */
bool rs_slot_attending(const struct rs_worker *w);
/* It has ended or begun an event since this was asked last. */
bool rs_slot_attended(struct rs_worker *w);

/* q into a free slot of w, which is routable: from now on w can claim it. */
void rs_slot_offer(struct rs_worker *w, struct rs_req *q);
/* q is no business of w any more. */
void rs_slot_free(struct rs_worker *w, struct rs_req *q);

/* Did its worker claim q? Looks at the claim word when that is not known yet. */
bool rs_slot_claimed(struct rs_req *q);
/* Is there a request that w has claimed and not finished? */
bool rs_slot_busy(const struct rs_worker *w);
/* The oldest request that w has not claimed, NULL without one. */
struct rs_req *rs_slot_oldest(struct rs_worker *w);

/*
 * Room for one more revoked request behind which another one could still be posted? Without that the worker
 * would never show again how far it has read.
 */
bool rs_slot_can_reclaim(const struct rs_worker *w);
/* Takes a posted q back: it is nobody's then. false: the worker has it. */
bool rs_slot_reclaim(struct rs_req *q);

#endif
