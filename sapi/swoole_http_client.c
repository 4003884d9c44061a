/*
 * Swoole\Coroutine\Http\Client: its life, its settings, what is set for its requests.
 */
#include "swoole_http_client.h"

#include <errno.h>

#include "swoole_client.h"
#include "swoole_coroutine.h"
#include "http/http_ask.h"
#include "stubs/http_client_arginfo.h"

#define BUSY 10002

static zend_object_handlers handlers;
static zend_class_entry *exception_ce;

/* ---- objects ------------------------------------------------------------------------------------------------------ */

static void default_options(struct rs_http_options *options)
{
	*options = (struct rs_http_options){
		.keep_alive = true, .accept = true, .decode = true, .lower_case = true, .mask = true, .retries = 1,
	};
}

/* Only connecting has a limit of its own accord. */
static void default_conf(struct rs_client_conf *conf)
{
	rs_client_conf_init(conf);
	conf->read_ms = conf->write_ms = -1;
}

static void client_free(zend_object *object)
{
	struct rs_http_client *o = RS_SWOOLE_OBJECT(struct rs_http_client, object);

	/* Whoever was in there is gone with the coroutine that it was. */
	o->fetch.c.sock.busy = 0;
	rs_http_client_close(o);
	if (o->async)
		rs_http_async_free(o);
	rs_http_ask_free(&o->ask);
	rs_http_reply_free(&o->reply);
	rs_http_client_uploads_free(o);
	rs_fetch_free(&o->fetch);
	rs_client_conf_free(&o->conf);
	rs_php_callback_free(&o->write_func);
	if (o->user)
		zend_string_release(o->user);
	if (o->password)
		zend_string_release(o->password);
	zend_object_std_dtor(object);
}

static HashTable *client_gc(zend_object *object, zval **table, int *n)
{
	struct rs_http_client *o = RS_SWOOLE_OBJECT(struct rs_http_client, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	if (o->write_func.set)
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&o->write_func));
	if (o->async)
		rs_http_async_gc(o, buffer);
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

zend_object *rs_http_client_new(zend_class_entry *ce)
{
	struct rs_http_client *o = zend_object_alloc(sizeof *o, ce);

	memset(o, 0, offsetof(struct rs_http_client, std));
	rs_client_init(&o->fetch.c, RS_CLIENT_TCP, false);
	default_conf(&o->conf);
	default_options(&o->options);
	o->reply.fd = -1;
	zend_object_std_init(&o->std, ce);
	object_properties_init(&o->std, ce);
	o->std.handlers = &handlers;
	return &o->std;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, __construct)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_long port = 0;
	bool ssl = false;
	zend_string *host;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_STR(host)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
		Z_PARAM_BOOL(ssl)
	ZEND_PARSE_PARAMETERS_END();
	if (o->constructed) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(o->std.ce->name));
		RETURN_THROWS();
	}
	if (ZSTR_LEN(host) == 0 || !rs_fetch_host_ok(rs_slice(ZSTR_VAL(host), ZSTR_LEN(host)))) {
		zend_throw_exception_ex(exception_ce, EINVAL, ZSTR_LEN(host) ? "the host must be a name, an IP or unix:PATH" :
									       "host is empty");
		RETURN_THROWS();
	}
	if (port < 0 || port > 65535) {
		zend_throw_exception_ex(exception_ce, EINVAL, "the port must be 0 to 65535, " ZEND_LONG_FMT " given", port);
		RETURN_THROWS();
	}
	if (port == 0)
		port = ssl ? 443 : 80;
	if (!rs_fetch_init(&o->fetch, rs_slice(ZSTR_VAL(host), ZSTR_LEN(host)), (int)port, ssl, rs_client_wait))
		zend_error_noreturn(E_ERROR, "Out of memory");
	o->constructed = true;
	zend_update_property_str(o->std.ce, &o->std, ZEND_STRL("host"), host);
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("port"), port);
	zend_update_property_bool(o->std.ce, &o->std, ZEND_STRL("ssl"), ssl);
}

/* ---- telling ------------------------------------------------------------------------------------------------------ */

zval *rs_http_client_property(struct rs_http_client *o, const char *name, zval *room)
{
	zval *v = zend_read_property(o->std.ce, &o->std, name, strlen(name), true, room);

	ZVAL_DEREF(v);
	return Z_TYPE_P(v) == IS_NULL || Z_TYPE_P(v) == IS_UNDEF ? NULL : v;
}

void rs_http_client_show(struct rs_http_client *o)
{
	zend_update_property_bool(o->std.ce, &o->std, ZEND_STRL("connected"), rs_fetch_is_open(&o->fetch));
}

void rs_http_client_error(struct rs_http_client *o, int code, const char *text)
{
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("errCode"), code);
	zend_update_property_string(o->std.ce, &o->std, ZEND_STRL("errMsg"), text ? text : code ? rs_swoole_strerror(code) : "");
	if (code)
		rs_swoole_set_error(code);
}

bool rs_http_client_constructed(struct rs_http_client *o)
{
	if (!o->constructed)
		zend_throw_error(NULL, "The constructor of %s has not been called", ZSTR_VAL(o->std.ce->name));
	return o->constructed;
}

struct rs_http_client *rs_http_client_enter(zval *this)
{
	struct rs_http_client *o = RS_SWOOLE_OBJECT(struct rs_http_client, Z_OBJ_P(this));

	if (!rs_http_client_constructed(o) || !rs_co_require())
		return NULL;
	if (o->busy || (o->fetch.c.sock.busy && !o->fetch.upgraded)) {
		rs_swoole_throw_error(BUSY, "this client is already being used by another coroutine");
		return NULL;
	}
	o->busy = true;
	return o;
}

