/*
 * Jobs that wait for their time: a heap, and one timer for the first of them. Runs in the reactor.
 */
#include "reactor/reactor_delay.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_event.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_task.h"

#include <event2/event.h>
#include <stdlib.h>

struct rs_delayed {
	int64_t due_us;  /* monotonic */
	uint64_t order;
	struct rs_letter *l;
	int32_t dst;
};

/* ---- the heap --------------------------------------------------------------------------------------------------------- */

static bool before(const struct rs_delayed *a, const struct rs_delayed *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void sift_up(struct rs_delayed *heap, uint32_t at)
{
	struct rs_delayed moved = heap[at];

	for (; at && before(&moved, &heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = moved;
}

static void sift_down(struct rs_delayed *heap, uint32_t n)
{
	struct rs_delayed moved = heap[0];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static struct rs_delayed take_first(struct rs_delay *d)
{
	struct rs_delayed first = d->heap[0];

	d->bytes -= rs_letter_weight(first.l);
	d->heap[0] = d->heap[--d->n];
	if (d->n)
		sift_down(d->heap, d->n);
	return first;
}

static bool grow(struct rs_delay *d)
{
	uint32_t cap = d->cap ? d->cap * 2 : 64;
	struct rs_delayed *p = d->n < d->cap ? d->heap : realloc(d->heap, cap * sizeof *p);

	if (!p)
		return false;
	if (d->n == d->cap)
		d->cap = cap;
	d->heap = p;
	return true;
}

static void release(struct rs_delay *d)
{
	free(d->heap);
	d->heap = NULL;
	d->cap = 0;
}

/* ---- time --------------------------------------------------------------------------------------------------------------- */

static void arm(struct rs_reactor *r, struct rs_delay *d)
{
	int64_t us = d->heap[0].due_us - rs_reactor_us(r);
	struct timeval tv;

	if (us < 0)
		us = 0;
	tv = (struct timeval){ .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
	if (event_add(&d->timer, &tv) < 0)
		rs_error(r->log, "no timer for tasks that are to wait");
}

static void timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_reactor *r = arg;
	struct rs_delay *d = &r->serve->delay;

	RS_CHECK(r, RS_REACTOR_MAGIC);
	(void)fd;
	(void)what;
	while (d->n && d->heap[0].due_us <= rs_reactor_us(r)) {
		struct rs_delayed due = take_first(d);
		rs_task_post(due.l, due.dst);
	}
	/* libevent's clock is a coarse one: it may have been early. */
	if (d->n)
		arm(r, d);
	else
		release(d);
}

bool rs_delay_put(struct rs_reactor *r, struct rs_letter *l, int32_t dst, uint32_t ms)
{
	struct rs_delay *d = &r->serve->delay;
	size_t weight = rs_letter_weight(l);

	if (d->n >= RS_DELAYED_MAX || d->bytes + weight > RS_DELAYED_BYTES_MAX || !grow(d))
		return false;
	if (!d->has_timer)
		event_assign(&d->timer, r->base, -1, 0, timer_cb, r);
	d->has_timer = true;
	d->heap[d->n] = (struct rs_delayed){ rs_reactor_us(r) + (int64_t)ms * 1000, d->order++, l, dst };
	sift_up(d->heap, d->n++);
	d->bytes += weight;
	if (d->heap[0].l == l)
		arm(r, d);
	return true;
}

unsigned rs_delay_drop(struct rs_delay *d)
{
	unsigned n = d->n;

	if (d->has_timer)
		event_del(&d->timer);
	while (d->n)
		rs_letter_end(take_first(d).l, RS_LETTER_DROPPED);
	release(d);
	return n;
}

void rs_delay_fini(struct rs_delay *d)
{
	(void)rs_delay_drop(d);
}
