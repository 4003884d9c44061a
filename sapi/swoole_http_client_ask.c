/*
 * A request of the HTTP clients: what was set, written as the head of a request. Everything that comes from the application is
 * checked where it is written: nothing of it can end a line.
 */
#include "swoole_http_client.h"

#include <errno.h>
#include <ext/standard/url.h>

#include "http/http_ask.h"

#define LONGEST_IN_WARNING 60

/* ---- fields of the application -------------------------------------------------------------------------------------- */

/* Those that it may say, and then we do not; from LENGTH on ours alone, or nobody's. */
enum field {
	HOST, CONNECTION, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, CONTENT_TYPE,
	LENGTH, CODING, WS_KEY, WS_VERSION, WS_EXTENSIONS, UPGRADE, FIELDS,
};

static const struct rs_slice fields[FIELDS] = {
	[HOST] = RS_SLICE("Host"),
	[CONNECTION] = RS_SLICE("Connection"),
	[ACCEPT_ENCODING] = RS_SLICE("Accept-Encoding"),
	[AUTHORIZATION] = RS_SLICE("Authorization"),
	[COOKIE] = RS_SLICE("Cookie"),
	[CONTENT_TYPE] = RS_SLICE("Content-Type"),
	[LENGTH] = RS_SLICE("Content-Length"),
	[CODING] = RS_SLICE("Transfer-Encoding"),
	[WS_KEY] = RS_SLICE("Sec-WebSocket-Key"),
	[WS_VERSION] = RS_SLICE("Sec-WebSocket-Version"),
	[WS_EXTENSIONS] = RS_SLICE("Sec-WebSocket-Extensions"),
	[UPGRADE] = RS_SLICE("Upgrade"),
};

/* A head that is being written. */
struct writing {
	struct rs_http_client *o;
	struct rs_buf *out;
	bool said[FIELDS];
};

static int known(struct rs_slice name)
{
	int f = 0;

	while (f < FIELDS && !rs_slice_eqi(name, fields[f]))
		f++;
	return f;
}

static struct rs_slice slice_of(zend_string *s)
{
	return rs_slice(ZSTR_VAL(s), ZSTR_LEN(s));
}

/* One line of the application's. w NULL: only looked at. false: warned, or thrown. */
static bool take_value(struct writing *w, zend_string *name, zval *value)
{
	int length = (int)MIN(ZSTR_LEN(name), LONGEST_IN_WARNING);
	zend_string *text = zval_try_get_string(value);
	bool ok = text && rs_http_ask_value_ok(slice_of(text));

	if (text && !ok)
		rs_swoole_warn(EINVAL, "header %.*s: a value has no CR, LF, NUL or other control bytes", length, ZSTR_VAL(name));
	if (ok && w && !rs_buf_printf(w->out, "%s: %s\r\n", ZSTR_VAL(name), ZSTR_VAL(text)))
		zend_error_noreturn(E_ERROR, "Out of memory");
	if (text)
		zend_string_release(text);
	return ok;
}

static bool take_header(struct writing *w, zend_string *name, zval *value)
{
	bool ok = true;
	zval *one;
	int f;

	if (!name || !rs_http_ask_name_ok(slice_of(name))) {
		rs_swoole_warn(EINVAL, "the key of a header must be its name: a token, without blanks, colons and control bytes");
		return false;
	}
	ZVAL_DEREF(value);
	if (Z_TYPE_P(value) == IS_NULL)
		return true;
	f = known(slice_of(name));
	if (f == CODING) {
		rs_swoole_warn(EINVAL, "header Transfer-Encoding cannot be set: bodies are sent with their length");
		return false;
	}
	/* Ours to say. */
	if (w && f < FIELDS && (f == LENGTH || f == UPGRADE || (w->o->ask.upgrade && (f >= WS_KEY || f == CONNECTION))))
		w = NULL;
	if (w && f < FIELDS)
		w->said[f] = true;
	if (Z_TYPE_P(value) != IS_ARRAY)
		return take_value(w, name, value);
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(value), one)
		ok = ok && take_value(w, name, one);
	ZEND_HASH_FOREACH_END();
	return ok;
}

static bool take_headers(struct writing *w, HashTable *headers)
{
	zend_string *name;
	bool ok = true;
	zval *value;

	ZEND_HASH_FOREACH_STR_KEY_VAL(headers, name, value)
		ok = ok && take_header(w, name, value);
	ZEND_HASH_FOREACH_END();
	return ok;
}

bool rs_http_client_headers_ok(HashTable *headers)
{
	return take_headers(NULL, headers);
}

/* ---- cookies --------------------------------------------------------------------------------------------------------- */

