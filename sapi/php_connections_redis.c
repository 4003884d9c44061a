/*
 * Connections of the phpredis extension, marked by what a request tells the server about them: another database or user, keys that are
 * watched, subscriptions, options. An open MULTI or pipeline is not marked: getMode() tells.
 */
#include "php_connections.h"

enum effect { BEGINS, CHANGES, BY_WORD, WATCHES, WATCHES_NO_MORE };

static struct method {
	const char *name;
	enum effect effect;
	const zend_function *function;
	zif_handler original;
} methods[] = {
	{ "__construct", BEGINS, NULL, NULL }, { "select", CHANGES, NULL, NULL }, { "auth", CHANGES, NULL, NULL },
	{ "setoption", CHANGES, NULL, NULL }, { "subscribe", CHANGES, NULL, NULL }, { "psubscribe", CHANGES, NULL, NULL },
	{ "ssubscribe", CHANGES, NULL, NULL }, { "rawcommand", BY_WORD, NULL, NULL }, { "client", BY_WORD, NULL, NULL },
	{ "watch", WATCHES, NULL, NULL }, { "exec", WATCHES_NO_MORE, NULL, NULL }, { "discard", WATCHES_NO_MORE, NULL, NULL },
	{ "unwatch", WATCHES_NO_MORE, NULL, NULL },
};

static bool is_word(const zval *word, const char *is)
{
	return Z_TYPE_P(word) == IS_STRING && strcasecmp(Z_STRVAL_P(word), is) == 0;
}

/* Commands, and second words of CLIENT, that change what the server knows of a connection. */
static bool changes(const zval *words, uint32_t n)
{
	static const char *const changing[] = { "select", "auth", "hello", "watch", "multi", "subscribe", "psubscribe", "ssubscribe", "monitor",
						"readonly", "readwrite", "reset", "setname", "setinfo", "reply", "tracking", "no-evict", "no-touch" };

	if (n > 1 && is_word(words, "client"))
		words++;
	for (size_t i = 0; n > 0 && i < RS_COUNTOF(changing); i++) {
		if (is_word(words, changing[i]))
			return true;
	}
	return false;
}

static void note(const struct method *m, const zend_object *redis, const zval *words, uint32_t n)
{
	if (m->effect == BEGINS)
		rs_php_connection_mark(redis, ~RS_CONNECTION_NONE, false);
	else if (rs_php_connection_being_made())
		return;
	else if (m->effect == WATCHES || m->effect == WATCHES_NO_MORE)
		rs_php_connection_mark(redis, RS_CONNECTION_WATCHES, m->effect == WATCHES);
	else if (m->effect == CHANGES || changes(words, n))
		rs_php_connection_mark(redis, RS_CONNECTION_KEPT, true);
}

static ZEND_FUNCTION(rs_redis_touch)
{
	for (size_t i = 0; i < RS_COUNTOF(methods); i++) {
		if (methods[i].function != EX(func))
			continue;
		if (Z_TYPE(EX(This)) == IS_OBJECT)
			note(&methods[i], Z_OBJ(EX(This)), ZEND_CALL_ARG(execute_data, 1), ZEND_NUM_ARGS());
		methods[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
		return;
	}
}

void rs_php_connections_guard_redis(void)
{
	const zend_class_entry *redis = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("redis"));

	for (size_t i = 0; redis && i < RS_COUNTOF(methods); i++) {
		zend_function *f = zend_hash_str_find_ptr(&redis->function_table, methods[i].name, strlen(methods[i].name));

		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		methods[i].function = f;
		methods[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_redis_touch);
	}
}
