/*
 * Swoole\Process and System V message queues.
 */
#include "swoole_process_private.h"

#include <errno.h>
#include <stdlib.h>

/* Process::IPC_NOWAIT, a flag of useQueue()'s mode; below it SWOOLE_MSGQUEUE_*. */
#define MODE_NOWAIT 256
#define MODE_ORIENT 1

/* true: it has a queue; else warned. */
static bool has_queue(const struct process *p)
{
	if (p->queue.id >= 0)
		return true;
	rs_swoole_warn(EINVAL, "no message queue: useQueue() comes first");
	return false;
}

void rs_process_show_queue(struct process *p)
{
	const struct rs_queue *q = &p->queue;
	zval id, key;

	ZVAL_NULL(&id);
	ZVAL_NULL(&key);
	if (q->id >= 0) {
		ZVAL_LONG(&id, q->id);
		ZVAL_LONG(&key, q->key);
	}
	zend_update_property(rs_swoole_process_ce, &p->std, ZEND_STRL("msgQueueId"), &id);
	zend_update_property(rs_swoole_process_ce, &p->std, ZEND_STRL("msgQueueKey"), &key);
}

ZEND_METHOD(Swoole_Process, useQueue)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_long key = 0, mode = 2, capacity = -1;
	struct rs_queue q;

	ZEND_PARSE_PARAMETERS_START(0, 3)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(key)
		Z_PARAM_LONG(mode)
		Z_PARAM_LONG(capacity)
	ZEND_PARSE_PARAMETERS_END();
	if (key <= 0)
		key = rs_queue_key_of(zend_get_executed_filename());
	if (key == 0 || !rs_queue_open(&q, (int)key, capacity)) {
		rs_swoole_warn(errno, "cannot use the message queue: %s", strerror(errno));
		RETURN_FALSE;
	}
	q.nowait = mode & MODE_NOWAIT;
	q.interrupted = rs_process_interrupted;
	p->orient = (mode & ~(zend_long)MODE_NOWAIT) == MODE_ORIENT;
	p->queue = q;
	rs_process_show_queue(p);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Process, push)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_string *data;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (ZSTR_LEN(data) == 0 || ZSTR_LEN(data) > RS_QUEUE_MESSAGE_MAX) {
		rs_swoole_warn(EINVAL, "a message has 1 to %d bytes, not %zu", RS_QUEUE_MESSAGE_MAX, ZSTR_LEN(data));
		RETURN_FALSE;
	}
	if (!has_queue(p))
		RETURN_FALSE;
	if (rs_queue_push(&p->queue, p->id + 1, ZSTR_VAL(data), ZSTR_LEN(data)))
		RETURN_TRUE;
	if (errno == EAGAIN)
		rs_swoole_set_error(EAGAIN);
	else if (errno == EINTR)
		rs_process_run_interruption();
	else
		rs_swoole_warn(errno, "cannot push %zu bytes: %s", ZSTR_LEN(data), strerror(errno));
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Process, pop)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_long max = RS_QUEUE_MESSAGE_MAX;
	char *message;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(max)
	ZEND_PARSE_PARAMETERS_END();
	if (!has_queue(p))
		RETURN_FALSE;
	if (max <= 0 || max > RS_QUEUE_MESSAGE_MAX)
		max = RS_QUEUE_MESSAGE_MAX;
	message = rs_queue_pop(&p->queue, p->orient ? p->id + 1 : 0, (size_t)max, -1, &n);
	if (!message) {
		rs_swoole_set_error(errno);
		if (errno == EINTR)
			rs_process_run_interruption();
		RETURN_FALSE;
	}
	RETVAL_STRINGL(message, n);
	free(message);
}

ZEND_METHOD(Swoole_Process, statQueue)
{
	struct process *p = rs_process_of(ZEND_THIS);
	struct rs_queue_stat stat;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!has_queue(p))
		RETURN_FALSE;
	if (!rs_queue_stat(&p->queue, &stat)) {
		rs_swoole_set_error(errno);
		RETURN_FALSE;
	}
	array_init_size(return_value, 2);
	add_assoc_long(return_value, "queue_num", (zend_long)stat.messages);
	add_assoc_long(return_value, "queue_bytes", (zend_long)stat.bytes);
}

ZEND_METHOD(Swoole_Process, freeQueue)
{
	struct process *p = rs_process_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (!has_queue(p))
		RETURN_FALSE;
	if (!rs_queue_remove(&p->queue)) {
		rs_swoole_set_error(errno);
		RETURN_FALSE;
	}
	rs_process_show_queue(p);
	RETURN_TRUE;
}
