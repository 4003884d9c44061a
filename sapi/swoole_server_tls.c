/*
 * TLS of a port: its ssl_* settings as parts (src/tls/tls_parts.h), for the daemon, which opens the files.
 */
#include "swoole_server_hosted.h"

#include "tls/tls_parts.h"

static bool put_string(struct rs_buf *b, enum rs_tls_part part, const zend_string *value)
{
	return !value || ZSTR_LEN(value) == 0 || rs_tls_put(b, part, rs_slice(ZSTR_VAL(value), ZSTR_LEN(value)));
}

/* A path as it is for a process that has another working directory. */
static bool put_path(struct rs_buf *b, enum rs_tls_part part, const zend_string *path)
{
	char *full = path && ZSTR_LEN(path) ? expand_filepath(ZSTR_VAL(path), NULL) : NULL;
	bool ok = !full || rs_tls_put(b, part, rs_slice_str(full));

	if (full)
		efree(full);
	return ok;
}

static bool put_flag(struct rs_buf *b, enum rs_tls_part part, bool on)
{
	return rs_tls_put(b, part, on ? RS_SLICE("1") : RS_SLICE("0"));
}

static zend_string *text_in(HashTable *array, const char *key)
{
	zval *value = zend_hash_str_find_deref(array, key, strlen(key));

	return value && Z_TYPE_P(value) == IS_STRING ? Z_STR_P(value) : NULL;
}

/* ssl_sni_certs: host => ['ssl_cert_file' => ..., 'ssl_key_file' => ...]. */
static bool put_names(struct rs_buf *b, zend_array *all)
{
	zend_string *host;
	zval *one;

	if (!all)
		return true;
	ZEND_HASH_FOREACH_STR_KEY_VAL(all, host, one) {
		ZVAL_DEREF(one);
		if (!host || Z_TYPE_P(one) != IS_ARRAY) {
			rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "ssl_sni_certs: an item is not host => [ssl_cert_file, ssl_key_file]");
			continue;
		}
		if (!put_string(b, RS_TLS_site, host) || !put_string(b, RS_TLS_server_name, host) ||
		    !put_path(b, RS_TLS_cert_file, text_in(Z_ARRVAL_P(one), "ssl_cert_file")) ||
		    !put_path(b, RS_TLS_key_file, text_in(Z_ARRVAL_P(one), "ssl_key_file")))
			return false;
	} ZEND_HASH_FOREACH_END();
	return true;
}

static bool put_rules(struct rs_buf *b, const struct rs_swoole_port_conf *c)
{
	const zend_string *ca = c->ssl_client_cert_file ? c->ssl_client_cert_file : c->ssl_cafile;
	const zend_string *groups = c->ssl_ecdh_curve && zend_string_equals_literal(c->ssl_ecdh_curve, "auto") ? NULL : c->ssl_ecdh_curve;
	char depth[16];

	snprintf(depth, sizeof depth, "%u", c->ssl_verify_depth);
	return put_string(b, RS_TLS_protocols, c->ssl_protocols) && put_string(b, RS_TLS_ciphers, c->ssl_ciphers) &&
	       put_string(b, RS_TLS_groups, groups) && put_flag(b, RS_TLS_prefer_server, c->ssl_prefer_server_ciphers) &&
	       (!c->ssl_verify_peer || rs_tls_put(b, RS_TLS_verify, RS_SLICE("on"))) && put_path(b, RS_TLS_client_ca_file, ca) &&
	       rs_tls_put(b, RS_TLS_verify_depth, rs_slice_str(depth)) && put_flag(b, RS_TLS_self_signed, c->ssl_allow_self_signed);
}

static bool put_all(struct rs_buf *b, const struct rs_swoole_port *port)
{
	const struct rs_swoole_port_conf *c = &port->conf;

	return rs_tls_put(b, RS_TLS_site, RS_SLICE("")) && put_path(b, RS_TLS_cert_file, c->ssl_cert_file) &&
	       put_path(b, RS_TLS_key_file, c->ssl_key_file) && put_rules(b, c) && put_names(b, c->ssl_sni_certs);
}

void rs_swoole_port_tls(const struct rs_swoole_server *s, struct rs_swoole_port *port)
{
	const struct rs_swoole_port_conf *c = &port->conf;
	const bool has = c->ssl_cert_file && ZSTR_LEN(c->ssl_cert_file) && c->ssl_key_file && ZSTR_LEN(c->ssl_key_file);
	struct rs_port *p = &port->p;
	struct rs_buf b = { 0 };

	p->tls_len = 0;
	/* The main port of a hosted application is the daemon's; the others may use its certificates. */
	if (!p->tls || (s && s->hosted && (port->index == 0 || !has)))
		return;
	if (!has)
		rs_swoole_fatal("SSL certificate and private key must be set (ssl_cert_file, ssl_key_file of port %s:%u)", p->host, p->port);
	if (!put_all(&b, port) || b.len > sizeof p->tls_parts) {
		rs_buf_free(&b);
		rs_swoole_fatal("the ssl_* settings of port %s:%u are too long, %zu bytes are room for them", p->host, p->port,
				sizeof p->tls_parts);
	}
	memcpy(p->tls_parts, rs_buf_data(&b), b.len);
	p->tls_len = (uint32_t)b.len;
	rs_buf_free(&b);
}
