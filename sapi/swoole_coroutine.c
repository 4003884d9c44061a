/*
 * The core of coroutines: the table of them, creation, suspending, waking, ends. Runs in any PHP process.
 *
 * The loop is the scheduler: whatever a coroutine waits for calls rs_co_wake() from there, and the coroutine runs at once
 * until it suspends again. An uncaught exception is reported, then the process ends with 255, unless in_server. Ending is a
 * bailout, and a longjmp must not cross the loop: the callback of the loop returns, rs_co_after_loop() bails out.
 */
#include "swoole_coroutine_private.h"

#include "base/rs_clock.h"
#include "worker/loop.h"

#define CO_MAGIC 0xc0a0071eu
#define CO_MAX_DEFAULT 100000

static struct rs_cos all;

struct rs_cos *rs_cos(void)
{
	return &all;
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

static void co_free(struct rs_co *co)
{
	struct rs_co_defer *d;

	while ((d = SLIST_FIRST(&co->deferred))) {
		SLIST_REMOVE_HEAD(&co->deferred, next);
		efree(d);
	}
	zval_ptr_dtor(&co->ret);
	if (co->argv)
		efree(co->argv);
	efree(co);
}

/* It has ended and its stack is gone. true: the process must end. */
static bool finish(struct rs_co *co)
{
	bool ends = !co->in_server && (co->end == RS_CALL_FATAL || (co->end != RS_CALL_OK && !co->killed));
	struct rs_co_joiner *j;

	zend_hash_index_del(&all.table, (zend_ulong)co->id);
	rs_co_fiber_ended(co);
	if (co->done)
		co->done(co->done_arg, co->end, &co->ret);
	while (!ends && (j = LIST_FIRST(&co->joiners))) {
		LIST_REMOVE(j, next);
		j->next.le_prev = NULL;
		if (--*j->left == 0)
			rs_co_wake(j->waiter);
	}
	co_free(co);
	return ends;
}

/* co runs until it suspends or ends. true: the process must end. */
bool rs_co_go_on(struct rs_co *co)
{
	struct rs_co *here = all.self;
	zend_fiber_context *at = co->at;

	co->at = NULL;
	co->from = EG(current_fiber_context);
	co->state = RS_CO_RUNNING;
	co->woken = false;
	all.self = co;
	rs_co_switch(at);
	all.self = here;
	return co->ended && finish(co);
}

/* NULL: warned. */
static struct rs_co *co_new(struct rs_php_callback *cb, uint32_t argc, zval *argv)
{
	uint32_t max = all.max ? all.max : CO_MAX_DEFAULT;
	struct rs_co *co;

