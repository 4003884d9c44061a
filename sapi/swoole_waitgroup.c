/*
 * Swoole\Coroutine\WaitGroup: waits until so many have called done(). Swoole\Coroutine\Barrier: waits until nobody else
 * refers to it any more.
 */
#include "swoole_coroutine_private.h"

#include <ext/spl/spl_exceptions.h>

#include "stubs/waitgroup_arginfo.h"

struct waitgroup {
	zend_long count;
	struct rs_co *waiter; /* NULL: nobody waits */
	zend_object std;
};

struct barrier;

/* Whoever waits, on its own stack. */
struct barrier_waiter {
	struct rs_co *co;
	struct barrier *barrier; /* NULL: it has gone */
};

struct barrier {
	struct barrier_waiter *waiter;
	zend_object std;
};

static struct {
	zend_class_entry *waitgroup_ce, *barrier_ce;
	zend_object_handlers waitgroup_handlers, barrier_handlers;
} class;

/* ---- WaitGroup ------------------------------------------------------------------------------------------------------ */

static zend_object *waitgroup_create(zend_class_entry *ce)
{
	struct waitgroup *g = zend_object_alloc(sizeof *g, ce);

	zend_object_std_init(&g->std, ce);
	object_properties_init(&g->std, ce);
	g->std.handlers = &class.waitgroup_handlers;
	return &g->std;
}

static struct waitgroup *this_waitgroup(zend_execute_data *execute_data)
{
	return RS_SWOOLE_OBJECT(struct waitgroup, Z_OBJ_P(ZEND_THIS));
}

static void misuse(zend_class_entry *ce, const char *how)
{
	zend_throw_exception_ex(ce, 0, "WaitGroup misuse: %s", how);
}

static void add(struct waitgroup *g, zend_long delta)
{
	zend_long count;

	if (g->waiter)
		misuse(spl_ce_BadMethodCallException, "add called concurrently with wait");
	else if (__builtin_add_overflow(g->count, delta, &count) || count < 0)
		misuse(spl_ce_InvalidArgumentException, "negative counter");
	else
		g->count = count;
}

ZEND_METHOD(Swoole_Coroutine_WaitGroup, __construct)
{
	zend_long delta = 0;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(delta)
	ZEND_PARSE_PARAMETERS_END();
	if (delta != 0)
		add(this_waitgroup(execute_data), delta);
}

ZEND_METHOD(Swoole_Coroutine_WaitGroup, add)
{
	zend_long delta = 1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(delta)
	ZEND_PARSE_PARAMETERS_END();
	add(this_waitgroup(execute_data), delta);
}

ZEND_METHOD(Swoole_Coroutine_WaitGroup, done)
{
	struct waitgroup *g = this_waitgroup(execute_data);
	struct rs_co *waiter = g->waiter;

	ZEND_PARSE_PARAMETERS_NONE();
	if (g->count <= 0) {
		misuse(spl_ce_BadMethodCallException, "negative counter");
		RETURN_THROWS();
	}
	if (--g->count > 0 || !waiter)
		return;
	g->waiter = NULL;
	rs_co_wake_from_php(waiter);
}

ZEND_METHOD(Swoole_Coroutine_WaitGroup, wait)
{
	struct waitgroup *g = this_waitgroup(execute_data);
	enum rs_co_wait end;
	double timeout = -1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (g->waiter) {
		misuse(spl_ce_BadMethodCallException, "reused before previous wait has returned");
		RETURN_THROWS();
	}
	if (g->count == 0)
		RETURN_TRUE;
	if (!rs_co_require())
		RETURN_THROWS();
	g->waiter = rs_co_self();
	end = rs_co_suspend_for(rs_co_ms(timeout));
	if (!g->waiter)
		RETURN_TRUE;
	g->waiter = NULL;
	rs_swoole_set_error(end == RS_CO_TIMEOUT ? RS_CO_E_TIMEDOUT : RS_CO_E_CANCELED);
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Coroutine_WaitGroup, count)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(this_waitgroup(execute_data)->count);
}

/* ---- Barrier -------------------------------------------------------------------------------------------------------- */

static zend_object *barrier_create(zend_class_entry *ce)
{
	struct barrier *b = zend_object_alloc(sizeof *b, ce);

	zend_object_std_init(&b->std, ce);
	object_properties_init(&b->std, ce);
	b->std.handlers = &class.barrier_handlers;
	return &b->std;
}

/* The last reference has gone: that is what the waiter waits for. */
static void barrier_dtor(zend_object *obj)
{
	struct barrier *b = RS_SWOOLE_OBJECT(struct barrier, obj);
	struct barrier_waiter *waiter = b->waiter;

	zend_objects_destroy_object(obj);
	b->waiter = NULL;
	if (!waiter)
		return;
	waiter->barrier = NULL;
	rs_co_wake_from_php(waiter->co);
}

ZEND_METHOD(Swoole_Coroutine_Barrier, make)
{
	ZEND_PARSE_PARAMETERS_NONE();
	object_init_ex(return_value, class.barrier_ce);
}

ZEND_METHOD(Swoole_Coroutine_Barrier, wait)
{
	zval *reference, *variable, mine;
	struct barrier_waiter me;
	double timeout = -1;
	struct barrier *b;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(reference)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	variable = reference;
	ZVAL_DEREF(variable);
	if (Z_TYPE_P(variable) != IS_OBJECT || !instanceof_function(Z_OBJCE_P(variable), class.barrier_ce)) {
		zend_argument_type_error(1, "must be of type %s, %s given", ZSTR_VAL(class.barrier_ce->name),
					 zend_zval_type_name(variable));
		RETURN_THROWS();
	}
	if (!rs_co_require())
		RETURN_THROWS();
	b = RS_SWOOLE_OBJECT(struct barrier, Z_OBJ_P(variable));
	if (b->waiter) {
		rs_swoole_throw(0, "the barrier is waited for already");
		RETURN_THROWS();
	}
	ZVAL_COPY(&mine, variable);
	ZEND_TRY_ASSIGN_REF_NULL(reference);
	if (EG(exception) || Z_REFCOUNT(mine) == 1) {
		zval_ptr_dtor(&mine);
		return;
	}
	me = (struct barrier_waiter){ .co = rs_co_self(), .barrier = b };
	b->waiter = &me;
	zval_ptr_dtor(&mine);
	(void)rs_co_suspend_for(rs_co_ms(timeout));
	if (me.barrier)
		me.barrier->waiter = NULL;
}

void rs_swoole_minit_waitgroup(void)
{
	class.waitgroup_ce = register_class_Swoole_Coroutine_WaitGroup();
	class.waitgroup_ce->create_object = waitgroup_create;
	rs_swoole_handlers(&class.waitgroup_handlers, offsetof(struct waitgroup, std), NULL);
	class.barrier_ce = register_class_Swoole_Coroutine_Barrier();
	class.barrier_ce->create_object = barrier_create;
	rs_swoole_handlers(&class.barrier_handlers, offsetof(struct barrier, std), NULL);
	class.barrier_handlers.dtor_obj = barrier_dtor;
}
