/*
 * TLS over a connected non-blocking socket, by OpenSSL: a client's end, or that of a server whose certificates are a context's
 * (tls/tls_context.h). Never waits: what it needs it says.
 */
#ifndef RS_CLIENT_TLS_H
#define RS_CLIENT_TLS_H

#include <sys/types.h>

#include "base/rs_base.h"
#include "base/rs_buf.h"

/* Numbers of the server API. */
enum rs_tls_error {
	RS_TLS_NOT_READY = 1011,
	RS_TLS_EMPTY_PEER_CERTIFICATE = 1013,
	RS_TLS_VERIFY_FAILED = 1014,
	RS_TLS_RESET = 1017,
	RS_TLS_HANDSHAKE_FAILED = 1018,
};

/* Bits of ssl_protocols. */
#define RS_TLS_V1 8u
#define RS_TLS_V1_1 16u
#define RS_TLS_V1_2 32u
#define RS_TLS_V1_3 64u

/* What users may set; zeroed: nothing set. Strings are terminated, NULL when not set. */
struct rs_tls_conf {
	char *cert_file, *key_file, *passphrase; /* ours */
	char *cafile, *capath;                   /* whom we trust; neither: the system's */
	char *ciphers;                           /* up to TLS 1.2 */
	char *host_name;                         /* to ask for, and to find in the certificate */
	int verify_depth;                        /* 0: OpenSSL's */
	unsigned protocols;                      /* RS_TLS_V*; 0: 1.2 and above */
	bool verify_peer, allow_self_signed;
};

struct rs_tls;

/* NULL: *why is a text for people, for free(), or NULL without memory. */
struct rs_tls *rs_tls_new(int fd, const struct rs_tls_conf *conf, char **why) RS_MUST_CHECK;
/* A server's. NULL: no memory. */
struct rs_tlsctx;
struct rs_tls *rs_tls_accept(int fd, struct rs_tlsctx *ctx) RS_MUST_CHECK;
void rs_tls_free(struct rs_tls *t);

/*
 * Each of these: RS_OK, or RS_AGAIN when *events (RS_WATCH_*) is to be waited for first, or RS_ERR with errno or a number of
 * enum rs_tls_error in *error.
 */
enum rs_result rs_tls_handshake(struct rs_tls *t, unsigned *events, int *error) RS_MUST_CHECK;
/* RS_DONE: the peer has ended. peek: the bytes stay. */
enum rs_result rs_tls_read(struct rs_tls *t, void *p, size_t n, bool peek, size_t *got, unsigned *events, int *error)
	RS_MUST_CHECK;
enum rs_result rs_tls_write(struct rs_tls *t, const void *p, size_t n, size_t *put, unsigned *events, int *error)
	RS_MUST_CHECK;
/* Tells the peer that nothing more comes, if that can be done at once. */
void rs_tls_bye(struct rs_tls *t);
/* Decrypted bytes that wait inside, where poll does not see them. */
bool rs_tls_pending(const struct rs_tls *t);

/* After the handshake. NULL: the peer is who it should be. Else why not, constant text. Asked or not by verify_peer. */
const char *rs_tls_verify(const struct rs_tls *t, bool allow_self_signed);
/* The peer's certificate as PEM. false: it sent none, or no memory. */
bool rs_tls_peer_pem(const struct rs_tls *t, struct rs_buf *out) RS_MUST_CHECK;

#endif
