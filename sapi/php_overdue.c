/*
 * A request that has run too long: its client has been answered by the reactor already; here the process writes the PHP
 * backtrace to the log, if it still executes PHP code, and ends. The master kills it a second later if it cannot.
 */
#include "swoole_process.h"

#include <zend_builtin_functions.h>

#include <unistd.h>

static void (*next_interrupt)(zend_execute_data *);

static void log_frames(zval *trace)
{
	zval *frame;
	int i = 0;

	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(trace), frame) {
		zval *file, *line, *class, *function;
		if (Z_TYPE_P(frame) != IS_ARRAY)
			continue;
		file = zend_hash_str_find(Z_ARRVAL_P(frame), ZEND_STRL("file"));
		line = zend_hash_str_find(Z_ARRVAL_P(frame), ZEND_STRL("line"));
		class = zend_hash_str_find(Z_ARRVAL_P(frame), ZEND_STRL("class"));
		function = zend_hash_str_find(Z_ARRVAL_P(frame), ZEND_STRL("function"));
		rs_errorx(rs_host_log(), "  #%d %s:%ld %s%s%s()", i++, file ? Z_STRVAL_P(file) : "[internal]",
			  line ? (long)Z_LVAL_P(line) : 0, class ? Z_STRVAL_P(class) : "", class ? "::" : "",
			  function ? Z_STRVAL_P(function) : "?");
	} ZEND_HASH_FOREACH_END();
}

static void on_interrupt(zend_execute_data *ex)
{
	zval trace;

	if (rs_php()->overdue && rs_php()->x) {
		const struct rs_request_view *v = rs_exchange_request(rs_php()->x);
		rs_errorx(rs_host_log(), "request overdue, worker ends: %.*s %.*s; PHP backtrace:", (int)v->method.n, v->method.p,
			  (int)v->target.n, v->target.p);
		if (ex && ex->func && ZEND_USER_CODE(ex->func->type))
			rs_errorx(rs_host_log(), "  at %s:%u", ZSTR_VAL(ex->func->op_array.filename), ex->opline->lineno);
		zend_fetch_debug_backtrace(&trace, 0, DEBUG_BACKTRACE_IGNORE_ARGS, 50);
		log_frames(&trace);
		_exit(255);
	}
	rs_php_trace_here();
	rs_swoole_process_interrupt();
	if (next_interrupt)
		next_interrupt(ex);
}

void rs_php_overdue_install(void)
{
	next_interrupt = zend_interrupt_function;
	zend_interrupt_function = on_interrupt;
}

void rs_php_overdue(void)
{
	rs_php()->overdue = 1;
	zend_atomic_bool_store_ex(&EG(vm_interrupt), true);
}
