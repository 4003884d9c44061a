/*
 * Informational responses of a worker (103 Early Hints): INTERIM frames.
 */
#ifndef RS_REACTOR_INTERIM_H
#define RS_REACTOR_INTERIM_H

struct rs_frame;
struct rs_req;

/* To the client, if it can take one. NULL: fine; else the rule that the worker has broken. */
const char *rs_interim_send(struct rs_req *q, const struct rs_frame *f);

#endif
