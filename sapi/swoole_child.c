/*
 * What a forked PHP child does first and last. It ends with _exit(): the image it was forked from has shutdown functions,
 * destructors, open connections and buffered output, and all of that is its parent's business.
 */
#include "swoole_process.h"

#include "swoole_coroutine.h"
#include "swoole_invoke.h"

#include <unistd.h>

void rs_swoole_child_begin(void)
{
	rs_swoole_set_place(RS_SWOOLE_SCRIPT);
	rs_swoole_script_policy();
	rs_co_leave();
	php_free_shutdown_functions();
	php_output_deactivate();
	php_output_activate();
	if (PG(implicit_flush))
		php_output_set_implicit_flush(1);
	rs_php_after_fork();
	EG(exit_status) = 0;
}

struct run {
	struct rs_php_callback *cb;
	uint32_t argc;
	zval *argv;
	bool coroutine;
};

static void run_loop(void *arg)
{
	struct rs_loop *l;

	(void)arg;
	while ((l = rs_loop_peek())) {
		rs_swoole_run_loop(RS_LOOP_UNTIL_EMPTY);
		if (rs_loop_peek() == l)
			return;
	}
}

static void run_body(void *arg)
{
	struct run *r = arg;

	if (r->coroutine)
		(void)rs_co_create(r->cb, r->argc, r->argv, false, NULL, NULL);
	else
		rs_php_call_through(r->cb, r->argc, r->argv, NULL);
	if (!EG(exception))
		run_loop(NULL);
}

int rs_swoole_child_run(struct rs_php_callback *cb, uint32_t argc, zval *argv, bool coroutine)
{
	struct run r = { .cb = cb, .argc = argc, .argv = argv, .coroutine = coroutine };
	enum rs_call_end end;

	if (rs_swoole_in_server() && !coroutine) {
		/* exit throws here, as in every callback of a server. */
		end = rs_php_call(cb, argc, argv, NULL);
		if (end == RS_CALL_OK)
			end = rs_php_guarded(run_loop, NULL);
	} else {
		end = rs_php_guarded(run_body, &r);
	}
	if (end == RS_CALL_THROWN || (end == RS_CALL_FATAL && EG(exit_status) == 0 && rs_swoole_in_server()))
		EG(exit_status) = 255;
	return EG(exit_status) & 0xff;
}

static void flush_body(void *arg)
{
	(void)arg;
	php_output_end_all();
}

void rs_swoole_child_end(int status)
{
	EG(exit_status) = status;
	php_call_shutdown_functions();
	(void)rs_php_guarded(flush_body, NULL);
	_exit(EG(exit_status) & 0xff);
}
