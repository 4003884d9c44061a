/*
 * Swoole\Coroutine\Server: connections of any protocol over TCP, each with a coroutine of its own, in which the handler reads and
 * writes; and Swoole\Coroutine\Server\Connection, a thin shell around a Coroutine\Socket.
 */
#include "swoole_coroutine_listener.h"

#include "swoole_client.h"
#include "stubs/coroutine_server_arginfo.h"

struct rs_co_server {
	struct rs_co_listener l;
	struct rs_php_callback handler;
	zend_object std;
};

#define SERVER_THIS() RS_SWOOLE_OBJECT(struct rs_co_server, Z_OBJ_P(ZEND_THIS))

static zend_class_entry *connection_ce;
static zend_object_handlers handlers;

/* ---- objects -------------------------------------------------------------------------------------------------------------- */

static zend_object *server_new(zend_class_entry *ce)
{
	struct rs_co_server *s = zend_object_alloc(sizeof *s, ce);

	memset(s, 0, offsetof(struct rs_co_server, std));
	rs_co_listener_init(&s->l);
	zend_object_std_init(&s->std, ce);
	object_properties_init(&s->std, ce);
	s->std.handlers = &handlers;
	return &s->std;
}

static void server_free(zend_object *object)
{
	struct rs_co_server *s = RS_SWOOLE_OBJECT(struct rs_co_server, object);

	rs_co_listener_free(&s->l);
	rs_php_callback_free(&s->handler);
	zend_object_std_dtor(object);
}

static HashTable *server_gc(zend_object *object, zval **table, int *n)
{
	struct rs_co_server *s = RS_SWOOLE_OBJECT(struct rs_co_server, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	if (s->handler.set)
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&s->handler));
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

/* ---- the server ------------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine_Server, __construct)
{
	struct rs_co_server *s = SERVER_THIS();

	if (rs_co_listener_open(&s->l, &s->std, INTERNAL_FUNCTION_PARAM_PASSTHRU))
		zend_update_property_long(s->std.ce, &s->std, ZEND_STRL("type"), s->l.port->p.socket_type);
}

ZEND_METHOD(Swoole_Coroutine_Server, set)
{
	/* A function frames here: the process that reads is this one. */
	static const char *const others[] = { "package_length_func", NULL };
	struct rs_co_server *s = SERVER_THIS();
	struct rs_php_callback func = { .set = false };
	struct rs_packet_conf packet = { 0 };
	HashTable *settings;
	const char *wrong;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	wrong = rs_client_packet_conf(&packet, &func, settings);
	rs_php_callback_free(&func);
	if (wrong)
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "%s", wrong);
	else
		(void)rs_co_listener_set(&s->l, &s->std, "setting", settings, others);
}

ZEND_METHOD(Swoole_Coroutine_Server, handle)
{
	struct rs_co_server *s = SERVER_THIS();
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	rs_php_callback_copy(&s->handler, &fci, &fcc);
}

ZEND_METHOD(Swoole_Coroutine_Server, start)
{
	struct rs_co_server *s = SERVER_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	if (!s->handler.set) {
		rs_swoole_throw_error(RS_SWOOLE_ERROR_INVALID_PARAMS, "handle() must give a handler before start()");
		RETURN_THROWS();
	}
	RETURN_BOOL(rs_co_listener_run(&s->l, &s->std, NULL));
}

ZEND_METHOD(Swoole_Coroutine_Server, shutdown)
{
	struct rs_co_server *s = SERVER_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	if (!s->l.port || s->l.stopping)
		RETURN_FALSE;
	rs_co_listener_stop(&s->l, &s->std);
	RETURN_TRUE;
}

