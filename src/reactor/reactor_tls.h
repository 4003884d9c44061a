/*
 * TLS under a connection: its handshake, and the wire that stands on it. Contexts are src/tls; the master sends them, one for
 * each port (TLS).
 */
#ifndef RS_REACTOR_TLS_H
#define RS_REACTOR_TLS_H

#include "ipc/ipc.h"
#include "tls/tls_context.h"

#define RS_TLS_RECORD 16384u

struct rs_conn;
struct rs_gate;
struct rs_reactor;

/* In the reactor. */
struct rs_tls_ports {
	struct rs_tlsctx *port[RS_PORTS_MAX];          /* by index; NULL: it has none */
	unsigned char ticket_keys[RS_TLS_TICKET_KEYS]; /* the same for all, kept over reloads */
	int64_t keys_ms;                               /* when they were made; 0: not yet */
	char record[RS_TLS_RECORD];                    /* small pieces become one record here */
};

/* TLS: from now on new connections of that port get these certificates. NULL, or what is wrong with the message. */
const char *rs_tls_take(struct rs_reactor *r, struct rs_frame *f);
void rs_tls_fini(struct rs_reactor *r);
/* What a new connection of a port gets. NULL: it has no TLS. */
struct rs_tlsctx *rs_tls_of_port(struct rs_reactor *r, uint32_t port);

/*
 * c, plain and just begun, is to speak TLS first. After the handshake it is HTTP of the main port, or, with a gate, a guest of it.
 * What the client has sent and was not read yet is its ClientHello. false: c is closed.
 */
bool rs_tls_welcome(struct rs_conn *c, struct rs_gate *gate, int listen_fd);

/*
 * For $_SERVER: names and values of SSL_* variables, each terminated, as mod_ssl calls them. Of a connection whose wire is TLS, or
 * that is a stream of one; empty for others. Valid while that one lives.
 */
struct rs_slice rs_tls_variables(struct rs_conn *c);

/* Of those, the client's certificate, PEM. Empty: it has none. */
struct rs_slice rs_tls_certificate(struct rs_conn *c);

/* Has the client chosen this protocol by ALPN? */
bool rs_tls_chose(const struct rs_conn *c, const char *protocol);

#endif
