/*
 * Snapshot of objects that keep their contents in C: SPL's containers, dates, WeakMap. Runs in workers.
 *
 * Kept is a clone; after a request the struct's bytes are compared and then its contents with the clone's, some nanoseconds for
 * each. What has changed gets the bytes of a fresh clone of the clone, and that takes the changed ones to the grave. No code of
 * the user's runs in this: clones are of a class without __clone(), __destruct() and properties (those are the heap's).
 *
 * Not restored: Generators and Fibers alive at the time of the snapshot (a stack cannot go back); random engines (the same numbers
 * for everybody would be worse); DatePeriod's and iterators' positions; objects of extensions that are not listed.
 */
#include "php_snapshot_inner.h"

static struct rs_inner *inners;
static uint32_t ninners, cap;
static HashTable bare_classes; /* class -> its bare one */

/* ---- clones ------------------------------------------------------------------------------------------------------ */

/* The class as C code knows it, without what the user has put on it. Lives as long as the process. */
static zend_class_entry *bare_class(zend_class_entry *ce)
{
	zend_class_entry *bare;

	if (ce->type == ZEND_INTERNAL_CLASS)
		return ce;
	bare = zend_hash_index_find_ptr(&bare_classes, (zend_ulong)(uintptr_t)ce);
	if (bare)
		return bare;
	bare = pemalloc(sizeof *bare, true);
	*bare = *ce;
	bare->clone = NULL;
	bare->destructor = NULL;
	bare->default_properties_count = 0;
	bare->default_properties_table = NULL;
	bare->ce_flags &= ~ZEND_ACC_USE_GUARDS;
	zend_hash_index_add_new_ptr(&bare_classes, (zend_ulong)(uintptr_t)ce, bare);
	return bare;
}

static zend_object *bare_clone(zend_object *object)
{
	zend_class_entry *ce = object->ce;
	HashTable *properties = object->properties;
	zend_object *clone;

	object->ce = bare_class(ce);
	object->properties = NULL;
	clone = object->handlers->clone_obj(object);
	object->properties = properties;
	object->ce = ce;
	return clone;
}

void rs_inner_clone_keep(struct rs_inner *inner)
{
	inner->raw = pemalloc(rs_inner_bytes(inner->object), true);
	memcpy(inner->raw, rs_inner_base(inner->object), rs_inner_bytes(inner->object));
	inner->clone = bare_clone(inner->object);
}

void rs_inner_clone_restore(struct rs_inner *inner)
{
	zend_object *fresh = bare_clone(inner->clone);
	char *now = rs_inner_base(inner->object), *was = rs_inner_base(fresh);
	size_t n = rs_inner_bytes(fresh);
	zval grave;

	memcpy(inner->raw, was, n);
	memcpy(was, now, n);
	memcpy(now, inner->raw, n);
	ZVAL_OBJ(&grave, fresh);
	rs_snapshot_bury(&grave);
}

bool rs_inner_raw_changed(const struct rs_inner *inner)
{
	return memcmp(rs_inner_base(inner->object), inner->raw, rs_inner_bytes(inner->object)) != 0;
}

/* Makes an object, calls its method with the numbers 11 and 12, and asks look(). */
static bool expected(const char *lc_name, const char *method, bool (*look)(const zend_object *object))
{
	zend_object *object = rs_inner_new(lc_name);
	bool ok;

	if (!object)
		return false;
	rs_inner_call(object, method, 1, 11, 0);
	rs_inner_call(object, method, 1, 12, 0);
	ok = look(object);
	zend_object_release(object);
	return ok;
}

static bool is_long(const zval *zv, zend_long n)
{
	return Z_TYPE_P(zv) == IS_LONG && Z_LVAL_P(zv) == n;
}

/* ---- SplDoublyLinkedList, SplQueue, SplStack -------------------------------------------------------------------------- */

struct list_element {
	struct list_element *prev, *next;
	zval data;
};

struct list {
	struct list_element *head, *tail;
};

static const struct list *list_of(const zend_object *object)
{
	return *(struct list *const *)rs_inner_base(object);
}

static bool list_look(const zend_object *object)
{
	const struct list *list = rs_inner_bytes(object) >= sizeof list ? list_of(object) : NULL;

	return list && list->head && list->tail && list->head->next == list->tail && !list->tail->next &&
	       is_long(&list->head->data, 11) && is_long(&list->tail->data, 12);
}

static bool list_expected(void)
{
	return expected("spldoublylinkedlist", "push", list_look);
}

static bool list_changed(const struct rs_inner *inner)
{
	const struct list_element *a, *b;

	if (rs_inner_raw_changed(inner))
		return true;
	for (a = list_of(inner->object)->head, b = list_of(inner->clone)->head; a && b; a = a->next, b = b->next) {
		if (!rs_inner_same(&a->data, &b->data))
			return true;
	}
	return a || b;
}

