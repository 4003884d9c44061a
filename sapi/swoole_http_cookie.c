/*
 * Cookies: the field of a request into an array, the arguments of Response::cookie() into a Set-Cookie value.
 */
#include "swoole_http_private.h"

#include "base/rs_clock.h"
#include "http/http.h"

#include <ext/date/php_date.h>
#include <ext/standard/url.h>

/* ---- in ------------------------------------------------------------------------------------------------------------------ */

/* Percent only: a plus is a plus here. */
static zend_string *decoded(struct rs_slice s)
{
	zend_string *out = zend_string_init(s.n ? s.p : "", s.n, false);

	ZSTR_LEN(out) = php_raw_url_decode(ZSTR_VAL(out), ZSTR_LEN(out));
	return out;
}

void rs_http_cookies(struct rs_slice field, zval *out)
{
	struct rs_slice name, text;
	zend_string *key;
	zval value;

	if (Z_TYPE_P(out) != IS_ARRAY)
		array_init(out);
	while (rs_http_cookie_next(&field, &name, &text)) {
		key = decoded(name);
		ZVAL_STR(&value, decoded(text));
		/* Browsers send the one of the nearest path first. */
		if (!zend_symtable_exists(Z_ARRVAL_P(out), key))
			zend_symtable_update(Z_ARRVAL_P(out), key, &value);
		else
			zval_ptr_dtor(&value);
		zend_string_release(key);
	}
}

/* ---- out ------------------------------------------------------------------------------------------------------------------ */

static bool has_any(const zend_string *s, const char *set)
{
	return s && strcspn(ZSTR_VAL(s), set) < ZSTR_LEN(s);
}

static void attribute(smart_str *out, const char *name, const zend_string *value)
{
	if (!value || ZSTR_LEN(value) == 0)
		return;
	smart_str_appends(out, name);
	smart_str_append(out, value);
}

static zend_string *date_of(time_t when)
{
	return php_format_date(ZEND_STRL("D, d M Y H:i:s \\G\\M\\T"), when, false);
}

static void lifetime(smart_str *out, zend_long expires)
{
	zend_long now = (zend_long)(rs_wall_us() / 1000000);
	zend_string *date = date_of((time_t)expires);

	smart_str_appends(out, "; expires=");
	smart_str_append(out, date);
	smart_str_appends(out, "; Max-Age=");
	smart_str_append_long(out, expires > now ? expires - now : 0);
	zend_string_release(date);
}

/* false: refused; warned where the contract says so. */
static bool acceptable(const struct rs_http_cookie *c)
{
	zend_string *date;
	bool ok;

	if (ZSTR_LEN(c->name) == 0 || has_any(c->name, "=,; \t\r\n\013\014")) {
		rs_swoole_warn(0, "Cookie name cannot %s", ZSTR_LEN(c->name) ? "contain \"=\", \",\", \";\", or white space" : "be empty");
		return false;
	}
	/* These would end the line, or the attribute. */
	if ((c->raw && has_any(c->value, ",; \t\r\n\013\014")) || has_any(c->path, ",; \t\r\n\013\014") ||
	    has_any(c->domain, ",; \t\r\n\013\014") || has_any(c->samesite, ";\r\n") || has_any(c->priority, ";\r\n"))
		return false;
	if (c->expires <= 0)
		return true;
	date = date_of((time_t)c->expires);
	ok = ZSTR_LEN(date) == strlen("Thu, 01 Jan 1970 00:00:00 GMT");
	zend_string_release(date);
	if (!ok)
		rs_swoole_warn(0, "Expiry date cannot have a year greater than 9999");
	return ok;
}

zend_string *rs_http_cookie_line(const struct rs_http_cookie *c)
{
	smart_str out = { 0 };

	if (!acceptable(c))
		return NULL;
	smart_str_append(&out, c->name);
	if (!c->value || ZSTR_LEN(c->value) == 0) {
		smart_str_appends(&out, "=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0");
	} else {
		zend_string *text = c->raw ? zend_string_copy(c->value) : php_url_encode(ZSTR_VAL(c->value), ZSTR_LEN(c->value));

		smart_str_appendc(&out, '=');
		smart_str_append(&out, text);
		zend_string_release(text);
		if (c->expires > 0)
			lifetime(&out, c->expires);
	}
	attribute(&out, "; path=", c->path);
	attribute(&out, "; domain=", c->domain);
	if (c->secure)
		smart_str_appends(&out, "; secure");
	if (c->httponly)
		smart_str_appends(&out, "; httponly");
	attribute(&out, "; samesite=", c->samesite);
	attribute(&out, "; priority=", c->priority);
	smart_str_0(&out);
	return smart_str_extract(&out);
}
