/*
 * A worker as the reactor sees it. Owns the channel and the mapping of the claim page; runs in the reactor.
 *
 * Nothing that a worker sends is believed: the transport has checked sender and size, here the state is
 * checked. A worker that breaks a rule is reported to the master to be killed, its claimed request is
 * answered 502, the others move.
 */
#include "reactor/reactor_worker.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_file.h"
#include "reactor/reactor_interim.h"
#include "reactor/reactor_lane.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_seat.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_slot.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Fills of 256 KiB that are read from the channel of a dead worker. */
#define LAST_WORDS_MAX 64

static void read_cb(evutil_socket_t fd, short what, void *arg);
static void write_cb(evutil_socket_t fd, short what, void *arg);
static bool take_frames(struct rs_worker *w);

/* ---- constructor and destructor ----------------------------------------------------------------------- */

struct rs_worker *rs_worker_new(struct rs_reactor *r, const struct rs_wire_fork *id, int channel_fd,
				int page_fd)
{
	struct rs_worker *w = calloc(1, sizeof *w);

	if (!w)
		goto fail;
	if (r->serve && !rs_seat_fits(r, id->id, id->role)) {
		rs_errorx(r->log, "no process %u of role %u in this server", id->id, id->role);
		goto fail;
	}
	w->magic = RS_WORKER_MAGIC;
	w->r = r;
	w->id = id->id;
	w->generation = id->generation;
	w->order = id->order;
	w->bucket = -1;
	w->routed = id->role == RS_ROLE_WORKER && (!r->serve || r->serve->set.hosted);
	w->self = (struct rs_sender){ r, (enum rs_server_role)id->role, id->id, 0, &w->ipc, &w->ev_read, false, { 0 } };
	w->page = rs_claim_map(page_fd);
	if (!w->page || !rs_fd_nonblock(channel_fd, true))
		goto fail;
	rs_ipc_init(&w->ipc, channel_fd, RS_IPC_REACTOR, RS_IPC_WORKER);
	w->ipc.fds_may_miss = true;
	event_assign(&w->ev_read, r->base, channel_fd, EV_READ | EV_PERSIST, read_cb, w);
	event_assign(&w->ev_write, r->base, channel_fd, EV_WRITE | EV_PERSIST, write_cb, w);
	if (event_add(&w->ev_read, NULL) < 0)
		goto fail;
	rs_fd_close(&page_fd);
	TAILQ_INSERT_TAIL(&r->route.all, w, all_link);
	r->route.nworkers++;
	if (r->serve)
		rs_seat_attach(w);
	return w;
fail:
	rs_error(r->log, "cannot take worker %u of generation %u", id->id, id->generation);
	if (w && w->page)
		munmap(w->page, RS_CLAIM_PAGE);
	free(w);
	rs_fd_close(&channel_fd);
	rs_fd_close(&page_fd);
	return NULL;
}

void rs_worker_lost(struct rs_worker *w, unsigned status)
{
	struct rs_reactor *r = w->r;

	if (w->phase == RS_WORKER_PHASE_DEAD)
		return;
	w->phase = RS_WORKER_PHASE_DEAD;
	rs_slot_place(w);
	event_del(&w->ev_read);
	event_del(&w->ev_write);
	if (w->dirty)
		TAILQ_REMOVE(&r->route.dirty, w, dirty_link);
	w->dirty = false;
	TAILQ_REMOVE(&r->route.all, w, all_link);
	r->route.nworkers--;
	TAILQ_INSERT_TAIL(&r->route.dead, w, all_link);
	rs_route_abandon(w, status);
	rs_sender_gone(&w->self);
	if (w->seat)
		rs_seat_lost(w->seat);
	else if (r->serve)
		rs_seat_left_lost(w);
	rs_route_pump(r);
	/* Without the master no successor comes. */
	if (r->control.lost && !r->route.nworkers)
		rs_route_give_up(r);
}

/* Frames of the channel may be in use until the end of the turn, so it goes only here. */
void rs_worker_reap(struct rs_reactor *r)
{
	struct rs_worker *w;

	while ((w = TAILQ_FIRST(&r->route.dead))) {
		TAILQ_REMOVE(&r->route.dead, w, all_link);
		rs_ipc_fini(&w->ipc);
		if (w->page)
			munmap(w->page, RS_CLAIM_PAGE);
		w->magic = 0;
		free(w);
	}
}

struct rs_worker *rs_worker_find(struct rs_reactor *r, uint32_t id, uint32_t generation)
{
	struct rs_worker *w;

