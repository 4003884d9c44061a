/*
 * The server of a hosted application, as its master leads it: what the first generation brought (ports, board, app.sock) and all
 * later ones share; what reactors and managers are told of it. How a generation comes and goes is in master_gen.c.
 */
#ifndef RS_MASTER_HOSTED_H
#define RS_MASTER_HOSTED_H

#include "master/master_port.h"
#include "master/master_server.h"
#include "master/master_state.h"
#include "shm/board.h"

struct rs_hosted {
	struct rs_mserver server;       /* in force: of the first generation */
	int board_fd;
	struct rs_board board;
	int app_fd;                     /* app.sock */
	char *app_path;
	bool warned;                    /* other ports need a restart */
	bool drained;                   /* the reactor is done; user processes still end */
};

/* The first application is up: binds its ports, makes the board and app.sock. false: why. */
bool rs_hosted_open(struct rs_gen *g, char *why, size_t why_size);
/* A later one is: does it fit? false: why. */
bool rs_hosted_fits(struct rs_gen *g, char *why, size_t why_size);
/* restart: ports stay open for our successor. */
void rs_hosted_close(struct rs_master *m, bool restart);

/* To the manager, before its first FORK. */
void rs_hosted_tell_manager(struct rs_gen *g);
/* To a new reactor: PORTS, before any LISTEN; the others' LISTENs and app.sock, after those of the main port. */
void rs_hosted_tell_ports(struct rs_master *m);
void rs_hosted_tell_listeners(struct rs_master *m);
/* Before ROUTE. */
void rs_hosted_shape(struct rs_master *m, const struct rs_gen *g);

/* Numbers on the board that are the master's. */
void rs_hosted_serves(struct rs_master *m, const struct rs_gen *g);
void rs_hosted_reloading(struct rs_master *m, bool on);

/* What a process wants of the server. */
void rs_hosted_wish(struct rs_master *m, const struct rs_wire_ask *ask);

/* How long an orderly stop may take, in milliseconds: requests and user processes, then the application's good-bye. */
int64_t rs_hosted_stop_ms(const struct rs_master *m);
/* The server stops: user processes are told. */
void rs_hosted_drain(struct rs_master *m);
/* DRAINED has come: have they all gone, so that it can go on? */
bool rs_hosted_may_end(struct rs_master *m);

#endif
