/*
 * Objects whose contents are a hash table: ArrayObject and ArrayIterator, SplObjectStorage and MultipleIterator, WeakMap. Kept is a
 * copy of the table, since these classes write into theirs in place, shared or not.
 */
#include "php_snapshot_inner.h"
#include "php_snapshot_places.h"

#include <ext/spl/spl_array.h>
#include <zend_weakrefs.h>

/* ---- two tables ------------------------------------------------------------------------------------------------------ */

/* The next element at or after *at; NULL: none. Packed tables have no keys but positions. */
static const zval *element(const HashTable *table, uint32_t *at, zend_ulong *h, zend_string **key)
{
	for (; *at < table->nNumUsed; ++*at) {
		const zval *zv = HT_IS_PACKED(table) ? &table->arPacked[*at] : &table->arData[*at].val;

		if (Z_TYPE_P(zv) == IS_UNDEF)
			continue;
		*h = HT_IS_PACKED(table) ? *at : table->arData[*at].h;
		*key = HT_IS_PACKED(table) ? NULL : table->arData[*at].key;
		++*at;
		return zv;
	}
	return NULL;
}

static bool tables_differ(const HashTable *a, const HashTable *b, bool (*same)(const zval *, const zval *))
{
	uint32_t i = 0, j = 0;
	zend_ulong h, g;
	zend_string *k, *l;
	const zval *v, *w;

	if (a->nNumOfElements != b->nNumOfElements)
		return true;
	while ((v = element(a, &i, &h, &k))) {
		w = element(b, &j, &g, &l);
		if (!w || !same(v, w) || h != g || (k != l && (!k || !l || !zend_string_equals(k, l))))
			return true;
	}
	return false;
}

/* ---- ArrayObject, ArrayIterator ------------------------------------------------------------------------------------------ */

/* Places in the struct of an ArrayObject, found by looking at one; 0: not found. The zval is the first thing in it. */
static struct {
	size_t flags, iterator_class;
} at;

static int *flags_of(const zend_object *object)
{
	return (int *)((char *)rs_inner_base(object) + at.flags);
}

static zend_class_entry **iterator_class_of(const zend_object *object)
{
	return (zend_class_entry **)((char *)rs_inner_base(object) + at.iterator_class);
}

/* The two words that setFlags() and setIteratorClass() change. */
static void find_places(zend_object *object)
{
	size_t n = rs_inner_bytes(object);
	char *base = rs_inner_base(object);

	at.flags = at.iterator_class = 0;
	for (size_t i = sizeof(zval); i + sizeof(int) <= n; i += sizeof(int)) {
		int *flags = (int *)(base + i), before = *flags;
		rs_inner_call(object, "setflags", 1, SPL_ARRAY_ARRAY_AS_PROPS, 0);
		if (before == 0 && *flags == SPL_ARRAY_ARRAY_AS_PROPS)
			at.flags = i;
		rs_inner_call(object, "setflags", 1, 0, 0);
	}
	for (size_t i = sizeof(zval); i + sizeof(void *) <= n; i += sizeof(void *)) {
		if (*(zend_class_entry **)(base + i) == spl_ce_ArrayIterator)
			at.iterator_class = i;
	}
}

bool rs_inner_array_expected(void)
{
	zend_object *object = rs_inner_new("arrayobject");
	zval *array = rs_inner_base(object), *first = NULL;

	if (rs_inner_bytes(object) >= sizeof(zval)) {
		rs_inner_call(object, "append", 1, 11, 0);
		if (Z_TYPE_P(array) == IS_ARRAY && Z_ARRVAL_P(array)->nNumOfElements == 1)
			first = zend_hash_index_find(Z_ARRVAL_P(array), 0);
		find_places(object);
	}
	zend_object_release(object);
	return first && at.flags && at.iterator_class;
}

/* An array is copied; an object whose properties it shows, or another ArrayObject, is only referred to. */
void rs_inner_array_keep(struct rs_inner *inner)
{
	zval *array = rs_inner_base(inner->object);

	inner->raw = pemalloc(rs_inner_bytes(inner->object), true);
	memcpy(inner->raw, rs_inner_base(inner->object), rs_inner_bytes(inner->object));
	rs_references_look(array);
	if (Z_TYPE_P(array) == IS_ARRAY)
		inner->table = zend_array_dup(Z_ARRVAL_P(array));
	else
		ZVAL_COPY(&inner->value, array);
}

