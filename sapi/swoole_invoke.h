/*
 * How the loop calls user code: timers, descriptors, deferred calls, signals, clients. One way in for all of them; what
 * happens depends on what the process is, which whoever makes the process says here.
 */
#ifndef RS_SWOOLE_INVOKE_H
#define RS_SWOOLE_INVOKE_H

#include "swoole.h"
#include "worker/loop.h"

/*
 * A script, a Process, a Pool worker (settle NULL): each callback runs in a coroutine of its own, so that it may wait; what leaves
 * it ends the process as PHP does: an exception is reported, status 255; exit is a plain exit. That coroutine is PHP's
 * business only where user code asks for it (Coroutine::getCid()); it does not forbid what is forbidden in coroutines.
 * A server process: settle is called with the end of every callback.
 */
struct rs_swoole_policy {
	bool coroutine;                       /* the setting enable_coroutine */
	void (*settle)(enum rs_call_end end); /* RS_CALL_FATAL: the process must end; FATAL and THROWN in a coroutine as well */
	/* Runs body, instead of calling it guarded: what is to be done around every callback. NULL: nothing */
	enum rs_call_end (*run)(void (*body)(void *arg), void *arg);
	uint64_t reserved_signals;            /* bit n: signal n is not for Process::signal() here */
};

void rs_swoole_set_policy(const struct rs_swoole_policy *policy);
const struct rs_swoole_policy *rs_swoole_policy(void);
/* That of a plain PHP process, also a child that is one again: coroutines as php.ini says. */
void rs_swoole_script_policy(void);

/* From a callback of the loop, which must return right after it. argv stays the caller's. */
void rs_swoole_invoke(struct rs_php_callback *cb, uint32_t argc, zval *argv);
/*
 * The same; answer gets what the callback returned, NULL when it did not return. It may come later: the callback's coroutine may
 * wait. It comes once, and may free arg; it must not call user code.
 */
void rs_swoole_invoke_answer(struct rs_php_callback *cb, uint32_t argc, zval *argv, void (*answer)(void *arg, zval *ret), void *arg);
/*
 * A string for argv that may be longer than PHP's memory allows: that is a fatal error which must not leap across the loop.
 * false: the callback of the loop must return at once, the process ends.
 */
bool rs_swoole_invoke_text(zval *to, struct rs_slice bytes);
/* The same, never in a coroutine: signal handlers, which may fork. */
void rs_swoole_invoke_plain(struct rs_php_callback *cb, uint32_t argc, zval *argv);

/* Are we in a coroutine that user code made, not in one that only carries a callback? */
bool rs_swoole_in_own_coroutine(void);

/* Turns the loop on behalf of PHP code; does not return when the process must end. */
enum rs_result rs_swoole_run_loop(enum rs_loop_mode mode);

#endif
