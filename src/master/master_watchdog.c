/*
 * The watchdog. Runs in the master: from time to time the reactor is asked for its STATUS, and its answer is told to systemd. While there
 * is no reactor (the application boots, a restart, the end of a stop) it is enough that the master turns.
 */
#include "master/master_watchdog.h"

#include "master/master_notify.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

/* Within the time that systemd waits: one may be lost, with a reactor that dies. */
#define SIGNS 3
#define LEAST_US 10000u
/* Clients of the control socket have tokens from 1 on. */
#define OUR_TOKEN 0u

static bool number(const char *name, uint64_t max, uint64_t *out)
{
	const char *text = getenv(name);

	return text && rs_parse_u64(rs_slice_str(text), max, out);
}

/* How often a sign is wanted; 0: never. */
static uint64_t every_us(void)
{
	uint64_t us, pid;

	if (!number("WATCHDOG_USEC", INT64_MAX, &us) || us == 0)
		return 0;
	if (getenv("WATCHDOG_PID") && (!number("WATCHDOG_PID", INT32_MAX, &pid) || (pid_t)pid != getpid()))
		return 0;
	return us / SIGNS > LEAST_US ? us / SIGNS : LEAST_US;
}

static void watchdog_cb(evutil_socket_t fd, short what, void *arg)
{
	const uint64_t token = OUR_TOKEN;
	struct rs_master *m = arg;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	if (m->reactor.pid && !m->reactor.drained)
		rs_mreactor_send(m, RS_MSG_STATUS_ASK, rs_slice(&token, sizeof token), NULL, 0);
	else
		rs_notify(m->log, "WATCHDOG=1");
}

void rs_mwatchdog_answered(struct rs_master *m, struct rs_slice payload)
{
	uint64_t token;

	if (!m->watchdog || payload.n < sizeof token)
		return;
	memcpy(&token, payload.p, sizeof token);
	if (token == OUR_TOKEN)
		rs_notify(m->log, "WATCHDOG=1");
}

bool rs_mwatchdog_open(struct rs_master *m)
{
	const uint64_t us = every_us();
	const struct timeval t = { (time_t)(us / 1000000), (suseconds_t)(us % 1000000) };

	if (us == 0)
		return true;
	m->watchdog = event_new(m->base, -1, EV_PERSIST, watchdog_cb, m);
	return m->watchdog && event_add(m->watchdog, &t) == 0;
}

void rs_mwatchdog_close(struct rs_master *m)
{
	if (m->watchdog)
		event_free(m->watchdog);
	m->watchdog = NULL;
}
