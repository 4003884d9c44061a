/*
 * The worker: a blocking loop on the data channel. Runs in a child of the manager, inside the engine.
 *
 * A REQUEST is only an offer: the worker claims its slot before it starts, and drops what the reactor has taken back
 * meanwhile. It ends when told to retire, when the reactor is gone, when it has served its share, or when the engine says
 * that the process is spoilt.
 */
#include "worker/process.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A worker that has had nothing to do for this long collects its garbage. */
#define IDLE_AFTER_MS 200
/* Sent by the kernel when the parent dies: manager, or the master that adopted us. */
#define SIG_PARENT_DIED (SIGRTMIN + 1)
/* Sent by the master when a request has run too long. */
#define SIG_OVERDUE (SIGRTMIN + 2)

static void on_parent_died(int sig)
{
	struct rs_process *p = rs_process();
	int saved = errno;

	(void)sig;
	if (getppid() != p->h->master_pid) {
		/* Nobody is left to stop us: finish what runs, but not for ever. */
		shutdown(p->data.fd, SHUT_RD);
		alarm((unsigned)(p->h->conf->max_wait_time / 1000 + 1));
	}
	errno = saved;
}

static void on_term(int sig)
{
	struct rs_process *p = rs_process();
	int saved = errno;

	(void)sig;
	p->retired = true;
	shutdown(p->data.fd, SHUT_RD);
	errno = saved;
}

static void on_overdue(int sig)
{
	int saved = errno;

	(void)sig;
	rs_process()->engine->overdue();
	errno = saved;
}

static void worker_signals(void)
{
	rs_signal(SIGINT, SIG_IGN, false); /* Ctrl+C goes to the whole group; the master decides */
	rs_signal(SIGHUP, SIG_IGN, false);
	rs_signal(SIGUSR1, SIG_IGN, false);
	rs_signal(SIGUSR2, SIG_IGN, false);
	rs_signal(SIGPIPE, SIG_IGN, false);
	rs_signal(SIGTERM, on_term, true);
	rs_signal(SIG_OVERDUE, on_overdue, false);
	rs_signal(SIG_PARENT_DIED, on_parent_died, true);
}

/* In a child that user code forks off a worker: the request and the channel stay the parent's. */
static void on_forked_away(void)
{
	struct rs_process *p = rs_process();

	p->forked_away = true;
	p->x.finished = true;
}

bool rs_host_forked_away(void)
{
	return rs_process()->forked_away;
}

