/*
 * A client that the process's event loop drives: connecting, reading and writing go on by themselves, and what happens is
 * told by calls. Owns watches, timer and queue; the connection (struct rs_client) is the owner's, who may look at it.
 *
 * Every call to the owner is the last thing a callback of the loop does here, so it may do anything: send, close, connect
 * again. Only it must not free: who frees from inside a call does so when `leave` tells that nothing is running.
 */
#ifndef RS_CLIENT_ASYNC_H
#define RS_CLIENT_ASYNC_H

#include "client/client.h"

/* Bytes queued when socket_buffer_size is not set. */
#define RS_ASYNC_QUEUE_MAX 8388608
/* Number of the server API. */
#define RS_ASYNC_QUEUE_FULL 1009

/* What a client has to tell. from_loop: a callback of the loop calls; else a function below, before it returns. */
struct rs_async_events {
	void (*enter)(void *arg);                     /* a callback of the loop begins; ... */
	void (*leave)(void *arg);                     /* ... and ends */
	void (*connect)(void *arg, bool from_loop);
	void (*error)(void *arg);                     /* not connected: sock.error of the connection; from the loop */
	void (*receive)(void *arg, struct rs_slice data);
	void (*close)(void *arg, bool from_loop);     /* it had been connected, or was being */
	void (*full)(void *arg);                      /* rs_async_send() has just refused */
	void (*empty)(void *arg);                     /* after that: all is sent */
	void (*secure)(void *arg);                    /* after rs_async_start_tls() */
};

struct rs_async;

/* NULL: no memory. c is closed and stays the caller's, as do conf and events. */
struct rs_async *rs_async_new(struct rs_client *c, const struct rs_client_conf *conf, const struct rs_async_events *events,
			      void *arg);
/* Closes without a call. */
void rs_async_free(struct rs_async *a);
/* The loop is no more (rs_loop_at_drop()): touches memory alone. */
void rs_async_dropped(struct rs_async *a);

/*
 * true: begun; then one of connect and error is called. A datagram socket of an IP or a path is connected before this returns,
 * and connect has been called. false: the connection's sock.error, nothing is called.
 */
bool rs_async_connect(struct rs_async *a, struct rs_slice host, int port) RS_MUST_CHECK;
/* Connected, and TLS done? */
bool rs_async_connected(const struct rs_async *a);
/* Anything between connect and close? */
bool rs_async_active(const struct rs_async *a);
/* Queued, or sent: all of it. false: sock.error; with RS_ASYNC_QUEUE_FULL full was called. */
bool rs_async_send(struct rs_async *a, const void *p, size_t n) RS_MUST_CHECK;
/* Behind what is queued. length 0: to the end. */
bool rs_async_sendfile(struct rs_async *a, const char *path, uint64_t offset, uint64_t length) RS_MUST_CHECK;
bool rs_async_start_tls(struct rs_async *a) RS_MUST_CHECK;
/* Calls close before it returns. What is queued is lost. false: was not active. */
bool rs_async_close(struct rs_async *a);
/* Reads no more, or again. */
bool rs_async_pause(struct rs_async *a, bool pause);

#endif
