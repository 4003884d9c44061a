/*
 * One object: its declared properties, its dynamic ones, the static variables of a closure.
 *
 * A table of dynamic properties is one of three things: none but a cache of the declared ones (it is dropped, PHP makes it anew), dynamic
 * ones only (held, copied by PHP before it is written to), or both (its dynamic entries are remembered one by one).
 */
#include "php_snapshot_kept.h"

#include <zend_closures.h>

/* ---- taking --------------------------------------------------------------------------------------------------- */

bool rs_kept_is_skipped(const zend_object *o)
{
	return (OBJ_FLAGS(o) & (IS_OBJ_DESTRUCTOR_CALLED | IS_OBJ_FREE_CALLED)) || rs_snapshot_object_is_exempt(o);
}

static void take_declared(zend_object *o, struct rs_places *places, void (*exempt)(zval *at))
{
	for (int i = 0; i < o->ce->default_properties_count; i++) {
		zend_property_info *info = o->ce->properties_info_table[i];
		zval *at = &o->properties_table[i];

		if (!info || !rs_snapshot_property_is_exempt(o->ce, info))
			rs_places_add(places, at, info);
		else if (exempt && rs_snapshot_property_is_adopted(info))
			exempt(at);
	}
}

/*
 * Does a call write to the table of static variables? What a closure uses by value is copied from there into each call. A variable declared
 * static, and one that is used by reference, becomes a reference in the table.
 */
static bool writes_static_variables(const zend_op_array *f)
{
	for (uint32_t i = 0; i < f->last; i++) {
		if (f->opcodes[i].opcode == ZEND_BIND_STATIC && (f->opcodes[i].extended_value & ZEND_BIND_REF))
			return true;
	}
	return false;
}

/* Those of its own; those of a first-class callable are its function's. What cannot change is only looked through for references. */
static void take_closure(zend_object *o, struct rs_places *places)
{
	const zend_function *f = zend_get_closure_method_def(o);
	HashTable *ht;
	bool writes;
	zval *zv;

	if (f->type != ZEND_USER_FUNCTION || (f->common.fn_flags & ZEND_ACC_FAKE_CLOSURE) || !f->op_array.static_variables)
		return;
	ht = ZEND_MAP_PTR_GET(f->op_array.static_variables_ptr);
	if (!ht)
		return;
	writes = writes_static_variables(&f->op_array);
	ZEND_HASH_FOREACH_VAL(ht, zv) {
		if (writes)
			rs_places_add(places, zv, NULL);
		else
			rs_references_look(zv);
	} ZEND_HASH_FOREACH_END();
}

static void count_entries(HashTable *table, uint32_t *declared, uint32_t *dynamic)
{
	zval *zv;

	*declared = *dynamic = 0;
	ZEND_HASH_FOREACH_VAL(table, zv) {
		++*(Z_TYPE_P(zv) == IS_INDIRECT ? declared : dynamic);
	} ZEND_HASH_FOREACH_END();
}

static void drop_table(HashTable *table)
{
	zval zv;

	if (!table || (GC_FLAGS(table) & GC_IMMUTABLE))
		return;
	ZVAL_ARR(&zv, table);
	rs_snapshot_bury(&zv);
}

static HashTable *dynamic_entries(HashTable *table)
{
	HashTable *copy = zend_new_array(8);
	zend_string *name;
	zend_ulong index;
	zval *zv;

	ZEND_HASH_FOREACH_KEY_VAL(table, index, name, zv) {
		if (Z_TYPE_P(zv) == IS_INDIRECT)
			continue;
		rs_references_look(zv);
		Z_TRY_ADDREF_P(zv);
		if (name)
			zend_hash_add_new(copy, name, zv);
		else
			zend_hash_index_add_new(copy, index, zv);
	} ZEND_HASH_FOREACH_END();
	return copy;
}

static void take_dynamic(struct rs_kept *k)
{
	zend_object *o = k->object;
	uint32_t declared, dynamic;
	zval table;

	if (!o->properties)
		return;
	count_entries(o->properties, &declared, &dynamic);
	if (!dynamic) {
		drop_table(o->properties);
		o->properties = NULL;
	} else if (!declared) {
		ZVAL_ARR(&table, o->properties);
		rs_references_look(&table);
		GC_TRY_ADDREF(o->properties);
	} else {
		k->dynamic = dynamic_entries(o->properties);
	}
	k->properties = o->properties;
}

struct rs_kept rs_kept_take(zend_object *o, struct rs_places *places, void (*exempt)(zval *at))
{
	struct rs_kept k = { .object = o, .first = places->n };

	GC_ADDREF(o);
	take_declared(o, places, exempt);
	if (o->ce == zend_ce_closure)
		take_closure(o, places);
	take_dynamic(&k);
	k.n = places->n - k.first;
	return k;
}

