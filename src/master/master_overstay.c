/*
 * Workers and task workers that have left the reactor and live on. They serve nobody, and nobody takes their place: code of the
 * application has closed their channel, hangs in what it does at its end, or has become another program.
 *
 * User processes may do what they like: they serve nobody, and some become another program (Swoole\Process::exec()).
 */
#include "master/master_script.h"

#include <event2/event.h>
#include <poll.h>

/* Between the end of a channel and that of its process there is nothing but the kernel, which may be busy. */
#define DYING_MS 2000

static int64_t finish_ms(const struct rs_gen *g)
{
	return g->m->script ? rs_script_wait_ms(g->m) : g->conf.max_wait_time;
}

/* Dead, and not reaped yet: its parent is slow. */
static bool is_dead(const struct rs_wproc *w)
{
	struct pollfd end = { .fd = w->pidfd, .events = POLLIN };

	return w->pidfd >= 0 && poll(&end, 1, 0) > 0;
}

void rs_mworker_left(struct rs_wproc *w, bool finishes)
{
	if (w->told || w->role == RS_ROLE_USER)
		return;
	w->left = true;
	w->next_signal = SIGTERM;
	rs_master_after_ms(w->killer, finishes ? finish_ms(w->gen) : DYING_MS);
}

void rs_mworker_overstays(struct rs_wproc *w)
{
	char name[96];

	if (is_dead(w))
		return;
	w->overstayed = true;
	rs_warnx(w->gen->m->log, "%s (%d, generation %u) has left its channel and lives on: it is ended", rs_mworker_name(w, name, sizeof name),
		 (int)w->pid, w->gen->number);
	rs_mworker_end(w, SIGTERM, SIGKILL, RS_TERM_GRACE_MS);
}
