/*
 * Byte streams of a server: one RECEIVE for each package. Runs in the reactor.
 */
#include "reactor/reactor_stream.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_session.h"

/* Packages that one read may tell of; the rest waits until the others had their turn. */
#define PACKAGES_PER_TURN 1024

static size_t input(struct rs_conn *c, const char *p, size_t n)
{
	struct rs_guest *g = c->guest;
	struct rs_packet_found found;
	size_t at = 0;

	for (unsigned i = 0; at < n && !c->hold; i++) {
		if (i == PACKAGES_PER_TURN) {
			rs_conn_make_ready(c);
			break;
		}
		switch (rs_packet_next(&g->gate->framing, &g->framing, rs_slice(p + at, n - at), &found)) {
		case RS_OK:
			if (!rs_guest_tell(g, RS_EVENT_RECEIVE, 0, 0, rs_slice(p + at, found.n))) {
				rs_guest_close(g, false);
				return n;
			}
			at += found.n;
			break;
		case RS_AGAIN:
			return at;
		default:
			rs_warnx(c->r->log, "connection %u from %s: %s (ERRNO %d)", g->pub.fd, c->remote, found.why,
				 (int)found.error);
			rs_guest_close(g, false);
			return n;
		}
	}
	return at;
}

static bool hungry(const struct rs_conn *c)
{
	return c->state == RS_CONN_STREAM && !c->hold;
}

static void eof(struct rs_conn *c)
{
	rs_guest_eof(c->guest);
}

/* Nothing here has a deadline: heartbeat and max_idle_time look at all connections of a port. */
static void late(struct rs_conn *c)
{
	(void)c;
}

static void written(struct rs_conn *c)
{
	if (!rs_conn_pending(c))
		rs_conn_unwant_write(c);
}

const struct rs_conn_protocol rs_stream_protocol = {
	.input = input,
	.hungry = hungry,
	.eof = eof,
	.late = late,
	.written = written,
};
