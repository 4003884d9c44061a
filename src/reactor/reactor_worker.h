/*
 * A worker as the reactor sees it: a channel, a claim page, what was posted. Its frames are not trusted.
 */
#ifndef RS_REACTOR_WORKER_H
#define RS_REACTOR_WORKER_H

#include "ipc/ipc.h"
#include "reactor/reactor_sender.h"

#include <event2/event_struct.h>
#include <sys/queue.h>

#define RS_WORKER_MAGIC 0x576f726bu

struct rs_reactor;
struct rs_req;
struct rs_seat;

enum rs_worker_phase {
	RS_WORKER_PHASE_BOOTING,
	RS_WORKER_PHASE_READY,
	RS_WORKER_PHASE_RETIRING, /* an older generation: finishes what it has claimed */
	RS_WORKER_PHASE_RETIRED,  /* RETIRE was sent */
	RS_WORKER_PHASE_DEAD,     /* memory goes at the end of the turn */
};

/* Owned by the route: made by WORKER_NEW, ended by end of file, LEAVING, WORKER_GONE or a violation. */
struct rs_worker {
	uint32_t magic;
	enum rs_worker_phase phase;
	struct rs_reactor *r;
	uint32_t id, generation, pid;     /* pid: 0 until READY */
	uint32_t order;                   /* as the master counts */
	struct rs_sender self;            /* of its frames */
	/*
	 * Servers: whose process it is. NULL: there is no server; or, hosted, it waits for the seat (its generation does not serve yet, or
	 * the one before has not ended what it had begun), or has left it.
	 */
	struct rs_seat *seat;
	bool lingers;                     /* scripts: it has left its seat to a successor, and finishes what it has begun */
	unsigned open;                    /* servers: requests it has and nobody has answered (reactor_request.c) */
	bool routed;                      /* gets REQUESTs: a worker, but not of a script's server */
	struct rs_ipc ipc;
	struct event ev_read, ev_write;
	bool dirty, blocked;              /* on the dirty list; the socket is full */
	bool killed;                      /* the master was asked to: it may live on for a moment */
	bool stalled;                     /* busy with something long: gets nothing until DONE or TAKEN */
	bool backlogged;                  /* holds a request that waits behind something else */
	int bucket;                       /* list of route.by_posted it is on, -1: not routable */
	struct rs_claim_page *page;
	struct rs_req *slot[RS_CLAIM_SLOTS];
	unsigned posted;                  /* slots in use */
	uint64_t seq;                     /* of the latest post */
	uint64_t dead_seq[RS_CLAIM_SLOTS]; /* revoked, perhaps not yet read by the worker */
	unsigned ndead;
	int64_t since_us;                 /* when it was last seen to begin or finish something */
	int64_t asleep_us;                /* the post since which it has claimed nothing at all; 0: it does */
	int64_t leaving_ms;               /* servers: when it said LEAVING */
	int64_t kill_ms;                  /* servers: it was told to end, or said that it does: it has until then; 0: no */
	uint64_t requests;
	TAILQ_ENTRY(rs_worker) all_link, bucket_link, dirty_link;
};

/* Takes both fds. NULL: logged why. */
struct rs_worker *rs_worker_new(struct rs_reactor *r, const struct rs_wire_fork *id, int channel_fd,
				int page_fd);

/* The one that is to serve, not one that lingers. */
struct rs_worker *rs_worker_find(struct rs_reactor *r, uint32_t id, uint32_t generation);
/* Exactly that one. */
struct rs_worker *rs_worker_of_order(struct rs_reactor *r, uint32_t id, uint32_t generation, uint32_t order);

/* A small frame into its channel. false: no memory, nothing said. */
bool rs_worker_tell(struct rs_worker *w, enum rs_msg msg, uint64_t id, struct rs_slice payload);
/* Something was put into its channel: flushed at the end of the turn. */
void rs_worker_dirty(struct rs_worker *w);
void rs_worker_flush_all(struct rs_reactor *r);

/* No request will follow. */
void rs_worker_retire(struct rs_worker *w);

/* The process is gone, or as good as: its requests move or fail with status, the channel closes. */
void rs_worker_lost(struct rs_worker *w, unsigned status);
/* The same after reading what it still sent. */
void rs_worker_gone(struct rs_worker *w);
/* The same, and the master is told to kill it. */
void rs_worker_kill(struct rs_worker *w, enum rs_kill_reason reason, unsigned status, const char *why);

/* End of a loop turn. */
void rs_worker_reap(struct rs_reactor *r);

#endif
