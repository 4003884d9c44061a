/*
 * Who holds a lock: a process, told from a later one with the same number by the time it started.
 */
#ifndef RS_SHM_OWNER_H
#define RS_SHM_OWNER_H

#include "base/rs_base.h"

#include <sys/types.h>

/* Start time << 32 | pid; never 0. Pids are below 2^22: bit 31 is free for the owner's word. */
uint64_t rs_owner_of(pid_t pid);
/* false: it has ended, even if nobody has waited for it yet. */
bool rs_owner_alive(uint64_t owner);

#endif
