/*
 * Stream wrappers and filters that a request has registered, or wrappers of PHP's that it has taken out.
 */
#include "php_snapshot_process.h"

#include <ext/standard/file.h>

static HashTable wrappers; /* name => php_stream_wrapper *, as they were */
static uint32_t user_filters;
static bool own_wrappers, own_filters; /* boot had changed PHP's, so this process has tables of its own */

/* PHP's own is in force again. */
static void drop_table(HashTable **table)
{
	if (!*table)
		return;
	zend_hash_destroy(*table);
	efree(*table);
	*table = NULL;
}

/* ---- wrappers ------------------------------------------------------------------------------------------------------ */

void rs_wrappers_take(void)
{
	zend_string *name;
	void *wrapper;

	own_wrappers = FG(stream_wrappers);
	zend_hash_init(&wrappers, 32, NULL, NULL, true);
	ZEND_HASH_FOREACH_STR_KEY_PTR(php_stream_get_url_stream_wrappers_hash(), name, wrapper) {
		zend_string *own = zend_string_dup(name, true);
		zend_hash_add_new_ptr(&wrappers, own, wrapper);
		zend_string_release(own);
	} ZEND_HASH_FOREACH_END();
}

static void ask_about(const char *function, zend_string *name)
{
	zval arg, ret;

	ZVAL_STR_COPY(&arg, name);
	(void)rs_ask(function, 1, &arg, &ret);
	zval_ptr_dtor(&arg);
}

static bool is_phps(zend_string *name)
{
	return zend_hash_exists(php_stream_get_url_stream_wrappers_hash_global(), name);
}

/* Out goes what is new, and what stands in the place of one of PHP's. */
static unsigned drop_new_wrappers(void)
{
	HashTable *all = zend_array_dup(php_stream_get_url_stream_wrappers_hash());
	zend_string *name;
	unsigned n = 0;
	void *wrapper;

	ZEND_HASH_FOREACH_STR_KEY_PTR(all, name, wrapper) {
		void *was = zend_hash_find_ptr(&wrappers, name);

		if (was == wrapper || (was && !is_phps(name)))
			continue;
		ask_about("stream_wrapper_unregister", name);
		n++;
	} ZEND_HASH_FOREACH_END();
	zend_array_destroy(all);
	return n;
}

/* One of the user's that boot had registered and a request took out is freed: it stays out. */
unsigned rs_wrappers_restore(void)
{
	unsigned n = drop_new_wrappers();
	zend_string *name;
	void *was;

	if (!own_wrappers) {
		drop_table(&FG(stream_wrappers));
		return n;
	}
	ZEND_HASH_FOREACH_STR_KEY_PTR(&wrappers, name, was) {
		if (!is_phps(name) || zend_hash_find_ptr(php_stream_get_url_stream_wrappers_hash(), name) == was)
			continue;
		ask_about("stream_wrapper_restore", name);
		n++;
	} ZEND_HASH_FOREACH_END();
	return n;
}

/* ---- filters --------------------------------------------------------------------------------------------------------- */

void rs_filters_take(void)
{
	own_filters = FG(stream_filters);
	user_filters = BG(user_filter_map) ? BG(user_filter_map)->nNumUsed : 0;
}

/* There is no function to take one out: new ones are at the end of the table. */
unsigned rs_filters_restore(void)
{
	HashTable *map = BG(user_filter_map);
	unsigned n = 0;

	for (uint32_t i = map ? map->nNumUsed : 0; i-- > user_filters; n++) {
		if (Z_TYPE(map->arData[i].val) == IS_UNDEF)
			continue;
		if (FG(stream_filters))
			zend_hash_del(FG(stream_filters), map->arData[i].key);
		zend_hash_del_bucket(map, &map->arData[i]);
	}
	if (!own_filters)
		drop_table(&FG(stream_filters));
	return n;
}
