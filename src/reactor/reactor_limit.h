/*
 * What one address may have of us: connections at one time (limit_conn), requests in a time (limit_req). An address is an IPv4 address
 * or an IPv6 /64, which is what one customer gets. Who is in trusted_proxies, and a Unix socket, has no limit: there the client counts that
 * the proxy speaks for. Its requests are counted as those of others; as connections count the requests that are in work for it, a WebSocket
 * until it ends.
 *
 * Requests are a leaky bucket as nginx counts them: each is 1000, `rate` of it leaks in a second, more than `burst` in it is too much.
 * Nothing is delayed.
 */
#ifndef RS_REACTOR_LIMIT_H
#define RS_REACTOR_LIMIT_H

#include "base/rs_base.h"

struct rs_conn;
struct rs_limit_entry;
struct rs_reactor;
struct rs_req;

/* Zeroed it is valid and empty. Memory of a fixed size, allocated when a limit is first configured; it only grows. */
struct rs_limit {
	struct rs_limit_entry *entry; /* [0]: head of the ring of those without connections, oldest last */
	uint32_t *bucket;             /* first entry of each hash, 0: none */
	uint32_t cap, n, nbuckets;    /* entries there may be, and are; a power of two */
	uint64_t seed[2];             /* so that nobody can choose addresses that collide */
	int64_t rate;                 /* limit_req: thousandths of a request in a second; 0: no limit */
	uint64_t conns, requests;     /* refused, ever */
	int64_t complained_ms;
};

/* ---- the table: no reactor needed ---------------------------------------------------------------------- */

/* Room for so many addresses at one time; what is in it stays, with its places. false: no memory, nothing changed. */
bool rs_limit_reserve(struct rs_limit *l, uint32_t addresses) RS_MUST_CHECK;
void rs_limit_fini(struct rs_limit *l);
/*
 * Place of an address (text of an IP), made when it is new: the one without connections that was silent for longest makes way. 0: not
 * an IP, or all have connections.
 */
uint32_t rs_limit_place(struct rs_limit *l, const char *address);
/* One more connection of it, and one less. Places stay the address's while it has connections. */
uint32_t rs_limit_hold(struct rs_limit *l, uint32_t at);
void rs_limit_drop(struct rs_limit *l, uint32_t at);
/* A request now; rate: thousandths of a request in a second. false: too much, and not counted. */
bool rs_limit_take(struct rs_limit *l, uint32_t at, int64_t rate, int64_t burst, int64_t now_ms);

/* ---- in the reactor ------------------------------------------------------------------------------------ */

/* After CONF. */
void rs_limit_configure(struct rs_reactor *r);

/*
 * c has begun, and the address of its client is known: once for each connection, or once more when the first was a trusted proxy's.
 * false: there are too many of that address, c is answered or closed.
 */
bool rs_limit_admit(struct rs_conn *c) RS_MUST_CHECK;
/* c is being closed. */
void rs_limit_conn_gone(struct rs_conn *c);
/* A request has begun. 0: it may go on; else the status that is its answer, or RS_LIMIT_SILENT. */
unsigned rs_limit_request(struct rs_req *q) RS_MUST_CHECK;
/* The request that c carried is answered; c may carry those of others. */
void rs_limit_answered(struct rs_conn *c);

#endif
