/*
 * A coroutine's fiber: its two stacks, what is switched with it, and how its code runs on them.
 *
 * It is a fiber context of the engine with a C stack of its own, not an object of class Fiber: nobody but us can resume it,
 * and a Fiber that it runs is suspended and resumed with it. What the engine keeps per fiber (VM stack, frames,
 * error_reporting) it switches; what a coroutine must have for itself besides is in struct shelter:
 *  - output buffers: a coroutine starts without any, so its echo goes straight out, never into a buffer that its creator has
 *    open; what it leaves open is flushed at its end. Two that interleave never see each other's buffers.
 *  - the pending exception (a destructor may start or wake a coroutine while one unwinds), and the error handling mode;
 *  - the list of classes being loaded: two may wait in an autoloader for one class;
 *  - that it is inside a destructor: the engine counts those in one number for all, and forbids Fibers to switch meanwhile.
 */
#include "swoole_coroutine_private.h"

/*
 * As large as that of PHP's own Fibers: print_r() of what json_decode() takes (512 levels) wants 600 KB. It is address space,
 * not memory: a sleeping coroutine has touched 8 KB of it, and the kernel spends one page on its table.
 */
#define C_STACK_DEFAULT (2u << 20)
#define C_STACK_MIN (128u << 10)
#define C_STACK_MAX (64u << 20)
/* PHP frames; more is added in pages of VM_STACK_MORE when that is used up. */
#define VM_STACK_FIRST 4096u
#define VM_STACK_MORE (16u << 10)

struct shelter {
	zend_stack output;
	php_output_handler *output_active, *output_running;
	HashTable *in_autoload;
	zend_object *exception, *prev_exception;
	const zend_op *opline_before_exception;
	zend_error_handling_t error_handling;
	zend_class_entry *exception_class;
	unsigned server_calls;
	unsigned blocks;
};

/* The outermost frame of each coroutine: calls need one to come from. */
static const zend_internal_function root_function = { .type = ZEND_INTERNAL_FUNCTION };

/* ---- switching ---------------------------------------------------------------------------------------------------- */

static void shelter_save(struct shelter *s)
{
	s->output = OG(handlers);
	s->output_active = OG(active);
	s->output_running = OG(running);
	s->in_autoload = EG(in_autoload);
	s->exception = EG(exception);
	s->prev_exception = EG(prev_exception);
	s->opline_before_exception = EG(opline_before_exception);
	s->error_handling = EG(error_handling);
	s->exception_class = EG(exception_class);
	s->server_calls = rs_php()->server_calls;
}

static void shelter_restore(const struct shelter *s)
{
	OG(handlers) = s->output;
	OG(active) = s->output_active;
	OG(running) = s->output_running;
	EG(in_autoload) = s->in_autoload;
	EG(exception) = s->exception;
	EG(prev_exception) = s->prev_exception;
	EG(opline_before_exception) = s->opline_before_exception;
	EG(error_handling) = s->error_handling;
	EG(exception_class) = s->exception_class;
	rs_php()->server_calls = s->server_calls;
}

/* What a new coroutine begins with. */
static void shelter_fresh(void)
{
	unsigned calls = rs_php()->server_calls;

	shelter_restore(&(struct shelter){ .error_handling = EH_NORMAL, .server_calls = calls });
	zend_stack_init(&OG(handlers), sizeof(php_output_handler *));
}

/* ---- where the engine forbids to switch ---------------------------------------------------------------------------- */

static unsigned take_blocks(void)
{
	unsigned n = 0;

	for (; zend_fiber_switch_blocked(); n++)
		zend_fiber_switch_unblock();
	return n;
}

static void give_blocks(unsigned n)
{
	while (n-- > 0)
		zend_fiber_switch_block();
}

/*
 * In ticks and signal handlers. In destructors as well until PHP 8.4, which found nothing wrong with them: programs give
 * connections back to their pools there.
 */
