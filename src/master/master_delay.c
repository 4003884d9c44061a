/*
 * How long the successor of a process that has ended waits.
 */
#include "base/rs_clock.h"
#include "master/master_script.h"
#include "master/master_user.h"

#include <event2/event.h>

/* A worker that lived this long owes nothing for its predecessors. */
#define LIVED_WELL_MS 10000
/* Deaths of workers that had been ready and cost no waiting. */
#define FREE_DEATHS 5
#define READY_DELAY_MS 100

/* Servers of scripts: CRASHES ends of a process within the window delay its successor. */
#define CRASHES RS_COUNTOF(((struct rs_slot *)0)->ends_ms)
#define CRASH_WINDOW_MS 1000
#define CRASH_DELAY_MS 1000

/* Servers of scripts: a successor comes at once, unless three have gone within a second. */
static int64_t crash_loop_delay(struct rs_slot *s, const struct rs_wproc *w, bool well)
{
	int64_t now = rs_now_ms();

	/* An orderly end is none of them; for a user process that is any. */
	if (well && w->ready && rs_script_role(s->gen->m, s->id) != RS_ROLE_USER)
		return 0;
	memmove(s->ends_ms, s->ends_ms + 1, (CRASHES - 1) * sizeof *s->ends_ms);
	s->ends_ms[CRASHES - 1] = now;
	return s->ends_ms[0] && now - s->ends_ms[0] < CRASH_WINDOW_MS ? CRASH_DELAY_MS : 0;
}

static int64_t crash_delay(struct rs_slot *s)
{
	return rs_backoff_next(&s->crashes, FREE_DEATHS) ? READY_DELAY_MS : 0;
}

/*
 * Milliseconds until the successor starts. One that was ready died of a request: a page that is fatal every time must not
 * take the server away from the others, so its successors wait little; what never becomes ready waits longer and longer.
 */
int64_t rs_mworker_delay(struct rs_slot *s, const struct rs_wproc *w, bool well, int64_t lived_ms)
{
	if (s->gen->m->script)
		return crash_loop_delay(s, w, well);
	if (s->role == RS_ROLE_USER)
		return rs_muser_delay(s, well, lived_ms);
	if (!w->ready) {
		s->unready_pid = w->pid;
		return rs_backoff_next(&s->backoff, 0);
	}
	if (!well && lived_ms < LIVED_WELL_MS)
		return crash_delay(s);
	s->crashes.failures = 0;
	return 0;
}

void rs_mworker_late_ready(struct rs_slot *s)
{
	s->unready_pid = 0;
	s->backoff.failures = 0;
	if (s->respawn && event_pending(s->respawn, EV_TIMEOUT, NULL))
		rs_master_after_ms(s->respawn, crash_delay(s));
}
