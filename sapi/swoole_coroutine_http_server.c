/*
 * Swoole\Coroutine\Http\Server: an HTTP and WebSocket server inside a coroutine: start() accepts, each connection has a coroutine of
 * its own, and its handlers are chosen by the beginning of the path.
 */
#include "swoole_coroutine_http.h"

#include "swoole_client.h"
#include "swoole_server_settings.h"
#include "stubs/coroutine_http_server_arginfo.h"

/* What laravels.ini has for the daemon, by the same names. */
#define HEAD_MAX (64u << 10)
#define MEMORY_MAX (1u << 20)
#define PUSH_QUEUE_MAX (2u << 20)
#define HEADER_MS 60000
#define BODY_MS 60000
#define KEEPALIVE_MS 75000
#define SEND_MS 60000
#define BODY_RATE 500
#define SEND_RATE 500

struct rs_co_http_server {
	struct rs_co_listener l;
	struct rs_httpd_rules rules;
	HashTable handlers;                      /* pattern -> struct rs_php_callback * */
	LIST_HEAD(, rs_co_http) connections;     /* that have a coroutine */
	zend_object std;
};

#define SERVER_THIS() RS_SWOOLE_OBJECT(struct rs_co_http_server, Z_OBJ_P(ZEND_THIS))

static zend_object_handlers handlers;

/* Times that are no settings of other servers; seconds. */
static const struct {
	const char *name;
	size_t at;
} limits[] = {
	{ "header_timeout", offsetof(struct rs_httpd_rules, head_ms) },
	{ "body_timeout", offsetof(struct rs_httpd_rules, body_ms) },
	{ "keepalive_timeout", offsetof(struct rs_httpd_rules, idle_ms) },
	{ "send_timeout", offsetof(struct rs_httpd_rules, send_ms) },
};
/* The same; bytes a second. */
static const struct {
	const char *name;
	size_t at;
} rates[] = {
	{ "body_min_rate", offsetof(struct rs_httpd_rules, body_rate) },
	{ "write_min_rate", offsetof(struct rs_httpd_rules, send_rate) },
};
static const char *const limit_names[] = { "header_timeout", "body_timeout", "keepalive_timeout", "send_timeout", "body_min_rate",
					   "write_min_rate", NULL };

/* ---- objects -------------------------------------------------------------------------------------------------------------- */

static void free_handler(zval *value)
{
	struct rs_php_callback *cb = Z_PTR_P(value);

	rs_php_callback_free(cb);
	efree(cb);
}

static void complain(const char *why)
{
	rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s", why);
}

static zend_object *server_new(zend_class_entry *ce)
{
	struct rs_co_http_server *s = zend_object_alloc(sizeof *s, ce);

	memset(s, 0, offsetof(struct rs_co_http_server, std));
	rs_co_listener_init(&s->l);
	s->rules = (struct rs_httpd_rules){ .head_max = HEAD_MAX, .memory_max = MEMORY_MAX, .queue_max = PUSH_QUEUE_MAX, .head_ms = HEADER_MS,
					    .body_ms = BODY_MS, .idle_ms = KEEPALIVE_MS, .send_ms = SEND_MS, .body_rate = BODY_RATE,
					    .send_rate = SEND_RATE, .complain = complain };
	zend_hash_init(&s->handlers, 8, NULL, free_handler, 0);
	zend_object_std_init(&s->std, ce);
	object_properties_init(&s->std, ce);
	s->std.handlers = &handlers;
	return &s->std;
}

static void server_free(zend_object *object)
{
	struct rs_co_http_server *s = RS_SWOOLE_OBJECT(struct rs_co_http_server, object);

	rs_co_listener_free(&s->l);
	zend_hash_destroy(&s->handlers);
	zend_object_std_dtor(object);
}

