/*
 * Servers of scripts: workers and task workers that have said that they leave, and are not through. The reactor gives them nothing
 * more; they finish what they have begun, within max_wait_time, and meanwhile a successor has their slot.
 */
#include "master/master_script.h"

#include "base/rs_clock.h"

/*
 * So many of one slot: a reload may come while what the last one has replaced still finishes. With more of them the next successor
 * waits until one is gone, or each request could leave a process behind (max_request of 1, a timer that nobody clears).
 */
#define LINGERING_MAX 2

static unsigned lingering(const struct rs_slot *s)
{
	const struct rs_wproc *w;
	unsigned n = 0;

	LIST_FOREACH(w, &s->gen->procs, link)
		n += w != s->proc && w->id == s->id;
	return n;
}

void rs_mworker_succeed(struct rs_slot *s)
{
	struct rs_wproc *w = s ? s->proc : NULL;
	char name[96];

	/* Without a timer there are no successors any more. */
	if (!w || !w->lingers || !w->ready || !s->respawn)
		return;
	if (lingering(s) >= LINGERING_MAX) {
		rs_warnx(s->gen->m->log, "%s (%d) finishes, as others of that number do: its successor waits for one of them to end",
			 rs_mworker_name(w, name, sizeof name), (int)w->pid);
		return;
	}
	s->proc = NULL;
	s->gen->nready--;
	rs_debug(s->gen->m->log, "%s (%d) finishes beside its successor", rs_mworker_name(w, name, sizeof name), (int)w->pid);
	rs_master_after_ms(s->respawn, rs_mworker_delay(s, w, true, rs_now_ms() - w->started_ms));
}

void rs_mworker_lingers(struct rs_wproc *w)
{
	w->lingers = true;
	rs_mworker_succeed(rs_mworker_slot(w->gen, w->id));
}
