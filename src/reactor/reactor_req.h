/*
 * A request from its last head byte to the end of its answer. Held by the client's connection until that has
 * the answer, and by the worker until that says DONE, or, in a server, by the letters that carry it; the last one to let go
 * frees it.
 */
#ifndef RS_REACTOR_REQ_H
#define RS_REACTOR_REQ_H

#include "base/rs_buf.h"
#include "http/http.h"
#include "http/http_forwarded.h"
#include "ipc/wire.h"
#include "reactor/reactor_slab.h"

#include <sys/queue.h>
#include <sys/types.h>

#define RS_REQ_MAGIC 0x52657175u

struct rs_reactor;
struct rs_conn;
struct rs_letter;
struct rs_static_parts;
struct rs_worker;

enum rs_req_state {
	RS_REQ_BODY,        /* its body arrives */
	RS_REQ_QUEUED,      /* waits for a worker */
	RS_REQ_POSTED,      /* a worker has it; perhaps it has begun */
	RS_REQ_CLAIMED,     /* a worker has begun for sure */
	RS_REQ_LOCAL,       /* answered here, or no longer a worker's business */
};

struct rs_req {
	struct rs_slab_node node;
	uint32_t magic;
	uint8_t state;              /* enum rs_req_state */
	uint8_t minor;              /* HTTP/1.minor */
	uint8_t framing;            /* enum rs_http_framing, from head_sent on */
	bool head_method;
	bool file_method;           /* GET or HEAD */
	bool proxied;               /* a trusted proxy speaks for its client */
	bool chunked, open;         /* how its body is delimited; neither: by body_left */
	bool head_sent, ended;      /* of the answer */
	bool answering;             /* a frame of an answer was seen: the request is not needed any more */
	bool counted;               /* servers: in rs_serve.open_requests */
	uint8_t lane;               /* enum rs_lane_place */
	bool declared;              /* its answer says that it is a stream */
	bool refused;               /* answered here: what its worker still says is dropped */
	bool handshake;             /* servers: a WebSocket upgrade that the application answers */
	uint8_t letters;            /* servers: that carry it and are not over */
	uint16_t status;            /* of the answer, 0: none yet */
	uint32_t slot;              /* of worker->page */
	struct rs_reactor *r;
	struct rs_conn *conn;       /* who gets the answer; NULL: has it, or has left */
	struct rs_worker *worker;   /* POSTED, CLAIMED */
	uint64_t claim;             /* word in the slot while it is posted */
	TAILQ_ENTRY(rs_req) queue_link;
	struct rs_letter *letter;   /* servers: that asks for its answer; NULL: over */
	struct rs_worker *holder;   /* servers: who took that letter and did not answer; NULL: nobody */

	char remote[46];            /* the client, behind its proxy; "" for a Unix socket */
	char id[RS_REQUEST_ID_MAX + 1];
	struct rs_buf payload;      /* of the REQUEST frame; an inline body stands at its end */
	size_t prefix_len;          /* of payload without the body */
	int body_fd;                /* spooled body, or -1 */
	uint64_t body_len, body_left;
	struct rs_http_chunked chunk;

	TAILQ_ENTRY(rs_req) lane_link; /* RS_LANE_YOUNG */
	int64_t lane_ms;            /* since when */

	int64_t received_us, posted_us, progress_us;
	int64_t begun_us;           /* its worker had nothing else before it; known when the answer begins, 0: not */
	int64_t worker_id;          /* for the access log; -1: answered here */

	uint64_t window;            /* body bytes: in flight at most, */
	uint64_t granted, spent;    /* allowed in all, received from the worker */
	uint64_t length_left;       /* RS_HTTP_LENGTH: to come */
	uint64_t sent;              /* body bytes given to the client */
	int file_fd;                /* a static file on its way, or -1 */
	off_t file_at;
	uint64_t file_left;
	struct rs_static_parts *parts; /* what of it comes afterwards, NULL: nothing; reactor_static_parts.c */
};

/* For a head that was just parsed from p; becomes c's current request. NULL: no memory. */
struct rs_req *rs_req_new(struct rs_conn *c, const char *p, const struct rs_http_head *h);
/* Frees q when neither connection, worker nor queue holds it. */
void rs_req_release(struct rs_req *q);
/* The answer has begun: what was kept to post the request again goes. */
void rs_req_answering(struct rs_req *q);

/* The encoded head. Valid until the payload grows. */
struct rs_wire_request *rs_req_wire(const struct rs_req *q);
/* Of the target, as sent: before '?', and from there on. */
struct rs_slice rs_req_path(const struct rs_req *q);
struct rs_slice rs_req_query(const struct rs_req *q);
/* The head as received; what the wire slices point into. */
struct rs_slice rs_req_head(const struct rs_req *q);
/* Field number i of the head, in its order. false: there are not so many. */
bool rs_req_field_at(const struct rs_req *q, uint32_t i, struct rs_slice *name, struct rs_slice *value);
/* Value of the first field of that name; empty without one. */
struct rs_slice rs_req_field(const struct rs_req *q, struct rs_slice name);

#endif
