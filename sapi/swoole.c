/*
 * The extension's entry: what PHP sees of this file, when we host it and when it is loaded with -d extension=. One Zend
 * module named swoole; its classes are the rows of swoole_files.def.
 */
#include "swoole.h"

#include <ext/standard/info.h>

#define HOOKS_MAX 16

static struct {
	void (*rinit[HOOKS_MAX])(void), (*rshutdown[HOOKS_MAX])(void);
	unsigned nrinit, nrshutdown;
	void (*error_cb)(int type, zend_string *file, const uint32_t line, zend_string *message);
} module;

/* ---- settings of php.ini -------------------------------------------------------------------------------------- */

/* Read with INI_BOOL() where they matter. */
PHP_INI_BEGIN()
	PHP_INI_ENTRY_EX("swoole.enable_coroutine", "1", PHP_INI_ALL, NULL, zend_ini_boolean_displayer_cb)
	PHP_INI_ENTRY_EX("swoole.enable_library", "1", PHP_INI_ALL, NULL, zend_ini_boolean_displayer_cb)
	PHP_INI_ENTRY_EX("swoole.enable_preemptive_scheduler", "0", PHP_INI_ALL, NULL, zend_ini_boolean_displayer_cb)
	PHP_INI_ENTRY_EX("swoole.display_errors", "1", PHP_INI_ALL, NULL, zend_ini_boolean_displayer_cb)
	PHP_INI_ENTRY_EX("swoole.use_shortname", "1", PHP_INI_SYSTEM, NULL, zend_ini_boolean_displayer_cb)
	PHP_INI_ENTRY("swoole.unixsock_buffer_size", "8388608", PHP_INI_ALL, NULL)
	PHP_INI_ENTRY_EX("swoole.enable_fiber_mock", "0", PHP_INI_ALL, NULL, zend_ini_boolean_displayer_cb)
PHP_INI_END()

/* ---- hooks ----------------------------------------------------------------------------------------------------- */

void rs_swoole_at_rinit(void (*fn)(void))
{
	RS_ASSERT(module.nrinit < HOOKS_MAX);
	module.rinit[module.nrinit++] = fn;
}

void rs_swoole_at_rshutdown(void (*fn)(void))
{
	RS_ASSERT(module.nrshutdown < HOOKS_MAX);
	module.rshutdown[module.nrshutdown++] = fn;
}

/* ---- life of the module ------------------------------------------------------------------------------------------ */

static PHP_MINIT_FUNCTION(swoole)
{
	static void (*const files[])(void) = {
#define RS_SWOOLE_FILE(name) rs_swoole_minit_##name,
#include "swoole_files.def"
#undef RS_SWOOLE_FILE
	};

	(void)type;
	REGISTER_INI_ENTRIES();
	REGISTER_STRING_CONSTANT("RSERVERD_VERSION", RS_VERSION, CONST_CS | CONST_PERSISTENT);
	rs_php_binary_minit();
	rs_php_autoload_minit();
	for (size_t i = 0; i < RS_COUNTOF(files); i++)
		files[i]();
	return SUCCESS;
}

static PHP_MSHUTDOWN_FUNCTION(swoole)
{
	(void)type;
	UNREGISTER_INI_ENTRIES();
	return SUCCESS;
}

static PHP_RINIT_FUNCTION(swoole)
{
	(void)type, (void)module_number;
	rs_swoole_util_rinit();
	for (unsigned i = 0; i < module.nrinit; i++)
		module.rinit[i]();
	return SUCCESS;
}

static PHP_RSHUTDOWN_FUNCTION(swoole)
{
	(void)type, (void)module_number;
	for (unsigned i = module.nrshutdown; i > 0; i--)
		module.rshutdown[i - 1]();
	return SUCCESS;
}

/* Programs look for the word "enabled" in `php --ri swoole`. */
static PHP_MINFO_FUNCTION(swoole)
{
	(void)zend_module;
	php_info_print_table_start();
	php_info_print_table_row(2, "Swoole", "enabled");
	php_info_print_table_row(2, "Version", RS_SWOOLE_VERSION);
	php_info_print_table_row(2, "Provided by", "rserverd " RS_VERSION);
	php_info_print_table_row(2, "Role", rs_php()->hosting ? "host" : "extension");
	php_info_print_table_end();
	DISPLAY_INI_ENTRIES();
}

zend_module_entry rs_swoole_module_entry = {
	STANDARD_MODULE_HEADER,
	"swoole",
	rs_php_everywhere_functions,
	PHP_MINIT(swoole),
	PHP_MSHUTDOWN(swoole),
	PHP_RINIT(swoole),
	PHP_RSHUTDOWN(swoole),
	PHP_MINFO(swoole),
	RS_SWOOLE_VERSION,
	STANDARD_MODULE_PROPERTIES,
};

/* ---- loading ---------------------------------------------------------------------------------------------------- */

/* Swallows the one warning that this module is loaded already. */
static void silence_once(int type, zend_string *file, const uint32_t line, zend_string *message)
{
	zend_error_cb = module.error_cb;
	if (type != E_CORE_WARNING || !strstr(ZSTR_VAL(message), "already loaded"))
		zend_error_cb(type, file, line, message);
}

RS_PUBLIC zend_module_entry *get_module(void);
RS_PUBLIC zend_module_entry *get_module(void)
{
	/* Glue code adds -d extension=swoole to be sure; php.ini may name us as well: once is enough, and nothing to say. */
	if (zend_hash_str_exists(&module_registry, ZEND_STRL("swoole")) && zend_error_cb != silence_once) {
		module.error_cb = zend_error_cb;
		zend_error_cb = silence_once;
	}
	return &rs_swoole_module_entry;
}
