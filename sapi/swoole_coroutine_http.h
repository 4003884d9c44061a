/*
 * A connection of Coroutine\Http\Server as its coroutine and its response share it: requests become objects here, what handlers leave
 * open is ended. The connection's bytes are httpd/httpd.h's, what PHP sets and sends swoole_http_response*.c's.
 */
#ifndef RS_SWOOLE_COROUTINE_HTTP_H
#define RS_SWOOLE_COROUTINE_HTTP_H

#include "httpd/httpd.h"
#include "swoole_coroutine_listener.h"
#include "swoole_http_private.h"

struct rs_co_http {
	unsigned refs;             /* its coroutine; responses that live */
	struct rs_httpd h;
	struct rs_httpd_rules rules;
	struct rs_swoole_port *port;   /* a reference: settings that the rules and responses point into */
	zval socket;               /* Coroutine\Socket */
	struct rs_co_bell *bell;   /* of its coroutine, while it waits for the answer */
	struct rs_http_answer *current; /* the response to the request that is being answered; NULL: the object has gone */
	bool detached;             /* the application speaks for itself from now on */
	LIST_ENTRY(rs_co_http) next;
};

struct rs_co_http *rs_co_http_new(zval *socket, struct rs_swoole_port *port, const struct rs_httpd_rules *rules);
void rs_co_http_unref(struct rs_co_http *c);

/* Objects for q, which is taken, and the handler; returns when somebody has answered. cb NULL: nobody handles that: 404. */
void rs_co_http_handle(struct rs_co_http *c, struct rs_server_request *q, struct rs_php_callback *cb);

/* For the response class: an object of the connection goes; it was detached; it has been ended, perhaps by another coroutine. */
void rs_co_http_response_gone(struct rs_http_answer *r);
void rs_co_http_response_detached(struct rs_http_answer *r);
void rs_co_http_response_ended(struct rs_http_answer *r);
/* The connection ends now, whatever was said. */
void rs_co_http_cut(struct rs_http_answer *r);

#endif
