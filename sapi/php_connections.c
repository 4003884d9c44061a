/*
 * Connections, marked by how they came and what was done to them. A framework keeps a connection for later requests; under php-fpm
 * it would have ended. What can be put back is (php_snapshot_pdo.c, php_transactions.c); these cannot:
 *
 *   functions, aggregates and collations given to SQLite: they cannot be taken away without hiding PHP's and SQLite's own of that name
 *   attributes that nobody can ask for, so that what they were is not known
 *   a PDO object of the application's own in the place of the framework's
 *   what the phpredis extension has told the server (php_connections_redis.c)
 *
 * Marks are by handle: whatever connection has that handle next, its constructor sets them anew.
 */
#include "php_connections.h"

#include "php_snapshot_process.h"

#include <ext/pdo/php_pdo_driver.h>

static HashTable marks; /* handle => of the above; none: unmarked */
static zif_handler construct;

static struct {
	const char *name;
	zif_handler original; /* of all connections the same */
} functions[] = { { "sqlitecreatefunction", NULL }, { "sqlitecreateaggregate", NULL }, { "sqlitecreatecollation", NULL } };

bool rs_php_connection_being_made(void)
{
	static const char *const makers[] = { "makeConnection", "createConnection", "createPdoConnection", "createClient", "connect", "reconnect",
					      "dispatchConnectionEstablishedEvent" };

	for (const zend_execute_data *ex = EG(current_execute_data); ex; ex = ex->prev_execute_data) {
		const zend_string *name = ex->func ? ex->func->common.function_name : NULL;

		for (size_t i = 0; name && i < RS_COUNTOF(makers); i++) {
			if (strcasecmp(ZSTR_VAL(name), makers[i]) == 0)
				return true;
		}
	}
	return false;
}

static zend_long marks_of(const zend_object *object)
{
	const zval *mark = zend_hash_index_find(&marks, object->handle);

	return mark ? Z_LVAL_P(mark) : 0;
}

void rs_php_connection_mark(const zend_object *connection, zend_long which, bool set)
{
	zval value;

	ZVAL_LONG(&value, set ? marks_of(connection) | which : marks_of(connection) & ~which);
	if (Z_LVAL(value))
		zend_hash_index_update(&marks, connection->handle, &value);
	else
		zend_hash_index_del(&marks, connection->handle);
}

/* ---- functions of SQLite ---------------------------------------------------------------------------------------------------- */

static ZEND_FUNCTION(rs_pdo_sqlite_function)
{
	for (size_t i = 0; i < RS_COUNTOF(functions); i++) {
		if (strcasecmp(ZSTR_VAL(EX(func)->common.function_name), functions[i].name) != 0)
			continue;
		if (Z_TYPE(EX(This)) == IS_OBJECT && !rs_php_connection_being_made())
			rs_php_connection_mark(Z_OBJ(EX(This)), RS_CONNECTION_KEPT, true);
		functions[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
		return;
	}
}

/* A driver's methods are the connection's, made when the first one is called. */
static zend_function *driver_method(zend_object *object, const char *name)
{
	zend_string *lower = zend_string_init(name, strlen(name), false);
	zend_function *f = object->handlers->get_method(&object, lower, NULL);

	zend_string_release(lower);
	if (f && f->common.fn_flags & ZEND_ACC_CALL_VIA_TRAMPOLINE) { /* the user's __call() */
		zend_string_release_ex(f->common.function_name, false);
		zend_free_trampoline(f);
		return NULL;
	}
	return f && f->type == ZEND_INTERNAL_FUNCTION ? f : NULL;
}

static void watch_functions(zend_object *object)
{
	for (size_t i = 0; i < RS_COUNTOF(functions); i++) {
		zend_function *f = driver_method(object, functions[i].name);

		if (!f || f->internal_function.handler == ZEND_FN(rs_pdo_sqlite_function))
			continue;
		functions[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_pdo_sqlite_function);
	}
}

/* ---- the constructor ---------------------------------------------------------------------------------------------------------- */

static ZEND_FUNCTION(rs_pdo_construct)
{
	zend_object *object = Z_TYPE(EX(This)) == IS_OBJECT ? Z_OBJ(EX(This)) : NULL;
	const pdo_dbh_t *dbh;

	construct(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	if (!object || EG(exception))
		return;
	rs_pdo_forget(object);
	rs_php_connection_mark(object, ~RS_CONNECTION_NONE, false);
	rs_php_connection_mark(object, RS_CONNECTION_STRANGE, !rs_php_connection_being_made());
	dbh = php_pdo_dbh_fetch_inner(object);
	if (dbh && dbh->driver && dbh->driver_data && strcmp(dbh->driver->driver_name, "sqlite") == 0)
		watch_functions(object);
}

void rs_php_connections_guard(void)
{
	const zend_class_entry *pdo = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("pdo"));
	zend_function *f = pdo ? zend_hash_str_find_ptr(&pdo->function_table, ZEND_STRL("__construct")) : NULL;

	zend_hash_init(&marks, 8, NULL, NULL, true);
	rs_php_connections_guard_redis();
	if (!f || f->type != ZEND_INTERNAL_FUNCTION)
		return;
	construct = f->internal_function.handler;
	f->internal_function.handler = ZEND_FN(rs_pdo_construct);
}

ZEND_FUNCTION(rs_spoilt)
{
	zend_object *connection;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_OBJ(connection)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(marks_of(connection) != 0);
}