static bool array_differs(const struct rs_inner *inner)
{
	const zval *array = rs_inner_base(inner->object);

	if (!inner->table)
		return !rs_snapshot_same(array, &inner->value);
	return Z_TYPE_P(array) != IS_ARRAY || tables_differ(Z_ARRVAL_P(array), inner->table, rs_inner_same);
}

static int flags_were(const struct rs_inner *inner)
{
	return *(int *)(inner->raw + at.flags);
}

static zend_class_entry *iterator_class_was(const struct rs_inner *inner)
{
	return *(zend_class_entry **)(inner->raw + at.iterator_class);
}

bool rs_inner_array_changed(const struct rs_inner *inner)
{
	return *flags_of(inner->object) != flags_were(inner) || *iterator_class_of(inner->object) != iterator_class_was(inner) ||
	       array_differs(inner);
}

void rs_inner_array_restore(struct rs_inner *inner)
{
	zval *array = rs_inner_base(inner->object), old;

	*flags_of(inner->object) = flags_were(inner);
	*iterator_class_of(inner->object) = iterator_class_was(inner);
	if (!array_differs(inner))
		return;
	ZVAL_COPY_VALUE(&old, array);
	if (inner->table)
		ZVAL_ARR(array, zend_array_dup(inner->table));
	else
		ZVAL_COPY(array, &inner->value);
	rs_snapshot_bury(&old);
}

zend_long rs_inner_array_size(const struct rs_inner *inner, bool now)
{
	const zval *array = rs_inner_base(inner->object);

	if (!now)
		return inner->table ? inner->table->nNumOfElements : 0;
	return Z_TYPE_P(array) == IS_ARRAY ? Z_ARRVAL_P(array)->nNumOfElements : 0;
}

/* ---- SplObjectStorage, MultipleIterator -------------------------------------------------------------------------------------- */

/* The struct begins with the table; position and flags follow. */
struct stored {
	zend_object *object;
	zval data;
};

static HashTable *table_of(const zend_object *object)
{
	return rs_inner_base(object);
}

static bool stored_look(zend_object *storage, zend_object *member)
{
	zend_function *attach = zend_hash_str_find_ptr(&storage->ce->function_table, ZEND_STRL("attach"));
	const struct stored *stored;
	zval argv[2], *first = NULL;
	HashPosition begin = 0;

	ZVAL_OBJ(&argv[0], member);
	ZVAL_LONG(&argv[1], 11);
	zend_call_known_instance_method(attach, storage, NULL, 2, argv);
	if (table_of(storage)->nNumOfElements == 1)
		first = zend_hash_get_current_data_ex(table_of(storage), &begin);
	stored = first && Z_TYPE_P(first) == IS_PTR ? Z_PTR_P(first) : NULL;
	return stored && stored->object == member && Z_TYPE(stored->data) == IS_LONG && Z_LVAL(stored->data) == 11;
}

bool rs_inner_storage_expected(void)
{
	zend_object *storage = rs_inner_new("splobjectstorage"), *member = rs_inner_new("stdclass");
	bool ok = rs_inner_bytes(storage) >= sizeof(HashTable) && stored_look(storage, member);

	zend_object_release(storage);
	zend_object_release(member);
	return ok;
}

/* Not by the clone handler: that calls a getHash() of the user's. */
static void copy_stored(HashTable *to, HashTable *from)
{
	zend_string *key;
	zend_ulong h;
	zval *zv;

	zend_hash_init(to, from->nNumOfElements, NULL, from->pDestructor, false);
	ZEND_HASH_FOREACH_KEY_VAL(from, h, key, zv) {
		const struct stored *stored = Z_PTR_P(zv);
		struct stored *copy = emalloc(sizeof *copy);

		copy->object = stored->object;
		GC_ADDREF(copy->object);
		ZVAL_COPY(&copy->data, &stored->data);
		if (key)
			zend_hash_add_new_ptr(to, key, copy);
		else
			zend_hash_index_add_new_ptr(to, h, copy);
	} ZEND_HASH_FOREACH_END();
}

void rs_inner_storage_keep(struct rs_inner *inner)
{
	inner->raw = pemalloc(rs_inner_bytes(inner->object), true);
	memcpy(inner->raw, rs_inner_base(inner->object), rs_inner_bytes(inner->object));
	inner->table = pemalloc(sizeof *inner->table, true);
	copy_stored(inner->table, table_of(inner->object));
}

