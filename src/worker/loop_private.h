/*
 * What the files of the loop share. libevent only notes what is ready; everything is called from turn() in loop.c, with no
 * frame of libevent below it: so runs may nest, and whatever a callback does to the loop is harmless.
 */
#ifndef RS_LOOP_PRIVATE_H
#define RS_LOOP_PRIVATE_H

#include "worker/loop.h"

#include <signal.h>
#include <sys/queue.h>

struct event;
struct event_base;
struct rs_deferred;

struct rs_watch {
	struct rs_loop *loop;
	struct event *ev;      /* added while events is not 0 */
	int fd;
	unsigned events, ready; /* RS_WATCH_*; ready: noted by libevent, not yet called */
	bool counts, queued;
	void (*cb)(struct rs_watch *w, unsigned events, void *arg);
	void *arg;
	TAILQ_ENTRY(rs_watch) all, in_ready;
};

struct rs_timer {
	struct rs_loop *loop;
	uint64_t id;
	int64_t due_us, interval_us; /* interval 0: once */
	uint64_t fired, round;
	size_t at;              /* place in the heap; TIMER_NOWHERE: not there */
	bool counts, alive;
	bool firing;            /* its callback runs: the memory stays until it returns */
	void (*cb)(struct rs_timer *t, void *arg);
	void *arg;
	TAILQ_ENTRY(rs_timer) all; /* by id */
	LIST_ENTRY(rs_timer) bucket;
};

struct rs_sigwatch {
	struct rs_loop *loop;
	int signo;
	void (*cb)(int signo, void *arg);
	void *arg;
};

TAILQ_HEAD(rs_watches, rs_watch);
TAILQ_HEAD(rs_timers, rs_timer);
LIST_HEAD(rs_timer_bucket, rs_timer);
STAILQ_HEAD(rs_deferreds, rs_deferred);

struct rs_loop {
	uint32_t magic;
	struct event_base *base;
	struct event *wake_ev, *beat_ev; /* readable wake_fd; the next timer is due */
	int wake_fd;                     /* eventfd: a signal has come */
	unsigned depth;                  /* rs_loop_run() calls on the stack */
	bool stop;                       /* the innermost of them is to return */
	bool cut;                        /* and that before anything else is called; stop is set as well */
	bool keep_over_fork;
	bool dead;                       /* freed while it ran: the outermost run frees the rest */
	uint64_t turns;
	int64_t now_us;
	uint64_t keepers;                /* watches, timers and holds that keep it alive */

	struct {
		void (*cb)(void *arg);
		void *arg;
	} each[2];                       /* [before] */

	void (*drops[RS_LOOP_DROPS])(void);
	unsigned ndrops;

	struct rs_watches watches, ready;

	struct rs_timers timers;
	struct rs_timer **heap;          /* by due_us, then id */
	size_t ntimers, heap_cap;
	struct rs_timer_bucket *buckets; /* by id; nbuckets is a power of two */
	size_t nbuckets;
	uint64_t last_timer_id;

	struct rs_deferreds deferred;
	uint64_t deferred_seq;           /* of the newest */

	struct rs_sigwatch *signals[NSIG];
	volatile sig_atomic_t signal_came[NSIG], any_signal;
	void (*told)(void);              /* rs_loop_tell_signals(); NULL: nobody */
	unsigned nsignals;
};

/* loop_watch.c: calls the watches that are noted as ready. Number of calls. */
unsigned rs_loop_call_ready(struct rs_loop *l);
void rs_loop_drop_watches(struct rs_loop *l);

/* loop_timer.c: calls those due at l->now_us. Number of calls. */
unsigned rs_loop_call_timers(struct rs_loop *l);
/* Microseconds until the next one is due, at least 0; -1: there is none. */
int64_t rs_loop_next_timer_us(const struct rs_loop *l);
void rs_loop_drop_timers(struct rs_loop *l);

/* loop_signal.c */
void rs_loop_drop_signals(struct rs_loop *l);

#endif
