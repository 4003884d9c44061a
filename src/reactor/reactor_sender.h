/*
 * Who sends orders, jobs and messages to a server: one of its processes (struct rs_worker) or an outside one
 * (reactor_outside.c). Embedded there; its pointers live as long.
 */
#ifndef RS_REACTOR_SENDER_H
#define RS_REACTOR_SENDER_H

#include "ipc/ipc.h"

#include <sys/queue.h>

struct event;
struct rs_reactor;

struct rs_sender {
	struct rs_reactor *r;
	enum rs_server_role role;
	uint32_t id;             /* as in server_wire.h; outside: RS_ID_OUTSIDE */
	uint32_t incarnation;    /* no two processes have the same; 0: of no process that gets results */
	struct rs_ipc *ipc;
	struct event *ev_read;   /* of its channel; deleted while it is held */
	bool held;               /* not read: it sends more jobs than can wait */
	TAILQ_ENTRY(rs_sender) held_link;
};

TAILQ_HEAD(rs_sender_list, rs_sender);

/* Its channel is not read until there are fewer jobs; then it blocks in what sends them, as it should. */
void rs_sender_hold(struct rs_sender *from);
/* Its channel closes. */
void rs_sender_gone(struct rs_sender *from);
/* Jobs have become fewer: all that are held are read again. */
void rs_sender_resume_all(struct rs_reactor *r);

#endif
