/*
 * What Swoole\Coroutine tells of coroutines: parents, contexts, times, backtraces, the list of them, statistics.
 */
#include "swoole_coroutine_private.h"

#include <signal.h>
#include <zend_builtin_functions.h>

#include "base/rs_clock.h"
#include "worker/loop.h"

/* ---- what is known of one: cid 0 is the running one ---------------------------------------------------------------- */

static struct rs_co *co_of(zend_long id)
{
	return id == 0 ? rs_co_self() : rs_co_find(id);
}

static bool parse_id(zend_execute_data *execute_data, struct rs_co **co)
{
	zend_long id = 0;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(id)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	*co = co_of(id);
	if (!*co)
		rs_swoole_set_error(RS_CO_E_NOT_EXISTS);
	return true;
}

ZEND_METHOD(Swoole_Coroutine, exists)
{
	zend_long id;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(id)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_co_find(id));
}

ZEND_METHOD(Swoole_Coroutine, getCid)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(rs_co_id(rs_co_self()));
}

ZEND_METHOD(Swoole_Coroutine, getPcid)
{
	struct rs_co *co;

	if (!parse_id(execute_data, &co))
		RETURN_THROWS();
	if (!co)
		RETURN_FALSE;
	RETURN_LONG(co->parent);
}

ZEND_METHOD(Swoole_Coroutine, getContext)
{
	struct rs_co *co;

	if (!parse_id(execute_data, &co))
		RETURN_THROWS();
	if (!co)
		RETURN_NULL();
	if (Z_TYPE(co->context) == IS_UNDEF)
		object_init_ex(&co->context, rs_cos()->context_ce);
	RETURN_COPY(&co->context);
}

ZEND_METHOD(Swoole_Coroutine, getElapsed)
{
	struct rs_co *co;

	if (!parse_id(execute_data, &co))
		RETURN_THROWS();
	if (!co)
		RETURN_FALSE;
	RETURN_LONG((rs_now_us() - co->started_us) / 1000);
}

ZEND_METHOD(Swoole_Coroutine, getStackUsage)
{
	struct rs_co *co;

	if (!parse_id(execute_data, &co))
		RETURN_THROWS();
	if (!co)
		RETURN_FALSE;
	RETURN_LONG(rs_co_stack_usage(co));
}

static void backtrace(zend_execute_data *execute_data, zval *return_value, zend_long options, bool print)
{
	zend_long id = 0, limit = 0;
	zend_string *text;
	struct rs_co *co;

	ZEND_PARSE_PARAMETERS_START(0, 3)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(id)
		Z_PARAM_LONG(options)
		Z_PARAM_LONG(limit)
	ZEND_PARSE_PARAMETERS_END();
	co = co_of(id);
	/* One that waits for another that it woke has no frames of its own to show. */
	if (!co || (!co->at && co != rs_co_self()))
		RETURN_FALSE;
	rs_co_backtrace(co, return_value, options, limit);
	if (!print)
		return;
	text = zend_trace_to_string(Z_ARRVAL_P(return_value), false);
	zval_ptr_dtor(return_value);
	PHPWRITE(ZSTR_VAL(text), ZSTR_LEN(text));
	PHPWRITE("\n", 1);
	zend_string_release(text);
	RETURN_NULL();
}

ZEND_METHOD(Swoole_Coroutine, getBackTrace)
{
	backtrace(execute_data, return_value, DEBUG_BACKTRACE_PROVIDE_OBJECT, false);
}

ZEND_METHOD(Swoole_Coroutine, printBackTrace)
{
	backtrace(execute_data, return_value, 0, true);
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine, list)
{
	struct rs_cos *all = rs_cos();
	zend_ulong id;
	zval ids;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(&ids);
	if (all->ready) {
		ZEND_HASH_FOREACH_NUM_KEY(&all->table, id) {
			add_next_index_long(&ids, (zend_long)id);
		} ZEND_HASH_FOREACH_END();
	}
	object_init_ex(return_value, all->iterator_ce);
	zend_call_known_instance_method_with_1_params(all->iterator_ce->constructor, Z_OBJ_P(return_value), NULL, &ids);
	zval_ptr_dtor(&ids);
}

ZEND_METHOD(Swoole_Coroutine, stats)
{
	struct rs_threads_stats threads = { 0 };
	struct rs_cos *all = rs_cos();
	struct rs_loop *l = rs_loop_peek();
	zend_long signals = 0;

	ZEND_PARSE_PARAMETERS_NONE();
	if (all->threads)
		rs_threads_stats(all->threads, &threads);
	array_init(return_value);
	for (int signo = 1; l && signo < NSIG; signo++)
		signals += rs_sigwatch_find(l, signo) != NULL;
	add_assoc_long(return_value, "event_num", all->fd_waits);
	add_assoc_long(return_value, "signal_listener_num", signals);
	add_assoc_long(return_value, "aio_task_num", all->jobs);
	add_assoc_long(return_value, "aio_worker_num", threads.threads);
	add_assoc_long(return_value, "aio_queue_size", threads.queued);
	add_assoc_long(return_value, "c_stack_size", (zend_long)rs_co_stack_bytes());
	add_assoc_long(return_value, "coroutine_num", rs_co_count());
	add_assoc_long(return_value, "coroutine_peak_num", all->peak);
	add_assoc_long(return_value, "coroutine_last_cid", all->last_id);
}
