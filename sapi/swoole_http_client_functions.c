/*
 * Swoole\Coroutine\Http\request(), get() and post(): one request on a client of its own; what came of it is a ClientProxy, a
 * failure an exception.
 */
#include "swoole_http_client.h"

#include <errno.h>
#include <ext/standard/url.h>

ZEND_FUNCTION(Swoole_Coroutine_Http_request);
ZEND_FUNCTION(Swoole_Coroutine_Http_get);
ZEND_FUNCTION(Swoole_Coroutine_Http_post);
ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getBody);
ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getStatusCode);
ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getHeaders);
ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getCookies);

/* What the three are asked. */
struct question {
	zend_string *url, *method;
	zval *data;                         /* NULL: none */
	zval *options, *headers, *cookies;  /* arrays or NULL */
};

static zend_class_entry *class_of(const char *name)
{
	return zend_hash_str_find_ptr(CG(class_table), name, strlen(name));
}

/* $client->method(...): false: it returned false, or an exception stands. */
static bool call(zval *client, const char *method, uint32_t argc, zval *argv)
{
	zend_function *fn = zend_hash_str_find_ptr(&Z_OBJCE_P(client)->function_table, method, strlen(method));
	bool ok;
	zval ret;

	ZVAL_UNDEF(&ret);
	zend_call_known_instance_method(fn, Z_OBJ_P(client), &ret, argc, argv);
	ok = !EG(exception) && Z_TYPE(ret) != IS_FALSE;
	zval_ptr_dtor(&ret);
	return ok;
}

static void fail(zval *client, const char *otherwise)
{
	struct rs_http_client *o = client ? RS_SWOOLE_OBJECT(struct rs_http_client, Z_OBJ_P(client)) : NULL;
	zval room[2], *code = o ? rs_http_client_property(o, "errCode", &room[0]) : NULL;
	zval *why = o ? rs_http_client_property(o, "errMsg", &room[1]) : NULL;

	if (EG(exception))
		return;
	zend_throw_exception_ex(class_of("swoole\\coroutine\\http\\client\\exception"), code ? Z_LVAL_P(code) : EINVAL, "%s",
				why && Z_STRLEN_P(why) ? Z_STRVAL_P(why) : otherwise);
}

static bool make_client(zval *client, const php_url *url)
{
	bool ssl = zend_string_equals_literal_ci(url->scheme, "https");
	zval argv[3];

	ZVAL_STR(&argv[0], url->host);
	ZVAL_LONG(&argv[1], url->port);
	ZVAL_BOOL(&argv[2], ssl);
	object_init_ex(client, class_of("swoole\\coroutine\\http\\client"));
	return call(client, "__construct", 3, argv);
}

static bool set_up(zval *client, const php_url *url, const struct question *q)
{
	zval argv[2];

	ZVAL_STR(&argv[0], q->method);
	if (!call(client, "setmethod", 1, argv) || (q->options && !call(client, "set", 1, q->options)) ||
	    (q->headers && !call(client, "setheaders", 1, q->headers)) || (q->cookies && !call(client, "setcookies", 1, q->cookies)))
		return false;
	if (url->user) {
		ZVAL_STR(&argv[0], url->user);
		ZVAL_STR(&argv[1], url->pass ? url->pass : ZSTR_EMPTY_ALLOC());
		call(client, "setbasicauth", 2, argv);
	}
	return !q->data || rs_http_client_data(RS_SWOOLE_OBJECT(struct rs_http_client, Z_OBJ_P(client)), q->data);
}

static void copy_property(zval *to, zval *client, const char *name)
{
	zval room, *v = rs_http_client_property(RS_SWOOLE_OBJECT(struct rs_http_client, Z_OBJ_P(client)), name, &room);

	if (v)
		zend_update_property(Z_OBJCE_P(to), Z_OBJ_P(to), name, strlen(name), v);
}

