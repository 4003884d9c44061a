/*
 * Swoole\Coroutine, its Context and Iterator, and the functions that are other names of its methods. What it tells of
 * coroutines is in swoole_coroutine_info.c.
 */
#include "swoole_coroutine_private.h"

#include <ext/spl/spl_array.h>

#include "swoole_runtime.h"
#include "stubs/coroutine_arginfo.h"
#include "stubs/coroutine_short_arginfo.h"

/* ---- life --------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine, create)
{
	struct rs_php_callback cb = { 0 };
	zval *argv = NULL;
	uint32_t argc = 0;
	zend_long id;

	ZEND_PARSE_PARAMETERS_START(1, -1)
		Z_PARAM_FUNC(cb.fci, cb.fcc)
		Z_PARAM_VARIADIC('*', argv, argc)
	ZEND_PARSE_PARAMETERS_END();
	cb.set = true;
	id = rs_co_create(&cb, argc, argv, false, NULL, NULL);
	if (id < 0)
		RETURN_FALSE;
	RETURN_LONG(id);
}

ZEND_METHOD(Swoole_Coroutine, defer)
{
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	struct rs_co_defer *d;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	d = ecalloc(1, sizeof *d);
	rs_php_callback_copy(&d->cb, &fci, &fcc);
	SLIST_INSERT_HEAD(&rs_co_self()->deferred, d, next);
}

ZEND_METHOD(Swoole_Coroutine, yield)
{
	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_co_require())
		RETURN_THROWS();
	if (rs_co_suspend_as(RS_CO_YIELDED))
		RETURN_TRUE;
	rs_swoole_set_error(RS_CO_E_CANCELED);
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Coroutine, resume)
{
	zend_long id;
	struct rs_co *co;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(id)
	ZEND_PARSE_PARAMETERS_END();
	co = rs_co_find(id);
	if (co && co->at && co->state == RS_CO_YIELDED) {
		rs_co_wake_from_php(co);
		RETURN_TRUE;
	}
	if (!co)
		rs_swoole_warn(RS_CO_E_NOT_EXISTS, "coroutine#" ZEND_LONG_FMT " does not exist", id);
	else
		rs_swoole_warn(0, "coroutine#" ZEND_LONG_FMT " %s", id,
			       co->at ? "waits for something else" : "is not suspended");
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Coroutine, cancel)
{
	zend_long id;
	struct rs_co *co;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(id)
	ZEND_PARSE_PARAMETERS_END();
	co = rs_co_find(id);
	if (!co || !co->at) {
		rs_swoole_set_error(co ? RS_CO_E_CANNOT_CANCEL : RS_CO_E_NOT_EXISTS);
		RETURN_FALSE;
	}
	rs_co_cancel(co);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine, isCanceled)
{
	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_co_require())
		RETURN_THROWS();
	RETURN_BOOL(rs_co_self()->cancelled);
}

ZEND_METHOD(Swoole_Coroutine, join)
{
	struct rs_co **list;
	HashTable *ids;
	double timeout = -1;
	size_t n = 0;
	bool ok = false;
	zval *id;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ARRAY_HT(ids)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	list = safe_emalloc(zend_hash_num_elements(ids) + 1, sizeof *list, 0);
	ZEND_HASH_FOREACH_VAL(ids, id) {
		struct rs_co *co = rs_co_find(zval_get_long(id));

		if (co && co != rs_co_self())
			list[n++] = co;
		else if (co) {
			rs_swoole_warn(509, "a coroutine cannot join itself");
			goto out;
		}
	} ZEND_HASH_FOREACH_END();
	if (n > 0)
		ok = rs_co_join(list, n, rs_co_ms(timeout));
	else
		rs_swoole_set_error(RS_CO_E_NOT_EXISTS);
out:
	efree(list);
	RETURN_BOOL(ok);
}

/* ---- settings ------------------------------------------------------------------------------------------------------ */

static void take_options(HashTable *options)
{
	struct rs_cos *all = rs_cos();
	zval *v;

	if ((v = zend_hash_str_find(options, ZEND_STRL("max_coroutine"))) ||
	    (v = zend_hash_str_find(options, ZEND_STRL("max_coro_num")))) {
		zend_long max = zval_get_long(v);

		all->max = max < 1 ? 1 : max > UINT32_MAX ? UINT32_MAX : (uint32_t)max;
	}
	if ((v = zend_hash_str_find(options, ZEND_STRL("stack_size"))) ||
	    (v = zend_hash_str_find(options, ZEND_STRL("c_stack_size"))))
		all->stack_bytes = zval_get_long(v);
	if ((v = zend_hash_str_find(options, ZEND_STRL("hook_flags"))))
		rs_hook_set_flags(zval_get_long(v));
	if ((v = zend_hash_str_find(options, ZEND_STRL("log_level"))))
		rs_swoole_set_log_level(zval_get_long(v));
}

