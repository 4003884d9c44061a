/*
 * Deadlines of slow clients. The average is not looked at now and then: the moment at which it would be too low is a deadline like
 * any other, and each byte moves it. Runs in the reactor.
 */
#include "reactor/reactor_pace.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"

int64_t rs_pace_left(int64_t rate, int64_t grace_ms, uint64_t bytes, int64_t since_ms, int64_t now_ms)
{
	int64_t left;

	if (rate <= 0)
		return INT64_MAX;
	/* Beyond a day no deadline is worth an exact number. */
	if (bytes / (uint64_t)rate > 86400)
		bytes = (uint64_t)rate * 86400;
	left = since_ms + grace_ms + (int64_t)(bytes * 1000 / (uint64_t)rate) - now_ms;
	return left < 1 ? 1 : left;
}

static void set(struct rs_conn *c, int64_t pause_ms, int64_t left_ms)
{
	rs_conn_deadline(c, left_ms < pause_ms ? left_ms : pause_ms);
}

void rs_pace_body(struct rs_conn *c)
{
	const struct rs_conf *conf = c->r->conf;

	set(c, conf->body_timeout, rs_pace_left(conf->body_min_rate, conf->min_rate_grace, c->req->body_len, c->req->received_us / 1000,
						rs_reactor_ms(c->r)));
}

void rs_pace_write_begins(struct rs_conn *c)
{
	c->waits_since_ms = rs_reactor_ms(c->r);
	c->taken = 0;
}

void rs_pace_write(struct rs_conn *c)
{
	const struct rs_conf *conf = c->r->conf;

	set(c, conf->write_timeout,
	    rs_pace_left(conf->write_min_rate, conf->min_rate_grace, c->taken, c->waits_since_ms, rs_reactor_ms(c->r)));
}
