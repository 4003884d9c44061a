/*
 * The header lines of a response: what the application set, checked, and what is said by default. Content-Length,
 * Transfer-Encoding, Connection and Date are the reactor's to write.
 */
#include "swoole_http_private.h"

#include <ctype.h>

#define SERVER_NAME "swoole-http-server"
#define DEFAULT_TYPE "text/html"

/* Lines that have a default, or that are not written as they come. */
enum special { PLAIN, SERVER, TYPE, DATE, LENGTH, CODING, CONNECTION, FRAMING, HANDSHAKE };

static const struct {
	const char *name;
	enum special what;
} specials[] = {
	{ "server", SERVER }, { "content-type", TYPE }, { "date", DATE }, { "content-length", LENGTH },
	{ "content-encoding", CODING }, { "connection", CONNECTION }, { "transfer-encoding", FRAMING }, { "keep-alive", FRAMING },
	{ "upgrade", HANDSHAKE }, { "sec-websocket-accept", HANDSHAKE },
};

static enum special special_of(struct rs_slice key)
{
	for (size_t i = 0; i < RS_COUNTOF(specials); i++)
		if (rs_slice_eqi(key, rs_slice_str(specials[i].name)))
			return specials[i].what;
	return PLAIN;
}

static bool is_token(struct rs_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr("!#$%&'*+-.^_`|~", s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_value(struct rs_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 32 && s.p[i] != '\t') || s.p[i] == 127)
			return false;
	return true;
}

static void line(smart_str *out, struct rs_slice key, struct rs_slice value)
{
	smart_str_appendl(out, key.p, key.n);
	smart_str_appends(out, ": ");
	smart_str_appendl(out, value.n ? value.p : "", value.n);
	smart_str_appends(out, "\r\n");
}

struct defaults {
	bool server, type;
};

/* One value of one key. */
static void user_line(struct rs_http_answer *r, struct rs_http_head_out *out, struct defaults *said, struct rs_slice key,
		      zend_string *text)
{
	struct rs_slice value = rs_slice(ZSTR_VAL(text), ZSTR_LEN(text));
	enum special what = special_of(key);
	uint64_t length;

	if (!is_value(value)) {
		rs_swoole_warn(0, "the value of header '%.*s' has a control character; it is not sent", (int)key.n, key.p);
		return;
	}
	said->server = said->server || what == SERVER;
	said->type = said->type || what == TYPE;
	out->no_coding = out->no_coding || (what == CODING && !value.n);
	if (what == LENGTH) {
		if (rs_parse_u64(value, INT64_MAX, &length))
			out->content_length = (int64_t)length;
		return;
	}
	/* 101: the reactor says what makes it an upgrade. */
	if (what == FRAMING || (what == HANDSHAKE && r->upgrade) || (value.n == 0 && what != PLAIN))
		return;
	if (what == CONNECTION && !rs_slice_eqi(value, RS_SLICE("close")))
		return;
	if (what == HANDSHAKE && rs_slice_eqi(key, RS_SLICE("upgrade")))
		return;
	line(&out->lines, key, value);
}

static void user_value(struct rs_http_answer *r, struct rs_http_head_out *out, struct defaults *said, struct rs_slice key,
		       zval *value)
{
	zend_string *text, *room;

	ZVAL_DEREF(value);
	if (Z_TYPE_P(value) == IS_NULL)
		return;
	text = zval_try_get_tmp_string(value, &room);
	if (!text)
		return;
	user_line(r, out, said, key, text);
	zend_tmp_string_release(room);
}

/* The values of one key. Held: making text of them runs user code, which may write to the property. */
static void user_values(struct rs_http_answer *r, struct rs_http_head_out *out, struct defaults *said, struct rs_slice key,
			zval *value)
{
	zval held, *each;

	ZVAL_COPY_DEREF(&held, value);
	if (Z_TYPE(held) != IS_ARRAY) {
		user_value(r, out, said, key, &held);
	} else {
		ZEND_HASH_FOREACH_VAL(Z_ARRVAL(held), each) {
			user_value(r, out, said, key, each);
		} ZEND_HASH_FOREACH_END();
	}
	zval_ptr_dtor(&held);
}

static void user_lines(struct rs_http_answer *r, struct rs_http_head_out *out, struct defaults *said)
{
	zval held, *value;
	zend_string *name;

	ZVAL_COPY_DEREF(&held, OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_HEADER));
	if (Z_TYPE(held) == IS_ARRAY) {
		ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL(held), name, value) {
			struct rs_slice key = name ? rs_slice(ZSTR_VAL(name), ZSTR_LEN(name)) : RS_SLICE("");

			if (is_token(key))
				user_values(r, out, said, key, value);
		} ZEND_HASH_FOREACH_END();
	}
	zval_ptr_dtor(&held);
}

static void cookie_lines(struct rs_http_answer *r, struct rs_http_head_out *out)
{
	zval *all = OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_COOKIE), *value;

	ZVAL_DEREF(all);
	if (Z_TYPE_P(all) != IS_ARRAY)
		return;
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(all), value) {
		if (Z_TYPE_P(value) == IS_STRING && is_value(rs_slice(Z_STRVAL_P(value), Z_STRLEN_P(value))))
			line(&out->lines, RS_SLICE("Set-Cookie"), rs_slice(Z_STRVAL_P(value), Z_STRLEN_P(value)));
	} ZEND_HASH_FOREACH_END();
}

const char *rs_http_server_name(void)
{
	return rs_server_hosted() ? rs_php()->conf->server : SERVER_NAME;
}

void rs_http_server_line(smart_str *out)
{
	struct rs_slice name = rs_slice_str(rs_http_server_name());

	if (name.n)
		line(out, RS_SLICE("Server"), name);
}

void rs_http_head_make(struct rs_http_answer *r, struct rs_http_head_out *out)
{
	unsigned status = r->answer.status;
	bool bodiless = status < 200 || status == 204 || status == 304;
	struct defaults said = { 0 };

	*out = (struct rs_http_head_out){ .content_length = -1 };
	user_lines(r, out, &said);
	cookie_lines(r, out);
	if (!said.server)
		rs_http_server_line(&out->lines);
	if (!said.type && !bodiless)
		line(&out->lines, RS_SLICE("Content-Type"), RS_SLICE(DEFAULT_TYPE));
	smart_str_0(&out->lines);
}

void rs_http_trailer_lines(struct rs_http_answer *r, smart_str *out)
{
	zval *all = OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_TRAILER), *value;
	zend_string *name;

	ZVAL_DEREF(all);
	if (Z_TYPE_P(all) != IS_ARRAY)
		return;
	ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL_P(all), name, value) {
		struct rs_slice key = name ? rs_slice(ZSTR_VAL(name), ZSTR_LEN(name)) : RS_SLICE("");

		if (is_token(key) && special_of(key) == PLAIN && Z_TYPE_P(value) == IS_STRING &&
		    is_value(rs_slice(Z_STRVAL_P(value), Z_STRLEN_P(value))))
			line(out, key, rs_slice(Z_STRVAL_P(value), Z_STRLEN_P(value)));
	} ZEND_HASH_FOREACH_END();
	smart_str_0(out);
}

void rs_http_head_free(struct rs_http_head_out *out)
{
	smart_str_free(&out->lines);
}
