/*
 * swoole_async_set(): options of the engine before it runs. What they mean is elsewhere: the log in swoole_util.c, defaults of
 * servers in swoole_server_set.c.
 */
#include "swoole_loop.h"

#include "stubs/async_set_arginfo.h"

static bool reuse_port;

bool rs_swoole_reuse_port(void)
{
	return reuse_port;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

static void put_ini(const char *name, bool on)
{
	zend_string *key = zend_string_init(name, strlen(name), false);

	zend_alter_ini_entry_chars(key, on ? "1" : "0", 1, PHP_INI_USER, PHP_INI_STAGE_RUNTIME);
	zend_string_release(key);
}

static void set_log_level(zval *value)
{
	rs_swoole_set_log_level(zval_get_long(value));
}

static void set_display_errors(zval *value)
{
	put_ini("swoole.display_errors", zend_is_true(value));
}

static void set_coroutine(zval *value)
{
	put_ini("swoole.enable_coroutine", zend_is_true(value));
}

static void set_reuse_port(zval *value)
{
	reuse_port = zend_is_true(value);
}

/* All others that there are (threads, signalfd, buffers of sockets, DNS) choose between ways of doing what is done here in one. */
static const struct {
	const char *key;
	void (*set)(zval *value);
} options[] = {
	{ "log_level", set_log_level },
	{ "display_errors", set_display_errors },
	{ "enable_coroutine", set_coroutine },
	{ "enable_reuse_port", set_reuse_port },
};

ZEND_FUNCTION(swoole_async_set)
{
	HashTable *settings;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	if (rs_loop_peek())
		rs_swoole_fatal("eventLoop has already been created. unable to change settings");
	for (size_t i = 0; i < RS_COUNTOF(options); i++) {
		value = zend_hash_str_find_deref(settings, options[i].key, strlen(options[i].key));
		if (value && Z_TYPE_P(value) != IS_NULL)
			options[i].set(value);
		if (EG(exception))
			RETURN_THROWS();
	}
	RETURN_TRUE;
}

static void rinit(void)
{
	reuse_port = false;
}

void rs_swoole_minit_async_set(void)
{
	zend_register_functions(NULL, async_set_functions, NULL, MODULE_PERSISTENT);
	rs_swoole_at_rinit(rinit);
}
