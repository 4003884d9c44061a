/*
 * The loop itself: its one constructor and destructor, turns, deferred calls. Runs in any PHP process; the pointer to it is
 * a field of the process's context. Waits in libevent and nowhere else; calls nothing from below libevent (loop_private.h).
 */
#include "worker/loop_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/process.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#define LOOP_MAGIC 0x1009c0deu

struct rs_deferred {
	uint64_t seq;
	void (*cb)(void *arg);
	void *arg;
	STAILQ_ENTRY(rs_deferred) next;
};

static void wake_cb(evutil_socket_t fd, short what, void *arg);
static void beat_cb(evutil_socket_t fd, short what, void *arg);

/* What the kernel refuses is told to the caller; libevent would print it on the terminal as well. */
static void no_log(int severity, const char *msg)
{
	(void)severity;
	(void)msg;
}

static struct event_base *base_new(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base = NULL;

	if (cfg && event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		base = event_base_new_with_config(cfg);
	if (cfg)
		event_config_free(cfg);
	return base;
}

/* What it has of the system. No frame of libevent is below a callback, so this may happen in one. */
static void close_base(struct rs_loop *l)
{
	if (l->wake_ev)
		event_free(l->wake_ev);
	if (l->beat_ev)
		event_free(l->beat_ev);
	if (l->base)
		event_base_free(l->base);
	l->wake_ev = l->beat_ev = NULL;
	l->base = NULL;
	rs_fd_close(&l->wake_fd);
}

static void destroy(struct rs_loop *l)
{
	close_base(l);
	free(l->heap);
	free(l->buckets);
	free(l);
}

static struct rs_loop *loop_new(void)
{
	struct rs_loop *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->magic = LOOP_MAGIC;
	TAILQ_INIT(&l->watches);
	TAILQ_INIT(&l->ready);
	TAILQ_INIT(&l->timers);
	STAILQ_INIT(&l->deferred);
	l->now_us = rs_now_us();
	event_set_log_callback(no_log);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->base = base_new();
	if (l->base) {
		l->wake_ev = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, wake_cb, l);
		l->beat_ev = event_new(l->base, -1, 0, beat_cb, l);
	}
	if (l->wake_fd < 0 || !l->wake_ev || !l->beat_ev || event_add(l->wake_ev, NULL) != 0) {
		destroy(l);
		return NULL;
	}
	return l;
}

struct rs_loop *rs_loop_get(void)
{
	struct rs_process *p = rs_process();

	if (!p->loop_fork_hook && pthread_atfork(NULL, NULL, rs_loop_forked) != 0)
		return NULL;
	p->loop_fork_hook = true;
	if (!p->loop)
		p->loop = loop_new();
	return p->loop;
}

struct rs_loop *rs_loop_peek(void)
{
	return rs_process()->loop;
}

static void drop_deferred(struct rs_loop *l)
{
	struct rs_deferred *d;

	while ((d = STAILQ_FIRST(&l->deferred))) {
		STAILQ_REMOVE_HEAD(&l->deferred, next);
		free(d);
	}
}

void rs_loop_free(void)
{
	struct rs_process *p = rs_process();
	struct rs_loop *l = p->loop;

	if (!l)
		return;
	RS_CHECK(l, LOOP_MAGIC);
	rs_loop_drop_signals(l); /* while the handler still finds the loop */
	p->loop = NULL;
	rs_loop_drop_watches(l);
	rs_loop_drop_timers(l);
	drop_deferred(l);
	memset(l->each, 0, sizeof l->each);
	l->keepers = 0;
	l->dead = l->cut = true;
	for (unsigned i = 0; i < l->ndrops; i++)
		l->drops[i]();
	/* A child that was forked in a callback may never return to the run: only memory waits for that. */
	close_base(l);
	if (l->depth == 0)
		destroy(l);
}

void rs_loop_at_drop(struct rs_loop *l, void (*cb)(void))
{
	for (unsigned i = 0; i < l->ndrops; i++) {
		if (l->drops[i] == cb)
			return;
	}
	RS_ASSERT(l->ndrops < RS_LOOP_DROPS);
	l->drops[l->ndrops++] = cb;
}

void rs_loop_forked(void)
{
	struct rs_loop *l = rs_process()->loop;

	if (!l)
		return;
	/*
	 * The epoll set is the parent's too: removing an event from it here would make the parent deaf. libevent opens a new
	 * set first; only then is anything taken away. It fails when a descriptor was closed meanwhile: that one is gone anyway.
	 */
	(void)event_reinit(l->base);
	if (!l->keep_over_fork)
		rs_loop_free();
}

void rs_loop_keep_over_fork(bool on)
{
	struct rs_loop *l = rs_process()->loop;

	if (l)
		l->keep_over_fork = on;
}

/* ---- turns -------------------------------------------------------------------------------------------------------- */

static void wake_cb(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;

	(void)what;
	(void)arg;
	RS_IGNORE(read(fd, &n, sizeof n) < 0);
}

