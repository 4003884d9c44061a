/*
 * Swoole\Server: the object, its ports and user processes, until start(). What it does then is in the other swoole_server_*.c.
 */
#include "swoole_server_hosted.h"

#include <errno.h>
#include <unistd.h>

#include "swoole_process.h"

#include "stubs/server_arginfo.h"

#define MODE_BASE 1
#define MODE_PROCESS 2
#define PORTS_MAX RS_PORTS_MAX
#define SOCK_DEFAULT 1

zend_class_entry *rs_swoole_server_ce;

static struct {
	zend_object_handlers handlers;
	struct rs_swoole_server *the; /* of this process; not a reference */
} servers;

/* ---- the object ------------------------------------------------------------------------------------------------------- */

struct rs_swoole_server *rs_swoole_the_server(void)
{
	return servers.the;
}

struct rs_swoole_server *rs_swoole_server_of(zval *object)
{
	struct rs_swoole_server *s = RS_SWOOLE_OBJECT(struct rs_swoole_server, Z_OBJ_P(object));

	if (!s->made)
		rs_swoole_fatal("must call constructor first");
	return s;
}

static zend_object *create_object(zend_class_entry *ce)
{
	struct rs_swoole_server *s = zend_object_alloc(sizeof *s, ce);

	rs_swoole_server_conf_init(s);
	zend_object_std_init(&s->std, ce);
	object_properties_init(&s->std, ce);
	s->std.handlers = &servers.handlers;
	return &s->std;
}

static void free_object(zend_object *object)
{
	struct rs_swoole_server *s = RS_SWOOLE_OBJECT(struct rs_swoole_server, object);

	for (size_t i = 0; i < RS_COUNTOF(s->on); i++)
		rs_php_callback_free(&s->on[i]);
	for (uint32_t i = 0; i < s->nports; i++) {
		/* The file of a Unix socket is not a child's to remove. */
		if (s->pid == getpid() && s->ports[i]->p.listen_fd >= 0)
			rs_server_unlisten(&s->ports[i]->p);
		OBJ_RELEASE(&s->ports[i]->std);
	}
	for (uint32_t i = 0; i < s->nprocesses; i++)
		OBJ_RELEASE(s->processes[i]);
	if (s->ports)
		efree(s->ports);
	if (s->processes)
		efree(s->processes);
	rs_swoole_server_conf_free(s);
	if (servers.the == s)
		servers.the = NULL;
	zend_object_std_dtor(object);
}

/* Callbacks are often closures that hold the server. */
static HashTable *get_gc(zend_object *object, zval **table, int *n)
{
	struct rs_swoole_server *s = RS_SWOOLE_OBJECT(struct rs_swoole_server, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	for (size_t i = 0; i < RS_COUNTOF(s->on); i++)
		if (s->on[i].set)
			zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&s->on[i]));
	for (uint32_t i = 0; i < s->nports; i++)
		zend_get_gc_buffer_add_obj(buffer, &s->ports[i]->std);
	for (uint32_t i = 0; i < s->nprocesses; i++)
		zend_get_gc_buffer_add_obj(buffer, s->processes[i]);
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

void rs_swoole_server_put_long(struct rs_swoole_server *s, const char *name, zend_long value)
{
	zend_update_property_long(rs_swoole_server_ce, &s->std, name, strlen(name), value);
}

bool rs_swoole_server_running(void)
{
	if (rs_server_here())
		return true;
	rs_swoole_warn(0, "server is not running");
	return false;
}

bool rs_swoole_server_not_running(const struct rs_swoole_server *s)
{
	if (!s->started)
		return true;
	rs_swoole_warn(0, "server is running, unable to execute %s()", get_active_function_name());
	return false;
}

/* ---- construction ------------------------------------------------------------------------------------------------------- */

