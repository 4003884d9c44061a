/*
 * The actions of the state machine, one for each RS_ACT_*, and what they share.
 */
#ifndef RS_MASTER_ACT_H
#define RS_MASTER_ACT_H

#include "master/master_state.h"

/* ---- master_roll.c ---- */
void rs_act_roll(struct rs_master *m);
void rs_act_recover(struct rs_master *m);
void rs_act_commit(struct rs_master *m);
void rs_act_abandon(struct rs_master *m);
/* Boots the next generation with *conf, which is taken. Raises NEXT_FAILED when that cannot even begin. */
void rs_act_boot(struct rs_master *m, struct rs_conf *conf, bool recovery);
/* Ends the next generation, if there is one. */
void rs_act_drop_next(struct rs_master *m);
/* Must a reload wait until an old generation has gone? */
bool rs_act_must_wait(const struct rs_master *m);
/* Timer of rs_master.recover. */
void rs_act_on_recover(int fd, short what, void *arg);

/* ---- master_end.c ---- */
void rs_act_drain(struct rs_master *m);
void rs_act_restart(struct rs_master *m);
void rs_act_fail(struct rs_master *m);
void rs_act_term(struct rs_master *m);
void rs_act_kill(struct rs_master *m);
void rs_act_exit(struct rs_master *m);
/* Timer of rs_master.deadline. */
void rs_act_on_deadline(int fd, short what, void *arg);

#endif
