/*
 * One certificate with chain, key and OCSP response, from bytes into an SSL_CTX.
 */
#ifndef RS_TLS_CERT_H
#define RS_TLS_CERT_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

#include <openssl/types.h>

/* A file as it came: what it is called, for messages, and its bytes. p NULL: not given. */
struct rs_tls_file {
	struct rs_slice path, content;
};

/* The certificate and what is above it. false: why. */
bool rs_tlscert_use_chain(SSL_CTX *ctx, const struct rs_tls_file *cert, char *why, size_t why_size);
/* Its key; after the chain. */
bool rs_tlscert_use_key(SSL_CTX *ctx, const struct rs_tls_file *key, const struct rs_tls_file *cert, char *why, size_t why_size);
/* Certificates that sign those of clients. */
bool rs_tlscert_trust(SSL_CTX *ctx, const struct rs_tls_file *ca, char *why, size_t why_size);

/* Calls fn for each DNS name in the certificate; stops when it says false. */
bool rs_tlscert_names(const X509 *cert, bool (*fn)(void *arg, struct rs_slice name), void *arg);
/* "until 2027-01-31", "expired on ...", "valid from ... on". */
void rs_tlscert_validity(const X509 *cert, char *out, size_t size);

/* Has OpenSSL an error of this thread that nobody has taken yet? */
bool rs_tlscert_error_waits(void);

#endif
