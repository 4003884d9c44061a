/*
 * Global variables. The superglobals are each request's own.
 */
#include "php_snapshot_places.h"

static const char *const superglobals[] = { "GLOBALS", "_GET", "_POST", "_COOKIE", "_FILES", "_SERVER", "_ENV", "_REQUEST", "_SESSION" };

static HashTable saved;   /* name => value; a reference stays one */
static HashTable ignored; /* superglobals */

/* How the table began when all was put back last: one look at each, instead of a search for each name. */
static struct known {
	zend_string *name; /* counted; NULL: a number */
	const zval *was;   /* in saved; NULL: not ours */
} *known;
static uint32_t nknown, known_cap;

/* Without gaps a table keeps its positions when it grows. */
static void remember_order(void)
{
	HashTable *table = &EG(symbol_table);

	if (table->nNumUsed != table->nNumOfElements)
		zend_hash_rehash(table);
	while (nknown > 0) {
		if (known[--nknown].name)
			zend_string_release(known[nknown].name);
	}
	while (nknown < table->nNumUsed) {
		zend_string *name = table->arData[nknown].key;

		known = rs_snapshot_room(known, nknown, &known_cap, sizeof *known);
		known[nknown++] = (struct known){ name ? zend_string_copy(name) : NULL, name ? zend_hash_find(&saved, name) : NULL };
	}
}

static zval *value_in(Bucket *b)
{
	return Z_TYPE(b->val) == IS_INDIRECT ? Z_INDIRECT(b->val) : &b->val;
}

/* What the snapshot knows is where it was, and what it was. */
RS_HOT static bool begins_as_known(void)
{
	HashTable *table = &EG(symbol_table);

	if (table->nNumUsed < nknown)
		return false;
	for (uint32_t i = 0; i < nknown; i++) {
		Bucket *b = &table->arData[i];

		if (b->key != known[i].name || (known[i].was && !rs_snapshot_same(value_in(b), known[i].was)))
			return false;
	}
	return true;
}

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
	remember_order();
}

/* Puts the new ones into the grave; there may be any number of them, and none before this place of the table. */
RS_HOT static unsigned drop_new(uint32_t from)
{
	HashTable *table = &EG(symbol_table);
	unsigned n = 0;

	for (uint32_t i = from; i < table->nNumUsed; i++) {
		zend_string *name = table->arData[i].key;
		zval *zv = value_in(&table->arData[i]), value;

		if (Z_TYPE_P(zv) == IS_UNDEF || !name || zend_hash_exists(&saved, name) || zend_hash_exists(&ignored, name))
			continue;
		ZVAL_COPY(&value, zv);
		rs_snapshot_bury(&value);
		zend_hash_del_ind(table, name);
		n++;
	}
	return n;
}

static unsigned put_back(void)
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
	changed += drop_new(0);
	remember_order();
	return changed;
}

RS_HOT static unsigned restore(void)
{
	return EXPECTED(begins_as_known()) ? drop_new(nknown) : put_back();
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
