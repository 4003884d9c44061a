/*
 * $_SERVER: first what boot left (dotenv and such), then what the request says, as nginx and php-fpm would.
 *
 * The proxy variables of LaravelS' nginx configuration (X-Real-IP and its kin) count only from a trusted peer, and are
 * copied, not moved.
 */
#include "sapi.h"

#include <ext/standard/url.h>

/* Header fields that a trusted proxy may set, and the variable each one becomes. */
static const struct {
	struct rs_slice field;
	const char *variable;
} proxied[] = {
	{ { "x-real-ip", 9 }, "REMOTE_ADDR" },       { { "x-real-port", 11 }, "REMOTE_PORT" },
	{ { "server-protocol", 15 }, "SERVER_PROTOCOL" }, { { "server-name", 11 }, "SERVER_NAME" },
	{ { "server-addr", 11 }, "SERVER_ADDR" },    { { "server-port", 11 }, "SERVER_PORT" },
	{ { "scheme", 6 }, "REQUEST_SCHEME" },
};

/* As every SAPI does: through the input filter, so that filter_input(INPUT_SERVER) sees it too. */
static void set(zval *track, const char *name, struct rs_slice value)
{
	char *copy = estrndup(value.p, value.n);
	size_t n = value.n;

	if (sapi_module.input_filter(PARSE_SERVER, name, &copy, n, &n))
		php_register_variable_safe(name, copy, n, track);
	efree(copy);
}

static void set_str(zval *track, const char *name, const char *value)
{
	set(track, name, rs_slice_str(value));
}

static void set_port(zval *track, const char *name, unsigned port)
{
	char text[8];

	rs_fmt(text, sizeof text, "%u", port);
	set_str(track, name, text);
}

/* HTTP_<NAME>; false when the name is too long to be one. */
static bool variable_name(struct rs_slice field, char *out, size_t size)
{
	if (field.n + 6 > size)
		return false;
	memcpy(out, "HTTP_", 5);
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];
		out[5 + i] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	out[5 + field.n] = '\0';
	return true;
}

/* All values of a repeated field as one, in order: "a, b"; cookies with "; ". */
static struct rs_slice joined(const struct rs_request_view *v, uint32_t at, smart_str *s)
{
	struct rs_slice name = v->fields[at].name;
	const char *glue = rs_slice_eqi(name, RS_SLICE("cookie")) ? "; " : ", ";

	for (uint32_t i = at; i < v->nfields; i++) {
		if (!rs_slice_eqi(v->fields[i].name, name))
			continue;
		if (i != at)
			smart_str_appends(s, glue);
		smart_str_appendl(s, v->fields[i].value.p, v->fields[i].value.n);
	}
	smart_str_0(s);
	return s->s ? rs_slice(ZSTR_VAL(s->s), ZSTR_LEN(s->s)) : RS_SLICE("");
}

/* Where the field's name occurs again; nfields when it does not. */
static uint32_t again(const struct rs_request_view *v, uint32_t at, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		if (rs_slice_eqi(v->fields[i].name, v->fields[at].name))
			return i;
	}
	return v->nfields;
}

static void set_fields(zval *track, const struct rs_request_view *v)
{
	char name[260];

	for (uint32_t i = 0; i < v->nfields; i++) {
		smart_str s = { 0 };
		struct rs_slice value = v->fields[i].value;
		if (again(v, i, 0, i) < i || !variable_name(v->fields[i].name, name, sizeof name))
			continue; /* shown already, as part of the first one */
		if (strcmp(name, "HTTP_PROXY") == 0)
			continue; /* httpoxy: libraries take it for an outgoing proxy */
		if (again(v, i, i + 1, v->nfields) < v->nfields)
			value = joined(v, i, &s);
		set(track, name, value);
		smart_str_free(&s);
	}
}

static void set_proxied(zval *track, const struct rs_request_view *v)
{
	for (uint32_t i = 0; i < v->nfields; i++) {
		for (size_t k = 0; k < RS_COUNTOF(proxied); k++) {
			if (!rs_slice_eqi(v->fields[i].name, proxied[k].field) || !v->fields[i].value.n)
				continue;
			set(track, proxied[k].variable, v->fields[i].value);
			if (k == RS_COUNTOF(proxied) - 1 && rs_slice_eqi(v->fields[i].value, RS_SLICE("https")))
				set_str(track, "HTTPS", "on");
		}
	}
}

