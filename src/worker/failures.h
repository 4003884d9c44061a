/*
 * Short-lived children of a hosted application's manager in which it hears of processes that ended abnormally (the hook
 * worker_failed): the manager itself runs no user code between forks. Bounded in number and time.
 */
#ifndef RS_FAILURES_H
#define RS_FAILURES_H

#include "base/rs_base.h"

#include <sys/types.h>

struct rs_child;
struct rs_process;

#define RS_FAILURES_MAX 8
/* What does not end in this time is killed. */
#define RS_FAILURE_MS 10000

struct rs_failures {
	struct {
		pid_t pid;           /* 0: free */
		int64_t deadline_ms; /* INT64_MAX: killed */
	} v[RS_FAILURES_MAX];
};

/*
 * Forks one, if the application has a server and the end was abnormal. RS_DONE: this is the child, and it is over
 * (p->exit_status). RS_OK: this is the manager.
 */
enum rs_result rs_failures_tell(struct rs_process *p, const struct rs_child *child, int status) RS_MUST_CHECK;
/* It was one of them, and is reaped. */
bool rs_failures_take(struct rs_failures *f, pid_t pid);
/* Kills what has had its time; all: everything. Milliseconds until the next of them has, -1: there is none. */
int rs_failures_limit(struct rs_failures *f, bool all);

#endif
