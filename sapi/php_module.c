/*
 * The extension's entry: what PHP sees of this file, when we host it and when it is loaded with -d extension=.
 */
#include "sapi.h"

#include <ext/standard/info.h>

static PHP_MINFO_FUNCTION(rserverd)
{
	php_info_print_table_start();
	php_info_print_table_row(2, "rserverd", "enabled");
	php_info_print_table_row(2, "Version", RS_VERSION);
	php_info_print_table_row(2, "Role", rs_php()->hosting ? "host" : "extension");
	php_info_print_table_end();
}

static PHP_MINIT_FUNCTION(rserverd)
{
	(void)type;
	REGISTER_STRING_CONSTANT("RSERVERD_VERSION", RS_VERSION, CONST_CS | CONST_PERSISTENT);
	return SUCCESS;
}

zend_module_entry rserverd_module_entry = {
	STANDARD_MODULE_HEADER,
	"rserverd",
	NULL,
	PHP_MINIT(rserverd),
	NULL,
	NULL,
	NULL,
	PHP_MINFO(rserverd),
	RS_VERSION,
	STANDARD_MODULE_PROPERTIES,
};

RS_PUBLIC zend_module_entry *get_module(void);
RS_PUBLIC zend_module_entry *get_module(void)
{
	return &rserverd_module_entry;
}
