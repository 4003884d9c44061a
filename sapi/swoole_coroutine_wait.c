/*
 * What a coroutine can wait for: time, a descriptor, a thread, other coroutines. Each wait lives on the coroutine's stack and
 * takes back what it gave to the loop before it returns, also when the coroutine is cancelled or the process ends.
 */
#include "swoole_coroutine_private.h"

#include <errno.h>
#include <math.h>

#include "worker/loop.h"

struct wait {
	struct rs_co *co;
	struct rs_timer *timer;
	struct rs_watch **watches;
	size_t nwatches;
	enum rs_co_wait end;
};

static void timeout_cb(struct rs_timer *t, void *arg)
{
	struct wait *w = arg;

	(void)t;
	w->timer = NULL;
	w->end = RS_CO_TIMEOUT;
	rs_co_wake(w->co);
}

static void ready_cb(struct rs_watch *watch, unsigned events, void *arg)
{
	struct wait *w = arg;

	(void)events;
	rs_watch_set(watch, 0);
	w->end = RS_CO_READY;
	rs_co_wake(w->co);
}

static void wait_fini(struct wait *w)
{
	int saved = errno;

	rs_timer_free(w->timer);
	w->timer = NULL;
	for (size_t i = 0; i < w->nwatches; i++)
		rs_watch_free(w->watches[i]);
	w->nwatches = 0;
	errno = saved;
}

/* Until somebody wakes it. timeout_ms < 0: for ever. */
static enum rs_co_wait wait_for(struct wait *w, int64_t timeout_ms)
{
	w->co = rs_co_self();
	w->end = RS_CO_READY;
	if (timeout_ms >= 0) {
		w->timer = rs_timer_new(rs_loop_get(), timeout_ms < 1 ? 1 : timeout_ms, false, true, timeout_cb, w);
		if (!w->timer) {
			wait_fini(w);
			return RS_CO_FAILED;
		}
	}
	if (!rs_co_suspend())
		w->end = RS_CO_CANCELLED;
	wait_fini(w);
	return w->end;
}

enum rs_co_wait rs_co_suspend_for(int64_t timeout_ms)
{
	struct wait w = { 0 };

	return wait_for(&w, timeout_ms);
}

enum rs_co_wait rs_co_sleep(int64_t ms)
{
	enum rs_co_wait end = rs_co_suspend_for(ms < 1 ? 1 : ms);

	return end == RS_CO_TIMEOUT ? RS_CO_READY : end;
}

/* What cannot be watched (a regular file) is always ready. */
static bool watch_all(struct wait *w, const struct rs_co_fd *items, size_t n, bool *ready)
{
	struct rs_loop *l = rs_loop_get();

	for (w->nwatches = 0; w->nwatches < n; w->nwatches++) {
		const struct rs_co_fd *item = &items[w->nwatches];

		w->watches[w->nwatches] = rs_watch_new(l, item->fd, item->events, true, ready_cb, w);
		if (!w->watches[w->nwatches]) {
			*ready = errno == EPERM;
			return false;
		}
	}
	return true;
}

enum rs_co_wait rs_co_wait_many(const struct rs_co_fd *items, size_t n, int64_t timeout_ms)
{
	struct rs_watch *few[4];
	struct wait w = { .watches = n <= RS_COUNTOF(few) ? few : safe_emalloc(n, sizeof *w.watches, 0) };
	enum rs_co_wait end = RS_CO_FAILED;
	bool ready = false;

	rs_cos()->fd_waits += (unsigned)n;
	if (watch_all(&w, items, n, &ready))
		end = wait_for(&w, timeout_ms);
	else if (ready)
		end = RS_CO_READY;
	wait_fini(&w);
	rs_cos()->fd_waits -= (unsigned)n;
	if (w.watches != few)
		efree(w.watches);
	return end;
}

enum rs_co_wait rs_co_wait_fd(int fd, unsigned watch_events, int64_t timeout_ms)
{
	const struct rs_co_fd item = { .fd = fd, .events = watch_events };

