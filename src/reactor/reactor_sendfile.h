/*
 * Parts of files among the bytes that a connection has to send (sendfile() of a server). What is before the first is in c->out; what
 * was queued behind one waits with it. A file is read as the client takes it, and never mapped: its owner may cut it at any time.
 */
#ifndef RS_REACTOR_SENDFILE_H
#define RS_REACTOR_SENDFILE_H

#include "base/rs_base.h"

#include <sys/types.h>

struct evbuffer;
struct rs_conn;

/* Of a connection that has such parts, else NULL. */
struct rs_sendfile;

/* Behind all that waits: takes fd. false: no memory. */
bool rs_sendfile_put(struct rs_conn *c, int fd, uint64_t offset, uint64_t length) RS_MUST_CHECK;
/* Where further bytes go: c->out, or behind the last part. It may be NULL still. */
struct evbuffer **rs_sendfile_tail(struct rs_conn *c);
/* As a wire's flush(), while c->out is empty: from the first part. 0: its file is shorter than it was. */
ssize_t rs_sendfile_flush(struct rs_conn *c, size_t most);
/* Closes what is open. */
void rs_sendfile_free(struct rs_conn *c);

/* What waits in parts, with the bytes behind them; of that, bytes of files; how many parts. */
size_t rs_sendfile_pending(const struct rs_conn *c);
uint64_t rs_sendfile_bytes(const struct rs_conn *c);
unsigned rs_sendfile_count(const struct rs_conn *c);

#endif
