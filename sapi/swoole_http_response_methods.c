/*
 * The methods of Swoole\Http\Response.
 */
#include "swoole_http_response.h"

#include "stubs/http_response_arginfo.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void rs_swoole_minit_http_response(void)
{
	rs_http_response_class(register_class_Swoole_Http_Response());
}

static struct rs_http_answer *this_response(zval *this)
{
	return rs_http_response_of(Z_OBJ_P(this));
}

/* For what sets something: the head must not be out. */
static bool settable(const struct rs_http_answer *r)
{
	return rs_http_response_open(r) && !r->started;
}

ZEND_METHOD(Swoole_Http_Response, initHeader)
{
	zend_object *o = Z_OBJ_P(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (!settable(this_response(ZEND_THIS)))
		RETURN_FALSE;
	for (int i = RS_HTTP_RESPONSE_HEADER; i <= RS_HTTP_RESPONSE_TRAILER; i++) {
		zval *p = OBJ_PROP_NUM(o, i), old;

		/* Destructors may look at it. */
		ZVAL_COPY_VALUE(&old, p);
		array_init(p);
		zval_ptr_dtor(&old);
	}
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Http_Response, isWritable)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_http_response_open(this_response(ZEND_THIS)));
}

/* ---- status, header, cookie, trailer ----------------------------------------------------------------------------------- */

/* Codes without a phrase need one of the application's. */
static bool known(zend_long code)
{
	switch (code) {
#define RS_STATUS(number, phrase) case number:
#include "http/http_status.def"
#undef RS_STATUS
		return true;
	default:
		return false;
	}
}

ZEND_METHOD(Swoole_Http_Response, status)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	zend_string *reason = NULL;
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(code)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(reason)
	ZEND_PARSE_PARAMETERS_END();
	if (!settable(r))
		RETURN_FALSE;
	if (r->reason)
		zend_string_release(r->reason);
	r->reason = NULL;
	if (reason && ZSTR_LEN(reason) && strcspn(ZSTR_VAL(reason), "\r\n") == ZSTR_LEN(reason))
		r->reason = zend_string_copy(reason);
	r->answer.status = known(code) || (r->reason && code >= 100 && code <= 599) ? (unsigned)code : 200;
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Http_Response, header)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	bool format = true;
	zend_string *key;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_STR(key)
		Z_PARAM_ZVAL(value)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(format)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(settable(r) && rs_http_set_line(r, RS_HTTP_RESPONSE_HEADER, key, value, format));
}

ZEND_METHOD(Swoole_Http_Response, trailer)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	zend_string *key, *value;
	zval text;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(key)
		Z_PARAM_STR(value)
	ZEND_PARSE_PARAMETERS_END();
	ZVAL_STR(&text, value);
	RETURN_BOOL(rs_http_response_open(r) && rs_http_set_line(r, RS_HTTP_RESPONSE_TRAILER, key, &text, false));
}

static void cookie(INTERNAL_FUNCTION_PARAMETERS, bool raw)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	struct rs_http_cookie c = { .raw = raw };
	zval *all = OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_COOKIE);
	zend_string *line, *root = NULL;

	ZEND_PARSE_PARAMETERS_START(1, 9)
		Z_PARAM_STR(c.name)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(c.value)
		Z_PARAM_LONG(c.expires)
		Z_PARAM_STR_OR_NULL(c.path)
		Z_PARAM_STR_OR_NULL(c.domain)
		Z_PARAM_BOOL(c.secure)
		Z_PARAM_BOOL(c.httponly)
		Z_PARAM_STR_OR_NULL(c.samesite)
		Z_PARAM_STR_OR_NULL(c.priority)
	ZEND_PARSE_PARAMETERS_END();
	if (!settable(r))
		RETURN_FALSE;
	if (ZEND_NUM_ARGS() < 4)
		c.path = root = ZSTR_CHAR('/');
	if (!c.value)
		c.value = ZSTR_EMPTY_ALLOC();
	line = rs_http_cookie_line(&c);
	(void)root;
	if (!line)
		RETURN_FALSE;
	ZVAL_DEREF(all);
	if (Z_TYPE_P(all) != IS_ARRAY) {
		zval_ptr_dtor(all);
		array_init(all);
	}
	SEPARATE_ARRAY(all);
	add_next_index_str(all, line);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Http_Response, cookie)
{
	cookie(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

ZEND_METHOD(Swoole_Http_Response, rawcookie)
{
	cookie(INTERNAL_FUNCTION_PARAM_PASSTHRU, true);
}

ZEND_METHOD(Swoole_Http_Response, gzip)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	zend_long level = 1;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(level)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_response_open(r))
		RETURN_FALSE;
	if (r->started) {
		rs_swoole_warn(0, "must be called before the response is sent");
		RETURN_FALSE;
	}
	r->gzip_level = level < 1 ? 1 : level > 9 ? 9 : (int)level;
	RETURN_TRUE;
}