	return rs_co_wait_many(&item, 1, timeout_ms);
}

int64_t rs_co_ms(double seconds)
{
	if (!(seconds > 0))
		return -1;
	if (seconds < 0.001)
		return 1;
	return seconds > 1e15 ? (int64_t)1e18 : (int64_t)(seconds * 1000);
}

/* ---- threads ------------------------------------------------------------------------------------------------------ */

/* Shared by the coroutine, until it stops waiting, and the pool, until the work has ended. */
struct job {
	struct rs_co *co; /* NULL: it waits no more */
	void (*work)(void *arg);
	void (*drop)(void *arg);
	void *arg;
	bool ended;
};

static void work_on_thread(void *arg)
{
	struct job *j = arg;

	j->work(j->arg);
}

static void work_ended(void *arg)
{
	struct job *j = arg;
	void (*drop)(void *arg);

	rs_cos()->jobs--;
	j->ended = true;
	if (j->co) {
		rs_co_wake(j->co);
		return;
	}
	drop = j->drop;
	arg = j->arg;
	free(j);
	drop(arg);
}

static struct job *job_start(struct rs_co *co, void (*work)(void *arg), void (*drop)(void *arg), void *arg)
{
	struct rs_cos *all = rs_cos();
	struct job *j;

	if (!all->threads)
		all->threads = rs_threads_new(rs_loop_get());
	j = all->threads ? malloc(sizeof *j) : NULL;
	if (!j)
		return NULL;
	*j = (struct job){ .co = co, .work = work, .drop = drop, .arg = arg };
	if (!rs_threads_run(all->threads, work_on_thread, work_ended, j)) {
		free(j);
		return NULL;
	}
	all->jobs++;
	return j;
}

enum rs_co_wait rs_co_thread(void (*work)(void *arg), void (*drop)(void *arg), void *arg, int64_t timeout_ms)
{
	struct job *j = job_start(rs_co_self(), work, drop, arg);
	enum rs_co_wait end;

	if (!j) {
		int saved = errno;

		drop(arg);
		errno = saved;
		return RS_CO_FAILED;
	}
	end = rs_co_suspend_for(timeout_ms);
	if (j->ended) {
		free(j);
		if (end != RS_CO_READY)
			drop(arg);
		return end;
	}
	if (end == RS_CO_FAILED || end == RS_CO_READY) /* woken by something else: as good as cancelled */
		end = RS_CO_CANCELLED;
	j->co = NULL;
	return end;
}

/* Nobody waits: a job without a coroutine, and done() instead of drop(). */
bool rs_co_job(void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	rs_co_prepare();
	return job_start(NULL, work, done, arg) != NULL;
}

/* ---- other coroutines --------------------------------------------------------------------------------------------- */

bool rs_co_join(struct rs_co **list, size_t n, int64_t timeout_ms)
{
	struct rs_co_joiner *joiners = safe_emalloc(n ? n : 1, sizeof *joiners, 0);
	enum rs_co_wait end = RS_CO_READY;
	unsigned left = 0;

	for (size_t i = 0; i < n; i++) {
		joiners[i] = (struct rs_co_joiner){ .waiter = rs_co_self(), .left = &left };
		LIST_INSERT_HEAD(&list[i]->joiners, &joiners[i], next);
		left++;
	}
	if (left > 0)
		end = rs_co_suspend_for(timeout_ms);
	/* Those that have ended are free, and have taken theirs off their lists. */
	for (size_t i = 0; left > 0 && i < n; i++)
		if (joiners[i].next.le_prev)
			LIST_REMOVE(&joiners[i], next);
	efree(joiners);
	if (end == RS_CO_TIMEOUT)
		rs_swoole_set_error(RS_CO_E_TIMEDOUT);
	else if (end == RS_CO_CANCELLED)
		rs_swoole_set_error(RS_CO_E_CANCELED);
	return end == RS_CO_READY && left == 0;
}
