/*
 * Memory that outlives generations (KEEP): held here by name, inherited by every manager (rs_heritage.kept).
 */
#ifndef RS_MASTER_KEEP_H
#define RS_MASTER_KEEP_H

#include "master/master_state.h"

/* Takes fd. NULL: kept for g, or not kept and logged; else the rule that the manager has broken. */
const char *rs_mkeep_take(struct rs_gen *g, struct rs_slice name, int fd);
/* g serves: what it gave is the master's, and what it did not is dropped. A manager gives again what it has inherited and uses. */
void rs_mkeep_commit(struct rs_gen *g);
/* What g gave and what nobody else has. */
void rs_mkeep_drop(struct rs_gen *g);
void rs_mkeep_fini(struct rs_master *m);

#endif
