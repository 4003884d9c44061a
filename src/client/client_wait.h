/*
 * How a socket waits: through one function, so that the same code blocks the process in a script and suspends only a
 * coroutine inside one. Events are RS_WATCH_READ and RS_WATCH_WRITE of worker/loop.h.
 */
#ifndef RS_CLIENT_WAIT_H
#define RS_CLIENT_WAIT_H

#include "base/rs_base.h"
#include "worker/loop.h"

enum rs_wait {
	RS_WAIT_READY,     /* an event is there, or an error or the end that the next call on the fd will tell */
	RS_WAIT_TIMEOUT,
	RS_WAIT_CANCELLED, /* somebody else ended the wait */
	RS_WAIT_FAILED,    /* errno says why */
};

/* timeout_ms < 0: for ever. fd -1: only the time passes, the answer is RS_WAIT_TIMEOUT. */
typedef enum rs_wait rs_wait_fn(void *arg, int fd, unsigned events, int64_t timeout_ms);

/* Blocks the process; arg is not looked at. A signal does not end it. */
rs_wait_fn rs_wait_blocking;

/* Several at once, blocking. */
struct rs_wait_item {
	int fd;
	unsigned want;   /* RS_WATCH_*, may be 0 */
	unsigned ready;  /* out: RS_WATCH_*; an end or an error is reported as what was wanted */
	bool error;      /* out: error or hang-up, or no such descriptor */
};

/* How many are ready or in error; 0: none in time; -1: errno says why. */
int rs_wait_many(struct rs_wait_item *items, size_t n, int64_t timeout_ms);

/* A moment on the monotonic clock, for waits of several steps. timeout_ms < 0: never. */
int64_t rs_deadline(int64_t timeout_ms);
/* What is left until then: 0 when it has passed, -1 for never. */
int64_t rs_deadline_left(int64_t deadline_ms);

#endif
