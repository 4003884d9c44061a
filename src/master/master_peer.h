/*
 * A control channel to a child process on the master's event loop: rs_ipc, its events, and the table of what the
 * peer may say.
 */
#ifndef RS_MASTER_PEER_H
#define RS_MASTER_PEER_H

#include "ipc/ipc.h"

struct event;
struct event_base;
struct rs_peer;

/* RS_ERR: the frame is not acceptable; the peer is broken then. */
typedef enum rs_result (*rs_peer_fn)(struct rs_peer *p, struct rs_frame *f);

struct rs_peer {
	struct rs_ipc ipc;
	struct event *readable, *writable; /* NULL while closed */
	const rs_peer_fn *table;           /* [RS_MSG_COUNT]; NULL rows are not acceptable */
	/* The peer has closed (why NULL), or must be ended because of what it did. Called at most once, may not free p. */
	void (*lost)(struct rs_peer *p, const char *why);
	void *owner;
};

/* Takes fd. false: no memory; fd is closed. */
bool rs_peer_open(struct rs_peer *p, struct event_base *base, int fd, enum rs_ipc_role role) RS_MUST_CHECK;
void rs_peer_close(struct rs_peer *p);

static inline bool rs_peer_is_open(const struct rs_peer *p)
{
	return p->readable != NULL;
}

/* Sends soon. A closed peer swallows it; one that does not read for too long is lost. */
void rs_peer_send(struct rs_peer *p, enum rs_msg msg, struct rs_slice payload, const int *fds, unsigned nfds);

/* The same with an id. */
void rs_peer_send_id(struct rs_peer *p, enum rs_msg msg, uint64_t id, struct rs_slice payload, const int *fds, unsigned nfds);

/* Reads what a dead process has left in the channel. */
void rs_peer_drain(struct rs_peer *p);

/* Copies a payload that must have exactly n bytes. */
bool rs_peer_struct(const struct rs_frame *f, void *out, size_t n);

#endif