/* Name of the host without its port, as nginx's $host. */
static struct rs_slice server_name(const struct rs_request_view *v)
{
	for (uint32_t i = 0; i < v->nfields; i++) {
		if (!rs_slice_eqi(v->fields[i].name, RS_SLICE("host")))
			continue;
		struct rs_slice host = v->fields[i].value;
		const char *end = host.n && *host.p == '[' ? memchr(host.p, ']', host.n) : NULL;
		const char *colon = end ? end + 1 : memchr(host.p, ':', host.n);
		if (colon)
			host.n = (size_t)(colon - host.p);
		if (host.n)
			return host;
	}
	return v->local_addr;
}

/* Percent-decoded path; LaravelS shows it as PATH_INFO. */
static void set_path_info(zval *track, const struct rs_request_view *v)
{
	char *copy = estrndup(v->path.p, v->path.n);
	size_t n = php_raw_url_decode(copy, v->path.n);

	set(track, "PATH_INFO", rs_slice(copy, n));
	efree(copy);
}

/* The script of every request: public/index.php for a framework, the entry file for a callable. */
static void set_script(zval *track)
{
	const struct rs_php *php = rs_php();
	const char *root = php->conf->document_root, *slash = strrchr(php->h->entry_path, '/');
	char file[4200], name[4200] = "/index.php";

	if (php->conf->framework == RS_FRAMEWORK_CALLABLE && slash) {
		rs_copy(file, sizeof file, rs_slice_str(php->h->entry_path));
		rs_copy(name, sizeof name, rs_slice_str(slash));
	} else {
		rs_fmt(file, sizeof file, "%s/index.php", root);
	}
	set_str(track, "DOCUMENT_ROOT", root);
	set_str(track, "SCRIPT_FILENAME", file);
	set_str(track, "SCRIPT_NAME", name);
	set_str(track, "DOCUMENT_URI", name);
	set_str(track, "PHP_SELF", name);
}

static void set_body(zval *track)
{
	char length[24] = "";

	if (SG(request_info).content_length >= 0 && SG(request_info).content_type)
		rs_fmt(length, sizeof length, "%ld", (long)SG(request_info).content_length);
	else if (SG(request_info).content_length > 0)
		rs_fmt(length, sizeof length, "%ld", (long)SG(request_info).content_length);
	set_str(track, "CONTENT_TYPE", SG(request_info).content_type ? SG(request_info).content_type : "");
	set_str(track, "CONTENT_LENGTH", length);
}

void rs_php_server_variables(zval *track)
{
	const struct rs_php *php = rs_php();
	const struct rs_request_view *v;

	if (Z_TYPE(php->base_server) == IS_ARRAY)
		zend_hash_copy(Z_ARRVAL_P(track), Z_ARRVAL(php->base_server), zval_add_ref);
	if (!php->x) {
		php_import_environment_variables(track);
		return;
	}
	v = rs_exchange_request(php->x);
	set(track, "REQUEST_METHOD", v->method);
	set(track, "REQUEST_URI", v->target);
	set(track, "QUERY_STRING", v->query);
	set_path_info(track, v);
	set_str(track, "SERVER_PROTOCOL", v->http_minor ? "HTTP/1.1" : "HTTP/1.0");
	set_str(track, "GATEWAY_INTERFACE", "CGI/1.1");
	set_str(track, "SERVER_SOFTWARE", "rserverd/" RS_VERSION);
	set_str(track, "REQUEST_SCHEME", v->tls ? "https" : "http");
	if (v->tls)
		set_str(track, "HTTPS", "on");
	set(track, "REMOTE_ADDR", v->remote_addr);
	set_port(track, "REMOTE_PORT", v->remote_port);
	set(track, "SERVER_ADDR", v->local_addr);
	set_port(track, "SERVER_PORT", v->local_port);
	set(track, "SERVER_NAME", server_name(v));
	set_str(track, "REDIRECT_STATUS", "200");
	set_script(track);
	set_body(track);
	set_fields(track, v);
	if (v->trusted)
		set_proxied(track, v);
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
