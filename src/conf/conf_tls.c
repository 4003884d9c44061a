/*
 * The configuration of TLS as parts, for who reads the files. Pure.
 */
#include "conf/conf.h"

#include "tls/tls_parts.h"

bool rs_conf_tls(const struct rs_conf *c)
{
	return *c->ssl_cert_file && *c->ssl_key_file;
}

static bool put_text(struct rs_buf *b, enum rs_tls_part part, const char *text)
{
	return !*text || rs_tls_put(b, part, rs_slice_str(text));
}

static bool put_number(struct rs_buf *b, enum rs_tls_part part, int64_t n)
{
	char text[32];

	rs_fmt(text, sizeof text, "%jd", (intmax_t)n);
	return rs_tls_put(b, part, rs_slice_str(text));
}

static bool put_site(struct rs_buf *b, const struct rs_conf_item *it)
{
	const struct rs_conf_row *name = NULL;
	bool ok = rs_tls_put(b, RS_TLS_site, rs_slice_str(it->name)) &&
		  put_text(b, RS_TLS_cert_file, rs_conf_item_text(it, RS_ITEM_ssl_item_cert_file)) &&
		  put_text(b, RS_TLS_key_file, rs_conf_item_text(it, RS_ITEM_ssl_item_key_file)) &&
		  put_text(b, RS_TLS_stapling_file, rs_conf_item_text(it, RS_ITEM_ssl_item_stapling_file));

	while (ok && (name = rs_conf_item_next(it, RS_ITEM_ssl_item_server_name, name)))
		ok = put_text(b, RS_TLS_server_name, name->value);
	return ok;
}

static bool put_rules(struct rs_buf *b, const struct rs_conf *c)
{
	static const char *const verify[] = { "", "optional", "on" };
	const char *groups = strcmp(c->ssl_ecdh_curve, "auto") == 0 ? "" : c->ssl_ecdh_curve;

	return put_text(b, RS_TLS_protocols, c->ssl_protocols) && put_text(b, RS_TLS_ciphers, c->ssl_ciphers) &&
	       put_text(b, RS_TLS_groups, groups) && put_number(b, RS_TLS_prefer_server, c->ssl_prefer_server_ciphers) &&
	       put_text(b, RS_TLS_verify, verify[c->ssl_verify_peer ? RS_VERIFY_CLIENT_ON : c->ssl_verify_client]) &&
	       put_text(b, RS_TLS_client_ca_file, c->ssl_client_cert_file) &&
	       put_number(b, RS_TLS_verify_depth, c->ssl_verify_depth) &&
	       put_number(b, RS_TLS_self_signed, c->ssl_allow_self_signed) &&
	       put_number(b, RS_TLS_tickets, c->ssl_session_tickets) &&
	       put_number(b, RS_TLS_session_timeout, c->ssl_session_timeout / 1000);
}

/* Has the application named one of the files? */
static bool is_apps(const struct rs_conf *c)
{
	static const enum rs_opt_id ids[] = { RS_OPT_ID_ssl_cert_file, RS_OPT_ID_ssl_key_file, RS_OPT_ID_ssl_stapling_file,
					      RS_OPT_ID_ssl_client_cert_file };
	const struct rs_conf_items *sites = &c->items[RS_KIND_ssl];

	for (size_t i = 0; i < RS_COUNTOF(ids); i++)
		if (c->origin[ids[i]].from == RS_FROM_APP)
			return true;
	for (size_t i = 0; i < sites->n; i++)
		if (sites->v[i].at.from == RS_FROM_APP)
			return true;
	return false;
}

bool rs_conf_tls_parts(const struct rs_conf *c, bool root, struct rs_buf *out)
{
	const struct rs_conf_items *sites = &c->items[RS_KIND_ssl];
	bool ok = rs_tls_put(out, RS_TLS_site, RS_SLICE("")) && rs_tls_put(out, RS_TLS_cert_file, rs_slice_str(c->ssl_cert_file)) &&
		  rs_tls_put(out, RS_TLS_key_file, rs_slice_str(c->ssl_key_file)) &&
		  put_text(out, RS_TLS_stapling_file, c->ssl_stapling_file) && put_rules(out, c) &&
		  (!root || !is_apps(c) || rs_tls_put(out, RS_TLS_as_user, RS_SLICE("1")));

	for (size_t i = 0; ok && i < sites->n; i++)
		ok = put_site(out, &sites->v[i]);
	return ok;
}
