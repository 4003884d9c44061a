/*
 * An answer as it comes, into the properties of the client: status, fields, cookies; its body decoded, to memory, to write_func
 * or into a file.
 */
#include "swoole_http_client.h"

#include <errno.h>
#include <ext/standard/url.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/rs_clock.h"
#include "base/rs_fd.h"

/* Without a memory limit. */
#define BODY_MAX (256u << 20)
/* As browsers do. */
#define COOKIES_MAX 300
#define COOKIE_BYTES_MAX 4096

/* ---- its limits ------------------------------------------------------------------------------------------------------ */

uint64_t rs_http_client_most(const struct rs_http_client *o)
{
	uint64_t used = zend_memory_usage(false), limit = PG(memory_limit) > 0 ? (uint64_t)PG(memory_limit) : 0;

	if (o->options.most)
		return o->options.most;
	if (!limit)
		return BODY_MAX;
	/* A string that grows is copied. */
	return limit > used ? (limit - used) / 2 : 0;
}

static bool stop(struct rs_http_client *o, int error, const char *why)
{
	o->reply.error = error;
	o->reply.why = why;
	return false;
}

void rs_http_client_forget(struct rs_http_client *o)
{
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("statusCode"), 0);
	zend_update_property_null(o->std.ce, &o->std, ZEND_STRL("headers"));
	zend_update_property_null(o->std.ce, &o->std, ZEND_STRL("set_cookie_headers"));
	zend_update_property_str(o->std.ce, &o->std, ZEND_STRL("body"), ZSTR_EMPTY_ALLOC());
}

void rs_http_reply_free(struct rs_http_reply *r)
{
	smart_str_free(&r->body);
	rs_decode_free(r->decode);
	rs_fd_close(&r->fd);
	*r = (struct rs_http_reply){ .fd = -1 };
}

void rs_http_reply_begin(struct rs_http_client *o)
{
	rs_http_reply_free(&o->reply);
	o->reply.most = o->ask.file && !o->options.most ? UINT64_MAX : rs_http_client_most(o);
}

/* ---- cookies ---------------------------------------------------------------------------------------------------------- */

/* Max-Age, or the many ways to write Expires. */
static bool expired(struct rs_slice attributes)
{
	bool over = false;

	while (attributes.n) {
		struct rs_slice value = rs_slice_trim(rs_slice_cut(&attributes, ';'));
		struct rs_slice name = rs_slice_trim(rs_slice_cut(&value, '='));
		char date[64];
		int64_t when;

		value = rs_slice_trim(value);
		if (rs_slice_eqi(name, RS_SLICE("Max-Age")))
			return value.n && (value.p[0] == '-' || rs_slice_eq(value, RS_SLICE("0")));
		if (!rs_slice_eqi(name, RS_SLICE("Expires")) || !rs_copy(date, sizeof date, value))
			continue;
		/* "21-Oct-2015" where the standard has blanks. */
		for (char *dash = date; (dash = strchr(dash, '-'));)
			*dash = ' ';
		over = rs_http_date_parse(rs_slice_str(date), &when) && when <= rs_wall_us() / 1000000;
	}
	return over;
}

static void take_cookie(HashTable *cookies, struct rs_slice text)
{
	struct rs_slice rest = text, pair = rs_slice_cut(&rest, ';'), value = pair;
	struct rs_slice name = rs_slice_trim(rs_slice_cut(&value, '='));
	zend_string *key, *decoded;
	zval v;

	value = rs_slice_trim(value);
	if (name.n == 0 || !memchr(pair.p, '=', pair.n) || name.n + value.n > COOKIE_BYTES_MAX)
		return;
	key = zend_string_init(name.p, name.n, false);
	if (expired(rest)) {
		zend_symtable_del(cookies, key);
	} else if (zend_symtable_exists(cookies, key) || zend_hash_num_elements(cookies) < COOKIES_MAX) {
		decoded = zend_string_init(value.n ? value.p : "", value.n, false);
		ZSTR_LEN(decoded) = php_raw_url_decode(ZSTR_VAL(decoded), ZSTR_LEN(decoded));
		ZVAL_STR(&v, decoded);
		zend_symtable_update(cookies, key, &v);
	}
	zend_string_release(key);
}

