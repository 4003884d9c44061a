/*
 * The master of a script's server: `rserverd serve-script`. It is started by the script process (its parent) with listening
 * sockets, a manager that runs already, and a channel to the script; it has no pid file and no control sockets, there is one
 * generation, and a reload replaces processes and not the application.
 */
#ifndef RS_MASTER_SCRIPT_H
#define RS_MASTER_SCRIPT_H

#include "master/master_state.h"

struct rs_script {
	struct rs_master *m;
	const struct rs_wire_script *wire;
	const struct rs_port *ports;    /* wire->server.nports */
	struct rs_peer peer;            /* the script process */
	struct event *go;               /* beforeShutdown has had its time */
	bool stopping;                  /* the script process has been told */
	bool orphan;                    /* it is gone: everything ends, and quickly */
	bool reloading, drained;
	bool renew_due;                 /* a reload has begun, beforeReload has not returned */
	uint32_t renew_tasks_only;
};

/* Instead of rs_setup(), rs_setup_files() and the first boot. */
bool rs_script_setup(struct rs_master *m);
bool rs_script_files(struct rs_master *m);
void rs_script_boot(struct rs_master *m);
void rs_script_fini(struct rs_master *m);

/* To the script process. */
void rs_script_tell(struct rs_master *m, enum rs_msg msg, struct rs_slice payload);
/* It is told that the server serves, or why not. */
void rs_script_serving(struct rs_master *m);
void rs_script_failed(struct rs_master *m, const char *why);

/* A new reactor: ports and listening sockets; then the channels of manager and script process. */
void rs_script_tell_reactor(struct rs_master *m);
void rs_script_attach(struct rs_master *m);
/* RELOAD_MAY: beforeReload has returned. */
void rs_script_reload_may(struct rs_master *m);
/* RENEWED. */
void rs_script_renewed(struct rs_master *m);

/* The log files are others now. */
void rs_script_reopened(struct rs_master *m);

/* What somebody wants of the server. */
void rs_script_wish(struct rs_master *m, const struct rs_wire_ask *ask);
/* Stops in good order; why: for the log. */
void rs_script_stop(struct rs_master *m, const char *why);
/* The script process is dead. */
void rs_script_orphaned(struct rs_master *m);
void rs_script_manager_died(struct rs_master *m, int status);

/* The actions DRAIN and TERM, as far as they are different here. */
void rs_script_drain(struct rs_master *m);
int64_t rs_script_wait_ms(const struct rs_master *m); /* for processes that are to end */
/* After DRAINED: has the last worker gone? */
bool rs_script_may_end(struct rs_master *m);

enum rs_server_role rs_script_role(const struct rs_master *m, uint32_t id);

#endif
