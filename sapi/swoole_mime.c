/*
 * Content types by file name: the core's table, and what this process adds to it or takes from it. The reactor, which
 * serves files, has its own.
 */
#include "swoole.h"

#include "stubs/mime_arginfo.h"

#define UNKNOWN_TYPE "application/octet-stream"

/* Made when first asked for: suffix in lower case -> type. */
static struct {
	HashTable types;
	bool made;
} mime;

static void free_type(zval *z)
{
	zend_string_release(Z_STR_P(z));
}

/* suffix may have a dot before it. */
static zend_string *key_of(const char *suffix, size_t n)
{
	zend_string *key;

	if (n && suffix[0] == '.')
		suffix++, n--;
	key = zend_string_alloc(n, true);
	zend_str_tolower_copy(ZSTR_VAL(key), suffix, n);
	return key;
}

/* false: it was there, and replace is not set. */
static bool put(const char *suffix, size_t n, const char *type, size_t type_n, bool replace)
{
	zend_string *key = key_of(suffix, n);
	bool done = replace || !zend_hash_exists(&mime.types, key);
	zval z;

	if (done) {
		ZVAL_STR(&z, zend_string_init(type, type_n, true));
		zend_hash_update(&mime.types, key, &z);
	}
	zend_string_release(key);
	return done;
}

static HashTable *types(void)
{
	static const struct {
		const char *suffix, *type;
	} rows[] = {
#define RS_MIME(suffix, type) { suffix, type },
#define RS_MIME_SOURCE(suffix)
#include "http/http_mime.def"
#undef RS_MIME
#undef RS_MIME_SOURCE
	};

	if (mime.made)
		return &mime.types;
	zend_hash_init(&mime.types, RS_COUNTOF(rows), NULL, free_type, true);
	mime.made = true;
	/* The type alone: ours names the character set as well. */
	for (size_t i = 0; i < RS_COUNTOF(rows); i++)
		put(rows[i].suffix, strlen(rows[i].suffix), rows[i].type, strcspn(rows[i].type, ";"), true);
	return &mime.types;
}

static zend_string *type_of(zend_string *file)
{
	const char *dot = zend_memrchr(ZSTR_VAL(file), '.', ZSTR_LEN(file));
	zend_string *key;
	zval *found;

	if (!dot)
		return NULL;
	key = key_of(dot, ZSTR_LEN(file) - (size_t)(dot - ZSTR_VAL(file)));
	found = zend_hash_find(types(), key);
	zend_string_release(key);
	return found ? Z_STR_P(found) : NULL;
}

const char *rs_swoole_mime_type(const char *file, size_t n)
{
	zend_string *name = zend_string_init(file, n, false), *type = type_of(name);

	zend_string_release(name);
	return type ? ZSTR_VAL(type) : UNKNOWN_TYPE;
}

static void add_or_set(INTERNAL_FUNCTION_PARAMETERS, bool replace)
{
	zend_string *suffix, *type;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(suffix)
		Z_PARAM_STR(type)
	ZEND_PARSE_PARAMETERS_END();
	(void)types();
	RETVAL_BOOL(put(ZSTR_VAL(suffix), ZSTR_LEN(suffix), ZSTR_VAL(type), ZSTR_LEN(type), replace));
}

ZEND_FUNCTION(swoole_mime_type_add)
{
	add_or_set(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

ZEND_FUNCTION(swoole_mime_type_set)
{
	add_or_set(INTERNAL_FUNCTION_PARAM_PASSTHRU, true);
	ZVAL_NULL(return_value);
}

ZEND_FUNCTION(swoole_mime_type_delete)
{
	zend_string *suffix, *key;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(suffix)
	ZEND_PARSE_PARAMETERS_END();
	key = key_of(ZSTR_VAL(suffix), ZSTR_LEN(suffix));
	RETVAL_BOOL(zend_hash_del(types(), key) == SUCCESS);
	zend_string_release(key);
}

ZEND_FUNCTION(swoole_mime_type_get)
{
	zend_string *file, *type;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(file)
	ZEND_PARSE_PARAMETERS_END();
	type = type_of(file);
	if (type)
		RETURN_STRINGL(ZSTR_VAL(type), ZSTR_LEN(type));
	RETURN_STRING(UNKNOWN_TYPE);
}

ZEND_FUNCTION(swoole_mime_type_exists)
{
	zend_string *file;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(file)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(type_of(file) != NULL);
}

ZEND_FUNCTION(swoole_mime_type_list)
{
	zend_string *suffix;
	zval *type;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	ZEND_HASH_FOREACH_STR_KEY_VAL(types(), suffix, type) {
		add_assoc_stringl_ex(return_value, ZSTR_VAL(suffix), ZSTR_LEN(suffix), Z_STRVAL_P(type), Z_STRLEN_P(type));
	} ZEND_HASH_FOREACH_END();
}

static void forget(void)
{
	if (mime.made)
		zend_hash_destroy(&mime.types);
	mime.made = false;
}

void rs_swoole_minit_mime(void)
{
	zend_register_functions(NULL, mime_functions, NULL, MODULE_PERSISTENT);
	rs_swoole_at_rshutdown(forget);
}
