/*
 * Swoole\Coroutine\Socket: the methods that move bytes. What recvLine() and recvPacket() have read too much lies in c.in, and
 * the others give it out first.
 */
#include "swoole_coroutine_socket.h"

#include <errno.h>
#include <zend_smart_str.h>

#define SIZE 65536
/* What one read may allocate: it returns what is there, which is seldom so much. */
#define SIZE_MAX_ONCE (2 << 20)

enum how { SOME, PEEK, ALL, LINE };

/* ---- in: between enter and leave; false: c.sock.error, and nothing was read ------------------------------------------- */

static size_t buffered(struct rs_co_socket *s, char *p, size_t n, bool peek)
{
	size_t have = s->c.in.len < n ? s->c.in.len : n;

	memcpy(p, rs_buf_data(&s->c.in), have);
	if (!peek)
		rs_buf_consume(&s->c.in, have);
	return have;
}

static bool read_some(struct rs_co_socket *s, size_t n, bool peek, int64_t ms, zval *out)
{
	zend_string *bytes = zend_string_alloc(n < SIZE_MAX_ONCE ? n : SIZE_MAX_ONCE, false);
	ssize_t got = (ssize_t)buffered(s, ZSTR_VAL(bytes), ZSTR_LEN(bytes), peek);

	if (got == 0)
		got = rs_sock_recv(&s->c.sock, ZSTR_VAL(bytes), ZSTR_LEN(bytes), peek ? MSG_PEEK : 0, ms);
	if (got <= 0) {
		zend_string_efree(bytes);
		ZVAL_EMPTY_STRING(out);
		return got == 0;
	}
	bytes = zend_string_truncate(bytes, (size_t)got, false);
	ZSTR_VAL(bytes)[got] = 0;
	ZVAL_STR(out, bytes);
	return true;
}

/* Memory grows with what comes, whatever length was asked for. */
static bool read_all(struct rs_co_socket *s, size_t n, int64_t ms, zval *out)
{
	smart_str all = { 0 };
	ssize_t got = 1;

	while (got > 0 && smart_str_get_len(&all) < n) {
		size_t room = MIN(n - smart_str_get_len(&all), SIZE);
		char *p = smart_str_extend(&all, room);

		got = (ssize_t)buffered(s, p, room, false);
		if (got == 0)
			got = rs_sock_recv(&s->c.sock, p, room, 0, ms);
		ZSTR_LEN(all.s) -= room - (got > 0 ? (size_t)got : 0);
	}
	if (got < 0 && smart_str_get_len(&all) == 0) {
		smart_str_free(&all);
		return false;
	}
	ZVAL_STR(out, smart_str_extract(&all));
	return true;
}

/* The end of the line, the length that was asked for, or the end of the stream, whichever comes first. */
static bool read_line(struct rs_co_socket *s, size_t n, int64_t ms, zval *out)
{
	struct rs_buf *in = &s->c.in;
	size_t seen = 0, line = 0;
	ssize_t got = 1;

	while (line == 0 && seen < n) {
		const char *end = memchr(rs_buf_data(in) + seen, '\n', MIN(in->len, n) - seen);
		char *p;

		line = end ? (size_t)(end - rs_buf_data(in)) + 1 : 0;
		seen = MIN(in->len, n);
		if (line > 0 || seen == n)
			break;
		p = rs_buf_reserve(in, SIZE);
		if (!p)
			return rs_sock_fail(&s->c.sock, ENOMEM);
		got = rs_sock_recv(&s->c.sock, p, SIZE, 0, ms);
		if (got <= 0)
			break;
		rs_buf_commit(in, (size_t)got);
	}
	/* What has come of a line stays for the next call when the limit has passed. */
	if (got < 0)
		return false;
	line = line ? line : seen;
	ZVAL_STRINGL(out, rs_buf_data(in), line);
	rs_buf_consume(in, line);
	return true;
}

static void receive(INTERNAL_FUNCTION_PARAMETERS, enum how how)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_long length = SIZE;
	double timeout = 0;
	int64_t ms;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(length)
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (length <= 0)
		length = SIZE;
	if (!rs_co_socket_enter(s, RS_WATCH_READ))
		RETURN_FALSE;
	ms = rs_co_socket_ms(timeout, s->conf.read_ms);
	/* A datagram is there or is not. */
	if (!rs_co_socket_is_stream(s) && how != PEEK)
		how = SOME;
	if (how == ALL)
		ok = read_all(s, (size_t)length, ms, return_value);
	else if (how == LINE)
		ok = read_line(s, (size_t)length, ms, return_value);
	else
		ok = read_some(s, (size_t)length, how == PEEK, ms, return_value);
	rs_co_socket_leave(s, RS_WATCH_READ);
	if (!ok)
		RETVAL_BOOL(rs_co_socket_failed(s));
}

ZEND_METHOD(Swoole_Coroutine_Socket, recv)
{
	receive(INTERNAL_FUNCTION_PARAM_PASSTHRU, SOME);
}

