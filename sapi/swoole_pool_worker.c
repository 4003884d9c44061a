/*
 * A worker of a Process\Pool, from its fork to its end: workerStart, then messages or the loop, then workerStop. Messages between
 * workers are in swoole_pool_message.c.
 */
#include "swoole_coroutine.h"
#include "swoole_invoke.h"
#include "swoole_loop.h"
#include "swoole_pool_private.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rs_fd.h"
#include "base/rs_proc.h"
#include "client/client_child.h"
#include "client/client_pool_port.h"

/* How long a worker waits at the queue before it looks at its signals; with timers or descriptors of its own, at them. */
#define QUEUE_PATIENCE_MS 1000
#define QUEUE_PATIENCE_BUSY_MS 10

/* ---- calls ------------------------------------------------------------------------------------------------------ */

static void event_ended(void *arg, enum rs_call_end end, zval *ret)
{
	(void)end;
	(void)ret;
	*(bool *)arg = true;
}

/* In a coroutine where the pool has them; *ended then says when. What leaves it ends the worker. */
static void call_event(struct pool *p, enum pool_event event, zval *last, bool *ended)
{
	zval argv[2];

	*ended = true;
	if (!p->on[event].set)
		return;
	ZVAL_OBJ_COPY(&argv[0], &p->std);
	ZVAL_COPY_VALUE(&argv[1], last);
	*ended = !p->coroutine;
	if (!p->coroutine)
		rs_php_call_through(&p->on[event], 2, argv, NULL);
	else if (rs_co_create(&p->on[event], 2, argv, false, event_ended, ended) < 0)
		*ended = true;
	zval_ptr_dtor(&argv[0]);
}

void rs_pool_call_message(struct pool *p, struct rs_slice data)
{
	zval argv[2];

	ZVAL_OBJ_COPY(&argv[0], &p->std);
	ZVAL_STRINGL(&argv[1], data.p, data.n);
	if (p->coroutine)
		rs_swoole_invoke(&p->on[POOL_MESSAGE], 2, argv);
	else
		rs_swoole_invoke_plain(&p->on[POOL_MESSAGE], 2, argv);
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
}

static void message_cb(void *arg, struct rs_slice data)
{
	rs_pool_call_message(arg, data);
}

/* ---- stopping --------------------------------------------------------------------------------------------------- */

void rs_pool_stop_worker(struct pool *p)
{
	struct rs_loop *l = rs_loop_peek();

	p->stopping = true;
	if (l)
		rs_loop_stop(l);
}

static void term_cb(int signo, void *arg)
{
	(void)signo;
	rs_pool_stop_worker(arg);
}

static bool has_default_action(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL;
}

/* While workerStart runs, a worker without a handler of its own is ended by SIGTERM as any process; from the loop on in order. */
static void handle_term(struct pool *p)
{
	if (has_default_action(SIGTERM) && !rs_sigwatch_new(rs_swoole_loop(), SIGTERM, term_cb, p))
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, errno, "SIGTERM will end this worker without workerStop");
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static void read_queue(struct pool *p)
{
	struct rs_loop *l = rs_swoole_loop();
	char *message;
	size_t n;

	while (!p->stopping) {
		rs_swoole_run_loop(RS_LOOP_POLL);
		if (p->stopping)
			return;
		message = rs_queue_pop(&p->queue, 0, RS_QUEUE_MESSAGE_MAX,
				       rs_loop_empty(l) ? QUEUE_PATIENCE_MS : QUEUE_PATIENCE_BUSY_MS, &n);
		if (!message && errno != EAGAIN) {
			rs_swoole_warn(errno, "cannot read the message queue: %s", strerror(errno));
			return;
		}
		if (!message)
			continue;
		rs_pool_call_message(p, rs_slice(message, n));
		free(message);
	}
}

void rs_pool_run_loop(struct pool *p)
{
	if (!p->stopping)
		rs_swoole_run_loop(RS_LOOP_UNTIL_EMPTY);
}

static void serve_port(struct pool *p)
{
	p->port = rs_pool_port_new(rs_swoole_loop(), p->listen_fd, (size_t)p->max_package, message_cb, p);
	if (!p->port)
		rs_swoole_fatal("cannot watch the listening socket: %s", strerror(errno));
	rs_pool_run_loop(p);
	rs_pool_port_free(p->port);
	p->port = NULL;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void life(void *arg)
{
	static void (*const receive[])(struct pool *p) = {
		[POOL_IPC_NONE] = rs_pool_run_loop, [POOL_IPC_UNIXSOCK] = rs_pool_read_pipe,
		[POOL_IPC_MSGQUEUE] = read_queue,
		[POOL_IPC_SOCKET] = serve_port,
	};
	struct pool *p = arg;
	bool started, stopped;
	zval id;

	ZVAL_LONG(&id, p->worker_id);
	if (p->coroutine)
		handle_term(p);
	call_event(p, POOL_WORKER_START, &id, &started);
	if (EG(exception))
		return;
	handle_term(p);
	(p->on[POOL_MESSAGE].set ? receive[p->ipc] : rs_pool_run_loop)(p);
	if (EG(exception))
		return;
	call_event(p, POOL_WORKER_STOP, &id, &stopped);
	/* What is left besides is not waited for. */
	while (!stopped && !EG(exception) && !rs_loop_empty(rs_swoole_loop())) {
		if (rs_swoole_run_loop(RS_LOOP_ONCE) == RS_ERR)
			break;
	}
}

void rs_pool_work(struct pool *p, zend_long id)
{
	rs_swoole_child_begin();
	if (!rs_child_bind_to_parent(p->manager))
		_exit(1);
	if (has_default_action(SIGINT))
		rs_signal(SIGINT, SIG_IGN, false); /* the terminal's goes to all of us; the manager decides */
	p->role = POOL_WORKER;
	p->worker_id = id;
	p->stopping = false;
	rs_pipe_close(&p->notify, RS_PIPE_MASTER);
	rs_swoole_process_use(Z_OBJ(p->slots[id].process), true);
	rs_swoole_process_set_pid(Z_OBJ(p->slots[id].process), getpid());
	(void)rs_php_guarded(life, p);
	rs_swoole_child_end(EG(exit_status) & 0xff);
}
