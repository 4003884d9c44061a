/*
 * Connections that speak HTTP/2: src/h2 between a client's connection and its streams. Each stream is a connection without a socket
 * (reactor_h2_stream.c): its request goes the way of all requests, its answer leaves as frames.
 */
#ifndef RS_REACTOR_H2_H
#define RS_REACTOR_H2_H

#include "base/rs_buf.h"
#include "h2/h2.h"

#include <sys/queue.h>

#define RS_H2CONN_MAGIC 0x4832636fu

struct rs_conn;
struct rs_gate;
struct rs_reactor;

/* What a connection waits for, and how long it may: see set_time(). */
enum rs_h2_waiting {
	RS_H2_WAIT_PREFACE,
	RS_H2_WAIT_HEAD,     /* the rest of a header list */
	RS_H2_WAIT_REQUEST,  /* nothing runs */
	RS_H2_WAIT_WRITE,    /* the client does not take what is there */
	RS_H2_WAIT_LEAVE,    /* it is told to send no more: to have heard it */
	RS_H2_WAIT_ANSWERS,  /* streams have times of their own */
};

struct rs_h2conn {
	uint32_t magic;
	struct rs_conn *c;
	struct rs_h2 *h2;
	uint32_t streams;          /* connections that are streams of it */
	size_t queued;             /* bytes of answers that wait in them */
	uint8_t waiting;           /* enum rs_h2_waiting */
	int32_t head_of;           /* WAIT_HEAD: of which stream */
	bool dirty;                /* in rs_h2_all.dirty: frames wait */
	bool leaving;
	TAILQ_ENTRY(rs_h2conn) dirty_link;
};
TAILQ_HEAD(rs_h2conn_list, rs_h2conn);

/* Of the reactor. */
struct rs_h2_all {
	struct rs_h2conn_list dirty;
	struct rs_buf out;         /* frames while they are gathered; empty between calls */
	uint32_t streams;          /* of the connections in the slab, so many are streams, */
	uint32_t guest_streams;    /* and of these so many belong to guests */
};

void rs_h2conn_init(struct rs_reactor *r);
void rs_h2conn_fini(struct rs_reactor *r);

/* Wanted on that port; gate NULL: plain HTTP of the main port, for which the configuration says it. */
bool rs_h2conn_wanted(const struct rs_reactor *r, const struct rs_gate *gate);
/*
 * c speaks HTTP/2 from its next byte, the preface, on; it has had no request. For ALPN "h2" call it before anything was read. false: no
 * memory, it is closed.
 */
bool rs_h2conn_begin(struct rs_conn *c);
/* Is that how HTTP/2 begins? RS_AGAIN: so far it is. RS_ERR: no. */
enum rs_result rs_h2conn_preface(const struct rs_conn *c, const char *p, size_t n);

/* Number of a stream; 0: c is none, or it has let go. */
uint32_t rs_h2conn_stream_id(const struct rs_conn *c);
/* Bytes of answers that wait in the streams of c; 0: it has none. */
size_t rs_h2conn_queued(const struct rs_conn *c);
/* The end, from our side: streams without an answer are reset, the others leave; then c ends as by rs_conn_end(). */
void rs_h2conn_end(struct rs_conn *c);

/* What was answered in this turn leaves. */
void rs_h2conn_end_turn(struct rs_reactor *r);

/* ---- between the files of this ------------------------------------------------------------------------------------------ */

extern const struct rs_h2_handlers rs_h2conn_handlers;
/* There is something to send. */
void rs_h2conn_touch(struct rs_h2conn *hc);
/* No new requests, but those that the client sends before it knows. */
void rs_h2conn_leave(struct rs_h2conn *hc);

#endif
