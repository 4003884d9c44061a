/*
 * Locks that a request has taken and not let go: of files and semaphores that were open before it, for all others are closed with it. Who
 * waits for one would wait for ever; under php-fpm the end of a request lets them go. With isolation = snapshot and fork.
 */
#include "php_call.h"
#include "php_left.h"
#include "php_snapshot.h"

#include <ext/standard/file.h>
#include <ext/standard/flock_compat.h>
#include <sys/file.h>

enum { FLOCK, SEM_ACQUIRE, SEM_RELEASE, NFUNCTIONS };

static const char *const names[NFUNCTIONS] = { [FLOCK] = "flock", [SEM_ACQUIRE] = "sem_acquire", [SEM_RELEASE] = "sem_release" };

static struct {
	zend_function *function;
	zif_handler original;
} seen[NFUNCTIONS];
static zend_function *spl_flock; /* SplFileObject's */
static zif_handler spl_original;

/* Not counted: compared with what is at its handle. */
static struct lock {
	const void *holder; /* zend_resource of a stream; object: of a semaphore, or of a file */
	zend_long handle;
	zend_function *release; /* NULL: a stream */
} *held;
static uint32_t nheld, held_cap;

static void took(const void *holder, zend_long handle, zend_function *release)
{
	if (!rs_php()->x || rs_php()->starting)
		return;
	held = rs_snapshot_room(held, nheld, &held_cap, sizeof *held);
	held[nheld++] = (struct lock){ holder, handle, release };
}

/* One of them: a semaphore counts. */
static void let_go(const void *holder)
{
	for (uint32_t i = nheld; i-- > 0;) {
		if (held[i].holder == holder) {
			held[i] = held[--nheld];
			return;
		}
	}
}

static void note(size_t function, const zval *on, zend_long operation)
{
	if (function == FLOCK && Z_TYPE_P(on) == IS_RESOURCE) {
		let_go(Z_RES_P(on)); /* the same lock, of another kind */
		if ((operation & 3) != PHP_LOCK_UN)
			took(Z_RES_P(on), Z_RES_HANDLE_P(on), NULL);
	} else if (function == SEM_ACQUIRE && Z_TYPE_P(on) == IS_OBJECT) {
		took(Z_OBJ_P(on), Z_OBJ_HANDLE_P(on), seen[SEM_RELEASE].function);
	} else if (function == SEM_RELEASE && Z_TYPE_P(on) == IS_OBJECT) {
		let_go(Z_OBJ_P(on));
	}
}

static zend_long operation_of(const zval *argument)
{
	return argument && Z_TYPE_P(argument) == IS_LONG ? Z_LVAL_P(argument) : 0;
}

static ZEND_FUNCTION(rs_lock_touch)
{
	/* What a call by reference passes is none of these. */
	zval *on = ZEND_NUM_ARGS() > 0 ? ZEND_CALL_ARG(execute_data, 1) : NULL;
	zend_long operation = operation_of(ZEND_NUM_ARGS() > 1 ? ZEND_CALL_ARG(execute_data, 2) : NULL);

	for (size_t i = 0; i < NFUNCTIONS; i++) {
		if (seen[i].function != EX(func))
			continue;
		seen[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
		if (on && Z_TYPE_P(return_value) == IS_TRUE)
			note(i, on, operation);
		return;
	}
}

static ZEND_FUNCTION(rs_spl_lock_touch)
{
	zend_object *object = Z_TYPE(EX(This)) == IS_OBJECT ? Z_OBJ(EX(This)) : NULL;
	zend_long operation = operation_of(ZEND_NUM_ARGS() > 0 ? ZEND_CALL_ARG(execute_data, 1) : NULL);

	spl_original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	if (!object || Z_TYPE_P(return_value) != IS_TRUE)
		return;
	let_go(object);
	if ((operation & 3) != PHP_LOCK_UN)
		took(object, object->handle, spl_flock);
}

void rs_php_locks_guard(void)
{
	const zend_class_entry *file = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("splfileobject"));

	for (size_t i = 0; i < NFUNCTIONS; i++) {
		zend_function *f = zend_hash_str_find_ptr(CG(function_table), names[i], strlen(names[i]));

		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		seen[i].function = f;
		seen[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_lock_touch);
	}
	spl_flock = file ? zend_hash_str_find_ptr(&file->function_table, ZEND_STRL("flock")) : NULL;
	if (!spl_flock || spl_flock->type != ZEND_INTERNAL_FUNCTION)
		return;
	spl_original = spl_flock->internal_function.handler;
	spl_flock->internal_function.handler = ZEND_FN(rs_spl_lock_touch);
}

static bool release_stream(const struct lock *lock)
{
	const zval *zv = zend_hash_index_find(&EG(regular_list), (zend_ulong)lock->handle);
	php_stream *stream;

	if (!zv || Z_RES_P(zv) != lock->holder || Z_RES_P(zv)->type != php_file_le_stream())
		return false;
	stream = Z_RES_P(zv)->ptr;
	return stream && php_stream_lock(stream, LOCK_UN) == 0;
}

static bool release_object(const struct lock *lock)
{
	zend_object *object = (uint32_t)lock->handle < EG(objects_store).top ? EG(objects_store).object_buckets[lock->handle] : NULL;
	zval argument, ret;
	bool ok;

	if (!object || !IS_OBJ_VALID(object) || object != lock->holder)
		return false;
	if (lock->release == spl_flock) {
		ZVAL_LONG(&argument, PHP_LOCK_UN);
		ok = rs_php_call_quietly(lock->release, object, &ret, 1, &argument);
	} else {
		ZVAL_OBJ(&argument, object);
		ok = rs_php_call_quietly(lock->release, NULL, &ret, 1, &argument);
	}
	zval_ptr_dtor(&ret);
	return ok;
}

void rs_php_locks_forget(void)
{
	nheld = 0;
}

unsigned rs_php_locks_end(void)
{
	unsigned n = 0;

	while (nheld > 0) {
		struct lock lock = held[--nheld];

		n += lock.release ? release_object(&lock) : release_stream(&lock);
	}
	return n;
}
