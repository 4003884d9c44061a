/*
 * isolation = fork: every request runs in a process of its own, a child of the warm, booted application.
 *
 *   W  the worker: nursery_worker.c. Claims a request, gives it to a spare, and relays: to the spare it is the reactor, to the reactor it
 *      stays the worker. It alone reads and writes its data channel, so that a spare may die at any byte and harms nothing but its request.
 *   N  the nursery: nursery.c. Forked off W as soon as the application is ready, before anything is served. Runs no code of the
 *      application; forks spares, reaps them.
 *   S  a spare: nursery_spare.c. Waits for its request, says BEGUN, runs it with everything that belongs to it, says DONE, and ends with
 *      _exit(). One that dies before BEGUN costs nothing: another one gets the request.
 *
 * N ends with W: by the end of their channel, and by a signal of the kernel. S ends with W: killed by N; without N by the end of its own
 * channel. When N dies alone, a request that runs goes on, and then W is replaced.
 */
#ifndef RS_NURSERY_H
#define RS_NURSERY_H

#include "ipc/ipc.h"

#include <sys/types.h>

struct rs_process;
struct rs_post;

/* Spares that wait. A worker runs one request at a time, and the next spare is forked while it runs. */
#define RS_SPARES 1
#define RS_SPARES_MAX 8

struct rs_spare {
	pid_t pid;
	int fd; /* W's end of its data channel */
};

/* What W knows of it. */
struct rs_nursery {
	pid_t pid;              /* of N; 0: there is none */
	bool lost;              /* N has died */
	struct rs_ipc control;
	struct rs_spare spares[RS_SPARES_MAX];
	unsigned nspares;

	/* the request that runs */
	uint64_t id;            /* 0: none */
	pid_t runner;
	struct rs_ipc to;       /* its channel */
	int body_fd;            /* until S has begun: it may be given to another one */
	bool begun, passed;     /* S has said BEGUN; more than the request has gone to it */
	bool head_sent, ended;  /* of the response, as it went to the reactor */
	bool done, gone;        /* S has said DONE; S has been reaped */
	bool deaf;              /* it has been told that nothing will come any more */
	int status;             /* gone: as waitpid gives it */

	struct rs_nursery_own *own; /* in N */
};

enum rs_spare_end {
	RS_SPARE_SERVED, /* answered, in whatever way */
	RS_SPARE_LAST,   /* the same, but this worker must be replaced */
};

/* ---- W ------------------------------------------------------------------------------------------------------------- */

/* Forks N, and waits for its first spare. false: logged. */
bool rs_nursery_start(struct rs_process *p);
/* Waits until there is a spare, as there nearly always is. false: there will be none any more. */
bool rs_nursery_ready(struct rs_process *p);
/* Runs a claimed request in a spare; takes the post's body. Only after rs_nursery_ready(). */
enum rs_spare_end rs_nursery_serve(struct rs_process *p, struct rs_post *post);
/* CREDIT and CANCEL of the request that runs, and results that it waits for: passed on. Has it gone there? */
bool rs_nursery_passes(struct rs_process *p, const struct rs_frame *f);
/* Ends N and waits for its end. */
void rs_nursery_end(struct rs_process *p);
/* In a child of W that user code has forked: nothing of this is its own. */
void rs_nursery_forget(struct rs_process *p);

/* ---- N, S ----------------------------------------------------------------------------------------------------------- */

/* Takes the fd. */
void rs_nursery_life(struct rs_process *p, int control_fd) __attribute__((noreturn));
/* number: how many N has forked before it. Takes the fd. */
void rs_spare_life(struct rs_process *p, int data_fd, pid_t nursery, uint32_t number) __attribute__((noreturn));

#endif
