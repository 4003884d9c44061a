/*
 * Hooks of PHP's socket streams: inside a coroutine every wait for the socket suspends it. Streams of a hooked transport get a
 * copy of their operations in which read, write and set_option (accepting, the TLS handshake, and connecting, which is in
 * swoole_runtime_connect.c) are ours; they call PHP's own on a socket that does not block for that moment, and wait between
 * two tries. Outside of coroutines, and with the flag off, they only call PHP's own.
 *
 * While a coroutine waits, fclose() by another one is refused: its stack is inside that stream.
 */
#include "swoole_runtime_stream.h"

#include <errno.h>

#include "base/rs_fd.h"
#include "client/client_wait.h"

static ssize_t hooked_read(php_stream *stream, char *buf, size_t n);
static ssize_t hooked_write(php_stream *stream, const char *buf, size_t n);
static int hooked_set_option(php_stream *stream, int option, int value, void *param);

static const struct rs_transport transports[] = {
	{ "tcp", RS_HOOK_TCP, 0, true },
	{ "udp", RS_HOOK_UDP, 0, true },
	{ "unix", RS_HOOK_UNIX, 0, false },
	{ "udg", RS_HOOK_UDG, 0, false },
	{ "ssl", RS_HOOK_SSL, STREAM_CRYPTO_METHOD_TLS_ANY_CLIENT, true },
	{ "tls", RS_HOOK_TLS, STREAM_CRYPTO_METHOD_TLS_ANY_CLIENT, true },
	{ "tlsv1.0", RS_HOOK_TLS, STREAM_CRYPTO_METHOD_TLSv1_0_CLIENT, true },
	{ "tlsv1.1", RS_HOOK_TLS, STREAM_CRYPTO_METHOD_TLSv1_1_CLIENT, true },
	{ "tlsv1.2", RS_HOOK_TLS, STREAM_CRYPTO_METHOD_TLSv1_2_CLIENT, true },
	{ "tlsv1.3", RS_HOOK_TLS, STREAM_CRYPTO_METHOD_TLSv1_3_CLIENT, true },
};

/* What we made of one: PHP's factory, and the operations of its streams, known from the first one. */
static struct transport {
	php_stream_transport_factory factory; /* NULL: not replaced */
	const php_stream_ops *base;
	php_stream_ops ops;
} made[RS_COUNTOF(transports)];

/* Streams that coroutines wait for: php_stream * -> how many. */
static struct {
	HashTable streams;
	bool ready;
} waited;

/* ---- making streams --------------------------------------------------------------------------------------------------- */

static size_t index_of(const php_stream *stream)
{
	const struct transport *t = (const void *)((const char *)stream->ops - offsetof(struct transport, ops));

	return (size_t)(t - made);
}

const struct rs_transport *rs_hook_transport(const php_stream *stream)
{
	return &transports[index_of(stream)];
}

static void adopt(php_stream *stream, size_t i)
{
	if (!made[i].base) {
		made[i].base = stream->ops;
		made[i].ops = *stream->ops;
		made[i].ops.read = hooked_read;
		made[i].ops.write = hooked_write;
		made[i].ops.set_option = hooked_set_option;
	}
	if (stream->ops == made[i].base)
		stream->ops = &made[i].ops;
}

static php_stream *factory(const char *proto, size_t protolen, const char *resourcename, size_t resourcenamelen,
			   const char *persistent_id, int options, int flags, struct timeval *timeout,
			   php_stream_context *context STREAMS_DC)
{
	php_stream *stream;
	size_t i = 0;

	while (i < RS_COUNTOF(transports) && (strlen(transports[i].name) != protolen ||
					      strncasecmp(transports[i].name, proto, protolen) != 0))
		i++;
	RS_ASSERT(i < RS_COUNTOF(transports) && made[i].factory);
	stream = made[i].factory(proto, protolen, resourcename, resourcenamelen, persistent_id, options, flags, timeout,
				 context STREAMS_REL_CC);
	if (stream && (rs_hook_flags() & transports[i].flag))
		adopt(stream, i);
	return stream;
}

void rs_hook_streams_install(void)
{
	HashTable *factories = php_stream_xport_get_hash();

	for (size_t i = 0; i < RS_COUNTOF(transports); i++) {
		const char *name = transports[i].name;
		void *original = zend_hash_str_find_ptr(factories, name, strlen(name));

		if (!original || made[i].factory)
			continue;
		memcpy(&made[i].factory, &original, sizeof original); /* a function */
		php_stream_xport_register(name, factory);
	}
}

/* ---- waiting ------------------------------------------------------------------------------------------------------------ */

