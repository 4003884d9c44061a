/*
 * PHP_BINARY: a PHP command line with our classes, in every process that has our module. It is the link bin/php beside the
 * module, to the daemon's program (src/cli/cli_php.c). Without that link PHP's own value stays.
 */
#include "sapi.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

/* The path; false: there is none. */
static bool find_link(char *out, size_t size)
{
	char module[PATH_MAX];
	Dl_info self;
	char *slash;

	if (!dladdr(&rs_swoole_module_entry, &self) || !self.dli_fname || !realpath(self.dli_fname, module))
		return false;
	slash = strrchr(module, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return rs_fmt(out, size, "%s/bin/php", module) && access(out, X_OK) == 0;
}

void rs_php_binary_minit(void)
{
	zend_constant *constant = zend_hash_str_find_ptr(EG(zend_constants), ZEND_STRL("PHP_BINARY"));
	char path[PATH_MAX];

	if (!constant || !find_link(path, sizeof path))
		return;
	zval_internal_ptr_dtor(&constant->value);
	ZVAL_STR(&constant->value, zend_string_init_interned(path, strlen(path), true));
}
