/*
 * Swoole\Server\Port: one listening socket of a server, with settings and callbacks of its own. Made by the server's constructor
 * and listen() only. The socket itself is worker/server.h's.
 */
#include "swoole_server_hosted.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The distribution's PHP has sockets as a module of its own; the header is empty without this. */
#ifndef HAVE_SOCKETS
#define HAVE_SOCKETS 1
#endif
#include <ext/sockets/php_sockets.h>

#include "stubs/server_port_arginfo.h"

#define SOCK_TCP 1
#define SOCK_UDP 2
#define SOCK_UDP6 4
#define SOCK_UNIX_STREAM 5
#define SOCK_UNIX_DGRAM 6
#define SOCK_SSL 512

zend_class_entry *rs_swoole_port_ce;

static zend_object_handlers handlers;

/* ---- objects -------------------------------------------------------------------------------------------------------- */

struct rs_swoole_port *rs_swoole_port_of(zend_object *object)
{
	return RS_SWOOLE_OBJECT(struct rs_swoole_port, object);
}

static zend_object *create_object(zend_class_entry *ce)
{
	struct rs_swoole_port *port = zend_object_alloc(sizeof *port, ce);

	rs_swoole_port_conf_init(port);
	port->p.listen_fd = -1;
	zend_object_std_init(&port->std, ce);
	object_properties_init(&port->std, ce);
	port->std.handlers = &handlers;
	return &port->std;
}

static void free_object(zend_object *object)
{
	struct rs_swoole_port *port = rs_swoole_port_of(object);

	for (size_t i = 0; i < RS_COUNTOF(port->on); i++)
		rs_php_callback_free(&port->on[i]);
	rs_swoole_port_conf_free(port);
	zend_object_std_dtor(object);
}

static HashTable *get_gc(zend_object *object, zval **table, int *n)
{
	struct rs_swoole_port *port = rs_swoole_port_of(object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	for (size_t i = 0; i < RS_COUNTOF(port->on); i++)
		if (port->on[i].set)
			zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&port->on[i]));
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

void rs_swoole_merge_settings(zend_object *object, const char *name, HashTable *settings)
{
	zend_class_entry *ce = object->ce;
	zval room, merged, *old = zend_read_property(ce, object, name, strlen(name), true, &room);

	ZVAL_DEREF(old);
	if (Z_TYPE_P(old) == IS_ARRAY)
		ZVAL_ARR(&merged, zend_array_dup(Z_ARRVAL_P(old)));
	else
		array_init(&merged);
	zend_hash_merge(Z_ARRVAL(merged), settings, zval_add_ref, true);
	zend_update_property(ce, object, name, strlen(name), &merged);
	zval_ptr_dtor(&merged);
}

/* ---- opening -------------------------------------------------------------------------------------------------------- */

static bool is_unix(zend_long type)
{
	return type == SOCK_UNIX_STREAM || type == SOCK_UNIX_DGRAM;
}

static bool is_datagram(zend_long type)
{
	return type == SOCK_UDP || type == SOCK_UDP6 || type == SOCK_UNIX_DGRAM;
}

/* false: errno, why. */
static bool check_address(zend_string *host, zend_long port, zend_long type, char *why, size_t why_size)
{
	const char *wrong = NULL;

	errno = EINVAL;
	if ((type & SOCK_SSL) && is_datagram(type & ~SOCK_SSL)) {
		errno = EPROTONOSUPPORT;
		wrong = "TLS is for streams, there is no DTLS";
	} else if ((type &= ~SOCK_SSL) < SOCK_TCP || type > SOCK_UNIX_DGRAM) {
		wrong = "unknown socket type";
	} else if (ZSTR_LEN(host) == 0 || ZSTR_LEN(host) >= sizeof((struct rs_port *)0)->host || strlen(ZSTR_VAL(host)) != ZSTR_LEN(host)) {
		wrong = "that is no address";
	} else if (!is_unix(type) && (port < 0 || port > UINT16_MAX)) {
		wrong = "a port is 0 to 65535";
	}
	if (wrong)
		ap_php_snprintf(why, why_size, "%s", wrong);
	return !wrong;
}

static void show(struct rs_swoole_port *port)
{
	zend_object *o = &port->std;
	zval connections;

	zend_update_property_string(rs_swoole_port_ce, o, ZEND_STRL("host"), port->p.host);
	zend_update_property_long(rs_swoole_port_ce, o, ZEND_STRL("port"), port->p.port);
	zend_update_property_long(rs_swoole_port_ce, o, ZEND_STRL("type"), port->p.socket_type);
	zend_update_property_bool(rs_swoole_port_ce, o, ZEND_STRL("ssl"), port->p.tls);
	zend_update_property_long(rs_swoole_port_ce, o, ZEND_STRL("sock"), port->p.listen_fd);
	rs_swoole_iterator_new(&connections, (int)port->index);
	zend_update_property(rs_swoole_port_ce, o, ZEND_STRL("connections"), &connections);
	zval_ptr_dtor(&connections);
}

