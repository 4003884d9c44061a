/*
 * $_SERVER: first what boot left (dotenv and such), then what the request says, as nginx and php-fpm would.
 *
 * On the path of every request, so it is made by copying a template (boot's entries and all that never changes) and
 * setting the rest under keys whose hashes are known. The proxy variables of LaravelS' nginx configuration (Scheme and its kin) count only
 * when the reactor says so, and are copied, not moved; who asks it has found out itself (reactor_client.c).
 */
#include "sapi.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ext/standard/url.h>

/* Keys that a request sets. */
enum server_key {
#define KEY(name) KEY_##name,
#define KEYS                                                                                                          \
	KEY(REQUEST_METHOD) KEY(REQUEST_URI) KEY(QUERY_STRING) KEY(PATH_INFO) KEY(SERVER_PROTOCOL) KEY(REQUEST_SCHEME) \
	KEY(HTTPS) KEY(REMOTE_ADDR) KEY(REMOTE_PORT) KEY(SERVER_ADDR) KEY(SERVER_PORT) KEY(SERVER_NAME)                \
	KEY(CONTENT_TYPE) KEY(CONTENT_LENGTH) KEY(PHP_AUTH_USER) KEY(PHP_AUTH_PW) KEY(PHP_AUTH_DIGEST)   \
	KEY(REQUEST_ID) KEY(MASTER_TIME)
	KEYS
#undef KEY
	KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {
#define KEY(name) #name,
	KEYS
#undef KEY
};

/* What a trusted proxy passes on may still be a client's invention: each value has a form, else it is not taken over. */
static bool is_address(struct rs_slice s)
{
	unsigned char bin[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	return rs_copy(text, sizeof text, s) && (inet_pton(AF_INET, text, bin) == 1 || inet_pton(AF_INET6, text, bin) == 1);
}

static bool is_port(struct rs_slice s)
{
	uint64_t n;

	return rs_parse_u64(s, 65535, &n);
}

static bool is_protocol(struct rs_slice s)
{
	return rs_slice_eq(s, RS_SLICE("HTTP/1.0")) || rs_slice_eq(s, RS_SLICE("HTTP/1.1")) ||
	       rs_slice_eq(s, RS_SLICE("HTTP/2.0")) || rs_slice_eq(s, RS_SLICE("HTTP/2")) ||
	       rs_slice_eq(s, RS_SLICE("HTTP/3.0"));
}

static bool is_name(struct rs_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!isalnum(c) && !strchr("-._~*:[]", c))
			return false;
	}
	return s.n > 0 && s.n < 256;
}

static bool is_scheme(struct rs_slice s)
{
	return rs_slice_eqi(s, RS_SLICE("http")) || rs_slice_eqi(s, RS_SLICE("https"));
}

/* Header fields that a trusted proxy may set, the variable each one becomes, and its form. */
static const struct {
	struct rs_slice field;
	enum server_key key;
	bool (*valid)(struct rs_slice value);
} proxied[] = {
	{ { "server-protocol", 15 }, KEY_SERVER_PROTOCOL, is_protocol },
	{ { "server-name", 11 }, KEY_SERVER_NAME, is_name },
	{ { "server-addr", 11 }, KEY_SERVER_ADDR, is_address },
	{ { "server-port", 11 }, KEY_SERVER_PORT, is_port },
	{ { "scheme", 6 }, KEY_REQUEST_SCHEME, is_scheme },
};

/* Names of header fields repeat; more than this many different ones are not remembered. */
#define NAMES_MAX 256
/* Header fields and variables of TLS of an ordinary request: the table is copied with room for them, for growing it costs as much again. */
#define ROOM_FOR_MORE 24

/* ---- the template and the keys ------------------------------------------------------------------------------- */

static zend_string *permanent(const char *text, size_t n)
{
	zend_string *s = zend_string_init(text, n, true);

	zend_string_hash_val(s);
	return s;
}

