/*
 * Functions that change the process for later requests: a call of one marks it as touched, and only then the glue
 * (ProcessState.php) compares and puts back. A well-behaved request costs nothing.
 */
#include "sapi.h"

static const char *const names[] = {
	"date_default_timezone_set", "setlocale", "mb_internal_encoding", "mb_substitute_character", "mb_language",
	"mb_regex_encoding", "mb_http_output", "mb_detect_order", "libxml_use_internal_errors",
	"libxml_set_external_entity_loader", "chdir", "umask", "set_error_handler", "set_exception_handler",
	"restore_error_handler", "restore_exception_handler",
};

static struct {
	const zend_function *function;
	zif_handler original;
} touchers[RS_COUNTOF(names)];

static ZEND_FUNCTION(rs_touch)
{
	rs_php()->touched = true;
	for (size_t i = 0; i < RS_COUNTOF(touchers); i++) {
		if (touchers[i].function == EX(func)) {
			touchers[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
			return;
		}
	}
}

void rs_php_touch_guard(void)
{
	for (size_t i = 0; i < RS_COUNTOF(names); i++) {
		zend_function *f = zend_hash_str_find_ptr(CG(function_table), names[i], strlen(names[i]));
		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		touchers[i].function = f;
		touchers[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_touch);
	}
}

/* Rserverd\touched(): bool; since it was last asked. */
ZEND_FUNCTION(rs_touched)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETVAL_BOOL(rs_php()->touched);
	rs_php()->touched = false;
}