struct rs_swoole_port *rs_swoole_port_new(zend_string *host, zend_long number, zend_long type, char *why, size_t why_size)
{
	struct rs_swoole_port *port;

	if (!check_address(host, number, type, why, why_size))
		return NULL;
	port = rs_swoole_port_of(create_object(rs_swoole_port_ce));
	memcpy(port->p.host, ZSTR_VAL(host), ZSTR_LEN(host) + 1);
	port->p.port = is_unix(type) ? 0 : (uint16_t)number;
	port->p.socket_type = (uint8_t)(type & ~SOCK_SSL);
	port->p.tls = (type & SOCK_SSL) != 0;
	type &= ~SOCK_SSL;
	port->p.protocol = is_datagram(type) ? RS_PORT_DATAGRAM : RS_PORT_STREAM;
	return port;
}

bool rs_swoole_port_open(struct rs_swoole_server *s, zend_string *host, zend_long number, zend_long type, char *why, size_t why_size)
{
	struct rs_swoole_port *port = rs_swoole_port_new(host, number, type, why, why_size);

	if (!port)
		return false;
	/* Ports of hosted applications are the master's. */
	if (!s->hosted && !rs_server_listen(&port->p, s->conf.enable_reuse_port, why, why_size)) {
		int saved = errno;

		zend_object_release(&port->std);
		errno = saved;
		return false;
	}
	port->index = s->nports;
	s->ports = safe_erealloc(s->ports, s->nports + 1, sizeof(struct rs_swoole_port *), 0);
	s->ports[s->nports++] = port;
	show(port);
	return true;
}

/* ---- at start() ------------------------------------------------------------------------------------------------------- */

static void finish_framing(struct rs_swoole_port *port)
{
	zend_string *eof = port->conf.package_eof, *type = port->conf.package_length_type;

	/* Their values were checked by set(). */
	port->p.eof_len = eof ? (uint8_t)ZSTR_LEN(eof) : 4;
	memcpy(port->p.eof, eof ? ZSTR_VAL(eof) : "\r\n\r\n", port->p.eof_len);
	port->p.length_type = type ? ZSTR_VAL(type)[0] : 'N';
}

static void finish_connections(struct rs_port *p)
{
	if (p->high_watermark == 0)
		p->high_watermark = p->socket_buffer_size / 10 * 8;
	/* One of the two is enough: whoever is idle for two intervals goes, or is looked at twice in that time. */
	if (p->heartbeat_check_ms && !p->heartbeat_idle_ms)
		p->heartbeat_idle_ms = p->heartbeat_check_ms > UINT32_MAX / 2 ? UINT32_MAX : 2 * p->heartbeat_check_ms;
	if (p->heartbeat_idle_ms && !p->heartbeat_check_ms)
		p->heartbeat_check_ms = p->heartbeat_idle_ms / 2 + 1;
}

/* Strings of an array, each terminated, an empty one at the end. What is no string or does not fit is said and left out. */
static void put_list(const char *key, zend_array *from, char *to, size_t size)
{
	size_t at = 0;
	zval *one;

	if (!from)
		return;
	ZEND_HASH_FOREACH_VAL(from, one) {
		ZVAL_DEREF(one);
		if (Z_TYPE_P(one) != IS_STRING || Z_STRLEN_P(one) == 0 || at + Z_STRLEN_P(one) + 2 > size ||
		    strlen(Z_STRVAL_P(one)) != Z_STRLEN_P(one)) {
			rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s: one of its names is no string, or they are too long: it is left out", key);
			continue;
		}
		memcpy(to + at, Z_STRVAL_P(one), Z_STRLEN_P(one) + 1);
		at += Z_STRLEN_P(one) + 1;
	} ZEND_HASH_FOREACH_END();
	to[at] = '\0';
}

/* No array: any type. */
static void finish_compression(struct rs_swoole_http_conf *http)
{
	zval *one;

	rs_strlist_clear(&http->types);
	http->compress.types = http->compression_types ? &http->types : NULL;
	if (!http->compression_types)
		return;
	ZEND_HASH_FOREACH_VAL(http->compression_types, one) {
		if (Z_TYPE_P(one) == IS_STRING && !rs_strlist_add(&http->types, Z_STRVAL_P(one)))
			zend_error_noreturn(E_ERROR, "out of memory");
	} ZEND_HASH_FOREACH_END();
}

static void finish_http(struct rs_swoole_port *port)
{
	const struct rs_swoole_port_conf *c = &port->conf;
	struct rs_port *p = &port->p;

	port->http.output_buffer_size = p->output_buffer_size;
	port->http.socket_buffer_size = p->socket_buffer_size;
	finish_compression(&port->http);
	port->http.upload_tmp_dir = c->upload_tmp_dir ? ZSTR_VAL(c->upload_tmp_dir) : "/tmp";
	if (c->document_root)
		memcpy(p->document_root, ZSTR_VAL(c->document_root), ZSTR_LEN(c->document_root) + 1);
	else
		p->static_handler = false;
	put_list("static_handler_locations", c->static_locations, p->static_locations, sizeof p->static_locations);
	put_list("http_index_files", c->index_files, p->index_files, sizeof p->index_files);
	if (c->subprotocol)
		memcpy(p->subprotocol, ZSTR_VAL(c->subprotocol), ZSTR_LEN(c->subprotocol) + 1);
}

