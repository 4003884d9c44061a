/*
 * Swoole\Server's methods about the server as a whole: reload, shutdown, stop, its processes and its numbers. All of it stands
 * on the board; wishes go out as messages.
 */
#include "swoole_server.h"

#include "swoole_coroutine_private.h"
#include "swoole_server_methods.h"

#define READ(word) atomic_load_explicit(&(word), memory_order_relaxed)

/* ---- wishes ------------------------------------------------------------------------------------------------------------------ */

/* By app.sock one delivers tasks, pushes and asks for numbers; who runs the server rules it by the control socket. */
static bool may_wish(const char *instead)
{
	if (!rs_swoole_server_running())
		return false;
	if (rs_server_role() != RS_ROLE_OUTSIDE)
		return true;
	rs_swoole_warn(RS_SWOOLE_ERROR_OPERATION_NOT_SUPPORT,
		       "%s() works in processes of the server only; from outside, use `%s`", get_active_function_name(), instead);
	return false;
}

ZEND_METHOD(Swoole_Server, reload)
{
	bool only_tasks = false;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(only_tasks)
	ZEND_PARSE_PARAMETERS_END();
	if (!may_wish("rserverd reload") || READ(rs_server_board()->head->reloading))
		RETURN_FALSE;
	RETURN_BOOL(rs_swoole_server_result(rs_server_ask(only_tasks ? RS_ASK_RELOAD_TASKS : RS_ASK_RELOAD, 0), 0, 0));
}

ZEND_METHOD(Swoole_Server, shutdown)
{
	ZEND_PARSE_PARAMETERS_NONE();
	if (!may_wish("rserverd stop"))
		RETURN_FALSE;
	RETURN_BOOL(rs_swoole_server_result(rs_server_ask(RS_ASK_SHUTDOWN, 0), 0, 0));
}

/* Of this process, as PHP knows it. */
static zend_long own_id(void)
{
	return rs_server_shown_id(rs_server_id());
}

/* Are we worker or task worker number id? */
static bool is_self(zend_long id)
{
	enum rs_server_role role = rs_server_role();

	return (role == RS_ROLE_WORKER || role == RS_ROLE_TASK) && id == own_id();
}

static bool is_worker(zend_long id)
{
	const struct rs_board_head *head = rs_server_board()->head;

	return id >= 0 && id < (zend_long)head->nworkers + head->ntasks;
}

ZEND_METHOD(Swoole_Server, stop)
{
	zend_long id = -1;
	bool wait = false;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(id)
		Z_PARAM_BOOL(wait)
	ZEND_PARSE_PARAMETERS_END();
	if (!may_wish("rserverd reload"))
		RETURN_FALSE;
	if (id == -1)
		id = own_id();
	if (is_self(id)) {
		rs_server_leave(wait);
		RETURN_TRUE;
	}
	RETURN_BOOL(is_worker(id) && rs_swoole_server_result(rs_server_ask(RS_ASK_STOP_WORKER, rs_server_internal_id((uint32_t)id)), 0, 0));
}

/* ---- processes ----------------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Server, getWorkerId)
{
	ZEND_PARSE_PARAMETERS_NONE();
	if (!rs_server_here() || !is_self(own_id()))
		RETURN_FALSE;
	RETURN_LONG(own_id());
}

/* The cell of worker id, -1: of this one. NULL: there is none. */
static struct rs_cell *cell_of(zend_long id)
{
	if (!rs_server_here())
		return NULL;
	if (id == -1)
		id = own_id();
	return is_worker(id) ? rs_board_cell(rs_server_board(), rs_server_internal_id((uint32_t)id)) : NULL;
}

static bool parse_id(INTERNAL_FUNCTION_PARAMETERS, struct rs_cell **cell)
{
	zend_long id = -1;

	(void)return_value;
	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(id)
	ZEND_PARSE_PARAMETERS_END_EX(return false);
	*cell = cell_of(id);
	return true;
}

ZEND_METHOD(Swoole_Server, getWorkerPid)
{
	struct rs_cell *cell;

	if (!parse_id(INTERNAL_FUNCTION_PARAM_PASSTHRU, &cell))
		RETURN_THROWS();
	if (!cell || !READ(cell->pid))
		RETURN_FALSE;
	RETURN_LONG(READ(cell->pid));
}

ZEND_METHOD(Swoole_Server, getWorkerStatus)
{
	struct rs_cell *cell;

	if (!parse_id(INTERNAL_FUNCTION_PARAM_PASSTHRU, &cell))
		RETURN_THROWS();
	if (!cell || !READ(cell->status))
		RETURN_FALSE;
	RETURN_LONG(READ(cell->status));
}

ZEND_METHOD(Swoole_Server, getMasterPid)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(rs_server_here() ? READ(rs_server_board()->head->master_pid) : 0);
}

ZEND_METHOD(Swoole_Server, getManagerPid)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(rs_server_here() ? rs_swoole_manager_pid() : 0);
}

/* ---- numbers --------------------------------------------------------------------------------------------------------------------- */

static void add(zval *array, const char *name, uint64_t value)
{
	add_assoc_long(array, name, (zend_long)value);
}

/* Requests that are being worked on, in all processes. */
static uint64_t concurrency(const struct rs_board *b)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < READ(b->head->nworkers); i++)
		sum += READ(rs_board_cell(b, i)->concurrency);
	return sum;
}

void rs_swoole_server_stats(zval *out)
{
	const struct rs_board *b = rs_server_board();
	const struct rs_board_head *h = b->head;

	array_init_size(out, 32);
	add(out, "start_time", (uint64_t)(READ(h->start_us) / 1000000));
	add(out, "connection_num", READ(h->connections));
	add(out, "abort_count", READ(h->aborted));
	add(out, "accept_count", READ(h->accepted));
	add(out, "close_count", READ(h->closed));
	add(out, "worker_num", h->nworkers);
	add(out, "task_worker_num", h->ntasks);
	add(out, "user_worker_num", h->nusers);
	add(out, "idle_worker_num", READ(h->idle_workers));
	add(out, "dispatch_count", READ(h->dispatched));
	add(out, "request_count", READ(h->requests));
	add(out, "response_count", READ(h->responses));
	add(out, "total_recv_bytes", READ(h->received_bytes));
	add(out, "total_send_bytes", READ(h->sent_bytes));
	add(out, "pipe_packet_msg_id", READ(h->pipe_packets));
	add(out, "concurrency", concurrency(b));
	add(out, "session_round", READ(h->high_water));
	add(out, "min_fd", READ(h->min_fd));
	add(out, "max_fd", READ(h->max_fd));
	if (rs_server_role() == RS_ROLE_WORKER) {
		const struct rs_cell *cell = rs_board_cell(b, rs_server_id());

		add(out, "worker_request_count", READ(cell->requests));
		add(out, "worker_response_count", READ(cell->responses));
		add(out, "worker_dispatch_count", READ(cell->dispatched));
		add(out, "worker_concurrency", READ(cell->concurrency));
	}
	if (h->ntasks) {
		add(out, "task_idle_worker_num", READ(h->idle_tasks));
		add(out, "tasking_num", READ(h->tasking));
		add(out, "task_count", READ(h->tasks));
	}
	add(out, "coroutine_num", rs_co_count());
	add(out, "coroutine_peek_num", rs_cos()->peak);
}

ZEND_METHOD(Swoole_Server, stats)
{
	ZEND_PARSE_PARAMETERS_NONE();
	(void)rs_swoole_server_of(ZEND_THIS);
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	rs_swoole_server_stats(return_value);
}
