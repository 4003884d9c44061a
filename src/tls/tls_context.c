/*
 * TLS contexts: one SSL_CTX per certificate, all with the same rules. A handshake begins with the main one's; the name that
 * the client says in its ClientHello changes to another's.
 */
#include "tls/tls_context.h"

#include "tls/tls_cert.h"
#include "tls/tls_names.h"
#include "tls/tls_parts.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#define MAGIC 0x746c7363u

/* Forward secrecy and authenticated encryption only; every client since 2015 has one of them. */
#define CIPHERS                                                                                                        \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"                     \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:prime256v1:secp384r1"
/* Sessions of TLS 1.2 clients without tickets, per certificate. */
#define SESSIONS_MAX 2048
#define SITES_MAX 1024

/* Texts and files of a list, as it is cut up. */
struct rules {
	struct rs_slice text[RS_TLS_PARTS];
	struct rs_tls_file client_ca;
	unsigned protocols;
	long depth, timeout_s;
	unsigned char id[EVP_MAX_MD_SIZE]; /* sessions are resumed only under the same rules for clients */
	unsigned id_len;
};

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

static int allow_self_signed(int ok, X509_STORE_CTX *store)
{
	return ok || X509_STORE_CTX_get_error(store) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

/* ---- rules --------------------------------------------------------------------------------------------------------------- */

static bool set_protocols(SSL_CTX *ctx, unsigned bits)
{
	static const struct {
		unsigned bit;
		uint64_t without;
		int version;
	} all[] = { { RS_TLS_1_0, SSL_OP_NO_TLSv1, TLS1_VERSION },
		    { RS_TLS_1_1, SSL_OP_NO_TLSv1_1, TLS1_1_VERSION },
		    { RS_TLS_1_2, SSL_OP_NO_TLSv1_2, TLS1_2_VERSION },
		    { RS_TLS_1_3, SSL_OP_NO_TLSv1_3, TLS1_3_VERSION } };
	int least = 0;

	for (size_t i = 0; i < RS_COUNTOF(all); i++) {
		if (!(bits & all[i].bit))
			SSL_CTX_set_options(ctx, all[i].without);
		else if (!least)
			least = all[i].version;
	}
	return SSL_CTX_set_min_proto_version(ctx, least) == 1;
}

static bool text_is(const struct rules *r, enum rs_tls_part part, const char *what)
{
	return rs_slice_eq(r->text[part], rs_slice_str(what));
}

/* A C string of a part, or `otherwise` when it is empty. */
static bool set_list(int (*fn)(SSL_CTX *, const char *), SSL_CTX *ctx, struct rs_slice s, const char *otherwise)
{
	char *text = strndup(s.n ? s.p : otherwise, s.n ? s.n : strlen(otherwise));
	bool ok = text && fn(ctx, text) == 1;

	free(text);
	return ok;
}

static int set_groups(SSL_CTX *ctx, const char *list)
{
	return (int)SSL_CTX_set1_groups_list(ctx, list);
}

static bool fail(char *why, size_t size, const char *what, struct rs_slice value)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	rs_fmt(why, size, "%s `%.*s`: %s", what, (int)value.n, value.p, reason ? reason : "not known");
	ERR_clear_error();
	return false;
}

static bool set_sessions(SSL_CTX *ctx, const struct rules *r)
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
	SSL_CTX_sess_set_cache_size(ctx, SESSIONS_MAX);
	SSL_CTX_set_timeout(ctx, r->timeout_s);
	if (text_is(r, RS_TLS_tickets, "0"))
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	return SSL_CTX_set_session_id_context(ctx, r->id, r->id_len < SSL_MAX_SID_CTX_LENGTH ? r->id_len : SSL_MAX_SID_CTX_LENGTH) == 1;
}

static bool set_clients(SSL_CTX *ctx, const struct rules *r, char *why, size_t why_size)
{
	int mode = SSL_VERIFY_PEER | (text_is(r, RS_TLS_verify, "on") ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);

	if (r->text[RS_TLS_verify].n == 0)
		return true;
	if (r->client_ca.content.p && !rs_tlscert_trust(ctx, &r->client_ca, why, why_size))
		return false;
	SSL_CTX_set_verify(ctx, mode, text_is(r, RS_TLS_self_signed, "1") ? allow_self_signed : NULL);
	SSL_CTX_set_verify_depth(ctx, (int)r->depth);
	return true;
}

