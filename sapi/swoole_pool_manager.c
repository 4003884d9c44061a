/*
 * The manager of a Process\Pool: the process that called start(). Forks the workers, forks them again when they end, replaces
 * them one by one, ends them; waits in the loop of the process. When the manager dies, whatever kills it, the kernel tells
 * the workers.
 */
#include "swoole_coroutine.h"
#include "swoole_invoke.h"
#include "swoole_loop.h"
#include "swoole_pool_private.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/rs_clock.h"
#include "client/client_child.h"

/* This many ends of a worker within so long: the next one begins only after a pause. */
#define CRASHES 3
#define CRASH_WINDOW_MS 1000
#define CRASH_PAUSE_MS 1000

static void slot_fork(struct pool_slot *s);

/* ---- workers --------------------------------------------------------------------------------------------------- */

static zend_long slot_id(const struct pool_slot *s)
{
	return s - s->pool->slots;
}

static void slot_timer_off(struct pool_slot *s)
{
	rs_timer_free(s->timer);
	s->timer = NULL;
}

static void retry_cb(struct rs_timer *t, void *arg)
{
	struct pool_slot *s = arg;

	(void)t;
	s->timer = NULL; /* it is gone */
	slot_fork(s);
}

static void kill_cb(struct rs_timer *t, void *arg)
{
	struct pool_slot *s = arg;

	(void)t;
	s->timer = NULL;
	if (s->pid)
		kill(s->pid, SIGKILL);
}

static void retry_later(struct pool_slot *s)
{
	s->timer = rs_timer_new(rs_swoole_loop(), CRASH_PAUSE_MS, false, false, retry_cb, s);
	if (!s->timer)
		rs_swoole_log(RS_SWOOLE_LOG_ERROR, ENOMEM, "worker " ZEND_LONG_FMT " is not started again", slot_id(s));
}

static void slot_fork(struct pool_slot *s)
{
	struct pool *p = s->pool;
	pid_t pid = rs_child_fork(false);

	if (pid == 0)
		rs_pool_work(p, slot_id(s));
	if (pid < 0) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, errno, "cannot fork worker " ZEND_LONG_FMT, slot_id(s));
		retry_later(s);
		return;
	}
	s->pid = pid;
	rs_swoole_process_set_pid(Z_OBJ(s->process), pid);
}

/* Asks it to end, and sees to it. */
static void slot_end(struct pool_slot *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGTERM);
	slot_timer_off(s);
	s->timer = rs_timer_new(rs_swoole_loop(), s->pool->max_wait_ms, false, false, kill_cb, s);
}

static void replace_next(struct pool *p)
{
	while (p->reload_next < p->nworkers) {
		struct pool_slot *s = &p->slots[p->reload_next++];

		if (!s->pid)
			continue; /* the one that is about to be forked is new enough */
		s->replacing = true;
		slot_end(s);
		return;
	}
}

static bool all_gone(const struct pool *p)
{
	for (zend_long i = 0; i < p->nworkers; i++)
		if (p->slots[i].pid)
			return false;
	return true;
}

static bool crashes(struct pool_slot *s)
{
	int64_t now = rs_now_ms();

	memmove(&s->ended_ms[1], &s->ended_ms[0], sizeof s->ended_ms - sizeof s->ended_ms[0]);
	s->ended_ms[0] = now;
	return s->ended_ms[CRASHES - 1] && now - s->ended_ms[CRASHES - 1] < CRASH_WINDOW_MS;
}

static void slot_ended(struct pool_slot *s, const struct rs_child_end *end)
{
	struct pool *p = s->pool;
	bool replaced = s->replacing;

	s->pid = 0;
	s->replacing = false;
	slot_timer_off(s);
	if (end->code || (end->signal && end->signal != SIGTERM))
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "worker " ZEND_LONG_FMT " (pid %d) ended with status %d, signal %d",
			      slot_id(s), (int)end->pid, end->code, end->signal);
	if (p->stopping) {
		if (all_gone(p))
			rs_loop_stop(rs_swoole_loop());
		return;
	}
	if (replaced)
		slot_fork(s);
	else if (crashes(s))
		retry_later(s);
	else
		slot_fork(s);
	if (replaced)
		replace_next(p);
}

