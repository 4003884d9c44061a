/*
 * A client connection: its one constructor, its one destructor, and everything that touches its socket.
 */
#ifndef RS_REACTOR_CONN_H
#define RS_REACTOR_CONN_H

#include "base/rs_buf.h"
#include "reactor/reactor_slab.h"

#include <event2/event_struct.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define RS_CONN_MAGIC 0x436f6e6eu

struct evbuffer;
struct rs_reactor;
struct rs_req;

enum rs_conn_state {
	RS_CONN_IDLE,       /* nothing of a request has come */
	RS_CONN_HEAD,       /* part of a head */
	RS_CONN_BODY,       /* req's body arrives */
	RS_CONN_WAIT,       /* req is queued or runs */
	RS_CONN_SEND,       /* an answer is under way */
	RS_CONN_LINGER,     /* answered, shut down for writing; what still comes is dropped */
	RS_CONN_CLOSED,     /* memory goes at the end of the turn */
};

/* Owned by the reactor's slab. About 500 bytes; buffers exist only while there is something in them. */
struct rs_conn {
	struct rs_slab_node node;
	uint32_t magic;
	uint8_t state;              /* enum rs_conn_state */
	bool keepalive;             /* of the current request, then of its answer */
	bool linger;                /* close with care: the client may still be sending */
	bool read_paused;           /* enough is buffered, or end of file was seen */
	bool write_armed, is_ready, trusted;
	int fd;
	uint32_t trusted_serial;    /* conf_serial that `trusted` was found with */
	struct rs_reactor *r;
	struct rs_req *req;         /* the one that is being received or answered */
	struct rs_buf in;           /* received and not parsed */
	size_t scanned;             /* see rs_http_parse() */
	struct evbuffer *out;       /* not yet taken by the kernel; NULL: nothing */
	uint64_t requests;
	size_t linger_left;         /* bytes that may still be dropped */
	struct event ev_read, ev_write;
	TAILQ_ENTRY(rs_conn) ready_link, dead_link;
	uint16_t remote_port, local_port;
	char remote[46], local[46]; /* address text, "" for a Unix socket */
};

/* Takes fd, accepted and non-blocking. NULL: closed, no memory. */
struct rs_conn *rs_conn_new(struct rs_reactor *r, int fd, const struct sockaddr_storage *peer, bool tcp);
/* Closes now, cancels what runs for it. The memory lives until the end of the turn. Safe twice. */
void rs_conn_close(struct rs_conn *c);
/* The same, but so that a client who waits for the end of an unframed body sees an error, not the end. */
void rs_conn_reset(struct rs_conn *c);

/* To the kernel what it takes, the rest waits in out. false: the client is gone, c is closed. */
bool rs_conn_write(struct rs_conn *c, struct iovec *iov, int n);
/* Bytes that wait in out. */
size_t rs_conn_pending(const struct rs_conn *c);
/* Be told (rs_static_continue) when the kernel takes bytes again. */
void rs_conn_want_write(struct rs_conn *c);
/*
 * The answer is complete in out: next request when it has left, or the end. Call when nothing more will be
 * written.
 */
void rs_conn_answer_ends(struct rs_conn *c);

/* The kernel has room again. */
void rs_conn_write_cb(evutil_socket_t fd, short what, void *arg);
/* Ends a pause in reading. */
void rs_conn_resume(struct rs_conn *c);
/* Received bytes wait that no event will speak of: they are parsed at the end of the turn. */
void rs_conn_make_ready(struct rs_conn *c);

/* When the sweep will call it late; ms from now. 0: never. */
void rs_conn_deadline(struct rs_conn *c, int64_t ms);

/* Is the peer one of trusted_proxies? */
bool rs_conn_trusted(struct rs_conn *c);

/* For the loop: bytes that wait to be parsed; deadlines; memory of closed ones; STOP; the end. */
void rs_conn_run_ready(struct rs_reactor *r);
void rs_conn_sweep(struct rs_reactor *r);
void rs_conn_reap(struct rs_reactor *r);
void rs_conn_stop_idle(struct rs_reactor *r);
void rs_conn_close_all(struct rs_reactor *r);

#endif