static void ask(const struct question *q, const php_url *url, zval *ret)
{
	zval client, path;

	if (!make_client(&client, url) || !set_up(&client, url, q)) {
		fail(NULL, "the request cannot be made: see the warning");
		zval_ptr_dtor(&client);
		return;
	}
	ZVAL_STR(&path, strpprintf(0, "%s%s%s", url->path ? ZSTR_VAL(url->path) : "/", url->query ? "?" : "", url->query ? ZSTR_VAL(url->query) : ""));
	if (call(&client, "execute", 1, &path)) {
		object_init_ex(ret, class_of("swoole\\coroutine\\http\\clientproxy"));
		copy_property(ret, &client, "body");
		copy_property(ret, &client, "statusCode");
		copy_property(ret, &client, "headers");
		copy_property(ret, &client, "cookies");
	} else {
		fail(&client, "the request failed");
	}
	zval_ptr_dtor(&path);
	zval_ptr_dtor(&client);
}

static void perform(const struct question *q, zval *ret)
{
	php_url *url = php_url_parse_ex(ZSTR_VAL(q->url), ZSTR_LEN(q->url));

	if (url && url->host && url->scheme &&
	    (zend_string_equals_literal_ci(url->scheme, "http") || zend_string_equals_literal_ci(url->scheme, "https")))
		ask(q, url, ret);
	else
		fail(NULL, "the URL must be http://... or https://...");
	if (url)
		php_url_free(url);
}

ZEND_FUNCTION(Swoole_Coroutine_Http_request)
{
	struct question q = { 0 };

	ZEND_PARSE_PARAMETERS_START(2, 6)
		Z_PARAM_STR(q.url)
		Z_PARAM_STR(q.method)
		Z_PARAM_OPTIONAL
		Z_PARAM_ZVAL_OR_NULL(q.data)
		Z_PARAM_ARRAY_OR_NULL(q.options)
		Z_PARAM_ARRAY_OR_NULL(q.headers)
		Z_PARAM_ARRAY_OR_NULL(q.cookies)
	ZEND_PARSE_PARAMETERS_END();
	perform(&q, return_value);
}

ZEND_FUNCTION(Swoole_Coroutine_Http_post)
{
	struct question q = { 0 };

	ZEND_PARSE_PARAMETERS_START(2, 5)
		Z_PARAM_STR(q.url)
		Z_PARAM_ZVAL_OR_NULL(q.data)
		Z_PARAM_OPTIONAL
		Z_PARAM_ARRAY_OR_NULL(q.options)
		Z_PARAM_ARRAY_OR_NULL(q.headers)
		Z_PARAM_ARRAY_OR_NULL(q.cookies)
	ZEND_PARSE_PARAMETERS_END();
	q.method = zend_string_init(ZEND_STRL("POST"), false);
	perform(&q, return_value);
	zend_string_release(q.method);
}

ZEND_FUNCTION(Swoole_Coroutine_Http_get)
{
	struct question q = { 0 };

	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_STR(q.url)
		Z_PARAM_OPTIONAL
		Z_PARAM_ARRAY_OR_NULL(q.options)
		Z_PARAM_ARRAY_OR_NULL(q.headers)
		Z_PARAM_ARRAY_OR_NULL(q.cookies)
	ZEND_PARSE_PARAMETERS_END();
	q.method = zend_string_init(ZEND_STRL("GET"), false);
	perform(&q, return_value);
	zend_string_release(q.method);
}

/* ---- ClientProxy ----------------------------------------------------------------------------------------------------- */

static void return_property(INTERNAL_FUNCTION_PARAMETERS, const char *name)
{
	zval room, *v;

	ZEND_PARSE_PARAMETERS_NONE();
	v = zend_read_property(class_of("swoole\\coroutine\\http\\clientproxy"), Z_OBJ_P(ZEND_THIS), name, strlen(name), true, &room);
	RETURN_COPY_DEREF(v);
}

ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getBody)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "body");
}

ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getStatusCode)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "statusCode");
}

ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getHeaders)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "headers");
}

ZEND_METHOD(Swoole_Coroutine_Http_ClientProxy, getCookies)
{
	return_property(INTERNAL_FUNCTION_PARAM_PASSTHRU, "cookies");
}
