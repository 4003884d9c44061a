/*
 * Attributes that a request has set on a PDO connection: what they were is set again, for the connection stays open for requests that know
 * nothing of it (unbuffered queries of an export, silent errors, names in capitals). What is set while a connection is made belongs to it.
 */
#include "php_call.h"
#include "php_connections.h"
#include "php_snapshot_process.h"

#include <ext/pdo/php_pdo_driver.h>

static struct changed {
	zend_object *object; /* not counted: compared with what is at its handle. NULL: it is gone, and another may be there */
	uint32_t handle;
	zend_long attribute;
	zval was;
} *changed;
static uint32_t nchanged, changed_cap;
static bool restoring;

static zend_function *set_attribute, *get_attribute;
static zif_handler original;

/* By a framework, by an application, or in a constructor of a class that extends PDO. */
static bool being_made(const zend_object *object)
{
	for (const zend_execute_data *ex = EG(current_execute_data); ex; ex = ex->prev_execute_data) {
		if (ex->func && ex->func->common.fn_flags & ZEND_ACC_CTOR && Z_TYPE(ex->This) == IS_OBJECT && Z_OBJ(ex->This) == object)
			return true;
	}
	return rs_php_connection_being_made();
}

static bool is_noted(const zend_object *object, zend_long attribute)
{
	for (uint32_t i = 0; i < nchanged; i++) {
		if (changed[i].object == object && changed[i].handle == object->handle && changed[i].attribute == attribute)
			return true;
	}
	return false;
}

static void note(zend_object *object, zend_long attribute)
{
	zval argument, was;

	if (restoring || !rs_php_snapshot_taken() || is_noted(object, attribute) || being_made(object))
		return;
	ZVAL_LONG(&argument, attribute);
	if (!rs_php_call_quietly(get_attribute, object, &was, 1, &argument)) {
		rs_php_connection_mark(object, RS_CONNECTION_KEPT, true);
		return;
	}
	changed = rs_snapshot_room(changed, nchanged, &changed_cap, sizeof *changed);
	changed[nchanged].object = object;
	changed[nchanged].handle = object->handle;
	changed[nchanged].attribute = attribute;
	ZVAL_COPY_VALUE(&changed[nchanged++].was, &was);
}

void rs_pdo_forget(const zend_object *object)
{
	for (uint32_t i = 0; i < nchanged; i++) {
		if (changed[i].object == object)
			changed[i].object = NULL;
	}
}

static ZEND_FUNCTION(rs_pdo_set_attribute)
{
	const zval *attribute = ZEND_NUM_ARGS() > 0 ? ZEND_CALL_ARG(execute_data, 1) : NULL;

	if (attribute && Z_TYPE_P(attribute) == IS_LONG && Z_TYPE(EX(This)) == IS_OBJECT)
		note(Z_OBJ(EX(This)), Z_LVAL_P(attribute));
	original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

void rs_pdo_guard(void)
{
	const zend_class_entry *pdo = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("pdo"));

	set_attribute = pdo ? zend_hash_str_find_ptr(&pdo->function_table, ZEND_STRL("setattribute")) : NULL;
	get_attribute = pdo ? zend_hash_str_find_ptr(&pdo->function_table, ZEND_STRL("getattribute")) : NULL;
	if (!set_attribute || !get_attribute || set_attribute->type != ZEND_INTERNAL_FUNCTION)
		return;
	original = set_attribute->internal_function.handler;
	set_attribute->internal_function.handler = ZEND_FN(rs_pdo_set_attribute);
}

static zend_object *connected(uint32_t i)
{
	uint32_t handle = changed[i].handle;
	zend_object *object = handle < EG(objects_store).top ? EG(objects_store).object_buckets[handle] : NULL;

	if (!object || !IS_OBJ_VALID(object) || object != changed[i].object)
		return NULL;
	return php_pdo_dbh_fetch_inner(object)->driver_data ? object : NULL;
}

/* The last one first: how errors are told may have been among them. */
RS_HOT unsigned rs_pdo_restore(void)
{
	unsigned n = 0;

	restoring = true;
	while (nchanged > 0) {
		uint32_t i = --nchanged;
		zend_object *object = connected(i);
		zval argv[2], ret;

		ZVAL_LONG(&argv[0], changed[i].attribute);
		ZVAL_COPY_VALUE(&argv[1], &changed[i].was);
		n += object && rs_php_call_quietly(set_attribute, object, &ret, 2, argv);
		rs_snapshot_bury(&changed[i].was);
	}
	restoring = false;
	return n;
}
