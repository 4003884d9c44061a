/*
 * Dispatch: requests to workers. Owns the queue, the lists of workers by load, and every change of a claim word on our side.
 * Runs in the reactor.
 *
 * A request is posted to the worker that holds the fewest, up to post_ahead, so that a busy worker finds its next request
 * without a wake-up. Posting is an offer: until the worker claims it (compare-and-swap on the word of its slot) the request
 * can be taken back the same way and given to another one. Whoever loses the race does nothing, so a request runs exactly once.
 *
 * A worker keeps what it has read in a ring of RS_CLAIM_SLOTS. A revoked request stays in there (or in the socket) until the worker
 * comes across it, so it counts against that ring until a later request of the same worker is seen claimed.
 */
#include "reactor/reactor_route.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_worker.h"

#include <event2/event.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* A request that is not claimed after this long may move. */
#define MOVE_AFTER_US 1000
/* A worker is stalled when it has been at one thing for this long, and for so many times the usual. */
#define STALLED_US 2000
#define STALLED_TIMES 2
/* A worker that claims nothing although it has nothing to do is left alone for a while. */
#define ASLEEP_US 250000
#define ASLEEP_REST_US 1000000

static void timer_cb(evutil_socket_t fd, short what, void *arg);

bool rs_route_init(struct rs_reactor *r)
{
	struct rs_route *t = &r->route;

	TAILQ_INIT(&t->all);
	TAILQ_INIT(&t->dirty);
	TAILQ_INIT(&t->dead);
	TAILQ_INIT(&t->queue);
	for (size_t i = 0; i < RS_COUNTOF(t->by_posted); i++)
		TAILQ_INIT(&t->by_posted[i]);
	/* Not a libevent timer: those are kept by a coarse clock that may be 4 ms behind. */
	t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (t->timer_fd < 0)
		return false;
	event_assign(&t->timer, r->base, t->timer_fd, EV_READ | EV_PERSIST, timer_cb, r);
	return event_add(&t->timer, NULL) == 0;
}

void rs_route_fini(struct rs_reactor *r)
{
	if (r->route.timer_fd < 0)
		return;
	event_del(&r->route.timer);
	rs_fd_close(&r->route.timer_fd);
}

/* ---- slots ------------------------------------------------------------------------------------------------------ */

static bool routable(const struct rs_worker *w)
{
	return w->phase == RS_WORKER_PHASE_READY && w->generation == w->r->route.generation && !w->stalled &&
	       !w->blocked && w->posted + w->ndead < RS_CLAIM_SLOTS;
}

void rs_route_place(struct rs_worker *w)
{
	struct rs_route *t = &w->r->route;
	int want = routable(w) ? (int)w->posted : -1;

	if (want == w->bucket)
		return;
	if (w->bucket >= 0)
		TAILQ_REMOVE(&t->by_posted[w->bucket], w, bucket_link);
	/* In front: who became free last is the warmest. */
	if (want >= 0)
		TAILQ_INSERT_HEAD(&t->by_posted[want], w, bucket_link);
	w->bucket = want;
}

static void slot_use(struct rs_worker *w, struct rs_req *q, uint32_t slot)
{
	w->slot[slot] = q;
	if (w->posted++ == 0)
		w->since_us = rs_reactor_us(w->r);
	if (w->posted == 2)
		w->r->route.backlogged++;
	q->worker = w;
	q->slot = slot;
}

static void slot_free(struct rs_worker *w, struct rs_req *q)
{
	RS_ASSERT(q->worker == w && w->slot[q->slot] == q && w->posted > 0);
	w->slot[q->slot] = NULL;
	if (w->posted-- == 2)
		w->r->route.backlogged--;
	q->worker = NULL;
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
		rs_route_place(w);
	}
}

static void now_claimed(struct rs_req *q)
{
	q->state = RS_REQ_CLAIMED;
	q->progress_us = rs_reactor_us(q->r);
	read_up_to(q->worker, q->claim >> 2);
}

bool rs_route_claimed(struct rs_req *q)
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

/*
 * Room for one more revoked request behind which another one could still be posted? Without that the worker would never
 * show again how far it has read.
 */
static bool can_revoke(const struct rs_worker *w)
{
	return w->ndead < RS_CLAIM_SLOTS - 1;
}

/* Takes q back: it is nobody's then. false: the worker has it. */
static bool reclaim(struct rs_req *q)
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
	slot_free(w, q);
	q->state = RS_REQ_LOCAL;
	rs_route_place(w);
	return true;
}

/* The oldest request that w has not claimed, NULL without one. */
static struct rs_req *oldest_unclaimed(struct rs_worker *w)
{
	struct rs_req *oldest = NULL;

	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		struct rs_req *q = w->slot[i];
		if (q && (!oldest || q->claim < oldest->claim) && !rs_route_claimed(q))
			oldest = q;
	}
	return oldest;
}

/* ---- queue ------------------------------------------------------------------------------------------------------ */

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
	q->state = RS_REQ_LOCAL;
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

