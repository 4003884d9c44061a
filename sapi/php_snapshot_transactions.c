/*
 * Transactions that a request has left open on a PDO connection: rolled back, as the end of a connection does under php-fpm, before
 * the next request's statements become part of them. Asked are the connections that the request used in a way that may begin one. SQLite's
 * driver cannot be asked about those that were begun with SQL.
 */
#include "php_snapshot_process.h"

#include <ext/pdo/php_pdo_driver.h>

#define MOST 32

static zend_class_entry *pdo;
static struct {
	zend_object *object; /* not counted: compared with what is at its handle */
	uint32_t handle;
	bool by_sql;         /* a statement that begins one was seen */
} used[MOST];
static size_t nused;

static struct {
	const char *method;
	const zend_string *name;
	zif_handler original;
} methods[] = { { "begintransaction", NULL, NULL }, { "exec", NULL, NULL }, { "query", NULL, NULL }, { "prepare", NULL, NULL } };

static void note(zend_object *object, bool by_sql)
{
	for (size_t i = 0; i < nused; i++) {
		if (used[i].object == object && used[i].handle == object->handle) {
			used[i].by_sql = used[i].by_sql || by_sql;
			return;
		}
	}
	if (nused == MOST)
		return;
	used[nused].object = object;
	used[nused].handle = object->handle;
	used[nused++].by_sql = by_sql;
}

static bool begins_transaction(const zval *sql)
{
	static const struct rs_slice words[] = { { "BEGIN", 5 }, { "START TRANSACTION", 17 }, { "SAVEPOINT", 9 } };
	struct rs_slice text;

	if (!sql || Z_TYPE_P(sql) != IS_STRING)
		return false;
	text = rs_slice_trim(rs_slice(Z_STRVAL_P(sql), Z_STRLEN_P(sql)));
	for (size_t i = 0; i < RS_COUNTOF(words); i++) {
		if (text.n >= words[i].n && rs_slice_eqi(rs_slice(text.p, words[i].n), words[i]))
			return true;
	}
	return false;
}

/* Classes that extend PDO have copies of its methods, with the same name and handler. */
static ZEND_FUNCTION(rs_transaction_touch)
{
	if (Z_TYPE(EX(This)) == IS_OBJECT)
		note(Z_OBJ(EX(This)), begins_transaction(ZEND_NUM_ARGS() > 0 ? ZEND_CALL_ARG(execute_data, 1) : NULL));
	for (size_t i = 0; i < RS_COUNTOF(methods); i++) {
		if (methods[i].name && zend_string_equals(methods[i].name, EX(func)->common.function_name)) {
			methods[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
			return;
		}
	}
}

void rs_transactions_guard(void)
{
	pdo = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("pdo"));
	for (size_t i = 0; pdo && i < RS_COUNTOF(methods); i++) {
		zend_function *f = zend_hash_str_find_ptr(&pdo->function_table, methods[i].method, strlen(methods[i].method));
		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		methods[i].name = f->common.function_name;
		methods[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_transaction_touch);
	}
}

/* There and connected still? */
RS_HOT static pdo_dbh_t *connection(size_t i)
{
	zend_object *object = used[i].handle < EG(objects_store).top ? EG(objects_store).object_buckets[used[i].handle] : NULL;
	pdo_dbh_t *dbh;

	if (!object || !IS_OBJ_VALID(object) || object != used[i].object || !instanceof_function(object->ce, pdo))
		return NULL;
	dbh = php_pdo_dbh_fetch_inner(object);
	return dbh && dbh->driver_data && dbh->methods ? dbh : NULL;
}

static bool open_transaction(pdo_dbh_t *dbh, bool by_sql)
{
	return dbh->methods->in_transaction ? dbh->methods->in_transaction(dbh) : dbh->in_txn || by_sql;
}

static bool roll_back(pdo_dbh_t *dbh)
{
	const bool known = dbh->in_txn || dbh->methods->in_transaction;
	const struct rs_request_view *v = rs_php()->x ? rs_exchange_request(rs_php()->x) : NULL;
	bool ok = dbh->methods->rollback && dbh->methods->rollback(dbh);

	dbh->in_txn = false;
	if (!ok && !known) /* it was over */
		return false;
	rs_warnx(rs_host_log(), "%.*s %.*s left a database transaction open: %s", v ? (int)v->method.n : 0, v ? v->method.p : "",
		 v ? (int)v->target.n : 0, v ? v->target.p : "", ok ? "rolled back" : "it could not be rolled back");
	return ok;
}

RS_HOT unsigned rs_transactions_restore(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < nused; i++) {
		pdo_dbh_t *dbh = connection(i);

		if (dbh && open_transaction(dbh, used[i].by_sql))
			n += roll_back(dbh);
	}
	nused = 0;
	return n;
}
