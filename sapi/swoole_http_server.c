/*
 * Swoole\Http\Server: a server whose first port speaks HTTP. All methods are Swoole\Server's; requests and answers are in
 * swoole_http_request*.c and swoole_http_response*.c.
 */
#include "swoole_server.h"

#include "stubs/http_server_arginfo.h"

zend_class_entry *rs_swoole_http_server_ce;

void rs_swoole_minit_http_server(void)
{
	rs_swoole_http_server_ce = register_class_Swoole_Http_Server(rs_swoole_server_ce);
	rs_swoole_alias(rs_swoole_http_server_ce, "swoole_http_server");
}
