/*
 * Swoole\Http\Client, by its old name swoole_http_client: requests whose answers are told by callbacks. What waits runs in a
 * coroutine of its own, the same code as Coroutine\Http\Client's; how callbacks are called: swoole_http_client_tell.c.
 */
#include "swoole_http_client_async.h"

#include <errno.h>

#include "swoole_coroutine.h"
#include "swoole_invoke.h"
#include "stubs/http_client_async_arginfo.h"

#define NOT_SUPPORTED 507
#define NO_CONNECTION 5001

static const char *const names[RS_HTTP_EVENTS] = {
	[RS_HTTP_ON_CONNECT] = "connect", [RS_HTTP_ON_CLOSE] = "close", [RS_HTTP_ON_ERROR] = "error", [RS_HTTP_ON_MESSAGE] = "message"
};

/* Of proceed(). */
enum job { REQUEST = 1, FLUSH };

static zend_class_entry *client_ce;

/* ---- in its coroutine ------------------------------------------------------------------------------------------------ */

static void read_messages(struct rs_http_client *o)
{
	zval frame;

	while (o->fetch.upgraded && rs_http_client_frame(o, -1, &frame) && rs_http_tell_message(o, &frame))
		;
}

static void request(struct rs_http_client *o)
{
	zval room, *status;

	(void)rs_http_client_perform(o);
	rs_http_client_leave(o);
	status = rs_http_client_property(o, "statusCode", &room);
	if (status && Z_TYPE_P(status) == IS_LONG && Z_LVAL_P(status) == RS_FETCH_CONNECT)
		rs_http_tell(o, RS_HTTP_ON_ERROR);
	rs_http_tell_done(o);
	if (o->fetch.upgraded)
		read_messages(o);
	rs_http_tell_close(o);
}

ZEND_METHOD(Swoole_Http_Client, proceed)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_long job;
	zval *held;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(job)
		Z_PARAM_OBJECT_OF_CLASS(held, client_ce)
	ZEND_PARSE_PARAMETERS_END();
	(void)held;
	if (job == REQUEST && o->async->started) {
		o->async->started = false;
		request(o);
	} else if (job == FLUSH && o->fetch.upgraded) {
		/* A connection that broke by now is told by who reads. */
		(void)!rs_client_ws_flush(&o->fetch.c, &o->conf, &o->ws);
	}
}

/* false: no coroutine, and told. */
static bool start(struct rs_http_client *o, enum job job)
{
	struct rs_php_callback cb = { .set = true };
	zval argv[2];

	cb.fci.size = sizeof cb.fci;
	cb.fci.object = &o->std;
	ZVAL_UNDEF(&cb.fci.function_name);
	cb.fcc.function_handler = zend_hash_str_find_ptr(&client_ce->function_table, ZEND_STRL("proceed"));
	cb.fcc.called_scope = cb.fcc.calling_scope = client_ce;
	cb.fcc.object = &o->std;
	ZVAL_LONG(&argv[0], job);
	ZVAL_OBJ(&argv[1], &o->std);
	return rs_co_create(&cb, 2, argv, rs_swoole_in_server(), NULL, NULL) >= 0;
}

bool rs_http_async_flush(struct rs_http_client *o)
{
	return o->ws.flushing || start(o, FLUSH);
}

/* ---- requests -------------------------------------------------------------------------------------------------------- */

/* Can one begin? Else told, or thrown. */
static bool ready(struct rs_http_client *o)
{
	if (!o->constructed) {
		zend_throw_error(NULL, "The constructor of %s has not been called", ZSTR_VAL(o->std.ce->name));
		return false;
	}
	if (!rs_swoole_async_allowed()) {
		rs_swoole_throw_error(NOT_SUPPORTED, "asynchronous clients cannot be used in a process that blocks: the manager, a task worker");
		return false;
	}
	if (o->async->running || o->busy || o->fetch.upgraded) {
		rs_swoole_warn(EBUSY, o->fetch.upgraded ? "the connection is a WebSocket: close() it first" : "a request is running already");
		return false;
	}
	return true;
}

static bool begin(struct rs_http_client *o, zend_string *path, bool upgrade, zend_string *file, zend_long offset, zval *callback)
{
	struct rs_http_async *a = o->async;

	if (!rs_http_client_prepare(o, path, upgrade, file, offset))
		return false;
	if (!rs_php_callback_set(&a->done, callback))
		return false;
	o->busy = a->running = a->started = true;
	if (start(o, REQUEST))
		return true;
	o->busy = a->running = a->started = false;
	rs_php_callback_free(&a->done);
	return false;
}

static void set_method(struct rs_http_client *o, const char *method)
{
	zend_update_property_string(o->std.ce, &o->std, ZEND_STRL("requestMethod"), method);
}

