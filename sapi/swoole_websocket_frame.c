/*
 * Swoole\WebSocket\Frame and CloseFrame: plain objects whose properties say all; pack() and unpack() to and from the bytes of
 * one frame. No connection is touched here.
 */
#include "swoole_websocket_frame.h"

#include <ext/random/php_random.h>

#include "ws/ws_utf8.h"

#include "stubs/websocket_frame_arginfo.h"

#define REASON_MAX 125 /* bytes the contract lets pass; RS_WS_REASON_MAX fit into a frame */
#define FLAGS_OF_A_FRAME (RS_WS_FIN | RS_WS_COMPRESS | RS_WS_RSV1 | RS_WS_RSV2 | RS_WS_RSV3 | RS_WS_MASK)

/* Properties in the order of the stub; a child may have more behind them. */
enum { FD, DATA, OPCODE, FLAGS, FINISH, CODE, REASON };

zend_class_entry *rs_swoole_frame_ce, *rs_swoole_close_frame_ce;

/* ---- out of PHP -------------------------------------------------------------------------------------------------- */

/* A property of an object that anybody may have written to, or have unset. */
static zval *property(zend_object *object, const char *name, zval *room)
{
	return zend_read_property(object->ce, object, name, strlen(name), true, room);
}

static zend_long integer(zend_object *object, const char *name)
{
	zval room;

	return zval_get_long(property(object, name, &room));
}

/* NULL: it cannot become a string, an exception was thrown. */
static zend_string *string(zend_object *object, const char *name)
{
	zval room;

	return zval_try_get_string(property(object, name, &room));
}

/* The payload of a close frame: code and reason. NULL: warned, or thrown. */
static zend_string *close_payload(zend_object *object)
{
	zend_long code = integer(object, "code");
	zend_string *reason = string(object, "reason"), *payload;
	struct rs_slice fits;

	if (!reason)
		return NULL;
	if (ZSTR_LEN(reason) > REASON_MAX) {
		rs_swoole_warn(RS_SWOOLE_ERROR_WEBSOCKET_PACK_FAILED, "the max length of close reason is %d", REASON_MAX);
		zend_string_release(reason);
		return NULL;
	}
	if (code == RS_WS_NO_STATUS) {
		zend_string_release(reason);
		return ZSTR_EMPTY_ALLOC();
	}
	fits = rs_ws_utf8_prefix(rs_slice(ZSTR_VAL(reason), ZSTR_LEN(reason)), RS_WS_REASON_MAX);
	payload = zend_string_alloc(2 + fits.n, false);
	ZSTR_VAL(payload)[0] = (char)(code >> 8);
	ZSTR_VAL(payload)[1] = (char)code;
	memcpy(ZSTR_VAL(payload) + 2, fits.p, fits.n);
	ZSTR_VAL(payload)[2 + fits.n] = '\0';
	zend_string_release(reason);
	return payload;
}

static bool can_be_sent(zend_long opcode, unsigned flags, size_t n)
{
	if (opcode < 0 || opcode > RS_WS_PONG) {
		rs_swoole_warn(RS_SWOOLE_ERROR_WEBSOCKET_BAD_OPCODE, "the maximum value of opcode is %d", RS_WS_PONG);
		return false;
	}
	if (rs_ws_is_control((unsigned)opcode) && (n > RS_WS_CONTROL_MAX || !(flags & RS_WS_FIN))) {
		rs_swoole_warn(RS_SWOOLE_ERROR_WEBSOCKET_PACK_FAILED,
			       "a control frame is final and has at most %d bytes", RS_WS_CONTROL_MAX);
		return false;
	}
	return true;
}

static zend_long object_flags(zend_object *object)
{
	zend_long flags = integer(object, "flags");
	zval room, *finish = property(object, "finish", &room);

	if (Z_TYPE_P(finish) == IS_NULL)
		return flags;
	return zend_is_true(finish) ? flags | RS_WS_FIN : flags & ~(zend_long)RS_WS_FIN;
}

bool rs_swoole_frame_read(struct rs_swoole_frame *f, zend_object *object, zend_string *text, zend_long opcode, zend_long flags)
{
	zend_string *payload;

	RS_ASSERT(object || text);
	if (object) {
		opcode = integer(object, "opcode");
		flags = object_flags(object);
	}
	if (!object)
		payload = zend_string_copy(text);
	else if (opcode == RS_WS_CLOSE && instanceof_function(object->ce, rs_swoole_close_frame_ce))
		payload = close_payload(object);
	else
		payload = string(object, "data");
	if (!payload)
		return false;
	flags &= FLAGS_OF_A_FRAME;
	if (EG(exception) || !can_be_sent(opcode, (unsigned)flags, ZSTR_LEN(payload))) {
		zend_string_release(payload);
		return false;
	}
	*f = (struct rs_swoole_frame){ (unsigned)opcode, (unsigned)flags, payload };
	return true;
}

void rs_swoole_frame_free(struct rs_swoole_frame *f)
{
	zend_string_release(f->payload);
}

/* ---- into PHP ---------------------------------------------------------------------------------------------------- */

static zend_object *new_frame(zval *to, zend_class_entry *ce, zend_long fd, unsigned flags)
{
	object_init_ex(to, ce);
	ZVAL_LONG(OBJ_PROP_NUM(Z_OBJ_P(to), FD), fd);
	ZVAL_LONG(OBJ_PROP_NUM(Z_OBJ_P(to), FLAGS), flags);
	ZVAL_BOOL(OBJ_PROP_NUM(Z_OBJ_P(to), FINISH), flags & RS_WS_FIN);
	return Z_OBJ_P(to);
}

