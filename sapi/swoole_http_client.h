/*
 * What the files of the HTTP clients share: Swoole\Coroutine\Http\Client, whose methods wait, and Swoole\Http\Client, which calls
 * back. One object for both: the second runs the calls of the first in coroutines of its own. The connection, and all bytes on it,
 * are client/client_fetch.h and client/client_ws.h.
 *
 *   swoole_http_client.c            the class, its life, its settings; swoole_http_client_methods.c the other methods
 *   swoole_http_client_ask.c        properties to a request; swoole_http_client_form.c its body
 *   swoole_http_client_perform.c    sending and receiving, again where that is safe
 *   swoole_http_client_answer.c     an answer to properties
 *   swoole_http_client_websocket.c  after upgrade()
 *   swoole_http_client_async.c      the class that calls back; swoole_http_client_tell.c its callbacks
 *   swoole_http_client_functions.c  Swoole\Coroutine\Http\get() ...
 */
#ifndef RS_SWOOLE_HTTP_CLIENT_H
#define RS_SWOOLE_HTTP_CLIENT_H

#include "swoole.h"

#include <zend_smart_str.h>

#include "client/client_decode.h"
#include "client/client_fetch.h"
#include "client/client_ws.h"

/* set(), as far as it is not struct rs_client_conf. */
struct rs_http_options {
	bool keep_alive;
	bool accept, decode;           /* http_compression, body_decompression */
	bool lower_case;               /* lowercase_header */
	bool mask, deflate;            /* websocket_mask, websocket_compression */
	bool show_close, show_ping, show_pong; /* open_websocket_*_frame */
	unsigned retries;              /* max_retries */
	uint64_t most;                 /* package_max_length; 0: what memory allows */
};

/* addFile(), addData(): part of a multipart body. */
struct rs_http_upload {
	zend_string *name, *type, *filename; /* filename may be NULL */
	zend_string *content;          /* NULL: the file */
	zend_string *file;
	uint64_t offset, length;
};

/* A request, ready to be sent, perhaps twice. parts point into head and into what held holds. */
struct rs_http_ask {
	struct rs_buf head;
	struct rs_fetch_part *parts;
	size_t nparts;
	HashTable *held;               /* strings */
	bool head_method, idempotent, upgrade, deflate;
	char key[RS_WS_KEY_LEN + 1];   /* upgrade */
	zend_string *file;             /* download(); NULL: to the body */
	zend_long offset;
};

/* An answer that comes. */
struct rs_http_reply {
	smart_str body;
	struct rs_decode *decode;
	int fd;                        /* of the file; -1 */
	uint64_t got, most;            /* bytes of the body, decoded */
	int error;                     /* why we want no more; 0 */
	const char *why;
};

struct rs_http_async;

struct rs_http_client {
	struct rs_fetch fetch;
	struct rs_client_conf conf;
	struct rs_http_options options;
	struct rs_php_callback write_func;
	zend_string *user, *password;  /* setBasicAuth(); NULL: none */
	struct rs_http_upload *uploads;
	size_t nuploads;
	struct rs_http_ask ask;
	struct rs_http_reply reply;
	struct rs_client_ws ws;        /* while fetch.upgraded */
	struct rs_http_async *async;   /* NULL: it waits */
	bool constructed;
	bool busy;                     /* a request is on its way, in some coroutine */
	bool defer;                    /* setDefer() */
	bool waiting;                  /* the request has been sent, recv() is to come */
	bool reused;                   /* what it was sent on had been used before */
	zend_object std;
};

#define RS_HTTP_CLIENT_THIS() RS_SWOOLE_OBJECT(struct rs_http_client, Z_OBJ_P(ZEND_THIS))

/* ---- swoole_http_client.c ------------------------------------------------------------------------------------------ */

