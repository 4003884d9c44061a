/*
 * Containers: what starts coroutines and runs the loop until they have ended. Swoole\Coroutine\Scheduler, Swoole\Coroutine\run().
 * batch(), parallel() and map() are in swoole_coroutine_gather.c.
 */
#include "swoole_coroutine_private.h"

#include "stubs/scheduler_arginfo.h"
#include "swoole_invoke.h"
#include "swoole_runtime.h"
#include "worker/loop.h"

/* A call that waits for start(). */
struct task {
	struct rs_php_callback cb;
	uint32_t argc;
	zval *argv;
	zend_long times;
	STAILQ_ENTRY(task) next;
};

struct scheduler {
	bool started;
	STAILQ_HEAD(tasks, task) tasks;
	zend_object std;
};

static struct {
	zend_class_entry *ce;
	zend_object_handlers handlers;
} class;

/* ---- containers ----------------------------------------------------------------------------------------------------- */

/* Does a loop run already? Then warns. */
static bool refused(void)
{
	struct rs_loop *l = rs_loop_peek();

	if (!rs_co_self() && !(l && rs_loop_running(l)))
		return false;
	rs_swoole_warn(0, "eventLoop has already been created. unable to start %s", ZSTR_VAL(class.ce->name));
	return true;
}

/* Unless the program says otherwise, what blocks inside a container suspends. */
static void default_hooks(void)
{
	const zval *options = &rs_cos()->options;

	if (Z_TYPE_P(options) != IS_ARRAY || !zend_hash_str_exists(Z_ARRVAL_P(options), ZEND_STRL("hook_flags")))
		rs_hook_set_flags(RS_HOOK_ALL);
}

static void task_free(struct task *t)
{
	for (uint32_t i = 0; i < t->argc; i++)
		zval_ptr_dtor(&t->argv[i]);
	if (t->argv)
		efree(t->argv);
	rs_php_callback_free(&t->cb);
	efree(t);
}

ZEND_FUNCTION(Swoole_Coroutine_run)
{
	struct rs_php_callback cb = { .set = true };
	zval *argv = NULL;
	uint32_t argc = 0;

	ZEND_PARSE_PARAMETERS_START(1, -1)
		Z_PARAM_FUNC(cb.fci, cb.fcc)
		Z_PARAM_VARIADIC('*', argv, argc)
	ZEND_PARSE_PARAMETERS_END();
	if (refused())
		RETURN_FALSE;
	default_hooks();
	if (rs_co_create(&cb, argc, argv, false, NULL, NULL) < 0)
		RETURN_FALSE;
	rs_swoole_run_loop(RS_LOOP_UNTIL_EMPTY);
	RETURN_TRUE;
}

/* ---- Scheduler ------------------------------------------------------------------------------------------------------ */

static zend_object *scheduler_create(zend_class_entry *ce)
{
	struct scheduler *s = zend_object_alloc(sizeof *s, ce);

	STAILQ_INIT(&s->tasks);
	zend_object_std_init(&s->std, ce);
	object_properties_init(&s->std, ce);
	s->std.handlers = &class.handlers;
	return &s->std;
}

static void scheduler_free(zend_object *obj)
{
	struct scheduler *s = RS_SWOOLE_OBJECT(struct scheduler, obj);
	struct task *t;

	while ((t = STAILQ_FIRST(&s->tasks))) {
		STAILQ_REMOVE_HEAD(&s->tasks, next);
		task_free(t);
	}
	zend_object_std_dtor(obj);
}

static HashTable *scheduler_gc(zend_object *obj, zval **table, int *n)
{
	struct scheduler *s = RS_SWOOLE_OBJECT(struct scheduler, obj);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();
	struct task *t;

	STAILQ_FOREACH(t, &s->tasks, next) {
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&t->cb));
		for (uint32_t i = 0; i < t->argc; i++)
			zend_get_gc_buffer_add_zval(buffer, &t->argv[i]);
	}
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(obj);
}

