/*
 * The reactor process: makes the instance, turns the loop, ends it. What happens to connections, requests and
 * workers is in the other files of this folder.
 *
 * A turn is: wait, run what became ready, then everything that was gathered meanwhile leaves at once (frames
 * to workers, messages to the master, access log lines), then what was closed is freed.
 */
#include "reactor/reactor.h"

#include "base/rs_fd.h"
#include "base/rs_proc.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_worker.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* After DRAINED: how long the master may take to let go. */
#define LET_GO_MS 2000

static void sweep_cb(evutil_socket_t fd, short what, void *arg);

/* ---- constructor and destructor ----------------------------------------------------------------------- */

static void instance_free(struct rs_reactor *r)
{
	struct rs_worker *w;

	rs_accept_fini(r);
	rs_conn_close_all(r);
	while ((w = TAILQ_FIRST(&r->route.all)))
		rs_worker_lost(w, 502);
	rs_serve_fini(r);
	rs_conn_reap(r);
	rs_worker_reap(r);
	rs_balance_fini(r);
	rs_control_fini(r);
	rs_static_fini(&r->files);
	rs_tls_fini(r);
	rs_access_flush(r);
	rs_access_fini(&r->access);
	rs_limit_fini(&r->limit);
	event_del(&r->sweep);
	event_base_free(r->base);
	for (uint32_t i = 0; i < rs_slab_capacity(&r->reqs); i++)
		rs_buf_free(&((struct rs_req *)rs_slab_at(&r->reqs, i))->payload);
	rs_slab_fini(&r->reqs);
	rs_slab_fini(&r->conns);
	free(r->deadline_ms);
	rs_buf_free(&r->out);
	rs_buf_free(&r->ws_out);
	rs_h2conn_fini(r);
	if (r->conf_owned)
		rs_conf_fini(r->conf_owned);
	free(r->conf_owned);
	r->magic = 0;
	free(r);
}

static struct event_base *loop_new(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base = NULL;

	/* One thread: no locks. */
	if (cfg && event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(cfg);
	if (cfg)
		event_config_free(cfg);
	return base;
}

/* NULL: logged why. */
static struct rs_reactor *instance_new(const struct rs_reactor_start *s)
{
	struct rs_reactor *r = calloc(1, sizeof *r);

	if (!r || !(r->base = loop_new())) {
		rs_error(s->log, "cannot start the reactor");
		free(r);
		return NULL;
	}
	r->magic = RS_REACTOR_MAGIC;
	r->log = s->log;
	r->conf = s->conf;
	r->conns.size = sizeof(struct rs_conn);
	r->reqs.size = sizeof(struct rs_req);
	TAILQ_INIT(&r->ready);
	TAILQ_INIT(&r->idle);
	TAILQ_INIT(&r->dead);
	r->control.ipc.fd = r->accept.reserve_fd = r->balance.timer_fd = -1;
	rs_route_init(r);
	rs_lane_init(r);
	rs_static_init(&r->files);
	rs_access_init(&r->access);
	rs_h2conn_init(r);
	rs_access_configure(r);
	event_assign(&r->sweep, r->base, -1, 0, sweep_cb, r);
	if (rs_balance_init(r) && rs_accept_init(r) && rs_control_init(r, s->control_fd)) {
		rs_static_configure(r);
		rs_limit_configure(r);
		return r;
	}
	rs_error(s->log, "cannot start the reactor");
	instance_free(r);
	return NULL;
}

/* ---- time --------------------------------------------------------------------------------------------- */

const char *rs_reactor_date(struct rs_reactor *r)
{
	int64_t now = rs_reactor_wall_us(r) / 1000000;

	if (now != r->date_s || !r->date[0]) {
		r->date_s = now;
		rs_http_date(now, r->date);
	}
	return r->date;
}

void rs_reactor_need_sweep(struct rs_reactor *r)
{
	const struct timeval soon = { .tv_usec = RS_SWEEP_MS * 1000 };

	if (!r->sweeping && event_add(&r->sweep, &soon) == 0)
		r->sweeping = true;
}

static void sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rs_reactor *r = arg;
	int64_t now;

	RS_CHECK(r, RS_REACTOR_MAGIC);
	(void)fd;
	(void)what;
	r->sweeping = false;
	now = rs_reactor_ms(r);
	rs_accept_sweep(r, now);
	rs_conn_sweep(r);
	rs_balance_sweep(r);
	rs_lane_sweep(r);
	if (r->serve)
		rs_serve_sweep(r);
	if (r->phase == RS_REACTOR_STOP && now >= r->stop_ms) {
		rs_notice(r->log, "the time to finish is over: %u connections are cut", r->conns.used);
		rs_route_give_up(r);
		if (r->serve)
			rs_serve_give_up(r);
		rs_conn_close_all(r);
	}
	if (r->phase == RS_REACTOR_DRAINED && now >= r->stop_ms)
		r->quit = true;
	if (r->conns.used || r->reqs.used || (r->serve && rs_serve_needs_sweep(r)) || r->accept.paused ||
	    r->phase != RS_REACTOR_RUN)
		rs_reactor_need_sweep(r);
}

