/*
 * Sets of properties and the values they go back to; and a constant that changes. Runs in the manager (keep) and in workers (restore).
 *
 * A slot is the place of a property: in the object's own table, or in the class's static one. Both stay where they are
 * while the object lives, and it does: the set holds a reference. Arrays are copy-on-write, so keeping a value is one
 * more reference, and restoring compares two words: a nanosecond for what nobody changed.
 */
#include "php_state.h"

struct slot {
	zval *at;
	zval value; /* ours; UNDEF when the property was unset or not initialised */
};

struct set {
	struct slot *slots;
	uint32_t n, cap;
};

static struct set *sets;
static uint32_t nsets;

static void *grow(void *p, uint32_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 16;
	return perealloc2(p, *cap * size, *cap / 2 * size, true);
}

/* A property that is bound to a reference keeps the binding: only the value behind it is ours. */
static void remember(struct set *set, zval *at, zval *value)
{
	if (set->n == set->cap)
		set->slots = grow(set->slots, &set->cap, sizeof *set->slots);
	ZVAL_COPY_DEREF(&set->slots[set->n].value, value);
	set->slots[set->n++].at = at;
}

static bool named(HashTable *names, zend_string *name)
{
	zval *zv;

	ZEND_HASH_FOREACH_VAL(names, zv) {
		if (Z_TYPE_P(zv) == IS_STRING && zend_string_equals(Z_STR_P(zv), name))
			return true;
	} ZEND_HASH_FOREACH_END();
	return false;
}

static void keep_property(struct set *set, zval *at, const zend_property_info *info, HashTable *except, HashTable *with)
{
	const char *class_name, *prop_name;
	zend_string *name;
	size_t n;
	zval *instead;

	zend_unmangle_property_name_ex(info->name, &class_name, &prop_name, &n);
	name = zend_string_init(prop_name, n, false);
	if (!named(except, name)) {
		instead = zend_hash_find(with, name);
		remember(set, at, instead ? instead : at);
	}
	zend_string_release(name);
}

/* Private ones of parents included. What is readonly cannot have changed. */
static void keep_object(struct set *set, zend_object *object, HashTable *except, HashTable *with)
{
	GC_ADDREF(object);
	for (int i = 0; i < object->ce->default_properties_count; i++) {
		const zend_property_info *info = object->ce->properties_info_table[i];
		if (info && !(info->flags & ZEND_ACC_READONLY))
			keep_property(set, OBJ_PROP(object, info->offset), info, except, with);
	}
}

/* Those it declares itself: inherited ones are the parent's slots. */
static zend_result keep_class(struct set *set, zend_class_entry *ce, HashTable *except, HashTable *with)
{
	zend_property_info *info;

	if (zend_update_class_constants(ce) == FAILURE)
		return FAILURE;
	if (ce->default_static_members_count && !CE_STATIC_MEMBERS(ce))
		zend_class_init_statics(ce);
	ZEND_HASH_FOREACH_PTR(&ce->properties_info, info) {
		if ((info->flags & ZEND_ACC_STATIC) && info->ce == ce)
			keep_property(set, CE_STATIC_MEMBERS(ce) + info->offset, info, except, with);
	} ZEND_HASH_FOREACH_END();
	return SUCCESS;
}

static bool same(const zval *a, const zval *b)
{
	return Z_TYPE_INFO_P(a) == Z_TYPE_INFO_P(b) && (Z_TYPE_P(a) <= IS_TRUE || Z_LVAL_P(a) == Z_LVAL_P(b));
}

/* The new value is in place before the old one's destructor may run. */
static bool restore(struct slot *s)
{
	zval *at = s->at, old;

	if (Z_TYPE(s->value) != IS_UNDEF)
		ZVAL_DEREF(at);
	if (same(at, &s->value))
		return false;
	ZVAL_COPY_VALUE(&old, at);
	ZVAL_COPY(at, &s->value);
	zval_ptr_dtor(&old);
	return true;
}

