/*
 * The channel to the master. Runs in the reactor. The master is trusted; its messages are still checked for
 * size, since a wrong one means that one of us is broken.
 */
#include "reactor/reactor_control.h"

#include "base/rs_fd.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_handover.h"
#include "reactor/reactor_route.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_slot.h"
#include "reactor/reactor_task.h"
#include "reactor/reactor_worker.h"

#include <event2/event.h>
#include <stdlib.h>

/* STATUS and wishes are dropped while so much waits for the master. */
#define QUEUE_MAX (1u << 20)

static void read_cb(evutil_socket_t fd, short what, void *arg);
static void write_cb(evutil_socket_t fd, short what, void *arg);

bool rs_control_init(struct rs_reactor *r, int fd)
{
	struct rs_control *k = &r->control;

	rs_ipc_init(&k->ipc, fd, RS_IPC_REACTOR, RS_IPC_MASTER);
	k->ipc.fds_may_miss = true; /* one reload more or less: it must not end for that */
	event_assign(&k->ev_read, r->base, fd, EV_READ | EV_PERSIST, read_cb, r);
	event_assign(&k->ev_write, r->base, fd, EV_WRITE | EV_PERSIST, write_cb, r);
	return rs_fd_nonblock(fd, true) && rs_fd_cloexec(fd, true) && event_add(&k->ev_read, NULL) == 0;
}

void rs_control_fini(struct rs_reactor *r)
{
	if (r->control.ipc.fd < 0)
		return;
	event_del(&r->control.ev_read);
	event_del(&r->control.ev_write);
	rs_ipc_fini(&r->control.ipc);
}

/* ---- to the master ------------------------------------------------------------------------------------ */

static void put(struct rs_reactor *r, enum rs_msg msg, struct rs_slice head, struct rs_slice body)
{
	struct rs_control *k = &r->control;

	if (k->lost)
		return;
	if (rs_ipc_put(&k->ipc, msg, 0, 0, head, body, NULL, 0) != RS_OK)
		rs_errorx(r->log, "cannot tell the master %s: %s", rs_msg_name(msg), k->ipc.error);
	k->dirty = true;
}

/* The master is gone: what runs may finish, and then nobody is left to serve for. */
static void lose(struct rs_reactor *r)
{
	struct rs_control *k = &r->control;

	if (k->lost)
		return;
	k->lost = true;
	event_del(&k->ev_read);
	event_del(&k->ev_write);
	if (r->phase == RS_REACTOR_DRAINED)
		r->quit = true;
	if (r->phase == RS_REACTOR_RUN)
		rs_notice(r->log, "the master is gone, finishing");
	rs_reactor_stop(r, r->conf->max_wait_time);
	if (!r->route.nworkers)
		rs_route_give_up(r);
}

void rs_control_flush(struct rs_reactor *r)
{
	struct rs_control *k = &r->control;
	enum rs_result rc;

	if (!k->dirty || k->lost)
		return;
	k->dirty = false;
	rc = rs_ipc_flush(&k->ipc);
	if (rc == RS_AGAIN && !k->blocked)
		event_add(&k->ev_write, NULL);
	else if (rc == RS_OK && k->blocked)
		event_del(&k->ev_write);
	k->blocked = rc == RS_AGAIN;
	/* RS_ERR: the end of file that follows is what counts. */
}

static void write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_reactor *r = arg;

	RS_CHECK(r, RS_REACTOR_MAGIC);
	(void)fd;
	(void)what;
	r->control.dirty = true;
	rs_control_flush(r);
}

void rs_control_worker_ready(struct rs_worker *w)
{
	struct rs_wire_fork id = { .id = w->id, .generation = w->generation, .role = w->self.role, .pid = w->pid };

	put(w->r, RS_MSG_WORKER_READY, rs_slice(&id, sizeof id), RS_SLICE(""));
}

void rs_control_worker_kill(struct rs_worker *w, enum rs_kill_reason reason, const char *why)
{
	struct rs_wire_kill kill = { .id = w->id, .generation = w->generation, .order = w->order, .reason = reason };

	put(w->r, RS_MSG_WORKER_KILL, rs_slice(&kill, sizeof kill), rs_slice_str(why));
}

void rs_control_worker_lost(struct rs_worker *w, bool finishes)
{
	struct rs_wire_lost lost = { .id = w->id, .generation = w->generation, .order = w->order, .finishes = finishes };

	put(w->r, RS_MSG_WORKER_LOST, rs_slice(&lost, sizeof lost), RS_SLICE(""));
}

void rs_control_worker_lingers(struct rs_worker *w)
{
	struct rs_wire_lingers lingers = { .id = w->id, .generation = w->generation, .order = w->order };

	put(w->r, RS_MSG_WORKER_LINGERS, rs_slice(&lingers, sizeof lingers), RS_SLICE(""));
}

