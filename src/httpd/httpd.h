/*
 * The server's end of one HTTP/1.1 or WebSocket connection, for a PHP process that has the socket itself: Coroutine\Http\Server.
 * Heads, bodies and frames are those of the reactor (src/http, src/ws); how to wait is the socket's (client/client_wait.h), so one
 * coroutine serves a connection from its first byte to its end, and the next request is not read before this one is answered.
 *
 * A client may send whatever it likes: rs_httpd_next() answers what is no request by itself, and every wait has a limit.
 */
#ifndef RS_HTTPD_H
#define RS_HTTPD_H

#include <stdlib.h>
#include <sys/queue.h>

#include "client/client_socket.h"
#include "worker/server.h"
#include "ws/ws_handshake.h"
#include "ws/ws_stream.h"

/* What a slow start costs. */
#define RS_HTTPD_GRACE_MS 20000

/* Of a server; the same for all of its connections, and constant while one of them lives. */
struct rs_httpd_rules {
	size_t head_max, fields_max;   /* bytes, fields of a head */
	uint64_t body_max;             /* bytes of a body, and of a WebSocket message */
	uint64_t memory_max;           /* a longer body lies in an unlinked file of spool_dir */
	const char *spool_dir;
	int64_t head_ms;               /* for a whole head; also from the connection to its first byte */
	int64_t body_ms;               /* between two pieces of a body */
	int64_t idle_ms;               /* between two requests; 0: every connection is for one request */
	int64_t send_ms;               /* until the client takes some more of an answer */
	/* Bytes a second on average, once RS_HTTPD_GRACE_MS are over: of a body, of what is sent in one piece. 0: any */
	uint64_t body_rate, send_rate;
	/* WebSocket */
	const char *protocols;         /* ours, with commas; "": none */
	uint64_t queue_max;            /* bytes that wait while another coroutine writes */
	bool hand_ping, hand_pong;     /* the application wants to see them */
	bool deflate, mask;
	const char *server;            /* the Server line of our own answers; "": none */
	void (*complain)(const char *why); /* about a mistake of the application, constant text */
};

/* What a request says about becoming a WebSocket, kept after the request itself. */
struct rs_httpd_offer {
	enum rs_ws_verdict verdict;
	struct rs_ws_refusal no;
	char key[RS_WS_KEY_LEN], protocol[128];
	uint8_t key_n, protocol_n, deflate;
	bool deflate_bits_said;
};

struct rs_httpd_ws;

/* Owner: who serves the connection, by rs_httpd_init() and rs_httpd_fini(). Outside of src/httpd: read only. */
struct rs_httpd {
	struct rs_sock *sock;          /* not ours; connected, its TLS established */
	const struct rs_httpd_rules *rules;
	struct rs_sock_name remote, local;
	struct rs_buf in;              /* received, not consumed */
	size_t scanned;                /* of rs_http_parse() */
	bool keep;                     /* another request may come after this one */
	bool idle, stopping;           /* it waits for a request; no other one is wanted */
	bool gone;                     /* the client is, or must be: nothing more can be said */
	int body_error;                /* errno of a file for a body; 0: there was none */
	/* the request that is being answered */
	uint8_t minor;
	bool head_method, started, ended;
	uint8_t framing;               /* enum rs_http_framing of the answer */
	uint64_t left;                 /* RS_HTTP_LENGTH: bytes still to be sent */
	struct rs_httpd_offer offer;
	struct rs_httpd_ws *ws;        /* NULL: HTTP */
};

void rs_httpd_init(struct rs_httpd *h, struct rs_sock *sock, const struct rs_httpd_rules *rules);
/* Says what is to be said at the end (a close frame), and lets the client read it. Waits; the socket stays open. */
void rs_httpd_part(struct rs_httpd *h);
/* Frees; nobody waits in it any more. */
void rs_httpd_fini(struct rs_httpd *h);

/*
 * Reads the next request, with all of its body. false: there is none: the client has left, was refused (with an answer), or has waited
 * for too long; or this was the last one.
 */
bool rs_httpd_next(struct rs_httpd *h, struct rs_server_request **out) RS_MUST_CHECK;
/* Nothing after the request that is being answered; who waits for one is woken. A WebSocket is told to go. */
void rs_httpd_stop(struct rs_httpd *h);

/* ---- answers ------------------------------------------------------------------------------------------------------------- */

/* a->httpd is the connection. What the application must not say is answered 500, and logged. RS_SERVER_CLOSED: nobody will read it. */
extern const struct rs_answer_way rs_httpd_answer_way;
/* A page of our own, unless an answer has begun. lines: more header lines. */
void rs_httpd_answer(struct rs_httpd *h, unsigned status, const char *lines);
/* The application is through and has not ended its answer: 500 without a body, or the end of what it has begun. */
void rs_httpd_settle(struct rs_httpd *h);

/* ---- WebSocket ------------------------------------------------------------------------------------------------------------- */

/* Answers 101 with these lines of the application. false: it was no good handshake (answered), or the client is gone. */
bool rs_httpd_upgrade(struct rs_httpd *h, struct rs_slice lines) RS_MUST_CHECK;
/* Window bits of what is pushed compressed; 0: that was not agreed on. */
unsigned rs_httpd_deflate(const struct rs_httpd *h);

/* A message, or a control frame that is to be seen; opcode, flags, code as in struct rs_ws_event. The caller's, for rs_httpd_message_free(). */
struct rs_httpd_message {
	STAILQ_ENTRY(rs_httpd_message) next;
	uint8_t opcode, flags;
	uint16_t code;
	size_t n;
	char data[];
};
static inline void rs_httpd_message_free(struct rs_httpd_message *m)
{
	free(m);
}

/* RS_DONE: the connection is over. RS_ERR: h->sock->error: ETIMEDOUT (it lives on), EPROTO (a rule was broken), others. */
enum rs_result rs_httpd_recv(struct rs_httpd *h, int64_t timeout_ms, struct rs_httpd_message **out) RS_MUST_CHECK;
/* Returns when it has left, or another coroutine will take it along. A close frame begins the end. */
enum rs_server_result rs_httpd_push(struct rs_httpd *h, unsigned opcode, unsigned flags, struct rs_slice payload);

#endif