bool rs_co_switch_blocked(void)
{
	unsigned blocks, destructors = 0;

	if (!zend_fiber_switch_blocked())
		return false;
	for (const zend_execute_data *f = EG(current_execute_data); f; f = f->prev_execute_data)
		destructors += f->func && f->func->common.function_name && Z_TYPE(f->This) == IS_OBJECT &&
			       zend_string_equals_literal_ci(f->func->common.function_name, "__destruct");
	blocks = take_blocks();
	give_blocks(blocks);
	return blocks > destructors;
}

/* Returns when somebody switches back here. */
void rs_co_switch(zend_fiber_context *to)
{
	zend_fiber_transfer transfer = { .context = to };
	struct shelter here;

	ZVAL_NULL(&transfer.value);
	shelter_save(&here);
	here.blocks = take_blocks();
	EG(exception) = NULL;
	zend_fiber_switch_context(&transfer);
	give_blocks(here.blocks);
	shelter_restore(&here);
	zval_ptr_dtor(&transfer.value);
}

/* ---- on the coroutine's own stack --------------------------------------------------------------------------------- */

/* In reverse order, also when an exception unwinds; all of them, whatever they throw. */
static void call_deferred(struct rs_co *co)
{
	struct rs_co_defer *d;

	while ((d = SLIST_FIRST(&co->deferred))) {
		zend_object *unwinding = EG(exception);

		SLIST_REMOVE_HEAD(&co->deferred, next);
		EG(exception) = NULL;
		rs_php_call_through(&d->cb, 0, NULL, NULL);
		rs_php_callback_free(&d->cb);
		efree(d);
		if (unwinding && EG(exception))
			zend_exception_set_previous(EG(exception), unwinding);
		else if (unwinding)
			EG(exception) = unwinding;
	}
}

/* A body has come to its end, not been left by a longjmp; an exception may still be on its way. */
static void completed(struct rs_co *co)
{
	co->completed = !EG(exception) || !zend_is_unwind_exit(EG(exception));
}

static void run_body(void *arg)
{
	struct rs_co *co = arg;

	rs_php_call_through(&co->cb, co->argc, co->argv, &co->ret);
	call_deferred(co);
	completed(co);
}

/* Destructors may run here, and they may defer. */
static void release_body(void *arg)
{
	struct rs_co *co = arg;

	for (uint32_t i = 0; i < co->argc; i++)
		zval_ptr_dtor(&co->argv[i]);
	co->argc = 0;
	rs_php_callback_free(&co->cb);
	zval_ptr_dtor(&co->context);
	ZVAL_UNDEF(&co->context);
	call_deferred(co);
	completed(co);
}

static void flush_body(void *arg)
{
	php_output_end_all();
	completed(arg);
}

/* Once the process has bailed out (shutdown functions run, or what is left unwinds), every call looks like a fatal one. */
static enum rs_call_end guarded(struct rs_co *co, void (*body)(void *arg))
{
	enum rs_call_end end;

	co->completed = false;
	end = rs_php_guarded(body, co);
	return end == RS_CALL_FATAL && co->completed ? RS_CALL_OK : end;
}

static enum rs_call_end run(struct rs_co *co)
{
	enum rs_call_end end = guarded(co, run_body), after = RS_CALL_OK;

	if (end != RS_CALL_FATAL)
		after = guarded(co, release_body);
	if (guarded(co, flush_body) == RS_CALL_FATAL)
		after = RS_CALL_FATAL;
	if (EG(in_autoload)) {
		zend_hash_destroy(EG(in_autoload));
		FREE_HASHTABLE(EG(in_autoload));
	}
	zend_stack_destroy(&OG(handlers));
	return end == RS_CALL_OK || after == RS_CALL_FATAL ? after : end;
}

/* As the engine begins a Fiber: an @ of whoever starts it is not for the coroutine. */
static void begin_vm_stack(void)
{
	zend_long reporting = INI_INT("error_reporting");
	zend_vm_stack page = zend_vm_stack_new_page(VM_STACK_FIRST, NULL);
	zend_execute_data *root = (zend_execute_data *)page->top;

	memset(root, 0, sizeof *root);
	root->func = (zend_function *)(uintptr_t)&root_function;
	EG(vm_stack) = page;
	EG(vm_stack_top) = page->top + ZEND_CALL_FRAME_SLOT;
	EG(vm_stack_end) = page->end;
	EG(vm_stack_page_size) = VM_STACK_MORE;
	EG(current_execute_data) = root;
	EG(error_reporting) = reporting || INI_STR("error_reporting") ? (int)reporting : E_ALL;
	EG(jit_trace_num) = 0;
	EG(active_fiber) = NULL;
}

