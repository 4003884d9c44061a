/*
 * What class files need of the loop besides worker/loop.h: the descriptor behind a PHP value, buffered writing.
 */
#ifndef RS_SWOOLE_LOOP_H
#define RS_SWOOLE_LOOP_H

#include "swoole.h"
#include "worker/loop.h"

/* The process's loop; a fatal error when there is no memory for one. */
struct rs_loop *rs_swoole_loop(void);
/* "Unable to use async-io in task/manager process" is fatal: only comes back where user code may wait for descriptors. */
void rs_swoole_require_async(void);

/* For MINIT: objects of this class and its children have a descriptor; fd_of answers -1 for an object without one. */
void rs_swoole_fd_class(zend_class_entry *ce, int (*fd_of)(zend_object *object));
/*
 * The descriptor of an int, a stream resource, a Socket of ext-sockets, or an object of a class that was named above. -1: it
 * is none (nothing is reported).
 */
int rs_swoole_fd_of(zval *value);

/*
 * Sends data to a descriptor without waiting: what does not fit now goes out when it can, in order, and keeps the loop alive.
 * false: errno; ENOBUFS when too much waits already.
 */
bool rs_swoole_write_later(int fd, const char *data, size_t n);

/* Before a class closes its descriptor: Event::add() and what waits to be written forget it. */
void rs_swoole_fd_closing(int fd);

/*
 * After a server has run in this process: its callbacks' timers and descriptors go with it, and for coroutines that still wait the
 * script's end does not. Destructors may run.
 */
void rs_swoole_loop_left(void);

/* swoole_timer.c and swoole_event.c, for rs_swoole_loop_left() */
void rs_swoole_timers_clear(void);
void rs_swoole_events_clear(void);

/* swoole_event.c, for rs_swoole_fd_closing() */
void rs_swoole_event_forget(int fd);

#endif