static void add_template(zval *t, const char *name, const char *value)
{
	add_assoc_string(t, name, value);
}

/* The script of every request, as behind nginx's try_files: public/index.php, whatever the path. */
static void add_script(zval *t)
{
	struct rs_php *php = rs_php();
	const char *root = php->conf->document_root;

	RS_IGNORE(!rs_fmt(php->script, sizeof php->script, "%s/index.php", root));
	add_template(t, "DOCUMENT_ROOT", root);
	add_template(t, "SCRIPT_FILENAME", php->script);
	add_template(t, "SCRIPT_NAME", "/index.php");
	add_template(t, "DOCUMENT_URI", "/index.php");
	add_template(t, "PHP_SELF", "/index.php");
}

void rs_php_server_template(void)
{
	struct rs_php *php = rs_php();
	zval *t = &php->server_template;

	zval_ptr_dtor(t);
	if (Z_TYPE(php->base_server) == IS_ARRAY)
		ZVAL_ARR(t, zend_array_dup(Z_ARRVAL(php->base_server)));
	else
		array_init(t);
	add_template(t, "GATEWAY_INTERFACE", "CGI/1.1");
	add_template(t, "SERVER_SOFTWARE", "rserverd/" RS_VERSION);
	add_template(t, "REDIRECT_STATUS", "200");
	add_script(t);
	zend_hash_extend(Z_ARRVAL_P(t), zend_hash_num_elements(Z_ARRVAL_P(t)) + KEY_COUNT + ROOM_FOR_MORE, false);
	if (php->server_keys)
		return;
	php->server_keys = pecalloc(KEY_COUNT, sizeof *php->server_keys, true);
	for (int i = 0; i < KEY_COUNT; i++)
		php->server_keys[i] = permanent(key_names[i], strlen(key_names[i]));
	zend_hash_init(&php->field_names, 32, NULL, NULL, true);
}

/* ---- setting ------------------------------------------------------------------------------------------------- */

static void set(HashTable *server, enum server_key key, struct rs_slice value)
{
	zval z;

	ZVAL_STRINGL_FAST(&z, value.p, value.n);
	zend_hash_update(server, rs_php()->server_keys[key], &z);
}

static void set_number(HashTable *server, enum server_key key, uint64_t n)
{
	zval z;

	ZVAL_STR(&z, zend_ulong_to_str(n));
	zend_hash_update(server, rs_php()->server_keys[key], &z);
}

/* HTTP_<NAME> of a field as a key; NULL when the name is too long to be one. */
static zend_string *field_key(struct rs_slice field)
{
	HashTable *names = &rs_php()->field_names;
	zend_string *key = zend_hash_str_find_ptr(names, field.p, field.n);
	char text[260] = "HTTP_";

	if (key)
		return zend_string_copy(key);
	if (field.n + 6 > sizeof text)
		return NULL;
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];
		text[5 + i] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	if (zend_hash_num_elements(names) >= NAMES_MAX)
		return zend_string_init(text, field.n + 5, false);
	key = permanent(text, field.n + 5);
	zend_hash_str_add_ptr(names, field.p, field.n, key);
	return zend_string_copy(key);
}

/* All values of a repeated field are one, in order: "a, b"; cookies with "; ". */
static void append(zval *old, struct rs_slice value, const char *glue)
{
	smart_str s = { 0 };

	smart_str_append(&s, Z_STR_P(old));
	smart_str_appends(&s, glue);
	smart_str_appendl(&s, value.p, value.n);
	zval_ptr_dtor(old);
	ZVAL_STR(old, smart_str_extract(&s));
}

