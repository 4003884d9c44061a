/*
 * Stream wrappers and filters that a request has registered, or wrappers of PHP's that it has taken out; options of stream contexts that were
 * there; STDIN, STDOUT and STDERR.
 */
#include "php_snapshot_process.h"

#include <ext/standard/file.h>

static HashTable wrappers; /* name => php_stream_wrapper *, as they were */
static HashTable classes;  /* name => class of one that boot has registered */
static HashTable urls;     /* names of those that are not local */
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

/*
 * The class of a wrapper of the user's: PHP's struct for these begins with that of all, and one of the next two words is it. NULL: neither
 * is the address of a class.
 */
static zend_class_entry *class_of(const php_stream_wrapper *wrapper)
{
	zend_class_entry *const *words = (zend_class_entry *const *)(wrapper + 1);
	zend_class_entry *known;

	ZEND_HASH_FOREACH_PTR(EG(class_table), known) {
		if (known == words[0] || known == words[1])
			return known;
	} ZEND_HASH_FOREACH_END();
	return NULL;
}

static bool is_phps(zend_string *name)
{
	return zend_hash_exists(php_stream_get_url_stream_wrappers_hash_global(), name);
}

void rs_wrappers_take(void)
{
	zend_string *name;
	void *wrapper;

	own_wrappers = FG(stream_wrappers);
	zend_hash_init(&wrappers, 32, NULL, NULL, true);
	zend_hash_init(&classes, 8, NULL, NULL, true);
	zend_hash_init(&urls, 8, NULL, NULL, true);
	ZEND_HASH_FOREACH_STR_KEY_PTR(php_stream_get_url_stream_wrappers_hash(), name, wrapper) {
		zend_string *own = zend_string_dup(name, true);
		zend_hash_add_new_ptr(&wrappers, own, wrapper);
		if (!is_phps(name) && class_of(wrapper))
			zend_hash_add_new_ptr(&classes, own, class_of(wrapper));
		if (((const php_stream_wrapper *)wrapper)->is_url)
			zend_hash_add_empty_element(&urls, own);
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

/* One that boot had registered and a request took out is freed: it is registered again. */
static void register_again(zend_string *name, zend_class_entry *ce, const php_stream_wrapper *now)
{
	zval argv[3], ret;

	if (now)
		ask_about("stream_wrapper_unregister", name);
	ZVAL_STR_COPY(&argv[0], name);
	ZVAL_STR_COPY(&argv[1], ce->name);
	ZVAL_LONG(&argv[2], zend_hash_str_exists(&urls, ZSTR_VAL(name), ZSTR_LEN(name)) ? PHP_STREAM_IS_URL : 0);
	(void)rs_ask("stream_wrapper_register", 3, argv, &ret);
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
}

static unsigned register_boots(void)
{
	zend_class_entry *ce;
	zend_string *name;
	unsigned n = 0;

	ZEND_HASH_FOREACH_STR_KEY_PTR(&classes, name, ce) {
		php_stream_wrapper *now = zend_hash_find_ptr(php_stream_get_url_stream_wrappers_hash(), name);

		if (now && now == zend_hash_find_ptr(&wrappers, name) && class_of(now) == ce)
			continue;
		register_again(name, ce, now);
		now = zend_hash_find_ptr(php_stream_get_url_stream_wrappers_hash(), name);
		zend_hash_update_ptr(&wrappers, name, now);
		n++;
	} ZEND_HASH_FOREACH_END();
	return n;
}

unsigned rs_wrappers_restore(void)
{
	unsigned n = drop_new_wrappers() + register_boots();
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

/* ---- contexts ---------------------------------------------------------------------------------------------------------- */

/* One that somebody keeps, with the headers and certificates that it has for everybody. */
struct kept_context {
	const zend_resource *resource; /* counted */
	php_stream_context *context;
	zval options;
	const php_stream_notifier *notifier;
};
static struct kept_context *contexts;
static uint32_t ncontexts, contexts_cap;

static void contexts_take(void)
{
	zval *zv;

	ZEND_HASH_FOREACH_VAL(&EG(regular_list), zv) {
		zend_resource *resource = Z_RES_P(zv);
		php_stream_context *context = resource->ptr;

		if (resource->type != php_le_stream_context() || !context)
			continue;
		GC_ADDREF(resource);
		contexts = rs_snapshot_room(contexts, ncontexts, &contexts_cap, sizeof *contexts);
		contexts[ncontexts] = (struct kept_context){ .resource = resource, .context = context, .notifier = context->notifier };
		ZVAL_COPY(&contexts[ncontexts++].options, &context->options);
	} ZEND_HASH_FOREACH_END();
}

RS_HOT static unsigned contexts_restore(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < ncontexts; i++) {
		php_stream_context *context = contexts[i].context;

		if (UNEXPECTED(contexts[i].resource->type < 0)) /* closed: its context is freed */
			continue;
		if (UNEXPECTED(Z_ARRVAL(context->options) != Z_ARRVAL(contexts[i].options))) {
			rs_snapshot_bury(&context->options);
			ZVAL_COPY(&context->options, &contexts[i].options);
			n++;
		}
		if (UNEXPECTED(context->notifier != contexts[i].notifier) && context->notifier && !contexts[i].notifier) {
			php_stream_notification_free(context->notifier);
			context->notifier = NULL;
			n++;
		}
	}
	return n;
}

/* ---- STDIN, STDOUT, STDERR ------------------------------------------------------------------------------------------------ */

static struct {
	const char *constant, *path, *mode;
	zend_resource *resource; /* counted; NULL: it was no stream, or closed by then */
} standard[] = { { "STDIN", "php://stdin", "rb", NULL }, { "STDOUT", "php://stdout", "wb", NULL }, { "STDERR", "php://stderr", "wb", NULL } };

static void standard_take(void)
{
	for (size_t i = 0; i < RS_COUNTOF(standard); i++) {
		zval *zv = zend_get_constant_str(standard[i].constant, strlen(standard[i].constant));

		if (!zv || Z_TYPE_P(zv) != IS_RESOURCE || Z_RES_TYPE_P(zv) != php_file_le_stream())
			continue;
		standard[i].resource = Z_RES_P(zv);
		Z_ADDREF_P(zv);
	}
}

/* Another stream behind the same resource: whoever kept that from boot has one again, not the constant only. */
static void open_again(zend_resource *resource, const char *path, const char *mode)
{
	php_stream *stream = php_stream_open_wrapper_ex((char *)(uintptr_t)path, mode, 0, NULL, NULL);
	zend_resource *fresh;

	if (!stream)
		return;
	fresh = stream->res;
	resource->ptr = stream;
	resource->type = fresh->type;
	stream->res = resource;
	fresh->ptr = NULL;
	fresh->type = -1;
	zend_list_delete(fresh);
}

RS_HOT static unsigned standard_restore(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < RS_COUNTOF(standard); i++) {
		if (EXPECTED(!standard[i].resource || standard[i].resource->type >= 0))
			continue;
		open_again(standard[i].resource, standard[i].path, standard[i].mode);
		n++;
	}
	return n;
}

void rs_streams_take(void)
{
	contexts_take();
	standard_take();
}

RS_HOT unsigned rs_streams_restore(void)
{
	return contexts_restore() + standard_restore();
}