static bool same_stored(const zval *a, const zval *b)
{
	const struct stored *s = Z_PTR_P(a), *t = Z_PTR_P(b);

	return s->object == t->object && rs_inner_same(&s->data, &t->data);
}

static bool rest_differs(const struct rs_inner *inner)
{
	return memcmp((char *)rs_inner_base(inner->object) + sizeof(HashTable), inner->raw + sizeof(HashTable),
		      rs_inner_bytes(inner->object) - sizeof(HashTable)) != 0;
}

bool rs_inner_storage_changed(const struct rs_inner *inner)
{
	return rest_differs(inner) || tables_differ(table_of(inner->object), inner->table, same_stored);
}

void rs_inner_storage_restore(struct rs_inner *inner)
{
	HashTable *now = table_of(inner->object), old;
	zend_object *carrier;
	zval grave;

	memcpy((char *)now + sizeof(HashTable), inner->raw + sizeof(HashTable), rs_inner_bytes(inner->object) - sizeof(HashTable));
	if (!tables_differ(now, inner->table, same_stored))
		return;
	memcpy(&old, now, sizeof old);
	copy_stored(now, inner->table);
	carrier = rs_inner_new("splobjectstorage");
	zend_hash_destroy(table_of(carrier));
	memcpy(table_of(carrier), &old, sizeof old);
	ZVAL_OBJ(&grave, carrier);
	rs_snapshot_bury(&grave);
}

zend_long rs_inner_storage_size(const struct rs_inner *inner, bool now)
{
	return now ? table_of(inner->object)->nNumOfElements : inner->table->nNumOfElements;
}

/* ---- WeakMap ------------------------------------------------------------------------------------------------------------------- */

/*
 * The struct is the table, its keys are addresses; who is in which map, PHP keeps elsewhere. So it is changed through its own
 * handlers. What was a key stays one: the snapshot holds on to it.
 */
bool rs_inner_weakmap_expected(void)
{
	zend_object *map = rs_inner_new("weakmap"), *member = rs_inner_new("stdclass");
	zval key, value, *found = NULL;
	bool ok;

	ZVAL_OBJ(&key, member);
	ZVAL_LONG(&value, 11);
	map->handlers->write_dimension(map, &key, &value);
	if (rs_inner_bytes(map) >= sizeof(HashTable) && table_of(map)->nNumOfElements == 1)
		found = zend_hash_index_find(table_of(map), zend_object_to_weakref_key(member));
	ok = found && Z_TYPE_P(found) == IS_LONG && Z_LVAL_P(found) == 11;
	zend_object_release(map);
	zend_object_release(member);
	return ok;
}

void rs_inner_weakmap_keep(struct rs_inner *inner)
{
	zend_ulong h;

	inner->table = zend_array_dup(table_of(inner->object));
	ZEND_HASH_FOREACH_NUM_KEY(inner->table, h) {
		GC_ADDREF(zend_weakref_key_to_object(h));
	} ZEND_HASH_FOREACH_END();
}

bool rs_inner_weakmap_changed(const struct rs_inner *inner)
{
	return tables_differ(table_of(inner->object), inner->table, rs_inner_same);
}

/* All out, all in again: so the order is the old one too. */
void rs_inner_weakmap_restore(struct rs_inner *inner)
{
	zend_object *map = inner->object;
	HashTable *all = zend_array_dup(table_of(map)); /* with references of our own: no value dies here */
	zval key, *value, grave;
	zend_ulong h;

	ZEND_HASH_FOREACH_NUM_KEY(all, h) {
		ZVAL_OBJ(&key, zend_weakref_key_to_object(h));
		map->handlers->unset_dimension(map, &key);
	} ZEND_HASH_FOREACH_END();
	ZVAL_ARR(&grave, all);
	rs_snapshot_bury(&grave);
	ZEND_HASH_FOREACH_NUM_KEY_VAL(inner->table, h, value) {
		ZVAL_OBJ(&key, zend_weakref_key_to_object(h));
		ZVAL_DEREF(value);
		map->handlers->write_dimension(map, &key, value);
	} ZEND_HASH_FOREACH_END();
}

zend_long rs_inner_weakmap_size(const struct rs_inner *inner, bool now)
{
	return now ? table_of(inner->object)->nNumOfElements : inner->table->nNumOfElements;
}