static zend_long list_size(const struct rs_inner *inner, bool now)
{
	zend_long n = 0;

	for (const struct list_element *e = list_of(now ? inner->object : inner->clone)->head; e; e = e->next)
		n++;
	return n;
}

/* ---- SplHeap, SplPriorityQueue ------------------------------------------------------------------------------------------ */

struct heap {
	zval *elements; /* of a priority queue two for each: data and priority */
	void *functions[3];
	int count;
};

static const struct heap *heap_of(const zend_object *object)
{
	return *(struct heap *const *)rs_inner_base(object);
}

static bool heap_look(const zend_object *object)
{
	const struct heap *heap = rs_inner_bytes(object) >= sizeof heap ? heap_of(object) : NULL;

	return heap && heap->count == 2 && heap->elements && is_long(&heap->elements[0], 12) && is_long(&heap->elements[1], 11);
}

static bool heap_expected(void)
{
	return expected("splmaxheap", "insert", heap_look);
}

static bool queue_expected(void)
{
	zend_object *queue = rs_inner_new("splpriorityqueue");
	const struct heap *heap;
	bool ok;

	if (!queue)
		return false;
	rs_inner_call(queue, "insert", 2, 11, 1);
	rs_inner_call(queue, "insert", 2, 12, 2);
	heap = heap_of(queue);
	ok = heap && heap->count == 2 && heap->elements && is_long(&heap->elements[0], 12) && is_long(&heap->elements[1], 2) &&
	     is_long(&heap->elements[2], 11) && is_long(&heap->elements[3], 1);
	zend_object_release(queue);
	return ok;
}

static bool elements_differ(const zval *a, const zval *b, zend_long n)
{
	for (zend_long i = 0; i < n; i++) {
		if (!rs_inner_same(&a[i], &b[i]))
			return true;
	}
	return false;
}

static bool heap_differs(const struct rs_inner *inner, int width)
{
	const struct heap *a = heap_of(inner->object), *b = heap_of(inner->clone);

	return rs_inner_raw_changed(inner) || a->count != b->count || elements_differ(a->elements, b->elements, (zend_long)a->count * width);
}

static bool heap_changed(const struct rs_inner *inner)
{
	return heap_differs(inner, 1);
}

static bool queue_changed(const struct rs_inner *inner)
{
	return heap_differs(inner, 2);
}

static zend_long heap_size(const struct rs_inner *inner, bool now)
{
	return heap_of(now ? inner->object : inner->clone)->count;
}

/* ---- SplFixedArray ---------------------------------------------------------------------------------------------------------- */

struct fixed {
	zend_long size;
	zval *elements;
};

static const struct fixed *fixed_of(const zend_object *object)
{
	return rs_inner_base(object);
}

static bool fixed_look(const zend_object *object)
{
	return rs_inner_bytes(object) >= sizeof(struct fixed) && fixed_of(object)->size == 12 && fixed_of(object)->elements &&
	       Z_TYPE(fixed_of(object)->elements[11]) == IS_NULL;
}

static bool fixed_expected(void)
{
	return expected("splfixedarray", "setsize", fixed_look);
}

static bool fixed_changed(const struct rs_inner *inner)
{
	return rs_inner_raw_changed(inner) ||
	       elements_differ(fixed_of(inner->object)->elements, fixed_of(inner->clone)->elements, fixed_of(inner->object)->size);
}

static zend_long fixed_size(const struct rs_inner *inner, bool now)
{
	return fixed_of(now ? inner->object : inner->clone)->size;
}

/* ---- families ------------------------------------------------------------------------------------------------------------------ */

