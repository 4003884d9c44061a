/*
 * Swoole\Event: deferred calls, turns, waiting for all that is registered; and that at the end of a script. Owns every struct
 * deferred.
 */
#include "swoole_event_private.h"
#include "swoole_coroutine.h"
#include "swoole_invoke.h"

#include <sys/queue.h>

struct deferred {
	struct rs_php_callback cb;
	STAILQ_ENTRY(deferred) next;
};

static struct {
	struct rs_php_callback cycle[2]; /* [before] */
	STAILQ_HEAD(, deferred) deferred;
	bool left;                       /* exit() ended the newest run: the script's end does not run the loop again */
} turns;

/* The loop is gone, perhaps because this is a child: what it refers to stays referred to, nothing of user code runs here. */
static void forget(void)
{
	memset(&turns, 0, sizeof turns);
	STAILQ_INIT(&turns.deferred);
}

static struct rs_loop *start(void)
{
	struct rs_loop *l = rs_swoole_loop();

	rs_loop_at_drop(l, forget);
	return l;
}

static void deferred_cb(void *arg)
{
	struct deferred *d = arg;

	STAILQ_REMOVE(&turns.deferred, d, deferred, next);
	rs_swoole_invoke(&d->cb, 0, NULL);
	rs_php_callback_free(&d->cb);
	efree(d);
}

ZEND_METHOD(Swoole_Event, defer)
{
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	struct deferred *d;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_require_async();
	d = ecalloc(1, sizeof *d);
	if (!rs_loop_defer(start(), deferred_cb, d)) {
		efree(d);
		RETURN_FALSE;
	}
	rs_php_callback_copy(&d->cb, &fci, &fcc);
	STAILQ_INSERT_TAIL(&turns.deferred, d, next);
	RETURN_TRUE;
}

static void cycle_cb(void *arg)
{
	rs_swoole_invoke(arg, 0, NULL);
}

static void each_turn_off(bool before)
{
	if (!turns.cycle[before].set)
		return;
	rs_loop_each_turn(start(), before, NULL, NULL);
	rs_php_callback_free(&turns.cycle[before]);
}

ZEND_METHOD(Swoole_Event, cycle)
{
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	struct rs_php_callback *cb;
	bool before = false;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_FUNC_OR_NULL(fci, fcc)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(before)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_require_async();
	cb = &turns.cycle[before];
	if (!ZEND_FCI_INITIALIZED(fci)) {
		RETVAL_BOOL(cb->set);
		each_turn_off(before);
		return;
	}
	rs_php_callback_copy(cb, &fci, &fcc);
	rs_loop_each_turn(start(), before, cycle_cb, cb);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Event, dispatch)
{
	ZEND_PARSE_PARAMETERS_NONE();
	rs_swoole_require_async();
	start();
	RETURN_BOOL(rs_swoole_run_loop(RS_LOOP_ONCE) != RS_ERR);
}

ZEND_METHOD(Swoole_Event, wait)
{
	struct rs_loop *l = rs_loop_peek();

	ZEND_PARSE_PARAMETERS_NONE();
	if (rs_swoole_in_server()) {
		rs_swoole_warn(0, "the server runs the event loop");
		return;
	}
	turns.left = false;
	if (l && !rs_loop_running(l))
		rs_swoole_run_loop(RS_LOOP_UNTIL_EMPTY);
}

void rs_swoole_loop_left(void)
{
	struct rs_loop *l;

	rs_swoole_timers_clear();
	rs_swoole_events_clear();
	each_turn_off(false);
	each_turn_off(true);
	l = rs_loop_peek();
	/* Coroutines that wait, and what was deferred. */
	turns.left = l && !rs_loop_empty(l);
}

ZEND_METHOD(Swoole_Event, exit)
{
	struct rs_loop *l = rs_loop_peek();

	ZEND_PARSE_PARAMETERS_NONE();
	if (!l || !rs_loop_running(l))
		return;
	turns.left = true;
	rs_loop_stop(l);
}

/* ---- the end of a script --------------------------------------------------------------------------------------- */

static bool script_failed(void)
{
	return CG(unclean_shutdown) || (PG(last_error_message) && (PG(last_error_type) & E_FATAL_ERRORS));
}

/*
 * The first shutdown function of every script: what is registered then goes on until nothing is left, before those of user code,
 * before objects die. Not after a fatal error, an uncaught exception, or an exit from one of the loop's callbacks. When one of
 * these ends it here, the other shutdown functions are still called, as they would be at the end of any script.
 */
ZEND_METHOD(Swoole_Event, rshutdown)
{
	struct rs_loop *l;
	bool ends = false;

	ZEND_PARSE_PARAMETERS_NONE();
	/* A fork in a callback: in the child the parent's loop lets go, and there may be one of its own. */
	while (!ends && (l = rs_loop_peek()) && !rs_loop_running(l) && !turns.left && !script_failed() && !rs_swoole_in_server()) {
		ends = rs_co_ended_loop(rs_loop_run(l, RS_LOOP_UNTIL_EMPTY) == RS_OK);
		if (rs_loop_peek() == l)
			break;
	}
}

static void rinit(void)
{
	php_shutdown_function_entry entry = { .fci = empty_fcall_info, .fci_cache = empty_fcall_info_cache };

	rs_swoole_script_policy();
	if (rs_php()->hosting || strcmp(sapi_module.name, "cli") != 0)
		return;
	entry.fci.size = sizeof entry.fci;
	ZVAL_STRING(&entry.fci.function_name, "Swoole\\Event::rshutdown");
	entry.fci_cache.function_handler = zend_hash_str_find_ptr(&rs_swoole_event_ce->function_table, ZEND_STRL("rshutdown"));
	entry.fci_cache.called_scope = rs_swoole_event_ce;
	append_user_shutdown_function(&entry);
}

static void rshutdown(void)
{
	struct deferred *d;

	while ((d = STAILQ_FIRST(&turns.deferred))) {
		STAILQ_REMOVE_HEAD(&turns.deferred, next);
		rs_php_callback_free(&d->cb);
		efree(d);
	}
	rs_php_callback_free(&turns.cycle[0]);
	rs_php_callback_free(&turns.cycle[1]);
}

void rs_swoole_minit_event_turn(void)
{
	forget();
	rs_swoole_at_rinit(rinit);
	rs_swoole_at_rshutdown(rshutdown);
}
