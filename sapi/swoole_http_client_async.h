/*
 * What the files of Swoole\Http\Client share: swoole_http_client_async.c, the class and its requests, and
 * swoole_http_client_tell.c, the calls of its callbacks.
 */
#ifndef RS_SWOOLE_HTTP_CLIENT_ASYNC_H
#define RS_SWOOLE_HTTP_CLIENT_ASYNC_H

#include "swoole_http_client.h"

enum rs_http_event { RS_HTTP_ON_CONNECT, RS_HTTP_ON_CLOSE, RS_HTTP_ON_ERROR, RS_HTTP_ON_MESSAGE, RS_HTTP_EVENTS };

/* The object's own; see rs_http_async_free(). */
struct rs_http_async {
	struct rs_php_callback on[RS_HTTP_EVENTS];
	struct rs_php_callback done;  /* of the request that runs */
	bool running;                 /* until done has been called */
	bool started;                 /* proceed() has been asked for */
	bool open;                    /* connect has been told, close not yet */
	bool reader_waits;            /* until the message it has read was told */
	zend_long reader;             /* its coroutine */
};

/* ---- swoole_http_client_tell.c: by and by, where there is a callback ------------------------------------------------- */

void rs_http_tell(struct rs_http_client *o, enum rs_http_event event);
/* close, if the connection has been lost since connect was told. */
void rs_http_tell_close(struct rs_http_client *o);
/* The request has ended: its callback is called and forgotten. */
void rs_http_tell_done(struct rs_http_client *o);
/*
 * In a coroutine: takes over frame, and returns when it has been told, so that no message is read before. false: the coroutine is
 * to end.
 */
bool rs_http_tell_message(struct rs_http_client *o, const zval *frame) RS_MUST_CHECK;

#endif
