/*
 * Listeners that are spoken to by a load balancer: connections begin with a PROXY protocol header.
 */
#ifndef RS_REACTOR_PROXY_H
#define RS_REACTOR_PROXY_H

#include "base/rs_base.h"

struct rs_conn;
struct rs_gate;

/* What is to follow the header. */
struct rs_proxy_next {
	struct rs_gate *gate; /* or NULL */
	int listen_fd;
	bool tls;
};

/*
 * c, plain and just begun, is to say the header first, within header_timeout; only a peer in trusted_proxies may. After it c has the
 * addresses that it says and rs_accept_greet() is called. c may be closed.
 */
void rs_proxy_welcome(struct rs_conn *c, const struct rs_proxy_next *next);

#endif
