/*
 * Swoole\Coroutine\Channel: a bounded queue between coroutines. Whoever waits gets its turn in the order it came: a push
 * hands its value to the first waiting consumer directly, a pop lets the first waiting producer put its own, so that nobody
 * who comes later is served before. The one that is served runs at once, before push() or pop() returns.
 */
#include "swoole_coroutine_private.h"

#include "stubs/channel_arginfo.h"

enum { CHANNEL_OK = 0, CHANNEL_TIMEOUT = -1, CHANNEL_CLOSED = -2, CHANNEL_CANCELED = -3 };
/* Declared properties, in the order of the stub. */
enum { PROP_CAPACITY, PROP_ERRCODE };

/* A coroutine that waits here; on its own stack. Off the list: served or sent away. */
struct waiter {
	struct rs_co *co;
	zval value;       /* producer: what it brings; consumer: what it was given */
	bool listed;
	TAILQ_ENTRY(waiter) next;
};

TAILQ_HEAD(waiters, waiter);

struct channel {
	bool made;        /* the constructor has run */
	bool closed;
	zval *ring;       /* capacity of them, allocated as needed up to that */
	size_t capacity, allocated, first, count;
	struct waiters producers, consumers;
	unsigned nproducers, nconsumers;
	zend_object std;
};

static struct {
	zend_class_entry *ce;
	zend_object_handlers handlers;
} class;

/* ---- object -------------------------------------------------------------------------------------------------------- */

static zend_object *channel_create(zend_class_entry *ce)
{
	struct channel *c = zend_object_alloc(sizeof *c, ce);

	TAILQ_INIT(&c->producers);
	TAILQ_INIT(&c->consumers);
	zend_object_std_init(&c->std, ce);
	object_properties_init(&c->std, ce);
	c->std.handlers = &class.handlers;
	return &c->std;
}

static void channel_free(zend_object *obj)
{
	struct channel *c = RS_SWOOLE_OBJECT(struct channel, obj);

	for (size_t i = 0; i < c->count; i++)
		zval_ptr_dtor(&c->ring[(c->first + i) % c->allocated]);
	if (c->ring)
		efree(c->ring);
	zend_object_std_dtor(obj);
}

/* What waiting producers hold is on their stacks, which the collector does not see: it counts as used from outside. */
static HashTable *channel_gc(zend_object *obj, zval **table, int *n)
{
	struct channel *c = RS_SWOOLE_OBJECT(struct channel, obj);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	for (size_t i = 0; i < c->count; i++)
		zend_get_gc_buffer_add_zval(buffer, &c->ring[(c->first + i) % c->allocated]);
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(obj);
}

static struct channel *this_channel(zend_execute_data *execute_data)
{
	struct channel *c = RS_SWOOLE_OBJECT(struct channel, Z_OBJ_P(ZEND_THIS));

	if (!c->made)
		rs_swoole_fatal("must call constructor first");
	return c;
}

static void set_property(struct channel *c, int which, zend_long value)
{
	zval *p = OBJ_PROP_NUM(&c->std, which);

	zval_ptr_dtor(p);
	ZVAL_LONG(p, value);
}

ZEND_METHOD(Swoole_Coroutine_Channel, __construct)
{
	struct channel *c = RS_SWOOLE_OBJECT(struct channel, Z_OBJ_P(ZEND_THIS));
	zend_long capacity = 1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(capacity)
	ZEND_PARSE_PARAMETERS_END();
	if (c->made) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(c->std.ce->name));
		RETURN_THROWS();
	}
	c->made = true;
	c->capacity = capacity < 1 ? 1 : (size_t)capacity;
	set_property(c, PROP_CAPACITY, (zend_long)c->capacity);
}

/* ---- queue --------------------------------------------------------------------------------------------------------- */

/* Doubles, so that a large capacity costs what is used of it. */
static void grow(struct channel *c)
{
	size_t n = c->allocated ? c->allocated * 2 : 8;
	zval *ring;

	if (n > c->capacity)
		n = c->capacity;
	ring = safe_emalloc(n, sizeof *ring, 0);
	for (size_t i = 0; i < c->count; i++)
		ring[i] = c->ring[(c->first + i) % c->allocated];
	if (c->ring)
		efree(c->ring);
	c->ring = ring;
	c->allocated = n;
	c->first = 0;
}

/* Takes the value over. There is room. */
static void put(struct channel *c, zval *value)
{
	if (c->count == c->allocated)
		grow(c);
	ZVAL_COPY_VALUE(&c->ring[(c->first + c->count++) % c->allocated], value);
}

static void take(struct channel *c, zval *value)
{
	ZVAL_COPY_VALUE(value, &c->ring[c->first]);
	c->first = (c->first + 1) % c->allocated;
	c->count--;
}

/* ---- waiting ------------------------------------------------------------------------------------------------------- */

