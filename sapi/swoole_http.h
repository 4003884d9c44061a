/*
 * Requests and answers of a server's HTTP and WebSocket ports as PHP objects: Swoole\Http\Request, Swoole\Http\Response
 * (swoole_http_request*.c, swoole_http_response*.c). Used by swoole_server_event.c and the WebSocket server.
 */
#ifndef RS_SWOOLE_HTTP_H
#define RS_SWOOLE_HTTP_H

#include "swoole.h"
#include "worker/server.h"

extern zend_class_entry *rs_swoole_http_request_ce, *rs_swoole_http_response_ce;

/* Settings that the objects need, of the request's port (C.5). Sizes in bytes. */
struct rs_swoole_http_conf {
	bool parse_post, parse_cookie, parse_files;
	struct rs_compress_rules compress; /* its types: those of the array, made by rs_swoole_port_finish() */
	zend_array *compression_types;  /* NULL: any */
	struct rs_strlist types;
	uint64_t output_buffer_size, socket_buffer_size;
	const char *upload_tmp_dir;
	uint64_t upload_max_filesize;   /* 0: PHP's */
};

/* The settings of a port; by the server class. */
const struct rs_swoole_http_conf *rs_swoole_http_conf(uint32_t port);

/*
 * New objects for an event REQUEST, HANDSHAKE or OPEN (then response may be NULL). The request's body fd is taken. false: out of
 * memory or an unusable frame; the answer is then given here (500).
 */
bool rs_swoole_http_objects(struct rs_event *ev, zval *request, zval *response);

/* Has the response been ended, detached or otherwise been taken care of? */
bool rs_swoole_http_ended(const zval *response);
/* Ends it with this status and no body, unless it is ended: after an exception, or when the callback cannot be called. */
void rs_swoole_http_end(zval *response, unsigned status);

/* Ends it as it has been made so far, without a body; nothing if it is ended. */
void rs_swoole_http_finish(zval *response);

/*
 * HANDSHAKE without onHandshake: sets 101 and the headers of the default answer (accept key, subprotocol, version), for
 * onBeforeHandshakeResponse to add to. false: not a good handshake; answered 400.
 */
bool rs_swoole_http_default_handshake(zval *request, zval *response, const char *subprotocol);

/* This process has just sent the 101 for fd, the board may not say so yet: pushes are fine. Forgotten when the board agrees. */
bool rs_swoole_http_upgraded_here(uint32_t fd);

#endif
