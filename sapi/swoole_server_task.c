/*
 * Tasks and messages: given by task() and sendMessage(), done in onTask, their results brought by onFinish. Their object is
 * swoole_server_task_object.c, waiting for results swoole_server_taskwait.c.
 */
#include "swoole_server_task.h"

#include <stdatomic.h>

#include "swoole_server_methods.h"

static struct {
	const struct rs_swoole_owed *running; /* task of a blocking task worker, for Server->finish() */
	bool answered;                        /* it has a result */
	HashTable callbacks;                  /* task id -> struct rs_php_callback *: third argument of task() */
	bool ready;
} tasks;

/* ---- giving ----------------------------------------------------------------------------------------------------------------- */

/* Above this an inline task would have gone through a file, which has the limit. */
#define INLINE_MAX 8180

static bool is_task_worker(void)
{
	return rs_swoole_place() == RS_SWOOLE_TASK_WORKER || rs_swoole_place() == RS_SWOOLE_TASK_WORKER_ASYNC;
}

/* Else warned. */
static bool can_give(const struct rs_swoole_server *s, zend_long dst)
{
	uint32_t n;

	if (!rs_swoole_server_running())
		return false;
	n = rs_swoole_server_tasks();
	if (n == 0)
		rs_swoole_warn(0, "task method can't be executed without task worker");
	else if (dst >= n)
		rs_swoole_warn(0, "worker_id must be less than task_worker_num[%u]", n);
	else if (is_task_worker() && !s->hosted)
		rs_swoole_warn(0, "%s() cannot use in the task-worker", get_active_function_name());
	else
		return true;
	return false;
}

bool rs_swoole_task_can_wait(void)
{
	if (!rs_swoole_server_running())
		return false;
	if (rs_swoole_place() == RS_SWOOLE_WORKER)
		return true;
	rs_swoole_warn(0, "%s() can only be used in the worker process", get_active_function_name());
	return false;
}

uint32_t rs_swoole_server_tasks(void)
{
	return atomic_load_explicit(&rs_server_board()->head->ntasks, memory_order_relaxed);
}

int64_t rs_swoole_task_send(struct rs_swoole_server *s, zval *data, zend_long dst, uint32_t flags, uint32_t delay_ms)
{
	smart_str buffer = { 0 };
	struct rs_slice bytes;
	int64_t id = -1;

	if (!can_give(s, dst))
		return -1;
	if (rs_swoole_data_pack(data, &buffer, &bytes, &flags)) {
		if (bytes.n > INLINE_MAX && bytes.n > s->ports[0]->p.package_max_length)
			rs_swoole_log(RS_SWOOLE_LOG_WARNING, RS_SWOOLE_ERROR_TASK_PACKAGE_TOO_BIG, "task package is too big");
		else
			id = rs_server_task(dst < 0 ? -1 : (int32_t)dst, flags, delay_ms, bytes);
	}
	smart_str_free(&buffer);
	return id;
}

static void free_callback(zval *one)
{
	struct rs_php_callback *cb = Z_PTR_P(one);

	rs_php_callback_free(cb);
	efree(cb);
}

static void remember_callback(int64_t id, const zend_fcall_info *fci, const zend_fcall_info_cache *fcc)
{
	struct rs_php_callback *cb = ecalloc(1, sizeof *cb);

	if (!tasks.ready) {
		zend_hash_init(&tasks.callbacks, 8, NULL, free_callback, false);
		tasks.ready = true;
	}
	rs_php_callback_copy(cb, fci, fcc);
	zend_hash_index_update_ptr(&tasks.callbacks, (zend_ulong)id, cb);
}