/* ---- the head --------------------------------------------------------------------------------------------------------- */

struct taken {
	zval headers, cookies, lines; /* lines: of Set-Cookie */
};

static void take_field(struct rs_http_client *o, struct taken *t, const struct rs_http_field *f)
{
	zend_string *key = zend_string_init(f->name.p, f->name.n, false);
	zval v;

	if (o->options.lower_case)
		zend_str_tolower(ZSTR_VAL(key), ZSTR_LEN(key));
	ZVAL_STRINGL(&v, f->value.p, f->value.n);
	if (rs_slice_eqi(f->name, RS_SLICE("set-cookie"))) {
		take_cookie(Z_ARRVAL(t->cookies), f->value);
		Z_ADDREF(v);
		add_next_index_zval(&t->lines, &v);
	}
	zend_symtable_update(Z_ARRVAL(t->headers), key, &v);
	zend_string_release(key);
}

static void take_fields(struct rs_http_client *o, const struct rs_http_answer *a)
{
	zval room, *cookies = rs_http_client_property(o, "cookies", &room);
	struct rs_slice rest = a->lines;
	struct rs_http_field f;
	struct taken t;

	array_init(&t.headers);
	array_init(&t.lines);
	ZVAL_ARR(&t.cookies, cookies && Z_TYPE_P(cookies) == IS_ARRAY ? zend_array_dup(Z_ARR_P(cookies)) : zend_new_array(0));
	while (rs_http_answer_field(&rest, &f))
		take_field(o, &t, &f);
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("statusCode"), a->status);
	zend_update_property(o->std.ce, &o->std, ZEND_STRL("headers"), &t.headers);
	if (zend_hash_num_elements(Z_ARRVAL(t.lines))) {
		zend_update_property(o->std.ce, &o->std, ZEND_STRL("set_cookie_headers"), &t.lines);
		zend_update_property(o->std.ce, &o->std, ZEND_STRL("cookies"), &t.cookies);
	}
	zval_ptr_dtor(&t.headers);
	zval_ptr_dtor(&t.lines);
	zval_ptr_dtor(&t.cookies);
}