static php_netstream_data_t *socket_of(const php_stream *stream)
{
	php_netstream_data_t *sock = stream->abstract;

	return sock && sock->socket >= 0 ? sock : NULL;
}

/* Would PHP block here, and may we suspend instead? */
static bool suspends(const php_stream *stream)
{
	const php_netstream_data_t *sock = socket_of(stream);

	return sock && sock->is_blocked && rs_hooked(rs_hook_transport(stream)->flag);
}

int64_t rs_hook_ms(const struct timeval *tv)
{
	if (!tv || tv->tv_sec < 0)
		return -1;
	return tv->tv_sec > INT_MAX ? -1 : (int64_t)tv->tv_sec * 1000 + (tv->tv_usec + 999) / 1000;
}

void rs_hook_keep_open(php_stream *stream)
{
	zval *n, one;

	if (!waited.ready) {
		zend_hash_init(&waited.streams, 8, NULL, NULL, 1);
		waited.ready = true;
	}
	n = zend_hash_index_find(&waited.streams, (zend_ulong)(uintptr_t)stream);
	if (n) {
		Z_LVAL_P(n)++;
		return;
	}
	/* A stream that may not be closed anyway stays so. */
	ZVAL_LONG(&one, stream->flags & PHP_STREAM_FLAG_NO_FCLOSE ? 2 : 1);
	stream->flags |= PHP_STREAM_FLAG_NO_FCLOSE;
	zend_hash_index_add_new(&waited.streams, (zend_ulong)(uintptr_t)stream, &one);
}

void rs_hook_let_close(php_stream *stream)
{
	zval *n = zend_hash_index_find(&waited.streams, (zend_ulong)(uintptr_t)stream);

	if (!n || --Z_LVAL_P(n) > 0)
		return;
	stream->flags &= ~(uint32_t)PHP_STREAM_FLAG_NO_FCLOSE;
	zend_hash_index_del(&waited.streams, (zend_ulong)(uintptr_t)stream);
}

enum rs_co_wait rs_hook_wait(php_stream *stream, unsigned events, int64_t deadline)
{
	php_netstream_data_t *sock = socket_of(stream);
	int64_t left = rs_deadline_left(deadline);
	enum rs_co_wait end;

	if (left == 0)
		return RS_CO_TIMEOUT;
	rs_hook_keep_open(stream);
	end = rs_co_wait_fd(sock->socket, events, left);
	rs_hook_let_close(stream);
	return end;
}

void rs_hook_unblock(php_netstream_data_t *sock)
{
	sock->is_blocked = 0;
	(void)rs_fd_nonblock(sock->socket, true);
	errno = 0;
}

void rs_hook_block(php_netstream_data_t *sock)
{
	int saved = errno;

	sock->is_blocked = 1;
	if (sock->socket >= 0)
		(void)rs_fd_nonblock(sock->socket, false);
	errno = saved;
}

/* ---- reading and writing -------------------------------------------------------------------------------------------------- */

