/*
 * A client connection: its one constructor, its one destructor, and everything that touches its socket.
 */
#ifndef RS_REACTOR_CONN_H
#define RS_REACTOR_CONN_H

#include "base/rs_buf.h"
#include "http/http.h"
#include "reactor/reactor_slab.h"

#include <event2/event_struct.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define RS_CONN_MAGIC 0x436f6e6eu

struct evbuffer;
struct rs_conn;
struct rs_http_response;
struct rs_wire;
struct rs_guest;
struct rs_h2conn;
struct rs_reactor;
struct rs_req;
struct rs_sendfile;

/*
 * What is spoken on a connection. One table for each protocol; c->protocol changes when it does (WebSocket).
 */
struct rs_conn_protocol {
	/*
	 * Takes p[0..n) as far as it can now; the bytes used. The rest is kept and offered again, with more behind it, or
	 * when hungry() has become true. c may be closed afterwards.
	 */
	size_t (*input)(struct rs_conn *c, const char *p, size_t n);
	/* Would input() take bytes now? */
	bool (*hungry)(const struct rs_conn *c);
	/* End of file was read. */
	void (*eof)(struct rs_conn *c);
	/* The time of rs_conn_deadline() is over. */
	void (*late)(struct rs_conn *c);
	/* A write event: the kernel took bytes. rs_conn_pending() are left; at 0 call rs_conn_unwant_write(). */
	void (*written)(struct rs_conn *c);
	/* c is being closed: its socket is, c->guest is still there. May be NULL. */
	void (*closed)(struct rs_conn *c);
	/*
	 * For requests: the head of an answer to c->req goes behind what is in out, or to where this protocol keeps heads.
	 * *framing: what is to be done with its body. c->keepalive: what became of it. false: no memory.
	 */
	bool (*put_head)(struct rs_conn *c, struct rs_buf *out, const struct rs_http_response *head, enum rs_http_framing *framing);
	/* Fields behind a body in pieces, checked lines, before its end is known. NULL: as chunked has them. false: no memory. */
	bool (*put_trailers)(struct rs_conn *c, struct rs_slice lines);
	/* The whole answer to c->req, or to what was no request, has been taken from out. May be NULL. */
	void (*answered)(struct rs_conn *c);
	/* The server stops: the connection ends when what it has begun is answered. NULL: it is left alone until then. */
	void (*stop)(struct rs_conn *c);
	/* rs_conn_quiet(), where the state does not tell. */
	bool (*quiet)(const struct rs_conn *c);
};

enum rs_conn_state {
	RS_CONN_IDLE,       /* nothing of a request has come */
	RS_CONN_HEAD,       /* part of a head */
	RS_CONN_BODY,       /* req's body arrives */
	RS_CONN_WAIT,       /* req is queued or runs */
	RS_CONN_SEND,       /* an answer is under way */
	RS_CONN_STREAM,     /* no requests: bytes both ways at any time (streams, WebSocket) */
	RS_CONN_LINGER,     /* answered, shut down for writing; what still comes is dropped */
	RS_CONN_CLOSED,     /* memory goes at the end of the turn */
};

/* Why a connection is not read, beside what its protocol wants; bits of rs_conn.hold. */
#define RS_HOLD_PAUSED 1u /* the application said so: pause(), enable_delay_receive */
#define RS_HOLD_QUEUE 2u  /* too much of it waits for its worker */
#define RS_HOLD_ENDED 4u  /* end of file was seen, or it is being closed */

