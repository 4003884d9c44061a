/*
 * The array syntax of old programs: $table['key'] is a Swoole\Table\Row, a copy that writes through. Not ArrayAccess, which
 * Swoole\Table does not implement (a subclass may, and is then asked instead): object handlers, which call the table's methods
 * as anybody would, so that overrides count.
 */
#include "swoole_table.h"

#include "stubs/table_row_arginfo.h"

struct row_object {
	zend_object *table;   /* NULL: made with new */
	zend_object std;
};

static zend_class_entry *row_ce;
static zend_object_handlers handlers;

static zend_object *create_object(zend_class_entry *ce)
{
	struct row_object *o = zend_object_alloc(sizeof *o, ce);

	zend_object_std_init(&o->std, ce);
	object_properties_init(&o->std, ce);
	o->std.handlers = &handlers;
	return &o->std;
}

static struct row_object *row_of(zend_object *object)
{
	return RS_SWOOLE_OBJECT(struct row_object, object);
}

static void free_object(zend_object *object)
{
	if (row_of(object)->table)
		OBJ_RELEASE(row_of(object)->table);
	zend_object_std_dtor(object);
}

/* A table can hold its rows in dynamic properties. */
static HashTable *gc_of(zend_object *object, zval **table, int *n)
{
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	if (row_of(object)->table)
		zend_get_gc_buffer_add_obj(buffer, row_of(object)->table);
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

static zend_function *no_constructor(zend_object *object)
{
	zend_throw_error(NULL, "%s comes from a table", ZSTR_VAL(object->ce->name));
	return NULL;
}

void rs_swoole_minit_table_row(void)
{
	row_ce = register_class_Swoole_Table_Row(zend_ce_arrayaccess);
	row_ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct row_object, std), free_object);
	rs_swoole_keep_properties(row_ce, &handlers);
	handlers.get_constructor = no_constructor;
	handlers.get_gc = gc_of;
	rs_swoole_alias(row_ce, "swoole_table_row");
}

/* ---- $table[...] -------------------------------------------------------------------------------------------------- */

/* A method of the table with an offset as its first argument. false: an exception. */
static bool call(zend_object *table, const char *method, zval *offset, zval *second, zval *ret)
{
	zend_string *key = zval_try_get_string(offset);
	zval name;

	ZVAL_UNDEF(ret);
	if (!key)
		return false;
	ZVAL_STR(&name, key);
	zend_call_method(table, table->ce, NULL, method, strlen(method), ret, second ? 2 : 1, &name, second);
	zend_string_release(key);
	return !EG(exception);
}

static bool truth(zend_object *table, const char *method, zval *offset)
{
	zval ret;
	bool yes = call(table, method, offset, NULL, &ret) && zend_is_true(&ret);

	zval_ptr_dtor(&ret);
	return yes;
}

static bool answers_itself(zend_object *object)
{
	return instanceof_function(object->ce, zend_ce_arrayaccess);
}

static zval *read_dimension(zend_object *object, zval *offset, int type, zval *rv)
{
	zend_string *key;
	zval row;

	if (answers_itself(object))
		return zend_std_read_dimension(object, offset, type, rv);
	if (!offset) {
		zend_throw_error(NULL, "Cannot use [] for reading");
		return NULL;
	}
	if (type == BP_VAR_IS && !truth(object, "exists", offset))
		return NULL;
	if (!call(object, "get", offset, NULL, &row))
		return NULL;
	if (Z_TYPE(row) != IS_ARRAY) {
		zval_ptr_dtor(&row);
		array_init(&row);
	}
	key = zval_get_string(offset);
	object_init_ex(rv, row_ce);
	zend_update_property_str(row_ce, Z_OBJ_P(rv), ZEND_STRL("key"), key);
	zend_update_property(row_ce, Z_OBJ_P(rv), ZEND_STRL("value"), &row);
	row_of(Z_OBJ_P(rv))->table = object;
	GC_ADDREF(object);
	zend_string_release(key);
	zval_ptr_dtor(&row);
	return rv;
}

