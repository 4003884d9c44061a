/*
 * set(): PHP values into the settings of a server and its ports, by the rows of swoole_server_settings.def. Runs before
 * start() in the script's process. Nothing is done with a setting here; start() and the ports do that.
 */
#include <errno.h>
#include <unistd.h>

#include "swoole_server.h"

enum setting_type { BOOL, INT, SIZE, MS, STRING, ARRAY, INERT, ABSENT, REFUSED };

struct setting {
	const char *key;
	enum rs_setting_owner owner;
	enum setting_type type;
	size_t at, n;               /* the member */
	int64_t def, min, max;
	const char *what;
};

#define OWNER_SERVER struct rs_swoole_server_conf
#define OWNER_PORT struct rs_swoole_port
#define MEMBER_SIZE(type, member) sizeof(((type *)0)->member)

#define RS_SETTING(key, owner, type, member, def, min, max) \
	{ #key, RS_SETTING_##owner, type, offsetof(OWNER_##owner, member), MEMBER_SIZE(OWNER_##owner, member), def, min, max, NULL },
#define RS_SETTING_INERT(key, owner, why) { #key, RS_SETTING_##owner, INERT, 0, 0, 0, 0, 0, why },
#define RS_SETTING_ABSENT(key, owner, what) { #key, RS_SETTING_##owner, ABSENT, 0, 0, 0, 0, 0, what },
#define RS_SETTING_REFUSED(key, owner, what) { #key, RS_SETTING_##owner, REFUSED, 0, 0, 0, 0, 0, what },
static const struct setting settings[] = {
#include "swoole_server_settings.def"
};
#undef RS_SETTING
#undef RS_SETTING_INERT
#undef RS_SETTING_ABSENT
#undef RS_SETTING_REFUSED

/* ---- members -------------------------------------------------------------------------------------------------------- */

static void *member(const struct setting *row, void *server_conf, void *port)
{
	return (char *)(row->owner == RS_SETTING_SERVER ? server_conf : port) + row->at;
}

static void put_number(const struct setting *row, void *at, int64_t value)
{
	switch (row->n) {
	case 1:
		*(uint8_t *)at = (uint8_t)value;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		RS_ASSERT(row->n == 8);
		*(uint64_t *)at = (uint64_t)value;
		break;
	}
}

static void init(enum rs_setting_owner owner, void *target)
{
	for (size_t i = 0; i < RS_COUNTOF(settings); i++) {
		const struct setting *row = &settings[i];

		if (row->owner == owner && row->type <= MS)
			put_number(row, (char *)target + row->at, row->def);
	}
}

static void release(const struct setting *row, void *at)
{
	if (row->type == STRING && *(zend_string **)at)
		zend_string_release(*(zend_string **)at);
	if (row->type == ARRAY && *(zend_array **)at)
		zend_array_release(*(zend_array **)at);
	*(void **)at = NULL;
}

/* Several keys may have one member. */
static void each_pointer(enum rs_setting_owner owner, void *target, void (*what)(const struct setting *row, void *at))
{
	for (size_t i = 0; i < RS_COUNTOF(settings); i++) {
		const struct setting *row = &settings[i];

		if (row->owner == owner && (row->type == STRING || row->type == ARRAY))
			what(row, (char *)target + row->at);
	}
}

void rs_swoole_server_conf_init(struct rs_swoole_server *s)
{
	init(RS_SETTING_SERVER, &s->conf);
	s->conf.enable_coroutine = INI_BOOL("swoole.enable_coroutine");
}

void rs_swoole_server_conf_free(struct rs_swoole_server *s)
{
	each_pointer(RS_SETTING_SERVER, &s->conf, release);
}

void rs_swoole_port_conf_init(struct rs_swoole_port *port)
{
	init(RS_SETTING_PORT, port);
}

void rs_swoole_port_conf_free(struct rs_swoole_port *port)
{
	each_pointer(RS_SETTING_PORT, port, release);
}

void rs_swoole_port_conf_copy(struct rs_swoole_port *to, const struct rs_swoole_port *from)
{
	rs_swoole_port_conf_free(to);
	for (size_t i = 0; i < RS_COUNTOF(settings); i++) {
		const struct setting *row = &settings[i];
		const char *source = (const char *)from + row->at;
		char *target = (char *)to + row->at;

		if (row->owner != RS_SETTING_PORT || row->type >= INERT)
			continue;
		/* What several keys share is taken once. */
		if ((row->type == STRING || row->type == ARRAY) && *(void **)target)
			continue;
		memcpy(target, source, row->n);
		if (row->type == STRING && *(zend_string **)target)
			zend_string_addref(*(zend_string **)target);
		if (row->type == ARRAY && *(zend_array **)target)
			GC_TRY_ADDREF(*(zend_array **)target);
	}
}

/* ---- values --------------------------------------------------------------------------------------------------------- */

static int64_t to_size(zval *value)
{
	zend_string *error = NULL;
	zend_long n;

	if (Z_TYPE_P(value) != IS_STRING)
		return zval_get_long(value);
	n = zend_ini_parse_quantity(Z_STR_P(value), &error);
	if (error)
		zend_string_release(error);
	return n;
}

static int64_t to_ms(zval *value)
{
	double ms = zval_get_double(value) * 1000;

	if (!(ms > (double)INT64_MIN && ms < (double)INT64_MAX))
		return ms > 0 ? INT64_MAX : 0;
	return (int64_t)ms;
}

static void set_number(const struct setting *row, void *at, zval *value)
{
	int64_t given = row->type == SIZE ? to_size(value) : row->type == MS ? to_ms(value) : zval_get_long(value);
	int64_t fits = given < row->min ? row->min : given > row->max ? row->max : given;

	if (given != fits)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s must be %" PRId64 " to %" PRId64 "%s, it becomes %" PRId64, row->key,
			      row->min, row->max, row->type == MS ? " milliseconds" : "", fits);
	put_number(row, at, fits);
}