void rs_control_drained(struct rs_reactor *r)
{
	put(r, RS_MSG_DRAINED, RS_SLICE(""), RS_SLICE(""));
}

void rs_control_ask(struct rs_reactor *r, struct rs_slice why)
{
	if (rs_ipc_queued(&r->control.ipc) < QUEUE_MAX)
		put(r, RS_MSG_REACTOR_ASKS, why, RS_SLICE(""));
}

void rs_control_wish(struct rs_reactor *r, const struct rs_wire_ask *ask)
{
	if (rs_ipc_queued(&r->control.ipc) < QUEUE_MAX)
		put(r, RS_MSG_REACTOR_WISH, rs_slice(ask, sizeof *ask), RS_SLICE(""));
}

void rs_control_renewed(struct rs_reactor *r)
{
	put(r, RS_MSG_RENEWED, RS_SLICE(""), RS_SLICE(""));
}

static enum rs_worker_state state_of(const struct rs_worker *w)
{
	if (w->phase == RS_WORKER_PHASE_BOOTING)
		return RS_WORKER_BOOTING;
	if (w->phase != RS_WORKER_PHASE_READY || (w->seat && w->seat->leaving))
		return RS_WORKER_DRAINING;
	return w->posted || rs_slot_attending(w) ? RS_WORKER_BUSY : RS_WORKER_IDLE;
}

static void add_serve(const struct rs_serve *serve, struct rs_wire_status *s)
{
	s->queue_length += serve->nqueued[RS_ROLE_WORKER];
	s->sessions = serve->nguests;
	s->tasks_running = rs_task_running(serve);
	s->tasks_queued = serve->tasks - s->tasks_running;
	s->tasks_delayed = serve->delay.n;
}

static bool status_text(struct rs_reactor *r, uint64_t token, struct rs_buf *out)
{
	struct rs_wire_status s = {
		.connections = r->conns.used - r->h2.streams,
		.accepted_total = r->n.accepted,
		.requests_total = r->n.requests,
		.queue_length = r->route.queued,
		.refused_total = r->n.refused,
		.stale_frames = r->n.stale,
		.moved_total = r->n.moved,
		.limited_connections_total = r->limit.conns,
		.limited_requests_total = r->limit.requests,
		.idle_closed_total = r->n.idle_closed,
		.nworkers = r->route.nworkers,
		.streams = r->lane.streams,
		.streams_most = r->lane.most,
		.streams_refused = r->lane.refused,
	};
	struct rs_worker *w;

	if (r->serve)
		add_serve(r->serve, &s);
	if (!rs_buf_put(out, &token, sizeof token) || !rs_buf_put(out, &s, sizeof s))
		return false;
	TAILQ_FOREACH(w, &r->route.all, all_link) {
		struct rs_wire_worker_status row = {
			.id = w->id,
			.generation = w->generation,
			.state = state_of(w),
			.posted = w->posted + (w->seat ? w->seat->nsent : 0),
			.role = w->self.role,
			.requests = w->requests,
		};
		if (!rs_buf_put(out, &row, sizeof row))
			return false;
	}
	return true;
}

/* ---- from the master ---------------------------------------------------------------------------------- */

static const char *on_conf(struct rs_reactor *r, const struct rs_frame *f)
{
	struct rs_conf *fresh = calloc(1, sizeof *fresh);
	struct rs_conf_error err;

	if (!fresh)
		return "no memory";
	rs_conf_init(fresh);
	if (rs_conf_undump(fresh, f->payload, &err) != RS_OK) {
		rs_errorx(r->log, "%s", err.text);
		rs_conf_fini(fresh);
		free(fresh);
		return "not a configuration";
	}
	if (r->conf_owned) {
		rs_conf_fini(r->conf_owned);
		free(r->conf_owned);
	}
	r->conf = r->conf_owned = fresh;
	r->conf_serial++;
	rs_accept_configure(r);
	rs_access_configure(r);
	rs_static_configure(r);
	rs_limit_configure(r);
	return NULL;
}

static const char *on_listen(struct rs_reactor *r, struct rs_frame *f)
{
	if (f->nfds != 1)
		return "no socket in it";
	if (r->phase == RS_REACTOR_RUN && r->serve)
		rs_serve_listen(r, rs_ipc_take_fd(&r->control.ipc, f, 0), f->id, f->payload);
	else if (r->phase == RS_REACTOR_RUN)
		(void)rs_accept_add(r, rs_ipc_take_fd(&r->control.ipc, f, 0), f->payload, NULL, f->id);
	return NULL;
}

static const char *on_app_listen(struct rs_reactor *r, struct rs_frame *f)
{
	if (f->nfds != 1)
		return "no socket in it";
	if (!r->serve || !r->serve->set.hosted)
		return "not a hosted application";
	if (r->phase == RS_REACTOR_RUN)
		rs_outside_listen(&r->serve->outside, r, rs_ipc_take_fd(&r->control.ipc, f, 0));
	return NULL;
}

