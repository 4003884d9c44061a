/*
 * How a worker watches its memory. It looks after responses, not in them, and not after each: when half a second has passed, or when
 * the language holds much more than at the last look.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_memory.h"
#include "shm/routes.h"

#include <assert.h>

#define LOOK_EVERY_MS 500
/* After a growth by this part of the limit it is looked earlier, but no sooner than ... */
#define GROWTH_PART 8
#define LOOK_AGAIN_MS 20
/* Workers that go after their first or second request: the limit is to blame, not what they served. */
#define EARLY_REQUESTS 2
#define EARLY_WORKERS 3

static_assert(RS_ROUTE_SEEN_WORDS * 64 >= RS_ROUTES_ROWS, "a bit for every row");

/* ---- the limit ------------------------------------------------------------------------------------------ */

static const struct rs_conf *conf_of(const struct rs_process *p)
{
	return p->h ? p->h->conf : p->server ? p->server->setup.conf : NULL;
}

static struct rs_routes *routes_of(const struct rs_process *p)
{
	return p->h ? p->h->routes : NULL;
}

/* The same is not said by each worker. */
static bool is_said(struct rs_process *p, enum rs_routes_note note, uint32_t times)
{
	return routes_of(p) && rs_routes_note(routes_of(p), note) + 1 != times;
}

/* No worker can keep a limit that is below what it begins with: then it may double. */
static void allow_start(struct rs_process *p, uint64_t own)
{
	char has[RS_MEMORY_TEXT], limit[RS_MEMORY_TEXT], now[RS_MEMORY_TEXT];
	struct rs_memory_watch *m = &p->memory;
	uint64_t asked = m->limit;

	m->limit = 2 * own;
	if (is_said(p, RS_NOTE_TOO_LOW, 1))
		return;
	rs_warnx(p->log, "memory_soft_limit is %s, but a worker has %s of its own before its first request: workers are replaced above "
		 "%s", rs_memory_text(asked, limit), rs_memory_text(own, has), rs_memory_text(m->limit, now));
}

/* The master would kill it before long, and its successors. */
static bool may_start(struct rs_process *p, uint64_t hard)
{
	char has[RS_MEMORY_TEXT], limit[RS_MEMORY_TEXT];
	uint64_t own;

	if (!hard || !rs_memory_above(0, hard, &own))
		return true;
	rs_errorx(p->log, "memory_hard_limit is %s, but a worker has %s of its own before its first request", rs_memory_text(hard, limit),
		  rs_memory_text(own, has));
	return false;
}

bool rs_worker_memory_begin(struct rs_process *p)
{
	const struct rs_conf *c = conf_of(p);
	uint64_t own;

	if (c && !may_start(p, (uint64_t)c->memory_hard_limit))
		return false;
	p->memory = (struct rs_memory_watch){ .last = UINT32_MAX, .limit = c ? (uint64_t)c->memory_soft_limit : 0 };
	if (p->memory.limit && rs_memory_above(0, p->memory.limit, &own))
		allow_start(p, own);
	return true;
}

static bool is_due(const struct rs_memory_watch *m, int64_t now_ms)
{
	if (!m->looked_ms || now_ms - m->looked_ms >= LOOK_EVERY_MS)
		return true;
	return m->used > m->used_at_look && m->used - m->used_at_look > m->limit / GROWTH_PART &&
	       now_ms - m->looked_ms >= LOOK_AGAIN_MS;
}

static void tell(struct rs_process *p, uint64_t own, uint64_t served)
{
	char has[RS_MEMORY_TEXT], limit[RS_MEMORY_TEXT];
	const struct rs_memory_watch *m = &p->memory;
	struct rs_route route;
	bool known = routes_of(p) && m->last != UINT32_MAX && rs_routes_get(routes_of(p), m->last, &route);

	rs_notice(p->log, "%s of memory of its own, memory_soft_limit is %s: replaced after %llu requests%s%s",
		  rs_memory_text(own, has), rs_memory_text(m->limit, limit), (unsigned long long)served,
		  known ? ", the last one was " : "", known ? route.name : "");
	if (served <= EARLY_REQUESTS && !is_said(p, RS_NOTE_TOO_OFTEN, EARLY_WORKERS))
		rs_warnx(p->log, "memory_soft_limit (%s) is too low: workers are replaced after %u requests or less", limit, EARLY_REQUESTS);
}

void rs_worker_memory_look(struct rs_process *p, uint64_t served, bool force)
{
	struct rs_memory_watch *m = &p->memory;
	int64_t now_ms;
	uint64_t own;

	if (!m->limit || m->enough)
		return;
	now_ms = rs_now_ms();
	if (!force && !is_due(m, now_ms))
		return;
	m->looked_ms = now_ms;
	m->used_at_look = m->used;
	m->enough = rs_memory_above(0, m->limit, &own);
	if (m->enough)
		tell(p, own, served);
}

bool rs_worker_memory_exceeds(struct rs_process *p, pid_t pid)
{
	uint64_t hard = (uint64_t)conf_of(p)->memory_hard_limit, own;
	char has[RS_MEMORY_TEXT], limit[RS_MEMORY_TEXT];
	int64_t now_ms;

	if (!hard)
		return false;
	now_ms = rs_now_ms();
	if (now_ms - p->memory.other_looked_ms < RS_MEMORY_LOOK_MS)
		return false;
	p->memory.other_looked_ms = now_ms;
	if (!rs_memory_above(pid, hard, &own))
		return false;
	rs_warnx(p->log, "request process %d is killed: %s of memory of its own, memory_hard_limit is %s", (int)pid,
		 rs_memory_text(own, has), rs_memory_text(hard, limit));
	return true;
}

/* ---- routes ----------------------------------------------------------------------------------------------- */

/* row < RS_ROUTES_ROWS */
static bool is_first(struct rs_memory_watch *m, uint32_t row)
{
	uint64_t bit = UINT64_C(1) << row % 64;
	bool first = !(m->seen[row / 64] & bit);

	m->seen[row / 64] |= bit;
	return first;
}

uint32_t rs_host_route(struct rs_slice name)
{
	struct rs_routes *r = routes_of(rs_process());

	return r ? rs_routes_find(r, name) : RS_ROUTE_OTHER;
}

void rs_host_growth(uint32_t row, const struct rs_growth *g)
{
	struct rs_memory_watch *m = &rs_process()->memory;
	struct rs_routes *r = routes_of(rs_process());

	m->used = g->used;
	if (!r)
		return;
	m->last = row;
	rs_routes_add(r, row, g->grown, g->peak, is_first(m, row));
	if (g->between)
		rs_routes_add(r, RS_ROUTE_BETWEEN, g->between, 0, false);
}
