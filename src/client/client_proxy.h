/*
 * Asking a proxy for a way through: SOCKS5 (RFC 1928, 1929) and HTTP CONNECT (RFC 9110 9.3.6), over a socket that is connected
 * to the proxy. Takes not one byte of what comes after its answer.
 */
#ifndef RS_CLIENT_PROXY_H
#define RS_CLIENT_PROXY_H

#include "client/client_socket.h"

/* Numbers of the server API. */
enum rs_proxy_error {
	RS_SOCKS5_VERSION = 7001,
	RS_SOCKS5_METHOD = 7002,
	RS_SOCKS5_AUTH = 7003,
	RS_SOCKS5_SERVER = 7004,
	RS_SOCKS5_HANDSHAKE = 7005,
	RS_HTTP_PROXY_HANDSHAKE = 7101,
};

enum rs_proxy_kind { RS_PROXY_NONE, RS_PROXY_SOCKS5, RS_PROXY_HTTP };

struct rs_proxy_conf {
	enum rs_proxy_kind kind;
	char *host;            /* of the proxy */
	int port;
	char *user, *password; /* NULL: none */
};

/* false: s->error; the socket is of no more use. host: a name or an IP, which the proxy looks up. */
bool rs_proxy_ask(struct rs_sock *s, const struct rs_proxy_conf *conf, struct rs_slice host, int port, int64_t timeout_ms)
	RS_MUST_CHECK;

#endif