static const struct rs_inner_family families[] = {
	{ "arrayobject", rs_inner_array_expected, rs_inner_array_keep, rs_inner_array_changed, rs_inner_array_restore, rs_inner_array_size },
	{ "arrayiterator", rs_inner_array_expected, rs_inner_array_keep, rs_inner_array_changed, rs_inner_array_restore, rs_inner_array_size },
	{ "splobjectstorage", rs_inner_storage_expected, rs_inner_storage_keep, rs_inner_storage_changed, rs_inner_storage_restore,
	  rs_inner_storage_size },
	{ "multipleiterator", rs_inner_storage_expected, rs_inner_storage_keep, rs_inner_storage_changed, rs_inner_storage_restore,
	  rs_inner_storage_size },
	{ "weakmap", rs_inner_weakmap_expected, rs_inner_weakmap_keep, rs_inner_weakmap_changed, rs_inner_weakmap_restore,
	  rs_inner_weakmap_size },
	{ "spldoublylinkedlist", list_expected, rs_inner_clone_keep, list_changed, rs_inner_clone_restore, list_size },
	{ "splheap", heap_expected, rs_inner_clone_keep, heap_changed, rs_inner_clone_restore, heap_size },
	{ "splpriorityqueue", queue_expected, rs_inner_clone_keep, queue_changed, rs_inner_clone_restore, heap_size },
	{ "splfixedarray", fixed_expected, rs_inner_clone_keep, fixed_changed, rs_inner_clone_restore, fixed_size },
	{ "datetime", rs_inner_date_expected, rs_inner_clone_keep, rs_inner_date_changed, rs_inner_clone_restore, rs_inner_date_size },
	{ "datetimeimmutable", rs_inner_date_expected, rs_inner_clone_keep, rs_inner_date_changed, rs_inner_clone_restore,
	  rs_inner_date_size },
	{ "dateinterval", rs_inner_date_expected, rs_inner_clone_keep, rs_inner_interval_changed, rs_inner_clone_restore,
	  rs_inner_interval_size },
	{ "hashcontext", rs_inner_hash_expected, rs_inner_hash_keep, rs_inner_hash_changed, rs_inner_clone_restore, rs_inner_hash_size },
};

/* A class of PHP's own, by family; NULL: none, or its struct is not what we know. */
struct base {
	zend_class_entry *ce;
	bool looked, ok;
};
static struct base bases[RS_COUNTOF(families)];

static void find_bases(void)
{
	for (size_t i = 0; i < RS_COUNTOF(families); i++)
		bases[i].ce = zend_hash_str_find_ptr(EG(class_table), families[i].class_name, strlen(families[i].class_name));
}

static const struct rs_inner_family *family_of(const zend_class_entry *ce)
{
	for (; ce; ce = ce->parent) {
		for (size_t i = 0; ce->type == ZEND_INTERNAL_CLASS && i < RS_COUNTOF(families); i++) {
			if (bases[i].ce == ce)
				return &families[i];
		}
	}
	return NULL;
}

static bool known(const struct rs_inner_family *family)
{
	struct base *base = &bases[family - families];

	if (!base->looked) {
		base->looked = true;
		base->ok = family->as_expected();
		if (!base->ok)
			rs_warnx(rs_host_log(), "snapshot: the contents of %s objects are not restored: this PHP keeps them differently",
				 ZSTR_VAL(base->ce->name));
	}
	return base->ok;
}

/* ---- the part --------------------------------------------------------------------------------------------------------------------- */

static void add(zend_object *object, const struct rs_inner_family *family)
{
	inners = rs_snapshot_room(inners, ninners, &cap, sizeof *inners);
	inners[ninners++] = (struct rs_inner){ .object = object, .family = family, .value = { .u1.type_info = IS_UNDEF } };
	GC_ADDREF(object);
}

static void take(void)
{
	zend_hash_init(&bare_classes, 8, NULL, NULL, true);
	find_bases();
	for (uint32_t i = 1; i < EG(objects_store).top; i++) {
		zend_object *object = EG(objects_store).object_buckets[i];
		const struct rs_inner_family *family = NULL;

		if (IS_OBJ_VALID(object) && !(OBJ_FLAGS(object) & (IS_OBJ_DESTRUCTOR_CALLED | IS_OBJ_FREE_CALLED)))
			family = family_of(object->ce);
		if (family && !rs_snapshot_object_is_exempt(object) && known(family))
			add(object, family);
	}
	/* Only now: clones are objects too. */
	for (uint32_t i = 0; i < ninners; i++)
		inners[i].family->keep(&inners[i]);
}

RS_HOT static unsigned restore(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < ninners; i++) {
		if (inners[i].family->changed(&inners[i])) {
			inners[i].family->restore(&inners[i]);
			n++;
		}
	}
	return n;
}

static void differences(rs_snapshot_tell tell, void *arg)
{
	for (uint32_t i = 0; i < ninners; i++) {
		const struct rs_inner *inner = &inners[i];
		const zend_class_entry *ce = inner->object->ce;
		struct rs_snapshot_change change = { .kind = "inner", .owner = ce->name };
		zval before, after;

		if (!inner->family->changed(inner))
			continue;
		ZVAL_LONG(&before, inner->family->size(inner, false));
		ZVAL_LONG(&after, inner->family->size(inner, true));
		change.before = &before;
		change.after = &after;
		change.file = ce->type == ZEND_USER_CLASS ? ce->info.user.filename : NULL;
		tell(&change, arg);
	}
}

const struct rs_snapshot_part rs_snapshot_inner = { "inner", take, restore, differences };
