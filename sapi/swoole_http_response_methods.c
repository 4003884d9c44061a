/*
 * The class of Swoole\Http\Response, and responses apart from the callback they were made for. Its other methods:
 * swoole_http_response_set.c, swoole_http_response_send.c, swoole_http_response_websocket.c.
 */
#include "swoole_coroutine_http.h"
#include "swoole_http_response.h"

#include "stubs/http_response_arginfo.h"

void rs_swoole_minit_http_response(void)
{
	rs_http_response_class(register_class_Swoole_Http_Response());
}

ZEND_METHOD(Swoole_Http_Response, isWritable)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_http_response_open(rs_http_this(ZEND_THIS)));
}

ZEND_METHOD(Swoole_Http_Response, detach)
{
	struct rs_http_answer *r = rs_http_this(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_http_response_open(r))
		RETURN_FALSE;
	r->detached = true;
	if (r->link)
		rs_co_http_response_detached(r);
	RETURN_TRUE;
}

/*
 * create($server, $fd), create([$server, $request]), create($fd). -1: warned. quiet: create($fd) never fails. *request: the one that was
 * given, or NULL: a connection of HTTP/2 has many at a time.
 */
static zend_long fd_argument(zval *first, zend_long fd, bool *quiet, const struct rs_http_in **request)
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
		if (second && Z_TYPE_P(second) == IS_OBJECT && instanceof_function(Z_OBJCE_P(second), rs_swoole_http_request_ce)) {
			*request = RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(second));
			return zval_get_long(zend_read_property(Z_OBJCE_P(second), Z_OBJ_P(second), ZEND_STRL("fd"), true, &rv));
		}
	}
	rs_swoole_warn(0, "parameter $server must be a server, an array of server and request, or a connection's $fd");
	return -1;
}

ZEND_METHOD(Swoole_Http_Response, create)
{
	const struct rs_board *board = rs_server_here() ? rs_server_board() : NULL;
	struct rs_http_answer *r;
	const struct rs_http_in *request = NULL;
	struct rs_session session = { 0 };
	zend_long fd = -1;
	zval *first;
	bool quiet, found;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(first)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(fd)
	ZEND_PARSE_PARAMETERS_END();
	fd = fd_argument(first, fd, &quiet, &request);
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
	r->http2 = found && request && request->q && rs_server_request_view(request->q)->http_major == 2;
	if (r->http2)
		r->answer.request = rs_server_request_id(request->q);
	r->conf = rs_swoole_http_conf(session.port);
	r->upgrade = session.websocket == 2;
}
