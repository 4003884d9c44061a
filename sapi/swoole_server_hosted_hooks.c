/*
 * The life of a hosted application's processes: struct rs_server_hooks for them. Each callback runs with PHP armed as for a
 * request (php_serve.c), so that exit, a fatal error, shutdown functions, settings are what they are there.
 *
 *   manager        boots, forks, and at the very end tells that the server has ended
 *   worker         requests by struct rs_engine; events of connections between them
 *   task worker    tasks
 *   user process   the callback of a Swoole\Process; nothing is armed: it is its own master
 */
#include "swoole_server_hosted.h"

#include "php_serve.h"
#include "swoole_process.h"

#include <fcntl.h>
#include <unistd.h>

static struct {
	pid_t forked; /* the process in which that has been done */
} here;

/* ---- armed ------------------------------------------------------------------------------------------------------------------- */

struct armed {
	bool (*run)(void *arg);
	void *arg;
	bool ok;
};

static void armed_body(void *arg)
{
	struct armed *a = arg;

	a->ok = a->run(a->arg);
}

/* false: this process must end. */
static bool armed(const char *what, const struct rs_request_view *view, struct rs_slice body, bool (*run)(void *arg), void *arg)
{
	struct armed a = { .run = run, .arg = arg, .ok = true };

	return rs_swoole_server_judge(rs_php_event(what, view, body, armed_body, &a)) && a.ok;
}

enum rs_call_end rs_swoole_hosted_run(void (*body)(void *arg), void *arg)
{
	return rs_php_event("a callback of the event loop", NULL, RS_SLICE(""), body, arg);
}

/* ---- workers, task workers ------------------------------------------------------------------------------------------------------ */

void rs_swoole_hosted_forked(void)
{
	enum rs_server_role role = rs_server_here() ? rs_server_role() : RS_ROLE_WORKER;
	pid_t pid = getpid();

	if (here.forked == pid)
		return;
	here.forked = pid;
	rs_swoole_set_place(role == RS_ROLE_TASK ? RS_SWOOLE_TASK_WORKER
			    : role == RS_ROLE_USER ? RS_SWOOLE_USER_PROCESS
			    : role == RS_ROLE_MANAGER ? RS_SWOOLE_MANAGER : RS_SWOOLE_WORKER);
	rs_swoole_server_policy(role == RS_ROLE_USER);
	rs_php_after_fork();
	EG(exit_status) = 0;
}

struct worker_call {
	struct rs_swoole_server *s;
	enum rs_on on;
};

static bool call_worker(void *arg)
{
	const struct worker_call *w = arg;
	zval argv[2];

	rs_swoole_server_zval(&argv[0], w->s);
	ZVAL_LONG(&argv[1], rs_server_shown_id(rs_server_id()));
	return rs_swoole_server_call(rs_swoole_callback(w->s, w->on, 0), true, 2, argv, NULL);
}

static bool tell_worker(enum rs_on on, const char *what)
{
	struct worker_call w = { .s = rs_swoole_hosted(), .on = on };

	return !rs_swoole_callback(w.s, on, 0) || armed(what, NULL, RS_SLICE(""), call_worker, &w);
}

static bool worker_started(void)
{
	bool ok;

	rs_swoole_server_show_process(rs_swoole_hosted());
	rs_php()->starting = true;
	ok = tell_worker(RS_ON_WORKER_START, "onWorkerStart");
	rs_php()->starting = false;
	return ok;
}

static void worker_stopped(void)
{
	(void)tell_worker(RS_ON_WORKER_STOP, "onWorkerStop");
}

/* ---- events --------------------------------------------------------------------------------------------------------------------- */

static bool tell(void *arg)
{
	return rs_swoole_server_event(arg);
}

static const char *name_of(uint32_t kind)
{
	for (unsigned on = 0; on < RS_ON_COUNT; on++)
		if (rs_on_rows[on].kind == (int)kind)
			return rs_on_rows[on].name;
	return "an event";
}