static enum rs_port_protocol protocol(const struct rs_swoole_port *port)
{
	if (is_datagram(port->p.socket_type))
		return RS_PORT_DATAGRAM;
	if (port->conf.open_websocket)
		return RS_PORT_WEBSOCKET;
	return port->conf.open_http || port->p.http2 ? RS_PORT_HTTP : RS_PORT_STREAM;
}

void rs_swoole_port_settle(const struct rs_swoole_server *s, struct rs_swoole_port *port)
{
	port->p.protocol = (uint8_t)protocol(port);
	finish_framing(port);
	finish_connections(&port->p);
	finish_http(port);
	rs_swoole_port_tls(s, port);
}

void rs_swoole_port_finish(struct rs_swoole_server *s, struct rs_swoole_port *port)
{
	if (port->index > 0 && !port->own_settings)
		rs_swoole_port_conf_copy(port, s->ports[0]);
	rs_swoole_port_settle(s, port);
	if (!s->hosted)
		rs_server_relisten(&port->p);
}

const struct rs_swoole_http_conf *rs_swoole_http_conf(uint32_t index)
{
	const struct rs_swoole_server *s = rs_swoole_the_server();

	return &s->ports[index < s->nports ? index : 0]->http;
}

/* ---- methods ---------------------------------------------------------------------------------------------------------- */

/* Whose constructor nobody can call. */
ZEND_METHOD(Swoole_Server_Port, __construct)
{
	ZEND_PARSE_PARAMETERS_NONE();
}

/* The port behind $this; fatal when a subclass has made it. */
static struct rs_swoole_port *this_port(zval *object)
{
	struct rs_swoole_port *port = rs_swoole_port_of(Z_OBJ_P(object));
	struct rs_swoole_server *s = rs_swoole_the_server();

	if (!s || port->index >= s->nports || s->ports[port->index] != port)
		rs_swoole_fatal("must call constructor first");
	return port;
}

ZEND_METHOD(Swoole_Server_Port, set)
{
	struct rs_swoole_port *port;
	HashTable *settings;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	port = this_port(ZEND_THIS);
	if (!rs_swoole_server_not_running(rs_swoole_the_server()))
		return;
	port->own_settings = true;
	rs_swoole_merge_settings(&port->std, "setting", settings);
	if (!rs_swoole_the_server()->hosted)
		rs_swoole_apply_settings(NULL, port, settings);
	else if (!rs_swoole_hosted_set(NULL, port, settings))
		RETURN_THROWS();
}

ZEND_METHOD(Swoole_Server_Port, on)
{
	zend_string *name;
	zval *callback;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(name)
		Z_PARAM_ZVAL(callback)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_swoole_on(rs_swoole_the_server(), this_port(ZEND_THIS), name, callback));
}

ZEND_METHOD(Swoole_Server_Port, getCallback)
{
	struct rs_php_callback *cb;
	zend_string *name;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(name)
	ZEND_PARSE_PARAMETERS_END();
	cb = rs_swoole_on_find(NULL, this_port(ZEND_THIS), name);
	if (cb)
		RETURN_COPY(rs_php_callback_zval(cb));
}

/* ext-sockets is a module of its own, loaded or not: its function is found by name. */
void rs_swoole_port_socket(const struct rs_swoole_port *port, zval *out)
{
	zend_class_entry *ce = zend_hash_str_find_ptr(EG(class_table), ZEND_STRL("socket"));
	bool (*import)(PHP_SOCKET fd, php_socket *socket);
	int fd;

	ZVAL_FALSE(out);
	*(void **)&import = dlsym(RTLD_DEFAULT, "socket_import_file_descriptor");
	if (!ce || !import)
		return;
	fd = fcntl(port->p.listen_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	object_init_ex(out, ce);
	if (import(fd, Z_SOCKET_P(out)))
		return;
	close(fd);
	zval_ptr_dtor(out);
	ZVAL_FALSE(out);
}

ZEND_METHOD(Swoole_Server_Port, getSocket)
{
	ZEND_PARSE_PARAMETERS_NONE();
	rs_swoole_port_socket(this_port(ZEND_THIS), return_value);
}

void rs_swoole_minit_server_port(void)
{
	rs_swoole_port_ce = register_class_Swoole_Server_Port();
	rs_swoole_port_ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct rs_swoole_port, std), free_object);
	handlers.get_gc = get_gc;
	rs_swoole_keep_properties(rs_swoole_port_ce, &handlers);
	rs_swoole_alias(rs_swoole_port_ce, "swoole_server_port");
}
