/*
 * What client_async.c and client_async_io.c share.
 */
#ifndef RS_CLIENT_ASYNC_PRIVATE_H
#define RS_CLIENT_ASYNC_PRIVATE_H

#include "client/client_async.h"
#include "client/client_output.h"
#include "client/client_resolve.h"

#define RS_ASYNC_MAGIC 0x6173796eu /* "asyn" */

enum rs_async_state {
	RS_ASYNC_IDLE,
	RS_ASYNC_RESOLVING,   /* watch: the lookup */
	RS_ASYNC_CONNECTING,  /* watch: the socket becomes writable */
	RS_ASYNC_SHAKING,     /* TLS before connect */
	RS_ASYNC_SECURING,    /* TLS after connect: rs_async_start_tls() */
	RS_ASYNC_OPEN,
};

struct rs_async {
	uint32_t magic;
	enum rs_async_state state;
	struct rs_client *c;
	const struct rs_client_conf *conf;
	const struct rs_async_events *events;
	void *arg;
	struct rs_watch *watch;
	struct rs_timer *timer;
	struct rs_resolve *lookup;
	struct rs_output out;
	bool paused, full;
	bool deferred;        /* more packages lie in c->in: deliver() will be called */
	unsigned pins;        /* deferred calls that still hold a */
	bool freed;           /* by its owner while pinned */
	char *host;
	int port;
	int64_t until;        /* limit of connecting, rs_deadline() */
};

/* Waits for what an open one waits for. false: sock.error. */
bool rs_async_watch(struct rs_async *a) RS_MUST_CHECK;
/* The peer has ended, or the connection is broken: closed and told. */
void rs_async_lost(struct rs_async *a);
void rs_async_writable(struct rs_async *a);
void rs_async_readable(struct rs_async *a);
/* The packages in c->in, in a deferred call. */
void rs_async_deliver_later(struct rs_async *a);

#endif