ZEND_METHOD(Swoole_Coroutine_Socket, recvAll)
{
	receive(INTERNAL_FUNCTION_PARAM_PASSTHRU, ALL);
}

ZEND_METHOD(Swoole_Coroutine_Socket, recvLine)
{
	receive(INTERNAL_FUNCTION_PARAM_PASSTHRU, LINE);
}

ZEND_METHOD(Swoole_Coroutine_Socket, peek)
{
	receive(INTERNAL_FUNCTION_PARAM_PASSTHRU, PEEK);
}

ZEND_METHOD(Swoole_Coroutine_Socket, recvPacket)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	struct rs_slice package = { 0 };
	enum rs_result rc;
	double timeout = 0;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_enter(s, RS_WATCH_READ))
		RETURN_FALSE;
	if (!rs_co_socket_is_stream(s) && s->conf.packet.mode == RS_PACKET_RAW) {
		rc = read_some(s, SIZE, false, rs_co_socket_ms(timeout, s->conf.read_ms), return_value) ? RS_DONE : RS_ERR;
	} else {
		rc = rs_client_next_package(&s->c, &s->conf, rs_co_socket_ms(timeout, s->conf.read_ms), &package);
		ZVAL_EMPTY_STRING(return_value);
		if (rc == RS_OK) {
			ZVAL_STRINGL(return_value, package.p, package.n);
			rs_buf_consume(&s->c.in, package.n);
		}
	}
	rs_co_socket_leave(s, RS_WATCH_READ);
	if (rc == RS_ERR) {
		zval_ptr_dtor(return_value);
		RETVAL_BOOL(rs_co_socket_failed(s));
	}
}

ZEND_METHOD(Swoole_Coroutine_Socket, recvfrom)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	struct rs_sock_addr from = { 0 };
	struct rs_sock_name name;
	zend_string *bytes;
	double timeout = 0;
	zval *peer, who;
	ssize_t got;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(peer)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_enter(s, RS_WATCH_READ))
		RETURN_FALSE;
	bytes = zend_string_alloc(SIZE, false);
	got = rs_sock_recvfrom(&s->c.sock, ZSTR_VAL(bytes), SIZE, 0, rs_co_socket_ms(timeout, s->conf.read_ms), &from);
	rs_co_socket_leave(s, RS_WATCH_READ);
	if (got < 0) {
		zend_string_efree(bytes);
		RETURN_BOOL(rs_co_socket_failed(s));
	}
	array_init_size(&who, 2);
	rs_sock_addr_name(&from, &name);
	add_assoc_stringl(&who, "address", name.host, name.host_n);
	add_assoc_long(&who, "port", name.port);
	ZEND_TRY_ASSIGN_REF_TMP(peer, &who);
	bytes = zend_string_truncate(bytes, (size_t)got, false);
	ZSTR_VAL(bytes)[got] = 0;
	RETURN_STR(bytes);
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

static void put(INTERNAL_FUNCTION_PARAMETERS, bool all)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_string *data;
	double timeout = 0;
	ssize_t gone;
	int64_t ms;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_enter(s, RS_WATCH_WRITE))
		RETURN_FALSE;
	ms = rs_co_socket_ms(timeout, s->conf.write_ms);
	s->c.sock.error = 0;
	if (all && rs_co_socket_is_stream(s))
		gone = (ssize_t)rs_sock_send_all(&s->c.sock, ZSTR_VAL(data), ZSTR_LEN(data), 0, ms);
	else
		gone = rs_sock_send(&s->c.sock, ZSTR_VAL(data), ZSTR_LEN(data), 0, ms);
	rs_co_socket_leave(s, RS_WATCH_WRITE);
	/* Of a part that has gone its length is told, and errCode why it is not all. */
	if (s->c.sock.error)
		rs_co_socket_failed(s);
	if (gone < 0 || (gone == 0 && s->c.sock.error))
		RETURN_FALSE;
	RETURN_LONG((zend_long)gone);
}

ZEND_METHOD(Swoole_Coroutine_Socket, send)
{
	put(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

ZEND_METHOD(Swoole_Coroutine_Socket, sendAll)
{
	put(INTERNAL_FUNCTION_PARAM_PASSTHRU, true);
}

ZEND_METHOD(Swoole_Coroutine_Socket, sendto)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_string *address, *data;
	struct rs_sock_addr to;
	ssize_t gone = -1;
	zend_long port;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_STR(address)
		Z_PARAM_LONG(port)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_enter(s, RS_WATCH_WRITE))
		RETURN_FALSE;
	if (rs_sock_lookup(&s->c.sock, rs_slice(ZSTR_VAL(address), ZSTR_LEN(address)), port < 0 || port > 65535 ? -1 : (int)port,
			   s->conf.connect_ms, &to))
		gone = rs_sock_sendto(&s->c.sock, ZSTR_VAL(data), ZSTR_LEN(data), &to, s->conf.write_ms);
	rs_co_socket_leave(s, RS_WATCH_WRITE);
	if (gone < 0)
		RETURN_BOOL(rs_co_socket_failed(s));
	RETURN_LONG((zend_long)gone);
}
