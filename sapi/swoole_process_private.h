/*
 * What the files of Swoole\Process share: its object, and the methods that live beside swoole_process.c.
 */
#ifndef RS_SWOOLE_PROCESS_PRIVATE_H
#define RS_SWOOLE_PROCESS_PRIVATE_H

#include "swoole_process.h"

#include "client/client_pipe.h"
#include "client/client_queue.h"

struct process {
	struct rs_php_callback cb;
	struct rs_pipe pipe;
	enum rs_pipe_side side; /* the end that this process uses */
	bool made;              /* the constructor has run */
	bool has_pipe, redirect, coroutine;
	bool taken;             /* a server or a pool starts it, we do not */
	pid_t pid;              /* of the child; 0: never started */
	pid_t parent;           /* in the child: who forked it */
	struct rs_queue queue;
	bool orient;            /* the queue: only messages to this very process */
	zend_long id;
	zval socket;            /* exportSocket(): UNDEF until asked for */
	enum rs_pipe_side exported; /* the end that it is a copy of */
	zend_object std;
};

/* The object behind $this; fatal when its constructor has not run. */
struct process *rs_process_of(zval *object);
struct process *rs_process_of_object(zend_object *object);
/* Both ends, after Event and what waits to be written have forgotten them. */
void rs_process_close_pipe(struct process *p);
/*
 * For waits (swoole_process_system.c): a signal has come whose callback must run in the middle of them. After EINTR the
 * callbacks run, and errno is EINTR for PHP.
 */
bool rs_process_interrupted(void);
void rs_process_run_interruption(void);
/* Properties as its queue is now (swoole_process_queue.c). */
void rs_process_show_queue(struct process *p);

/* swoole_process_pipe.c, swoole_process_queue.c, swoole_process_system.c */
ZEND_METHOD(Swoole_Process, write);
ZEND_METHOD(Swoole_Process, read);
ZEND_METHOD(Swoole_Process, close);
ZEND_METHOD(Swoole_Process, setTimeout);
ZEND_METHOD(Swoole_Process, setBlocking);
ZEND_METHOD(Swoole_Process, exportSocket);
ZEND_METHOD(Swoole_Process, useQueue);
ZEND_METHOD(Swoole_Process, push);
ZEND_METHOD(Swoole_Process, pop);
ZEND_METHOD(Swoole_Process, statQueue);
ZEND_METHOD(Swoole_Process, freeQueue);
ZEND_METHOD(Swoole_Process, wait);
ZEND_METHOD(Swoole_Process, signal);
ZEND_METHOD(Swoole_Process, kill);
ZEND_METHOD(Swoole_Process, daemon);
ZEND_METHOD(Swoole_Process, alarm);
ZEND_METHOD(Swoole_Process, setAffinity);
ZEND_METHOD(Swoole_Process, setPriority);
ZEND_METHOD(Swoole_Process, getPriority);

#endif
