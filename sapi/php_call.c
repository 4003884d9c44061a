/*
 * Calls into PHP. The only file with zend_try.
 *
 * The rule: exit, die and dd() unwind as an exception that nobody can catch, without a longjmp, when a call is made from
 * inside an internal function; the process goes on. A longjmp, or unwinding with CG(unclean_shutdown) set, is a fatal
 * error. So whoever calls from outside of everything (the loop at a script's end) gets such a frame here.
 */
#include "php_call.h"

/* ---- callables that are kept ------------------------------------------------------------------------------ */

void rs_php_callback_copy(struct rs_php_callback *cb, const zend_fcall_info *fci, const zend_fcall_info_cache *fcc)
{
	struct rs_php_callback old = *cb;

	cb->fci = *fci;
	cb->fcc = *fcc;
	/* A __call() trampoline lives for one call only: it is looked up each time. */
	if (cb->fcc.function_handler && (cb->fcc.function_handler->common.fn_flags & ZEND_ACC_CALL_VIA_TRAMPOLINE)) {
		zend_release_fcall_info_cache(&cb->fcc);
		cb->fcc = empty_fcall_info_cache;
	}
	Z_TRY_ADDREF(cb->fci.function_name);
	cb->set = true;
	rs_php_callback_free(&old);
}

bool rs_php_callback_set(struct rs_php_callback *cb, zval *callable)
{
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;

	if (zend_fcall_info_init(callable, 0, &fci, &fcc, NULL, NULL) == FAILURE)
		return false;
	rs_php_callback_copy(cb, &fci, &fcc);
	return true;
}

void rs_php_callback_free(struct rs_php_callback *cb)
{
	zval name;

	if (!cb->set)
		return;
	ZVAL_COPY_VALUE(&name, &cb->fci.function_name);
	memset(cb, 0, sizeof *cb);
	/* Last: a destructor may look at cb. */
	zval_ptr_dtor(&name);
}

zval *rs_php_callback_zval(struct rs_php_callback *cb)
{
	return &cb->fci.function_name;
}

/* ---- how a call ends -------------------------------------------------------------------------------------- */

static bool exiting(void)
{
	return EG(exception) && (zend_is_unwind_exit(EG(exception)) || zend_is_graceful_exit(EG(exception)));
}

/*
 * The handler of set_exception_handler() gets what nobody caught. zend_user_exception_handler() is not asked: it drops what
 * the handler itself throws when there is a frame below, and here there always is one; php-fpm calls that a fatal error.
 */
static void call_user_handler(void)
{
	zend_object *thrown = EG(exception);
	zval handler, result, arg;

	EG(exception) = NULL;
	ZVAL_OBJ(&arg, thrown);
	ZVAL_COPY_VALUE(&handler, &EG(user_exception_handler));
	zend_stack_push(&EG(user_exception_handlers), &handler);
	ZVAL_UNDEF(&EG(user_exception_handler));
	ZVAL_UNDEF(&result);
	(void)call_user_function(NULL, NULL, &handler, &result, 1, &arg);
	zval_ptr_dtor(&result);
	OBJ_RELEASE(thrown);
	/* The handler may have set another one: then the first stays below it. */
	if (Z_TYPE(EG(user_exception_handler)) == IS_UNDEF) {
		zval *top = zend_stack_top(&EG(user_exception_handlers));

		if (top) {
			ZVAL_COPY_VALUE(&EG(user_exception_handler), top);
			zend_stack_del_top(&EG(user_exception_handlers));
		}
	}
}

/* What is left in EG(exception) after a call: exit is an end like any other; the rest is reported as php-fpm would. */
static enum rs_call_end settle_exception(bool use_handler)
{
	enum rs_call_end end = RS_CALL_THROWN;

	if (!EG(exception))
		return RS_CALL_OK;
	if (use_handler && !exiting() && Z_TYPE(EG(user_exception_handler)) != IS_UNDEF)
		call_user_handler();
	if (exiting()) {
		zend_clear_exception();
		end = RS_CALL_EXIT;
	}
	if (EG(exception)) {
		EG(exit_status) = 255;
		zend_exception_error(EG(exception), E_ERROR);
	}
	return end;
}

void rs_php_settle_exception(void)
{
	(void)settle_exception(false);
}

bool rs_php_call_quietly(zend_function *f, zend_object *object, zval *ret, uint32_t argc, zval *argv)
{
	zend_string *message = PG(last_error_message), *file = PG(last_error_file);
	int reporting = EG(error_reporting), type = PG(last_error_type), line = PG(last_error_lineno);
	zend_error_handling before;

	PG(last_error_message) = PG(last_error_file) = NULL;
	ZVAL_UNDEF(ret);
	EG(error_reporting) = 0;
	/* Not even the application's error handler. */
	zend_replace_error_handling(EH_THROW, NULL, &before);
	zend_call_known_function(f, object, object ? object->ce : NULL, ret, argc, argv, NULL);
	zend_restore_error_handling(&before);
	EG(error_reporting) = reporting;
	/* error_get_last() is the application's. */
	if (PG(last_error_message))
		zend_string_release(PG(last_error_message));
	if (PG(last_error_file))
		zend_string_release(PG(last_error_file));
	PG(last_error_message) = message;
	PG(last_error_file) = file;
	PG(last_error_type) = type;
	PG(last_error_lineno) = line;
	if (!EG(exception))
		return Z_TYPE_P(ret) != IS_UNDEF;
	zend_clear_exception();
	zval_ptr_dtor(ret);
	ZVAL_UNDEF(ret);
	return false;
}