/* ---- sending --------------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Http_Response, write)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	zend_string *piece;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(piece)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_response_open(r))
		RETURN_FALSE;
	if (ZSTR_LEN(piece) == 0) {
		rs_swoole_warn(0, "data to send is empty");
		RETURN_FALSE;
	}
	RETURN_BOOL(rs_http_response_piece(r, rs_slice(ZSTR_VAL(piece), ZSTR_LEN(piece))));
}

ZEND_METHOD(Swoole_Http_Response, end)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	zend_string *body = NULL;
	struct rs_slice s;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR_OR_NULL(body)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_response_open(r))
		RETURN_FALSE;
	s = body ? rs_slice(ZSTR_VAL(body), ZSTR_LEN(body)) : RS_SLICE("");
	RETURN_BOOL(r->started ? rs_http_response_last(r, s) : rs_http_response_whole(r, s));
}

/* The file and how much of it. -1: warned. */
static int open_file(zend_string *name, zend_long offset, zend_long *length)
{
	int fd = offset < 0 || *length < 0 ? -1 : VCWD_OPEN(ZSTR_VAL(name), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rs_swoole_warn(RS_SWOOLE_ERROR_FILE_NOT_EXIST, offset < 0 || *length < 0
			       ? "offset and length must not be negative" : "%s cannot be read as a file", ZSTR_VAL(name));
		goto refused;
	}
	if ((offset && offset >= st.st_size) || *length > st.st_size - offset) {
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "parameter $offset[" ZEND_LONG_FMT "] or $length[" ZEND_LONG_FMT
			       "] exceeds the file size", offset, *length);
		goto refused;
	}
	if (*length == 0)
		*length = st.st_size - offset;
	return fd;
refused:
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool has_type(struct rs_http_answer *r)
{
	zval *all = OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_HEADER);
	zend_string *key;

	ZVAL_DEREF(all);
	if (Z_TYPE_P(all) != IS_ARRAY)
		return false;
	ZEND_HASH_FOREACH_STR_KEY(Z_ARRVAL_P(all), key) {
		if (key && zend_string_equals_literal_ci(key, "content-type"))
			return true;
	} ZEND_HASH_FOREACH_END();
	return false;
}

ZEND_METHOD(Swoole_Http_Response, sendfile)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	zend_long offset = 0, length = 0;
	zend_string *name = NULL;
	const char *type;
	int fd;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_PATH_STR(name)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(offset)
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	if (!name || !rs_http_response_open(r))
		RETURN_FALSE;
	if (r->started) {
		rs_swoole_warn(0, "can't use sendfile when HTTP chunk is enabled");
		RETURN_FALSE;
	}
	fd = open_file(name, offset, &length);
	if (fd < 0)
		RETURN_FALSE;
	if (!has_type(r)) {
		type = rs_swoole_mime_type(ZSTR_VAL(name), ZSTR_LEN(name));
		rs_http_set_header(r, "Content-Type", type, strlen(type));
	}
	RETVAL_BOOL(rs_http_response_file(r, fd, (uint64_t)offset, (uint64_t)length));
	close(fd);
}

