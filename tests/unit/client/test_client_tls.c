/*
 * TLS of clients: servers that send records without data.
 */
#include "client/client_tls.c"

#include "client/peer.h"

#include <openssl/evp.h>
#include <sys/ioctl.h>

#define MESSAGES 100

/* A server with a certificate of its own. */
static SSL *server_on(int fd)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	X509 *cert = X509_new();
	SSL *ssl;

	assert_true(key && ctx && cert);
	assert_true(X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1));
	assert_true(X509_gmtime_adj(X509_getm_notBefore(cert), -60) && X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_true(X509_set_pubkey(cert, key) && X509_sign(cert, key, EVP_sha256()));
	assert_true(SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1);
	SSL_CTX_set_num_tickets(ctx, 0);
	ssl = SSL_new(ctx);
	assert_true(ssl && SSL_set_fd(ssl, fd) == 1);
	SSL_set_accept_state(ssl);
	SSL_CTX_free(ctx);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ssl;
}

static int unread(int fd)
{
	int n = -1;

	assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
	return n;
}

/* New keys without end, as fast as they can be read: one call takes one of them, and who waits can look at the clock, and give way. */
static void test_records_without_data(void **state)
{
	const struct rs_tls_conf conf = { .protocols = RS_TLS_V1_3 };
	enum rs_result rc = RS_AGAIN;
	struct rs_tls *t;
	unsigned events;
	int fds[2], error, before;
	char *why, byte;
	size_t got;
	SSL *server;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	server = server_on(fds[1]);
	t = rs_tls_new(fds[0], &conf, &why);
	assert_non_null(t);
	while (rc == RS_AGAIN || !SSL_is_init_finished(server)) {
		rc = rc == RS_AGAIN ? rs_tls_handshake(t, &events, &error) : rc;
		assert_int_not_equal(rc, RS_ERR);
		(void)SSL_do_handshake(server);
	}
	for (int i = 0; i < MESSAGES; i++)
		assert_true(SSL_key_update(server, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(server) == 1);
	before = unread(fds[0]);
	assert_int_equal(rs_tls_read(t, &byte, 1, false, &got, &events, &error), RS_AGAIN);
	assert_in_range(unread(fds[0]), before / 2, before - 1);
	while (rs_tls_read(t, &byte, 1, false, &got, &events, &error) == RS_AGAIN && unread(fds[0]))
		;
	assert_int_equal(SSL_write(server, "x", 1), 1);
	assert_int_equal(rs_tls_read(t, &byte, 1, false, &got, &events, &error), RS_OK);
	assert_int_equal(byte, 'x');
	rs_tls_free(t);
	SSL_free(server);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_without_data),
	};

	return cmocka_run_group_tests_name("client_tls", tests, NULL, NULL);
}
