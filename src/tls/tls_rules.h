/*
 * What holds for every handshake of a port, whichever certificate it gets: protocols, ciphers, sessions, clients' certificates.
 */
#ifndef RS_TLS_RULES_H
#define RS_TLS_RULES_H

#include "tls/tls_cert.h"
#include "tls/tls_parts.h"

#include <openssl/evp.h>

struct rs_tls_rules {
	struct rs_slice text[RS_TLS_PARTS]; /* of a list: the last value of each part */
	struct rs_tls_file client_ca;
	unsigned protocols;
	long depth, timeout_s;
	unsigned char id[EVP_MAX_MD_SIZE];  /* sessions are resumed only under the same rules for clients */
	unsigned id_len;
};

/* Texts and files are there: reads the numbers among them. false: why. */
bool rs_tls_rules_read(struct rs_tls_rules *r, char *why, size_t why_size) RS_MUST_CHECK;
/* false: why. */
bool rs_tls_rules_apply(const struct rs_tls_rules *r, SSL_CTX *ctx, char *why, size_t why_size) RS_MUST_CHECK;

/* why: what is wrong with value, as OpenSSL says it. Always false. */
bool rs_tls_refuse(char *why, size_t size, const char *what, struct rs_slice value);

#endif
