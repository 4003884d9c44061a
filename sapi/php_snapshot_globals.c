/*
 * Global variables. The superglobals are each request's own.
 */
#include "php_snapshot_places.h"

static const char *const superglobals[] = { "GLOBALS", "_GET", "_POST", "_COOKIE", "_FILES", "_SERVER", "_ENV", "_REQUEST", "_SESSION" };

static HashTable saved;   /* name => value; a reference stays one */
static HashTable ignored; /* superglobals */

static void take(void)
{
	zend_string *name;
	zval *zv, yes, value;

	zend_hash_init(&ignored, 16, NULL, NULL, true);
	zend_hash_init(&saved, 16, NULL, NULL, false);
	ZVAL_TRUE(&yes);
	for (size_t i = 0; i < RS_COUNTOF(superglobals); i++)
		zend_hash_str_add(&ignored, superglobals[i], strlen(superglobals[i]), &yes);
	ZEND_HASH_FOREACH_STR_KEY_VAL_IND(&EG(symbol_table), name, zv) {
		if (!name || zend_hash_exists(&ignored, name))
			continue;
		rs_references_look(zv);
		ZVAL_COPY(&value, zv);
		zend_hash_add_new(&saved, name, &value);
	} ZEND_HASH_FOREACH_END();
}

/* Puts the new ones into the grave; there may be any number of them. */
static unsigned drop_new(void)
{
	zend_string *name;
	unsigned n = 0;
	zval *zv, value;

	ZEND_HASH_FOREACH_STR_KEY_VAL_IND(&EG(symbol_table), name, zv) {
		if (!name || zend_hash_exists(&saved, name) || zend_hash_exists(&ignored, name))
			continue;
		ZVAL_COPY(&value, zv);
		rs_snapshot_bury(&value);
		zend_hash_del_ind(&EG(symbol_table), name);
		n++;
	} ZEND_HASH_FOREACH_END();
	return n;
}

static unsigned restore(void)
{
	unsigned changed = 0;
	zend_string *name;
	zval *before, *now, old;

	ZEND_HASH_FOREACH_STR_KEY_VAL(&saved, name, before) {
		now = zend_hash_find_ind(&EG(symbol_table), name);
		if (now && rs_snapshot_same(now, before))
			continue;
		changed++;
		Z_TRY_ADDREF_P(before);
		if (!now) {
			zend_hash_update_ind(&EG(symbol_table), name, before);
			continue;
		}
		ZVAL_COPY_VALUE(&old, now);
		ZVAL_COPY_VALUE(now, before);
		rs_snapshot_bury(&old);
	} ZEND_HASH_FOREACH_END();
	return changed + drop_new();
}

static void differences(rs_snapshot_tell tell, void *arg)
{
	zend_string *name;
	zval *zv;

	ZEND_HASH_FOREACH_STR_KEY_VAL(&saved, name, zv) {
		zval *now = zend_hash_find_ind(&EG(symbol_table), name);
		const struct rs_snapshot_change change = { .kind = "global", .name = name, .before = zv, .after = now };

		if (!now || !rs_snapshot_same(now, zv))
			tell(&change, arg);
	} ZEND_HASH_FOREACH_END();
	ZEND_HASH_FOREACH_STR_KEY_VAL_IND(&EG(symbol_table), name, zv) {
		const struct rs_snapshot_change change = { .kind = "global", .name = name, .after = zv };

		if (name && !zend_hash_exists(&saved, name) && !zend_hash_exists(&ignored, name))
			tell(&change, arg);
	} ZEND_HASH_FOREACH_END();
}

const struct rs_snapshot_part rs_snapshot_globals = { "globals", take, restore, differences };
