/*
 * Snapshot of names: constants defined and files included since are taken out again, so that the next request defines and includes
 * them as under php-fpm. Classes and functions stay declared, and with them goes what can happen only once: a file that declared
 * some stays included, with the files that its own code includes, and the constants that these files define stay.
 *
 * In which file a constant was defined, and which file included which, is written down while it happens; that costs a request
 * that does neither nothing, and the one that does a look at each included file's code. All tables only grow at their end, so what
 * is new is found by position.
 */
#include "php_snapshot_symbols.h"

static struct {
	bool taken;
	uint32_t constants, classes, functions, files; /* used places of the tables when all was as it should be */
	HashTable defined;  /* name of a constant => the file whose own code defined it, since the last restore */
	HashTable included; /* file => the file whose own code included it */
	HashTable stays;    /* files that stay included; empty but in restore() and differences() */
	zend_op_array *(*compile_file)(zend_file_handle *handle, int type);
	zif_handler define;
} symbols;

/* ---- written down as it happens --------------------------------------------------------------------------------------- */

/* The file whose own code, not a function of it, runs now; NULL: there is none. */
static zend_string *running_file(const zend_execute_data *e)
{
	while (e && (!e->func || !ZEND_USER_CODE(e->func->type)))
		e = e->prev_execute_data;
	if (!e || e->func->common.function_name || e->func->type == ZEND_EVAL_CODE)
		return NULL;
	return e->func->op_array.filename;
}

static void write_down(HashTable *table, zend_string *what, zend_string *file)
{
	zval zv;

	ZVAL_STR_COPY(&zv, file);
	if (!zend_hash_add(table, what, &zv))
		zval_ptr_dtor(&zv);
}

