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
struct rs_co *rs_co_find(zend_long id);     /* NULL: ended or never was */

/*
 * New coroutine that runs cb at once, until it suspends or ends. Returns its id, or -1 (limit reached; warned).
 * in_server: an exception or exit that leaves it is settled as in a server callback, else it ends the process.
 * done (may be NULL) is called at its end with how it ended and the callback's return value (UNDEF when it threw).
 */
zend_long rs_co_create(struct rs_php_callback *cb, uint32_t argc, zval *argv, bool in_server,
		       void (*done)(void *arg, enum rs_call_end end, zval *ret), void *arg);

/* Suspends the running coroutine until rs_co_wake(). false: it was cancelled. Only inside a coroutine. */
bool rs_co_suspend(void);
/* From a callback of the loop or from another coroutine: it goes on now (before this returns). */
void rs_co_wake(struct rs_co *co);

/* ---- waiting, inside a coroutine ------------------------------------------------------------------------- */

enum rs_co_wait { RS_CO_READY, RS_CO_TIMEOUT, RS_CO_CANCELLED, RS_CO_FAILED /* errno */ };

/* timeout_ms < 0: for ever. */
enum rs_co_wait rs_co_sleep(int64_t ms);
enum rs_co_wait rs_co_wait_fd(int fd, unsigned watch_events, int64_t timeout_ms);
/* Waits for rs_co_wake() at most so long. */
enum rs_co_wait rs_co_suspend_for(int64_t timeout_ms);

/* Coroutines that live. */
unsigned rs_co_count(void);
/* In a forked child: those of the parent are not here. */
void rs_co_forked(void);
/* throw Swoole\Error "API must be called in the coroutine" when outside; false then. */
bool rs_co_require(void);

#endif
