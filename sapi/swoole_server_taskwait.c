/*
 * Waiting for results of tasks: taskwait(), taskWaitMulti(), taskCo(). A coroutine is suspended until its results have come as
 * events; outside of coroutines the worker blocks, reading its channel. One deadline for all of them.
 */
#include "swoole_server_task.h"

#include "base/rs_clock.h"
#include "swoole_coroutine.h"
#include "swoole_server_methods.h"

#define TASKS_MAX 1024
#define TIMEOUT_DEFAULT 0.5

/* Results that somebody waits for. */
struct wait {
	struct rs_co *co; /* NULL: blocks */
	uint32_t n, left;
	struct slot {
		struct wait *wait;
		uint32_t task;
		bool sent;
		bool done;   /* result is there */
		bool lost;   /* there will be none */
		zval result;
	} slots[];
};

static struct {
	HashTable slots; /* task id -> struct slot *, of coroutines */
	bool ready;
} waits;

static struct wait *wait_new(uint32_t n)
{
	struct wait *w = safe_emalloc(n, sizeof w->slots[0], sizeof *w);

	w->co = rs_co_self();
	w->n = n;
	w->left = 0;
	for (uint32_t i = 0; i < n; i++)
		w->slots[i] = (struct slot){ .wait = w };
	if (!waits.ready) {
		zend_hash_init(&waits.slots, 8, NULL, NULL, true);
		waits.ready = true;
	}
	return w;
}

static void wait_free(struct wait *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		if (w->slots[i].done)
			zval_ptr_dtor(&w->slots[i].result);
		else if (w->slots[i].sent && w->co)
			zend_hash_index_del(&waits.slots, w->slots[i].task);
	}
	efree(w);
}

/* false: it could not be sent; an exception may have been thrown. */
static bool give(struct rs_swoole_server *s, struct slot *slot, zval *data, zend_long dst)
{
	int64_t id = rs_swoole_task_send(s, data, dst, RS_DATA_WAITED, 0);

	if (id < 0)
		return false;
	slot->task = (uint32_t)id;
	slot->sent = true;
	slot->wait->left++;
	if (slot->wait->co)
		zend_hash_index_update_ptr(&waits.slots, slot->task, slot);
	return true;
}

/* Takes over result. */
static void take(struct slot *slot, zval *result)
{
	slot->done = true;
	slot->wait->left--;
	ZVAL_COPY_VALUE(&slot->result, result);
}

static void lose(struct slot *slot)
{
	slot->lost = true;
	slot->wait->left--;
}

void rs_swoole_task_waited(struct rs_event *ev)
{
	bool lost = ev->h.b & RS_DATA_LOST;
	struct slot *slot;
	zval result;

	if (!waits.ready || !zend_hash_index_exists(&waits.slots, ev->h.a))
		return;
	ZVAL_UNDEF(&result);
	/* This runs user code, which may end the wait. */
	if (!lost)
		rs_swoole_data_unpack(&result, ev->data, ev->h.b);
	slot = zend_hash_index_find_ptr(&waits.slots, ev->h.a);
	if (!slot) {
		zval_ptr_dtor(&result);
		return;
	}
	zend_hash_index_del(&waits.slots, ev->h.a);
	if (lost)
		lose(slot);
	else
		take(slot, &result);
	if (slot->wait->left == 0)
		rs_co_wake(slot->wait->co);
}

/* ---- waiting ----------------------------------------------------------------------------------------------------------------- */

static void suspend(struct wait *w, double timeout)
{
	if (w->left > 0 && rs_co_suspend_for(rs_co_ms(timeout)) != RS_CO_READY)
		rs_swoole_set_error(RS_SWOOLE_ERROR_TASK_TIMEOUT);
}