ZEND_METHOD(Swoole_Server, task)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_fcall_info fci = empty_fcall_info;
	zend_fcall_info_cache fcc = empty_fcall_info_cache;
	zend_long dst = -1;
	uint32_t flags = 0;
	int64_t id;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(dst)
		Z_PARAM_FUNC_OR_NULL(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	/* Who is no worker has no onFinish; in a hosted application some worker has it. */
	if (rs_swoole_place() != RS_SWOOLE_WORKER)
		flags |= s->hosted ? 0 : RS_DATA_ONE_WAY;
	else if (ZEND_FCI_INITIALIZED(fci) && rs_php()->one_request)
		rs_swoole_warn(0, "the callback of task() is dropped, onFinish gets the result: with isolation = fork this process ends with its request");
	else if (ZEND_FCI_INITIALIZED(fci))
		flags |= RS_DATA_CALLBACK;
	if (EG(exception))
		RETURN_THROWS();
	id = rs_swoole_task_send(s, data, dst, flags, 0);
	if (id < 0)
		RETURN_FALSE;
	/* The result cannot come before this worker's loop is back. */
	if (flags & RS_DATA_CALLBACK)
		remember_callback(id, &fci, &fcc);
	RETURN_LONG(id);
}

ZEND_METHOD(Swoole_Server, sendMessage)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	smart_str buffer = { 0 };
	const struct rs_board_head *head;
	struct rs_slice bytes;
	uint32_t flags = 0;
	zend_long dst;
	zval *message;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_ZVAL(message)
		Z_PARAM_LONG(dst)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	head = rs_server_board()->head;
	if (!s->on[RS_ON_PIPE_MESSAGE].set && rs_server_role() != RS_ROLE_OUTSIDE) {
		rs_swoole_warn(0, "onPipeMessage is null, can't use sendMessage");
		RETURN_FALSE;
	}
	if ((is_task_worker() || rs_swoole_place() == RS_SWOOLE_WORKER) && dst == rs_server_shown_id(rs_server_id())) {
		rs_swoole_warn(0, "can't send messages to self");
		RETURN_FALSE;
	}
	if (dst < 0 || dst >= (zend_long)head->nworkers + head->ntasks) {
		rs_swoole_warn(0, "worker_id[" ZEND_LONG_FMT "] is invalid", dst);
		RETURN_FALSE;
	}
	RETVAL_FALSE;
	if (rs_swoole_data_pack(message, &buffer, &bytes, &flags))
		RETVAL_BOOL(rs_swoole_server_result(rs_server_message(rs_server_internal_id((uint32_t)dst), flags, bytes), 0, bytes.n));
	smart_str_free(&buffer);
}

/* ---- doing ------------------------------------------------------------------------------------------------------------------- */

bool rs_swoole_task_finish(const struct rs_swoole_owed *owed, zval *data)
{
	uint32_t flags = owed->task_flags & (RS_DATA_WAITED | RS_DATA_CALLBACK | RS_DATA_WHOSE);
	smart_str buffer = { 0 };
	struct rs_slice bytes;
	bool ok;

	if (owed->task_flags & RS_DATA_ONE_WAY) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "nobody waits for the result of task#%u", owed->task);
		return false;
	}
	ok = rs_swoole_data_pack(data, &buffer, &bytes, &flags) &&
	     rs_swoole_server_result(rs_server_finish(owed->task, owed->task_to, flags, bytes), 0, bytes.n);
	smart_str_free(&buffer);
	tasks.answered = tasks.answered || ok;
	return ok;
}

/* The task of this blocking task worker is over. Whoever waits for its result, or keeps a callback for it, need not any more. */
static void settle_unanswered(const struct rs_swoole_owed *owed)
{
	uint32_t flags = owed->task_flags & (RS_DATA_WAITED | RS_DATA_CALLBACK | RS_DATA_WHOSE);

	if (!tasks.answered && flags & (RS_DATA_WAITED | RS_DATA_CALLBACK))
		(void)rs_server_finish(owed->task, owed->task_to, flags | RS_DATA_LOST, RS_SLICE(""));
}

