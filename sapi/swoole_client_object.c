/*
 * Objects of the client classes: making, freeing, failing, and what all of them do alike.
 */
#include "swoole_client.h"

#include <errno.h>
#include <math.h>

#define TYPE_MASK 511
#define TYPE_SSL 512
#define NO_CONNECTION 5001
#define INVALID_PARAMS 505
#define RECV_SIZE 65536
/* What one read without MSG_WAITALL may allocate: it returns what is there, which is seldom so much. */
#define RECV_MAX (2 << 20)

static zend_object_handlers handlers;

static HashTable *get_gc(zend_object *object, zval **table, int *n);

/* ---- life --------------------------------------------------------------------------------------------------------- */

zend_object *rs_client_object_new(zend_class_entry *ce)
{
	struct rs_client_object *o = zend_object_alloc(sizeof *o, ce);

	if (!handlers.free_obj) {
		rs_swoole_handlers(&handlers, offsetof(struct rs_client_object, std), rs_client_object_free);
		rs_swoole_keep_properties(ce, &handlers);
		handlers.get_gc = get_gc;
	}
	memset(o, 0, offsetof(struct rs_client_object, std));
	rs_client_init(&o->c, RS_CLIENT_TCP, false);
	o->c.sock.wait = rs_client_wait;
	rs_client_conf_init(&o->conf);
	o->own_limits = (struct rs_client_limits){ o->conf.connect_ms, o->conf.read_ms, o->conf.write_ms };
	o->limit = ZEND_NAN;
	zend_object_std_init(&o->std, ce);
	object_properties_init(&o->std, ce);
	o->std.handlers = &handlers;
	return &o->std;
}

void rs_client_object_free(zend_object *object)
{
	struct rs_client_object *o = RS_SWOOLE_OBJECT(struct rs_client_object, object);

	if (o->async)
		rs_async_client_detach(o);
	if (o->key && rs_client_is_open(&o->c) && !o->c.sock.busy)
		rs_client_cache_put(rs_client_kept(), ZSTR_VAL(o->key), &o->c);
	/* Whoever was in there is gone with the coroutine that it was. */
	o->c.sock.busy = 0;
	rs_client_close(&o->c);
	rs_client_conf_free(&o->conf);
	rs_php_callback_free(&o->length_func);
	if (o->host)
		zend_string_release(o->host);
	if (o->key)
		zend_string_release(o->key);
	zend_object_std_dtor(object);
}

/* It outlives requests: what a hosted application keeps, its next request finds. */
struct rs_client_cache *rs_client_kept(void)
{
	static struct rs_client_cache of_process;

	return &of_process;
}

/* The closures it keeps, which often keep it. */
static HashTable *get_gc(zend_object *object, zval **table, int *n)
{
	struct rs_client_object *o = RS_SWOOLE_OBJECT(struct rs_client_object, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	if (o->length_func.set)
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&o->length_func));
	if (o->async)
		rs_async_client_gc(o, buffer);
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

bool rs_client_object_init(struct rs_client_object *o, zend_long type)
{
	bool tls = type & TYPE_SSL;

	if (!rs_client_kind_known((int)(type & TYPE_MASK))) {
		zend_type_error("%s::__construct(): Argument #1 ($type) must be one of SWOOLE_SOCK_*, " ZEND_LONG_FMT " given",
				ZSTR_VAL(o->std.ce->name), type);
		return false;
	}
	if (o->constructed) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(o->std.ce->name));
		return false;
	}
	rs_client_init(&o->c, (enum rs_client_kind)(type & TYPE_MASK), tls);
	o->c.sock.wait = rs_client_wait;
	if (tls && !rs_client_is_stream(&o->c)) {
		rs_swoole_throw_error(507, "TLS over datagrams is not provided");
		return false;
	}
	o->constructed = true;
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("type"), type);
	return true;
}

struct rs_client_object *rs_client_connected(zval *object)
{
	struct rs_client_object *o = RS_SWOOLE_OBJECT(struct rs_client_object, Z_OBJ_P(object));

