/*
 * A worker's look at its own memory: memory_soft_limit, and what requests leave behind by route. Workers and task workers; the hard
 * limit is the master's (master/master_memory.c).
 */
#ifndef RS_WORKER_MEMORY_H
#define RS_WORKER_MEMORY_H

#include "base/rs_base.h"

#include <sys/types.h>

struct rs_process;

#define RS_ROUTE_SEEN_WORDS 5 /* a bit for every row of struct rs_routes */

#define RS_MEMORY_LOOK_MS 250

struct rs_memory_watch {
	uint64_t seen[RS_ROUTE_SEEN_WORDS]; /* routes that this process has served */
	uint32_t last;               /* the route that ran last; UINT32_MAX: none */
	uint64_t limit;              /* bytes; 0: none */
	uint64_t used, used_at_look; /* by the language, as the engine says */
	int64_t looked_ms;           /* 0: not yet */
	int64_t other_looked_ms;     /* rs_worker_memory_exceeds() */
	bool enough;                 /* it is above the limit: this process must be replaced */
};

/* In a worker that is about to say READY. false: it has more than memory_hard_limit already (logged), and must not. */
bool rs_worker_memory_begin(struct rs_process *p) RS_MUST_CHECK;
/* After a response, an event, or when it has become idle (force); p->memory.enough says what came of it. Looks only so often. */
void rs_worker_memory_look(struct rs_process *p, uint64_t served, bool force);

/*
 * isolation = fork: has the process that runs this worker's request more than memory_hard_limit? (logged) The master does not know it.
 * Looks only so often; to be called at least every RS_MEMORY_LOOK_MS.
 */
bool rs_worker_memory_exceeds(struct rs_process *p, pid_t pid);

#endif
