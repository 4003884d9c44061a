/*
 * Rules of a port's handshakes: from texts to what OpenSSL is told.
 */
#include "tls/tls_rules.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/* Forward secrecy and authenticated encryption only; every client since 2015 has one of them. */
#define CIPHERS                                                                                                        \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"                     \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:prime256v1:secp384r1"
/* Sessions of TLS 1.2 clients without tickets, per certificate. */
#define SESSIONS_MAX 2048

/* ---- from texts ------------------------------------------------------------------------------------------------------------ */

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

/* Under which a session may be resumed: a client that was not asked must not pass for one that was. */
static bool make_id(struct rs_tls_rules *r)
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

bool rs_tls_rules_read(struct rs_tls_rules *r, char *why, size_t why_size)
{
	struct rs_slice bad;

	if (!rs_tls_protocols(r->text[RS_TLS_protocols], &r->protocols, &bad))
		return rs_tls_refuse(why, why_size, "ssl_protocols: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3 are known, not", bad);
	if (number(r->text[RS_TLS_verify_depth], 100, 1, &r->depth) &&
	    number(r->text[RS_TLS_session_timeout], 7 * 86400, 86400, &r->timeout_s) && make_id(r))
		return true;
	rs_fmt(why, why_size, "the settings of TLS are broken");
	return false;
}

/* ---- to OpenSSL ------------------------------------------------------------------------------------------------------------- */

static int allow_self_signed(int ok, X509_STORE_CTX *store)
{
	return ok || X509_STORE_CTX_get_error(store) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

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

static bool text_is(const struct rs_tls_rules *r, enum rs_tls_part part, const char *what)
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

bool rs_tls_refuse(char *why, size_t size, const char *what, struct rs_slice value)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	rs_fmt(why, size, "%s `%.*s`: %s", what, (int)value.n, value.p, reason ? reason : "not known");
	ERR_clear_error();
	return false;
}

static bool set_sessions(SSL_CTX *ctx, const struct rs_tls_rules *r)
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
	SSL_CTX_sess_set_cache_size(ctx, SESSIONS_MAX);
	SSL_CTX_set_timeout(ctx, r->timeout_s);
	if (text_is(r, RS_TLS_tickets, "0"))
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	return SSL_CTX_set_session_id_context(ctx, r->id, r->id_len < SSL_MAX_SID_CTX_LENGTH ? r->id_len : SSL_MAX_SID_CTX_LENGTH) == 1;
}

static bool set_clients(SSL_CTX *ctx, const struct rs_tls_rules *r, char *why, size_t why_size)
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

bool rs_tls_rules_apply(const struct rs_tls_rules *r, SSL_CTX *ctx, char *why, size_t why_size)
{
	/* What a half-written record waits for is in our queue, which moves. Idle connections hold no buffers. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
			      SSL_MODE_NO_AUTO_CHAIN);
	/* A client may not keep us in one call with messages that are no data. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	/* A client that just closes has left, as without TLS: HTTP and WebSocket know by themselves whether something is missing. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
				 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	if (!text_is(r, RS_TLS_prefer_server, "1"))
		SSL_CTX_clear_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	if (!set_protocols(ctx, r->protocols))
		return rs_tls_refuse(why, why_size, "ssl_protocols", r->text[RS_TLS_protocols]);
	if (!set_list(SSL_CTX_set_cipher_list, ctx, r->text[RS_TLS_ciphers], CIPHERS))
		return rs_tls_refuse(why, why_size, "ssl_ciphers", r->text[RS_TLS_ciphers]);
	if (!set_list(set_groups, ctx, r->text[RS_TLS_groups], GROUPS))
		return rs_tls_refuse(why, why_size, "ssl_ecdh_curve", r->text[RS_TLS_groups]);
	if (!set_sessions(ctx, r)) {
		rs_fmt(why, why_size, "sessions cannot be set up");
		return false;
	}
	/* One call for the head of a record and its bytes. */
	SSL_CTX_set_read_ahead(ctx, 1);
	return set_clients(ctx, r, why, why_size);
}
