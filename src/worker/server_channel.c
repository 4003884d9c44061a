/*
 * The data channel of a server's process: frames in both directions, and the events that wait for their turn. Events are run
 * one after the other in the order of their numbers; a number is written into the claim page before its event is begun, so
 * that whoever comes after a dead process knows where to go on.
 */
#include "worker/server_private.h"

#include "base/rs_fd.h"
#include "worker/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* TAKEN is said at the latest after so many events. */
#define TAKEN_EVERY 32

static bool is_open(const struct rs_server *s)
{
	return s->p->data.fd >= 0 && !s->p->forked_away;
}

static bool serves(const struct rs_server *s)
{
	return s->role == RS_ROLE_WORKER || s->role == RS_ROLE_TASK;
}

/* ---- open, close ------------------------------------------------------------------------------------------- */

void rs_server_drop_kept(struct rs_server *s)
{
	struct rs_kept *k;

	while ((k = STAILQ_FIRST(&s->kept))) {
		STAILQ_REMOVE_HEAD(&s->kept, link);
		rs_fd_close(&k->ev.body_fd);
		free(k);
	}
}

/* A result that this very process waits for: no successor can do anything with it. */
static bool is_own_result(const struct rs_wire_event *h)
{
	return h->kind == RS_EVENT_FINISH && (h->b & (RS_DATA_WAITED | RS_DATA_CALLBACK));
}

void rs_server_drop_taken_back(struct rs_server *s)
{
	struct rs_kept_list all = STAILQ_HEAD_INITIALIZER(all), results = STAILQ_HEAD_INITIALIZER(results);
	struct rs_kept *k;

	STAILQ_CONCAT(&all, &s->kept);
	while ((k = STAILQ_FIRST(&all))) {
		STAILQ_REMOVE_HEAD(&all, link);
		STAILQ_INSERT_TAIL(is_own_result(&k->ev.h) ? &results : &s->kept, k, link);
	}
	rs_server_drop_kept(s);
	STAILQ_CONCAT(&s->kept, &results);
}

void rs_server_detach(struct rs_server *s)
{
	rs_watch_free(s->data_watch);
	s->data_watch = NULL;
	rs_server_drop_kept(s);
	rs_ipc_fini(&s->p->data);
	if (s->p->claims)
		munmap(s->p->claims, RS_CLAIM_PAGE);
	s->p->claims = NULL;
	s->begun = s->taken = s->told_taken = 0;
	s->nswallow = 0;
}

bool rs_server_attach(struct rs_server *s, int data_fd, int claim_fd)
{
	struct rs_wire_ready ready = { .protocol = RS_PROTOCOL, .pid = (uint32_t)getpid() };

	rs_server_detach(s);
	s->lost = false;
	s->p->claims = rs_claim_map(claim_fd);
	rs_fd_close(&claim_fd);
	rs_ipc_init(&s->p->data, data_fd, RS_IPC_WORKER, RS_IPC_REACTOR);
	if (!s->p->claims) {
		rs_error(s->p->log, "cannot map the claim page");
		rs_server_detach(s);
		return false;
	}
	/* Workers say it when they are. */
	if (serves(s))
		return true;
	return rs_server_put(s, RS_MSG_READY, 0, 0, rs_slice(&ready, sizeof ready), RS_SLICE(""), -1) == RS_SERVER_OK;
}

/* The reactor is gone, or not to be understood. */
static void lose(struct rs_server *s, const char *why)
{
	if (why && s->role != RS_ROLE_OUTSIDE)
		rs_alertx(s->p->log, "data channel: %s", why);
	/* One that was told to end has closed its own ear: it may still speak. */
	s->lost = !s->p->termed || why;
	if (serves(s))
		s->p->retired = true;
	rs_watch_free(s->data_watch);
	s->data_watch = NULL;
	if (s->role == RS_ROLE_MANAGER || s->role == RS_ROLE_SCRIPT)
		rs_server_detach(s);
}

/* ---- frames in -------------------------------------------------------------------------------------------------- */