/* Only ends the wait: turn() looks at the timers itself. */
static void beat_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* Lets libevent note what is ready; waits for it at most until the next timer. false: the kernel refused. */
static bool gather(struct rs_loop *l, bool wait)
{
	int64_t us = rs_loop_next_timer_us(l);
	struct timeval tv = { us / 1000000, us % 1000000 };

	if (!wait || us == 0 || l->any_signal || !TAILQ_EMPTY(&l->ready) || !STAILQ_EMPTY(&l->deferred))
		return event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0;
	if (us > 0 && event_add(l->beat_ev, &tv) != 0)
		return false;
	if (event_base_loop(l->base, EVLOOP_ONCE) < 0)
		return false;
	event_del(l->beat_ev);
	return true;
}

static unsigned call_deferred(struct rs_loop *l)
{
	uint64_t last = l->deferred_seq; /* what they defer themselves waits for the next turn */
	struct rs_deferred *d;
	unsigned calls = 0;

	while (!l->cut && (d = STAILQ_FIRST(&l->deferred)) && d->seq <= last) {
		void (*cb)(void *) = d->cb;
		void *arg = d->arg;

		STAILQ_REMOVE_HEAD(&l->deferred, next);
		free(d);
		cb(arg);
		calls++;
	}
	return calls;
}

static void call_each_turn(struct rs_loop *l, bool before)
{
	if (!l->cut && l->each[before].cb)
		l->each[before].cb(l->each[before].arg);
}

static enum rs_result turn(struct rs_loop *l, bool wait, unsigned *calls)
{
	l->now_us = rs_now_us();
	call_each_turn(l, true);
	if (l->cut)
		return RS_OK;
	if (!gather(l, wait))
		return RS_ERR;
	l->turns++;
	l->now_us = rs_now_us();
	*calls = rs_loop_call_signals(l);
	*calls += rs_loop_call_ready(l);
	*calls += rs_loop_call_timers(l);
	*calls += call_deferred(l);
	call_each_turn(l, false);
	return RS_OK;
}

/* Nothing can ever happen in it by itself. */
static bool nothing_to_wait_for(const struct rs_loop *l)
{
	return l->keepers == 0 && l->nsignals == 0 && TAILQ_EMPTY(&l->watches) && l->ntimers == 0;
}

static bool finished(const struct rs_loop *l)
{
	return l->keepers == 0 && STAILQ_EMPTY(&l->deferred) && TAILQ_EMPTY(&l->ready) && !l->any_signal;
}

static enum rs_result until_empty(struct rs_loop *l)
{
	unsigned calls = 0;

	while (!finished(l)) {
		if (turn(l, l->keepers > 0, &calls) != RS_OK)
			return RS_ERR;
		if (l->dead || l->stop)
			return RS_DONE;
	}
	return RS_OK;
}

/* Waits until something was called, unless nothing ever will be. */
static enum rs_result once(struct rs_loop *l, bool wait)
{
	unsigned calls = 0;

	do {
		if (turn(l, wait && !nothing_to_wait_for(l), &calls) != RS_OK)
			return RS_ERR;
		if (l->dead || l->stop)
			return RS_DONE;
	} while (wait && calls == 0 && !nothing_to_wait_for(l));
	return RS_OK;
}

enum rs_result rs_loop_run(struct rs_loop *l, enum rs_loop_mode mode)
{
	enum rs_result r;

	RS_CHECK(l, LOOP_MAGIC);
	l->depth++;
	r = mode == RS_LOOP_UNTIL_EMPTY ? until_empty(l) : once(l, mode == RS_LOOP_ONCE);
	l->stop = l->cut = false;
	if (--l->depth == 0 && l->dead)
		destroy(l);
	return r;
}

void rs_loop_stop(struct rs_loop *l)
{
	l->stop = l->depth > 0;
}

void rs_loop_break(struct rs_loop *l)
{
	l->stop = l->cut = l->depth > 0;
}

bool rs_loop_running(const struct rs_loop *l)
{
	return l->depth > 0;
}

bool rs_loop_empty(const struct rs_loop *l)
{
	return l->keepers == 0;
}

void rs_loop_hold(struct rs_loop *l)
{
	l->keepers++;
}

void rs_loop_release(struct rs_loop *l)
{
	RS_ASSERT(l->keepers > 0);
	l->keepers--;
}

bool rs_loop_due(const struct rs_loop *l, int64_t now_us)
{
	return l->any_signal || !TAILQ_EMPTY(&l->ready) || !STAILQ_EMPTY(&l->deferred) || l->each[false].cb || l->each[true].cb ||
	       (l->ntimers && l->heap[0]->due_us <= now_us);
}

uint64_t rs_loop_turns(const struct rs_loop *l)
{
	return l->turns;
}

int64_t rs_loop_now_ms(struct rs_loop *l)
{
	return l->now_us / 1000;
}

void rs_loop_each_turn(struct rs_loop *l, bool before, void (*cb)(void *arg), void *arg)
{
	l->each[before].cb = cb;
	l->each[before].arg = arg;
}

bool rs_loop_defer(struct rs_loop *l, void (*cb)(void *arg), void *arg)
{
	struct rs_deferred *d = malloc(sizeof *d);

	if (!d)
		return false;
	*d = (struct rs_deferred){ .seq = ++l->deferred_seq, .cb = cb, .arg = arg };
	STAILQ_INSERT_TAIL(&l->deferred, d, next);
	return true;
}
