/*
 * Static properties of classes and static variables of functions.
 *
 * Opcodes remember the addresses of both, so they are never freed, only put back. A class or a function that is declared by a
 * request stays declared; its statics go to what their declaration says. So do static variables of a function that was called
 * for the first time by a request: PHP makes their table then.
 *
 * A file runs once, so what a class's own file or its autoloader does to it belongs to it: class Types { ... } Types::register(). Statics of
 * autoloaded classes go back to what they were when the outermost autoload was over, and so do the objects in them.
 */
#include "php_snapshot_kept.h"

/* A function that has static variables, and no table of them yet. */
struct lazy {
	const zend_op_array *function;
	ZEND_MAP_PTR_DEF(HashTable *, table); /* the function's word for it, if that says where it will be; else NULL */
};

static struct {
	struct rs_places places;
	zend_property_info **types; /* of a place, by its number; NULL: a variable, or without a type */
	uint32_t types_cap;
	struct lazy *lazy;
	uint32_t nlazy, lazy_cap;
	uint32_t *pending;          /* numbers in the class table of classes that are not linked yet */
	uint32_t npending, pending_cap;
	uint32_t classes, functions; /* that were looked at */
	zend_class_entry *(*autoload)(zend_string *name, zend_string *lc_name); /* whoever was asked before us */
	unsigned autoloading;
} statics;

static void note_type(zend_property_info *info)
{
	uint32_t i = statics.places.n - 1;

	statics.types = rs_snapshot_room(statics.types, i, &statics.types_cap, sizeof *statics.types);
	statics.types[i] = info;
}

/* ---- functions ------------------------------------------------------------------------------------------------- */

/* As declared; the constant expressions among them are evaluated when the function is called. */
static void adopt_table(const zend_op_array *f, HashTable *ht)
{
	zval declared;

	for (uint32_t i = 0; i < ht->nNumUsed; i++) {
		ZVAL_COPY_OR_DUP(&declared, &f->static_variables->arData[i].val);
		rs_places_add_value(&statics.places, &ht->arData[i].val, &declared);
		note_type(NULL);
	}
}

static void take_table(HashTable *ht)
{
	zval *zv;

	ZEND_HASH_FOREACH_VAL(ht, zv) {
		rs_places_add(&statics.places, zv, NULL);
		note_type(NULL);
	} ZEND_HASH_FOREACH_END();
}

static void add_lazy(const zend_op_array *f)
{
	struct lazy *lazy;

	statics.lazy = rs_snapshot_room(statics.lazy, statics.nlazy, &statics.lazy_cap, sizeof *statics.lazy);
	lazy = &statics.lazy[statics.nlazy++];
	lazy->function = f;
	ZEND_MAP_PTR_INIT(lazy->table, NULL);
	if (ZEND_MAP_PTR_IS_OFFSET(f->static_variables_ptr))
		ZEND_MAP_PTR_INIT(lazy->table, ZEND_MAP_PTR(f->static_variables_ptr));
}

/* What OPcache shares says where its table will be: that is looked at without the function, which lies elsewhere in memory. */
static HashTable *table_of(const struct lazy *lazy)
{
	return ZEND_MAP_PTR(lazy->table) ? ZEND_MAP_PTR_GET(lazy->table) : ZEND_MAP_PTR_GET(lazy->function->static_variables_ptr);
}

static void take_function(zend_function *f, bool as_declared)
{
	HashTable *ht;

	if (f->type != ZEND_USER_FUNCTION || !f->op_array.static_variables)
		return;
	ht = ZEND_MAP_PTR_GET(f->op_array.static_variables_ptr);
	if (ht && as_declared) {
		adopt_table(&f->op_array, ht);
	} else if (ht) {
		take_table(ht);
	} else {
		add_lazy(&f->op_array);
	}
}

/* Those that have been called since get places. */
RS_HOT static void look_at_lazy(void)
{
	for (uint32_t i = 0; i < statics.nlazy;) {
		const struct lazy *lazy = &statics.lazy[i];
		HashTable *ht = table_of(lazy);

		if (EXPECTED(!ht)) {
			i++;
			continue;
		}
		adopt_table(lazy->function, ht);
		statics.lazy[i] = statics.lazy[--statics.nlazy];
	}
}

/* ---- classes ------------------------------------------------------------------------------------------------------ */

static zend_property_info *declaration(zend_class_entry *ce, uint32_t offset)
{
	zend_property_info *info;

	ZEND_HASH_FOREACH_PTR(&ce->properties_info, info) {
		if ((info->flags & ZEND_ACC_STATIC) && info->offset == offset)
			return info;
	} ZEND_HASH_FOREACH_END();
	return NULL;
}

