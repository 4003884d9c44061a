/*
 * Swoole\Client: a blocking client, or with SWOOLE_SOCK_ASYNC one of the event loop (swoole_async_client.c): life and
 * connecting. Each method takes PHP's arguments, says what is wrong with them, and calls the connection. The others are
 * swoole_client_bytes.c and swoole_client_names.c.
 */
#include "swoole_client.h"

#include <errno.h>
#include <math.h>

#include "stubs/client_arginfo.h"

#define TYPE_ASYNC 1024
#define TYPE_KEEP 4096
#define INVALID_PARAMS 505
#define CONNECT_AT_ONCE 1

zend_class_entry *rs_swoole_client_ce;

/* ---- life --------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Client, __construct)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	zend_string *key = NULL;
	bool async = false;
	zend_long type;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_LONG(type)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(async)
		Z_PARAM_STR(key)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_client_object_init(o, type))
		RETURN_THROWS();
	if (async || type & TYPE_ASYNC) {
		if (!rs_async_client_attach(o))
			RETURN_THROWS();
		return;
	}
	if (type & TYPE_KEEP)
		o->key = key && ZSTR_LEN(key) ? zend_string_copy(key) : ZSTR_EMPTY_ALLOC();
	if (key && ZSTR_LEN(key))
		zend_update_property_str(rs_swoole_client_ce, &o->std, ZEND_STRL("id"), key);
}

ZEND_METHOD(Swoole_Async_Client, __construct)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	zend_long type;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(type)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_client_object_init(o, type) || !rs_async_client_attach(o))
		RETURN_THROWS();
}

ZEND_METHOD(Swoole_Client, set)
{
	HashTable *settings;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_client_set(RS_CLIENT_THIS(), settings));
}

/* ---- connecting --------------------------------------------------------------------------------------------------- */

/* The name under which it is kept: what the user chose, or where it goes. */
static void choose_key(struct rs_client_object *o, zend_string *host, zend_long port)
{
	zend_string *key;

	if (!o->key || ZSTR_LEN(o->key))
		return;
	key = zend_strpprintf(0, "%d:%s:" ZEND_LONG_FMT "%s", (int)o->c.kind, ZSTR_VAL(host), port, o->c.want_tls ? ":ssl" : "");
	o->key = key;
	zend_update_property_str(rs_swoole_client_ce, &o->std, ZEND_STRL("id"), key);
}

/* A kept connection that lives. */
static bool connect_kept(struct rs_client_object *o)
{
	struct rs_client kept;

	if (!o->key || o->c.sock.fd >= 0 || !rs_client_cache_take(rs_client_kept(), ZSTR_VAL(o->key), &kept))
		return false;
	if (kept.kind != o->c.kind || kept.want_tls != o->c.want_tls) {
		/* The user gave one name to connections of two kinds. */
		rs_client_close(&kept);
		return false;
	}
	o->c = kept;
	o->c.sock.wait = rs_client_wait;
	return true;
}

static bool may_connect(struct rs_client_object *o)
{
	/* One that sendto() has opened has gone nowhere yet. */
	bool open = rs_client_is_open(&o->c) && (rs_client_is_stream(&o->c) || o->c.remote.len);

	if (!o->constructed) {
		zend_throw_error(NULL, "The constructor of %s has not been called", ZSTR_VAL(o->std.ce->name));
		return false;
	}
	return !open || rs_client_refused(o, EISCONN, "connection to the server has already been established");
}

ZEND_METHOD(Swoole_Client, connect)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	double timeout = ZEND_NAN;
	zend_long port = 0, flag = 0;
	zend_string *host;

	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_STR(host)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
		Z_PARAM_DOUBLE(timeout)
		Z_PARAM_LONG(flag)
	ZEND_PARSE_PARAMETERS_END();
	if (!may_connect(o) || !rs_client_target(o, host, port))
		RETURN_FALSE;
	rs_client_limits(o, timeout);
	if (o->host)
		zend_string_release(o->host);
	o->host = zend_string_copy(host);
	if (o->async)
		RETURN_BOOL(rs_async_client_connect(o, host, port));
	choose_key(o, host, port);
	if (!connect_kept(o) && !rs_client_connect(&o->c, &o->conf, rs_slice(ZSTR_VAL(host), ZSTR_LEN(host)), (int)port,
						   flag & CONNECT_AT_ONCE)) {
		rs_client_show(o);
		RETURN_BOOL(rs_client_failed(o, "connect"));
	}
	rs_client_show(o);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Client, isConnected)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	bool is;

	ZEND_PARSE_PARAMETERS_NONE();
	if (o->async)
		RETURN_BOOL(rs_async_client_is_connected(o));
	is = rs_client_is_connected(&o->c);
	/* One that was begun at once and failed is closed now. */
	rs_client_show(o);
	RETURN_BOOL(is);
}

ZEND_METHOD(Swoole_Client, close)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	bool force = false;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(force)
	ZEND_PARSE_PARAMETERS_END();
	if (o->async)
		RETURN_BOOL(rs_async_client_close(o));
	o = rs_client_connected(ZEND_THIS);
	if (!o)
		RETURN_FALSE;
	if (o->key && !force && !o->c.sock.busy) {
		rs_client_cache_put(rs_client_kept(), ZSTR_VAL(o->key), &o->c);
		o->c.sock.wait = rs_client_wait;
	} else {
		rs_client_close(&o->c);
	}
	rs_client_show(o);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Client, shutdown)
{
	zend_long how;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(how)
	ZEND_PARSE_PARAMETERS_END();
	RS_CLIENT_CONNECTED(o);
	if (how < 0 || how > 2)
		RETURN_BOOL(rs_client_refused(o, INVALID_PARAMS, "how must be SHUT_RD, SHUT_WR or SHUT_RDWR"));
	RETURN_BOOL(rs_sock_shutdown(&o->c.sock, (int)how) || rs_client_failed(o, "shutdown"));
}

/* ---- module ------------------------------------------------------------------------------------------------------- */

void rs_swoole_minit_client(void)
{
	zend_class_entry *async;

	rs_swoole_client_ce = register_class_Swoole_Client();
	rs_swoole_client_ce->create_object = rs_client_object_new;
	rs_swoole_alias(rs_swoole_client_ce, "swoole_client");
	async = register_class_Swoole_Async_Client(rs_swoole_client_ce);
	async->create_object = rs_client_object_new;
	zend_register_functions(NULL, client_functions, NULL, MODULE_PERSISTENT);
}