static void show(struct rs_swoole_server *s)
{
	const struct rs_port *p = &s->ports[0]->p;
	zval value;

	zend_update_property_string(rs_swoole_server_ce, &s->std, ZEND_STRL("host"), p->host);
	rs_swoole_server_put_long(s, "port", p->port);
	rs_swoole_server_put_long(s, "type", p->socket_type);
	zend_update_property_bool(rs_swoole_server_ce, &s->std, ZEND_STRL("ssl"), p->tls);
	rs_swoole_server_put_long(s, "mode", s->mode);
	rs_swoole_iterator_new(&value, -1);
	zend_update_property(rs_swoole_server_ce, &s->std, ZEND_STRL("connections"), &value);
	zval_ptr_dtor(&value);
}

void rs_swoole_server_show_ports(struct rs_swoole_server *s)
{
	zval ports, port;

	array_init_size(&ports, s->nports);
	for (uint32_t i = 0; i < s->nports; i++) {
		ZVAL_OBJ_COPY(&port, &s->ports[i]->std);
		add_next_index_zval(&ports, &port);
	}
	zend_update_property(rs_swoole_server_ce, &s->std, ZEND_STRL("ports"), &ports);
	zval_ptr_dtor(&ports);
}

/* What the class says about its first port. */
static void take_protocol(struct rs_swoole_server *s)
{
	bool websocket = instanceof_function(s->std.ce, rs_swoole_websocket_server_ce);
	bool http = instanceof_function(s->std.ce, rs_swoole_http_server_ce);

	s->ports[0]->conf.open_http = http;
	s->ports[0]->conf.open_websocket = websocket;
}

/* false: an exception was thrown. */
static bool can_be_made(const struct rs_swoole_server *s, zend_long mode)
{
	if (strcmp(sapi_module.name, "cli") != 0)
		rs_swoole_fatal("%s can only be used in CLI mode", ZSTR_VAL(s->std.ce->name));
	if (s->made)
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(s->std.ce->name));
	else if (servers.the || rs_server_here())
		rs_swoole_throw(-3, "server is running or has been created, unable to create %s", ZSTR_VAL(s->std.ce->name));
	else if (mode != MODE_BASE && mode != MODE_PROCESS)
		zend_throw_error(NULL, "invalid $mode parameters " ZEND_LONG_FMT, mode);
	else
		return true;
	return false;
}

bool rs_swoole_server_make(struct rs_swoole_server *s, zend_string *host, zend_long port, zend_long type, char *why, size_t why_size)
{
	servers.the = s;
	if (!rs_swoole_port_open(s, host, port, type, why, why_size)) {
		servers.the = NULL;
		return false;
	}
	s->pid = getpid();
	s->made = true;
	take_protocol(s);
	show(s);
	rs_swoole_server_show_ports(s);
	return true;
}

ZEND_METHOD(Swoole_Server, __construct)
{
	struct rs_swoole_server *s = RS_SWOOLE_OBJECT(struct rs_swoole_server, Z_OBJ_P(ZEND_THIS));
	zend_long port = 0, mode = MODE_BASE, type = SOCK_DEFAULT;
	zend_string *host = NULL;
	char why[256] = "";

	ZEND_PARSE_PARAMETERS_START(0, 4)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(host)
		Z_PARAM_LONG(port)
		Z_PARAM_LONG(mode)
		Z_PARAM_LONG(type)
	ZEND_PARSE_PARAMETERS_END();
	if (!can_be_made(s, mode))
		RETURN_THROWS();
	host = host ? zend_string_copy(host) : zend_string_init(ZEND_STRL("0.0.0.0"), false);
	s->mode = mode;
	if (!rs_swoole_server_make(s, host, port, type, why, sizeof why)) {
		int saved = errno;

		rs_swoole_throw(saved, "failed to listen server port[%s:" ZEND_LONG_FMT "], Error: %s[%d]", ZSTR_VAL(host), port,
				*why ? why : strerror(saved), saved);
		zend_string_release(host);
		RETURN_THROWS();
	}
	zend_string_release(host);
}