/* Its statics exist and hold values, no expressions. false: an expression cannot be evaluated (yet). */
static bool make_statics(zend_class_entry *ce)
{
	if ((ce->ce_flags & ZEND_ACC_HAS_AST_STATICS) && !(ce->ce_flags & ZEND_ACC_CONSTANTS_UPDATED) &&
	    zend_update_class_constants(ce) == FAILURE) {
		if (EG(exception))
			zend_clear_exception();
		return false;
	}
	if (!CE_STATIC_MEMBERS(ce))
		zend_class_init_statics(ce);
	return true;
}

/* The value of the declaration. false: it is an expression that fails. */
static bool declared_value(zend_class_entry *ce, int i, zval *out)
{
	ZVAL_COPY_OR_DUP(out, &ce->default_static_members_table[i]);
	if (Z_TYPE_P(out) != IS_CONSTANT_AST || zval_update_constant_ex(out, ce) == SUCCESS)
		return true;
	if (EG(exception))
		zend_clear_exception();
	zval_ptr_dtor(out);
	return false;
}

static void take_class(zend_class_entry *ce, bool as_declared)
{
	bool autoloaded = statics.autoloading > 0;
	zend_function *f;
	zval value;

	if (ce->type != ZEND_USER_CLASS || rs_snapshot_class_is_exempt(ce))
		return;
	if (ce->default_static_members_count && make_statics(ce)) {
		for (int i = 0; i < ce->default_static_members_count; i++) {
			zval *at = CE_STATIC_MEMBERS(ce) + i;
			zend_property_info *info;

			if (Z_TYPE_P(at) == IS_INDIRECT)
				continue; /* the parent's */
			info = declaration(ce, (uint32_t)i);
			if (info && rs_snapshot_property_is_exempt(ce, info))
				continue;
			if (info && !ZEND_TYPE_IS_SET(info->type))
				info = NULL;
			if (autoloaded && !as_declared)
				rs_adopted_take(at);
			if (!as_declared)
				rs_places_add(&statics.places, at, info);
			else if (declared_value(ce, i, &value))
				rs_places_add_value(&statics.places, at, &value);
			else
				continue;
			note_type(info);
		}
	}
	ZEND_HASH_FOREACH_PTR(&ce->function_table, f) {
		if (f->common.scope == ce)
			take_function(f, as_declared);
	} ZEND_HASH_FOREACH_END();
}

/* The class at this place of the table. false: it is still to come. */
RS_HOT static bool look_at_class(uint32_t i, bool as_declared)
{
	const Bucket *b = &EG(class_table)->arData[i];
	zend_class_entry *ce = Z_TYPE(b->val) == IS_PTR ? Z_PTR(b->val) : NULL;

	if (!ce || ce->type != ZEND_USER_CLASS)
		return true;
	if (!(ce->ce_flags & ZEND_ACC_LINKED))
		return false;
	take_class(ce, as_declared);
	return true;
}

static void postpone(uint32_t i)
{
	statics.pending = rs_snapshot_room(statics.pending, statics.npending, &statics.pending_cap, sizeof *statics.pending);
	statics.pending[statics.npending++] = i;
}

RS_HOT static void look_at_new(bool as_declared)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < statics.npending; i++)
		if (!look_at_class(statics.pending[i], as_declared))
			statics.pending[n++] = statics.pending[i];
	statics.npending = n;
	for (; statics.classes < EG(class_table)->nNumUsed; statics.classes++) {
		if (look_at_class(statics.classes, as_declared))
			continue;
		postpone(statics.classes);
	}
	for (; statics.functions < EG(function_table)->nNumUsed; statics.functions++) {
		const Bucket *b = &EG(function_table)->arData[statics.functions];

		if (Z_TYPE(b->val) == IS_PTR)
			take_function(Z_PTR(b->val), as_declared);
	}
}

/* ---- autoloaded ----------------------------------------------------------------------------------------------------- */

/* Has anybody asked for its statics? If not, they are as declared, and what is an expression among them is not evaluated before it must be. */
static bool is_touched(zend_class_entry *ce)
{
	return ce->type == ZEND_USER_CLASS && (ce->ce_flags & ZEND_ACC_LINKED) && ce->default_static_members_count && CE_STATIC_MEMBERS(ce);
}

static void look_at_autoloaded(void)
{
	for (; statics.classes < EG(class_table)->nNumUsed; statics.classes++) {
		const zval *zv = &EG(class_table)->arData[statics.classes].val;

		if (Z_TYPE_P(zv) == IS_PTR && is_touched(Z_PTR_P(zv)))
			take_class(Z_PTR_P(zv), false);
		else
			postpone(statics.classes);
	}
}

static zend_class_entry *autoload(zend_string *name, zend_string *lc_name)
{
	zend_class_entry *ce;

	if (statics.autoloading++ == 0 && rs_php_snapshot_taken()) {
		for (; statics.classes < EG(class_table)->nNumUsed; statics.classes++)
			postpone(statics.classes); /* the request's own */
	}
	ce = statics.autoload(name, lc_name);
	if (statics.autoloading == 1 && rs_php_snapshot_taken() && !EG(exception))
		look_at_autoloaded();
	statics.autoloading--;
	return ce;
}

