/*
 * The reactor instance: what its files share. One per event loop, reached from every object; there is no
 * global.
 */
#ifndef RS_REACTOR_CORE_H
#define RS_REACTOR_CORE_H

#include "base/rs_buf.h"
#include "base/rs_clock.h"
#include "base/rs_log.h"
#include "conf/conf.h"
#include "http/http.h"
#include "reactor/reactor_accept.h"
#include "reactor/reactor_access.h"
#include "reactor/reactor_balance.h"
#include "reactor/reactor_control.h"
#include "reactor/reactor_h2.h"
#include "reactor/reactor_lane.h"
#include "reactor/reactor_limit.h"
#include "reactor/reactor_observe.h"
#include "reactor/reactor_route.h"
#include "reactor/reactor_slab.h"
#include "reactor/reactor_static.h"
#include "reactor/reactor_tls.h"

#include <event2/event_struct.h>
#include <sys/queue.h>

#define RS_REACTOR_MAGIC 0x52656163u
#define RS_SCRATCH_SIZE (64u << 10)
#define RS_OUT_KEEP (256u << 10)
/* Timeouts are looked at this often; a deadline is met late by at most so much. */
#define RS_SWEEP_MS 250

struct rs_conn;
struct rs_serve;
struct rs_worker;
TAILQ_HEAD(rs_conn_list, rs_conn);

enum rs_reactor_phase {
	RS_REACTOR_RUN,
	RS_REACTOR_STOP,    /* no listener any more; running requests finish */
	RS_REACTOR_DRAINED, /* nothing is left; waits for the master to let go */
};

struct rs_reactor_counters {
	uint64_t accepted, requests, refused, stale, moved;
	uint64_t idle_closed;         /* idle connections that made room for others */
};

struct rs_reactor {
	uint32_t magic;
	enum rs_reactor_phase phase;
	bool quit;
	int64_t now_us, wall_us;      /* of this loop turn, 0: not asked for yet */
	int64_t stop_ms;              /* STOP: what still runs is cut then; DRAINED: exit then */
	struct rs_log *log;
	struct rs_conf *conf;         /* in force */
	struct rs_conf *conf_owned;   /* the same when CONF brought it, NULL while it is the master's */
	uint32_t conf_serial;         /* counts CONFs: what a connection derived from it may be stale */
	struct event_base *base;
	struct event sweep;
	bool sweeping;

	struct rs_control control;
	struct rs_accept accept;
	struct rs_route route;
	struct rs_serve *serve;       /* what has a $fd, and processes with ids; NULL: plain HTTP alone */
	struct rs_balance balance;
	struct rs_lane lane;          /* answers that last */
	struct rs_static files;
	struct rs_tls_ports tls;
	struct rs_access access;
	struct rs_h2_all h2;
	struct rs_limit limit;
	struct rs_observe observe;
	struct rs_reactor_counters n;

	struct rs_slab conns, reqs;
	int64_t *deadline_ms;         /* by connection slot, 0: none */
	uint32_t deadlines;
	struct rs_conn_list ready;    /* received bytes are waiting to be parsed */
	struct rs_conn_list idle;     /* reactor_idle.h */
	int64_t idle_told_ms;
	struct rs_conn_list dead;     /* closed in this turn; memory goes at its end */
	uint32_t ndead;               /* of conns.used */

	struct rs_http_head head;     /* of the request that is being parsed right now */
	struct rs_buf out;            /* a response piece while it is put together; empty between calls */
	struct rs_buf ws_out;         /* what src/ws answers while it reads frames: what these cause may need `out` */
	char date[32];                /* HTTP date of date_s */
	int64_t date_s;
	char scratch[RS_SCRATCH_SIZE]; /* every client read goes here first */
};

/* Monotonic microseconds, read once per loop turn. */
static inline int64_t rs_reactor_us(struct rs_reactor *r)
{
	if (r->now_us == 0)
		r->now_us = rs_now_us();
	return r->now_us;
}

static inline int64_t rs_reactor_ms(struct rs_reactor *r)
{
	return rs_reactor_us(r) / 1000;
}

/* Wall clock microseconds, read once per loop turn. */
static inline int64_t rs_reactor_wall_us(struct rs_reactor *r)
{
	if (r->wall_us == 0)
		r->wall_us = rs_wall_us();
	return r->wall_us;
}

/* Text of the Date field for this turn. */
const char *rs_reactor_date(struct rs_reactor *r);

/* There is something to time out: the sweep runs until there is nothing. */
void rs_reactor_need_sweep(struct rs_reactor *r);

/*
 * No more connections: running requests get ms milliseconds, idle connections go at once. Called again it can
 * only shorten the time.
 */
void rs_reactor_stop(struct rs_reactor *r, int64_t ms);

#endif
