/*
 * Swoole\Timer: user code's timers on the loop of the process. Ids are a sequence of their own: what else waits with a timer (a
 * sleeping coroutine, a client) is not to be seen or cleared here. Owns every struct tick.
 */
#include "swoole_invoke.h"
#include "swoole_loop.h"

#include <errno.h>
#include <ext/spl/spl_array.h>

#include "stubs/timer_arginfo.h"

struct tick {
	struct rs_timer *timer;
	zend_ulong id;
	struct rs_php_callback cb;
	bool repeats;
	bool running, cleared; /* cleared while it runs: goes when it returns */
	uint32_t argc;
	zval argv[];           /* as the callback gets them: a repeating one its id first */
};

/* The process's timers, by id in order of their making. */
static struct {
	HashTable table;
	bool ready;
	zend_ulong last_id;
	zend_class_entry *iterator_ce;
} timers;

/* The loop is gone, perhaps because this is a child: what it refers to stays referred to, nothing of user code runs here. */
static void forget(void)
{
	timers.ready = false;
	timers.last_id = 0;
}

static void tick_free(struct tick *k)
{
	struct rs_php_callback cb = k->cb;

	for (uint32_t i = 0; i < k->argc; i++)
		zval_ptr_dtor(&k->argv[i]);
	efree(k);
	rs_php_callback_free(&cb);
}

/* Off the table and the loop. Destructors may run. */
static void tick_remove(struct tick *k)
{
	zend_hash_index_del(&timers.table, k->id);
	rs_timer_free(k->timer);
	k->timer = NULL;
	if (k->running)
		k->cleared = true;
	else
		tick_free(k);
}

static void due_cb(struct rs_timer *t, void *arg)
{
	struct tick *k = arg;

	(void)t;
	if (!k->repeats) {
		zend_hash_index_del(&timers.table, k->id);
		k->timer = NULL;
		k->cleared = true;
	}
	k->running = true;
	rs_swoole_invoke(&k->cb, k->argc, k->argv);
	k->running = false;
	if (k->cleared)
		tick_free(k);
}

/* NULL: no memory (fatal), or warned. */
static struct tick *tick_new(zend_long ms, bool repeats, uint32_t argc, const zval *argv)
{
	struct rs_loop *l = rs_swoole_loop();
	uint32_t first = repeats ? 1 : 0;
	struct tick *k;

	k = ecalloc(1, sizeof *k + (first + argc) * sizeof(zval));
	k->timer = rs_timer_new(l, ms, repeats, true, due_cb, k);
	if (!k->timer) {
		efree(k);
		rs_swoole_warn(ENOMEM, "no memory for a timer");
		return NULL;
	}
	if (!timers.ready) {
		zend_hash_init(&timers.table, 8, NULL, NULL, false);
		timers.ready = true;
		rs_loop_at_drop(l, forget);
	}
	k->id = ++timers.last_id;
	k->repeats = repeats;
	k->argc = first + argc;
	if (repeats)
		ZVAL_LONG(&k->argv[0], (zend_long)k->id);
	for (uint32_t i = 0; i < argc; i++)
		ZVAL_COPY(&k->argv[first + i], &argv[i]);
	zend_hash_index_add_new_ptr(&timers.table, k->id, k);
	return k;
}

static struct tick *tick_find(zend_long id)
{
	return timers.ready ? zend_hash_index_find_ptr(&timers.table, (zend_ulong)id) : NULL;
}

/* Those that are there now: a destructor may make new ones. */
static void clear_all(void)
{
	uint32_t n = timers.ready ? zend_hash_num_elements(&timers.table) : 0;
	HashPosition first;
	struct tick *k;

	while (n-- > 0) {
		zend_hash_internal_pointer_reset_ex(&timers.table, &first);
		k = zend_hash_get_current_data_ptr_ex(&timers.table, &first);
		if (!k)
			return;
		tick_remove(k);
	}
}

void rs_swoole_timers_clear(void)
{
	clear_all();
}

static void rshutdown(void)
{
	clear_all();
	if (timers.ready)
		zend_hash_destroy(&timers.table);
	forget();
}

/* ---- methods --------------------------------------------------------------------------------------------------- */

static void add(INTERNAL_FUNCTION_PARAMETERS, bool repeats)
{
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	uint32_t argc = 0;
	zval *argv = NULL;
	struct tick *k;
	zend_long ms;

	ZEND_PARSE_PARAMETERS_START(2, -1)
		Z_PARAM_LONG(ms)
		Z_PARAM_FUNC(fci, fcc)
		Z_PARAM_VARIADIC('*', argv, argc)
	ZEND_PARSE_PARAMETERS_END();
	if (ms < 1) {
		rs_swoole_warn(0, "Timer must be greater than or equal to 1");
		RETURN_FALSE;
	}
	k = tick_new(ms, repeats, argc, argv);
	if (!k)
		RETURN_FALSE;
	rs_php_callback_copy(&k->cb, &fci, &fcc);
	RETURN_LONG((zend_long)k->id);
}

