/*
 * Contexts from files: what is read, what is refused and why, which certificate a name gets. Certificates are made here, by openssl(1).
 */
#include "tls/tls_context.c"

#include "base/rs_fd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/rs-tls-XXXXXX";

static const char *at(const char *name)
{
	static char text[4][128];
	static unsigned next;
	char *to = text[next++ % 4];

	rs_fmt(to, sizeof text[0], "%s/%s", dir, name);
	return to;
}

static void command(const char *fmt, ...) RS_PRINTF(1, 2);
static void command(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	assert_int_equal(system(line), 0);
}

static void make_pair(const char *name, const char *alt)
{
	command("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 5 -keyout %s.key "
		"-out %s.pem -subj /CN=%s -addext subjectAltName=%s 2>/dev/null",
		dir, name, name, name, alt);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	make_pair("main", "DNS:main.test,DNS:www.main.test");
	make_pair("wild", "DNS:*.wild.test");
	command("cd %s && openssl pkey -in main.key -aes256 -passout pass:x -out locked.key && echo nonsense > nonsense && : > empty "
		"&& cat main.pem nonsense > tail.pem && (cat main.pem; sed 's/M/?/g' wild.pem) > badchain.pem",
		dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	command("rm -rf %s", dir);
	return 0;
}

static void put_site(struct rs_buf *b, const char *name, const char *cert, const char *key)
{
	assert_true(rs_tls_put(b, RS_TLS_site, rs_slice_str(name)));
	assert_true(rs_tls_put(b, RS_TLS_cert_file, rs_slice_str(at(cert))));
	assert_true(rs_tls_put(b, RS_TLS_key_file, rs_slice_str(at(key))));
}

/* Loads and opens; NULL: why. */
static struct rs_tlsctx *get(struct rs_buf *list, char *why, size_t size)
{
	int fd = rs_tls_memory();
	struct rs_buf found = { 0 };
	struct rs_tlsctx *t = rs_tls_fill(fd, rs_buf_slice(list), &found, why, size) ? rs_tlsctx_open(fd, why, size) : NULL;

	rs_fd_close(&fd);
	rs_buf_free(&found);
	rs_buf_free(list);
	return t;
}

static void two_certificates(void **state)
{
	struct rs_buf b = { 0 };
	char why[512] = "";
	struct rs_tlsctx *t;

	(void)state;
	put_site(&b, "", "main.pem", "main.key");
	put_site(&b, "wild", "wild.pem", "wild.key");
	t = get(&b, why, sizeof why);
	if (!t)
		fail_msg("%s", why);
	assert_int_equal(rs_tls_names_find(&t->names, RS_SLICE("www.main.test")), 0);
	assert_int_equal(rs_tls_names_find(&t->names, RS_SLICE("x.wild.test")), 1);
	assert_true(rs_tlsctx_describe(t, &b));
	assert_non_null(memmem(rs_buf_data(&b), b.len, "wild.pem: *.wild.test, until ", 29));
	rs_buf_free(&b);
	/* one for a handshake that outlives it */
	rs_tlsctx_unref(rs_tlsctx_ref(t));
	SSL *ssl = rs_tlsctx_accept(t, NULL);
	assert_non_null(ssl);
	SSL_free(ssl);
	rs_tlsctx_unref(t);
}

static void refusals(void **state)
{
	static const struct {
		const char *cert, *key, *said;
	} rows[] = {
		{ "none", "main.key", "cert_file %/none: No such file" },
		{ "main.pem", "none", "key_file %/none: No such file" },
		{ "empty", "main.key", "cert_file %/empty: the file is empty" },
		{ ".", "main.key", "cert_file %/.: not a file" },
		{ "nonsense", "main.key", "%/nonsense: no certificate in PEM form" },
		{ "main.key", "main.key", "%/main.key: no certificate in PEM form" },
		{ "main.pem", "main.pem", "%/main.pem: no private key in PEM form" },
		{ "main.pem", "wild.key", "%/wild.key: not the key of the certificate in %/main.pem" },
		{ "main.pem", "locked.key", "%/locked.key: the key is encrypted" },
		{ "badchain.pem", "main.key", "%/badchain.pem: a certificate of the chain cannot be read" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_buf b = { 0 };
		char why[512] = "", said[512] = "";

		for (const char *p = rows[i].said; *p; p++)
			(void)snprintf(said + strlen(said), sizeof said - strlen(said), *p == '%' ? "%s" : "%.1s", *p == '%' ? dir : p);
		put_site(&b, "", rows[i].cert, rows[i].key);
		assert_null(get(&b, why, sizeof why));
		if (strncmp(why, said, strlen(said)) != 0)
			fail_msg("%s, not %s", why, said);
	}
}

static void what_follows_a_certificate_may_be_text(void **state)
{
	struct rs_buf b = { 0 };
	char why[512];
	struct rs_tlsctx *t;

	(void)state;
	put_site(&b, "", "tail.pem", "main.key");
	t = get(&b, why, sizeof why);
	assert_non_null(t);
	rs_tlsctx_unref(t);
}

static void rules_are_checked(void **state)
{
	static const struct {
		enum rs_tls_part part;
		const char *value, *said; /* NULL: taken */
	} rows[] = {
		{ RS_TLS_ciphers, "NONSENSE", "ssl_ciphers `NONSENSE`" },
		{ RS_TLS_ciphers, "ECDHE+AESGCM", NULL },
		{ RS_TLS_groups, "nope", "ssl_ecdh_curve `nope`" },
		{ RS_TLS_protocols, "SSLv3", "ssl_protocols" },
		{ RS_TLS_server_name, "a b", "server_name `a b`" },
		{ RS_TLS_verify_depth, "x", "the settings of TLS are broken" },
		{ RS_TLS_client_ca_file, "/dev/null", "client_ca_file /dev/null: not a file" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_buf b = { 0 };
		char why[512] = "";
		struct rs_tlsctx *t;

		put_site(&b, "", "main.pem", "main.key");
		assert_true(rs_tls_put(&b, rows[i].part, rs_slice_str(rows[i].value)));
		t = get(&b, why, sizeof why);
		if ((t != NULL) != (rows[i].said == NULL) || (rows[i].said && strncmp(why, rows[i].said, strlen(rows[i].said)) != 0))
			fail_msg("%s: %s", rows[i].value, why);
		rs_tlsctx_unref(t);
	}
}

/* Bytes that no loader wrote: an error, no crash. */
static void broken_lists(void **state)
{
	struct rs_buf b = { 0 };
	char why[512];

	(void)state;
	assert_null(rs_tlsctx_new(RS_SLICE(""), why, sizeof why));
	assert_null(rs_tlsctx_new(RS_SLICE("xxxxxxxxxxxxxxxx"), why, sizeof why));
	assert_true(rs_tls_put(&b, RS_TLS_content, RS_SLICE("x")));
	assert_true(rs_tls_put(&b, RS_TLS_site, RS_SLICE("")));
	assert_null(rs_tlsctx_new(rs_buf_slice(&b), why, sizeof why));
	rs_buf_free(&b);
	assert_true(rs_tls_put(&b, RS_TLS_site, RS_SLICE("")));
	assert_null(rs_tlsctx_new(rs_buf_slice(&b), why, sizeof why));
	rs_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(two_certificates), cmocka_unit_test(refusals),
					    cmocka_unit_test(what_follows_a_certificate_may_be_text), cmocka_unit_test(rules_are_checked),
					    cmocka_unit_test(broken_lists) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