/* Nothing could be moved now, but may be later. */
static bool would_block(ssize_t n)
{
	return n <= 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static ssize_t hooked_read(php_stream *stream, char *buf, size_t n)
{
	const php_stream_ops *base = made[index_of(stream)].base;
	php_netstream_data_t *sock = socket_of(stream);
	int64_t deadline;
	ssize_t got;

	if (!suspends(stream))
		return base->read(stream, buf, n);
	deadline = rs_deadline(rs_hook_ms(&sock->timeout));
	sock->timeout_event = 0;
	for (;;) {
		enum rs_co_wait end;

		rs_hook_unblock(sock);
		got = base->read(stream, buf, n);
		rs_hook_block(sock);
		if (!would_block(got) || stream->eof)
			return got;
		end = rs_hook_wait(stream, RS_WATCH_READ, deadline);
		if (end == RS_CO_READY)
			continue;
		sock->timeout_event = end == RS_CO_TIMEOUT;
		return -1;
	}
}

static ssize_t hooked_write(php_stream *stream, const char *buf, size_t n)
{
	const php_stream_ops *base = made[index_of(stream)].base;
	php_netstream_data_t *sock = socket_of(stream);
	int64_t deadline;
	ssize_t put;

	if (!suspends(stream))
		return base->write(stream, buf, n);
	deadline = rs_deadline(rs_hook_ms(&sock->timeout));
	sock->timeout_event = 0;
	for (;;) {
		enum rs_co_wait end;

		rs_hook_unblock(sock);
		put = base->write(stream, buf, n);
		rs_hook_block(sock);
		if (!would_block(put))
			return put;
		end = rs_hook_wait(stream, RS_WATCH_WRITE, deadline);
		if (end == RS_CO_READY)
			continue;
		sock->timeout_event = end == RS_CO_TIMEOUT;
		return -1;
	}
}

/* ---- options ------------------------------------------------------------------------------------------------------------- */

int rs_hook_base_option(php_stream *stream, int option, int value, void *param)
{
	const php_stream_ops *ours = stream->ops;
	int result;

	stream->ops = made[index_of(stream)].base;
	result = stream->ops->set_option(stream, option, value, param);
	stream->ops = ours;
	return result;
}

/* Somebody else may have taken the connection we were woken for. */
static int hooked_accept(php_stream *stream, php_stream_xport_param *p)
{
	const php_stream_ops *base = made[index_of(stream)].base;
	int64_t deadline = rs_deadline(rs_hook_ms(p->inputs.timeout));
	struct timeval *given = p->inputs.timeout, none = { 0, 0 };
	int result;

	for (;;) {
		p->inputs.timeout = &none;
		result = base->set_option(stream, PHP_STREAM_OPTION_XPORT_API, 0, p);
		p->inputs.timeout = given;
		if (p->outputs.returncode == 0 || p->outputs.error_code != ETIMEDOUT)
			return result;
		if (rs_hook_wait(stream, RS_WATCH_READ, deadline) != RS_CO_READY)
			return result;
		rs_hook_forget_error(p);
	}
}

/* stream_socket_recvfrom(), stream_socket_sendto(): without a time limit, as PHP has none there. */
static int hooked_datagram(php_stream *stream, php_stream_xport_param *p, unsigned events)
{
	php_netstream_data_t *sock = socket_of(stream);
	int result;

	for (;;) {
		rs_hook_unblock(sock);
		result = rs_hook_base_option(stream, PHP_STREAM_OPTION_XPORT_API, 0, p);
		rs_hook_block(sock);
		if (!would_block(p->outputs.returncode))
			return result;
		if (rs_hook_wait(stream, events, -1) != RS_CO_READY)
			return result;
	}
}

/* Asked without blocking, PHP's own answers 0 while the handshake wants more. */
static int hooked_handshake(php_stream *stream, php_stream_xport_crypto_param *p)
{
	php_netstream_data_t *sock = socket_of(stream);
	int64_t deadline = rs_deadline(rs_hook_ms(&sock->timeout));
	int result;

	for (;;) {
		enum rs_co_wait end;

		rs_hook_unblock(sock);
		result = rs_hook_base_option(stream, PHP_STREAM_OPTION_CRYPTO_API, 0, p);
		rs_hook_block(sock);
		if (p->outputs.returncode != 0 || result != PHP_STREAM_OPTION_RETURN_OK)
			return result;
		end = rs_hook_wait(stream, RS_WATCH_READ, deadline);
		if (end == RS_CO_READY)
			continue;
		if (end == RS_CO_TIMEOUT)
			php_error_docref(NULL, E_WARNING, "SSL: Handshake timed out");
		p->outputs.returncode = -1;
		return result;
	}
}

static int hooked_xport(php_stream *stream, php_stream_xport_param *p)
{
	size_t i = index_of(stream);

	switch (p->op) {
	case STREAM_XPORT_OP_CONNECT: /* there is no socket yet */
		if (transports[i].names && rs_hooked(transports[i].flag))
			return rs_hook_connect(stream, p);
		break;
	case STREAM_XPORT_OP_ACCEPT: /* what is accepted has our operations as well */
		if (suspends(stream))
			return hooked_accept(stream, p);
		return made[i].base->set_option(stream, PHP_STREAM_OPTION_XPORT_API, 0, p);
	case STREAM_XPORT_OP_RECV:
		if (suspends(stream))
			return hooked_datagram(stream, p, RS_WATCH_READ);
		break;
	case STREAM_XPORT_OP_SEND:
		if (suspends(stream))
			return hooked_datagram(stream, p, RS_WATCH_WRITE);
		break;
	default:
		break;
	}
	return rs_hook_base_option(stream, PHP_STREAM_OPTION_XPORT_API, 0, p);
}

static int hooked_set_option(php_stream *stream, int option, int value, void *param)
{
	php_stream_xport_crypto_param *crypto = param;

	if (option == PHP_STREAM_OPTION_XPORT_API)
		return hooked_xport(stream, param);
	if (option == PHP_STREAM_OPTION_CRYPTO_API && crypto->op == STREAM_XPORT_CRYPTO_OP_ENABLE && crypto->inputs.activate &&
	    suspends(stream))
		return hooked_handshake(stream, crypto);
	return rs_hook_base_option(stream, option, value, param);
}
