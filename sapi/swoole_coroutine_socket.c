/*
 * Swoole\Coroutine\Socket: its life: made, bound, connected, accepted, imported, closed. Bytes are
 * swoole_coroutine_socket_bytes.c, options and names swoole_coroutine_socket_options.c. Whoever waits in it is a coroutine.
 */
#include "swoole_coroutine_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/rs_fd.h"
#include "swoole_client.h"
#include "swoole_loop.h"
#include "stubs/coroutine_socket_arginfo.h"

#define CONNECT_MS 2000

zend_class_entry *rs_co_socket_ce;

static zend_object_handlers handlers;
static zend_class_entry *exception_ce;

/* ---- objects ------------------------------------------------------------------------------------------------------ */

static void prepare(struct rs_co_socket *s, enum rs_client_kind kind)
{
	rs_client_init(&s->c, kind, false);
	s->c.sock.wait = rs_client_wait;
}

static zend_object *socket_new(zend_class_entry *ce)
{
	struct rs_co_socket *s = zend_object_alloc(sizeof *s, ce);

	prepare(s, RS_CLIENT_TCP);
	rs_client_conf_init(&s->conf);
	s->conf.connect_ms = CONNECT_MS;
	s->conf.read_ms = s->conf.write_ms = -1;
	zend_object_std_init(&s->std, ce);
	object_properties_init(&s->std, ce);
	s->std.handlers = &handlers;
	return &s->std;
}

static void socket_free(zend_object *object)
{
	struct rs_co_socket *s = RS_SWOOLE_OBJECT(struct rs_co_socket, object);

	/* Whoever was in there is gone with the coroutine that it was. */
	s->c.sock.busy = 0;
	if (s->c.sock.fd >= 0)
		rs_swoole_fd_closing(s->c.sock.fd);
	rs_client_close(&s->c);
	rs_client_conf_free(&s->conf);
	rs_php_callback_free(&s->length_func);
	zend_object_std_dtor(object);
}

static HashTable *socket_gc(zend_object *object, zval **table, int *n)
{
	struct rs_co_socket *s = RS_SWOOLE_OBJECT(struct rs_co_socket, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	if (s->length_func.set)
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&s->length_func));
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

static void show_long(struct rs_co_socket *s, const char *name, zend_long value)
{
	zend_update_property_long(rs_co_socket_ce, &s->std, name, strlen(name), value);
}

bool rs_co_socket_is_stream(const struct rs_co_socket *s)
{
	return s->c.sock.type == SOCK_STREAM;
}

void rs_co_socket_show(struct rs_co_socket *s)
{
	bool stream = rs_co_socket_is_stream(s);

	switch (s->c.sock.family) {
	case AF_INET6:
		s->c.kind = stream ? RS_CLIENT_TCP6 : RS_CLIENT_UDP6;
		break;
	case AF_UNIX:
		s->c.kind = stream ? RS_CLIENT_UNIX_STREAM : RS_CLIENT_UNIX_DGRAM;
		break;
	default:
		s->c.kind = stream ? RS_CLIENT_TCP : RS_CLIENT_UDP;
	}
	show_long(s, "fd", s->c.sock.fd);
	show_long(s, "domain", s->c.sock.family);
	show_long(s, "type", s->c.sock.type);
	show_long(s, "protocol", s->c.sock.protocol);
}

/* ---- failing ------------------------------------------------------------------------------------------------------ */

bool rs_co_socket_refused(struct rs_co_socket *s, int code, const char *why)
{
	show_long(s, "errCode", code);
	zend_update_property_string(rs_co_socket_ce, &s->std, ZEND_STRL("errMsg"), why);
	rs_swoole_set_error(code);
	return false;
}

bool rs_co_socket_failed(struct rs_co_socket *s)
{
	int code = s->c.sock.error == ECANCELED ? RS_CO_E_CANCELED : s->c.sock.error;

	if (EG(exception))
		return false;
	if (code == RS_SOCK_BUSY) {
		rs_swoole_throw_error(code, "Socket#%d is already being used by another coroutine", s->c.sock.fd);
		return false;
	}
	return rs_co_socket_refused(s, code, s->c.sock.why ? s->c.sock.why : rs_swoole_strerror(code));
}

