/*
 * Who asks: the peer of the connection, or the client that a trusted proxy speaks for.
 */
#ifndef RS_REACTOR_CLIENT_H
#define RS_REACTOR_CLIENT_H

#include "base/rs_base.h"

struct rs_conn;
struct rs_http_head;

struct rs_client {
	char remote[46];          /* address text, "" for a Unix socket */
	uint16_t remote_port;     /* 0: a Unix socket, or the proxy did not say */
	uint16_t local_port;      /* the client's idea of our port */
	bool tls;                 /* the client spoke TLS, to us or to the proxy */
	bool proxied;             /* remote is what a trusted proxy says */
	bool headers;             /* the fields of LaravelS' nginx configuration count (Scheme, Server-Name, ...) */
	struct rs_slice name;     /* the host that the client asked, as a proxy says; n 0: it is the Host field's. Points into the head */
};

/* For a head that was just parsed. */
void rs_client_find(struct rs_conn *c, const struct rs_http_head *h, struct rs_client *out);

#endif