ZEND_METHOD(Swoole_Timer, tick)
{
	add(INTERNAL_FUNCTION_PARAM_PASSTHRU, true);
}

ZEND_METHOD(Swoole_Timer, after)
{
	add(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

/* The one argument of a method about one timer. false: an exception was thrown. */
static bool parse_id(INTERNAL_FUNCTION_PARAMETERS, zend_long *id)
{
	(void)return_value;
	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(*id)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	return true;
}

ZEND_METHOD(Swoole_Timer, clear)
{
	struct tick *k;
	zend_long id;

	if (!parse_id(INTERNAL_FUNCTION_PARAM_PASSTHRU, &id))
		RETURN_THROWS();
	k = tick_find(id);
	if (!k)
		RETURN_FALSE;
	tick_remove(k);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Timer, exists)
{
	zend_long id;

	if (!parse_id(INTERNAL_FUNCTION_PARAM_PASSTHRU, &id))
		RETURN_THROWS();
	RETURN_BOOL(tick_find(id) != NULL);
}

ZEND_METHOD(Swoole_Timer, info)
{
	struct rs_timer_info info;
	struct tick *k;
	zend_long id;

	if (!parse_id(INTERNAL_FUNCTION_PARAM_PASSTHRU, &id))
		RETURN_THROWS();
	k = tick_find(id);
	if (!k)
		RETURN_NULL();
	rs_timer_info(k->timer, &info);
	array_init_size(return_value, 5);
	add_assoc_long(return_value, "exec_msec", info.due_ms);
	add_assoc_long(return_value, "exec_count", (zend_long)info.fired);
	add_assoc_long(return_value, "interval", info.interval_ms);
	add_assoc_long(return_value, "round", (zend_long)info.round);
	add_assoc_bool(return_value, "removed", false);
}

ZEND_METHOD(Swoole_Timer, stats)
{
	struct rs_loop *l = rs_loop_peek();

	ZEND_PARSE_PARAMETERS_NONE();
	array_init_size(return_value, 3);
	add_assoc_bool(return_value, "initialized", timers.ready);
	add_assoc_long(return_value, "num", timers.ready ? zend_hash_num_elements(&timers.table) : 0);
	add_assoc_long(return_value, "round", l ? (zend_long)rs_loop_turns(l) : 0);
}

ZEND_METHOD(Swoole_Timer, list)
{
	zval ids;
	zend_ulong id;
	struct tick *k;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(&ids);
	if (timers.ready) {
		ZEND_HASH_FOREACH_NUM_KEY_PTR(&timers.table, id, k) {
			(void)k;
			add_next_index_long(&ids, (zend_long)id);
		} ZEND_HASH_FOREACH_END();
	}
	if (object_init_ex(return_value, timers.iterator_ce) == SUCCESS)
		zend_call_known_instance_method_with_1_params(timers.iterator_ce->constructor, Z_OBJ_P(return_value), NULL, &ids);
	zval_ptr_dtor(&ids);
}

ZEND_METHOD(Swoole_Timer, clearAll)
{
	ZEND_PARSE_PARAMETERS_NONE();
	if (!timers.ready)
		RETURN_FALSE;
	clear_all();
	RETURN_TRUE;
}

/* enable_coroutine is known; in a server its own setting holds. */
ZEND_METHOD(Swoole_Timer, set)
{
	struct rs_swoole_policy policy = *rs_swoole_policy();
	HashTable *settings;
	zval *on;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	on = zend_hash_str_find(settings, ZEND_STRL("enable_coroutine"));
	if (on && !rs_swoole_in_server()) {
		policy.coroutine = zend_is_true(on);
		rs_swoole_set_policy(&policy);
	}
	RETURN_TRUE;
}

void rs_swoole_minit_timer(void)
{
	zend_class_entry *ce = register_class_Swoole_Timer();

	timers.iterator_ce = register_class_Swoole_Timer_Iterator(spl_ce_ArrayIterator);
	rs_swoole_alias(ce, "swoole_timer");
	rs_swoole_alias(timers.iterator_ce, "swoole_timer_iterator");
	zend_register_functions(NULL, timer_functions, NULL, MODULE_PERSISTENT);
	rs_swoole_at_rshutdown(rshutdown);
}