/* download(): the whole from its beginning, or the part that was asked for. What else comes is told in the body. */
static bool open_file(struct rs_http_client *o, unsigned status)
{
	off_t at = status == 206 ? o->ask.offset : 0;
	struct rs_http_reply *r = &o->reply;

	if (!o->ask.file || (status != 200 && status != 206))
		return true;
	r->fd = open(ZSTR_VAL(o->ask.file), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (r->fd >= 0 && ftruncate(r->fd, at) == 0 && lseek(r->fd, at, SEEK_SET) == at)
		return true;
	rs_swoole_warn(errno, "cannot write to %s: %s", ZSTR_VAL(o->ask.file), strerror(errno));
	return stop(o, errno, "the file cannot be written");
}

static bool begin_decoding(struct rs_http_client *o, const struct rs_http_answer *a)
{
	struct rs_http_reply *r = &o->reply;
	struct rs_slice coding;

	/* Into a file goes what the server has. */
	if (!o->options.decode || r->fd >= 0 || !rs_http_answer_find(a, RS_SLICE("Content-Encoding"), &coding) ||
	    rs_decode_coding(coding) == RS_HTTP_IDENTITY)
		return true;
	r->decode = rs_decode_new(rs_decode_coding(coding));
	return r->decode || stop(o, ENOMEM, NULL);
}

static bool upgraded(struct rs_http_client *o, const struct rs_http_answer *a)
{
	bool deflate;
	const char *wrong = rs_client_ws_judge(a, o->ask.key, o->ask.deflate, &deflate);

	if (wrong)
		return stop(o, RS_SWOOLE_ERROR_WEBSOCKET_HANDSHAKE_FAILED, wrong);
	rs_http_client_websocket(o, deflate);
	return true;
}

static bool take_head(void *arg, const struct rs_http_answer *a)
{
	struct rs_http_client *o = arg;

	take_fields(o, a);
	if (a->status == 101)
		return upgraded(o, a);
	if (a->has_length && !o->ask.head_method && a->content_length > o->reply.most)
		return stop(o, RS_SWOOLE_ERROR_PACKAGE_LENGTH_TOO_LARGE, "the body is longer than package_max_length, or than memory allows");
	return open_file(o, a->status) && begin_decoding(o, a);
}

/* ---- the body ---------------------------------------------------------------------------------------------------------- */

static bool write_out(struct rs_http_client *o, struct rs_slice piece)
{
	while (piece.n) {
		ssize_t n = write(o->reply.fd, piece.p, piece.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rs_swoole_warn(errno, "cannot write to %s: %s", ZSTR_VAL(o->ask.file), strerror(errno));
			return stop(o, errno, "the file cannot be written");
		}
		piece = rs_slice(piece.p + n, piece.n - (size_t)n);
	}
	return true;
}

/* write_func($client, $piece); false ends it. */
static bool hand_out(struct rs_http_client *o, struct rs_slice piece)
{
	zval argv[2], ret;
	bool on;

	ZVAL_OBJ_COPY(&argv[0], &o->std);
	ZVAL_STRINGL(&argv[1], piece.p, piece.n);
	ZVAL_UNDEF(&ret);
	on = rs_php_call_through(&o->write_func, 2, argv, &ret) && Z_TYPE(ret) != IS_FALSE;
	zval_ptr_dtor(&ret);
	zval_ptr_dtor(&argv[1]);
	zval_ptr_dtor(&argv[0]);
	return on || stop(o, ECANCELED, "write_func wanted no more");
}

static bool take_piece(void *arg, struct rs_slice piece)
{
	struct rs_http_client *o = arg;
	struct rs_http_reply *r = &o->reply;

	if (piece.n > r->most - r->got)
		return stop(o, RS_SWOOLE_ERROR_PACKAGE_LENGTH_TOO_LARGE, "the body is longer than package_max_length, or than memory allows");
	/* What is handed on takes no memory. */
	if (r->fd >= 0 || !o->write_func.set || o->options.most)
		r->got += piece.n;
	if (r->fd >= 0)
		return write_out(o, piece);
	if (o->write_func.set)
		return hand_out(o, piece);
	smart_str_appendl(&r->body, piece.p, piece.n);
	return true;
}

static bool take_body(void *arg, struct rs_slice piece)
{
	struct rs_http_client *o = arg;

	if (!o->reply.decode)
		return take_piece(o, piece);
	switch (rs_decode_feed(o->reply.decode, piece, take_piece, o)) {
	case RS_OK:
	case RS_AGAIN:
		return true;
	case RS_DONE:
		return false;
	case RS_ERR:
		break;
	}
	return stop(o, RS_SWOOLE_ERROR_HTTP_INVALID_PROTOCOL, "the body is not what its Content-Encoding says");
}

const struct rs_fetch_sink rs_http_client_sink = { .head = take_head, .body = take_body };

bool rs_http_reply_end(struct rs_http_client *o)
{
	struct rs_http_reply *r = &o->reply;
	zend_string *body;

	if (r->decode && !rs_decode_whole(r->decode))
		return stop(o, RS_SWOOLE_ERROR_HTTP_INVALID_PROTOCOL, "the encoded body ends too early");
	body = smart_str_extract(&r->body);
	zend_update_property_str(o->std.ce, &o->std, ZEND_STRL("body"), body);
	zend_string_release(body);
	rs_http_reply_free(r);
	return true;
}
