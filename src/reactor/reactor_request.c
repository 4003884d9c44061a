/*
 * Requests of a server's guests. One belongs to its connection and to the letter that carries it; when the letter is over it
 * belongs to the process that took it, until somebody has answered. Runs in the reactor.
 *
 * Nothing that a process says about a request is believed: it may be gone, answered by another process, or not be one.
 */
#include "reactor/reactor_request.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_dispatch.h"
#include "reactor/reactor_file.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_upgrade.h"
#include "reactor/reactor_worker.h"

/* ---- to a worker ---------------------------------------------------------------------------------------- */

static void show(struct rs_guest *g, uint64_t request)
{
	if (g->pub.request == request)
		return;
	g->pub.request = request;
	rs_guest_changed(g);
}

void rs_request_settle(struct rs_req *q)
{
	struct rs_worker *w = q->holder;

	if (q->counted)
		q->r->serve->open_requests--;
	q->counted = false;
	if (q->conn && q->conn->guest && q->conn->guest->pub.request == q->node.id)
		show(q->conn->guest, 0);
	if (!w)
		return;
	q->holder = NULL;
	RS_ASSERT(w->open > 0);
	w->open--; /* what waits for it is sent at the end of the turn */
}

/* Without an answer from anybody. */
static void fail(struct rs_req *q, unsigned status)
{
	if (q->handshake && q->conn)
		q->conn->keepalive = false;
	rs_send_failed(q, status);
}

static void letter_over(struct rs_letter *l, enum rs_letter_end how)
{
	struct rs_req *q = l->req;
	const bool owed = l->h.kind != RS_EVENT_OPEN && q->conn && !q->ended;

	if (q->letter == l)
		q->letter = NULL;
	switch (how) {
	case RS_LETTER_TAKEN:
		/* The callback has returned; the answer may come later, from a timer, a coroutine, another process. */
		if (owed && l->seat && l->seat->w) {
			q->holder = l->seat->w;
			q->holder->open++;
			if (!q->handshake)
				rs_req_answering(q);
		}
		break;
	case RS_LETTER_LOST:
		if (owed)
			fail(q, 502);
		break;
	case RS_LETTER_DROPPED:
		if (owed)
			fail(q, 503);
		break;
	}
	q->letters--; /* kept q until here, whatever an answer did */
	rs_req_release(q);
}

bool rs_request_post(struct rs_req *q, enum rs_event_kind kind)
{
	struct rs_guest *g = q->conn->guest;
	struct rs_letter *l = rs_letter_new(q->r, kind, g, RS_SLICE(""), RS_SLICE(""));

	if (!l) {
		rs_conn_close(q->conn);
		return false;
	}
	l->req = q;
	l->over = letter_over;
	q->letters++;
	if (kind != RS_EVENT_OPEN)
		q->letter = l;
	q->posted_us = rs_reactor_us(q->r);
	if (kind == RS_EVENT_REQUEST && !rs_dispatch_bound(q->r))
		rs_letter_post_any(q->r, RS_ROLE_WORKER, l);
	else
		rs_letter_post(g->seat, l);
	return true;
}

/* max_concurrency. false: answered. */
static bool may_enter(struct rs_req *q)
{
	struct rs_serve *s = q->r->serve;

	if (s->set.concurrency && s->open_requests >= s->set.concurrency) {
		if (rs_serve_complain(q->r))
			rs_warnx(q->r->log, "max_concurrency: %u requests are worked on, others are answered 503", s->open_requests);
		rs_send_error(q->conn, 503, !q->handshake);
		return false;
	}
	q->counted = true;
	s->open_requests++;
	return true;
}

void rs_request_submit(struct rs_req *q)
{
	struct rs_guest *g = q->conn->guest;

	const enum rs_event_kind kind = q->handshake ? RS_EVENT_HANDSHAKE : RS_EVENT_REQUEST;

	if (!rs_gate_wants(g->gate, kind)) {
		rs_send_error(q->conn, 400, false);
		return;
	}
	if (!may_enter(q))
		return;
	q->conn->state = RS_CONN_WAIT;
	rs_conn_deadline(q->conn, q->r->serve->set.hosted ? q->r->conf->queue_timeout : 0);
	if (!q->r->serve->set.hosted)
		q->r->serve->requests++; /* else they are counted with the others */
	show(g, q->node.id);
	(void)rs_request_post(q, kind);
}