/* Owned by the reactor's slab. About 500 bytes; buffers exist only while there is something in them. */
struct rs_conn {
	struct rs_slab_node node;
	uint32_t magic;
	uint8_t state;              /* enum rs_conn_state */
	bool keepalive;             /* of the current request, then of its answer */
	bool linger;                /* close with care: the client may still be sending */
	bool read_paused;           /* enough is buffered, or end of file was seen */
	bool write_armed, is_ready, is_idle, trusted, limit_lent;
	bool tls_ended;             /* its PROXY protocol header says: the client speaks TLS, with the balancer */
	bool stranger;              /* by its PROXY protocol header nobody knows who it is: never trusted */
	bool tcp, secure;           /* secure: what the client sees is encrypted (HTTPS) */
	uint8_t hold;               /* RS_HOLD_* */
	int fd;                     /* the wire's; -1: closed, or a stream of another connection */
	int error;                  /* errno that ended it, 0: none */
	uint32_t trusted_serial;    /* conf_serial that `trusted` was found with */
	struct rs_reactor *r;
	const struct rs_conn_protocol *protocol;
	const struct rs_wire *wire;
	void *wire_data;            /* its own, freed by its close() */
	struct rs_h2conn *h2;       /* HTTP/2: its own, or of the connection that it is a stream of */
	struct rs_guest *guest;     /* what is known of it by its $fd, a stream's connection's; NULL: plain HTTP of the main port */
	struct rs_req *req;         /* the one that is being received or answered */
	struct rs_buf in;           /* received and not parsed */
	size_t scanned;             /* see rs_http_parse() */
	struct evbuffer *out;       /* not yet taken by the kernel; NULL: nothing */
	struct rs_sendfile *sendfile; /* parts of files behind that; NULL: none */
	uint64_t requests;
	int64_t linger_ms;          /* LINGER: at the latest */
	uint32_t limit_place;       /* of its address, or lent by the client of its request: reactor_limit.h; 0: none */
	struct event ev_read, ev_write;
	int64_t waits_since_ms;     /* bytes wait for the client since then, */
	uint64_t taken;             /* and it took so many of them: reactor_pace.h */
	TAILQ_ENTRY(rs_conn) ready_link, idle_link, dead_link;
	uint16_t remote_port, local_port;
	char remote[46], local[46]; /* address text, "" for a Unix socket */
};

/*
 * For a wire: a connection that has neither socket nor peer yet, speaks HTTP, and is not listened to. NULL: no memory.
 * What is set next is the wire, its data, and the address.
 */
struct rs_conn *rs_conn_make(struct rs_reactor *r, const struct rs_wire *wire);
/* Begins to listen to it. false: no memory, it is closed. */
bool rs_conn_begin(struct rs_conn *c);
/* Both, for fd, accepted and non-blocking, which it takes. NULL: closed, no memory. */
struct rs_conn *rs_conn_new(struct rs_reactor *r, int fd, const struct sockaddr_storage *peer, bool tcp);
/* Closes now, cancels what runs for it. The memory lives until the end of the turn. Safe twice. */
void rs_conn_close(struct rs_conn *c);
/* The same, but so that a client who waits for the end of an unframed body sees an error, not the end. */
void rs_conn_reset(struct rs_conn *c);
/* Closes now, since a call on its socket failed. */
void rs_conn_fail(struct rs_conn *c, int error);

/* To the kernel what it takes, the rest waits in out. false: the client is gone, c is closed. */
bool rs_conn_write(struct rs_conn *c, struct iovec *iov, int n);
/* Bytes that wait, in out and in parts of files. */
size_t rs_conn_pending(const struct rs_conn *c);
/* Be told (rs_static_continue) when the kernel takes bytes again. */
void rs_conn_want_write(struct rs_conn *c);
void rs_conn_unwant_write(struct rs_conn *c);
/*
 * The answer is complete in out: next request when it has left, or the end. Call when nothing more will be
 * written.
 */
void rs_conn_answer_ends(struct rs_conn *c);

/* The kernel has room again. */
void rs_conn_write_cb(evutil_socket_t fd, short what, void *arg);
/* written() of HTTP. */
void rs_conn_http_written(struct rs_conn *c);
/* Not read until rs_conn_resume(). */
void rs_conn_pause(struct rs_conn *c);
/* Ends a pause in reading, unless it is held. */
void rs_conn_resume(struct rs_conn *c);
/* RS_HOLD_*: not read until all reasons are gone. */
void rs_conn_hold(struct rs_conn *c, unsigned why);
void rs_conn_unhold(struct rs_conn *c, unsigned why);
/*
 * The end in good order: nothing is read any more, what waits in out leaves, then end of file, then the client may end.
 * Its guest must have let go of it, or wants to hear of it.
 */
void rs_conn_end(struct rs_conn *c);
/* For a wire: its client has sent these bytes, which are parsed or kept; end of file. c may be closed afterwards. */
void rs_conn_input(struct rs_conn *c, const char *p, size_t n);
void rs_conn_input_ends(struct rs_conn *c);
/* LINGER: the client has sent more, which was dropped. */
void rs_conn_still_lingers(struct rs_conn *c);
/* Received bytes wait that no event will speak of: they are parsed at the end of the turn. */
void rs_conn_make_ready(struct rs_conn *c);

/* Does it wait for a request, and none of it has come? It may be closed afterwards. */
bool rs_conn_quiet(struct rs_conn *c);

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
