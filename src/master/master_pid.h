/*
 * The pid file: "PID\n", held by a POSIX record lock of the master. The kernel names the holder, so what the file says
 * is never believed, and a stale file blocks nothing. The lock survives exec() and is not inherited by fork().
 */
#ifndef RS_MASTER_PID_H
#define RS_MASTER_PID_H

#include "base/rs_proc.h"

struct rs_pidfile {
	int fd;                 /* -1: not held. Closing any fd of that file would drop the lock: open it nowhere else. */
	const char *path;       /* the caller's */
	const struct rs_identity *owner;
};

/*
 * RS_OK: held. RS_AGAIN: another process holds it: *holder. RS_ERR: why has the reason.
 * inherited: fd of a held file, passed on by exec(); -1 for none.
 */
enum rs_result rs_pidfile_take(struct rs_pidfile *f, const char *path, const struct rs_identity *owner, int inherited,
			       pid_t *holder, char *why, size_t why_size) RS_MUST_CHECK;

/* Removes the file and lets the lock go. Nothing when it is not held. */
void rs_pidfile_drop(struct rs_pidfile *f);

/* The process that holds the lock, 0 when nobody does. */
pid_t rs_pidfile_holder(const char *path);

#endif