static const char *keep(struct rs_server *s, struct rs_frame *f, bool spent)
{
	struct rs_wire_event h;
	struct rs_kept *k;
	size_t head = sizeof h;

	if (f->payload.n < sizeof h)
		return "short EVENT";
	memcpy(&h, f->payload.p, sizeof h);
	if (h.kind >= RS_EVENT_KINDS)
		return "EVENT of an unknown kind";
	/* The others have been taken back. */
	if (s->leaving && !is_own_result(&h))
		return NULL;
	/* Nobody else has callbacks for them. */
	if (!serves(s) && !(is_own_result(&h) && s->nwaiting))
		return NULL;
	if (h.kind == RS_EVENT_PACKET)
		head += sizeof k->ev.peer;
	if (f->payload.n < head)
		return "short EVENT";
	k = malloc(sizeof *k + f->payload.n - head + 1);
	if (!k)
		return "out of memory";
	*k = (struct rs_kept){ .ev = { .h = h, .request = f->id, .body_fd = -1 }, .spent = spent,
				.n = f->payload.n - head };
	if (h.kind == RS_EVENT_PACKET) {
		memcpy(&k->ev.peer, f->payload.p + sizeof h, sizeof k->ev.peer);
		k->ev.peer.address[sizeof k->ev.peer.address - 1] = '\0';
	}
	memcpy(k->bytes, f->payload.p + head, k->n);
	k->bytes[k->n] = '\0';
	k->ev.data = rs_slice(k->bytes, k->n);
	if (f->nfds)
		k->ev.body_fd = rs_ipc_take_fd(&s->p->data, f, 0);
	STAILQ_INSERT_TAIL(&s->kept, k, link);
	return NULL;
}

const char *rs_server_keep_event(struct rs_server *s, struct rs_frame *f)
{
	return keep(s, f, false);
}

const char *rs_server_keep_number(struct rs_server *s, struct rs_frame *f)
{
	return keep(s, f, true);
}

static const char *take_frame(struct rs_server *s, struct rs_frame *f)
{
	/* Plain requests come by the same channel. */
	if (s->setup.server.hosted && s->role == RS_ROLE_WORKER)
		return rs_worker_take_frame(s->p, f);
	switch (f->msg) {
	case RS_MSG_EVENT:
		return rs_server_keep_event(s, f);
	case RS_MSG_REFUSED:
		return s->role == RS_ROLE_OUTSIDE ? "the server has refused it" : "message out of place";
	case RS_MSG_RETIRE:
		if (serves(s))
			s->p->retired = true;
		return NULL;
	case RS_MSG_CREDIT:
	case RS_MSG_CANCEL:
		return NULL; /* the board tells */
	default:
		return "message out of place";
	}
}

void rs_server_receive(struct rs_server *s)
{
	const char *why = NULL;
	enum rs_result r;
	struct rs_frame f;

	if (!is_open(s) || s->lost)
		return;
	r = rs_ipc_fill(&s->p->data);
	if (r == RS_AGAIN)
		return;
	while (r == RS_OK && !why && (r = rs_ipc_next(&s->p->data, &f)) == RS_OK)
		why = take_frame(s, &f);
	if (r == RS_ERR)
		why = s->p->data.error;
	if (why || r == RS_DONE)
		lose(s, s->p->data.eof ? NULL : why);
}

/* ---- waiting ------------------------------------------------------------------------------------------------------ */

static void on_data(struct rs_watch *w, unsigned events, void *arg)
{
	(void)w, (void)events;
	rs_server_receive(arg);
}

static void on_wake(struct rs_watch *w, unsigned events, void *arg)
{
	uint64_t n;

	(void)events, (void)arg;
	RS_IGNORE(read(rs_watch_fd(w), &n, sizeof n) < 0);
}

/* The loop is gone, and with it the watches. */
static void on_drop(void)
{
	struct rs_server *s = rs_server_self();

	if (s)
		s->data_watch = s->wake_watch = NULL;
}

/* Nobody is kept waiting by them: the loop is empty when the application has nothing in it. */
bool rs_server_watch(struct rs_server *s)
{
	struct rs_loop *l = rs_loop_get();

	if (!l)
		return false;
	rs_loop_at_drop(l, on_drop);
	if (!s->data_watch && is_open(s) && !s->lost)
		s->data_watch = rs_watch_new(l, s->p->data.fd, RS_WATCH_READ, false, on_data, s);
	if (!s->wake_watch && s->wake_fd >= 0)
		s->wake_watch = rs_watch_new(l, s->wake_fd, RS_WATCH_READ, false, on_wake, s);
	return s->data_watch || s->wake_watch;
}

void rs_server_unwatch(struct rs_server *s)
{
	rs_watch_free(s->data_watch);
	rs_watch_free(s->wake_watch);
	s->data_watch = s->wake_watch = NULL;
}

bool rs_server_wait(struct rs_server *s, int ms)
{
	struct pollfd fds[] = { { .fd = is_open(s) && !s->lost ? s->p->data.fd : -1, .events = POLLIN },
				{ .fd = s->wake_fd, .events = POLLIN } };
	uint64_t n;

	if (poll(fds, RS_COUNTOF(fds), ms) <= 0)
		return false;
	if (fds[1].revents)
		RS_IGNORE(read(s->wake_fd, &n, sizeof n) < 0);
	if (fds[0].revents)
		rs_server_receive(s);
	return true;
}