	rs_co_prepare();
	if (all.closing || zend_hash_num_elements(&all.table) >= max) {
		rs_swoole_warn(0, all.closing ? "the process ends, no coroutine can be created"
					      : "exceed max number of coroutine %u", max);
		return NULL;
	}
	co = ecalloc(1, sizeof *co);
	if (!rs_co_fiber_init(co)) {
		efree(co);
		rs_swoole_warn(12 /* ENOMEM */, "failed to allocate the stack of a coroutine");
		return NULL;
	}
	co->magic = CO_MAGIC;
	co->id = ++all.last_id;
	co->parent = rs_co_id(all.self);
	co->started_us = rs_now_us();
	rs_php_callback_copy(&co->cb, &cb->fci, &cb->fcc);
	co->argc = argc;
	co->argv = argc ? safe_emalloc(argc, sizeof *argv, 0) : NULL;
	for (uint32_t i = 0; i < argc; i++)
		ZVAL_COPY(&co->argv[i], &argv[i]);
	zend_hash_index_add_new_ptr(&all.table, (zend_ulong)co->id, co);
	if (zend_hash_num_elements(&all.table) > all.peak)
		all.peak = zend_hash_num_elements(&all.table);
	return co;
}

zend_long rs_co_create(struct rs_php_callback *cb, uint32_t argc, zval *argv, bool in_server,
		       rs_co_done_fn *done, void *arg)
{
	struct rs_co *co;
	zend_long id;

	if (rs_co_switch_blocked()) {
		rs_swoole_throw_error(0, "a coroutine cannot be created here");
		return -1;
	}
	co = co_new(cb, argc, argv);
	if (!co)
		return -1;
	id = co->id;
	co->in_server = in_server;
	co->done = done;
	co->done_arg = arg;
	if (rs_co_go_on(co))
		zend_bailout();
	return id;
}

/* ---- suspending and waking ---------------------------------------------------------------------------------------- */

struct rs_co *rs_co_self(void)
{
	return all.self;
}

zend_long rs_co_id(const struct rs_co *co)
{
	return co ? co->id : -1;
}

rs_co_done_fn *rs_co_done(const struct rs_co *co)
{
	return co ? co->done : NULL;
}

struct rs_co *rs_co_find(zend_long id)
{
	return all.ready ? zend_hash_index_find_ptr(&all.table, (zend_ulong)id) : NULL;
}

unsigned rs_co_count(void)
{
	return all.ready ? zend_hash_num_elements(&all.table) : 0;
}

bool rs_co_require(void)
{
	if (all.self)
		return true;
	rs_swoole_throw_error(10001, "API must be called in the coroutine");
	return false;
}

bool rs_co_suspend_as(enum rs_co_state why)
{
	struct rs_co *co = all.self;
	zend_fiber_context *back;

	RS_CHECK(co, CO_MAGIC);
	if (co->killed || rs_co_switch_blocked()) {
		rs_swoole_throw_error(0, "a coroutine cannot wait here%s", co->killed ? ": the process ends" : "");
		return false;
	}
	back = co->from;
	co->from = NULL;
	co->at = EG(current_fiber_context);
	co->frame = EG(current_execute_data);
	co->vm_stack = EG(vm_stack);
	co->vm_top = EG(vm_stack_top);
	co->cancelled = false;
	co->state = why;
	rs_co_switch(back);
	if (all.self != co) {
		/* The engine destroys a Fiber that we were suspended in: that unwinds, what called it is lost. */
		co->at = NULL;
		zend_throw_exception_internal(zend_create_graceful_exit());
		return false;
	}
	if (co->killed)
		zend_throw_exception_internal(zend_create_graceful_exit());
	return !co->cancelled && !co->killed;
}

bool rs_co_suspend(void)
{
	return rs_co_suspend_as(RS_CO_WAITING);
}

/* From a place where the engine forbids to switch (ticks, signal handlers): later, from the loop. */
static void wake_later_cb(void *arg)
{
	struct rs_co *co = rs_co_find((zend_long)(intptr_t)arg);

	if (co && co->woken)
		rs_co_wake(co);
}

static bool wake(struct rs_co *co)
{
	RS_CHECK(co, CO_MAGIC);
	if (!co->at)
		return false;
	if (!rs_co_switch_blocked())
		return rs_co_go_on(co);
	if (!co->woken)
		co->woken = rs_loop_defer(rs_loop_get(), wake_later_cb, (void *)(intptr_t)co->id);
	return false;
}

void rs_co_end_process(void)
{
	struct rs_loop *l = rs_loop_peek();

	if (all.self || !l || !rs_loop_running(l))
		zend_bailout();
	all.must_end = true;
	rs_loop_break(l);
}

void rs_co_wake(struct rs_co *co)
{
	if (wake(co))
		rs_co_end_process();
}

void rs_co_wake_from_php(struct rs_co *co)
{
	if (wake(co))
		zend_bailout();
}

void rs_co_cancel(struct rs_co *co)
{
	co->cancelled = true;
	rs_co_wake_from_php(co);
}

bool rs_co_must_end(void)
{
	return all.must_end;
}

bool rs_co_ended_loop(bool ended)
{
	bool must_end = all.must_end;

	all.must_end = false;
	if (!must_end && ended && !all.self && !EG(exception) && rs_co_count() > 0)
		rs_co_report_deadlock();
	return must_end;
}

void rs_co_after_loop(bool ended)
{
	if (rs_co_ended_loop(ended))
		zend_bailout();
}