static void live(struct rs_co *co)
{
	begin_vm_stack();
	shelter_fresh();
	rs_php()->server_calls = rs_php()->server_calls || (co->in_server && rs_swoole_in_server());
	EG(bailout) = co->bailout;
	co->end = run(co);
	zend_vm_stack_destroy();
	(void)take_blocks(); /* of destructors that a fatal error has left */
	co->ended = true;
}

/* Of so many that have ended the stacks are kept: making one costs more than a small callback. */
#define SPARE_MAX 16u

/*
 * co has ended: its stack waits for another coroutine. true: one has come; the engine has brought back what was here, which is
 * nothing, and live() begins anew. A stack that a longjmp has crossed is not used again.
 */
static bool serve_again(struct rs_co *co)
{
	zend_fiber_transfer transfer = { .context = co->from };
	struct rs_cos *all = rs_cos();

	if (co->end == RS_CALL_FATAL || all->closing || all->nspare >= SPARE_MAX)
		return false;
	SLIST_INSERT_HEAD(&all->spare, co->stack, next);
	all->nspare++;
	co->stack = NULL;
	ZVAL_NULL(&transfer.value);
	zend_fiber_switch_context(&transfer);
	zval_ptr_dtor(&transfer.value);
	return true;
}

static void fiber_main(zend_fiber_transfer *transfer)
{
	struct rs_co *co;

	do {
		co = rs_cos()->self;
		live(co);
	} while (serve_again(co));
	transfer->context = co->from;
	transfer->flags = 0;
	ZVAL_NULL(&transfer->value);
}

size_t rs_co_stack_bytes(void)
{
	zend_long n = rs_cos()->stack_bytes ? rs_cos()->stack_bytes : INI_INT("fiber.stack_size");

	if (n <= 0)
		return C_STACK_DEFAULT;
	n = ZEND_MM_ALIGNED_SIZE_EX(n, 4096);
	return n < C_STACK_MIN ? C_STACK_MIN : n > C_STACK_MAX ? C_STACK_MAX : (size_t)n;
}

void rs_co_drop_spare(void)
{
	struct rs_cos *all = rs_cos();
	struct rs_co_stack *s;

	while ((s = SLIST_FIRST(&all->spare))) {
		SLIST_REMOVE_HEAD(&all->spare, next);
		zend_fiber_destroy_context(&s->fiber);
		efree(s);
	}
	all->nspare = 0;
}

/* NULL: there is none of that size, and those of another one go. */
static struct rs_co_stack *take_spare(size_t bytes)
{
	struct rs_cos *all = rs_cos();
	struct rs_co_stack *s = SLIST_FIRST(&all->spare);

	if (!s)
		return NULL;
	if (s->bytes != bytes) {
		rs_co_drop_spare();
		return NULL;
	}
	SLIST_REMOVE_HEAD(&all->spare, next);
	all->nspare--;
	return s;
}

bool rs_co_fiber_init(struct rs_co *co)
{
	struct rs_co_stack *s = take_spare(rs_co_stack_bytes());

	if (!s) {
		s = ecalloc(1, sizeof *s);
		s->bytes = rs_co_stack_bytes();
		if (!zend_fiber_init_context(&s->fiber, rs_cos(), fiber_main, s->bytes)) {
			zend_clear_exception();
			efree(s);
			return false;
		}
	}
	co->stack = s;
	co->at = &s->fiber;
	co->bailout = EG(bailout);
	return true;
}

void rs_co_fiber_ended(struct rs_co *co)
{
	if (co->stack)
		efree(co->stack); /* the engine has destroyed what was in it */
	co->stack = NULL;
}