static void post(struct rs_worker *w, struct rs_req *q)
{
	struct rs_wire_request *wire = rs_req_wire(q);
	uint32_t slot = 0;

	while (w->slot[slot])
		slot++;
	q->claim = rs_claim_word(++w->seq, RS_CLAIM_POSTED);
	wire->claim = q->claim;
	wire->slot = slot;
	atomic_store_explicit(&w->page->word[slot], q->claim, memory_order_release);
	if (rs_ipc_put(&w->ipc, RS_MSG_REQUEST, 0, q->node.id, rs_buf_slice(&q->payload), RS_SLICE(""), &q->body_fd,
		       q->body_fd >= 0) != RS_OK) {
		rs_errorx(w->r->log, "cannot post a request to worker %u: %s", w->id, w->ipc.error);
		refuse(q);
		return;
	}
	slot_use(w, q, slot);
	w->r->n.moved += q->posted_us != 0;
	q->state = RS_REQ_POSTED;
	q->posted_us = rs_reactor_us(w->r);
	q->worker_id = w->id;
	rs_worker_dirty(w);
	rs_route_place(w);
}

void rs_route_submit(struct rs_req *q)
{
	struct rs_route *t = &q->r->route;
	struct rs_worker *w = t->queued ? NULL : pick(q->r);

	if (w)
		post(w, q);
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
		post(w, q);
	}
}

/* ---- the end of a request --------------------------------------------------------------------------------------- */

void rs_route_withdraw(struct rs_req *q)
{
	struct rs_worker *w = q->worker;

	q->conn = NULL;
	if (q->state == RS_REQ_QUEUED)
		dequeue(q);
	else if (w && !(can_revoke(w) && reclaim(q)) && !q->ended &&
		 rs_ipc_put(&w->ipc, RS_MSG_CANCEL, 0, q->node.id, RS_SLICE(""), RS_SLICE(""), NULL, 0) == RS_OK)
		rs_worker_dirty(w);
	/* Who waited for a slow client has a fresh time to finish. */
	q->progress_us = rs_reactor_us(q->r);
	rs_req_release(q);
}

void rs_route_overdue(struct rs_req *q)
{
	if (q->state == RS_REQ_QUEUED)
		dequeue(q);
	else if (!q->worker || !reclaim(q))
		return;
	refuse(q);
}

void rs_route_done(struct rs_worker *w, struct rs_req *q)
{
	struct rs_route *t = &w->r->route;
	int64_t now = rs_reactor_us(w->r);
	int64_t took = now - (q->posted_us > w->since_us ? q->posted_us : w->since_us);
	int64_t most = 4 * t->service_us + MOVE_AFTER_US;

	/* A moving average in which one slow request does not count for thousand quick ones. */
	t->service_us += ((took < most ? took : most) - t->service_us) / 8;
	slot_free(w, q);
	q->state = RS_REQ_LOCAL;
	rs_req_release(q);
	w->requests++;
	w->since_us = now;
	w->stalled = false;
	if (w->phase == RS_WORKER_PHASE_RETIRING && w->posted == 0)
		rs_worker_retire(w);
	rs_route_place(w);
	rs_route_pump(w->r);
}

/* Everything unclaimed back into the queue, in front and in its order. all: the worker will get nothing more. */
static void take_back(struct rs_worker *w, bool all)
{
	struct rs_req *taken[RS_CLAIM_SLOTS], *q;
	unsigned n = 0;

	while ((all || can_revoke(w)) && (q = oldest_unclaimed(w)) && reclaim(q))
		taken[n++] = q;
	while (n) {
		q = taken[--n];
		if (q->conn)
			enqueue(q, true);
		else
			rs_req_release(q);
	}
}

void rs_route_take_back(struct rs_worker *w)
{
	take_back(w, true);
}

void rs_route_abandon(struct rs_worker *w, unsigned status)
{
	take_back(w, true);
	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		struct rs_req *q = w->slot[i];
		if (!q)
			continue;
		slot_free(w, q);
		q->state = RS_REQ_LOCAL;
		if (q->conn)
			rs_send_failed(q, status);
		else
			rs_req_release(q);
	}
}

/* ---- generations ------------------------------------------------------------------------------------------------ */

void rs_route_switch(struct rs_reactor *r, uint32_t generation)
{
	struct rs_worker *w;

	r->route.generation = generation;
	TAILQ_FOREACH(w, &r->route.all, all_link) {
		if (w->generation < generation && w->phase == RS_WORKER_PHASE_READY) {
			w->phase = RS_WORKER_PHASE_RETIRING;
			take_back(w, true);
			if (w->posted == 0)
				rs_worker_retire(w);
		}
		rs_route_place(w);
	}
	rs_route_pump(r);
}

/* ---- requests that wait behind others --------------------------------------------------------------------------- */

