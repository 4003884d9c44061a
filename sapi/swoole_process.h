/*
 * Swoole\Process for those who make processes of it: servers (addProcess), pools; and what every forked PHP child does first and
 * last.
 */
#ifndef RS_SWOOLE_PROCESS_H
#define RS_SWOOLE_PROCESS_H

#include "swoole.h"

#include <sys/types.h>

extern zend_class_entry *rs_swoole_process_ce;

/* ---- objects ----------------------------------------------------------------------------------------------------- */

/*
 * A server takes it: its id is set, start() answers false from now on. The pipe was made by the constructor, both ends live in
 * every process that is forked later. false: already started or taken.
 */
bool rs_swoole_process_take(zend_object *process, zend_long id);
/* The id of a taken one, when it is known only later. */
void rs_swoole_process_set_id(zend_object *process, zend_long id);
/* In any process: the pid of the one that runs now. */
void rs_swoole_process_set_pid(zend_object *process, pid_t pid);
/*
 * In the already forked child that is to be this process, place and policy set: takes the child's end of the pipe, runs the
 * callback, then the loop until it is empty. The exit status; the caller ends the process.
 */
int rs_swoole_process_run(zend_object *process);
/* The end of the pipe that this process uses; -1: none. */
int rs_swoole_process_fd(zend_object *process);
/* Both ends; -1: none. */
void rs_swoole_process_fds(zend_object *process, int fds[2]);

/* A process object of a pool: pipe (type 0 none, 1 stream, 2 datagram) and queue (may be NULL, shared) but no callback. */
struct rs_queue;
void rs_swoole_process_of_pool(zval *object, zend_long id, int pipe_type, const struct rs_queue *queue);
/* own: this process is the one behind the object, it uses the child's end. */
void rs_swoole_process_use(zend_object *process, bool own);
/* The end of the child, for its reader. -1: none. */
int rs_swoole_process_child_fd(zend_object *process);
/*
 * One datagram into its pipe, from wherever. later: what does not fit now goes out from the loop; else false, EAGAIN. false:
 * errno.
 */
bool rs_swoole_process_send(zend_object *process, struct rs_slice datagram, bool later);
/* Until that one's pipe takes more (RS_OK) or there is something at the child's end of own, which may be NULL (RS_AGAIN). */
enum rs_result rs_swoole_process_wait(zend_object *to, zend_object *own, int64_t timeout_ms);
/* One datagram at the child's end, without waiting. -1: errno. */
ssize_t rs_swoole_process_receive(zend_object *process, void *buf, size_t n);

/* ---- signals (swoole_process_system.c) ---------------------------------------------------------------------------- */

/* Between two instructions of PHP code: signals that have come meanwhile, where they may come in between. */
void rs_swoole_process_interrupt(void);

/* ---- children (swoole_child.c) ------------------------------------------------------------------------------------ */

/*
 * First in a child that is a plain PHP process: none of the parent's shutdown functions, output buffers or random numbers;
 * callbacks as in a script.
 */
void rs_swoole_child_begin(void);
/*
 * Calls cb (in a coroutine if asked), then runs the loop until it is empty. What leaves cb or a callback ends it: reported, and
 * the exit status says so.
 */
int rs_swoole_child_run(struct rs_php_callback *cb, uint32_t argc, zval *argv, bool coroutine);
/* The shutdown functions that the child registered, its output, its end. The parent's image is left as it is. */
ZEND_NORETURN void rs_swoole_child_end(int status);

#endif
