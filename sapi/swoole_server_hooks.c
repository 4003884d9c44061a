/*
 * The life of a server's processes as PHP sees it: struct rs_server_hooks, the properties that say what this process is, and
 * the callbacks that are about processes. The events of connections and tasks are in swoole_server_event.c.
 */
#include "swoole_server_hosted.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "client/client_child.h"
#include "swoole_coroutine_private.h"
#include "swoole_process.h"
#include "swoole_runtime.h"

/* ---- what this process is ----------------------------------------------------------------------------------------------- */

zend_long rs_swoole_manager_pid(void)
{
	return rs_swoole_hosted_manager() ? rs_swoole_hosted_manager()
					  : (zend_long)atomic_load_explicit(&rs_server_board()->head->manager_pid, memory_order_relaxed);
}

static void show_server(struct rs_swoole_server *s)
{
	rs_swoole_server_put_long(s, "master_pid", atomic_load_explicit(&rs_server_board()->head->master_pid, memory_order_relaxed));
	rs_swoole_server_put_long(s, "manager_pid", rs_swoole_manager_pid());
}

void rs_swoole_server_show_process(struct rs_swoole_server *s)
{
	enum rs_server_role role = rs_server_role();

	show_server(s);
	if (role != RS_ROLE_WORKER && role != RS_ROLE_TASK)
		return;
	rs_swoole_server_put_long(s, "worker_id", rs_server_shown_id(rs_server_id()));
	rs_swoole_server_put_long(s, "worker_pid", getpid());
	zend_update_property_bool(rs_swoole_server_ce, &s->std, ZEND_STRL("taskworker"), role == RS_ROLE_TASK);
}

/* A callback that gets the server alone. */
static bool call_server(enum rs_on on)
{
	struct rs_swoole_server *s = rs_swoole_the_server();
	struct rs_php_callback *cb = rs_swoole_callback(s, on, 0);
	zval argv[1];

	if (!cb)
		return true;
	rs_swoole_server_zval(&argv[0], s);
	return rs_swoole_server_call(cb, true, 1, argv, NULL);
}

/* One that gets the server and the number of this worker. */
static bool call_worker(enum rs_on on, bool plain)
{
	struct rs_swoole_server *s = rs_swoole_the_server();
	struct rs_php_callback *cb = rs_swoole_callback(s, on, 0);
	zval argv[2];

	if (!cb)
		return true;
	rs_swoole_server_zval(&argv[0], s);
	ZVAL_LONG(&argv[1], rs_server_id());
	return rs_swoole_server_call(cb, plain, 2, argv, NULL);
}

/* ---- C: the script's process ---------------------------------------------------------------------------------------------- */

static bool started(void)
{
	struct rs_swoole_server *s = rs_swoole_the_server();

	s->pid = getpid(); /* another one than at first, when it has gone to the background */
	rs_swoole_set_place(RS_SWOOLE_MASTER);
	rs_swoole_server_policy(false);
	show_server(s);
	return call_server(RS_ON_START);
}

static bool before_shutdown(void)
{
	return call_server(RS_ON_BEFORE_SHUTDOWN);
}

static bool ended(void)
{
	return call_server(RS_ON_SHUTDOWN);
}

/* ---- G: the manager --------------------------------------------------------------------------------------------------------- */

static bool manager_started(void)
{
	rs_swoole_child_begin();
	rs_swoole_set_place(RS_SWOOLE_MANAGER);
	rs_swoole_server_policy(false);
	show_server(rs_swoole_the_server());
	return call_server(RS_ON_MANAGER_START);
}

static bool manager_stopped(void)
{
	return call_server(RS_ON_MANAGER_STOP);
}

static bool reloading(bool before)
{
	return call_server(before ? RS_ON_BEFORE_RELOAD : RS_ON_AFTER_RELOAD);
}

static bool worker_failed(uint32_t id, pid_t pid, int code, int signo)
{
	struct rs_swoole_server *s = rs_swoole_the_server();
	struct rs_php_callback *cb = rs_swoole_callback(s, RS_ON_WORKER_ERROR, 0);
	uint32_t argc = 5;
	zval argv[5];

	if (!cb)
		return true;
	rs_swoole_server_zval(&argv[0], s);
	if (s->conf.event_object) {
		argc = 2;
		rs_swoole_status_object(&argv[1], id, pid, code, signo);
	} else {
		ZVAL_LONG(&argv[1], id);
		ZVAL_LONG(&argv[2], pid);
		ZVAL_LONG(&argv[3], code);
		ZVAL_LONG(&argv[4], signo);
	}
	return rs_swoole_server_call(cb, true, argc, argv, NULL);
}

