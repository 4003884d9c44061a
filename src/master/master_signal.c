/*
 * Signals of the master, read from a signalfd: no handlers, nothing interrupted, nothing inherited by children.
 */
#include "base/rs_fd.h"
#include "master/master_script.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char *signal_name(int sig)
{
	const char *name = sigabbrev_np(sig);

	return sig == SIGRTMIN ? "RTMIN" : name ? name : "?";
}

/* People signal the script process, which passes it on; Ctrl+C comes to both of us. */
static void script_signal(struct rs_master *m, int sig)
{
	if (sig == RS_SIG_SCRIPT_DIED)
		rs_script_orphaned(m);
	else if (sig == SIGTERM)
		rs_script_stop(m, "signal TERM to its master");
}

static void on_signal(struct rs_master *m, int sig)
{
	const bool reload = sig == SIGUSR1 || sig == SIGUSR2, reopen = sig == SIGHUP || sig == SIGRTMIN;

	if (sig == SIGCHLD) {
		rs_master_reap(m);
		return;
	}
	if (m->script) {
		script_signal(m, sig);
		return;
	}
	rs_notice(m->log, "signal %s (%d)", signal_name(sig), sig);
	/* Swoole's reload opens the log anew, and log rotation relies on it. */
	if (reload || reopen)
		rs_master_event(m, RS_EV_REOPEN);
	if (reload)
		rs_master_event(m, RS_EV_RELOAD);
	else if (!reopen)
		rs_master_event(m, RS_EV_STOP);
}

static void on_signals(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master *m = arg;
	struct signalfd_siginfo info;

	(void)what;
	RS_CHECK(m, RS_MASTER_MAGIC);
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		on_signal(m, (int)info.ssi_signo);
}

static void master_signals(sigset_t *set, bool script)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD };

	sigemptyset(set);
	for (size_t i = 0; i < RS_COUNTOF(sigs); i++)
		sigaddset(set, sigs[i]);
	sigaddset(set, SIGRTMIN);
	if (script)
		sigaddset(set, RS_SIG_SCRIPT_DIED);
}

bool rs_master_signals_open(struct rs_master *m)
{
	sigset_t set;

	master_signals(&set, m->script != NULL);
	rs_signal(SIGPIPE, SIG_IGN, false);
	/* An inherited SIG_IGN would have the kernel reap behind our back. */
	rs_signal(SIGCHLD, SIG_DFL, false);
	m->signal_fd = -1;
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return false;
	m->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signal_fd < 0)
		return false;
	m->signals = event_new(m->base, m->signal_fd, EV_READ | EV_PERSIST, on_signals, m);
	return m->signals && event_add(m->signals, NULL) == 0;
}

void rs_master_signals_close(struct rs_master *m)
{
	if (m->signals)
		event_free(m->signals);
	m->signals = NULL;
	rs_fd_close(&m->signal_fd);
}