/* As set() wants the packages of a connection cut. */
static bool frame(struct rs_co_server *s, struct rs_co_socket *socket)
{
	zval room, *settings = zend_read_property(s->std.ce, &s->std, ZEND_STRL("setting"), true, &room);
	const char *wrong = NULL;

	ZVAL_DEREF(settings);
	if (Z_TYPE_P(settings) == IS_ARRAY)
		wrong = rs_client_packet_conf(&socket->conf.packet, &socket->length_func, Z_ARRVAL_P(settings));
	if (wrong)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, RS_SWOOLE_ERROR_INVALID_PARAMS, "%s", wrong);
	return !wrong;
}

ZEND_METHOD(Swoole_Coroutine_Server, serve)
{
	struct rs_co_server *s = SERVER_THIS();
	struct rs_co_socket *socket;
	zval *object, connection;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_OBJECT_OF_CLASS(object, rs_co_socket_ce)
	ZEND_PARSE_PARAMETERS_END();
	socket = RS_SWOOLE_OBJECT(struct rs_co_socket, Z_OBJ_P(object));
	if (!frame(s, socket) || !rs_co_listener_greet(&s->l, socket))
		return;
	object_init_ex(&connection, connection_ce);
	zend_update_property(connection_ce, Z_OBJ(connection), ZEND_STRL("socket"), object);
	/* After an exception nobody speaks to the client any more; else whoever still has the connection. */
	if (!rs_co_listener_call(&s->handler, 1, &connection))
		rs_co_socket_close(socket);
	zval_ptr_dtor(&connection);
}

/* ---- a connection ------------------------------------------------------------------------------------------------------------- */

static zval *socket_of(zval *this, zval *room)
{
	zval *socket = zend_read_property(connection_ce, Z_OBJ_P(this), ZEND_STRL("socket"), true, room);

	ZVAL_DEREF(socket);
	return Z_TYPE_P(socket) == IS_OBJECT ? socket : NULL;
}

/* A method of its socket. */
static void pass_on(zval *this, const char *method, zval *return_value, zval *argument)
{
	zval room, *socket = socket_of(this, &room);
	zval held;

	RETVAL_FALSE;
	if (!socket)
		return;
	ZVAL_COPY(&held, socket);
	zend_call_method(Z_OBJ(held), rs_co_socket_ce, NULL, method, strlen(method), return_value, argument ? 1 : 0, argument, NULL);
	zval_ptr_dtor(&held);
}

ZEND_METHOD(Swoole_Coroutine_Server_Connection, __construct)
{
	zval *socket;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_OBJECT_OF_CLASS(socket, rs_co_socket_ce)
	ZEND_PARSE_PARAMETERS_END();
	zend_update_property(connection_ce, Z_OBJ_P(ZEND_THIS), ZEND_STRL("socket"), socket);
}

ZEND_METHOD(Swoole_Coroutine_Server_Connection, recv)
{
	double timeout = 0;
	zval argument;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	ZVAL_DOUBLE(&argument, timeout);
	pass_on(ZEND_THIS, "recvpacket", return_value, &argument);
}

ZEND_METHOD(Swoole_Coroutine_Server_Connection, send)
{
	zend_string *data;
	zval argument;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	ZVAL_STR(&argument, data);
	pass_on(ZEND_THIS, "sendall", return_value, &argument);
}

ZEND_METHOD(Swoole_Coroutine_Server_Connection, close)
{
	ZEND_PARSE_PARAMETERS_NONE();
	pass_on(ZEND_THIS, "close", return_value, NULL);
}

ZEND_METHOD(Swoole_Coroutine_Server_Connection, exportSocket)
{
	zval room, *socket;

	ZEND_PARSE_PARAMETERS_NONE();
	socket = socket_of(ZEND_THIS, &room);
	if (socket)
		RETURN_COPY(socket);
}

void rs_swoole_minit_coroutine_server(void)
{
	zend_class_entry *ce = register_class_Swoole_Coroutine_Server();

	ce->create_object = server_new;
	rs_swoole_handlers(&handlers, offsetof(struct rs_co_server, std), server_free);
	rs_swoole_keep_properties(ce, &handlers);
	handlers.get_gc = server_gc;
	connection_ce = register_class_Swoole_Coroutine_Server_Connection();
}