/* max_request plus a random share of the grace, so that workers do not retire together. */
static uint64_t serve_limit(const struct rs_conf *conf, uint32_t id)
{
	int64_t max = conf->max_request, grace = conf->max_request_grace;
	uint64_t seed = (uint64_t)rs_now_us() * 6364136223846793005u + id;

	if (max <= 0)
		return 0;
	if (grace < 0)
		grace = max / 2;
	return (uint64_t)max + (grace ? (seed >> 33) % (uint64_t)grace : 0);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static enum rs_result keep_post(struct rs_process *p, struct rs_frame *f)
{
	struct rs_post *post;

	if (p->npost == RS_CLAIM_SLOTS)
		return RS_ERR;
	post = &p->posts[(p->post_first + p->npost) % RS_POST_RING];
	rs_buf_reset(&post->payload, 64u << 10);
	if (!rs_buf_put(&post->payload, f->payload.p, f->payload.n))
		return RS_ERR;
	post->id = f->id;
	post->body_fd = f->nfds ? rs_ipc_take_fd(&p->data, f, 0) : -1;
	p->npost++;
	return RS_OK;
}

static enum rs_result take_frame(struct rs_process *p, struct rs_frame *f)
{
	uint64_t n;

	switch (f->msg) {
	case RS_MSG_REQUEST:
		return keep_post(p, f);
	case RS_MSG_CREDIT:
		if (f->payload.n != sizeof n)
			return RS_ERR;
		memcpy(&n, f->payload.p, sizeof n);
		if (f->id == p->x.id)
			p->x.credit += n;
		return RS_OK;
	case RS_MSG_CANCEL:
		if (f->id == p->x.id)
			p->x.client_gone = true;
		return RS_OK;
	case RS_MSG_RETIRE:
		p->retired = true;
		return RS_OK;
	default:
		return RS_ERR;
	}
}

static enum rs_result take_frames(struct rs_process *p)
{
	struct rs_frame f;
	enum rs_result r;

	while ((r = rs_ipc_next(&p->data, &f)) == RS_OK) {
		if (take_frame(p, &f) == RS_OK)
			continue;
		rs_alertx(p->log, "unusable %s frame from the reactor", rs_msg_name(f.msg));
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

/* ---- serving --------------------------------------------------------------------------------- */

/* Takes the oldest post off the ring and runs it, if it is still ours to run. false: end of this process. */
static bool serve_one(struct rs_process *p)
{
	struct rs_post *post = &p->posts[p->post_first];
	struct rs_wire_request w;
	enum rs_request_end end = RS_REQUEST_OK;

	p->post_first = (p->post_first + 1) % RS_POST_RING;
	p->npost--;
	if (post->payload.len < sizeof w) {
		rs_alertx(p->log, "short REQUEST frame");
		return false;
	}
	memcpy(&w, rs_buf_data(&post->payload), sizeof w);
	if (w.slot >= RS_CLAIM_SLOTS || !rs_claim_move(p->claims, w.slot, w.claim, RS_CLAIM_TAKEN)) {
		rs_fd_close(&post->body_fd);
		return true; /* taken back by the reactor */
	}
	if (rs_exchange_begin(p, post)) {
		end = p->engine->request(&p->x);
	} else {
		rs_alertx(p->log, "REQUEST frame that contradicts itself");
		end = RS_REQUEST_RECYCLE;
	}
	if (p->forked_away)
		_exit(0);
	uint64_t id = p->x.id;
	rs_exchange_end(p);
	p->served++;
	if (end == RS_REQUEST_RECYCLE) {
		p->exit_status = 255;
		return false;
	}
	/* Not flushed: it leaves with the next response, or before the worker sleeps. */
	return rs_ipc_put(&p->data, RS_MSG_DONE, 0, id, RS_SLICE(""), RS_SLICE(""), NULL, 0) == RS_OK;
}

/* Enough served: say so, take nothing more, and wait until the reactor has let go. */
static void leave(struct rs_process *p)
{
	p->leaving = true;
	rs_debug(p->log, "served %lu requests, leaving", (unsigned long)p->served);
	if (rs_ipc_put(&p->data, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""), NULL, 0) != RS_OK ||
	    rs_ipc_flush(&p->data) != RS_OK)
		return;
	for (;;) {
		enum rs_result r = rs_worker_receive(p, true);
		if (p->retired || (r != RS_OK && r != RS_AGAIN))
			return;
		while (p->npost) {
			rs_fd_close(&p->posts[p->post_first].body_fd);
			p->post_first = (p->post_first + 1) % RS_POST_RING;
			p->npost--;
		}
	}
}

/* Timers and descriptors of the application, if it has any: their turn comes between requests. */
static struct rs_loop *application_loop(void)
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
	struct rs_loop *l = application_loop();
	struct rs_watch *w = l ? rs_watch_new(l, p->data.fd, RS_WATCH_READ, false, on_channel, &readable) : NULL;

	if (!w)
		return RS_ERR;
	while (!readable && application_loop()) {
		if (rs_loop_run(l, RS_LOOP_ONCE) == RS_ERR || p->forked_away)
			break;
		if (!tidy && rs_now_us() - since_us >= IDLE_AFTER_MS * 1000)
			break;
	}
	/* A child that user code has forked: its copy of the loop is gone already, and nobody is to be served by it. */
	if (p->forked_away)
		_exit(0);
	rs_watch_free(w);
	return readable ? RS_OK : application_loop() ? RS_AGAIN : RS_ERR;
}

static enum rs_result wait_for_frames(struct rs_process *p, bool tidy)
{
	struct pollfd pfd = { .fd = p->data.fd, .events = POLLIN };
	enum rs_result r = wait_in_loop(p, tidy);

	if (r == RS_AGAIN)
		return r;
	if (r == RS_ERR && tidy)
		(void)poll(&pfd, 1, -1);
	return rs_worker_receive(p, true);
}

static void serve(struct rs_process *p)
{
	bool tidy = true; /* nothing was served since the engine last tidied up */
	struct rs_loop *l;
	enum rs_result r;

	for (;;) {
		while (p->npost && !p->retired) {
			if (!serve_one(p))
				return;
			tidy = false;
			if ((l = application_loop()))
				(void)rs_loop_run(l, RS_LOOP_POLL);
			if (p->forked_away)
				_exit(0);
			if (p->serve_max && p->served >= p->serve_max) {
				leave(p);
				return;
			}
		}
		if (p->retired || rs_ipc_flush(&p->data) != RS_OK)
			return;
		r = wait_for_frames(p, tidy);
		if (r == RS_AGAIN && !tidy) {
			p->engine->idle();
			tidy = true;
		}
		if (r != RS_OK && r != RS_AGAIN)
			return;
	}
}

int rs_worker_main(struct rs_process *p, const struct rs_wire_fork *order, int data_fd, int claim_fd)
{
	struct rs_wire_ready ready = { .protocol = RS_PROTOCOL, .pid = (uint32_t)getpid() };
	struct timeval quiet = { .tv_usec = IDLE_AFTER_MS * 1000 };
	struct rs_buf why = { 0 };
	pid_t parent = getppid();
	char role[48];

	p->is_worker = true;
	p->worker_id = order->id;
	rs_fmt(p->log->role, sizeof p->log->role, "worker %u", order->id);
	rs_fmt(role, sizeof role, "worker process %u", order->id);
	rs_title_set(p->h->title, role);
	rs_ipc_init(&p->data, data_fd, RS_IPC_WORKER, RS_IPC_REACTOR);
	setsockopt(data_fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet);
	if (pthread_atfork(NULL, NULL, on_forked_away) != 0)
		return 1;
	worker_signals();
	prctl(PR_SET_PDEATHSIG, SIG_PARENT_DIED);
	if (getppid() != parent && getppid() != p->h->master_pid)
		return 1;
	p->claims = mmap(NULL, RS_CLAIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, claim_fd, 0);
	rs_fd_close(&claim_fd);
	if (p->claims == MAP_FAILED) {
		rs_error(p->log, "cannot map the claim page");
		return 1;
	}
	p->serve_max = serve_limit(p->h->conf, order->id);
	p->engine->forked(p->h->conf, order->id, order->generation);
	if (p->engine->worker_start(&why) != RS_OK) {
		rs_errorx(p->log, "worker did not start: %.*s", (int)why.len, rs_buf_data(&why));
		rs_buf_free(&why);
		return 1;
	}
	if (rs_ipc_put(&p->data, RS_MSG_READY, 0, 0, rs_slice(&ready, sizeof ready), RS_SLICE(""), NULL, 0) == RS_OK &&
	    rs_ipc_flush(&p->data) == RS_OK)
		serve(p);
	p->engine->worker_stop();
	return p->exit_status;
}
