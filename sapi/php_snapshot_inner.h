/*
 * Objects that keep their contents in a C struct before the zend_object. One row of a table for each family of classes that share a
 * struct; PHP declares only some of these structs, so a family that is met looks first whether the struct is what it thinks.
 *
 *   php_snapshot_inner.c    the objects, and the families of which a clone is kept: lists, heaps, fixed arrays
 *   php_snapshot_dates.c    dates, which are kept as clones too
 *   php_snapshot_hashes.c   and HashContext
 *   php_snapshot_tables.c   the families whose contents are a hash table: ArrayObject, SplObjectStorage, WeakMap
 */
#ifndef RS_PHP_SNAPSHOT_INNER_H
#define RS_PHP_SNAPSHOT_INNER_H

#include "php_snapshot.h"

struct rs_inner_family;

/* One object, referenced as long as the snapshot. */
struct rs_inner {
	zend_object *object;
	const struct rs_inner_family *family;
	char *raw;               /* its struct's bytes as they were; NULL: the family compares without */
	zend_object *clone;      /* what it was; by family one of the two */
	HashTable *table;        /* NULL: it had none */
	zval value;              /* arrays: what was in place of a table; not counted unless table is NULL */
};

struct rs_inner_family {
	const char *class_name;                       /* lower case; all that extend it are of the family */
	bool (*as_expected)(void);                    /* is the struct what we think? Makes an object and looks */
	void (*keep)(struct rs_inner *inner);         /* remembers the contents */
	bool (*changed)(const struct rs_inner *inner);
	void (*restore)(struct rs_inner *inner);
	zend_long (*size)(const struct rs_inner *inner, bool now); /* elements, or what tells two dates apart: for the doctor */
};

/* php_snapshot_inner.c: of what is kept as a clone. raw_changed(): the struct's own bytes, not what they point to. */
void rs_inner_clone_keep(struct rs_inner *inner);
void rs_inner_clone_restore(struct rs_inner *inner);
bool rs_inner_raw_changed(const struct rs_inner *inner);

/* php_snapshot_dates.c */
bool rs_inner_date_expected(void);
bool rs_inner_date_changed(const struct rs_inner *inner);
zend_long rs_inner_date_size(const struct rs_inner *inner, bool now);
bool rs_inner_interval_changed(const struct rs_inner *inner);
zend_long rs_inner_interval_size(const struct rs_inner *inner, bool now);

/* php_snapshot_hashes.c */
bool rs_inner_hash_expected(void);
void rs_inner_hash_keep(struct rs_inner *inner);
bool rs_inner_hash_changed(const struct rs_inner *inner);
zend_long rs_inner_hash_size(const struct rs_inner *inner, bool now);

/* php_snapshot_tables.c */
bool rs_inner_array_expected(void);
void rs_inner_array_keep(struct rs_inner *inner);
bool rs_inner_array_changed(const struct rs_inner *inner);
void rs_inner_array_restore(struct rs_inner *inner);
zend_long rs_inner_array_size(const struct rs_inner *inner, bool now);
bool rs_inner_storage_expected(void);
void rs_inner_storage_keep(struct rs_inner *inner);
bool rs_inner_storage_changed(const struct rs_inner *inner);
void rs_inner_storage_restore(struct rs_inner *inner);
zend_long rs_inner_storage_size(const struct rs_inner *inner, bool now);
bool rs_inner_weakmap_expected(void);
void rs_inner_weakmap_keep(struct rs_inner *inner);
bool rs_inner_weakmap_changed(const struct rs_inner *inner);
void rs_inner_weakmap_restore(struct rs_inner *inner);
zend_long rs_inner_weakmap_size(const struct rs_inner *inner, bool now);

/* Bytes before the object; their first one. */
static inline size_t rs_inner_bytes(const zend_object *object)
{
	return (size_t)object->handlers->offset;
}

static inline void *rs_inner_base(const zend_object *object)
{
	return (char *)(uintptr_t)object - object->handlers->offset;
}

/* The same value; what a reference binds is what counts: a write through [] makes one of an element. */
static inline bool rs_inner_same(const zval *a, const zval *b)
{
	ZVAL_DEREF(a);
	ZVAL_DEREF(b);
	return rs_snapshot_same(a, b);
}

/* A new object of a class of PHP's own. */
static inline zend_object *rs_inner_new(const char *lc_name)
{
	zend_class_entry *ce = zend_hash_str_find_ptr(EG(class_table), lc_name, strlen(lc_name));
	zval object;

	return ce && object_init_ex(&object, ce) == SUCCESS ? Z_OBJ(object) : NULL;
}

/* Calls a method with one number or two, for as_expected(). */
static inline void rs_inner_call(zend_object *object, const char *lc_method, uint32_t argc, zend_long a, zend_long b)
{
	zend_function *method = zend_hash_str_find_ptr(&object->ce->function_table, lc_method, strlen(lc_method));
	zval argv[2], ret;

	if (!method)
		return;
	ZVAL_LONG(&argv[0], a);
	ZVAL_LONG(&argv[1], b);
	ZVAL_UNDEF(&ret);
	zend_call_known_instance_method(method, object, &ret, argc, argv);
	zval_ptr_dtor(&ret);
}

#endif