/* ---- configuration ------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Server, set)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	HashTable *settings;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_not_running(s))
		RETURN_FALSE;
	rs_swoole_merge_settings(&s->std, "setting", settings);
	rs_swoole_merge_settings(&s->ports[0]->std, "setting", settings);
	if (!s->hosted)
		rs_swoole_apply_settings(s, s->ports[0], settings);
	else if (!rs_swoole_hosted_set(s, s->ports[0], settings))
		RETURN_THROWS();
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Server, on)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_string *name;
	zval *callback;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(name)
		Z_PARAM_ZVAL(callback)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(rs_swoole_on(s, NULL, name, callback));
}

ZEND_METHOD(Swoole_Server, getCallback)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	struct rs_php_callback *cb;
	zend_string *name;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(name)
	ZEND_PARSE_PARAMETERS_END();
	cb = rs_swoole_on_find(s, NULL, name);
	if (cb)
		RETURN_COPY(rs_php_callback_zval(cb));
}

ZEND_METHOD(Swoole_Server, listen)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_long port, type;
	zend_string *host;
	char why[256] = "";

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_STR(host)
		Z_PARAM_LONG(port)
		Z_PARAM_LONG(type)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_not_running(s))
		RETURN_FALSE;
	if (s->nports == PORTS_MAX) {
		rs_swoole_log(RS_SWOOLE_LOG_ERROR, RS_SWOOLE_ERROR_SERVER_TOO_MANY_LISTEN_PORT, "allows up to %d ports to listen", PORTS_MAX);
		RETURN_FALSE;
	}
	if (!rs_swoole_port_open(s, host, port, type, why, sizeof why)) {
		int code = errno == EINVAL ? RS_SWOOLE_ERROR_SERVER_INVALID_LISTEN_PORT : errno;

		rs_swoole_log(RS_SWOOLE_LOG_ERROR, code, "failed to listen on %s:" ZEND_LONG_FMT ": %s", ZSTR_VAL(host), port,
			      *why ? why : strerror(code));
		RETURN_FALSE;
	}
	rs_swoole_server_show_ports(s);
	RETURN_OBJ_COPY(&s->ports[s->nports - 1]->std);
}

ZEND_METHOD(Swoole_Server, addProcess)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_object *process;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_OBJ_OF_CLASS(process, rs_swoole_process_ce)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_not_running(s))
		RETURN_FALSE;
	/* Its id is set at start(), when the number of workers is known. */
	if (!rs_swoole_process_take(process, s->nprocesses)) {
		rs_swoole_warn(0, "this process has been started or added already");
		RETURN_FALSE;
	}
	s->processes = safe_erealloc(s->processes, s->nprocesses + 1, sizeof(zend_object *), 0);
	GC_ADDREF(process);
	s->processes[s->nprocesses++] = process;
	RETURN_LONG(s->nprocesses);
}

ZEND_METHOD(Swoole_Server, getSocket)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_long port = 0;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
	ZEND_PARSE_PARAMETERS_END();
	for (uint32_t i = 0; i < s->nports; i++)
		if (port == 0 || s->ports[i]->p.port == port) {
			rs_swoole_port_socket(s->ports[i], return_value);
			return;
		}
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Server, start)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_swoole_server_start(s));
}

ZEND_METHOD(Swoole_Server, getLastError)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(rs_swoole_last_error());
}

void rs_swoole_minit_server(void)
{
	rs_swoole_server_ce = register_class_Swoole_Server();
	rs_swoole_server_ce->create_object = create_object;
	rs_swoole_handlers(&servers.handlers, offsetof(struct rs_swoole_server, std), free_object);
	servers.handlers.get_gc = get_gc;
	rs_swoole_keep_properties(rs_swoole_server_ce, &servers.handlers);
	rs_swoole_alias(rs_swoole_server_ce, "swoole_server");
}
