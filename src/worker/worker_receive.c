/*
 * What comes to a worker: the frames of its data channel, and the wait for them, in which the application's timers and descriptors have
 * their turn.
 */
#include "worker/server_private.h"
#include "worker/worker_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/loop.h"

#include <poll.h>
#include <unistd.h>

/* ---- frames ---------------------------------------------------------------------------------- */

static const char *keep_post(struct rs_process *p, struct rs_frame *f)
{
	struct rs_post *post;

	if (p->npost == RS_CLAIM_SLOTS)
		return "more requests than there are slots";
	post = &p->posts[(p->post_first + p->npost) % RS_POST_RING];
	rs_buf_reset(&post->payload, 64u << 10);
	if (!rs_buf_put(&post->payload, f->payload.p, f->payload.n))
		return "out of memory";
	post->id = f->id;
	post->body_fd = f->nfds ? rs_ipc_take_fd(&p->data, f, 0) : -1;
	p->npost++;
	return NULL;
}

const char *rs_worker_take_frame(struct rs_process *p, struct rs_frame *f)
{
	uint64_t n;

	if (rs_nursery_passes(p, f))
		return f->msg == RS_MSG_EVENT ? rs_server_keep_number(p->server, f) : NULL;
	switch (f->msg) {
	case RS_MSG_REQUEST:
		return keep_post(p, f);
	case RS_MSG_CREDIT:
		if (f->payload.n != sizeof n)
			return "wrong length";
		memcpy(&n, f->payload.p, sizeof n);
		if (f->id == p->x.id)
			p->x.credit += n;
		return NULL;
	case RS_MSG_CANCEL:
		if (f->id == p->x.id)
			p->x.client_gone = true;
		return NULL;
	case RS_MSG_RETIRE:
		p->retired = true;
		return NULL;
	case RS_MSG_EVENT:
		return p->server ? rs_server_keep_event(p->server, f) : "there is no server";
	default:
		return "message out of place";
	}
}

static enum rs_result take_frames(struct rs_process *p)
{
	struct rs_frame f;
	enum rs_result r;

	while ((r = rs_ipc_next(&p->data, &f)) == RS_OK) {
		const char *why = rs_worker_take_frame(p, &f);
		if (!why)
			continue;
		rs_alertx(p->log, "unusable %s frame from the reactor: %s", rs_msg_name(f.msg), why);
		return RS_ERR;
	}
	if (r == RS_ERR)
		rs_alertx(p->log, "%s", p->data.error);
	return r == RS_ERR ? RS_ERR : RS_OK;
}

enum rs_result rs_worker_receive(struct rs_process *p, bool wait)
{
	struct pollfd pfd = { .fd = p->data.fd, .events = POLLIN };
	enum rs_result r;

	if (p->data.eof || p->forked_away)
		return RS_DONE;
	if (!wait && poll(&pfd, 1, 0) <= 0)
		return RS_OK;
	r = rs_ipc_fill(&p->data);
	if (r == RS_AGAIN)
		return RS_AGAIN;
	return r == RS_OK ? take_frames(p) : RS_DONE;
}

/* ---- waiting ----------------------------------------------------------------------------------- */

struct rs_loop *rs_worker_loop(void)
{
	struct rs_loop *l = rs_loop_peek();

	return l && !rs_loop_empty(l) ? l : NULL;
}

static void on_channel(struct rs_watch *w, unsigned events, void *arg)
{
	(void)w, (void)events;
	*(bool *)arg = true;
}

/* Until a frame has come. RS_AGAIN: not yet, but the engine may tidy up. RS_ERR: there is no loop to wait in. */
static enum rs_result wait_in_loop(struct rs_process *p, bool tidy)
{
	int64_t since_us = rs_now_us();
	bool readable = false;
	struct rs_loop *l = rs_worker_loop();
	struct rs_watch *w = l ? rs_watch_new(l, p->data.fd, RS_WATCH_READ, false, on_channel, &readable) : NULL;

	if (!w)
		return RS_ERR;
	while (!readable && rs_worker_loop()) {
		if (rs_loop_run(l, RS_LOOP_ONCE) == RS_ERR || p->forked_away)
			break;
		if (!tidy && rs_now_us() - since_us >= RS_IDLE_AFTER_MS * 1000)
			break;
	}
	/* A child that user code has forked: its copy of the loop is gone already, and nobody is to be served by it. */
	if (p->forked_away)
		_exit(0);
	rs_watch_free(w);
	return readable ? RS_OK : rs_worker_loop() ? RS_AGAIN : RS_ERR;
}

enum rs_result rs_worker_wait(struct rs_process *p, bool tidy)
{
	struct pollfd pfd = { .fd = p->data.fd, .events = POLLIN };
	enum rs_result r = wait_in_loop(p, tidy);

	if (r == RS_AGAIN)
		return r;
	if (r == RS_ERR && tidy)
		(void)poll(&pfd, 1, -1);
	return rs_worker_receive(p, true);
}
