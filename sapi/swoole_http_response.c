/*
 * Swoole\Http\Response: what the answer to a request will be, until write(), end() or sendfile() send it. Sending is the core's
 * (worker/server.h); an object that dies without an end answers 500.
 */
#include "swoole_http_private.h"

#include "swoole_coroutine_http.h"
#include "swoole_http_response.h"
#include "swoole_server.h"

#include <ctype.h>

#define KEY_MAX 127

zend_class_entry *rs_swoole_http_response_ce;
static zend_object_handlers handlers;

struct rs_http_answer *rs_http_response_of(zend_object *o)
{
	return RS_SWOOLE_OBJECT(struct rs_http_answer, o);
}

static zend_object *create_object(zend_class_entry *ce)
{
	struct rs_http_answer *r = zend_object_alloc(sizeof *r, ce);

	memset(r, 0, offsetof(struct rs_http_answer, std));
	r->answer.status = 200;
	r->answer.way = &rs_server_answer_way;
	zend_object_std_init(&r->std, ce);
	object_properties_init(&r->std, ce);
	r->std.handlers = &handlers;
	return &r->std;
}

static void free_object(zend_object *object)
{
	struct rs_http_answer *r = rs_http_response_of(object);

	if (r->link) /* sending may wait, and this is no place for that: its connection does */
		rs_co_http_response_gone(r);
	else if (rs_http_response_open(r) && r->started)
		(void)rs_http_response_last(r, RS_SLICE(""));
	else
		rs_http_response_status_only(r, 500);
	if (r->reason)
		zend_string_release(r->reason);
	if (r->if_none_match)
		zend_string_release(r->if_none_match);
	zend_object_std_dtor(object);
}

void rs_http_response_class(zend_class_entry *ce)
{
	rs_swoole_http_response_ce = ce;
	ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct rs_http_answer, std), free_object);
	rs_swoole_keep_properties(ce, &handlers);
	rs_swoole_allow_dynamic(ce);
	rs_swoole_alias(ce, "swoole_http_response");
}

/* ---- state ------------------------------------------------------------------------------------------------------------------ */

bool rs_http_response_open(const struct rs_http_answer *r)
{
	return r->answer.request && !r->ended && !r->detached;
}

void rs_http_response_asked(struct rs_http_answer *r, const struct rs_request_view *v)
{
	r->head_method = rs_slice_eq(v->method, RS_SLICE("HEAD"));
	r->http2 = v->http_major == 2;
	r->wish = rs_compress_wish_of(v);
	if (r->wish.if_none_match.n == 0)
		return;
	/* The response may outlive the request. */
	r->if_none_match = zend_string_init(r->wish.if_none_match.p, r->wish.if_none_match.n, false);
	r->wish.if_none_match.p = ZSTR_VAL(r->if_none_match);
}

/* Remembers the outcome of sending: a client that is gone ends the response too. */
static bool sent(struct rs_http_answer *r, enum rs_server_result result, bool end)
{
	r->ended = r->ended || end;
	if (r->ended && r->link)
		rs_co_http_response_ended(r);
	if (result == RS_SERVER_OK)
		return true;
	if (result == RS_SERVER_FULL)
		return rs_swoole_server_result(result, r->answer.fd, 0);
	rs_swoole_set_error((int)result);
	return false;
}

/* The same for a head. One that is too large to be sent is a mistake of the application; the client must not wait for it. */
static bool head_sent(struct rs_http_answer *r, enum rs_server_result result, bool end)
{
	if (result != RS_SERVER_TOO_LARGE) {
		r->started = r->started || !end;
		return sent(r, result, end);
	}
	rs_swoole_log(RS_SWOOLE_LOG_WARNING, result, "the header lines of a response are too large");
	rs_http_response_status_only(r, 500);
	return false;
}

/* ---- sending ----------------------------------------------------------------------------------------------------------------- */

static struct rs_slice lines_of(const struct rs_http_head_out *head)
{
	return head->lines.s ? rs_slice(ZSTR_VAL(head->lines.s), ZSTR_LEN(head->lines.s)) : RS_SLICE("");
}

static enum rs_server_result send_head(struct rs_http_answer *r, struct rs_slice lines, int64_t length, struct rs_slice body, bool end)
{
	r->answer.reason = r->reason ? rs_slice(ZSTR_VAL(r->reason), ZSTR_LEN(r->reason)) : RS_SLICE("");
	r->answer.headers = lines;
	r->answer.content_length = length;
	return r->answer.way->head(&r->answer, body, end);
}

