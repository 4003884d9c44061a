/*
 * Which classes have more objects than before.
 */
#include "php_doctor.h"

/* Class to number of objects, when it was last counted. Permanent, for it is no part of what is measured. */
static HashTable counts;
static bool counted;

static zend_ulong key_of(const zend_class_entry *ce)
{
	return (zend_ulong)(uintptr_t)ce >> 3;
}

static void count_into(HashTable *to)
{
	for (uint32_t i = 1; i < EG(objects_store).top; i++) {
		zend_object *o = EG(objects_store).object_buckets[i];
		zval one, *zv;

		if (!IS_OBJ_VALID(o) || (OBJ_FLAGS(o) & IS_OBJ_FREE_CALLED))
			continue;
		zv = zend_hash_index_find(to, key_of(o->ce));
		if (zv) {
			Z_LVAL_P(zv)++;
			continue;
		}
		ZVAL_LONG(&one, 1);
		zend_hash_index_add_new(to, key_of(o->ce), &one);
	}
}

void rs_doctor_count_objects(void)
{
	if (!counted)
		zend_hash_init(&counts, 256, NULL, NULL, true);
	counted = true;
	zend_hash_clean(&counts);
	count_into(&counts);
}

void rs_doctor_new_objects(rs_doctor_class_fn fn, void *arg)
{
	HashTable now;

	if (!counted)
		return;
	zend_hash_init(&now, 256, NULL, NULL, true);
	count_into(&now);
	for (uint32_t i = 1; i < EG(objects_store).top; i++) {
		zend_object *o = EG(objects_store).object_buckets[i];
		zval *n, *was;

		if (!IS_OBJ_VALID(o) || !(n = zend_hash_index_find(&now, key_of(o->ce))))
			continue;
		was = zend_hash_index_find(&counts, key_of(o->ce));
		if (!was || Z_LVAL_P(n) > Z_LVAL_P(was))
			fn(arg, o->ce, Z_LVAL_P(n) - (was ? Z_LVAL_P(was) : 0));
		zend_hash_index_del(&now, key_of(o->ce));
	}
	zend_hash_destroy(&now);
}