static void set_fields(HashTable *server, const struct rs_request_view *v)
{
	for (uint32_t i = 0; i < v->nfields; i++) {
		zend_string *key = field_key(v->fields[i].name);
		zval *old, z;
		if (!key)
			continue;
		if (zend_string_equals_literal(key, "HTTP_PROXY")) {
			zend_string_release(key); /* httpoxy: libraries take it for an outgoing proxy */
			continue;
		}
		old = zend_hash_find(server, key);
		if (old) {
			append(old, v->fields[i].value, zend_string_equals_literal(key, "HTTP_COOKIE") ? "; " : ", ");
		} else {
			ZVAL_STRINGL_FAST(&z, v->fields[i].value.p, v->fields[i].value.n);
			zend_hash_add_new(server, key, &z);
		}
		zend_string_release(key);
	}
}

/*
 * How the application may name a file: Symfony's BinaryFileResponse asks the request. That is a server's word, so from others it is
 * not heard.
 */
static void set_sendfile_type(HashTable *server, const struct rs_request_view *v)
{
	const struct rs_strlist *dirs = &rs_php()->conf->x_sendfile;
	bool paths = false;
	zval z;

	if (!v->trusted) {
		zend_hash_str_del(server, ZEND_STRL("HTTP_X_SENDFILE_TYPE"));
		zend_hash_str_del(server, ZEND_STRL("HTTP_X_ACCEL_MAPPING"));
	}
	for (size_t i = 0; i < dirs->n; i++)
		paths |= !strstr(dirs->v[i], "/=");
	if (!paths || zend_hash_str_exists(server, ZEND_STRL("HTTP_X_SENDFILE_TYPE")))
		return;
	ZVAL_STRING(&z, "X-Sendfile");
	zend_hash_str_update(server, ZEND_STRL("HTTP_X_SENDFILE_TYPE"), &z);
}

static void set_proxied(HashTable *server, const struct rs_request_view *v)
{
	for (uint32_t i = 0; i < v->nfields; i++) {
		for (size_t k = 0; k < RS_COUNTOF(proxied); k++) {
			if (!rs_slice_eqi(v->fields[i].name, proxied[k].field) || !proxied[k].valid(v->fields[i].value))
				continue;
			set(server, proxied[k].key, v->fields[i].value);
			if (proxied[k].key == KEY_REQUEST_SCHEME && rs_slice_eqi(v->fields[i].value, RS_SLICE("https")))
				set(server, KEY_HTTPS, RS_SLICE("on"));
		}
	}
}

/* Name of the host without its port, in lower case, as nginx's $host. */
static void set_server_name(HashTable *server, const struct rs_request_view *v)
{
	struct rs_slice name = v->local_addr;
	zval z;

	for (uint32_t i = 0; i < v->nfields; i++) {
		if (!rs_slice_eqi(v->fields[i].name, RS_SLICE("host")))
			continue;
		struct rs_slice host = v->fields[i].value;
		const char *end = host.n && *host.p == '[' ? memchr(host.p, ']', host.n) : NULL;
		const char *colon = end ? end + 1 : memchr(host.p, ':', host.n);
		if (colon)
			host.n = (size_t)(colon - host.p);
		if (host.n)
			name = host;
		break;
	}
	if (v->name.n)
		name = v->name;
	ZVAL_STRINGL(&z, name.p ? name.p : "", name.n);
	zend_str_tolower(Z_STRVAL(z), Z_STRLEN(z));
	zend_hash_update(server, rs_php()->server_keys[KEY_SERVER_NAME], &z);
}

/* What LaravelS shows beside it: the percent-decoded path, and when its master had the request. A callable sees what php-fpm shows: none. */
static void set_of_laravels(HashTable *server, const struct rs_request_view *v)
{
	zval z;

	if (rs_php()->conf->framework == RS_FRAMEWORK_CALLABLE)
		return;
	ZVAL_LONG(&z, (zend_long)(v->received_us / 1000000));
	zend_hash_update(server, rs_php()->server_keys[KEY_MASTER_TIME], &z);
	if (!memchr(v->path.p, '%', v->path.n)) {
		set(server, KEY_PATH_INFO, v->path);
		return;
	}
	ZVAL_STRINGL(&z, v->path.p, v->path.n);
	Z_STRLEN(z) = php_raw_url_decode(Z_STRVAL(z), Z_STRLEN(z));
	zend_hash_update(server, rs_php()->server_keys[KEY_PATH_INFO], &z);
}