/* Constructed, in a coroutine, and nobody else is in there? Else told; NULL. Ends with rs_http_client_leave(). */
struct rs_http_client *rs_http_client_enter(zval *this);
void rs_http_client_leave(struct rs_http_client *o);
/* Else an exception is thrown. */
bool rs_http_client_constructed(struct rs_http_client *o);
zend_object *rs_http_client_new(zend_class_entry *ce);
/* The property of this name as it is now; NULL when unset or null. */
zval *rs_http_client_property(struct rs_http_client *o, const char *name, zval *room);
/* Property requestBody, of post(). false: it cannot become a string, and an exception was thrown. */
bool rs_http_client_data(struct rs_http_client *o, zval *data) RS_MUST_CHECK;
void rs_http_client_show(struct rs_http_client *o);  /* property connected */
void rs_http_client_error(struct rs_http_client *o, int code, const char *text);
void rs_http_client_close(struct rs_http_client *o); /* with a good-bye to a WebSocket */

/* ---- swoole_http_client_ask.c -------------------------------------------------------------------------------------- */

/*
 * The request for this path into o->ask, from what has been set; what counts for one request only is used up. file may be NULL:
 * where download() puts the body, from offset. false: told.
 */
bool rs_http_client_prepare(struct rs_http_client *o, zend_string *path, bool upgrade, zend_string *file, zend_long offset) RS_MUST_CHECK;
void rs_http_ask_free(struct rs_http_ask *ask);
/* Can these be sent? Else warned. */
bool rs_http_client_headers_ok(HashTable *headers);
bool rs_http_client_cookies_ok(HashTable *cookies);

/* ---- swoole_http_client_form.c ------------------------------------------------------------------------------------- */

/* What follows the head: type into *type (NULL: none to be said), length into *length. false: warned, or thrown. */
bool rs_http_client_body(struct rs_http_client *o, zval *data, zend_string **type, uint64_t *length) RS_MUST_CHECK;
/* One more part of o->ask. text: held until it has been sent. */
void rs_http_ask_text(struct rs_http_ask *ask, zend_string *text);
void rs_http_client_uploads_free(struct rs_http_client *o);

/* ---- swoole_http_client_perform.c ---------------------------------------------------------------------------------- */

/* In a coroutine. false: told by statusCode and errCode. With defer it only sends. */
bool rs_http_client_perform(struct rs_http_client *o);
/* The rest of a deferred one. timeout_ms as settings say: the conf's. */
bool rs_http_client_finish(struct rs_http_client *o, int64_t timeout_ms);

/* ---- swoole_http_client_answer.c ----------------------------------------------------------------------------------- */

extern const struct rs_fetch_sink rs_http_client_sink; /* arg is to be the object */
void rs_http_client_forget(struct rs_http_client *o);  /* properties of the last answer */
void rs_http_reply_begin(struct rs_http_client *o);
/* All has come; false: it is not whole, o->reply says why. */
bool rs_http_reply_end(struct rs_http_client *o) RS_MUST_CHECK;
void rs_http_reply_free(struct rs_http_reply *r);
/* What an answer may take of memory. */
uint64_t rs_http_client_most(const struct rs_http_client *o);

/* ---- swoole_http_client_websocket.c -------------------------------------------------------------------------------- */

void rs_http_client_websocket(struct rs_http_client *o, bool deflate);
/* The next frame into ret, or false and errCode: 0 it is over, 110 the limit. */
bool rs_http_client_frame(struct rs_http_client *o, int64_t timeout_ms, zval *ret);
bool rs_http_client_push(struct rs_http_client *o, zval *data, zend_long opcode, zend_long flags);

/* ---- swoole_http_client_async.c, swoole_http_client_tell.c --------------------------------------------------------- */

void rs_http_async_connected(struct rs_http_client *o);
/* Sends what waits, by and by. */
bool rs_http_async_flush(struct rs_http_client *o);
void rs_http_async_free(struct rs_http_client *o);
void rs_http_async_gc(struct rs_http_client *o, zend_get_gc_buffer *buffer);

#endif