/* The glue runs the application with the request of an upgrade: it is what PHP sees. The objects have a copy of their own. */
static bool handshake(struct rs_event *ev)
{
	struct rs_event copy = *ev;
	struct rs_server_request *q;
	bool ok;

	copy.body_fd = ev->body_fd >= 0 ? fcntl(ev->body_fd, F_DUPFD_CLOEXEC, 0) : -1;
	q = rs_server_request_new(&copy);
	if (copy.body_fd >= 0)
		close(copy.body_fd);
	ok = armed("handshake", q ? rs_server_request_view(q) : NULL, q ? rs_server_request_body(q) : RS_SLICE(""), tell, ev);
	rs_server_request_free(q);
	return ok;
}

static bool event(struct rs_event *ev)
{
	if (ev->h.kind == RS_EVENT_HANDSHAKE)
		return handshake(ev);
	return armed(name_of(ev->h.kind), NULL, RS_SLICE(""), tell, ev);
}

/* ---- user processes ---------------------------------------------------------------------------------------------------------------- */

static int user_process(uint32_t index)
{
	struct rs_swoole_server *s = rs_swoole_hosted();
	int status;

	rs_swoole_server_show_process(s);
	if (index >= s->nprocesses)
		return 255;
	status = rs_swoole_process_run(s->processes[index]);
	if (CG(unclean_shutdown))
		rs_php_after_fatal();
	(void)rs_php_run_shutdown_functions();
	(void)rs_php_end_output();
	return status;
}

/* ---- the manager -------------------------------------------------------------------------------------------------------------------- */

struct failure {
	uint32_t id;
	pid_t pid;
	int code, signal;
};

static bool call_failed(void *arg)
{
	struct rs_swoole_server *s = rs_swoole_hosted();
	const struct failure *f = arg;
	zval argv[5];

	rs_swoole_server_zval(&argv[0], s);
	ZVAL_LONG(&argv[1], rs_server_shown_id(f->id));
	ZVAL_LONG(&argv[2], f->pid);
	ZVAL_LONG(&argv[3], f->code);
	ZVAL_LONG(&argv[4], f->signal);
	return rs_swoole_server_call(rs_swoole_callback(s, RS_ON_WORKER_ERROR, 0), true, 5, argv, NULL);
}

/* In a short-lived child of the manager. */
static bool worker_failed(uint32_t id, pid_t pid, int code, int signal)
{
	struct failure f = { .id = id, .pid = pid, .code = code, .signal = signal };

	if (!rs_swoole_callback(rs_swoole_hosted(), RS_ON_WORKER_ERROR, 0))
		return true;
	rs_swoole_server_show_process(rs_swoole_hosted());
	return armed("onWorkerError", NULL, RS_SLICE(""), call_failed, &f);
}

static bool call_ended(void *arg)
{
	struct rs_swoole_server *s = arg;
	zval argv[1];

	rs_swoole_server_zval(&argv[0], s);
	return rs_swoole_server_call(rs_swoole_callback(s, RS_ON_SHUTDOWN, 0), true, 1, argv, NULL);
}

/* The last thing that the last manager does. */
static bool ended(void)
{
	struct rs_swoole_server *s = rs_swoole_hosted();

	if (!rs_swoole_callback(s, RS_ON_SHUTDOWN, 0))
		return true;
	rs_swoole_server_policy(false);
	rs_php_leave_boot();
	rs_swoole_server_show_process(s);
	return armed("onShutdown", NULL, RS_SLICE(""), call_ended, s);
}

static bool nothing(void)
{
	return true;
}

static bool reloading(bool before)
{
	(void)before;
	return true;
}

const struct rs_server_hooks rs_swoole_hosted_hooks = {
	.started = nothing,
	.before_shutdown = nothing,
	.ended = ended,
	.manager_started = nothing,
	.manager_stopped = nothing,
	.worker_failed = worker_failed,
	.reloading = reloading,
	.forked = rs_swoole_hosted_forked,
	.worker_started = worker_started,
	.worker_exits = nothing,
	.worker_stopped = worker_stopped,
	.user_process = user_process,
	.event = event,
	.exit_status = rs_swoole_server_exit_status,
};
