/*
 * Dispatch: requests to workers. Owns the queue and the lists of workers by load. Runs in the reactor.
 *
 * A request is posted to the worker that holds the fewest, up to post_ahead, so that a busy worker finds its
 * next request without a wake-up. Posting is an offer: until the worker claims it (compare-and-swap on the
 * word of its slot) the request can be taken back the same way and given to another one. Whoever loses the
 * race does nothing, so a request runs exactly once.
 */
#include "reactor/reactor_route.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_slot.h"
#include "reactor/reactor_worker.h"

void rs_route_init(struct rs_reactor *r)
{
	struct rs_route *t = &r->route;

	TAILQ_INIT(&t->all);
	TAILQ_INIT(&t->dirty);
	TAILQ_INIT(&t->dead);
	TAILQ_INIT(&t->queue);
	for (size_t i = 0; i < RS_COUNTOF(t->by_posted); i++)
		TAILQ_INIT(&t->by_posted[i]);
}

/* ---- queue -------------------------------------------------------------------------------------------- */

static void enqueue(struct rs_req *q, bool front)
{
	struct rs_route *t = &q->r->route;

	q->state = RS_REQ_QUEUED;
	if (front)
		TAILQ_INSERT_HEAD(&t->queue, q, queue_link);
	else
		TAILQ_INSERT_TAIL(&t->queue, q, queue_link);
	t->queued++;
}

static void dequeue(struct rs_req *q)
{
	struct rs_route *t = &q->r->route;

	RS_ASSERT(q->state == RS_REQ_QUEUED && t->queued > 0);
	TAILQ_REMOVE(&t->queue, q, queue_link);
	t->queued--;
	q->state = RS_REQ_LOCAL;
}

static void refuse(struct rs_req *q)
{
	q->r->n.refused++;
	rs_send_error(q->conn, 503, true);
}

static struct rs_worker *pick(struct rs_reactor *r)
{
	for (int64_t n = 0; n < r->conf->post_ahead; n++) {
		struct rs_worker *w = TAILQ_FIRST(&r->route.by_posted[n]);
		if (w)
			return w;
	}
	return NULL;
}

void rs_route_post(struct rs_worker *w, struct rs_req *q)
{
	rs_slot_offer(w, q);
	if (rs_ipc_put(&w->ipc, RS_MSG_REQUEST, 0, q->node.id, rs_buf_slice(&q->payload), RS_SLICE(""),
		       &q->body_fd, q->body_fd >= 0) != RS_OK) {
		rs_errorx(w->r->log, "cannot post a request to worker %u: %s", w->id, w->ipc.error);
		rs_slot_free(w, q);
		refuse(q);
		return;
	}
	w->r->n.moved += q->posted_us != 0;
	q->posted_us = rs_reactor_us(w->r);
	q->worker_id = w->id;
	rs_worker_dirty(w);
}

void rs_route_submit(struct rs_req *q)
{
	struct rs_route *t = &q->r->route;
	struct rs_worker *w = t->queued ? NULL : pick(q->r);

	if (w)
		rs_route_post(w, q);
	else if (t->queued < (size_t)q->r->conf->queue_length)
		enqueue(q, false);
	else
		refuse(q);
}

void rs_route_pump(struct rs_reactor *r)
{
	struct rs_worker *w;
	struct rs_req *q;

	while ((q = TAILQ_FIRST(&r->route.queue)) && (w = pick(r))) {
		dequeue(q);
		rs_route_post(w, q);
	}
}

/* ---- the end of a request ----------------------------------------------------------------------------- */

void rs_route_withdraw(struct rs_req *q)
{
	struct rs_worker *w = q->worker;

	q->conn = NULL;
	if (q->state == RS_REQ_QUEUED)
		dequeue(q);
	else if (w && !(rs_slot_can_reclaim(w) && rs_slot_reclaim(q)) && !q->ended)
		(void)rs_worker_tell(w, RS_MSG_CANCEL, q->node.id, RS_SLICE(""));
	/* Who waited for a slow client has a fresh time to finish. */
	q->progress_us = rs_reactor_us(q->r);
	rs_req_release(q);
}

void rs_route_overdue(struct rs_req *q)
{
	if (q->state == RS_REQ_QUEUED)
		dequeue(q);
	else if (!q->worker || !rs_slot_reclaim(q))
		return;
	refuse(q);
}

void rs_route_done(struct rs_worker *w, struct rs_req *q)
{
	int64_t now = rs_reactor_us(w->r);

	rs_balance_took(w->r, now - (q->posted_us > w->since_us ? q->posted_us : w->since_us));
	w->requests++;
	w->since_us = now;
	w->stalled = false;
	rs_slot_free(w, q);
	rs_req_release(q);
	if (w->phase == RS_WORKER_PHASE_RETIRING && w->posted == 0)
		rs_worker_retire(w);
	rs_route_pump(w->r);
}

void rs_route_take_back(struct rs_worker *w, bool all)
{
	struct rs_req *taken[RS_CLAIM_SLOTS], *q;
	unsigned n = 0;

	while ((all || rs_slot_can_reclaim(w)) && (q = rs_slot_oldest(w))) {
		if (rs_slot_reclaim(q))
			taken[n++] = q;
	}
	while (n) {
		q = taken[--n];
		if (q->conn)
			enqueue(q, true);
		else
			rs_req_release(q);
	}
}

void rs_route_abandon(struct rs_worker *w, unsigned status)
{
	rs_route_take_back(w, true);
	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		struct rs_req *q = w->slot[i];
		if (!q)
			continue;
		rs_slot_free(w, q);
		if (q->conn && !q->ended)
			rs_warnx(w->r->log, "request %s is %s %u: worker %u does not end it", q->id, q->head_sent ? "cut, not" : "answered", status, w->id);
		if (q->conn)
			rs_send_failed(q, status);
		else
			rs_req_release(q);
	}
}

/* ---- generations -------------------------------------------------------------------------------------- */

void rs_route_switch(struct rs_reactor *r, uint32_t generation)
{
	struct rs_worker *w, *next;

	r->route.generation = generation;
	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		if (w->generation < generation && w->phase == RS_WORKER_PHASE_READY) {
			w->phase = RS_WORKER_PHASE_RETIRING;
			rs_route_take_back(w, true);
			if (w->posted == 0)
				rs_worker_retire(w);
		}
		rs_slot_place(w);
	}
	rs_route_pump(r);
}

/* ---- the end of everything ---------------------------------------------------------------------------- */

void rs_route_give_up(struct rs_reactor *r)
{
	struct rs_worker *w, *next;
	struct rs_req *q;

	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		rs_route_take_back(w, true);
		if (w->posted)
			rs_worker_kill(w, RS_KILL_DRAIN, 503, "still busy when the time to finish was over");
	}
	while ((q = TAILQ_FIRST(&r->route.queue))) {
		dequeue(q);
		refuse(q);
	}
}
