/*
 * What Coroutine\Server and Coroutine\Http\Server have in common: listening, settings, accepting, a coroutine for each connection.
 */
#include "swoole_coroutine_listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/rs_fd.h"
#include "swoole_client.h"
#include "swoole_loop.h"
#include "tls/tls_context.h"
#include "tls/tls_parts.h"

/* SWOOLE_SOCK_* */
#define SOCK_TCP 1
#define SOCK_TCP6 3
#define SOCK_UNIX_STREAM 5
#define SOCK_SSL 512

/* Others have their turn after so many connections. */
#define ACCEPT_AT_ONCE 16
/* When there is no descriptor or no memory for another one. */
#define PAUSE_MS 100
#define GREET_MS 10000

/* ---- life --------------------------------------------------------------------------------------------------------------- */

void rs_co_listener_init(struct rs_co_listener *l)
{
	*l = (struct rs_co_listener){ .port = NULL };
	rs_sock_init(&l->sock);
	l->bell = rs_co_bell_new();
}

static void close_socket(struct rs_co_listener *l)
{
	if (l->sock.fd < 0)
		return;
	rs_swoole_fd_closing(l->sock.fd);
	rs_sock_close(&l->sock);
	l->port->p.listen_fd = -1;
	if (l->pid == getpid())
		rs_server_unlisten(&l->port->p);
}

void rs_co_listener_free(struct rs_co_listener *l)
{
	l->sock.busy = 0;
	close_socket(l);
	rs_php_callback_free(&l->serve);
	rs_tlsctx_unref(l->tls);
	rs_co_bell_free(l->bell);
	if (l->port)
		OBJ_RELEASE(&l->port->std);
}

/* ---- properties ----------------------------------------------------------------------------------------------------------- */

static void show_long(zend_object *object, const char *name, zend_long value)
{
	zend_update_property_long(object->ce, object, name, strlen(name), value);
}

static bool refused(zend_object *object, int code, const char *why)
{
	show_long(object, "errCode", code);
	zend_update_property_string(object->ce, object, ZEND_STRL("errMsg"), why);
	rs_swoole_set_error(code);
	return false;
}

/* ---- the constructor -------------------------------------------------------------------------------------------------------- */

/* "unix:/path", an IPv6 address, or another one. *name is where the address begins. */
static zend_long kind_of(const zend_string *host, const char **name)
{
	const bool is_unix = zend_string_starts_with_literal(host, "unix:");

	*name = ZSTR_VAL(host) + (is_unix ? strlen("unix:") : 0);
	/* As clients write it: unix:///path. */
	if (is_unix && strncmp(*name, "///", 3) == 0)
		*name += 2;
	return is_unix ? SOCK_UNIX_STREAM : strchr(*name, ':') ? SOCK_TCP6 : SOCK_TCP;
}

static bool listen_on(struct rs_co_listener *l, zend_string *host, zend_long port, bool ssl, bool reuse, char *why, size_t why_size)
{
	const char *name;
	zend_long kind = kind_of(host, &name);
	zend_string *address = zend_string_init(name, strlen(name), false);

	l->port = rs_swoole_port_new(address, port, kind | (ssl ? SOCK_SSL : 0), why, why_size);
	zend_string_release(address);
	if (!l->port || !rs_server_listen(&l->port->p, reuse || rs_swoole_reuse_port(), why, why_size))
		return false;
	RS_ASSERT(rs_sock_adopt(&l->sock, l->port->p.listen_fd));
	l->sock.wait = rs_client_wait;
	l->pid = getpid();
	return true;
}