/* ---- W, K, U ------------------------------------------------------------------------------------------------------------------ */

static void forked(void)
{
	const struct rs_swoole_server *s = rs_swoole_the_server();

	rs_swoole_child_begin();
	switch (rs_server_role()) {
	case RS_ROLE_TASK:
		rs_swoole_set_place(s->conf.task_enable_coroutine ? RS_SWOOLE_TASK_WORKER_ASYNC : RS_SWOOLE_TASK_WORKER);
		rs_swoole_server_policy(s->conf.task_enable_coroutine);
		break;
	case RS_ROLE_USER:
		rs_swoole_set_place(RS_SWOOLE_USER_PROCESS);
		rs_swoole_server_policy(true);
		break;
	case RS_ROLE_WORKER:
	case RS_ROLE_MANAGER:
	case RS_ROLE_SCRIPT:
	case RS_ROLE_OUTSIDE:
		rs_swoole_set_place(RS_SWOOLE_WORKER);
		rs_swoole_server_policy(s->conf.enable_coroutine);
		break;
	}
}

/* Options of coroutines that stand among the settings; hooks are all on where coroutines are, unless the script has said which. */
static void set_coroutines(const struct rs_swoole_server *s, bool on)
{
	if (s->conf.max_coroutine)
		rs_cos()->max = (uint32_t)s->conf.max_coroutine;
	if (s->conf.hook_flags >= 0)
		rs_hook_set_flags(s->conf.hook_flags);
	else if (on && rs_hook_flags() == 0)
		rs_hook_set_flags(RS_HOOK_ALL);
}

/* A worker on a CPU of its own, as far as there are enough. */
static void choose_cpu(const struct rs_swoole_server *s)
{
	HashTable *ignore = s->conf.cpu_affinity_ignore;
	uint32_t most = ignore ? zend_hash_num_elements(ignore) : 0;
	size_t n = 0;
	zval *cpu;
	int *list;

	if (!s->conf.open_cpu_affinity)
		return;
	list = safe_emalloc(most + 1, sizeof *list, 0);
	if (ignore)
		ZEND_HASH_FOREACH_VAL(ignore, cpu) {
			list[n++] = (int)zval_get_long(cpu);
		} ZEND_HASH_FOREACH_END();
	if (!rs_child_pin((unsigned)rs_server_shown_id(rs_server_id()), list, n))
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, errno, "open_cpu_affinity: no CPU is left, or none may be chosen: %s", strerror(errno));
	efree(list);
}

static bool worker_started(void)
{
	struct rs_swoole_server *s = rs_swoole_the_server();
	bool is_task = rs_server_role() == RS_ROLE_TASK;

	rs_swoole_server_show_process(s);
	set_coroutines(s, is_task ? s->conf.task_enable_coroutine : s->conf.enable_coroutine);
	rs_swoole_server_stats_begin(s);
	choose_cpu(s);
	return call_worker(RS_ON_WORKER_START, false);
}

static bool worker_exits(void)
{
	return call_worker(RS_ON_WORKER_EXIT, true);
}

static void worker_stopped(void)
{
	(void)call_worker(RS_ON_WORKER_STOP, true);
}

static int user_process(uint32_t index)
{
	struct rs_swoole_server *s = rs_swoole_the_server();

	show_server(s);
	if (index >= s->nprocesses)
		return 255;
	return rs_swoole_process_run(s->processes[index]);
}

const struct rs_server_hooks rs_swoole_server_hooks = {
	.started = started,
	.before_shutdown = before_shutdown,
	.ended = ended,
	.manager_started = manager_started,
	.manager_stopped = manager_stopped,
	.worker_failed = worker_failed,
	.reloading = reloading,
	.forked = forked,
	.worker_started = worker_started,
	.worker_exits = worker_exits,
	.worker_stopped = worker_stopped,
	.user_process = user_process,
	.event = rs_swoole_server_event,
	.exit_status = rs_swoole_server_exit_status,
};
