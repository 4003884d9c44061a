/*
 * Transactions that a request has left open on a connection that stays: rolled back, as the end of a connection does under php-fpm, before
 * the next request's statements become part of them. In every mode. Asked are the connections that the request used in a way that may begin
 * one. SQLite cannot be asked about those that were begun with SQL: there a rollback is tried when a statement had a word for it.
 */
#include "php_call.h"
#include "php_left.h"
#include "sapi.h"

#include <ext/pdo/php_pdo_driver.h>

enum kind { PDO, SQLITE3, NKINDS };

static zend_class_entry *classes[NKINDS];
/*
 * handle => address of the connection, not counted: compared with what is at its handle then. Addresses end in bits that are ours: the
 * kind, and whether a statement that may begin one was seen.
 */
static HashTable used;
#define KIND ((zend_ulong)1)
#define BY_SQL ((zend_ulong)2)
_Static_assert(_Alignof(zend_object) >= 4 && NKINDS == 2, "there are two bits");

static struct {
	enum kind kind;
	const char *name;
	const zend_string *called;
	zif_handler original;
} methods[] = {
	{ PDO, "begintransaction", NULL, NULL }, { PDO, "exec", NULL, NULL }, { PDO, "query", NULL, NULL }, { PDO, "prepare", NULL, NULL },
	{ SQLITE3, "exec", NULL, NULL }, { SQLITE3, "query", NULL, NULL }, { SQLITE3, "querysingle", NULL, NULL },
	{ SQLITE3, "prepare", NULL, NULL },
};

static zend_ulong address(const zend_object *object)
{
	return (zend_ulong)(uintptr_t)object;
}

/* However many there are: with a database for each tenant they may be hundreds. Of one that has died the handle goes to the next. */
static void note(const zend_object *object, enum kind kind, bool by_sql)
{
	zval *known = zend_hash_index_find(&used, object->handle), noted;
	zend_ulong bits = (zend_ulong)kind | (by_sql ? BY_SQL : 0);

	if (known && ((zend_ulong)Z_LVAL_P(known) & ~(KIND | BY_SQL)) == address(object)) {
		Z_LVAL_P(known) |= (zend_long)bits;
		return;
	}
	ZVAL_LONG(&noted, (zend_long)(address(object) | bits));
	zend_hash_index_update(&used, object->handle, &noted);
}

static bool has_word(const char *text, size_t n, const char *word, size_t word_n)
{
	for (; n >= word_n; text++, n--) {
		if ((*text | 0x20) == *word && strncasecmp(text, word, word_n) == 0)
			return true;
	}
	return false;
}

/* Behind a comment, or behind another statement, too. One word too many costs a rollback that finds nothing. */
static bool may_begin(const zval *sql)
{
	if (!sql || Z_TYPE_P(sql) != IS_STRING)
		return false;
	return has_word(Z_STRVAL_P(sql), Z_STRLEN_P(sql), ZEND_STRL("begin")) ||
	       has_word(Z_STRVAL_P(sql), Z_STRLEN_P(sql), ZEND_STRL("savepoint"));
}

static bool can_be_asked(zend_object *object, enum kind kind)
{
	const pdo_dbh_t *dbh = kind == PDO ? php_pdo_dbh_fetch_inner(object) : NULL;

	return dbh && dbh->methods && dbh->methods->in_transaction;
}

/* Classes that extend one of these have copies of its methods, with the same name, scope and handler. */
static ZEND_FUNCTION(rs_transaction_touch)
{
	zend_object *object = Z_TYPE(EX(This)) == IS_OBJECT ? Z_OBJ(EX(This)) : NULL;

	for (size_t i = 0; i < RS_COUNTOF(methods); i++) {
		if (methods[i].called && classes[methods[i].kind] == EX(func)->common.scope &&
		    zend_string_equals(methods[i].called, EX(func)->common.function_name)) {
			if (object)
				note(object, methods[i].kind, !can_be_asked(object, methods[i].kind) &&
				     may_begin(ZEND_NUM_ARGS() > 0 ? ZEND_CALL_ARG(execute_data, 1) : NULL));
			methods[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
			return;
		}
	}
}

void rs_php_transactions_guard(void)
{
	zend_hash_init(&used, 8, NULL, NULL, true);
	classes[PDO] = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("pdo"));
	classes[SQLITE3] = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("sqlite3"));
	for (size_t i = 0; i < RS_COUNTOF(methods); i++) {
		const zend_class_entry *ce = classes[methods[i].kind];
		zend_function *f = ce ? zend_hash_str_find_ptr(&ce->function_table, methods[i].name, strlen(methods[i].name)) : NULL;

		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		methods[i].called = f->common.function_name;
		methods[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_transaction_touch);
	}
}

