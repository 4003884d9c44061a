/*
 * What is known of a connection and of who is at its other end, in mod_ssl's names.
 */
#include "tls/tls_context.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* All values together: they travel with every request. A certificate with more in it is told without its text. */
#define VARIABLES_MAX 16384u

static bool put(struct rs_buf *out, const char *name, struct rs_slice value)
{
	/* A value ends where it ends for PHP as well. */
	const char *end = memchr(value.p, '\0', value.n);

	if (end)
		value.n = (size_t)(end - value.p);
	if (out->len + strlen(name) + value.n + 2 > VARIABLES_MAX)
		return true;
	return rs_buf_put(out, name, strlen(name) + 1) && rs_buf_put(out, value.p, value.n) && rs_buf_put(out, "", 1);
}

static bool put_text(struct rs_buf *out, const char *name, const char *value)
{
	return !value || put(out, name, rs_slice_str(value));
}

/* What a BIO has been given. */
static bool put_written(struct rs_buf *out, const char *name, BIO *b, bool ok)
{
	char *p = NULL;
	long n = b ? BIO_get_mem_data(b, &p) : 0;

	ok = !ok || n <= 0 || put(out, name, rs_slice(p, (size_t)n));
	BIO_free(b);
	return ok;
}

/* RFC 2253, as mod_ssl and nginx write it. */
static bool put_name(struct rs_buf *out, const char *variable, const X509_NAME *name)
{
	BIO *b = BIO_new(BIO_s_mem());

	return put_written(out, variable, b, b && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0);
}

static bool put_common_name(struct rs_buf *out, X509_NAME *name)
{
	char text[256];

	return X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text) < 0 || put_text(out, "SSL_CLIENT_S_DN_CN", text);
}

static bool put_serial(struct rs_buf *out, const X509 *x)
{
	BIO *b = BIO_new(BIO_s_mem());

	return put_written(out, "SSL_CLIENT_M_SERIAL", b, b && i2a_ASN1_INTEGER(b, X509_get0_serialNumber(x)) > 0);
}

static bool put_time(struct rs_buf *out, const char *variable, const ASN1_TIME *t)
{
	BIO *b = BIO_new(BIO_s_mem());

	return put_written(out, variable, b, b && ASN1_TIME_print(b, t) == 1);
}

static bool put_pem(struct rs_buf *out, X509 *x)
{
	BIO *b = BIO_new(BIO_s_mem());

	return put_written(out, "SSL_CLIENT_CERT", b, b && PEM_write_bio_X509(b, x) == 1);
}

bool rs_tls_describe_peer(SSL *ssl, struct rs_buf *out)
{
	X509 *x = SSL_get0_peer_certificate(ssl);

	if (!put_text(out, "SSL_PROTOCOL", SSL_get_version(ssl)) || !put_text(out, "SSL_CIPHER", SSL_get_cipher_name(ssl)) ||
	    !put_text(out, "SSL_SESSION_RESUMED", SSL_session_reused(ssl) ? "Resumed" : "Initial") ||
	    !put_text(out, "SSL_TLS_SNI", SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)))
		return false;
	if (!x)
		return put_text(out, "SSL_CLIENT_VERIFY", "NONE");
	/* Without a good one there is no handshake; or nobody but itself has signed it, which is allowed then. */
	return put_text(out, "SSL_CLIENT_VERIFY", SSL_get_verify_result(ssl) == X509_V_OK ? "SUCCESS" : "GENEROUS") &&
	       put_name(out, "SSL_CLIENT_S_DN", X509_get_subject_name(x)) && put_common_name(out, X509_get_subject_name(x)) &&
	       put_name(out, "SSL_CLIENT_I_DN", X509_get_issuer_name(x)) && put_serial(out, x) &&
	       put_time(out, "SSL_CLIENT_V_START", X509_get0_notBefore(x)) &&
	       put_time(out, "SSL_CLIENT_V_END", X509_get0_notAfter(x)) && put_pem(out, x);
}
