/*
 * Swoole\Coroutine\Client: Swoole\Client for coroutines: whoever waits is suspended, and a failure is told by errCode and errMsg
 * alone. The object and most of what it does are swoole_client_object.c's, the connection is client/client.h.
 */
#include "swoole_client.h"
#include "swoole_coroutine_socket.h"

#include <errno.h>

#include "stubs/coroutine_client_arginfo.h"

#define INVALID_PARAMS 505
#define NOT_SUPPORTED 507
#define PIECE 65536

/* Only connect() has a limit of its own accord. */
static void no_limits(struct rs_client_object *o)
{
	if (!o->read_limit_set)
		o->conf.read_ms = -1;
	if (!o->write_limit_set)
		o->conf.write_ms = -1;
	o->own_limits = (struct rs_client_limits){ o->conf.connect_ms, o->conf.read_ms, o->conf.write_ms };
}

/* The object of a method that waits on a connection. NULL: told, or thrown. */
static struct rs_client_object *waits_on(zval *this)
{
	return rs_co_require() ? rs_client_connected(this) : NULL;
}

static bool is_whole(const struct rs_client_object *o)
{
	return rs_client_is_stream(&o->c) && o->conf.packet.mode != RS_PACKET_RAW;
}

ZEND_METHOD(Swoole_Coroutine_Client, __construct)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	zend_long type;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(type)
	ZEND_PARSE_PARAMETERS_END();
	o->quiet = true;
	if (!rs_client_object_init(o, type))
		RETURN_THROWS();
	no_limits(o);
}

ZEND_METHOD(Swoole_Coroutine_Client, set)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	HashTable *settings;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_client_set(o, settings))
		RETURN_FALSE;
	no_limits(o);
	RETURN_TRUE;
}

/* ---- connecting --------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine_Client, connect)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	zend_long port = 0, flag = 0;
	double timeout = 0;
	zend_string *host;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_STR(host)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
		Z_PARAM_DOUBLE(timeout)
		Z_PARAM_LONG(flag)
	ZEND_PARSE_PARAMETERS_END();
	if (!o->constructed) {
		zend_throw_error(NULL, "The constructor of %s has not been called", ZSTR_VAL(o->std.ce->name));
		RETURN_THROWS();
	}
	if (!rs_co_require())
		RETURN_THROWS();
	if (rs_client_is_open(&o->c) && (rs_client_is_stream(&o->c) || o->c.remote.len))
		RETURN_BOOL(rs_client_refused(o, EISCONN, "connection to the server has already been established"));
	if (!rs_client_target(o, host, port))
		RETURN_FALSE;
	o->conf.connect_ms = rs_co_socket_ms(timeout, o->own_limits.connect_ms);
	if (o->host)
		zend_string_release(o->host);
	o->host = zend_string_copy(host);
	ok = rs_client_connect(&o->c, &o->conf, rs_slice(ZSTR_VAL(host), ZSTR_LEN(host)), (int)port, flag == 1);
	rs_client_show(o);
	RETURN_BOOL(ok || rs_client_failed(o, "connect"));
}

ZEND_METHOD(Swoole_Coroutine_Client, enableSSL)
{
	struct rs_client_object *o;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!(o = waits_on(ZEND_THIS)))
		RETURN_FALSE;
	if (!rs_client_is_stream(&o->c) || o->c.sock.tls)
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, o->c.sock.tls ? "SSL has been enabled" : "only TCP can use SSL"));
	RETURN_BOOL(rs_client_enable_tls(o));
}

ZEND_METHOD(Swoole_Coroutine_Client, isConnected)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	bool is;

	ZEND_PARSE_PARAMETERS_NONE();
	is = rs_client_is_connected(&o->c);
	rs_client_show(o);
	RETURN_BOOL(is);
}

/* Those that wait in there are woken, and fail. */
ZEND_METHOD(Swoole_Coroutine_Client, close)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RS_CLIENT_CONNECTED(o);
	rs_client_close(&o->c);
	rs_client_show(o);
	RETURN_TRUE;
}

