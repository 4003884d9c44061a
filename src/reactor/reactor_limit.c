/*
 * Limits for each address: a hash table of fixed size. Those that have connections stay; of the others the one that was silent for
 * longest makes way for a new one. Runs in the reactor, twice in the life of a connection and once for each request: no allocation.
 */
#include "reactor/reactor_limit.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_wire.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/random.h>

/* Addresses that are remembered beside those that have connections. */
#define RECENT 16384u
/* Connections above the limit that are told so; more are just closed, so that refusals do not fill the place that is limited. */
#define TOLD_MAX 8u
/* A refusal is logged at most so often. */
#define COMPLAIN_MS 1000
/* A bucket is empty after so long at any rate; bounds the arithmetic. */
#define FORGET_MS (24 * 3600 * 1000)
#define REQUEST 1000 /* of a bucket */

struct rs_limit_entry {
	uint64_t key;         /* IPv4 address, or upper half of an IPv6 address */
	bool v6;
	uint32_t conns;
	uint32_t hash_next;   /* 0: end */
	uint32_t older, newer; /* in the ring, while conns is 0 */
	int64_t excess, at_ms; /* of the bucket; at_ms 0: no request yet */
};

/* ---- hash ------------------------------------------------------------------------------------------------ */

static uint32_t *bucket_of(const struct rs_limit *l, uint64_t key, bool v6)
{
	uint64_t x = (key ^ l->seed[0]) + v6;

	x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
	x = ((x ^ x >> 33) + l->seed[1]) * UINT64_C(0xc4ceb9fe1a85ec53);
	return &l->bucket[(x ^ x >> 33) & (l->nbuckets - 1)];
}

static void hash_put(struct rs_limit *l, uint32_t at)
{
	uint32_t *b = bucket_of(l, l->entry[at].key, l->entry[at].v6);

	l->entry[at].hash_next = *b;
	*b = at;
}

static void hash_remove(struct rs_limit *l, uint32_t at)
{
	uint32_t *p = bucket_of(l, l->entry[at].key, l->entry[at].v6);

	while (*p != at)
		p = &l->entry[*p].hash_next;
	*p = l->entry[at].hash_next;
}

/* ---- ring ------------------------------------------------------------------------------------------------ */

static void ring_remove(struct rs_limit *l, uint32_t at)
{
	struct rs_limit_entry *e = &l->entry[at];

	l->entry[e->newer].older = e->older;
	l->entry[e->older].newer = e->newer;
}

static void ring_put(struct rs_limit *l, uint32_t at)
{
	struct rs_limit_entry *e = &l->entry[at], *head = &l->entry[0];

	e->newer = 0;
	e->older = head->older;
	l->entry[head->older].newer = at;
	head->older = at;
}

/* ---- table ------------------------------------------------------------------------------------------------- */

bool rs_limit_reserve(struct rs_limit *l, uint32_t addresses)
{
	struct rs_limit_entry *entry;
	uint32_t *bucket, nbuckets = 64;

	if (addresses <= l->cap)
		return true;
	while (nbuckets < addresses)
		nbuckets *= 2;
	/* Fresh zeroed pages: what is never used costs nothing. */
	entry = calloc((size_t)addresses + 1, sizeof *entry);
	bucket = calloc(nbuckets, sizeof *bucket);
	if (!entry || !bucket || (!l->cap && getrandom(l->seed, sizeof l->seed, 0) != sizeof l->seed)) {
		free(entry);
		free(bucket);
		return false;
	}
	if (l->entry)
		memcpy(entry, l->entry, ((size_t)l->n + 1) * sizeof *entry);
	free(l->entry);
	free(l->bucket);
	l->entry = entry;
	l->bucket = bucket;
	l->cap = addresses;
	l->nbuckets = nbuckets;
	for (uint32_t at = 1; at <= l->n; at++)
		hash_put(l, at);
	return true;
}

void rs_limit_fini(struct rs_limit *l)
{
	free(l->entry);
	free(l->bucket);
	*l = (struct rs_limit){ 0 };
}

static bool parse_key(const char *address, uint64_t *key, bool *v6)
{
	unsigned char b[16];

	*key = 0;
	*v6 = strchr(address, ':') != NULL;
	if (inet_pton(*v6 ? AF_INET6 : AF_INET, address, b) != 1)
		return false;
	for (unsigned i = 0; i < (*v6 ? 8u : 4u); i++)
		*key = *key << 8 | b[i];
	return true;
}

/* For a new address: one that was never used, else the one that was silent for longest. 0: all have connections. */
static uint32_t take_place(struct rs_limit *l)
{
	uint32_t at;

	if (l->n < l->cap)
		return ++l->n;
	at = l->entry[0].newer;
	if (at) {
		ring_remove(l, at);
		hash_remove(l, at);
	}
	return at;
}

uint32_t rs_limit_place(struct rs_limit *l, const char *address)
{
	uint64_t key;
	uint32_t at;
	bool v6;

	if (!l->cap || !parse_key(address, &key, &v6))
		return 0;
	for (at = *bucket_of(l, key, v6); at; at = l->entry[at].hash_next)
		if (l->entry[at].key == key && l->entry[at].v6 == v6)
			break;
	if (at) {
		if (!l->entry[at].conns) {
			ring_remove(l, at);
			ring_put(l, at);
		}
		return at;
	}
	at = take_place(l);
	if (!at)
		return 0;
	l->entry[at] = (struct rs_limit_entry){ .key = key, .v6 = v6 };
	hash_put(l, at);
	ring_put(l, at);
	return at;
}

