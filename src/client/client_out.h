/*
 * What waits to be sent to a descriptor: a bounded queue of pieces on the loop. Stream or datagram: a piece is never mixed with
 * another one.
 */
#ifndef RS_CLIENT_OUT_H
#define RS_CLIENT_OUT_H

#include "base/rs_base.h"
#include "worker/loop.h"

struct rs_out;

/*
 * fd stays the caller's and must be non-blocking. idle is called from the loop when all has been sent (err 0) or sending failed
 * (errno; what waited is dropped); it may free o. NULL: errno.
 */
struct rs_out *rs_out_new(struct rs_loop *l, int fd, size_t max, void (*idle)(struct rs_out *o, int err, void *arg), void *arg);
void rs_out_free(struct rs_out *o);
/* RS_OK: sent or queued. RS_AGAIN: more than max would wait, nothing was taken. RS_ERR: errno. */
enum rs_result rs_out_write(struct rs_out *o, const void *p, size_t n) RS_MUST_CHECK;
/* Bytes that wait. */
size_t rs_out_waiting(const struct rs_out *o);

#endif
