/*
 * Request bodies: into the request's payload, above body_buffer_size into an unlinked file.
 */
#ifndef RS_REACTOR_BODY_H
#define RS_REACTOR_BODY_H

#include "base/rs_base.h"

struct rs_req;
struct rs_http_head;

/* RS_OK: the body follows. RS_ERR: *status is the answer (413, 507, 503), then close. */
enum rs_result rs_body_begin(struct rs_req *q, const struct rs_http_head *h, unsigned *status) RS_MUST_CHECK;

/*
 * Takes *used bytes of p[0..n). RS_DONE: the body is complete and q ready to go. RS_AGAIN: more must come.
 * RS_ERR: *status is the answer (400, 413, 503, 507), then close.
 */
enum rs_result rs_body_feed(struct rs_req *q, const char *p, size_t n, size_t *used,
			    unsigned *status) RS_MUST_CHECK;
/* Its protocol says that the body ends here: RS_DONE, or RS_ERR as above. */
enum rs_result rs_body_end(struct rs_req *q, unsigned *status) RS_MUST_CHECK;

#endif
