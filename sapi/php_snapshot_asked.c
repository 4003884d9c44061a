/*
 * Settings of extensions that have a function to ask and one to set, and the list of autoloaders.
 */
#include "php_snapshot_process.h"

enum argument { NONE, NULL_VALUE, ASSERT_CALLBACK_OPTION };

static const struct {
	const char *get;
	enum argument argument; /* that makes get only tell; set takes it first when it is an option */
	const char *set;
} settings[] = {
	{ "mb_language", NONE, "mb_language" },
	{ "mb_http_output", NONE, "mb_http_output" },
	{ "mb_detect_order", NONE, "mb_detect_order" },
	{ "mb_regex_encoding", NONE, "mb_regex_encoding" },
	{ "mb_regex_set_options", NONE, "mb_regex_set_options" },
	{ "libxml_get_external_entity_loader", NONE, "libxml_set_external_entity_loader" },
	{ "pcntl_async_signals", NULL_VALUE, "pcntl_async_signals" },
#if PHP_VERSION_ID < 80300
	{ "assert_options", ASSERT_CALLBACK_OPTION, "assert_options" }, /* later it is an ini directive only */
#endif
};

/* Those that set. */
const char *const rs_asked_functions[] = {
	"mb_language", "mb_http_output", "mb_detect_order", "mb_regex_encoding", "mb_regex_set_options", "libxml_set_external_entity_loader",
	"pcntl_async_signals", "assert_options", "mysqli_report", NULL,
};

static zval were[RS_COUNTOF(settings)];
static zval mysqli_mode;

static bool get(size_t i, zval *value)
{
	zval argument;

	switch (settings[i].argument) {
	case NULL_VALUE:
		ZVAL_NULL(&argument);
		return rs_ask(settings[i].get, 1, &argument, value);
	case ASSERT_CALLBACK_OPTION:
		ZVAL_LONG(&argument, 2);
		return rs_ask(settings[i].get, 1, &argument, value);
	case NONE:
	default:
		return rs_ask(settings[i].get, 0, NULL, value);
	}
}

static void set(size_t i, zval *value)
{
	zval argv[2], ret;

	if (settings[i].argument == ASSERT_CALLBACK_OPTION) {
		ZVAL_LONG(&argv[0], 2);
		ZVAL_COPY_VALUE(&argv[1], value);
		(void)rs_ask(settings[i].set, 2, argv, &ret);
	} else {
		(void)rs_ask(settings[i].set, 1, value, &ret);
	}
	zval_ptr_dtor(&ret);
}

/* mysqli_report() has no function to ask; a driver object tells. */
static bool get_mysqli_mode(zval *mode)
{
	zend_class_entry *ce = zend_hash_str_find_ptr(EG(class_table), ZEND_STRL("mysqli_driver"));
	zval driver, rv, *value;

	ZVAL_UNDEF(mode);
	if (!ce || object_init_ex(&driver, ce) == FAILURE)
		return false;
	value = zend_read_property(ce, Z_OBJ(driver), ZEND_STRL("report_mode"), true, &rv);
	ZVAL_COPY(mode, value);
	zval_ptr_dtor(&driver);
	return Z_TYPE_P(mode) == IS_LONG;
}

void rs_asked_take(void)
{
	for (size_t i = 0; i < RS_COUNTOF(settings); i++)
		(void)get(i, &were[i]);
	(void)get_mysqli_mode(&mysqli_mode);
}

unsigned rs_asked_restore(void)
{
	unsigned n = 0;
	zval now, ret;

	for (size_t i = 0; i < RS_COUNTOF(settings); i++) {
		if (Z_TYPE(were[i]) == IS_UNDEF || !get(i, &now))
			continue;
		if (!zend_is_identical(&now, &were[i])) {
			set(i, &were[i]);
			n++;
		}
		rs_snapshot_bury(&now);
	}
	if (Z_TYPE(mysqli_mode) == IS_LONG && get_mysqli_mode(&now) && Z_LVAL(now) != Z_LVAL(mysqli_mode)) {
		(void)rs_ask("mysqli_report", 1, &mysqli_mode, &ret);
		n++;
	}
	return n;
}

/* ---- autoloaders --------------------------------------------------------------------------------------------------------- */

static zval loaders, extensions;

void rs_autoload_take(void)
{
	(void)rs_ask("spl_autoload_functions", 0, NULL, &loaders);
	(void)rs_ask("spl_autoload_extensions", 0, NULL, &extensions);
}

static void each(HashTable *list, const char *function)
{
	zval *loader, ret;

	ZEND_HASH_FOREACH_VAL(list, loader) {
		(void)rs_ask(function, 1, loader, &ret);
	} ZEND_HASH_FOREACH_END();
}

/* All out, all in: an order can be changed, too. */
unsigned rs_autoload_restore(void)
{
	zval now, ret;
	bool same;

	if (Z_TYPE(extensions) == IS_STRING) {
		(void)rs_ask("spl_autoload_extensions", 1, &extensions, &ret);
		zval_ptr_dtor(&ret);
	}
	if (Z_TYPE(loaders) != IS_ARRAY || !rs_ask("spl_autoload_functions", 0, NULL, &now))
		return 0;
	same = zend_is_identical(&now, &loaders);
	if (!same && Z_TYPE(now) == IS_ARRAY) {
		each(Z_ARRVAL(now), "spl_autoload_unregister");
		each(Z_ARRVAL(loaders), "spl_autoload_register");
	}
	rs_snapshot_bury(&now);
	return !same;
}