/* ---- the part ------------------------------------------------------------------------------------------------------ */

static void take(void)
{
	look_at_new(false);
	statics.autoload = zend_autoload;
	zend_autoload = autoload;
}

static zend_property_info *info_of_place(const zval *at, uint32_t i)
{
	(void)at;
	return statics.types[i];
}

RS_HOT static unsigned restore(void)
{
	/* Their places first: they are put back at once. */
	look_at_new(true);
	look_at_lazy();
	return rs_places_restore(&statics.places, info_of_place);
}

/* ---- differences --------------------------------------------------------------------------------------------------- */

static void tell_place(const zval *number, struct rs_snapshot_change *change, rs_snapshot_tell tell, void *arg)
{
	const zval *before = &statics.places.values[Z_LVAL_P(number)], *after = statics.places.at[Z_LVAL_P(number)];

	if (rs_snapshot_same(after, before))
		return;
	change->before = before;
	change->after = after;
	tell(change, arg);
}

/* The number of the place at this address; NULL: it is new, or exempt. */
static const zval *find(const HashTable *index, const zval *at)
{
	return zend_hash_index_find(index, (zend_ulong)(uintptr_t)at >> 3);
}

static void tell_function(const HashTable *index, const zend_function *f, rs_snapshot_tell tell, void *arg)
{
	struct rs_snapshot_change change = { .kind = "function static" };
	const zval *p;
	zend_string *name, *owner;
	HashTable *ht;
	zval *zv;

	if (f->type != ZEND_USER_FUNCTION || !f->op_array.static_variables ||
	    !(ht = ZEND_MAP_PTR_GET(f->op_array.static_variables_ptr)))
		return;
	owner = f->common.scope ? zend_strpprintf(0, "%s::%s", ZSTR_VAL(f->common.scope->name), ZSTR_VAL(f->common.function_name))
				: zend_string_copy(f->common.function_name);
	change.owner = owner;
	change.file = f->op_array.filename;
	ZEND_HASH_FOREACH_STR_KEY_VAL(ht, name, zv) {
		change.name = name;
		if ((p = find(index, zv)))
			tell_place(p, &change, tell, arg);
	} ZEND_HASH_FOREACH_END();
	zend_string_release(owner);
}

static void tell_class(const HashTable *index, zend_class_entry *ce, rs_snapshot_tell tell, void *arg)
{
	struct rs_snapshot_change change = { .kind = "static", .owner = ce->name, .file = ce->info.user.filename };
	const zval *p;
	zend_property_info *info;
	zend_function *f;

	ZEND_HASH_FOREACH_PTR(&ce->properties_info, info) {
		const char *name = zend_get_unmangled_property_name(info->name);

		if (!(info->flags & ZEND_ACC_STATIC) || info->ce != ce || !CE_STATIC_MEMBERS(ce))
			continue;
		if (!(p = find(index, CE_STATIC_MEMBERS(ce) + info->offset)))
			continue;
		change.name = zend_string_init(name, strlen(name), false);
		tell_place(p, &change, tell, arg);
		zend_string_release(change.name);
	} ZEND_HASH_FOREACH_END();
	ZEND_HASH_FOREACH_PTR(&ce->function_table, f) {
		if (f->common.scope == ce)
			tell_function(index, f, tell, arg);
	} ZEND_HASH_FOREACH_END();
}

/* Names are looked up by the way that led to the places: nobody keeps them. */
static void differences(rs_snapshot_tell tell, void *arg)
{
	zend_class_entry *ce;
	zend_function *f;
	HashTable index;
	zval number;

	/* What came with this request is known from its end on. */
	look_at_new(true);
	look_at_lazy();
	zend_hash_init(&index, statics.places.n, NULL, NULL, false);
	for (uint32_t i = 0; i < statics.places.n; i++) {
		ZVAL_LONG(&number, (zend_long)i);
		zend_hash_index_add(&index, (zend_ulong)(uintptr_t)statics.places.at[i] >> 3, &number);
	}
	ZEND_HASH_FOREACH_PTR(EG(class_table), ce) {
		if (ce->type == ZEND_USER_CLASS && (ce->ce_flags & ZEND_ACC_LINKED))
			tell_class(&index, ce, tell, arg);
	} ZEND_HASH_FOREACH_END();
	ZEND_HASH_FOREACH_PTR(EG(function_table), f) {
		tell_function(&index, f, tell, arg);
	} ZEND_HASH_FOREACH_END();
	zend_hash_destroy(&index);
}

const struct rs_snapshot_part rs_snapshot_statics = { "statics", take, restore, differences };

uint32_t rs_snapshot_count_statics(void)
{
	return statics.places.n;
}