	if (rs_client_is_open(&o->c) && (!o->async || rs_async_client_is_connected(o)))
		return o;
	rs_client_refused(o, NO_CONNECTION, "client is not connected to server");
	return NULL;
}

/* ---- failing ------------------------------------------------------------------------------------------------------ */

void rs_client_show_error(struct rs_client_object *o, int code, const char *text)
{
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("errCode"), code);
	if (!o->quiet)
		return;
	zend_update_property_string(o->std.ce, &o->std, ZEND_STRL("errMsg"), text);
	rs_swoole_set_error(code);
}

bool rs_client_failed(struct rs_client_object *o, const char *what)
{
	int code = o->c.sock.error;
	const char *text;

	if (EG(exception))
		return false;
	if (code == RS_SOCK_BUSY) {
		rs_swoole_throw_error(code, "this client is already being used by another coroutine");
		return false;
	}
	/* What a blocking socket says when its limit has passed; connecting is no matter of that. */
	if (code == ETIMEDOUT && !o->quiet && strcmp(what, "connect") != 0 && strcmp(what, "enableSSL") != 0)
		code = EAGAIN;
	if (code == ECANCELED && o->quiet)
		code = 10017;
	text = o->c.sock.why ? o->c.sock.why : rs_swoole_strerror(code);
	rs_client_show_error(o, code, text);
	if (!o->quiet)
		rs_swoole_warn(code, "%s failed: %s [%d]", what, text, code);
	return false;
}

bool rs_client_refused(struct rs_client_object *o, int code, const char *why)
{
	rs_client_show_error(o, code, why);
	if (!o->quiet)
		rs_swoole_warn(code, "%s", why);
	return false;
}

/* ---- what all do -------------------------------------------------------------------------------------------------- */

void rs_client_limits(struct rs_client_object *o, double seconds)
{
	bool given = !isnan(seconds);
	int64_t ms = given ? rs_client_ms(seconds) : 0;

	o->limit = seconds;
	o->conf.connect_ms = given ? ms : o->own_limits.connect_ms;
	o->conf.read_ms = given && !o->read_limit_set ? ms : o->own_limits.read_ms;
	o->conf.write_ms = given && !o->write_limit_set ? ms : o->own_limits.write_ms;
}

bool rs_client_target(struct rs_client_object *o, zend_string *host, zend_long port)
{
	bool path = o->c.kind == RS_CLIENT_UNIX_STREAM || o->c.kind == RS_CLIENT_UNIX_DGRAM;

	if (ZSTR_LEN(host) == 0)
		return rs_client_refused(o, INVALID_PARAMS, "The host is empty");
	if (!path && (port <= 0 || port > 65535))
		return rs_client_refused(o, INVALID_PARAMS, "The port is invalid");
	return true;
}

bool rs_client_enable_tls(struct rs_client_object *o)
{
	const struct rs_slice host = o->host ? rs_slice(ZSTR_VAL(o->host), ZSTR_LEN(o->host)) : RS_SLICE("");

	if (rs_client_start_tls(&o->c, &o->conf, host))
		return true;
	rs_client_show(o);
	return rs_client_failed(o, "enableSSL");
}

void rs_client_show(struct rs_client_object *o)
{
	zend_long fd = rs_client_is_open(&o->c) ? o->c.sock.fd : -1;

	if (o->quiet) {
		zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("fd"), fd);
		zend_update_property_bool(o->std.ce, &o->std, ZEND_STRL("connected"), fd >= 0);
		return;
	}
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("sock"), fd);
	zend_update_property_bool(o->std.ce, &o->std, ZEND_STRL("reuse"), o->c.reused > 0);
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("reuseCount"), o->c.reused);
}

void rs_client_name(zval *ret, const struct rs_sock_addr *a)
{
	struct rs_sock_name name;

	rs_sock_addr_name(a, &name);
	array_init_size(ret, 2);
	add_assoc_stringl(ret, "host", name.host, name.host_n);
	add_assoc_long(ret, "port", name.port);
}