/* Path and callback. method NULL: as set. */
static void plain(INTERNAL_FUNCTION_PARAMETERS, const char *method, bool upgrade)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	zend_string *path;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(path)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (!ready(o))
		RETURN_FALSE;
	if (upgrade && !o->async->on[RS_HTTP_ON_MESSAGE].set)
		rs_swoole_fatal("no 'message' callback function");
	if (method)
		set_method(o, method);
	RETURN_BOOL(begin(o, path, upgrade, NULL, 0, &fci.function_name));
}

ZEND_METHOD(Swoole_Http_Client, execute)
{
	plain(INTERNAL_FUNCTION_PARAM_PASSTHRU, NULL, false);
}

ZEND_METHOD(Swoole_Http_Client, get)
{
	plain(INTERNAL_FUNCTION_PARAM_PASSTHRU, "GET", false);
}

ZEND_METHOD(Swoole_Http_Client, upgrade)
{
	plain(INTERNAL_FUNCTION_PARAM_PASSTHRU, NULL, true);
}

ZEND_METHOD(Swoole_Http_Client, post)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	zend_string *path;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_STR(path)
		Z_PARAM_ZVAL(data)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (!ready(o) || !rs_http_client_data(o, data))
		RETURN_FALSE;
	set_method(o, "POST");
	RETURN_BOOL(begin(o, path, false, NULL, 0, &fci.function_name));
}

ZEND_METHOD(Swoole_Http_Client, download)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_fcall_info_cache fcc;
	zend_string *path, *file;
	zend_long offset = 0;
	zend_fcall_info fci;

	ZEND_PARSE_PARAMETERS_START(3, 4)
		Z_PARAM_STR(path)
		Z_PARAM_PATH_STR(file)
		Z_PARAM_FUNC(fci, fcc)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(offset)
	ZEND_PARSE_PARAMETERS_END();
	if (offset < 0) {
		zend_argument_value_error(4, "must not be negative");
		RETURN_THROWS();
	}
	if (!ready(o) || php_check_open_basedir(ZSTR_VAL(file)))
		RETURN_FALSE;
	RETURN_BOOL(begin(o, path, false, file, offset, &fci.function_name));
}

ZEND_METHOD(Swoole_Http_Client, push)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_long opcode = RS_WS_TEXT;
	bool finish = true;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(opcode)
		Z_PARAM_BOOL(finish)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_http_client_push(o, data, opcode, finish ? RS_WS_FIN : 0));
}

/* ---- the rest -------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Http_Client, on)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	zend_string *event;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(event)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	for (int e = 0; e < RS_HTTP_EVENTS; e++) {
		if (strcasecmp(names[e], ZSTR_VAL(event)) != 0)
			continue;
		rs_php_callback_copy(&o->async->on[e], &fci, &fcc);
		RETURN_TRUE;
	}
	rs_swoole_warn(EINVAL, "unknown event type[%s]", ZSTR_VAL(event));
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Client, isConnected)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_fetch_is_open(&RS_HTTP_CLIENT_THIS()->fetch));
}

/* The event comes before this returns. A request that runs fails. */
ZEND_METHOD(Swoole_Http_Client, close)
{
	struct rs_http_client *o = RS_HTTP_CLIENT_THIS();
	bool was;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_fetch_is_open(&o->fetch)) {
		rs_http_client_error(o, NO_CONNECTION, NULL);
		RETURN_FALSE;
	}
	was = o->async->open;
	o->async->open = false;
	rs_http_client_close(o);
	rs_http_client_show(o);
	if (was && o->async->on[RS_HTTP_ON_CLOSE].set)
		rs_php_call_through(&o->async->on[RS_HTTP_ON_CLOSE], 1, ZEND_THIS, NULL);
	RETURN_TRUE;
}

void rs_http_async_free(struct rs_http_client *o)
{
	for (int e = 0; e < RS_HTTP_EVENTS; e++)
		rs_php_callback_free(&o->async->on[e]);
	rs_php_callback_free(&o->async->done);
	efree(o->async);
	o->async = NULL;
}

void rs_http_async_gc(struct rs_http_client *o, zend_get_gc_buffer *buffer)
{
	for (int e = 0; e < RS_HTTP_EVENTS; e++)
		if (o->async->on[e].set)
			zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&o->async->on[e]));
	if (o->async->done.set)
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&o->async->done));
}

static zend_object *client_new(zend_class_entry *ce)
{
	zend_object *object = rs_http_client_new(ce);

	RS_SWOOLE_OBJECT(struct rs_http_client, object)->async = ecalloc(1, sizeof(struct rs_http_async));
	return object;
}

void rs_swoole_minit_http_client_async(void)
{
	client_ce = register_class_Swoole_Http_Client();
	client_ce->create_object = client_new;
	rs_swoole_alias(client_ce, "swoole_http_client");
}