bool rs_co_listener_open(struct rs_co_listener *l, zend_object *object, INTERNAL_FUNCTION_PARAMETERS)
{
	bool ssl = false, reuse = false;
	char why[256] = "";
	zend_long port = 0;
	zend_string *host;
	int error;

	(void)return_value;
	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_STR(host)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
		Z_PARAM_BOOL(ssl)
		Z_PARAM_BOOL(reuse)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	if (l->port) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(object->ce->name));
		return false;
	}
	if (!listen_on(l, host, port, ssl, reuse, why, sizeof why)) {
		error = errno;
		rs_swoole_throw(error, "failed to listen on %s:" ZEND_LONG_FMT ", Error: %s[%d]", ZSTR_VAL(host), port,
				*why ? why : strerror(error), error);
		return false;
	}
	zend_update_property_str(object->ce, object, ZEND_STRL("host"), host);
	zend_update_property_bool(object->ce, object, ZEND_STRL("ssl"), ssl);
	show_long(object, "port", l->port->p.port);
	show_long(object, "fd", l->sock.fd);
	return true;
}

/* ---- settings --------------------------------------------------------------------------------------------------------------- */

bool rs_co_listener_set(struct rs_co_listener *l, zend_object *object, const char *property, HashTable *settings, const char *const *others)
{
	HashTable *ours;

	if (!l->port) {
		zend_throw_error(NULL, "The constructor of %s has not been called", ZSTR_VAL(object->ce->name));
		return false;
	}
	rs_swoole_merge_settings(object, property, settings);
	ours = zend_array_dup(settings);
	for (; *others; others++)
		zend_hash_str_del(ours, *others, strlen(*others));
	rs_swoole_apply_settings(NULL, l->port, ours);
	zend_array_release(ours);
	return !EG(exception);
}

/* ---- TLS -------------------------------------------------------------------------------------------------------------------- */

static struct rs_tlsctx *make_tls(const struct rs_port *p, char *why, size_t why_size)
{
	struct rs_tlsctx *t = NULL;
	int fd = rs_tls_memory();

	if (fd < 0)
		ap_php_snprintf(why, why_size, "no memory: %s", strerror(errno));
	else if (rs_tls_load(rs_slice(p->tls_parts, p->tls_len), fd, why, why_size))
		t = rs_tlsctx_open(fd, why, why_size);
	rs_fd_close(&fd);
	return t;
}

bool rs_co_listener_greet(struct rs_co_listener *l, struct rs_co_socket *socket)
{
	const unsigned both = RS_WATCH_READ | RS_WATCH_WRITE;
	struct rs_sock *sock = &socket->c.sock;
	bool ok;

	if (!l->tls)
		return true;
	if (!rs_sock_enter(sock, both))
		return false;
	ok = rs_sock_accept_tls(sock, l->tls, GREET_MS);
	rs_sock_leave(sock, both);
	return ok;
}

/* ---- start() ------------------------------------------------------------------------------------------------------------------ */

/* A connection's coroutine begins. false: there are too many of them. */
static bool begin(struct rs_co_listener *l, struct rs_sock *sock)
{
	const struct rs_port *p = &l->port->p;
	zend_long id;
	zval socket;

	if (sock->family != AF_UNIX && p->tcp_nodelay)
		RS_IGNORE(rs_sock_set_int(sock, IPPROTO_TCP, TCP_NODELAY, 1));
	if (sock->family != AF_UNIX && p->tcp_keepalive)
		RS_IGNORE(rs_sock_set_int(sock, SOL_SOCKET, SO_KEEPALIVE, 1));
	(void)rs_co_socket_of_sock(&socket, sock);
	id = rs_co_create(&l->serve, 1, &socket, false, NULL, NULL);
	zval_ptr_dtor(&socket);
	/* What an error handler makes of the warning must not end the server. */
	if (id < 0 && EG(exception))
		zend_clear_exception();
	return id >= 0;
}

/* false: start() returns; l->sock.error, 0 after stop(). */
static bool pause_accepting(struct rs_co_listener *l)
{
	switch (l->sock.error) {
	case ETIMEDOUT:
		return true;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, l->sock.error, "cannot accept a connection: %s", strerror(l->sock.error));
		return rs_co_sleep(PAUSE_MS) != RS_CO_CANCELLED;
	default:
		return false;
	}
}

