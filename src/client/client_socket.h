/*
 * A socket as the clients of PHP use it: opened, connected, read and written with a time limit, whoever waits and however
 * (client_wait.h). Plain or TLS. The fd never blocks by itself. Runs in PHP processes.
 *
 * A struct rs_sock lies in its owner; zeroed and then rs_sock_init()ed it is a closed one. Every function that fails leaves
 * the reason in s->error: an errno, or a number of the server API (client_tls.h, client_resolve.h). A time limit that passed
 * is ETIMEDOUT, a wait that somebody ended ECANCELED. timeout_ms < 0: no limit. Limits count from the call unless told
 * otherwise.
 */
#ifndef RS_CLIENT_SOCKET_H
#define RS_CLIENT_SOCKET_H

#include <sys/types.h>

#include "client/client_address.h"
#include "client/client_tls.h"
#include "client/client_wait.h"

/* Numbers of the server API. */
enum rs_sock_error {
	RS_SOCK_CLOSED = 6001, /* by somebody else, while waiting */
	RS_SOCK_BUSY = 10002,  /* somebody else is reading or writing */
};

struct rs_sock {
	int fd;                       /* -1: closed */
	int family, type, protocol;   /* AF_*, SOCK_*, IPPROTO_* or 0 */
	int error;                    /* of the last call that failed */
	size_t at_once;               /* bytes received since it last waited for some */
	unsigned busy;                /* RS_WATCH_READ, RS_WATCH_WRITE: somebody is in there, perhaps waiting */
	bool closing;                 /* closed while busy: the last one to leave closes */
	const char *why;              /* more than the number says, or NULL; constant text */
	char *why_owned;              /* the same when it is not constant; why points to it. rs_sock_close() frees it */
	struct rs_tls *tls;           /* NULL: plain */
	rs_wait_fn *wait;
	void *wait_arg;
};

/* ---- life (client_socket.c) ------------------------------------------------------------------------------------- */

/* Closed, waiting by blocking. */
void rs_sock_init(struct rs_sock *s);
bool rs_sock_open(struct rs_sock *s, int family, int type, int protocol) RS_MUST_CHECK;
/* Takes over an fd, whose family and type the kernel knows. false: it is no socket; the fd is still the caller's. */
bool rs_sock_adopt(struct rs_sock *s, int fd) RS_MUST_CHECK;
/* The other direction of a pair; out[] are open and waiting by blocking. false: errno. */
bool rs_sock_pair(struct rs_sock out[2], int family, int type, int protocol) RS_MUST_CHECK;
/*
 * With TLS says good-bye, as far as that goes without waiting. Closed already: nothing. wait and wait_arg stay. Who is in
 * there is woken and fails with RS_SOCK_CLOSED.
 */
void rs_sock_close(struct rs_sock *s);
/*
 * A wait may let others run who hold the same socket. An owner that allows it brackets what reads or writes: one at a time in
 * each direction. false: RS_SOCK_BUSY, RS_SOCK_CLOSED, or EBADF when it is not open.
 */
bool rs_sock_enter(struct rs_sock *s, unsigned directions) RS_MUST_CHECK;
void rs_sock_leave(struct rs_sock *s, unsigned directions);
/* SHUT_RD, SHUT_WR, SHUT_RDWR. */
bool rs_sock_shutdown(struct rs_sock *s, int how);

bool rs_sock_bind(struct rs_sock *s, const struct rs_sock_addr *a);
bool rs_sock_listen(struct rs_sock *s, int backlog);
/* The new one waits like s. */
bool rs_sock_accept(struct rs_sock *s, struct rs_sock *out, int64_t timeout_ms);

bool rs_sock_local(struct rs_sock *s, struct rs_sock_addr *out);
bool rs_sock_remote(struct rs_sock *s, struct rs_sock_addr *out);
/* Neither closed nor broken as far as the kernel knows now; unread bytes are fine. */
bool rs_sock_alive(struct rs_sock *s);
/* Waits for events; what a socket of TLS has inside counts as readable. */
bool rs_sock_wait(struct rs_sock *s, unsigned events, int64_t timeout_ms);

/* setsockopt() and getsockopt(); *n as there. */
bool rs_sock_set(struct rs_sock *s, int level, int name, const void *value, size_t n);
bool rs_sock_get(struct rs_sock *s, int level, int name, void *value, size_t *n);
bool rs_sock_set_int(struct rs_sock *s, int level, int name, int value);

