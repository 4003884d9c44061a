/*
 * The pipe of a Process: a pair of connected sockets, one end for each side. Blocking calls on it end when the process at the
 * other end has died: both ends stay open in the parent, so that a child can be started again on the same pipe, and the
 * kernel would never tell.
 */
#ifndef RS_CLIENT_PIPE_H
#define RS_CLIENT_PIPE_H

#include "base/rs_base.h"

#include <sys/types.h>

enum rs_pipe_side { RS_PIPE_MASTER, RS_PIPE_CHILD };

struct rs_pipe {
	int fds[2];          /* by side; -1: closed */
	bool datagram;       /* keeps the boundaries of messages */
	int64_t timeout_ms;  /* of blocking calls; < 0: none */
	bool (*interrupted)(void); /* NULL, or asked when a signal may have come: true ends a wait with EINTR */
};

/* false: errno. Both are close-on-exec and blocking. */
bool rs_pipe_open(struct rs_pipe *p, bool datagram);
void rs_pipe_close(struct rs_pipe *p, enum rs_pipe_side side);
/* No more sending, or receiving, on a side. false: errno. */
bool rs_pipe_shutdown(struct rs_pipe *p, enum rs_pipe_side side, bool sending);
bool rs_pipe_set_blocking(struct rs_pipe *p, enum rs_pipe_side side, bool on);
bool rs_pipe_is_blocking(const struct rs_pipe *p, enum rs_pipe_side side);

/*
 * One receive or send on a side. When it would block and the descriptor is a blocking one, waits: for the other process as long
 * as it lives (peer 0: not known), for timeout_ms, until interrupted() says so. -1: errno (EAGAIN: not now, ETIMEDOUT, EINTR,
 * EPIPE: the peer is dead). A stream may take less than n in one go only when it is non-blocking.
 */
ssize_t rs_pipe_read(struct rs_pipe *p, enum rs_pipe_side side, void *buf, size_t n, pid_t peer);
ssize_t rs_pipe_write(struct rs_pipe *p, enum rs_pipe_side side, const void *buf, size_t n, pid_t peer);

/*
 * Until the master's side of out takes more (RS_OK), or the child's side of in has something (RS_AGAIN; in may be NULL).
 * RS_ERR: errno, ETIMEDOUT after timeout_ms. Two processes that write to one another and read meanwhile never wait for ever.
 */
enum rs_result rs_pipe_wait_either(const struct rs_pipe *out, const struct rs_pipe *in, int64_t timeout_ms);

#endif
