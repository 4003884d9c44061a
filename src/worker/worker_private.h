/*
 * What the files of a worker share.
 */
#ifndef RS_WORKER_PRIVATE_H
#define RS_WORKER_PRIVATE_H

#include "worker/process.h"

/* Sent by the master when a request has run too long. */
#define RS_SIG_OVERDUE (SIGRTMIN + 2)
/* A process that has had nothing to do for this long collects its garbage. */
#define RS_IDLE_AFTER_MS 200

/* What a worker does with signals, from now on. parent: who made it. false: that one has died meanwhile. */
bool rs_worker_signals(const struct rs_process *p, pid_t parent) RS_MUST_CHECK;

/* Timers and descriptors of the application, if it has any: their turn comes between requests. NULL: it has none. */
struct rs_loop *rs_worker_loop(void);
/* Until frames have come, and takes them. RS_AGAIN: none yet, and it is time to tidy up. Else: the end. */
enum rs_result rs_worker_wait(struct rs_process *p, bool tidy) RS_MUST_CHECK;

#endif
