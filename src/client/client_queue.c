/*
 * System V message queues. Nothing here outlives a call but the queue itself, which is the system's.
 */
#include "client/client_queue.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>

/* Ends a wait at a queue that has lasted long enough; the handler does nothing. */
#define SIG_BEAT (SIGRTMIN + 3)
/* How late an interruption may be that came in the moment before a wait. */
#define INTERRUPTION_LOST_MS 500

struct message {
	long type;
	char text[];
};

int rs_queue_key_of(const char *path)
{
	key_t key = ftok(path, 1);

	return key == -1 ? 0 : (int)key;
}

static bool set_capacity(int id, int64_t bytes)
{
	struct msqid_ds ds;

	if (msgctl(id, IPC_STAT, &ds) != 0)
		return false;
	ds.msg_qbytes = (msglen_t)bytes;
	return msgctl(id, IPC_SET, &ds) == 0;
}

bool rs_queue_open(struct rs_queue *q, int key, int64_t capacity)
{
	int id = msgget((key_t)key, IPC_CREAT | 0666);

	*q = (struct rs_queue){ .id = id, .key = key };
	if (id < 0)
		return false;
	if (capacity > 0 && !set_capacity(id, capacity)) {
		q->id = -1;
		return false;
	}
	return true;
}

static void on_beat(int signo)
{
	(void)signo;
}

/*
 * msgrcv() has no timeout, but every signal ends it. The beat repeats, so that one which comes just before the call is not the
 * last. false: errno.
 */
static bool beat_start(timer_t *timer, int64_t ms)
{
	struct sigaction sa = { .sa_handler = on_beat };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIG_BEAT };
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	struct itimerspec its = { .it_interval = t, .it_value = t };

	if (sigaction(SIG_BEAT, &sa, NULL) != 0 || timer_create(CLOCK_MONOTONIC, &ev, timer) != 0)
		return false;
	return timer_settime(*timer, 0, &its, NULL) == 0;
}

/* A wait without an end but for interruptions: these come as signals, and the beat brings those that came just before the call. */
struct wait {
	timer_t timer;
	bool beating;
};

static void wait_begin(struct wait *w, const struct rs_queue *q)
{
	w->beating = q->interrupted && beat_start(&w->timer, INTERRUPTION_LOST_MS);
}

/* After a call that has failed, whose errno stays. */
static bool wait_goes_on(const struct rs_queue *q)
{
	return errno == EINTR && !(q->interrupted && q->interrupted());
}

static void wait_end(struct wait *w)
{
	int saved = errno;

	if (w->beating)
		timer_delete(w->timer);
	errno = saved;
}

bool rs_queue_push(const struct rs_queue *q, long type, const void *p, size_t n)
{
	struct message *m = malloc(sizeof *m + n);
	struct wait w;
	int r, saved;

	if (!m)
		return false;
	m->type = type;
	memcpy(m->text, p, n);
	r = msgsnd(q->id, m, n, IPC_NOWAIT);
	if (r != 0 && errno == EAGAIN && !q->nowait) {
		wait_begin(&w, q);
		do
			r = msgsnd(q->id, m, n, 0);
		while (r != 0 && wait_goes_on(q));
		wait_end(&w);
	}
	saved = errno;
	free(m);
	errno = saved;
	return r == 0;
}

static ssize_t receive(const struct rs_queue *q, struct message *m, size_t max, long type, int64_t patience_ms)
{
	ssize_t got = msgrcv(q->id, m, max, type, IPC_NOWAIT);
	struct wait w;
	timer_t timer;
	int saved;

	if (got >= 0 || errno != ENOMSG || patience_ms == 0)
		return got;
	if (patience_ms < 0) {
		wait_begin(&w, q);
		do
			got = msgrcv(q->id, m, max, type, 0);
		while (got < 0 && wait_goes_on(q));
		wait_end(&w);
		return got;
	}
	if (!beat_start(&timer, patience_ms))
		return -1;
	got = msgrcv(q->id, m, max, type, 0);
	saved = errno;
	timer_delete(timer);
	errno = saved;
	return got;
}

char *rs_queue_pop(const struct rs_queue *q, long type, size_t max, int64_t patience_ms, size_t *n)
{
	struct message *m = malloc(sizeof *m + max + 1);
	ssize_t got;
	int saved;

	if (!m)
		return NULL;
	got = receive(q, m, max, type, q->nowait ? 0 : patience_ms);
	if (got < 0) {
		saved = errno;
		free(m);
		errno = saved == ENOMSG || (saved == EINTR && patience_ms >= 0) ? EAGAIN : saved;
		return NULL;
	}
	*n = (size_t)got;
	return memmove(m, m->text, *n);
}

bool rs_queue_stat(const struct rs_queue *q, struct rs_queue_stat *out)
{
	struct msqid_ds ds;

	if (msgctl(q->id, IPC_STAT, &ds) != 0)
		return false;
	out->messages = ds.msg_qnum;
	out->bytes = ds.__msg_cbytes;
	return true;
}

bool rs_queue_remove(struct rs_queue *q)
{
	bool ok = msgctl(q->id, IPC_RMID, NULL) == 0;

	if (ok)
		q->id = -1;
	return ok;
}
