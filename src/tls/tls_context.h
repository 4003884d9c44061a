/*
 * What a TLS port answers with: certificates by server name, and the rules of its handshakes. Made of a list of parts with
 * contents (tls_parts.h), never of paths. Not changed once made; a reload makes another one, and connections keep theirs.
 */
#ifndef RS_TLS_CONTEXT_H
#define RS_TLS_CONTEXT_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

#include <openssl/types.h>

struct rs_tlsctx;

#define RS_TLS_TICKET_KEYS 80 /* bytes */

/* NULL: why. The list is not needed afterwards. One reference, the caller's. */
struct rs_tlsctx *rs_tlsctx_new(struct rs_slice list, char *why, size_t why_size);
struct rs_tlsctx *rs_tlsctx_ref(struct rs_tlsctx *t);
/* NULL is fine. */
void rs_tlsctx_unref(struct rs_tlsctx *t);

/* Sessions are resumed as long as these stay: the owner keeps them over reloads, and changes them now and then. */
void rs_tlsctx_ticket_keys(struct rs_tlsctx *t, const unsigned char keys[RS_TLS_TICKET_KEYS]);

/*
 * A server's end of a connection, not yet bound to a socket. protocols: what it speaks, in order of preference, each name behind its
 * length in a byte (RFC 7301 3.1); NULL: a client that asks is not told. t and protocols must live until its handshake is over. NULL:
 * no memory.
 */
SSL *rs_tlsctx_accept(struct rs_tlsctx *t, const struct rs_slice *protocols);

/* The same from the start of a file, which stays the caller's. */
struct rs_tlsctx *rs_tlsctx_open(int fd, char *why, size_t why_size);

/* An empty memory file. -1: errno. */
int rs_tls_memory(void);
/*
 * Reads the files that a list names into such a file, seals it, and sees whether it serves; described: as rs_tlsctx_describe().
 * OpenSSL has seen the keys afterwards: for a process that ends soon. false: why.
 */
bool rs_tls_fill(int fd, struct rs_slice list, struct rs_buf *described, char *why, size_t why_size) RS_MUST_CHECK;

/* SSL_* variables of a connection whose handshake is over: names and values, each terminated. false: no memory. */
bool rs_tls_describe_peer(SSL *ssl, struct rs_buf *out) RS_MUST_CHECK;

/* For people: a line per certificate, "FILE: NAMES, until DATE". */
bool rs_tlsctx_describe(const struct rs_tlsctx *t, struct rs_buf *out) RS_MUST_CHECK;

#endif