void rs_swoole_frame_make(zval *to, zend_long fd, unsigned opcode, unsigned flags, zend_string *data)
{
	zend_object *object = new_frame(to, rs_swoole_frame_ce, fd, flags);

	ZVAL_STR_COPY(OBJ_PROP_NUM(object, DATA), data);
	ZVAL_LONG(OBJ_PROP_NUM(object, OPCODE), opcode);
}

void rs_swoole_frame_make_close(zval *to, zend_long fd, unsigned flags, unsigned code, zend_string *reason)
{
	zend_object *object = new_frame(to, rs_swoole_close_frame_ce, fd, flags);

	if (code == RS_WS_NO_STATUS)
		return;
	ZVAL_LONG(OBJ_PROP_NUM(object, CODE), code);
	ZVAL_STR_COPY(OBJ_PROP_NUM(object, REASON), reason);
}

/* ---- methods ----------------------------------------------------------------------------------------------------- */

/* The bytes of a frame, masked when it says so; NULL: no randomness, and warned. */
static zend_string *frame_bytes(const struct rs_swoole_frame *f)
{
	uint8_t key[4], head[RS_WS_HEAD_MAX];
	const bool masked = f->flags & RS_WS_MASK;
	zend_string *bytes;
	size_t n;

	if (masked && php_random_bytes_silent(key, sizeof key) == FAILURE) {
		rs_swoole_warn(RS_SWOOLE_ERROR_WEBSOCKET_PACK_FAILED, "no random bytes for a mask");
		return NULL;
	}
	n = rs_ws_frame_head(head, f->opcode, f->flags, ZSTR_LEN(f->payload), masked ? key : NULL);
	bytes = zend_string_concat2((const char *)head, n, ZSTR_VAL(f->payload), ZSTR_LEN(f->payload));
	if (masked)
		rs_ws_mask(ZSTR_VAL(bytes) + n, ZSTR_LEN(f->payload), key);
	return bytes;
}

static void return_bytes(zval *return_value, zend_object *object, zend_string *text, zend_long opcode, zend_long flags)
{
	struct rs_swoole_frame f;
	zend_string *bytes;

	ZVAL_EMPTY_STRING(return_value);
	if (!rs_swoole_frame_read(&f, object, text, opcode, flags))
		return;
	bytes = frame_bytes(&f);
	if (bytes)
		ZVAL_STR(return_value, bytes);
	rs_swoole_frame_free(&f);
}

ZEND_METHOD(Swoole_WebSocket_Frame, __toString)
{
	ZEND_PARSE_PARAMETERS_NONE();
	return_bytes(return_value, Z_OBJ_P(ZEND_THIS), NULL, 0, 0);
}

ZEND_METHOD(Swoole_WebSocket_Frame, pack)
{
	zend_object *object;
	zend_string *text;
	zend_long opcode = RS_WS_TEXT, flags = RS_WS_FIN;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_OBJ_OF_CLASS_OR_STR(object, rs_swoole_frame_ce, text)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(opcode)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	return_bytes(return_value, object, text, opcode, flags);
}

/* false: a close frame whose payload is none. */
static bool make_unpacked(zval *to, const struct rs_ws_unframed *f)
{
	struct rs_slice bytes = rs_buf_slice(&f->payload), reason;
	zend_string *string;
	unsigned code;

	if (f->opcode == RS_WS_CLOSE && rs_ws_close_payload(bytes, &code, &reason) != 0)
		return false;
	if (f->opcode == RS_WS_CLOSE)
		bytes = reason;
	string = zend_string_init(bytes.p, bytes.n, false);
	if (f->opcode == RS_WS_CLOSE)
		rs_swoole_frame_make_close(to, 0, f->flags, code, string);
	else
		rs_swoole_frame_make(to, 0, f->opcode, f->flags, string);
	zend_string_release(string);
	return true;
}

static bool opcode_known(unsigned opcode)
{
	return opcode <= RS_WS_BINARY || (opcode >= RS_WS_CLOSE && opcode <= RS_WS_PONG);
}

ZEND_METHOD(Swoole_WebSocket_Frame, unpack)
{
	struct rs_ws_unframed f;
	char *bytes;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(bytes, n)
	ZEND_PARSE_PARAMETERS_END();
	RETVAL_FALSE;
	if (rs_ws_unframe(rs_slice(bytes, n), &f) == RS_OK) {
		if (opcode_known(f.opcode))
			(void)make_unpacked(return_value, &f);
		rs_buf_free(&f.payload);
	}
	if (Z_TYPE_P(return_value) == IS_FALSE)
		rs_swoole_set_error(RS_SWOOLE_ERROR_WEBSOCKET_UNPACK_FAILED);
}

void rs_swoole_minit_websocket_frame(void)
{
	rs_swoole_frame_ce = register_class_Swoole_WebSocket_Frame();
	rs_swoole_alias(rs_swoole_frame_ce, "swoole_websocket_frame");
	rs_swoole_close_frame_ce = register_class_Swoole_WebSocket_CloseFrame(rs_swoole_frame_ce);
	rs_swoole_alias(rs_swoole_close_frame_ce, "swoole_websocket_closeframe");
}
