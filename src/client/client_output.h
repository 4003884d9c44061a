/*
 * What a client of the loop has still to send: bytes and pieces of files, in order. Bytes are bounded by the owner; files lie
 * on disk until it is their turn.
 */
#ifndef RS_CLIENT_OUTPUT_H
#define RS_CLIENT_OUTPUT_H

#include <sys/queue.h>

#include "client/client_socket.h"

struct rs_output_part;
TAILQ_HEAD(rs_output_parts, rs_output_part);

struct rs_output {
	struct rs_output_parts parts;
	size_t bytes; /* of memory queued, without files */
};

void rs_output_init(struct rs_output *q);
void rs_output_free(struct rs_output *q);
bool rs_output_empty(const struct rs_output *q);
/* A copy of them. false: no memory. */
bool rs_output_put(struct rs_output *q, const void *p, size_t n) RS_MUST_CHECK;
/* fd becomes the queue's, also on failure. */
bool rs_output_put_file(struct rs_output *q, int fd, uint64_t offset, uint64_t length) RS_MUST_CHECK;
/* As much as goes now. RS_OK: empty. RS_AGAIN: the socket takes no more. RS_ERR: s->error. */
enum rs_result rs_output_flush(struct rs_output *q, struct rs_sock *s) RS_MUST_CHECK;

#endif