ZEND_METHOD(Swoole_Server, finish)
{
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(data)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (!tasks.running) {
		rs_swoole_warn(0, is_task_worker() ? "please use the finish() method of the task object"
						   : "can only be used in the worker process, in onTask");
		RETURN_FALSE;
	}
	RETURN_BOOL(rs_swoole_task_finish(tasks.running, data));
}

bool rs_swoole_task_event(struct rs_swoole_server *s, struct rs_event *ev)
{
	struct rs_swoole_owed owed = { .is_task = true, .task = ev->h.a, .task_to = ev->h.fd, .task_flags = ev->h.b };
	bool objects = s->conf.task_use_object || s->conf.event_object || s->conf.task_enable_coroutine, ok;
	const struct rs_swoole_owed running = owed;
	struct rs_php_callback *cb = rs_swoole_callback(s, RS_ON_TASK, 0);
	zval argv[4], data;

	ZVAL_UNDEF(&owed.response);
	if (!cb)
		return true;
	rs_swoole_data_unpack(&data, ev->data, ev->h.b);
	rs_swoole_server_zval(&argv[0], s);
	if (objects) {
		rs_swoole_task_object(&argv[1], &ev->h, &owed, &data);
		zval_ptr_dtor(&data);
	} else {
		ZVAL_LONG(&argv[1], ev->h.a);
		ZVAL_LONG(&argv[2], rs_swoole_task_source(ev->h.fd));
		ZVAL_COPY_VALUE(&argv[3], &data);
	}
	tasks.running = s->conf.task_enable_coroutine ? NULL : &running;
	tasks.answered = objects; /* the object may be kept, and finish the task later */
	ok = rs_swoole_server_call(cb, false, objects ? 2 : 4, argv, &owed);
	tasks.running = NULL;
	settle_unanswered(&running);
	return ok;
}

/* ---- results ------------------------------------------------------------------------------------------------------------------ */

/* The callback of that very task, which gets one result. cb is the caller's then. */
static bool take_callback(uint32_t id, struct rs_php_callback *cb)
{
	struct rs_php_callback *kept = tasks.ready ? zend_hash_index_find_ptr(&tasks.callbacks, id) : NULL;

	if (!kept)
		return false;
	*cb = *kept;
	kept->set = false;
	zend_hash_index_del(&tasks.callbacks, id);
	return true;
}

static void drop_callback(void *cb)
{
	rs_php_callback_free(cb);
}

bool rs_swoole_finish_event(struct rs_swoole_server *s, struct rs_event *ev)
{
	struct rs_php_callback *cb = rs_swoole_callback(s, RS_ON_FINISH, 0), own = { .set = false };
	uint32_t argc = 3;
	zval argv[3], data;
	bool ok;

	if (ev->h.b & RS_DATA_WAITED) {
		rs_swoole_task_waited(ev);
		return true;
	}
	if (ev->h.b & RS_DATA_CALLBACK) {
		if (!take_callback(ev->h.a, &own))
			return true;
		if (ev->h.b & RS_DATA_LOST)
			return rs_swoole_server_guarded(drop_callback, &own);
		cb = &own;
	} else if (!cb) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "require onFinish callback");
		return true;
	}
	rs_swoole_data_unpack(&data, ev->data, ev->h.b);
	rs_swoole_server_zval(&argv[0], s);
	if (s->conf.event_object && cb != &own) {
		argc = 2;
		rs_swoole_result_object(&argv[1], &ev->h, &data);
		zval_ptr_dtor(&data);
	} else {
		ZVAL_LONG(&argv[1], ev->h.a);
		ZVAL_COPY_VALUE(&argv[2], &data);
	}
	ok = rs_swoole_server_call(cb, false, argc, argv, NULL);
	rs_php_callback_free(&own);
	return ok;
}

static void rshutdown(void)
{
	if (tasks.ready)
		zend_hash_destroy(&tasks.callbacks);
	tasks.ready = false;
}

void rs_swoole_minit_server_task(void)
{
	rs_swoole_at_rshutdown(rshutdown);
}
