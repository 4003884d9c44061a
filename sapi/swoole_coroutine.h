/*
 * Coroutines for C: a coroutine is a PHP Fiber plus what waits for it. Implemented in swoole_coroutine.c.
 *
 * The scheduler is the process's loop (worker/loop.h). A coroutine runs at once when created, until it first suspends.
 */
#ifndef RS_SWOOLE_COROUTINE_H
#define RS_SWOOLE_COROUTINE_H

#include "swoole.h"

struct rs_co;

/* The running coroutine; NULL outside of any. */
struct rs_co *rs_co_self(void);
zend_long rs_co_id(const struct rs_co *co); /* -1 for NULL */
/* As given to rs_co_create(): tells whose it is; NULL for NULL. */
typedef void rs_co_done_fn(void *arg, enum rs_call_end end, zval *ret);
rs_co_done_fn *rs_co_done(const struct rs_co *co);
struct rs_co *rs_co_find(zend_long id);     /* NULL: ended or never was */

/*
 * New coroutine that runs cb at once, until it suspends or ends. Returns its id, or -1 (limit reached; warned).
 * in_server: an exception or exit that leaves it is settled as in a server callback, else it ends the process.
 * done (may be NULL) is called at its end with how it ended and the callback's return value (UNDEF when it threw).
 */
zend_long rs_co_create(struct rs_php_callback *cb, uint32_t argc, zval *argv, bool in_server,
		       rs_co_done_fn *done, void *arg);

/* Suspends the running coroutine until rs_co_wake(). false: it was cancelled. Only inside a coroutine. */
bool rs_co_suspend(void);
/*
 * From a callback of the loop or from another coroutine: it goes on now (before this returns). When it ends the process
 * (an exception outside of servers, a fatal error), a callback of the loop must return at once: the loop has been broken
 * off, and whoever ran it calls rs_co_after_loop().
 */
void rs_co_wake(struct rs_co *co);
/* The same from a method that PHP called; does not return when the coroutine ends the process. */
void rs_co_wake_from_php(struct rs_co *co);

/* ---- waiting, inside a coroutine ------------------------------------------------------------------------- */

enum rs_co_wait { RS_CO_READY, RS_CO_TIMEOUT, RS_CO_CANCELLED, RS_CO_FAILED /* errno */ };

/* timeout_ms < 0: for ever. */
enum rs_co_wait rs_co_sleep(int64_t ms);
enum rs_co_wait rs_co_wait_fd(int fd, unsigned watch_events, int64_t timeout_ms);
/* Until one of them is ready. */
struct rs_co_fd {
	int fd;
	unsigned events; /* RS_WATCH_* */
};
enum rs_co_wait rs_co_wait_many(const struct rs_co_fd *items, size_t n, int64_t timeout_ms);
/* Waits for rs_co_wake() at most so long. */
enum rs_co_wait rs_co_suspend_for(int64_t timeout_ms);
/*
 * work(arg) on a thread: nothing of PHP there, no memory of PHP's heap. RS_CO_READY: done, arg is the caller's again; else
 * the work goes on by itself and drop(arg) is called when it has ended (RS_CO_FAILED: it was called, nothing was done).
 */
enum rs_co_wait rs_co_thread(void (*work)(void *arg), void (*drop)(void *arg), void *arg, int64_t timeout_ms);
/*
 * The same outside of coroutines too: nobody waits, the loop calls done(arg), and stays alive until then. false: nothing will be
 * called; errno.
 */
bool rs_co_job(void (*work)(void *arg), void (*done)(void *arg), void *arg) RS_MUST_CHECK;
/* Seconds as PHP gives them: milliseconds, at least 1; -1 (for ever) for anything that is not above 0. */
int64_t rs_co_ms(double seconds);

/* ---- the process ------------------------------------------------------------------------------------------ */

/*
 * After each rs_loop_run() that PHP code asked for (outside of servers: the container, Event::wait(), the end of the
 * script). ended: the run ended by itself, RS_OK. Ends the process if a coroutine must; tells of a deadlock.
 */
void rs_co_after_loop(bool ended);
/* The same for who lets the process end by itself afterwards: does not bail out. true: it is to end, status in EG(exit_status). */
bool rs_co_ended_loop(bool ended);
/*
 * What was called has ended in a way that must end the process, status in EG(exit_status). In a callback of the loop: breaks it
 * off, the callback must return at once, as after rs_co_wake(). Elsewhere it does not return.
 */
void rs_co_end_process(void);
/* For servers: has a coroutine broken the loop off because the process must end (status in EG(exit_status))? */
bool rs_co_must_end(void);
/* Coroutines that live. */
unsigned rs_co_count(void);
/* In a forked child: those of the parent are not here, but for the one that forked. Happens by itself with the loop. */
void rs_co_forked(void);
/*
 * In a forked child that will never return to whoever called fork(): what runs now is the process's main code, not the
 * coroutine that happened to fork. It must not suspend into a copy of its parent's loop.
 */
void rs_co_leave(void);
/* throw Swoole\Error "API must be called in the coroutine" when outside; false then. */
bool rs_co_require(void);

/* For the snapshot: remembers what Coroutine::set() and the hooks are; puts them back if they are others now: true. */
void rs_co_keep_settings(void);
bool rs_co_restore_settings(void);

#endif
