/*
 * Swoole\Client: whom it is connected to: addresses, TLS and certificates.
 */
#include "swoole_client.h"

#include <errno.h>
#include <fcntl.h>

#include <ext/standard/file.h>
#include <php_network.h>

#define INVALID_PARAMS 505
#define NOT_SUPPORTED 507

ZEND_METHOD(Swoole_Client, getsockname);
ZEND_METHOD(Swoole_Client, getpeername);
ZEND_METHOD(Swoole_Client, getSocket);
ZEND_METHOD(Swoole_Client, enableSSL);
ZEND_METHOD(Swoole_Client, getPeerCert);
ZEND_METHOD(Swoole_Client, verifyPeerCert);

ZEND_METHOD(Swoole_Client, getsockname)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RS_CLIENT_CONNECTED(o);
	if (!rs_client_own_name(o, return_value))
		RETURN_FALSE;
}

ZEND_METHOD(Swoole_Client, getpeername)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RS_CLIENT_CONNECTED(o);
	if (!rs_client_peer_name(o, return_value))
		RETURN_FALSE;
}

/* An object of ext-sockets on a copy of the descriptor, made by its own function. */
ZEND_METHOD(Swoole_Client, getSocket)
{
	zval function, stream_zv;
	php_stream *stream;
	int fd;

	ZEND_PARSE_PARAMETERS_NONE();
	RS_CLIENT_CONNECTED(o);
	if (!zend_hash_str_exists(CG(function_table), ZEND_STRL("socket_import_stream")))
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, "the sockets extension is not loaded"));
	fd = fcntl(o->c.sock.fd, F_DUPFD_CLOEXEC, 3);
	stream = fd < 0 ? NULL : php_stream_sock_open_from_socket(fd, NULL);
	if (!stream) {
		rs_sock_fail(&o->c.sock, errno);
		RETURN_BOOL(rs_client_failed(o, "getSocket"));
	}
	php_stream_to_zval(stream, &stream_zv);
	ZVAL_STRING(&function, "socket_import_stream");
	if (call_user_function(NULL, NULL, &function, return_value, 1, &stream_zv) != SUCCESS)
		RETVAL_FALSE;
	zval_ptr_dtor(&function);
	/* The socket holds the stream. */
	zval_ptr_dtor(&stream_zv);
}

ZEND_METHOD(Swoole_Client, enableSSL)
{
	zend_fcall_info fci = empty_fcall_info;
	zend_fcall_info_cache fcc = empty_fcall_info_cache;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_FUNC_OR_NULL(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	RS_CLIENT_CONNECTED(o);
	if (!rs_client_is_stream(&o->c))
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, "only TCP can use SSL"));
	if (o->c.sock.tls)
		RETURN_BOOL(rs_client_refused(o, INVALID_PARAMS, "SSL has been enabled"));
	if (o->async)
		RETURN_BOOL(rs_async_client_start_tls(o, &fci, &fcc));
	RETURN_BOOL(rs_client_enable_tls(o));
}

ZEND_METHOD(Swoole_Client, getPeerCert)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RS_CLIENT_CONNECTED(o);
	if (!rs_client_peer_cert(o, return_value))
		RETURN_FALSE;
}

ZEND_METHOD(Swoole_Client, verifyPeerCert)
{
	bool allow_self_signed = false;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(allow_self_signed)
	ZEND_PARSE_PARAMETERS_END();
	RS_CLIENT_CONNECTED(o);
	RETURN_BOOL(rs_client_verify_peer(o, allow_self_signed));
}
