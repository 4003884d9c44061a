/*
 * A server (`$server->start()`) in the reactor: its ports, processes, connections, and what waits for processes.
 * Hosted applications have none (rs_reactor.serve is NULL) and go through reactor_route.
 */
#ifndef RS_REACTOR_SERVE_H
#define RS_REACTOR_SERVE_H

#include "ipc/ipc.h"
#include "reactor/reactor_event.h"
#include "reactor/reactor_port.h"
#include "reactor/reactor_seat.h"
#include "reactor/reactor_session.h"

struct rs_serve {
	struct rs_reactor *r;
	struct rs_wire_server set;
	struct rs_board board;
	struct rs_gate *gate;          /* set.nports */
	unsigned nlistening;           /* LISTENs that came: they come in order of ports */
	struct rs_seat *seat;          /* workers, task workers, user processes by id; manager; script */
	uint32_t nseats;
	struct rs_guest **guest;       /* by slot of the board */
	uint32_t nguests;              /* that have a connection */
	struct rs_guest_list dirty;
	struct rs_letter_list queue[2]; /* for any worker, for any task worker */
	unsigned nqueued[2];
	uint32_t next_worker, next_idle; /* round robin: connections, what any process may have */
	unsigned tasks;                /* jobs queued or running */
	size_t tasks_bytes;
	bool senders_held;             /* some process is not read: too many jobs */
	bool renewing;                 /* RENEW runs */
	bool stopping, cut, tasks_retired;  /* STOP has come; connections were closed; task workers were told as well */
	bool stats_dirty;
	int64_t complained_ms;         /* about refused connections, dropped messages: not more than once in a second */
	/* since they were last added to the board's */
	uint64_t accepted, received, sent, responses, requests, dispatched, closed, aborted, task_total, pipe_packets;
};

/* PORTS, once. NULL: fine, else what is wrong with it. */
const char *rs_serve_begin(struct rs_reactor *r, struct rs_frame *f);
void rs_serve_fini(struct rs_reactor *r);

/* LISTEN: takes fd, for the next port. */
void rs_serve_listen(struct rs_reactor *r, int fd, struct rs_slice address);
/* From the loop. */
void rs_serve_sweep(struct rs_reactor *r);
void rs_serve_end_turn(struct rs_reactor *r);
/* STOP has come: workers end, then task workers; then connections are closed. Is everything over? */
void rs_serve_stop(struct rs_reactor *r);
void rs_serve_proceed(struct rs_serve *s);
bool rs_serve_over(struct rs_reactor *r);
/* The time for that is over. */
void rs_serve_give_up(struct rs_reactor *r);

/* true at most once in a second: something that may happen often is to be logged. */
bool rs_serve_complain(struct rs_reactor *r);

/*
 * A frame of a process of the server, but READY: SEND, ORDER, TASK, ... NULL: fine; else the rule that it has broken.
 * w may be dead afterwards.
 */
const char *rs_serve_frame(struct rs_worker *w, struct rs_frame *f);

#endif
