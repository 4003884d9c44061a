/*
 * Signals of the loop. The handler notes the number in the loop of its process and wakes it through an eventfd; callbacks
 * run from the loop, lowest number first. Several of one kind that come between two turns are one call.
 */
#include "worker/loop_private.h"

#include "worker/process.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(int signo)
{
	struct rs_loop *l = rs_process()->loop;
	const uint64_t one = 1;
	int saved = errno;

	if (l) {
		l->signal_came[signo] = 1;
		l->any_signal = 1;
		/* In a child that has not yet dropped the parent's loop this wakes the parent once, for nothing. */
		RS_IGNORE(write(l->wake_fd, &one, sizeof one) < 0);
		if (l->told)
			l->told();
	}
	errno = saved;
}

static bool set_action(int signo, void (*action)(int))
{
	struct sigaction sa = { .sa_handler = action, .sa_flags = SA_RESTART };

	sigemptyset(&sa.sa_mask);
	return sigaction(signo, &sa, NULL) == 0;
}

struct rs_sigwatch *rs_sigwatch_new(struct rs_loop *l, int signo, void (*cb)(int signo, void *arg), void *arg)
{
	struct rs_sigwatch *s;

	if (signo <= 0 || signo >= NSIG) {
		errno = EINVAL;
		return NULL;
	}
	s = calloc(1, sizeof *s);
	if (!s || !set_action(signo, handler)) {
		free(s);
		return NULL;
	}
	*s = (struct rs_sigwatch){ .loop = l, .signo = signo, .cb = cb, .arg = arg };
	if (l->signals[signo])
		free(l->signals[signo]);
	else
		l->nsignals++;
	l->signals[signo] = s;
	return s;
}

struct rs_sigwatch *rs_sigwatch_find(struct rs_loop *l, int signo)
{
	return signo > 0 && signo < NSIG ? l->signals[signo] : NULL;
}

void *rs_sigwatch_arg(const struct rs_sigwatch *s)
{
	return s->arg;
}

void rs_sigwatch_free(struct rs_sigwatch *s)
{
	if (!s)
		return;
	set_action(s->signo, SIG_DFL);
	s->loop->signals[s->signo] = NULL;
	s->loop->signal_came[s->signo] = 0;
	s->loop->nsignals--;
	free(s);
}

void rs_loop_tell_signals(struct rs_loop *l, void (*told)(void))
{
	l->told = told;
}

unsigned rs_loop_call_signals(struct rs_loop *l)
{
	unsigned calls = 0;

	if (!l->any_signal)
		return 0;
	l->any_signal = 0;
	for (int signo = 1; signo < NSIG; signo++) {
		struct rs_sigwatch *s = l->signals[signo];

		if (l->cut) {
			l->any_signal = 1; /* the others wait for the next turn */
			break;
		}
		if (!l->signal_came[signo])
			continue;
		l->signal_came[signo] = 0;
		if (!s)
			continue;
		s->cb(signo, s->arg);
		calls++;
	}
	return calls;
}

void rs_loop_drop_signals(struct rs_loop *l)
{
	for (int signo = 1; signo < NSIG; signo++)
		rs_sigwatch_free(l->signals[signo]);
}
