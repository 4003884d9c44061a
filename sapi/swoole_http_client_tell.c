/*
 * What happens to a Swoole\Http\Client is told by callbacks, each from the loop, as the process calls user code: never from within
 * the coroutine in which it happened. Owns what is on its way there; that holds the object.
 */
#include "swoole_http_client_async.h"

#include "swoole_coroutine.h"
#include "swoole_invoke.h"

/* One call, from the loop. Holds the object. */
struct telling {
	struct rs_http_client *o;
	struct rs_php_callback cb;
	zval frame;                   /* UNDEF: none */
	bool done;                    /* the request ends with it */
};

static void release(struct rs_http_client *o)
{
	OBJ_RELEASE(&o->std);
}

static void tell_now(void *arg)
{
	struct telling *t = arg;
	struct rs_php_callback cb = t->cb;
	struct rs_http_client *o = t->o;
	uint32_t argc = Z_ISUNDEF(t->frame) ? 1 : 2;
	zval argv[2];

	ZVAL_OBJ(&argv[0], &o->std);
	ZVAL_COPY_VALUE(&argv[1], &t->frame);
	if (t->done)
		o->async->running = false;
	efree(t);
	rs_swoole_invoke(&cb, argc, argv);
	rs_php_callback_free(&cb);
	if (argc > 1)
		zval_ptr_dtor(&argv[1]);
	release(o);
}

static void defer(void (*fn)(void *arg), void *arg)
{
	if (!rs_loop_get() || !rs_loop_defer(rs_loop_get(), fn, arg))
		zend_error_noreturn(E_ERROR, "Out of memory");
}

/* Takes over what cb and frame hold. */
static void tell(struct rs_http_client *o, struct rs_php_callback *cb, const zval *frame, bool done)
{
	struct telling *t = ecalloc(1, sizeof *t);

	GC_ADDREF(&o->std);
	t->o = o;
	t->done = done;
	rs_php_callback_copy(&t->cb, &cb->fci, &cb->fcc);
	if (frame)
		ZVAL_COPY_VALUE(&t->frame, frame);
	else
		ZVAL_UNDEF(&t->frame);
	defer(tell_now, t);
}

void rs_http_tell(struct rs_http_client *o, enum rs_http_event event)
{
	if (o->async->on[event].set)
		tell(o, &o->async->on[event], NULL, false);
}

void rs_http_async_connected(struct rs_http_client *o)
{
	o->async->open = true;
	rs_http_tell(o, RS_HTTP_ON_CONNECT);
}

void rs_http_tell_close(struct rs_http_client *o)
{
	if (!o->async->open || rs_fetch_is_open(&o->fetch))
		return;
	o->async->open = false;
	rs_http_tell(o, RS_HTTP_ON_CLOSE);
}

void rs_http_tell_done(struct rs_http_client *o)
{
	if (o->async->done.set)
		tell(o, &o->async->done, NULL, true);
	rs_php_callback_free(&o->async->done);
}

/* ---- messages ------------------------------------------------------------------------------------------------------- */

static void reader_goes_on(void *arg)
{
	struct rs_http_client *o = arg;
	struct rs_co *reader = rs_co_find(o->async->reader);
	bool waits = o->async->reader_waits;

	o->async->reader_waits = false;
	release(o);
	if (waits && reader)
		rs_co_wake(reader);
}

bool rs_http_tell_message(struct rs_http_client *o, const zval *frame)
{
	struct rs_http_async *a = o->async;

	tell(o, &a->on[RS_HTTP_ON_MESSAGE], frame, false);
	a->reader = rs_co_id(rs_co_self());
	a->reader_waits = true;
	GC_ADDREF(&o->std);
	defer(reader_goes_on, o);
	if (rs_co_suspend())
		return true;
	a->reader_waits = false;
	return false;
}