static const char *on_log_file(struct rs_reactor *r, struct rs_frame *f)
{
	if (f->nfds != 1)
		return "no file in it";
	rs_access_open(r, rs_ipc_take_fd(&r->control.ipc, f, 0));
	return NULL;
}

static const char *on_worker_new(struct rs_reactor *r, struct rs_frame *f)
{
	struct rs_wire_fork id;
	struct rs_worker *old;
	int channel;

	if (f->payload.n != sizeof id || f->nfds != 2)
		return "wrong length or descriptors";
	memcpy(&id, f->payload.p, sizeof id);
	old = rs_worker_find(r, id.id, id.generation);
	if (old)
		rs_worker_gone(old); /* the master has replaced it; its end of file is on the way */
	channel = rs_ipc_take_fd(&r->control.ipc, f, 0);
	(void)rs_worker_new(r, &id, channel, rs_ipc_take_fd(&r->control.ipc, f, 1));
	return NULL;
}

static const char *on_worker_gone(struct rs_reactor *r, const struct rs_frame *f)
{
	struct rs_wire_gone x;
	struct rs_worker *w;

	if (f->payload.n != sizeof x)
		return "wrong length";
	memcpy(&x, f->payload.p, sizeof x);
	/* Not its successor, which has the same id. */
	w = rs_worker_of_order(r, x.id, x.generation, x.order);
	if (w)
		rs_worker_gone(w);
	/* Last: its last words may have been such that it was to be killed for them. */
	if (r->serve)
		rs_seat_dead(r, x.id, x.generation, x.order);
	return NULL;
}

static bool get_u32(const struct rs_frame *f, uint32_t *n)
{
	if (f->payload.n != sizeof *n)
		return false;
	memcpy(n, f->payload.p, sizeof *n);
	return true;
}

static const char *on_status_ask(struct rs_reactor *r, const struct rs_frame *f)
{
	struct rs_buf text = { 0 };
	uint64_t token;

	if (f->payload.n != sizeof token)
		return "wrong length";
	memcpy(&token, f->payload.p, sizeof token);
	if (rs_ipc_queued(&r->control.ipc) < QUEUE_MAX && status_text(r, token, &text))
		put(r, RS_MSG_STATUS, rs_buf_slice(&text), RS_SLICE(""));
	rs_buf_free(&text);
	return NULL;
}

static const char *on_frame(struct rs_reactor *r, struct rs_frame *f)
{
	uint32_t n;

	switch (f->msg) {
	case RS_MSG_CONF:
		return on_conf(r, f);
	case RS_MSG_LISTEN:
		return on_listen(r, f);
	case RS_MSG_TLS:
		return rs_tls_take(r, f);
	case RS_MSG_LOG_FILE:
		return on_log_file(r, f);
	case RS_MSG_WORKER_NEW:
		return on_worker_new(r, f);
	case RS_MSG_WORKER_GONE:
		return on_worker_gone(r, f);
	case RS_MSG_ROUTE:
		if (!get_u32(f, &n))
			return "wrong length";
		rs_static_configure(r);
		rs_route_switch(r, n);
		if (r->serve && r->serve->set.hosted)
			rs_handover_route(r);
		return NULL;
	case RS_MSG_STOP:
		if (!get_u32(f, &n))
			return "wrong length";
		rs_reactor_stop(r, n);
		return NULL;
	case RS_MSG_STATUS_ASK:
		return on_status_ask(r, f);
	case RS_MSG_PORTS:
		return rs_serve_begin(r, f);
	case RS_MSG_SHAPE:
		return rs_handover_shape(r, f);
	case RS_MSG_APP_LISTEN:
		return on_app_listen(r, f);
	case RS_MSG_RENEW:
		if (!get_u32(f, &n))
			return "wrong length";
		if (!r->serve || r->serve->set.hosted)
			return "not a server of a script";
		rs_seat_renew(r, n == 1);
		return NULL;
	default:
		return "not known here";
	}
}

static void read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_reactor *r = arg;
	struct rs_control *k = &r->control;
	enum rs_result rc;
	struct rs_frame f;

	RS_CHECK(r, RS_REACTOR_MAGIC);
	(void)fd;
	(void)what;
	rc = rs_ipc_fill(&k->ipc);
	if (rc == RS_AGAIN)
		return;
	if (rc != RS_OK) {
		lose(r);
		return;
	}
	while ((rc = rs_ipc_next(&k->ipc, &f)) == RS_OK) {
		const char *why = on_frame(r, &f);
		if (why)
			rs_alertx(r->log, "%s from the master: %s", rs_msg_name(f.msg), why);
	}
	if (rc == RS_ERR) {
		rs_alertx(r->log, "control channel: %s", k->ipc.error);
		lose(r);
	}
}
