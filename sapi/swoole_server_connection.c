/*
 * Swoole\Server's methods about connections: sending, closing, orders. Connections live in the reactor: what user code wants goes
 * out as a message. What it asks is in swoole_server_client.c.
 */
#include "swoole_server.h"

#include "base/rs_clock.h"
#include "swoole_coroutine.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "swoole_server_methods.h"

#define YIELD_FIRST_MS 1 /* send_yield: how often a full connection is looked at */
#define YIELD_MOST_MS 64

/* ---- how it goes ------------------------------------------------------------------------------------------------------- */

bool rs_swoole_server_result(enum rs_server_result r, zend_long fd, size_t n)
{
	switch (r) {
	case RS_SERVER_OK:
		return true;
	case RS_SERVER_TOO_LARGE:
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, r, "the length of data [%zu] exceeds the output buffer size, session#" ZEND_LONG_FMT, n, fd);
		return false;
	case RS_SERVER_FULL:
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, r, "connection#" ZEND_LONG_FMT " output buffer overflow", fd);
		return false;
	case RS_SERVER_FILES:
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, r, "too many files wait for clients to take them (an eighth of all descriptors), connection#"
			      ZEND_LONG_FMT " gets no more", fd);
		return false;
	case RS_SERVER_CLOSED:
	case RS_SERVER_CLOSING:
	case RS_SERVER_NOT_EXIST:
	case RS_SERVER_NOT_WEBSOCKET:
	case RS_SERVER_LOST:
		break;
	}
	rs_swoole_set_error(r);
	return false;
}

/* May something be sent to it? Else the error number is set. */
static bool is_open(zend_long fd)
{
	struct rs_session session;
	bool open, known = rs_swoole_session(fd, &session, &open);

	if (!open)
		rs_swoole_set_error(known ? RS_SERVER_CLOSED : RS_SERVER_NOT_EXIST);
	return open;
}

bool rs_swoole_send_again(struct rs_swoole_patience *p, enum rs_server_result r)
{
	const struct rs_swoole_server *s = rs_swoole_the_server();

	if (r != RS_SERVER_FULL || !s || !s->conf.send_yield || !rs_co_self())
		return false;
	if (p->pause_ms == 0) {
		p->pause_ms = YIELD_FIRST_MS;
		p->deadline_us = s->conf.send_timeout_ms ? rs_now_us() + s->conf.send_timeout_ms * 1000 : INT64_MAX;
	}
	if (rs_now_us() >= p->deadline_us || rs_co_sleep(p->pause_ms) == RS_CO_CANCELLED)
		return false;
	p->pause_ms = MIN(p->pause_ms * 2, YIELD_MOST_MS);
	return true;
}

static enum rs_server_result send_patiently(uint32_t fd, struct rs_slice bytes)
{
	struct rs_swoole_patience patience = { 0 };
	enum rs_server_result r;

	do {
		r = rs_server_send(fd, bytes);
	} while (rs_swoole_send_again(&patience, r));
	return r;
}

/* ---- sending ----------------------------------------------------------------------------------------------------------- */

enum family { FAMILY_4, FAMILY_6, FAMILY_UNIX };

static bool is_address(enum family family, zend_string *address)
{
	struct in6_addr room;

	if (family == FAMILY_UNIX)
		return true;
	return inet_pton(family == FAMILY_4 ? AF_INET : AF_INET6, ZSTR_VAL(address), &room) == 1;
}

static bool address_of(struct rs_wire_peer *to, enum family family, zend_string *address, zend_long port)
{
	if (ZSTR_LEN(address) == 0 || ZSTR_LEN(address) >= sizeof to->address || port < (family == FAMILY_UNIX ? 0 : 1) || port > UINT16_MAX ||
	    !is_address(family, address))
		return false;
	memset(to, 0, sizeof *to);
	memcpy(to->address, ZSTR_VAL(address), ZSTR_LEN(address));
	to->port = (uint16_t)port;
	return true;
}

static bool fits_family(uint8_t socket_type, enum family family)
{
	static const uint8_t types[] = { [FAMILY_4] = 2, [FAMILY_6] = 4, [FAMILY_UNIX] = 6 };

	return socket_type == types[family];
}

