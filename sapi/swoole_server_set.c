/*
 * set(): PHP values into the settings of a server and its ports, by the rows of swoole_server_settings.def. Runs before
 * start() in the script's process. Nothing is done with a setting here; start() and the ports do that.
 */
#include "swoole_server_settings.h"

#include <errno.h>
#include <unistd.h>

/* ---- values --------------------------------------------------------------------------------------------------------- */

/* What does not fit becomes the nearest that does; to PHP it would be some number or none. */
static int64_t whole(zval *value)
{
	zend_long n = 0;
	double d;

	switch (Z_TYPE_P(value)) {
	case IS_DOUBLE:
		return zend_dval_to_lval_cap(Z_DVAL_P(value));
	case IS_STRING:
		return is_numeric_string(Z_STRVAL_P(value), Z_STRLEN_P(value), &n, &d, true) == IS_DOUBLE ? zend_dval_to_lval_cap(d) : n;
	default:
		return zval_get_long(value);
	}
}

int64_t rs_swoole_setting_ms(zval *value)
{
	double ms = zval_get_double(value) * 1000;

	if (!(ms > (double)INT64_MIN && ms < (double)INT64_MAX))
		return ms > 0 ? INT64_MAX : 0;
	return (int64_t)ms;
}

/* Bytes, with a suffix if there is one. false: it is no size; *out is what PHP reads all the same. */
static bool size(zend_string *text, int64_t *out)
{
	zend_string *error = NULL;

	*out = zend_ini_parse_quantity(text, &error);
	if (error)
		zend_string_release(error);
	return !error && ZSTR_LEN(text) > 0;
}

bool rs_swoole_setting_number(const struct rs_setting *row, zval *value, int64_t *out)
{
	*out = 0;
	if (Z_TYPE_P(value) > IS_STRING || Z_TYPE_P(value) < IS_FALSE)
		return false;
	if (Z_TYPE_P(value) == IS_STRING && row->type == RS_SETTING_SIZE)
		return size(Z_STR_P(value), out);
	*out = row->type == RS_SETTING_MS ? rs_swoole_setting_ms(value) : whole(value);
	return Z_TYPE_P(value) != IS_STRING || is_numeric_string(Z_STRVAL_P(value), Z_STRLEN_P(value), NULL, NULL, false);
}

void rs_swoole_setting_show(zval *value, char *out, size_t n)
{
	if (Z_TYPE_P(value) == IS_STRING)
		ap_php_snprintf(out, n, "\"%.100s\"", Z_STRVAL_P(value));
	else
		ap_php_snprintf(out, n, "%s", zend_zval_type_name(value));
}

static void set_number(const struct rs_setting *row, void *at, zval *value)
{
	int64_t given, fits;
	bool number = rs_swoole_setting_number(row, value, &given);
	char shown[128];

	rs_swoole_setting_show(value, shown, sizeof shown);
	if (!number && Z_TYPE_P(value) != IS_STRING) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s must be a number, not %s, it stays as it is", row->key, shown);
		return;
	}
	fits = given < row->min ? row->min : given > row->max ? row->max : given;
	if (!number)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s must be %s, not %s, it becomes %" PRId64, row->key,
			      row->type == RS_SETTING_SIZE ? "a size such as 2M" : "a number", shown, fits);
	else if (given != fits)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s must be %" PRId64 " to %" PRId64 "%s, it becomes %" PRId64, row->key,
			      row->min, row->max, row->type == RS_SETTING_MS ? " milliseconds" : "", fits);
	rs_swoole_setting_put(row, at, fits);
}

static void set_string(const struct rs_setting *row, void *at, zval *value)
{
	zend_string *string;

	if (Z_TYPE_P(value) == IS_ARRAY) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s must be a string, not array, it stays as it is", row->key);
		return;
	}
	string = zval_try_get_string(value);
	if (!string)
		return;
	/* Names of files and people end there, to whom they are passed on. */
	if (strlen(ZSTR_VAL(string)) != ZSTR_LEN(string) && !rs_swoole_setting_is_bytes(row)) {
		zend_string_release(string);
		rs_swoole_fatal("%s must not have zero bytes", row->key);
	}
	rs_swoole_setting_release(row, at);
	*(zend_string **)at = string;
}

static void set_array(const struct rs_setting *row, void *at, zval *value)
{
	if (Z_TYPE_P(value) != IS_ARRAY) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s must be an array", row->key);
		return;
	}
	rs_swoole_setting_release(row, at);
	*(zend_array **)at = Z_ARRVAL_P(value);
	Z_TRY_ADDREF_P(value);
}

static void apply(const struct rs_setting *row, void *at, zval *value)
{
	switch (row->type) {
	case RS_SETTING_BOOL:
		*(bool *)at = zend_is_true(value);
		break;
	case RS_SETTING_INT:
	case RS_SETTING_SIZE:
	case RS_SETTING_MS:
		set_number(row, at, value);
		break;
	case RS_SETTING_STRING:
		set_string(row, at, value);
		break;
	case RS_SETTING_ARRAY:
		set_array(row, at, value);
		break;
	case RS_SETTING_IS_INERT:
		break;
	case RS_SETTING_IS_ABSENT:
		if (zend_is_true(value))
			rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "the setting %s has no effect, this server does not have %s", row->key,
				      row->what);
		break;
	case RS_SETTING_IS_REFUSED:
		if (zend_is_true(value))
			rs_swoole_fatal("the setting %s is refused, this server does not have %s", row->key, row->what);
		break;
	}
}

