/*
 * The worker: a blocking loop on the data channel. Runs in a child of the manager, inside the engine. With a hosted server, events
 * (server_channel.c) come by the same channel and are run in turn with requests.
 *
 * A REQUEST is only an offer: the worker claims its slot before it starts, and drops what the reactor has taken back
 * meanwhile. It ends when told to retire, when the reactor is gone, when it has served its share, or when the engine says
 * that the process is spoilt.
 */
#include "worker/server_private.h"
#include "worker/worker_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/loop.h"
#include "worker/request_view.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* In a child that user code forks off a worker: the request and the channel stay the parent's. */
static void on_forked_away(void)
{
	struct rs_process *p = rs_process();

	p->forked_away = true;
	p->x.finished = true;
	rs_nursery_forget(p);
}

const char *rs_host_upload_dir(void)
{
	struct rs_process *p = rs_process();

	return p->is_worker && !p->forked_away ? rs_uploads_make(&p->uploads, p->h->conf->upload_tmp_dir) : NULL;
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

/* ---- serving --------------------------------------------------------------------------------- */

/* Does this one run in a process of its own? */
static bool is_forked(const struct rs_process *p, const struct rs_post *post)
{
	struct rs_slice path;

	return p->nursery.pid && rs_request_path(rs_buf_slice(&post->payload), &path) &&
	       rs_conf_isolation(p->h->conf, path) == RS_ISOLATION_FORK;
}

/* A claimed request, in this process. */
static enum rs_request_end run_here(struct rs_process *p, struct rs_post *post)
{
	enum rs_request_end end = RS_REQUEST_RECYCLE;

	if (rs_exchange_begin(p, post))
		end = p->engine->request(&p->x);
	else
		rs_alertx(p->log, "REQUEST frame that contradicts itself");
	if (p->forked_away)
		_exit(0);
	rs_exchange_end(p);
	return end;
}

/* Takes the oldest post off the ring and runs it, if it is still ours to run. false: end of this process. */
static bool serve_one(struct rs_process *p)
{
	struct rs_post *post = &p->posts[p->post_first];
	uint64_t id = post->id;
	struct rs_wire_request w;
	enum rs_request_end end;
	bool forked;

	if (post->payload.len < sizeof w) {
		rs_alertx(p->log, "short REQUEST frame");
		return false;
	}
	memcpy(&w, rs_buf_data(&post->payload), sizeof w);
	forked = is_forked(p, post);
	if (forked && !rs_nursery_ready(p)) {
		p->exit_status = p->retired ? 0 : 255;
		return false; /* not claimed: somebody else runs it */
	}
	p->post_first = (p->post_first + 1) % RS_POST_RING;
	p->npost--;
	if (w.slot >= RS_CLAIM_SLOTS || !rs_claim_move(p->claims, w.slot, w.claim, RS_CLAIM_TAKEN)) {
		rs_fd_close(&post->body_fd);
		return true; /* taken back by the reactor */
	}
	if (forked)
		end = rs_nursery_serve(p, post) == RS_SPARE_SERVED ? RS_REQUEST_OK : RS_REQUEST_RECYCLE;
	else
		end = run_here(p, post);
	p->served++;
	if (end == RS_REQUEST_RECYCLE) {
		p->exit_status = 255;
		return false;
	}
	/* Not flushed: it leaves with the next response, or before the worker sleeps. */
	return rs_ipc_put(&p->data, RS_MSG_DONE, 0, id, RS_SLICE(""), RS_SLICE(""), NULL, 0) == RS_OK;
}

static void drop_posts(struct rs_process *p)
{
	while (p->npost) {
		rs_fd_close(&p->posts[p->post_first].body_fd);
		p->post_first = (p->post_first + 1) % RS_POST_RING;
		p->npost--;
	}
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
		drop_posts(p);
	}
}

/* ---- events, with a hosted server ---------------------------------------------------------------- */

static struct rs_server *server_of(const struct rs_process *p)
{
	return p->server && p->server->setup.server.hosted ? p->server : NULL;
}

