/*
 * Signals of a worker: what tells it to end, and that its request has run too long. Handlers note, and end the read that it waits in.
 */
#include "worker/server_private.h"
#include "worker/worker_private.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_parent_died(int sig)
{
	struct rs_process *p = rs_process();
	int saved = errno;

	(void)sig;
	if (getppid() != p->h->master_pid) {
		/* Nobody is left to stop us: finish what runs, but not for ever. */
		shutdown(p->data.fd, SHUT_RD);
		alarm((unsigned)(p->h->conf->max_wait_time / 1000 + 1));
	}
	errno = saved;
}

static void on_term(int sig)
{
	struct rs_process *p = rs_process();
	int saved = errno;

	(void)sig;
	p->retired = p->termed = true;
	shutdown(p->data.fd, SHUT_RD);
	errno = saved;
}

static void on_overdue(int sig)
{
	struct rs_process *p = rs_process();
	int saved = errno;

	(void)sig;
	if (p->nursery.id)
		kill(p->nursery.pid, RS_SIG_OVERDUE); /* it knows who runs the request */
	else
		p->engine->overdue();
	errno = saved;
}

bool rs_worker_signals(const struct rs_process *p, pid_t parent)
{
	rs_signal(SIGINT, SIG_IGN, false); /* Ctrl+C goes to the whole group; the master decides */
	rs_signal(SIGHUP, SIG_IGN, false);
	rs_signal(SIGUSR1, SIG_IGN, false);
	rs_signal(SIGUSR2, SIG_IGN, false);
	rs_signal(SIGPIPE, SIG_IGN, false);
	rs_signal(SIGTERM, on_term, true);
	rs_signal(RS_SIG_OVERDUE, on_overdue, false);
	rs_signal(RS_SIG_PARENT_DIED, on_parent_died, true);
	prctl(PR_SET_PDEATHSIG, RS_SIG_PARENT_DIED);
	return getppid() == parent || getppid() == p->h->master_pid;
}
