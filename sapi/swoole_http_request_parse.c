/*
 * Swoole\Http\Request::create(), parse(), isCompleted(): requests out of bytes, without a server. The parser is the reactor's.
 */
#include "swoole_http_private.h"

#include "base/rs_clock.h"
#include "http/http.h"

#define HEAD_MAX (64u << 10)
#define BODY_MAX (64u << 20)

struct rs_http_own {
	struct rs_swoole_http_conf conf;
	zend_string *tmp_dir;          /* conf.upload_tmp_dir */
	smart_str head, body;          /* bytes so far */
	size_t scanned;
	uint64_t body_left;
	struct rs_http_chunked chunk;
	struct rs_http_head *parsed;   /* its slices point into head */
	struct rs_field *fields;
	struct rs_request_view view;
	bool complete, failed;
};

void rs_http_own_free(struct rs_http_own *own)
{
	smart_str_free(&own->head);
	smart_str_free(&own->body);
	if (own->tmp_dir)
		zend_string_release(own->tmp_dir);
	if (own->parsed)
		efree(own->parsed);
	if (own->fields)
		efree(own->fields);
	efree(own);
}

bool rs_http_own_parts(struct rs_http_own *own, const struct rs_request_view **v, struct rs_slice *body)
{
	if (!own->complete)
		return false;
	*v = &own->view;
	*body = own->body.s ? rs_slice(ZSTR_VAL(own->body.s), ZSTR_LEN(own->body.s)) : RS_SLICE("");
	return true;
}

static void option(HashTable *options, const char *name, bool *out)
{
	zval *v = zend_hash_str_find(options, name, strlen(name));

	if (v)
		*out = zend_is_true(v);
}

ZEND_METHOD(Swoole_Http_Request, create)
{
	HashTable *options = NULL;
	struct rs_http_in *r;
	struct rs_http_own *own;
	bool parse_body = true;
	zval *v;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_ARRAY_HT(options)
	ZEND_PARSE_PARAMETERS_END();
	object_init_ex(return_value, rs_swoole_http_request_ce);
	r = RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(return_value));
	own = r->own = ecalloc(1, sizeof *own);
	own->conf = (struct rs_swoole_http_conf){ .parse_post = true, .parse_cookie = true };
	if (!options)
		return;
	option(options, "parse_cookie", &own->conf.parse_cookie);
	option(options, "parse_body", &parse_body);
	option(options, "parse_files", &own->conf.parse_files);
	own->conf.parse_post = parse_body;
	if ((v = zend_hash_str_find(options, ZEND_STRL("upload_tmp_dir"))) && Z_TYPE_P(v) == IS_STRING) {
		own->tmp_dir = zend_string_copy(Z_STR_P(v));
		own->conf.upload_tmp_dir = ZSTR_VAL(own->tmp_dir);
	}
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static void fill_view(struct rs_http_own *own)
{
	struct rs_http_head *h = own->parsed;
	struct rs_request_view *v = &own->view;

	own->fields = safe_emalloc(h->nfields ? h->nfields : 1, sizeof *own->fields, 0);
	for (size_t i = 0; i < h->nfields; i++)
		own->fields[i] = (struct rs_field){ h->fields[i].name, h->fields[i].value };
	*v = (struct rs_request_view){ .method = h->method, .target = h->target, .fields = own->fields,
				       .nfields = (uint32_t)h->nfields, .http_minor = h->minor,
				       .received_us = (uint64_t)rs_wall_us() };
	v->path = rs_slice(h->target.p, h->path_len);
	v->query = h->path_len < h->target.n ? rs_slice(h->target.p + h->path_len + 1, h->target.n - h->path_len - 1)
					     : rs_slice(h->target.p + h->target.n, 0);
	v->remote_addr = v->local_addr = RS_SLICE("");
}

/* Bytes of the head that were taken from s; own->parsed when it is complete. */
static size_t take_head(struct rs_http_own *own, struct rs_slice s)
{
	const struct rs_http_limits limits = { .head_max = HEAD_MAX };
	size_t before = own->head.s ? ZSTR_LEN(own->head.s) : 0;
	struct rs_http_head *h = ecalloc(1, sizeof *h);
	const char *why;
	unsigned status;

	smart_str_appendl(&own->head, s.p, s.n);
	switch (rs_http_parse(h, ZSTR_VAL(own->head.s), ZSTR_LEN(own->head.s), &limits, &own->scanned, &status, &why)) {
	case RS_OK:
		own->parsed = h;
		own->body_left = h->has_length ? h->content_length : 0;
		rs_http_chunked_init(&own->chunk);
		own->failed = own->body_left > BODY_MAX;
		fill_view(own);
		return h->head_len - before;
	case RS_AGAIN:
		efree(h);
		return s.n;
	default:
		efree(h);
		own->failed = true;
		return 0;
	}
}

static size_t take_chunks(struct rs_http_own *own, struct rs_slice s)
{
	struct rs_slice piece;
	size_t at = 0, used;
	enum rs_result rc = RS_OK;

	while (rc == RS_OK && at < s.n) {
		rc = rs_http_chunked_feed(&own->chunk, s.p + at, s.n - at, &used, &piece);
		if (piece.n)
			smart_str_appendl(&own->body, piece.p, piece.n);
		at += used;
	}
	own->complete = rc == RS_DONE;
	own->failed = rc == RS_ERR || own->chunk.total > BODY_MAX;
	return at;
}

static size_t take_body(struct rs_http_own *own, struct rs_slice s)
{
	size_t n = s.n < own->body_left ? s.n : (size_t)own->body_left;

	if (own->parsed->chunked)
		return take_chunks(own, s);
	if (n)
		smart_str_appendl(&own->body, s.p, n);
	own->body_left -= n;
	own->complete = own->body_left == 0;
	return n;
}

ZEND_METHOD(Swoole_Http_Request, parse)
{
	struct rs_http_in *r = RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(ZEND_THIS));
	struct rs_http_own *own = r->own;
	struct rs_http_source from = { 0 };
	zend_string *data;
	size_t used = 0;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!own || own->complete || own->failed)
		RETURN_FALSE;
	if (!own->parsed)
		used = take_head(own, rs_slice(ZSTR_VAL(data), ZSTR_LEN(data)));
	if (own->parsed && !own->failed)
		used += take_body(own, rs_slice(ZSTR_VAL(data) + used, ZSTR_LEN(data) - used));
	if (own->failed)
		RETURN_FALSE;
	if (own->complete && rs_http_own_parts(own, &from.view, &from.body)) {
		from.conf = &own->conf;
		rs_http_request_fill(r, &from);
	}
	RETURN_LONG((zend_long)used);
}

ZEND_METHOD(Swoole_Http_Request, isCompleted)
{
	struct rs_http_in *r = RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(ZEND_THIS));

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(r->own ? r->own->complete : r->q != NULL);
}
