/*
 * W's side of a nursery: a claimed request goes to a spare, and what the spare says goes to the reactor, frame by frame. Of a spare that
 * dies, whole frames have gone out and no others, so the response can be ended as if the engine had given up.
 */
#include "worker/server_private.h"
#include "worker/request_view.h"
#include "worker/worker_private.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Spares that may die with a request in hand that they have not begun. */
#define TRIES 3

/* ---- the nursery ----------------------------------------------------------------------------------------------------- */

static bool tell(struct rs_nursery *n, enum rs_msg msg, pid_t pid)
{
	const struct rs_wire_spare w = { .pid = (uint32_t)pid };

	return rs_ipc_put(&n->control, msg, 0, 0, rs_slice(&w, sizeof w), RS_SLICE(""), NULL, 0) == RS_OK &&
	       rs_ipc_flush(&n->control) == RS_OK;
}

static void lose(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;

	if (!n->lost)
		rs_alertx(p->log, "the process that forks for requests has died; this worker is replaced");
	n->lost = true;
	rs_fd_close(&n->control.fd);
}

static void drop_spare(struct rs_nursery *n, unsigned i)
{
	rs_fd_close(&n->spares[i].fd);
	n->spares[i] = n->spares[--n->nspares];
}

static void take_spare(struct rs_process *p, struct rs_frame *f, const struct rs_wire_spare *w)
{
	struct rs_nursery *n = &p->nursery;
	int fd = f->nfds ? rs_ipc_take_fd(&n->control, f, 0) : -1;

	if (fd < 0 || n->nspares == RS_SPARES_MAX || !rs_fd_nonblock(fd, true))
		rs_fd_close(&fd); /* it ends by that */
	else
		n->spares[n->nspares++] = (struct rs_spare){ .pid = (pid_t)w->pid, .fd = fd };
}

static void bury(struct rs_nursery *n, const struct rs_wire_spare *w)
{
	if (n->id && n->runner == (pid_t)w->pid) {
		n->gone = true;
		n->status = w->status;
	}
	for (unsigned i = 0; i < n->nspares; i++)
		if (n->spares[i].pid == (pid_t)w->pid)
			drop_spare(n, i--);
}

/* Reads once what N says. */
static void listen_to_nursery(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;
	enum rs_result r = rs_ipc_fill(&n->control);
	struct rs_wire_spare w;
	struct rs_frame f;

	if (r == RS_AGAIN)
		return;
	while (r == RS_OK && (r = rs_ipc_next(&n->control, &f)) == RS_OK) {
		if (f.payload.n != sizeof w)
			break;
		memcpy(&w, f.payload.p, sizeof w);
		if (f.msg == RS_MSG_SPARE)
			take_spare(p, &f, &w);
		else
			bury(n, &w);
	}
	if (r != RS_AGAIN)
		lose(p);
}

/* One that has died while it waited: its end of the pair says so before N has reaped it. */
static void drop_dead(struct rs_nursery *n)
{
	for (unsigned i = 0; i < n->nspares; i++) {
		struct pollfd pfd = { .fd = n->spares[i].fd };

		if (poll(&pfd, 1, 0) > 0)
			drop_spare(n, i--);
	}
}

/* false: there will be none any more; or, unless it is needed for a request that is in hand, there need not be. */
static bool wait_for_spare(struct rs_process *p, bool needed)
{
	struct rs_nursery *n = &p->nursery;
	struct pollfd pfd = { .events = POLLIN };

	/* Also what has come since: ends of those that wait. */
	for (int ms = 0; !n->lost; ms = -1) {
		drop_dead(n);
		pfd.fd = n->control.fd;
		if (poll(&pfd, 1, n->nspares ? 0 : ms) > 0)
			listen_to_nursery(p);
		else if (n->nspares)
			break;
		if (p->retired && !needed)
			break;
	}
	return n->nspares > 0;
}

bool rs_nursery_ready(struct rs_process *p)
{
	return wait_for_spare(p, false);
}

bool rs_nursery_start(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;
	int fds[2];

	if (!rs_fd_pair(fds) || (n->pid = rs_fork()) < 0) {
		rs_error(p->log, "cannot fork the process that forks for requests");
		return false;
	}
	if (n->pid == 0) {
		*n = (struct rs_nursery){ .control.fd = -1, .to.fd = -1, .body_fd = -1 };
		close(fds[0]);
		rs_nursery_life(p, fds[1]);
	}
	close(fds[1]);
	rs_ipc_init(&n->control, fds[0], RS_IPC_WORKER, RS_IPC_NURSERY);
	n->to.fd = n->body_fd = -1;
	return rs_nursery_ready(p);
}

void rs_nursery_end(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;

	if (!n->pid)
		return;
	while (n->nspares)
		drop_spare(n, 0);
	rs_ipc_fini(&n->control);
	while (waitpid(n->pid, NULL, 0) < 0 && errno == EINTR)
		;
	n->pid = 0;
}