static bool add(zend_object *obj, const struct rs_php_callback *cb, uint32_t argc, zval *argv, zend_long times)
{
	struct scheduler *s = RS_SWOOLE_OBJECT(struct scheduler, obj);
	struct task *t;

	if (s->started) {
		rs_swoole_warn(0, "scheduler is running, unable to execute");
		return false;
	}
	t = ecalloc(1, sizeof *t);
	rs_php_callback_copy(&t->cb, &cb->fci, &cb->fcc);
	t->times = times;
	t->argc = argc;
	t->argv = argc ? safe_emalloc(argc, sizeof *argv, 0) : NULL;
	for (uint32_t i = 0; i < argc; i++)
		ZVAL_COPY(&t->argv[i], &argv[i]);
	STAILQ_INSERT_TAIL(&s->tasks, t, next);
	return true;
}

ZEND_METHOD(Swoole_Coroutine_Scheduler, add)
{
	struct rs_php_callback cb = { .set = true };
	zval *argv = NULL;
	uint32_t argc = 0;

	ZEND_PARSE_PARAMETERS_START(1, -1)
		Z_PARAM_FUNC(cb.fci, cb.fcc)
		Z_PARAM_VARIADIC('*', argv, argc)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(add(Z_OBJ_P(ZEND_THIS), &cb, argc, argv, 1));
}

ZEND_METHOD(Swoole_Coroutine_Scheduler, parallel)
{
	struct rs_php_callback cb = { .set = true };
	zval *argv = NULL;
	uint32_t argc = 0;
	zend_long n;

	ZEND_PARSE_PARAMETERS_START(2, -1)
		Z_PARAM_LONG(n)
		Z_PARAM_FUNC(cb.fci, cb.fcc)
		Z_PARAM_VARIADIC('*', argv, argc)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(add(Z_OBJ_P(ZEND_THIS), &cb, argc, argv, n));
}

/* Options are the process's, as those of Coroutine::set(). */
ZEND_METHOD(Swoole_Coroutine_Scheduler, set)
{
	HashTable *settings;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	rs_co_set_options(settings);
}

ZEND_METHOD(Swoole_Coroutine_Scheduler, getOptions)
{
	ZEND_PARSE_PARAMETERS_NONE();
	if (Z_TYPE(rs_cos()->options) == IS_UNDEF)
		RETURN_NULL();
	RETURN_COPY(&rs_cos()->options);
}

ZEND_METHOD(Swoole_Coroutine_Scheduler, start)
{
	struct scheduler *s = RS_SWOOLE_OBJECT(struct scheduler, Z_OBJ_P(ZEND_THIS));
	struct task *t;

	ZEND_PARSE_PARAMETERS_NONE();
	if (refused())
		RETURN_FALSE;
	if (s->started) {
		rs_swoole_warn(0, "scheduler is running, unable to execute");
		RETURN_FALSE;
	}
	s->started = true;
	default_hooks();
	while ((t = STAILQ_FIRST(&s->tasks)) && !EG(exception)) {
		STAILQ_REMOVE_HEAD(&s->tasks, next);
		while (t->times-- > 0 && !EG(exception))
			if (rs_co_create(&t->cb, t->argc, t->argv, false, NULL, NULL) < 0)
				break;
		task_free(t);
	}
	if (!EG(exception))
		rs_swoole_run_loop(RS_LOOP_UNTIL_EMPTY);
	s->started = false;
	RETURN_TRUE;
}

void rs_swoole_minit_scheduler(void)
{
	class.ce = register_class_Swoole_Coroutine_Scheduler();
	class.ce->create_object = scheduler_create;
	rs_swoole_handlers(&class.handlers, offsetof(struct scheduler, std), scheduler_free);
	class.handlers.get_gc = scheduler_gc;
	zend_register_functions(NULL, scheduler_functions, NULL, MODULE_PERSISTENT);
}
