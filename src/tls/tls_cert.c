/*
 * PEM into OpenSSL. Every message names the file and what is wrong with it: it is read by somebody whose server does not
 * start.
 */
#include "tls/tls_cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

/* Certificates in one file of a chain. */
#define CHAIN_MAX 16

static bool complain(char *why, size_t size, const struct rs_tls_file *f, const char *what)
{
	rs_fmt(why, size, "%.*s: %s", (int)f->path.n, f->path.p, what);
	return false;
}

/* With OpenSSL's own words behind ours. */
static bool complain_openssl(char *why, size_t size, const struct rs_tls_file *f, const char *what)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	rs_fmt(why, size, "%.*s: %s%s%s", (int)f->path.n, f->path.p, what, reason ? ": " : "", reason ? reason : "");
	ERR_clear_error();
	return false;
}

/* Nobody is there to be asked for a passphrase. */
static int no_passphrase(char *to, int size, int encrypting, void *arg)
{
	(void)to, (void)size, (void)encrypting, (void)arg;
	return -1;
}

static BIO *reader(const struct rs_tls_file *f)
{
	return f->content.n <= INT32_MAX ? BIO_new_mem_buf(f->content.p, (int)f->content.n) : NULL;
}

/* Was the end of the file the reason that no more came? */
static bool at_end(void)
{
	unsigned long code = ERR_peek_last_error();
	bool end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;

	if (end)
		ERR_clear_error();
	return end;
}

/* ---- certificates --------------------------------------------------------------------------------------------------- */

bool rs_tlscert_use_chain(SSL_CTX *ctx, const struct rs_tls_file *cert, char *why, size_t why_size)
{
	BIO *in = reader(cert);
	X509 *x = in ? PEM_read_bio_X509_AUX(in, NULL, no_passphrase, NULL) : NULL;
	bool ok = false;

	if (!x) {
		complain_openssl(why, why_size, cert, "no certificate in PEM form in it");
		goto out;
	}
	if (SSL_CTX_use_certificate(ctx, x) != 1) {
		complain_openssl(why, why_size, cert, "the certificate cannot be used");
		goto out;
	}
	for (int n = 0;; n++) {
		X509_free(x);
		x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);
		if (!x)
			break;
		if (n == CHAIN_MAX || SSL_CTX_add1_chain_cert(ctx, x) != 1) {
			complain_openssl(why, why_size, cert, "the chain cannot be used");
			goto out;
		}
	}
	ok = at_end() || complain_openssl(why, why_size, cert, "a certificate of the chain cannot be read");
out:
	X509_free(x);
	BIO_free(in);
	return ok;
}

bool rs_tlscert_use_key(SSL_CTX *ctx, const struct rs_tls_file *key, const struct rs_tls_file *cert, char *why, size_t why_size)
{
	static const char encrypted[] = "ENCRYPTED";
	BIO *in = reader(key);
	EVP_PKEY *k = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
	bool ok = false;

	BIO_free(in);
	if (!k && memmem(key->content.p, key->content.n, encrypted, sizeof encrypted - 1))
		complain(why, why_size, key, "the key is encrypted, and nobody can be asked for its passphrase; "
			 "`openssl pkey -in FILE -out NEW` decrypts it");
	else if (!k)
		complain_openssl(why, why_size, key, "no private key in PEM form in it");
	else if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), k) != 1)
		rs_fmt(why, why_size, "%.*s: not the key of the certificate in %.*s", (int)key->path.n, key->path.p,
		       (int)cert->path.n, cert->path.p);
	else if (SSL_CTX_use_PrivateKey(ctx, k) != 1)
		complain_openssl(why, why_size, key, "the key cannot be used");
	else
		ok = true;
	EVP_PKEY_free(k);
	ERR_clear_error();
	return ok;
}

bool rs_tlscert_trust(SSL_CTX *ctx, const struct rs_tls_file *ca, char *why, size_t why_size)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	BIO *in = reader(ca);
	bool ok = names && in;
	unsigned n = 0;
	X509 *x;

	while (ok && (x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL))) {
		X509_NAME *name = X509_NAME_dup(X509_get_subject_name(x));
		ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) == 1 && name && sk_X509_NAME_push(names, name) > 0;
		if (!ok)
			X509_NAME_free(name);
		X509_free(x);
		n++;
	}
	ok = ok && at_end() && n > 0;
	if (ok)
		SSL_CTX_set_client_CA_list(ctx, names); /* takes them */
	else
		sk_X509_NAME_pop_free(names, X509_NAME_free);
	BIO_free(in);
	return ok || complain_openssl(why, why_size, ca, n ? "a certificate in it cannot be used" : "no certificate in PEM form in it");
}

/* ---- what is in one --------------------------------------------------------------------------------------------------- */

bool rs_tlscert_names(const X509 *cert, bool (*fn)(void *arg, struct rs_slice name), void *arg)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool ok = true;

	for (int i = 0; ok && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);
		if (g->type == GEN_DNS)
			ok = fn(arg, rs_slice(ASN1_STRING_get0_data(g->d.dNSName), (size_t)ASN1_STRING_length(g->d.dNSName)));
	}
	GENERAL_NAMES_free(all);
	return ok;
}

static void put_day(const ASN1_TIME *t, char *out, size_t size)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(t, &tm) != 1 || strftime(out, size, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		rs_fmt(out, size, "?");
}

void rs_tlscert_validity(const X509 *cert, char *out, size_t size)
{
	const ASN1_TIME *from = X509_get0_notBefore(cert), *until = X509_get0_notAfter(cert);
	char day[64];

	if (X509_cmp_current_time(from) > 0) {
		put_day(from, day, sizeof day);
		rs_fmt(out, size, "not valid before %s", day);
		return;
	}
	put_day(until, day, sizeof day);
	rs_fmt(out, size, X509_cmp_current_time(until) < 0 ? "expired on %s" : "until %s", day);
}

bool rs_tlscert_error_waits(void)
{
	return ERR_peek_error() != 0;
}
