/*
 * Swoole\Coroutine\batch(), parallel(), map(): several coroutines that one waits for, inside a coroutine.
 */
#include "swoole_coroutine_private.h"

/*
 * Several coroutines that one waits for. Each has a share in it until it ends, so it outlives a waiter that gave up; then
 * results are dropped.
 */
struct gathering {
	struct rs_co *waiter; /* NULL: waits no more */
	zval results;         /* array: key -> value, null until it is there */
	unsigned left;        /* coroutines that have not ended */
	bool starting;
};

struct share {
	struct gathering *g;
	zend_string *name;    /* key of its result: name, or index when NULL */
	zend_ulong index;
};

static void gathering_release(struct gathering *g)
{
	if (g->waiter || g->left > 0)
		return;
	zval_ptr_dtor(&g->results);
	efree(g);
}

static void store(const struct share *s, zval *value)
{
	HashTable *results = Z_ARRVAL(s->g->results);

	if (s->name)
		zend_hash_update(results, s->name, value);
	else
		zend_hash_index_update(results, s->index, value);
}

static void share_ended(void *arg, enum rs_call_end end, zval *ret)
{
	struct share *s = arg;
	struct gathering *g = s->g;

	if (g->waiter && end == RS_CALL_OK && Z_TYPE_P(ret) != IS_UNDEF) {
		Z_TRY_ADDREF_P(ret);
		store(s, ret);
	}
	if (s->name)
		zend_string_release(s->name);
	efree(s);
	if (--g->left == 0 && g->waiter && !g->starting)
		rs_co_wake(g->waiter); /* which frees g */
	else
		gathering_release(g);
}

static void start_share(struct gathering *g, zend_string *name, zend_ulong index, struct rs_php_callback *cb, uint32_t argc,
			zval *argv)
{
	struct share *s = ecalloc(1, sizeof *s);
	zval none;

	*s = (struct share){ .g = g, .name = name ? zend_string_copy(name) : NULL, .index = index };
	ZVAL_NULL(&none);
	store(s, &none);
	g->left++;
	if (rs_co_create(cb, argc, argv, false, share_ended, s) < 0)
		share_ended(s, RS_CALL_THROWN, &none);
}

static struct gathering *gathering_new(void)
{
	struct gathering *g = ecalloc(1, sizeof *g);

	g->waiter = rs_co_self();
	g->starting = true;
	array_init(&g->results);
	return g;
}

/* Waits; results may be NULL. */
static void gather(struct gathering *g, double timeout, zval *results)
{
	g->starting = false;
	if (g->left > 0 && !EG(exception))
		(void)rs_co_suspend_for(rs_co_ms(timeout));
	if (results)
		ZVAL_COPY(results, &g->results);
	g->waiter = NULL;
	gathering_release(g);
}

ZEND_FUNCTION(Swoole_Coroutine_batch)
{
	struct rs_php_callback cb = { 0 };
	struct gathering *g;
	double timeout = -1;
	HashTable *tasks;
	zend_string *name;
	zend_ulong index;
	zval *task;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ARRAY_HT(tasks)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	ZEND_HASH_FOREACH_VAL(tasks, task) {
		if (!zend_is_callable(task, 0, NULL)) {
			zend_argument_type_error(1, "must contain only callables");
			RETURN_THROWS();
		}
	} ZEND_HASH_FOREACH_END();
	g = gathering_new();
	GC_TRY_ADDREF(tasks);
	ZEND_HASH_FOREACH_KEY_VAL(tasks, index, name, task) {
		if (EG(exception) || !rs_php_callback_set(&cb, task))
			break;
		start_share(g, name, index, &cb, 0, NULL);
	} ZEND_HASH_FOREACH_END();
	zend_array_release(tasks);
	rs_php_callback_free(&cb);
	gather(g, timeout, return_value);
}

ZEND_FUNCTION(Swoole_Coroutine_parallel)
{
	struct rs_php_callback cb = { .set = true };
	struct gathering *g;
	zend_long n;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(n)
		Z_PARAM_FUNC(cb.fci, cb.fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	g = gathering_new();
	for (zend_long i = 0; i < n && !EG(exception); i++)
		start_share(g, NULL, 0, &cb, 0, NULL);
	gather(g, -1, NULL);
}

ZEND_FUNCTION(Swoole_Coroutine_map)
{
	struct rs_php_callback cb = { .set = true };
	struct gathering *g;
	double timeout = -1;
	HashTable *list;
	zend_string *name;
	zend_ulong index;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_ARRAY_HT(list)
		Z_PARAM_FUNC(cb.fci, cb.fcc)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	g = gathering_new();
	GC_TRY_ADDREF(list);
	ZEND_HASH_FOREACH_KEY_VAL(list, index, name, value) {
		if (EG(exception))
			break;
		start_share(g, name, index, &cb, 1, value);
	} ZEND_HASH_FOREACH_END();
	zend_array_release(list);
	gather(g, timeout, return_value);
}