/* PHP builds that delay the error of exhausted memory call nothing any more, shutdown functions included, until this is cleared. */
static void forget_oom(void)
{
#ifdef ZEND_HAS_OOM
	EG(delayed_oom).state = ZEND_OOM_STATE_NONE;
#endif
}

/* The frames that a longjmp has left are gone; those below go on with the page and the top that they know. */
static void cut_vm_stack(zend_vm_stack page, zval *top)
{
	while (EG(vm_stack) != page) {
		zend_vm_stack newest = EG(vm_stack);

		EG(vm_stack) = newest->prev;
		efree(newest);
	}
	EG(vm_stack_top) = top;
	EG(vm_stack_end) = page->end;
}

/*
 * The one way into PHP: runs body, settles what it threw. Nothing that body leaves open is ours.
 */
static enum rs_call_end guarded(void (*body)(void *), void *arg, bool use_handler)
{
	zend_execute_data *here = EG(current_execute_data);
	zend_vm_stack page = EG(vm_stack);
	zval *top = EG(vm_stack_top);
	volatile enum rs_call_end end = RS_CALL_FATAL;

	zend_try {
		body(arg);
		end = settle_exception(use_handler);
	} zend_catch {
		EG(current_execute_data) = here;
		cut_vm_stack(page, top);
		end = RS_CALL_FATAL;
	} zend_end_try();
	if (CG(unclean_shutdown))
		end = RS_CALL_FATAL;
	if (end == RS_CALL_FATAL)
		forget_oom();
	return end;
}

enum rs_call_end rs_php_guarded(void (*body)(void *arg), void *arg)
{
	return guarded(body, arg, false);
}

enum rs_call_end rs_php_guarded_app(void (*body)(void *arg), void *arg)
{
	return guarded(body, arg, true);
}

/* Bytes beyond what is in use. */
#define FATAL_ROOM (16u << 20)

void rs_php_after_fatal(void)
{
#ifdef ZEND_HAS_OOM
	/* PHP builds that delay the error of exhausted memory call nothing any more until this is cleared. */
	EG(delayed_oom).state = ZEND_OOM_STATE_NONE;
#endif
	/* What was exhausted is still in use. */
	if (PG(memory_limit) > 0)
		zend_set_memory_limit(MAX((size_t)PG(memory_limit), zend_memory_usage(true) + FATAL_ROOM));
	CG(unclean_shutdown) = 0;
}

/* ---- calls ------------------------------------------------------------------------------------------------ */

struct call {
	struct rs_php_callback *cb;
	uint32_t argc;
	zval *argv, *ret;
};

static void call_body(void *arg)
{
	const struct call *c = arg;
	/* Copies with a reference of their own: the callable may be replaced while it runs. */
	zend_fcall_info fci = c->cb->fci;
	zend_fcall_info_cache fcc = c->cb->fcc;
	zval name, ret;

	ZVAL_COPY(&name, &c->cb->fci.function_name);
	ZVAL_COPY_VALUE(&fci.function_name, &name);
	ZVAL_UNDEF(&ret);
	fci.retval = &ret;
	fci.param_count = c->argc;
	fci.params = c->argv;
	zend_call_function(&fci, fcc.function_handler ? &fcc : NULL);
	if (c->ret)
		ZVAL_COPY_VALUE(c->ret, &ret);
	else
		zval_ptr_dtor(&ret);
	zval_ptr_dtor(&name);
}

/* With no frame at all the engine would end the process at the first exception: this one stands in. */
static const zend_internal_function frame_function = { .type = ZEND_INTERNAL_FUNCTION };

static void with_frame(void (*run)(struct call *c, enum rs_call_end *end), struct call *c, enum rs_call_end *end)
{
	zend_execute_data frame;

	if (EG(current_execute_data)) {
		run(c, end);
		return;
	}
	memset(&frame, 0, sizeof frame);
	frame.func = (zend_function *)(uintptr_t)&frame_function;
	EG(current_execute_data) = &frame;
	run(c, end);
	EG(current_execute_data) = NULL;
}

static void run_guarded(struct call *c, enum rs_call_end *end)
{
	*end = guarded(call_body, c, false);
}

enum rs_call_end rs_php_call(struct rs_php_callback *cb, uint32_t argc, zval *argv, zval *ret)
{
	struct call c = { .cb = cb, .argc = argc, .argv = argv, .ret = ret };
	unsigned before = rs_php()->server_calls;
	enum rs_call_end end = RS_CALL_OK;

	if (ret)
		ZVAL_UNDEF(ret);
	if (!cb->set)
		return RS_CALL_OK;
	rs_php()->server_calls = before + 1;
	with_frame(run_guarded, &c, &end);
	rs_php()->server_calls = before;
	return end;
}

bool rs_php_call_through(struct rs_php_callback *cb, uint32_t argc, zval *argv, zval *ret)
{
	struct call c = { .cb = cb, .argc = argc, .argv = argv, .ret = ret };

	if (ret)
		ZVAL_UNDEF(ret);
	if (cb->set && !EG(exception))
		call_body(&c);
	return !EG(exception);
}

bool rs_php_in_server_call(void)
{
	/* In a hosted application exit ends what runs, wherever it runs. */
	return rs_php()->server_calls > 0 && !rs_php()->hosting;
}

void rs_php_leave_server(void)
{
	rs_php()->server_calls = 0;
}