ZEND_METHOD(Swoole_Http_Response, redirect)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);
	zend_long code = 302;
	zend_string *to;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(to)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_http_response_open(r))
		RETURN_FALSE;
	if (r->started) {
		rs_swoole_warn(0, "headers have already been sent");
		RETURN_FALSE;
	}
	r->answer.status = code >= 300 && code <= 399 ? (unsigned)code : 302;
	rs_http_set_header(r, "Location", ZSTR_VAL(to), ZSTR_LEN(to));
	RETURN_BOOL(rs_http_response_whole(r, RS_SLICE("")));
}

/* ---- apart from the callback ------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Http_Response, detach)
{
	struct rs_http_answer *r = this_response(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_http_response_open(r))
		RETURN_FALSE;
	r->detached = true;
	RETURN_TRUE;
}

/* create($server, $fd), create([$server, $request]), create($fd). -1: warned. quiet: create($fd) never fails. */
static zend_long fd_argument(zval *first, zend_long fd, bool *quiet)
{
	zval *second, rv;

	ZVAL_DEREF(first);
	*quiet = Z_TYPE_P(first) == IS_LONG;
	if (*quiet)
		return Z_LVAL_P(first);
	if (Z_TYPE_P(first) == IS_OBJECT)
		return fd;
	if (Z_TYPE_P(first) == IS_ARRAY) {
		second = zend_hash_index_find(Z_ARRVAL_P(first), 1);
		if (second && Z_TYPE_P(second) == IS_OBJECT && instanceof_function(Z_OBJCE_P(second), rs_swoole_http_request_ce))
			return zval_get_long(zend_read_property(Z_OBJCE_P(second), Z_OBJ_P(second), ZEND_STRL("fd"), true, &rv));
	}
	rs_swoole_warn(0, "parameter $server must be a server, an array of server and request, or a connection's $fd");
	return -1;
}

ZEND_METHOD(Swoole_Http_Response, create)
{
	const struct rs_board *board = rs_server_here() ? rs_server_board() : NULL;
	struct rs_http_answer *r;
	struct rs_session session = { 0 };
	zend_long fd = -1;
	zval *first;
	bool quiet, found;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(first)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(fd)
	ZEND_PARSE_PARAMETERS_END();
	fd = fd_argument(first, fd, &quiet);
	if (EG(exception))
		RETURN_THROWS();
	if (!quiet && fd < 0 && Z_TYPE_P(first) != IS_OBJECT)
		RETURN_FALSE;
	if (!board) {
		rs_swoole_warn(0, "server is not running");
		RETURN_FALSE;
	}
	found = fd > 0 && fd <= RS_SESSION_MAX && rs_board_get(board, (uint32_t)fd, &session);
	if (!found && !quiet) {
		rs_swoole_warn(RS_SERVER_NOT_EXIST, "session#" ZEND_LONG_FMT " does not exist", fd);
		RETURN_FALSE;
	}
	object_init_ex(return_value, rs_swoole_http_response_ce);
	r = rs_http_response_of(Z_OBJ_P(return_value));
	ZVAL_LONG(OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_FD), fd);
	r->answer.fd = (uint32_t)(found ? fd : 0);
	r->answer.request = session.request;
	r->conf = rs_swoole_http_conf(session.port);
	r->upgrade = session.websocket == 2;
}

/* ---- what belongs to Coroutine\Http\Server and HTTP/2: not for the answers of this server ---------------------------------- */

ZEND_METHOD(Swoole_Http_Response, upgrade)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, push)
{
	zval *data;
	zend_long opcode = 0, flags = 0;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(opcode)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, recv)
{
	double timeout;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, close)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_FALSE;
}

static void unsupported(zval *return_value)
{
	rs_swoole_warn(RS_SWOOLE_ERROR_OPERATION_NOT_SUPPORT, "is only for HTTP/2 connections");
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Http_Response, ping)
{
	zend_string *data;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	unsupported(return_value);
}

ZEND_METHOD(Swoole_Http_Response, goaway)
{
	zend_string *data;
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	unsupported(return_value);
}

ZEND_METHOD(Swoole_Http_Response, disconnect)
{
	zend_string *reason;
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
		Z_PARAM_STR(reason)
	ZEND_PARSE_PARAMETERS_END();
	unsupported(return_value);
}
