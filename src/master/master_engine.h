/*
 * The engine module: found, checked and entered by a manager process.
 */
#ifndef RS_MASTER_ENGINE_H
#define RS_MASTER_ENGINE_H

#include "worker/heritage.h"

/*
 * Runs the engine with h in this process and returns its exit status. Before that it may fail (files that others can
 * write, dlopen, another protocol): -1, why has the reason.
 */
int rs_engine_enter(struct rs_heritage *h, char *why, size_t why_size);

#endif