void rs_http_response_status_only(struct rs_http_answer *r, unsigned status)
{
	struct rs_http_head_out none = { .content_length = -1 };

	if (!rs_http_response_open(r))
		return;
	r->ended = true;
	if (r->started) {
		r->answer.way->abort(&r->answer);
		return;
	}
	rs_http_server_line(&none.lines);
	smart_str_0(&none.lines);
	r->answer.status = status;
	if (r->reason)
		zend_string_release(r->reason);
	r->reason = NULL;
	(void)send_head(r, lines_of(&none), 0, RS_SLICE(""), true);
	rs_http_head_free(&none);
}

static bool too_large(struct rs_http_answer *r, size_t n)
{
	if (n <= r->conf->output_buffer_size)
		return false;
	rs_swoole_log(RS_SWOOLE_LOG_WARNING, RS_SERVER_TOO_LARGE,
		      "the response of %zu bytes is larger than output_buffer_size (%zu); use sendfile or write", n,
		      (size_t)r->conf->output_buffer_size);
	return true;
}

bool rs_http_response_last(struct rs_http_answer *r, struct rs_slice piece)
{
	enum rs_server_result result;
	smart_str lines = { 0 };

	rs_http_trailer_lines(r, &lines);
	if (!lines.s)
		return sent(r, r->answer.way->body(&r->answer, piece, true), true);
	result = piece.n ? r->answer.way->body(&r->answer, piece, false) : RS_SERVER_OK;
	if (result == RS_SERVER_OK)
		result = r->answer.way->trailers(&r->answer, rs_slice(ZSTR_VAL(lines.s), ZSTR_LEN(lines.s)));
	/* Without them it has an end at least. */
	if (result == RS_SERVER_TOO_LARGE)
		(void)r->answer.way->body(&r->answer, RS_SLICE(""), true);
	smart_str_free(&lines);
	return sent(r, result, true);
}

static void compress(const struct rs_http_answer *r, const struct rs_http_head_out *head, struct rs_slice body, struct rs_compressed *out)
{
	const struct rs_compress_rules forced = { .on = true, .level = r->gzip_level, .min_length = 1 };
	struct rs_compress_rules rules = r->gzip_level ? forced : r->conf->compress;
	const struct rs_compress_case c = { .rules = &rules, .wish = r->wish, .status = r->answer.status, .headers = lines_of(head),
					    .size = r->head_method && body.n == 0 ? head->content_length : -1 };

	rules.on = rules.on && !head->no_coding;
	rs_server_compress(&c, body, out);
}

/*
 * What Content-Length says, of which `given` is sent. An answer to HEAD may say what GET would send; else a wrong length would break
 * the connection.
 */
static int64_t length_of(const struct rs_http_answer *r, const struct rs_http_head_out *head, const struct rs_compressed *given)
{
	int64_t length = (int64_t)given->body.n;

	if (r->head_method && length == 0)
		return given->coded ? -1 : head->content_length >= 0 ? head->content_length : 0;
	if (head->content_length >= 0 && head->content_length != length)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, RS_SWOOLE_ERROR_HTTP_CONFLICT_HEADER,
			      "the application's Content-Length is not that of the body and is ignored");
	return length;
}

/* Trailers go with a whole answer where they need no pieces, and no length that makes the head the end. */
static int64_t add_trailers(struct rs_http_answer *r, const struct rs_compressed *given, int64_t length, smart_str *lines)
{
	if (!r->http2 || r->head_method)
		return length;
	rs_http_trailer_lines(r, lines);
	if (lines->s)
		r->answer.trailers = rs_slice(ZSTR_VAL(lines->s), ZSTR_LEN(lines->s));
	return lines->s && given->body.n == 0 ? -1 : length;
}

bool rs_http_response_whole(struct rs_http_answer *r, struct rs_slice body)
{
	struct rs_http_head_out head;
	struct rs_compressed given;
	enum rs_server_result result;
	smart_str trailers = { 0 };
	int64_t length;

	if (too_large(r, body.n)) {
		rs_http_response_status_only(r, 500);
		return false;
	}
	rs_http_head_make(r, &head);
	compress(r, &head, body, &given);
	length = add_trailers(r, &given, length_of(r, &head, &given), &trailers);
	result = send_head(r, given.headers, length, given.body, true);
	r->answer.trailers = RS_SLICE("");
	smart_str_free(&trailers);
	if (result == RS_SERVER_OK && r->upgrade && r->answer.status == 101) {
		rs_http_note_upgrade(r->answer.fd);
		if (rs_server_hosted())
			rs_server_established(r->answer.fd);
	}
	rs_compressed_free(&given);
	rs_http_head_free(&head);
	return head_sent(r, result, true);
}

