/*
 * Timers of the loop: a heap by time, a hash table by id, a list in order of ids. Counted from their schedule; a timer never
 * runs inside its own callback, and one that is freed there goes when the callback returns.
 */
#include "worker/loop_private.h"

#include "base/rs_clock.h"

#include <stdlib.h>

#define TIMER_NOWHERE SIZE_MAX
#define TIMERS_FIRST 16 /* room made by the first one; a power of two */

/* ---- heap ----------------------------------------------------------------------------------------------------------- */

static bool earlier(const struct rs_timer *a, const struct rs_timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->id < b->id;
}

static void put_at(struct rs_loop *l, size_t i, struct rs_timer *t)
{
	l->heap[i] = t;
	t->at = i;
}

static void sift_up(struct rs_loop *l, size_t i, struct rs_timer *t)
{
	for (; i > 0 && earlier(t, l->heap[(i - 1) / 2]); i = (i - 1) / 2)
		put_at(l, i, l->heap[(i - 1) / 2]);
	put_at(l, i, t);
}

static void sift_down(struct rs_loop *l, size_t i, struct rs_timer *t)
{
	size_t child;

	while ((child = 2 * i + 1) < l->ntimers) {
		if (child + 1 < l->ntimers && earlier(l->heap[child + 1], l->heap[child]))
			child++;
		if (!earlier(l->heap[child], t))
			break;
		put_at(l, i, l->heap[child]);
		i = child;
	}
	put_at(l, i, t);
}

static void heap_remove(struct rs_loop *l, struct rs_timer *t)
{
	struct rs_timer *last = l->heap[--l->ntimers];
	size_t i = t->at;

	t->at = TIMER_NOWHERE;
	if (last == t)
		return;
	if (i > 0 && earlier(last, l->heap[(i - 1) / 2]))
		sift_up(l, i, last);
	else
		sift_down(l, i, last);
}

/* ---- room and table ------------------------------------------------------------------------------------------------- */

static struct rs_timer_bucket *bucket_of(const struct rs_loop *l, uint64_t id)
{
	return &l->buckets[id & (l->nbuckets - 1)];
}

/* Heap and table grow together, so that ids, which are consecutive, mostly have a bucket of their own. */
static bool make_room(struct rs_loop *l)
{
	size_t cap = l->heap_cap ? l->heap_cap * 2 : TIMERS_FIRST;
	struct rs_timer_bucket *buckets;
	struct rs_timer **heap, *t;

	if (l->ntimers < l->heap_cap)
		return true;
	heap = realloc(l->heap, cap * sizeof(*heap));
	if (!heap)
		return false;
	l->heap = heap;
	buckets = calloc(cap, sizeof *buckets);
	if (!buckets)
		return false;
	free(l->buckets);
	l->buckets = buckets;
	l->nbuckets = l->heap_cap = cap;
	TAILQ_FOREACH(t, &l->timers, all)
		LIST_INSERT_HEAD(bucket_of(l, t->id), t, bucket);
	return true;
}

/* ---- public --------------------------------------------------------------------------------------------------------- */

struct rs_timer *rs_timer_new(struct rs_loop *l, int64_t ms, bool repeat, bool counts, void (*cb)(struct rs_timer *t, void *arg),
			      void *arg)
{
	int64_t us = ms > INT64_MAX / 4000 ? INT64_MAX / 4 : ms * 1000;
	struct rs_timer *t;

	RS_ASSERT(ms >= 1);
	t = make_room(l) ? calloc(1, sizeof *t) : NULL;
	if (!t)
		return NULL;
	*t = (struct rs_timer){ .loop = l, .id = ++l->last_timer_id, .due_us = rs_now_us() + us,
				.interval_us = repeat ? us : 0, .round = l->turns, .counts = counts, .alive = true,
				.cb = cb, .arg = arg };
	TAILQ_INSERT_TAIL(&l->timers, t, all);
	LIST_INSERT_HEAD(bucket_of(l, t->id), t, bucket);
	sift_up(l, l->ntimers++, t);
	l->keepers += counts;
	return t;
}

/* Nobody finds it any more; the memory stays. */
static void timer_remove(struct rs_timer *t)
{
	struct rs_loop *l = t->loop;

	t->alive = false;
	heap_remove(l, t);
	TAILQ_REMOVE(&l->timers, t, all);
	LIST_REMOVE(t, bucket);
	l->keepers -= t->counts;
}

void rs_timer_free(struct rs_timer *t)
{
	if (!t)
		return;
	if (t->alive)
		timer_remove(t);
	if (!t->firing)
		free(t);
}

uint64_t rs_timer_id(const struct rs_timer *t)
{
	return t->id;
}

struct rs_timer *rs_timer_find(struct rs_loop *l, uint64_t id)
{
	struct rs_timer *t;

	if (l->nbuckets == 0)
		return NULL;
	LIST_FOREACH(t, bucket_of(l, id), bucket)
		if (t->id == id)
			return t;
	return NULL;
}

void rs_timer_info(const struct rs_timer *t, struct rs_timer_info *out)
{
	*out = (struct rs_timer_info){ .due_ms = t->due_us / 1000, .interval_ms = t->interval_us / 1000,
				       .fired = t->fired, .round = t->round };
}

void *rs_timer_arg(const struct rs_timer *t)
{
	return t->arg;
}

struct rs_timer *rs_timer_next(struct rs_loop *l, uint64_t after)
{
	struct rs_timer *t = after ? rs_timer_find(l, after) : NULL;

	if (t)
		return TAILQ_NEXT(t, all);
	TAILQ_FOREACH(t, &l->timers, all)
		if (t->id > after)
			break;
	return t;
}

unsigned rs_timer_count(const struct rs_loop *l)
{
	return (unsigned)l->ntimers;
}

/* ---- for the loop --------------------------------------------------------------------------------------------------- */

int64_t rs_loop_next_timer_us(const struct rs_loop *l)
{
	int64_t us;

	if (l->ntimers == 0)
		return -1;
	us = l->heap[0]->due_us - l->now_us;
	return us > 0 ? us : 0;
}

/* The next beat of its schedule after now; those that were missed are left out. */
static void reschedule(struct rs_timer *t, int64_t now_us)
{
	int64_t late = now_us - t->due_us;

	heap_remove(t->loop, t);
	t->due_us += (late / t->interval_us + 1) * t->interval_us;
	sift_up(t->loop, t->loop->ntimers++, t);
}

unsigned rs_loop_call_timers(struct rs_loop *l)
{
	int64_t now_us = l->now_us; /* a nested run sets it anew */
	struct rs_timer *t;
	unsigned calls = 0;

	while (!l->cut && l->ntimers > 0 && (t = l->heap[0])->due_us <= now_us) {
		if (t->interval_us)
			reschedule(t, now_us);
		else
			timer_remove(t);
		if (t->firing)
			continue;
		t->firing = true;
		t->fired++;
		t->round = l->turns;
		t->cb(t, t->arg);
		t->firing = false;
		if (!t->alive)
			free(t);
		calls++;
	}
	return calls;
}

void rs_loop_drop_timers(struct rs_loop *l)
{
	struct rs_timer *t;

	while ((t = TAILQ_FIRST(&l->timers)))
		rs_timer_free(t);
}
