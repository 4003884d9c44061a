/*
 * What the files of src/httpd share. Nobody else includes this.
 */
#ifndef RS_HTTPD_PRIVATE_H
#define RS_HTTPD_PRIVATE_H

#include "httpd/httpd.h"

/* Some more bytes into h->in, at most `room`. RS_DONE: the client will send no more. RS_ERR: h->sock->error. */
enum rs_result rs_httpd_more(struct rs_httpd *h, size_t room, int64_t timeout_ms) RS_MUST_CHECK;
/* All n bytes. more: others follow at once. Between rs_sock_enter() and leave. false: the client is gone. */
bool rs_httpd_send(struct rs_httpd *h, const char *p, size_t n, bool more) RS_MUST_CHECK;

/*
 * How long a client that has moved n bytes since began_ms may pause: until it is too slow on average, pause_ms at most. 0: it is, and only
 * what is there already counts. began_ms of rs_now_ms(); pause_ms < 0, rate 0: no limit.
 */
int64_t rs_httpd_patience(int64_t began_ms, uint64_t n, uint64_t rate, int64_t pause_ms);

/* How long a body is, as its head said. */
struct rs_httpd_extent {
	bool chunked, expect_continue;
	uint64_t length;
};
/* Reads a body into q. 0: all of it is there; else the status to refuse with, with h->gone when nobody will read it. */
unsigned rs_httpd_read_body(struct rs_httpd *h, const struct rs_httpd_extent *extent, struct rs_server_request *q) RS_MUST_CHECK;

/* A close frame, when there was none; frees what a WebSocket has. */
void rs_httpd_ws_goodbye(struct rs_httpd *h, unsigned code);
void rs_httpd_ws_free(struct rs_httpd *h);

#endif