/* The index of the port to send from; -1: none. socket: as onPacket gave it, or -1. */
static int64_t datagram_port(const struct rs_swoole_server *s, enum family family, zend_long socket)
{
	for (uint32_t i = 0; i < s->nports; i++)
		if (fits_family(s->ports[i]->p.socket_type, family) && (socket < 0 || s->ports[i]->p.listen_fd == socket))
			return i;
	return -1;
}

static bool send_datagram(const struct rs_swoole_server *s, enum family family, zend_string *address, zend_long number,
			  zend_string *data, zend_long socket)
{
	int64_t port = datagram_port(s, family, socket);
	struct rs_wire_peer to;

	if (port < 0) {
		rs_swoole_warn(0, "UDP listener has to be added before executing sendto");
		return false;
	}
	if (!address_of(&to, family, address, number))
		return false;
	return rs_swoole_server_result(rs_server_datagram((uint32_t)port, &to, rs_slice(ZSTR_VAL(data), ZSTR_LEN(data))), 0,
				       ZSTR_LEN(data));
}

/* Does the server run, and is there something to be sent? Else told. */
static bool can_send(const zend_string *data)
{
	if (!rs_swoole_server_running())
		return false;
	if (ZSTR_LEN(data) == 0)
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "data is empty");
	return ZSTR_LEN(data) > 0;
}

ZEND_METHOD(Swoole_Server, send)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_long fd = 0, socket = -1;
	zend_string *data;
	zval *to;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_ZVAL(to)
		Z_PARAM_STR(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(socket)
	ZEND_PARSE_PARAMETERS_END();
	if (!can_send(data))
		RETURN_FALSE;
	if (Z_TYPE_P(to) == IS_STRING && is_numeric_string(Z_STRVAL_P(to), Z_STRLEN_P(to), &fd, NULL, false) != IS_LONG) {
		if (Z_STRLEN_P(to) > 1 && (Z_STRVAL_P(to)[0] == '/' || Z_STRVAL_P(to)[0] == '@'))
			RETURN_BOOL(send_datagram(s, FAMILY_UNIX, Z_STR_P(to), 0, data, socket));
	} else if (Z_TYPE_P(to) != IS_STRING) {
		fd = zval_get_long(to);
	}
	if (fd <= 0) {
		rs_swoole_warn(RS_SWOOLE_ERROR_SESSION_INVALID_ID, "invalid fd[" ZEND_LONG_FMT "]", fd);
		RETURN_FALSE;
	}
	if (!is_open(fd))
		RETURN_FALSE;
	RETURN_BOOL(rs_swoole_server_result(send_patiently((uint32_t)fd, rs_slice(ZSTR_VAL(data), ZSTR_LEN(data))), fd, ZSTR_LEN(data)));
}

ZEND_METHOD(Swoole_Server, sendto)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_string *ip, *data;
	zend_long port, socket = -1;
	enum family family;

	ZEND_PARSE_PARAMETERS_START(3, 4)
		Z_PARAM_STR(ip)
		Z_PARAM_LONG(port)
		Z_PARAM_STR(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(socket)
	ZEND_PARSE_PARAMETERS_END();
	if (!can_send(data))
		RETURN_FALSE;
	family = ZSTR_VAL(ip)[0] == '/' || ZSTR_VAL(ip)[0] == '@' ? FAMILY_UNIX : strchr(ZSTR_VAL(ip), ':') ? FAMILY_6 : FAMILY_4;
	RETURN_BOOL(send_datagram(s, family, ip, port, data, socket));
}

/* Blocks until it is sent: was there for processes that own their connections. Here the reactor owns all. */
ZEND_METHOD(Swoole_Server, sendwait)
{
	zend_string *data;
	zend_long fd;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(fd)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (rs_swoole_server_of(ZEND_THIS)->mode != 1) {
		rs_swoole_warn(0, "can't sendwait");
		RETURN_FALSE;
	}
	if (ZSTR_LEN(data) == 0 || fd <= 0) {
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, ZSTR_LEN(data) ? "invalid fd" : "data is empty");
		RETURN_FALSE;
	}
	RETURN_BOOL(is_open(fd) &&
		    rs_swoole_server_result(rs_server_send((uint32_t)fd, rs_slice(ZSTR_VAL(data), ZSTR_LEN(data))), fd, ZSTR_LEN(data)));
}

