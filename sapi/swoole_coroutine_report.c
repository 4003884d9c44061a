/*
 * Where coroutines stand: backtraces, stack usage, the report of a deadlock.
 */
#include "swoole_coroutine_private.h"

#include <zend_builtin_functions.h>

void rs_co_backtrace(struct rs_co *co, zval *out, zend_long options, zend_long limit)
{
	zend_execute_data *here = EG(current_execute_data);
	zend_long most = limit > INT_MAX || limit < 0 ? 0 : limit;

	if (co->at)
		EG(current_execute_data) = co->frame;
	/* The innermost frame is the function that asks, or the one that waits: the latter belongs to the answer. */
	zend_fetch_debug_backtrace(out, co->at ? 0 : 1, (int)options, (int)most);
	EG(current_execute_data) = here;
}

/* Bytes of PHP frames. */
zend_long rs_co_stack_usage(const struct rs_co *co)
{
	zend_vm_stack page = co->at ? co->vm_stack : EG(vm_stack);
	const zval *top = co->at ? co->vm_top : EG(vm_stack_top);
	zend_long used = 0;

	/* Of one that has not begun or runs below us nothing is known. */
	if (!page || (!co->at && co != rs_co_self()))
		return 0;
	used = (const char *)top - (const char *)page;
	for (page = page->prev; page; page = page->prev)
		used += (const char *)page->top - (const char *)page;
	return used;
}

void rs_co_report_deadlock(void)
{
	static const char rule[] = "===================================================================";
	struct rs_cos *all = rs_cos();
	bool any = false;
	struct rs_co *co;

	ZEND_HASH_FOREACH_PTR(&all->table, co) {
		any |= !co->reported;
		co->reported = true;
	} ZEND_HASH_FOREACH_END();
	if (!any)
		return;
	php_printf("\n%s\n [FATAL ERROR]: all coroutines (count: %u) are asleep - deadlock!\n%s\n", rule, rs_co_count(), rule);
	ZEND_HASH_FOREACH_PTR(&all->table, co) {
		zend_string *text;
		zval trace;

		rs_co_backtrace(co, &trace, DEBUG_BACKTRACE_IGNORE_ARGS, 0);
		text = zend_trace_to_string(Z_ARRVAL(trace), false);
		php_printf("\n [Coroutine-" ZEND_LONG_FMT "]\n%s\n", co->id, ZSTR_VAL(text));
		zend_string_release(text);
		zval_ptr_dtor(&trace);
	} ZEND_HASH_FOREACH_END();
	php_printf("\n");
}
