/*
 * Swoole\Client: the methods that move bytes.
 */
#include "swoole_client.h"

#define INVALID_PARAMS 505
#define NOT_SUPPORTED 507

ZEND_METHOD(Swoole_Client, send);
ZEND_METHOD(Swoole_Client, sendto);
ZEND_METHOD(Swoole_Client, sendfile);
ZEND_METHOD(Swoole_Client, recv);

ZEND_METHOD(Swoole_Client, send)
{
	zend_string *data;
	zend_long flag = 0;
	ssize_t gone;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(flag)
	ZEND_PARSE_PARAMETERS_END();
	RS_CLIENT_CONNECTED(o);
	if (ZSTR_LEN(data) == 0)
		RETURN_BOOL(rs_client_refused(o, INVALID_PARAMS, "data to send is empty"));
	if (o->async) {
		if (!rs_async_client_send(o, data))
			RETURN_FALSE;
		RETURN_LONG((zend_long)ZSTR_LEN(data));
	}
	gone = rs_client_send(&o->c, &o->conf, ZSTR_VAL(data), ZSTR_LEN(data), (int)flag);
	if (gone < 0)
		RETURN_BOOL(rs_client_failed(o, "send"));
	RETURN_LONG((zend_long)gone);
}

ZEND_METHOD(Swoole_Client, sendto)
{
	struct rs_client_object *o = RS_CLIENT_THIS();
	zend_string *ip, *data;
	zend_long port;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_STR(ip)
		Z_PARAM_LONG(port)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!o->constructed || rs_client_is_stream(&o->c))
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, "only supports SWOOLE_SOCK_(UDP/UDP6/UNIX_DGRAM)"));
	if (!rs_client_target(o, ip, port) || (o->async && !rs_client_connected(ZEND_THIS)))
		RETURN_FALSE;
	if (ZSTR_LEN(data) == 0)
		RETURN_BOOL(rs_client_refused(o, INVALID_PARAMS, "data to send is empty"));
	ok = rs_client_sendto(&o->c, &o->conf, rs_slice(ZSTR_VAL(ip), ZSTR_LEN(ip)), (int)port, ZSTR_VAL(data), ZSTR_LEN(data)) ||
	     rs_client_failed(o, "sendto");
	rs_client_show(o);
	RETURN_BOOL(ok);
}

ZEND_METHOD(Swoole_Client, sendfile)
{
	zend_long offset = 0, length = 0;
	zend_string *file;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_PATH_STR(file)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(offset)
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	RS_CLIENT_CONNECTED(o);
	if (!rs_client_is_stream(&o->c))
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, "datagram sockets cannot send files"));
	if (offset < 0 || length < 0)
		RETURN_BOOL(rs_client_refused(o, INVALID_PARAMS, "offset and length must not be negative"));
	if (php_check_open_basedir(ZSTR_VAL(file)))
		RETURN_FALSE;
	if (o->async)
		RETURN_BOOL(rs_async_client_sendfile(o, file, offset, length));
	RETURN_BOOL(rs_client_sendfile(&o->c, &o->conf, ZSTR_VAL(file), (uint64_t)offset, (uint64_t)length) ||
		    rs_client_failed(o, "sendfile"));
}

ZEND_METHOD(Swoole_Client, recv)
{
	zend_long size = 0, flag = 0;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(size)
		Z_PARAM_LONG(flag)
	ZEND_PARSE_PARAMETERS_END();
	RS_CLIENT_CONNECTED(o);
	if (o->async)
		RETURN_BOOL(rs_client_refused(o, NOT_SUPPORTED, "an asynchronous client receives by its event"));
	if (rs_client_is_stream(&o->c) && o->conf.packet.mode != RS_PACKET_RAW ?
		    !rs_client_read_package(o, o->conf.read_ms, return_value) :
		    !rs_client_read_bytes(o, size, flag, o->conf.read_ms, return_value))
		RETURN_FALSE;
}