static ZEND_FUNCTION(rs_define)
{
	zend_string *file = symbols.taken && ZEND_NUM_ARGS() ? running_file(EX(prev_execute_data)) : NULL;

	if (file && Z_TYPE_P(ZEND_CALL_ARG(execute_data, 1)) == IS_STRING)
		write_down(&symbols.defined, Z_STR_P(ZEND_CALL_ARG(execute_data, 1)), file);
	symbols.define(INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

/* What const statements will define, and who includes this. */
static zend_op_array *compile_and_note(zend_file_handle *handle, int type)
{
	zend_string *from = running_file(EG(current_execute_data));
	zend_op_array *code = symbols.compile_file(handle, type);

	if (!code || !code->filename)
		return code;
	if (from)
		write_down(&symbols.included, code->filename, from);
	rs_snapshot_file_code(code);
	for (uint32_t i = 0; i < code->last; i++) {
		const zend_op *op = &code->opcodes[i];

		if (op->opcode == ZEND_DECLARE_CONST && op->op1_type == IS_CONST)
			write_down(&symbols.defined, Z_STR_P(RT_CONSTANT(op, op->op1)), code->filename);
	}
	return code;
}

void rs_snapshot_symbols_guard(void)
{
	zend_function *f = zend_hash_str_find_ptr(CG(function_table), ZEND_STRL("define"));

	if (!f || f->type != ZEND_INTERNAL_FUNCTION)
		return;
	symbols.define = f->internal_function.handler;
	f->internal_function.handler = ZEND_FN(rs_define);
}

/* ---- what stays ---------------------------------------------------------------------------------------------------------- */

static void stays(zend_string *file)
{
	if (file)
		zend_hash_add_empty_element(&symbols.stays, file);
}

static void find_declaring_files(void)
{
	for (uint32_t i = symbols.classes; i < EG(class_table)->nNumUsed; i++) {
		const zval *zv = &EG(class_table)->arData[i].val;
		const zend_class_entry *ce = Z_TYPE_P(zv) == IS_PTR ? Z_PTR_P(zv) : NULL;
		if (ce && ce->type == ZEND_USER_CLASS && !(ce->ce_flags & ZEND_ACC_ANON_CLASS))
			stays(ce->info.user.filename);
	}
	for (uint32_t i = symbols.functions; i < EG(function_table)->nNumUsed; i++) {
		const zval *zv = &EG(function_table)->arData[i].val;
		const zend_function *f = Z_TYPE_P(zv) == IS_PTR ? Z_PTR_P(zv) : NULL;
		if (f && f->type == ZEND_USER_FUNCTION)
			stays(f->op_array.filename);
	}
}

/* One that stays will not run again, so what it included must not wait for that. */
static void find_included_by_those(void)
{
	zend_string *file;
	bool more;
	zval *from;

	do {
		more = false;
		ZEND_HASH_FOREACH_STR_KEY_VAL(&symbols.included, file, from) {
			if (zend_hash_exists(&symbols.stays, Z_STR_P(from)) && zend_hash_add_empty_element(&symbols.stays, file))
				more = true;
		} ZEND_HASH_FOREACH_END();
	} while (more);
}

static bool constant_stays(const zend_constant *c)
{
	const zval *file;

	if (ZEND_CONSTANT_MODULE_NUMBER(c) != PHP_USER_CONSTANT)
		return true;
	file = c->name ? zend_hash_find(&symbols.defined, c->name) : NULL;
	return file && zend_hash_exists(&symbols.stays, Z_STR_P(file));
}

static bool any_declared(void)
{
	return EG(class_table)->nNumUsed != symbols.classes || EG(function_table)->nNumUsed != symbols.functions;
}

static bool any_new(void)
{
	return EG(zend_constants)->nNumUsed != symbols.constants || EG(included_files).nNumUsed != symbols.files || any_declared();
}

/* Of files that only ran, as views do, none stays. */
static void find_stays(void)
{
	if (!any_declared())
		return;
	find_declaring_files();
	find_included_by_those();
}

/* ---- what goes -------------------------------------------------------------------------------------------------------------- */

static const zend_constant *new_constant(uint32_t i)
{
	const zval *zv = &EG(zend_constants)->arData[i].val;

	return Z_TYPE_P(zv) == IS_UNDEF ? NULL : Z_PTR_P(zv);
}

/* From the end, so that the table is as long as before. Values are buried: an object may have a destructor. */
RS_HOT static unsigned drop_constants(void)
{
	unsigned n = 0;

	for (uint32_t i = EG(zend_constants)->nNumUsed; i-- > symbols.constants;) {
		const zend_constant *c = new_constant(i);
		zval value;

		if (!c || constant_stays(c))
			continue;
		if (!n++)
			rs_snapshot_forget_constants();
		rs_snapshot_look_for_uses(c->name);
		ZVAL_COPY(&value, &c->value);
		rs_snapshot_bury(&value);
		zend_hash_del_bucket(EG(zend_constants), &EG(zend_constants)->arData[i]);
	}
	return n;
}

RS_HOT static void drop_files(void)
{
	for (uint32_t i = EG(included_files).nNumUsed; i-- > symbols.files;) {
		Bucket *b = &EG(included_files).arData[i];

		if (Z_TYPE(b->val) != IS_UNDEF && b->key && !zend_hash_exists(&symbols.stays, b->key))
			zend_hash_del_bucket(&EG(included_files), b);
	}
}

/* Without gaps a table keeps its positions when it grows. */
static void close_gaps(HashTable *table)
{
	if (table->nNumUsed != table->nNumOfElements)
		zend_hash_rehash(table);
}

RS_HOT static void remember_lengths(void)
{
	close_gaps(EG(zend_constants));
	close_gaps(&EG(included_files));
	symbols.constants = EG(zend_constants)->nNumUsed;
	symbols.classes = EG(class_table)->nNumUsed;
	symbols.functions = EG(function_table)->nNumUsed;
	symbols.files = EG(included_files).nNumUsed;
}

/* ---- the part ------------------------------------------------------------------------------------------------------------------ */

static void take(void)
{
	zend_hash_init(&symbols.defined, 8, NULL, ZVAL_PTR_DTOR, false);
	zend_hash_init(&symbols.included, 8, NULL, ZVAL_PTR_DTOR, false);
	zend_hash_init(&symbols.stays, 8, NULL, NULL, false);
	remember_lengths();
	symbols.compile_file = zend_compile_file;
	zend_compile_file = compile_and_note;
	symbols.taken = true;
}

RS_HOT static unsigned restore(void)
{
	unsigned n = 0;

	if (any_new()) {
		find_stays();
		n = drop_constants();
		drop_files();
		remember_lengths();
	}
	if (symbols.stays.nNumUsed)
		zend_hash_clean(&symbols.stays);
	if (symbols.defined.nNumUsed)
		zend_hash_clean(&symbols.defined);
	if (symbols.included.nNumUsed)
		zend_hash_clean(&symbols.included);
	return n;
}

static void differences(rs_snapshot_tell tell, void *arg)
{
	if (!any_new())
		return;
	find_stays();
	for (uint32_t i = symbols.constants; i < EG(zend_constants)->nNumUsed; i++) {
		const zend_constant *c = new_constant(i);
		struct rs_snapshot_change change = { .kind = "constant" };
		const zval *file;

		if (!c || constant_stays(c))
			continue;
		file = zend_hash_find(&symbols.defined, c->name);
		change.name = c->name;
		change.after = &c->value;
		change.file = file ? Z_STR_P(file) : NULL;
		tell(&change, arg);
	}
	zend_hash_clean(&symbols.stays);
}

const struct rs_snapshot_part rs_snapshot_symbols = { "symbols", take, restore, differences };
