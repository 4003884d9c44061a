/*
 * Streams: answers of plain requests that are under way for long, so that their workers serve nobody else (server-sent events, long
 * polls, a big body for a slow client). They are counted, said, and as far as they say what they are, limited.
 */
#ifndef RS_REACTOR_LANE_H
#define RS_REACTOR_LANE_H

#include "base/rs_base.h"

#include <sys/queue.h>

struct rs_frame;
struct rs_reactor;
struct rs_req;

enum rs_lane_place {
	RS_LANE_NONE,
	RS_LANE_YOUNG,   /* its head has left, its end has not come */
	RS_LANE_STREAM,
};

/* Owned by the reactor. A request is here from the head of its answer until its end, or that of its worker. */
struct rs_lane {
	TAILQ_HEAD(, rs_req) young; /* the oldest first */
	uint32_t streams, most;     /* now, and at most at one time */
	uint64_t refused;
	int64_t warned_ms, refusal_ms; /* when the log was told last; 0: never */
};

void rs_lane_init(struct rs_reactor *r);

/*
 * A RESPONSE to q that declares itself a stream (text/event-stream, X-Accel-Buffering: no) while stream_workers_max are there: the
 * client was answered 503, and the worker is told that the client has left. Before rs_send_response().
 */
bool rs_lane_refuses(struct rs_req *q, const struct rs_frame *f);
/* The head of q's answer has left. No-op when that was all. */
void rs_lane_enter(struct rs_req *q);
/* Its answer, or its worker, has come to an end. Safe twice. */
void rs_lane_leave(struct rs_req *q);
/* Those that have lasted for stream_after are streams from now on. */
void rs_lane_sweep(struct rs_reactor *r);

#endif
