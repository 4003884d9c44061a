/*
 * Descriptors of the loop. libevent's callback notes the events and queues the watch; rs_loop_call_ready() takes one off the
 * queue before it calls, so that a watch may be freed at any time by anybody.
 */
#include "worker/loop_private.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

static void note_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_watch *w = arg;

	(void)fd;
	w->ready |= (what & EV_READ ? RS_WATCH_READ : 0) | (what & EV_WRITE ? RS_WATCH_WRITE : 0);
	if (!w->queued) {
		TAILQ_INSERT_TAIL(&w->loop->ready, w, in_ready);
		w->queued = true;
	}
}

static void unqueue(struct rs_watch *w)
{
	if (w->queued)
		TAILQ_REMOVE(&w->loop->ready, w, in_ready);
	w->queued = false;
	w->ready = 0;
}

static bool watch_add(struct rs_watch *w, unsigned events)
{
	short what = EV_PERSIST;

	what |= events & RS_WATCH_READ ? EV_READ : 0;
	what |= events & RS_WATCH_WRITE ? EV_WRITE : 0;
	if (event_assign(w->ev, w->loop->base, w->fd, what, note_cb, w) != 0 || event_add(w->ev, NULL) != 0)
		return false;
	w->events = events;
	w->loop->keepers += w->counts;
	return true;
}

static void watch_remove(struct rs_watch *w)
{
	if (!w->events)
		return;
	event_del(w->ev);
	w->events = 0;
	w->loop->keepers -= w->counts;
}

struct rs_watch *rs_watch_new(struct rs_loop *l, int fd, unsigned events, bool counts,
			      void (*cb)(struct rs_watch *w, unsigned events, void *arg), void *arg)
{
	struct rs_watch *w = calloc(1, sizeof *w);
	int saved;

	if (!w)
		return NULL;
	*w = (struct rs_watch){ .loop = l, .fd = fd, .counts = counts, .cb = cb, .arg = arg };
	w->ev = event_new(l->base, fd, EV_READ, note_cb, w);
	if (!w->ev || (events && !watch_add(w, events))) {
		saved = errno;
		if (w->ev)
			event_free(w->ev);
		free(w);
		errno = saved;
		return NULL;
	}
	TAILQ_INSERT_TAIL(&l->watches, w, all);
	return w;
}

int rs_watch_fd(const struct rs_watch *w)
{
	return w->fd;
}

unsigned rs_watch_events(const struct rs_watch *w)
{
	return w->events;
}

bool rs_watch_set(struct rs_watch *w, unsigned events)
{
	if (events == w->events)
		return true;
	watch_remove(w);
	if (!events) {
		unqueue(w);
		return true;
	}
	return watch_add(w, events);
}

void rs_watch_free(struct rs_watch *w)
{
	if (!w)
		return;
	watch_remove(w);
	unqueue(w);
	TAILQ_REMOVE(&w->loop->watches, w, all);
	event_free(w->ev);
	free(w);
}

unsigned rs_loop_call_ready(struct rs_loop *l)
{
	struct rs_watch *w;
	unsigned calls = 0;

	/* Ends: nothing is added to the queue but by libevent, which does not run meanwhile (a nested run empties it). */
	while (!l->cut && (w = TAILQ_FIRST(&l->ready))) {
		unsigned events = w->ready & w->events;

		unqueue(w);
		if (!events)
			continue;
		w->cb(w, events, w->arg);
		calls++;
	}
	return calls;
}

void rs_loop_drop_watches(struct rs_loop *l)
{
	struct rs_watch *w;

	while ((w = TAILQ_FIRST(&l->watches)))
		rs_watch_free(w);
}
