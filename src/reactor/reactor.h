/*
 * The reactor process: owns every client connection, runs no PHP, never blocks.
 */
#ifndef RS_REACTOR_H
#define RS_REACTOR_H

struct rs_conf;
struct rs_log;
struct rs_title;

/* What the reactor gets from the master across fork(). Everything else arrives as messages. */
struct rs_reactor_start {
	struct rs_conf *conf;   /* complete; replaced by what CONF brings, never changed in place */
	struct rs_log *log;
	struct rs_title *title;
	int control_fd;         /* to the master; taken */
};

/*
 * The life of the process, in a freshly forked child with its privileges already dropped. Returns the exit
 * status: 0 after an orderly end (STOP, or the master's death), 1 when it could not start or run.
 */
int rs_reactor_main(const struct rs_reactor_start *s);

#endif
