/*
 * Database connections that must not serve another request: the frameworks' cleaners ask, and close them. In every mode.
 */
#ifndef RS_PHP_CONNECTIONS_H
#define RS_PHP_CONNECTIONS_H

#include "sapi.h"

/* When PHP has started, before any code of the user's is compiled. */
void rs_php_connections_guard(void);

/* Is a function on the stack that makes connections? What is done then belongs to the connection. */
bool rs_php_connection_being_made(void);

/* Marks of a connection object. Any of them spoils it. */
enum {
	RS_CONNECTION_NONE = 0,
	RS_CONNECTION_STRANGE = 1, /* somebody has made it who makes none for frameworks */
	RS_CONNECTION_KEPT = 2,    /* what has been done to it cannot be put back */
	RS_CONNECTION_WATCHES = 4, /* Redis: keys, for a transaction that has not been there yet */
};
void rs_php_connection_mark(const zend_object *connection, zend_long marks, bool set);

/* php_connections_redis.c */
void rs_php_connections_guard_redis(void);

/*
 * Rserverd\spoilt(PDO|Redis $connection): bool; whether somebody has made it who makes no connections for frameworks, as for setPdo(), or
 * something was done to it that lasts as long as it is open
 */
ZEND_FUNCTION(rs_spoilt);

#endif
