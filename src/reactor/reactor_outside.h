/*
 * Hosted applications: other PHP processes of this host (Artisan commands, FPM, queue workers) that connect to app.sock and then send
 * what user processes may send. They get no events.
 */
#ifndef RS_REACTOR_OUTSIDE_H
#define RS_REACTOR_OUTSIDE_H

#include "base/rs_base.h"

#include <event2/event_struct.h>
#include <sys/queue.h>

struct rs_client;
struct rs_reactor;
TAILQ_HEAD(rs_client_list, rs_client);

/* Clients at a time. */
#define RS_OUTSIDE_MAX 256

struct rs_outside {
	int board_fd;                /* the board, read only; -1: none */
	int listen_fd;               /* -1: not listening */
	bool paused;                 /* no descriptors: until the next sweep */
	struct event listening;
	struct rs_reactor *r;
	struct rs_client_list all, dead;
	unsigned n, nwaiting;        /* clients; of them not yet welcome: they have WELCOME_MS to say READY */
	size_t bytes;                /* of frames that are not complete yet, all clients together */
};

void rs_outside_init(struct rs_outside *o);
/* Safe twice. */
void rs_outside_fini(struct rs_outside *o);
/* The board for them, of a descriptor that stays the caller's. false: errno. */
bool rs_outside_board(struct rs_outside *o, int fd);

/* APP_LISTEN: takes fd. Again: instead of the one before. */
void rs_outside_listen(struct rs_outside *o, struct rs_reactor *r, int fd);
/* STOP: nobody new; those that are there may send until all workers have ended. */
void rs_outside_stop(struct rs_outside *o);
void rs_outside_sweep(struct rs_outside *o, int64_t now_ms);

#endif
