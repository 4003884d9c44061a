/*
 * From the command line's process to a server: identity, background, pid file, logs, limits; and how the outcome of
 * the start is told.
 */
#ifndef RS_MASTER_SETUP_H
#define RS_MASTER_SETUP_H

#include "master/master_state.h"

/* Who runs what, inherited sockets, the background. -1: go on as the server; else the exit status of this process. */
int rs_setup(struct rs_master *m);

/* Pid file, logs, limits, control sockets. false: told already. */
bool rs_setup_files(struct rs_master *m);

/* umask, open files, who inherits orphans. */
void rs_setup_limits(const struct rs_master *m);

/* The server serves for the first time. */
void rs_setup_ready(struct rs_master *m);

/* It will not. */
void rs_setup_failed(struct rs_master *m, const char *why);

/* Everything has ended and m->restart (or m->daemonize_again) is set: replaces this process. Returns on failure only. */
void rs_setup_exec(struct rs_master *m);

#endif
