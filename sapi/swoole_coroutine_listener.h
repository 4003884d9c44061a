/*
 * What Coroutine\Server and Coroutine\Http\Server have in common: a socket that is listened on from the constructor on, settings (those
 * of a Swoole\Server\Port), and start(), which accepts and gives each connection a coroutine that calls the object's serve().
 */
#ifndef RS_SWOOLE_COROUTINE_LISTENER_H
#define RS_SWOOLE_COROUTINE_LISTENER_H

#include "swoole_coroutine_bell.h"
#include "swoole_coroutine_socket.h"
#include "swoole_server.h"

struct rs_tlsctx;

struct rs_co_listener {
	struct rs_swoole_port *port;   /* address and settings; a reference, which no code of PHP sees. NULL: not constructed */
	struct rs_sock sock;           /* fd -1: closed */
	struct rs_tlsctx *tls;         /* with ssl, from start() on */
	struct rs_php_callback serve;  /* while it runs; holds the object */
	struct rs_co_bell *bell;       /* of start() */
	bool running, stopping;
	pid_t pid;                     /* of the process that listened: removes the file of a Unix socket */
};

void rs_co_listener_init(struct rs_co_listener *l);
void rs_co_listener_free(struct rs_co_listener *l);

/* ($host, $port, $ssl, $reuse_port) of the constructor; properties host, port, fd, ssl. false: an exception. */
bool rs_co_listener_open(struct rs_co_listener *l, zend_object *object, INTERNAL_FUNCTION_PARAMETERS);
/* Merges into the property and applies all but those of the list, which ends with NULL. false: an exception. */
bool rs_co_listener_set(struct rs_co_listener *l, zend_object *object, const char *property, HashTable *settings, const char *const *others);
/* start(): true after stop(); false: properties errCode, errMsg, or an exception. ready, before the first connection, may be NULL. */
bool rs_co_listener_run(struct rs_co_listener *l, zend_object *object, void (*ready)(zend_object *object));
/* start() returns; nothing is accepted any more. */
void rs_co_listener_stop(struct rs_co_listener *l, zend_object *object);
/* The TLS handshake of a connection, if there is to be one. Waits. */
bool rs_co_listener_greet(struct rs_co_listener *l, struct rs_co_socket *socket);

/*
 * For serve(): calls a handler. false: it threw (reported, forgotten); or the coroutine is being ended, then an exception that nobody can
 * catch is pending.
 */
bool rs_co_listener_call(struct rs_php_callback *cb, uint32_t argc, zval *argv);

#endif
