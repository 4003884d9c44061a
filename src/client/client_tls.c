/*
 * TLS, client side. The chain is judged by OpenSSL while it shakes hands; what that judgement means (verify_peer, a
 * self-signed certificate that is allowed, the host's name) is decided after it, in rs_tls_verify(), so that the reason can
 * be told.
 */
#include "client/client_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "client/client_address.h"
#include "tls/tls_context.h"
#include "worker/loop.h"

#define MAGIC 0x746c7363u /* "tlsc" */
#define MODES (SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS)

struct rs_tls {
	uint32_t magic;
	SSL *ssl;
	char *host_name;   /* NULL: any */
	pid_t owner;       /* a child that has a copy of it says nothing to the peer */
	bool broken;       /* after a failure OpenSSL may not be asked to go on, or to say good-bye */
};

static SSL_CTX *context(const struct rs_tls_conf *conf);
static bool set_protocols(SSL_CTX *ctx, unsigned protocols);
static bool set_own_certificate(SSL_CTX *ctx, const struct rs_tls_conf *conf);
static bool set_trust(SSL_CTX *ctx, const struct rs_tls_conf *conf);
static bool set_host(struct rs_tls *t, const char *name);
static enum rs_result judge(struct rs_tls *t, int rc, int otherwise, unsigned *events, int *error);

/* ---- life ------------------------------------------------------------------------------------------------------- */

static char *reason(void)
{
	char text[256];
	unsigned long code = ERR_peek_last_error();

	if (code == 0)
		return NULL;
	ERR_error_string_n(code, text, sizeof text);
	return strdup(text);
}

struct rs_tls *rs_tls_new(int fd, const struct rs_tls_conf *conf, char **why)
{
	struct rs_tls *t = calloc(1, sizeof *t);
	SSL_CTX *ctx;

	ERR_clear_error();
	*why = NULL;
	if (!t)
		return NULL;
	t->magic = MAGIC;
	t->owner = getpid();
	ctx = context(conf);
	t->ssl = ctx ? SSL_new(ctx) : NULL;
	SSL_CTX_free(ctx); /* the connection holds it */
	if (!t->ssl || SSL_set_fd(t->ssl, fd) != 1 || !set_host(t, conf->host_name)) {
		*why = reason();
		rs_tls_free(t);
		return NULL;
	}
	SSL_set_connect_state(t->ssl);
	return t;
}

struct rs_tls *rs_tls_accept(int fd, struct rs_tlsctx *ctx)
{
	struct rs_tls *t = calloc(1, sizeof *t);