static bool has_event(const struct rs_process *p)
{
	const struct rs_server *s = server_of(p);

	return s && !STAILQ_EMPTY(&s->kept);
}

/* The oldest one. false: end of this process. */
static bool serve_event(struct rs_process *p)
{
	struct rs_server *s = p->server;
	enum rs_event_kind kind = (enum rs_event_kind)STAILQ_FIRST(&s->kept)->ev.h.kind;

	/* The end of the last request is not to wait for the end of an event. */
	if (rs_ipc_flush(&p->data) != RS_OK)
		return false;
	p->served += rs_server_counts(kind);
	if (rs_server_run_event(s) != RS_ERR)
		return true;
	p->exit_status = s->hooks->exit_status();
	return false;
}

/* A timer or a coroutine has failed in the application's loop. */
static bool is_spoilt(struct rs_process *p)
{
	struct rs_server *s = server_of(p);

	if (s && !p->exit_status)
		p->exit_status = s->hooks->exit_status();
	return p->exit_status != 0;
}

static void say_status(struct rs_process *p, enum rs_cell_status status)
{
	struct rs_server *s = server_of(p);

	if (!s)
		return;
	rs_server_set_status(s, status);
	if (status != RS_CELL_BUSY)
		rs_server_tell_taken(s);
}

/*
 * Nothing is begun any more, but things may still be said. The reactor takes back what it has sent; it is not waited for: the end
 * of the channel tells it the rest.
 */
static void leave_server(struct rs_process *p)
{
	struct rs_server *s = p->server;

	say_status(p, RS_CELL_EXIT);
	s->leaving = p->leaving = true;
	(void)rs_server_put(s, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""), -1);
	drop_posts(p);
	rs_server_drop_taken_back(s);
	s->hooks->worker_stopped();
	if (p->forked_away)
		_exit(0);
}

/* ---- the loop -------------------------------------------------------------------------------------- */

/* One request and one event, whichever there are. false: end of this process. */
static bool serve_turn(struct rs_process *p)
{
	struct rs_loop *l;

	say_status(p, RS_CELL_BUSY);
	if (p->npost && !serve_one(p))
		return false;
	if (has_event(p) && !p->retired && !serve_event(p))
		return false;
	if ((l = rs_worker_loop()))
		(void)rs_loop_run(l, RS_LOOP_POLL);
	if (p->forked_away)
		_exit(0);
	if (is_spoilt(p))
		return false;
	rs_worker_memory_look(p, p->served, false);
	/* Requests must not wait until there are no events any more. */
	return p->npost || !has_event(p) || rs_worker_receive(p, false) != RS_ERR;
}

/* Has it served its share, grown too big, or wants it to end by itself? */
static bool has_enough(const struct rs_process *p)
{
	const struct rs_server *s = server_of(p);

	if (p->memory.enough || (p->serve_max && p->served >= p->serve_max))
		return true;
	return s && s->leave_asked && (!s->leave_pending || STAILQ_EMPTY(&s->kept));
}

static void serve(struct rs_process *p)
{
	bool tidy = true; /* nothing was served since the engine last tidied up */
	enum rs_result r;

	for (;;) {
		while ((p->npost || has_event(p)) && !p->retired) {
			if (!serve_turn(p))
				return;
			tidy = false;
			if (has_enough(p))
				break;
		}
		if (has_enough(p)) {
			if (!server_of(p))
				leave(p);
			return;
		}
		if (p->retired || rs_ipc_flush(&p->data) != RS_OK)
			return;
		say_status(p, RS_CELL_IDLE);
		r = rs_worker_wait(p, tidy);
		if (is_spoilt(p))
			return;
		if (r == RS_AGAIN && !tidy) {
			if (p->engine->idle() == RS_REQUEST_RECYCLE) {
				p->exit_status = 255;
				return;
			}
			rs_worker_memory_look(p, p->served, true);
			tidy = true;
		}
		if (r != RS_OK && r != RS_AGAIN)
			return;
	}
}

