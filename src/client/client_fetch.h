/*
 * Requests of HTTP/1.1 over one connection of a client, and their answers: connecting (also through proxies), sending, reading,
 * and whether the connection can be used again. What a request says is the caller's; answers go to a sink as they come.
 *
 * Waits as its socket does (client_wait.h). One call at a time: the owner sees to it.
 */
#ifndef RS_CLIENT_FETCH_H
#define RS_CLIENT_FETCH_H

#include "client/client.h"
#include "http/http_answer.h"

/* Number of the server API: what came is no HTTP. */
#define RS_FETCH_PROTOCOL 7102

/* How it went; values of the server API (SWOOLE_HTTP_CLIENT_ESTATUS_*). The reason stands in sock.error. */
enum rs_fetch_end {
	RS_FETCH_OK = 0,
	RS_FETCH_CONNECT = -1,
	RS_FETCH_TIMEOUT = -2,
	RS_FETCH_RESET = -3,   /* closed or reset, or what came is no HTTP */
	RS_FETCH_SEND = -4,
};

struct rs_fetch {
	struct rs_client c;
	char *host;            /* owned: a name, an IP without brackets, or a path */
	int port;
	bool path, tls;        /* host is a Unix socket's; https */
	bool forward;          /* connected to a proxy that takes absolute targets */
	unsigned answered;     /* whole answers on this connection */
	bool heard;            /* anything of the answer that is waited for */
	bool upgraded;         /* it has become something else than HTTP */
};

/* host: as users write it: "unix:/path", "unix://path", a name, an IP, with or without brackets. false: no memory. */
bool rs_fetch_init(struct rs_fetch *f, struct rs_slice host, int port, bool tls, rs_wait_fn *wait) RS_MUST_CHECK;
void rs_fetch_free(struct rs_fetch *f);
/* Of a host that rs_fetch_init() would take. */
bool rs_fetch_host_ok(struct rs_slice host);

bool rs_fetch_is_open(const struct rs_fetch *f);
/* Open, nothing unread, and as far as the kernel knows still there. What is dead is closed. */
bool rs_fetch_reusable(struct rs_fetch *f);
void rs_fetch_close(struct rs_fetch *f);

/* Would requests go to a proxy that takes absolute targets? */
bool rs_fetch_forwards(const struct rs_fetch *f, const struct rs_client_conf *conf, bool tunnel);
/* tunnel: through an HTTP proxy even without TLS, for what will not be HTTP. It must be closed. */
enum rs_fetch_end rs_fetch_connect(struct rs_fetch *f, const struct rs_client_conf *conf, bool tunnel) RS_MUST_CHECK;

/* Of a request: bytes, or a piece of a file (length 0: to its end). */
struct rs_fetch_part {
	struct rs_slice bytes;
	const char *file;      /* NULL: bytes */
	uint64_t offset, length;
};

/* After a failure the answer may be there nevertheless: rs_fetch_receive() will tell. */
enum rs_fetch_end rs_fetch_send(struct rs_fetch *f, const struct rs_client_conf *conf, const struct rs_fetch_part *parts, size_t n)
	RS_MUST_CHECK;

/* Where an answer goes. false: enough, the connection is closed; the reason is the sink's. */
struct rs_fetch_sink {
	bool (*head)(void *arg, const struct rs_http_answer *a);
	bool (*body)(void *arg, struct rs_slice piece); /* never empty */
	void *arg;
};

struct rs_fetch_question {
	bool head_method;      /* it was HEAD */
	bool upgrade;          /* 101 is an answer; else it is a mistake */
	int64_t timeout_ms;    /* of the whole answer; < 0: none */
};

/* The final answer; those before it (1xx) are passed over. Closes when the connection cannot be used again. */
enum rs_fetch_end rs_fetch_receive(struct rs_fetch *f, const struct rs_fetch_question *q, const struct rs_fetch_sink *sink)
	RS_MUST_CHECK;

#endif
