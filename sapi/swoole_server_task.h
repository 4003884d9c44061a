/*
 * Tasks, between swoole_server_task.c (giving and doing them), swoole_server_taskwait.c (waiting for them) and
 * swoole_server_data.c (their data).
 */
#ifndef RS_SWOOLE_SERVER_TASK_H
#define RS_SWOOLE_SERVER_TASK_H

#include "swoole_server.h"

/* SWOOLE_TASK_*: what PHP is told about a task. */
enum rs_task_flag {
	RS_TASK_TMPFILE = 1, RS_TASK_SERIALIZE = 2, RS_TASK_NONBLOCK = 4, RS_TASK_CALLBACK = 8, RS_TASK_NOREPLY = 128,
};

/*
 * Gives data to task worker dst (-1: any), flags: RS_DATA_* but for SERIALIZED. The task's id; -1: it was not possible, for the
 * reason that was warned of or thrown. delay_ms: hosted only.
 */
int64_t rs_swoole_task_send(struct rs_swoole_server *s, zval *data, zend_long dst, uint32_t flags, uint32_t delay_ms);
/* How many task workers serve; of a running server. */
uint32_t rs_swoole_server_tasks(void);
/* May this process give tasks and wait for their results? Else warns. */
bool rs_swoole_task_can_wait(void);
/* A result has come that somebody waits for; or nobody any more. */
void rs_swoole_task_waited(struct rs_event *ev);

/* swoole_server_task_object.c: the object of a task; who sent it, as PHP counts processes. */
void rs_swoole_task_object(zval *out, const struct rs_wire_event *h, const struct rs_swoole_owed *owed, zval *data);
zend_long rs_swoole_task_source(uint32_t id);

/* NULL: thrown, or warned. */
zend_string *rs_swoole_task_pack(zval *data);
bool rs_swoole_task_unpack(zval *out, struct rs_slice packed);

#endif
