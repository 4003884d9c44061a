/*
 * Framed messages over a stream socket, with file descriptors. Transport only: owns one fd and two buffers,
 * knows nothing of events. Used non-blocking (master, reactor: on libevent's word) and blocking (manager, worker).
 *
 * The receiver trusts nobody: sender, size and number of fds of every frame are checked against msgs.def.
 */
#ifndef RS_IPC_H
#define RS_IPC_H

#include "base/rs_base.h"
#include "base/rs_buf.h"
#include "ipc/wire.h"

enum rs_ipc_role { RS_IPC_MASTER, RS_IPC_REACTOR, RS_IPC_MANAGER, RS_IPC_WORKER, RS_IPC_SCRIPT, RS_IPC_NURSERY };

enum rs_msg {
#define RS_MSG(name, from, to, max, fds, prose) RS_MSG_##name,
#include "ipc/msgs.def"
#undef RS_MSG
	RS_MSG_COUNT
};

const char *rs_msg_name(unsigned msg);
const char *rs_ipc_role_name(enum rs_ipc_role role);

#define RS_FRAME_FDS 2

/* A received frame; payload and fds are valid until the next call on the channel. */
struct rs_frame {
	enum rs_msg msg;
	uint16_t flags;
	uint64_t id;
	struct rs_slice payload;
	int fd[RS_FRAME_FDS];
	unsigned nfds;
	bool fds_lost;            /* it had some, and this process was out of descriptors: nfds is 0. Only where rs_ipc.fds_may_miss */
};

struct rs_ipc {
	int fd;
	enum rs_ipc_role self, peer;
	struct rs_buf in, out;
	int *in_fds;              /* received, not yet claimed by a frame; FIFO */
	size_t in_nfds, in_fds_cap; /* -1 among them: one that there was no room for */
	bool fds_may_miss;        /* the owner can do without them; else a frame that misses some is an error */
	struct rs_ipc_out_fds *out_fds; /* where in `out` frames with fds start; FIFO */
	size_t out_nfds, out_fds_cap;
	uint64_t sent, received;  /* bytes since open: out queue marks are relative to `sent` */
	bool eof;
	int pending_fd[RS_FRAME_FDS]; /* fds of the frame handed out last: closed by the next call unless taken */
	unsigned npending;
	size_t consume;           /* bytes of the frame handed out last */
	char error[160];          /* why RS_ERR */
};

/* Takes fd. */
void rs_ipc_init(struct rs_ipc *c, int fd, enum rs_ipc_role self, enum rs_ipc_role peer);
/* Closes the fd and every fd in flight. Safe twice. */
void rs_ipc_fini(struct rs_ipc *c);

/*
 * Queues a frame. head and body are concatenated (either may be empty); fds are dup'ed, the caller keeps its own.
 * RS_ERR: no memory or over the table's limits; nothing queued.
 */
enum rs_result rs_ipc_put(struct rs_ipc *c, enum rs_msg msg, uint16_t flags, uint64_t id, struct rs_slice head,
			  struct rs_slice body, const int *fds, unsigned nfds) RS_MUST_CHECK;

/* Writes what it can. RS_OK: all is out. RS_AGAIN: the socket is full. RS_ERR: the peer is gone (error is set). */
enum rs_result rs_ipc_flush(struct rs_ipc *c) RS_MUST_CHECK;

/* Bytes queued and not written. */
static inline size_t rs_ipc_queued(const struct rs_ipc *c)
{
	return c->out.len;
}

/* Reads once (up to 256 KiB). RS_OK: something came. RS_AGAIN. RS_DONE: end of file. RS_ERR. */
enum rs_result rs_ipc_fill(struct rs_ipc *c) RS_MUST_CHECK;

/*
 * The next whole frame in the buffer. RS_OK: *f. RS_AGAIN: fill more. RS_ERR: the peer broke the rules (error says how).
 * Fds belong to the channel and are closed by the next call, unless taken with rs_ipc_take_fd().
 */
enum rs_result rs_ipc_next(struct rs_ipc *c, struct rs_frame *f) RS_MUST_CHECK;

/* Moves fd number i of the frame handed out last to the caller; f->fd[i] becomes -1. */
int rs_ipc_take_fd(struct rs_ipc *c, struct rs_frame *f, unsigned i);

#endif
