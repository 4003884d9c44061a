/*
 * Swoole\Table: rows in shared memory (shm/shm_table.h) as PHP sees them. Contract B.9. Here: the class, and what one does with
 * a table before it has rows and after.
 */
#include "swoole_kept.h"
#include "swoole_table.h"

#include "stubs/table_arginfo.h"

#include <errno.h>

zend_class_entry *rs_swoole_table_ce;

static zend_object_handlers handlers;

static zend_object *create_object(zend_class_entry *ce)
{
	struct table_object *o = zend_object_alloc(sizeof *o, ce);

	zend_object_std_init(&o->std, ce);
	object_properties_init(&o->std, ce);
	o->std.handlers = &handlers;
	return &o->std;
}

static void free_object(zend_object *object)
{
	struct table_object *o = rs_table_object(object);

	rs_table_leave_row(o);
	if (o->table)
		for (unsigned i = 0; i < rs_table_columns(o->table); i++)
			zend_string_release(o->names[i]);
	if (o->names)
		efree(o->names);
	rs_table_free(o->table);
	zend_object_std_dtor(object);
}

void rs_swoole_minit_table(void)
{
	rs_swoole_table_ce = register_class_Swoole_Table(zend_ce_iterator, zend_ce_countable);
	rs_swoole_table_ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct table_object, std), free_object);
	rs_swoole_keep_properties(rs_swoole_table_ce, &handlers);
	rs_table_row_handlers(&handlers);
	rs_swoole_alias(rs_swoole_table_ce, "swoole_table");
}

/* ---- before it exists --------------------------------------------------------------------------------------------- */

struct table_object *rs_table_constructed(zval *this)
{
	struct table_object *o = rs_table_object(Z_OBJ_P(this));

	if (!o->table)
		rs_swoole_fatal("must call constructor first");
	return o;
}

struct table_object *rs_table_created(zval *this)
{
	struct table_object *o = rs_table_constructed(this);

	if (!rs_table_ready(o->table))
		rs_swoole_fatal("table is not created or has been destroyed");
	return o;
}

ZEND_METHOD(Swoole_Table, __construct)
{
	struct table_object *o = rs_table_object(Z_OBJ_P(ZEND_THIS));
	double conflict = 0.2;
	zend_long size;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(size)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(conflict)
	ZEND_PARSE_PARAMETERS_END();
	if (o->table) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(o->std.ce->name));
		RETURN_THROWS();
	}
	if (size <= 0 || size > RS_TABLE_ROWS_MAX) {
		rs_swoole_throw(EINVAL, "a table has 1 to %u rows, not " ZEND_LONG_FMT, RS_TABLE_ROWS_MAX, size);
		RETURN_THROWS();
	}
	o->table = rs_table_new((uint64_t)size, conflict);
	if (!o->table) {
		rs_swoole_throw(errno, "global memory allocation failure");
		RETURN_THROWS();
	}
}

ZEND_METHOD(Swoole_Table, column)
{
	zend_string *name;
	zend_long type, size = 0;
	struct table_object *o;
	unsigned n;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_STR(name)
		Z_PARAM_LONG(type)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(size)
	ZEND_PARSE_PARAMETERS_END();
	o = rs_table_constructed(ZEND_THIS);
	if (rs_table_ready(o->table)) {
		rs_swoole_warn(0, "unable to add column after table has been created");
		RETURN_FALSE;
	}
	if (type < RS_COLUMN_INT || type > RS_COLUMN_STRING)
		RETURN_FALSE;
	n = rs_table_columns(o->table);
	o->names = safe_erealloc(o->names, n + 1, sizeof *o->names, 0);
	if (!rs_table_add_column(o->table, rs_slice(ZSTR_VAL(name), ZSTR_LEN(name)), (enum rs_column_type)type,
				 size < 0 ? 0 : (uint64_t)size)) {
		if (errno != EEXIST)
			rs_swoole_warn(0, "size " ZEND_LONG_FMT " of the string column '%s' is not possible", size, ZSTR_VAL(name));
		RETURN_FALSE;
	}
	o->names[n] = zend_string_copy(name);
	RETURN_TRUE;
}

static bool attach(void *table, int fd)
{
	return rs_table_attach(table, fd);
}

static bool create(void *table, int *fd)
{
	return rs_table_create(table, fd);
}

ZEND_METHOD(Swoole_Table, create)
{
	struct table_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = rs_table_constructed(ZEND_THIS);
	if (rs_table_ready(o->table))
		RETURN_FALSE;
	if (rs_table_columns(o->table) == 0)
		rs_swoole_fatal("the number of columns is zero");
	if (!rs_swoole_kept_make(o->table, attach, create)) {
		rs_swoole_warn(RS_TABLE_ERROR_MEMORY, "unable to allocate memory for %u rows: %s", rs_table_size(o->table),
			       strerror(errno));
		RETURN_FALSE;
	}
	zend_update_property_long(rs_swoole_table_ce, &o->std, ZEND_STRL("size"), rs_table_size(o->table));
	zend_update_property_long(rs_swoole_table_ce, &o->std, ZEND_STRL("memorySize"), (zend_long)rs_table_memory(o->table));
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Table, destroy)
{
	struct table_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	o = rs_table_constructed(ZEND_THIS);
	if (!rs_table_ready(o->table))
		RETURN_FALSE;
	rs_table_leave_row(o);
	rs_table_detach(o->table);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Table, getSize)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(rs_table_size(rs_table_constructed(ZEND_THIS)->table));
}

/* Bytes; what cannot be allocated at all is as much as PHP can say. */
ZEND_METHOD(Swoole_Table, getMemorySize)
{
	size_t n;

	ZEND_PARSE_PARAMETERS_NONE();
	n = rs_table_memory(rs_table_constructed(ZEND_THIS)->table);
	RETURN_LONG(n > ZEND_LONG_MAX ? ZEND_LONG_MAX : (zend_long)n);
}