/* Has the client said how long its body is, even none? A type alone says nothing. */
static bool says_length(const struct rs_request_view *v)
{
	for (uint32_t i = 0; i < v->nfields; i++)
		if (rs_slice_eqi(v->fields[i].name, RS_SLICE("content-length")) ||
		    rs_slice_eqi(v->fields[i].name, RS_SLICE("transfer-encoding")))
			return true;
	return false;
}

static void set_request(HashTable *server, const struct rs_request_view *v)
{
	set(server, KEY_REQUEST_METHOD, v->method);
	set(server, KEY_REQUEST_URI, v->target);
	set(server, KEY_QUERY_STRING, v->query);
	set_of_laravels(server, v);
	set(server, KEY_SERVER_PROTOCOL, rs_slice_str(rs_request_protocol(v)));
	set(server, KEY_REQUEST_SCHEME, v->tls ? RS_SLICE("https") : RS_SLICE("http"));
	if (v->tls)
		set(server, KEY_HTTPS, RS_SLICE("on"));
	set(server, KEY_REMOTE_ADDR, v->remote_addr);
	set_number(server, KEY_REMOTE_PORT, v->remote_port);
	set(server, KEY_SERVER_ADDR, v->local_addr);
	set_number(server, KEY_SERVER_PORT, v->local_port);
	set_server_name(server, v);
	if (v->id.n)
		set(server, KEY_REQUEST_ID, v->id);
	set(server, KEY_CONTENT_TYPE, rs_slice_str(SG(request_info).content_type));
	if (v->body_len || says_length(v))
		set_number(server, KEY_CONTENT_LENGTH, v->body_len);
	else
		set(server, KEY_CONTENT_LENGTH, RS_SLICE(""));
}

/* SSL_*: made by the reactor, from what the handshake has proven. */
static void set_tls(HashTable *server, struct rs_slice list)
{
	const char *p = list.p, *end = list.p + list.n;

	while (p < end) {
		const char *name = p, *value = name + strlen(name) + 1;
		zval z;

		if (value >= end)
			return;
		ZVAL_STRING(&z, value);
		zend_hash_str_update(server, name, (size_t)(value - name - 1), &z);
		p = value + Z_STRLEN(z) + 1;
	}
}

void rs_php_server_variables(zval *track)
{
	const struct rs_php *php = rs_php();
	const struct rs_request_view *v;

	if (!php->x) {
		php_import_environment_variables(track);
		return;
	}
	v = rs_exchange_request(php->x);
	zval_ptr_dtor(track);
	ZVAL_ARR(track, zend_array_dup(Z_ARRVAL(php->server_template)));
	/* An event that has nothing to do with a request. */
	if (!v->method.n)
		return;
	set_request(Z_ARRVAL_P(track), v);
	set_fields(Z_ARRVAL_P(track), v);
	set_sendfile_type(Z_ARRVAL_P(track), v);
	if (v->tls_variables.n)
		set_tls(Z_ARRVAL_P(track), v->tls_variables);
	if (v->trusted)
		set_proxied(Z_ARRVAL_P(track), v);
}

char *rs_php_getenv(const char *name, size_t n)
{
	zval *server = &PG(http_globals)[TRACK_VARS_SERVER], *found;

	/* Only what a request brought: the real environment is PHP's own next look. */
	if (!rs_php()->x || Z_TYPE_P(server) != IS_ARRAY)
		return NULL;
	if (Z_TYPE(rs_php()->base_server) == IS_ARRAY && zend_hash_str_exists(Z_ARRVAL(rs_php()->base_server), name, n))
		return NULL;
	found = zend_hash_str_find(Z_ARRVAL_P(server), name, n);
	return found && Z_TYPE_P(found) == IS_STRING ? estrndup(Z_STRVAL_P(found), Z_STRLEN_P(found)) : NULL;
}
