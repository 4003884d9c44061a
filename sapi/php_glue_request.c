/*
 * Functions of the glue for the time while something runs: the response, the log, a wish; and those that php-fpm has and the cli name
 * hides.
 */
#include "php_glue.h"

#include <ext/standard/head.h>
#include <sys/stat.h>

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

/*
 * Rserverd\send_file(resource $stream, int $offset, int $length): bool; the whole body is that part of the file, the response is
 * complete, PHP reads nothing of it. false: nothing was done: not a plain file, too short, headers or output are on their way already.
 */
ZEND_FUNCTION(rs_send_file)
{
	struct rs_exchange *x = rs_php()->x;
	zend_long offset, length;
	php_stream *stream;
	struct stat st;
	zval *resource;
	int fd;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_RESOURCE(resource)
		Z_PARAM_LONG(offset)
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	php_stream_from_res(stream, Z_RES_P(resource));
	if (!x || rs_exchange_is_mute(x) || rs_exchange_head_sent(x) || SG(headers_sent) || php_output_get_level() > 0 || offset < 0 ||
	    length < 0 || !php_stream_is(stream, PHP_STREAM_IS_STDIO) ||
	    php_stream_cast(stream, PHP_STREAM_AS_FD, (void **)&fd, 0) != SUCCESS || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    offset > st.st_size || length > st.st_size - offset)
		RETURN_FALSE;
	if (sapi_send_headers() != SUCCESS || !rs_exchange_head_sent(x))
		RETURN_FALSE;
	/* x_sendfile may have answered already: that the headers said. */
	RETURN_BOOL(rs_exchange_finished(x) || rs_exchange_file(x, fd, (uint64_t)offset, (uint64_t)length));
}

/*
 * headers_send(int $status = 200): int, as FrankenPHP has it and Symfony calls it. 1xx: the headers set so far leave as an informational
 * response, and stay set for the response; else they leave as its head. 1: they did.
 */
ZEND_FUNCTION(rs_headers_send)
{
	zend_long status = 200;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(status)
	ZEND_PARSE_PARAMETERS_END();
	if (status == 101 || status < 100 || status > 599) {
		zend_argument_value_error(1, "must be from 100 to 599, and not 101");
		RETURN_THROWS();
	}
	if (status >= 200) {
		SG(sapi_headers).http_response_code = (int)status;
		RETURN_LONG(sapi_send_headers() == SUCCESS);
	}
	/* 100 is for the server to say, and has been. */
	RETURN_LONG(status == 100 || rs_php_send_interim((unsigned)status));
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

/* Does a request object look at it to find the header fields? Symfony's ServerBag::getHeaders() in all its versions, and room. */
static bool is_of_headers(const zend_string *name)
{
	switch (*ZSTR_VAL(name)) {
	case 'A':
		return zend_string_starts_with_literal(name, "AUTH");
	case 'C':
		return zend_string_starts_with_literal(name, "CONTENT_");
	case 'H':
		return zend_string_starts_with_literal(name, "HTTP_");
	case 'P':
		return zend_string_starts_with_literal(name, "PHP_AUTH_");
	case 'R':
		return zend_string_starts_with_literal(name, "REDIRECT_");
	default:
		return false;
	}
}

/* Rserverd\header_variables(array $server): array; those of $_SERVER that may be header fields, in their order. */
ZEND_FUNCTION(rs_header_variables)
{
	HashTable *server;
	zend_string *name;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(server)
	ZEND_PARSE_PARAMETERS_END();
	array_init_size(return_value, 16);
	ZEND_HASH_FOREACH_STR_KEY_VAL(server, name, value) {
		if (name && is_of_headers(name)) {
			Z_TRY_ADDREF_P(value);
			zend_hash_add_new(Z_ARRVAL_P(return_value), name, value);
		}
	} ZEND_HASH_FOREACH_END();
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
