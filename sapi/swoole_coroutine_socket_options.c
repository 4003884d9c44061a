/*
 * Swoole\Coroutine\Socket: options, framing, names, and ending somebody else's wait.
 */
#include "swoole_coroutine_socket.h"

#include <errno.h>
#include <sys/time.h>

#include "swoole_client.h"

/* SWOOLE_EVENT_* */
#define EVENT_READ 512
#define EVENT_WRITE 1024
#define OPTION_MAX 256

ZEND_METHOD(Swoole_Coroutine_Socket, setProtocol)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	struct rs_packet_conf packet = { 0 };
	HashTable *settings;
	const char *wrong;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	if (s->c.sock.busy & RS_WATCH_READ)
		RETURN_BOOL(rs_co_socket_refused(s, RS_SOCK_BUSY, "the socket is being read"));
	wrong = rs_client_packet_conf(&packet, &s->length_func, settings);
	if (wrong)
		RETURN_BOOL(rs_co_socket_refused(s, EINVAL, wrong));
	s->conf.packet = packet;
	/* What framing has seen so far it saw by other rules. */
	s->c.packet = (struct rs_packet){ 0 };
	RETURN_TRUE;
}

/* ---- options ------------------------------------------------------------------------------------------------------ */

static zend_long member(HashTable *array, const char *name)
{
	zval *v = zend_hash_str_find_deref(array, name, strlen(name));

	return v ? zval_get_long(v) : 0;
}

/* The limit behind SO_RCVTIMEO and SO_SNDTIMEO: the kernel's have no effect on a socket that never blocks. NULL: another option. */
static int64_t *limit_of(struct rs_co_socket *s, zend_long level, zend_long name)
{
	if (level != SOL_SOCKET)
		return NULL;
	return name == SO_RCVTIMEO ? &s->conf.read_ms : name == SO_SNDTIMEO ? &s->conf.write_ms : NULL;
}

static bool set_option(struct rs_co_socket *s, int level, int name, zval *value)
{
	int64_t *limit = limit_of(s, level, name);
	struct linger linger;
	int n;

	if (limit && Z_TYPE_P(value) == IS_ARRAY) {
		double seconds = (double)member(Z_ARR_P(value), "sec") + (double)member(Z_ARR_P(value), "usec") / 1e6;

		*limit = rs_client_ms(seconds);
		return true;
	}
	if (level == SOL_SOCKET && name == SO_LINGER && Z_TYPE_P(value) == IS_ARRAY) {
		linger = (struct linger){ .l_onoff = (int)member(Z_ARR_P(value), "l_onoff"),
					  .l_linger = (int)member(Z_ARR_P(value), "l_linger") };
		return rs_sock_set(&s->c.sock, level, name, &linger, sizeof linger);
	}
	if (limit || Z_TYPE_P(value) == IS_ARRAY || Z_TYPE_P(value) == IS_OBJECT)
		return rs_sock_fail(&s->c.sock, EINVAL);
	if (Z_TYPE_P(value) == IS_STRING)
		return rs_sock_set(&s->c.sock, level, name, Z_STRVAL_P(value), Z_STRLEN_P(value));
	n = (int)zval_get_long(value);
	return rs_sock_set(&s->c.sock, level, name, &n, sizeof n);
}

ZEND_METHOD(Swoole_Coroutine_Socket, setOption)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_long level, name;
	zval *value;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_LONG(level)
		Z_PARAM_LONG(name)
		Z_PARAM_ZVAL(value)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	RETURN_BOOL(set_option(s, (int)level, (int)name, value) || rs_co_socket_failed(s));
}

ZEND_METHOD(Swoole_Coroutine_Socket, getOption)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	union {
		int number;
		struct linger linger;
		char bytes[OPTION_MAX];
	} value;
	size_t n = sizeof value;
	zend_long level, name;
	int64_t *limit;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(level)
		Z_PARAM_LONG(name)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	limit = limit_of(s, level, name);
	if (limit) {
		array_init_size(return_value, 2);
		add_assoc_long(return_value, "sec", *limit < 0 ? 0 : *limit / 1000);
		add_assoc_long(return_value, "usec", *limit < 0 ? 0 : *limit % 1000 * 1000);
		return;
	}
	if (!rs_sock_get(&s->c.sock, (int)level, (int)name, &value, &n))
		RETURN_BOOL(rs_co_socket_failed(s));
	if (level == SOL_SOCKET && name == SO_LINGER) {
		array_init_size(return_value, 2);
		add_assoc_long(return_value, "l_onoff", value.linger.l_onoff);
		add_assoc_long(return_value, "l_linger", value.linger.l_linger);
		return;
	}
	if (n == sizeof value.number)
		RETURN_LONG(value.number);
	RETURN_STRINGL(value.bytes, n);
}

/* ---- names -------------------------------------------------------------------------------------------------------- */

static void name_of(INTERNAL_FUNCTION_PARAMETERS, bool (*name)(struct rs_sock *s, struct rs_sock_addr *out))
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	struct rs_sock_name text;
	struct rs_sock_addr a;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	if (!name(&s->c.sock, &a))
		RETURN_BOOL(rs_co_socket_failed(s));
	rs_sock_addr_name(&a, &text);
	array_init_size(return_value, 2);
	add_assoc_stringl(return_value, "address", text.host, text.host_n);
	add_assoc_long(return_value, "port", text.port);
}

ZEND_METHOD(Swoole_Coroutine_Socket, getsockname)
{
	name_of(INTERNAL_FUNCTION_PARAM_PASSTHRU, rs_sock_local);
}

ZEND_METHOD(Swoole_Coroutine_Socket, getpeername)
{
	name_of(INTERNAL_FUNCTION_PARAM_PASSTHRU, rs_sock_remote);
}

/* ---- cancel() ------------------------------------------------------------------------------------------------------ */

/* The coroutine that waits in there goes on now: its call fails with errCode 10017. */
ZEND_METHOD(Swoole_Coroutine_Socket, cancel)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_long event = EVENT_READ;
	struct rs_co *co;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(event)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	if (event != EVENT_READ && event != EVENT_WRITE)
		RETURN_BOOL(rs_co_socket_refused(s, EINVAL, "the event must be SWOOLE_EVENT_READ or SWOOLE_EVENT_WRITE"));
	co = rs_co_find(event == EVENT_READ ? s->reader : s->writer);
	if (!co || !co->at)
		RETURN_FALSE;
	rs_co_cancel(co);
	RETURN_TRUE;
}
