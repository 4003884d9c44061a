/*
 * Jobs that wait for their time (rs_wire_task.delay_ms). Here they outlive those who sent them, and reloads.
 */
#ifndef RS_REACTOR_DELAY_H
#define RS_REACTOR_DELAY_H

#include "base/rs_base.h"

#include <event2/event_struct.h>

struct rs_letter;
struct rs_reactor;
struct rs_delayed;

/* Beyond these a job is refused. */
#define RS_DELAYED_MAX 100000u
#define RS_DELAYED_BYTES_MAX (256u << 20)

struct rs_delay {
	struct rs_delayed *heap;  /* n: the next that is due is the first */
	uint32_t n, cap;
	size_t bytes;             /* of the letters */
	uint64_t order;           /* of those that ever came: equals leave in it */
	bool has_timer;
	struct event timer;
};

/* Takes l, which is on no list, for a task worker dst (-1: any) in ms milliseconds. false: there are too many, or no memory. */
bool rs_delay_put(struct rs_reactor *r, struct rs_letter *l, int32_t dst, uint32_t ms);
/* STOP: whatever waits is dropped; how many that were. */
unsigned rs_delay_drop(struct rs_delay *d);
void rs_delay_fini(struct rs_delay *d);

#endif
