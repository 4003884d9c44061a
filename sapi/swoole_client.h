/*
 * What the client classes share: Swoole\Client (swoole_client*.c, asynchronous: swoole_async_client.c) and Coroutine\Client
 * (swoole_co_client.c). The connection itself is client/client.h.
 */
#ifndef RS_SWOOLE_CLIENT_H
#define RS_SWOOLE_CLIENT_H

#include "swoole.h"

#include "client/client.h"

struct rs_async_client;

/* A client of PHP. std is last. */
struct rs_client_object {
	struct rs_client c;
	struct rs_client_conf conf;           /* what was set; limits of connect() go into it */
	struct rs_php_callback length_func;   /* package_length_func */
	zend_string *host;                    /* connected to; NULL: never */
	zend_string *key;                     /* in the cache; NULL: not to be kept */
	struct rs_async_client *async;        /* NULL: it waits */
	bool constructed;
	bool quiet;                           /* tells failures by errCode and errMsg alone */
	bool read_limit_set, write_limit_set; /* these are of set(), not of connect() */
	double limit;                         /* seconds, of the last connect(); NAN: not given, or set() since */
	struct rs_client_limits {
		int64_t connect_ms, read_ms, write_ms;
	} own_limits;                         /* what they are without it */
	zend_object std;
};

#define RS_CLIENT_THIS() RS_SWOOLE_OBJECT(struct rs_client_object, Z_OBJ_P(ZEND_THIS))

/* The object of a method that needs a connection; returns false from the method without one. */
#define RS_CLIENT_CONNECTED(o)                                                             \
	struct rs_client_object *o = rs_client_connected(ZEND_THIS);                       \
	if (!o)                                                                            \
		RETURN_FALSE

extern zend_class_entry *rs_swoole_client_ce;

/* ---- swoole_client_object.c --------------------------------------------------------------------------------------- */

zend_object *rs_client_object_new(zend_class_entry *ce);
void rs_client_object_free(zend_object *object);
/* type is SWOOLE_SOCK_* with flags; of these SWOOLE_SSL is taken. false: an exception is thrown. */
bool rs_client_object_init(struct rs_client_object *o, zend_long type);
/* The object, if its constructor has run and it is connected; else NULL, and told. */
struct rs_client_object *rs_client_connected(zval *object);
/* The last call on o->c failed: property errCode (and errMsg, or a warning "WHAT failed: ..."). Returns false. */
bool rs_client_failed(struct rs_client_object *o, const char *what);
/* The same with a number and a text that come from here. */
bool rs_client_refused(struct rs_client_object *o, int code, const char *why);
/* The properties alone. */
void rs_client_show_error(struct rs_client_object *o, int code, const char *text);
/* TLS on the open connection, to the host of connect(). false: told. */
bool rs_client_enable_tls(struct rs_client_object *o);
/* Time limits into o->conf, of connect(): seconds NAN when not given. */
void rs_client_limits(struct rs_client_object *o, double seconds);
/* Host and port that can be connected to? Else told, false. */
bool rs_client_target(struct rs_client_object *o, zend_string *host, zend_long port);
/* Those that are kept in this process. */
struct rs_client_cache *rs_client_kept(void);
/* sock or fd, and what else shows whether it is connected. */
void rs_client_show(struct rs_client_object *o);
/* ["host" => ..., "port" => ...] */
void rs_client_name(zval *ret, const struct rs_sock_addr *a);
bool rs_client_own_name(struct rs_client_object *o, zval *ret);
bool rs_client_peer_name(struct rs_client_object *o, zval *ret);
/* One package as the settings say, "" at the end of the stream or when it is broken. false: told. */
bool rs_client_read_package(struct rs_client_object *o, int64_t timeout_ms, zval *ret);
bool rs_client_read_bytes(struct rs_client_object *o, zend_long size, zend_long flags, int64_t timeout_ms, zval *ret);
bool rs_client_peer_cert(struct rs_client_object *o, zval *ret);
bool rs_client_verify_peer(struct rs_client_object *o, bool allow_self_signed);

/* ---- swoole_client_conf.c ----------------------------------------------------------------------------------------- */

/* Merges into the property setting and applies. false: a warning was given, nothing has changed. */
bool rs_client_set(struct rs_client_object *o, HashTable *settings);
/* What a connection needs of settings, without framing, into one that was rs_client_conf_init()ed. */
void rs_client_conf_read(struct rs_client_conf *conf, HashTable *settings);
/* NULL: not set, or null. */
zval *rs_client_setting(HashTable *settings, const char *name);
/* The framing alone, for Coroutine\Socket. NULL: *out is ready; else why not. length_func may be set. */
const char *rs_client_packet_conf(struct rs_packet_conf *out, struct rs_php_callback *length_func, HashTable *settings);

/* ---- swoole_client_wait.c ----------------------------------------------------------------------------------------- */

/* Blocks the process, or suspends the coroutine when inside one. */
rs_wait_fn rs_client_wait;
/* Seconds of PHP as a limit: what is not above 0 is none. */
int64_t rs_client_ms(double seconds);

/* ---- swoole_async_client.c ---------------------------------------------------------------------------------------- */

/* Makes o asynchronous. false: an exception is thrown. */
bool rs_async_client_attach(struct rs_client_object *o);
/* The object goes. */
void rs_async_client_detach(struct rs_client_object *o);
bool rs_async_client_connect(struct rs_client_object *o, zend_string *host, zend_long port);
bool rs_async_client_send(struct rs_client_object *o, zend_string *data);
bool rs_async_client_sendfile(struct rs_client_object *o, zend_string *path, zend_long offset, zend_long length);
bool rs_async_client_close(struct rs_client_object *o);
bool rs_async_client_is_connected(const struct rs_client_object *o);
bool rs_async_client_start_tls(struct rs_client_object *o, zend_fcall_info *fci, zend_fcall_info_cache *fcc);
bool rs_async_client_on(struct rs_client_object *o, zend_string *event, zval *callback);
bool rs_async_client_pause(struct rs_client_object *o, bool pause);
void rs_async_client_gc(struct rs_client_object *o, zend_get_gc_buffer *buffer);

#endif