	ERR_clear_error();
	if (!t)
		return NULL;
	t->magic = MAGIC;
	t->owner = getpid();
	t->ssl = rs_tlsctx_accept(ctx, NULL);
	if (t->ssl && SSL_set_fd(t->ssl, fd) == 1) {
		SSL_set_mode(t->ssl, MODES);
		SSL_set_options(t->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
		/* Who waits here asks the kernel: what was read ahead it would not tell. */
		SSL_set_read_ahead(t->ssl, 0);
		return t;
	}
	rs_tls_free(t);
	return NULL;
}

void rs_tls_free(struct rs_tls *t)
{
	if (!t)
		return;
	RS_CHECK(t, MAGIC);
	SSL_free(t->ssl);
	free(t->host_name);
	t->magic = 0;
	free(t);
}

static SSL_CTX *context(const struct rs_tls_conf *conf)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_mode(ctx, MODES);
	/* Each record that carries nothing, of which a peer may send as many as it likes, is a step of its own. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	/* Half the world's servers just close; the protocols inside know by themselves whether something is missing. */
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (conf->verify_depth > 0)
		SSL_CTX_set_verify_depth(ctx, conf->verify_depth);
	if (set_protocols(ctx, conf->protocols) && set_own_certificate(ctx, conf) && set_trust(ctx, conf) &&
	    (!conf->ciphers || SSL_CTX_set_cipher_list(ctx, conf->ciphers) == 1))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static bool set_protocols(SSL_CTX *ctx, unsigned protocols)
{
	static const struct {
		unsigned bit;
		uint64_t without;
		int version;
	} known[] = {
		{ RS_TLS_V1, SSL_OP_NO_TLSv1, TLS1_VERSION },
		{ RS_TLS_V1_1, SSL_OP_NO_TLSv1_1, TLS1_1_VERSION },
		{ RS_TLS_V1_2, SSL_OP_NO_TLSv1_2, TLS1_2_VERSION },
		{ RS_TLS_V1_3, SSL_OP_NO_TLSv1_3, TLS1_3_VERSION },
	};
	int least = 0;

	for (size_t i = 0; i < RS_COUNTOF(known); i++) {
		if (protocols & known[i].bit)
			least = least ? least : known[i].version;
		else if (protocols)
			SSL_CTX_set_options(ctx, known[i].without);
	}
	/* Bits of protocols we do not know alone: as if nothing was set. */
	if (!least)
		SSL_CTX_clear_options(ctx, SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3);
	return SSL_CTX_set_min_proto_version(ctx, least ? least : TLS1_2_VERSION) == 1;
}

static int answer_passphrase(char *to, int size, int encrypting, void *passphrase)
{
	(void)encrypting;
	if (!passphrase || size <= 0 || !rs_copy(to, (size_t)size, rs_slice_str(passphrase)))
		return 0;
	return (int)strlen(to);
}

static bool set_own_certificate(SSL_CTX *ctx, const struct rs_tls_conf *conf)
{
	const char *key = conf->key_file ? conf->key_file : conf->cert_file;

	if (!conf->cert_file)
		return true;
	/* Without one OpenSSL would ask at the terminal. */
	SSL_CTX_set_default_passwd_cb(ctx, answer_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, conf->passphrase);
	return SSL_CTX_use_certificate_chain_file(ctx, conf->cert_file) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(ctx) == 1;
}

static bool set_trust(SSL_CTX *ctx, const struct rs_tls_conf *conf)
{
	if (conf->cafile || conf->capath)
		return SSL_CTX_load_verify_locations(ctx, conf->cafile, conf->capath) == 1;
	/* Reading the system's takes milliseconds: only for who will ask. */
	return !conf->verify_peer || SSL_CTX_set_default_verify_paths(ctx) == 1;
}

static bool set_host(struct rs_tls *t, const char *name)
{
	if (!name || !*name)
		return true;
	t->host_name = strdup(name);
	/* An IP is no name to ask for (RFC 6066 3). */
	return t->host_name && (rs_sock_is_ip(rs_slice_str(name)) || SSL_set_tlsext_host_name(t->ssl, name) == 1);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

enum rs_result rs_tls_handshake(struct rs_tls *t, unsigned *events, int *error)
{
	RS_CHECK(t, MAGIC);
	ERR_clear_error();
	errno = 0;
	return judge(t, SSL_do_handshake(t->ssl), RS_TLS_HANDSHAKE_FAILED, events, error);
}

enum rs_result rs_tls_read(struct rs_tls *t, void *p, size_t n, bool peek, size_t *got, unsigned *events, int *error)
{
	RS_CHECK(t, MAGIC);
	*got = 0;
	ERR_clear_error();
	errno = 0;
	return judge(t, peek ? SSL_peek_ex(t->ssl, p, n, got) : SSL_read_ex(t->ssl, p, n, got), RS_TLS_RESET, events, error);
}

enum rs_result rs_tls_write(struct rs_tls *t, const void *p, size_t n, size_t *put, unsigned *events, int *error)
{
	RS_CHECK(t, MAGIC);
	*put = 0;
	ERR_clear_error();
	errno = 0;
	return judge(t, SSL_write_ex(t->ssl, p, n, put), RS_TLS_RESET, events, error);
}

/* What came of a call of OpenSSL that returned rc. */
static enum rs_result judge(struct rs_tls *t, int rc, int otherwise, unsigned *events, int *error)
{
	int saved = errno;

	if (rc == 1)
		return RS_OK;
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		*events = RS_WATCH_READ;
		return RS_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		*events = RS_WATCH_WRITE;
		return RS_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		/* The end; in a handshake that is a failure. */
		if (SSL_is_init_finished(t->ssl))
			return RS_DONE;
		break;
	case SSL_ERROR_SYSCALL:
		otherwise = saved ? saved : otherwise;
		break;
	default:
		break;
	}
	t->broken = true;
	*error = otherwise;
	return RS_ERR;
}

void rs_tls_bye(struct rs_tls *t)
{
	RS_CHECK(t, MAGIC);
	ERR_clear_error();
	if (!t->broken && t->owner == getpid() && SSL_is_init_finished(t->ssl))
		(void)SSL_shutdown(t->ssl);
}

bool rs_tls_pending(const struct rs_tls *t)
{
	RS_CHECK(t, MAGIC);
	return SSL_pending(t->ssl) > 0;
}

/* ---- the peer --------------------------------------------------------------------------------------------------- */

const char *rs_tls_verify(const struct rs_tls *t, bool allow_self_signed)
{
	X509 *peer = SSL_get0_peer_certificate(t->ssl);
	long verdict = SSL_get_verify_result(t->ssl);

	RS_CHECK(t, MAGIC);
	if (!peer)
		return "the peer sent no certificate";
	if (verdict != X509_V_OK && !(allow_self_signed && verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT))
		return X509_verify_cert_error_string(verdict);
	/* OpenSSL stopped at what is allowed here. */
	if (verdict != X509_V_OK && X509_cmp_timeframe(NULL, X509_get0_notBefore(peer), X509_get0_notAfter(peer)) != 0)
		return "the self-signed certificate has expired or is not valid yet";
	if (!t->host_name)
		return NULL;
	if (rs_sock_is_ip(rs_slice_str(t->host_name)))
		return X509_check_ip_asc(peer, t->host_name, 0) == 1 ? NULL : "the certificate is not for this IP";
	return X509_check_host(peer, t->host_name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1 ?
		       NULL : "the certificate is not for this host name";
}

bool rs_tls_peer_pem(const struct rs_tls *t, struct rs_buf *out)
{
	X509 *peer = SSL_get0_peer_certificate(t->ssl);
	BIO *bio = peer ? BIO_new(BIO_s_mem()) : NULL;
	char *pem;
	bool ok;

	RS_CHECK(t, MAGIC);
	ok = bio && PEM_write_bio_X509(bio, peer) == 1;
	if (ok) {
		long n = BIO_get_mem_data(bio, &pem);

		ok = n > 0 && rs_buf_put(out, pem, (size_t)n);
	}
	BIO_free(bio);
	return ok;
}
