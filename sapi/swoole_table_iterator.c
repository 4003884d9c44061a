/*
 * Swoole\Table: iteration. The row that the iterator stands on is a copy, so it stays what it was when it is changed or deleted.
 */
#include "swoole_table.h"

void rs_table_leave_row(struct table_object *o)
{
	if (o->key)
		zend_string_release(o->key);
	o->key = NULL;
	zval_ptr_dtor(&o->row);
	ZVAL_UNDEF(&o->row);
}

static void advance(struct table_object *o)
{
	struct rs_slice key;

	rs_table_leave_row(o);
	if (rs_table_next(o->table, &o->cursor) != RS_OK)
		return;
	key = rs_table_key(o->table);
	rs_table_row_value(o, &o->row);
	o->key = zend_string_init(key.p, key.n, false);
}

ZEND_METHOD(Swoole_Table, rewind)
{
	struct table_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = rs_table_created(ZEND_THIS);
	o->cursor = 0;
	advance(o);
}

ZEND_METHOD(Swoole_Table, next)
{
	ZEND_PARSE_PARAMETERS_NONE();
	advance(rs_table_created(ZEND_THIS));
}

ZEND_METHOD(Swoole_Table, valid)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_table_created(ZEND_THIS)->key != NULL);
}

ZEND_METHOD(Swoole_Table, current)
{
	struct table_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = rs_table_created(ZEND_THIS);
	if (o->key)
		RETURN_COPY(&o->row);
}

ZEND_METHOD(Swoole_Table, key)
{
	struct table_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = rs_table_created(ZEND_THIS);
	if (o->key)
		RETURN_STR_COPY(o->key);
}
