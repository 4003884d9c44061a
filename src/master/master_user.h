/*
 * User processes of a hosted application: the timer process, custom processes. Unlike workers no two generations have the same one at a
 * time, they are told of a reload by a signal, and their pids are in files.
 */
#ifndef RS_MASTER_USER_H
#define RS_MASTER_USER_H

#include "master/master_state.h"

/* Its title, as SERVER says. */
const char *rs_muser_title(const struct rs_gen *g, uint32_t id);
bool rs_muser_is_timer(const struct rs_gen *g, uint32_t id);
/* May this slot have a process now: does its generation serve, and is the one of every other generation gone? */
bool rs_muser_may_start(const struct rs_slot *s);
/* A reload, or a dead reactor: it has its time to end, then TERM, then KILL. */
void rs_muser_reload(struct rs_wproc *w);
/* The server stops. */
void rs_muser_stop(struct rs_wproc *w);
/* The longest time that one may take to end; 0: there is none. */
int64_t rs_muser_wait_ms(const struct rs_master *m);
/* Is any of any generation left? */
bool rs_muser_any(const struct rs_master *m);
/* One came or went: the pid files are written anew. */
void rs_muser_files(struct rs_master *m);
void rs_muser_remove_files(struct rs_master *m);
/* Milliseconds until the successor of one that ended starts. */
int64_t rs_muser_delay(struct rs_slot *s, bool well, int64_t lived_ms);

#endif