	TAILQ_FOREACH(w, &r->route.all, all_link) {
		if (w->id == id && w->generation == generation && !w->lingers)
			return w;
	}
	return NULL;
}

struct rs_worker *rs_worker_of_order(struct rs_reactor *r, uint32_t id, uint32_t generation, uint32_t order)
{
	struct rs_worker *w;

	TAILQ_FOREACH(w, &r->route.all, all_link) {
		if (w->id == id && w->generation == generation && w->order == order)
			return w;
	}
	return NULL;
}

void rs_worker_kill(struct rs_worker *w, enum rs_kill_reason reason, unsigned status, const char *why)
{
	rs_errorx(w->r->log, "worker %u (pid %u, generation %u) is to be killed: %s", w->id, w->pid,
		  w->generation, why);
	rs_control_worker_kill(w, reason, why);
	w->killed = true;
	rs_worker_lost(w, status);
}

/* It has left by itself, and keeps its place until it is dead: the master sees to that. */
static void leave(struct rs_worker *w, bool finishes)
{
	rs_control_worker_lost(w, finishes);
	rs_worker_lost(w, 502);
}

void rs_worker_gone(struct rs_worker *w)
{
	for (int i = 0; i < LAST_WORDS_MAX && w->phase != RS_WORKER_PHASE_DEAD; i++) {
		if (rs_ipc_fill(&w->ipc) != RS_OK)
			break;
		if (!take_frames(w))
			return;
	}
	rs_worker_lost(w, 502);
}

/* ---- sending ------------------------------------------------------------------------------------------ */

void rs_worker_dirty(struct rs_worker *w)
{
	if (w->dirty || w->phase == RS_WORKER_PHASE_DEAD)
		return;
	w->dirty = true;
	TAILQ_INSERT_TAIL(&w->r->route.dirty, w, dirty_link);
}

bool rs_worker_tell(struct rs_worker *w, enum rs_msg msg, uint64_t id, struct rs_slice payload)
{
	if (rs_ipc_put(&w->ipc, msg, 0, id, payload, RS_SLICE(""), NULL, 0) != RS_OK)
		return false;
	rs_worker_dirty(w);
	return true;
}

static void flush(struct rs_worker *w)
{
	bool was_blocked = w->blocked;

	switch (rs_ipc_flush(&w->ipc)) {
	case RS_OK:
		w->blocked = false;
		break;
	case RS_AGAIN:
		w->blocked = true;
		break;
	default:
		/* It may have answered before it died: read_cb finds the rest, then the end. One that lives on is of no use. */
		w->blocked = true;
		event_del(&w->ev_write);
		rs_control_worker_lost(w, true);
		rs_slot_place(w);
		return;
	}
	if (w->blocked && !was_blocked)
		event_add(&w->ev_write, NULL);
	else if (!w->blocked && was_blocked)
		event_del(&w->ev_write);
	rs_slot_place(w);
}

void rs_worker_flush_all(struct rs_reactor *r)
{
	struct rs_worker *w;

	while ((w = TAILQ_FIRST(&r->route.dirty))) {
		TAILQ_REMOVE(&r->route.dirty, w, dirty_link);
		w->dirty = false;
		if (!w->blocked)
			flush(w);
	}
}

static void write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_worker *w = arg;

	RS_CHECK(w, RS_WORKER_MAGIC);
	(void)fd;
	(void)what;
	flush(w);
}

void rs_worker_retire(struct rs_worker *w)
{
	if (w->phase == RS_WORKER_PHASE_RETIRED || w->phase == RS_WORKER_PHASE_DEAD)
		return;
	if (!rs_worker_tell(w, RS_MSG_RETIRE, 0, RS_SLICE(""))) {
		leave(w, true); /* the end of its channel says the same */
		return;
	}
	w->phase = RS_WORKER_PHASE_RETIRED;
	rs_slot_place(w);
}

/* ---- receiving ---------------------------------------------------------------------------------------- */

static const char *on_ready(struct rs_worker *w, const struct rs_frame *f)
{
	struct rs_wire_ready ready;

	if (w->phase != RS_WORKER_PHASE_BOOTING)
		return "second READY";
	if (f->payload.n != sizeof ready)
		return "READY with a wrong length";
	memcpy(&ready, f->payload.p, sizeof ready);
	if (ready.protocol != RS_PROTOCOL)
		return "another protocol version";
	w->pid = ready.pid;
	w->phase = RS_WORKER_PHASE_READY;
	w->since_us = rs_reactor_us(w->r);
	rs_control_worker_ready(w);
	if (w->seat)
		rs_seat_is_ready(w->seat);
	else if (w->generation < w->r->route.generation || (w->r->serve && w->r->serve->workers_retired))
		rs_worker_retire(w);
	rs_slot_place(w);
	rs_route_pump(w->r);
	return NULL;
}

