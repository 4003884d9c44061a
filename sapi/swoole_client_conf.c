/*
 * Settings of the clients: from PHP's array to struct rs_client_conf, by one table. What is not in it is kept in the property
 * and otherwise ignored: applications set more than a client knows.
 */
#include "swoole_client.h"

enum kind { SECONDS, FLAG, NUMBER, TEXT };

struct row {
	const char *name;
	enum kind kind;
	size_t at; /* in struct rs_client_conf */
};

#define ROW(name, kind, field) { name, kind, offsetof(struct rs_client_conf, field) }

/* In this order: a later row overrides an earlier one of the same field. */
static const struct row rows[] = {
	ROW("timeout", SECONDS, connect_ms),
	ROW("timeout", SECONDS, read_ms),
	ROW("timeout", SECONDS, write_ms),
	ROW("connect_timeout", SECONDS, connect_ms),
	ROW("read_timeout", SECONDS, read_ms),
	ROW("write_timeout", SECONDS, write_ms),
	ROW("bind_address", TEXT, bind_address),
	ROW("bind_port", NUMBER, bind_port),
	ROW("socket_buffer_size", NUMBER, socket_buffer_size),
	ROW("open_tcp_nodelay", FLAG, tcp_nodelay),
	ROW("open_tcp_keepalive", FLAG, tcp_keepalive),
	ROW("tcp_keepidle", NUMBER, tcp_keepidle),
	ROW("tcp_keepinterval", NUMBER, tcp_keepinterval),
	ROW("tcp_keepcount", NUMBER, tcp_keepcount),
	ROW("ssl_cert_file", TEXT, tls.cert_file),
	ROW("ssl_key_file", TEXT, tls.key_file),
	ROW("ssl_passphrase", TEXT, tls.passphrase),
	ROW("ssl_cafile", TEXT, tls.cafile),
	ROW("ssl_capath", TEXT, tls.capath),
	ROW("ssl_ciphers", TEXT, tls.ciphers),
	ROW("ssl_host_name", TEXT, tls.host_name),
	ROW("ssl_verify_depth", NUMBER, tls.verify_depth),
	ROW("ssl_protocols", NUMBER, tls.protocols),
	ROW("ssl_verify_peer", FLAG, tls.verify_peer),
	ROW("ssl_allow_self_signed", FLAG, tls.allow_self_signed),
};

/* A proxy is chosen by its host. */
static const struct {
	enum rs_proxy_kind kind;
	const char *host, *port, *user, *password;
} proxies[] = {
	{ RS_PROXY_HTTP, "http_proxy_host", "http_proxy_port", "http_proxy_user", "http_proxy_password" },
	{ RS_PROXY_SOCKS5, "socks5_host", "socks5_port", "socks5_username", "socks5_password" },
};

zval *rs_client_setting(HashTable *settings, const char *name)
{
	zval *v = zend_hash_str_find_deref(settings, name, strlen(name));

	return v && Z_TYPE_P(v) != IS_NULL ? v : NULL;
}

static int to_number(zval *v)
{
	zend_long n = zval_get_long(v);

	return n > INT_MAX ? INT_MAX : n < INT_MIN ? INT_MIN : (int)n;
}

/* A copy on the core's heap; NULL for "", and for what is no text. */
static char *to_text(zval *v)
{
	zend_string *text;
	char *copy = NULL;

	if (Z_TYPE_P(v) == IS_ARRAY)
		return NULL;
	text = zval_get_string(v);
	if (ZSTR_LEN(text) && !(copy = strdup(ZSTR_VAL(text))))
		zend_error_noreturn(E_ERROR, "Out of memory");
	zend_string_release(text);
	return copy;
}

static void apply(struct rs_client_conf *conf, const struct row *row, zval *v)
{
	char *field = (char *)conf + row->at;

	switch (row->kind) {
	case SECONDS:
		*(int64_t *)field = rs_client_ms(zval_get_double(v));
		break;
	case FLAG:
		*(bool *)field = zend_is_true(v);
		break;
	case NUMBER:
		*(int *)field = to_number(v);
		break;
	case TEXT:
		*(char **)field = to_text(v);
		break;
	}
}

static void apply_proxy(struct rs_proxy_conf *proxy, HashTable *settings)
{
	for (size_t i = 0; i < RS_COUNTOF(proxies) && proxy->kind == RS_PROXY_NONE; i++) {
		zval *host = rs_client_setting(settings, proxies[i].host), *port = rs_client_setting(settings, proxies[i].port), *v;

		if (!host || !port || !(proxy->host = to_text(host)))
			continue;
		proxy->kind = proxies[i].kind;
		proxy->port = to_number(port);
		if ((v = rs_client_setting(settings, proxies[i].user)))
			proxy->user = to_text(v);
		if ((v = rs_client_setting(settings, proxies[i].password)))
			proxy->password = to_text(v);
	}
}

void rs_client_conf_read(struct rs_client_conf *conf, HashTable *settings)
{
	zval *given;

	for (size_t i = 0; i < RS_COUNTOF(rows); i++)
		if ((given = rs_client_setting(settings, rows[i].name)))
			apply(conf, &rows[i], given);
	apply_proxy(&conf->proxy, settings);
}

