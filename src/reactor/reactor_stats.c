/*
 * Numbers of a server for stats(), on the board. Runs in the reactor, at the end of a turn in which something changed.
 */
#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_worker.h"

static unsigned count_idle(const struct rs_seat *seat, uint32_t n)
{
	unsigned idle = 0;

	for (uint32_t i = 0; i < n; i++)
		idle += rs_seat_ready(&seat[i]) && seat[i].nsent == 0 && seat[i].w->open == 0 && seat[i].w->posted == 0;
	return idle;
}

static uint64_t news(uint64_t *known, uint64_t now)
{
	uint64_t more = now > *known ? now - *known : 0;

	*known += more;
	return more;
}

/* Connections and requests that have no $fd are counted as well. */
static void add_plain(struct rs_serve *s)
{
	const struct rs_reactor *r = s->r;

	s->accepted = news(&s->plain.accepted, r->n.accepted);
	s->closed = news(&s->plain.closed, r->n.accepted - (r->conns.used - r->h2.streams));
	s->requests += news(&s->plain.requests, r->n.requests);
}

void rs_serve_publish(struct rs_serve *s)
{
	struct rs_board_head *h = s->board.head;

	if (s->set.hosted)
		add_plain(s);
	/* Counters go on over restarts of the reactor: what is new is added. */
	atomic_fetch_add_explicit(&h->received_bytes, s->received, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sent_bytes, s->sent, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->requests, s->requests, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->responses, s->responses, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->dispatched, s->dispatched, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->accepted, s->accepted, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->closed, s->closed, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->aborted, s->aborted, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->tasks, s->task_total, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->pipe_packets, s->pipe_packets, memory_order_relaxed);
	s->received = s->sent = s->requests = s->responses = s->dispatched = 0;
	s->accepted = s->closed = s->aborted = s->task_total = s->pipe_packets = 0;
	atomic_store_explicit(&h->connections, s->set.hosted ? s->r->conns.used - s->r->h2.streams : s->nguests, memory_order_relaxed);
	atomic_store_explicit(&h->tasking, s->tasks, memory_order_relaxed);
	atomic_store_explicit(&h->idle_workers, count_idle(s->seat, s->nworkers), memory_order_relaxed);
	atomic_store_explicit(&h->idle_tasks, count_idle(s->seat + s->first_task, s->ntasks), memory_order_relaxed);
	s->stats_dirty = false;
}