bool rs_client_own_name(struct rs_client_object *o, zval *ret)
{
	struct rs_sock_addr a;

	if (!rs_sock_local(&o->c.sock, &a))
		return rs_client_failed(o, "getsockname");
	rs_client_name(ret, &a);
	return true;
}

bool rs_client_peer_name(struct rs_client_object *o, zval *ret)
{
	/* Of datagrams: who sent the last one; before that: to whom they go. */
	struct rs_sock_addr a = o->c.heard.len ? o->c.heard : o->c.remote;

	if ((rs_client_is_stream(&o->c) || a.len == 0) && !rs_sock_remote(&o->c.sock, &a))
		return rs_client_failed(o, "getpeername");
	rs_client_name(ret, &a);
	return true;
}

bool rs_client_read_package(struct rs_client_object *o, int64_t timeout_ms, zval *ret)
{
	struct rs_slice package;

	switch (rs_client_recv_package(&o->c, &o->conf, timeout_ms, &package)) {
	case RS_OK:
		ZVAL_STRINGL_FAST(ret, package.p, package.n);
		rs_buf_consume(&o->c.in, package.n);
		return true;
	case RS_DONE:
		ZVAL_EMPTY_STRING(ret);
		return true;
	case RS_AGAIN:
	case RS_ERR:
		break;
	}
	if (o->c.sock.error != RS_PACKET_TOO_LARGE && o->c.sock.error != RS_PACKET_MALFORMED)
		return rs_client_failed(o, "recv");
	if (EG(exception))
		return false;
	rs_client_show_error(o, o->c.sock.error, o->c.sock.why);
	ZVAL_EMPTY_STRING(ret);
	return true;
}

bool rs_client_read_bytes(struct rs_client_object *o, zend_long size, zend_long flags, int64_t timeout_ms, zval *ret)
{
	zend_string *bytes;
	ssize_t n;

	if (size > INT_MAX || flags != (int)flags)
		return rs_client_refused(o, INVALID_PARAMS, "size or flag is too large");
	if (size <= 0)
		size = RECV_SIZE;
	if (size > RECV_MAX && !(flags & MSG_WAITALL))
		size = RECV_MAX;
	bytes = zend_string_alloc((size_t)size, false);
	n = rs_client_recv(&o->c, &o->conf, ZSTR_VAL(bytes), ZSTR_LEN(bytes), (int)flags, timeout_ms);
	if (n <= 0) {
		zend_string_efree(bytes);
		if (n < 0)
			return rs_client_failed(o, "recv");
		ZVAL_EMPTY_STRING(ret);
		return true;
	}
	if ((size_t)n < ZSTR_LEN(bytes))
		bytes = zend_string_truncate(bytes, (size_t)n, false);
	ZSTR_VAL(bytes)[n] = 0;
	ZVAL_STR(ret, bytes);
	return true;
}

bool rs_client_peer_cert(struct rs_client_object *o, zval *ret)
{
	struct rs_buf pem = { 0 };

	if (!o->c.sock.tls)
		return rs_client_refused(o, RS_TLS_NOT_READY, "SSL is not ready");
	if (!rs_tls_peer_pem(o->c.sock.tls, &pem))
		return rs_client_refused(o, RS_TLS_EMPTY_PEER_CERTIFICATE, "the peer sent no certificate");
	ZVAL_STRINGL(ret, rs_buf_data(&pem), pem.len);
	rs_buf_free(&pem);
	return true;
}

bool rs_client_verify_peer(struct rs_client_object *o, bool allow_self_signed)
{
	const char *wrong;

	if (!o->c.sock.tls)
		return rs_client_refused(o, RS_TLS_NOT_READY, "SSL is not ready");
	wrong = rs_tls_verify(o->c.sock.tls, allow_self_signed || o->conf.tls.allow_self_signed);
	if (wrong)
		rs_client_show_error(o, RS_TLS_VERIFY_FAILED, wrong);
	return !wrong;
}
