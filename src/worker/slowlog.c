/*
 * The slow log. Runs in a thread of the process that serves: not by a signal, as that would cut short what the request is waiting in
 * (sleep(), poll(), a database), and not from outside, as that needs rights that containers do not give.
 *
 * The thread sleeps until the request that it has seen is slow. It allocates nothing and holds the lock while it looks, so that the
 * request cannot end meanwhile, nor a fork happen.
 */
#include "worker/slowlog.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TRACE_MAX (16u << 10)
#define ENTRY_MAX (TRACE_MAX + 8192u)
#define STACK_BYTES (128u << 10)

/* ---- an entry ---------------------------------------------------------------------------------------------- */

/* printf behind out[0..*n); what does not fit is cut. */
static void put(char *out, size_t size, size_t *n, const char *fmt, ...) RS_PRINTF(4, 5);
static void put(char *out, size_t size, size_t *n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(out + *n, size - *n, fmt, ap);
	va_end(ap);
	if (len > 0)
		*n = *n + (size_t)len < size ? *n + (size_t)len : size - 1;
}

/* What a client sent must not look like a line of ours. */
static void put_escaped(char *out, size_t size, size_t *n, struct rs_slice s)
{
	for (size_t i = 0; i < s.n && i < 2048; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		put(out, size, n, c >= 0x20 && c < 0x7f && c != '\\' ? "%c" : "\\x%02x", c);
	}
}

/* As php-fpm writes it, with the request behind the pid. */
static void append(const struct rs_process *p, const char *file, int64_t ms, const char *trace)
{
	const struct rs_request_view *v = &p->x.view;
	const time_t now = time(NULL);
	char entry[ENTRY_MAX], stamp[40];
	size_t n = 0;
	struct tm tm;
	int fd;

	localtime_r(&now, &tm);
	if (strftime(stamp, sizeof stamp, "%d-%b-%Y %H:%M:%S", &tm) == 0)
		stamp[0] = '\0';
	put(entry, sizeof entry, &n, "\n[%s]  [pool %s] pid %d\nrequest = ", stamp, p->log->role, (int)getpid());
	put_escaped(entry, sizeof entry, &n, v->method);
	put(entry, sizeof entry, &n, " ");
	put_escaped(entry, sizeof entry, &n, v->target);
	put(entry, sizeof entry, &n, "\nrequest_id = %.*s\nelapsed = %ld.%03ld\nscript_filename = %s/index.php\n%s", (int)v->id.n,
	    v->id.p, (long)(ms / 1000), (long)(ms % 1000), p->h->conf->document_root, trace);
	fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0640);
	if (fd < 0 || write(fd, entry, n) < 0)
		rs_warn(p->log, "request_slowlog_file %s", file);
	rs_fd_close(&fd);
}

static void note(struct rs_process *p, int64_t ms)
{
	const struct rs_request_view *v = &p->x.view;
	const char *file = p->h->conf->request_slowlog_file;
	char trace[TRACE_MAX];
	size_t n = p->engine->trace ? p->engine->trace(trace, sizeof trace - 1) : 0;

	trace[n] = '\0';
	if (*file) {
		append(p, file, ms, trace);
		return;
	}
	rs_warnx(p->log, "slow request, %ld.%03ld s so far: %.*s %.*s; PHP is at:", (long)(ms / 1000), (long)(ms % 1000),
		 (int)v->method.n, v->method.p, (int)(v->target.n < 2048 ? v->target.n : 2048), v->target.p);
	rs_log_text(p->log, RS_LOG_WARN, "  ", rs_slice(trace, n));
}

/* ---- the thread ------------------------------------------------------------------------------------------------ */

static void wait_until(struct rs_slowlog *s, int64_t us)
{
	const struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	(void)pthread_cond_timedwait(&s->begun, &s->lock, &t);
}

/* Under load it wakes up once in a timeout, not with every request. */
static void *watch(void *arg)
{
	struct rs_process *p = arg;
	struct rs_slowlog *s = &p->slowlog;
	const int64_t limit_us = p->h->conf->request_slowlog_timeout * 1000;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		const int64_t now = rs_now_us();

		if (!s->since_us) {
			s->asleep = true;
			(void)pthread_cond_wait(&s->begun, &s->lock);
			s->asleep = false;
		} else if (s->told) {
			wait_until(s, now + limit_us);
		} else if (now < s->since_us + limit_us) {
			wait_until(s, s->since_us + limit_us);
		} else {
			s->told = true;
			note(p, (now - s->since_us) / 1000);
		}
	}
	return NULL;
}

static void before_fork(void)
{
	if (rs_process()->slowlog.on)
		pthread_mutex_lock(&rs_process()->slowlog.lock);
}

static void after_fork(void)
{
	if (rs_process()->slowlog.on)
		pthread_mutex_unlock(&rs_process()->slowlog.lock);
}

/* The thread is the parent's. */
static void in_child(void)
{
	after_fork();
	rs_process()->slowlog.on = false;
}

/* Signals are for the thread that runs PHP. */
static bool start_thread(struct rs_process *p)
{
	pthread_condattr_t by_clock;
	pthread_attr_t small;
	sigset_t all, old;
	pthread_t t;
	bool ok;

	pthread_condattr_init(&by_clock);
	pthread_condattr_setclock(&by_clock, CLOCK_MONOTONIC);
	pthread_cond_init(&p->slowlog.begun, &by_clock);
	pthread_mutex_init(&p->slowlog.lock, NULL);
	pthread_attr_init(&small);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ok = pthread_attr_setstacksize(&small, STACK_BYTES) == 0 && pthread_atfork(before_fork, after_fork, in_child) == 0 &&
	     pthread_create(&t, &small, watch, p) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&small);
	pthread_condattr_destroy(&by_clock);
	return ok;
}

void rs_slowlog_start(struct rs_process *p)
{
	if (!p->h->conf->request_slowlog_timeout || p->slowlog.on)
		return;
	p->slowlog.since_us = 0;
	p->slowlog.told = p->slowlog.asleep = false;
	p->slowlog.on = start_thread(p);
	if (!p->slowlog.on)
		rs_warnx(p->log, "no thread for request_slowlog_timeout: slow requests are not noted");
}

void rs_slowlog_begin(struct rs_process *p)
{
	struct rs_slowlog *s = &p->slowlog;

	if (!s->on)
		return;
	pthread_mutex_lock(&s->lock);
	s->since_us = rs_now_us();
	s->told = false;
	if (s->asleep)
		pthread_cond_signal(&s->begun);
	pthread_mutex_unlock(&s->lock);
}

void rs_slowlog_end(struct rs_process *p)
{
	if (!p->slowlog.on)
		return;
	pthread_mutex_lock(&p->slowlog.lock);
	p->slowlog.since_us = 0;
	pthread_mutex_unlock(&p->slowlog.lock);
}