/* Has it ended? Also when user code has reaped it before us. */
static bool has_ended(pid_t pid, struct rs_child_end *end)
{
	*end = (struct rs_child_end){ .pid = pid };
	switch (rs_child_wait(pid, false, NULL, end)) {
	case RS_OK:
		return true;
	case RS_ERR:
		return errno == ECHILD;
	default:
		return false;
	}
}

static void child_cb(int signo, void *arg)
{
	struct pool *p = arg;
	struct rs_child_end end;

	(void)signo;
	/* By pid: other children of this process are somebody else's to reap. */
	for (zend_long i = 0; i < p->nworkers; i++) {
		if (p->slots[i].pid && has_ended(p->slots[i].pid, &end))
			slot_ended(&p->slots[i], &end);
	}
	for (size_t i = 0; i < p->ndetached;) {
		if (has_ended(p->detached[i], &end))
			p->detached[i] = p->detached[--p->ndetached];
		else
			i++;
	}
}

/* A worker has left the pool and goes on by itself. */
static void notify_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct pool *p = arg;
	pid_t pid;

	(void)w;
	(void)events;
	if (rs_pipe_read(&p->notify, RS_PIPE_MASTER, &pid, sizeof pid, 0) != sizeof pid)
		return;
	for (zend_long i = 0; i < p->nworkers; i++) {
		struct pool_slot *s = &p->slots[i];

		if (s->pid != pid)
			continue;
		p->detached = safe_erealloc(p->detached, p->ndetached + 1, sizeof *p->detached, 0);
		p->detached[p->ndetached++] = pid;
		slot_ended(s, &(struct rs_child_end){ .pid = pid });
		return;
	}
}

/* ---- the pool ----------------------------------------------------------------------------------------------------- */

static void stop_pool(struct pool *p)
{
	struct rs_loop *l = rs_swoole_loop();

	p->stopping = true;
	p->reload_next = p->nworkers;
	for (zend_long i = 0; i < p->nworkers; i++) {
		slot_timer_off(&p->slots[i]);
		slot_end(&p->slots[i]);
	}
	if (all_gone(p))
		rs_loop_stop(l);
}

static void stop_cb(int signo, void *arg)
{
	struct pool *p = arg;

	(void)signo;
	if (!p->stopping)
		stop_pool(p);
}

static void reload_cb(int signo, void *arg)
{
	struct pool *p = arg;

	(void)signo;
	if (p->stopping || p->reload_next < p->nworkers)
		return;
	p->reload_next = 0;
	replace_next(p);
}

static const struct {
	int signo;
	void (*cb)(int signo, void *arg);
} handled[] = {
	{ SIGTERM, stop_cb }, { SIGINT, stop_cb }, { SIGUSR1, reload_cb }, { SIGCHLD, child_cb },
};

static void make_slots(struct pool *p)
{
	static const int pipe_types[] = { [POOL_IPC_NONE] = 0, [POOL_IPC_UNIXSOCK] = 2, [POOL_IPC_MSGQUEUE] = 0,
					  [POOL_IPC_SOCKET] = 0 };

	p->slots = safe_emalloc((size_t)p->nworkers, sizeof *p->slots, 0);
	memset(p->slots, 0, (size_t)p->nworkers * sizeof *p->slots);
	for (zend_long i = 0; i < p->nworkers; i++) {
		p->slots[i].pool = p;
		rs_swoole_process_of_pool(&p->slots[i].process, i, pipe_types[p->ipc], &p->queue);
	}
}