/* ---- the beginning ----------------------------------------------------------------------------------- */

static void name_worker(struct rs_process *p, const struct rs_wire_fork *order)
{
	char title[48];

	p->is_worker = true;
	p->worker_id = order->id;
	if (server_of(p)) {
		rs_server_hosted_become(p->server, order);
		return;
	}
	rs_fmt(p->log->role, sizeof p->log->role, "worker %u", order->id);
	rs_fmt(title, sizeof title, "worker process %u", order->id);
	rs_title_set(p->h->title, title);
}

/*
 * isolation = fork: requests start from here, where the application is ready and nothing has happened yet: before onWorkerStart, which may
 * open connections that two processes must not share.
 */
static bool start_nursery(struct rs_process *p)
{
	if (!rs_conf_uses(p->h->conf, RS_ISOLATION_FORK))
		return true;
	/* Before the fork: what a request process leaves behind is for this one to remove. */
	RS_IGNORE(!rs_uploads_make(&p->uploads, p->h->conf->upload_tmp_dir));
	return rs_nursery_start(p);
}

/* The engine, then the server's hooks. */
static bool start_worker(struct rs_process *p, uint32_t generation)
{
	struct rs_server *s = server_of(p);
	struct rs_buf why = { 0 };
	bool ok;

	if (s) {
		if (!rs_server_hosted_start(s, generation) || !start_nursery(p))
			return false;
		ok = s->hooks->worker_started();
		p->exit_status = ok ? 0 : s->hooks->exit_status();
		return ok;
	}
	p->engine->forked(p->h->conf, p->worker_id, generation);
	ok = p->engine->worker_start(&why) == RS_OK;
	if (!ok)
		rs_errorx(p->log, "worker did not start: %.*s", (int)why.len, rs_buf_data(&why));
	rs_buf_free(&why);
	return ok && start_nursery(p);
}

int rs_worker_main(struct rs_process *p, const struct rs_wire_fork *order, int data_fd, int claim_fd)
{
	struct rs_wire_ready ready = { .protocol = RS_PROTOCOL, .pid = (uint32_t)getpid() };
	struct timeval quiet = { .tv_usec = RS_IDLE_AFTER_MS * 1000 };
	pid_t parent = getppid();

	name_worker(p, order);
	rs_ipc_init(&p->data, data_fd, RS_IPC_WORKER, RS_IPC_REACTOR);
	setsockopt(data_fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet);
	if (pthread_atfork(NULL, NULL, on_forked_away) != 0)
		return 1;
	if (!rs_worker_signals(p, parent))
		return 1;
	p->claims = rs_claim_map(claim_fd);
	rs_fd_close(&claim_fd);
	if (!p->claims) {
		rs_error(p->log, "cannot map the claim page");
		return 1;
	}
	p->serve_max = serve_limit(p->h->conf, order->id);
	if (order->role == RS_ROLE_WORKER)
		rs_uploads_sweep(p->h->conf->upload_tmp_dir);
	if (!start_worker(p, order->generation))
		return p->exit_status ? p->exit_status : 1;
	if (!rs_worker_memory_begin(p))
		return 1;
	rs_slowlog_start(p);
	if (rs_ipc_put(&p->data, RS_MSG_READY, 0, 0, rs_slice(&ready, sizeof ready), RS_SLICE(""), NULL, 0) == RS_OK &&
	    rs_ipc_flush(&p->data) == RS_OK)
		serve(p);
	if (server_of(p) && p->exit_status)
		rs_server_tell_taken(p->server);
	else if (server_of(p))
		leave_server(p);
	rs_nursery_end(p);
	p->engine->worker_stop();
	rs_uploads_end(&p->uploads);
	/* Of one that was killed, a request process may have lived on when its successor looked. */
	if (order->role == RS_ROLE_WORKER)
		rs_uploads_sweep(p->h->conf->upload_tmp_dir);
	return p->exit_status;
}
