/*
 * request_slowlog_timeout: a request that runs for long is noted with the place where it is, and goes on.
 */
#ifndef RS_SLOWLOG_H
#define RS_SLOWLOG_H

#include "base/rs_base.h"

#include <pthread.h>

struct rs_process;

/* Of a process that serves requests. */
struct rs_slowlog {
	bool on;               /* the thread is there */
	pthread_mutex_t lock;  /* of what follows, and of the request while it is being looked at */
	pthread_cond_t begun;
	int64_t since_us;      /* a request runs since then, 0: none does */
	bool told, asleep;     /* it has been noted; the thread waits for the next one */
};

/* Starts the thread, if the configuration wants it. Without one nothing is noted, and the log says so. */
void rs_slowlog_start(struct rs_process *p);
/* p->x is a request from here on; and is not any more. */
void rs_slowlog_begin(struct rs_process *p);
void rs_slowlog_end(struct rs_process *p);

#endif