void rs_co_set_options(HashTable *options)
{
	struct rs_cos *all = rs_cos();

	if (Z_TYPE(all->options) == IS_UNDEF)
		array_init(&all->options);
	SEPARATE_ARRAY(&all->options);
	zend_hash_merge(Z_ARRVAL(all->options), options, zval_add_ref, true);
	take_options(options);
}

static struct {
	zval options; /* a reference of ours, so that whoever sets one gets another array; UNDEF: there were none */
	uint32_t max;
	zend_long stack_bytes, hooks;
} kept;

void rs_co_keep_settings(void)
{
	const struct rs_cos *all = rs_cos();

	ZVAL_COPY(&kept.options, &all->options);
	kept.max = all->max;
	kept.stack_bytes = (zend_long)all->stack_bytes;
	kept.hooks = rs_hook_flags();
}

bool rs_co_restore_settings(void)
{
	struct rs_cos *all = rs_cos();
	bool same = Z_TYPE(all->options) == Z_TYPE(kept.options) &&
		    (Z_TYPE(all->options) == IS_UNDEF || Z_ARR(all->options) == Z_ARR(kept.options));

	if (same && rs_hook_flags() == kept.hooks)
		return false;
	zval_ptr_dtor(&all->options);
	ZVAL_COPY(&all->options, &kept.options);
	all->max = kept.max;
	all->stack_bytes = kept.stack_bytes;
	rs_hook_set_flags(kept.hooks);
	return true;
}

ZEND_METHOD(Swoole_Coroutine, set)
{
	HashTable *options;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(options)
	ZEND_PARSE_PARAMETERS_END();
	rs_co_set_options(options);
}

ZEND_METHOD(Swoole_Coroutine, getOptions)
{
	ZEND_PARSE_PARAMETERS_NONE();
	if (Z_TYPE(rs_cos()->options) == IS_UNDEF)
		RETURN_NULL();
	RETURN_COPY(&rs_cos()->options);
}

/* Coroutines are never interrupted here: both are only accepted. */
ZEND_METHOD(Swoole_Coroutine, enableScheduler)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine, disableScheduler)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_TRUE;
}

/* ---- registration -------------------------------------------------------------------------------------------------- */

static void forget_options(void)
{
	zval_ptr_dtor(&rs_cos()->options);
	ZVAL_UNDEF(&rs_cos()->options);
}

void rs_swoole_minit_coroutine(void)
{
	struct rs_cos *all = rs_cos();

	all->ce = register_class_Swoole_Coroutine();
	all->context_ce = register_class_Swoole_Coroutine_Context(spl_ce_ArrayObject);
	all->iterator_ce = register_class_Swoole_Coroutine_Iterator(spl_ce_ArrayIterator);
	zend_register_functions(NULL, coroutine_functions, NULL, MODULE_PERSISTENT);
	rs_swoole_at_rshutdown(forget_options);
	rs_co_minit_end();
}

/* The last of our rows: every class that has a short name is there. */
void rs_swoole_minit_coroutine_short(void)
{
	static const char *const names[] = {
		"Context", "Iterator", "System", "Channel", "WaitGroup", "Barrier", "Scheduler", "Socket", "Client", "Server",
		"Server\\Connection", "Http\\Server", "Http\\Client",
	};

	if (!INI_BOOL("swoole.use_shortname"))
		return;
	rs_swoole_alias(rs_cos()->ce, "Co");
	for (size_t i = 0; i < RS_COUNTOF(names); i++) {
		char from[64], to[64];
		zend_class_entry *ce;

		snprintf(from, sizeof from, "swoole\\coroutine\\%s", names[i]);
		snprintf(to, sizeof to, "Co\\%s", names[i]);
		zend_str_tolower(from, strlen(from));
		ce = zend_hash_str_find_ptr(CG(class_table), from, strlen(from));
		if (!ce)
			continue;
		rs_swoole_alias(ce, to);
		if (strcmp(names[i], "Channel") == 0)
			rs_swoole_alias(ce, "chan");
	}
	zend_register_functions(NULL, coroutine_short_functions, NULL, MODULE_PERSISTENT);
}
