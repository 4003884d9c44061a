/*
 * Swoole\Table: rows by their keys.
 *
 * Values are converted before and built after the core's call, never inside: conversions run user code, which may use this
 * very table, or destroy it.
 */
#include "swoole_table.h"

/* The key that is stored for this one. */
static struct rs_slice short_key(zend_string *key)
{
	return rs_slice(ZSTR_VAL(key), ZSTR_LEN(key) < RS_TABLE_KEY_MAX ? ZSTR_LEN(key) : RS_TABLE_KEY_MAX);
}

/* The same, said before something is written under it. false: an error handler made an exception of it. */
static bool written_key(zend_string *key, struct rs_slice *out)
{
	if (ZSTR_LEN(key) > RS_TABLE_KEY_MAX)
		rs_swoole_warn(0, "key '%s' is longer than %d bytes and is cut", ZSTR_VAL(key), RS_TABLE_KEY_MAX);
	*out = short_key(key);
	return !EG(exception);
}

static ZEND_COLD void warn_not_written(enum rs_result r, const char *verb, struct rs_slice key)
{
	if (r == RS_AGAIN)
		rs_swoole_warn(RS_TABLE_ERROR_MEMORY, "failed to %s('%.*s'), unable to allocate memory", verb, (int)key.n, key.p);
	else
		rs_swoole_warn(0, "failed to %s('%.*s'), the table is in use by what this handler interrupted", verb, (int)key.n,
			       key.p);
}

ZEND_METHOD(Swoole_Table, set)
{
	struct table_cells row;
	struct table_object *o;
	struct rs_slice key;
	enum rs_result r;
	zend_string *name;
	HashTable *values;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(name)
		Z_PARAM_ARRAY_HT(values)
	ZEND_PARSE_PARAMETERS_END();
	o = rs_table_created(ZEND_THIS);
	if (!written_key(name, &key))
		RETURN_FALSE;
	ok = rs_table_cells_from(o, values, &row);
	if (!ok || !rs_table_ready(o->table)) {
		rs_table_cells_free(&row);
		RETURN_FALSE;
	}
	r = rs_table_set(o->table, key, row.cells, row.n);
	rs_table_cells_free(&row);
	if (r == RS_OK)
		RETURN_TRUE;
	warn_not_written(r, "set", key);
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Table, get)
{
	zend_string *key, *field = NULL;
	struct table_object *o;
	int column = -1;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(key)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR_OR_NULL(field)
	ZEND_PARSE_PARAMETERS_END();
	o = rs_table_created(ZEND_THIS);
	if (field) {
		column = rs_table_find_column(o->table, rs_slice(ZSTR_VAL(field), ZSTR_LEN(field)));
		if (column < 0)
			RETURN_FALSE;
	}
	if (rs_table_get(o->table, short_key(key), column) != RS_OK)
		RETURN_FALSE;
	if (field)
		rs_table_cell_value(o, (unsigned)column, return_value);
	else
		rs_table_row_value(o, return_value);
}

static void ask_about_key(INTERNAL_FUNCTION_PARAMETERS, enum rs_result (*ask)(struct rs_table *, struct rs_slice))
{
	zend_string *key;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(key)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(ask(rs_table_created(ZEND_THIS)->table, short_key(key)) == RS_OK);
}

ZEND_METHOD(Swoole_Table, exists)
{
	ask_about_key(INTERNAL_FUNCTION_PARAM_PASSTHRU, rs_table_exists);
}

ZEND_METHOD(Swoole_Table, del)
{
	ask_about_key(INTERNAL_FUNCTION_PARAM_PASSTHRU, rs_table_delete);
}

static void set_summand(struct rs_cell *cell, enum rs_column_type type, zval *by, bool minus)
{
	if (type == RS_COLUMN_INT) {
		zend_ulong n = by ? (zend_ulong)zval_get_long(by) : 1;

		cell->i = (int64_t)(minus ? 0 - n : n); /* wraps as the sum does */
	} else {
		cell->d = by ? zval_get_double(by) : 1;
		if (minus)
			cell->d = -cell->d;
	}
}

static void add(INTERNAL_FUNCTION_PARAMETERS, const char *verb, bool minus)
{
	zend_string *name, *field;
	struct table_object *o;
	struct rs_slice key;
	struct rs_cell cell;
	zval *by = NULL;
	enum rs_column_type type;
	enum rs_result r;
	int column;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_STR(name)
		Z_PARAM_STR(field)
		Z_PARAM_OPTIONAL
		Z_PARAM_NUMBER(by)
	ZEND_PARSE_PARAMETERS_END();
	o = rs_table_created(ZEND_THIS);
	column = rs_table_find_column(o->table, rs_slice(ZSTR_VAL(field), ZSTR_LEN(field)));
	if (column < 0) {
		rs_swoole_warn(0, "column '%s' does not exist", ZSTR_VAL(field));
		RETURN_FALSE;
	}
	type = rs_table_column(o->table, (unsigned)column)->type;
	if (type == RS_COLUMN_STRING) {
		rs_swoole_warn(0, "column '%s' holds strings", ZSTR_VAL(field));
		RETURN_FALSE;
	}
	if (!written_key(name, &key))
		RETURN_FALSE;
	cell.column = (unsigned)column;
	set_summand(&cell, type, by, minus);
	/* The warning's handler may have destroyed it. */
	r = rs_table_ready(o->table) ? rs_table_add(o->table, key, &cell) : RS_AGAIN;
	if (r != RS_OK) {
		warn_not_written(r, verb, key);
		RETURN_FALSE;
	}
	if (type == RS_COLUMN_INT)
		RETURN_LONG(cell.i);
	RETURN_DOUBLE(cell.d);
}

ZEND_METHOD(Swoole_Table, incr)
{
	add(INTERNAL_FUNCTION_PARAM_PASSTHRU, "incr", false);
}

ZEND_METHOD(Swoole_Table, decr)
{
	add(INTERNAL_FUNCTION_PARAM_PASSTHRU, "decr", true);
}

ZEND_METHOD(Swoole_Table, count)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG((zend_long)rs_table_count(rs_table_created(ZEND_THIS)->table));
}

ZEND_METHOD(Swoole_Table, stats)
{
	struct rs_table_stats s;
	struct table_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = rs_table_constructed(ZEND_THIS);
	if (!rs_table_ready(o->table))
		RETURN_FALSE;
	rs_table_stats(o->table, &s);
	array_init(return_value);
	add_assoc_long(return_value, "num", (zend_long)s.rows);
	add_assoc_long(return_value, "conflict_count", (zend_long)s.conflicts);
	add_assoc_long(return_value, "conflict_max_level", (zend_long)s.conflict_max);
	add_assoc_long(return_value, "insert_count", (zend_long)s.inserts);
	add_assoc_long(return_value, "update_count", (zend_long)s.updates);
	add_assoc_long(return_value, "delete_count", (zend_long)s.deletes);
	add_assoc_long(return_value, "available_slice_num", (zend_long)s.extra_free);
	add_assoc_long(return_value, "total_slice_num", (zend_long)s.extra);
}
