/*
 * What a request shows of itself: its id, and what is added to its response for whoever looks from outside.
 */
#ifndef RS_REACTOR_OBSERVE_H
#define RS_REACTOR_OBSERVE_H

#include "base/rs_base.h"
#include "http/http_forwarded.h"

struct rs_conn;
struct rs_http_head;
struct rs_reactor;
struct rs_req;

/* Random bytes for ids, from the kernel, some at a time. */
struct rs_observe {
	unsigned char pool[1024];
	size_t left;
	char lines[512];          /* of the response that begins right now */
};

/* The id of a request: of a trusted proxy when it is well-formed, else a new one of 128 random bits. */
void rs_observe_id(struct rs_conn *c, const struct rs_http_head *h, char out[RS_REQUEST_ID_MAX + 1]);

/* Its answer begins: from when on its worker had nothing else to do (q->begun_us). */
void rs_observe_answering(struct rs_req *q);

/*
 * Header lines for the response of q that is about to begin, by the options request_id_response and server_timing, behind `lines`;
 * headers: what it has already. Valid until the next call.
 */
struct rs_slice rs_observe_lines(struct rs_req *q, struct rs_slice headers, const char *lines);

#endif
