/*
 * Places and references. A place that holds a reference gets the same reference back; what is behind it is the reference's own
 * place. References are found in the arrays of all places, however deep: an array in which nothing was written may have changed
 * through them.
 */
#include "php_snapshot_places.h"

struct kept_reference {
	zend_reference *ref; /* counted */
	zval value;
};

static struct {
	struct kept_reference *v;
	uint32_t n, cap;
	HashTable known;    /* their addresses */
	HashTable *visited; /* arrays that were looked into; while the snapshot is taken */
	bool ready;
} references;

/* ---- references -------------------------------------------------------------------------------------------------- */

static zend_ulong address(const void *p)
{
	return (zend_ulong)(uintptr_t)p >> 3;
}

static void keep_reference(zend_reference *ref)
{
	struct kept_reference *k;

	if (!references.ready) {
		zend_hash_init(&references.known, 64, NULL, NULL, true);
		references.ready = true;
	}
	if (!zend_hash_index_add_empty_element(&references.known, address(ref)))
		return;
	references.v = rs_snapshot_room(references.v, references.n, &references.cap, sizeof *references.v);
	k = &references.v[references.n++];
	GC_ADDREF(ref);
	k->ref = ref;
	ZVAL_COPY(&k->value, &ref->val);
	rs_references_look(&ref->val);
}

/* A reference that nobody shares is what is left of one. Were it counted twice, copies of its array would share it. */
static bool unwrap(zval *zv)
{
	if (Z_REFCOUNT_P(zv) != 1 || ZEND_REF_HAS_TYPE_SOURCES(Z_REF_P(zv)))
		return false;
	ZVAL_UNREF(zv);
	return true;
}

static void look_into(HashTable *array)
{
	zval *zv;

	if ((GC_FLAGS(array) & GC_IMMUTABLE) || !zend_hash_num_elements(array))
		return;
	if (references.visited && !zend_hash_index_add_empty_element(references.visited, address(array)))
		return;
	ZEND_HASH_FOREACH_VAL(array, zv) {
		if (Z_TYPE_P(zv) != IS_INDIRECT)
			rs_references_look(zv);
	} ZEND_HASH_FOREACH_END();
}

void rs_references_look(zval *value)
{
	if (Z_ISREF_P(value) && !unwrap(value))
		keep_reference(Z_REF_P(value));
	else if (Z_TYPE_P(value) == IS_ARRAY)
		look_into(Z_ARRVAL_P(value));
}

static void references_take(void)
{
	/* They were found on the way. From here on arrays are few, and may be freed. */
	if (!references.visited)
		return;
	zend_hash_destroy(references.visited);
	pefree(references.visited, true);
	references.visited = NULL;
}

RS_HOT static unsigned references_restore(void)
{
	unsigned changed = 0;
	zval old;

	for (uint32_t i = 0; i < references.n; i++) {
		struct kept_reference *k = &references.v[i];

		if (rs_snapshot_same(&k->ref->val, &k->value))
			continue;
		ZVAL_COPY_VALUE(&old, &k->ref->val);
		ZVAL_COPY(&k->ref->val, &k->value);
		rs_snapshot_bury(&old);
		changed++;
	}
	return changed;
}

static void references_differences(rs_snapshot_tell tell, void *arg)
{
	for (uint32_t i = 0; i < references.n; i++) {
		const struct kept_reference *k = &references.v[i];
		const struct rs_snapshot_change change = { .kind = "reference", .before = &k->value, .after = &k->ref->val };

		if (!rs_snapshot_same(&k->ref->val, &k->value))
			tell(&change, arg);
	}
}

const struct rs_snapshot_part rs_snapshot_references = { "references", references_take, references_restore, references_differences };

/* ---- places ------------------------------------------------------------------------------------------------------- */

void rs_places_add_value(struct rs_places *p, zval *at, zval *value)
{
	p->values = rs_snapshot_room(p->values, p->n, &p->values_cap, sizeof *p->values);
	p->at = rs_snapshot_room(p->at, p->n, &p->at_cap, sizeof *p->at);
	p->at[p->n] = at;
	ZVAL_COPY_VALUE_PROP(&p->values[p->n], value);
	p->n++;
}