/* -1: warned. */
static int open_regular(zend_string *path)
{
	char real[MAXPATHLEN];
	struct stat st;
	int fd = -1;

	if (VCWD_REALPATH(ZSTR_VAL(path), real))
		fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		rs_swoole_warn(RS_SWOOLE_ERROR_SYSTEM_CALL_FAIL, "failed to open regular file '%s'", ZSTR_VAL(path));
	return fd;
}

ZEND_METHOD(Swoole_Server, sendfile)
{
	zend_long fd, offset = 0, length = 0;
	zend_string *path;
	bool ok;
	int file;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_LONG(fd)
		Z_PARAM_PATH_STR(path)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(offset)
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (fd <= 0 || offset < 0 || length < 0) {
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, fd <= 0 ? "invalid fd[" ZEND_LONG_FMT "]" : "invalid offset or length", fd);
		RETURN_FALSE;
	}
	file = open_regular(path);
	if (file < 0)
		RETURN_FALSE;
	ok = is_open(fd) &&
	     rs_swoole_server_result(rs_server_sendfile((uint32_t)fd, file, (uint64_t)offset, (uint64_t)length), fd, (size_t)length);
	close(file);
	RETURN_BOOL(ok);
}

/* ---- closing ----------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Server, close)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	struct rs_session session;
	bool reset = false, open;
	zend_long fd;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(fd)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(reset)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (!rs_swoole_session(fd, &session, &open)) {
		rs_swoole_set_error(RS_SERVER_NOT_EXIST);
		RETURN_FALSE;
	}
	if (!open) {
		rs_swoole_log(RS_SWOOLE_LOG_NOTICE, RS_SERVER_CLOSING, "session#" ZEND_LONG_FMT " is closed or closing", fd);
		RETURN_FALSE;
	}
	if (!rs_swoole_server_result(rs_server_order((uint32_t)fd, reset ? RS_ORDER_RESET : RS_ORDER_CLOSE, 0, RS_SLICE("")), fd, 0))
		RETURN_FALSE;
	rs_swoole_session_closing(&session);
	rs_swoole_server_close_here(s, &session);
	RETURN_TRUE;
}

/* ---- orders ------------------------------------------------------------------------------------------------------------ */

static void order(INTERNAL_FUNCTION_PARAMETERS, enum rs_order what)
{
	zend_long fd;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(fd)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	RETURN_BOOL(is_open(fd) && rs_swoole_server_result(rs_server_order((uint32_t)fd, what, 0, RS_SLICE("")), fd, 0));
}

ZEND_METHOD(Swoole_Server, pause)
{
	order(INTERNAL_FUNCTION_PARAM_PASSTHRU, RS_ORDER_PAUSE);
}

ZEND_METHOD(Swoole_Server, resume)
{
	order(INTERNAL_FUNCTION_PARAM_PASSTHRU, RS_ORDER_RESUME);
}

ZEND_METHOD(Swoole_Server, confirm)
{
	order(INTERNAL_FUNCTION_PARAM_PASSTHRU, RS_ORDER_CONFIRM);
}

ZEND_METHOD(Swoole_Server, protect)
{
	bool on = true;
	zend_long fd;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(fd)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(on)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	RETURN_BOOL(is_open(fd) && rs_swoole_server_result(rs_server_order((uint32_t)fd, RS_ORDER_PROTECT, on, RS_SLICE("")), fd, 0));
}

ZEND_METHOD(Swoole_Server, bind)
{
	struct rs_session session;
	zend_long fd, uid;
	bool open;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(fd)
		Z_PARAM_LONG(uid)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (uid > UINT32_MAX || uid < INT32_MIN) {
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "uid can not be greater than %u or less than %d", UINT32_MAX, INT32_MIN);
		RETURN_FALSE;
	}
	if (!rs_swoole_session(fd, &session, &open) || !open) {
		rs_swoole_set_error(RS_SERVER_NOT_EXIST);
		RETURN_FALSE;
	}
	if (session.has_uid ||
	    !rs_swoole_server_result(rs_server_order((uint32_t)fd, RS_ORDER_BIND, (uint32_t)uid, RS_SLICE("")), fd, 0))
		RETURN_FALSE;
	rs_swoole_session_bound(&session, (uint32_t)uid);
	RETURN_TRUE;
}
