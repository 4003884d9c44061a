/*
 * Swoole\Http\Request: a request of a server's HTTP port as a plain object. Its arrays are made at once, its body stays where
 * the core keeps it until somebody asks.
 */
#include "swoole_http_private.h"

#include "base/rs_clock.h"
#include "stubs/http_request_arginfo.h"

#include <ext/standard/url.h>
#include <unistd.h>

zend_class_entry *rs_swoole_http_request_ce;
static zend_object_handlers handlers;

static struct rs_http_in *request_of(zval *this)
{
	return RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(this));
}

static zend_object *create_object(zend_class_entry *ce)
{
	struct rs_http_in *r = zend_object_alloc(sizeof *r, ce);

	memset(r, 0, offsetof(struct rs_http_in, std));
	r->pid = getpid();
	zend_object_std_init(&r->std, ce);
	object_properties_init(&r->std, ce);
	r->std.handlers = &handlers;
	return &r->std;
}

static void free_object(zend_object *object)
{
	struct rs_http_in *r = RS_SWOOLE_OBJECT(struct rs_http_in, object);

	if (r->pid == getpid())
		rs_http_tmpfiles_delete(OBJ_PROP_NUM(object, RS_HTTP_REQUEST_TMPFILES));
	if (r->q)
		rs_server_request_free(r->q);
	if (r->own)
		rs_http_own_free(r->own);
	zend_object_std_dtor(object);
}

void rs_swoole_minit_http_request(void)
{
	zend_class_entry *ce = rs_swoole_http_request_ce = register_class_Swoole_Http_Request();

	ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct rs_http_in, std), free_object);
	rs_swoole_keep_properties(ce, &handlers);
	rs_swoole_allow_dynamic(ce);
	rs_swoole_alias(ce, "swoole_http_request");
}

bool rs_http_request_parts(struct rs_http_in *r, const struct rs_request_view **v, struct rs_slice *body)
{
	if (r->own)
		return rs_http_own_parts(r->own, v, body);
	if (!r->q)
		return false;
	*v = rs_server_request_view(r->q);
	*body = rs_server_request_body(r->q);
	return true;
}

struct rs_slice rs_http_field(const struct rs_request_view *v, struct rs_slice name)
{
	for (uint32_t i = 0; i < v->nfields; i++)
		if (rs_slice_eqi(v->fields[i].name, name))
			return v->fields[i].value;
	return (struct rs_slice){ NULL, 0 };
}

/* ---- the arrays -------------------------------------------------------------------------------------------------------- */

static void put(zval *array, const char *key, struct rs_slice s)
{
	add_assoc_stringl(array, key, s.n ? s.p : "", s.n);
}

/* With cookies parsed the field is not shown; of two of a name the last is. */
static void fill_header(zval *out, const struct rs_request_view *v, bool cookies)
{
	char small[64];

	array_init_size(out, v->nfields);
	for (uint32_t i = 0; i < v->nfields; i++) {
		struct rs_slice name = v->fields[i].name, value = v->fields[i].value;
		zend_string *key;
		zval text;

		if (cookies && rs_slice_eqi(name, RS_SLICE("cookie")))
			continue;
		ZVAL_STRINGL_FAST(&text, value.n ? value.p : "", value.n);
		if (name.n <= sizeof small) {
			zend_str_tolower_copy(small, name.p, name.n < sizeof small ? name.n : sizeof small - 1);
			if (name.n < sizeof small) {
				zend_hash_str_update(Z_ARRVAL_P(out), small, name.n, &text);
				continue;
			}
		}
		key = zend_string_init(name.p, name.n, false);
		zend_str_tolower(ZSTR_VAL(key), ZSTR_LEN(key));
		zend_hash_update(Z_ARRVAL_P(out), key, &text);
		zend_string_release(key);
	}
}

static zend_string *decoded_path(struct rs_slice path)
{
	zend_string *s = zend_string_init(path.n ? path.p : "", path.n, false);

	ZSTR_LEN(s) = php_url_decode(ZSTR_VAL(s), ZSTR_LEN(s));
	return s;
}