void rs_nursery_forget(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;

	if (!n->pid)
		return;
	while (n->nspares)
		drop_spare(n, 0);
	rs_fd_close(&n->control.fd);
	rs_fd_close(&n->to.fd);
	rs_fd_close(&n->body_fd);
	n->pid = 0;
}

/* ---- from the reactor to the spare -------------------------------------------------------------------------------------- */

static void pass(struct rs_nursery *n, const struct rs_frame *f)
{
	n->passed = true;
	RS_IGNORE(rs_ipc_put(&n->to, f->msg, f->flags, f->id, f->payload, RS_SLICE(""), NULL, 0) != RS_OK);
}

/* The result of a task that the running request waits for: its own event of this process has then been run elsewhere. */
static bool is_awaited(const struct rs_nursery *n, const struct rs_frame *f)
{
	struct rs_wire_event h;

	if (f->msg != RS_MSG_EVENT || f->payload.n < sizeof h)
		return false;
	memcpy(&h, f->payload.p, sizeof h);
	return h.kind == RS_EVENT_FINISH && (h.b & RS_DATA_WAITED) && n->id;
}

bool rs_nursery_passes(struct rs_process *p, const struct rs_frame *f)
{
	struct rs_nursery *n = &p->nursery;

	if (!n->id || n->done || (f->msg == RS_MSG_EVENT ? !is_awaited(n, f) : f->id != n->id))
		return false;
	pass(n, f);
	return true;
}

/* Nothing will come from the reactor any more: it must not wait for that. */
static void deafen(struct rs_nursery *n)
{
	if (n->deaf || rs_ipc_queued(&n->to))
		return;
	n->deaf = true;
	shutdown(n->to.fd, SHUT_WR);
}

/* ---- from the spare to the reactor ---------------------------------------------------------------------------------------- */

/* What it may say beside its response. */
static bool may_say(enum rs_msg msg)
{
	switch (msg) {
	case RS_MSG_INTERIM:
	case RS_MSG_RESPONSE:
	case RS_MSG_BODY:
	case RS_MSG_WORKER_ASKS:
	case RS_MSG_SEND:
	case RS_MSG_ORDER:
	case RS_MSG_DATAGRAM:
	case RS_MSG_TASK:
	case RS_MSG_FINISH:
	case RS_MSG_MESSAGE:
	case RS_MSG_ANSWER_FILE:
	case RS_MSG_ASK:
		return true;
	default:
		return false;
	}
}

/* false: it says what it must not. */
static bool relay(struct rs_process *p, const struct rs_frame *f)
{
	struct rs_nursery *n = &p->nursery;

	if (f->msg == RS_MSG_BEGUN && f->id == n->id) {
		n->begun = true;
		rs_fd_close(&n->body_fd);
		return true;
	}
	if (f->msg == RS_MSG_DONE && f->id == n->id) {
		n->done = true;
		return true;
	}
	if (!may_say(f->msg))
		return false;
	if (f->id == n->id && (f->msg == RS_MSG_RESPONSE || f->msg == RS_MSG_BODY || f->msg == RS_MSG_ANSWER_FILE)) {
		if (n->ended)
			return false;
		n->head_sent = true;
		n->ended = f->flags & (RS_FRAME_END | RS_FRAME_ABORT);
	}
	/* A reactor that is gone is noticed by whoever reads its channel. */
	if (rs_ipc_put(&p->data, f->msg, f->flags, f->id, f->payload, RS_SLICE(""), f->fd, f->nfds) != RS_OK ||
	    rs_ipc_flush(&p->data) != RS_OK)
		rs_debug(p->log, "frame of a request process lost: %s", p->data.error);
	return true;
}

/* Reads once and passes on. false: its end, or the end of its sense. */
static bool listen_to_spare(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;
	enum rs_result r = rs_ipc_fill(&n->to);
	struct rs_frame f;

	if (r == RS_AGAIN)
		return !n->gone; /* all that it has ever said is read */
	while (r == RS_OK && !n->done && (r = rs_ipc_next(&n->to, &f)) == RS_OK) {
		if (relay(p, &f))
			continue;
		rs_alertx(p->log, "%s frame of request process %d out of place", rs_msg_name(f.msg), (int)n->runner);
		return false;
	}
	if (r == RS_ERR)
		rs_alertx(p->log, "request process %d: %s", (int)n->runner, n->to.error);
	return r == RS_OK || r == RS_AGAIN;
}

/* ---- one request ------------------------------------------------------------------------------------------------------------ */

