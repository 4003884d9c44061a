/*
 * The queue of idle connections. Runs in the reactor.
 */
#include "reactor/reactor_idle.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"

/* It is logged at most so often. */
#define COMPLAIN_MS 10000

void rs_idle_put(struct rs_conn *c)
{
	if (!c->is_idle)
		TAILQ_INSERT_TAIL(&c->r->idle, c, idle_link);
	c->is_idle = true;
}

void rs_idle_remove(struct rs_conn *c)
{
	if (c->is_idle)
		TAILQ_REMOVE(&c->r->idle, c, idle_link);
	c->is_idle = false;
}

static void tell(struct rs_reactor *r)
{
	int64_t now = rs_reactor_ms(r);

	r->n.idle_closed++;
	if (r->idle_told_ms && now - r->idle_told_ms < COMPLAIN_MS)
		return;
	r->idle_told_ms = now;
	rs_warnx(r->log, "max_conn (%ld) reached: idle connections are closed for new ones", (long)r->conf->max_conn);
}

bool rs_idle_make_room(struct rs_reactor *r)
{
	struct rs_conn *c;

	while ((c = TAILQ_FIRST(&r->idle))) {
		rs_idle_remove(c);
		/* A request may have come that was not read yet: it is served. */
		if (!rs_conn_quiet(c))
			continue;
		tell(r);
		rs_conn_close(c);
		return true;
	}
	return false;
}
