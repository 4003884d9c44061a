/*
 * Functions of the glue for the time while something runs: the response, the log, a wish; and those that php-fpm has and the cli name
 * hides.
 */
#include "php_glue.h"

#include <ext/standard/head.h>

/* Rserverd\finish_request(): bool, fastcgi_finish_request(): bool; the response is complete and leaves now. */
ZEND_FUNCTION(rs_finish_request)
{
	struct rs_exchange *x = rs_php()->x;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!x || rs_exchange_finished(x))
		RETURN_FALSE;
	php_output_end_all();
	php_header();
	rs_exchange_finish(x);
	RETURN_TRUE;
}

/* Rserverd\one_request(): bool; isolation = fork: does this process end after its request? */
ZEND_FUNCTION(rs_one_request)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_php()->one_request);
}

/* Rserverd\log(int $level, string $text) */
ZEND_FUNCTION(rs_log_line)
{
	zend_long level;
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(level)
		Z_PARAM_STRING(text, n)
	ZEND_PARSE_PARAMETERS_END();
	/* An alert is our own word for a broken server: applications reach error. */
	level = level < RS_LOG_DEBUG ? RS_LOG_DEBUG : level > RS_LOG_ERROR ? RS_LOG_ERROR : level;
	rs_log_text(rs_host_log(), (enum rs_log_level)level, "", rs_slice(text, n));
}

/* Rserverd\ask_reload(string $why) */
ZEND_FUNCTION(rs_ask_reload)
{
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(text, n)
	ZEND_PARSE_PARAMETERS_END();
	rs_host_ask_reload(text);
}

/* getallheaders(), apache_request_headers(): field name => value, as the client wrote them. */
ZEND_FUNCTION(rs_getallheaders)
{
	const struct rs_request_view *v;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	if (!rs_php()->x)
		return;
	v = rs_exchange_request(rs_php()->x);
	for (uint32_t i = 0; i < v->nfields; i++) {
		zval *old = zend_hash_str_find(Z_ARRVAL_P(return_value), v->fields[i].name.p, v->fields[i].name.n);
		smart_str s = { 0 };
		if (old) {
			smart_str_append(&s, Z_STR_P(old));
			smart_str_appends(&s, ", ");
		}
		smart_str_appendl(&s, v->fields[i].value.p, v->fields[i].value.n);
		add_assoc_str_ex(return_value, v->fields[i].name.p, v->fields[i].name.n,
				 s.s ? smart_str_extract(&s) : ZSTR_EMPTY_ALLOC());
	}
}