static void timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_reactor *r = arg;
	uint64_t n;

	RS_CHECK(r, RS_REACTOR_MAGIC);
	(void)what;
	/* Waking the loop was all: rs_route_check() runs at the end of every turn. */
	if (read(fd, &n, sizeof n) < 0)
		return;
	r->route.timer_armed = false;
}

static void arm(struct rs_route *t)
{
	const struct itimerspec once = { .it_value = { .tv_nsec = MOVE_AFTER_US * 1000L } };

	if (!t->timer_armed && timerfd_settime(t->timer_fd, 0, &once, NULL) == 0)
		t->timer_armed = true;
}

static bool has_claimed(const struct rs_worker *w)
{
	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		if (w->slot[i] && rs_route_claimed(w->slot[i]))
			return true;
	}
	return false;
}

/* Busy for long, by the clock and by what is usual here, with somebody waiting behind. */
static bool is_stalled(const struct rs_worker *w, int64_t now)
{
	int64_t limit = STALLED_TIMES * w->r->route.service_us;

	return !w->stalled && w->posted > 1 && now - w->since_us >= (limit > STALLED_US ? limit : STALLED_US) &&
	       has_claimed(w);
}

/* A request that has waited behind another one for long enough; of the worker that holds the most. */
static struct rs_req *find_movable(struct rs_reactor *r, int64_t now)
{
	struct rs_worker *w;
	struct rs_req *best = NULL;

	TAILQ_FOREACH(w, &r->route.all, all_link) {
		struct rs_req *q;
		if (w->posted < 2 || !can_revoke(w) || (best && w->posted <= best->worker->posted))
			continue;
		q = oldest_unclaimed(w);
		if (q && now - q->posted_us >= MOVE_AFTER_US)
			best = q;
	}
	return best;
}

void rs_route_check(struct rs_reactor *r)
{
	struct rs_route *t = &r->route;
	int64_t now = rs_reactor_us(r);
	struct rs_worker *w;
	struct rs_req *q;

	if (t->queued)
		rs_route_pump(r);
	if (!t->backlogged)
		return;
	if (now - t->checked_us >= MOVE_AFTER_US) {
		t->checked_us = now;
		TAILQ_FOREACH(w, &t->all, all_link) {
			if (!is_stalled(w, now))
				continue;
			w->stalled = true;
			take_back(w, false);
			rs_route_place(w);
		}
		rs_route_pump(r);
		while (!TAILQ_EMPTY(&t->by_posted[0]) && (q = find_movable(r, now)) && reclaim(q)) {
			if (q->conn)
				post(TAILQ_FIRST(&t->by_posted[0]), q);
			else
				rs_req_release(q);
		}
	}
	if (t->backlogged && !TAILQ_EMPTY(&t->by_posted[0]))
		arm(t);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

/* Claimed requests that make no progress. true: w is gone. */
static bool sweep_claimed(struct rs_worker *w, int64_t now)
{
	int64_t limit = w->r->conf->request_timeout * 1000;

	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++) {
		struct rs_req *q = w->slot[i];
		if (!q || !rs_route_claimed(q))
			continue;
		/* It is the client who is slow: write_timeout deals with that. */
		if (q->conn && rs_conn_pending(q->conn))
			q->progress_us = now;
		if (limit && now - q->progress_us >= limit) {
			rs_worker_kill(w, RS_KILL_TIMEOUT, 504, "request_timeout");
			return true;
		}
	}
	return false;
}

/* A worker with nothing to do that does not claim: stopped, or starved. It gets a rest, its requests another worker. */
static void sweep_asleep(struct rs_worker *w, int64_t now)
{
	struct rs_req *q = w->posted ? oldest_unclaimed(w) : NULL;

	if (w->posted == 0 && w->phase == RS_WORKER_PHASE_READY && now - w->since_us >= ASLEEP_REST_US) {
		if (w->ndead == RS_CLAIM_SLOTS)
			rs_worker_retire(w); /* no post can show any more whether it reads: better a new one */
		w->stalled = false;
		rs_route_place(w);
	}
	if (!q || w->stalled || now - q->posted_us < ASLEEP_US || now - w->since_us < ASLEEP_US)
		return;
	if (has_claimed(w))
		return;
	rs_debug(w->r->log, "worker %u does not wake up, its requests move", w->id);
	w->stalled = true;
	w->since_us = now;
	take_back(w, true);
	rs_route_place(w);
}

void rs_route_sweep(struct rs_reactor *r)
{
	int64_t now = rs_reactor_us(r);
	struct rs_worker *w, *next;

	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		if (!sweep_claimed(w, now))
			sweep_asleep(w, now);
	}
	rs_route_pump(r);
}

void rs_route_give_up(struct rs_reactor *r)
{
	struct rs_worker *w, *next;
	struct rs_req *q;

	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		take_back(w, true);
		if (w->posted)
			rs_worker_kill(w, RS_KILL_DRAIN, 503, "still busy when the time to finish was over");
	}
	while ((q = TAILQ_FIRST(&r->route.queue))) {
		dequeue(q);
		refuse(q);
	}
}