/* Of an answer, for a client that is there. */
static const char *send_on(struct rs_worker *w, struct rs_req *q, struct rs_frame *f)
{
	const char *why;

	switch (f->msg) {
	case RS_MSG_RESPONSE:
		if (rs_lane_refuses(q, f))
			return NULL;
		why = rs_send_response(q, f);
		if (!why)
			rs_lane_enter(q);
		return why;
	case RS_MSG_INTERIM:
		return rs_interim_send(q, f);
	case RS_MSG_ANSWER_FILE:
		return rs_file_answer(w, q, f);
	default:
		return rs_send_body(q, f);
	}
}

/* INTERIM, RESPONSE, BODY, ANSWER_FILE, DONE. */
static const char *on_answer(struct rs_worker *w, struct rs_frame *f)
{
	struct rs_reactor *r = w->r;
	struct rs_req *q = rs_slab_find(&r->reqs, f->id);
	const char *why = NULL;

	if (w->phase == RS_WORKER_PHASE_BOOTING)
		return "answer before READY";
	if (!q || !q->worker) {
		r->n.stale++;
		return NULL;
	}
	if (q->worker != w)
		return "answer to another worker's request";
	if (!rs_slot_claimed(q))
		return "answer to a request that it has not claimed";
	q->progress_us = rs_reactor_us(r);
	rs_req_answering(q);
	if (f->msg != RS_MSG_DONE) {
		if (q->refused || (!q->conn && !q->ended))
			r->n.stale++; /* the client has left */
		else
			why = send_on(w, q, f);
		if (q->ended)
			rs_lane_leave(q);
		if (why || !(f->flags & RS_FRAME_DONE))
			return why;
		if (!(f->flags & (RS_FRAME_END | RS_FRAME_ABORT)) || (q->conn && !q->ended))
			return "done before the end of the answer";
	} else if (q->conn && !q->ended) {
		return "DONE before the end of the answer";
	}
	rs_route_done(w, q);
	return NULL;
}

/* Is it about a request that came as an EVENT? Those of the route have a worker. */
static bool is_of_event(const struct rs_worker *w, const struct rs_frame *f)
{
	const struct rs_serve *s = w->r->serve;
	const struct rs_req *q = s && s->nguests ? rs_slab_find(&w->r->reqs, f->id) : NULL;

	return q && !q->worker && q->conn && q->conn->guest;
}

static const char *on_frame(struct rs_worker *w, struct rs_frame *f)
{
	switch (f->msg) {
	case RS_MSG_READY:
		return on_ready(w, f);
	case RS_MSG_INTERIM:
	case RS_MSG_RESPONSE:
	case RS_MSG_BODY:
	case RS_MSG_ANSWER_FILE:
	case RS_MSG_DONE:
		if (w->routed && (f->msg == RS_MSG_DONE || !is_of_event(w, f)))
			return on_answer(w, f);
		break;
	case RS_MSG_LEAVING:
		if (w->r->serve)
			break;
		leave(w, true);
		return NULL;
	case RS_MSG_WORKER_ASKS:
		rs_control_ask(w->r, f->payload);
		return NULL;
	default:
		break;
	}
	return w->r->serve ? rs_serve_frame(w, f) : "message out of place";
}

/* All whole frames in the buffer. false: w is dead now. */
static bool take_frames(struct rs_worker *w)
{
	enum rs_result rc = RS_AGAIN;
	const char *why = NULL;
	struct rs_frame f;

	while (w->phase != RS_WORKER_PHASE_DEAD && (rc = rs_ipc_next(&w->ipc, &f)) == RS_OK) {
		why = on_frame(w, &f);
		if (why)
			break;
	}
	if (w->phase == RS_WORKER_PHASE_DEAD)
		return false;
	if (rc == RS_ERR)
		why = w->ipc.error;
	if (!why)
		return true;
	rs_worker_kill(w, RS_KILL_PROTOCOL, 502, why);
	return false;
}

static void read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_worker *w = arg;
	enum rs_result rc;

	RS_CHECK(w, RS_WORKER_MAGIC);
	(void)fd;
	(void)what;
	rc = rs_ipc_fill(&w->ipc);
	if (rc == RS_AGAIN)
		return;
	if (rc == RS_OK) {
		(void)take_frames(w);
		return;
	}
	if (w->posted)
		rs_notice(w->r->log, "worker %u (pid %u) has gone with requests in hand", w->id, w->pid);
	leave(w, false);
}
