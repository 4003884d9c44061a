/*
 * The API's global constants, SWOOLE_ERROR_* numbers and Swoole\Constant: all of them rows of the .def files.
 */
#include "swoole.h"

#include "stubs/constant_arginfo.h"

#include "worker/worker_encoder.h"

#include <ctype.h>
#include <errno.h>

#define FLAGS (CONST_CS | CONST_PERSISTENT)

static void register_globals(int module_number)
{
#define RS_SWOOLE_LONG(name, value) zend_register_long_constant(ZEND_STRL(name), value, FLAGS, module_number);
#define RS_SWOOLE_DOUBLE(name, value) zend_register_double_constant(ZEND_STRL(name), value, FLAGS, module_number);
#define RS_SWOOLE_BOOL(name, value) zend_register_bool_constant(ZEND_STRL(name), value, FLAGS, module_number);
#define RS_SWOOLE_STRING(name, value) zend_register_string_constant(ZEND_STRL(name), value, FLAGS, module_number);
#include "swoole_constants.def"
#define RS_SWOOLE_ERROR(number, name, text) RS_SWOOLE_LONG("SWOOLE_ERROR_" #name, number)
#include "swoole_errors.def"
#undef RS_SWOOLE_ERROR
#undef RS_SWOOLE_LONG
#undef RS_SWOOLE_DOUBLE
#undef RS_SWOOLE_BOOL
#undef RS_SWOOLE_STRING
}

struct row {
	const char *prefix, *name, *value;
};

static void register_class(void)
{
	static const struct row rows[] = {
#define RS_SWOOLE_EVENT(name, event) { "EVENT_", name, event },
#define RS_SWOOLE_OPTION(setting) { "OPTION_", #setting, #setting },
#include "swoole_constant.def"
#undef RS_SWOOLE_EVENT
#undef RS_SWOOLE_OPTION
	};
	zend_class_entry *ce = register_class_Swoole_Constant();

	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		char name[80];

		RS_ASSERT(rs_fmt(name, sizeof name, "%s%s", rows[i].prefix, rows[i].name));
		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		zend_declare_class_constant_string(ce, name, strlen(name), rows[i].value);
	}
}

void rs_swoole_minit_constants(void)
{
	register_globals(rs_swoole_module_entry.module_number);
	register_class();
}
