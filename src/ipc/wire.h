/*
 * Payloads of the messages in msgs.def. Both ends are builds of the same tree on the same machine (checked:
 * RS_PROTOCOL), so they are plain structs copied as they lie; receivers never point into a frame unaligned.
 */
#ifndef RS_WIRE_H
#define RS_WIRE_H

#include "base/rs_base.h"
#include "ipc/server_wire.h"

#include <stdatomic.h>

/* Raise with every change of msgs.def or of a struct here; daemon and module refuse each other otherwise. */
#define RS_PROTOCOL 9

#define RS_REQUEST_MAX (32u << 20)    /* head (<= 1M) + inline body (<= 16M) + tables */
#define RS_BODY_MAX (64u << 10)       /* the worker cuts pieces to this */
#define RS_RESPONSE_HEADERS_MAX (1u << 20)
#define RS_RESPONSE_MAX (RS_RESPONSE_HEADERS_MAX + RS_BODY_MAX + 1024u)
#define RS_CONF_MAX (4u << 20)
#define RS_TEXT_MAX (64u << 10)

/* Flags of the frame header (struct rs_frame.flags) of RESPONSE and BODY. */
#define RS_FRAME_END 1u    /* the response is complete */
#define RS_FRAME_DONE 2u   /* with END: the worker is free as well (a DONE frame is saved) */
#define RS_FRAME_TRAILERS 8u /* BODY with END: the payload is trailer fields, as a header block */
#define RS_FRAME_ABORT 4u  /* the response cannot be completed: cut the client off */

/* LISTEN: bits of the frame's id beside the index of the port. */
#define RS_LISTEN_PORT UINT32_MAX
#define RS_LISTEN_TLS (UINT64_C(1) << 32)   /* the main port's addresses: TLS */
#define RS_LISTEN_PROXY (UINT64_C(1) << 33) /* clients begin with a PROXY protocol header */

/* rs_wire_request.flags */
#define RS_REQ_TLS 1u          /* the client spoke TLS, to us or to a trusted proxy */
#define RS_REQ_TRUSTED 2u      /* the fields of LaravelS' nginx configuration count */
#define RS_REQ_BODY_FD 4u      /* the body is the frame's fd, at offset 0, body_len bytes */
#define RS_REQ_KEEPALIVE 8u

struct rs_wire_slice {
	uint32_t off, len; /* into the head bytes */
};

/*
 * REQUEST payload: this struct; nfields pairs {name, value} of rs_wire_slice; head_len bytes of request head
 * as received; remote, local address text, name, id (not terminated); SSL_* variables; the inline body.
 */
struct rs_wire_request {
	uint64_t claim;          /* value that the slot's word must have to be claimed */
	uint64_t received_us;    /* wall clock, when the head was complete */
	uint64_t body_len;
	uint64_t credit;         /* body bytes the worker may send before the first CREDIT */
	uint32_t slot;           /* claim word 0..7 */
	uint32_t flags;          /* RS_REQ_* */
	struct rs_wire_slice method, target; /* target as sent, query included; absolute-form reduced to origin-form */
	uint32_t path_len;       /* bytes of target before '?' */
	uint32_t nfields;
	uint32_t head_len;
	uint16_t remote_len, local_len;   /* address text: "127.0.0.1", "::1", "" for a Unix socket */
	uint16_t remote_port, local_port; /* 0 for a Unix socket */
	uint16_t name_len;       /* host that the client asked, as a proxy says; 0: the Host field's */
	uint16_t id_len;         /* text of the request's id */
	uint8_t http_minor;      /* 0 or 1; 1 for HTTP/2 */
	uint8_t http_major;      /* 1 or 2 */
	uint8_t pad[2];
	uint32_t tls_len;        /* SSL_* variables: names and values, each terminated */
	uint32_t stream;         /* HTTP/2: its number, else 0 */
	uint32_t pad2;
};

/* RESPONSE payload: this struct, reason, header block ("Name: value\r\n" each, no final empty line), body. */
struct rs_wire_response {
	int64_t content_length;  /* as PHP said, or known because all of it is here; -1 unknown */
	uint32_t headers_len;
	uint32_t body_len;
	uint16_t status;         /* 100..599 */
	uint16_t reason_len;     /* 0: the standard phrase */
	uint32_t pad;
};

