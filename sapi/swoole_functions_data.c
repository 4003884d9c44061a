/*
 * Functions over strings: hash, and decoding of a part.
 */
#include "swoole.h"

#include <ext/json/php_json.h>
#include <ext/standard/php_var.h>

/* Declared by the table in swoole_functions.c. */
ZEND_FUNCTION(swoole_hashcode);
ZEND_FUNCTION(swoole_substr_unserialize);
ZEND_FUNCTION(swoole_substr_json_decode);

/* type 0, 1: the hash of PHP's own tables, never negative. */
ZEND_FUNCTION(swoole_hashcode)
{
	zend_string *data;
	zend_long type = 0;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(type)
	ZEND_PARSE_PARAMETERS_END();
	if (type != 0 && type != 1) {
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "unknown type " ZEND_LONG_FMT, type);
		RETURN_FALSE;
	}
	RETURN_LONG((zend_long)(zend_inline_hash_func(ZSTR_VAL(data), ZSTR_LEN(data)) & ZEND_LONG_MAX));
}

/*
 * offset < 0 counts from the end; length 0: to the end; length < 0: so much less than to the end. Too long is cut.
 * false: there is nothing there.
 */
static bool part_of(const zend_string *s, zend_long offset, zend_long length, struct rs_slice *out)
{
	zend_long n = (zend_long)ZSTR_LEN(s);

	if (offset < 0)
		offset = offset < -n ? n : offset + n;
	if (offset >= n)
		return false;
	if (length < 0)
		length = length < offset - n ? 0 : n - offset + length;
	else if (length == 0 || length > n - offset)
		length = n - offset;
	*out = rs_slice(ZSTR_VAL(s) + offset, (size_t)length);
	return length > 0;
}

ZEND_FUNCTION(swoole_substr_unserialize)
{
	zend_string *text;
	zend_long offset, length = 0;
	HashTable *options = NULL;
	struct rs_slice part;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_STR(text)
		Z_PARAM_LONG(offset)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(length)
		Z_PARAM_ARRAY_HT(options)
	ZEND_PARSE_PARAMETERS_END();
	if (!part_of(text, offset, length, &part))
		RETURN_FALSE;
	php_unserialize_with_options(return_value, part.p, part.n, options, "swoole_substr_unserialize");
}

ZEND_FUNCTION(swoole_substr_json_decode)
{
	zend_string *text;
	zend_long offset, length = 0, depth = PHP_JSON_PARSER_DEFAULT_DEPTH, flags = 0;
	bool associative = false, associative_null = true;
	struct rs_slice part;
	zend_string *copy;

	ZEND_PARSE_PARAMETERS_START(2, 6)
		Z_PARAM_STR(text)
		Z_PARAM_LONG(offset)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(length)
		Z_PARAM_BOOL_OR_NULL(associative, associative_null)
		Z_PARAM_LONG(depth)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	if (depth <= 0 || depth > INT_MAX) {
		zend_argument_value_error(5, "must be between 1 and %d", INT_MAX);
		RETURN_THROWS();
	}
	if (!(flags & PHP_JSON_THROW_ON_ERROR))
		JSON_G(error_code) = PHP_JSON_ERROR_NONE;
	if (!part_of(text, offset, length, &part))
		part = RS_SLICE(""); /* a syntax error, told as json_decode() tells it */
	if (!associative_null)
		flags = associative ? flags | PHP_JSON_OBJECT_AS_ARRAY : flags & ~PHP_JSON_OBJECT_AS_ARRAY;
	/* PHP's scanner stops at a NUL byte, not at a length. */
	copy = zend_string_init(part.p, part.n, false);
	(void)php_json_decode_ex(return_value, ZSTR_VAL(copy), ZSTR_LEN(copy), flags, depth);
	zend_string_release(copy);
}