/* ---- bytes -------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine_Client, recv)
{
	struct rs_client_object *o;
	double timeout = 0;
	int64_t ms;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = waits_on(ZEND_THIS)))
		RETURN_FALSE;
	ms = rs_co_socket_ms(timeout, o->conf.read_ms);
	if (!(is_whole(o) ? rs_client_read_package(o, ms, return_value) : rs_client_read_bytes(o, PIECE, 0, ms, return_value)))
		RETVAL_FALSE;
	rs_client_show(o);
}

ZEND_METHOD(Swoole_Coroutine_Client, peek)
{
	struct rs_client_object *o;
	zend_long length = PIECE - 1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = waits_on(ZEND_THIS)))
		RETURN_FALSE;
	if (!rs_client_read_bytes(o, length, MSG_PEEK | MSG_DONTWAIT, 0, return_value))
		RETVAL_FALSE;
}

ZEND_METHOD(Swoole_Coroutine_Client, send)
{
	struct rs_client_object *o;
	struct rs_client_conf conf;
	zend_string *data;
	double timeout = 0;
	ssize_t gone;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = waits_on(ZEND_THIS)))
		RETURN_FALSE;
	if (ZSTR_LEN(data) == 0)
		RETURN_BOOL(rs_client_refused(o, INVALID_PARAMS, "data to send is empty"));
	conf = o->conf;
	conf.write_ms = rs_co_socket_ms(timeout, conf.write_ms);
	gone = rs_client_send(&o->c, &conf, ZSTR_VAL(data), ZSTR_LEN(data), 0);
	rs_client_show(o);
	if (gone < 0)
		RETURN_BOOL(rs_client_failed(o, "send"));
	RETURN_LONG((zend_long)gone);
}

ZEND_METHOD(Swoole_Coroutine_Client, sendfile)
{
	zend_long offset = 0, length = 0;
	struct rs_client_object *o;
	zend_string *file;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_PATH_STR(file)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(offset)
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = waits_on(ZEND_THIS)))
		RETURN_FALSE;
	if (!rs_client_is_stream(&o->c) || offset < 0 || length < 0)
		RETURN_BOOL(rs_client_refused(o, INVALID_PARAMS, "only streams send files, from an offset that is not negative"));
	if (php_check_open_basedir(ZSTR_VAL(file)))
		RETURN_FALSE;
	RETURN_BOOL(rs_client_sendfile(&o->c, &o->conf, ZSTR_VAL(file), (uint64_t)offset, (uint64_t)length) ||
		    rs_client_failed(o, "sendfile"));
}

ZEND_METHOD(Swoole_Coroutine_Client, sendto)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	zend_string *address, *data;
	zend_long port;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_STR(address)
		Z_PARAM_LONG(port)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	if (!o->constructed || rs_client_is_stream(&o->c) || ZSTR_LEN(data) == 0)
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, "sendto() is for datagrams that are not empty"));
	if (!rs_client_target(o, address, port))
		RETURN_FALSE;
	ok = rs_client_sendto(&o->c, &o->conf, rs_slice(ZSTR_VAL(address), ZSTR_LEN(address)), (int)port, ZSTR_VAL(data), ZSTR_LEN(data));
	rs_client_show(o);
	RETURN_BOOL(ok || rs_client_failed(o, "sendto"));
}

ZEND_METHOD(Swoole_Coroutine_Client, recvfrom)
{
	struct rs_client_object *o;
	struct rs_sock_name name;
	zval *address, *port = NULL;
	zend_long length;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_LONG(length)
		Z_PARAM_ZVAL(address)
		Z_PARAM_OPTIONAL
		Z_PARAM_ZVAL(port)
	ZEND_PARSE_PARAMETERS_END();
	if (!(o = waits_on(ZEND_THIS)) || !rs_client_read_bytes(o, length, 0, o->conf.read_ms, return_value))
		RETURN_FALSE;
	rs_sock_addr_name(&o->c.heard, &name);
	ZEND_TRY_ASSIGN_REF_STRINGL(address, name.host, name.host_n);
	if (port)
		ZEND_TRY_ASSIGN_REF_LONG(port, name.port);
}

/* A copy of the descriptor. One with TLS has none that others could use. */
ZEND_METHOD(Swoole_Coroutine_Client, exportSocket)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RS_CLIENT_CONNECTED(o);
	if (o->c.sock.tls)
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, "a socket with SSL cannot be exported"));
	if (!rs_co_socket_of_fd(return_value, o->c.sock.fd))
		RETURN_BOOL(rs_client_refused(o, errno, strerror(errno)));
}

void rs_swoole_minit_coroutine_client(void)
{
	register_class_Swoole_Coroutine_Client()->create_object = rs_client_object_new;
}
