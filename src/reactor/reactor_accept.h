/*
 * Listening sockets: the accept loop, running out of descriptors, too many connections.
 */
#ifndef RS_REACTOR_ACCEPT_H
#define RS_REACTOR_ACCEPT_H

#include "base/rs_base.h"

#include <event2/event_struct.h>

#define RS_LISTENERS_MAX 64

struct rs_conn;
struct rs_gate;
struct rs_reactor;

struct rs_listener {
	struct rs_reactor *r;
	struct rs_gate *gate;  /* of a server's port; NULL: main port of a hosted application */
	int fd;
	bool tcp, tls, proxy;  /* proxy: a PROXY protocol header comes first */
	char address[128];     /* printable */
	struct event ev;
};

struct rs_accept {
	struct rs_listener *listener[RS_LISTENERS_MAX];
	unsigned n;
	int reserve_fd;        /* given up for a moment when descriptors run out */
	bool paused;
	int64_t resume_ms;     /* paused: try again then */
	int64_t proxy_told_ms; /* when a connection without its PROXY protocol header was last complained about */
};

/* false: no reserve descriptor. */
bool rs_accept_init(struct rs_reactor *r);
void rs_accept_fini(struct rs_reactor *r);

/*
 * Takes fd and starts to accept, for a port of a server or (gate NULL) for the main port's HTTP; how: RS_LISTEN_TLS, RS_LISTEN_PROXY.
 * false: closed, and logged why.
 */
bool rs_accept_add(struct rs_reactor *r, int fd, struct rs_slice address, struct rs_gate *gate, uint64_t how);
/*
 * The first step of a connection whose peer is known: limits, then TLS, or a guest of gate, or plain HTTP. c may be answered or
 * closed.
 */
void rs_accept_greet(struct rs_conn *c, struct rs_gate *gate, int listen_fd, bool tls);
/* After CONF: socket options that accepted connections inherit. */
void rs_accept_configure(struct rs_reactor *r);
/* Empties the kernel's queues once more, then closes the listeners for good. */
void rs_accept_stop(struct rs_reactor *r);
/* From the sweep: ends a pause. */
void rs_accept_sweep(struct rs_reactor *r, int64_t now_ms);

#endif