/* What holds from now on, not only from start() on. */
static void now(const struct rs_swoole_server_conf *conf)
{
	rs_swoole_set_log_level(conf->log_level);
	rs_swoole_set_log_file(conf->log_file ? ZSTR_VAL(conf->log_file) : "");
	if (!conf->display_errors) {
		zend_string *name = zend_string_init(ZEND_STRL("swoole.display_errors"), false);

		zend_alter_ini_entry_chars(name, "0", 1, PHP_INI_USER, PHP_INI_STAGE_RUNTIME);
		zend_string_release(name);
	}
}

/* ---- strings that are no matter of taste ------------------------------------------------------------------------------ */

#define EOF_MAX RS_COUNTOF(((struct rs_port *)0)->eof)
#define DIRECTORY_MAX 220

/* Made if it is missing. false: why. */
static bool check_directory(const char *key, const zend_string *path, char *why, size_t n)
{
	if (!path || ZSTR_LEN(path) == 0)
		return true;
	if (ZSTR_LEN(path) > DIRECTORY_MAX)
		ap_php_snprintf(why, n, "%s must not be longer than %d bytes", key, DIRECTORY_MAX);
	else if (VCWD_ACCESS(ZSTR_VAL(path), F_OK) != 0 &&
		 !php_stream_mkdir(ZSTR_VAL(path), 0777, PHP_STREAM_MKDIR_RECURSIVE, NULL))
		ap_php_snprintf(why, n, "%s[%s] cannot be made: %s", key, ZSTR_VAL(path), strerror(errno));
	else
		return true;
	return false;
}

/* The root of static files as it really is. */
static bool check_root(struct rs_swoole_port *port, char *why, size_t n)
{
	char real[MAXPATHLEN];

	if (!port->conf.document_root)
		return true;
	/* "" is the working directory to PHP, and nobody's choice. */
	if (ZSTR_LEN(port->conf.document_root) == 0 || !VCWD_REALPATH(ZSTR_VAL(port->conf.document_root), real) ||
	    strlen(real) >= sizeof port->p.document_root) {
		ap_php_snprintf(why, n, "document_root[%s] does not exist", ZSTR_VAL(port->conf.document_root));
		return false;
	}
	zend_string_release(port->conf.document_root);
	port->conf.document_root = zend_string_init(real, strlen(real), false);
	return true;
}

static bool check_strings(const struct rs_swoole_port *port, char *why, size_t n)
{
	const struct rs_swoole_port_conf *c = &port->conf;

	if (c->package_eof && ZSTR_LEN(c->package_eof) == 0)
		ap_php_snprintf(why, n, "package_eof cannot be an empty string");
	else if (c->package_eof && ZSTR_LEN(c->package_eof) > EOF_MAX)
		ap_php_snprintf(why, n, "the max length of package_eof is %zu", EOF_MAX);
	else if (c->package_length_type &&
		 (ZSTR_LEN(c->package_length_type) != 1 || !strchr("cCsSnvlLNV", ZSTR_VAL(c->package_length_type)[0])))
		ap_php_snprintf(why, n, "unknown package_length_type '%s', see pack(). Link: http://php.net/pack",
				ZSTR_VAL(c->package_length_type));
	else if (c->subprotocol && ZSTR_LEN(c->subprotocol) >= sizeof port->p.subprotocol)
		ap_php_snprintf(why, n, "websocket_subprotocol is too long");
	else
		return true;
	return false;
}

bool rs_swoole_settings_check(struct rs_swoole_port *port, char *why, size_t n)
{
	return check_strings(port, why, n) && check_directory("upload_tmp_dir", port->conf.upload_tmp_dir, why, n) &&
	       check_root(port, why, n);
}

/* The log first: what follows is logged by it. */
static const char *const first[] = { "log_file", "log_level", "display_errors" };

static bool is_first(zend_string *key)
{
	for (size_t i = 0; i < RS_COUNTOF(first); i++)
		if (zend_string_equals_cstr(key, first[i], strlen(first[i])))
			return true;
	return false;
}

static void apply_key(struct rs_swoole_server *s, struct rs_swoole_port *port, HashTable *values, const char *key)
{
	zval *value = zend_hash_str_find_deref(values, key, strlen(key));
	zend_string *name = zend_string_init(key, strlen(key), false);
	const struct rs_setting *row = rs_swoole_setting(name);

	zend_string_release(name);
	if (value && Z_TYPE_P(value) != IS_NULL)
		apply(row, rs_swoole_setting_member(row, &s->conf, port), value);
}

void rs_swoole_apply_settings(struct rs_swoole_server *s, struct rs_swoole_port *port, HashTable *values)
{
	char why[MAXPATHLEN + 256];
	zend_string *key;
	zval *value;

	if (s) {
		for (size_t i = 0; i < RS_COUNTOF(first); i++)
			apply_key(s, port, values, first[i]);
		now(&s->conf);
	}
	ZEND_HASH_FOREACH_STR_KEY_VAL(values, key, value) {
		const struct rs_setting *row = key ? rs_swoole_setting(key) : NULL;

		ZVAL_DEREF(value);
		if (!key || Z_TYPE_P(value) == IS_NULL || (s && is_first(key)))
			continue;
		if (!row)
			rs_swoole_log(RS_SWOOLE_LOG_NOTICE, 0, "unknown setting %s", ZSTR_VAL(key));
		else if (row->owner == RS_SETTING_PORT || s)
			apply(row, rs_swoole_setting_member(row, s ? &s->conf : NULL, port), value);
		if (EG(exception))
			return;
	} ZEND_HASH_FOREACH_END();
	if (!rs_swoole_settings_check(port, why, sizeof why) ||
	    (s && !check_directory("task_tmpdir", s->conf.task_tmpdir, why, sizeof why)))
		rs_swoole_fatal("%s", why);
}