static bool set_rules(struct rs_tlsctx *t, SSL_CTX *ctx, const struct rules *r, char *why, size_t why_size)
{
	/* What a half-written record waits for is in our queue, which moves. Idle connections hold no buffers. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
			      SSL_MODE_NO_AUTO_CHAIN);
	/* A client that just closes has left, as without TLS: HTTP and WebSocket know by themselves whether something is missing. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
				 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	if (!text_is(r, RS_TLS_prefer_server, "1"))
		SSL_CTX_clear_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	if (!set_protocols(ctx, r->protocols))
		return fail(why, why_size, "ssl_protocols", r->text[RS_TLS_protocols]);
	if (!set_list(SSL_CTX_set_cipher_list, ctx, r->text[RS_TLS_ciphers], CIPHERS))
		return fail(why, why_size, "ssl_ciphers", r->text[RS_TLS_ciphers]);
	if (!set_list(set_groups, ctx, r->text[RS_TLS_groups], GROUPS))
		return fail(why, why_size, "ssl_ecdh_curve", r->text[RS_TLS_groups]);
	if (!set_sessions(ctx, r)) {
		rs_fmt(why, why_size, "sessions cannot be set up");
		return false;
	}
	/* One call for the head of a record and its bytes. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(ctx, t);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	return set_clients(ctx, r, why, why_size);
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
static bool make_site(struct rs_tlsctx *t, size_t i, const struct site *s, const struct rules *r, char *why, size_t why_size)
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
	/* The rules first: they say how strong a key must be. */
	if (!set_rules(t, t->ctx[i], r, why, why_size) || !rs_tlscert_use_chain(t->ctx[i], &s->cert, why, why_size) ||
	    !rs_tlscert_use_key(t->ctx[i], &s->key, &s->cert, why, why_size) || !set_stapling(t, i, s, why, why_size))
		return false;
	return s->named || rs_tlscert_names(SSL_CTX_get0_certificate(t->ctx[i]), add_name, &naming);
}

/* ---- from the list ------------------------------------------------------------------------------------------------------- */

static struct rs_tls_file *file_of(struct site *s, struct rules *r, enum rs_tls_part part)
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

static bool number(struct rs_slice s, uint64_t max, long otherwise, long *out)
{
	uint64_t n;

	*out = otherwise;
	if (s.n == 0)
		return true;
	if (!rs_parse_u64(s, max, &n))
		return false;
	*out = (long)n;
	return true;
}

/* What holds for all sites; and names of each, which must be ours before a certificate's own are asked. */
static bool read_rules(struct rs_tlsctx *t, struct rs_slice list, struct rules *r, struct site *sites, char *why, size_t why_size)
{
	struct rs_tls_file *file = NULL;
	enum rs_tls_part part;
	struct rs_slice value, bad;
	enum rs_result rc;
	size_t n = 0;

	while ((rc = rs_tls_next(&list, &part, &value)) == RS_OK) {
		if (part == RS_TLS_site)
			sites[n++] = (struct site){ .name = value };
		if (n == 0)
			return fail(why, why_size, "a part before the first site", value);
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
			return fail(why, why_size, "server_name", value);
	}
	if (!rs_tls_protocols(r->text[RS_TLS_protocols], &r->protocols, &bad))
		return fail(why, why_size, "ssl_protocols: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3 are known, not", bad);
	if (rc == RS_ERR || !number(r->text[RS_TLS_verify_depth], 100, 1, &r->depth) ||
	    !number(r->text[RS_TLS_session_timeout], 7 * 86400, 86400, &r->timeout_s)) {
		rs_fmt(why, why_size, "the settings of TLS are broken");
		return false;
	}
	return true;
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

/* Under which a session may be resumed: a client that was not asked must not pass for one that was. */
static bool make_id(struct rules *r)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const struct rs_slice parts[] = { r->text[RS_TLS_verify], r->text[RS_TLS_verify_depth], r->text[RS_TLS_self_signed],
					  r->client_ca.content };
	bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < RS_COUNTOF(parts); i++)
		ok = EVP_DigestUpdate(md, parts[i].p, parts[i].n) == 1 && EVP_DigestUpdate(md, "", 1) == 1;
	ok = ok && EVP_DigestFinal_ex(md, r->id, &r->id_len) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

static bool make(struct rs_tlsctx *t, struct rs_slice list, char *why, size_t why_size)
{
	struct site *sites = calloc(t->n + 1, sizeof *sites);
	struct rules r = { .protocols = 0 };
	bool ok = false;

	t->ctx = calloc(t->n, sizeof(SSL_CTX *));
	t->paths = calloc(t->n, sizeof *t->paths);
	t->stapling = calloc(t->n, sizeof *t->stapling);
	rs_fmt(why, why_size, "out of memory");
	if (sites && t->ctx && t->paths && t->stapling && read_rules(t, list, &r, sites, why, why_size))
		ok = make_id(&r);
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