uint32_t rs_limit_hold(struct rs_limit *l, uint32_t at)
{
	if (l->entry[at].conns == 0)
		ring_remove(l, at);
	return ++l->entry[at].conns;
}

void rs_limit_drop(struct rs_limit *l, uint32_t at)
{
	RS_ASSERT(at && at <= l->n && l->entry[at].conns > 0);
	if (--l->entry[at].conns == 0)
		ring_put(l, at);
}

bool rs_limit_take(struct rs_limit *l, uint32_t at, int64_t rate, int64_t burst, int64_t now_ms)
{
	struct rs_limit_entry *e = &l->entry[at];
	int64_t past = now_ms - e->at_ms, excess = 0;

	if (e->at_ms) {
		past = past < 0 ? 0 : past > FORGET_MS ? FORGET_MS : past;
		excess = e->excess - rate * past / 1000 + REQUEST;
	}
	if (excess < 0)
		excess = 0;
	if (excess > burst * REQUEST)
		return false;
	e->excess = excess;
	e->at_ms = now_ms;
	return true;
}

/* ---- in the reactor ------------------------------------------------------------------------------------ */

static bool is_on(const struct rs_conf *conf)
{
	return conf->limit_conn || *conf->limit_req;
}

void rs_limit_configure(struct rs_reactor *r)
{
	if (!rs_conf_rate(r->conf->limit_req, &r->limit.rate))
		r->limit.rate = 0;
	if (is_on(r->conf) && !rs_limit_reserve(&r->limit, (uint32_t)r->conf->max_conn + RECENT))
		rs_error(r->log, "no memory for limit_conn and limit_req, they are not kept");
}

static void complain(struct rs_reactor *r, const char *client, const char *option, uint64_t total)
{
	int64_t now = rs_reactor_ms(r);

	if (r->limit.complained_ms && now - r->limit.complained_ms < COMPLAIN_MS)
		return;
	r->limit.complained_ms = now;
	rs_warnx(r->log, "client %s is above %s; %lu refused so far", client, option, (unsigned long)total);
}

static uint32_t place_of(struct rs_conn *c)
{
	if (!is_on(c->r->conf) || !c->remote[0] || rs_conn_trusted(c))
		return 0;
	return rs_limit_place(&c->r->limit, c->remote);
}

bool rs_limit_admit(struct rs_conn *c)
{
	const struct rs_conf *conf = c->r->conf;
	struct rs_limit *l = &c->r->limit;
	uint64_t n;

	RS_ASSERT(!c->limit_place);
	c->limit_place = place_of(c);
	if (!c->limit_place)
		return true;
	n = rs_limit_hold(l, c->limit_place);
	if (!conf->limit_conn || n <= (uint64_t)conf->limit_conn)
		return true;
	complain(c->r, c->remote, "limit_conn", ++l->conns);
	if (n > (uint64_t)conf->limit_conn + TOLD_MAX || conf->limit_conn_status == RS_LIMIT_SILENT ||
	    c->wire != &rs_wire_plain) /* before a handshake nothing can be said */
		rs_conn_close(c);
	else
		rs_send_error(c, (unsigned)conf->limit_conn_status, false);
	return false;
}

void rs_limit_conn_gone(struct rs_conn *c)
{
	if (c->limit_place)
		rs_limit_drop(&c->r->limit, c->limit_place);
	c->limit_place = 0;
	c->limit_lent = false;
}

/* Place of who asks; through a trusted proxy that is the client that it speaks for. 0: has no limit. */
static uint32_t place_of_client(const struct rs_req *q)
{
	struct rs_conn *c = q->conn;

	if (!rs_conn_trusted(c))
		return c->limit_place ? c->limit_place : place_of(c);
	if (!q->remote[0] || rs_conf_cidr_match(&c->r->conf->trusted_proxies, q->remote))
		return 0;
	return rs_limit_place(&c->r->limit, q->remote);
}

/* limit_conn behind a trusted proxy: c counts for the client whose request it carries. */
static bool lend(struct rs_conn *c, uint32_t at)
{
	struct rs_limit *l = &c->r->limit;
	const uint64_t most = (uint64_t)c->r->conf->limit_conn;

	if (!most)
		return true;
	if (rs_limit_hold(l, at) > most) {
		rs_limit_drop(l, at);
		return false;
	}
	c->limit_place = at;
	c->limit_lent = true;
	return true;
}

unsigned rs_limit_request(struct rs_req *q)
{
	struct rs_reactor *r = q->r;
	const struct rs_conf *conf = r->conf;
	struct rs_limit *l = &r->limit;
	struct rs_conn *c = q->conn;
	uint32_t at;

	if (!is_on(conf))
		return 0;
	/* A proxy that became one with a reload was counted as a client. */
	if (rs_conn_trusted(c))
		rs_limit_conn_gone(c);
	at = place_of_client(q);
	if (!at)
		return 0;
	if (l->rate && !rs_limit_take(l, at, l->rate, conf->limit_req_burst, rs_reactor_ms(r))) {
		complain(r, q->remote, "limit_req", ++l->requests);
		return (unsigned)conf->limit_req_status;
	}
	if (rs_conn_trusted(c) && !lend(c, at)) {
		complain(r, q->remote, "limit_conn", ++l->conns);
		return (unsigned)conf->limit_conn_status;
	}
	return 0;
}

void rs_limit_answered(struct rs_conn *c)
{
	if (c->limit_lent)
		rs_limit_conn_gone(c);
}