bool rs_co_socket_open(struct rs_co_socket *s)
{
	if (!s->constructed) {
		zend_throw_error(NULL, "The constructor of %s has not been called", ZSTR_VAL(s->std.ce->name));
		return false;
	}
	return s->c.sock.fd >= 0 || rs_co_socket_refused(s, EBADF, rs_swoole_strerror(EBADF));
}

bool rs_co_socket_enter(struct rs_co_socket *s, unsigned directions)
{
	if (!rs_co_require() || !rs_co_socket_open(s))
		return false;
	if (!rs_sock_enter(&s->c.sock, directions))
		return rs_co_socket_failed(s);
	if (directions & RS_WATCH_READ)
		s->reader = rs_co_id(rs_co_self());
	if (directions & RS_WATCH_WRITE)
		s->writer = rs_co_id(rs_co_self());
	return true;
}

void rs_co_socket_leave(struct rs_co_socket *s, unsigned directions)
{
	if (directions & RS_WATCH_READ)
		s->reader = 0;
	if (directions & RS_WATCH_WRITE)
		s->writer = 0;
	rs_client_leave(&s->c, directions);
	if (s->c.sock.fd < 0)
		show_long(s, "fd", -1);
}

int64_t rs_co_socket_ms(double seconds, int64_t own)
{
	return seconds == 0 ? own : rs_client_ms(seconds);
}

/* ---- making ------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine_Socket, __construct)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_long domain, type, protocol = 0;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_LONG(domain)
		Z_PARAM_LONG(type)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(protocol)
	ZEND_PARSE_PARAMETERS_END();
	if (s->constructed) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(s->std.ce->name));
		RETURN_THROWS();
	}
	if (!rs_sock_open(&s->c.sock, (int)domain, (int)type, (int)protocol)) {
		zend_throw_exception_ex(exception_ce, s->c.sock.error, "new Socket() failed. Error: %s [%d]",
					rs_swoole_strerror(s->c.sock.error), s->c.sock.error);
		RETURN_THROWS();
	}
	s->constructed = true;
	rs_co_socket_show(s);
}

/* Of a socket that is open: s is its. */
static struct rs_co_socket *new_object(zval *out)
{
	struct rs_co_socket *s;

	object_init_ex(out, rs_co_socket_ce);
	s = RS_SWOOLE_OBJECT(struct rs_co_socket, Z_OBJ_P(out));
	s->constructed = true;
	return s;
}

bool rs_co_socket_of_fd(zval *out, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct rs_co_socket *s;

	if (own < 0)
		return false;
	s = new_object(out);
	if (rs_sock_adopt(&s->c.sock, own)) {
		rs_co_socket_show(s);
		return true;
	}
	errno = s->c.sock.error;
	rs_fd_close(&own);
	zval_ptr_dtor(out);
	return false;
}

struct rs_co_socket *rs_co_socket_of_sock(zval *out, const struct rs_sock *sock)
{
	struct rs_co_socket *s = new_object(out);

	s->c.sock = *sock;
	rs_co_socket_show(s);
	return s;
}

ZEND_METHOD(Swoole_Coroutine_Socket, import)
{
	zval *stream;
	int fd;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(stream)
	ZEND_PARSE_PARAMETERS_END();
	fd = rs_swoole_fd_of(stream);
	if (fd < 0 || !rs_co_socket_of_fd(return_value, fd)) {
		rs_swoole_warn(fd < 0 ? EBADF : errno, "cannot import: %s", fd < 0 ? "not a socket" : strerror(errno));
		RETURN_FALSE;
	}
}

/* ---- addresses ---------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Coroutine_Socket, bind)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	struct rs_sock_addr a;
	zend_string *address;
	zend_long port = 0;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_STR(address)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	if (port < 0 || port > 65535)
		RETURN_BOOL(rs_co_socket_refused(s, EINVAL, "the port must be 0 to 65535"));
	if (!rs_sock_addr_set(&a, s->c.sock.family, rs_slice(ZSTR_VAL(address), ZSTR_LEN(address)), (int)port))
		RETURN_BOOL(rs_co_socket_refused(s, errno, "the address is none of the socket's family"));
	/* As every listening socket here: a server must come up again at once. */
	if (rs_co_socket_is_stream(s) && s->c.sock.family != AF_UNIX && !rs_sock_set_int(&s->c.sock, SOL_SOCKET, SO_REUSEADDR, 1))
		RETURN_BOOL(rs_co_socket_failed(s));
	RETURN_BOOL(rs_sock_bind(&s->c.sock, &a) || rs_co_socket_failed(s));
}

