/*
 * TLS contexts: one SSL_CTX per certificate, all with the same rules. A handshake begins with the main one's; the name that
 * the client says in its ClientHello changes to another's.
 */
#include "tls/tls_context.h"

#include "tls/tls_names.h"
#include "tls/tls_rules.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#define MAGIC 0x746c7363u

#define SITES_MAX 1024

struct site {
	struct rs_slice name;
	struct rs_tls_file cert, key, stapling;
	bool named;
};

struct rs_tlsctx {
	uint32_t magic;
	unsigned refs;
	SSL_CTX **ctx;             /* [0]: the main one */
	struct rs_slice *paths;    /* of the certificates; ours */
	struct rs_buf *stapling;
	size_t n;
	struct rs_tls_names names;
};

/* ---- callbacks of OpenSSL ---------------------------------------------------------------------------------------------- */

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
	struct rs_tlsctx *t = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	int64_t site;

	(void)alert;
	RS_CHECK(t, MAGIC);
	site = name ? rs_tls_names_find(&t->names, rs_slice_str(name)) : -1;
	if (site > 0)
		SSL_set_SSL_CTX(ssl, t->ctx[site]);
	return name ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *arg)
{
	const struct rs_slice *ours = SSL_get_app_data(ssl);
	unsigned char *chosen;

	(void)arg;
	if (!ours)
		return SSL_TLSEXT_ERR_NOACK;
	/* Who wants none of ours speaks something else, and must not be taken for HTTP (RFC 7301, 3.2). */
	if (SSL_select_next_proto(&chosen, out_len, (const unsigned char *)ours->p, (unsigned)ours->n, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int on_stapling(SSL *ssl, void *arg)
{
	const struct rs_buf *b = arg;
	unsigned char *copy = OPENSSL_malloc(b->len);

	if (!copy)
		return SSL_TLSEXT_ERR_NOACK;
	memcpy(copy, rs_buf_data(b), b->len);
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)b->len); /* takes it */
	return SSL_TLSEXT_ERR_OK;
}

static void set_callbacks(struct rs_tlsctx *t, SSL_CTX *ctx)
{
	SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(ctx, t);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
}

/* ---- sites --------------------------------------------------------------------------------------------------------------- */

struct naming {
	struct rs_tlsctx *t;
	uint32_t site;
};

/* Of a certificate: what is no name that a client could say (a wildcard inside) is passed over. */
static bool add_name(void *arg, struct rs_slice name)
{
	struct naming *n = arg;

	RS_IGNORE(!rs_tls_names_add(&n->t->names, name, n->site));
	return true;
}

static bool set_stapling(struct rs_tlsctx *t, size_t i, const struct site *s, char *why, size_t why_size)
{
	const unsigned char *p = (const unsigned char *)s->stapling.content.p;
	OCSP_RESPONSE *r;

	if (!p)
		return true;
	r = d2i_OCSP_RESPONSE(NULL, &p, (long)s->stapling.content.n);
	OCSP_RESPONSE_free(r);
	if (!r || !rs_buf_put(&t->stapling[i], s->stapling.content.p, s->stapling.content.n)) {
		rs_fmt(why, why_size, "%.*s: no OCSP response in DER form in it", (int)s->stapling.path.n, s->stapling.path.p);
		ERR_clear_error();
		return false;
	}
	SSL_CTX_set_tlsext_status_cb(t->ctx[i], on_stapling);
	SSL_CTX_set_tlsext_status_arg(t->ctx[i], &t->stapling[i]);
	return true;
}

/* The certificate that s describes, as number i. */
static bool make_site(struct rs_tlsctx *t, size_t i, const struct site *s, const struct rs_tls_rules *r, char *why, size_t why_size)
{
	struct naming naming = { t, (uint32_t)i };
	char *path;

	if (!s->cert.content.p || !s->key.content.p) {
		rs_fmt(why, why_size, "%s%.*s: a certificate and its key are needed", s->name.n ? "ssl." : "ssl_cert_file, ssl_key_file",
		       (int)s->name.n, s->name.p);
		return false;
	}
	t->ctx[i] = SSL_CTX_new(TLS_server_method());
	path = strndup(s->cert.path.p, s->cert.path.n);
	if (!t->ctx[i] || !path) {
		free(path);
		rs_fmt(why, why_size, "out of memory");
		return false;
	}
	t->paths[i] = rs_slice_str(path);
	set_callbacks(t, t->ctx[i]);
	/* The rules first: they say how strong a key must be. */
	if (!rs_tls_rules_apply(r, t->ctx[i], why, why_size) || !rs_tlscert_use_chain(t->ctx[i], &s->cert, why, why_size) ||
	    !rs_tlscert_use_key(t->ctx[i], &s->key, &s->cert, why, why_size) || !set_stapling(t, i, s, why, why_size))
		return false;
	return s->named || rs_tlscert_names(SSL_CTX_get0_certificate(t->ctx[i]), add_name, &naming);
}

/* ---- from the list ------------------------------------------------------------------------------------------------------- */

static struct rs_tls_file *file_of(struct site *s, struct rs_tls_rules *r, enum rs_tls_part part)
{
	switch (part) {
	case RS_TLS_cert_file:
		return &s->cert;
	case RS_TLS_key_file:
		return &s->key;
	case RS_TLS_stapling_file:
		return &s->stapling;
	case RS_TLS_client_ca_file:
		return &r->client_ca;
	default:
		return NULL;
	}
}

/* What holds for all sites; and names of each, which must be ours before a certificate's own are asked. */
static bool read_rules(struct rs_tlsctx *t, struct rs_slice list, struct rs_tls_rules *r, struct site *sites, char *why, size_t why_size)
{
	struct rs_tls_file *file = NULL;
	enum rs_tls_part part;
	struct rs_slice value;
	enum rs_result rc;
	size_t n = 0;

	while ((rc = rs_tls_next(&list, &part, &value)) == RS_OK) {
		if (part == RS_TLS_site)
			sites[n++] = (struct site){ .name = value };
		if (n == 0)
			return rs_tls_refuse(why, why_size, "a part before the first site", value);
		if (part == RS_TLS_content && file)
			file->content = value;
		file = file_of(&sites[n - 1], r, part);
		if (file)
			file->path = value;
		r->text[part] = value;
		if (part != RS_TLS_server_name)
			continue;
		sites[n - 1].named = true;
		if (!rs_tls_names_add(&t->names, value, (uint32_t)(n - 1)))
			return rs_tls_refuse(why, why_size, "server_name", value);
	}
	if (rc != RS_ERR)
		return rs_tls_rules_read(r, why, why_size);
	rs_fmt(why, why_size, "the settings of TLS are broken");
	return false;
}

static size_t count_sites(struct rs_slice list)
{
	enum rs_tls_part part;
	struct rs_slice value;
	size_t n = 0;

	while (rs_tls_next(&list, &part, &value) == RS_OK)
		n += part == RS_TLS_site;
	return n;
}

static bool make(struct rs_tlsctx *t, struct rs_slice list, char *why, size_t why_size)
{
	struct site *sites = calloc(t->n + 1, sizeof *sites);
	struct rs_tls_rules r = { .protocols = 0 };
	bool ok;

	t->ctx = calloc(t->n, sizeof(SSL_CTX *));
	t->paths = calloc(t->n, sizeof *t->paths);
	t->stapling = calloc(t->n, sizeof *t->stapling);
	rs_fmt(why, why_size, "out of memory");
	ok = sites && t->ctx && t->paths && t->stapling && read_rules(t, list, &r, sites, why, why_size);
	for (size_t i = 0; ok && i < t->n; i++)
		ok = make_site(t, i, &sites[i], &r, why, why_size);
	free(sites);
	return ok;
}

/* ---- life ------------------------------------------------------------------------------------------------------------------ */

struct rs_tlsctx *rs_tlsctx_new(struct rs_slice list, char *why, size_t why_size)
{
	struct rs_tlsctx *t;
	size_t n = count_sites(list);

	if (n == 0 || n > SITES_MAX) {
		rs_fmt(why, why_size, n ? "more than %d certificates" : "no certificate", SITES_MAX);
		return NULL;
	}
	t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	ERR_clear_error();
	t->magic = MAGIC;
	t->refs = 1;
	t->n = n;
	if (make(t, list, why, why_size))
		return t;
	rs_tlsctx_unref(t);
	return NULL;
}

struct rs_tlsctx *rs_tlsctx_ref(struct rs_tlsctx *t)
{
	RS_CHECK(t, MAGIC);
	t->refs++;
	return t;
}

void rs_tlsctx_unref(struct rs_tlsctx *t)
{
	if (!t)
		return;
	RS_CHECK(t, MAGIC);
	if (--t->refs)
		return;
	for (size_t i = 0; i < t->n; i++) {
		if (t->ctx)
			SSL_CTX_free(t->ctx[i]);
		if (t->paths)
			free((char *)(uintptr_t)t->paths[i].p);
		if (t->stapling)
			rs_buf_free(&t->stapling[i]);
	}
	rs_tls_names_free(&t->names);
	free(t->ctx);
	free(t->paths);
	free(t->stapling);
	t->magic = 0;
	free(t);
}

void rs_tlsctx_ticket_keys(struct rs_tlsctx *t, const unsigned char keys[RS_TLS_TICKET_KEYS])
{
	/* Tickets are the business of the context that a handshake begins with. */
	RS_ASSERT(SSL_CTX_set_tlsext_ticket_keys(t->ctx[0], (void *)(uintptr_t)keys, RS_TLS_TICKET_KEYS) == 1);
}

SSL *rs_tlsctx_accept(struct rs_tlsctx *t, const struct rs_slice *protocols)
{
	SSL *ssl = SSL_new(t->ctx[0]);

	if (!ssl)
		return NULL;
	SSL_set_app_data(ssl, (void *)(uintptr_t)protocols);
	SSL_set_accept_state(ssl);
	return ssl;
}

static bool put_name(void *arg, struct rs_slice name)
{
	return rs_buf_printf(arg, " %.*s,", (int)name.n, name.p);
}

bool rs_tlsctx_describe(const struct rs_tlsctx *t, struct rs_buf *out)
{
	char validity[128];

	for (size_t i = 0; i < t->n; i++) {
		const X509 *x = SSL_CTX_get0_certificate(t->ctx[i]);
		rs_tlscert_validity(x, validity, sizeof validity);
		if (!rs_buf_printf(out, "%s:", t->paths[i].p) || !rs_tlscert_names(x, put_name, out) ||
		    !rs_buf_printf(out, " %s\n", validity))
			return false;
	}
	return true;
}