/* Values are encoded; a name stands as it is. */
static bool put_cookies(struct rs_buf *out, HashTable *cookies)
{
	zend_string *name, *text, *encoded;
	const char *separator = "";
	zend_ulong index;
	bool ok = true;
	zval *value;

	ZEND_HASH_FOREACH_KEY_VAL(cookies, index, name, value) {
		char number[32];
		struct rs_slice n = name ? slice_of(name) : rs_slice(number, (size_t)snprintf(number, sizeof number, ZEND_LONG_FMT, (zend_long)index));

		if (!rs_http_ask_name_ok(n)) {
			rs_swoole_warn(EINVAL, "the name of a cookie is a token: no blanks, '=', ';', ',' and control bytes");
			return false;
		}
		text = zval_try_get_string(value);
		if (!text)
			return false;
		encoded = php_raw_url_encode(ZSTR_VAL(text), ZSTR_LEN(text));
		ok = ok && (!out || rs_buf_printf(out, "%s%.*s=%s", separator, (int)n.n, n.p, ZSTR_VAL(encoded)));
		separator = "; ";
		zend_string_release(encoded);
		zend_string_release(text);
	} ZEND_HASH_FOREACH_END();
	if (!ok)
		zend_error_noreturn(E_ERROR, "Out of memory");
	return true;
}

bool rs_http_client_cookies_ok(HashTable *cookies)
{
	return put_cookies(NULL, cookies);
}

/* ---- our own fields ---------------------------------------------------------------------------------------------------- */

static bool put_host(struct writing *w)
{
	const struct rs_fetch *f = &w->o->fetch;

	return rs_buf_printf(w->out, "Host: ") &&
	       rs_http_ask_authority(w->out, rs_slice_str(f->path ? "localhost" : f->host), f->path ? (f->tls ? 443 : 80) : f->port, f->tls) &&
	       rs_buf_put(w->out, "\r\n", 2);
}

static bool put_upgrade(struct writing *w)
{
	struct rs_http_ask *ask = &w->o->ask;

	if (!rs_client_ws_key(ask->key))
		return false;
	ask->deflate = w->o->options.deflate;
	return rs_buf_printf(w->out, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s",
			     ask->key, ask->deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
						      "server_no_context_takeover\r\n" : "");
}

