/*
 * The event loop of a PHP process: descriptors, timers, signals, deferred calls; over libevent. One per process, made when
 * something first asks for it. Everything behind PHP classes that waits (Timer, Event, Process::signal, coroutines, clients,
 * a script server's worker) waits here.
 *
 * Runs in PHP processes only. A forked child starts without a loop: rs_loop_forked() forgets the parent's.
 * Callbacks run inside rs_loop_run(); they may do anything, also free what they were called for, and run PHP.
 */
#ifndef RS_LOOP_H
#define RS_LOOP_H

#include "base/rs_base.h"

struct rs_loop;
struct rs_timer;
struct rs_watch;
struct rs_sigwatch;

/* The process's loop, made now if there is none. NULL: no memory. */
struct rs_loop *rs_loop_get(void);
/* The same, but NULL when nothing has made one yet. */
struct rs_loop *rs_loop_peek(void);
/* In a child, before anything else: the parent's loop, its timers and watches are no longer of this process. */
void rs_loop_forked(void);
/* A process that becomes a daemon keeps its loop in the child; true before that fork, false after it. */
void rs_loop_keep_over_fork(bool on);
/* Frees it and everything in it, without calling back. */
void rs_loop_free(void);
/*
 * cb is called when the loop goes away, also in a child: what its owner knows of timers and watches is void then. At most
 * RS_LOOP_DROPS of them, the same one counts once. In a child this is a place where nothing but memory may be touched.
 */
void rs_loop_at_drop(struct rs_loop *l, void (*cb)(void));
#define RS_LOOP_DROPS 16

enum rs_loop_mode {
	RS_LOOP_UNTIL_EMPTY, /* until nothing is left that keeps it alive, or rs_loop_stop() */
	RS_LOOP_ONCE,        /* waits for the first thing to happen, does what is ready, returns */
	RS_LOOP_POLL,        /* does what is ready now, without waiting */
};

/*
 * Turns the loop. Within a turn: ready descriptors and signals, due timers, then deferred calls in order. RS_OK: as the
 * mode says. RS_DONE: rs_loop_stop() ended it. RS_ERR: the kernel refused. Nested calls are allowed (a blocking wait
 * inside a callback).
 */
enum rs_result rs_loop_run(struct rs_loop *l, enum rs_loop_mode mode);
/* The innermost rs_loop_run() returns after this turn. */
void rs_loop_stop(struct rs_loop *l);
/*
 * The innermost rs_loop_run() returns as soon as the callback that runs does (an exception must go its way first); what was
 * due besides is called in the next run.
 */
void rs_loop_break(struct rs_loop *l);
bool rs_loop_running(const struct rs_loop *l);
/* Does anything keep it alive? Watches and timers do, signals and deferred calls alone do not keep it waiting. */
bool rs_loop_empty(const struct rs_loop *l);
/* For those who wait for something that is not in the loop itself (a suspended coroutine does not, a thread's answer does). */
void rs_loop_hold(struct rs_loop *l);
void rs_loop_release(struct rs_loop *l);
/* Is there something to call at now_us that no descriptor tells of? Asks no kernel. */
bool rs_loop_due(const struct rs_loop *l, int64_t now_us);
/* Turns so far. */
uint64_t rs_loop_turns(const struct rs_loop *l);
/* Monotonic milliseconds, read once per turn; microseconds are rs_now_us(). */
int64_t rs_loop_now_ms(struct rs_loop *l);

/* Deferred: once, after what is running now, in the order they came. false: no memory. */
bool rs_loop_defer(struct rs_loop *l, void (*cb)(void *arg), void *arg) RS_MUST_CHECK;

/* Called at the beginning (before it waits) or at the end of each turn; NULL: no more. It does not keep the loop alive. */
void rs_loop_each_turn(struct rs_loop *l, bool before, void (*cb)(void *arg), void *arg);

/* ---- timers: ids are 1, 2, 3 ... of this process ------------------------------------------------------------- */

struct rs_timer_info {
	int64_t due_ms;       /* on the clock of rs_loop_now_ms() */
	int64_t interval_ms;  /* 0: once */
	uint64_t fired;
	uint64_t round;       /* rs_loop_turns() when it was made or fired last */
};

/*
 * After ms (>= 1); with repeat again every ms, counted from the schedule: beats that were missed are skipped, not made up for.
 * NULL: no memory. A timer that does not repeat is gone when its callback is called. counts: it keeps the loop alive.
 */
struct rs_timer *rs_timer_new(struct rs_loop *l, int64_t ms, bool repeat, bool counts, void (*cb)(struct rs_timer *t, void *arg),
			      void *arg);
uint64_t rs_timer_id(const struct rs_timer *t);
/* NULL: no such timer lives. */
struct rs_timer *rs_timer_find(struct rs_loop *l, uint64_t id);
void rs_timer_info(const struct rs_timer *t, struct rs_timer_info *out);
void *rs_timer_arg(const struct rs_timer *t);
/* Also from its own callback. */
void rs_timer_free(struct rs_timer *t);
/* In order of ids: the first one with an id above `after`; NULL at the end. */
struct rs_timer *rs_timer_next(struct rs_loop *l, uint64_t after);
unsigned rs_timer_count(const struct rs_loop *l);

/* ---- descriptors ---------------------------------------------------------------------------------------------- */

#define RS_WATCH_READ 1u
#define RS_WATCH_WRITE 2u

/* Level-triggered. The fd stays the caller's. NULL: no memory, or the kernel cannot watch it (errno: EPERM for a regular file). */
struct rs_watch *rs_watch_new(struct rs_loop *l, int fd, unsigned events, bool counts,
			      void (*cb)(struct rs_watch *w, unsigned events, void *arg), void *arg);
int rs_watch_fd(const struct rs_watch *w);
unsigned rs_watch_events(const struct rs_watch *w);
/* 0: paused; it no longer counts then. false: the kernel refused. */
bool rs_watch_set(struct rs_watch *w, unsigned events);
void rs_watch_free(struct rs_watch *w);

/* ---- signals: the handler only notes it, the callback runs from the loop ---------------------------------------- */

/* Does not keep the loop alive. Replaces an earlier callback for signo. NULL: no memory or no such signal. */
struct rs_sigwatch *rs_sigwatch_new(struct rs_loop *l, int signo, void (*cb)(int signo, void *arg), void *arg);
struct rs_sigwatch *rs_sigwatch_find(struct rs_loop *l, int signo);
void *rs_sigwatch_arg(const struct rs_sigwatch *s);
/* The default action is back. */
void rs_sigwatch_free(struct rs_sigwatch *s);
/*
 * For those that do not turn their loop for long: told is called in the signal's handler, where next to nothing is allowed; what it
 * starts may call rs_loop_call_signals(), which calls back for all signals that have come. It returns how many.
 */
void rs_loop_tell_signals(struct rs_loop *l, void (*told)(void));
unsigned rs_loop_call_signals(struct rs_loop *l);

#endif