static void block(struct wait *w, double timeout)
{
	int64_t ms = rs_co_ms(timeout), deadline = ms < 0 ? INT64_MAX : rs_now_us() + ms * 1000;
	uint32_t *ids = safe_emalloc(w->n, sizeof *ids, 0), *at = safe_emalloc(w->n, sizeof *at, 0), flags;
	struct rs_buf out = { 0 };
	size_t n, which;
	zval result;

	while (w->left > 0) {
		n = 0;
		for (uint32_t i = 0; i < w->n; i++) {
			if (!w->slots[i].sent || w->slots[i].done || w->slots[i].lost)
				continue;
			at[n] = i;
			ids[n++] = w->slots[i].task;
		}
		if (rs_server_wait_finish(ids, n, deadline, &which, &flags, &out) != RS_OK) {
			rs_swoole_set_error(RS_SWOOLE_ERROR_SOCKET_POLL_TIMEOUT);
			break;
		}
		if (flags & RS_DATA_LOST) {
			lose(&w->slots[at[which]]);
		} else {
			rs_swoole_data_unpack(&result, rs_buf_slice(&out), flags);
			take(&w->slots[at[which]], &result);
		}
		rs_buf_free(&out);
	}
	rs_buf_free(&out);
	efree(ids);
	efree(at);
}

static void wait_for(struct wait *w, double timeout)
{
	if (w->co)
		suspend(w, timeout);
	else
		block(w, timeout);
}

/* ---- methods ------------------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Server, taskwait)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	double timeout = TIMEOUT_DEFAULT;
	zend_long dst = -1;
	struct wait *w;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
		Z_PARAM_LONG(dst)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_task_can_wait())
		RETURN_FALSE;
	w = wait_new(1);
	if (give(s, &w->slots[0], data, dst))
		wait_for(w, timeout);
	if (w->slots[0].done)
		RETVAL_COPY(&w->slots[0].result);
	else
		RETVAL_FALSE;
	wait_free(w);
}

/* Many at a time: their results by the order of the jobs. missing: false stands for those that did not come. */
static void many(struct rs_swoole_server *s, HashTable *jobs, double timeout, bool missing, zval *return_value)
{
	struct wait *w = wait_new(zend_hash_num_elements(jobs));
	uint32_t i = 0, done = 0;
	zval *data;

	ZEND_HASH_FOREACH_VAL(jobs, data) {
		(void)give(s, &w->slots[i++], data, -1);
		if (EG(exception))
			break;
	} ZEND_HASH_FOREACH_END();
	if (!EG(exception))
		wait_for(w, timeout);
	array_init_size(return_value, w->n);
	for (i = 0; i < w->n; i++) {
		done += w->slots[i].done;
		if (w->slots[i].done) {
			Z_TRY_ADDREF(w->slots[i].result);
			add_index_zval(return_value, i, &w->slots[i].result);
		} else if (missing || !w->slots[i].sent) {
			add_index_bool(return_value, i, false);
		}
	}
	wait_free(w);
	if (done > 0 || missing)
		return;
	zval_ptr_dtor(return_value);
	RETURN_FALSE;
}

static void parse_many(INTERNAL_FUNCTION_PARAMETERS, bool missing)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	double timeout = TIMEOUT_DEFAULT;
	HashTable *jobs;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ARRAY_HT(jobs)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (missing && !rs_co_require())
		RETURN_THROWS();
	if (!rs_swoole_task_can_wait())
		RETURN_FALSE;
	if (zend_hash_num_elements(jobs) == 0)
		RETURN_FALSE;
	if (zend_hash_num_elements(jobs) >= TASKS_MAX) {
		rs_swoole_warn(0, "too many concurrent tasks");
		RETURN_FALSE;
	}
	many(s, jobs, timeout, missing, return_value);
}

ZEND_METHOD(Swoole_Server, taskWaitMulti)
{
	parse_many(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

ZEND_METHOD(Swoole_Server, taskCo)
{
	parse_many(INTERNAL_FUNCTION_PARAM_PASSTHRU, true);
}