/* A wait and what came of it. false: the spare will say no more. */
static bool turn(struct rs_process *p, bool *reactor)
{
	struct rs_nursery *n = &p->nursery;
	struct pollfd fds[] = {
		{ .fd = n->to.fd, .events = rs_ipc_queued(&n->to) ? POLLIN | POLLOUT : POLLIN },
		{ .fd = n->lost ? -1 : n->control.fd, .events = POLLIN },
		{ .fd = *reactor ? p->data.fd : -1, .events = POLLIN },
	};

	if (!*reactor)
		deafen(n);
	/* Of one that is reaped, what it has said is there already. */
	if (poll(fds, RS_COUNTOF(fds), n->gone ? 0 : p->h->conf->memory_hard_limit ? RS_MEMORY_LOOK_MS : -1) < 0)
		return true;
	if (!n->gone && rs_worker_memory_exceeds(p, n->runner))
		RS_IGNORE(!tell(n, RS_MSG_SPARE_KILL, n->runner));
	if (fds[1].revents)
		listen_to_nursery(p);
	if (fds[2].revents) {
		enum rs_result r = rs_worker_receive(p, false);
		*reactor = r == RS_OK || r == RS_AGAIN;
	}
	if ((fds[0].revents || n->gone) && !listen_to_spare(p))
		return false;
	/* An error is its end, which is read. */
	if (rs_ipc_queued(&n->to))
		RS_IGNORE(rs_ipc_flush(&n->to) == RS_ERR);
	return true;
}

/* Its process is not to be trusted any more, if there is one: for its status, and so that it cannot go on unseen. */
static void wait_for_end(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;
	struct pollfd pfd = { .events = POLLIN };

	if (n->gone || n->lost || !tell(n, RS_MSG_SPARE_KILL, n->runner))
		return;
	while (!n->gone && !n->lost) {
		pfd.fd = n->control.fd;
		if (poll(&pfd, 1, -1) > 0)
			listen_to_nursery(p);
	}
}

static void log_death(struct rs_process *p, const struct rs_post *post)
{
	const struct rs_nursery *n = &p->nursery;
	struct rs_slice path = RS_SLICE("?");

	RS_IGNORE(!rs_request_path(rs_buf_slice(&post->payload), &path));
	if (n->gone && WIFSIGNALED(n->status))
		rs_errorx(p->log, "request process %d was killed by signal %d (%s): %.*s", (int)n->runner, WTERMSIG(n->status),
			  strsignal(WTERMSIG(n->status)), (int)path.n, path.p);
	else
		rs_errorx(p->log, "request process %d ended before its request did, with exit status %d: %.*s", (int)n->runner,
			  n->gone && WIFEXITED(n->status) ? WEXITSTATUS(n->status) : -1, (int)path.n, path.p);
}

/* The reactor still can say 500 in our name, or cut the client off. */
static void abort_response(struct rs_process *p)
{
	struct rs_nursery *n = &p->nursery;
	const struct rs_wire_response w = { .status = 500, .content_length = -1 };
	enum rs_msg msg = n->head_sent ? RS_MSG_BODY : RS_MSG_RESPONSE;

	if (n->ended)
		return;
	if (rs_ipc_put(&p->data, msg, RS_FRAME_ABORT, n->id, rs_slice(&w, n->head_sent ? 0 : sizeof w), RS_SLICE(""), NULL, 0) !=
		    RS_OK ||
	    rs_ipc_flush(&p->data) != RS_OK)
		rs_debug(p->log, "end of a response lost: %s", p->data.error);
	n->ended = true;
}

static void hand_over(struct rs_process *p, const struct rs_post *post)
{
	struct rs_nursery *n = &p->nursery;
	struct rs_spare s = n->spares[0];

	n->spares[0] = n->spares[--n->nspares];
	n->id = post->id;
	n->runner = s.pid;
	n->begun = n->passed = n->head_sent = n->ended = n->done = n->gone = n->deaf = false;
	rs_ipc_init(&n->to, s.fd, RS_IPC_REACTOR, RS_IPC_WORKER);
	/* What cannot be sent is seen as its end. */
	if (rs_ipc_put(&n->to, RS_MSG_REQUEST, 0, post->id, rs_buf_slice(&post->payload), RS_SLICE(""), &n->body_fd,
		       n->body_fd >= 0) != RS_OK ||
	    rs_ipc_flush(&n->to) == RS_ERR)
		rs_debug(p->log, "request process %d: %s", (int)s.pid, n->to.error);
	if (!n->lost && !tell(n, RS_MSG_SPARE_TAKEN, s.pid))
		lose(p);
}

/* Its process has died, but with nothing done: another one can have it whole. */
static bool can_begin_anew(const struct rs_nursery *n)
{
	return n->gone && !n->begun && !n->passed;
}

enum rs_spare_end rs_nursery_serve(struct rs_process *p, struct rs_post *post)
{
	struct rs_nursery *n = &p->nursery;
	bool reactor = !p->data.eof;

	n->body_fd = post->body_fd;
	post->body_fd = -1;
	for (unsigned tries = 1;; tries++) {
		hand_over(p, post);
		while (!n->done && turn(p, &reactor))
			;
		if (n->done)
			break;
		wait_for_end(p);
		if (!can_begin_anew(n) || tries == TRIES || !wait_for_spare(p, true)) {
			log_death(p, post);
			rs_uploads_empty(&p->uploads);
			break;
		}
		rs_debug(p->log, "request process %d died before its request began: another one gets it", (int)n->runner);
		rs_ipc_fini(&n->to);
	}
	abort_response(p);
	rs_fd_close(&n->body_fd);
	rs_ipc_fini(&n->to);
	n->id = 0;
	return n->lost ? RS_SPARE_LAST : RS_SPARE_SERVED;
}
