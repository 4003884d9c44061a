/*
 * Signals of W, K, U: what tells them to end, and how long that may take. Handlers note and wake; the rest is server_worker.c's.
 */
#include "worker/server_private.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Shortest time in which a process must be able to end. */
#define END_MIN_MS 1000

bool rs_server_make_killer(struct rs_server *s)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };

	s->has_killer = timer_create(CLOCK_MONOTONIC, &ev, &s->killer) == 0;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->has_killer && s->wake_fd >= 0;
}

/* From now on the kernel waits: whatever this process does, it is gone then. Only calls that a handler may make. */
static void end_within(struct rs_server *s, int64_t ms)
{
	struct itimerspec left, t = { .it_value = { ms / 1000, ms % 1000 * 1000000 } };

	if (!s->has_killer || (timer_gettime(s->killer, &left) == 0 && (left.it_value.tv_sec || left.it_value.tv_nsec) &&
			       left.it_value.tv_sec * 1000 + left.it_value.tv_nsec / 1000000 <= ms))
		return;
	(void)timer_settime(s->killer, 0, &t, NULL);
}

static int64_t end_limit_ms(const struct rs_server *s)
{
	int64_t ms = 2 * (int64_t)s->setup.server.max_wait_ms;

	return ms > END_MIN_MS ? ms : END_MIN_MS;
}

void rs_server_end_in_time(struct rs_server *s)
{
	end_within(s, end_limit_ms(s));
}

static void wake(const struct rs_server *s)
{
	const uint64_t one = 1;

	RS_IGNORE(write(s->wake_fd, &one, sizeof one) < 0);
}

static void on_term(int sig)
{
	struct rs_server *s = rs_server_self();
	int saved = errno;

	(void)sig;
	s->p->retired = true;
	rs_server_end_in_time(s);
	wake(s);
	errno = saved;
}

/* Nobody is left to stop us: finish what runs, but not for long. The daemon, when it still lives, has adopted us. */
static void on_parent_died(int sig)
{
	struct rs_server *s = rs_server_self();
	int saved = errno;

	(void)sig;
	if (getppid() != s->daemon_pid)
		end_within(s, RS_SERVER_ORPHAN_MS);
	/* A hosted one goes on: the daemon starts another generation, and then ends this one. */
	if (getppid() != s->daemon_pid || !s->setup.server.hosted)
		(void)kill(getpid(), SIGTERM);
	errno = saved;
}

static void on_reopen(int sig)
{
	int saved = errno;

	(void)sig;
	rs_server_reopen_output(rs_server_self());
	errno = saved;
}

/* In a child that user code forks off: the channel and the handlers stay the parent's. */
void rs_server_forked_away(void)
{
	struct rs_server *s = rs_server_self();
	struct sigaction sa;

	if (!s)
		return;
	s->p->forked_away = true;
	if (sigaction(SIGTERM, NULL, &sa) == 0 && sa.sa_handler == on_term)
		rs_signal(SIGTERM, SIG_DFL, false);
	if (sigaction(RS_SIG_PARENT_DIED, NULL, &sa) == 0 && sa.sa_handler == on_parent_died)
		rs_signal(RS_SIG_PARENT_DIED, SIG_DFL, false);
}

void rs_server_set_signals(const struct rs_server *s)
{
	sigset_t none;

	static const int ignored[] = { SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };

	for (size_t i = 0; i < RS_COUNTOF(ignored); i++)
		rs_signal(ignored[i], SIG_IGN, false);
	if (s->role != RS_ROLE_USER)
		rs_signal(SIGTERM, on_term, true);
	else if (s->setup.server.hosted)
		rs_signal(SIGUSR1, SIG_DFL, false); /* a reload; until it has a handler for that, it just ends */
	rs_signal(RS_SIG_PARENT_DIED, on_parent_died, true);
	if (!s->setup.server.hosted)
		rs_signal(SIGWINCH, on_reopen, true);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool rs_server_bind_to_parent(const struct rs_server *s)
{
	pid_t parent;

	(void)prctl(PR_SET_PDEATHSIG, RS_SIG_PARENT_DIED);
	parent = getppid();
	return parent == s->manager_pid || parent == s->daemon_pid;
}