/* After the application's: what it has not said. */
static bool put_own(struct writing *w)
{
	struct rs_http_client *o = w->o;
	const struct rs_proxy_conf *proxy = &o->conf.proxy;
	zval room, *cookies = rs_http_client_property(o, "cookies", &room);

	if (!w->said[COOKIE] && cookies && Z_TYPE_P(cookies) == IS_ARRAY && zend_hash_num_elements(Z_ARRVAL_P(cookies))) {
		if (!rs_buf_printf(w->out, "Cookie: ") || !put_cookies(w->out, Z_ARRVAL_P(cookies)) || !rs_buf_put(w->out, "\r\n", 2))
			return false;
	}
	if (!w->said[AUTHORIZATION] && o->user && !rs_http_ask_basic(w->out, "Authorization", slice_of(o->user), slice_of(o->password)))
		return false;
	if (rs_fetch_forwards(&o->fetch, &o->conf, o->ask.upgrade) && proxy->user &&
	    !rs_http_ask_basic(w->out, "Proxy-Authorization", rs_slice_str(proxy->user), rs_slice_str(proxy->password)))
		return false;
	if (!w->said[ACCEPT_ENCODING] && o->options.accept && o->options.decode && !o->ask.file && !o->ask.upgrade &&
	    !rs_buf_printf(w->out, "Accept-Encoding: %s\r\n", rs_decode_accept()))
		return false;
	if (o->ask.offset && !rs_buf_printf(w->out, "Range: bytes=" ZEND_LONG_FMT "-\r\n", o->ask.offset))
		return false;
	if (o->ask.upgrade)
		return put_upgrade(w);
	return w->said[CONNECTION] || rs_buf_printf(w->out, "Connection: %s\r\n", o->options.keep_alive ? "keep-alive" : "close");
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

void rs_http_ask_free(struct rs_http_ask *ask)
{
	rs_buf_free(&ask->head);
	if (ask->parts)
		efree(ask->parts);
	if (ask->held)
		zend_array_destroy(ask->held);
	if (ask->file)
		zend_string_release(ask->file);
	*ask = (struct rs_http_ask){ 0 };
}

static bool put_request_line(struct writing *w, zend_string *method, zend_string *path)
{
	struct rs_fetch *f = &w->o->fetch;
	bool absolute = rs_fetch_forwards(f, &w->o->conf, w->o->ask.upgrade) && ZSTR_VAL(path)[0] == '/';

	return rs_buf_printf(w->out, "%s %s", ZSTR_VAL(method), absolute ? "http://" : "") &&
	       (!absolute || rs_http_ask_authority(w->out, rs_slice_str(f->host), f->port, false)) &&
	       rs_buf_printf(w->out, "%s HTTP/1.1\r\n", ZSTR_VAL(path));
}

/* setMethod(), or what the body suggests. */
static zend_string *method_of(struct rs_http_client *o, const zval *data)
{
	zval room, *method = rs_http_client_property(o, "requestMethod", &room);

	if (o->ask.upgrade)
		return zend_string_init(ZEND_STRL("GET"), false);
	if (method && Z_TYPE_P(method) == IS_STRING && Z_STRLEN_P(method))
		return zend_string_copy(Z_STR_P(method));
	return data || o->nuploads ? zend_string_init(ZEND_STRL("POST"), false) : zend_string_init(ZEND_STRL("GET"), false);
}

static bool has_body_by_nature(zend_string *method)
{
	return zend_string_equals_literal(method, "POST") || zend_string_equals_literal(method, "PUT") ||
	       zend_string_equals_literal(method, "PATCH");
}

static bool write_head(struct rs_http_client *o, zend_string *method, zend_string *path, zend_string *type, uint64_t length)
{
	struct writing w = { .o = o, .out = &o->ask.head };
	zval room, *headers = rs_http_client_property(o, "requestHeaders", &room);
	struct rs_buf given = { 0 };
	bool ok;

	/* Host stands first, and is the application's if it has one. */
	w.out = &given;
	ok = !headers || Z_TYPE_P(headers) != IS_ARRAY || take_headers(&w, Z_ARRVAL_P(headers));
	w.out = &o->ask.head;
	ok = ok && put_request_line(&w, method, path) && (w.said[HOST] || put_host(&w)) && rs_buf_put(w.out, rs_buf_data(&given), given.len) &&
	     put_own(&w);
	rs_buf_free(&given);
	if (ok && type && !w.said[CONTENT_TYPE])
		ok = rs_buf_printf(w.out, "Content-Type: %s\r\n", ZSTR_VAL(type));
	if (ok && (length || has_body_by_nature(method)))
		ok = rs_buf_printf(w.out, "Content-Length: %" PRIu64 "\r\n", length);
	return ok && rs_buf_put(w.out, "\r\n", 2);
}

static bool prepare(struct rs_http_client *o, zend_string *path)
{
	zval room, *data = o->ask.upgrade ? NULL : rs_http_client_property(o, "requestBody", &room);
	zend_string *method = method_of(o, data), *type = NULL;
	const char *wrong = rs_http_ask_target_wrong(slice_of(path));
	uint64_t length = 0;
	bool ok = false;

	if (wrong)
		rs_swoole_warn(EINVAL, "the path cannot be sent: %s", wrong);
	else if (!rs_http_ask_method_ok(slice_of(method)))
		rs_swoole_warn(EINVAL, "a method is a token of at most 32 letters, and not CONNECT");
	else
		ok = rs_http_client_body(o, data, &type, &length) && write_head(o, method, path, type, length);
	o->ask.head_method = zend_string_equals_literal(method, "HEAD");
	o->ask.idempotent = rs_http_ask_idempotent(slice_of(method));
	o->ask.parts[0].bytes = rs_buf_slice(&o->ask.head);
	zend_string_release(method);
	if (type)
		zend_string_release(type);
	return ok;
}

/* These are for one request. */
static void use_up(struct rs_http_client *o)
{
	zend_update_property_null(o->std.ce, &o->std, ZEND_STRL("requestMethod"));
	zend_update_property_null(o->std.ce, &o->std, ZEND_STRL("requestBody"));
	rs_http_client_uploads_free(o);
}

bool rs_http_client_prepare(struct rs_http_client *o, zend_string *path, bool upgrade, zend_string *file, zend_long offset)
{
	bool ok;

	if (o->fetch.upgraded) {
		rs_http_client_error(o, EISCONN, "the connection is a WebSocket: close() it first");
		return false;
	}
	/* A deferred answer that nobody has fetched. */
	if (o->waiting)
		rs_http_client_close(o);
	rs_http_ask_free(&o->ask);
	o->ask.upgrade = upgrade;
	o->ask.file = file ? zend_string_copy(file) : NULL;
	o->ask.offset = offset;
	o->ask.held = zend_new_array(0);
	rs_http_ask_text(&o->ask, ZSTR_EMPTY_ALLOC());
	ok = prepare(o, path);
	use_up(o);
	return ok && !EG(exception);
}