static HashTable *server_gc(zend_object *object, zval **table, int *n)
{
	struct rs_co_http_server *s = RS_SWOOLE_OBJECT(struct rs_co_http_server, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();
	struct rs_php_callback *cb;

	ZEND_HASH_FOREACH_PTR(&s->handlers, cb) {
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(cb));
	} ZEND_HASH_FOREACH_END();
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

/* ---- before start() ------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine_Http_Server, __construct)
{
	struct rs_co_http_server *s = SERVER_THIS();

	(void)rs_co_listener_open(&s->l, &s->std, INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

/* What is not above 0 is no limit; of keepalive_timeout: no second request. */
static void set_limit(struct rs_co_http_server *s, size_t i, int64_t ms)
{
	int64_t *limit = (int64_t *)((char *)&s->rules + limits[i].at);

	*limit = ms > 0 ? ms : limit == &s->rules.idle_ms ? 0 : -1;
}

ZEND_METHOD(Swoole_Coroutine_Http_Server, set)
{
	struct rs_co_http_server *s = SERVER_THIS();
	HashTable *settings;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	if (s->l.running) {
		rs_swoole_warn(RS_SWOOLE_ERROR_OPERATION_NOT_SUPPORT, "the server runs already");
		RETURN_FALSE;
	}
	if (!rs_co_listener_set(&s->l, &s->std, "settings", settings, limit_names))
		RETURN_THROWS();
	for (size_t i = 0; i < RS_COUNTOF(limits); i++)
		if ((value = zend_hash_str_find_deref(settings, limits[i].name, strlen(limits[i].name))))
			set_limit(s, i, rs_swoole_setting_ms(value));
	for (size_t i = 0; i < RS_COUNTOF(rates); i++)
		if ((value = zend_hash_str_find_deref(settings, rates[i].name, strlen(rates[i].name))))
			*(uint64_t *)((char *)&s->rules + rates[i].at) = (uint64_t)MAX(0, zval_get_long(value));
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Http_Server, handle)
{
	struct rs_co_http_server *s = SERVER_THIS();
	struct rs_php_callback *cb;
	zend_string *pattern;
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(pattern)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	cb = zend_hash_find_ptr(&s->handlers, pattern);
	if (!cb) {
		cb = ecalloc(1, sizeof *cb);
		zend_hash_add_new_ptr(&s->handlers, pattern, cb);
	}
	rs_php_callback_copy(cb, &fci, &fcc);
}

/* The longest pattern that the path begins with. NULL: there is none. */
static struct rs_php_callback *find(struct rs_co_http_server *s, struct rs_slice path)
{
	struct rs_php_callback *best = NULL, *cb;
	zend_string *pattern;
	size_t length = 0;

	ZEND_HASH_FOREACH_STR_KEY_PTR(&s->handlers, pattern, cb) {
		if (pattern && ZSTR_LEN(pattern) <= path.n && (!best || ZSTR_LEN(pattern) > length) &&
		    memcmp(ZSTR_VAL(pattern), path.p, ZSTR_LEN(pattern)) == 0) {
			best = cb;
			length = ZSTR_LEN(pattern);
		}
	} ZEND_HASH_FOREACH_END();
	/* "OPTIONS *" has no path. */
	return best ? best : zend_hash_str_find_ptr(&s->handlers, "/", 1);
}

/* ---- running ---------------------------------------------------------------------------------------------------------------- */

/* The settings of the port are as they will be used now. */
static void make_rules(zend_object *object)
{
	struct rs_co_http_server *s = RS_SWOOLE_OBJECT(struct rs_co_http_server, object);
	const struct rs_swoole_port *port = s->l.port;
	struct rs_httpd_rules *r = &s->rules;

	if (port->p.http2 || port->p.static_handler)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "the setting %s has no effect on a coroutine server",
			      port->p.http2 ? "open_http2_protocol" : "enable_static_handler");
	r->body_max = port->p.package_max_length;
	r->spool_dir = port->http.upload_tmp_dir;
	r->protocols = port->p.subprotocol;
	r->hand_ping = port->p.ws_ping_frame;
	r->hand_pong = port->p.ws_pong_frame;
	r->deflate = port->p.ws_compression;
	r->mask = port->p.ws_mask;
	r->server = rs_http_server_name();
}

ZEND_METHOD(Swoole_Coroutine_Http_Server, start)
{
	struct rs_co_http_server *s = SERVER_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_co_listener_run(&s->l, &s->std, make_rules));
}

/* Telling a WebSocket may wait, and the list changes meanwhile. */
static void stop_connections(struct rs_co_http_server *s)
{
	struct rs_co_http *c, **all;
	size_t n = 0, i = 0;

	LIST_FOREACH(c, &s->connections, next)
		n++;
	all = safe_emalloc(n ? n : 1, sizeof(struct rs_co_http *), 0);
	LIST_FOREACH(c, &s->connections, next) {
		c->refs++;
		all[i++] = c;
	}
	for (i = 0; i < n; i++) {
		rs_httpd_stop(&all[i]->h);
		rs_co_http_unref(all[i]);
	}
	efree(all);
}

/* Those that wait for a request are closed, the others after their answer; WebSockets are told to go. */
ZEND_METHOD(Swoole_Coroutine_Http_Server, shutdown)
{
	struct rs_co_http_server *s = SERVER_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	if (!s->l.port || s->l.stopping)
		return;
	rs_co_listener_stop(&s->l, &s->std);
	stop_connections(s);
}

static void serve(struct rs_co_http_server *s, struct rs_co_http *c)
{
	struct rs_server_request *q;

	while (!EG(exception) && !c->detached && rs_httpd_next(&c->h, &q)) {
		struct rs_slice path = rs_server_request_view(q)->path;

		rs_co_http_handle(c, q, find(s, path));
	}
	if (c->h.body_error)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, c->h.body_error, "cannot keep a request body in %s: %s", s->rules.spool_dir,
			      strerror(c->h.body_error));
	if (!EG(exception) && !c->detached)
		rs_httpd_part(&c->h);
}

ZEND_METHOD(Swoole_Coroutine_Http_Server, serve)
{
	struct rs_co_http_server *s = SERVER_THIS();
	struct rs_co_socket *socket;
	struct rs_co_http *c;
	zval *object;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_OBJECT_OF_CLASS(object, rs_co_socket_ce)
	ZEND_PARSE_PARAMETERS_END();
	socket = RS_SWOOLE_OBJECT(struct rs_co_socket, Z_OBJ_P(object));
	if (!rs_co_listener_greet(&s->l, socket))
		return;
	c = rs_co_http_new(object, s->l.port, &s->rules);
	LIST_INSERT_HEAD(&s->connections, c, next);
	if (s->l.stopping)
		rs_httpd_stop(&c->h);
	serve(s, c);
	LIST_REMOVE(c, next);
	if (!c->detached) {
		c->h.gone = true;
		rs_co_socket_close(socket);
	}
	rs_co_http_unref(c);
}

void rs_swoole_minit_coroutine_http_server(void)
{
	zend_class_entry *ce = register_class_Swoole_Coroutine_Http_Server();

	ce->create_object = server_new;
	rs_swoole_handlers(&handlers, offsetof(struct rs_co_http_server, std), server_free);
	rs_swoole_keep_properties(ce, &handlers);
	handlers.get_gc = server_gc;
}