static struct set *checked(zend_long id, uint32_t arg)
{
	if (id >= 0 && (zend_ulong)id < nsets)
		return &sets[id];
	zend_argument_value_error(arg, "must be a set made by Rserverd\\state_new()");
	return NULL;
}

ZEND_FUNCTION(rs_state_new)
{
	ZEND_PARSE_PARAMETERS_NONE();
	sets = perealloc2(sets, (nsets + 1) * sizeof *sets, nsets * sizeof *sets, true);
	memset(&sets[nsets], 0, sizeof *sets);
	RETURN_LONG(nsets++);
}

ZEND_FUNCTION(rs_state_keep)
{
	zend_object *object;
	zend_string *class_name;
	zend_class_entry *ce;
	HashTable none, *except = NULL, *with = NULL;
	struct set *set;
	zend_long id;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_LONG(id)
		Z_PARAM_OBJ_OR_STR(object, class_name)
		Z_PARAM_OPTIONAL
		Z_PARAM_ARRAY_HT(except)
		Z_PARAM_ARRAY_HT(with)
	ZEND_PARSE_PARAMETERS_END();
	if (!(set = checked(id, 1)))
		RETURN_THROWS();
	zend_hash_init(&none, 0, NULL, NULL, false);
	if (object) {
		keep_object(set, object, except ? except : &none, with ? with : &none);
	} else if (!(ce = zend_lookup_class(class_name))) {
		if (!EG(exception))
			zend_argument_value_error(2, "must be an object or the name of a class");
	} else {
		(void)keep_class(set, ce, except ? except : &none, with ? with : &none);
	}
	zend_hash_destroy(&none);
}

ZEND_FUNCTION(rs_state_restore)
{
	bool changed = false;
	struct set *set;
	zval *ids;
	int n;

	ZEND_PARSE_PARAMETERS_START(1, -1)
		Z_PARAM_VARIADIC('+', ids, n)
	ZEND_PARSE_PARAMETERS_END();
	for (int k = 0; k < n; k++) {
		set = checked(Z_TYPE(ids[k]) == IS_LONG ? Z_LVAL(ids[k]) : -1, (uint32_t)k + 1);
		if (!set)
			RETURN_THROWS();
		for (uint32_t i = 0; i < set->n; i++)
			changed |= restore(&set->slots[i]);
	}
	RETURN_BOOL(changed);
}

ZEND_FUNCTION(rs_state_constant)
{
	zend_constant *old, c;
	zend_string *name;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(name)
		Z_PARAM_ZVAL(value)
	ZEND_PARSE_PARAMETERS_END();
	old = zend_hash_find_ptr(EG(zend_constants), name);
	if (!old) {
		ZVAL_COPY(&c.value, value);
		ZEND_CONSTANT_SET_FLAGS(&c, CONST_CS, PHP_USER_CONSTANT);
		c.name = zend_string_copy(name);
		zend_register_constant(&c);
	} else if (ZEND_CONSTANT_MODULE_NUMBER(old) == PHP_USER_CONSTANT) {
		zval_ptr_dtor_nogc(&old->value);
		ZVAL_COPY(&old->value, value);
	} else {
		zend_argument_value_error(1, "must not be a constant of PHP itself");
	}
}

#define ARGS(required) { (const char *)(uintptr_t)(required), { 0 }, NULL }
const zend_internal_arg_info rs_state_arginfo_new[1] = { ARGS(0) };
const zend_internal_arg_info rs_state_arginfo_keep[5] = {
	ARGS(2),
	ZEND_ARG_TYPE_INFO(0, set, IS_LONG, 0)
	ZEND_ARG_INFO(0, target)
	ZEND_ARG_TYPE_INFO(0, except, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO(0, with, IS_ARRAY, 0)
};
const zend_internal_arg_info rs_state_arginfo_restore[2] = {
	ARGS(1),
	ZEND_ARG_VARIADIC_TYPE_INFO(0, sets, IS_LONG, 0)
};
const zend_internal_arg_info rs_state_arginfo_constant[3] = {
	ARGS(2),
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
	ZEND_ARG_INFO(0, value)
};