/* ---- restoring --------------------------------------------------------------------------------------------------- */

static bool same_entries(const struct rs_kept *k)
{
	uint32_t declared, dynamic;
	zend_string *name;
	zend_ulong index;
	zval *zv;

	count_entries(k->object->properties, &declared, &dynamic);
	if (dynamic != zend_hash_num_elements(k->dynamic))
		return false;
	ZEND_HASH_FOREACH_KEY_VAL(k->dynamic, index, name, zv) {
		zval *now = name ? zend_hash_find(k->object->properties, name) : zend_hash_index_find(k->object->properties, index);

		if (!now || !rs_snapshot_same(now, zv))
			return false;
	} ZEND_HASH_FOREACH_END();
	return true;
}

static void add_entries(zend_object *o, HashTable *dynamic)
{
	zend_string *name;
	zend_ulong index;
	zval *zv;

	rebuild_object_properties(o);
	ZEND_HASH_FOREACH_KEY_VAL(dynamic, index, name, zv) {
		Z_TRY_ADDREF_P(zv);
		if (name)
			zend_hash_update(o->properties, name, zv);
		else
			zend_hash_index_update(o->properties, index, zv);
	} ZEND_HASH_FOREACH_END();
}

/* Is the table of dynamic properties as it was? A cache of declared ones only, made since, is no difference. */
static bool table_is_same(const struct rs_kept *k)
{
	uint32_t declared, dynamic = 1;

	if (k->dynamic)
		return k->object->properties && same_entries(k);
	if (EXPECTED(k->object->properties == k->properties))
		return true;
	if (!k->properties)
		count_entries(k->object->properties, &declared, &dynamic);
	return dynamic == 0;
}

RS_HOT unsigned rs_kept_restore_table(const struct rs_kept *k)
{
	zend_object *o = k->object;

	if (EXPECTED(!k->dynamic && o->properties == k->properties))
		return 0;
	if (table_is_same(k))
		return 0;
	drop_table(o->properties);
	o->properties = NULL;
	if (k->dynamic) {
		add_entries(o, k->dynamic);
	} else if (k->properties) {
		o->properties = k->properties;
		GC_TRY_ADDREF(o->properties);
	}
	return 1;
}

void rs_kept_let_go(const struct rs_kept *k)
{
	zval zv;

	if (k->dynamic)
		zend_array_release(k->dynamic);
	else
		drop_table(k->properties);
	ZVAL_OBJ(&zv, k->object);
	rs_snapshot_bury(&zv);
}

/* ---- differences --------------------------------------------------------------------------------------------------- */

zend_property_info *rs_kept_info(const zend_object *o, const zval *at)
{
	ptrdiff_t i = at - o->properties_table;

	return i >= 0 && i < o->ce->default_properties_count ? o->ce->properties_info_table[i] : NULL;
}

static zend_string *file_of(const zend_class_entry *ce)
{
	return ce->type == ZEND_USER_CLASS ? ce->info.user.filename : NULL;
}

static void tell_places(const struct rs_kept *k, const struct rs_places *places, rs_snapshot_tell tell, void *arg)
{
	const zend_object *o = k->object;

	for (uint32_t i = k->first; i < k->first + k->n; i++) {
		const zval *before = &places->values[i], *after = places->at[i];
		zend_property_info *info = rs_kept_info(o, after);
		const zend_function *f = o->ce == zend_ce_closure ? zend_get_closure_method_def((zend_object *)(uintptr_t)o) : NULL;
		struct rs_snapshot_change change = { .kind = "property", .owner = o->ce->name, .before = before, .after = after,
						     .file = file_of(o->ce) };

		if (rs_snapshot_same(after, before))
			continue;
		if (info) {
			change.name = zend_string_init(zend_get_unmangled_property_name(info->name),
						       strlen(zend_get_unmangled_property_name(info->name)), false);
		} else if (f && f->type == ZEND_USER_FUNCTION) {
			change.kind = "closure variable";
			change.file = f->op_array.filename;
		}
		tell(&change, arg);
		if (change.name)
			zend_string_release(change.name);
	}
}

void rs_kept_tell(const struct rs_kept *k, const struct rs_places *places, rs_snapshot_tell tell, void *arg)
{
	zval before, after;
	const struct rs_snapshot_change change = { .kind = "dynamic properties", .owner = k->object->ce->name,
						   .before = k->dynamic || k->properties ? &before : NULL,
						   .after = k->object->properties ? &after : NULL, .file = file_of(k->object->ce) };

	tell_places(k, places, tell, arg);
	if (table_is_same(k))
		return;
	if (change.before)
		ZVAL_ARR(&before, k->dynamic ? k->dynamic : k->properties);
	if (change.after)
		ZVAL_ARR(&after, k->object->properties);
	tell(&change, arg);
}