void rs_places_add(struct rs_places *p, zval *at, zend_property_info *info)
{
	zval value;

	if (Z_ISREF_P(at) && Z_REFCOUNT_P(at) == 1 && info && ZEND_TYPE_IS_SET(info->type))
		ZEND_REF_DEL_TYPE_SOURCE(Z_REF_P(at), info);
	rs_references_look(at);
	ZVAL_COPY_PROP(&value, at);
	rs_places_add_value(p, at, &value);
}

void rs_places_free(struct rs_places *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		rs_snapshot_bury(&p->values[i]);
	pefree(p->values, true);
	pefree(p->at, true);
	*p = (struct rs_places){ 0 };
}

/* The type of a property holds for what is behind its reference: the reference knows, and must no more, or again. */
RS_HOT static void put_back(zval *at, zval *value, zend_property_info *info)
{
	bool typed = info && ZEND_TYPE_IS_SET(info->type);
	zval old;

	if (typed && Z_ISREF_P(at))
		ZEND_REF_DEL_TYPE_SOURCE(Z_REF_P(at), info);
	ZVAL_COPY_VALUE(&old, at);
	ZVAL_COPY(at, value);
	/* Elsewhere these bits are the hash table's. */
	if (Z_TYPE_P(value) == IS_UNDEF)
		Z_PROP_FLAG_P(at) = Z_PROP_FLAG_P(value);
	if (typed && Z_ISREF_P(at))
		ZEND_REF_ADD_TYPE_SOURCE(Z_REF_P(at), info);
	rs_snapshot_bury(&old);
}

/* What a place holds, in one piece: value, type, and a word that is somebody else's. */
typedef uint32_t words __attribute__((vector_size(16), aligned(8), may_alias));
_Static_assert(sizeof(zval) == sizeof(words) && offsetof(zval, u1) == 8 && offsetof(zval, u2) == 12, "difference() knows where what is");

/* Places that are looked at without a branch. After a request none would be foreseen, and a wrong guess costs as much as twenty places. */
#define BLOCK 16

static words difference(const zval *at, const zval *was)
{
	return *(const words *)at ^ *(const words *)was;
}

/* The words alone, whatever their types: what is behind a null is chance, so these may differ though nothing has changed. */
static bool is_any(words differ)
{
	return (differ[0] | differ[1] | differ[2] | differ[3]) != 0;
}

static bool block_differs(zval *const *at, const zval *was)
{
	words differ = { 0 };

#pragma GCC unroll 16
	for (uint32_t i = 0; i < BLOCK; i++)
		differ |= difference(at[i], &was[i]);
	return is_any(differ);
}

/* Of a typed property that was not initialised: once it was unset, __get() is asked for it. 1: it was */
static unsigned same_flags(zval *at, const zval *was)
{
	if (Z_TYPE_P(at) != IS_UNDEF || Z_PROP_FLAG_P(at) == Z_PROP_FLAG_P(was))
		return 0;
	Z_PROP_FLAG_P(at) = Z_PROP_FLAG_P(was);
	return 1;
}

RS_HOT static unsigned restore_each(struct rs_places *p, uint32_t from, uint32_t to, rs_place_info info)
{
	unsigned changed = 0;

	for (uint32_t i = from; i < to; i++) {
		zval *at = p->at[i], *was = &p->values[i];

		if (EXPECTED(!is_any(difference(at, was))))
			continue;
		if (rs_snapshot_same(at, was)) {
			changed += same_flags(at, was);
			was->value = at->value; /* the chance of now, so that it is not looked into again */
			was->u2 = at->u2;
			continue;
		}
		put_back(at, was, info && (Z_ISREF_P(at) || Z_ISREF_P(was)) ? info(at, i) : NULL);
		changed++;
	}
	return changed;
}

RS_HOT unsigned rs_places_restore(struct rs_places *p, rs_place_info info)
{
	unsigned changed = 0;
	uint32_t i;

	for (i = 0; i + BLOCK <= p->n; i += BLOCK) {
		if (UNEXPECTED(block_differs(&p->at[i], &p->values[i])))
			changed += restore_each(p, i, i + BLOCK, info);
	}
	return changed + restore_each(p, i, p->n, info);
}