static void set_pointer(const struct setting *row, void *at, zval *value)
{
	if (row->type == ARRAY && Z_TYPE_P(value) != IS_ARRAY) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s must be an array", row->key);
		return;
	}
	if (row->type == STRING) {
		zend_string *string = zval_try_get_string(value);

		if (!string)
			return;
		release(row, at);
		*(zend_string **)at = string;
		return;
	}
	release(row, at);
	*(zend_array **)at = Z_ARRVAL_P(value);
	Z_TRY_ADDREF_P(value);
}

static void apply(const struct setting *row, void *at, zval *value)
{
	switch (row->type) {
	case BOOL:
		*(bool *)at = zend_is_true(value);
		break;
	case INT:
	case SIZE:
	case MS:
		set_number(row, at, value);
		break;
	case STRING:
	case ARRAY:
		set_pointer(row, at, value);
		break;
	case INERT:
		break;
	case ABSENT:
		if (zend_is_true(value))
			rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "the setting %s has no effect, this server does not have %s", row->key,
				      row->what);
		break;
	case REFUSED:
		if (zend_is_true(value))
			rs_swoole_fatal("the setting %s is refused, this server does not have %s", row->key, row->what);
		break;
	}
}

static const struct setting *find(zend_string *key)
{
	for (size_t i = 0; i < RS_COUNTOF(settings); i++)
		if (zend_string_equals_cstr(key, settings[i].key, strlen(settings[i].key)))
			return &settings[i];
	return NULL;
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

/* Made if it is missing. */
static void check_directory(const char *key, const zend_string *path)
{
	if (!path || ZSTR_LEN(path) == 0)
		return;
	if (ZSTR_LEN(path) > DIRECTORY_MAX)
		rs_swoole_fatal("%s must not be longer than %d bytes", key, DIRECTORY_MAX);
	if (VCWD_ACCESS(ZSTR_VAL(path), F_OK) != 0 &&
	    !php_stream_mkdir(ZSTR_VAL(path), 0777, PHP_STREAM_MKDIR_RECURSIVE, NULL))
		rs_swoole_fatal("%s[%s] cannot be made: %s", key, ZSTR_VAL(path), strerror(errno));
}

/* The root of static files as it really is. */
static void check_root(struct rs_swoole_port *port)
{
	char real[MAXPATHLEN];

	if (!port->conf.document_root)
		return;
	if (!VCWD_REALPATH(ZSTR_VAL(port->conf.document_root), real) || strlen(real) >= sizeof port->p.document_root)
		rs_swoole_fatal("document_root[%s] does not exist", ZSTR_VAL(port->conf.document_root));
	zend_string_release(port->conf.document_root);
	port->conf.document_root = zend_string_init(real, strlen(real), false);
}

static void check_port(struct rs_swoole_port *port)
{
	const struct rs_swoole_port_conf *c = &port->conf;

	if (c->package_eof && ZSTR_LEN(c->package_eof) == 0)
		rs_swoole_fatal("package_eof cannot be an empty string");
	if (c->package_eof && ZSTR_LEN(c->package_eof) > EOF_MAX)
		rs_swoole_fatal("the max length of package_eof is %zu", EOF_MAX);
	if (c->package_length_type && (ZSTR_LEN(c->package_length_type) != 1 || !strchr("cCsSnvlLNV", ZSTR_VAL(c->package_length_type)[0])))
		rs_swoole_fatal("unknown package_length_type '%s', see pack(). Link: http://php.net/pack", ZSTR_VAL(c->package_length_type));
	if (c->subprotocol && ZSTR_LEN(c->subprotocol) >= sizeof port->p.subprotocol)
		rs_swoole_fatal("websocket_subprotocol is too long");
	check_directory("upload_tmp_dir", c->upload_tmp_dir);
	check_root(port);
}

/* The log's level first: what follows is logged by it. */
static void apply_key(struct rs_swoole_server *s, struct rs_swoole_port *port, HashTable *values, const char *key)
{
	zval *value = zend_hash_str_find_deref(values, key, strlen(key));
	zend_string *name = zend_string_init(key, strlen(key), false);
	const struct setting *row = find(name);

	zend_string_release(name);
	if (value && Z_TYPE_P(value) != IS_NULL)
		apply(row, member(row, &s->conf, port), value);
}

void rs_swoole_apply_settings(struct rs_swoole_server *s, struct rs_swoole_port *port, HashTable *values)
{
	zend_string *key;
	zval *value;

	if (s) {
		apply_key(s, port, values, "log_file");
		apply_key(s, port, values, "log_level");
		apply_key(s, port, values, "display_errors");
		now(&s->conf);
	}
	ZEND_HASH_FOREACH_STR_KEY_VAL(values, key, value) {
		const struct setting *row = key ? find(key) : NULL;

		ZVAL_DEREF(value);
		if (!key || Z_TYPE_P(value) == IS_NULL)
			continue;
		if (!row)
			rs_swoole_log(RS_SWOOLE_LOG_NOTICE, 0, "unknown setting %s", ZSTR_VAL(key));
		else if (row->owner == RS_SETTING_PORT || s)
			apply(row, member(row, s ? &s->conf : NULL, port), value);
		if (EG(exception))
			return;
	} ZEND_HASH_FOREACH_END();
	check_port(port);
	if (s)
		check_directory("task_tmpdir", s->conf.task_tmpdir);
}