void rs_request_overdue(struct rs_req *q)
{
	if (!q->letter || q->letter->sent)
		return;
	q->r->n.refused++;
	rs_letter_end(q->letter, RS_LETTER_DROPPED);
}

void rs_request_withdraw(struct rs_req *q)
{
	struct rs_letter *l = q->letter;

	rs_request_settle(q);
	q->conn = NULL;
	/* In the other modes what a connection sent comes before its end, in order. */
	if (l && l->any && !l->sent && q->r->serve->set.discard_timeout_request)
		rs_letter_end(l, RS_LETTER_DROPPED);
	else
		rs_req_release(q);
}

/* ---- the answer ------------------------------------------------------------------------------------------- */

/* What a script may say by mistake; the client learns that there is no answer, the script's log why. */
static const char *unfit(struct rs_req *q, unsigned status, const char *why)
{
	rs_warnx(q->r->log, "request of connection %u: %s, answered %u", q->conn->guest->pub.fd, why, status);
	fail(q, status);
	return NULL;
}

static const char *answer_head(struct rs_req *q, const struct rs_frame *f)
{
	struct rs_slice reason, headers, body;
	struct rs_wire_response w;
	struct rs_http_block block;

	if (!rs_send_cut(f->payload, &w, &reason, &headers, &body))
		return "RESPONSE with wrong lengths";
	const bool upgrade = q->handshake && w.status == 101;

	if (!upgrade && (w.status < 200 || w.status > 999))
		return unfit(q, 500, "a status that is not for an answer");
	/* What of a 101 is ours to say is left out there. */
	if (!rs_http_block_check(headers, &block) || (block.forbidden && !upgrade))
		return unfit(q, 500, "header lines that are not for the application to send");
	if (upgrade)
		return rs_upgrade_answer(q, f);
	return q->handshake ? rs_upgrade_refuse(q, f) : rs_send_response(q, f);
}

/* A whole answer whose body are bytes of a file. */
static const char *answer_file(struct rs_worker *w, struct rs_req *q, struct rs_frame *f)
{
	struct rs_unfit wrong = { 0 };
	struct rs_frame head;
	uint64_t offset;
	const char *why = rs_file_cut(f, &head, &offset, &wrong);

	if (why)
		return why;
	if (q->handshake)
		return unfit(q, 500, "a file in answer to a handshake");
	if (wrong.why)
		return unfit(q, wrong.status, wrong.why);
	return rs_send_file(q, &head, rs_ipc_take_fd(&w->ipc, f, 0), offset);
}

const char *rs_request_answer(struct rs_worker *w, struct rs_frame *f)
{
	struct rs_req *q = rs_slab_find(&w->r->reqs, f->id);
	const bool head = f->msg != RS_MSG_BODY;
	const char *why;

	/* The client has left, or another process was first: it happens. */
	if (!q || !q->conn || !q->conn->guest || q->conn->state == RS_CONN_BODY || q->ended ||
	    (q->head_sent == head && !(f->flags & RS_FRAME_ABORT))) {
		w->r->n.stale++;
		return NULL;
	}
	/* Whoever answers looks at the board how much waits; somebody does not. */
	if (rs_guest_overfull(q->conn->guest))
		return NULL;
	q->worker_id = w->id;
	if (f->flags & RS_FRAME_ABORT) {
		fail(q, 500);
		why = NULL;
	} else if (f->msg == RS_MSG_RESPONSE) {
		why = answer_head(q, f);
	} else if (f->msg == RS_MSG_ANSWER_FILE) {
		why = answer_file(w, q, f);
	} else {
		why = rs_send_body(q, f);
	}
	if (why)
		return why;
	q = rs_slab_find(&w->r->reqs, f->id);
	w->r->serve->responses += !q || q->ended;
	if (q && q->ended)
		rs_request_settle(q); /* what is left of it is between the client and us */
	return NULL;
}

/* ---- who will not answer ------------------------------------------------------------------------------------ */

void rs_request_abandon(struct rs_worker *w)
{
	struct rs_reactor *r = w->r;

	/* Seldom: not worth a list. */
	for (uint32_t i = 0; w->open && i < rs_slab_capacity(&r->reqs); i++) {
		struct rs_req *q = rs_slab_at(&r->reqs, i);
		if (q->node.id == 0 || q->holder != w)
			continue;
		q->holder = NULL;
		w->open--;
		fail(q, 502);
	}
}
