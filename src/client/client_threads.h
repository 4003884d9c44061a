/*
 * A few threads for what can only block: files, name resolution. A job's work() runs on one of them, its done() later from
 * the loop. Threads are made when there is work, at most RS_THREADS_MAX, and end after some seconds without any.
 *
 * Owner: the PHP process that asks first. Threads do not survive fork(): the child calls rs_threads_drop() when its loop goes.
 */
#ifndef RS_CLIENT_THREADS_H
#define RS_CLIENT_THREADS_H

#include "worker/loop.h"

#define RS_THREADS_MAX 8
#define RS_THREADS_QUEUE_MAX 65536

struct rs_threads;

/* l outlives it. No thread is made yet. NULL: no memory or no descriptor. */
struct rs_threads *rs_threads_new(struct rs_loop *l);
/*
 * work(arg) on a thread: it must touch nothing of PHP and nothing that is not its own. Then done(arg) from the loop, which
 * stays alive until then. false: nothing will be called; errno EAGAIN (the queue is full) or why no thread could be made.
 */
bool rs_threads_run(struct rs_threads *t, void (*work)(void *arg), void (*done)(void *arg), void *arg) RS_MUST_CHECK;
/* Waits for running work, drops the rest without calling done(). */
void rs_threads_free(struct rs_threads *t);
/*
 * When the loop has gone, instead of rs_threads_free(): no done() is called any more, what runs ends by itself. In a child
 * (the threads and whatever they were at are not there) the memory of the queues is left alone. NULL is fine.
 */
void rs_threads_drop(struct rs_threads *t);

struct rs_threads_stats {
	unsigned threads, queued, running;
};
void rs_threads_stats(struct rs_threads *t, struct rs_threads_stats *out);

#endif
