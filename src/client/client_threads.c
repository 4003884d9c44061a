/*
 * The pool: one queue, one list of finished jobs, one mutex for both, an eventfd that wakes the loop on the edge from no
 * finished job to one. Jobs are only freed on the loop's thread. Runs in PHP processes.
 */
#include "client/client_threads.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/rs_fd.h"

#define THREADS_MAGIC 0x7412ead5u
#define IDLE_SECONDS 10
#define STACK_BYTES (512u << 10) /* the resolver's modules want some */

struct job {
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
	STAILQ_ENTRY(job) next;
};

STAILQ_HEAD(jobs, job);

struct rs_threads {
	uint32_t magic;
	pid_t pid;              /* whose threads they are */
	struct rs_loop *loop;
	struct rs_watch *watch; /* of finished_fd */
	int finished_fd;
	unsigned jobs_out;      /* run() and not yet done(): the loop is held so often */

	pthread_mutex_t lock;   /* for everything below */
	pthread_cond_t work_there, thread_gone;
	struct jobs queue, finished;
	unsigned queued, running, threads, idle;
	bool quit;
	bool dropped;           /* the last thread frees this */
};

static void finished_cb(struct rs_watch *w, unsigned events, void *arg);
static void *thread_main(void *arg);

/* No threads, no jobs. */
static void init_pool(struct rs_threads *t)
{
	pthread_condattr_t monotonic;

	t->pid = getpid();
	STAILQ_INIT(&t->queue);
	STAILQ_INIT(&t->finished);
	t->queued = t->running = t->threads = t->idle = 0;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->work_there, &monotonic);
	pthread_cond_init(&t->thread_gone, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void release_loop(struct rs_threads *t)
{
	for (; t->jobs_out > 0; t->jobs_out--)
		rs_loop_release(t->loop);
}

struct rs_threads *rs_threads_new(struct rs_loop *l)
{
	struct rs_threads *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->magic = THREADS_MAGIC;
	t->loop = l;
	t->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->finished_fd >= 0)
		t->watch = rs_watch_new(l, t->finished_fd, RS_WATCH_READ, false, finished_cb, t);
	if (!t->watch) {
		rs_fd_close(&t->finished_fd);
		free(t);
		return NULL;
	}
	init_pool(t);
	return t;
}

static void drop_jobs(struct jobs *list)
{
	struct job *j;

	while ((j = STAILQ_FIRST(list))) {
		STAILQ_REMOVE_HEAD(list, next);
		free(j);
	}
}

static void destroy(struct rs_threads *t)
{
	drop_jobs(&t->queue);
	drop_jobs(&t->finished);
	rs_fd_close(&t->finished_fd);
	pthread_cond_destroy(&t->work_there);
	pthread_cond_destroy(&t->thread_gone);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* With the lock held. */
static void send_home(struct rs_threads *t)
{
	drop_jobs(&t->queue);
	t->queued = 0;
	t->quit = true;
	pthread_cond_broadcast(&t->work_there);
}

void rs_threads_free(struct rs_threads *t)
{
	if (!t)
		return;
	RS_CHECK(t, THREADS_MAGIC);
	pthread_mutex_lock(&t->lock);
	send_home(t);
	while (t->threads > 0)
		pthread_cond_wait(&t->thread_gone, &t->lock);
	pthread_mutex_unlock(&t->lock);
	release_loop(t);
	rs_watch_free(t->watch);
	destroy(t);
}

void rs_threads_drop(struct rs_threads *t)
{
	bool last;

	if (!t)
		return;
	RS_CHECK(t, THREADS_MAGIC);
	if (t->pid != getpid()) {
		/* Lock and lists may be in the state some thread was just giving them: only the descriptor is surely ours. */
		rs_fd_close(&t->finished_fd);
		free(t);
		return;
	}
	pthread_mutex_lock(&t->lock);
	send_home(t);
	t->dropped = true;
	last = t->threads == 0;
	pthread_mutex_unlock(&t->lock);
	if (last)
		destroy(t);
}

/* With the lock held. A thread gets no signals: they are for PHP's. */
static int start_thread(struct rs_threads *t)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t id;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&id, &attr, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc == 0)
		t->threads++;
	return rc;
}

