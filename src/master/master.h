/*
 * The master process, as the command line starts it. Everything else of src/master is its own business, but for the
 * small libraries master_pid, master_unix, master_file, master_listen and master_engine.
 */
#ifndef RS_MASTER_H
#define RS_MASTER_H

#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "conf/conf.h"

/* Reads ini and command line into a fresh *c and completes it. Called at every reload. */
typedef enum rs_result (*rs_master_read_fn)(const void *arg, struct rs_conf *c, struct rs_conf_error *err,
					    rs_conf_warn_fn warn, void *warn_arg);

/* The reactor's life in a child process: returns its exit status. */
typedef int (*rs_master_reactor_fn)(struct rs_conf *conf, struct rs_log *log, struct rs_title *title, int control_fd);

/* What makes it the master of a script's server: ipc/server_wire.h. */
struct rs_wire_script;
struct rs_port;
struct rs_master_script {
	const struct rs_wire_script *wire;
	const struct rs_port *ports;    /* wire->server.nports */
};

/* All borrowed for the master's whole life. */
struct rs_master_start {
	struct rs_conf *conf;           /* the first reading, complete; the master changes it no more than it must */
	rs_master_read_fn read_conf;
	const void *read_arg;
	rs_master_reactor_fn reactor;
	struct rs_log *log;             /* writes to standard error */
	struct rs_title *title;
	const char *cwd;                /* absolute, links not resolved */
	const char *exe;                /* absolute path of this program */
	const char *environment;        /* -e NAME, or "" */
	const char *x_version;          /* -x V, or "" */
	const struct rs_master_script *script; /* NULL: a hosted application; read_conf is NULL with it */
};

/*
 * Starts, serves and ends the server; returns the exit status. In the background (conf->daemonize) the caller's process
 * waits until the server is ready or has failed, tells so on standard output or error, and returns.
 */
int rs_master_main(const struct rs_master_start *start);

/*
 * config/laravels.php into *c, which then is complete: rs_conf_take_app(), but for the files by which the command line
 * finds the server (pid file, control sockets). It cannot evaluate that file, so `ours`, from ini and command line, holds,
 * whoever runs the server.
 */
enum rs_result rs_master_take_app(struct rs_conf *c, struct rs_slice text, bool root, struct rs_conf *ours,
				  const char *cwd, struct rs_conf_error *err, rs_conf_warn_fn warn, void *arg) RS_MUST_CHECK;

#endif