/* ---- stopping ----------------------------------------------------------------------------------------- */

void rs_reactor_stop(struct rs_reactor *r, int64_t ms)
{
	int64_t end = rs_reactor_ms(r) + ms;

	if (r->phase == RS_REACTOR_RUN) {
		r->phase = RS_REACTOR_STOP;
		r->stop_ms = end;
		rs_accept_stop(r);
		if (r->serve)
			rs_serve_stop(r);
		rs_conn_stop_idle(r);
	} else if (r->phase == RS_REACTOR_STOP && end < r->stop_ms) {
		r->stop_ms = end;
	}
	rs_reactor_need_sweep(r);
}

/* The last connection is gone. */
static void drained(struct rs_reactor *r)
{
	struct rs_worker *w, *next;

	r->phase = RS_REACTOR_DRAINED;
	r->stop_ms = rs_reactor_ms(r) + LET_GO_MS;
	for (w = TAILQ_FIRST(&r->route.all); w; w = next) {
		next = TAILQ_NEXT(w, all_link);
		if (w->routed)
			rs_worker_retire(w);
	}
	rs_control_drained(r);
	if (r->control.lost)
		r->quit = true;
}

/* ---- the loop ----------------------------------------------------------------------------------------- */

static void end_turn(struct rs_reactor *r)
{
	rs_conn_run_ready(r);
	rs_h2conn_end_turn(r);
	rs_balance_check(r);
	rs_conn_reap(r);
	if (r->serve)
		rs_serve_end_turn(r);
	if (r->phase == RS_REACTOR_STOP && r->conns.used == 0 && (!r->serve || rs_serve_over(r)))
		drained(r);
	/* That a worker is ready is said before it gets what it may die of. */
	rs_control_flush(r);
	rs_worker_flush_all(r);
	rs_control_flush(r);
	if (r->access.buf.len)
		rs_access_flush(r);
	rs_conn_reap(r);
	rs_worker_reap(r);
}

static int run(struct rs_reactor *r)
{
	while (!r->quit) {
		int wait = TAILQ_EMPTY(&r->ready) ? 0 : EVLOOP_NONBLOCK;
		r->now_us = r->wall_us = 0;
		if (event_base_loop(r->base, EVLOOP_ONCE | wait) < 0) {
			rs_alert(r->log, "event loop");
			return 1;
		}
		end_turn(r);
	}
	return 0;
}

static void set_signals(void)
{
	/* Told by messages: a signal to the process group must not overtake the master's graceful stop. */
	/* A file that may not grow (RLIMIT_FSIZE) is an error of write(), like a full disk. */
	static const int ignored[] = { SIGPIPE, SIGXFSZ, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGTERM };

	for (size_t i = 0; i < RS_COUNTOF(ignored); i++)
		rs_signal(ignored[i], SIG_IGN, false);
}

int rs_reactor_main(const struct rs_reactor_start *s)
{
	struct rs_reactor *r;
	int status;

	rs_copy(s->log->role, sizeof s->log->role, RS_SLICE("reactor"));
	rs_title_set(s->title, "reactor process");
	prctl(PR_SET_DUMPABLE, 0);
	set_signals();
	r = instance_new(s);
	if (!r)
		return 1;
	status = run(r);
	instance_free(r);
#ifdef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 1); /* the leak checker reads this process from outside */
#endif
	return status;
}
