/*
 * When it is over for those that still wait: the process ends, or this is a forked child.
 */
#include "swoole_coroutine_private.h"

#include "worker/loop.h"

/*
 * Those that still wait unwind when the engine calls the destructors of what is left, as Fibers do: finally blocks, deferred
 * calls and destructors run. An object is how we hear of it. After a fatal error it is not called.
 */
static void guardian_dtor(zend_object *obj)
{
	struct rs_cos *all = rs_cos();
	struct rs_co *co;

	(void)obj;
	all->closing = true;
	for (;;) {
		zend_ulong id;
		struct rs_co *waiting = NULL;

		ZEND_HASH_FOREACH_NUM_KEY_PTR(&all->table, id, co) {
			(void)id;
			if (!co->at)
				continue;
			waiting = co;
			break;
		} ZEND_HASH_FOREACH_END();
		if (!waiting)
			return;
		waiting->killed = true;
		(void)rs_co_go_on(waiting);
	}
}

static void make_guardian(void)
{
	static zend_object_handlers handlers;
	zend_object *obj = emalloc(sizeof *obj + zend_object_properties_size(zend_standard_class_def));

	handlers = std_object_handlers;
	handlers.dtor_obj = guardian_dtor;
	zend_object_std_init(obj, zend_standard_class_def);
	obj->handlers = &handlers;
}

/*
 * The loop has gone, mostly since this is a child: nothing wakes those that wait. Their stacks stay as they are, since
 * channels and joins refer to them. The one that called fork(), and those that wait for it to suspend, go on.
 */
static void loop_gone(void)
{
	struct rs_cos *all = rs_cos();
	struct rs_co *co;

	rs_threads_drop(all->threads);
	all->threads = NULL;
	all->jobs = all->fd_waits = 0;
	if (!all->ready)
		return;
	ZEND_HASH_FOREACH_PTR(&all->table, co) {
		if (!co->at)
			continue;
		co->at = NULL;
		zend_hash_index_del(&all->table, (zend_ulong)co->id);
	} ZEND_HASH_FOREACH_END();
}

void rs_co_prepare(void)
{
	struct rs_cos *all = rs_cos();
	struct rs_loop *l = rs_loop_get(); /* from now on the script's end runs it */

	if (!l)
		rs_swoole_fatal("no memory for an event loop");
	rs_loop_at_drop(l, loop_gone);
	if (all->ready)
		return;
	all->ready = true;
	zend_hash_init(&all->table, 8, NULL, NULL, 0);
	zend_hash_real_init_mixed(&all->table); /* ids only go up: an array would grow with them */
	make_guardian();
}

/*
 * The end of the PHP request. Who is still there has not unwound, after a fatal error: what PHP allocated goes with the
 * request, but a C stack is the kernel's.
 */
static void rshutdown(void)
{
	struct rs_cos *all = rs_cos();
	struct rs_co *co;

	if (!all->ready)
		return;
	ZEND_HASH_FOREACH_PTR(&all->table, co) {
		if (co->at)
			zend_fiber_destroy_context(&co->stack->fiber);
	} ZEND_HASH_FOREACH_END();
	rs_co_drop_spare();
	zend_hash_destroy(&all->table);
	all->self = NULL;
	all->last_id = all->stack_bytes = 0;
	all->max = all->peak = 0;
	all->ready = all->closing = all->must_end = false;
}

void rs_co_minit_end(void)
{
	rs_swoole_at_rshutdown(rshutdown);
}

void rs_co_forked(void)
{
	if (rs_cos()->ready && !rs_loop_peek())
		loop_gone();
}

/* Their memory stays: our frames lie on the stack of one of them. */
void rs_co_leave(void)
{
	struct rs_cos *all = rs_cos();

	all->self = NULL;
	if (all->ready)
		zend_hash_clean(&all->table);
}
