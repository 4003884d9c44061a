/*
 * Objects that were there when the snapshot was taken. Each is held, so that it stays where it is whatever a request drops. Objects that
 * come later die with their request, unless an exempt property leads to them: php_snapshot_adopted.c.
 */
#include "php_snapshot_kept.h"

static struct {
	struct rs_kept *v;
	uint32_t n;
	struct rs_places places;
	/* Of those that may have dynamic properties: who has none, which a word of each tells, with their numbers; and numbers of who has some. */
	const zend_object **bare;
	uint32_t *bare_numbers, *dressed;
	uint32_t nbare, ndressed;
} objects;

static void take_dynamic(uint32_t number)
{
	const struct rs_kept *k = &objects.v[number];

	if (k->properties || k->dynamic) {
		objects.dressed[objects.ndressed++] = number;
	} else {
		objects.bare_numbers[objects.nbare] = number;
		objects.bare[objects.nbare++] = k->object;
	}
}

static void take(void)
{
	uint32_t top = EG(objects_store).top;

	rs_adopted_begin(top);
	objects.v = safe_pemalloc(top, sizeof *objects.v, 0, true);
	objects.bare = safe_pemalloc(top, sizeof *objects.bare, 0, true);
	objects.bare_numbers = safe_pemalloc(top, sizeof *objects.bare_numbers, 0, true);
	objects.dressed = safe_pemalloc(top, sizeof *objects.dressed, 0, true);
	for (uint32_t i = 1; i < top; i++) {
		zend_object *o = EG(objects_store).object_buckets[i];

		if (!IS_OBJ_VALID(o) || rs_kept_is_skipped(o))
			continue;
		rs_adopted_know(o);
		objects.v[objects.n] = rs_kept_take(o, &objects.places, rs_adopted_look_behind);
		if (!(o->ce->ce_flags & ZEND_ACC_NO_DYNAMIC_PROPERTIES))
			take_dynamic(objects.n);
		objects.n++;
	}
}

static const struct rs_kept *owner_of(uint32_t place)
{
	uint32_t low = 0, high = objects.n;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (objects.v[middle].first <= place)
			low = middle;
		else
			high = middle;
	}
	/* Objects without places begin where their successor does. */
	while (low + 1 < objects.n && objects.v[low + 1].first <= place)
		low++;
	return &objects.v[low];
}

static zend_property_info *info_of_place(const zval *at, uint32_t i)
{
	return rs_kept_info(owner_of(i)->object, at);
}

RS_HOT static unsigned restore(void)
{
	unsigned changed = rs_places_restore(&objects.places, info_of_place);

	for (uint32_t i = 0; i < objects.nbare; i++) {
		if (UNEXPECTED(objects.bare[i]->properties))
			changed += rs_kept_restore_table(&objects.v[objects.bare_numbers[i]]);
	}
	for (uint32_t i = 0; i < objects.ndressed; i++)
		changed += rs_kept_restore_table(&objects.v[objects.dressed[i]]);
	return changed + rs_adopted_restore();
}

static void differences(rs_snapshot_tell tell, void *arg)
{
	for (uint32_t i = 0; i < objects.n; i++)
		rs_kept_tell(&objects.v[i], &objects.places, tell, arg);
	rs_adopted_tell(tell, arg);
}

const struct rs_snapshot_part rs_snapshot_objects = { "objects", take, restore, differences };

uint32_t rs_snapshot_count_objects(void)
{
	return objects.n + rs_adopted_count();
}

uint32_t rs_snapshot_count_places(void)
{
	return objects.places.n;
}
