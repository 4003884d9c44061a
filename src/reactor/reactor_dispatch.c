/*
 * Which worker gets what. Modes 2, 4 and 5 compute it; the others choose one when a connection comes and stay with it, so
 * that the order of its events holds in every mode. Runs in the reactor.
 */
#include "reactor/reactor_dispatch.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_worker.h"

#include <arpa/inet.h>

/* Hosted: a worker that has been at one request for so long gets no event that another one could have. */
#define OCCUPIED_US 2000

enum mode {
	MODE_ROUND = 1,
	MODE_FD = 2,
	MODE_IDLE = 3,
	MODE_IP = 4,
	MODE_UID = 5,
	MODE_STREAM = 7,
	MODE_CONN_LEAST = 8,
	MODE_REQUEST_LEAST = 9,
	MODE_CONCURRENCY = 10,
};

bool rs_dispatch_bound(const struct rs_reactor *r)
{
	uint32_t mode = r->serve->set.dispatch_mode;

	return mode == MODE_FD || mode == MODE_IP || mode == MODE_UID || mode == MODE_CONN_LEAST;
}

/* IPv4: its number; everything else: FNV-1a of the bytes of the address. */
static uint32_t number_of(const char *address)
{
	unsigned char bytes[16];
	uint32_t n = 2166136261u;
	size_t len = 0;

	if (inet_pton(AF_INET, address, bytes) == 1)
		return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	if (inet_pton(AF_INET6, address, bytes) == 1)
		len = sizeof bytes;
	for (size_t i = 0; len ? i < len : address[i] != '\0'; i++)
		n = (n ^ (len ? bytes[i] : (unsigned char)address[i])) * 16777619u;
	return n;
}

static struct rs_seat *round_robin(struct rs_serve *s)
{
	return &s->seat[s->next_worker++ % s->nworkers];
}

static unsigned load(const struct rs_seat *s)
{
	return s->nsent + s->nwaiting + (s->w ? s->w->open + s->w->posted : 0);
}

/* It is at a request of the route and will be for a while, as far as we can see. */
static bool is_occupied(const struct rs_seat *s)
{
	return s->w->posted && rs_reactor_us(s->r) - s->w->since_us >= OCCUPIED_US;
}

/* Fewest events; of equals the next in turn. */
static struct rs_seat *least(struct rs_serve *s)
{
	struct rs_seat *best = NULL;
	uint32_t from = s->next_worker++;

	for (uint32_t i = 0; i < s->nworkers; i++) {
		struct rs_seat *w = &s->seat[(from + i) % s->nworkers];
		if (!best || (rs_seat_ready(w) && (!rs_seat_ready(best) || load(w) < load(best))))
			best = w;
	}
	return best;
}

struct rs_seat *rs_dispatch_connect(struct rs_reactor *r, uint32_t fd, const char *address)
{
	struct rs_serve *s = r->serve;

	switch (s->set.dispatch_mode) {
	case MODE_FD:
	case MODE_UID:
		return &s->seat[fd % s->nworkers];
	case MODE_IP:
		return &s->seat[number_of(address) % s->nworkers];
	case MODE_ROUND:
		return round_robin(s);
	default:
		return least(s);
	}
}

struct rs_seat *rs_dispatch_uid(struct rs_reactor *r, const struct rs_guest *g)
{
	struct rs_serve *s = r->serve;

	return s->set.dispatch_mode == MODE_UID ? &s->seat[g->pub.uid % s->nworkers] : g->seat;
}

struct rs_seat *rs_dispatch_packet(struct rs_reactor *r, const struct rs_wire_peer *from)
{
	struct rs_serve *s = r->serve;

	switch (s->set.dispatch_mode) {
	case MODE_FD:
	case MODE_IP:
	case MODE_UID:
		return &s->seat[number_of(from->address) % s->nworkers];
	case MODE_ROUND:
		return round_robin(s);
	default:
		return NULL;
	}
}

bool rs_dispatch_room(const struct rs_seat *s)
{
	const struct rs_wire_server *set = &s->r->serve->set;
	unsigned most = set->worker_concurrency && set->worker_concurrency < RS_COROUTINE_EVENTS ? set->worker_concurrency
												  : RS_COROUTINE_EVENTS;

	if (!rs_seat_ready(s) || !TAILQ_EMPTY(&s->waiting))
		return false;
	if (s->role == RS_ROLE_TASK)
		return s->window == 0;
	if (is_occupied(s))
		return false;
	return set->enable_coroutine ? s->window + s->w->open < most : s->nsent == 0;
}

struct rs_seat *rs_dispatch_idle(struct rs_reactor *r, enum rs_server_role role)
{
	struct rs_serve *s = r->serve;
	uint32_t first = role == RS_ROLE_TASK ? s->first_task : 0;
	uint32_t n = role == RS_ROLE_TASK ? s->ntasks : s->nworkers;
	struct rs_seat *best = NULL;
	uint32_t from = s->next_idle++;

	for (uint32_t i = 0; i < n; i++) {
		struct rs_seat *w = &s->seat[first + (from + i) % n];
		if (rs_dispatch_room(w) && (!best || load(w) < load(best)))
			best = w;
	}
	return best;
}
