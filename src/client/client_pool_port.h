/*
 * The listening socket of a Process\Pool: one message per connection, framed by a big-endian length of 4 bytes, answered in the
 * same framing. Every worker of the pool accepts from it on its own loop.
 */
#ifndef RS_CLIENT_POOL_PORT_H
#define RS_CLIENT_POOL_PORT_H

#include "base/rs_base.h"
#include "worker/loop.h"

/* host: an IPv4 or IPv6 address, or unix:/path (an old socket there is replaced). Non-blocking, close-on-exec. -1: errno. */
int rs_pool_listen(const char *host, int port, int backlog);

struct rs_pool_port;

/*
 * Serves connections of fd, which stays the caller's, on the loop. message is called with each whole message of at most max
 * bytes; what rs_pool_answer() is given meanwhile goes back when it returns, then the connection is closed. NULL: no memory.
 */
struct rs_pool_port *rs_pool_port_new(struct rs_loop *l, int fd, size_t max, void (*message)(void *arg, struct rs_slice data), void *arg);
/* Within message only. false: not within, no memory, or too much. */
bool rs_pool_answer(struct rs_pool_port *p, const void *data, size_t n);
/* Takes no new connections; those that are being read or answered end. */
void rs_pool_port_free(struct rs_pool_port *p);

#endif
