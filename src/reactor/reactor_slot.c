/*
 * Slots of workers: what is posted where, and every change of a claim word on our side. Runs in the reactor.
 *
 * A worker keeps what it has read in a ring of RS_CLAIM_SLOTS. A revoked request stays in there (or in the
 * socket) until the worker comes across it, so it counts against that ring until a later request of the same
 * worker is seen claimed.
 */
#include "reactor/reactor_slot.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_seat.h"
#include "reactor/reactor_worker.h"

static bool routable(const struct rs_worker *w)
{
	return w->phase == RS_WORKER_PHASE_READY && w->routed && w->generation == w->r->route.generation && !w->stalled &&
	       !w->blocked && w->posted + w->ndead < RS_CLAIM_SLOTS;
}

bool rs_slot_attending(const struct rs_worker *w)
{
	return w->seat && w->seat->nsent > 0;
}

bool rs_slot_attended(struct rs_worker *w)
{
	uint64_t begun = atomic_load_explicit(&w->page->begun, memory_order_relaxed);

	if (!rs_slot_attending(w) || w->seat->seen_begun == begun)
		return false;
	w->seat->seen_begun = begun;
	return true;
}

/*
 * The list for w. An event in hand counts like a request, so that requests go to those that are free; but one that has nothing but
 * events can always be given requests, however few may be posted ahead.
 */
static int list_for(const struct rs_worker *w)
{
	int64_t most = w->r->conf->post_ahead - 1;

	if (!routable(w))
		return -1;
	return (int)w->posted + (rs_slot_attending(w) && w->posted < most);
}

/* A request of w that waits behind another one, or behind events. */
static void note_backlog(struct rs_worker *w)
{
	bool now = w->posted + rs_slot_attending(w) > 1 && w->posted;

	if (now == w->backlogged)
		return;
	w->backlogged = now;
	w->r->route.backlogged += now ? 1 : -1U;
}

void rs_slot_place(struct rs_worker *w)
{
	struct rs_route *t = &w->r->route;
	int want = list_for(w);

	note_backlog(w);
	if (want == w->bucket)
		return;
	if (w->bucket >= 0)
		TAILQ_REMOVE(&t->by_posted[w->bucket], w, bucket_link);
	/* In front: who became free last is the warmest. */
	if (want >= 0)
		TAILQ_INSERT_HEAD(&t->by_posted[want], w, bucket_link);
	w->bucket = want;
}

void rs_slot_attends(struct rs_worker *w)
{
	if (w->posted == 0)
		w->since_us = rs_reactor_us(w->r);
	if (!rs_slot_attending(w))
		w->stalled = false;
	rs_slot_place(w);
}

void rs_slot_offer(struct rs_worker *w, struct rs_req *q)
{
	struct rs_wire_request *wire = rs_req_wire(q);
	uint32_t slot = 0;

	while (w->slot[slot])
		slot++;
	q->worker = w;
	q->slot = slot;
	q->claim = rs_claim_word(++w->seq, RS_CLAIM_POSTED);
	q->state = RS_REQ_POSTED;
	wire->claim = q->claim;
	wire->slot = slot;
	atomic_store_explicit(&w->page->word[slot], q->claim, memory_order_release);
	w->slot[slot] = q;
	if (w->posted++ == 0 && !rs_slot_attending(w))
		w->since_us = rs_reactor_us(w->r);
	rs_slot_place(w);
}

void rs_slot_free(struct rs_worker *w, struct rs_req *q)
{
	RS_ASSERT(q->worker == w && w->slot[q->slot] == q && w->posted > 0);
	rs_lane_leave(q);
	w->slot[q->slot] = NULL;
	w->posted--;
	q->worker = NULL;
	q->state = RS_REQ_LOCAL;
	rs_slot_place(w);
}

/* The worker has come as far as the request posted with number seq: revoked ones before it are read. */
static void read_up_to(struct rs_worker *w, uint64_t seq)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->ndead; i++) {
		if (w->dead_seq[i] > seq)
			w->dead_seq[kept++] = w->dead_seq[i];
	}
	if (kept < w->ndead) {
		w->ndead = kept;
		rs_slot_place(w);
	}
}

static void now_claimed(struct rs_req *q)
{
	q->state = RS_REQ_CLAIMED;
	q->progress_us = rs_reactor_us(q->r);
	q->worker->asleep_us = 0;
	read_up_to(q->worker, q->claim >> 2);
}

bool rs_slot_claimed(struct rs_req *q)
{
	uint64_t word;

	if (q->state != RS_REQ_POSTED)
		return q->state == RS_REQ_CLAIMED;
	word = atomic_load_explicit(&q->worker->page->word[q->slot], memory_order_acquire);
	if (word != ((q->claim & ~UINT64_C(3)) | RS_CLAIM_TAKEN))
		return false;
	now_claimed(q);
	return true;
}

bool rs_slot_can_reclaim(const struct rs_worker *w)
{
	return w->ndead < RS_CLAIM_SLOTS - 1;
}

bool rs_slot_reclaim(struct rs_req *q)
{
	struct rs_worker *w = q->worker;

	if (q->state == RS_REQ_CLAIMED)
		return false;
	RS_ASSERT(q->state == RS_REQ_POSTED && w->ndead < RS_CLAIM_SLOTS);
	if (!rs_claim_move(w->page, q->slot, q->claim, RS_CLAIM_REVOKED)) {
		now_claimed(q);
		return false;
	}
	w->dead_seq[w->ndead++] = q->claim >> 2;
	rs_slot_free(w, q);
	return true;
}

struct rs_req *rs_slot_oldest(struct rs_worker *w)
{
	struct rs_req *oldest = NULL;

	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		struct rs_req *q = w->slot[i];
		if (q && (!oldest || q->claim < oldest->claim) && !rs_slot_claimed(q))
			oldest = q;
	}
	return oldest;
}

bool rs_slot_busy(const struct rs_worker *w)
{
	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		if (w->slot[i] && rs_slot_claimed(w->slot[i]))
			return true;
	}
	return false;
}
