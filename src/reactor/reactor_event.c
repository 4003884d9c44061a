/*
 * Events on their way to processes of a server. Owns the letters. Runs in the reactor.
 *
 * A letter is on one list at a time: of its seat (waiting, urgent, sent) or of a role (for any). Sent ones stay until
 * TAKEN, so that nothing is lost with a process but what it had begun.
 */
#include "reactor/reactor_event.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_dispatch.h"
#include "reactor/reactor_handover.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_slot.h"
#include "reactor/reactor_worker.h"

#include <stdlib.h>

/* ---- constructor and destructor ---------------------------------------------------------------------------------------- */

struct rs_letter *rs_letter_new(struct rs_reactor *r, enum rs_event_kind kind, struct rs_guest *g, struct rs_slice head,
				struct rs_slice bytes)
{
	struct rs_letter *l = malloc(sizeof *l + head.n + bytes.n);
	bool at_end = kind == RS_EVENT_CLOSE || kind == RS_EVENT_DISCONNECT;

	if (!l)
		return NULL;
	*l = (struct rs_letter){
		.r = r,
		.h = { .dispatch_us = rs_reactor_wall_us(r), .kind = kind },
		.guest = g,
		.n = head.n + bytes.n,
	};
	/* HTTP requests are counted when they are complete. */
	if (kind == RS_EVENT_RECEIVE || kind == RS_EVENT_PACKET || kind == RS_EVENT_MESSAGE)
		r->serve->requests++;
	if (head.n)
		memcpy(l->data, head.p, head.n);
	if (bytes.n)
		memcpy(l->data + head.n, bytes.p, bytes.n);
	if (g) {
		l->h.fd = g->pub.fd;
		l->h.port = g->pub.port;
		l->h.reactor_id = at_end && g->by_server ? -1 : (int32_t)g->pub.reactor_id;
		rs_guest_letter(g, 1, l->n);
	}
	return l;
}

size_t rs_letter_weight(const struct rs_letter *l)
{
	return sizeof *l + (l->req ? l->req->payload.len : l->n);
}

/* ---- lists ----------------------------------------------------------------------------------------------------------------- */

static struct rs_letter_list *role_queue(struct rs_reactor *r, enum rs_server_role role)
{
	RS_ASSERT(role == RS_ROLE_WORKER || role == RS_ROLE_TASK);
	return &r->serve->queue[role];
}

static void count(struct rs_letter *l, struct rs_reactor *r, int by)
{
	struct rs_seat *s = l->seat;
	size_t weight = l->weight;

	if (!s) {
		r->serve->nqueued[l->list == &r->serve->queue[RS_ROLE_TASK]] += (unsigned)by;
		return;
	}
	r->serve->stats_dirty = true;
	if (l->list != &s->sent) {
		s->nwaiting += (unsigned)by;
		s->waiting_bytes += by > 0 ? weight : -weight;
	} else {
		s->nsent += (unsigned)by;
		/* It begins to attend to events, or is through with them. */
		if (s->w && s->w->routed && s->nsent == (by > 0))
			rs_slot_attends(s->w);
	}
	if (l->urgent) {
		s->nurgent += (unsigned)by;
		s->urgent_bytes += by > 0 ? weight : -weight;
	}
	if (l->urgent || l->list != &s->sent)
		return;
	s->window += (unsigned)by;
	s->window_bytes += by > 0 ? weight : -weight;
}

static void put(struct rs_reactor *r, struct rs_letter_list *list, struct rs_seat *s, struct rs_letter *l, bool front)
{
	if (l->weight == 0)
		l->weight = rs_letter_weight(l);
	l->list = list;
	l->seat = s;
	if (front)
		TAILQ_INSERT_HEAD(list, l, link);
	else
		TAILQ_INSERT_TAIL(list, l, link);
	count(l, r, 1);
}

