/*
 * Dispatch: which worker gets which request, and when. Requests wait here, and only here.
 */
#ifndef RS_REACTOR_ROUTE_H
#define RS_REACTOR_ROUTE_H

#include "base/rs_base.h"
#include "ipc/wire.h"

#include <sys/queue.h>

struct rs_reactor;
struct rs_req;
struct rs_worker;
TAILQ_HEAD(rs_req_list, rs_req);
TAILQ_HEAD(rs_worker_list, rs_worker);

struct rs_route {
	uint32_t generation;         /* gets the requests; 0: none yet */
	struct rs_worker_list all, dirty, dead;
	unsigned nworkers;
	struct rs_worker_list by_posted[RS_CLAIM_SLOTS + 1]; /* routable workers */
	unsigned backlogged;         /* workers that hold a request behind another one, or behind events */
	struct rs_req_list queue;    /* bound: queue_length, plus what comes back from workers */
	size_t queued;
};

void rs_route_init(struct rs_reactor *r);

/* A complete request: posted, queued, or answered 503. */
void rs_route_submit(struct rs_req *q);
/* Nobody wants the answer any more: out of the queue, taken back, or cancelled. q may be freed. */
void rs_route_withdraw(struct rs_req *q);
/* The longest wait is over: 503, unless a worker has begun after all. */
void rs_route_overdue(struct rs_req *q);
/* DONE: the worker is through with q. q may be freed. */
void rs_route_done(struct rs_worker *w, struct rs_req *q);

/* q to w, which is routable; or, without memory, 503. */
void rs_route_post(struct rs_worker *w, struct rs_req *q);
/* Posts what is queued while there is room. */
void rs_route_pump(struct rs_reactor *r);
/*
 * What w has not claimed goes back into the queue, in front and in its order. all: w will get nothing more.
 */
void rs_route_take_back(struct rs_worker *w, bool all);
/* w is gone: unclaimed requests move, claimed ones are answered with status. */
void rs_route_abandon(struct rs_worker *w, unsigned status);
/* ROUTE: generation gets the requests, workers of older ones retire when they are free. */
void rs_route_switch(struct rs_reactor *r, uint32_t generation);

/* STOP has run out: whatever waits or runs is answered 503 or cut. */
void rs_route_give_up(struct rs_reactor *r);

#endif
