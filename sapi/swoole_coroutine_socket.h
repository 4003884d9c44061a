/*
 * What the files of Swoole\Coroutine\Socket share: its object, how it fails. The socket itself is client/client_socket.h, the
 * packages of recvPacket() client/client.h.
 */
#ifndef RS_SWOOLE_COROUTINE_SOCKET_H
#define RS_SWOOLE_COROUTINE_SOCKET_H

#include "swoole_coroutine_private.h"

#include "client/client.h"

struct rs_co_socket {
	struct rs_client c;                 /* c.sock is it; c.in and c.packet belong to recvLine() and recvPacket() */
	struct rs_client_conf conf;         /* limits, framing of setProtocol() */
	struct rs_php_callback length_func; /* package_length_func */
	zend_long reader, writer;           /* the coroutines that are in there; 0: none */
	bool constructed;
	zend_object std;
};

#define RS_CO_SOCKET_THIS() RS_SWOOLE_OBJECT(struct rs_co_socket, Z_OBJ_P(ZEND_THIS))

extern zend_class_entry *rs_co_socket_ce;

/*
 * One call that may wait: from enter to leave the socket is this coroutine's in these directions (RS_WATCH_*), and no other
 * call of PHP may take it. false: told; outside of a coroutine, or by another coroutine: an exception.
 */
bool rs_co_socket_enter(struct rs_co_socket *s, unsigned directions);
void rs_co_socket_leave(struct rs_co_socket *s, unsigned directions);
/* The last call on the socket failed: properties errCode and errMsg. Returns false. */
bool rs_co_socket_failed(struct rs_co_socket *s);
bool rs_co_socket_refused(struct rs_co_socket *s, int code, const char *why);
/* Is it open? Else told. For calls that never wait. */
bool rs_co_socket_open(struct rs_co_socket *s);
/* A limit as a method's argument: 0 is the socket's own, below 0 none. */
int64_t rs_co_socket_ms(double seconds, int64_t own);
bool rs_co_socket_is_stream(const struct rs_co_socket *s);
/* Properties fd, domain, type and protocol as the socket is; the kind of c. */
void rs_co_socket_show(struct rs_co_socket *s);

/* A new object for an open descriptor, which is duplicated. false: errno. */
bool rs_co_socket_of_fd(zval *out, int fd);
/* The same for one that is open already, which becomes the object's. */
struct rs_co_socket *rs_co_socket_of_sock(zval *out, const struct rs_sock *sock);
/* Those that wait in there are woken, and fail. Closed already: nothing. */
void rs_co_socket_close(struct rs_co_socket *s);

/* swoole_coroutine_socket_bytes.c, swoole_coroutine_socket_options.c */
ZEND_METHOD(Swoole_Coroutine_Socket, peek);
ZEND_METHOD(Swoole_Coroutine_Socket, recv);
ZEND_METHOD(Swoole_Coroutine_Socket, recvAll);
ZEND_METHOD(Swoole_Coroutine_Socket, recvLine);
ZEND_METHOD(Swoole_Coroutine_Socket, recvPacket);
ZEND_METHOD(Swoole_Coroutine_Socket, send);
ZEND_METHOD(Swoole_Coroutine_Socket, sendAll);
ZEND_METHOD(Swoole_Coroutine_Socket, recvfrom);
ZEND_METHOD(Swoole_Coroutine_Socket, sendto);
ZEND_METHOD(Swoole_Coroutine_Socket, setProtocol);
ZEND_METHOD(Swoole_Coroutine_Socket, getOption);
ZEND_METHOD(Swoole_Coroutine_Socket, setOption);
ZEND_METHOD(Swoole_Coroutine_Socket, cancel);
ZEND_METHOD(Swoole_Coroutine_Socket, getpeername);
ZEND_METHOD(Swoole_Coroutine_Socket, getsockname);

#endif
