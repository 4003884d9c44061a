/*
 * One HTTP/2 connection over nghttp2: received bytes in, requests out; answers in, bytes to send out. It knows no descriptor, no
 * clock and no process; it calls back in the middle of rs_h2_receive() and rs_h2_send() only. Runs in the reactor.
 *
 * Everything that a client could make large, many or frequent has a bound here: header lists (http_h2.h), streams, frames that
 * make work and bring nothing (h2_calm.h), frames that wait to be sent (rs_h2_hungry()). DATA is never kept: the owner of a stream
 * takes it at once and says so, or the stream's window stays shut.
 */
#ifndef RS_H2_H
#define RS_H2_H

#include "base/rs_buf.h"
#include "http/http.h"

struct rs_h2;

/* With what a client's connection begins. */
#define RS_H2_PREFACE RS_SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

struct rs_h2_settings {
	size_t header_max;      /* bytes of a request's header list */
	uint32_t streams;       /* at one time */
	uint32_t window;        /* bytes of body that a stream may send ahead */
	uint32_t frame_max;     /* bytes of one frame that we take: 16384 to 16777215 */
	uint32_t table_size;    /* of what header compression remembers of the client's lists */
};

/* One request and its answer, from the head to the end of both. Made and freed by the connection. */
struct rs_h2_stream;

struct rs_h2_request {
	struct rs_h2_stream *stream;
	struct rs_slice text;   /* the head in the words of HTTP/1, see http_h2.h; as far as it was made when status is set */
	unsigned status;        /* the answer to a head that cannot be served, 0: none */
	const char *why;
	bool ends;              /* there is no body */
};

/* What is asked of who uses it. user is the connection's, owner the stream's. */
struct rs_h2_handlers {
	/* A request; rs_h2_own() comes first. false: it cannot be served now, the client may try again. */
	bool (*request)(void *user, const struct rs_h2_request *q);
	/* Bytes of its body. false: not taken, and no more of them will be. */
	bool (*body)(void *owner, const char *p, size_t n);
	/* Its body is complete. */
	void (*body_ends)(void *owner);
	/* How many bytes of the answer's body can be taken now; *end: there will be no more behind these. */
	size_t (*pending)(void *owner, bool *end);
	/* Puts n of them, at most as many as are pending, to `to`. */
	void (*take)(void *owner, char *to, size_t n);
	/* A frame has left: perhaps there is more now. The owner may let go. */
	void (*sent)(void *owner);
	/* The stream is no more: reset by the client, or the connection has ended. The owner has let go with that. */
	void (*gone)(void *owner);
	/* For the log: what a client did wrong. */
	void (*complain)(void *user, const char *what);
};

/* NULL: no memory. */
struct rs_h2 *rs_h2_new(const struct rs_h2_settings *s, const struct rs_h2_handlers *handlers, void *user);
/* Every stream that has an owner is gone first. */
void rs_h2_free(struct rs_h2 *h);

/* Received bytes, from the preface on. now_ms: any clock that does not go back. */
void rs_h2_receive(struct rs_h2 *h, const char *p, size_t n, int64_t now_ms);
/* Appends frames to out until there are `most` bytes, or a frame more. false: no memory, or worse; the connection is to be closed. */
bool rs_h2_send(struct rs_h2 *h, struct rs_buf *out, size_t most);
/* rs_h2_send() would put something. */
bool rs_h2_has_more(const struct rs_h2 *h);
/* Nothing is to be received or sent any more: close it. */
bool rs_h2_over(const struct rs_h2 *h);
/* false: so much waits to be sent in answer to what has come that no more should be read. */
bool rs_h2_hungry(const struct rs_h2 *h);
/* The stream whose head is on its way, 0: none. While it is no other frame can come. */
int32_t rs_h2_in_head(const struct rs_h2 *h);

/* No more streams after those that the client has begun before it hears of it; then rs_h2_go_away(). */
void rs_h2_wind_down(struct rs_h2 *h);
/* No more streams from now on; those that are here go on, then it is over. */
void rs_h2_go_away(struct rs_h2 *h);

/* Asks f of each stream that has an owner; f may let go of that one. */
void rs_h2_each(struct rs_h2 *h, void (*f)(void *owner));

/* The number of a stream on its connection. */
int32_t rs_h2_id(const struct rs_h2_stream *s);
/* Who is asked about the stream from now on. */
void rs_h2_own(struct rs_h2_stream *s, void *owner);

/* ---- answers -------------------------------------------------------------------------------------------------- */

/*
 * The head of an answer, or an interim one (1xx); its lines are checked. *framing: what is to be done with its body. false: no memory.
 */
bool rs_h2_answer(struct rs_h2_stream *s, const struct rs_http_response *head, enum rs_http_framing *framing) RS_MUST_CHECK;
/* Fields behind the body, as a checked block; before its end is told. false: no memory. */
bool rs_h2_trailers(struct rs_h2_stream *s, struct rs_slice block) RS_MUST_CHECK;
/* There is more to take, or the end. */
void rs_h2_more(struct rs_h2_stream *s);
/*
 * The owner has nothing to do with it any more. whole: the answer is complete, what was not sent of its frames is still sent; else the
 * client is told that it is not.
 */
void rs_h2_let_go(struct rs_h2_stream *s, bool whole);

#endif