/* ---- connecting (client_connect.c) ------------------------------------------------------------------------------ */

/* RS_OK; RS_AGAIN: started, and timeout_ms is 0 (what became of it: rs_sock_connected() once writable); RS_ERR. */
enum rs_result rs_sock_connect(struct rs_sock *s, const struct rs_sock_addr *a, int64_t timeout_ms) RS_MUST_CHECK;
/* What became of a connect that was started. */
bool rs_sock_connected(struct rs_sock *s) RS_MUST_CHECK;
/*
 * Every address a host has in the socket's family, in turn, all within the limit. *remote is the one it connected to, or
 * tried last. AF_UNIX: host is the path. at_once: only looking up the name waits; RS_AGAIN: started with the first one.
 */
enum rs_result rs_sock_connect_host(struct rs_sock *s, struct rs_slice host, int port, int64_t timeout_ms, bool at_once,
				    struct rs_sock_addr *remote) RS_MUST_CHECK;
/* The first address of a host, an IP or a name. */
bool rs_sock_lookup(struct rs_sock *s, struct rs_slice host, int port, int64_t timeout_ms, struct rs_sock_addr *out)
	RS_MUST_CHECK;
/* Shakes hands; with conf->verify_peer also looks who it is. Failed: the socket is of no more use. */
bool rs_sock_start_tls(struct rs_sock *s, const struct rs_tls_conf *conf, int64_t timeout_ms) RS_MUST_CHECK;
/* The server's end of it. Failed: as above. */
struct rs_tlsctx;
bool rs_sock_accept_tls(struct rs_sock *s, struct rs_tlsctx *ctx, int64_t timeout_ms) RS_MUST_CHECK;
/* The same as the client's in steps, for who has a loop: begin once, then step until it is not RS_AGAIN, which says what to wait for. */
bool rs_sock_tls_begin(struct rs_sock *s, const struct rs_tls_conf *conf) RS_MUST_CHECK;
enum rs_result rs_sock_tls_step(struct rs_sock *s, const struct rs_tls_conf *conf, unsigned *events) RS_MUST_CHECK;

/* ---- bytes (client_io.c) ---------------------------------------------------------------------------------------- */

/* Some bytes, as the kernel gives them; 0: the end (of a stream); -1. flags: MSG_PEEK, MSG_DONTWAIT, MSG_OOB. */
ssize_t rs_sock_recv(struct rs_sock *s, void *p, size_t n, int flags, int64_t timeout_ms);
/* As many as can be had before the end; fewer: the end, or *failed and s->error. The limit is for each piece. */
size_t rs_sock_recv_all(struct rs_sock *s, void *p, size_t n, int64_t timeout_ms, bool *failed);
ssize_t rs_sock_recvfrom(struct rs_sock *s, void *p, size_t n, int flags, int64_t timeout_ms, struct rs_sock_addr *from);
/* Some of them. */
ssize_t rs_sock_send(struct rs_sock *s, const void *p, size_t n, int flags, int64_t timeout_ms);
/* All; what it returns has gone out, fewer than n: s->error. The limit is for each piece. */
size_t rs_sock_send_all(struct rs_sock *s, const void *p, size_t n, int flags, int64_t timeout_ms);
ssize_t rs_sock_sendto(struct rs_sock *s, const void *p, size_t n, const struct rs_sock_addr *to, int64_t timeout_ms);
/* Opens a regular file to send that much of; *length 0 becomes the rest. -1: s->error. The fd is the caller's. */
int rs_sock_open_file(struct rs_sock *s, const char *path, uint64_t offset, uint64_t *length);
/* length 0: to the end of the file. The limit is for each piece. */
bool rs_sock_sendfile(struct rs_sock *s, const char *path, uint64_t offset, uint64_t length, int64_t timeout_ms);

/* The same of a file that is open, which stays the caller's; length as it is. */
bool rs_sock_sendfd(struct rs_sock *s, int file, uint64_t offset, uint64_t length, int64_t timeout_ms);

/* ---- for the files above ---------------------------------------------------------------------------------------- */

/* Notes the reason; false. */
bool rs_sock_fail(struct rs_sock *s, int error);
bool rs_sock_fail_why(struct rs_sock *s, int error, const char *why);

#endif