static void fill_server(zval *out, const struct rs_http_source *from)
{
	const struct rs_request_view *v = from->view;
	double received = v->received_us ? (double)v->received_us / 1e6 : (double)rs_wall_us() / 1e6;

	array_init_size(out, 12);
	if (v->query.p && v->path.n < v->target.n)
		put(out, "query_string", v->query);
	put(out, "request_method", v->method);
	put(out, "request_uri", v->path);
	add_assoc_str(out, "path_info", decoded_path(v->path));
	add_assoc_long(out, "request_time", (zend_long)received);
	add_assoc_double(out, "request_time_float", received);
	add_assoc_string(out, "server_protocol", rs_request_protocol(v));
	add_assoc_long(out, "server_port", v->local_port ? v->local_port : from->server_port);
	add_assoc_long(out, "remote_port", v->remote_port);
	put(out, "server_addr", v->local_addr);
	put(out, "remote_addr", v->remote_addr);
	add_assoc_long(out, "master_time", (zend_long)((from->dispatch_us ? from->dispatch_us : rs_wall_us()) / 1000000));
}

static bool has_form(struct rs_slice method)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };

	for (size_t i = 0; i < RS_COUNTOF(methods); i++)
		if (rs_slice_eq(method, rs_slice_str(methods[i])))
			return true;
	return false;
}

/* Several Cookie fields mean one. */
static void fill_cookie(zval *out, const struct rs_request_view *v)
{
	for (uint32_t i = 0; i < v->nfields; i++)
		if (rs_slice_eqi(v->fields[i].name, RS_SLICE("cookie")))
			rs_http_cookies(v->fields[i].value, out);
}

void rs_http_request_fill(struct rs_http_in *r, const struct rs_http_source *from)
{
	const struct rs_request_view *v = from->view;
	zend_object *o = &r->std;
	struct rs_slice type = rs_http_field(v, RS_SLICE("content-type"));

	ZVAL_LONG(OBJ_PROP_NUM(o, RS_HTTP_REQUEST_FD), from->fd);
	ZVAL_LONG(OBJ_PROP_NUM(o, RS_HTTP_REQUEST_STREAM_ID), v->stream);
	fill_header(OBJ_PROP_NUM(o, RS_HTTP_REQUEST_HEADER), v, from->conf->parse_cookie);
	fill_server(OBJ_PROP_NUM(o, RS_HTTP_REQUEST_SERVER), from);
	if (v->query.n)
		rs_http_pairs(v->query, OBJ_PROP_NUM(o, RS_HTTP_REQUEST_GET));
	if (from->conf->parse_cookie)
		fill_cookie(OBJ_PROP_NUM(o, RS_HTTP_REQUEST_COOKIE), v);
	if (from->body.n && type.n && from->conf->parse_post && has_form(v->method))
		rs_http_form(from, type, OBJ_PROP_NUM(o, RS_HTTP_REQUEST_POST), OBJ_PROP_NUM(o, RS_HTTP_REQUEST_FILES),
			     OBJ_PROP_NUM(o, RS_HTTP_REQUEST_TMPFILES));
}

/* ---- methods ------------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Http_Request, getContent)
{
	const struct rs_request_view *v;
	struct rs_slice body;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_http_request_parts(request_of(ZEND_THIS), &v, &body))
		RETURN_FALSE;
	RETURN_STRINGL_FAST(body.n ? body.p : "", body.n);
}

/* Head and body; the head is written anew from what was understood of it. */
ZEND_METHOD(Swoole_Http_Request, getData)
{
	const struct rs_request_view *v;
	struct rs_slice body;
	smart_str s = { 0 };

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_http_request_parts(request_of(ZEND_THIS), &v, &body))
		RETURN_FALSE;
	smart_str_appendl(&s, v->method.p, v->method.n);
	smart_str_appendc(&s, ' ');
	smart_str_appendl(&s, v->target.p, v->target.n);
	smart_str_appendc(&s, ' ');
	smart_str_appends(&s, rs_request_protocol(v));
	smart_str_appends(&s, "\r\n");
	for (uint32_t i = 0; i < v->nfields; i++) {
		smart_str_appendl(&s, v->fields[i].name.p, v->fields[i].name.n);
		smart_str_appends(&s, ": ");
		smart_str_appendl(&s, v->fields[i].value.n ? v->fields[i].value.p : "", v->fields[i].value.n);
		smart_str_appends(&s, "\r\n");
	}
	smart_str_appends(&s, "\r\n");
	smart_str_appendl(&s, body.n ? body.p : "", body.n);
	RETURN_STR(smart_str_extract(&s));
}

ZEND_METHOD(Swoole_Http_Request, getMethod)
{
	const struct rs_request_view *v;
	struct rs_slice body;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_http_request_parts(request_of(ZEND_THIS), &v, &body))
		RETURN_FALSE;
	RETURN_STRINGL(v->method.p, v->method.n);
}