void rs_php_transactions_begin(void)
{
	if (used.nNumUsed)
		zend_hash_clean(&used);
}

/* ---- rolled back -------------------------------------------------------------------------------------------------------- */

static void tell(bool ok)
{
	const struct rs_request_view *v = rs_php()->x ? rs_exchange_request(rs_php()->x) : NULL;

	rs_warnx(rs_host_log(), "%.*s %.*s left a database transaction open: %s", v ? (int)v->method.n : 0, v ? v->method.p : "",
		 v ? (int)v->target.n : 0, v ? v->target.p : "", ok ? "rolled back" : "it could not be rolled back");
}

static bool roll_back_pdo(zend_object *object, bool by_sql)
{
	pdo_dbh_t *dbh = php_pdo_dbh_fetch_inner(object);
	bool known, ok;

	if (!dbh || !dbh->driver_data || !dbh->methods) /* no longer connected */
		return false;
	memcpy(dbh->error_code, PDO_ERR_NONE, sizeof PDO_ERR_NONE); /* nobody's who comes later */
	known = dbh->methods->in_transaction ? dbh->methods->in_transaction(dbh) : dbh->in_txn;
	if (!known && (dbh->methods->in_transaction || !by_sql))
		return false;
	ok = dbh->methods->rollback && dbh->methods->rollback(dbh);
	dbh->in_txn = false;
	memcpy(dbh->error_code, PDO_ERR_NONE, sizeof PDO_ERR_NONE);
	if (ok || known)
		tell(ok);
	return ok;
}

static bool roll_back_sqlite3(zend_object *object, bool by_sql)
{
	zend_function *exec = by_sql ? zend_hash_str_find_ptr(&classes[SQLITE3]->function_table, ZEND_STRL("exec")) : NULL;
	zval sql, ret;
	bool ok;

	if (!exec)
		return false;
	ZVAL_STRING(&sql, "ROLLBACK");
	ok = rs_php_call_quietly(exec, object, &ret, 1, &sql) && Z_TYPE(ret) == IS_TRUE;
	zval_ptr_dtor(&ret);
	zval_ptr_dtor(&sql);
	if (ok)
		tell(true);
	return ok;
}

static bool roll_back(zend_ulong handle, zend_ulong noted)
{
	zend_object *object = handle < EG(objects_store).top ? EG(objects_store).object_buckets[handle] : NULL;
	enum kind kind = noted & KIND ? SQLITE3 : PDO;

	if (!object || !IS_OBJ_VALID(object) || address(object) != (noted & ~(KIND | BY_SQL)) ||
	    !instanceof_function(object->ce, classes[kind]))
		return false;
	return kind == PDO ? roll_back_pdo(object, noted & BY_SQL) : roll_back_sqlite3(object, noted & BY_SQL);
}

unsigned rs_php_transactions_end(void)
{
	HashTable all = used; /* a rollback is a statement, and is noted, too */
	zend_ulong handle;
	unsigned n = 0;
	zval *noted;

	if (!all.nNumUsed)
		return 0;
	zend_hash_init(&used, 8, NULL, NULL, true);
	ZEND_HASH_FOREACH_NUM_KEY_VAL(&all, handle, noted) {
		n += roll_back(handle, (zend_ulong)Z_LVAL_P(noted));
	} ZEND_HASH_FOREACH_END();
	zend_hash_destroy(&all);
	rs_php_transactions_begin();
	return n;
}
