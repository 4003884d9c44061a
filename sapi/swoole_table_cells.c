/*
 * Values of a Swoole\Table: PHP's to cells by the rules of the column's type, cells to PHP's.
 */
#include "swoole_table.h"

void rs_table_cell_value(struct table_object *o, unsigned column, zval *out)
{
	struct rs_cell cell;

	rs_table_cell(o->table, column, &cell);
	switch (rs_table_column(o->table, column)->type) {
	case RS_COLUMN_INT:
		ZVAL_LONG(out, cell.i);
		break;
	case RS_COLUMN_FLOAT:
		ZVAL_DOUBLE(out, cell.d);
		break;
	case RS_COLUMN_STRING:
		ZVAL_STRINGL_FAST(out, cell.s.p, cell.s.n);
		break;
	}
}

void rs_table_row_value(struct table_object *o, zval *out)
{
	unsigned n = rs_table_columns(o->table);
	zval value;

	array_init_size(out, n);
	for (unsigned i = 0; i < n; i++) {
		rs_table_cell_value(o, i, &value);
		zend_symtable_update(Z_ARRVAL_P(out), o->names[i], &value);
	}
}

/* What is too long for its column is cut, which is told in the log. */
static bool convert_string(struct rs_table *t, zval *value, struct rs_cell *cell, zend_string **text)
{
	const struct rs_column *c;

	/* null is '' for zval_get_string() as well; an array is "Array" with PHP's warning. */
	*text = zval_try_get_string(value);
	if (!*text)
		return false;
	cell->s = rs_slice(ZSTR_VAL(*text), ZSTR_LEN(*text));
	c = rs_table_column(t, cell->column); /* not earlier: user code may have destroyed the table and added columns */
	if (cell->s.n > c->size)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%zu bytes for column '%s' are cut to %u", cell->s.n, c->name, c->size);
	return true;
}

/* Into the cell of its column. false: an exception was thrown. */
static bool convert(struct rs_table *t, zval *value, struct rs_cell *cell, zend_string **text)
{
	switch (rs_table_column(t, cell->column)->type) {
	case RS_COLUMN_INT:
		cell->i = zval_get_long(value);
		break;
	case RS_COLUMN_FLOAT:
		cell->d = zval_get_double(value);
		break;
	case RS_COLUMN_STRING:
		return convert_string(t, value, cell, text);
	}
	return true;
}

/* A key like '7' comes as a number out of an array. */
static int column_of(struct rs_table *t, zend_string *name, zend_ulong number)
{
	char digits[24];

	if (name)
		return rs_table_find_column(t, rs_slice(ZSTR_VAL(name), ZSTR_LEN(name)));
	RS_IGNORE(!rs_fmt(digits, sizeof digits, ZEND_LONG_FMT, (zend_long)number));
	return rs_table_find_column(t, rs_slice_str(digits));
}

bool rs_table_cells_from(struct table_object *o, HashTable *row, struct table_cells *out)
{
	size_t max = (size_t)zend_hash_num_elements(row) + 1;
	zend_ulong number;
	zend_string *name;
	zval *value;

	out->cells = safe_emalloc(max, sizeof *out->cells, 0);
	out->texts = ecalloc(max, sizeof *out->texts);
	out->n = 0;
	ZEND_HASH_FOREACH_KEY_VAL(row, number, name, value) {
		int column = column_of(o->table, name, number);

		if (column < 0)
			continue;
		out->cells[out->n].column = (unsigned)column;
		if (!convert(o->table, value, &out->cells[out->n], &out->texts[out->n]) || EG(exception))
			return false;
		out->n++;
	} ZEND_HASH_FOREACH_END();
	return true;
}

void rs_table_cells_free(struct table_cells *c)
{
	/* One beyond n may hold a text, there is room for it: the conversion whose warning became an exception. */
	for (size_t i = 0; i <= c->n; i++)
		if (c->texts[i])
			zend_string_release(c->texts[i]);
	efree(c->cells);
	efree(c->texts);
}
