/*
 * Swoole\Atomic and Swoole\Atomic\Long: shared numbers (shm/shm_atomic.h). Contract B.10.
 */
#include "swoole_kept.h"
#include "swoole_lock.h"

#include "shm/shm_atomic.h"
#include "stubs/atomic_arginfo.h"

#include <errno.h>

struct atomic_object {
	struct rs_atomic atomic;    /* without a cell: the constructor was not called */
	zend_object std;
};

static zend_object_handlers handlers;

static zend_object *create_object(zend_class_entry *ce)
{
	struct atomic_object *o = zend_object_alloc(sizeof *o, ce);

	zend_object_std_init(&o->std, ce);
	object_properties_init(&o->std, ce);
	o->std.handlers = &handlers;
	return &o->std;
}

static void free_object(zend_object *object)
{
	rs_atomic_fini(&RS_SWOOLE_OBJECT(struct atomic_object, object)->atomic);
	zend_object_std_dtor(object);
}

void rs_swoole_minit_atomic(void)
{
	zend_class_entry *atomic = register_class_Swoole_Atomic(), *wide = register_class_Swoole_Atomic_Long();

	atomic->create_object = wide->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct atomic_object, std), free_object);
	rs_swoole_keep_properties(atomic, &handlers);
	rs_swoole_alias(atomic, "swoole_atomic");
	rs_swoole_alias(wide, "swoole_atomic_long");
}

static struct rs_atomic *atomic_of(zval *this)
{
	struct atomic_object *o = RS_SWOOLE_OBJECT(struct atomic_object, Z_OBJ_P(this));

	if (!o->atomic.cell)
		rs_swoole_fatal("must call constructor first");
	return &o->atomic;
}

/* The only argument of a method, an int. false: it threw. */
static bool one_int(zend_execute_data *execute_data, zend_long *out)
{
	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(*out)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	return true;
}

/* The same, or none: then *out stays. */
static bool maybe_int(zend_execute_data *execute_data, zend_long *out)
{
	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(*out)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	return true;
}

static bool two_ints(zend_execute_data *execute_data, zend_long *a, zend_long *b)
{
	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(*a)
		Z_PARAM_LONG(*b)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	return true;
}

/* Of cells: bits. */
enum { NARROW = 32, WIDE = 64 };

struct making {
	struct rs_atomic *atomic;
	uint32_t kind;
	zend_long value;
};

static bool attach(void *arg, int fd)
{
	const struct making *m = arg;

	return rs_atomic_attach(m->atomic, m->kind, fd);
}

static bool create(void *arg, int *fd)
{
	const struct making *m = arg;

	if (!rs_atomic_init(m->atomic, m->kind, fd))
		return false;
	if (m->kind == WIDE)
		atomic_store(&m->atomic->cell->wide, (uint64_t)m->value);
	else
		atomic_store(&m->atomic->cell->value, (uint32_t)m->value);
	return true;
}

/* The new object's number. */
static void construct(zend_execute_data *execute_data, uint32_t kind)
{
	struct atomic_object *o = RS_SWOOLE_OBJECT(struct atomic_object, Z_OBJ_P(ZEND_THIS));
	struct making m = { .atomic = &o->atomic, .kind = kind };

	if (!maybe_int(execute_data, &m.value))
		return;
	if (o->atomic.cell)
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(o->std.ce->name));
	else if (!rs_swoole_kept_make(&m, attach, create))
		rs_swoole_throw(errno, "global memory allocation failure: %s", strerror(errno));
}

/* ---- 32 bits, unsigned: what PHP gives is taken modulo 2^32 -------------------------------------------------------- */

ZEND_METHOD(Swoole_Atomic, __construct)
{
	construct(execute_data, NARROW);
}

ZEND_METHOD(Swoole_Atomic, add)
{
	zend_long n = 1;

	if (maybe_int(execute_data, &n))
		RETURN_LONG((uint32_t)(atomic_fetch_add(&atomic_of(ZEND_THIS)->cell->value, (uint32_t)n) + (uint32_t)n));
}

ZEND_METHOD(Swoole_Atomic, sub)
{
	zend_long n = 1;

	if (maybe_int(execute_data, &n))
		RETURN_LONG((uint32_t)(atomic_fetch_sub(&atomic_of(ZEND_THIS)->cell->value, (uint32_t)n) - (uint32_t)n));
}

ZEND_METHOD(Swoole_Atomic, get)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(atomic_load(&atomic_of(ZEND_THIS)->cell->value));
}

ZEND_METHOD(Swoole_Atomic, set)
{
	zend_long value;

	if (one_int(execute_data, &value))
		atomic_store(&atomic_of(ZEND_THIS)->cell->value, (uint32_t)value);
}

ZEND_METHOD(Swoole_Atomic, cmpset)
{
	zend_long was, becomes;
	uint32_t expected;

	if (!two_ints(execute_data, &was, &becomes))
		return;
	expected = (uint32_t)was;
	RETURN_BOOL(atomic_compare_exchange_strong(&atomic_of(ZEND_THIS)->cell->value, &expected, (uint32_t)becomes));
}

ZEND_METHOD(Swoole_Atomic, wait)
{
	double seconds = 1.0;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(seconds)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_atomic_wait(atomic_of(ZEND_THIS), rs_swoole_wait_us(seconds), &rs_swoole_ear) == RS_OK);
}

ZEND_METHOD(Swoole_Atomic, wakeup)
{
	zend_long n = 1;

	if (!maybe_int(execute_data, &n))
		return;
	rs_atomic_wake(atomic_of(ZEND_THIS), n < 1 ? 1 : n > INT32_MAX ? INT32_MAX : (unsigned)n);
	RETURN_TRUE;
}

/* ---- 64 bits, signed: computed unsigned, so that it wraps ---------------------------------------------------------- */

ZEND_METHOD(Swoole_Atomic_Long, __construct)
{
	construct(execute_data, WIDE);
}

ZEND_METHOD(Swoole_Atomic_Long, add)
{
	zend_long n = 1;

	if (maybe_int(execute_data, &n))
		RETURN_LONG((zend_long)(atomic_fetch_add(&atomic_of(ZEND_THIS)->cell->wide, (uint64_t)n) + (uint64_t)n));
}

ZEND_METHOD(Swoole_Atomic_Long, sub)
{
	zend_long n = 1;

	if (maybe_int(execute_data, &n))
		RETURN_LONG((zend_long)(atomic_fetch_sub(&atomic_of(ZEND_THIS)->cell->wide, (uint64_t)n) - (uint64_t)n));
}

ZEND_METHOD(Swoole_Atomic_Long, get)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG((zend_long)atomic_load(&atomic_of(ZEND_THIS)->cell->wide));
}

ZEND_METHOD(Swoole_Atomic_Long, set)
{
	zend_long value;

	if (one_int(execute_data, &value))
		atomic_store(&atomic_of(ZEND_THIS)->cell->wide, (uint64_t)value);
}

ZEND_METHOD(Swoole_Atomic_Long, cmpset)
{
	zend_long was, becomes;
	uint64_t expected;

	if (!two_ints(execute_data, &was, &becomes))
		return;
	expected = (uint64_t)was;
	RETURN_BOOL(atomic_compare_exchange_strong(&atomic_of(ZEND_THIS)->cell->wide, &expected, (uint64_t)becomes));
}
