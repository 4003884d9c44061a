/*
 * filter_input(INPUT_SERVER, ...) and its kin read a copy of $_SERVER that the input filter keeps. Feeding that copy costs
 * as much as $_SERVER itself and hardly anybody reads it, so it is fed when one of these functions is first called in a
 * request.
 */
#include "sapi.h"

static const char *const readers[] = { "filter_input", "filter_input_array", "filter_has_var" };
static zif_handler original[RS_COUNTOF(readers)];

static void feed(void)
{
	zval *server = &PG(http_globals)[TRACK_VARS_SERVER], *value;
	zend_string *key;

	if (rs_php()->filter_fed || !rs_php()->x || Z_TYPE_P(server) != IS_ARRAY)
		return;
	rs_php()->filter_fed = true;
	ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL_P(server), key, value) {
		char *copy;
		size_t n;
		if (!key || Z_TYPE_P(value) != IS_STRING)
			continue;
		n = Z_STRLEN_P(value);
		copy = estrndup(Z_STRVAL_P(value), n);
		sapi_module.input_filter(PARSE_SERVER, ZSTR_VAL(key), &copy, n, &n);
		efree(copy);
	} ZEND_HASH_FOREACH_END();
}

static ZEND_FUNCTION(rs_filter_input)
{
	feed();
	original[0](INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

static ZEND_FUNCTION(rs_filter_input_array)
{
	feed();
	original[1](INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

static ZEND_FUNCTION(rs_filter_has_var)
{
	feed();
	original[2](INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

static const zif_handler ours[RS_COUNTOF(readers)] = { ZEND_FN(rs_filter_input), ZEND_FN(rs_filter_input_array),
						       ZEND_FN(rs_filter_has_var) };

void rs_php_filter_guard(void)
{
	for (size_t i = 0; i < RS_COUNTOF(readers); i++) {
		zend_function *f = zend_hash_str_find_ptr(CG(function_table), readers[i], strlen(readers[i]));
		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		original[i] = f->internal_function.handler;
		f->internal_function.handler = ours[i];
	}
}

void rs_php_filter_reset(void)
{
	rs_php()->filter_fed = false;
}
