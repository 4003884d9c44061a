/*
 * Swoole\Lock: locks between processes (shm/shm_lock.h). Contract B.10.
 */
#include "swoole_kept.h"
#include "swoole_lock.h"

#include "shm/shm_lock.h"
#include "stubs/lock_arginfo.h"

#include <errno.h>

struct lock_object {
	struct rs_lock *lock;    /* NULL: not constructed, or destroyed */
	bool constructed, destroyed;
	unsigned waits;          /* calls under way: a signal handler may come in between, and destroy it */
	enum rs_lock_type type;
	zend_object std;
};

static zend_class_entry *lock_ce;
static zend_object_handlers handlers;

static zend_object *create_object(zend_class_entry *ce)
{
	struct lock_object *o = zend_object_alloc(sizeof *o, ce);

	zend_object_std_init(&o->std, ce);
	object_properties_init(&o->std, ce);
	o->std.handlers = &handlers;
	return &o->std;
}

static void free_object(zend_object *object)
{
	rs_lock_free(RS_SWOOLE_OBJECT(struct lock_object, object)->lock);
	zend_object_std_dtor(object);
}

void rs_swoole_minit_lock(void)
{
	lock_ce = register_class_Swoole_Lock();
	lock_ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct lock_object, std), free_object);
	rs_swoole_keep_properties(lock_ce, &handlers);
	rs_swoole_alias(lock_ce, "swoole_lock");
}

/* ---- waiting ------------------------------------------------------------------------------------------------------ */

/* As PHP does between two instructions. */
static bool run_signal_handlers(void *arg)
{
	(void)arg;
	if (zend_atomic_bool_exchange_ex(&EG(vm_interrupt), false)) {
		if (zend_atomic_bool_load_ex(&EG(timed_out)))
			zend_timeout();
		else if (zend_interrupt_function)
			zend_interrupt_function(EG(current_execute_data));
	}
	return !EG(exception);
}

const struct rs_shm_ear rs_swoole_ear = { .go_on = run_signal_handlers };

int64_t rs_swoole_wait_us(double seconds)
{
	if (seconds < 0 || seconds > 1e12)
		return -1;
	return seconds > 0 ? (int64_t)(seconds * 1e6) : 0;
}

/* ---- methods ------------------------------------------------------------------------------------------------------ */

static struct lock_object *object_of(zval *this)
{
	struct lock_object *o = RS_SWOOLE_OBJECT(struct lock_object, Z_OBJ_P(this));

	if (!o->constructed)
		rs_swoole_fatal("must call constructor first");
	return o;
}

static void free_when_idle(struct lock_object *o)
{
	if (!o->destroyed || o->waits)
		return;
	rs_lock_free(o->lock);
	o->lock = NULL;
}

static int take_it(struct lock_object *o, enum rs_lock_how how, int64_t wait_us)
{
	int e;

	if (o->destroyed)
		return EINVAL;
	o->waits++;
	e = rs_lock_take(o->lock, how, wait_us, &rs_swoole_ear);
	o->waits--;
	free_when_idle(o);
	return o->destroyed ? EINVAL : e;
}

/* errCode tells how the last call failed, or 0. */
static void answer(struct lock_object *o, int error, zval *return_value)
{
	zend_update_property_long(lock_ce, &o->std, ZEND_STRL("errCode"), error);
	RETVAL_BOOL(error == 0);
}

static void take(INTERNAL_FUNCTION_PARAMETERS, enum rs_lock_how how, int64_t wait_us)
{
	struct lock_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = object_of(ZEND_THIS);
	answer(o, take_it(o, how, wait_us), return_value);
}

static bool attach(void *arg, int fd)
{
	struct lock_object *o = arg;

	o->lock = rs_lock_attach(o->type, fd);
	return o->lock;
}

static bool create(void *arg, int *fd)
{
	struct lock_object *o = arg;

	o->lock = rs_lock_create(o->type, fd);
	return o->lock;
}

ZEND_METHOD(Swoole_Lock, __construct)
{
	struct lock_object *o = RS_SWOOLE_OBJECT(struct lock_object, Z_OBJ_P(ZEND_THIS));
	zend_long type = RS_LOCK_MUTEX;
	zend_string *file = ZSTR_EMPTY_ALLOC();

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(type)
		Z_PARAM_PATH_STR(file)
	ZEND_PARSE_PARAMETERS_END();
	if (o->constructed) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(o->std.ce->name));
		RETURN_THROWS();
	}
	if (type < RS_LOCK_RW || type > RS_LOCK_SPIN)
		type = RS_LOCK_MUTEX;
	if (type == RS_LOCK_FILE && ZSTR_LEN(file) == 0) {
		rs_swoole_throw(EINVAL, "a file lock needs a file");
		RETURN_THROWS();
	}
	if (type == RS_LOCK_FILE && php_check_open_basedir(ZSTR_VAL(file)))
		RETURN_THROWS();
	o->type = (enum rs_lock_type)type;
	if (type == RS_LOCK_FILE)
		o->lock = rs_lock_new(RS_LOCK_FILE, ZSTR_VAL(file));
	else
		(void)rs_swoole_kept_make(o, attach, create);
	if (!o->lock) {
		rs_swoole_throw(errno, "failed to create a lock: %s", strerror(errno));
		RETURN_THROWS();
	}
	o->constructed = true;
}

ZEND_METHOD(Swoole_Lock, lock)
{
	take(INTERNAL_FUNCTION_PARAM_PASSTHRU, RS_LOCK_WRITE, -1);
}

ZEND_METHOD(Swoole_Lock, trylock)
{
	take(INTERNAL_FUNCTION_PARAM_PASSTHRU, RS_LOCK_WRITE, 0);
}

ZEND_METHOD(Swoole_Lock, lock_read)
{
	take(INTERNAL_FUNCTION_PARAM_PASSTHRU, RS_LOCK_READ, -1);
}

ZEND_METHOD(Swoole_Lock, trylock_read)
{
	take(INTERNAL_FUNCTION_PARAM_PASSTHRU, RS_LOCK_READ, 0);
}

ZEND_METHOD(Swoole_Lock, lockwait)
{
	struct lock_object *o;
	double seconds = 1.0;
	int e;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(seconds)
	ZEND_PARSE_PARAMETERS_END();
	o = object_of(ZEND_THIS);
	if (o->type != RS_LOCK_MUTEX) {
		rs_swoole_throw(-2, "only a mutex can be waited for with a time limit");
		RETURN_THROWS();
	}
	e = take_it(o, RS_LOCK_WRITE, seconds > 0 ? rs_swoole_wait_us(seconds) : 0);
	answer(o, e == EBUSY ? ETIMEDOUT : e, return_value);
}

ZEND_METHOD(Swoole_Lock, unlock)
{
	struct lock_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = object_of(ZEND_THIS);
	answer(o, o->destroyed ? EINVAL : rs_lock_release(o->lock), return_value);
}

ZEND_METHOD(Swoole_Lock, destroy)
{
	struct lock_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = object_of(ZEND_THIS);
	o->destroyed = true;
	free_when_idle(o);
}
