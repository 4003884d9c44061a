/*
 * Methods of Swoole\Http\Response that send: pieces, the end, files, redirections.
 */
#include "swoole_http_response.h"
#include "swoole_server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody reads what comes after close(). */
static bool sendable(struct rs_http_answer *r)
{
	if (!rs_http_response_open(r))
		return false;
	if (!rs_swoole_session_closed_here(r->answer.fd))
		return true;
	r->ended = true;
	rs_swoole_set_error(RS_SERVER_CLOSED);
	return false;
}

ZEND_METHOD(Swoole_Http_Response, write)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_string *piece;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(piece)
	ZEND_PARSE_PARAMETERS_END();
	if (!sendable(r))
		RETURN_FALSE;
	if (ZSTR_LEN(piece) == 0) {
		rs_swoole_warn(0, "data to send is empty");
		RETURN_FALSE;
	}
	RETURN_BOOL(rs_http_response_piece(r, rs_slice(ZSTR_VAL(piece), ZSTR_LEN(piece))));
}

ZEND_METHOD(Swoole_Http_Response, end)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_string *body = NULL;
	struct rs_slice s;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR_OR_NULL(body)
	ZEND_PARSE_PARAMETERS_END();
	if (!sendable(r))
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
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
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
	if (!name || !sendable(r))
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
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);
	zend_long code = 302;
	zend_string *to;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(to)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(code)
	ZEND_PARSE_PARAMETERS_END();
	if (!sendable(r))
		RETURN_FALSE;
	if (r->started) {
		rs_swoole_warn(0, "headers have already been sent");
		RETURN_FALSE;
	}
	r->answer.status = code >= 300 && code <= 399 ? (unsigned)code : 302;
	rs_http_set_header(r, "Location", ZSTR_VAL(to), ZSTR_LEN(to));
	RETURN_BOOL(rs_http_response_whole(r, RS_SLICE("")));
}
