/*
 * Managers, as the master starts and hears them.
 */
#ifndef RS_MASTER_MANAGER_H
#define RS_MASTER_MANAGER_H

#include "master/master_state.h"

/* In the child: drops privileges and runs the engine. Returns the exit status. */
int rs_manager_life(struct rs_gen *g, int control_fd);

/* In the master: what a manager may say [RS_MSG_COUNT]; and the end of its channel. */
extern const rs_peer_fn rs_manager_table[];
void rs_manager_lost(struct rs_peer *p, const char *why);

#endif