ZEND_METHOD(Swoole_Coroutine_Socket, listen)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_long backlog = 512;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(backlog)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	RETURN_BOOL(rs_sock_listen(&s->c.sock, backlog > INT_MAX || backlog < 0 ? INT_MAX : (int)backlog) || rs_co_socket_failed(s));
}

ZEND_METHOD(Swoole_Coroutine_Socket, accept)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	double timeout = 0;
	struct rs_sock out;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_enter(s, RS_WATCH_READ))
		RETURN_FALSE;
	ok = rs_sock_accept(&s->c.sock, &out, rs_co_socket_ms(timeout, s->conf.read_ms));
	rs_co_socket_leave(s, RS_WATCH_READ);
	if (!ok)
		RETURN_BOOL(rs_co_socket_failed(s));
	(void)rs_co_socket_of_sock(return_value, &out);
}

ZEND_METHOD(Swoole_Coroutine_Socket, connect)
{
	const unsigned both = RS_WATCH_READ | RS_WATCH_WRITE;
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	enum rs_result rc;
	zend_string *host;
	zend_long port = 0;
	double timeout = 0;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_STR(host)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(port)
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (s->c.sock.fd >= 0 && s->c.sock.family != AF_UNIX && (port <= 0 || port > 65535)) {
		zend_argument_value_error(2, "must be 1 to 65535");
		RETURN_THROWS();
	}
	if (!rs_co_socket_enter(s, both))
		RETURN_FALSE;
	rc = rs_sock_connect_host(&s->c.sock, rs_slice(ZSTR_VAL(host), ZSTR_LEN(host)), (int)port,
				  rs_co_socket_ms(timeout, s->conf.connect_ms), false, &s->c.remote);
	rs_co_socket_leave(s, both);
	rs_co_socket_show(s);
	RETURN_BOOL(rc == RS_OK || rs_co_socket_failed(s));
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

ZEND_METHOD(Swoole_Coroutine_Socket, shutdown)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();
	zend_long how = SHUT_RDWR;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(how)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	if (how < SHUT_RD || how > SHUT_RDWR)
		RETURN_BOOL(rs_co_socket_refused(s, EINVAL, "how must be 0, 1 or 2"));
	RETURN_BOOL(rs_sock_shutdown(&s->c.sock, (int)how) || rs_co_socket_failed(s));
}

void rs_co_socket_close(struct rs_co_socket *s)
{
	if (s->c.sock.fd < 0)
		return;
	rs_swoole_fd_closing(s->c.sock.fd);
	rs_client_close(&s->c);
	if (s->c.sock.fd < 0)
		show_long(s, "fd", -1);
}

ZEND_METHOD(Swoole_Coroutine_Socket, close)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	rs_co_socket_close(s);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Coroutine_Socket, isClosed)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(s->c.sock.fd < 0 || s->c.sock.closing);
}

ZEND_METHOD(Swoole_Coroutine_Socket, checkLiveness)
{
	struct rs_co_socket *s = RS_CO_SOCKET_THIS();

	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_co_socket_open(s))
		RETURN_FALSE;
	RETURN_BOOL(rs_sock_alive(&s->c.sock) || rs_co_socket_failed(s));
}

static int fd_of(zend_object *object)
{
	return RS_SWOOLE_OBJECT(struct rs_co_socket, object)->c.sock.fd;
}

void rs_swoole_minit_coroutine_socket(void)
{
	rs_co_socket_ce = register_class_Swoole_Coroutine_Socket();
	rs_co_socket_ce->create_object = socket_new;
	exception_ce = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("swoole\\coroutine\\socket\\exception"));
	rs_swoole_handlers(&handlers, offsetof(struct rs_co_socket, std), socket_free);
	rs_swoole_keep_properties(rs_co_socket_ce, &handlers);
	handlers.get_gc = socket_gc;
	rs_swoole_fd_class(rs_co_socket_ce, fd_of);
}