void rs_http_client_leave(struct rs_http_client *o)
{
	o->busy = false;
	rs_http_client_show(o);
}

void rs_http_client_close(struct rs_http_client *o)
{
	if (o->fetch.upgraded) {
		if (rs_fetch_is_open(&o->fetch))
			rs_client_ws_bye(&o->fetch.c, &o->ws);
		rs_client_ws_end(&o->ws);
	}
	rs_fetch_close(&o->fetch);
	o->waiting = false;
}

/* ---- settings ----------------------------------------------------------------------------------------------------- */

static void apply_flag(HashTable *settings, const char *name, bool *flag)
{
	zval *v = rs_client_setting(settings, name);

	if (v)
		*flag = zend_is_true(v);
}

static void apply_options(struct rs_http_client *o, HashTable *settings)
{
	struct rs_http_options *x = &o->options;
	zval *v;

	default_options(x);
	apply_flag(settings, "keep_alive", &x->keep_alive);
	apply_flag(settings, "http_compression", &x->accept);
	apply_flag(settings, "body_decompression", &x->decode);
	apply_flag(settings, "lowercase_header", &x->lower_case);
	apply_flag(settings, "websocket_mask", &x->mask);
	apply_flag(settings, "websocket_compression", &x->deflate);
	apply_flag(settings, "open_websocket_close_frame", &x->show_close);
	apply_flag(settings, "open_websocket_ping_frame", &x->show_ping);
	apply_flag(settings, "open_websocket_pong_frame", &x->show_pong);
	apply_flag(settings, "defer", &o->defer);
	if ((v = rs_client_setting(settings, "max_retries")))
		x->retries = (unsigned)MAX(0, MIN(zval_get_long(v), 100));
	if ((v = rs_client_setting(settings, "package_max_length")))
		x->most = (uint64_t)MAX(0, zval_get_long(v));
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, set)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zval room, *now, *func, all;
	HashTable *settings;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	if (o->busy || o->fetch.c.sock.busy) {
		rs_swoole_warn(BUSY, "settings cannot be changed while a request is on its way");
		RETURN_FALSE;
	}
	now = rs_http_client_property(o, "setting", &room);
	func = rs_client_setting(settings, "write_func");
	if (func && !rs_php_callback_set(&o->write_func, func)) {
		rs_swoole_warn(EINVAL, "write_func is not callable");
		RETURN_FALSE;
	}
	ZVAL_ARR(&all, now && Z_TYPE_P(now) == IS_ARRAY ? zend_array_dup(Z_ARR_P(now)) : zend_new_array(0));
	zend_hash_copy(Z_ARR(all), settings, zval_add_ref);
	rs_client_conf_free(&o->conf);
	default_conf(&o->conf);
	rs_client_conf_read(&o->conf, Z_ARR(all));
	apply_options(o, Z_ARR(all));
	zend_update_property(o->std.ce, &o->std, ZEND_STRL("setting"), &all);
	zval_ptr_dtor(&all);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, getDefer)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(RS_HTTP_CLIENT_THIS()->defer);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, setDefer)
{
	bool defer = true;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(defer)
	ZEND_PARSE_PARAMETERS_END();
	RS_HTTP_CLIENT_THIS()->defer = defer;
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, setMethod)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_string *method;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(method)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_ask_method_ok(rs_slice(ZSTR_VAL(method), ZSTR_LEN(method)))) {
		rs_swoole_warn(EINVAL, "a method is a token of at most 32 letters, and not CONNECT");
		RETURN_FALSE;
	}
	zend_update_property_str(o->std.ce, &o->std, ZEND_STRL("requestMethod"), method);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, setHeaders)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zval *headers;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY(headers)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_client_headers_ok(Z_ARRVAL_P(headers)))
		RETURN_FALSE;
	zend_update_property(o->std.ce, &o->std, ZEND_STRL("requestHeaders"), headers);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, setCookies)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zval *cookies;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY(cookies)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_client_cookies_ok(Z_ARRVAL_P(cookies)))
		RETURN_FALSE;
	zend_update_property(o->std.ce, &o->std, ZEND_STRL("cookies"), cookies);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, setData)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_string *text;
	HashTable *array;
	zval data;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT_OR_STR(array, text)
	ZEND_PARSE_PARAMETERS_END();
	if (array)
		ZVAL_ARR(&data, array);
	else
		ZVAL_STR(&data, text);
	zend_update_property(o->std.ce, &o->std, ZEND_STRL("requestBody"), &data);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, setBasicAuth)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_string *user, *password;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(user)
		Z_PARAM_STR(password)
	ZEND_PARSE_PARAMETERS_END();
	if (o->user)
		zend_string_release(o->user);
	if (o->password)
		zend_string_release(o->password);
	o->user = zend_string_copy(user);
	o->password = zend_string_copy(password);
}

/* ---- registration ------------------------------------------------------------------------------------------------- */

void rs_swoole_minit_http_client(void)
{
	zend_class_entry *ce = register_class_Swoole_Coroutine_Http_Client();

	ce->create_object = rs_http_client_new;
	exception_ce = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("swoole\\coroutine\\http\\client\\exception"));
	rs_swoole_handlers(&handlers, offsetof(struct rs_http_client, std), client_free);
	rs_swoole_keep_properties(ce, &handlers);
	handlers.get_gc = client_gc;
	(void)register_class_Swoole_Coroutine_Http_ClientProxy();
	zend_register_functions(NULL, http_client_functions, NULL, MODULE_PERSISTENT);
}
