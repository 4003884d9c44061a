/*
 * One connection of a client as Swoole\Client and Coroutine\Client show it: kind, settings, whole packages, a name for the
 * cache of kept ones. The classes differ only in how they wait (client_wait.h) and in how they tell failures. While one call
 * waits another may come: one that reads and one that writes at a time, rs_sock_enter().
 */
#ifndef RS_CLIENT_H
#define RS_CLIENT_H

#include <sys/queue.h>

#include "client/client_proxy.h"
#include "client/client_socket.h"
#include "packet/packet.h"

/* SWOOLE_SOCK_*. */
enum rs_client_kind {
	RS_CLIENT_TCP = 1, RS_CLIENT_UDP, RS_CLIENT_TCP6, RS_CLIENT_UDP6, RS_CLIENT_UNIX_STREAM, RS_CLIENT_UNIX_DGRAM,
};

/* Settings, checked. rs_client_conf_init(), then set fields (strings are malloc()ed), then rs_client_conf_free(). */
struct rs_client_conf {
	int64_t connect_ms, read_ms, write_ms; /* -1: no limit */
	char *bind_address;
	int bind_port;
	int socket_buffer_size;                /* 0: the kernel's */
	bool tcp_nodelay, tcp_keepalive;
	int tcp_keepidle, tcp_keepinterval, tcp_keepcount; /* seconds, seconds, times; 0: the kernel's */
	struct rs_packet_conf packet;
	struct rs_tls_conf tls;
	struct rs_proxy_conf proxy;
};

#define RS_CLIENT_TIMEOUT_MS 500
#define RS_CLIENT_NAME_MAX 256 /* of a host, with its NUL */

struct rs_client {
	struct rs_sock sock;
	enum rs_client_kind kind;
	bool want_tls;
	bool opening;                 /* somebody is in rs_client_connect() */
	bool connecting;              /* begun without waiting, not known yet what became of it */
	struct rs_sock_addr remote;   /* where send() sends datagrams; len 0: nowhere */
	struct rs_sock_addr heard;    /* who sent the last datagram */
	struct rs_packet packet;
	struct rs_buf in;             /* bytes not handed on yet; only with framing */
	unsigned reused;              /* times it came out of the cache */
};

void rs_client_conf_init(struct rs_client_conf *conf);
void rs_client_conf_free(struct rs_client_conf *conf);

/* false: there is no such kind. */
bool rs_client_kind_known(int kind);
bool rs_client_is_stream(const struct rs_client *c);
bool rs_client_is_tcp(const struct rs_client *c);

void rs_client_init(struct rs_client *c, enum rs_client_kind kind, bool want_tls);
/* Has it a socket? */
bool rs_client_is_open(const struct rs_client *c);
/* Could it send now, as far as is known without waiting? */
bool rs_client_is_connected(struct rs_client *c);
void rs_client_close(struct rs_client *c);
/* Ends what rs_sock_enter() began. */
void rs_client_leave(struct rs_client *c, unsigned directions);

/*
 * at_once: a stream is only begun to connect; a datagram socket is connected for real, so that it hears its peer alone.
 * Without it a datagram socket only keeps the address. false: c->sock.error, and c is closed.
 */
bool rs_client_connect(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int port, bool at_once)
	RS_MUST_CHECK;
/*
 * TLS on a connected stream. host: whose name to expect when the settings have none. What the peer said before is forgotten: it
 * may not be the peer's. false: as above, and closed.
 */
bool rs_client_start_tls(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host) RS_MUST_CHECK;
/* Opens a datagram socket that is connected to nothing, unless it is open. */
bool rs_client_open_datagram(struct rs_client *c, const struct rs_client_conf *conf) RS_MUST_CHECK;

/* For who connects by himself (client_async.c): the socket, with its options and its own address, connected to nothing. */
bool rs_client_open(struct rs_client *c, const struct rs_client_conf *conf) RS_MUST_CHECK;
int rs_client_family(const struct rs_client *c);
/* The settings of TLS with the name to expect, which may lie in name. */
void rs_client_tls_conf(const struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host,
			struct rs_tls_conf *out, char name[RS_CLIENT_NAME_MAX]);

/* All of it; with MSG_DONTWAIT what goes now. -1: c->sock.error; part of it may have gone. */
ssize_t rs_client_send(struct rs_client *c, const struct rs_client_conf *conf, const void *p, size_t n, int flags) RS_MUST_CHECK;
/* One datagram to whom it may concern. */
bool rs_client_sendto(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int port, const void *p,
		      size_t n) RS_MUST_CHECK;
/* A stream's. length 0: to the end of the file. */
bool rs_client_sendfile(struct rs_client *c, const struct rs_client_conf *conf, const char *path, uint64_t offset,
			uint64_t length) RS_MUST_CHECK;
/*
 * Up to n bytes, or one datagram. MSG_WAITALL: n bytes; fewer at the end, or when the limit passed meanwhile. 0: the end. -1:
 * c->sock.error. Flags that make no sense here (MSG_TRUNC would count bytes that are not there) are left out.
 */
ssize_t rs_client_recv(struct rs_client *c, const struct rs_client_conf *conf, void *p, size_t n, int flags,
		       int64_t timeout_ms);
/*
 * One package as conf->packet says. RS_OK: *out lies in c->in, for the caller to copy and then rs_buf_consume(). RS_DONE: the
 * peer has ended. RS_ERR: c->sock.error; what is 1200 and above (enum rs_packet_error) is the stream's fault, for good.
 */
enum rs_result rs_client_recv_package(struct rs_client *c, const struct rs_client_conf *conf, int64_t timeout_ms,
				      struct rs_slice *out) RS_MUST_CHECK;
/* The same between rs_sock_enter() and rs_client_leave(), for who has entered himself. */
enum rs_result rs_client_next_package(struct rs_client *c, const struct rs_client_conf *conf, int64_t timeout_ms,
				      struct rs_slice *out) RS_MUST_CHECK;
/* Is a whole package there already, without reading? Without framing: any byte. */
bool rs_client_has_package(struct rs_client *c, const struct rs_client_conf *conf);

/* Waits for what becomes of a connect that was begun at once. false: c->sock.error. For the files of this struct. */
bool rs_client_settle(struct rs_client *c, int64_t timeout_ms) RS_MUST_CHECK;

/* ---- connections that are kept for later (client_cache.c) -------------------------------------------------------- */

#define RS_CLIENT_KEPT_MAX 256

struct rs_client_kept;
TAILQ_HEAD(rs_client_kept_list, rs_client_kept);

/* Zeroed: empty. Of the process that first used it: a child forgets what its parent kept, without a word to the peers. */
struct rs_client_cache {
	struct rs_client_kept_list list; /* oldest first */
	unsigned n;
	pid_t owner;                     /* 0: not used yet */
};

/* Takes over an open connection; the oldest goes when there are too many. */
void rs_client_cache_put(struct rs_client_cache *all, const char *key, struct rs_client *c);
/* A kept one that still lives. false: none. *out waits by blocking, and nothing is left of the framing it had. */
bool rs_client_cache_take(struct rs_client_cache *all, const char *key, struct rs_client *out);
/* Closes them all. */
void rs_client_cache_free(struct rs_client_cache *all);

#endif