/* ---- frames out ----------------------------------------------------------------------------------------------------- */

static enum rs_result put_frame(struct rs_server *s, enum rs_msg msg, uint16_t flags, uint64_t id, struct rs_slice head,
				struct rs_slice body, int fd)
{
	if (rs_ipc_put(&s->p->data, msg, flags, id, head, body, &fd, fd >= 0) == RS_OK)
		return rs_ipc_flush(&s->p->data);
	rs_errorx(s->p->log, "cannot send %s: %s", rs_msg_name(msg), s->p->data.error);
	return RS_DONE;
}

enum rs_server_result rs_server_put(struct rs_server *s, enum rs_msg msg, uint16_t flags, uint64_t id, struct rs_slice head,
				    struct rs_slice body, int fd)
{
	enum rs_result r;

	if (s->role == RS_ROLE_OUTSIDE && !rs_outside_ready(s))
		return RS_SERVER_LOST;
	if (!is_open(s) || s->lost)
		return RS_SERVER_LOST;
	r = put_frame(s, msg, flags, id, head, body, fd);
	if (s->role == RS_ROLE_OUTSIDE && r == RS_ERR) {
		s->lost = true;
		r = rs_outside_ready(s) ? put_frame(s, msg, flags, id, head, body, fd) : RS_ERR;
	}
	/* Half a frame may be out: nothing more makes sense on that connection. */
	if (s->role == RS_ROLE_OUTSIDE && (r == RS_ERR || r == RS_AGAIN))
		s->lost = true;
	/* The end of file that follows is what counts: what the reactor has said before is still to be read. */
	return r == RS_OK ? RS_SERVER_OK : RS_SERVER_LOST;
}

void rs_server_tell_taken(struct rs_server *s)
{
	if (s->told_taken == s->taken || !is_open(s) || s->lost)
		return;
	s->told_taken = s->taken;
	(void)rs_server_put(s, RS_MSG_TAKEN, 0, 0, rs_slice(&s->taken, sizeof s->taken), RS_SLICE(""), -1);
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

void rs_server_swallow_close(uint32_t fd)
{
	struct rs_server *s = rs_server_self();
	size_t cap;
	uint32_t *v;

	if (!s)
		return;
	if (s->nswallow == s->swallow_cap) {
		cap = s->swallow_cap ? s->swallow_cap * 2 : 64;
		v = realloc(s->swallow, cap * sizeof *v);
		if (!v)
			return; /* then it is told twice: better than never */
		s->swallow = v;
		s->swallow_cap = cap;
	}
	s->swallow[s->nswallow++] = fd;
}

/* For the application this connection has ended already. */
static bool swallowed(struct rs_server *s, const struct rs_wire_event *h)
{
	if (h->kind >= RS_EVENT_PIPE_MESSAGE || h->kind == RS_EVENT_PACKET)
		return false;
	for (size_t i = 0; i < s->nswallow; i++) {
		if (s->swallow[i] != h->fd)
			continue;
		if (h->kind == RS_EVENT_CLOSE || h->kind == RS_EVENT_DISCONNECT)
			s->swallow[i] = s->swallow[--s->nswallow];
		return true;
	}
	return false;
}

enum rs_result rs_server_run_event(struct rs_server *s)
{
	struct rs_kept *k = STAILQ_FIRST(&s->kept);
	uint64_t seq;
	bool ok = true;

	if (!k)
		return RS_AGAIN;
	STAILQ_REMOVE_HEAD(&s->kept, link);
	seq = k->ev.h.seq;
	/* Of one that leaves all others are taken back, also those with smaller numbers. */
	if (!s->leaving) {
		s->begun = seq;
		atomic_store_explicit(&s->p->claims->begun, seq, memory_order_release);
	}
	if (!k->spent && !swallowed(s, &k->ev.h)) {
		atomic_fetch_add(&s->cell->dispatched, 1);
		ok = s->hooks->event(&k->ev);
	}
	/* A child of user code that returned into our life: nobody is to be served by it. */
	if (s->p->forked_away)
		_exit(0);
	s->established = 0;
	rs_fd_close(&k->ev.body_fd);
	free(k);
	if (s->leaving)
		return ok ? RS_OK : RS_ERR;
	s->taken = seq;
	if (s->taken - s->told_taken >= TAKEN_EVERY)
		rs_server_tell_taken(s);
	return ok ? RS_OK : RS_ERR;
}