static void write_dimension(zend_object *object, zval *offset, zval *value)
{
	zval ret;

	if (answers_itself(object)) {
		zend_std_write_dimension(object, offset, value);
		return;
	}
	if (!offset) {
		zend_throw_error(NULL, "Cannot append to a table: rows have keys");
		return;
	}
	call(object, "set", offset, value, &ret);
	zval_ptr_dtor(&ret);
}

static int has_dimension(zend_object *object, zval *offset, int check_empty)
{
	/* A row is never empty: it has a column at least. */
	return answers_itself(object) ? zend_std_has_dimension(object, offset, check_empty) : truth(object, "exists", offset);
}

static void unset_dimension(zend_object *object, zval *offset)
{
	if (answers_itself(object))
		zend_std_unset_dimension(object, offset);
	else
		truth(object, "del", offset);
}

void rs_table_row_handlers(zend_object_handlers *h)
{
	h->read_dimension = read_dimension;
	h->write_dimension = write_dimension;
	h->has_dimension = has_dimension;
	h->unset_dimension = unset_dimension;
}

/* ---- Row ---------------------------------------------------------------------------------------------------------- */

/* The column in the copy. NULL: none. */
static zval *column_of(zend_object *row, zval *offset)
{
	zval rv, *value = zend_read_property(row_ce, row, ZEND_STRL("value"), true, &rv);
	zend_string *name;

	if (Z_TYPE_P(value) != IS_ARRAY)
		return NULL;
	name = zval_try_get_string(offset);
	if (!name)
		return NULL;
	value = zend_symtable_find(Z_ARRVAL_P(value), name);
	zend_string_release(name);
	return value;
}

ZEND_METHOD(Swoole_Table_Row, offsetExists)
{
	zval *offset;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(offset)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(column_of(Z_OBJ_P(ZEND_THIS), offset) != NULL);
}

/* false for what is not there, as get() has it. */
ZEND_METHOD(Swoole_Table_Row, offsetGet)
{
	zval *offset, *value;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(offset)
	ZEND_PARSE_PARAMETERS_END();
	value = column_of(Z_OBJ_P(ZEND_THIS), offset);
	if (!value)
		RETURN_FALSE;
	RETURN_COPY_DEREF(value);
}

/* Into the table, then what the table made of it into the copy. */
ZEND_METHOD(Swoole_Table_Row, offsetSet)
{
	zend_object *row = Z_OBJ_P(ZEND_THIS), *table = row_of(row)->table;
	zval *offset, *value, columns, ret, rv, *key;
	zend_string *name;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_ZVAL(offset)
		Z_PARAM_ZVAL(value)
	ZEND_PARSE_PARAMETERS_END();
	name = zval_try_get_string(offset);
	if (!name || !table) {
		if (name)
			zend_string_release(name);
		return;
	}
	array_init(&columns);
	Z_TRY_ADDREF_P(value);
	zend_symtable_update(Z_ARRVAL(columns), name, value);
	zend_string_release(name);
	key = zend_read_property(row_ce, row, ZEND_STRL("key"), true, &rv);
	if (call(table, "set", key, &columns, &ret)) {
		zval_ptr_dtor(&ret);
		key = zend_read_property(row_ce, row, ZEND_STRL("key"), true, &rv);
		if (call(table, "get", key, NULL, &ret) && Z_TYPE(ret) == IS_ARRAY)
			zend_update_property(row_ce, row, ZEND_STRL("value"), &ret);
	}
	zval_ptr_dtor(&ret);
	zval_ptr_dtor(&columns);
}

/* A row has all its columns always. */
ZEND_METHOD(Swoole_Table_Row, offsetUnset)
{
	zval *offset;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(offset)
	ZEND_PARSE_PARAMETERS_END();
	zend_throw_error(NULL, "Cannot unset a column of a row");
}
