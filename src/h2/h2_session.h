/*
 * What the files of src/h2 share of a connection and its streams.
 */
#ifndef RS_H2_SESSION_H
#define RS_H2_SESSION_H

#include "h2/h2.h"
#include "h2/h2_calm.h"
#include "http/http_h2.h"

#include <nghttp2/nghttp2.h>
#include <sys/queue.h>

#define RS_H2_MAGIC 0x48747032u

struct rs_h2_stream {
	struct rs_h2 *h;
	void *owner;             /* NULL: has let go */
	int32_t id;
	bool whole;              /* owner NULL: what is left of the answer is its end */
	bool ended;              /* the end of the answer has left, or cannot any more */
	struct rs_buf trailers;  /* checked block */
	TAILQ_ENTRY(rs_h2_stream) link;
};
TAILQ_HEAD(rs_h2_stream_list, rs_h2_stream);

struct rs_h2 {
	uint32_t magic;
	nghttp2_session *session;
	const struct rs_h2_handlers *to;
	void *user;
	struct rs_h2_stream_list streams;
	struct rs_http_h2_head head;  /* of the request whose list is coming */
	int32_t head_of;              /* its stream, 0: none is on its way */
	struct rs_h2_calm calm;
	bool angry;                   /* the purse is empty: it was told to calm down */
	bool winding_down;            /* the answer to a ping is waited for */
	bool broken;                  /* nghttp2 cannot go on: close when what it has said has left */
	struct rs_buf fields;         /* nghttp2_nv, while an answer's head is put together */
	struct rs_buf *out;           /* within rs_h2_send() */
};

/* The client is told to go away, for that reason; then it is over. */
void rs_h2_terminate(struct rs_h2 *h, uint32_t error);

/* nghttp2's callbacks for what is received (h2_receive.c) and what leaves (h2_answer.c). */
void rs_h2_set_receiving(nghttp2_session_callbacks *cb);
void rs_h2_set_sending(nghttp2_session_callbacks *cb);

#endif
