/*
 * memory_hard_limit: a worker that is above it is killed, whatever it does. Looked at from here, because a worker that is busy in a
 * loop of its own does not look. Its request is answered like any other whose worker has died.
 *
 * Workers and task workers only. The timer process and the application's own processes may hold what they need: nobody could
 * repeat what a kill would cut off.
 */
#include "base/rs_memory.h"
#include "master/master_state.h"

#include <event2/event.h>
#include <signal.h>

#define LOOK_EVERY_MS 1000
/* While one grows by so much of the limit from one look to the next, they are closer. */
#define GROWTH_PART 32
#define LOOK_SOON_MS 100

static void end(struct rs_wproc *w, uint64_t own, uint64_t limit)
{
	char has[RS_MEMORY_TEXT], may[RS_MEMORY_TEXT], name[96];
	bool told = w->told || w->ready;

	rs_warnx(w->gen->m->log, "%s (%d, generation %u) is killed: %s of memory of its own, memory_hard_limit is %s",
		 rs_mworker_name(w, name, sizeof name), (int)w->pid, w->gen->number, rs_memory_text(own, has), rs_memory_text(limit, may));
	rs_mworker_end(w, SIGKILL, 0, 0);
	/*
	 * The one that comes next is not to blame for a request. But a worker that starts with too much is one that does not start, and a
	 * generation that has no other does not come up.
	 */
	w->told = told;
}

/* Is it one whose memory is to be looked at? */
static bool is_watched(const struct rs_wproc *w)
{
	return w->gen->conf.memory_hard_limit && w->pid && w->role != RS_ROLE_USER;
}

/* true: it grows fast. */
static bool look(struct rs_wproc *w)
{
	uint64_t limit = (uint64_t)w->gen->conf.memory_hard_limit, now, own, before = w->memory;

	/* It has just gone, then. */
	if (!rs_memory_bound(w->pid, &now))
		return false;
	w->memory = now;
	if (rs_memory_above(w->pid, limit, &own)) {
		end(w, own, limit);
		return false;
	}
	return before && now > before && now - before > limit / GROWTH_PART;
}

void rs_mmemory_cb(int fd, short what, void *arg)
{
	struct rs_master *m = arg;
	bool any = false, soon = false;
	struct rs_wproc *w;
	struct rs_gen *g;

	(void)fd, (void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	LIST_FOREACH(g, &m->gens, link) {
		LIST_FOREACH(w, &g->procs, link) {
			if (!is_watched(w))
				continue;
			any = true;
			soon = look(w) || soon;
		}
	}
	if (any)
		rs_master_after_ms(m->memory, soon ? LOOK_SOON_MS : LOOK_EVERY_MS);
}

void rs_mmemory_watch(struct rs_master *m)
{
	if (!event_pending(m->memory, EV_TIMEOUT, NULL))
		rs_master_after_ms(m->memory, LOOK_EVERY_MS);
}
