/*
 * The outermost output buffer. Where php-fpm is used it is there (output_buffering of php.ini), so `ob_flush(); flush();` of every example
 * of a stream, and the ob_end_clean() before a download, find one. Here there is none under a response that sends itself, for what is flushed
 * has to leave at once; so a request is not told that there is nothing to flush or to clean: a notice would become the application's exception
 * in the middle of its answer.
 */
#include "sapi.h"

static const char *const names[] = { "ob_flush", "ob_clean", "ob_end_flush", "ob_end_clean" };

static struct {
	const zend_function *function;
	zif_handler original;
} guarded[RS_COUNTOF(names)];

static ZEND_FUNCTION(rs_outermost)
{
	if (ZEND_NUM_ARGS() == 0 && rs_php()->x && !OG(active))
		RETURN_TRUE;
	for (size_t i = 0; i < RS_COUNTOF(guarded); i++) {
		if (guarded[i].function == EX(func)) {
			guarded[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
			return;
		}
	}
}

void rs_php_outermost_guard(void)
{
	for (size_t i = 0; i < RS_COUNTOF(names); i++) {
		zend_function *f = zend_hash_str_find_ptr(CG(function_table), names[i], strlen(names[i]));

		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		guarded[i].function = f;
		guarded[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_outermost);
	}
}
