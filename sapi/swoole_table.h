/*
 * Swoole\Table for C: what its files share (swoole_table.c, swoole_table_rows.c, swoole_table_iterator.c,
 * swoole_table_cells.c, swoole_table_row.c).
 */
#ifndef RS_SWOOLE_TABLE_H
#define RS_SWOOLE_TABLE_H

#include "swoole.h"

#include "shm/shm_table.h"

struct table_object {
	struct rs_table *table;    /* NULL: the constructor was not called */
	zend_string **names;       /* of the columns, one each */

	/* iteration: copies, so that they stay what they were */
	uint32_t cursor;
	zend_string *key;          /* NULL: not on a row */
	zval row;                  /* array, else UNDEF */
	zend_object std;
};

extern zend_class_entry *rs_swoole_table_ce;

static inline struct table_object *rs_table_object(zend_object *object)
{
	return RS_SWOOLE_OBJECT(struct table_object, object);
}

#define RS_TABLE_ERROR_MEMORY RS_SWOOLE_ERROR_MALLOC_FAIL /* error number of a full table, or one too large */

/* $this, whose constructor has run; the second also create(). Else fatal. */
struct table_object *rs_table_constructed(zval *this);
struct table_object *rs_table_created(zval *this);

/* ---- swoole_table_rows.c, swoole_table_iterator.c: methods that live beside swoole_table.c ---- */
ZEND_METHOD(Swoole_Table, set);
ZEND_METHOD(Swoole_Table, get);
ZEND_METHOD(Swoole_Table, exists);
ZEND_METHOD(Swoole_Table, del);
ZEND_METHOD(Swoole_Table, incr);
ZEND_METHOD(Swoole_Table, decr);
ZEND_METHOD(Swoole_Table, count);
ZEND_METHOD(Swoole_Table, stats);
ZEND_METHOD(Swoole_Table, rewind);
ZEND_METHOD(Swoole_Table, next);
ZEND_METHOD(Swoole_Table, valid);
ZEND_METHOD(Swoole_Table, current);
ZEND_METHOD(Swoole_Table, key);

/* Iteration stands on no row. */
void rs_table_leave_row(struct table_object *o);

/* ---- swoole_table_cells.c: between PHP's values and cells ---- */

/* The row, or the one column, that was copied last. */
void rs_table_row_value(struct table_object *o, zval *out);
void rs_table_cell_value(struct table_object *o, unsigned column, zval *out);

/* Cells for those elements of an array that have a column. */
struct table_cells {
	struct rs_cell *cells;
	zend_string **texts;       /* what the cells of strings point into */
	size_t n;
};

/* false: an exception was thrown. To be freed in both cases. Calls user code: conversions, error handlers. */
bool rs_table_cells_from(struct table_object *o, HashTable *row, struct table_cells *out);
void rs_table_cells_free(struct table_cells *c);

/* ---- swoole_table_row.c: the old $table['key']['column'] ---- */
void rs_table_row_handlers(zend_object_handlers *h);

#endif
