/*
 * Numbers by which the processes of a server know connections and one another.
 */
#ifndef RS_IDS_H
#define RS_IDS_H

#include <stdint.h>

/* $fd is 1 .. this. */
#define RS_SESSION_MAX INT32_MAX
/* Processes that are neither worker, task worker nor user process. */
#define RS_ID_MANAGER UINT32_MAX
#define RS_ID_SCRIPT (UINT32_MAX - 1)
#define RS_ID_OUTSIDE (UINT32_MAX - 2)

#endif
