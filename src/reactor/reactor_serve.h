/*
 * A server in the reactor: its ports, processes, connections, and what waits for processes. A script's (`$server->start()`), or a
 * hosted application's: then plain HTTP of the main port has its own way (reactor_route.h) and knows nothing of this, processes have
 * generations (reactor_handover.h), jobs may wait (reactor_delay.h), and other PHP processes of the host may speak
 * (reactor_outside.h).
 */
#ifndef RS_REACTOR_SERVE_H
#define RS_REACTOR_SERVE_H

#include "ipc/ipc.h"
#include "reactor/reactor_delay.h"
#include "reactor/reactor_event.h"
#include "reactor/reactor_outside.h"
#include "reactor/reactor_port.h"
#include "reactor/reactor_seat.h"
#include "reactor/reactor_sender.h"
#include "reactor/reactor_session.h"

struct rs_serve {
	struct rs_reactor *r;
	struct rs_wire_server set;
	struct rs_board board;
	struct rs_gate *gate;          /* set.nports */
	struct rs_gate *main;          /* hosted: the port of plain HTTP, whose connections become guests when they are WebSockets */
	unsigned nlistening;           /* scripts: LISTENs that came, in order of ports */
	struct rs_seat *seat;          /* workers, task workers, user processes by id; manager; script */
	uint32_t nseats;
	uint32_t first_task, first_user; /* ids of them; workers from 0 */
	uint32_t nworkers, ntasks, nusers; /* that serve: hosted applications have more seats */
	struct rs_wire_shape shape;    /* hosted: what the last SHAPE said; in force with its ROUTE */
	uint32_t incarnations;         /* processes that ever came */
	struct rs_guest **guest;       /* by slot of the board */
	uint32_t nguests;              /* that have a connection */
	struct rs_guest_list dirty;
	struct rs_letter_list queue[2]; /* for any worker, for any task worker */
	unsigned nqueued[2];
	uint32_t next_worker, next_idle; /* round robin: connections, what any process may have */
	uint32_t open_requests;        /* that wait for a worker or for its answer, and their clients with them */
	uint32_t files, files_max;     /* in send queues of all connections; from there on senders are refused */
	unsigned tasks;                /* jobs queued or running */
	size_t tasks_bytes;
	struct rs_sender_list held;    /* not read: too many jobs */
	struct rs_delay delay;         /* jobs that are not due yet */
	struct rs_outside outside;     /* other PHP processes of the host */
	bool renewing;                 /* RENEW runs */
	bool stopping, workers_retired, tasks_retired, cut; /* in this order: STOP has come; they were told; connections were closed */
	bool stats_dirty;
	int64_t complained_ms;         /* about refused connections, dropped messages: not more than once in a second */
	/* since they were last added to the board's */
	uint64_t accepted, received, sent, responses, requests, dispatched, closed, aborted, task_total, pipe_packets;
	struct {
		uint64_t accepted, closed, requests;
	} plain;                       /* hosted: of all connections and HTTP requests, what was added */
};

/* PORTS, once. NULL: fine, else what is wrong with it. */
const char *rs_serve_begin(struct rs_reactor *r, struct rs_frame *f);
void rs_serve_fini(struct rs_reactor *r);

/* LISTEN: takes fd, for the next port, or, hosted, for the one that id says (RS_LISTEN_*). */
void rs_serve_listen(struct rs_reactor *r, int fd, uint64_t id, struct rs_slice address);
/* So many processes serve from now on. */
void rs_serve_reshape(struct rs_serve *s, const struct rs_wire_shape *shape);
/* No more connections that have a $fd. */
bool rs_serve_full(struct rs_reactor *r);
/* From the loop. */
void rs_serve_sweep(struct rs_reactor *r);
void rs_serve_end_turn(struct rs_reactor *r);
/* Is there something that the sweep has to look at? */
bool rs_serve_needs_sweep(const struct rs_reactor *r);
/* STOP has come: workers end, then task workers; then connections are closed. Is everything over? */
void rs_serve_stop(struct rs_reactor *r);
void rs_serve_proceed(struct rs_serve *s);
bool rs_serve_over(struct rs_reactor *r);
/* The time for that is over. */
void rs_serve_give_up(struct rs_reactor *r);

/* Numbers for stats(), to the board: reactor_stats.c. */
void rs_serve_publish(struct rs_serve *s);

/* true at most once in a second: something that may happen often is to be logged. */
bool rs_serve_complain(struct rs_reactor *r);

/*
 * A frame of a process of the server, but READY: SEND, ORDER, TASK, ... NULL: fine; else the rule that it has broken.
 * w may be dead afterwards.
 */
const char *rs_serve_frame(struct rs_worker *w, struct rs_frame *f);

#endif
