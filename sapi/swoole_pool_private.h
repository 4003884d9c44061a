/*
 * What the files of Swoole\Process\Pool share. The pool object lives in the process that calls start(), the manager, and in its
 * workers by fork.
 */
#ifndef RS_SWOOLE_POOL_PRIVATE_H
#define RS_SWOOLE_POOL_PRIVATE_H

#include "swoole_process.h"
#include "worker/loop.h"

#include "client/client_pipe.h"
#include "client/client_queue.h"

/* SWOOLE_IPC_* */
enum pool_ipc { POOL_IPC_NONE, POOL_IPC_UNIXSOCK, POOL_IPC_MSGQUEUE, POOL_IPC_SOCKET };
enum pool_event { POOL_START, POOL_WORKER_START, POOL_WORKER_STOP, POOL_MESSAGE, POOL_EVENTS };
enum pool_role { POOL_NEW, POOL_MANAGER, POOL_WORKER };

/* One worker's place, as the manager sees it. */
struct pool_slot {
	struct pool *pool;
	zval process;            /* Process object: pipe, pid */
	pid_t pid;               /* 0: none runs */
	int64_t ended_ms[3];     /* the newest ends, newest first */
	struct rs_timer *timer;  /* until it is forked again, or killed */
	bool replacing;          /* by SIGUSR1 */
};

struct pool {
	zend_long nworkers;
	enum pool_ipc ipc;
	zend_long queue_key;
	bool coroutine, made;
	zend_long max_package, max_wait_ms;
	struct rs_php_callback on[POOL_EVENTS];
	int listen_fd;           /* -1 */
	struct rs_queue queue;   /* id -1 */
	enum pool_role role;
	pid_t manager;

	/* manager; workers have a copy they read names and pipes from */
	struct pool_slot *slots;
	struct rs_pipe notify;   /* workers tell the manager that they detach */
	pid_t *detached;
	size_t ndetached;
	bool stopping;           /* also in a worker */
	bool killed;             /* those that do not stop have been killed */
	zend_long reload_next;   /* slot to be replaced next; nworkers: none */

	/* worker */
	zend_long worker_id;     /* -1 */
	bool is_detached;
	uint32_t nsent;          /* messages to other workers */
	struct rs_pool_port *port;
	struct pool_inbox *inbox; /* NULL until something may have come over the pipe */
	zend_object std;
};

/* swoole_pool_manager.c: forks the workers, waits until the pool has been stopped. false: warned. */
bool rs_pool_manage(struct pool *p);

/* swoole_pool_worker.c: the life of a worker, from right after its fork. */
ZEND_NORETURN void rs_pool_work(struct pool *p, zend_long id);
/* Leaves the loop of this worker after what runs now. */
void rs_pool_stop_worker(struct pool *p);
/* From the loop, or from the one who reads for it. */
void rs_pool_call_message(struct pool *p, struct rs_slice data);
void rs_pool_run_loop(struct pool *p);

/* swoole_pool_message.c */
/* A message to another worker (or to itself) over its pipe. false: errno. */
bool rs_pool_send(struct pool *p, zend_long to, struct rs_slice msg);
/* Runs the loop and calls for each message that comes over the pipe. */
void rs_pool_read_pipe(struct pool *p);

#endif