/* With the lock held. 0: somebody will take j. */
static int enqueue(struct rs_threads *t, struct job *j)
{
	int rc = 0;

	if (t->queued >= RS_THREADS_QUEUE_MAX)
		return EAGAIN;
	if (t->queued >= t->idle && t->threads < RS_THREADS_MAX)
		rc = start_thread(t);
	if (rc != 0 && t->threads == 0)
		return rc;
	STAILQ_INSERT_TAIL(&t->queue, j, next);
	t->queued++;
	pthread_cond_signal(&t->work_there);
	return 0;
}

bool rs_threads_run(struct rs_threads *t, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	struct job *j = malloc(sizeof *j);
	int rc;

	RS_CHECK(t, THREADS_MAGIC);
	if (!j)
		return false;
	if (t->pid != getpid()) {
		/* A daemon that has kept its loop over the fork: threads and jobs of its former self are lost. */
		release_loop(t);
		init_pool(t);
	}
	*j = (struct job){ .work = work, .done = done, .arg = arg };
	pthread_mutex_lock(&t->lock);
	rc = enqueue(t, j);
	pthread_mutex_unlock(&t->lock);
	if (rc != 0) {
		free(j);
		errno = rc;
		return false;
	}
	t->jobs_out++;
	rs_loop_hold(t->loop);
	return true;
}

void rs_threads_stats(struct rs_threads *t, struct rs_threads_stats *out)
{
	pthread_mutex_lock(&t->lock);
	*out = (struct rs_threads_stats){ .threads = t->threads, .queued = t->queued, .running = t->running };
	pthread_mutex_unlock(&t->lock);
}

/* On the loop's thread. done() may do anything but free t. */
static void finished_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct rs_threads *t = arg;
	struct jobs list = STAILQ_HEAD_INITIALIZER(list);
	struct job *j;
	uint64_t n;

	(void)w;
	(void)events;
	RS_CHECK(t, THREADS_MAGIC);
	RS_IGNORE(read(t->finished_fd, &n, sizeof n) < 0);
	pthread_mutex_lock(&t->lock);
	STAILQ_CONCAT(&list, &t->finished);
	pthread_mutex_unlock(&t->lock);
	while ((j = STAILQ_FIRST(&list))) {
		struct job copy = *j;

		STAILQ_REMOVE_HEAD(&list, next);
		free(j);
		t->jobs_out--;
		rs_loop_release(t->loop);
		copy.done(copy.arg);
	}
}

/* ---- on the threads ----------------------------------------------------------------------------------------------- */

/* With the lock held. NULL: no work for a while, or the end. */
static struct job *next_job(struct rs_threads *t)
{
	struct timespec until;
	struct job *j;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	while (t->queued == 0 && !t->quit && rc == 0) {
		t->idle++;
		rc = pthread_cond_timedwait(&t->work_there, &t->lock, &until);
		t->idle--;
	}
	if (t->queued == 0)
		return NULL;
	j = STAILQ_FIRST(&t->queue);
	STAILQ_REMOVE_HEAD(&t->queue, next);
	t->queued--;
	return j;
}

static void *thread_main(void *arg)
{
	struct rs_threads *t = arg;
	const uint64_t one = 1;
	struct job *j;
	bool last;

	pthread_mutex_lock(&t->lock);
	while ((j = next_job(t))) {
		t->running++;
		pthread_mutex_unlock(&t->lock);
		j->work(j->arg);
		pthread_mutex_lock(&t->lock);
		t->running--;
		if (STAILQ_EMPTY(&t->finished))
			RS_IGNORE(write(t->finished_fd, &one, sizeof one) < 0);
		STAILQ_INSERT_TAIL(&t->finished, j, next);
	}
	t->threads--;
	last = t->dropped && t->threads == 0;
	pthread_cond_signal(&t->thread_gone);
	pthread_mutex_unlock(&t->lock);
	if (last)
		destroy(t);
	return NULL;
}
