/*
 * What the files of the coroutine core share: the coroutine, the process's table of them. Nobody else includes this.
 */
#ifndef RS_SWOOLE_COROUTINE_PRIVATE_H
#define RS_SWOOLE_COROUTINE_PRIVATE_H

#include "swoole_coroutine.h"

#include <sys/queue.h>
#include <zend_fibers.h>

#include "client/client_threads.h"

/* Engine error numbers, K of the contract. */
enum { RS_CO_E_CANNOT_CANCEL = 10015, RS_CO_E_NOT_EXISTS = 10016, RS_CO_E_CANCELED = 10017, RS_CO_E_TIMEDOUT = 10018 };

/* A call that Coroutine::defer() was given. */
struct rs_co_defer {
	struct rs_php_callback cb;
	SLIST_ENTRY(rs_co_defer) next;
};

/* Somebody who waits for its end. Owner: the waiter; off the list (le_prev NULL) when it has ended. */
struct rs_co_joiner {
	struct rs_co *waiter;
	unsigned *left;
	LIST_ENTRY(rs_co_joiner) next;
};

/* Why it does not run. */
enum rs_co_state { RS_CO_RUNNING, RS_CO_YIELDED /* resume() may wake it */, RS_CO_WAITING };

/* A C stack and the context on it. Its owner is the coroutine that runs on it, or rs_cos.spare. */
struct rs_co_stack {
	zend_fiber_context fiber;
	size_t bytes;
	SLIST_ENTRY(rs_co_stack) next;
};

struct rs_co {
	uint32_t magic;
	enum rs_co_state state;
	zend_long id, parent;
	struct rs_co_stack *stack;      /* NULL: it has ended, and the stack is spare */
	zend_fiber_context *at;         /* suspended: where it goes on: its stack, or that of a PHP Fiber it runs; else NULL */
	zend_fiber_context *from;       /* running: who goes on when it suspends or ends */
	zend_execute_data *frame;       /* suspended: its innermost frame */
	zend_vm_stack vm_stack;         /* suspended: its newest page, and how far that is used */
	zval *vm_top;
	bool in_server;
	bool cancelled;                 /* its last wait was ended by cancel() */
	bool killed;                    /* the process ends: it unwinds, it must not wait again */
	bool woken;                     /* a wake is on its way */
	bool completed;                 /* run(): the body that ran last has come to its end */
	bool ended;
	bool reported;                  /* in a deadlock report */
	enum rs_call_end end;
	JMP_BUF *bailout;               /* of whoever started it: a stack that was used before knows only the first one's */
	int64_t started_us;
	struct rs_php_callback cb;
	uint32_t argc;
	zval *argv, ret, context;       /* context: UNDEF until asked for */
	SLIST_HEAD(, rs_co_defer) deferred;
	LIST_HEAD(, rs_co_joiner) joiners;
	rs_co_done_fn *done;
	void *done_arg;
};

/* The process's coroutines. */
struct rs_cos {
	HashTable table;                /* id -> struct rs_co *, in order of their start; once ready */
	bool ready;
	bool closing;                   /* the end of the process: nothing starts or waits any more */
	bool must_end;                  /* one of them ends the process as soon as the loop lets go */
	struct rs_co *self;             /* the one that runs */
	SLIST_HEAD(, rs_co_stack) spare; /* stacks of coroutines that have ended */
	unsigned nspare;
	zend_long last_id;
	uint32_t max, peak;             /* max 0: the default */
	zend_long stack_bytes;          /* of a new one's C stack; 0: as configured */
	zval options;                   /* what set() was given; UNDEF */
	zend_class_entry *ce, *context_ce, *iterator_ce;
	struct rs_threads *threads;     /* NULL until asked for */
	unsigned jobs;                  /* on threads */
	unsigned fd_waits;              /* descriptors that are waited for */
};

struct rs_cos *rs_cos(void);

/* swoole_coroutine.c */
bool rs_co_suspend_as(enum rs_co_state why);
/* It runs until it suspends or ends. true: the process must end. */
bool rs_co_go_on(struct rs_co *co);
/* Ends co's wait: false there. */
void rs_co_cancel(struct rs_co *co);

/* swoole_coroutine_fiber.c */
bool rs_co_fiber_init(struct rs_co *co); /* false: no memory */
void rs_co_fiber_ended(struct rs_co *co); /* nobody runs on it any more */
void rs_co_drop_spare(void);
void rs_co_switch(zend_fiber_context *to); /* returns when somebody switches back */
bool rs_co_switch_blocked(void);         /* the engine is in a place where nobody may switch */
size_t rs_co_stack_bytes(void);          /* of the C stack of new ones */

/* swoole_coroutine_end.c: table and loop are there after this. */
void rs_co_prepare(void);
/* In MINIT, after that of the loop's owner: what is left at the end of a request goes before the loop does. */
void rs_co_minit_end(void);

/* swoole_coroutine_wait.c: false: not all of them ended in time, or cancelled. */
bool rs_co_join(struct rs_co **list, size_t n, int64_t timeout_ms);

/* swoole_coroutine_report.c */
void rs_co_backtrace(struct rs_co *co, zval *out, zend_long options, zend_long limit);
zend_long rs_co_stack_usage(const struct rs_co *co);
void rs_co_report_deadlock(void);

/* swoole_coroutine_class.c: of Coroutine::set(). */
void rs_co_set_options(HashTable *options);

#endif
