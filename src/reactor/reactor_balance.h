/*
 * What keeps a request from waiting behind a slow one: moving, stalled and sleeping workers, request_timeout.
 */
#ifndef RS_REACTOR_BALANCE_H
#define RS_REACTOR_BALANCE_H

#include "base/rs_base.h"

#include <event2/event_struct.h>

struct rs_reactor;

struct rs_balance {
	int64_t service_us;          /* what a request takes here, typically */
	int64_t checked_us;          /* when rs_balance_check() last looked */
	int timer_fd;                /* one shot, 1 ms: the next look when nothing else happens */
	bool armed;
	struct event timer;
};

/* false: no timer. */
bool rs_balance_init(struct rs_reactor *r);
void rs_balance_fini(struct rs_reactor *r);

/* A worker was busy with a request for so long. */
void rs_balance_took(struct rs_reactor *r, int64_t us);

/* End of a loop turn: posts what is queued, moves requests away from workers that are slow to claim them. */
void rs_balance_check(struct rs_reactor *r);
/* From the sweep: request_timeout, workers that do not wake up. */
void rs_balance_sweep(struct rs_reactor *r);

#endif
