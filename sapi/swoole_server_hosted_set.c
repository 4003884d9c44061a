/*
 * Settings of a hosted application's server: its [swoole] section, and the settings of its extra ports. The table is that of set()
 * in scripts, but nothing is bent into shape: a wrong value is an exception that names the key, and the boot fails with it.
 *
 * What the daemon does by itself is not asked again: options that the configuration knows were checked there, and of the
 * server's own settings only those count that the reactor needs for ports.
 */
#include "swoole_server_hosted.h"
#include "swoole_server_settings.h"

#include <ext/spl/spl_exceptions.h>

/* Settings of the server as a whole that a hosted one has; the others are the daemon's, or mean nothing here. */
static const char *const of_server[] = { "dispatch_mode", "max_queued_bytes", "start_session_id", "discard_timeout_request" };
/* Of the main port, which the daemon serves. */
static const char *const of_daemon[] = { "enable_static_handler", "document_root", "upload_tmp_dir", "open_http_protocol",
					  "open_http2_protocol" };

static bool one_of(const char *const *names, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], key) == 0)
			return true;
	return false;
}

/* Has the configuration an option of that name, which it has checked? */
static bool in_configuration(const char *key)
{
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (strcmp(rs_options[i].section, "swoole") == 0 && strcmp(rs_options[i].key, key) == 0)
			return true;
	return false;
}

/* ---- one value: false: it was thrown ---------------------------------------------------------------------------------------- */

ZEND_COLD static bool wrong(const struct rs_setting *row, zval *value, const char *expected)
{
	char shown[128];

	rs_swoole_setting_show(value, shown, sizeof shown);
	zend_throw_exception_ex(spl_ce_UnexpectedValueException, 0, "%s: must be %s, not %s", row->key, expected, shown);
	return false;
}

static bool set_bool(const struct rs_setting *row, void *at, zval *value)
{
	static const char *const yes[] = { "1", "true", "on", "yes" }, *const no[] = { "", "0", "false", "off", "no" };

	if (Z_TYPE_P(value) == IS_STRING) {
		bool on = false, off = false;

		for (size_t i = 0; i < RS_COUNTOF(yes); i++)
			on |= zend_string_equals_cstr(Z_STR_P(value), yes[i], strlen(yes[i]));
		for (size_t i = 0; i < RS_COUNTOF(no); i++)
			off |= zend_string_equals_cstr(Z_STR_P(value), no[i], strlen(no[i]));
		if (!on && !off)
			return wrong(row, value, "true or false");
		*(bool *)at = on;
		return true;
	}
	if (Z_TYPE_P(value) > IS_DOUBLE)
		return wrong(row, value, "true or false");
	*(bool *)at = zend_is_true(value);
	return true;
}

static bool set_number(const struct rs_setting *row, void *at, zval *value, bool checked)
{
	int64_t n;

	if (!rs_swoole_setting_number(row, value, &n))
		return wrong(row, value, row->type == RS_SETTING_SIZE ? "a size such as 2M" : "a number");
	if (!checked && (n < row->min || n > row->max)) {
		zend_throw_exception_ex(spl_ce_UnexpectedValueException, 0, "%s: must be %" PRId64 " to %" PRId64 "%s, not %" PRId64,
					row->key, row->min, row->max, row->type == RS_SETTING_MS ? " milliseconds" : "", n);
		return false;
	}
	rs_swoole_setting_put(row, at, n);
	return true;
}

static bool set_pointer(const struct rs_setting *row, void *at, zval *value)
{
	zend_string *text;

	if (row->type == RS_SETTING_ARRAY) {
		if (Z_TYPE_P(value) != IS_ARRAY)
			return wrong(row, value, "a list");
		rs_swoole_setting_release(row, at);
		*(zend_array **)at = Z_ARRVAL_P(value);
		Z_TRY_ADDREF_P(value);
		return true;
	}
	if (Z_TYPE_P(value) > IS_STRING || !(text = zval_try_get_string(value)))
		return EG(exception) ? false : wrong(row, value, "a text");
	if (strlen(ZSTR_VAL(text)) != ZSTR_LEN(text) && !rs_swoole_setting_is_bytes(row)) {
		zend_string_release(text);
		return wrong(row, value, "a text without zero bytes");
	}
	rs_swoole_setting_release(row, at);
	*(zend_string **)at = text;
	return true;
}

static bool apply(const struct rs_setting *row, void *at, zval *value, bool checked)
{
	switch (row->type) {
	case RS_SETTING_BOOL:
		return set_bool(row, at, value);
	case RS_SETTING_INT:
	case RS_SETTING_SIZE:
	case RS_SETTING_MS:
		return set_number(row, at, value, checked);
	case RS_SETTING_STRING:
	case RS_SETTING_ARRAY:
		return set_pointer(row, at, value);
	case RS_SETTING_IS_INERT:
	case RS_SETTING_IS_ABSENT:
		return true;
	case RS_SETTING_IS_REFUSED:
		if (!zend_is_true(value))
			return true;
		zend_throw_exception_ex(spl_ce_UnexpectedValueException, 0, "%s: this server does not have %s", row->key, row->what);
		return false;
	}
	return true;
}

/* ---- all of them -------------------------------------------------------------------------------------------------------------- */

/* Is this one for us? */
static bool counts(const struct rs_setting *row, bool server)
{
	if (row->owner == RS_SETTING_SERVER)
		return server && one_of(of_server, RS_COUNTOF(of_server), row->key);
	return !server || !one_of(of_daemon, RS_COUNTOF(of_daemon), row->key);
}

bool rs_swoole_hosted_set(struct rs_swoole_server *s, struct rs_swoole_port *port, HashTable *values)
{
	char why[MAXPATHLEN + 256];
	zend_string *key;
	zval *value;

	ZEND_HASH_FOREACH_STR_KEY_VAL(values, key, value) {
		const struct rs_setting *row = key ? rs_swoole_setting(key) : NULL;

		ZVAL_DEREF(value);
		if (key && !row && !s)
			rs_warnx(rs_host_log(), "the port %s:%u has no setting %s, ignored", port->p.host, port->p.port, ZSTR_VAL(key));
		if (!row || Z_TYPE_P(value) == IS_NULL || !counts(row, s != NULL))
			continue;
		if (!apply(row, rs_swoole_setting_member(row, s ? &s->conf : NULL, port), value, s && in_configuration(row->key)))
			return false;
	} ZEND_HASH_FOREACH_END();
	if (rs_swoole_settings_check(port, why, sizeof why))
		return true;
	zend_throw_exception(spl_ce_UnexpectedValueException, why, 0);
	return false;
}