bool rs_http_response_upgrade(struct rs_http_answer *r)
{
	struct rs_http_head_out head;
	bool ok;

	if (!r->link || !rs_http_response_settable(r))
		return false;
	r->answer.status = 101;
	r->upgrade = true;
	rs_http_head_make(r, &head);
	r->ended = true;
	ok = rs_httpd_upgrade(r->answer.httpd, lines_of(&head));
	rs_http_head_free(&head);
	return ok;
}

bool rs_http_response_piece(struct rs_http_answer *r, struct rs_slice piece)
{
	struct rs_swoole_patience patience = { 0 };
	struct rs_http_head_out head;
	enum rs_server_result result;

	if (r->started) {
		do {
			result = r->answer.way->body(&r->answer, piece, false);
		} while (rs_swoole_send_again(&patience, result) && rs_http_response_open(r));
		return sent(r, result, false);
	}
	rs_http_head_make(r, &head);
	result = send_head(r, lines_of(&head), -1, piece, false);
	rs_http_head_free(&head);
	return head_sent(r, result, false);
}

bool rs_http_response_file(struct rs_http_answer *r, int fd, uint64_t offset, uint64_t length)
{
	struct rs_http_head_out head;
	enum rs_server_result result;

	rs_http_head_make(r, &head);
	r->answer.reason = r->reason ? rs_slice(ZSTR_VAL(r->reason), ZSTR_LEN(r->reason)) : RS_SLICE("");
	r->answer.headers = lines_of(&head);
	r->answer.content_length = (int64_t)length;
	result = length ? r->answer.way->file(&r->answer, fd, offset, length)
			: r->answer.way->head(&r->answer, RS_SLICE(""), true);
	rs_http_head_free(&head);
	return head_sent(r, result, true);
}

/* ---- headers ---------------------------------------------------------------------------------------------------------------- */

zend_string *rs_http_format_key(zend_string *key)
{
	zend_string *out = zend_string_init(ZSTR_VAL(key), ZSTR_LEN(key), false);
	bool first = true;

	for (char *p = ZSTR_VAL(out); *p; p++) {
		*p = (char)(first ? toupper((unsigned char)*p) : tolower((unsigned char)*p));
		first = *p == '-';
	}
	return out;
}

/* A value as it will be sent; NULL stays NULL. false: it threw. */
static bool as_text(zval *in, zval *out)
{
	zend_string *s;

	ZVAL_DEREF(in);
	if (Z_TYPE_P(in) == IS_NULL) {
		ZVAL_NULL(out);
		return true;
	}
	s = zval_try_get_string(in);
	if (!s)
		return false;
	ZVAL_STR(out, s);
	return true;
}

static bool as_texts(zval *in, zval *out)
{
	zval *each, one;

	ZVAL_DEREF(in);
	if (Z_TYPE_P(in) != IS_ARRAY)
		return as_text(in, out);
	array_init(out);
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(in), each) {
		if (!as_text(each, &one)) {
			zval_ptr_dtor(out);
			return false;
		}
		add_next_index_zval(out, &one);
	} ZEND_HASH_FOREACH_END();
	return true;
}

zval *rs_http_property_array(struct rs_http_answer *r, enum rs_http_response_property where, zval *old)
{
	zval *all = OBJ_PROP_NUM(&r->std, where);

	ZVAL_DEREF(all);
	ZVAL_UNDEF(old);
	if (Z_TYPE_P(all) != IS_ARRAY) {
		ZVAL_COPY_VALUE(old, all);
		array_init(all);
	}
	SEPARATE_ARRAY(all);
	return all;
}

bool rs_http_set_line(struct rs_http_answer *r, enum rs_http_response_property where, zend_string *key, zval *value, bool format)
{
	zval *all, text, old;
	zend_string *name;

	if (ZSTR_LEN(key) == 0 || ZSTR_LEN(key) > KEY_MAX) {
		rs_swoole_warn(0, ZSTR_LEN(key) ? "header key is too long" : "header key is empty");
		return false;
	}
	if (!as_texts(value, &text))
		return false;
	all = rs_http_property_array(r, where, &old);
	name = format ? rs_http_format_key(key) : zend_string_copy(key);
	zend_hash_update(Z_ARRVAL_P(all), name, &text);
	zend_string_release(name);
	zval_ptr_dtor(&old);
	return true;
}

void rs_http_set_header(struct rs_http_answer *r, const char *key, const char *value, size_t n)
{
	zend_string *name = zend_string_init(key, strlen(key), false);
	zval text;

	ZVAL_STRINGL(&text, value, n);
	(void)rs_http_set_line(r, RS_HTTP_RESPONSE_HEADER, name, &text, false);
	zval_ptr_dtor(&text);
	zend_string_release(name);
}