struct rs_wire_ready {
	uint32_t protocol, pid;
};

struct rs_wire_fork {
	uint32_t id, generation, role; /* enum rs_server_role */
	union {
		uint32_t pid;    /* WORKER_READY */
		uint32_t order;  /* WORKER_NEW: which of the processes it is that have that id one after the other */
	};
};

struct rs_wire_forked {
	uint32_t id, generation, pid, pad;
};

struct rs_wire_exited {
	uint32_t id, generation, pid;
	int32_t status; /* as waitpid gives it */
};

struct rs_wire_gone {
	uint32_t id, generation, order; /* as in WORKER_NEW: there may be two of one id */
	int32_t status;
};

struct rs_wire_quit {
	uint32_t wait_ms; /* for the children that are left, then KILL */
	uint32_t ends;    /* hosted, 1: the whole server ends; the ended() hook runs, in ... */
	uint32_t end_ms;  /* ... at most this time */
};

enum rs_kill_reason { RS_KILL_TIMEOUT = 1, RS_KILL_PROTOCOL = 2, RS_KILL_DRAIN = 3 };

struct rs_wire_kill {
	uint32_t id, generation, reason, order;
};

struct rs_wire_lost {
	uint32_t id, generation, order;
	uint32_t finishes;       /* 1: what it still does may take its time; 0: it has closed its channel, so it is about to be dead */
};

struct rs_wire_lingers {
	uint32_t id, generation, order;
};

struct rs_wire_status {
	uint64_t connections, accepted_total, requests_total, queue_length, refused_total, stale_frames;
	uint64_t moved_total;    /* requests revoked from one worker and given to another */
	uint64_t limited_connections_total, limited_requests_total; /* refused by limit_conn, limit_req */
	uint64_t idle_closed_total; /* idle connections that made room for others */
	uint32_t nworkers;
	uint32_t tasks_queued, tasks_running, tasks_delayed; /* jobs */
	uint32_t sessions;       /* connections that PHP can address: WebSocket, extra ports */
	uint32_t streams, streams_most; /* answers that have been under way for long: now, at most at one time */
	uint32_t pad;
	uint64_t streams_refused;
};

struct rs_wire_worker_status {
	uint32_t id, generation;
	uint32_t state;          /* enum rs_worker_state */
	uint32_t posted;
	uint32_t role, pad;      /* enum rs_server_role */
	uint64_t requests;
};

enum rs_worker_state { RS_WORKER_BOOTING, RS_WORKER_IDLE, RS_WORKER_BUSY, RS_WORKER_DRAINING };

/* A child of a nursery (worker/nursery.h). */
struct rs_wire_spare {
	uint32_t pid;
	int32_t status;          /* SPARE_GONE: as waitpid gives it; else 0 */
};

/* -- the claim page: one per worker, shared with the reactor ------------------------------------- */

#define RS_CLAIM_SLOTS 8
#define RS_CLAIM_PAGE 4096

enum rs_claim_state { RS_CLAIM_FREE = 0, RS_CLAIM_POSTED = 1, RS_CLAIM_TAKEN = 2, RS_CLAIM_REVOKED = 3 };

/* Word of a slot: sequence << 2 | state. The sequence makes a late frame of an earlier use harmless. */
struct rs_claim_page {
	_Atomic uint64_t word[RS_CLAIM_SLOTS];
	_Atomic uint64_t begun; /* servers of scripts: see struct rs_wire_event */
};

/* Maps the page behind fd, which stays the caller's. NULL: no memory, or not a whole page. */
struct rs_claim_page *rs_claim_map(int fd) RS_MUST_CHECK;

static inline uint64_t rs_claim_word(uint64_t seq, enum rs_claim_state s)
{
	return seq << 2 | (uint64_t)s;
}

/* Moves a posted slot to TAKEN (worker) or REVOKED (reactor). false: the other side was first. */
static inline bool rs_claim_move(struct rs_claim_page *page, uint32_t slot, uint64_t posted, enum rs_claim_state to)
{
	uint64_t expect = posted;

	return atomic_compare_exchange_strong_explicit(&page->word[slot], &expect, (posted & ~UINT64_C(3)) | to,
						       memory_order_acq_rel, memory_order_acquire);
}

#endif
