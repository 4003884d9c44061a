/*
 * The channel to the master: its messages, and ours to it.
 */
#ifndef RS_REACTOR_CONTROL_H
#define RS_REACTOR_CONTROL_H

#include "ipc/ipc.h"

#include <event2/event_struct.h>

struct rs_reactor;
struct rs_worker;

struct rs_control {
	struct rs_ipc ipc;
	struct event ev_read, ev_write;
	bool dirty;            /* something was put since the last flush */
	bool blocked;          /* the socket is full, ev_write is armed */
	bool lost;             /* the master is gone */
};

/* Takes fd. false: no event. */
bool rs_control_init(struct rs_reactor *r, int fd);
void rs_control_fini(struct rs_reactor *r);
/* End of a loop turn: what was put goes out. */
void rs_control_flush(struct rs_reactor *r);

void rs_control_worker_ready(struct rs_worker *w);
/* Asks the master to kill a worker; why is for the log. */
void rs_control_worker_kill(struct rs_worker *w, enum rs_kill_reason reason, const char *why);
/* It has left by itself. finishes: it may still have something to do. */
void rs_control_worker_lost(struct rs_worker *w, bool finishes);
/* It has no seat any more, and is not through: its successor is wanted. */
void rs_control_worker_lingers(struct rs_worker *w);
void rs_control_drained(struct rs_reactor *r);
/* A worker's wish, passed on. */
void rs_control_wish(struct rs_reactor *r, const struct rs_wire_ask *ask);
void rs_control_renewed(struct rs_reactor *r);
void rs_control_ask(struct rs_reactor *r, struct rs_slice why);

#endif