/* ---- framing ------------------------------------------------------------------------------------------------------ */

/* An exception of the function stands when this returns: the call that reads ends with it. */
static int64_t length_func(void *arg, struct rs_slice data)
{
	zval argument, ret;
	int64_t n = -1;

	ZVAL_STRINGL(&argument, data.p, data.n);
	ZVAL_UNDEF(&ret);
	if (rs_php_call_through(arg, 1, &argument, &ret))
		n = zval_get_long(&ret);
	zval_ptr_dtor(&ret);
	zval_ptr_dtor(&argument);
	return EG(exception) ? -1 : n;
}

static struct rs_slice slice_of(HashTable *settings, const char *name, zend_string **keep)
{
	zval *v = rs_client_setting(settings, name);

	*keep = v && Z_TYPE_P(v) != IS_ARRAY ? zval_get_string(v) : NULL;
	return *keep ? rs_slice(ZSTR_VAL(*keep), ZSTR_LEN(*keep)) : (struct rs_slice){ 0 };
}

static bool flag(HashTable *settings, const char *name)
{
	zval *v = rs_client_setting(settings, name);

	return v && zend_is_true(v);
}

static int64_t number(HashTable *settings, const char *name)
{
	zval *v = rs_client_setting(settings, name);

	return v ? zval_get_long(v) : 0;
}

const char *rs_client_packet_conf(struct rs_packet_conf *out, struct rs_php_callback *func, HashTable *settings)
{
	zval *v = rs_client_setting(settings, "package_length_func");
	zend_string *eof, *type;
	const char *wrong;
	struct rs_packet_settings set = {
		/* A client wants one package a call, whichever check it asked for. */
		.open_eof_split = flag(settings, "open_eof_check") || flag(settings, "open_eof_split"),
		.open_length_check = flag(settings, "open_length_check"),
		.open_mqtt_protocol = flag(settings, "open_mqtt_protocol"),
		.package_eof = slice_of(settings, "package_eof", &eof),
		.package_length_type = slice_of(settings, "package_length_type", &type),
		.package_length_offset = number(settings, "package_length_offset"),
		.package_body_offset = number(settings, rs_client_setting(settings, "package_body_offset") ? "package_body_offset" :
												"package_body_start"),
		.package_max_length = number(settings, "package_max_length"),
		.package_length_func = v ? length_func : NULL,
		.package_length_arg = func,
	};

	if (v && !rs_php_callback_set(func, v))
		wrong = "package_length_func is not callable";
	else
		wrong = rs_packet_conf_init(out, &set);
	if (eof)
		zend_string_release(eof);
	if (type)
		zend_string_release(type);
	return wrong;
}

/* ---- set() -------------------------------------------------------------------------------------------------------- */

/* What is set now and what is to be, which wins. */
static HashTable *merged(struct rs_client_object *o, HashTable *settings)
{
	zval rv, *now = zend_read_property(o->std.ce, &o->std, ZEND_STRL("setting"), true, &rv);
	HashTable *all = Z_TYPE_P(now) == IS_ARRAY ? zend_array_dup(Z_ARR_P(now)) : zend_new_array(0);

	zend_hash_copy(all, settings, zval_add_ref);
	return all;
}

bool rs_client_set(struct rs_client_object *o, HashTable *settings)
{
	struct rs_client_conf conf;
	const char *wrong;
	HashTable *all;
	zval v;

	if (o->c.sock.busy)
		return rs_client_refused(o, RS_SOCK_BUSY, "the client is being used");
	/* It would run amid the loop's work, where nobody can take what it throws. */
	if (o->async && rs_client_setting(settings, "package_length_func"))
		return rs_client_refused(o, RS_SWOOLE_ERROR_OPERATION_NOT_SUPPORT, "an asynchronous client has no package_length_func");
	all = merged(o, settings);
	rs_client_conf_init(&conf);
	wrong = rs_client_packet_conf(&conf.packet, &o->length_func, all);
	if (wrong) {
		zend_array_destroy(all);
		return rs_client_refused(o, 505, wrong);
	}
	rs_client_conf_read(&conf, all);
	o->read_limit_set = rs_client_setting(all, "timeout") || rs_client_setting(all, "read_timeout");
	o->write_limit_set = rs_client_setting(all, "timeout") || rs_client_setting(all, "write_timeout");
	/* The last word counts, of connect() and set(). */
	if (rs_client_setting(settings, "timeout") || rs_client_setting(settings, "connect_timeout"))
		o->limit = ZEND_NAN;
	rs_client_conf_free(&o->conf);
	o->conf = conf;
	o->own_limits = (struct rs_client_limits){ conf.connect_ms, conf.read_ms, conf.write_ms };
	rs_client_limits(o, o->limit);
	/* What framing has seen so far it saw by other rules. */
	o->c.packet = (struct rs_packet){ 0 };
	ZVAL_ARR(&v, all);
	zend_update_property(o->std.ce, &o->std, ZEND_STRL("setting"), &v);
	zval_ptr_dtor(&v);
	return true;
}