static bool accept_some(struct rs_co_listener *l)
{
	struct rs_sock sock;

	if (!rs_sock_wait(&l->sock, RS_WATCH_READ, -1))
		return false;
	for (int i = 0; i < ACCEPT_AT_ONCE && !l->stopping; i++) {
		if (!rs_sock_accept(&l->sock, &sock, 0))
			return pause_accepting(l);
		if (!begin(l, &sock))
			return rs_co_sleep(PAUSE_MS) != RS_CO_CANCELLED;
	}
	return true;
}

/* serve() of the object. What holds the object while anything can call it stands where the callable's name would. */
static void bind_serve(struct rs_co_listener *l, zend_object *object)
{
	zend_class_entry *ce = object->ce;
	zend_fcall_info fci = { .size = sizeof fci, .object = object };
	zend_fcall_info_cache fcc = { .object = object };

	while (ce->type != ZEND_INTERNAL_CLASS)
		ce = ce->parent;
	fcc.function_handler = zend_hash_str_find_ptr(&ce->function_table, ZEND_STRL("serve"));
	fcc.called_scope = object->ce;
	ZVAL_OBJ(&fci.function_name, object);
	rs_php_callback_copy(&l->serve, &fci, &fcc);
}

static bool prepare(struct rs_co_listener *l, zend_object *object)
{
	char why[512] = "";

	if (!l->port) {
		zend_throw_error(NULL, "The constructor of %s has not been called", ZSTR_VAL(object->ce->name));
		return false;
	}
	if (l->running || l->sock.fd < 0)
		return refused(object, l->running ? EALREADY : EBADF, l->running ? "the server runs already" : "the server has been shut down");
	rs_swoole_port_settle(NULL, l->port);
	rs_server_relisten(&l->port->p);
	if (!l->port->p.tls || l->tls)
		return true;
	l->tls = make_tls(&l->port->p, why, sizeof why);
	if (l->tls)
		return true;
	rs_swoole_warn(EINVAL, "TLS: %s", why);
	return refused(object, EINVAL, why);
}

bool rs_co_listener_run(struct rs_co_listener *l, zend_object *object, void (*ready)(zend_object *object))
{
	int error;

	if (!rs_co_require() || !prepare(l, object))
		return false;
	if (ready)
		ready(object);
	bind_serve(l, object);
	l->running = true;
	rs_co_bell_mine(l->bell);
	while (!l->stopping && !EG(exception) && accept_some(l))
		;
	rs_co_bell_done(l->bell);
	error = l->sock.error;
	l->running = false;
	if (l->stopping)
		close_socket(l);
	rs_php_callback_free(&l->serve);
	if (l->stopping || EG(exception))
		return !EG(exception);
	return refused(object, error == ECANCELED ? RS_CO_E_CANCELED : error, error == ECANCELED ? "cancelled" : strerror(error));
}

void rs_co_listener_stop(struct rs_co_listener *l, zend_object *object)
{
	l->stopping = true;
	if (l->running)
		rs_co_bell_ring(l->bell);
	else
		close_socket(l);
	show_long(object, "fd", -1);
}

/* ---- serve() ------------------------------------------------------------------------------------------------------------------ */

struct call {
	struct rs_php_callback *cb;
	uint32_t argc;
	zval *argv;
};

static void call_body(void *arg)
{
	struct call *c = arg;

	(void)rs_php_call_through(c->cb, c->argc, c->argv, NULL);
}

bool rs_co_listener_call(struct rs_php_callback *cb, uint32_t argc, zval *argv)
{
	struct call c = { .cb = cb, .argc = argc, .argv = argv };
	enum rs_call_end end = rs_php_guarded(call_body, &c);

	/* A server outlives what its handlers throw; what ends a process ends this one. */
	if (end == RS_CALL_FATAL)
		zend_bailout();
	if (end == RS_CALL_THROWN)
		EG(exit_status) = 0;
	/* This coroutine is being ended; it must not wait again. */
	if (end == RS_CALL_EXIT)
		zend_throw_exception_internal(zend_create_graceful_exit());
	return end == RS_CALL_OK;
}
