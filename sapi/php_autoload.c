/*
 * Classes of LaravelS and of the glue, and swoole_mysql, in PHP processes that we do not host: Artisan, queue workers, php-fpm with
 * this module. They are found before any autoloader of the application is asked: an application that still has the
 * hhxsv5/laravel-s package in vendor/ gets ours. Which file a class is in, sapi/php/Autoload.php knows; it is compiled when the
 * first such class is wanted, and by OPcache like any file.
 *
 * Where we host PHP, main.php registers that autoloader itself.
 */
#include "sapi.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

static struct {
	zend_class_entry *(*next)(zend_string *name, zend_string *lc_name); /* spl's: the autoloaders that PHP knows */
	char file[PATH_MAX]; /* Autoload.php; "": there is none */
} autoload;

/* Beside the module, as it was built or installed; or where it would be installed. */
static bool find_file(char *out, size_t size)
{
	char module[PATH_MAX];
	Dl_info self;
	char *slash;

	if (dladdr(&rs_swoole_module_entry, &self) && self.dli_fname && realpath(self.dli_fname, module) && (slash = strrchr(module, '/'))) {
		*slash = '\0';
		if (rs_fmt(out, size, "%s/php/Autoload.php", module) && access(out, R_OK) == 0)
			return true;
	}
	return rs_fmt(out, size, "%s/php/Autoload.php", RS_LIBDIR) && access(out, R_OK) == 0;
}

/* Ours, or one of the framework's by which Autoload::load() notices that an application begins. */
static bool is_ours(const zend_string *lc_name)
{
	return zend_string_starts_with_literal(lc_name, "hhxsv5\\laravels\\") || zend_string_starts_with_literal(lc_name, "rserverd\\") ||
	       zend_string_equals_literal(lc_name, "swoole_mysql") || zend_string_equals_literal(lc_name, "swoole_mysql_exception") ||
	       zend_string_equals_literal(lc_name, "swoole\\mysql") || zend_string_equals_literal(lc_name, "swoole\\mysql\\exception") ||
	       zend_string_equals_literal(lc_name, "illuminate\\foundation\\bootstrap\\registerproviders") ||
	       zend_string_equals_literal(lc_name, "laravel\\lumen\\console\\kernel") ||
	       zend_string_equals_literal(lc_name, "laravel\\lumen\\http\\request");
}

/* As require_once does. */
static void include(const char *path)
{
	zend_file_handle handle;
	zend_op_array *code;
	zval result;

	zend_stream_init_filename(&handle, path);
	code = zend_compile_file(&handle, ZEND_REQUIRE);
	if (code && handle.opened_path) {
		zval there;

		ZVAL_NULL(&there);
		zend_hash_add(&EG(included_files), handle.opened_path, &there);
	}
	zend_destroy_file_handle(&handle);
	if (!code)
		return;
	ZVAL_UNDEF(&result);
	zend_execute(code, &result);
	zval_ptr_dtor(&result);
	destroy_op_array(code);
	efree_size(code, sizeof *code);
}

static zend_class_entry *autoloader(void)
{
	zend_class_entry *ce = zend_hash_str_find_ptr(EG(class_table), ZEND_STRL("rserverd\\autoload"));

	if (ce || !autoload.file[0])
		return ce;
	include(autoload.file);
	return EG(exception) ? NULL : zend_hash_str_find_ptr(EG(class_table), ZEND_STRL("rserverd\\autoload"));
}

static zend_class_entry *load(zend_string *name, zend_string *lc_name)
{
	zend_class_entry *ce = is_ours(lc_name) && !EG(exception) ? autoloader() : NULL;
	zend_function *method = ce ? zend_hash_str_find_ptr(&ce->function_table, ZEND_STRL("load")) : NULL;
	zval argv[1];

	if (method) {
		ZVAL_STR(&argv[0], name);
		zend_call_known_function(method, NULL, ce, NULL, 1, argv, NULL);
		ce = zend_hash_find_ptr(EG(class_table), lc_name);
		if (ce || EG(exception))
			return ce;
	}
	return autoload.next ? autoload.next(name, lc_name) : NULL;
}

void rs_php_autoload_minit(void)
{
	if (rs_php()->hosting)
		return;
	if (!find_file(autoload.file, sizeof autoload.file))
		autoload.file[0] = '\0';
	autoload.next = zend_autoload;
	zend_autoload = load;
}