/* What is the manager's alone, whatever came of it. */
static void put_away(struct pool *p, struct rs_loop *l, struct rs_watch *notify)
{
	for (zend_long i = 0; p->slots && i < p->nworkers; i++)
		slot_timer_off(&p->slots[i]);
	rs_watch_free(notify);
	for (size_t i = 0; i < RS_COUNTOF(handled); i++)
		rs_sigwatch_free(rs_sigwatch_find(l, handled[i].signo));
	/* Nobody else can name a queue without a key; it would stay in the system for ever. */
	if (p->queue.id >= 0 && p->queue_key == 0)
		RS_IGNORE(rs_queue_remove(&p->queue));
}

/* The signals that are ours are not for Process::signal() meanwhile. */
static struct rs_swoole_policy reserve_signals(void)
{
	struct rs_swoole_policy before = *rs_swoole_policy(), ours = before;

	for (size_t i = 0; i < RS_COUNTOF(handled); i++)
		ours.reserved_signals |= 1ull << handled[i].signo;
	rs_swoole_set_policy(&ours);
	return before;
}

/* false: warned. */
static bool prepare(struct pool *p, struct rs_loop *l, struct rs_watch **notify)
{
	if (p->ipc == POOL_IPC_MSGQUEUE && !rs_queue_open(&p->queue, (int)p->queue_key, -1)) {
		rs_swoole_warn(errno, "cannot use the message queue: %s", strerror(errno));
		return false;
	}
	if (!rs_pipe_open(&p->notify, true)) {
		rs_swoole_warn(errno, "cannot make a pipe: %s", strerror(errno));
		return false;
	}
	rs_pipe_set_blocking(&p->notify, RS_PIPE_MASTER, false);
	*notify = rs_watch_new(l, p->notify.fds[RS_PIPE_MASTER], RS_WATCH_READ, false, notify_cb, p);
	for (size_t i = 0; *notify && i < RS_COUNTOF(handled); i++) {
		if (!rs_sigwatch_new(l, handled[i].signo, handled[i].cb, p)) {
			rs_swoole_warn(errno, "cannot handle signal %d: %s", handled[i].signo, strerror(errno));
			return false;
		}
	}
	if (!*notify)
		rs_swoole_warn(errno, "cannot watch a pipe: %s", strerror(errno));
	return *notify != NULL;
}

static void call_start(struct pool *p)
{
	zval self;

	ZVAL_OBJ_COPY(&self, &p->std);
	rs_swoole_invoke_plain(&p->on[POOL_START], 1, &self);
	zval_ptr_dtor(&self);
}

static void start_cb(void *arg)
{
	call_start(arg);
}

/* Until the last worker is gone, whatever user code does with the loop; or until the process must end. */
static void run_loop(struct pool *p, struct rs_loop *l)
{
	rs_loop_hold(l);
	while (!(p->stopping && all_gone(p)) && !rs_co_must_end())
		rs_loop_run(l, RS_LOOP_UNTIL_EMPTY);
	rs_loop_release(l);
}

bool rs_pool_manage(struct pool *p)
{
	struct rs_loop *l = rs_swoole_loop();
	struct rs_watch *notify = NULL;
	struct rs_swoole_policy before;

	if (!prepare(p, l, &notify)) {
		put_away(p, l, notify);
		return false;
	}
	before = reserve_signals();
	p->role = POOL_MANAGER;
	p->manager = getpid();
	make_slots(p);
	zend_update_property_long(p->std.ce, &p->std, ZEND_STRL("master_pid"), p->manager);
	for (zend_long i = 0; i < p->nworkers; i++)
		slot_fork(&p->slots[i]);
	if (p->on[POOL_START].set && !rs_loop_defer(l, start_cb, p))
		rs_swoole_warn(ENOMEM, "no memory to call start");
	run_loop(p, l);
	put_away(p, l, notify);
	rs_swoole_set_policy(&before);
	/* With an uncaught exception in a callback of ours the process ends here; its workers hear of it. */
	rs_co_after_loop(false);
	return true;
}
