/*
 * What a TLS connection has beside its socket: between the handshake (reactor_tls.c) and the wire (reactor_tls_wire.c).
 */
#ifndef RS_REACTOR_TLS_LINK_H
#define RS_REACTOR_TLS_LINK_H

#include "base/rs_buf.h"
#include "reactor/reactor_conn.h"
#include "tls/tls_context.h"

#define RS_TLS_LINK_MAGIC 0x746c736cu

struct rs_gate;
struct rs_wire;

/* Of a connection. Owner: its wire, until close(). */
struct rs_tls_link {
	uint32_t magic;
	bool shaken;           /* the handshake is over */
	bool failed;           /* OpenSSL may not be asked for anything any more */
	bool ended;            /* the client has said that nothing follows, or there was an error: read() says so next */
	bool reread;           /* reading waits for room to write */
	bool peeked;
	uint8_t asides;        /* messages in a row that carried no data */
	int error;             /* errno of what failed */
	SSL *ssl;
	struct rs_tlsctx *ctx;
	struct rs_gate *gate;
	int listen_fd;
	struct rs_buf vars;    /* made when they are asked for, then kept */
};

/* The wire of a connection with such a link in wire_data. */
extern const struct rs_wire rs_wire_tls;

static inline struct rs_tls_link *rs_tls_link_of(const struct rs_conn *c)
{
	struct rs_tls_link *l = c->wire_data;

	RS_CHECK(l, RS_TLS_LINK_MAGIC);
	return l;
}

/*
 * What OpenSSL said, when it was no success: always -1; errno: EAGAIN, or why it has failed for good. Errors of an earlier call
 * must be gone before one is made: rs_tls_link_clear().
 */
ssize_t rs_tls_link_judge(struct rs_conn *c, int rc);
void rs_tls_link_clear(void);
void rs_tls_link_free(struct rs_tls_link *l);

/* Goes on with the handshake. Always -1 and errno; after the last step c is what it is to be, or closed. */
ssize_t rs_tls_shake(struct rs_conn *c);

#endif
