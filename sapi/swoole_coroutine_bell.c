/*
 * A bell for one coroutine that waits: ringing never switches, so it may happen anywhere.
 */
#include "swoole_coroutine_bell.h"

#include "worker/loop.h"

struct rs_co_bell {
	unsigned refs;    /* the owner; each ring that is on its way */
	zend_long waiter; /* 0: nobody */
};

struct rs_co_bell *rs_co_bell_new(void)
{
	struct rs_co_bell *b = emalloc(sizeof *b);

	*b = (struct rs_co_bell){ .refs = 1 };
	return b;
}

void rs_co_bell_free(struct rs_co_bell *b)
{
	if (--b->refs == 0)
		efree(b);
}

void rs_co_bell_mine(struct rs_co_bell *b)
{
	b->waiter = rs_co_id(rs_co_self());
}

void rs_co_bell_done(struct rs_co_bell *b)
{
	b->waiter = 0;
}

bool rs_co_bell_wait(struct rs_co_bell *b)
{
	bool ok;

	rs_co_bell_mine(b);
	ok = rs_co_suspend();
	rs_co_bell_done(b);
	return ok;
}

/* When the coroutine ends the process this must return at once; then nobody needs the memory any more either. */
static void ring_cb(void *arg)
{
	struct rs_co_bell *b = arg;
	struct rs_co *co = b->waiter ? rs_co_find(b->waiter) : NULL;

	rs_co_bell_free(b);
	if (co)
		rs_co_wake(co);
}

void rs_co_bell_ring(struct rs_co_bell *b)
{
	struct rs_loop *l = b->waiter ? rs_loop_peek() : NULL;

	if (!l)
		return;
	b->refs++;
	if (!rs_loop_defer(l, ring_cb, b))
		b->refs--;
}