static void take_off(struct rs_reactor *r, struct rs_letter *l)
{
	if (!l->list)
		return;
	count(l, r, -1);
	TAILQ_REMOVE(l->list, l, link);
	l->list = NULL;
}

static void end(struct rs_reactor *r, struct rs_letter *l, enum rs_letter_end how)
{
	struct rs_guest *g = l->guest;
	size_t n = l->n;

	take_off(r, l);
	if (l->over)
		l->over(l, how);
	free(l);
	if (g)
		rs_guest_letter(g, -1, n);
}

void rs_letter_end(struct rs_letter *l, enum rs_letter_end how)
{
	end(l->r, l, how);
}

/* ---- sending ----------------------------------------------------------------------------------------------------------------- */

/* RECEIVE that nobody needs: the server has closed its connection, or it is gone and such data is not wanted. */
static bool is_void(const struct rs_letter *l)
{
	const struct rs_guest *g = l->guest;

	if (!g || l->h.kind != RS_EVENT_RECEIVE || !g->ending)
		return false;
	return g->by_server || (!g->conn && l->r->serve->set.discard_timeout_request && !rs_dispatch_bound(l->r));
}

/* From its list into the channel of s. */
static void send_letter(struct rs_seat *s, struct rs_letter *l)
{
	struct rs_slice body = l->req ? rs_buf_slice(&l->req->payload) : rs_slice(l->data, l->n);
	const int *fd = l->req && l->req->body_fd >= 0 ? &l->req->body_fd : NULL;
	uint64_t id = l->req ? l->req->node.id : 0;
	struct rs_reactor *r = s->r;

	take_off(r, l);
	l->h.seq = ++s->seq;
	put(r, &s->sent, s, l, false);
	l->sent = true;
	if (rs_ipc_put(&s->w->ipc, RS_MSG_EVENT, 0, id, rs_slice(&l->h, sizeof l->h), body, fd, fd != NULL) != RS_OK) {
		rs_errorx(r->log, "cannot tell worker %u: %s", s->id, s->w->ipc.error);
		s->seq--;
		end(r, l, RS_LETTER_DROPPED);
		return;
	}
	if (l->on_send)
		l->on_send(l);
	r->serve->dispatched++;
	s->w->requests++;
	rs_worker_dirty(s->w);
}

/* What the process has begun does not count against the window: it may wait in it for long. */
static void look_at_begun(struct rs_seat *s)
{
	uint64_t begun = atomic_load_explicit(&s->w->page->begun, memory_order_acquire);
	struct rs_letter *l;

	TAILQ_FOREACH(l, &s->sent, link) {
		if (l->h.seq > begun)
			return;
		if (l->urgent)
			continue;
		count(l, s->r, -1);
		l->urgent = true;
		count(l, s->r, 1);
	}
}

static bool window_open(struct rs_seat *s)
{
	if (s->role == RS_ROLE_TASK)
		return s->window == 0;
	if (s->window < RS_WINDOW_EVENTS && s->window_bytes < RS_WINDOW_BYTES)
		return true;
	look_at_begun(s);
	return s->window < RS_WINDOW_EVENTS && s->window_bytes < RS_WINDOW_BYTES;
}

void rs_event_pump(struct rs_seat *s)
{
	struct rs_letter *l;

	while (rs_seat_ready(s) && (l = TAILQ_FIRST(&s->urgent)))
		send_letter(s, l);
	while (rs_seat_ready(s) && (l = TAILQ_FIRST(&s->waiting))) {
		if (is_void(l))
			end(s->r, l, RS_LETTER_DROPPED);
		else if (window_open(s))
			send_letter(s, l);
		else
			return;
	}
}

void rs_event_pump_role(struct rs_reactor *r, enum rs_server_role role)
{
	struct rs_letter_list *q = role_queue(r, role);
	struct rs_letter *l;
	struct rs_seat *s;

	while ((l = TAILQ_FIRST(q)) && (s = rs_dispatch_idle(r, role)))
		send_letter(s, l);
}

