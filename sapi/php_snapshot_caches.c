/*
 * What opcodes remember of constants, forgotten: after a constant is gone no opcode may point at it, nor believe from the number of
 * constants that one is still undefined. Where such opcodes are is found out once for each function, when it is needed first.
 */
#include "php_snapshot_symbols.h"

#include <zend_closures.h>

/* A word of a function's run-time cache; or, with the bit, a parameter's default, which is a zval. */
#define DEFAULT_VALUE 1u

struct cached {
	zend_op_array *function;
	uint32_t slot;
};

static struct {
	struct cached *v;
	uint32_t n, cap;
} all;

/* What has been looked through, by its position in EG(class_table) or EG(function_table). A class may come in another's place. */
struct looked {
	void **at;
	uint32_t n;
};
static struct looked classes, functions;
static HashTable files; /* address of a file's opcodes => nothing */

/* ---- opcodes that remember ----------------------------------------------------------------------------------------- */

/* The slot of an opcode that does. */
static bool remembers(const zend_op *op, uint32_t *slot)
{
	const zval *value;

	switch (op->opcode) {
	case ZEND_FETCH_CONSTANT:
	case ZEND_DEFINED:
		*slot = op->extended_value;
		return true;
	case ZEND_RECV_INIT:
		value = RT_CONSTANT(op, op->op2);
		if (Z_TYPE_P(value) != IS_CONSTANT_AST)
			return false;
		*slot = Z_CACHE_SLOT_P(value) | DEFAULT_VALUE;
		return true;
	default:
		return false;
	}
}

static void each_slot(zend_op_array *f, void (*see)(zend_op_array *f, uint32_t slot))
{
	uint32_t slot;

	for (uint32_t i = 0; i < f->last; i++) {
		if (remembers(&f->opcodes[i], &slot))
			see(f, slot);
	}
}

/* Not yet called, or of an abstract method: it has no cache. */
static void forget_slot(zend_op_array *f, uint32_t slot)
{
	char *cache = ZEND_MAP_PTR(f->run_time_cache) ? ZEND_MAP_PTR_GET(f->run_time_cache) : NULL;

	if (!cache)
		return;
	if (slot & DEFAULT_VALUE)
		ZVAL_UNDEF((zval *)(cache + (slot & ~DEFAULT_VALUE))); /* never a counted one */
	else
		*(void **)(cache + slot) = NULL;
}

static void add(zend_op_array *f, uint32_t slot)
{
	all.v = rs_snapshot_room(all.v, all.n, &all.cap, sizeof *all.v);
	all.v[all.n++] = (struct cached){ f, slot };
}

/* ---- functions that stay ---------------------------------------------------------------------------------------------- */

static void look_through(zend_op_array *f)
{
	each_slot(f, add);
	for (uint32_t i = 0; i < f->num_dynamic_func_defs; i++)
		look_through(f->dynamic_func_defs[i]);
}

static void look_through_function(void *ptr)
{
	zend_function *f = ptr;

	if (f->type == ZEND_USER_FUNCTION)
		look_through(&f->op_array);
}

/* Inherited methods are the parent's. */
static void look_through_class(void *ptr)
{
	zend_class_entry *ce = ptr;
	zend_function *f;

	if (ce->type != ZEND_USER_CLASS)
		return;
	ZEND_HASH_FOREACH_PTR(&ce->function_table, f) {
		if (f->type == ZEND_USER_FUNCTION && f->common.scope == ce)
			look_through(&f->op_array);
	} ZEND_HASH_FOREACH_END();
}

static void look_at_new(struct looked *looked, const HashTable *table, void (*look)(void *))
{
	if (looked->n < table->nNumUsed) {
		looked->at = safe_perealloc(looked->at, table->nNumUsed, sizeof *looked->at, 0, true);
		memset(looked->at + looked->n, 0, (table->nNumUsed - looked->n) * sizeof *looked->at);
		looked->n = table->nNumUsed;
	}
	for (uint32_t i = 0; i < table->nNumUsed; i++) {
		const zval *zv = &table->arData[i].val;

		if (Z_TYPE_P(zv) == IS_UNDEF || Z_TYPE_P(zv) == IS_ALIAS_PTR || looked->at[i] == Z_PTR_P(zv))
			continue;
		looked->at[i] = Z_PTR_P(zv);
		look(Z_PTR_P(zv));
	}
}

/*
 * OPcache keeps the closures of a file, and this process what they remember, from one include to the next; also of files whose own
 * code is gone and of closures that nobody holds.
 */
void rs_snapshot_file_code(zend_op_array *code)
{
	if (!code->num_dynamic_func_defs || !(code->dynamic_func_defs[0]->fn_flags & ZEND_ACC_IMMUTABLE))
		return;
	if (!files.nTableSize)
		zend_hash_init(&files, 8, NULL, NULL, true);
	if (!zend_hash_index_add_empty_element(&files, (zend_ulong)(uintptr_t)code->opcodes))
		return;
	for (uint32_t i = 0; i < code->num_dynamic_func_defs; i++)
		look_through(code->dynamic_func_defs[i]);
}

/* ---- functions that come and go -------------------------------------------------------------------------------------------- */

static void forget_code(zend_op_array *f)
{
	each_slot(f, forget_slot);
	for (uint32_t i = 0; i < f->num_dynamic_func_defs; i++)
		forget_code(f->dynamic_func_defs[i]);
}

static void forget_function(zend_function *f)
{
	if (f && ZEND_USER_CODE(f->type))
		forget_code(&f->op_array);
}

static void forget_closures(void)
{
	for (uint32_t i = 1; i < EG(objects_store).top; i++) {
		zend_object *object = EG(objects_store).object_buckets[i];

		if (IS_OBJ_VALID(object) && object->ce == zend_ce_closure)
			forget_function((zend_function *)(uintptr_t)zend_get_closure_method_def(object));
	}
}

static void forget_what_runs(void)
{
	for (const zend_execute_data *e = EG(current_execute_data); e; e = e->prev_execute_data)
		forget_function(e->func);
}

void rs_snapshot_forget_constants(void)
{
	look_at_new(&classes, EG(class_table), look_through_class);
	look_at_new(&functions, EG(function_table), look_through_function);
	for (uint32_t i = 0; i < all.n; i++)
		forget_slot(all.v[i].function, all.v[i].slot);
	forget_closures();
	forget_what_runs();
}
