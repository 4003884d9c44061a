/*
 * Children of a PHP process and the process's own place in the system: fork, exec, wait, kill, daemon, interval timers, CPUs.
 * Results: false or -1 means errno.
 */
#ifndef RS_CLIENT_CHILD_H
#define RS_CLIENT_CHILD_H

#include "base/rs_base.h"

#include <sys/types.h>

/*
 * fork() with signals held back until the child has dropped the loop of its parent. fresh_signals: every handler is default in
 * the child (SIGPIPE ignored), for parents with handlers of our own; else those of user code stay, as after any fork.
 */
pid_t rs_child_fork(bool fresh_signals);

/*
 * In a child: when its parent dies it gets SIGTERM, and SIGKILL a few seconds later if it still runs. false: the parent is
 * already gone, or the kernel refused.
 */
bool rs_child_bind_to_parent(pid_t parent);
/* And no more. */
void rs_child_unbind(void);

struct rs_child_end {
	pid_t pid;
	int code;   /* exit status */
	int signal; /* that killed it; 0 */
};

/*
 * One child (pid -1: any). RS_AGAIN: none has ended (only without wait). RS_ERR: errno (ECHILD, or EINTR when a signal came).
 * interrupted (NULL: nobody) is asked when a signal may have come: true ends a wait with EINTR.
 */
enum rs_result rs_child_wait(pid_t pid, bool wait, bool (*interrupted)(void), struct rs_child_end *out);

/* As waitpid() without waiting: 0: none has ended yet, -1: errno. */
pid_t rs_child_reap(pid_t pid, int *status);
/* A descriptor that is readable when the child has ended; the caller's. -1: errno. */
int rs_child_fd(pid_t pid);
/*
 * Starts `/bin/sh -c command` with its output (with_stderr: errors too) on a pipe: *fd, which does not block and is the
 * caller's. Input is the process's own.
 */
bool rs_child_shell(const char *command, bool with_stderr, pid_t *pid, int *fd);

/* Replaces the process; keep_fds stay open in it. Comes back only when that failed. argv ends with NULL. */
void rs_child_exec(const char *file, char *const argv[], const int *keep_fds, size_t n);
/* fd becomes both standard input and output. */
bool rs_child_redirect(int fd);

/*
 * Detaches: the caller goes on in a child that leads its own session, the process that called ends at once with 0. stdio[i] >= 0
 * becomes descriptor i; else, unless keep_stdio, it is /dev/null. The loop goes along.
 */
bool rs_child_daemonize(bool keep_dir, bool keep_stdio, const int stdio[3]);

/* type as setitimer's: ITIMER_REAL (SIGALRM), _VIRTUAL, _PROF. usec < 0: off. */
bool rs_child_alarm(int64_t usec, int type);
bool rs_child_set_cpus(const int *cpus, size_t n);
/* This process to one CPU of those that it may use and that are not among these n: which-th, as often round as it takes. */
bool rs_child_pin(unsigned which, const int *not_these, size_t n);

#endif