void rs_letter_post(struct rs_seat *s, struct rs_letter *l)
{
	put(s->r, l->urgent ? &s->urgent : &s->waiting, s, l, false);
	rs_event_pump(s);
}

void rs_letter_move(struct rs_letter *l, struct rs_seat *to)
{
	take_off(to->r, l);
	rs_letter_post(to, l);
}

void rs_letter_move_any(struct rs_letter *l, enum rs_server_role role)
{
	take_off(l->r, l);
	l->urgent = false; /* the queue of a role knows no urgent ones */
	rs_letter_post_any(l->r, role, l);
}

void rs_letter_send(struct rs_seat *s, struct rs_letter *l)
{
	RS_ASSERT(s->w && l->urgent);
	send_letter(s, l);
}

void rs_letter_post_any(struct rs_reactor *r, enum rs_server_role role, struct rs_letter *l)
{
	l->any = true;
	put(r, role_queue(r, role), NULL, l, false);
	rs_event_pump_role(r, role);
}

/* ---- what processes say, and their end ------------------------------------------------------------------------------------------ */

const char *rs_event_taken(struct rs_worker *w, const struct rs_frame *f)
{
	struct rs_seat *s = w->seat;
	struct rs_reactor *r = w->r;
	struct rs_letter *l;
	uint64_t upto;

	if (f->payload.n != sizeof upto)
		return "TAKEN with a wrong length";
	if (!s)
		return NULL; /* it has handed over: that was nothing new */
	memcpy(&upto, f->payload.p, sizeof upto);
	if (upto > s->seq)
		return "TAKEN for an event that was never sent";
	if (upto > s->taken)
		s->taken = upto;
	w->since_us = rs_reactor_us(r);
	w->stalled = false;
	while ((l = TAILQ_FIRST(&s->sent)) && l->h.seq <= upto)
		end(r, l, RS_LETTER_TAKEN);
	if (w->routed)
		rs_slot_place(w);
	rs_event_pump(s);
	rs_event_pump_role(r, s->role);
	rs_handover_left(s);
	return NULL;
}

/* Not begun: it waits again, in front of what waited behind it. */
static void return_letter(struct rs_seat *s, struct rs_letter *l)
{
	struct rs_reactor *r = s->r;

	take_off(r, l);
	l->sent = false;
	if (l->for_incarnation) {
		end(r, l, RS_LETTER_LOST);
		return;
	}
	if (l->any)
		put(r, role_queue(r, s->role), NULL, l, true);
	else
		put(r, l->urgent ? &s->urgent : &s->waiting, s, l, true);
}

static uint64_t begun_upto(const struct rs_seat *s, const struct rs_claim_page *page)
{
	uint64_t begun = atomic_load_explicit(&page->begun, memory_order_acquire);

	return begun > s->taken ? begun : s->taken;
}

void rs_event_lose_begun(struct rs_seat *s, const struct rs_claim_page *page)
{
	uint64_t begun = page ? begun_upto(s, page) : UINT64_MAX;
	struct rs_letter *l;

	while ((l = TAILQ_FIRST(&s->sent)) && l->h.seq <= begun)
		end(s->r, l, RS_LETTER_LOST);
}

void rs_event_take_back(struct rs_seat *s, const struct rs_claim_page *page)
{
	uint64_t begun = begun_upto(s, page);
	struct rs_letter *l, *before;

	for (l = TAILQ_LAST(&s->sent, rs_letter_list); l && l->h.seq > begun; l = before) {
		before = TAILQ_PREV(l, rs_letter_list, link);
		return_letter(s, l);
	}
}

void rs_event_settle_results(struct rs_seat *s)
{
	struct rs_letter *l, *next;

	for (l = TAILQ_FIRST(&s->sent); l; l = next) {
		next = TAILQ_NEXT(l, link);
		if (l->for_incarnation)
			end(s->r, l, RS_LETTER_TAKEN);
	}
}
