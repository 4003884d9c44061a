/*
 * Objects that came after the snapshot and stay: exempt properties lead to them, as to a connection that was made when it was first
 * needed, or statics of classes that were autoloaded. They are remembered as the cleaners have left them after the request that made them, and held only as long as somebody else
 * holds them.
 */
#include "php_snapshot_kept.h"

struct adopted {
	struct rs_kept k;
	struct rs_places places;
};

static struct {
	struct adopted *v;
	uint32_t n, cap;
	zval **doors; /* exempt properties */
	uint32_t ndoors, doors_cap;
	HashTable known; /* handles of these, and of the snapshot's own */
} here;

void rs_adopted_begin(uint32_t handles)
{
	zend_hash_init(&here.known, handles, NULL, NULL, true);
}

void rs_adopted_know(const zend_object *o)
{
	zend_hash_index_add_empty_element(&here.known, o->handle);
}

void rs_adopted_look_behind(zval *at)
{
	here.doors = rs_snapshot_room(here.doors, here.ndoors, &here.doors_cap, sizeof *here.doors);
	here.doors[here.ndoors++] = at;
}

static void adopt_from(zval *value, unsigned depth);

RS_HOT static void adopt(zend_object *o, unsigned depth)
{
	struct adopted *a;

	if (zend_hash_index_exists(&here.known, o->handle) || rs_kept_is_skipped(o))
		return;
	here.v = rs_snapshot_room(here.v, here.n, &here.cap, sizeof *here.v);
	a = &here.v[here.n++];
	*a = (struct adopted){ 0 };
	rs_adopted_know(o);
	a->k = rs_kept_take(o, &a->places, NULL);
	for (int i = 0; i < o->ce->default_properties_count; i++)
		adopt_from(&o->properties_table[i], depth + 1);
}

#define DEEPEST 16 /* levels of objects and arrays behind an exempt property */

RS_HOT static void adopt_from(zval *value, unsigned depth)
{
	zval *zv;

	ZVAL_DEREF(value);
	if (depth > DEEPEST)
		return;
	if (Z_TYPE_P(value) == IS_OBJECT) {
		adopt(Z_OBJ_P(value), depth);
	} else if (Z_TYPE_P(value) == IS_ARRAY && !(GC_FLAGS(Z_ARRVAL_P(value)) & GC_IMMUTABLE)) {
		ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(value), zv) {
			adopt_from(zv, depth + 1);
		} ZEND_HASH_FOREACH_END();
	}
}

void rs_adopted_take(zval *value)
{
	adopt_from(value, 0);
}

static void let_go(struct adopted *a)
{
	zend_hash_index_del(&here.known, a->k.object->handle);
	rs_places_free(&a->places);
	rs_kept_let_go(&a->k);
}

/* Whom nobody else holds any more. Several that hold each other go one request after the other. */
RS_HOT static void let_go_of_the_dropped(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < here.n; i++) {
		if (UNEXPECTED(GC_REFCOUNT(here.v[i].k.object) == 1)) {
			let_go(&here.v[i]);
			continue;
		}
		if (UNEXPECTED(n != i))
			here.v[n] = here.v[i];
		n++;
	}
	here.n = n;
}

RS_HOT static unsigned put_back(void)
{
	unsigned changed = 0;

	for (uint32_t i = 0; i < here.n; i++) {
		struct adopted *a = &here.v[i];

		changed += rs_places_restore(&a->places, NULL);
		changed += rs_kept_restore_table(&a->k);
	}
	return changed;
}

RS_HOT unsigned rs_adopted_restore(void)
{
	unsigned changed = put_back();

	let_go_of_the_dropped();
	for (uint32_t i = 0; i < here.ndoors; i++)
		adopt_from(here.doors[i], 0);
	return changed;
}

void rs_adopted_tell(rs_snapshot_tell tell, void *arg)
{
	for (uint32_t i = 0; i < here.n; i++)
		rs_kept_tell(&here.v[i].k, &here.v[i].places, tell, arg);
}

uint32_t rs_adopted_count(void)
{
	return here.n;
}