static void unlist(struct waiters *list, unsigned *n, struct waiter *w)
{
	if (!w->listed)
		return;
	TAILQ_REMOVE(list, w, next);
	w->listed = false;
	(*n)--;
}

static struct waiter *first_waiter(struct waiters *list, unsigned *n)
{
	struct waiter *w = TAILQ_FIRST(list);

	if (w)
		unlist(list, n, w);
	return w;
}

/* true: it was served; else errCode says why not. */
static bool wait_in(struct channel *c, struct waiters *list, unsigned *n, struct waiter *w, double timeout)
{
	enum rs_co_wait end;
	bool served;

	w->co = rs_co_self();
	w->listed = true;
	TAILQ_INSERT_TAIL(list, w, next);
	(*n)++;
	end = rs_co_suspend_for(rs_co_ms(timeout));
	/* Only who serves takes it off the list and leaves the channel open, or had served before it was closed. */
	served = !w->listed && w->co;
	unlist(list, n, w);
	set_property(c, PROP_ERRCODE, served                 ? CHANNEL_OK
				      : end == RS_CO_READY   ? CHANNEL_CLOSED
				      : end == RS_CO_TIMEOUT ? CHANNEL_TIMEOUT
							     : CHANNEL_CANCELED);
	return served;
}

ZEND_METHOD(Swoole_Coroutine_Channel, push)
{
	struct channel *c = this_channel(execute_data);
	double timeout = -1;
	struct waiter *consumer, me;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(value)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	set_property(c, PROP_ERRCODE, c->closed ? CHANNEL_CLOSED : CHANNEL_OK);
	if (c->closed)
		RETURN_FALSE;
	ZVAL_COPY(&me.value, value);
	consumer = first_waiter(&c->consumers, &c->nconsumers);
	if (consumer) {
		ZVAL_COPY_VALUE(&consumer->value, &me.value);
		rs_co_wake_from_php(consumer->co);
		RETURN_TRUE;
	}
	if (c->count < c->capacity) {
		put(c, &me.value);
		RETURN_TRUE;
	}
	if (wait_in(c, &c->producers, &c->nproducers, &me, timeout))
		RETURN_TRUE;
	zval_ptr_dtor(&me.value);
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Coroutine_Channel, pop)
{
	struct channel *c = this_channel(execute_data);
	struct waiter *producer, me;
	double timeout = -1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	if (c->count > 0) {
		set_property(c, PROP_ERRCODE, CHANNEL_OK);
		take(c, return_value);
		producer = first_waiter(&c->producers, &c->nproducers);
		if (producer) {
			put(c, &producer->value);
			rs_co_wake_from_php(producer->co);
		}
		return;
	}
	set_property(c, PROP_ERRCODE, c->closed ? CHANNEL_CLOSED : CHANNEL_OK);
	ZVAL_UNDEF(&me.value);
	if (c->closed || !wait_in(c, &c->consumers, &c->nconsumers, &me, timeout))
		RETURN_FALSE;
	RETURN_COPY_VALUE(&me.value);
}

/* ---- the rest ------------------------------------------------------------------------------------------------------ */

static void send_away(struct waiters *list, unsigned *n)
{
	struct waiter *w;

	while ((w = first_waiter(list, n))) {
		struct rs_co *co = w->co;

		w->co = NULL;
		rs_co_wake_from_php(co);
	}
}

/* What is queued can still be popped; those that wait to push keep what they bring. */
ZEND_METHOD(Swoole_Coroutine_Channel, close)
{
	struct channel *c = this_channel(execute_data);

	ZEND_PARSE_PARAMETERS_NONE();
	if (c->closed)
		RETURN_FALSE;
	c->closed = true;
	set_property(c, PROP_ERRCODE, CHANNEL_CLOSED);
	send_away(&c->producers, &c->nproducers);
	send_away(&c->consumers, &c->nconsumers);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Channel, isEmpty)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(this_channel(execute_data)->count == 0);
}

ZEND_METHOD(Swoole_Coroutine_Channel, isFull)
{
	const struct channel *c = this_channel(execute_data);

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(c->count == c->capacity);
}

ZEND_METHOD(Swoole_Coroutine_Channel, length)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG((zend_long)this_channel(execute_data)->count);
}

ZEND_METHOD(Swoole_Coroutine_Channel, stats)
{
	const struct channel *c = this_channel(execute_data);

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	add_assoc_long(return_value, "consumer_num", c->nconsumers);
	add_assoc_long(return_value, "producer_num", c->nproducers);
	add_assoc_long(return_value, "queue_num", (zend_long)c->count);
}

void rs_swoole_minit_channel(void)
{
	class.ce = register_class_Swoole_Coroutine_Channel();
	class.ce->create_object = channel_create;
	rs_swoole_handlers(&class.handlers, offsetof(struct channel, std), channel_free);
	class.handlers.get_gc = channel_gc;
}
